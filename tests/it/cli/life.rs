//! Plans and status of an environment, from before it exists.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::runtime::wait::await_condition;
use sandbox::operator::command;
use sandbox::{ControlPlane, Lifetime, Operator, OperatorOptions, StandIn, StandInOptions, install_crd};
use serde_json::{Value, json};
use video_pipeline_operator::api::{VideoPipeline, crd};

use super::program::{KUBECTL_VP, OPERATOR, Run, run, run_with};
use crate::support::manifest;

/// A cluster with the definition, and an account; nobody acts yet.
struct World {
    plane: ControlPlane,
    aws: StandIn,
    pipelines: Api<DynamicObject>,
    folder: PathBuf,
}

impl World {
    async fn start() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
        let _ = std::fs::remove_dir_all(&folder);
        let plane = ControlPlane::start(&folder).await.unwrap();
        let aws = StandIn::start(StandInOptions::quick(&folder)).await.unwrap();
        let client = plane.client().await.unwrap();
        install_crd(&client, &crd::definition().unwrap()).await.unwrap();
        let pipelines = Api::namespaced_with(client, "default", &ApiResource::erase::<VideoPipeline>(&()));
        Self { plane, aws, pipelines, folder }
    }

    async fn operator(&self) -> Operator {
        let options = OperatorOptions {
            binary: OPERATOR.into(),
            kubeconfig: self.plane.kubeconfig().into(),
            endpoint: self.aws.endpoint().to_owned(),
            cluster_name: "cli".to_owned(),
            arguments: vec!["--lease-namespace=default".to_owned()],
            environment: Vec::new(),
            log: self.folder.join("operator.log"),
            lifetime: Lifetime::WithUs,
        };
        Operator::start(&options).await.unwrap()
    }

    /// `kubectl vp …` with these arguments and this file on standard input.
    fn vp(&self, arguments: &[&str], file: &Value) -> Run {
        let command = command(Path::new(KUBECTL_VP), self.plane.kubeconfig(), self.aws.endpoint());
        run_with(command, arguments, &file.to_string())
    }

    /// The same, by somebody who has no AWS credentials.
    fn vp_without_aws(&self, arguments: &[&str]) -> Run {
        let mut command = command(Path::new(KUBECTL_VP), self.plane.kubeconfig(), self.aws.endpoint());
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        run(command, arguments)
    }

    /// How often AWS was changed and Kubernetes written to by the command line.
    fn changes(&self) -> (usize, usize) {
        let aws = self.aws.calls().unwrap().into_iter().filter(|call| call.mutating).count();
        (aws, self.plane.writes_by("kubectl-vp").unwrap().len())
    }

    async fn until(&self, what: &str, holds: impl Fn(&DynamicObject) -> bool + Send) {
        let holds = |object: Option<&DynamicObject>| object.is_some_and(&holds);
        let waited = await_condition(self.pipelines.clone(), "dev", holds);
        let within = tokio::time::timeout(Duration::from_secs(60), waited).await;
        within.unwrap_or_else(|_| panic!("dev is not {what} in time")).unwrap();
    }
}

fn pipeline(name: &str) -> Value {
    manifest::pipeline(name, "registry.example/video-processor:1.4.0")
}

