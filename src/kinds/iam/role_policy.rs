//! The permissions of a role: a policy that is written into it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_iam::types::{PolicyDetail, RoleDetail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::aws::{Aws, During, Expect, not_yet};
use crate::engine::{
    Action, Address, Changes, Deleted, Depth, Failure, Found, Input, Key, Kind, Named, Ours, Output, Phase,
    Recall, Scope, Sightings,
};
use crate::kinds::bounds;
use crate::kinds::iam::policy;
use crate::kinds::iam::role::{self, Role};
use crate::kinds::ids::{GrantedRoleArn, RoleArn, RoleName};
use crate::kinds::sighting::{Mine, Sorted};

/// An inline policy of a role. All of them on a role of ours are ours.
pub struct RolePolicy;

/// What a role's policy should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolePolicySpec {
    /// The role's name.
    pub role: Input<RoleName>,
    /// The role's ARN.
    pub role_arn: Input<RoleArn>,
    /// What it allows.
    pub statements: Vec<Statement>,
}

/// Some actions on some resources, allowed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Its name in the policy, letters and digits. Read back, a policy that our words cannot say stands here
    /// as it is.
    pub sid: String,
    /// IAM actions: `sqs:SendMessage`.
    pub actions: BTreeSet<String>,
    /// ARNs, `*` allowed in them.
    pub resources: BTreeSet<Input<String>>,
    /// By operator and then by key, the value asked for: `StringEquals`, `aws:SourceAccount`, `123456789012`.
    pub conditions: BTreeMap<String, BTreeMap<String, String>>,
}

/// What others may use of a role's policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolePolicyOutputs {
    /// The role, with these permissions.
    pub role: GrantedRoleArn,
    /// The role's name.
    pub role_name: RoleName,
    /// The policy's name in the role.
    pub name: String,
}

impl RolePolicy {
    /// The role, with these permissions: what uses it starts only once it has them.
    pub const GRANTED: Output<Self, GrantedRoleArn> = Output::new("role");

    /// Where the policy of the role at this address stands.
    pub fn address(role: &Address) -> Address {
        Address::new(Self::NAME, format!("{}-policy", role.name))
    }
}

impl Kind for RolePolicy {
    const NAME: &'static str = "rolePolicy";
    const REFERS_TO: &'static [&'static str] = &["role"];
    const IMMUTABLE: &'static [&'static str] = &["role", "roleArn"];
    // A policy is put, whether it is there already or not.
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "iam:PutRolePolicy";
    const LAG: Duration = role::LAG;
    const ACTIONS: &'static [Action] = &[
        Action::called("iam:GetAccountAuthorizationDetails", bounds::LOOK),
        Action::called("iam:PutRolePolicy", bounds::BOUNDED_ROLE),
        Action::called("iam:DeleteRolePolicy", bounds::role::NAMED),
    ];

    type Cloud = Aws;
    type Spec = RolePolicySpec;
    type Outputs = RolePolicyOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        // The names in the scopes are those of policies, so a role is ours by its owner alone.
        let owners: Vec<Scope> = scopes.iter().map(Scope::nameless).collect();
        let roles = Sorted::<Role, RoleDetail>::of(&owners, role::list(aws).await?).ours;
        let mut sightings = Sightings::new(scopes);
        for role in &roles {
            for policy in role.object.role_policy_list() {
                let name = policy.policy_name().unwrap_or_default();
                let address = place(&role.address, &scopes[role.scope].named, name);
                sightings.add(role.scope, address, Found::Ours(ours(role, name, policy)));
            }
        }
        Ok(sightings.complete(scopes))
    }

    async fn create(aws: &Aws, key: &Key, spec: RolePolicySpec) -> Result<RolePolicyOutputs, Failure> {
        let (role, RoleArn(arn)) = (spec.role.known()?, spec.role_arn.known()?);
        put(aws, role, &key.name, &spec.statements).await?;
        let name = key.name.clone();
        Ok(RolePolicyOutputs { role: arn.as_str().into(), role_name: role.clone(), name })
    }

    async fn update(
        aws: &Aws,
        _: &Key,
        RolePolicyOutputs { role_name, name, .. }: RolePolicyOutputs,
        spec: RolePolicySpec,
        _: &Changes,
    ) -> Result<(), Failure> {
        put(aws, &role_name, &name, &spec.statements).await
    }

    async fn delete(
        aws: &Aws,
        RolePolicyOutputs { role_name: RoleName(role), name, .. }: RolePolicyOutputs,
    ) -> Result<Deleted, Failure> {
        let call = aws.iam.delete_role_policy().role_name(role).policy_name(name);
        call.send().await.during("iam:DeleteRolePolicy").or_gone()?;
        Ok(Deleted::Gone)
    }
}

