//! A role of IAM, which ECS takes on for the tasks. The execution role is the environment's claim to its
//! suffix: names of roles are unique in the account.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_iam::types::{EntityType, Role as SdkRole, RoleDetail, Tag};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::{Aws, During, Expect, Tags, retag};
use crate::engine::{
    Action, Changes, Deleted, Depth, Failure, Found, Key, Kind, Meaning, Ours, Output, Phase, Recall, Scope,
    Sightings,
};
use crate::kinds::bounds;
use crate::kinds::iam::policy;
use crate::kinds::ids::{RoleArn, RoleName};
use crate::kinds::sighting::{Listed, Mine, Sorted, prove};

/// A role.
pub struct Role;

/// What a role should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleSpec {
    /// The path that it stands under: `/video-pipeline/`. Names are unique whatever the path.
    pub path: String,
    /// The service that may take it on: `ecs-tasks.amazonaws.com`. Read back, a trust policy that says
    /// anything else stands here as it is.
    pub service: String,
    /// The account for whose resources alone the service may take it on: twelve digits.
    pub source_account: Option<String>,
    /// The ARN of the policy that bounds its permissions; `None` leaves its boundary as it is.
    pub boundary: Option<String>,
    /// The ARNs of the managed policies that are attached to it.
    pub managed_policies: BTreeSet<String>,
    /// What people read about it; up to 1000 characters.
    pub description: String,
    /// The user's tags.
    pub tags: Tags,
}

/// What others may use of a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleOutputs {
    /// Its name.
    pub name: RoleName,
    /// Its ARN, path included.
    pub arn: RoleArn,
}

impl Role {
    /// Its name.
    pub const ID: Output<Self, RoleName> = Output::new("name");
    /// Its ARN.
    pub const ARN: Output<Self, RoleArn> = Output::new("arn");
}

impl Kind for Role {
    const NAME: &'static str = "role";
    const IMMUTABLE: &'static [&'static str] = &["path"];
    // Words for people, which would cost a list of all roles at each look.
    const AT_CREATION: &'static [&'static str] = &["description"];
    const RECALL: Recall = Recall::Name;
    const CREATED_BY: &'static str = "iam:CreateRole";
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    const LAG: std::time::Duration = LAG;
    const ACTIONS: &'static [Action] = &[
        Action::called("iam:GetAccountAuthorizationDetails", bounds::LOOK),
        Action::called("iam:GetRole", bounds::role::NAMED),
        Action::called("iam:CreateRole", bounds::NEW_ROLE),
        Action::called("iam:UpdateAssumeRolePolicy", bounds::role::NAMED),
        Action::called("iam:PutRolePermissionsBoundary", bounds::BOUNDARY_OF_ROLE),
        Action::called("iam:AttachRolePolicy", bounds::NEVER),
        Action::called("iam:DetachRolePolicy", bounds::role::NAMED),
        Action::called("iam:ListAttachedRolePolicies", bounds::role::NAMED),
        Action::called("iam:TagRole", bounds::role::NAMED),
        Action::called("iam:UntagRole", bounds::role::NAMED),
        Action::called("iam:DeleteRole", bounds::role::NAMED),
    ];

    type Cloud = Aws;
    type Spec = RoleSpec;
    type Outputs = RoleOutputs;

    async fn observe(aws: &Aws, scopes: &[Scope], _: Depth) -> Result<Sightings<Self>, Failure> {
        let sorted = Sorted::of(scopes, list(aws).await?);
        Ok(sorted.sightings(scopes, |role| Found::Ours(ours(role))))
    }

    async fn create(aws: &Aws, key: &Key, spec: RoleSpec) -> Result<RoleOutputs, Failure> {
        let call = aws.iam.create_role().role_name(&key.name).path(&spec.path).description(&spec.description);
        let call = call.assume_role_policy_document(trust(&spec).to_string());
        let call = call.set_permissions_boundary(spec.boundary.clone());
        let call = call.set_tags(Some(Tags::of(key, &spec.tags).list()));
        let role = match call.send().await.during("iam:CreateRole") {
            Err(refused) if refused.is(Meaning::AlreadyExists) => standing(aws, key, refused).await?,
            made => made?.role,
        };
        let arn = role.map(|role| role.arn).unwrap_or_default();
        Ok(RoleOutputs { name: key.name.as_str().into(), arn: arn.into() })
    }

    async fn update(
        aws: &Aws,
        key: &Key,
        RoleOutputs { name: RoleName(name), .. }: RoleOutputs,
        spec: RoleSpec,
        changes: &Changes,
    ) -> Result<(), Failure> {
        if changes.any(&["service", "sourceAccount"]) {
            let call = aws.iam.update_assume_role_policy().role_name(&name);
            let call = call.policy_document(trust(&spec).to_string());
            call.send().await.during("iam:UpdateAssumeRolePolicy")?;
        }
        if let Some(boundary) = spec.boundary.as_ref().filter(|_| changes.has("boundary")) {
            let call = aws.iam.put_role_permissions_boundary().role_name(&name);
            let call = call.permissions_boundary(boundary);
            call.send().await.during("iam:PutRolePermissionsBoundary")?;
        }
        if changes.has("managedPolicies") {
            let attached = changes.from("managedPolicies").unwrap_or_default();
            attach(aws, &name, spec.managed_policies.difference(&attached)).await?;
            detach(aws, &name, attached.difference(&spec.managed_policies)).await?;
        }
        retag::iam(aws, &name, key, &spec.tags, changes).await
    }

    async fn delete(
        aws: &Aws,
        RoleOutputs { name: RoleName(name), .. }: RoleOutputs,
    ) -> Result<Deleted, Failure> {
        let delete =
            async || aws.iam.delete_role().role_name(&name).send().await.during("iam:DeleteRole").or_gone();
        match delete().await {
            // Policies that someone attached hold it. Its inline ones are a kind of their own.
            Err(held) if held.is(Meaning::InUse) => {
                let attached = attached(aws, &name).await?;
                detach(aws, &name, attached.iter()).await?;
                delete().await?;
            }
            deleted => deleted?,
        }
        Ok(Deleted::Gone)
    }
}

