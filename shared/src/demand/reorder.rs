//! When to order, and how much.

use super::distribution::Distribution;
use crate::lead_time::Level;
use crate::quantity::{QUANTITY_MAX, Quantity};

/// Which share is to be served, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Cycle service: the share of the times between two orders in which nothing is missing.
    Cycle(Level),
    /// Fill rate: the share of units that leave at once, from the shelf.
    Fill(Level),
}

/// What a supplier accepts, and for how long an order is to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// Fewest units of an order that are worth the work: usually what is wanted over some weeks.
    pub wanted: Quantity,
    /// Fewest units that the supplier sends.
    pub minimum: Quantity,
    /// Units of a pack: only whole packs are ordered. None is as one.
    pub pack: Quantity,
}

/// Units that a shop has, will have, and owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stock {
    /// On the shelf, in saleable condition.
    pub on_hand: Quantity,
    /// On open orders at suppliers.
    pub incoming: Quantity,
    /// Sold and not yet sent, because they were not there.
    pub backorders: Quantity,
}

/// When to order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReorderPoint {
    /// Order when the inventory position is at or below it. `None`: not at all; the service is reached without any stock.
    pub at: Option<Quantity>,
    /// Mean units wanted until an order at the next review could be there.
    pub expected: f64,
    /// Units on top of those, for what may be wanted beyond the mean. They are for sale: no [`Place::safety_stock`], which is withheld.
    ///
    /// [`Place::safety_stock`]: crate::supply::Place::safety_stock
    pub safety_stock: Quantity,
}

impl Stock {
    /// On hand, and incoming, less backorders. Negative where more is owed than comes.
    pub fn position(self) -> i64 {
        let units = |quantity: Quantity| i64::from(quantity.units());
        units(self.on_hand) + units(self.incoming) - units(self.backorders)
    }
}

impl Lot {
    /// The fewest units that can be ordered and are at least so many: whole packs, and the supplier's minimum.
    ///
    /// ```
    /// use shared::demand::Lot;
    /// use shared::quantity::Quantity;
    ///
    /// let lot = Lot { wanted: Quantity::new(5), minimum: Quantity::new(20), pack: Quantity::new(12) };
    /// assert_eq!(lot.at_least(Quantity::new(3)), Quantity::new(24));
    /// assert_eq!(lot.at_least(Quantity::new(25)), Quantity::new(36));
    /// ```
    pub fn at_least(self, units: Quantity) -> Quantity {
        let units = units.max(self.wanted).max(self.minimum).units();
        let pack = self.pack.units().max(1);
        let packs = units.min(QUANTITY_MAX).div_ceil(pack);
        Quantity::new(packs.saturating_mul(pack))
    }
}

impl ReorderPoint {
    /// The lowest one with which a service is reached.
    ///
    /// `demand` is what may be wanted until an order at the next review could be there. For cycle service what is there has to cover its
    /// quantile. For a fill rate what is missing per order has to be little enough: of an order of Q units at position s, the mean
    /// of what is missing beyond s less that beyond s + Q (Hadley and Whitin, *Analysis of Inventory Systems*, 1963, section 4.2).
    ///
    /// ```
    /// use shared::demand::{LeadTimes, Lot, Period, Pool, ReorderPoint, Rhythm, Service, Stock};
    /// use shared::lead_time::Level;
    /// use shared::quantity::Quantity;
    ///
    /// let weeks: Vec<Period> = (0..60).map(|at| Period::Sold(Quantity::new(8 + at * 7 % 5))).collect();
    /// let pool = Pool::learn(&[&weeks], None);
    /// let forecast = pool.forecast(&weeks);
    ///
    /// // Looked at once a week; the supplier takes three.
    /// let rhythm = Rhythm { review_days: 7, period_days: 7.0 };
    /// let demand = forecast.until_covered(&LeadTimes::certain(21), rhythm);
    /// let lot = Lot { wanted: Quantity::new(20), minimum: Quantity::ZERO, pack: Quantity::new(12) };
    /// let point = ReorderPoint::for_service(&demand, Service::Cycle(Level::new(95)?), lot);
    /// assert_eq!((point.at, point.expected.round(), point.safety_stock), (Some(Quantity::new(45)), 39.0, Quantity::new(7)));
    ///
    /// let stock = Stock { on_hand: Quantity::new(20), incoming: Quantity::new(24), backorders: Quantity::new(2) };
    /// assert_eq!(point.order(stock, lot), Some(Quantity::new(24)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_service(demand: &Distribution, service: Service, lot: Lot) -> Self {
        let needed = match service {
            Service::Cycle(level) => demand.quantile(level),
            Service::Fill(level) => filled(demand, level, lot.at_least(Quantity::new(1))),
        };
        let expected = demand.mean();
        let on_top = (f64::from(needed.units()) - expected).round().max(0.0);
        Self {
            // With one unit less than needed an order is due.
            at: needed.checked_sub(Quantity::new(1)),
            expected,
            // At most as many as are needed: the cast is exact.
            safety_stock: Quantity::new(on_top as u32),
        }
    }

    /// How much to order, if anything: what the lot wants, and enough to be above the point afterwards.
    pub fn order(self, stock: Stock, lot: Lot) -> Option<Quantity> {
        let missing = i64::from(self.at?.units()) + 1 - stock.position();
        if missing <= 0 {
            return None;
        }
        let missing = u32::try_from(missing).unwrap_or(QUANTITY_MAX);
        Some(lot.at_least(Quantity::new(missing)))
    }
}

/// The fewest units with which a share of all units leaves at once, where `ordered` come at a time.
fn filled(demand: &Distribution, level: Level, ordered: Quantity) -> Quantity {
    let missing_max =
        (1.0 - f64::from(level.percent()) / 100.0) * f64::from(ordered.units()) + 1e-9;
    let is_enough = |units: u32| {
        let units = Quantity::new(units);
        demand.missing(units) - demand.missing(units.plus(ordered)) <= missing_max
    };
    let (mut few, mut enough) = (0, demand.most().units());
    while few < enough {
        let middle = few + (enough - few) / 2;
        if is_enough(middle) {
            enough = middle;
        } else {
            few = middle + 1;
        }
    }
    Quantity::new(enough)
}
