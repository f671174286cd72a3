//! Looks what is computed and stands nowhere: which parcels can leave, which goods are sold out. What came to be so since it was
//! looked last is told once, whichever server sees it first.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use shared::ids::{Sku, StoreId};
use shared::promise::Amount;

use super::ActError;
use super::claims::{Facts, known};
use super::parcels::{Parcel, parcels};
use super::records::{KnownKind, WebhookEndpoint};
use super::reserve::as_kept;
use super::running::{Touched, again, publish};
use super::waitlist::ready_units;
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::{WEBHOOK_ENDPOINTS_MAX, WEBHOOKS_NOTED_AT_ONCE};
use crate::store::Writing;
use crate::store::writing::Note;
use crate::webhooks::happened::{self, Happened};

/// Sorts after every SKU: the largest character there is.
const AFTER_ALL_SKUS: &str = "\u{10FFFF}\u{10FFFF}";

/// Up to which commit each store was looked at, in memory: what a server that starts has not looked at, it looks at whole.
#[derive(Debug, Default)]
pub struct Watched {
    parcels: HashMap<StoreId, u64>,
    goods: HashMap<StoreId, u64>,
}

/// Looks at a store, as far as somebody is told of it.
///
/// # Errors
///
/// As the database fails.
pub async fn watch_goods(
    app: &App,
    store: &StoreId,
    watched: &mut Watched,
) -> Result<(), ActError> {
    let Some(shop) = app.catalogue.shop(store) else {
        return Ok(());
    };
    let endpoints = app
        .store
        .webhook_endpoints(store, "", WEBHOOK_ENDPOINTS_MAX)
        .await?;
    let is_told = |kind: KnownKind| {
        let asks = |endpoint: &WebhookEndpoint| {
            endpoint.enabled && endpoint.events.contains(&kind.told_as())
        };
        endpoints.iter().any(asks)
    };
    let revision = shop.revision();
    if is_told(KnownKind::Ready) && watched.parcels.get(store) != Some(&revision) {
        look_for_parcels(app, &shop).await?;
        watched.parcels.insert(store.clone(), revision);
    }
    if is_told(KnownKind::SoldOut) {
        let seen = watched.goods.get(store).copied();
        if seen != Some(revision) {
            look_for_goods(app, &shop, seen, revision).await?;
            watched.goods.insert(store.clone(), revision);
        }
    } else {
        watched.goods.remove(store);
    }
    Ok(())
}

async fn look_for_parcels(app: &App, shop: &Shop) -> Result<(), ActError> {
    let now = as_kept(app.clock.now());
    let ready = parcels(&app.store.waiting(&shop.id, now).await?);
    let known = app.store.known(&shop.id, KnownKind::Ready).await?;
    let is_as_known = known.is_some_and(|known| {
        known.len() == ready.len()
            && ready
                .iter()
                .all(|parcel| known.contains(parcel.id.as_str()))
    });
    match is_as_known {
        true => Ok(()),
        false => again(|| tell_of_parcels(app, shop, now)).await,
    }
}

async fn tell_of_parcels(app: &App, shop: &Shop, now: DateTime<Utc>) -> Result<(), ActError> {
    let (store, kind) = (&shop.id, KnownKind::Ready);
    let mut writing = app.store.begin(store, note("watch_parcels"), now).await?;
    let ready = parcels(&writing.waiting().await?);
    let known = writing.known(kind).await?;
    let is_first = known.is_none();
    let known = known.unwrap_or_default();
    let ids: HashSet<&str> = ready.iter().map(|parcel| parcel.id.as_str()).collect();
    let left: Vec<&String> = known
        .iter()
        .filter(|id| !ids.contains(id.as_str()))
        .collect();
    let came: Vec<&str> = ids
        .iter()
        .copied()
        .filter(|id| !known.contains(*id))
        .collect();
    writing.end_known(kind, &left).await?;
    let new: HashSet<String> = writing.note_known(kind, &came).await?.into_iter().collect();
    if is_first {
        writing.note_baseline(kind).await?;
    } else {
        for parcel in ready.iter().filter(|one| new.contains(one.id.as_str())) {
            writing.happened(|| Happened::Ready(told_of(parcel)));
        }
    }
    commit(app, store, writing).await
}

