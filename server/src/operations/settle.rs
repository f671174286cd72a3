//! Keeps promises true when supply changes: those that cannot be kept get another date, each with a cause,
//! in the change that made it necessary.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use shared::ids::{ReservationId, Sku};
use shared::kit::Goods;
use shared::quantity::Quantity;
use shared::repromise::{Held, leave_together, repromise};
use shared::shipment::PlanKind;
use shared::supply::Due;

use super::ActError;
use super::basis::promise_basis;
use super::delays::tell;
use super::records::{PartKey, PromiseBasis, PromisedPart};
use crate::catalogue::Settings;
use crate::store::Writing;
use crate::webhooks::happened::{Happened, Moved};

/// How often it is followed from a kit to its parts, and on to the kits that they are in.
const KITS_FOLLOWED_MAX: usize = 3;

/// Why dates changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Somebody counted.
    StockCounted,
    /// Somebody moved counts, for a reason.
    StockAdjusted,
    /// A file said so.
    StockImported,
    /// A purchase order has other dates or quantities, or does not come.
    PurchaseOrderChanged,
    /// A SKU has another release, lead time or supplier.
    SkuChanged,
    /// A supplier has other days, or keeps its dates otherwise than was thought.
    SupplierChanged,
    /// Goods came.
    GoodsReceived,
    /// Somebody who came before does not want it any more.
    ReservationEnded,
    /// Somebody who was put before them took what they were to have.
    Overtaken,
    /// Time passed, and what should have come did not.
    SupplyLate,
}

impl Cause {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::StockCounted => "stock_counted",
            Self::StockAdjusted => "stock_adjusted",
            Self::StockImported => "stock_imported",
            Self::PurchaseOrderChanged => "purchase_order_changed",
            Self::SkuChanged => "sku_changed",
            Self::SupplierChanged => "supplier_changed",
            Self::GoodsReceived => "goods_received",
            Self::ReservationEnded => "reservation_ended",
            Self::Overtaken => "overtaken",
            Self::SupplyLate => "supply_late",
        }
    }
}

