//! What an account holds, whoever it belongs to: the lists of AWS as they are, without what AWS chooses by itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::Regex;
use serde_json::{Value, json};

use super::account::Account;

/// Everything in an account: each thing as the list that it is from and what AWS says of it, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory(pub Vec<String>);

impl Inventory {
    /// Lists the account. Ids that `known` has become the addresses that they stand for; all others are not compared.
    pub async fn of(account: &Account, known: &Known) -> Self {
        let mut found = network(account).await;
        found.extend(identity(account).await);
        found.extend(data(account).await);
        found.extend(storage(account).await);
        found.extend(processing(account).await);
        let lines = found.into_iter().map(|(list, item)| format!("{list} {}", known.scrubbed(&item)));
        let mut lines: Vec<_> = lines.collect();
        lines.sort();
        Self(lines)
    }

    /// What of `other` is missing here.
    pub fn lacks(&self, other: &Self) -> Vec<String> {
        let mut here = self.0.clone();
        let missing = other.0.iter().filter(|line| match here.iter().position(|have| have == *line) {
            Some(at) => {
                here.swap_remove(at);
                false
            }
            None => true,
        });
        missing.cloned().collect()
    }

    /// How it differs from what it should be; nothing if it does not.
    pub fn difference(&self, wanted: &Self) -> Option<String> {
        let (missing, mut surplus) = (self.lacks(wanted), wanted.lacks(self));
        let mut difference = String::new();
        for line in missing {
            let alike = surplus.iter().enumerate().max_by_key(|(_, other)| alike(&line, other));
            match alike.map(|(at, other)| (at, alike_for(&line, other))) {
                Some((at, Some(from))) => {
                    let other = surplus.swap_remove(at);
                    difference.push_str(&format!(
                        "\n  ~ {}\n      {}\n      {}",
                        head(&line),
                        cut(&line, from),
                        cut(&other, from)
                    ));
                }
                _ => difference.push_str(&format!("\n  - {}", head(&line))),
            }
        }
        surplus.iter().for_each(|line| difference.push_str(&format!("\n  + {}", head(line))));
        (!difference.is_empty()).then_some(difference)
    }
}

/// How many characters two lines have in common, from their beginning.
fn alike(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}

/// Where two lines begin to differ that speak of things of one list.
fn alike_for(one: &str, other: &str) -> Option<usize> {
    let alike = alike(one, other);
    one.find(' ').filter(|list| alike > *list).map(|_| alike)
}

/// The beginning of a line.
fn head(line: &str) -> String {
    line.chars().take(160).collect()
}

/// The part of a line around the character at `from`.
fn cut(line: &str, from: usize) -> String {
    line.chars().skip(from.saturating_sub(60)).take(160).collect()
}

type Found = Vec<(&'static str, Value)>;

/// All that is listed in an answer, whatever the list is called.
fn items(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(items) => items,
        Value::Object(fields) => fields.into_iter().flat_map(|(_, value)| items(value)).collect(),
        _ => Vec::new(),
    }
}

