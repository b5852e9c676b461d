//! Places for passes. A pass over what does not answer keeps its place for minutes, and there may be hundreds of them: so that
//! others find room, those that call AWS as the same one in the same region have half of the places at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::aws::CredentialScope;

/// All places.
pub struct Places {
    all: Semaphore,
    /// How many of them those of one scope have at most.
    share: usize,
    /// The shares of scopes that have passes.
    shares: Mutex<HashMap<CredentialScope, Arc<Semaphore>>>,
}

/// A place that was taken; it is free again when this is dropped.
pub struct Place<'a> {
    _place: Option<SemaphorePermit<'a>>,
    _of_share: Option<OwnedSemaphorePermit>,
}

impl Places {
    /// So many.
    pub fn new(number: usize) -> Self {
        Self { all: Semaphore::new(number), share: number.div_ceil(2), shares: Mutex::default() }
    }

    /// Waits for a place. Who calls no AWS has no scope.
    pub async fn take(&self, scope: Option<CredentialScope>) -> Place<'_> {
        // First of the share, so that nobody waits there with a place that others could use. Neither is ever closed.
        let of_share = match scope {
            Some(scope) => self.share(scope).acquire_owned().await.ok(),
            None => None,
        };
        Place { _place: self.all.acquire().await.ok(), _of_share: of_share }
    }

    fn share(&self, scope: CredentialScope) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever has a place, or waits for one, holds the share.
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        Arc::clone(shares.entry(scope).or_insert_with(|| Arc::new(Semaphore::new(self.share))))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn scope(region: &str) -> Option<CredentialScope> {
        Some(CredentialScope { role_arn: None, external_id: None, region: region.into() })
    }

    #[test]
    fn those_of_one_scope_have_half_of_the_places_and_others_find_room() {
        let places = Places::new(5);
        let take = |region| places.take(scope(region)).now_or_never();
        let mut silent: Vec<_> = (0..3).map(|_| take("eu-west-1").unwrap()).collect();
        let mut waiting = Box::pin(places.take(scope("eu-west-1")));
        assert!(waiting.as_mut().now_or_never().is_none(), "more than half of the places");
        let other = take("eu-west-3").unwrap();
        let without = places.take(None).now_or_never().unwrap();
        assert!(take("eu-north-1").is_none(), "more places than there are");

        drop(without);
        assert!(waiting.as_mut().now_or_never().is_none(), "a free place is not one of the share");
        drop(silent.pop());
        assert!(waiting.as_mut().now_or_never().is_some());
        drop(other);
        assert!(take("eu-north-1").is_some());
    }

    #[test]
    fn there_is_always_a_place_to_be_had() {
        for (number, share) in [(1, 1), (2, 1), (3, 2), (32, 16)] {
            let places = Places::new(number);
            assert_eq!(places.share, share, "of {number}");
            assert!(places.take(scope("eu-west-1")).now_or_never().is_some());
        }
    }

    #[test]
    fn what_has_no_passes_is_forgotten_and_what_has_is_not() {
        let places = Places::new(2);
        let taken = places.take(scope("eu-west-1")).now_or_never();
        for region in ["eu-west-3", "eu-north-1"] {
            drop(places.take(scope(region)).now_or_never());
        }
        let known = places.shares.lock().unwrap().len();
        assert_eq!(known, 2, "the one with a pass, and the last one");
        assert!(places.take(scope("eu-west-1")).now_or_never().is_none());
        drop(taken);
    }
}
