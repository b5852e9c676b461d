//! CloudWatch Logs: groups, of which some are written to, and made if need be, by other services of AWS.

pub mod log_group;
mod writer;