/// What lists that need not be told anything say.
async fn listed(account: &Account, lists: &[&'static str]) -> Found {
    let mut found = Found::new();
    for list in lists {
        found.extend(items(account.form(list, &[]).await).into_iter().map(|item| (*list, item)));
    }
    found
}

async fn network(account: &Account) -> Found {
    let lists = [
        "ec2:DescribeVpcs",
        "ec2:DescribeSubnets",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
    ];
    let mut found = listed(account, &lists).await;
    for interface in items(account.form("ec2:DescribeNetworkInterfaces", &[]).await) {
        // Where they stand, AWS chooses.
        let kept = json!({ "for": interface["description"], "groups": interface["groupSet"] });
        found.push(("ec2:DescribeNetworkInterfaces", kept));
    }
    let vpcs: Vec<Value> =
        found.iter().filter(|(list, _)| *list == "ec2:DescribeVpcs").map(|(_, vpc)| vpc.clone()).collect();
    for vpc in &vpcs {
        for attribute in ["enableDnsSupport", "enableDnsHostnames"] {
            let fields = [("VpcId", text(vpc, "vpcId")), ("Attribute", attribute)];
            found.push(("ec2:DescribeVpcAttribute", account.form("ec2:DescribeVpcAttribute", &fields).await));
        }
    }
    found
}

async fn identity(account: &Account) -> Found {
    let answer = account.form("iam:GetAccountAuthorizationDetails", &[("Filter.member.1", "Role")]).await;
    let roles = items(answer["GetAccountAuthorizationDetailsResult"]["RoleDetailList"].clone());
    roles.into_iter().map(|role| ("iam:Role", role)).collect()
}

async fn data(account: &Account) -> Found {
    let mut found = Found::new();
    let streams = account.json("kinesis:ListStreams", json!({})).await;
    for stream in texts(&streams["StreamNames"]) {
        let name = json!({ "StreamName": stream });
        for action in ["kinesis:DescribeStreamSummary", "kinesis:ListTagsForStream"] {
            found.push((action, account.json(action, name.clone()).await));
        }
    }
    let queues = account.json("sqs:ListQueues", json!({})).await;
    for queue in texts(&queues["QueueUrls"]) {
        let asked = json!({ "QueueUrl": queue, "AttributeNames": ["All"] });
        found.push(("sqs:GetQueueAttributes", account.json("sqs:GetQueueAttributes", asked).await));
        let tags = account.json("sqs:ListQueueTags", json!({ "QueueUrl": queue })).await;
        found.push(("sqs:ListQueueTags", tags));
    }
    for group in items(account.json("logs:DescribeLogGroups", json!({})).await) {
        let arn = text(&group, "arn").trim_end_matches(":*").to_owned();
        found.push(("logs:LogGroup", group));
        let tags = account.json("logs:ListTagsForResource", json!({ "resourceArn": arn })).await;
        found.push(("logs:ListTagsForResource", tags));
    }
    let alarms = account.form("cloudwatch:DescribeAlarms", &[]).await;
    for alarm in items(alarms["DescribeAlarmsResult"]["MetricAlarms"].clone()) {
        let arn = text(&alarm, "AlarmArn").to_owned();
        found.push(("cloudwatch:Alarm", alarm));
        let tags = account.form("cloudwatch:ListTagsForResource", &[("ResourceARN", &arn)]).await;
        found.push(("cloudwatch:ListTagsForResource", tags));
    }
    found
}

async fn storage(account: &Account) -> Found {
    let lists = [
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
        "rds:DescribeDBSubnetGroups",
        "rds:DescribeDBClusterParameterGroups",
        "rds:DescribeDBClusterSnapshots",
    ];
    let mut found = listed(account, &lists).await;
    // AWS takes those when it likes.
    found.retain(|(_, item)| item["SnapshotType"] != "automated");
    for (list, item) in found.clone() {
        if list == "rds:DescribeDBClusterParameterGroups" {
            let name = text(&item, "DBClusterParameterGroupName");
            let fields = [("DBClusterParameterGroupName", name), ("Source", "user")];
            let parameters = account.form("rds:DescribeDBClusterParameters", &fields).await;
            found.push(("rds:DescribeDBClusterParameters", parameters));
        }
        for arn in ["DBSubnetGroupArn", "DBClusterParameterGroupArn"] {
            if let Some(arn) = item[arn].as_str() {
                let tags = account.form("rds:ListTagsForResource", &[("ResourceName", arn)]).await;
                found.push(("rds:ListTagsForResource", tags));
            }
        }
    }
    let secrets = items(account.json("secretsmanager:ListSecrets", json!({})).await);
    found.extend(secrets.into_iter().map(|secret| ("secretsmanager:Secret", secret)));
    found
}

async fn processing(account: &Account) -> Found {
    let mut found = Found::new();
    let clusters = account.json("ecs:ListClusters", json!({})).await;
    for cluster in texts(&clusters["clusterArns"]) {
        let asked = json!({ "clusters": [cluster], "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"] });
        found.push(("ecs:Cluster", account.json("ecs:DescribeClusters", asked).await));
        let services = account.json("ecs:ListServices", json!({ "cluster": cluster })).await;
        for service in texts(&services["serviceArns"]) {
            let asked = json!({ "cluster": cluster, "services": [service], "include": ["TAGS"] });
            found.push(("ecs:Service", account.json("ecs:DescribeServices", asked).await));
        }
    }
    let revisions = account.json("ecs:ListTaskDefinitions", json!({ "status": "ACTIVE" })).await;
    for revision in texts(&revisions["taskDefinitionArns"]) {
        let asked = json!({ "taskDefinition": revision, "include": ["TAGS"] });
        found.push(("ecs:TaskDefinition", account.json("ecs:DescribeTaskDefinition", asked).await));
    }
    for list in
        ["application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies"]
    {
        let answer = account.json(list, json!({ "ServiceNamespace": "ecs" })).await;
        found.extend(items(answer).into_iter().map(|item| (list, item)));
    }
    found
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// What is known of an account that is not compared, and what it stands for.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Texts, and what they become.
    pub texts: BTreeMap<String, String>,
}

