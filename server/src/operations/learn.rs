//! Learns from what came how suppliers deliver. Part of the acts by which something comes.

use std::collections::{BTreeSet, HashSet};

use shared::ids::{Sku, SupplierId};
use shared::lead_time::{
    Delivery, JUDGED_MAX, Level, OWN_MAX, OWN_MIN, POOL_MAX, Slip, YIELD_MAX, calibrated,
    expected_yield, lead_time, slip,
};

use super::records::{
    DeliveryRecord, LeadTimeModel, PurchaseOrder, SlipModel, SupplierModel, SupplierRecord,
    YieldModel,
};
use crate::store::{StoreError, Writing};

/// Deliveries of one supplier that are looked at, newest first: enough to find the last dates and
/// counts, where only some have one.
const OWN_LOADED_MAX: usize = 400;
/// Ways of shipping of one supplier that are looked at, the last used first.
const MODES_MAX: usize = 20;
/// Fewest deliveries known on the day of an order for which it is judged what was foretold on it.
const KNOWN_MIN: usize = 30;

/// Learns from the lines of a purchase order of which no more is to come. Returns the SKUs whose
/// dates may move by it.
pub(super) async fn learn_from_order(
    writing: &mut Writing,
    order: &PurchaseOrder,
) -> Result<Vec<Sku>, StoreError> {
    let deliveries = writing.record_deliveries(&order.id).await?;
    let Some(supplier) = order.supplier.as_ref().filter(|_| !deliveries.is_empty()) else {
        return Ok(Vec::new());
    };
    judge(writing, deliveries).await?;
    learn_of(writing, supplier).await
}

/// Learns from a history that was taken in. Returns the SKUs whose dates may move by it.
pub(super) async fn learn_from_history(writing: &mut Writing) -> Result<Vec<Sku>, StoreError> {
    let newest = writing.newest(None, JUDGED_MAX).await?;
    judge(writing, newest).await?;
    learn_of_all(writing).await
}

/// Learns anew of one supplier. Returns the SKUs whose dates may move by it.
pub(super) async fn learn_of(
    writing: &mut Writing,
    supplier: &SupplierId,
) -> Result<Vec<Sku>, StoreError> {
    let mut suppliers = writing.suppliers().await?;
    suppliers.retain(|record| record.id == *supplier);
    learn(writing, suppliers).await
}

/// Learns anew of all suppliers. Returns the SKUs whose dates may move by it.
pub(super) async fn learn_of_all(writing: &mut Writing) -> Result<Vec<Sku>, StoreError> {
    let suppliers = writing.suppliers().await?;
    learn(writing, suppliers).await
}

async fn learn(
    writing: &mut Writing,
    suppliers: Vec<SupplierRecord>,
) -> Result<Vec<Sku>, StoreError> {
    let Some(store) = writing.store_record().await? else {
        return Ok(Vec::new());
    };
    let target = store.promise_level;
    let needed = writing.needed_levels().await?;
    let kept = |needed: &Option<Level>| needed.is_some_and(|needed| needed <= target);
    let kept: Vec<bool> = needed.iter().map(kept).collect();
    let level = calibrated(target, &kept);
    let pool = writing.newest(None, POOL_MAX).await?;
    let mut touched = BTreeSet::new();
    for supplier in suppliers {
        let own = writing
            .newest_of(&supplier.id, None, OWN_LOADED_MAX)
            .await?;
        let models = models(&supplier, &own, &pool, level, target);
        touched.extend(writing.put_models(&supplier.id, &models).await?);
    }
    Ok(touched.into_iter().collect())
}

