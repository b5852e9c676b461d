//! What a kind must be allowed to do, and what keeps each permission to the objects that are meant.
//!
//! The words are those of the cloud's own reference of permissions. What a permission is bound to is part of it, so that a
//! new kind cannot leave it open by forgetting it.

/// A permission that a kind needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The action: `ec2:CreateVpc`.
    pub name: &'static str,
    /// For a permission that a call implies although it is no call of ours: the page that says so.
    pub implied_by: Option<&'static str>,
    /// What it is allowed on, each by itself: a call that touches several resources needs one for each of them. None at all
    /// for what a kind can do and no design asks of it.
    pub grants: &'static [Grant],
}

/// Some types of resources, and what must hold for an action to be allowed on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The types; [`ResourceType::ANY`] where the cloud takes no narrower one.
    pub on: &'static [ResourceType],
    /// All of these.
    pub when: &'static [Condition],
}

/// A type of resources, and which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceType {
    /// The service in their ARNs: `kinesis`.
    pub service: &'static str,
    /// What follows the account in their ARNs: `stream/{}`, where `{}` stands for the names of objects of `named`.
    pub form: &'static str,
    /// The kind whose names those are; empty where ids or nothing of ours is in the ARN.
    pub named: &'static str,
    /// Only the names that begin so.
    pub beginning: &'static str,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The call tags what it makes or changes as ours.
    RequestTag,
    /// What is there is tagged as ours.
    ResourceTag,
    /// The key has one of these values, in which `*` stands for anything.
    Is(&'static str, &'static [&'static str]),
    /// The key's value is the ARN of such a resource.
    Names(&'static str, ResourceType),
    /// The key is true.
    True(&'static str),
    /// There is nothing under the key.
    Lacks(&'static str),
    /// The permissions boundary is the one that the installation names, if it names one.
    Boundary,
    /// The same; and without one, the action is not allowed at all.
    BoundaryOnly,
}

impl Action {
    /// An action that the kind calls itself.
    pub const fn called(name: &'static str, grants: &'static [Grant]) -> Self {
        Self { name, implied_by: None, grants }
    }

    /// An action that the cloud checks on behalf of a call, as the documentation page says.
    pub const fn implied(name: &'static str, page: &'static str, grants: &'static [Grant]) -> Self {
        Self { name, implied_by: Some(page), grants }
    }

    /// The service: `ec2`.
    pub fn service(&self) -> &'static str {
        self.name.split(':').next().unwrap_or_default()
    }

    /// True iff it only looks.
    pub fn looks(&self) -> bool {
        let verb = self.name.split(':').nth(1).unwrap_or_default();
        ["Describe", "Get", "List"].iter().any(|look| verb.starts_with(look))
    }
}

impl ResourceType {
    /// Everything: for what the cloud bounds by no resource.
    pub const ANY: Self = Self { service: "*", form: "", named: "", beginning: "" };

    /// Those in whose ARNs the names of objects of the kind `named` stand.
    pub const fn named(service: &'static str, form: &'static str, named: &'static str) -> Self {
        Self { service, form, named, beginning: "" }
    }

    /// Those whose ARNs have this form, whatever they are called.
    pub const fn of(service: &'static str, form: &'static str) -> Self {
        Self { service, form, named: "", beginning: "" }
    }
}
