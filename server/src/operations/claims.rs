//! What is known of goods within a change, and how it moves with each promise: as it would be read anew, without reading
//! what is promised to all others again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use shared::ids::{LocationId, Sku};
use shared::quantity::{QUANTITY_MAX, Quantity};
use shared::supply::{Claim, Due, Place, SkuFacts};

use super::records::PromisedPart;
use crate::catalogue::Shop;
use crate::store::facts::PAGE_SKUS;
use crate::store::{StoreError, Writing};

/// What is known of goods, by SKU.
pub(super) type Facts = HashMap<Sku, SkuFacts>;

/// The facts of these SKUs and of all that kits among them are made of, as this change sees them. Each change of a SKU
/// raises its revision, so what is in memory is taken where it is of the same.
pub(super) async fn known(
    writing: &mut Writing,
    shop: &Shop,
    skus: &[Sku],
) -> Result<Facts, StoreError> {
    let mut known = Facts::new();
    let mut asked: HashSet<Sku> = skus.iter().cloned().collect();
    let mut open: Vec<Sku> = asked.iter().cloned().collect();
    while !open.is_empty() && known.len() <= PAGE_SKUS {
        let mut others = Vec::new();
        for (sku, revision) in writing.revisions_of(&open).await? {
            let entry = shop.entry(sku.as_str());
            match entry.filter(|entry| entry.revision() == revision) {
                Some(entry) => drop(known.insert(sku, entry.facts())),
                None => others.push(sku),
            }
        }
        if !others.is_empty() {
            known.extend(writing.facts_summed(&others).await?);
        }
        let parts = known.values().flat_map(|facts| &facts.kit);
        let more = parts.filter(|(part, _)| !known.contains_key(part));
        let more = more.filter(|(part, _)| asked.insert(part.clone()));
        open = more.map(|(part, _)| part.clone()).collect();
    }
    Ok(known)
}

/// Of these facts, those of a SKU and of all that it is made of, its own first; none, where it is not known.
pub(super) fn with_parts(known: &Facts, sku: &Sku) -> Vec<SkuFacts> {
    let mut found: Vec<SkuFacts> = known.get(sku).cloned().into_iter().collect();
    let mut at = 0;
    while at < found.len() {
        for (part, _) in found[at].kit.clone() {
            if !found.iter().any(|facts| facts.sku == part) {
                found.extend(known.get(&part).cloned());
            }
        }
        at += 1;
    }
    found
}

/// Claims what parts take, until an instant or without an end.
pub(super) fn claim<'a>(
    facts: &mut Facts,
    parts: impl IntoIterator<Item = &'a PromisedPart>,
    until: Option<DateTime<Utc>>,
) {
    for part in parts {
        for (sku, quantity) in &part.takes {
            let Some(facts) = facts.get_mut(sku) else {
                continue;
            };
            let claims = &mut place(facts, &part.held.location).claims;
            add(claims, part.held.due, *quantity, until);
        }
    }
}

/// Of these SKUs, the facts as a change of this revision leaves them.
pub(super) fn moved<'a>(
    mut facts: Facts,
    skus: impl IntoIterator<Item = &'a Sku>,
    revision: u64,
) -> Vec<SkuFacts> {
    let moved = skus.into_iter().filter_map(|sku| facts.remove(sku));
    moved.map(|facts| SkuFacts { revision, ..facts }).collect()
}

/// True if all that a part of `own` takes is on the shelf where it leaves, beside what is to leave before it: what
/// others claim for the same day came before.
pub(super) fn is_filled(
    facts: &Facts,
    own: &[PromisedPart],
    part: &PromisedPart,
    now: DateTime<Utc>,
) -> bool {
    let order = |part: &PromisedPart| (part.held.due, part.line, part.part);
    let mine = own
        .iter()
        .filter(|mine| mine.held.location == part.held.location && order(mine) <= order(part));
    part.takes.iter().all(|(sku, _)| {
        let Some(facts) = facts.get(sku) else {
            return true;
        };
        if !facts.selling.tracked || !facts.kit.is_empty() {
            return true;
        }
        let taken = mine.clone().flat_map(|mine| &mine.takes);
        let taken = taken.filter(|(taken, _)| taken == sku);
        let mut needed: u64 = taken.map(|(_, units)| u64::from(units.units())).sum();
        let place = facts.at(&part.held.location);
        for claim in place.map_or(&[][..], |place| &place.claims) {
            // Who has no date any more is served last.
            let is_before = claim.due != Due::Undated && claim.due <= part.held.due;
            if is_before && claim.stands(now) {
                needed += u64::from(claim.quantity.units());
            }
        }
        needed <= place.map_or(0, |place| place.on_hand.units().into())
    })
}

fn place<'a>(facts: &'a mut SkuFacts, location: &LocationId) -> &'a mut Place {
    let places = &mut facts.places;
    let at = places.binary_search_by(|place| place.location.cmp(location));
    let at = at.unwrap_or_else(|at| {
        places.insert(at, Place::new(location.clone()));
        at
    });
    &mut places[at]
}

/// What is claimed for the same day and end is one claim, as long as a quantity can say it.
fn add(claims: &mut Vec<Claim>, due: Due, quantity: Quantity, until: Option<DateTime<Utc>>) {
    let room = QUANTITY_MAX.saturating_sub(quantity.units());
    let is_same = |claim: &&mut Claim| {
        claim.due == due && claim.expires_at == until && claim.quantity.units() <= room
    };
    match claims.iter_mut().find(is_same) {
        Some(claim) => claim.quantity = claim.quantity.plus(quantity),
        None => claims.push(Claim {
            due,
            quantity,
            expires_at: until,
        }),
    }
    claims.sort_unstable();
}
