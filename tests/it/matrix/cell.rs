//! One cell of the matrix: an operation and an error. Its name is what replays it.

use std::collections::BTreeSet;
use std::fmt;

use super::error::{self, Error};
use super::expected::{Expected, expected};
use crate::wire::Fault;

/// An operation and what goes wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The operation: `ec2:CreateVpc`.
    pub operation: String,
    /// What goes wrong.
    pub error: Error,
    /// How it goes wrong.
    pub fault: Fault,
    /// What must be seen meanwhile.
    pub expected: Expected,
}

impl Cell {
    /// Every cell of these operations that AWS has.
    pub fn all(operations: &BTreeSet<String>) -> Vec<Self> {
        let of = |operation: &String| error::ALL.map(|(_, error)| Self::of(operation, error));
        operations.iter().flat_map(of).flatten().collect()
    }

    /// One of them, unless AWS never says that.
    pub fn of(operation: &str, error: Error) -> Option<Self> {
        let expected = expected(operation, error);
        let fault = error.fault(operation).filter(|_| expected != Expected::Never)?;
        Some(Self { operation: operation.to_owned(), error, fault, expected })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.operation, self.error)
    }
}
