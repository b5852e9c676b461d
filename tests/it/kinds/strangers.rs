//! Whose it is what stands under the names that an environment wants, and what all of it is like.

use std::collections::BTreeSet;

use serde_json::json;
use video_pipeline_operator::aws::tags;
use video_pipeline_operator::engine::Object;

use super::ground::Site;
use super::lab::{self, Account};
use crate::support::account::Account as User;
use crate::sweep::account::Account as Caller;
use crate::sweep::inventory::{Inventory, Known};

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Whose {
    /// Another owner's.
    SomebodyElses,
    /// Nobody's: made by hand, and called as ours would be.
    Nobodys,
    /// Nobody's, and without a single tag.
    Untagged,
}

/// Kinds of EC2: the name of their objects is a tag.
const NAMED_BY_A_TAG: [&str; 5] = ["vpc", "internetGateway", "subnet", "routeTable", "securityGroup"];

impl Whose {
    /// Makes theirs what the host has made.
    pub async fn take(self, host: &Site) {
        if self == Self::SomebodyElses {
            return;
        }
        let user = user(&host.rig.account).await;
        let keys = self.lost(&user);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        for (address, object) in host.rig.world.ours() {
            if has_tags(object) {
                user.untag(&address.kind, &object.id, &keys);
            }
        }
    }

    /// Who owns what the host has made.
    pub fn owner(self, host: &Site) -> Option<String> {
        (self == Self::SomebodyElses).then(|| host.rig.scope.owner.clone())
    }

    /// True iff nothing says any more what objects of this kind are called.
    pub fn unnames(self, kind: &str) -> bool {
        self == Self::Untagged && NAMED_BY_A_TAG.contains(&kind)
    }

    /// The keys of the tags that are taken away. Nobody can take those of AWS.
    fn lost(self, user: &User) -> BTreeSet<String> {
        let mut keys = tag_keys(user);
        keys.retain(|key| !key.starts_with("aws:") && (self == Self::Untagged || key != tags::NAME));
        keys
    }
}

/// The keys of all tags that are in use in the account.
fn tag_keys(user: &User) -> BTreeSet<String> {
    let (mut keys, mut token) = (BTreeSet::new(), String::new());
    loop {
        let page = json!({ "PaginationToken": token });
        let mut answer = user.call("resourcegroupstaggingapi", "get_tag_keys", page);
        keys.extend(serde_json::from_value::<Vec<String>>(answer["TagKeys"].take()).unwrap());
        match answer["PaginationToken"].as_str() {
            Some(next) if !next.is_empty() => next.clone_into(&mut token),
            _ => return keys,
        }
    }
}

fn has_tags(object: &Object) -> bool {
    object.spec.as_ref().is_some_and(|spec| spec.get("tags").is_some())
}

/// A user of the account, who is known by a key of it.
async fn user(account: &Account) -> User {
    let caller = caller(account).await;
    caller.form("iam:CreateUser", &[("UserName", "somebody")]).await;
    let made = caller.form("iam:CreateAccessKey", &[("UserName", "somebody")]).await;
    let key = made["CreateAccessKeyResult"]["AccessKey"]["AccessKeyId"].as_str().unwrap();
    User::open_as(lab::endpoint().await, key).await
}

async fn caller(account: &Account) -> Caller {
    Caller::new(lab::endpoint().await, &account.number)
}

/// Everything in the account, as AWS itself says that it is.
pub async fn everything(account: &Account) -> Inventory {
    Inventory::of(&caller(account).await, &Known::default()).await
}
