//! Reads that several kinds need at the same moment are made once.
//!
//! All kinds are observed together, and some of them list the same things: a route table and its associations, a group
//! and its rules. Within [`one_look`] each list is read once, whoever needs it first. Elsewhere, who asks for what is
//! already on its way waits for that answer instead of asking AWS again. Nothing is kept beyond that: a later question is
//! a new call.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::engine::Failure;

/// An answer of whichever type the reader expects.
type Answer = Result<Arc<dyn Any + Send + Sync>, Failure>;
type Flight = Arc<OnceCell<Answer>>;

/// Reads by what they ask for.
#[derive(Default)]
struct Flights(Mutex<HashMap<String, Flight>>);

/// What one look at one credential scope has in common.
#[derive(Default)]
struct Look {
    read: Flights,
    announced: Mutex<HashMap<&'static str, BTreeSet<String>>>,
}

tokio::task_local! {
    static LOOK: Arc<Look>;
}

/// Makes one look at one credential scope: each shared read in `looking` is made once, however long the look takes.
pub async fn one_look<F: Future>(looking: F) -> F::Output {
    LOOK.scope(Arc::default(), looking).await
}

/// Says in this look what its kinds may have to ask about `topic` once they have seen more. A kind says so before it reads
/// anything: all kinds of a look begin together, so that whoever asks first can ask for all.
pub fn announce(topic: &'static str, values: impl IntoIterator<Item = String>) {
    let announce = |look: &Arc<Look>| {
        let mut announced = look.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.entry(topic).or_default().extend(values);
    };
    // Outside a look everyone asks for themselves.
    LOOK.try_with(announce).ok();
}

/// Everything that the kinds of this look announced about `topic`.
pub fn announced(topic: &'static str) -> BTreeSet<String> {
    let read = |look: &Arc<Look>| {
        let announced = look.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.get(topic).cloned().unwrap_or_default()
    };
    LOOK.try_with(read).unwrap_or_default()
}

/// The reads of one credential scope.
#[derive(Default)]
pub struct Shared {
    under_way: Flights,
}

impl Shared {
    /// The answer of `read`, or of the same read that is already under way or was made in this look. Two reads are the
    /// same iff `operation` and `input` are, and then must be of one type.
    ///
    /// # Errors
    /// The failure of the read, for all who wait for it.
    pub async fn read<T, F>(
        &self,
        operation: &str,
        input: &str,
        read: impl FnOnce() -> F,
    ) -> Result<T, Failure>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Failure>>,
    {
        let key = format!("{operation} {input}");
        let read = async || read().await.map(|found| Arc::new(found) as Arc<dyn Any + Send + Sync>);
        let answer = match LOOK.try_with(Arc::clone) {
            Ok(look) => look.read.board(&key).get_or_init(read).await.clone(),
            Err(_) => {
                let flight = self.under_way.board(&key);
                let answer = flight.get_or_init(read).await.clone();
                self.under_way.leave(&key, &flight);
                answer
            }
        };
        let found = answer?;
        found.downcast_ref::<T>().cloned().ok_or_else(|| mistaken(operation))
    }
}

impl Flights {
    fn board(&self, key: &str) -> Flight {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(flights.entry(key.to_owned()).or_default())
    }

    /// Once an answer is there nobody new may take it: it would be old news. The next question may be under way already.
    fn leave(&self, key: &str, flight: &Flight) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if flights.get(key).is_some_and(|current| Arc::ptr_eq(current, flight)) {
            flights.remove(key);
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// Two callers name their reads alike and expect different types: a fault of theirs.
fn mistaken(operation: &str) -> Failure {
    Failure::new(
        operation,
        "SharedReadMistaken",
        crate::engine::Meaning::Transient,
        "two reads of the same name have different types",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn the_same_read_at_the_same_time_is_made_once_and_later_again() {
        let (shared, calls) = (Shared::default(), AtomicUsize::new(0));
        let read = || async {
            tokio::task::yield_now().await;
            Ok(calls.fetch_add(1, Ordering::SeqCst))
        };
        let ask = |input| shared.read::<usize, _>("ec2:DescribeVpcs", input, read);
        let (one, same, other) = tokio::join!(ask("a"), ask("a"), ask("b"));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one, same.unwrap());
        assert_ne!(one, other);
        assert_eq!(ask("a").await.unwrap(), 2, "after two reads, whichever came first");
    }

    #[tokio::test]
    async fn what_one_look_announces_is_known_to_all_of_it_and_to_nobody_else() {
        let kind = async |name: &str| {
            announce("names", [name.to_owned()]);
            tokio::task::yield_now().await;
            announced("names")
        };
        let look = one_look(async { tokio::join!(kind("vpc"), kind("subnet")) });
        let (one, other) = look.await;
        assert_eq!(one, BTreeSet::from(["vpc", "subnet"].map(str::to_owned)));
        assert_eq!(one, other);
        assert_eq!(one_look(kind("group")).await.len(), 1);
        assert_eq!(kind("alone").await.len(), 0);
    }

    #[tokio::test]
    async fn one_look_reads_a_list_once_and_the_next_reads_it_again() {
        let (shared, calls) = (Shared::default(), AtomicUsize::new(0));
        let read = || async { Ok(calls.fetch_add(1, Ordering::SeqCst)) };
        let look = async || {
            let first = shared.read::<usize, _>("ec2:DescribeVpcs", "", read).await.unwrap();
            tokio::task::yield_now().await;
            (first, shared.read::<usize, _>("ec2:DescribeVpcs", "", read).await.unwrap())
        };
        assert_eq!((one_look(look()).await, one_look(look()).await), ((0, 0), (1, 1)));
    }
}
