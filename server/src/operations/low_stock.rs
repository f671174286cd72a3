//! Tells the merchant once of each SKU that has come down to its reorder point; again only after it was above.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::demand::Stock;
use shared::ids::{Sku, StoreId};
use shared::quantity::Quantity;
use shared::supply::SkuFacts;

use super::ActError;
use super::claims::known;
use super::records::{Alert, AlertKind, ErrandKind, Low};
use super::reserve::as_kept;
use super::running::{Touched, again, publish};
use crate::app::App;
use crate::limits::FORECAST_AT_ONCE;
use crate::store::Writing;
use crate::store::writing::Note;

/// Sorts after every SKU: the largest character there is.
const AFTER_ALL_SKUS: &str = "\u{10FFFF}\u{10FFFF}";

/// What a letter to the merchant tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    /// Ids of alerts.
    pub alerts: Vec<String>,
}

/// How far it was looked, in memory: what a server that starts has not looked at, it looks at whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct LookedAt(Option<u64>);

/// Units that the shop has, will have and owes. What somebody has only put into a cart is not owed.
pub(super) fn stock_of(facts: &SkuFacts) -> Stock {
    let mut stock = Stock::default();
    for place in &facts.places {
        stock.on_hand = stock.on_hand.plus(place.on_hand);
        let dated = place.incoming.iter().map(|incoming| incoming.quantity);
        let undated = place.undated.iter().map(|undated| undated.quantity);
        stock.incoming = dated.chain(undated).fold(stock.incoming, Quantity::plus);
        let owed = place
            .claims
            .iter()
            .filter(|claim| claim.expires_at.is_none());
        stock.backorders = owed
            .map(|claim| claim.quantity)
            .fold(stock.backorders, Quantity::plus);
    }
    stock
}

/// Alerts after one, in the order of their ids.
///
/// # Errors
///
/// As the database fails.
pub async fn alerts(
    app: &App,
    store: &StoreId,
    only_open: bool,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Alert>, ActError> {
    let alerts = app
        .store
        .alerts(store, only_open, after.unwrap_or_default(), limit);
    Ok(alerts.await?)
}

/// Looks at all SKUs whose facts changed since it was looked last; at all of them where it was not.
///
/// # Errors
///
/// As the database fails.
pub async fn look_for_low_stock(
    app: &App,
    store: &StoreId,
    looked_at: &mut LookedAt,
) -> Result<(), ActError> {
    let Some(mut reached) = looked_at.0 else {
        let reached = app.store.last_revision(store).await?;
        let mut after = String::new();
        let limit = u32::try_from(FORECAST_AT_ONCE).unwrap_or(u32::MAX);
        loop {
            let page = app.store.reorder_points(store, &after, limit).await?;
            let skus: Vec<Sku> = page.into_iter().map(|point| point.sku).collect();
            let Some(last) = skus.last() else { break };
            after = last.to_string();
            hold_against_points(app, store, &skus).await?;
        }
        *looked_at = LookedAt(Some(reached));
        return Ok(());
    };
    loop {
        let after = (reached, AFTER_ALL_SKUS);
        let page = app.store.skus_changed_after(store, after).await?;
        let Some((_, last)) = page.last() else { break };
        reached = *last;
        let skus: Vec<Sku> = page.into_iter().map(|(sku, _)| sku).collect();
        for skus in skus.chunks(FORECAST_AT_ONCE) {
            hold_against_points(app, store, skus).await?;
        }
        *looked_at = LookedAt(Some(reached));
    }
    Ok(())
}

/// Holds the positions of these SKUs against their reorder points, and tells of those that have crossed them.
pub(super) async fn hold_against_points(
    app: &App,
    store: &StoreId,
    skus: &[Sku],
) -> Result<(), ActError> {
    let points = app.store.reorder_points_of(store, skus).await?;
    let points: HashMap<Sku, u32> = points
        .into_iter()
        .map(|point| (point.sku, point.reorder_point))
        .collect();
    let known_low = app.store.known_low(store, skus).await?;
    if points.is_empty() && known_low.is_empty() {
        return Ok(());
    }
    let asked: Vec<Sku> = points.keys().cloned().collect();
    let facts = app.store.load_skus(store, &asked).await?;
    let low: Vec<Sku> = facts
        .iter()
        .filter_map(|facts| low_by(facts, &points))
        .map(|low| low.sku)
        .collect();
    let crossed = |sku: &&Sku| low.contains(sku) != known_low.contains(sku);
    let moved: Vec<Sku> = skus.iter().filter(crossed).cloned().collect();
    if moved.is_empty() {
        return Ok(());
    }
    again(|| tell(app, store, &moved, &points)).await
}

fn low_by(facts: &SkuFacts, points: &HashMap<Sku, u32>) -> Option<Low> {
    let reorder_point = *points.get(&facts.sku)?;
    let position = stock_of(facts).position();
    let is_low = position <= i64::from(reorder_point);
    is_low.then(|| Low {
        sku: facts.sku.clone(),
        position,
        reorder_point,
    })
}

async fn tell(
    app: &App,
    store: &StoreId,
    skus: &[Sku],
    points: &HashMap<Sku, u32>,
) -> Result<(), ActError> {
    let now = as_kept(app.clock.now());
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let note = Note {
        act: "tell_low_stock",
        subject: None,
        reason: None,
    };
    let mut writing = app.store.begin(store, note, now).await?;
    let facts = known(&mut writing, &shop, skus).await?;
    let low: Vec<Low> = skus
        .iter()
        .filter_map(|sku| low_by(facts.get(sku)?, points))
        .collect();
    let others = skus
        .iter()
        .filter(|sku| !low.iter().any(|low| low.sku == **sku));
    let others: Vec<&Sku> = others.collect();
    let begun = writing.begin_low_stock(&low).await?;
    let ended = writing.end_alerts(AlertKind::LowStock, &others).await?;
    if begun.is_empty() && ended == 0 {
        return Ok(writing.undo().await?);
    }
    tell_merchant(&mut writing, begun, now).await?;
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

/// Writes a letter to the merchant down, where they want one.
pub(super) async fn tell_merchant(
    writing: &mut Writing,
    alerts: Vec<String>,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let policy = writing.reorder_policy().await?;
    if alerts.is_empty() || policy.email.is_none() {
        return Ok(());
    }
    let about = format!("alerts/{}", writing.revision());
    let content = serde_json::to_string(&About { alerts }).expect("it has only text keys");
    let kind = ErrandKind::MerchantMail;
    writing.send_at(kind, &about, None, &content, now).await?;
    Ok(())
}
