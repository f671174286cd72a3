//! How many promises were kept, by the date that was told first.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use shared::calendar::DispatchCalendar;
use shared::ids::StoreId;
use shared::kept::{Fate, Tally, judge};
use shared::widening::Widened;

use super::ActError;
use super::records::{PartEnded, ToldPart};
use crate::app::App;
use crate::catalogue::Settings;

/// Most parts of orders that one report looks at: of more, the latest.
pub const REPORTED_PARTS_MAX: u32 = 200_000;
/// What stands where a SKU has no supplier.
pub const NO_SUPPLIER: &str = "none";

/// By what promises are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Not at all.
    Total,
    /// Who supplies what was bought.
    Supplier,
    /// What was bought.
    Sku,
    /// How many days ahead the date was told.
    Horizon,
    /// The month of the date that was told first.
    Month,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Keys with what was counted, in their order.
    pub rows: Vec<(String, Tally)>,
    /// By supplier, days that are added to its dates because too few were kept; only where it is told apart by supplier.
    pub widened: BTreeMap<String, Widened>,
    /// True if there were more parts than a report looks at: the oldest are missing.
    pub is_cut: bool,
}

/// Counts the promises of orders that were placed within a time.
///
/// # Errors
///
/// [`ActError::NotFound`], and as the database fails.
pub async fn promise_report(
    app: &App,
    store: &StoreId,
    by: By,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Report, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let told = told_within(app, store, from, to).await?;
    let mut widened = BTreeMap::new();
    if by == By::Supplier {
        let models = app.store.supplier_models(store, None).await?.into_iter();
        widened
            .extend(models.filter_map(|model| Some((model.supplier.to_string(), model.widened?))));
    }
    Ok(Report {
        rows: tallies(&told.parts, by, &shop.settings(), app.clock.now()),
        widened,
        is_cut: told.is_cut,
    })
}

/// Parts of orders with the dates that were told.
pub(super) struct ToldWithin {
    /// The latest of them, [`REPORTED_PARTS_MAX`] at most.
    pub(super) parts: Vec<ToldPart>,
    /// True if there were more.
    pub(super) is_cut: bool,
}

/// What was told for orders that were placed within a time.
pub(super) async fn told_within(
    app: &App,
    store: &StoreId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<ToldWithin, ActError> {
    let most = usize::try_from(REPORTED_PARTS_MAX).unwrap_or(usize::MAX);
    let asked = REPORTED_PARTS_MAX + 1;
    let mut parts = app.store.told_parts(store, from, to, asked).await?;
    let is_cut = most < parts.len();
    parts.truncate(most);
    Ok(ToldWithin { parts, is_cut })
}

/// Counts promises by what they have in common, in the order of rows.
pub(super) fn tallies(
    parts: &[ToldPart],
    by: By,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Vec<(String, Tally)> {
    let mut rows: BTreeMap<(u32, String), Tally> = BTreeMap::new();
    for part in parts {
        let mut locations = settings.locations.iter();
        let location = locations.find(|location| location.id == part.location);
        let calendar = &location.unwrap_or(&settings.location).calendar;
        let placed = calendar.today(part.placed_at);
        let fate = fate(part.ended, calendar);
        let ahead = part.first_by.map_or(0, |day| days_between(placed, day));
        let verdict = judge(part.first_by, fate, calendar.today(now));
        let tally = rows.entry(key(part, by, ahead)).or_default();
        tally.count(verdict, part.quantity, ahead);
    }
    let rows = rows.into_iter().map(|((_, key), tally)| (key, tally));
    rows.collect()
}

/// What became of a part, in days of the location where it leaves.
pub(super) fn fate(ended: PartEnded, calendar: &DispatchCalendar) -> Fate {
    match ended {
        PartEnded::NotYet => Fate::Waits,
        PartEnded::Shipped(at) => Fate::Shipped(calendar.today(at)),
        PartEnded::Cancelled(at, by) => Fate::Cancelled {
            on: calendar.today(at),
            by,
        },
        PartEnded::Sometime => Fate::Unknown,
    }
}

/// Where a promise is counted: a place in the order of rows, and its name.
fn key(part: &ToldPart, by: By, ahead: u32) -> (u32, String) {
    match by {
        By::Total => (0, "total".into()),
        By::Supplier => {
            let supplier = part.supplier.as_ref();
            (
                0,
                supplier.map_or_else(|| NO_SUPPLIER.into(), ToString::to_string),
            )
        }
        By::Sku => (0, part.sku.to_string()),
        By::Horizon => {
            const BANDS: [(u32, &str); 5] = [
                (2, "0-2"),
                (7, "3-7"),
                (14, "8-14"),
                (30, "15-30"),
                (60, "31-60"),
            ];
            let band = (0..).zip(BANDS).find(|(_, (last, _))| ahead <= *last);
            band.map_or((5, "61+".into()), |(at, (_, name))| (at, name.into()))
        }
        By::Month => match part.first_by {
            Some(day) => (0, format!("{:04}-{:02}", day.year(), day.month())),
            None => (1, "undated".into()),
        },
    }
}

/// Days from one day to a later one.
pub(super) fn days_between(from: NaiveDate, to: NaiveDate) -> u32 {
    u32::try_from((to - from).num_days()).unwrap_or(0)
}
