//! The kinds of IAM, and the documents that both have: trust and permissions.

pub mod policy;
pub mod role;
pub mod role_policy;
