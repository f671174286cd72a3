//! Which stores have news for somebody who works in the background.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shared::ids::StoreId;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How long more news is waited for once there is some: much that comes at once is looked at once.
const GATHERED_FOR: Duration = Duration::from_millis(20);

/// Stores that have news. Telling twice is telling once.
#[derive(Debug, Default)]
pub struct Told {
    stores: Mutex<HashSet<StoreId>>,
    is_news: Notify,
}

impl Told {
    /// Says that a store has news.
    pub fn tell(&self, store: &StoreId) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if !stores.contains(store) {
            stores.insert(store.clone());
        }
        drop(stores);
        self.is_news.notify_one();
    }

    /// Waits for news, but no longer than so. Returns the stores that have some.
    pub async fn wait(&self, longest: Duration) -> HashSet<StoreId> {
        if timeout(longest, self.is_news.notified()).await.is_ok() {
            sleep(GATHERED_FOR).await;
        }
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *stores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn news_of_a_store_is_heard_once_however_often_it_was_told() {
        let told = Told::default();
        let (one, other): (StoreId, StoreId) = (
            "one".parse().expect("an id"),
            "other".parse().expect("an id"),
        );
        told.tell(&one);
        told.tell(&one);
        told.tell(&other);
        assert_eq!(
            told.wait(Duration::from_secs(9)).await,
            HashSet::from([one, other])
        );
        assert_eq!(told.wait(Duration::from_secs(9)).await, HashSet::new());
    }
}
