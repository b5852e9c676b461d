//! What is rendered by default and with everything, word for word. `UPDATE=1 cargo test chart::rendered` rewrites the files;
//! read them as those who install the operator will have to.

use serde_json::json;
use similar::TextDiff;
use video_pipeline_operator::aws::IgnoredTags;

use super::helm::{
    LEAST, NAMESPACE, RELEASE, chart, container, environment, everything, golden, helm, objects, template,
    the, titles,
};
use super::upkeep::parts;

/// The objects as rendered, without the definition, which is compared with the repository's in `upkeep`.
fn without_definition(text: &str) -> String {
    let documents = text.split_inclusive("\n---\n");
    documents.filter(|document| !document.contains("kind: CustomResourceDefinition")).collect()
}

/// That a text is the one of the file; or makes it so.
fn compare(name: &str, text: &str) {
    let path = golden(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = TextDiff::from_lines(before.as_str(), text);
    let difference = difference.unified_diff().header(name, "as it is").to_string();
    assert!(difference.is_empty(), "UPDATE=1 rewrites this, if it is right:\n{difference}");
}

#[tokio::test]
async fn the_default_is_what_people_expect() {
    let run = template(&LEAST).await;
    compare("default.yaml", &without_definition(&run.ends_with(0, &[]).stdout));
}

#[tokio::test]
async fn everything_that_can_be_switched_on_is_what_people_expect() {
    let [flag, file] = everything();
    let run = template(&[&flag, &file]).await;
    compare("everything.yaml", &without_definition(&run.ends_with(0, &[]).stdout));
}

/// What an installation with these arguments says.
async fn notes(more: &[&str]) -> String {
    let chart = chart();
    let arguments = ["install", RELEASE, chart.to_str().unwrap(), "--namespace", NAMESPACE];
    let dry = ["--dry-run=client", "--output=json"];
    let run = helm(&[&arguments[..], &dry, &LEAST, more].concat()).await;
    run.ends_with(0, &[]).json()["info"]["notes"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_notes_say_what_to_do_next() {
    compare("notes.txt", &notes(&[]).await);
}

#[tokio::test]
async fn the_notes_have_an_environment_made_where_the_operator_looks() {
    let notes = notes(&["--set", "watchNamespaces={media,film}"]).await;
    for command in ["kubectl -n media apply ", "kubectl -n media wait "] {
        assert!(notes.contains(command), "{notes}");
    }
}

#[tokio::test]
async fn the_notes_name_every_part_of_the_policy() {
    let notes = notes(&[]).await;
    let parts = parts();
    assert!(notes.contains(&format!("--part {};", parts.join(", "))), "{parts:?}: {notes}");
}

#[tokio::test]
async fn each_installation_has_an_alert_of_its_own() {
    let on = "prometheusRule.enabled=true,leaseName=lead-2,prometheusRule.alertLabels.team=media";
    let objects = objects(&[&LEAST[..], &["--set", on]].concat()).await;
    let rules = the(&objects, "PrometheusRule", RELEASE)["spec"]["groups"][0]["rules"].as_array().unwrap();
    let down = rules.iter().find(|rule| rule["alert"] == "VideoPipelineOperatorDown").unwrap();
    let leads = format!(r#"leader_election_master_status{{namespace="{NAMESPACE}",name="lead-2"}}"#);
    assert!(down["expr"].as_str().unwrap().contains(&leads), "{down}");
    assert_eq!(
        down["labels"],
        json!({ "severity": "critical", "namespace": NAMESPACE, "lease": "lead-2", "team": "media" })
    );
    let unseen = rules.iter().find(|rule| rule["alert"] == "VideoPipelineUnseen").unwrap();
    assert_eq!(unseen["expr"], "max(video_pipelines_unseen_seconds) > 7200");
    assert!(rules.iter().all(|rule| rule["labels"]["team"] == "media"));
}

/// What the operator is told to ignore, with these arguments.
async fn ignored_tags(more: &[&str]) -> Option<String> {
    let objects = objects(&[&LEAST[..], more].concat()).await;
    let variables = environment(container(&objects));
    variables.into_iter().find(|(name, _)| name == "IGNORED_TAGS").map(|(_, value)| value)
}

#[tokio::test]
async fn an_empty_list_of_ignored_tags_is_told_because_it_is_not_the_default() {
    assert_eq!(ignored_tags(&[]).await.as_deref(), Some(IgnoredTags::USUAL));
    assert_eq!(ignored_tags(&["--set-json", "aws.ignoredTags=[]"]).await.as_deref(), Some(""));
}

#[tokio::test]
async fn nothing_can_be_linted_away() {
    let chart = chart();
    for arguments in [&LEAST.map(String::from), &everything()] {
        let lint = ["lint", "--strict", chart.to_str().unwrap(), &arguments[0], &arguments[1]];
        helm(&lint).await.ends_with(0, &["0 chart(s) failed"]);
    }
}

#[tokio::test]
async fn with_a_list_of_namespaces_no_right_is_left_in_others() {
    let namespaced = objects(&[&LEAST[..], &["--set", "watchNamespaces={media,film}"]].concat()).await;
    let (cluster_wide, namespaced) = (titles(&objects(&LEAST).await), titles(&namespaced));
    let lacking = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|title| !those.contains(title)).cloned().collect()
    };
    assert_eq!(
        lacking(&cluster_wide, &namespaced),
        [format!("ClusterRole /{RELEASE}"), format!("ClusterRoleBinding /{RELEASE}")]
    );
    assert_eq!(
        lacking(&namespaced, &cluster_wide),
        [
            format!("Role film/{RELEASE}"),
            format!("Role media/{RELEASE}"),
            format!("RoleBinding film/{RELEASE}"),
            format!("RoleBinding media/{RELEASE}"),
        ]
    );
}

#[tokio::test]
async fn what_a_cluster_has_once_can_be_left_to_another_release() {
    let off = "crd.install=false,userRoles.create=false,serviceAccount.create=false,networkPolicy.enabled=false,\
               podDisruptionBudget.enabled=false,watchNamespaces={media}";
    let objects = objects(&[&LEAST[..], &["--set", off]].concat()).await;
    assert_eq!(
        titles(&objects),
        [
            format!("Deployment {NAMESPACE}/{RELEASE}"),
            format!("Pod {NAMESPACE}/{RELEASE}-check"),
            format!("Role media/{RELEASE}"),
            format!("Role {NAMESPACE}/{RELEASE}-lease"),
            format!("RoleBinding media/{RELEASE}"),
            format!("RoleBinding {NAMESPACE}/{RELEASE}-lease"),
            format!("Service {NAMESPACE}/{RELEASE}"),
        ]
    );
}
