//! Announces, after a commit, which SKUs changed. A lost announcement costs freshness, never
//! correctness: listeners read the catalogue, and are told to ask again when they fall behind.

use std::sync::Arc;

use shared::ids::{Sku, StoreId};
use tokio::sync::broadcast;

/// Announcements that a listener may be behind by before it is told to ask again.
pub const BEHIND_MAX: usize = 1024;

/// Something was committed.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where.
    pub store: StoreId,
    /// Which SKUs.
    pub skus: Changed,
    /// The store's revision that made it visible.
    pub revision: u64,
}

/// Which SKUs changed.
#[derive(Debug, Clone)]
pub enum Changed {
    /// These.
    Some(Arc<[Sku]>),
    /// Perhaps any: settings changed, or more than are worth naming.
    All,
}

/// The switchboard.
#[derive(Debug, Clone)]
pub struct Changes(broadcast::Sender<Arc<Change>>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND_MAX))
    }
}

impl Changes {
    /// Tells all who listen. Nobody listening is fine.
    pub fn announce(&self, change: Change) {
        // An error only says that nobody listens.
        let _ = self.0.send(Arc::new(change));
    }

    /// Listens from now on. Subscribe first and read second, or a change between goes unseen.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Change>> {
        self.0.subscribe()
    }
}
