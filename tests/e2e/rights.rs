//! What the operator may do in Kubernetes, and what it asked for, by the API server's audit log.

use std::collections::BTreeSet;

use serde_json::Value;

/// Something that one may do: an API group, a resource with its subresource, a verb.
type Right = (String, String, String);

/// What roles grant.
pub fn granted(roles: &[Value]) -> BTreeSet<Right> {
    let rules = roles.iter().flat_map(|role| role["rules"].as_array().unwrap());
    let rights = |rule: &Value| -> Vec<Right> {
        let mut rights = Vec::new();
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                rights.extend(texts(&rule["verbs"]).map(|verb| (group.clone(), resource.clone(), verb)));
            }
        }
        rights
    };
    rules.flat_map(rights).collect()
}

fn texts(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned())
}

/// What `user` asked for, whether or not it got it: rights that it lacks are asked for, too.
pub fn asked_for(log: &str, user: &str) -> BTreeSet<Right> {
    // The line that is being written at this moment is left out.
    let complete = log.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let events = complete.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let by_user = events.filter(|event| event["user"]["username"] == user);
    by_user
        .map(|event| {
            let object = |field: &str| event["objectRef"][field].as_str().unwrap_or_default().to_owned();
            let (resource, subresource) = (object("resource"), object("subresource"));
            let resource =
                if subresource.is_empty() { resource } else { format!("{resource}/{subresource}") };
            (object("apiGroup"), resource, event["verb"].as_str().unwrap().to_owned())
        })
        .collect()
}
