//! Whose turn it is to import: one file of a store at a time, and few of all stores.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use shared::ids::StoreId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files that are taken in at once, of all stores.
pub const IMPORTS_AT_ONCE_MAX: usize = 2;

/// Whose turn it is.
#[derive(Clone)]
pub struct Turns {
    stores: Arc<Mutex<HashSet<StoreId>>>,
    at_once: Arc<Semaphore>,
}

/// A store's turn. While it lives, the store has no other.
pub struct Turn {
    turns: Turns,
    store: StoreId,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            stores: Arc::default(),
            at_once: Arc::new(Semaphore::new(IMPORTS_AT_ONCE_MAX)),
        }
    }
}

impl Turns {
    /// The turn of a store; `None` while it has one.
    pub fn of(&self, store: &StoreId) -> Option<Turn> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.insert(store.clone()).then(|| Turn {
            turns: self.clone(),
            store: store.clone(),
        })
    }
}

impl Turn {
    /// Whose it is.
    pub fn store(&self) -> &StoreId {
        &self.store
    }

    /// One of the places that all stores share; `None` while they are taken.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns.at_once).try_acquire_owned().ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let stores = &self.turns.stores;
        let mut stores = stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.remove(&self.store);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_one_turn_and_all_stores_share_few_places() {
        let turns = Turns::default();
        let turn = |store: &str| turns.of(&store.parse().expect("an id"));
        let first = turn("a").expect("nobody else imports");
        assert!(turn("a").is_none());
        let second = turn("b").expect("another store");
        let third = turn("c").expect("a third one");
        // A store that has not sent all of its file takes no place.
        let places = [second.place(), third.place()];
        assert!(places.iter().all(Option::is_some));
        assert!(first.place().is_none());
        drop((places, first));
        assert!(turn("a").expect("the first has ended").place().is_some());
    }
}
