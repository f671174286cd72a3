//! Learns from what came how suppliers deliver. Part of the acts by which something comes.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use shared::ids::{Sku, SupplierId};
use shared::lead_time::{
    Delivery, JUDGED_MAX, Level, OWN_MAX, OWN_MIN, Outlook, POOL_MAX, Slip, YIELD_MAX, calibrated,
    expected_yield, lead_time, less_surplus, slip,
};

use super::judged::Judged;
use super::records::{
    DeliveryRecord, Foretold, LeadTimeModel, Needed, PurchaseOrder, SlipModel, StoreRecord,
    SupplierModel, SupplierRecord, YieldModel,
};
use crate::store::{StoreError, Writing};

/// Deliveries of one supplier that are looked at, newest first: enough to find the last dates and
/// counts, where only some have one.
pub(super) const OWN_LOADED_MAX: usize = 400;
/// Deliveries of all suppliers that are looked at, newest first: enough to find some that took as long as an
/// order that is late.
pub(super) const POOL_LOADED_MAX: usize = 2_000;
/// Ways of shipping that are looked at, the supplier's own first, the last used first.
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
    Ok(learn_of(writing, supplier).await?.unwrap_or_default())
}

/// Learns from a history that was taken in. Returns the SKUs whose dates may move by it.
pub(super) async fn learn_from_history(writing: &mut Writing) -> Result<Vec<Sku>, StoreError> {
    let newest = writing.newest(None, JUDGED_MAX).await?;
    judge(writing, newest).await?;
    learn_of_all(writing).await
}

/// Learns anew of one supplier, if the store has it. Returns the SKUs whose dates may move by it; `None` where nothing new was learnt.
pub(super) async fn learn_of(
    writing: &mut Writing,
    supplier: &SupplierId,
) -> Result<Option<Vec<Sku>>, StoreError> {
    let known = writing.supplier(supplier).await?;
    learn(writing, known.into_iter().collect()).await
}

/// Learns anew of all suppliers. Returns the SKUs whose dates may move by it.
pub(super) async fn learn_of_all(writing: &mut Writing) -> Result<Vec<Sku>, StoreError> {
    let suppliers = writing.suppliers().await?;
    Ok(learn(writing, suppliers).await?.unwrap_or_default())
}

async fn learn(
    writing: &mut Writing,
    suppliers: Vec<SupplierRecord>,
) -> Result<Option<Vec<Sku>>, StoreError> {
    let Some(store) = writing.store_record().await? else {
        return Ok(None);
    };
    let levels = levels(writing, &store).await?;
    let pool = writing.newest(None, POOL_LOADED_MAX).await?;
    let judged = Judged::new(writing, &store).await?;
    let mut touched: Option<BTreeSet<Sku>> = None;
    for supplier in suppliers {
        let own = writing
            .newest_of(&supplier.id, None, OWN_LOADED_MAX)
            .await?;
        let mut models = models(&supplier, &own, &pool, levels);
        if let Some(any) = models.iter_mut().find(|model| model.mode.is_empty()) {
            any.widened = judged.widened(writing, &supplier.id, levels.slip).await?;
        }
        if let Some(more) = writing.put_models(&supplier.id, &models).await? {
            touched.get_or_insert_default().extend(more);
        }
    }
    Ok(touched.map(|touched| touched.into_iter().collect()))
}

/// The levels at which to promise.
#[derive(Clone, Copy)]
struct Levels {
    lead_time: Level,
    slip: Level,
}

/// Finds the levels at which the merchant's target was kept by those deliveries that would have been foretold, and
/// takes off what the dates that were told are safer than asked.
async fn levels(writing: &mut Writing, store: &StoreRecord) -> Result<Levels, StoreError> {
    let target = store.promise_level;
    let foretold = writing.foretold().await?;
    let reached = writing.reached().await?;
    let level = |needed: fn(&Foretold) -> Needed| {
        let kept = |needed: Option<Level>| needed.is_some_and(|needed| needed <= target);
        let kept: Vec<bool> = foretold.iter().filter_map(needed).map(kept).collect();
        let level = calibrated(target, &kept);
        let surplus = |reached: &u8| reached.saturating_sub(level.percent());
        less_surplus(level, &reached.iter().map(surplus).collect::<Vec<_>>())
    };
    Ok(Levels {
        lead_time: level(|one| one.lead_time),
        slip: level(|one| one.slip),
    })
}

