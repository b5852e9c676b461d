//! Laws that every registered kind keeps, against the stand-in over real HTTP with the real SDKs.
//!
//! | module | what it is for |
//! |---|---|
//! | [`laws`] | the laws, and for each the broken kind that it catches |
//! | [`ground`] | over which kinds a law is tried, and an environment that grows resource by resource |
//! | [`rig`] | one process: observe, plan, record, apply, as the controller does it; it may die and be followed by another |
//! | [`wire`](crate::wire) | the HTTP client behind the operator's gate, where calls are lost and processes die |
//! | [`estate`] | a `VideoPipeline`, and the graph that the design makes of it |
//! | [`edits`] | changes that users make to a resource, and changes that no user can make |
//! | [`inventory`] | what an account really holds |
//! | [`keys`] | what streams and databases are encrypted with |
//! | [`over`], [`broken`] | kinds that do something else than the registered ones |
//! | [`permissions`] | the policy that `iam-policy` prints: enough, and not too much |
//! | [`meddling`] | what others do, so that every right is needed |
//! | [`strangers`] | whose it is what stands under the names that an environment wants |
//! | [`lab`] | the stand-in, and accounts in it |

mod broken;
mod edits;
mod estate;
mod ground;
mod inventory;
mod keys;
mod lab;
mod laws;
mod meddling;
mod over;
mod permissions;
mod rig;
mod strangers;
