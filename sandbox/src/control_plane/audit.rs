//! Who wrote what to Kubernetes, read off the API server's audit log.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::Error;
use crate::file;

/// One attempt to write to Kubernetes, answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubernetesWrite {
    /// When it was answered.
    pub time: Timestamp,
    /// `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// How the program that wrote calls itself.
    pub user_agent: String,
    /// As whom it wrote.
    pub user: String,
    /// What was written, such as `videopipelines`, or with its subresource `videopipelines/status`.
    pub resource: String,
    /// Where.
    pub namespace: Option<String>,
    /// Which one; unknown where the server chooses the name.
    pub name: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
}

/// An event of the audit log: <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    stage: String,
    verb: String,
    #[serde(default)]
    user_agent: String,
    user: User,
    object_ref: Option<Object>,
    response_status: Option<Status>,
    stage_timestamp: Timestamp,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct Object {
    resource: Option<String>,
    subresource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    code: u16,
}

/// The verbs that change nothing.
pub(super) const READS: [&str; 3] = ["get", "list", "watch"];

/// All writes of an audit log.
pub(super) fn writes(log: &Path) -> Result<Vec<KubernetesWrite>, Error> {
    Ok(events(log)?.into_iter().filter_map(write).collect())
}

/// Every verb that a service account has used, and on which resource.
pub(super) fn rights(log: &Path, user: &str) -> Result<BTreeSet<(String, String)>, Error> {
    let right = |event: Event| {
        let is_used = event.user.username == user && event.response_status.as_ref()?.code < 300;
        let resource = event.object_ref.filter(|_| is_used)?.title()?;
        Some((event.verb, resource))
    };
    Ok(events(log)?.into_iter().filter_map(right).collect())
}

/// The events of an audit log. The line that is being written at this moment is left out.
fn events(log: &Path) -> Result<Vec<Event>, Error> {
    let text = std::fs::read_to_string(log).map_err(file::failed("read the audit log", log))?;
    let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let events = complete.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    Ok(events.map_err(file::failed("read the audit log", log))?)
}

impl Object {
    /// What it is, with its subresource; nothing for a review of somebody's rights.
    fn title(&self) -> Option<String> {
        let resource = self.resource.as_ref().filter(|resource| !resource.ends_with("reviews"))?;
        Some(self.subresource.as_ref().map_or_else(|| resource.clone(), |sub| format!("{resource}/{sub}")))
    }
}

/// The write that an event tells of; `None` for what writes nothing.
fn write(event: Event) -> Option<KubernetesWrite> {
    let is_write = event.stage == "ResponseComplete" && !READS.contains(&event.verb.as_str());
    let object = event.object_ref.filter(|_| is_write)?;
    Some(KubernetesWrite {
        time: event.stage_timestamp,
        verb: event.verb,
        user_agent: event.user_agent,
        user: event.user.username,
        resource: object.title()?,
        namespace: object.namespace,
        name: object.name,
        status: event.response_status.map_or(0, |status| status.code),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = concat!(
        r#"{"stage":"ResponseComplete","verb":"patch","user":{"username":"admin"},"userAgent":"video-pipeline-operator/0.1.0","#,
        r#""objectRef":{"resource":"videopipelines","subresource":"status","namespace":"default","name":"dev"},"#,
        r#""responseStatus":{"code":200},"stageTimestamp":"2026-01-02T03:04:05.678901Z"}"#,
        "\n",
        r#"{"stage":"ResponseComplete","verb":"create","user":{"username":"admin"},"objectRef":{"resource":"subjectaccessreviews"},"#,
        r#""responseStatus":{"code":201},"stageTimestamp":"2026-01-02T03:04:05.678901Z"}"#,
        "\n",
        r#"{"stage":"Respon"#
    );

    #[test]
    fn writes_are_read_off_an_audit_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit.jsonl");
        std::fs::write(&log, LINES).unwrap();
        let writes = writes(&log).unwrap();
        assert_eq!(writes.len(), 1, "{writes:?}");
        assert_eq!(writes[0].resource, "videopipelines/status");
        assert_eq!(writes[0].user_agent, "video-pipeline-operator/0.1.0");
        assert_eq!((writes[0].verb.as_str(), writes[0].status), ("patch", 200));
    }

    #[test]
    fn rights_that_were_used_are_read_off_an_audit_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit.jsonl");
        let event = |verb: &str, code: u16, resource: &str| {
            format!(
                r#"{{"stage":"ResponseStarted","verb":"{verb}","user":{{"username":"them"}},"objectRef":{{"resource":"{resource}"}},"#
            ) + &format!(
                r#""responseStatus":{{"code":{code}}},"stageTimestamp":"2026-01-02T03:04:05.678901Z"}}"#
            ) + "\n"
        };
        std::fs::write(&log, event("watch", 200, "pods") + &event("get", 403, "secrets")).unwrap();
        assert_eq!(rights(&log, "them").unwrap(), [("watch".into(), "pods".into())].into());
        assert!(rights(&log, "others").unwrap().is_empty());
        assert!(writes(&log).unwrap().is_empty());
    }
}
