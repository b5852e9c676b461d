//! The list of what the operator is made of, as CycloneDX: every package that is linked into the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Error, OPERATOR};
use crate::{assets, checkout};

/// The operator's package and all that cargo knows of.
#[derive(Debug)]
pub(super) struct Packages {
    metadata: Metadata,
}

/// What `cargo metadata` prints: <https://doc.rust-lang.org/cargo/commands/cargo-metadata.html>.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Purpose>,
}

/// What a dependency is for: nothing said is for the program itself, `dev` for tests, `build` for building.
#[derive(Debug, Deserialize)]
struct Purpose {
    kind: Option<String>,
}

impl Packages {
    /// Asks cargo.
    pub async fn read(target: &str) -> Result<Self, Error> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(checkout()).args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--filter-platform",
            target,
        ]);
        let text = assets::output(cargo).await?;
        let metadata = serde_json::from_str(&text);
        Ok(Self { metadata: metadata.map_err(|error| Error::Answer("cargo metadata", error.into()))? })
    }

    /// Where cargo builds.
    pub fn target_folder(&self) -> &Path {
        &self.metadata.target_directory
    }

    /// The operator's version.
    pub fn version(&self) -> &str {
        self.operator().map_or("0.0.0", |package| &package.version)
    }

    fn operator(&self) -> Option<&Package> {
        self.metadata.packages.iter().find(|package| package.name == OPERATOR)
    }

    /// The list, made at this time: <https://cyclonedx.org/docs/1.6/json/>.
    pub fn bill(&self, epoch: u64) -> String {
        let linked = self.linked();
        let packages: BTreeMap<&str, &Package> =
            self.metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
        let reference = |id: &str| packages.get(id).map(|package| package.url());
        let mut operator = self.operator().map_or(Value::Null, |operator| operator.component("application"));
        operator["description"] =
            "A Kubernetes operator that converges AWS to one VideoPipeline resource.".into();
        let parts = self.metadata.packages.iter().filter(|package| package.name != OPERATOR);
        let parts = parts.filter(|package| linked.contains_key(package.id.as_str()));
        let needs = linked.iter().map(|(id, needed)| {
            json!({ "ref": reference(id), "dependsOn": needed.iter().map(|id| reference(id)).collect::<Vec<_>>() })
        });
        let time = Timestamp::from_second(i64::try_from(epoch).unwrap_or_default()).unwrap_or_default();
        let bill = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": { "timestamp": time.to_string(), "component": operator },
            "components": parts.map(|package| package.component("library")).collect::<Vec<_>>(),
            "dependencies": needs.collect::<Vec<_>>(),
        });
        format!("{bill:#}\n")
    }

    /// What is linked into the program, each with what it needs itself.
    fn linked(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let nodes: BTreeMap<&str, &Node> =
            self.metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut linked = BTreeMap::new();
        let mut found: Vec<&str> = self.operator().iter().map(|package| package.id.as_str()).collect();
        while let Some(id) = found.pop() {
            if linked.contains_key(id) {
                continue;
            }
            let needed: BTreeSet<&str> =
                nodes.get(id).map(|node| node.linked().collect()).unwrap_or_default();
            found.extend(&needed);
            linked.insert(id, needed);
        }
        linked
    }
}

impl Node {
    fn linked(&self) -> impl Iterator<Item = &str> {
        let for_the_program =
            |each: &&Dependency| each.dep_kinds.iter().any(|purpose| purpose.kind.is_none());
        self.deps.iter().filter(for_the_program).map(|each| each.pkg.as_str())
    }
}

impl Package {
    /// Its package URL: <https://github.com/package-url/purl-spec>.
    fn url(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version.replace('+', "%2B"))
    }

    fn component(&self, kind: &str) -> Value {
        let mut component = json!({
            "type": kind,
            "bom-ref": self.url(),
            "name": self.name,
            "version": self.version,
            "purl": self.url(),
        });
        if let Some(license) = &self.license {
            // Cargo once wrote alternatives with a slash.
            component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages() -> Packages {
        let package = |name: &str| json!({ "id": name, "name": name, "version": "1.0.0+a", "license": "MIT/Apache-2.0" });
        let needs = |name: &str, kind: Option<&str>| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package(OPERATOR), package("linked"), package("deeper"), package("test"), package("build")],
            "resolve": { "nodes": [
                { "id": OPERATOR, "deps": [needs("linked", None), needs("test", Some("dev")), needs("build", Some("build"))] },
                { "id": "linked", "deps": [needs("deeper", None)] },
                { "id": "deeper", "deps": [] },
            ] },
            "target_directory": "target",
        });
        Packages { metadata: serde_json::from_value(metadata).unwrap() }
    }

    #[test]
    fn what_is_linked_is_listed_and_what_tests_or_builds_is_not() {
        let bill: Value = serde_json::from_str(&packages().bill(0)).unwrap();
        let names: Vec<&str> = bill["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["linked", "deeper"]);
        assert_eq!(bill["metadata"]["component"]["name"], OPERATOR);
        assert_eq!(bill["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
        assert_eq!(bill["components"][0]["purl"], "pkg:cargo/linked@1.0.0%2Ba");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        let dependencies = bill["dependencies"].as_array().unwrap();
        let of_linked = dependencies.iter().find(|each| each["ref"] == "pkg:cargo/linked@1.0.0%2Ba").unwrap();
        assert_eq!(of_linked["dependsOn"], json!(["pkg:cargo/deeper@1.0.0%2Ba"]));
    }
}