/// Looks whether all that is promised of `skus` (of all, where there is no list) can be kept, and promises
/// anew what cannot, or what can be had much sooner. Returns the SKUs whose promises changed.
pub(super) async fn settle(
    writing: &mut Writing,
    settings: &Settings,
    skus: Option<&[Sku]>,
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<Vec<Sku>, ActError> {
    let claimed = writing.claimed_among(skus).await?;
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    settle_claimed(writing, settings, &claimed, cause, now).await
}

/// The same for SKUs of which it is known that something of them is promised.
pub(super) async fn settle_claimed(
    writing: &mut Writing,
    settings: &Settings,
    claimed: &[Sku],
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<Vec<Sku>, ActError> {
    // Whoever waits for a part of the same kit is judged too, or would outrank all others.
    let mut parts = writing.promised(claimed).await?;
    for _ in 0..KITS_FOLLOWED_MAX {
        let mut all: BTreeSet<Sku> = skus_of(&parts).collect();
        // What has no date since something else of its parcel has none may have one again, but only with that.
        let undated = parts.iter().filter(|part| part.held.due == Due::Undated);
        let undated = together(undated);
        if !undated.is_empty() {
            all.extend(skus_of(&writing.promised_to(&undated).await?));
        }
        let all: Vec<Sku> = all.into_iter().collect();
        let more = writing.promised(&all).await?;
        if more.len() <= parts.len() {
            break;
        }
        parts = more;
    }
    let bought = parts.iter().map(|part| part.held.sku.clone());
    let wanted: BTreeSet<Sku> = skus_of(&parts).chain(bought).collect();
    let wanted: Vec<Sku> = wanted.into_iter().collect();
    let mut facts = writing.facts(&wanted).await?;
    let held: Vec<Held> = parts.iter().map(|part| part.held.clone()).collect();
    let (locations, policy) = (&settings.locations, &settings.promises);
    let better_by = Some(settings.better_by_days);
    let replaced = repromise(&held, &facts, locations, policy, better_by, now);

    let anew: Vec<Anew> = replaced
        .into_iter()
        .map(|one| Anew {
            before: parts[one.held].clone(),
            parts: one.parts,
            better: one.better,
        })
        .collect();
    let anew = with_companions(writing, anew).await?;
    let missing = anew.iter().map(|one| one.before.held.sku.clone());
    let missing: BTreeSet<Sku> = missing.filter(|sku| !facts.contains_key(sku)).collect();
    if !missing.is_empty() {
        let missing: Vec<Sku> = missing.into_iter().collect();
        facts.extend(writing.facts(&missing).await?);
    }

    let mut changed: Vec<Sku> = Vec::new();
    let mut moved: Vec<(ReservationId, PartKey)> = Vec::new();
    let mut dates: Vec<Moved> = Vec::new();
    for one in anew {
        let before = &one.before;
        let cause = match one.better {
            true => "sooner",
            false => cause.name(),
        };
        let Some(bought) = facts.get(&before.held.sku) else {
            continue;
        };
        let goods = Goods::new(bought, |sku| facts.get(sku)).unwrap_or(Goods::broken(bought));
        for (at, held) in one.parts.into_iter().enumerate() {
            let location = locations
                .iter()
                .find(|location| location.id == held.location);
            let basis = match (location, held.due) {
                (Some(location), Due::By(day)) => promise_basis(&goods, location, policy, day, now),
                _ => PromiseBasis {
                    json: "{}".into(),
                    ..PromiseBasis::default()
                },
            };
            let (part, split_from) = match at {
                0 => (before.part, before.split_from),
                _ => {
                    let origin = before.split_from.unwrap_or(before.part);
                    (writing.next_part(before).await?, Some(origin))
                }
            };
            let part = PromisedPart {
                part,
                split_from,
                takes: share(before, held.quantity),
                held,
                ..before.clone()
            };
            writing.promise(&part, cause, &basis).await?;
            if part.part != before.part
                && let Ok(order) = before.reservation.as_str().parse()
            {
                let (line, from, to) = (part.line, before.part, part.part);
                writing.inherit_delays(&order, line, from, to).await?;
            }
            if part.held.due != before.held.due
                && let Ok(order) = before.reservation.as_str().parse()
            {
                dates.push(Moved {
                    order,
                    line: part.line,
                    sku: part.held.sku.clone(),
                    quantity: part.held.quantity,
                    was_by: before.held.due.day(),
                    ships_by: part.held.due.day(),
                    cause,
                });
            }
            moved.push((
                part.reservation.clone(),
                PartKey {
                    line: part.line,
                    part: part.part,
                },
            ));
            changed.extend(part.takes.into_iter().map(|(sku, _)| sku));
        }
    }
    changed.sort_unstable();
    changed.dedup();
    let orders = tell(writing, settings, &moved, now).await?;
    // What is only held for a cart is told to nobody.
    dates.retain(|moved| orders.contains(&moved.order));
    for moved in dates {
        writing.happened(|| Happened::Moved(moved));
    }
    Ok(changed)
}

/// What a part becomes.
struct Anew {
    before: PromisedPart,
    /// What is promised instead; adds up to the same units.
    parts: Vec<Held>,
    /// True if all of it leaves sooner than was promised.
    better: bool,
}

/// The same where what leaves with something that slips waits for it, and where nothing leaves sooner than what it
/// leaves with. What comes out as it was is left out.
async fn with_companions(
    writing: &mut Writing,
    mut anew: Vec<Anew>,
) -> Result<Vec<Anew>, ActError> {
    let shared = together(anew.iter().map(|one| &one.before));
    if shared.is_empty() {
        return Ok(anew);
    }
    let companions = writing.promised_to(&shared).await?;
    for order in companions.chunk_by(|one, next| one.reservation == next.reservation) {
        let mut becomes: Vec<Vec<Held>> = Vec::with_capacity(order.len());
        let mut better: Vec<bool> = Vec::with_capacity(order.len());
        for part in order {
            let place = anew.iter().position(|one| is_same(&one.before, part));
            let one = place.map(|place| anew.remove(place));
            better.push(one.as_ref().is_some_and(|one| one.better));
            becomes.push(one.map_or_else(|| vec![part.held.clone()], |one| one.parts));
        }
        leave_together(&mut becomes);
        let parts = order.iter().zip(becomes).zip(better);
        let parts = parts.map(|((before, parts), better)| Anew {
            better: better && parts.iter().all(|part| part.due != Due::Undated),
            before: before.clone(),
            parts,
        });
        anew.extend(parts.filter(|one| one.parts != [one.before.held.clone()]));
    }
    Ok(anew)
}

/// The orders and holds among whose parts some leave together.
fn together<'a>(parts: impl Iterator<Item = &'a PromisedPart>) -> Vec<ReservationId> {
    let parts = parts.filter(|part| part.plan == PlanKind::Together);
    let ids: BTreeSet<&str> = parts.map(|part| part.reservation.as_str()).collect();
    ids.into_iter().filter_map(|id| id.parse().ok()).collect()
}

fn is_same(one: &PromisedPart, other: &PromisedPart) -> bool {
    let key = |part: &PromisedPart| (part.reservation.clone(), part.line, part.part);
    key(one) == key(other)
}

/// All that some parts take from the shelf.
fn skus_of(parts: &[PromisedPart]) -> impl Iterator<Item = Sku> {
    let takes = parts.iter().flat_map(|part| &part.takes);
    takes.map(|(sku, _)| sku.clone())
}

/// What `units` of a part take, in the proportion in which the part does.
fn share(part: &PromisedPart, units: Quantity) -> Vec<(Sku, Quantity)> {
    let all = part.held.quantity.units().max(1);
    let takes = part.takes.iter();
    takes
        .map(|(sku, taken)| {
            (
                sku.clone(),
                Quantity::new(taken.units() / all * units.units()),
            )
        })
        .collect()
}
