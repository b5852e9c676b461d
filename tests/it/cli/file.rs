//! A file that is wrong is told before anybody is asked: here there is neither cluster nor account.

use std::path::Path;

use super::program::{KUBECTL_VP, Run, alone, run_with};

const DEV: &str = "
apiVersion: streamflix.io/v1alpha1
kind: VideoPipeline
metadata: {name: dev}
spec:
  environmentSuffix: dev
  region: eu-west-1
  processing: {image: 'registry.example/video-processor:1.0.0'}
";
const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: web}}";

fn plan(text: &str) -> Run {
    let command =
        sandbox::operator::command(Path::new(KUBECTL_VP), Path::new("/dev/null"), "http://127.0.0.1:1");
    run_with(command, &["plan", "-f", "-"], text)
}

#[test]
fn a_wrong_field_is_named_with_what_is_allowed_and_what_to_do() {
    plan(&DEV.replace("processing: {", "processing: {cpu: 4096, ")).ends_with(
        1,
        &[
            "error: VideoPipeline dev is not valid:\n  spec.processing: ",
            "cpu 4096 allows a memory of 8192 to 30720 MiB in steps of 1024",
            "; correct the field and apply the resource again",
        ],
    );
    let wrong = DEV.replace("region: eu-west-1", "region: us-east-1\n  tags: {Name: mine}\n  regoin: x");
    plan(&wrong).ends_with(
        1,
        &[
            "spec.regoin: unknown field; see docs/reference.md or kubectl explain vp.spec for the fields",
            "account.dataResidency EU allows the regions eu-west-1, ",
            "spec.tags: the tags Name, aws:… and streamflix.io/… are set by AWS or the operator",
        ],
    );
    plan(&DEV.replace("{name: dev}", "{}"))
        .ends_with(1, &["VideoPipeline without a name", "metadata.name: Required value"]);
}

#[test]
fn the_second_of_two_documents_is_checked_as_well() {
    let two = format!("{DEV}\n---\n{}", DEV.replace("name: dev", "name: two").replace("dev\n", "Two\n"));
    plan(&two)
        .ends_with(1, &["VideoPipeline two is not valid", "spec.environmentSuffix: must be lower-case"]);
}

#[test]
fn a_file_without_a_pipeline_says_what_is_in_it_instead() {
    plan(SERVICE).ends_with(1, &["- has no VideoPipeline of streamflix.io/v1alpha1, only Service web"]);
    plan("").ends_with(1, &["has no VideoPipeline"]);
    plan(&DEV.replace("v1alpha1", "v9")).ends_with(1, &["only VideoPipeline dev of streamflix.io/v9"]);
    plan("a: [").ends_with(1, &["error: - is not YAML\n  because: "]);
    alone(KUBECTL_VP, &["plan", "-f", "no-such-file.yaml"])
        .ends_with(1, &["error: cannot read no-such-file.yaml\n  because: No such file or directory"]);
}

#[test]
fn without_a_cluster_that_is_said() {
    for arguments in [&["plan", "dev"][..], &["status", "dev"], &["plan", "-f", "pipeline-dev.yaml"]] {
        let run = alone(KUBECTL_VP, arguments);
        run.ends_with(1, &["error: cannot read the kubeconfig; set KUBECONFIG or --context\n  because: "]);
        assert_eq!(run.stdout, "");
    }
}
