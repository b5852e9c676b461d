//! One process of the operator, from its start to its death.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// One process: whatever it sends, it sends through clients that know of this. Clones are the same process.
#[derive(Clone, Debug, Default)]
pub struct Life(Arc<State>);

#[derive(Debug, Default)]
struct State {
    dead: AtomicBool,
    buried: AtomicBool,
    underway: AtomicUsize,
    changed: Notify,
}

/// Why a call of a process that is no more has no answer.
#[derive(Debug, thiserror::Error)]
#[error("the process that made this call is gone")]
pub struct Gone;

impl Life {
    /// The process stops here: none of its calls is sent or answered any more.
    pub fn die(&self) {
        self.0.dead.store(true, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.0.dead.load(Ordering::SeqCst)
    }

    /// Ends once the process is dead and all that it had sent was carried out, but for what is late on purpose. What else is
    /// still on its way would arrive at some later time, which makes no difference that a test could repeat.
    pub async fn over(&self) {
        self.until(|state| state.dead.load(Ordering::SeqCst) && state.underway.load(Ordering::SeqCst) == 0)
            .await;
    }

    /// Nothing of the process runs any more: tasks that it left behind may end.
    pub fn bury(&self) {
        self.die();
        self.0.buried.store(true, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    /// What a call gets whose process is dead: nothing, for as long as anything could act upon it.
    pub async fn silence(&self) -> Gone {
        self.until(|state| state.buried.load(Ordering::SeqCst)).await;
        Gone
    }

    /// Makes a call that is carried out even if the process dies meanwhile.
    pub async fn sending<F: Future>(&self, call: F) -> F::Output {
        let _underway = Underway::of(self);
        call.await
    }

    async fn until(&self, so: impl Fn(&State) -> bool) {
        loop {
            let mut changed = pin!(self.0.changed.notified());
            changed.as_mut().enable();
            if so(&self.0) {
                return;
            }
            changed.await;
        }
    }
}

struct Underway(Life);

impl Underway {
    fn of(life: &Life) -> Self {
        life.0.underway.fetch_add(1, Ordering::SeqCst);
        Self(life.clone())
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.0.underway.fetch_sub(1, Ordering::SeqCst);
        self.0.0.changed.notify_waiters();
    }
}
