//! Four ways to answer "when does it leave the house?", from what a shop knows on the day.
//!
//! Each is asked only for what is not on the shelf, and returns the day by which all units leave, or `None`: then the
//! shopper is told "no date" and leaves. No rule tells a day that is past. What arrives is shipped on that day, and there
//! are no weekends: only the dates of supply are compared.

use chrono::{Days, NaiveDate, TimeDelta};
use shared::availability::HORIZON_DAYS_MAX;
use shared::ids::SupplierId;
use shared::lead_time::{Delivery, Level, Slip, SlipQuantile, lead_time_after, slip_after};
use shared::promise::{Amount, Atp, Supply};
use shared::quantity::Quantity;
use shared::supply::Claim;

use crate::traces::days_between;

/// What the shop knows of a SKU on a day, after that day's arrivals.
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
        /// The share.
        level: Level,
    },
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
            Self::Ours { level } => from_supply(known, units, |order| planned(known, order, level)),
        }
    }

    /// Percentage points by which a promise for `ships_by` is safer than asked, because the supplier's own dates are.
    pub fn surplus(self, known: &Known<'_>, ships_by: NaiveDate) -> u8 {
        let Self::Ours { level } = self else { return 0 };
        let dated = known.open.iter().filter_map(|order| {
            let (named, slip) = slipped(known, order, level)?;
            (named + TimeDelta::days(slip.days.into()) == ships_by).then_some(slip.reached)
        });
        let reached = dated.max().unwrap_or_default();
        reached.saturating_sub(level.percent())
    }
}

/// The date in the merchant's file: the one that the supplier named, until then its usual lead time; `more` days on top.
/// A date that is past is worth nothing.
fn expected(known: &Known<'_>, order: &OpenOrder<'_>, more: u32) -> Option<NaiveDate> {
    let usual = order.ordered_on + Days::new(known.usual_days.into());
    let day = order.named.unwrap_or(usual) + Days::new(more.into());
    (known.today < day).then_some(day)
}

/// The day by which `level` of orders come that are as far as this one.
fn planned(known: &Known<'_>, order: &OpenOrder<'_>, level: Level) -> Option<NaiveDate> {
    let named = slipped(known, order, level);
    let named = named.map(|(named, slip)| named + TimeDelta::days(slip.days.into()));
    named.or_else(|| {
        let waited = days_between(order.ordered_on, tomorrow(known));
        let lead_time = lead_time_after(
            known.deliveries,
            known.supplier,
            Some(order.mode),
            None,
            level,
            waited,
        )?;
        Some(order.ordered_on + Days::new(lead_time.days.into()))
    })
}

/// The date that the supplier named, and how far such dates slip.
fn slipped(
    known: &Known<'_>,
    order: &OpenOrder<'_>,
    level: Level,
) -> Option<(NaiveDate, SlipQuantile)> {
    let named = order.named?;
    let overdue = i32::try_from((tomorrow(known) - named).num_days()).ok()?;
    let slip = slip_after(known.slips, known.supplier, level, overdue)?;
    Some((named, slip))
}

/// Today's arrivals are in: what is under way comes tomorrow at the earliest.
fn tomorrow(known: &Known<'_>) -> NaiveDate {
    known.today + Days::new(1)
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