async fn put(
    aws: &Aws,
    RoleName(role): &RoleName,
    name: &str,
    statements: &[Statement],
) -> Result<(), Failure> {
    let call = aws.iam.put_role_policy().role_name(role).policy_name(name);
    let call = call.policy_document(document(statements).to_string());
    call.send().await.during("iam:PutRolePolicy").map_err(not_yet)?;
    Ok(())
}

/// Where the policy called `name`, of the role at `role`, stands: at the role policy's own address if that is
/// its name, else at one of its own, where nothing is wanted.
fn place(role: &Address, named: &[Named], name: &str) -> Address {
    let own = RolePolicy::address(role);
    if named.iter().any(|named| named.address == own && named.name == name) {
        own
    } else {
        Address::new(RolePolicy::NAME, format!("{}-{name}", own.name))
    }
}

fn ours(role: &Mine<RoleDetail>, name: &str, policy: &PolicyDetail) -> Ours<RolePolicy> {
    let arn = role.object.arn().unwrap_or_default();
    let role_name = RoleName(role.id.clone());
    let spec = RolePolicySpec {
        role: role_name.clone().into(),
        role_arn: RoleArn::from(arn).into(),
        statements: read(&policy::decoded(policy.policy_document().unwrap_or_default())),
    };
    let outputs = RolePolicyOutputs { role: arn.into(), role_name, name: name.to_owned() };
    Ours { id: format!("{}/{name}", role.id), spec: Some(spec), outputs, phase: Phase::Ready }
}

fn document(statements: &[Statement]) -> Value {
    policy::document(statements.iter().map(Statement::document).collect())
}

/// The statements of a document, if they can be said in our words; else one that holds its whole text.
fn read(document: &Value) -> Vec<Statement> {
    let statements: Vec<Statement> =
        policy::members(&document["Statement"]).iter().map(Statement::read).collect();
    if policy::alike(document, &self::document(&statements)) {
        statements
    } else {
        vec![Statement { sid: document.to_string(), ..Statement::default() }]
    }
}

impl Statement {
    fn document(&self) -> Value {
        let mut fields = Map::new();
        if !self.sid.is_empty() {
            fields.insert("Sid".into(), json!(self.sid));
        }
        fields.insert("Effect".into(), json!("Allow"));
        fields.insert("Action".into(), json!(self.actions));
        fields.insert("Resource".into(), json!(self.resources));
        if !self.conditions.is_empty() {
            fields.insert("Condition".into(), json!(self.conditions));
        }
        Value::Object(fields)
    }

    /// What of a statement can be said in our words.
    fn read(statement: &Value) -> Self {
        let texts = |value: &Value| -> BTreeSet<String> {
            policy::members(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let entries = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let asked = |keys: &Value| {
            entries(keys).into_iter().filter_map(|(key, value)| Some((key, texts(&value).pop_first()?)))
        };
        Self {
            sid: statement["Sid"].as_str().unwrap_or_default().to_owned(),
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]).into_iter().map(Input::Known).collect(),
            conditions: entries(&statement["Condition"])
                .into_iter()
                .map(|(operator, keys)| (operator, asked(&keys).collect()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let account = BTreeMap::from([("aws:SourceAccount".to_owned(), "123456789012".to_owned())]);
        Statement {
            sid: "Jobs".to_owned(),
            actions: texts(&["sqs:SendMessage", "sqs:GetQueueUrl"]),
            resources: BTreeSet::from([Input::Known("arn:aws:sqs:eu-west-1:123456789012:jobs".to_owned())]),
            conditions: BTreeMap::from([("StringEquals".to_owned(), account)]),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let unnamed = Statement { sid: String::new(), conditions: BTreeMap::new(), ..statement() };
        let statements = vec![statement(), unnamed];
        assert_eq!(read(&document(&statements)), statements);
    }

    #[test]
    fn what_our_words_cannot_say_shows() {
        let changed = |change: fn(&mut Value)| {
            let mut document = document(&[statement()]);
            change(&mut document["Statement"][0]);
            document
        };
        let documents = [
            changed(|statement| statement["Effect"] = json!("Deny")),
            changed(|statement| statement["NotAction"] = json!("iam:*")),
            changed(|statement| {
                statement["Condition"]["StringEquals"]["aws:SourceAccount"] = json!(["1", "2"])
            }),
            changed(|statement| statement["Condition"]["Bool"] = json!({ "aws:SecureTransport": true })),
            json!({ "Version": "2008-10-17", "Statement": [statement().document()] }),
            json!("no json"),
        ];
        for document in documents {
            assert_eq!(read(&document)[0].sid, document.to_string());
        }
    }

    #[test]
    fn a_policy_that_someone_added_stands_beside_ours() {
        let role = Address::new("role", "processing/task-role");
        let own = RolePolicy::address(&role);
        let named = [Named { address: own.clone(), name: "permissions".to_owned(), remembered: None }];
        assert_eq!(place(&role, &named, "permissions"), own);
        assert_eq!(place(&role, &named, "extra").name, "processing/task-role-policy-extra");
    }
}
