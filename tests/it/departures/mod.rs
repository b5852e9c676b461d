//! An environment that is to go, in the states that nobody plans for: what holds it lingers, its namespace goes, its spec can no
//! longer be carried out, its role is gone. It goes all the same, or says what to do, and then nothing of it is left.

mod ownership;

use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject};
use serde_json::{Value, json};

use crate::matrix;
use crate::support::consent::told;
use crate::sweep::field::{Field, Plot};
use crate::sweep::inventory::Inventory;
use crate::sweep::operator::{Act, Operator, Rest, summary};
use crate::wire::{Aim, Fault, Target, log};

/// How long network interfaces outlive their tasks: many times the pause between two passes.
const LINGER: f64 = 2.0;
/// For how many seconds reads of EC2 do not show what is new: longer than all else takes to go.
const LAG: f64 = 4.0;
/// How often what they hold may be asked to go meanwhile, of which each attempt is refused.
const REFUSED: usize = 80;

/// What is there without an environment, and a plot where one is.
async fn environment(field: &Field) -> (Plot, Inventory) {
    let mut plot = field.plots(1).await.remove(0);
    let empty = plot.operator(&[]).await.unwrap().inventory().await;
    (plot, empty)
}

async fn gone(operator: &mut Operator, empty: &Inventory) {
    assert_eq!(operator.rest(None).await, Ok(Rest::Gone));
    assert_eq!(operator.inventory().await.difference(empty), None, "something is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lingers_is_named_and_waited_for() {
    // Its own: how long things take is the same for all who use a stand-in.
    let field = Field::open("lingering", 1).await;
    let (mut plot, empty) = environment(&field).await;
    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    operator.account().put("durations", json!({ "ecs.interface.release": LINGER })).await;
    let before = operator.wire.log().len();
    operator.act(&Act::Delete).await;
    let mut named = String::new();
    while let Some(resource) = operator.resource().await {
        operator.pass(resource, &mut None).await;
        let Some(resource) = operator.resource().await else { break };
        assert!(is_held(&resource), "it is let go too early");
        if resource.data["status"].to_string().contains("eni-") {
            named = summary(&resource);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(named.contains("eni-"), "what lingers is never named");
    let calls = operator.wire.log().split_off(before);
    let refused = calls.iter().filter(|call| call.call.mutates() && call.status.is_some_and(|is| is >= 400));
    assert!(refused.clone().count() <= REFUSED, "{} refused attempts", refused.count());
    assert_eq!(operator.inventory().await.difference(&empty), None, "something is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_refused_at_first_is_asked_for_again() {
    let field = Field::open("refused", 1).await;
    let (mut plot, empty) = environment(&field).await;
    let removals = removals(&mut plot, &empty).await;
    assert!(removals.len() > 40, "{removals:?}");

    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    let before = operator.wire.log().len();
    let refused = |aim: &Aim| Some((Target::Call(aim.clone()), matrix::refused_for_now(&aim.action)?));
    operator.wire.beset(removals.iter().filter_map(refused));
    operator.act(&Act::Delete).await;
    gone(&mut operator, &empty).await;
    let calls = operator.wire.log().split_off(before).into_iter();
    let refused = calls.filter(|call| call.call.mutates() && call.status.is_none()).count();
    assert_eq!(refused, removals.len(), "each is refused once, and done when it is asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_reads_do_not_show_yet_is_waited_for() {
    // Its own: reads of a stand-in lag for all who use it.
    let field = Field::open("unshown", 1).await;
    let plots = field.plots(3).await;
    let faults = [Fault::LosesReply, Fault::DiesAfter, Fault::ArrivesLate];
    join_all(plots.into_iter().zip(faults).map(|(plot, fault)| goes_unshown(plot, fault))).await;
}

/// Deletes an environment whose VPC reads do not show before all else of it is gone.
async fn goes_unshown(mut plot: Plot, fault: Fault) {
    let mut operator = plot.operator(&[]).await.unwrap();
    let empty = operator.inventory().await;
    plot.lag(LAG).await;
    operator.patient();
    operator.bound *= 10;
    let vpc: Aim = "ec2:CreateVpc@network/vpc".parse().unwrap();
    operator.wire.arm([(Target::Call(vpc), fault)]);
    operator.act(&Act::Create).await;
    while !operator.wire.has_struck() {
        let resource = operator.resource().await.unwrap();
        operator.pass(resource, &mut None).await;
    }
    operator.act(&Act::Delete).await;
    assert_eq!(operator.rest(None).await, Ok(Rest::Gone));
    // Whoever looks for what is left must see it.
    tokio::time::sleep(Duration::from_secs_f64(LAG)).await;
    assert_eq!(operator.inventory().await.difference(&empty), None, "{fault}: something is left");
}

/// The first call of each kind that removes something of a resource, when an environment goes undisturbed.
async fn removals(plot: &mut Plot, empty: &Inventory) -> Vec<Aim> {
    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    let before = operator.wire.log().len();
    operator.act(&Act::Delete).await;
    gone(&mut operator, empty).await;
    let calls = log::aims(&operator.wire.log().split_off(before)).into_iter();
    calls.filter(|(aim, mutates)| *mutates && aim.number == 1).map(|(aim, _)| aim).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_namespace_that_goes_nor_a_spec_that_cannot_be_keeps_an_environment() {
    let field = Field::open("departures", 1).await;
    let (mut plot, empty) = environment(&field).await;
    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    // Kubernetes takes it; AWS has no such version.
    operator.act(&Act::Edit(json!({ "database": { "engineVersion": "16.99" } }))).await;
    told(&mut operator, "InvalidSpec").await.unwrap();
    operator.restart();
    operator.act(&Act::Delete).await;
    gone(&mut operator, &empty).await;

    let mut operator = plot.operator(&[Act::Create]).await.unwrap();
    let (client, namespace) = (plot.place().client.clone(), plot.place().namespace.clone());
    let namespaces: Api<Namespace> = Api::all(client);
    namespaces.delete(&namespace, &DeleteParams::default()).await.unwrap();
    let is_deleted = async |operator: &Operator| {
        operator.resource().await.is_some_and(|resource| resource.metadata.deletion_timestamp.is_some())
    };
    while !is_deleted(&operator).await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    gone(&mut operator, &empty).await;
    while namespaces.get_opt(&namespace).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_role_an_environment_can_be_left_behind() {
    let field = Field::open("roleless", 1).await;
    let mut plot = field.plots(1).await.remove(0);
    let (place, name) = (plot.place().clone(), "video-pipeline");
    let trust = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "*" } });
    let trust = json!({ "Version": "2012-10-17", "Statement": [trust] }).to_string();
    let role = [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    place.account.form("iam:CreateRole", &role).await;
    place.keep("empty").await;
    let arn = format!("arn:aws:iam::{}:role/{name}", place.account.number);
    let create = Act::CreateWith(json!({ "account": { "roleArn": arn } }));
    let mut operator = plot.operator(&[create]).await.unwrap();

    place.account.form("iam:DeleteRole", &[("RoleName", name)]).await;
    let built = operator.inventory().await;
    operator.restart();
    operator.act(&Act::Delete).await;
    let message = unreached(&mut operator).await;
    assert!(message.contains("AssumeRole"), "{message}");
    assert!(is_held(&operator.resource().await.unwrap()));
    operator.restart();
    let calls = operator.wire.log().len();
    operator.act(&Act::Edit(json!({ "deletionPolicy": "Retain" }))).await;
    assert_eq!(operator.rest(None).await, Ok(Rest::Gone));
    assert_eq!(operator.wire.log().len(), calls, "AWS was called");
    assert_eq!(operator.inventory().await.difference(&built), None, "it was left behind as it was");
}

/// What is said while AWS cannot be reached.
async fn unreached(operator: &mut Operator) -> String {
    let mut said = Value::Null;
    for _ in 0..20 {
        let resource = operator.resource().await.unwrap();
        operator.pass(resource, &mut None).await;
        said = operator.resource().await.unwrap().data["status"]["conditions"].clone();
        if said.to_string().contains("AssumeRole") {
            break;
        }
    }
    said.to_string()
}

fn is_held(resource: &DynamicObject) -> bool {
    resource.metadata.finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty())
}
