//! Look-ahead available-to-promise: which units can be promised for which day.
//!
//! Supply and claims are both dated by *ship-by* day before they meet, so that a claim is only ever
//! served by supply that can leave the house in time for it (domain.md 3.1 dates them by
//! availability day; the calendars are monotone, so the slices are the same, and claims need not be
//! translated back).

use std::borrow::Borrow;

use chrono::NaiveDate;

use crate::quantity::Quantity;
use crate::supply::{Claim, Due};

/// Units that can leave the house on a day or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// First civil date by which they can be with the carrier.
    pub ships_by: NaiveDate,
    /// How many.
    pub amount: Amount,
}

/// How much there is of something.
///
/// ```
/// use shared::promise::Amount;
/// use shared::quantity::Quantity;
///
/// let seven = Amount::Counted(Quantity::new(7));
/// assert_eq!(seven.min(Amount::Unlimited), seven);
/// assert_eq!(seven.plus(seven), Amount::Counted(Quantity::new(14)));
/// assert_eq!(seven.sets_of(Quantity::new(2)), Amount::Counted(Quantity::new(3)));
/// assert_eq!(seven.less(Quantity::new(9)), Amount::ZERO);
/// assert!(seven.covers(Quantity::new(7)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    /// That many.
    Counted(Quantity),
    /// As many as anybody asks for.
    Unlimited,
}

impl Amount {
    /// None at all.
    pub const ZERO: Self = Self::Counted(Quantity::ZERO);

    /// The count, where there is one.
    pub fn counted(self) -> Option<Quantity> {
        match self {
            Self::Counted(quantity) => Some(quantity),
            Self::Unlimited => None,
        }
    }

    /// True if `quantity` can be taken from it.
    pub fn covers(self, quantity: Quantity) -> bool {
        self.counted().is_none_or(|there| quantity <= there)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Counted(one), Self::Counted(other)) => Self::Counted(one.plus(other)),
            _ => Self::Unlimited,
        }
    }

    /// What is left after taking `quantity`.
    #[must_use]
    pub fn less(self, quantity: Quantity) -> Self {
        match self {
            Self::Counted(there) => Self::Counted(there.less(quantity)),
            Self::Unlimited => Self::Unlimited,
        }
    }

    /// How many times `each` can be taken from it.
    #[must_use]
    pub fn sets_of(self, each: Quantity) -> Self {
        match self {
            Self::Counted(there) => {
                let sets = there.units().checked_div(each.units());
                sets.map_or(Self::Unlimited, |sets| Self::Counted(Quantity::new(sets)))
            }
            Self::Unlimited => Self::Unlimited,
        }
    }
}

/// Part of a request, with the day by which it leaves the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slice {
    /// Units.
    pub quantity: Quantity,
    /// The civil date by which they are with the carrier.
    pub ships_by: NaiveDate,
    /// The location that they leave.
    pub from: Origin,
}

/// A location, as its place in the list of those that ship. The first, where there is one only.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(pub u16);

impl Slice {
    /// Units that leave the first location.
    pub fn new(quantity: Quantity, ships_by: NaiveDate) -> Self {
        Self {
            quantity,
            ships_by,
            from: Origin::default(),
        }
    }
}

/// What can be promised of a request without breaking any promise made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// Dated parts, earliest first, each day once.
    pub slices: Vec<Slice>,
    /// Units for which no honest date exists.
    pub undated: Quantity,
}

/// Stands for "as many as anybody asks for" in sums: above every sum of counted units, and far
/// enough below the largest integer that no sum overflows.
const UNLIMITED: i64 = i64::MAX / 8;

/// Look-ahead ATP of one SKU at one location, as steps in time.
///
/// `atp(t)` is the largest extra quantity that can leave by `t` without breaking an existing claim:
/// the minimum over all `s >= t` of cumulative supply to `s` less cumulative claims to `s`.
///
/// ```
/// use chrono::NaiveDate;
/// use shared::promise::{Amount, Atp, Slice, Supply};
/// use shared::quantity::Quantity;
/// use shared::supply::Claim;
///
/// // domain.md V2: an earlier order of 10 is due on 15 January. New units must wait for the 25th.
/// let day = |day| NaiveDate::from_ymd_opt(2027, 1, day).expect("a date");
/// let supply = |on, units| Supply { ships_by: day(on), amount: Amount::Counted(Quantity::new(units)) };
/// let claim = Claim::by(day(15), Quantity::new(10));
/// let atp = Atp::new(&[supply(8, 5), supply(15, 5), supply(25, 20)], &[claim]);
/// let promised = atp.slices(Quantity::new(3), day(31));
/// assert_eq!(promised.slices, [Slice::new(Quantity::new(3), day(25))]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atp {
    /// Days on which supply becomes shippable, with what may be promised from then on. Ascending in
    /// both, each day once.
    steps: Vec<(NaiveDate, i64)>,
}

