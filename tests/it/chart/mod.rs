//! The Helm chart, rendered and installed by Helm itself.
//!
//! | module | what it holds |
//! |---|---|
//! | [`helm`] | Helm, with a home of its own, and what it rendered |
//! | [`rendered`] | what is rendered by default and with everything, word for word |
//! | [`refused`] | mistakes in values are refused, with words that help |
//! | [`upkeep`] | values, schema, settings, definition and version are in step with the code |
//! | [`accepted`] | an API server takes every object, and lets the pods in where Pod Security is `restricted` |
//! | [`installed`] | install, upgrade, uninstall; and an operator that has the chart's rights and no others |

mod accepted;
mod helm;
mod installed;
mod refused;
mod rendered;
mod upkeep;
