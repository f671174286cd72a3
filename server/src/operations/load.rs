//! Brings all facts into memory when the server starts: store by store, each of use as soon as it is here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::watch::catch_up;
use crate::app::App;
use crate::catalogue::Shop;
use crate::store::StoreError;
use crate::store::stores::Standing;

/// How often the log says how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// Stores whose facts are still to come.
#[must_use]
pub struct ToLoad(Vec<Standing>);

/// Brings all keys, and notes which stores there are: from here on requests can be told what to wait for.
///
/// # Errors
///
/// As the database fails.
pub async fn begin(app: &App) -> Result<ToLoad, StoreError> {
    app.catalogue.put_keys(app.store.load_keys().await?);
    let mut standings = app.store.standings().await?;
    standings.retain(|standing| app.catalogue.holds(&standing.store));
    let stores = standings.iter().map(|standing| standing.store.clone());
    app.catalogue.await_stores(stores.collect());
    Ok(ToLoad(standings))
}

/// Brings the facts of all stores.
///
/// # Errors
///
/// As the database fails.
pub async fn load(app: &App, ToLoad(standings): ToLoad) -> Result<(), StoreError> {
    let mut progress = Progress::begun();
    for standing in &standings {
        let count = app.store.count_skus(&standing.store).await?;
        progress.all += count;
    }
    let stores = standings.len();
    for standing in standings {
        load_store(app, standing, &mut progress).await?;
    }
    // What others committed to a store before it was here has been passed over by the watch.
    for standing in app.store.standings().await? {
        catch_up(app, standing).await?;
    }
    let (skus, seconds) = (progress.loaded, progress.begun.elapsed().as_secs_f64());
    // An empty shop, as the demo's is at first, has nothing to tell.
    if 0 < skus {
        tracing::info!(
            skus,
            stores,
            seconds,
            "Loaded {skus} SKUs of {stores} stores in {seconds:.1} s"
        );
    }
    Ok(())
}

/// Both at once, for who has nothing to do meanwhile.
///
/// # Errors
///
/// As the database fails.
pub async fn load_all(app: &App) -> Result<(), StoreError> {
    let stores = begin(app).await?;
    load(app, stores).await
}

async fn load_store(
    app: &App,
    standing: Standing,
    progress: &mut Progress,
) -> Result<(), StoreError> {
    let store = &standing.store;
    let Some(settings) = app.store.load_settings(store).await? else {
        app.catalogue.await_no_more(store);
        return Ok(());
    };
    // The revision was read before the facts: what is committed between is loaded twice, never missed.
    let shop = Arc::new(Shop::new(store.clone(), settings, standing.revision));
    shop.make_room_for(app.store.count_skus(store).await?);
    let mut page = app.store.page_of_skus(store, "").await?;
    while let Some(last) = page.last() {
        // The next page is on its way while this one is taken in.
        let (facts, next) = tokio::try_join!(
            app.store.load_skus(store, &page),
            app.store.page_of_skus(store, last.as_str()),
        )?;
        progress.tell(page.len());
        shop.put(facts);
        page = next;
    }
    app.catalogue.put_shop(shop);
    Ok(())
}

/// How far it is.
struct Progress {
    begun: Instant,
    told: Instant,
    loaded: usize,
    all: usize,
}

impl Progress {
    fn begun() -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            told: now,
            loaded: 0,
            all: 0,
        }
    }

    fn tell(&mut self, more: usize) {
        self.loaded += more;
        if self.told.elapsed() < TOLD_EVERY {
            return;
        }
        self.told = Instant::now();
        let (loaded, all) = (self.loaded, self.all.max(self.loaded));
        let per_s =
            u128::try_from(loaded).unwrap_or(0) * 1_000 / self.begun.elapsed().as_millis().max(1);
        tracing::info!(
            skus.loaded = loaded,
            skus.all = all,
            "Loaded {loaded} of {all} SKUs, {per_s} a second"
        );
    }
}