/// What tells of the past and not of the present.
const PAST: [&str; 15] = [
    "HostedZoneId",
    "DbiResourceId",
    "events",
    "deployments",
    "revisions",
    "taskSets",
    "VersionIdsToStages",
    "SecretVersionsToStages",
    "availableIpAddressCount",
    "ResponseMetadata",
    "revision",
    "IsClusterWriter",
    "requestId",
    "StateReason",
    // Whether a parameter was set when its group was made, or later.
    "ApplyMethod",
];

/// What AWS chooses, and what becomes of it.
static CHOSEN: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        // First: it may look like an account or an id.
        (r"cluster-(ro-)?[a-z0-9]{12}\.", "cluster-$1#."),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "#"),
        (r"\b[a-z]+-[0-9a-f]{8,17}\b", "#"),
        (r"\b[0-9]{12}\b", "ACCOUNT"),
        (r"\b[0-9a-f]{16,}\b", "#"),
        (r"\b[A-Z0-9]{16,}\b", "#"),
        (r"@[0-9a-f]{8}\b", "@#"),
        (r"(secret:rds![a-z]+-#)-[A-Za-z0-9]{6}", "$1-#"),
        (r"scalable-target/[a-z0-9]+", "scalable-target/#"),
        (r"^[0-9]{10}(\.[0-9]+)?$", "TIME"),
        (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9].*$", "TIME"),
        (r"(task-definition/[^:]+):[0-9]+", "$1"),
        (r"(^cluster|^db|secret:[^ ]*)-[A-Za-z0-9]{6,}$", "$1-#"),
        (r"http://127\.0\.0\.1:[0-9]+", "AWS"),
    ];
    patterns.map(|(pattern, becomes)| (Regex::new(pattern).unwrap(), becomes)).to_vec()
});

impl Known {
    fn scrubbed(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let present = fields.iter().filter(|(name, _)| !PAST.contains(&name.as_str()));
                let mut fields: Vec<_> =
                    present.map(|(name, value)| (name.clone(), self.scrubbed(value))).collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(fields.into_iter().collect())
            }
            Value::Array(items) => {
                let mut items: Vec<_> = items.iter().map(|item| self.scrubbed(item)).collect();
                items.sort_by_key(Value::to_string);
                Value::Array(items)
            }
            Value::String(text) => {
                match serde_json::from_str(&percent_decode_str(text).decode_utf8_lossy()) {
                    Ok(document @ (Value::Object(_) | Value::Array(_))) => self.scrubbed(&document),
                    _ => Value::String(self.text(text)),
                }
            }
            // Seconds since 1970.
            Value::Number(number) if number.as_f64().is_some_and(|number| number > 1e9) => Value::Null,
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (known, becomes) in &self.texts {
            text = text.replace(known, becomes);
        }
        for (pattern, becomes) in CHOSEN.iter() {
            text = pattern.replace_all(&text, *becomes).into_owned();
        }
        text
    }
}
