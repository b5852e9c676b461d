//! What can be wrong with any part of the sandbox, for whoever puts the parts together.

use crate::{assets, control_plane, file, operator, process, record, stand_in};

/// A part of the sandbox is not as wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the others need is not there.
    #[error(transparent)]
    Assets(#[from] assets::Error),
    /// The control plane.
    #[error(transparent)]
    ControlPlane(#[from] control_plane::Error),
    /// The stand-in.
    #[error(transparent)]
    StandIn(#[from] stand_in::Error),
    /// The operator.
    #[error(transparent)]
    Operator(#[from] operator::Error),
    /// A process.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// The records of processes.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// A file.
    #[error(transparent)]
    File(#[from] file::Error),
}
