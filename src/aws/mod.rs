//! What all kinds of resources share when they talk to AWS.
//!
//! A kind calls `aws.ec2.create_vpc()….send().await.during("ec2:CreateVpc")?` and needs to know nothing else of this:
//!
//! - [`Aws`]: the clients of one credential scope;
//! - [`During`] and [`Expect`]: from an SDK's error to a [`Failure`](crate::engine::Failure) that has a meaning;
//! - [`Explanation`]: a failure in plain words, and what to do;
//! - [`Tags`] and [`retag`]: identity, and tags in each SDK's own type;
//! - [`IgnoredTags`]: tags that others set, and that are none of our business;
//! - [`once`], [`once_in_ecs`]: for calls that must not be repeated;
//! - [`Shared`]: reads that several kinds need at the same moment;
//! - [`Kept`]: what AWS never changes, read once;
//! - [`audit::scope`] and [`in_lane`]: on whose behalf, and how urgently, calls are made;
//! - [`Gate`]: what every attempt passes: [`Budget`], [`Fence`], [`Metrics`], the audit trail, [`traces`].
//!
//! Architecture invariant: every call but those of the SDK's credential providers passes the [`Gate`]; nothing here knows a kind
//! of resource.

pub mod audit;
mod budget;
mod connect;
mod connector;
mod error;
mod explanation;
mod fence;
mod ignored;
mod kept;
mod limits;
mod meaning;
mod metrics;
mod one_account;
mod operation;
mod reply;
pub mod retag;
mod shared;
pub mod tags;
pub mod traces;

pub use budget::{Budget, Lane, in_lane};
pub use connect::{Aws, Clients, Connection, CredentialScope, default_http_client, once, once_in_ecs};
pub use connector::{Gate, Timeouts};
pub use error::{During, Expect, not_yet};
pub use explanation::Explanation;
pub use fence::{BootTime, Fence};
pub use ignored::IgnoredTags;
pub use kept::Kept;
pub use metrics::Metrics;
pub use operation::Operation;
pub use shared::{Shared, announce, announced, one_look};
pub use tags::Tags;
