//! What can leave now, of what customers wait for.

use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use shared::ids::{LocationId, OrderId, ShipmentId};
use shared::shipment::PlanKind;

use super::records::WaitingPart;

use crate::hex;

/// Longest id of an order, in bytes: the ids of its shipments begin with it.
pub const ORDER_ID_BYTES_MAX: usize = 40;

/// Where a part stands among all that wait: what was promised for the earliest day first, then who came first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePlace {
    /// Whom the merchant put first comes first.
    priority: Reverse<u32>,
    /// What has no date comes last.
    is_undated: bool,
    day: Option<NaiveDate>,
    rank: u64,
    order: OrderId,
    line: u32,
    part: u32,
}

impl QueuePlace {
    /// Where this one stands.
    pub fn of(part: &WaitingPart) -> Self {
        let day = part.due_day();
        Self {
            priority: Reverse(part.priority),
            is_undated: day.is_none(),
            day,
            rank: part.rank,
            order: part.order.clone(),
            line: part.line,
            part: part.part,
        }
    }
}

impl fmt::Display for QueuePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day.map(|day| day.to_string()).unwrap_or_default();
        let Self {
            priority: Reverse(priority),
            rank,
            order,
            line,
            part,
            ..
        } = self;
        write!(formatter, "{priority} {day} {rank} {order} {line} {part}")
    }
}

/// The text is no place: take one as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no place in the queue")]
pub struct NoPlace;

impl FromStr for QueuePlace {
    type Err = NoPlace;

    fn from_str(raw: &str) -> Result<Self, NoPlace> {
        let fields: Vec<&str> = raw.split(' ').collect();
        let [priority, day, rank, order, line, part] = fields[..] else {
            return Err(NoPlace);
        };
        let day = match day {
            "" => None,
            day => Some(day.parse().map_err(|_| NoPlace)?),
        };
        Ok(Self {
            priority: Reverse(priority.parse().map_err(|_| NoPlace)?),
            is_undated: day.is_none(),
            day,
            rank: rank.parse().map_err(|_| NoPlace)?,
            order: order.parse().map_err(|_| NoPlace)?,
            line: line.parse().map_err(|_| NoPlace)?,
            part: part.parse().map_err(|_| NoPlace)?,
        })
    }
}

/// Goods of one order that are on the shelf of one location and may leave together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// What the shipment will be called. It tells what is in it: another part more or less, and it is another.
    pub id: ShipmentId,
    /// Whose it is.
    pub order: OrderId,
    /// Where it leaves.
    pub location: LocationId,
    /// What is in it.
    pub parts: Vec<WaitingPart>,
}

/// The parcels that can leave now. What is sent separately leaves as it is filled; what is sent together leaves a
/// location when all of it is there.
///
/// `waiting` has the parts of each order beside one another.
pub fn parcels(waiting: &[WaitingPart]) -> Vec<Parcel> {
    waiting
        .chunk_by(|one, next| one.order == next.order)
        .flat_map(parcels_of)
        .collect()
}

fn parcels_of(order: &[WaitingPart]) -> Vec<Parcel> {
    let mut locations: Vec<&LocationId> = order.iter().map(|part| &part.location).collect();
    locations.sort_unstable();
    locations.dedup();
    let parcel = |location: &LocationId| {
        let there = order.iter().filter(|part| part.location == *location);
        let (filled, open): (Vec<_>, Vec<_>) = there.cloned().partition(|part| part.filled);
        let first = filled.first()?;
        if first.plan == PlanKind::Together && !open.is_empty() {
            return None;
        }
        Some(Parcel {
            id: id(&filled)?,
            order: first.order.clone(),
            location: location.clone(),
            parts: filled,
        })
    };
    locations.into_iter().filter_map(parcel).collect()
}

fn id(parts: &[WaitingPart]) -> Option<ShipmentId> {
    let first = parts.first()?;
    let mut content = Sha256::new();
    content.update(first.location.as_str());
    for part in parts {
        content.update([0]);
        content.update(part.line.to_be_bytes());
        content.update(part.part.to_be_bytes());
        content.update(part.quantity.units().to_be_bytes());
    }
    let content = content.finalize();
    let id = format!("{}.{}", first.order, hex::text(&content[..8]));
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use shared::quantity::Quantity;
    use shared::supply::Due;

    use super::*;
    use crate::operations::records::order_of;

    fn part(order: &str, plan: PlanKind, line: u32, location: &str, filled: bool) -> WaitingPart {
        WaitingPart {
            order: order.parse().expect("an id"),
            plan,
            line,
            part: 0,
            sku: "mug".parse().expect("a SKU"),
            quantity: Quantity::new(2),
            location: location.parse().expect("an id"),
            due: Due::Undated,
            filled,
            priority: 0,
            rank: 1,
            first_due: Due::Undated,
            purchase_orders: Vec::new(),
        }
    }

    fn lines(waiting: &[WaitingPart]) -> Vec<(String, Vec<u32>)> {
        let line = |parcel: Parcel| {
            let lines = parcel.parts.iter().map(|part| part.line).collect();
            (format!("{} {}", parcel.order, parcel.location), lines)
        };
        parcels(waiting).into_iter().map(line).collect()
    }

    #[test]
    fn separately_it_leaves_as_it_is_filled_and_together_when_all_is_there() {
        let (apart, whole) = (PlanKind::Separate, PlanKind::Together);
        let waiting = [
            part("one", apart, 0, "main", true),
            part("one", apart, 1, "main", false),
            part("two", whole, 0, "main", true),
            part("two", whole, 1, "main", false),
            part("two", whole, 2, "north", true),
            part("three", apart, 0, "main", false),
        ];
        let expected = [
            ("one main".to_owned(), vec![0]),
            ("two north".to_owned(), vec![2]),
        ];
        assert_eq!(lines(&waiting), expected);
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let undated = part("one", PlanKind::Separate, 3, "main", false);
        let dated = WaitingPart {
            due: Due::By("2026-12-11".parse().expect("a date")),
            rank: 7,
            ..undated.clone()
        };
        let put_first = WaitingPart {
            priority: 5,
            ..undated.clone()
        };
        let places = [put_first, dated, undated].map(|part| QueuePlace::of(&part));
        assert!(places.is_sorted());
        for place in places {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert_eq!("0 2026-12-11 7 one".parse::<QueuePlace>(), Err(NoPlace));
    }

    #[test]
    fn a_parcel_with_other_goods_is_another() {
        let one = part("one", PlanKind::Separate, 0, "main", true);
        let two = part("one", PlanKind::Separate, 1, "main", true);
        let fewer = WaitingPart {
            quantity: Quantity::new(1),
            ..one.clone()
        };
        let ids = [
            vec![one.clone()],
            vec![one, two.clone()],
            vec![fewer],
            vec![two],
        ]
        .map(|parts| parcels(&parts)[0].id.clone());
        for (at, id) in ids.iter().enumerate() {
            assert_eq!(order_of(id), "one".parse().ok());
            assert!(!ids[..at].contains(id), "{id}");
        }
    }
}
