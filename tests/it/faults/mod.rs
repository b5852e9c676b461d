//! What may go wrong around the operator: its own death, another leader, a control plane that is gone, calls that always
//! fail, and many environments at once.

mod attempts;
mod batching;
mod credentials;
pub mod inventory;
mod killed;
mod leadership;
mod lost;
mod proxy;
mod rare;
mod shutdown;
pub(crate) mod stage;
