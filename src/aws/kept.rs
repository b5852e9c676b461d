//! What AWS never changes is read once: a revision of a task definition, the URL of a queue.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much is kept; what came first goes first.
const MOST: usize = 4096;

/// Things of one credential scope that stay as they are, by ARN.
#[derive(Default)]
pub struct Kept(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    things: HashMap<String, Arc<dyn Any + Send + Sync>>,
    oldest_first: VecDeque<String>,
}

impl Kept {
    /// What is kept of `arn`, if it is a `T`.
    pub fn get<T: Send + Sync + 'static>(&self, arn: &str) -> Option<Arc<T>> {
        Arc::clone(self.shelf().things.get(arn)?).downcast().ok()
    }

    /// Keeps `thing` in place of what was kept of `arn` before.
    pub fn put<T: Send + Sync + 'static>(&self, arn: &str, thing: Arc<T>) {
        let mut shelf = self.shelf();
        if shelf.things.insert(arn.to_owned(), thing).is_none() {
            shelf.oldest_first.push_back(arn.to_owned());
        }
        if shelf.things.len() > MOST
            && let Some(oldest) = shelf.oldest_first.pop_front()
        {
            shelf.things.remove(&oldest);
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({} things)", self.shelf().things.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let kept = Kept::default();
        (0..=MOST).for_each(|number| kept.put(&number.to_string(), Arc::new(number)));
        assert_eq!(kept.get::<usize>("0"), None);
        assert_eq!(kept.get::<usize>("1").as_deref(), Some(&1));
        assert_eq!(kept.get::<String>("1"), None);
    }

    #[test]
    fn what_is_put_again_takes_no_more_room() {
        let kept = Kept::default();
        (0..=MOST).for_each(|number| kept.put("arn", Arc::new(number)));
        kept.put("other", Arc::new(0_usize));
        assert_eq!(kept.get::<usize>("arn").as_deref(), Some(&MOST));
    }
}