fn told_of(parcel: &Parcel) -> happened::Parcel {
    let lines = parcel.parts.iter();
    happened::Parcel {
        shipment: parcel.id.clone(),
        order: parcel.order.clone(),
        location: parcel.location.clone(),
        lines: lines
            .map(|part| (part.line, part.sku.clone(), part.quantity))
            .collect(),
    }
}

/// Looks at the SKUs that changed since it was looked last, as far as memory has them; at all of them where it was not.
async fn look_for_goods(
    app: &App,
    shop: &Shop,
    seen: Option<u64>,
    reached: u64,
) -> Result<(), ActError> {
    let known = app.store.known(&shop.id, KnownKind::SoldOut).await?;
    let is_first = known.is_none();
    let known = known.unwrap_or_default();
    let now = as_kept(app.clock.now());
    let skus = match seen.filter(|_| !is_first) {
        Some(seen) => changed_within(app, shop, seen, reached).await?,
        None => {
            let entries = shop.entries().into_iter();
            entries.map(|entry| entry.sku().clone()).collect()
        }
    };
    let is_news = |sku: &Sku| {
        let facts = shop.facts_and_parts(sku.as_str()).into_iter();
        let facts: Facts = facts.map(|facts| (facts.sku.clone(), facts)).collect();
        is_sold_out(&facts, shop, sku, now) != known.contains(sku.as_str())
    };
    let news: Vec<Sku> = skus.into_iter().filter(is_news).collect();
    let page = usize::try_from(WEBHOOKS_NOTED_AT_ONCE).unwrap_or(usize::MAX);
    for skus in news.chunks(page) {
        again(|| tell_of_goods(app, shop, skus, is_first, now)).await?;
    }
    if is_first {
        again(|| note_goods_looked_at(app, shop, now)).await?;
    }
    Ok(())
}

/// SKUs that changed after the commit `seen` and up to `reached`, and the kits that they are in.
pub(super) async fn changed_within(
    app: &App,
    shop: &Shop,
    seen: u64,
    reached: u64,
) -> Result<Vec<Sku>, ActError> {
    let mut changed: Vec<Sku> = Vec::new();
    let mut after = (seen, AFTER_ALL_SKUS.to_owned());
    loop {
        let page = app.store.skus_changed_after(&shop.id, (after.0, &after.1));
        let page = page.await?;
        let Some((last, at)) = page.last() else { break };
        after = (*at, last.to_string());
        let known = page.into_iter().filter(|(_, at)| *at <= reached);
        changed.extend(known.map(|(sku, _)| sku));
        if reached <= after.0 {
            break;
        }
    }
    Ok(shop.with_kits(changed))
}

async fn tell_of_goods(
    app: &App,
    shop: &Shop,
    skus: &[Sku],
    is_first: bool,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let (store, kind) = (&shop.id, KnownKind::SoldOut);
    let mut writing = app.store.begin(store, note("watch_goods"), now).await?;
    let facts = known(&mut writing, shop, skus).await?;
    let (out, there): (Vec<&Sku>, Vec<&Sku>) = skus
        .iter()
        .partition(|sku| is_sold_out(&facts, shop, sku, now));
    writing.note_known(kind, &out).await?;
    let back: HashSet<String> = writing.end_known(kind, &there).await?.into_iter().collect();
    if !is_first {
        for sku in there.into_iter().filter(|sku| back.contains(sku.as_str())) {
            writing.happened(|| Happened::Back { sku: sku.clone() });
        }
    }
    commit(app, store, writing).await
}

/// From now on what is there again is told: all that is sold out was noted.
async fn note_goods_looked_at(app: &App, shop: &Shop, now: DateTime<Utc>) -> Result<(), ActError> {
    let begun = app.store.begin(&shop.id, note("watch_goods"), now);
    let mut writing = begun.await?;
    writing.note_baseline(KnownKind::SoldOut).await?;
    commit(app, &shop.id, writing).await
}

fn is_sold_out(facts: &Facts, shop: &Shop, sku: &Sku, now: DateTime<Utc>) -> bool {
    ready_units(facts, &shop.settings(), sku, now) == Amount::ZERO
}

fn note(act: &'static str) -> Note {
    Note {
        act,
        subject: None,
        reason: None,
    }
}

async fn commit(app: &App, store: &StoreId, writing: Writing) -> Result<(), ActError> {
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}