/// For how long IAM may answer with what was before.
pub(super) const LAG: std::time::Duration = std::time::Duration::from_secs(30);

/// All roles of the account, each with its policies: IAM has no cheaper way to read the roles of several
/// environments.
pub(super) async fn list(aws: &Aws) -> Result<Vec<Listed<RoleDetail>>, Failure> {
    let read = async || {
        let call = aws.iam.get_account_authorization_details().filter(EntityType::Role);
        let mut pages = call.into_paginator().page_size(1000).send();
        let mut roles = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.during("iam:GetAccountAuthorizationDetails")?;
            roles.extend(page.role_detail_list.unwrap_or_default());
        }
        Ok(Arc::new(roles))
    };
    let roles = aws.shared.read("iam:GetAccountAuthorizationDetails", "Role", read).await?;
    Ok(roles.iter().map(|role| listed(aws, role)).collect())
}

fn listed(aws: &Aws, role: &RoleDetail) -> Listed<RoleDetail> {
    let name = role.role_name().unwrap_or_default().to_owned();
    let tags = Tags::from(role.tags()).seen_from(&aws.region);
    Listed { id: name.clone(), name, tags, object: role.clone() }
}

fn ours(role: Mine<RoleDetail>) -> Ours<Role> {
    let seen = role.object;
    let trusted = seen.assume_role_policy_document.as_deref().unwrap_or_default();
    let (service, source_account) = trusted_by(&policy::decoded(trusted));
    let attached = seen.attached_managed_policies.unwrap_or_default();
    let spec = RoleSpec {
        path: seen.path.unwrap_or_default(),
        service,
        source_account,
        boundary: seen.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn),
        managed_policies: attached.into_iter().filter_map(|policy| policy.policy_arn).collect(),
        description: String::new(),
        tags: role.tags,
    };
    let outputs = RoleOutputs { name: role.id.as_str().into(), arn: seen.arn.unwrap_or_default().into() };
    Ours { id: role.id, spec: Some(spec), outputs, phase: Phase::Ready }
}

