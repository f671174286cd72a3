//! Whose turn it is to import: one file of a store at a time, and few of all stores.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use shared::ids::StoreId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files that are taken in at once, of all stores.
pub const IMPORTS_AT_ONCE_MAX: usize = 2;

/// Whose turn it is.
#[derive(Clone)]
pub struct Turns {
    /// What is under way is `None` until all of a file is here.
    stores: Arc<Mutex<HashMap<StoreId, Option<Arc<UnderWay>>>>>,
    at_once: Arc<Semaphore>,
}

/// A store's turn. While it lives, the store has no other.
pub struct Turn {
    turns: Turns,
    store: StoreId,
}

/// A file that is being taken in.
#[derive(Debug)]
pub struct UnderWay {
    /// The name of its format.
    pub format: &'static str,
    /// True: it is only tried.
    pub dry_run: bool,
    /// Since when.
    pub since: DateTime<Utc>,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// How much of it has been read, in bytes.
    pub bytes_read: AtomicU64,
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
        if stores.contains_key(store) {
            return None;
        }
        stores.insert(store.clone(), None);
        Some(Turn {
            turns: self.clone(),
            store: store.clone(),
        })
    }

    /// The file of a store that is being taken in by this server.
    pub fn under_way(&self, store: &StoreId) -> Option<Arc<UnderWay>> {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.get(store)?.clone()
    }
}

impl Turn {
    /// Whose it is.
    pub fn store(&self) -> &StoreId {
        &self.store
    }

    /// Says what it is used for.
    pub fn begins(&self, under_way: &Arc<UnderWay>) {
        let stores = &self.turns.stores;
        let mut stores = stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.insert(self.store.clone(), Some(Arc::clone(under_way)));
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

impl UnderWay {
    /// Notes that so much of the file has been read by now.
    pub fn has_read(&self, bytes: u64) {
        self.bytes_read.store(bytes, Ordering::Relaxed);
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

    #[test]
    fn what_is_under_way_is_known_from_its_beginning_to_its_end() {
        let turns = Turns::default();
        let store: StoreId = "a".parse().expect("an id");
        let turn = turns.of(&store).expect("nobody else imports");
        assert!(turns.under_way(&store).is_none(), "the file is being sent");
        let file = Arc::new(UnderWay {
            format: "shipsby",
            dry_run: false,
            since: DateTime::UNIX_EPOCH,
            bytes: 10,
            bytes_read: AtomicU64::new(0),
        });
        turn.begins(&file);
        file.has_read(4);
        let seen = turns.under_way(&store).expect("it is under way");
        assert_eq!(
            (seen.bytes, seen.bytes_read.load(Ordering::Relaxed)),
            (10, 4)
        );
        assert!(turns.of(&store).is_none());
        drop(turn);
        assert!(turns.under_way(&store).is_none());
    }
}
