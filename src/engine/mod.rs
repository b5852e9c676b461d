//! Deciding and doing, for any kind of resource: what should exist ([`Graph`]) and what does ([`World`]) become a
//! [`Plan`], whose steps one concurrent pass ([`apply`]) carries out.
//!
//! Architecture invariant: nothing here names a cloud, Kubernetes or video, and nothing here imports the rest of the
//! crate. Deciding is pure; only [`observe`] and [`apply`] call a [`Kind`].

mod action;
mod address;
mod apply;
mod diff;
mod display;
mod failure;
mod graph;
mod input;
mod judge;
mod kind;
mod observe;
mod order;
mod orphans;
mod plan;
mod room;
mod unread;
mod world;

pub use action::{Action, Condition, Grant, ResourceType};
pub use address::Address;
pub use apply::{Around, Deferral, Outcome, Outcomes, apply, plainly};
pub use diff::{Change, Changes, To};
pub use display::{Part, Wording};
pub use failure::{Failure, Meaning};
pub use graph::{Graph, Identity, Node, Ref};
pub use input::{Input, Output};
pub use judge::{Block, Verdict, Waiting};
pub use kind::{
    AnyKind, Data, Defect, Deleted, Depth, Erased, Former, Found, Key, Kind, Named, Ours, Phase, Recall,
    Scope, Sightings,
};
pub use observe::observe;
pub use plan::{Item, Memory, Op, Pause, Plan, Recent, Step, StepId, plan};
pub use world::{Object, Observed, World};

#[allow(unused_imports, reason = "used by the registry")]
pub(crate) use kind::kinds;
