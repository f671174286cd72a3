//! Notices what other processes commit (an import, a new key) and brings it into memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::running::{announce, load_changed, load_settings};
use crate::app::App;
use crate::catalogue::Shop;
use crate::store::StoreError;
use crate::store::commits::{Commits, Look};
use crate::store::stores::Standing;

/// How long it is waited after a failure.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Watches for as long as it is polled. A failure is logged and tried again.
pub async fn watch(app: App) {
    // Who is never heard of goes stale from now on, not only after it was heard of once.
    app.freshness.confirm();
    let mut commits = None;
    loop {
        if let Err(error) = look(&app, &mut commits).await {
            // A fresh connection next time: this one may be what failed.
            commits = None;
            tracing::warn!(error = %error, "Cannot see what other processes commit: {error}");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}

async fn look(app: &App, commits: &mut Option<Commits>) -> Result<(), StoreError> {
    let commits = match commits {
        Some(commits) => commits,
        None => commits.insert(app.store.watch_commits().await?),
    };
    let Some(look) = commits.next().await? else {
        app.freshness.confirm();
        return Ok(());
    };
    let looked = Instant::now();
    let standings = match look {
        Look::At(stores) => app.store.standings_of(&stores).await?,
        Look::Everywhere => {
            if app.catalogue.keys_version() < app.store.keys_version().await? {
                app.catalogue.put_keys(app.store.load_keys().await?);
            }
            app.store.standings().await?
        }
    };
    for standing in standings {
        catch_up(app, standing).await?;
    }
    app.freshness.confirm_at(looked);
    Ok(())
}

/// Brings what was committed to a store, and tells who waits for it.
pub(super) async fn catch_up(app: &App, standing: Standing) -> Result<(), StoreError> {
    let Some(shop) = app.catalogue.shop(&standing.store) else {
        return add_shop(app, standing).await;
    };
    if standing.revision <= shop.revision() {
        return Ok(());
    }
    let settings_changed = shop.settings().generation < standing.settings_revision;
    if settings_changed {
        load_settings(app, &shop).await?;
    }
    let changed = load_changed(app, &shop, shop.revision()).await?;
    shop.reach(standing.revision);
    if settings_changed {
        announce(app, &shop, None, standing.revision);
    } else if !changed.is_empty() {
        announce(app, &shop, Some(changed), standing.revision);
    }
    Ok(())
}

/// A store that another process has made, unless this server does not hold it or is loading it anyway.
async fn add_shop(app: &App, standing: Standing) -> Result<(), StoreError> {
    let is_ours = app.catalogue.holds(&standing.store);
    if !is_ours || app.catalogue.is_awaited(&standing.store) {
        return Ok(());
    }
    if let Some(settings) = app.store.load_settings(&standing.store).await? {
        let shop = Arc::new(Shop::new(standing.store.clone(), settings, 0));
        load_changed(app, &shop, 0).await?;
        shop.reach(standing.revision);
        app.catalogue.put_shop(shop);
    }
    Ok(())
}
