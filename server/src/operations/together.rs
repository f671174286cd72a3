//! Acts of one store that are done together: those that come while others are committed share the next
//! commit. Nobody waits for more to come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shared::ids::StoreId;

/// Most acts that are done together.
pub const TOGETHER_MAX: usize = 64;
/// Most acts of one store that wait for their turn.
pub const WAITING_MAX: usize = 4096;

/// Acts that wait for their turn, for each store that has somebody who does them.
pub struct Together<A>(Arc<Mutex<HashMap<StoreId, Vec<A>>>>);

/// What somebody who brings an act has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// Nobody does acts of this store: whoever brought this one is to [`Together::take`] until none is left.
    Lead,
    /// Somebody else does it.
    Wait,
    /// Too many wait already; it was not taken.
    Full,
}

impl<A> Default for Together<A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<A> Clone for Together<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> Together<A> {
    /// Brings an act.
    pub fn bring(&self, store: &StoreId, act: A) -> Brought {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(store) {
            Some(acts) if WAITING_MAX <= acts.len() => Brought::Full,
            Some(acts) => {
                acts.push(act);
                Brought::Wait
            }
            None => {
                waiting.insert(store.clone(), vec![act]);
                Brought::Lead
            }
        }
    }

    /// Takes the acts that came first. Where none is left and `may_end`, the next who brings one leads.
    pub fn take(&self, store: &StoreId, may_end: bool) -> Vec<A> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(acts) = waiting.get_mut(store) else {
            return Vec::new();
        };
        let rest = acts.split_off(acts.len().min(TOGETHER_MAX));
        let taken = std::mem::replace(acts, rest);
        if taken.is_empty() && may_end {
            waiting.remove(store);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leads_until_none_is_left_and_the_first_come_first() {
        let together = Together::default();
        let store: StoreId = "one".parse().expect("an id");
        assert_eq!(together.bring(&store, 0), Brought::Lead);
        for act in 1..=TOGETHER_MAX {
            assert_eq!(together.bring(&store, act), Brought::Wait);
        }
        let first: Vec<usize> = (0..TOGETHER_MAX).collect();
        assert_eq!(together.take(&store, true), first);
        assert_eq!(together.take(&store, true), [TOGETHER_MAX]);
        assert_eq!(together.bring(&store, 7), Brought::Wait);
        assert_eq!(together.take(&store, true), [7]);
        assert!(together.take(&store, false).is_empty());
        assert_eq!(together.bring(&store, 9), Brought::Wait);
        assert_eq!(together.take(&store, true), [9]);
        assert!(together.take(&store, true).is_empty());
        assert_eq!(together.bring(&store, 8), Brought::Lead);
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let together = Together::default();
        let store: StoreId = "one".parse().expect("an id");
        for act in 0..WAITING_MAX {
            assert_ne!(together.bring(&store, act), Brought::Full);
        }
        assert_eq!(together.bring(&store, 0), Brought::Full);
    }
}