fn with_image(image: &str) -> Value {
    let mut changed = pipeline("dev");
    changed["spec"]["processing"]["image"] = format!("registry.example/video-processor:{image}").into();
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_and_status_tell_the_truth_and_change_nothing() {
    let world = World::start().await;
    before_anything_exists(&world);
    assert_eq!(world.changes(), (0, 0), "a plan changes nothing");

    let _operator = world.operator().await;
    let dev: DynamicObject = serde_json::from_value(pipeline("dev")).unwrap();
    world.pipelines.create(&PostParams::default(), &dev).await.unwrap();
    world.until("Ready", |object| object.data["status"]["phase"] == "Ready").await;

    let before = world.changes();
    when_ready(&world);
    changed_in_a_file(&world);
    status(&world);
    assert_eq!(world.changes(), before, "plan and status change nothing");

    let edit =
        json!({"spec": {"suspend": true, "processing": {"image": "registry.example/video-processor:1.5.0"}}});
    world.pipelines.patch("dev", &PatchParams::default(), &Patch::Merge(edit)).await.unwrap();
    world.until("suspended, with a plan", |object| object.data["status"]["plan"].is_object()).await;
    published(&world);
}

fn before_anything_exists(world: &World) {
    let plan = ["plan", "-f", "-", "--cluster-name", "cli"];
    let run = world.vp(&plan, &pipeline("dev"));
    run.ends_with(
        2,
        &[
            "dev · environment dev · eu-west-1 · account 1234…9012\n\n",
            "  + network/vpc ",
            "video-processing-vpc-dev",
            "42 to create, 0 to change, 0 to delete.",
            "read as arn:aws",
        ],
    );
    assert_eq!(run.stderr, "");
    assert!(!run.stdout.contains('\x1b'), "no colours where nobody asked: {}", run.stdout);
    let colored = [&plan[..], &["--color", "always"]].concat();
    world.vp(&colored, &pipeline("dev")).ends_with(2, &["\x1b[32m+ network/vpc"]);

    let two = json!({"kind": "List", "items": [pipeline("one"), {"kind": "Service", "metadata": {"name": "web"}}, pipeline("two")]});
    world.vp(&plan, &two).ends_with(
        2,
        &[
            "one · environment one",
            "two · environment two",
            "note: Service web is no VideoPipeline and not part of the plan",
        ],
    );
    let document = world.vp(&[&plan[..], &["-o", "json"]].concat(), &two).json();
    let plans = document["plans"].as_array().unwrap();
    assert_eq!(plans.len(), 2);
    for (plan, name) in plans.iter().zip(["one", "two"]) {
        assert_eq!((&plan["name"], &plan["environment"]), (&json!(name), &json!(name)));
        assert_eq!((&plan["namespace"], &plan["region"]), (&json!("default"), &json!("eu-west-1")));
        assert_eq!((&plan["accountId"], &plan["changes"]), (&json!("123456789012"), &json!(true)));
        assert_eq!(plan["resources"].as_array().unwrap().len(), 42);
    }

    world.vp(&["plan", "-f", "-"], &pipeline("dev")).ends_with(1, &["cluster name", "--cluster-name"]);
    let missing = "there is no VideoPipeline dev in namespace default; `kubectl get vp -A` lists all";
    world.vp(&["plan", "dev", "--cluster-name", "cli"], &Value::Null).ends_with(1, &[missing]);
    world.vp(&["status", "dev", "-n", "default"], &Value::Null).ends_with(1, &[missing]);
    world.vp(&["status", "dev", "--context", "none"], &Value::Null).ends_with(1, &["because: ", "none"]);
}

fn when_ready(world: &World) {
    // The operator says what the cluster is called.
    for arguments in [&["plan", "dev"][..], &["plan", "-f", "-"]] {
        let run = world.vp(arguments, &pipeline("dev"));
        run.ends_with(
            0,
            &["dev · environment dev · eu-west-1", "no changes: all 42 resources are as wanted"],
        );
    }
    let document = world.vp(&["plan", "dev", "-o", "json"], &Value::Null).json();
    assert_eq!(document["plans"][0]["changes"], false);
    assert!(document["plans"][0]["identity"].as_str().unwrap().starts_with("arn:aws:"));
    world
        .vp(&["plan", "dev", "--cluster-name", "Other Name"], &Value::Null)
        .ends_with(1, &["--cluster-name: "]);
}

fn changed_in_a_file(world: &World) {
    let run = world.vp(&["plan", "-f", "-"], &with_image("1.5.0"));
    run.ends_with(
        2,
        &[
            "  + processing/task ",
            "registry.example/video-processor:1.4.0 → registry.example/video-processor:1.5.0",
            "  ~ processing/service ",
            "  = 40 unchanged",
            "1 to create, 1 to change, 0 to delete, 1 waiting.",
        ],
    );
    let mut moved = pipeline("dev");
    moved["spec"]["region"] = "eu-west-3".into();
    world.vp(&["plan", "-f", "-"], &moved).ends_with(
        1,
        &["spec.region: is immutable: create a second VideoPipeline in the other region instead"],
    );
    let mut secret = pipeline("dev");
    secret["spec"]["processing"]["environment"] = json!([{"name": "API_KEY", "value": "canary-4711"}]);
    for format in ["text", "json"] {
        let run = world.vp(&["plan", "-f", "-", "-o", format], &secret);
        run.ends_with(2, &["API_KEY"]);
        assert!(!run.stdout.contains("canary-4711"), "{}", run.stdout);
    }
}

fn status(world: &World) {
    let run = world.vp(&["status", "dev"], &Value::Null);
    run.ends_with(
        0,
        &["dev · environment dev · eu-west-1 · account 1234…9012", "Ready, 42 of 42", "✔ network "],
    );
    assert!(!run.stdout.contains('\x1b'));
    world.vp(&["status", "dev", "--color", "always"], &Value::Null).ends_with(0, &["\x1b[32m"]);
    let document = world.vp(&["status", "dev", "-o", "json"], &Value::Null).json();
    assert_eq!((&document["name"], &document["region"]), (&json!("dev"), &json!("eu-west-1")));
    assert_eq!(document["status"]["phase"], "Ready");
    // Whoever has no rights in AWS sees it all the same.
    world.vp_without_aws(&["status", "dev"]).ends_with(0, &["Ready, 42 of 42"]);
}

/// The plan that waits, for somebody without rights in AWS.
fn published(world: &World) {
    let run = world.vp_without_aws(&["plan", "dev"]);
    run.ends_with(
        2,
        &[
            "dev · environment dev · eu-west-1 · account 1234…9012\n\n",
            "  + processing/task ",
            "registry.example/video-processor:1.4.0 → registry.example/video-processor:1.5.0",
            "1 to create, 1 to change, 0 to delete, 1 waiting.",
            "published by the operator; AWS does not let you look yourself",
        ],
    );
    let document = world.vp_without_aws(&["plan", "dev", "-o", "json"]).json();
    assert_eq!(document["plans"][0]["changes"], true);
    assert!(document["plans"][0]["published"]["changes"].as_array().unwrap().len() >= 2, "{document:#}");
    // A file has no published plan: what is missing is said, with what to do.
    let command = world.vp_without_aws(&["plan", "-f", "pipeline-dev.yaml"]);
    command.ends_with(1, &["error: ", "credentials"]);
}
