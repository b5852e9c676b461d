//! The resource as people write it.

use serde_json::{Value, json};

/// The smallest pipeline that there can be, of an environment of the same name.
pub fn pipeline(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "streamflix.io/v1alpha1",
        "kind": "VideoPipeline",
        "metadata": { "name": name },
        "spec": {
            "environmentSuffix": name,
            "region": "eu-west-1",
            "processing": { "image": image },
        },
    })
}
