//! How acts run, and what follows a commit.

use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::ids::{Sku, StoreId};
use shared::supply::SkuFacts;
use tracing::Instrument;

use super::ActError;
use super::records::Level;
use super::reserve::as_kept;
use crate::app::App;
use crate::catalogue::Shop;
use crate::changes::{Change, Changed};
use crate::limits::{RACED_AGAIN_MAX, RACED_PAUSE_MAX};
use crate::store::facts::PAGE_SKUS;
use crate::store::writing::Note;
use crate::store::{StoreError, Writing};

/// Begins a change of what is held or ordered. Returns it with the instant at which it is decided.
pub(super) async fn begin_in_turn(
    app: &App,
    store: &StoreId,
    note: Note,
) -> Result<(Writing, DateTime<Utc>), StoreError> {
    let mut writing = app.store.begin(store, note, app.clock.now()).await?;
    let now = decided_now(app, &mut writing);
    Ok((writing, now))
}

/// The instant at which a change is decided: that at which its turn came. One that waited for it must not see a hold as alive that ended
/// meanwhile, and whose goods went to whoever came before.
pub(super) fn decided_now(app: &App, writing: &mut Writing) -> DateTime<Utc> {
    let now = as_kept(app.clock.now());
    writing.date(now);
    now
}

/// Most SKUs that an announcement names; above it says "perhaps any".
const NAMED_SKUS_MAX: usize = 256;
/// Sorts after every SKU: the largest character there is.
const AFTER_ALL_SKUS: &str = "\u{10FFFF}\u{10FFFF}";

/// An error that says whether doing the same again may succeed.
pub trait MayRace: From<StoreError> {
    /// True if another change came between, and nothing is done.
    fn has_raced(&self) -> bool;
}

impl MayRace for ActError {
    fn has_raced(&self) -> bool {
        matches!(self, Self::Store(StoreError::Raced(_)))
    }
}

/// Runs an act to its end, even if whoever waits for it goes away: the web server drops a handler
/// when its client hangs up. The act is made of `with`, anew where another change came between.
pub async fn detached<W, T, E, F>(with: W, act: impl Fn(W) -> F + Send + 'static) -> Result<T, E>
where
    W: Clone + Send + 'static,
    T: Send + 'static,
    E: MayRace + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    match tokio::spawn(again(move || act(with.clone())).in_current_span()).await {
        Ok(outcome) => outcome,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        // Only a runtime that shuts down cancels the task.
        Err(_) => Err(StoreError::stopping().into()),
    }
}

/// Does what `act` makes; again, a few times, where another change came between. PostgreSQL undoes one of two
/// that would wait for each other, or that saw what the other has changed since.
pub(super) async fn again<T, E, F>(mut act: impl FnMut() -> F) -> Result<T, E>
where
    E: MayRace,
    F: Future<Output = Result<T, E>>,
{
    for attempt in 1..=RACED_AGAIN_MAX {
        match act().await {
            Err(error) if error.has_raced() => {
                tracing::debug!(attempt, "Another change came between: doing it again");
                tokio::time::sleep(pause_before(attempt)).await;
            }
            outcome => return outcome,
        }
    }
    act().await
}

/// Different for each who waits, so that two that met do not meet again; longer with each attempt.
fn pause_before(attempt: u32) -> Duration {
    let longest = RACED_PAUSE_MAX * attempt;
    let chance = RandomState::new().hash_one(attempt) % 1_000;
    longest.mul_f64(chance as f64 / 1_000.0)
}

/// What an act changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// Facts about these SKUs; none of them: nothing that shoppers see.
    Skus(Vec<Sku>),
    /// These facts, which are known already.
    Facts(Vec<SkuFacts>),
    /// What the merchant decides about the whole shop.
    Settings,
    /// How much is there of some SKUs, and perhaps more about others.
    Stock {
        /// How much is there now.
        levels: Vec<Level>,
        /// The revision that the facts about those have.
        revision: u64,
        /// SKUs of which something else changed as well.
        more: Vec<Sku>,
    },
    /// Any of it, too much to name.
    Anything,
}

/// Brings what was committed into memory and tells who waits for it.
///
/// The act is done already: a failure here is logged, and the watch for commits brings the facts in
/// a moment later.
pub async fn publish(app: &App, store: &StoreId, touched: Touched, revision: u64) {
    publish_several(app, store, touched, revision..=revision).await;
}

/// The same for several changes that were committed together.
pub async fn publish_several(
    app: &App,
    store: &StoreId,
    touched: Touched,
    revisions: RangeInclusive<u64>,
) {
    app.errands.tell(store);
    let (before, revision) = (revisions.start().saturating_sub(1), *revisions.end());
    let Some(shop) = app.catalogue.shop(store) else {
        return;
    };
    match load(app, &shop, touched, before).await {
        Ok(changed) => {
            shop.add_commits(revisions);
            if changed.as_ref().is_none_or(|skus| !skus.is_empty()) {
                announce(app, &shop, changed, revision);
            }
        }
        Err(error) => {
            tracing::error!(error = %error, store.revision = revision, "Cannot load what was committed: {error}");
        }
    }
}

