//! What a shop has to look like by what was done in it, kept by nobody but this test.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use server::operations::records::Standing;

/// Sold from the shelf alone.
pub const DENIED: &str = "denied";
/// Made to order, up to a limit of units that are owed.
pub const LIMITED: &str = "limited";
/// Sold from purchase orders too.
pub const AWAITED: &str = "awaited";
/// Of one that is limited and two that are awaited.
pub const KIT: &str = "kit";
/// Units that may be owed of [`LIMITED`].
pub const LIMIT: i64 = 4;
/// What lies on a shelf.
pub const COUNTED: [&str; 3] = [DENIED, LIMITED, AWAITED];

/// What a unit of a SKU takes from the shelf.
pub fn takes(sku: &str) -> Vec<(&'static str, i64)> {
    match sku {
        KIT => vec![(LIMITED, 1), (AWAITED, 2)],
        DENIED => vec![(DENIED, 1)],
        LIMITED => vec![(LIMITED, 1)],
        _ => vec![(AWAITED, 1)],
    }
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub sku: String,
    pub ordered: i64,
    pub shipped: i64,
    pub cancelled: i64,
}

impl Line {
    /// Units that wait.
    pub fn open(&self) -> i64 {
        self.ordered - self.shipped - self.cancelled
    }
}

/// What is held for a cart.
#[derive(Debug, Clone)]
pub struct Hold {
    pub lines: Vec<(String, i64)>,
    pub expires_at: DateTime<Utc>,
    pub renewals: u32,
}

/// The shop.
#[derive(Debug, Default)]
pub struct Model {
    pub on_hand: BTreeMap<String, i64>,
    pub orders: BTreeMap<String, Vec<Line>>,
    pub holds: BTreeMap<String, Hold>,
    /// Units that are still to come of [`AWAITED`], by purchase order.
    pub coming: BTreeMap<String, i64>,
    /// Delivery notes that were recorded: the purchase order, their name and the units.
    pub receipts: Vec<(String, String, i64)>,
}

impl Model {
    /// Units of what lies on a shelf that are promised at a moment.
    pub fn promised(&self, sku: &str, now: DateTime<Utc>) -> i64 {
        let orders = self.orders.values().flatten();
        let ordered = orders.map(|line| (line.sku.as_str(), line.open()));
        let holds = self.holds.values().filter(|hold| now < hold.expires_at);
        let held = holds.flat_map(|hold| &hold.lines);
        let held = held.map(|(sku, units)| (sku.as_str(), *units));
        let all = ordered.chain(held);
        all.flat_map(|(of, units)| {
            takes(of)
                .into_iter()
                .map(move |(part, each)| (part, each * units))
        })
        .filter(|(part, _)| *part == sku)
        .map(|(_, units)| units)
        .sum()
    }

    /// Most units that may be promised of what lies on a shelf.
    pub fn capacity(&self, sku: &str) -> i64 {
        self.on_hand[sku]
            + match sku {
                LIMITED => LIMIT,
                AWAITED => self.coming.values().sum(),
                _ => 0,
            }
    }

    /// Takes what was bought off the shelf.
    pub fn take(&mut self, sku: &str, units: i64) {
        for (part, each) in takes(sku) {
            *self.on_hand.get_mut(part).expect("a shelf") -= each * units;
        }
    }

    /// What an order has to look like.
    pub fn lines(standing: &Standing) -> Vec<Line> {
        let line = |line: &server::operations::records::OrderLine| Line {
            sku: line.sku.to_string(),
            ordered: line.quantity.units().into(),
            shipped: line.shipped.units().into(),
            cancelled: line.cancelled.units().into(),
        };
        standing.order.lines.iter().map(line).collect()
    }
}