/// The role that stands under this name already, if a lost call for `key` made it.
async fn standing(aws: &Aws, key: &Key, refused: Failure) -> Result<Option<SdkRole>, Failure> {
    let found = aws.iam.get_role().role_name(&key.name).send().await.during("iam:GetRole").or_absent()?;
    let role = found.and_then(|found| found.role);
    let tags: &[Tag] = role.as_ref().map_or(&[], SdkRole::tags);
    prove(key, &Tags::from(tags).seen_from(&aws.region), refused)?;
    Ok(role)
}

async fn attached(aws: &Aws, name: &str) -> Result<Vec<String>, Failure> {
    let pages = aws.iam.list_attached_role_policies().role_name(name).into_paginator().items().send();
    let found: Vec<_> = pages.collect::<Result<_, _>>().await.during("iam:ListAttachedRolePolicies")?;
    Ok(found.into_iter().filter_map(|policy| policy.policy_arn).collect())
}

async fn attach<'a>(
    aws: &Aws,
    name: &str,
    policies: impl Iterator<Item = &'a String>,
) -> Result<(), Failure> {
    for policy in policies {
        let call = aws.iam.attach_role_policy().role_name(name).policy_arn(policy);
        call.send().await.during("iam:AttachRolePolicy")?;
    }
    Ok(())
}

async fn detach<'a>(
    aws: &Aws,
    name: &str,
    policies: impl Iterator<Item = &'a String>,
) -> Result<(), Failure> {
    for policy in policies {
        let call = aws.iam.detach_role_policy().role_name(name).policy_arn(policy);
        call.send().await.during("iam:DetachRolePolicy").or_gone()?;
    }
    Ok(())
}

/// The trust policy: the service may take the role on, for resources of the account alone.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html>
fn trust(spec: &RoleSpec) -> Value {
    trust_in(&spec.service, spec.source_account.as_deref())
}

fn trust_in(service: &str, account: Option<&str>) -> Value {
    let mut statement =
        json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
    if let Some(account) = account {
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": account } });
    }
    policy::document(vec![statement])
}

/// The service and the account that a trust policy names, if it says just what ours would; else its whole
/// text in place of the service.
fn trusted_by(document: &Value) -> (String, Option<String>) {
    let statement = policy::members(&document["Statement"]).first().unwrap_or(&Value::Null);
    let only = |value: &Value| policy::members(value).first().and_then(Value::as_str).map(str::to_owned);
    let service = only(&statement["Principal"]["Service"]).unwrap_or_default();
    let account = only(&statement["Condition"]["StringEquals"]["aws:SourceAccount"]);
    if policy::alike(document, &trust_in(&service, account.as_deref())) {
        (service, account)
    } else {
        (document.to_string(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECS: &str = "ecs-tasks.amazonaws.com";

    #[test]
    fn our_trust_policy_is_read_back_however_it_is_written() {
        for account in [None, Some("123456789012")] {
            let read = trusted_by(&trust_in(ECS, account));
            assert_eq!(read, (ECS.to_owned(), account.map(str::to_owned)));
        }
        let listed = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "Service": [ECS] }, "Action": ["sts:AssumeRole"] },
        ] });
        assert_eq!(trusted_by(&listed).0, ECS);
    }

    #[test]
    fn whoever_else_is_trusted_shows() {
        let mut second = trust_in(ECS, None);
        second["Statement"][0]["Principal"]["AWS"] = json!("arn:aws:iam::210987654321:root");
        let mut wider = trust_in(ECS, Some("123456789012"));
        wider["Statement"][0]["Condition"]["StringEquals"]["aws:SourceAccount"] = json!(["1", "2"]);
        let mut more = trust_in(ECS, None);
        if let Some(statements) = more["Statement"].as_array_mut() {
            statements.push(json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" }));
        }
        for document in [second, wider, more, json!("no json")] {
            assert_eq!(trusted_by(&document), (document.to_string(), None));
        }
    }
}