/// What deliveries say of a supplier: of any way of shipping, then of each that was seen. Nothing
/// where nothing is known at all.
fn models(
    supplier: &SupplierRecord,
    own: &[DeliveryRecord],
    pool: &[DeliveryRecord],
    level: Level,
    target: Level,
) -> Vec<SupplierModel> {
    let past = past(own, pool);
    let mut modes = BTreeSet::new();
    for mode in own.iter().filter_map(|one| one.mode.as_deref()) {
        if modes.len() < MODES_MAX {
            modes.insert(mode);
        }
    }
    let model = |mode: Option<&str>| {
        let declared = supplier.lead_time_days;
        let known = lead_time(&past, &supplier.id, mode, declared, level)?;
        Some(SupplierModel {
            supplier: supplier.id.clone(),
            mode: mode.unwrap_or_default().to_owned(),
            lead_time: LeadTimeModel {
                days: known.days,
                level,
                own: counted(known.own),
                pooled: counted(known.pooled),
            },
            slip: mode
                .is_none()
                .then(|| slips(supplier, own, target))
                .flatten(),
            expected_yield: mode.is_none().then(|| yields(own)).flatten(),
        })
    };
    let each = [None].into_iter().chain(modes.into_iter().map(Some));
    each.filter_map(model).collect()
}

/// By how much a supplier misses its dates; `None` where its own deliveries are too few to say.
fn slips(supplier: &SupplierRecord, own: &[DeliveryRecord], target: Level) -> Option<SlipModel> {
    let past: Vec<Slip> = own.iter().rev().filter_map(DeliveryRecord::slip).collect();
    let known = slip(&past, &supplier.id, target).filter(|known| OWN_MIN <= known.own)?;
    Some(SlipModel {
        days: known.days,
        level: target,
        sample: counted(known.own),
    })
}

/// How much of what is ordered comes, where that is habitually less.
fn yields(own: &[DeliveryRecord]) -> Option<YieldModel> {
    let past: Vec<(u32, u32)> = own
        .iter()
        .rev()
        .filter_map(DeliveryRecord::counts)
        .collect();
    Some(YieldModel {
        share: expected_yield(&past)?,
        sample: counted(past.len().min(YIELD_MAX)),
    })
}

/// Finds out which level would have foretold each of these deliveries on the day of its order, and
/// writes it down: what promises are calibrated by.
async fn judge(
    writing: &mut Writing,
    mut deliveries: Vec<DeliveryRecord>,
) -> Result<(), StoreError> {
    let told = |one: &DeliveryRecord| (one.ordered_on, one.supplier.clone());
    deliveries.sort_by_key(told);
    let mut judged = Vec::with_capacity(deliveries.len());
    for alike in deliveries.chunk_by(|one, other| told(one) == told(other)) {
        let Some(first) = alike.first() else { continue };
        let day = Some(first.ordered_on);
        let own = writing.newest_of(&first.supplier, day, OWN_MAX).await?;
        let pool = writing.newest(day, POOL_MAX).await?;
        let past = past(&own, &pool);
        let needed = |one: &DeliveryRecord| {
            let mode = one.mode.as_deref();
            let foretold = |level| {
                let known = lead_time(&past, &one.supplier, mode, None, level);
                known.is_some_and(|known| one.days() <= known.days)
            };
            (KNOWN_MIN <= past.len()).then(|| lowest(foretold))
        };
        judged.extend(alike.iter().map(|one| (one.id.clone(), needed(one))));
    }
    writing.put_needed_levels(&judged).await
}

/// The lowest level that is enough, if one is. What is enough stays so at every higher level.
fn lowest(enough: impl Fn(Level) -> bool) -> Option<Level> {
    let levels: Vec<Level> = (1..100)
        .filter_map(|percent| Level::new(percent).ok())
        .collect();
    let short = levels.partition_point(|level| !enough(*level));
    levels.get(short).copied()
}

/// What a supplier and all of them delivered, each newest first, as one past, oldest first.
fn past(own: &[DeliveryRecord], pool: &[DeliveryRecord]) -> Vec<Delivery> {
    let pooled: HashSet<&str> = pool.iter().map(|one| one.id.as_str()).collect();
    let older = own.iter().filter(|one| !pooled.contains(one.id.as_str()));
    let mut past: Vec<&DeliveryRecord> = pool.iter().chain(older).collect();
    past.sort_by_key(|one| (one.received_on, one.id.as_str()));
    past.into_iter().map(DeliveryRecord::delivery).collect()
}

fn counted(deliveries: usize) -> u32 {
    u32::try_from(deliveries).unwrap_or(u32::MAX)
}