/// What deliveries say of a supplier: of any way of shipping, then of each that was seen. Nothing
/// where nothing is known at all.
fn models(
    supplier: &SupplierRecord,
    own: &[DeliveryRecord],
    pool: &[DeliveryRecord],
    levels: Levels,
) -> Vec<SupplierModel> {
    let records = past(own, pool);
    let past: Vec<Delivery> = records.iter().map(|one| one.delivery()).collect();
    let mut modes = BTreeSet::new();
    // Others' ways of shipping too: the first order by one of them leans on theirs.
    let all = own.iter().chain(pool);
    for mode in all.filter_map(|one| one.mode.as_deref()) {
        if modes.len() < MODES_MAX {
            modes.insert(mode);
        }
    }
    let model = |mode: Option<&str>| {
        let (declared, level) = (supplier.lead_time_days, levels.lead_time);
        let known = lead_time(&past, &supplier.id, mode, declared, level)?;
        let outlook = Outlook::of_lead_times(&past, &supplier.id, mode, declared, level);
        Some(SupplierModel {
            supplier: supplier.id.clone(),
            mode: mode.unwrap_or_default().to_owned(),
            lead_time: LeadTimeModel {
                days: known.days,
                level,
                own: counted(known.own),
                pooled: counted(known.pooled),
            },
            lead_time_outlook: Arc::new(outlook),
            slip: mode
                .is_none()
                .then(|| slips(supplier, &records, levels.slip))
                .flatten(),
            expected_yield: mode.is_none().then(|| yields(own)).flatten(),
            widened: None,
        })
    };
    let each = [None].into_iter().chain(modes.into_iter().map(Some));
    each.filter_map(model).collect()
}

/// By how much a supplier misses its dates; `None` where its own deliveries are too few to say.
fn slips(
    supplier: &SupplierRecord,
    records: &[&DeliveryRecord],
    level: Level,
) -> Option<SlipModel> {
    let past: Vec<Slip> = records.iter().filter_map(|one| one.slip()).collect();
    let known = slip(&past, &supplier.id, level).filter(|known| OWN_MIN <= known.own)?;
    Some(SlipModel {
        days: known.days,
        level,
        sample: counted(known.own),
        outlook: Arc::new(Outlook::of_slips(&past, &supplier.id, level)),
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

/// Finds out which levels would have foretold each of these deliveries on the day of its order, and
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
        let records = past(&own, &pool);
        let past: Vec<Delivery> = records.iter().map(|one| one.delivery()).collect();
        let slips: Vec<Slip> = records.iter().filter_map(|one| one.slip()).collect();
        let lead_time_needed = |one: &DeliveryRecord| {
            let mode = one.mode.as_deref();
            let foretold = |level| {
                let known = lead_time(&past, &one.supplier, mode, None, level);
                known.is_some_and(|known| one.days() <= known.days)
            };
            (KNOWN_MIN <= past.len()).then(|| lowest(foretold))
        };
        let of_its_own = slips.iter().filter(|slip| slip.supplier == first.supplier);
        let known_slips = of_its_own.count();
        let slip_needed = |one: &DeliveryRecord| {
            let slipped = one.slip().filter(|_| OWN_MIN <= known_slips)?;
            Some(lowest(|level| {
                let known = slip(&slips, &one.supplier, level);
                known.is_some_and(|known| slipped.days <= known.days.max(0))
            }))
        };
        judged.extend(alike.iter().map(|one| {
            let foretold = Foretold {
                lead_time: lead_time_needed(one),
                slip: slip_needed(one),
            };
            (one.id.clone(), foretold)
        }));
    }
    writing.put_foretold(&judged).await
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
pub(super) fn past<'a>(
    own: &'a [DeliveryRecord],
    pool: &'a [DeliveryRecord],
) -> Vec<&'a DeliveryRecord> {
    let pooled: HashSet<&str> = pool.iter().map(|one| one.id.as_str()).collect();
    let older = own.iter().filter(|one| !pooled.contains(one.id.as_str()));
    let mut past: Vec<&DeliveryRecord> = pool.iter().chain(older).collect();
    past.sort_by_key(|one| (one.received_on, one.id.as_str()));
    past
}

fn counted(deliveries: usize) -> u32 {
    u32::try_from(deliveries).unwrap_or(u32::MAX)
}