impl Atp {
    /// Sums supply and claims up, in any order.
    pub fn new(
        supply: impl IntoIterator<Item = impl Borrow<Supply>>,
        claims: impl IntoIterator<Item = impl Borrow<Claim>>,
    ) -> Self {
        let arrivals = supply.into_iter().map(|part| {
            let part = part.borrow();
            (part.ships_by, signed(part.amount), true)
        });
        let dues = claims.into_iter().map(|claim| {
            let claim = claim.borrow();
            // Who waits without a date comes before whoever asks now, so that nobody is served past them.
            let day = match claim.due {
                Due::Owed | Due::Undated => NaiveDate::MIN,
                Due::By(day) => day,
            };
            (day, -i64::from(claim.quantity.units()), false)
        });
        let mut events: Vec<(NaiveDate, i64, bool)> = arrivals.chain(dues).collect();
        events.sort_unstable_by_key(|(day, _, _)| *day);

        // What is left at the end of each day, then the minimum of all that follows it.
        let mut steps: Vec<(NaiveDate, i64, bool)> = Vec::with_capacity(events.len());
        let mut left = 0_i64;
        for (day, change, arrives) in events {
            left = left.saturating_add(change).min(UNLIMITED.saturating_mul(4));
            match steps.last_mut() {
                Some(step) if step.0 == day => *step = (day, left, step.2 || arrives),
                _ => steps.push((day, left, arrives)),
            }
        }
        let mut lowest = i64::MAX;
        for step in steps.iter_mut().rev() {
            lowest = lowest.min(step.1);
            step.1 = lowest;
        }
        Self {
            steps: steps
                .into_iter()
                .filter(|step| step.2)
                .map(|(day, atp, _)| (day, atp))
                .collect(),
        }
    }

    /// The days from which on more can leave, with the largest extra quantity that can; ascending.
    pub fn steps(&self) -> impl Iterator<Item = (NaiveDate, Amount)> {
        self.steps.iter().map(|(day, atp)| (*day, amount(*atp)))
    }

    /// The largest extra quantity that can leave by `day`.
    pub fn by(&self, day: NaiveDate) -> Amount {
        let reached = self
            .steps
            .iter()
            .take_while(|(step, _)| *step <= day)
            .last();
        amount(reached.map_or(0, |(_, atp)| *atp))
    }

    /// Dates `quantity` units, none later than `horizon`.
    pub fn slices(&self, quantity: Quantity, horizon: NaiveDate) -> Promised {
        let wanted = i64::from(quantity.units());
        let mut slices = Vec::new();
        let mut taken = 0_i64;
        for (day, atp) in self.steps.iter().take_while(|(day, _)| *day <= horizon) {
            let more = (*atp).min(wanted) - taken;
            if 0 < more {
                slices.push(Slice::new(counted(more), *day));
                taken += more;
            }
        }
        Promised {
            slices,
            undated: counted(wanted - taken),
        }
    }
}

/// Merges slices smaller than `min_shipment` into the one that follows; a small last slice takes
/// the one before it along. Nothing gets earlier by it.
///
/// ```
/// use shared::promise::{Slice, merge_small};
/// use shared::quantity::Quantity;
///
/// let slice = |units, day: &str| Slice::new(Quantity::new(units), day.parse().expect("a date"));
/// let slices = vec![slice(1, "2027-01-13"), slice(5, "2027-02-03"), slice(1, "2027-02-10")];
/// let merged = merge_small(slices, Quantity::new(2));
/// assert_eq!(merged, [slice(7, "2027-02-10")]);
/// ```
pub fn merge_small(slices: Vec<Slice>, min_shipment: Quantity) -> Vec<Slice> {
    let mut merged: Vec<Slice> = Vec::with_capacity(slices.len());
    for slice in slices {
        match merged.last_mut() {
            Some(last) if last.quantity < min_shipment => {
                *last = Slice {
                    quantity: last.quantity.plus(slice.quantity),
                    ..slice
                };
            }
            _ => merged.push(slice),
        }
    }
    if let [.., before, last] = merged.as_mut_slice()
        && last.quantity < min_shipment
    {
        *before = Slice {
            quantity: before.quantity.plus(last.quantity),
            ..*last
        };
        merged.pop();
    }
    merged
}

/// The slices of each day summed, wherever they leave. They stand in the order of their days.
///
/// ```
/// use shared::promise::{Origin, Slice, by_day};
/// use shared::quantity::Quantity;
///
/// let slice = |units, day: &str| Slice::new(Quantity::new(units), day.parse().expect("a date"));
/// let elsewhere = Slice { from: Origin(1), ..slice(2, "2027-01-13") };
/// let days = by_day(&[slice(1, "2027-01-13"), elsewhere, slice(5, "2027-02-03")]);
/// assert_eq!(days, [slice(3, "2027-01-13"), slice(5, "2027-02-03")]);
/// ```
pub fn by_day(slices: &[Slice]) -> Vec<Slice> {
    let mut days: Vec<Slice> = Vec::with_capacity(slices.len());
    for slice in slices {
        match days.last_mut().filter(|day| day.ships_by == slice.ships_by) {
            Some(day) => day.quantity = day.quantity.plus(slice.quantity),
            None => days.push(*slice),
        }
    }
    days
}

fn signed(amount: Amount) -> i64 {
    match amount {
        Amount::Counted(quantity) => i64::from(quantity.units()),
        Amount::Unlimited => UNLIMITED,
    }
}

fn amount(units: i64) -> Amount {
    if UNLIMITED / 2 < units {
        Amount::Unlimited
    } else {
        Amount::Counted(counted(units))
    }
}

/// Negative ATP means that promises are already broken: nothing more can be promised.
fn counted(units: i64) -> Quantity {
    Quantity::new(u32::try_from(units.max(0)).unwrap_or(u32::MAX))
}
