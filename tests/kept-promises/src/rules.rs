//! Four ways to answer "when does it leave the house?", from what a shop knows on the day.
//!
//! Each is asked only for what is not on the shelf, and returns the day by which all units leave, or `None`: then the
//! shopper is told "no date" and leaves. No rule tells a day that is past. What arrives is shipped on that day, and there
//! are no weekends: only the dates of supply are compared. Ours plans as the server does (`server::operations::learn` and
//! `shared::supply::Incoming`), where suppliers declare nothing and the merchant adds no days.

use chrono::{Days, NaiveDate, TimeDelta};
use shared::availability::{HORIZON_DAYS_MAX, OVERDUE_FENCE_DAYS, OVERDUE_OFFSET_DAYS};
use shared::ids::SupplierId;
use shared::lead_time::{
    Delivery, Level, OWN_MIN, Slip, SlipQuantile, lead_time_after, slip_after,
};
use shared::promise::{Amount, Atp, Supply};
use shared::quantity::Quantity;
use shared::supply::Claim;

use crate::traces::days_between;

/// What the shop knows of a SKU on a day, before that day's arrivals.
#[derive(Debug)]
pub struct Known<'a> {
    /// The day.
    pub today: NaiveDate,
    /// Who delivers the SKU.
    pub supplier: &'a SupplierId,
    /// What was received by now, of all suppliers.
    pub deliveries: &'a [Delivery],
    /// How the dates named for them turned out.
    pub slips: &'a [Slip],
    /// The supplier's mean lead time so far, in days; from the first judged day on it stands.
    pub usual_days: u32,
    /// Days that are added to the dates of its supplier because too few promises were kept.
    pub widened_days: u32,
    /// Units on the shelf that nobody waits for.
    pub free: u32,
    /// Orders under way.
    pub open: Vec<OpenOrder<'a>>,
    /// Who waits, with the day promised.
    pub claims: Vec<Claim>,
}

/// An order under way, as the shop sees it.
#[derive(Debug)]
pub struct OpenOrder<'a> {
    /// Which one.
    pub order: usize,
    /// Units.
    pub units: u32,
    /// How it is shipped.
    pub mode: &'a str,
    /// When it was placed.
    pub ordered_on: NaiveDate,
    /// The date that the supplier named, once it did.
    pub named: Option<NaiveDate>,
}

/// A way to promise dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The date of the next order under way, for whatever quantity.
    NextIncomingDate,
    /// The supplier's mean lead time from today, and some days more, whatever is under way.
    FixedLeadTime {
        /// Days on top.
        more: u32,
    },
    /// The dates that suppliers named, and some days more; each unit promised once.
    SuppliersPromise {
        /// Days on top.
        more: u32,
    },
    /// The dates by which a share of such orders comes; each unit promised once.
    Ours {
        /// The shares.
        levels: Levels,
    },
}

/// The shares of orders that are to come by the day that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// Of those for which the supplier named no date.
    pub lead_time: Level,
    /// Of those for which it did.
    pub slip: Level,
}

impl Levels {
    /// The same share of both.
    pub fn both(level: Level) -> Self {
        Self {
            lead_time: level,
            slip: level,
        }
    }
}

impl Rule {
    /// The day by which `units` leave the house.
    pub fn ships_by(self, known: &Known<'_>, units: u32) -> Option<NaiveDate> {
        match self {
            Self::NextIncomingDate => {
                let dates = known.open.iter().map(|order| expected(known, order, 0));
                dates.flatten().min()
            }
            Self::FixedLeadTime { more } => {
                Some(known.today + Days::new((known.usual_days + more).into()))
            }
            Self::SuppliersPromise { more } => {
                from_supply(known, units, |order| expected(known, order, more))
            }
            Self::Ours { levels } => {
                from_supply(known, units, |order| planned(known, order, levels))
            }
        }
    }

    /// The share of deliveries, in percent, that comes by the supplier's date and the days added, for a promise that rests on
    /// one; else 0.
    pub fn reached(self, known: &Known<'_>, ships_by: NaiveDate) -> u8 {
        let Self::Ours { levels } = self else {
            return 0;
        };
        let dated = known.open.iter().filter_map(|order| {
            let (slip, day) = slipped(known, order, levels)?;
            let day = day + Days::new(known.widened_days.into());
            (day == ships_by).then_some(slip.reached)
        });
        dated.max().unwrap_or_default()
    }