/// Tells who waits for these SKUs; for any where there is no list, or a long one.
pub(super) fn announce(app: &App, shop: &Shop, skus: Option<Vec<Sku>>, revision: u64) {
    let named = skus.map(|skus| shop.with_kits(skus));
    let named = named.filter(|skus| skus.len() <= NAMED_SKUS_MAX);
    app.changes.announce(Change {
        store: shop.id.clone(),
        skus: named.map_or(Changed::All, |skus| Changed::Some(skus.into())),
        revision,
    });
}

/// Loads what changed after the commit `known` and is not in memory yet. Returns what it loaded.
pub(super) async fn load_changed(
    app: &App,
    shop: &Shop,
    known: u64,
) -> Result<Vec<Sku>, StoreError> {
    let mut changed = Vec::new();
    // No SKU comes after this one, so the commit `known` itself is passed over whole.
    let mut after = (known, AFTER_ALL_SKUS.to_owned());
    loop {
        let page = app
            .store
            .skus_changed_after(&shop.id, (after.0, &after.1))
            .await?;
        // However much there is to catch up with, the server is not cut off.
        app.freshness.confirm();
        let Some((last, at)) = page.last() else { break };
        after = (*at, last.to_string());
        let is_news = |(sku, revision): &(Sku, u64)| {
            shop.entry(sku.as_str())
                .is_none_or(|entry| entry.revision() < *revision)
        };
        let news: Vec<Sku> = page
            .into_iter()
            .filter(is_news)
            .map(|(sku, _)| sku)
            .collect();
        if !news.is_empty() {
            shop.put(app.store.load_skus(&shop.id, &news).await?);
            changed.extend(news);
        }
    }
    Ok(changed)
}

/// Loads what was changed since the commit `before`. Returns the SKUs, unless it may be any.
async fn load(
    app: &App,
    shop: &Shop,
    touched: Touched,
    before: u64,
) -> Result<Option<Vec<Sku>>, StoreError> {
    match touched {
        Touched::Stock {
            levels,
            revision,
            more,
        } => {
            let mut skus: Vec<Sku> = levels.iter().map(|level| level.sku.clone()).collect();
            skus.dedup();
            // At first what has to be looked up: where that fails nothing is here, and the watch brings it all.
            load_pages(app, shop, &more).await?;
            // What is here is what was there before the change, or else the rest is looked up too.
            if shop.revision() < before || !move_stock(shop, &levels, revision) {
                load_pages(app, shop, &skus).await?;
            }
            skus.extend(more);
            Ok(Some(skus))
        }
        Touched::Skus(skus) => {
            load_pages(app, shop, &skus).await?;
            Ok(Some(skus))
        }
        Touched::Facts(facts) => {
            let skus = facts.iter().map(|facts| facts.sku.clone()).collect();
            shop.put(facts);
            Ok(Some(skus))
        }
        Touched::Settings => {
            load_settings(app, shop).await?;
            Ok(None)
        }
        Touched::Anything => {
            load_settings(app, shop).await?;
            load_changed(app, shop, before).await?;
            Ok(None)
        }
    }
}

async fn load_pages(app: &App, shop: &Shop, skus: &[Sku]) -> Result<(), StoreError> {
    for page in skus.chunks(PAGE_SKUS) {
        shop.put(app.store.load_skus(&shop.id, page).await?);
    }
    Ok(())
}

/// Changes how much is there of SKUs whose facts are known otherwise. Where one of the places is not known,
/// changes nothing and returns false.
fn move_stock(shop: &Shop, levels: &[Level], revision: u64) -> bool {
    let of_one = levels.chunk_by(|one, next| one.sku == next.sku);
    let moved = of_one.map(|levels| {
        let mut facts = shop.entry(levels.first()?.sku.as_str())?.facts();
        if revision <= facts.revision {
            return Some(facts);
        }
        facts.revision = revision;
        for level in levels {
            let mut places = facts.places.iter_mut();
            let place = places.find(|place| place.location == level.location)?;
            place.on_hand = level.on_hand;
        }
        Some(facts)
    });
    let moved: Option<Vec<SkuFacts>> = moved.collect();
    moved.is_some_and(|facts| {
        shop.put(facts);
        true
    })
}

pub(super) async fn load_settings(app: &App, shop: &Shop) -> Result<(), StoreError> {
    if let Some(settings) = app.store.load_settings(&shop.id).await? {
        shop.put_settings(settings);
    }
    Ok(())
}
