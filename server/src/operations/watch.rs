//! Notices what other processes commit (an import, a new key) and brings it into memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use shared::ids::{Sku, StoreId};
use sqlx::SqliteConnection;

use super::stores::Standing;
use super::{Store, StoreError};
use crate::app::App;
use crate::catalogue::Shop;
use crate::changes::{Change, Changed};

/// How often the database is asked whether somebody else committed.
pub const WATCH_EVERY: Duration = Duration::from_millis(250);
/// Most SKUs that an announcement names; above it says "perhaps any".
pub const NAMED_SKUS_MAX: usize = 256;
/// Sorts after every SKU: the largest character there is.
const AFTER_ALL_SKUS: &str = "\u{10FFFF}\u{10FFFF}";

/// Watches for as long as it is polled. A failure is logged and tried again.
pub async fn watch(app: App) {
    let mut watcher = Watcher::default();
    let mut ticks = tokio::time::interval(WATCH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = watcher.look(&app).await {
            // A fresh connection next time: this one may be what failed.
            watcher.connection = None;
            tracing::warn!(error = %error, "Cannot see what other processes commit: {error}");
        }
    }
}

/// Brings what a commit of this process changed into memory, however much it is, and tells who
/// waits for it.
pub async fn catch_up_to(app: &App, store: &StoreId, revision: u64) -> Result<(), StoreError> {
    let Some(shop) = app.catalogue.shop(store) else {
        return Ok(());
    };
    if let Some(settings) = app.store.load_settings(store).await?
        && shop.settings().generation != settings.generation
    {
        shop.put_settings(settings);
    }
    load_changed(&app.store, &shop, revision.saturating_sub(1), revision).await?;
    app.changes.announce(Change {
        store: store.clone(),
        skus: Changed::All,
        revision,
    });
    Ok(())
}

/// What was seen so far.
#[derive(Default)]
struct Watcher {
    /// `data_version` means something only on one and the same connection.
    connection: Option<SqliteConnection>,
    data_version: Option<i64>,
    /// The revision to which each shop is known to be loaded. Not the shop's own revision: that one
    /// an act of this process may have raised past a commit of another.
    known: HashMap<StoreId, u64>,
}

impl Watcher {
    async fn look(&mut self, app: &App) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.data_version = None;
                app.store.connect_to_watch().await?
            }
        };
        let seen = data_version(&mut connection).await?;
        self.connection = Some(connection);
        if self.data_version == Some(seen) {
            return Ok(());
        }
        app.catalogue.put_keys(app.store.load_keys().await?);
        for standing in app.store.standings().await? {
            self.catch_up(app, standing).await?;
        }
        self.data_version = Some(seen);
        Ok(())
    }

    async fn catch_up(&mut self, app: &App, standing: Standing) -> Result<(), StoreError> {
        let Some(shop) = app.catalogue.shop(&standing.store) else {
            return add_shop(app, standing).await;
        };
        let mut all_changed = false;
        if shop.settings().generation != standing.settings_revision
            && let Some(settings) = app.store.load_settings(&standing.store).await?
        {
            shop.put_settings(settings);
            all_changed = true;
        }
        // The first look goes through all SKUs, and loads those that changed since the catalogue did.
        let known = self.known.get(&standing.store).copied().unwrap_or(0);
        let mut changed = Vec::new();
        if known < standing.revision {
            changed = load_changed(&app.store, &shop, known, standing.revision).await?;
        }
        self.known.insert(standing.store.clone(), standing.revision);
        if all_changed || !changed.is_empty() {
            app.changes.announce(Change {
                store: standing.store,
                skus: if all_changed || NAMED_SKUS_MAX < changed.len() {
                    Changed::All
                } else {
                    Changed::Some(changed.into())
                },
                revision: standing.revision,
            });
        }
        Ok(())
    }
}

/// Loads what changed after `known` and is not in memory yet. Returns what it loaded.
async fn load_changed(
    store: &Store,
    shop: &Arc<Shop>,
    known: u64,
    revision: u64,
) -> Result<Vec<Sku>, StoreError> {
    let mut changed = Vec::new();
    // No SKU comes after this one, so the commit `known` itself is passed over whole.
    let mut after = (known, AFTER_ALL_SKUS.to_owned());
    loop {
        let page = store
            .skus_changed_after(&shop.id, (after.0, &after.1))
            .await?;
        let Some((last, at)) = page.last() else { break };
        after = (*at, last.to_string());
        let is_news = |(sku, revision): &(Sku, u64)| {
            shop.entry(sku.as_str())
                .is_none_or(|entry| entry.facts.revision < *revision)
        };
        let news: Vec<Sku> = page
            .into_iter()
            .filter(is_news)
            .map(|(sku, _)| sku)
            .collect();
        if !news.is_empty() {
            shop.put(store.load_skus(&shop.id, &news).await?, revision);
            changed.extend(news);
        }
    }
    shop.put([], revision);
    Ok(changed)
}

/// A store that another process has made.
async fn add_shop(app: &App, standing: Standing) -> Result<(), StoreError> {
    if let Some(settings) = app.store.load_settings(&standing.store).await? {
        let shop = Arc::new(Shop::new(standing.store.clone(), settings, 0));
        app.catalogue.put_shop(Arc::clone(&shop));
        load_changed(&app.store, &shop, 0, standing.revision).await?;
    }
    Ok(())
}

async fn data_version(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await?)
}