    /// The order that a promise waits for, where it is ours.
    pub fn opened_by(self, known: &Known<'_>, ships_by: NaiveDate) -> Option<usize> {
        let Self::Ours { levels } = self else {
            return None;
        };
        let mut open = known.open.iter();
        let opens = open.find(|order| planned(known, order, levels) == Some(ships_by));
        opens.map(|order| order.order)
    }
}

/// The date in the merchant's file: the one that the supplier named, until then its usual lead time; `more` days on top.
/// A date that is past is worth nothing.
fn expected(known: &Known<'_>, order: &OpenOrder<'_>, more: u32) -> Option<NaiveDate> {
    let usual = order.ordered_on + Days::new(known.usual_days.into());
    let day = order.named.unwrap_or(usual) + Days::new(more.into());
    (known.today <= day).then_some(day)
}

/// The day by which a share of orders comes that are as far as this one. `None` where it is unknown, or where the order is
/// later than anybody waits.
fn planned(known: &Known<'_>, order: &OpenOrder<'_>, levels: Levels) -> Option<NaiveDate> {
    let as_ordered = match order.named {
        None => lasting(known, order, levels, 0)?,
        Some(named) if !is_known(known) => named,
        Some(named) => slipping(known, named, levels, i32::MIN)?.1,
    } + Days::new(known.widened_days.into());
    if as_ordered + Days::new(OVERDUE_FENCE_DAYS.into()) < known.today {
        return None;
    }
    let waited = days_between(order.ordered_on, known.today);
    let foreseen = match order.named {
        None => lasting(known, order, levels, waited),
        Some(_) if !is_known(known) => None,
        Some(_) => slipped(known, order, levels)
            .map(|(_, day)| day)
            .or_else(|| lasting(known, order, levels, waited)),
    };
    let foreseen = foreseen.map(|day| day + Days::new(known.widened_days.into()));
    foreseen.or_else(|| {
        let late = as_ordered < known.today;
        let offset = Days::new(OVERDUE_OFFSET_DAYS.into());
        Some(if late {
            known.today + offset
        } else {
            as_ordered
        })
    })
}

/// The day by which orders come that took so many days at least.
fn lasting(
    known: &Known<'_>,
    order: &OpenOrder<'_>,
    levels: Levels,
    waited: u32,
) -> Option<NaiveDate> {
    let (past, mode) = (known.deliveries, Some(order.mode));
    let lasts = lead_time_after(past, known.supplier, mode, None, levels.lead_time, waited)?;
    let enough = OWN_MIN <= lasts.own + lasts.pooled;
    enough.then(|| order.ordered_on + Days::new(lasts.days.into()))
}

/// The date that the supplier named, and how far such dates slip that are as far as this one.
fn slipped(
    known: &Known<'_>,
    order: &OpenOrder<'_>,
    levels: Levels,
) -> Option<(SlipQuantile, NaiveDate)> {
    let named = order.named.filter(|_| is_known(known))?;
    let overdue = i32::try_from((known.today - named).num_days()).ok()?;
    slipping(known, named, levels, overdue)
}

/// The same of dates that slipped so far at least: never to a day before the one named.
fn slipping(
    known: &Known<'_>,
    named: NaiveDate,
    levels: Levels,
    overdue: i32,
) -> Option<(SlipQuantile, NaiveDate)> {
    let slip = slip_after(known.slips, known.supplier, levels.slip, overdue)?;
    Some((slip, named + TimeDelta::days(slip.days.max(0).into())))
}

/// True if enough is known of how the supplier's own dates turn out.
fn is_known(known: &Known<'_>) -> bool {
    let mut own = known
        .slips
        .iter()
        .filter(|slip| slip.supplier == *known.supplier);
    own.nth(OWN_MIN - 1).is_some()
}

/// Look-ahead ATP over what is free and what is under way, less what is promised already.
fn from_supply<'a>(
    known: &Known<'a>,
    units: u32,
    date: impl Fn(&OpenOrder<'a>) -> Option<NaiveDate>,
) -> Option<NaiveDate> {
    let supply = |ships_by, units| Supply {
        ships_by,
        amount: Amount::Counted(Quantity::new(units)),
    };
    let dated = known
        .open
        .iter()
        .filter_map(|order| Some(supply(date(order)?, order.units)));
    let all: Vec<Supply> = dated.chain([supply(known.today, known.free)]).collect();
    let horizon = known.today + Days::new(HORIZON_DAYS_MAX.into());
    let promised = Atp::new(&all, &known.claims).slices(Quantity::new(units), horizon);
    let last = promised.slices.last()?;
    promised.undated.is_zero().then_some(last.ships_by)
}
