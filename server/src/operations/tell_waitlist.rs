//! Tells who waits that goods are there again: first come first served, once each, and never more people than there are units.

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{Sku, StoreId};
use shared::promise::Amount;

use super::ActError;
use super::claims::{Facts, known};
use super::records::ErrandKind;
use super::reserve::as_kept;
use super::running::{Touched, again, publish};
use super::waitlist::{About, ready_units};
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::{TOLD_AT_ONCE_MAX, TOLD_COUNTS_HOURS, WAITED_FOR_MAX};
use crate::store::writing::Note;

/// Tells who waits for some SKUs: those after `after`, which is moved on.
///
/// Who was told in the last [`TOLD_COUNTS_HOURS`] counts as one unit that is taken, bought or not. So a batch is never larger than what
/// came, what comes in between is told of too, and the next batch goes when what is there was left by those before.
///
/// # Errors
///
/// As the database fails.
pub async fn tell_waitlist(app: &App, store: &StoreId, after: &mut String) -> Result<(), ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let skus = app.store.waited_for(store, after, WAITED_FOR_MAX).await?;
    *after = match u32::try_from(skus.len()) {
        Ok(count) if count < WAITED_FOR_MAX => String::new(),
        _ => skus.last().map(ToString::to_string).unwrap_or_default(),
    };
    for sku in skus {
        // What is in memory says at once that there is nothing to tell: then nobody is kept from writing.
        let now = as_kept(app.clock.now());
        let told = app.store.told_since(store, &sku, counts_since(now)).await?;
        if 0 < room(&facts_in_memory(&shop, &sku), &shop, &sku, told, now) {
            again(|| tell_of(app, &shop, &sku, now)).await?;
        }
    }
    Ok(())
}

async fn tell_of(app: &App, shop: &Shop, sku: &Sku, now: DateTime<Utc>) -> Result<(), ActError> {
    let store = &shop.id;
    let note = Note::new("tell_waitlist", sku.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    let facts = known(&mut writing, shop, std::slice::from_ref(sku)).await?;
    let told = writing.told_since(sku, counts_since(now)).await?;
    let room = room(&facts, shop, sku, told, now);
    let first = writing.tell_first(sku, room).await?;
    if first.is_empty() {
        return Ok(writing.undo().await?);
    }
    for (at, address) in first.iter().enumerate() {
        let about = format!("told/{}/{at}", writing.revision());
        let content = About::told(*address, sku).written();
        let kind = ErrandKind::WaitlistMail;
        writing.send(kind, &about, None, &content).await?;
    }
    let revision = writing.commit().await?;
    tracing::info!(
        waitlist.sku = %sku,
        waitlist.told = first.len(),
        "Told {} who wait for `{sku}`",
        first.len()
    );
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

/// How many more may be told.
fn room(facts: &Facts, shop: &Shop, sku: &Sku, told: u64, now: DateTime<Utc>) -> u32 {
    let room = match ready_units(facts, &shop.settings(), sku, now) {
        Amount::Counted(units) => u64::from(units.units()).saturating_sub(told),
        Amount::Unlimited => u64::MAX,
    };
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    room.min(TOLD_AT_ONCE_MAX)
}

fn counts_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::hours(TOLD_COUNTS_HOURS)
}

fn facts_in_memory(shop: &Shop, sku: &Sku) -> Facts {
    let facts = shop.facts_and_parts(sku.as_str()).into_iter();
    facts.map(|facts| (facts.sku.clone(), facts)).collect()
}
