//! What befalls the memory of an environment that is not the status.

use std::fmt;

use kube::api::DynamicObject;
use serde_json::{Value, json};
use video_pipeline_operator::api::{FINALIZER, INTENT};

use super::status::{self, How, Path};

/// What becomes of what the operator remembers in Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Something befalls a field of the status.
    Status(Path, How),
    /// Something befalls the annotation.
    Intent(Intent),
    /// The finalizer is removed.
    Finalizer,
    /// The resource goes without its finalizer, and is created again.
    Anew(Anew),
}

/// What befalls the annotation in which is written what is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// It is gone.
    Removed,
    /// It is as it was at an earlier time.
    Older,
    /// It is the neighbour's.
    Swapped,
    /// It is nothing that can be read.
    Garbage,
    /// It says nothing.
    Empty,
}

/// From what a resource is created again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// From a backup of all of it, its status included.
    Backup,
    /// From a backup of an earlier time.
    OldBackup,
    /// From a backup that leaves out the status, as most do.
    WithoutStatus,
    /// From the file that somebody once applied.
    Manifest,
}

/// Everything that may be lost.
pub fn all() -> Vec<Loss> {
    let intents = [Intent::Removed, Intent::Older, Intent::Swapped, Intent::Garbage, Intent::Empty];
    let anew = [Anew::Backup, Anew::OldBackup, Anew::WithoutStatus, Anew::Manifest];
    let fields = status::fields().into_iter().map(|(path, how)| Loss::Status(path, how));
    let others = intents.map(Loss::Intent).into_iter().chain([Loss::Finalizer]).chain(anew.map(Loss::Anew));
    others.chain(fields).collect()
}

/// The resources from which a memory can be taken that is not the right one.
pub struct Others<'a> {
    /// The same one, at an earlier time.
    pub older: &'a DynamicObject,
    /// The neighbour.
    pub neighbour: &'a DynamicObject,
}

/// What is done to a resource so that it remembers wrongly.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Its status becomes this one.
    Status(Value),
    /// Its metadata is merged with this.
    Metadata(Value),
    /// It goes, and this one is created.
    Anew(Box<DynamicObject>),
}

impl Loss {
    /// How it is brought about for `resource`; nothing if that would change nothing.
    pub fn of(&self, resource: &DynamicObject, others: &Others<'_>) -> Option<Deed> {
        let deed = match self {
            Self::Status(path, how) => {
                let (from, other) = (&resource.data["status"], &others.neighbour.data["status"]);
                let status = status::changed(from, other, path, *how);
                return (status != *from).then_some(Deed::Status(status));
            }
            Self::Intent(intent) => {
                let text = intent.text(others);
                return (text.as_deref() != annotation(resource))
                    .then(|| Deed::Metadata(json!({ "annotations": { INTENT: text } })));
            }
            Self::Finalizer => Deed::Metadata(json!({ "finalizers": null })),
            Self::Anew(from) => Deed::Anew(Box::new(from.resource(resource, others))),
        };
        Some(deed)
    }
}

impl Intent {
    fn text(self, others: &Others<'_>) -> Option<String> {
        match self {
            Self::Removed => None,
            Self::Older => annotation(others.older).map(str::to_owned),
            Self::Swapped => annotation(others.neighbour).map(str::to_owned),
            Self::Garbage => Some("{\"intents\": 7, ".to_owned()),
            Self::Empty => Some("{}".to_owned()),
        }
    }
}

impl Anew {
    fn resource(self, resource: &DynamicObject, others: &Others<'_>) -> DynamicObject {
        let mut resource = match self {
            Self::OldBackup => others.older.clone(),
            _ => resource.clone(),
        };
        if matches!(self, Self::WithoutStatus | Self::Manifest) {
            resource.data.as_object_mut().unwrap().remove("status");
        }
        if self == Self::Manifest {
            resource.metadata.annotations = None;
            resource.metadata.finalizers = None;
        }
        resource
    }
}

fn annotation(resource: &DynamicObject) -> Option<&str> {
    resource.metadata.annotations.as_ref()?.get(INTENT).map(String::as_str)
}

/// Whether the resource is held until its environment is gone.
pub fn is_held(resource: &DynamicObject) -> bool {
    resource.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(path, how) => write!(f, "{path}/{how}"),
            Self::Intent(intent) => write!(f, "intent/{}", format!("{intent:?}").to_lowercase()),
            Self::Finalizer => f.write_str("finalizer/removed"),
            Self::Anew(Anew::Backup) => f.write_str("anew/backup"),
            Self::Anew(Anew::OldBackup) => f.write_str("anew/old-backup"),
            Self::Anew(Anew::WithoutStatus) => f.write_str("anew/without-status"),
            Self::Anew(Anew::Manifest) => f.write_str("anew/manifest"),
        }
    }
}
