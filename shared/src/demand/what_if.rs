//! What would have been: a way to order, tried on days that have passed.

use super::reorder::Stock;
use crate::quantity::Quantity;

/// Days that have passed, of one SKU.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Units wanted on each day, sold or not.
    pub wanted: &'a [Quantity],
    /// Calendar days that each order took, the first placed first; after the last, the first again.
    pub lead_times: &'a [u32],
    /// The first day that is judged, counted from 0. Days before it show how the shop came there.
    pub judged_from: usize,
}

/// What came of it, on the days that are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Days.
    pub days: u64,
    /// Days in the evening of which the shelf was empty.
    pub days_empty: u64,
    /// Units wanted.
    pub wanted: u64,
    /// Units of them that left at once.
    pub at_once: u64,
    /// Units on the shelf in the evening, over all days.
    pub unit_days: u64,
    /// Orders placed.
    pub orders: u64,
}

/// Lives through past days. Every `review_days` in the evening, from day 0 on, `decide` is asked what to order.
///
/// On a day first what arrives is put on the shelf, then who waits is served, then who asks. Who finds too little takes what is there
/// and waits for the rest. `decide` is given the day and what there is; it must know no more than was known in that evening.
///
/// ```
/// use shared::demand::{Past, Stock, replay};
/// use shared::quantity::Quantity;
///
/// // Two a day; ten are there. Whenever at most ten are there or under way, ten more are ordered, which take three days.
/// let past = Past { wanted: &[Quantity::new(2); 30], lead_times: &[3], judged_from: 0 };
/// let opening = Stock { on_hand: Quantity::new(10), ..Stock::default() };
/// let ten = Quantity::new(10);
/// let found = replay(past, opening, 1, |_, stock| if stock.position() <= 10 { ten } else { Quantity::ZERO });
/// assert_eq!((found.wanted, found.at_once, found.orders), (60, 60, 7));
/// let late = Past { lead_times: &[9], ..past };
/// let found = replay(late, opening, 1, |_, stock| if stock.position() <= 10 { ten } else { Quantity::ZERO });
/// assert_eq!(found.fill_rate(), Some(28.0 / 60.0));
/// ```
pub fn replay(
    past: Past<'_>,
    opening: Stock,
    review_days: u32,
    mut decide: impl FnMut(usize, Stock) -> Quantity,
) -> Outcome {
    let mut stock = opening;
    let mut incoming: Vec<(usize, Quantity)> = Vec::new();
    let mut lead_times = past.lead_times.iter().cycle();
    let mut found = Outcome::default();
    let review_days = review_days.max(1) as usize;
    for (day, wanted) in past.wanted.iter().enumerate() {
        incoming.retain(|(arrives, units)| {
            let arrived = *arrives <= day;
            if arrived {
                stock.on_hand = stock.on_hand.plus(*units);
                stock.incoming = stock.incoming.less(*units);
            }
            !arrived
        });
        let served = stock.on_hand.min(stock.backorders);
        stock.on_hand = stock.on_hand.less(served);
        stock.backorders = stock.backorders.less(served);
        let at_once = stock.on_hand.min(*wanted);
        stock.on_hand = stock.on_hand.less(at_once);
        stock.backorders = stock.backorders.plus(wanted.less(at_once));
        let ordered = if day.is_multiple_of(review_days) {
            decide(day, stock)
        } else {
            Quantity::ZERO
        };
        if !ordered.is_zero() {
            let days = lead_times.next().copied().unwrap_or_default();
            // What comes on the day of the order comes too late for it.
            incoming.push((day + days.max(1) as usize, ordered));
            stock.incoming = stock.incoming.plus(ordered);
        }
        if past.judged_from <= day {
            found.days += 1;
            found.days_empty += u64::from(stock.on_hand.is_zero());
            found.wanted += u64::from(wanted.units());
            found.at_once += u64::from(at_once.units());
            found.unit_days += u64::from(stock.on_hand.units());
            found.orders += u64::from(!ordered.is_zero());
        }
    }
    found
}

impl Outcome {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            days: self.days + other.days,
            days_empty: self.days_empty + other.days_empty,
            wanted: self.wanted + other.wanted,
            at_once: self.at_once + other.at_once,
            unit_days: self.unit_days + other.unit_days,
            orders: self.orders + other.orders,
        }
    }

    /// The share of units that left at once; `None` where none was wanted.
    pub fn fill_rate(self) -> Option<f64> {
        (0 < self.wanted).then(|| self.at_once as f64 / self.wanted as f64)
    }

    /// Mean units of a SKU on the shelf in the evening.
    pub fn mean_stock(self) -> f64 {
        self.unit_days as f64 / (self.days as f64).max(1.0)
    }
}
