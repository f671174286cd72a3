//! How acts run, and what follows a commit.

use shared::ids::{Sku, StoreId};

use super::ActError;
use crate::app::App;
use crate::changes::{Change, Changed};
use crate::store::StoreError;
use crate::store::facts::PAGE_SKUS;
use crate::store::watch::NAMED_SKUS_MAX;

/// Runs an act to its end, even if whoever waits for it goes away: the web server drops a handler
/// when its client hangs up.
pub async fn detached<T: Send + 'static>(
    act: impl Future<Output = Result<T, ActError>> + Send + 'static,
) -> Result<T, ActError> {
    match tokio::spawn(act).await {
        Ok(outcome) => outcome,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        // Only a runtime that shuts down cancels the task.
        Err(_) => Err(ActError::Store(StoreError::Unreadable(
            "a server that is stopping",
        ))),
    }
}

/// Brings committed facts into memory and tells who waits for them.
///
/// The act is done already: a failure here is logged, and the watch for commits brings the facts in
/// a moment later.
pub async fn publish(app: &App, store: &StoreId, skus: Vec<Sku>, revision: u64) {
    let Some(shop) = app.catalogue.shop(store) else {
        return;
    };
    for page in skus.chunks(PAGE_SKUS) {
        match app.store.load_skus(store, page).await {
            Ok(facts) => shop.put(facts, revision),
            Err(error) => {
                tracing::error!(error = %error, store.revision = revision, "Cannot load what was committed: {error}");
                return;
            }
        }
    }
    app.changes.announce(Change {
        store: store.clone(),
        skus: if NAMED_SKUS_MAX < skus.len() {
            Changed::All
        } else {
            Changed::Some(skus.into())
        },
        revision,
    });
}

/// Brings committed settings into memory and tells everybody.
pub async fn publish_settings(app: &App, store: &StoreId, revision: u64) {
    let Some(shop) = app.catalogue.shop(store) else {
        return;
    };
    match app.store.load_settings(store).await {
        Ok(Some(settings)) => shop.put_settings(settings),
        Ok(None) => return,
        Err(error) => {
            tracing::error!(error = %error, store.revision = revision, "Cannot load what was committed: {error}");
            return;
        }
    }
    shop.put([], revision);
    app.changes.announce(Change {
        store: store.clone(),
        skus: Changed::All,
        revision,
    });
}
