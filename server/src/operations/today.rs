//! What a merchant should look at today: promises that are not kept as they were told, payments that a customer has to make, goods that
//! run low, drafts of orders, parcels that can leave.

use chrono::NaiveDate;
use shared::ids::StoreId;

use super::ActError;
use super::parcels::parcels;
use super::records::{Alert, AlertKind, PaymentNeeded, Reorder, ReorderStatus, WaitingPart};
use crate::app::App;
use crate::catalogue::Shop;

/// Most entries of each list.
pub const ENTRIES_MAX: usize = 20;
/// Most alerts and drafts that are counted.
pub const COUNTED_MAX: u32 = 1_000;

/// What is to be looked at, each list with how much there is of it in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Today {
    /// The day where the goods leave.
    pub day: NaiveDate,
    /// What leaves later than it was told first, or nobody knows when, the latest first.
    pub at_risk: (usize, Vec<AtRisk>),
    /// Parcels that wait for money.
    pub payments: (usize, Vec<PaymentNeeded>),
    /// Goods at or below their reorder point, those that came there first at first; at most [`COUNTED_MAX`] are counted.
    pub low_stock: (usize, Vec<RunsLow>),
    /// Drafts of orders at suppliers that wait to be approved; at most [`COUNTED_MAX`] are counted.
    pub drafts: (usize, Vec<Reorder>),
    /// Parcels that can leave.
    pub ready: usize,
}

/// Goods at or below their reorder point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunsLow {
    /// The SKU.
    pub sku: String,
    /// What it is called.
    pub title: Option<String>,
    /// On hand, and incoming, less what was owed, when it came there.
    pub position: Option<i64>,
    /// Its reorder point then.
    pub reorder_point: Option<u32>,
}

/// A promise that is not kept as it was told first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtRisk {
    /// What waits.
    pub part: WaitingPart,
    /// Calendar days from the day that was told first to the one by which it leaves, today at the soonest. `None`: nobody knows when.
    pub days_late: Option<i64>,
}

/// Looks at everything of a shop that waits.
pub async fn today(app: &App, shop: &Shop) -> Result<Today, ActError> {
    let now = app.clock.now();
    let store: &StoreId = &shop.id;
    let day = shop.settings().location.calendar.today(now);
    let waiting = app.store.waiting(store, now).await?;
    let (payments, some) = app.store.payments_needed(store, ENTRIES_MAX).await?;
    let alerts = app.store.alerts(store, true, "", COUNTED_MAX).await?;
    let low = alerts
        .into_iter()
        .filter(|alert| alert.kind == AlertKind::LowStock);
    let status = Some(ReorderStatus::Draft);
    let drafts = app.store.reorders(store, status, None, COUNTED_MAX).await?;
    Ok(Today {
        day,
        ready: parcels(&waiting).len(),
        low_stock: some_of(low.map(|alert| RunsLow::of(alert, shop)).collect()),
        drafts: some_of(drafts),
        at_risk: at_risk(waiting, day),
        payments: (payments, some),
    })
}

fn some_of<T>(mut all: Vec<T>) -> (usize, Vec<T>) {
    let count = all.len();
    all.truncate(ENTRIES_MAX);
    (count, all)
}

fn at_risk(waiting: Vec<WaitingPart>, today: NaiveDate) -> (usize, Vec<AtRisk>) {
    let mut found: Vec<AtRisk> = waiting
        .into_iter()
        .filter_map(|part| AtRisk::of(part, today))
        .collect();
    // What nobody knows comes first, then what is latest; of the same, who came first.
    found.sort_by_key(|one| (one.days_late.is_some(), one.days_late.map(|days| -days)));
    some_of(found)
}

impl RunsLow {
    fn of(alert: Alert, shop: &Shop) -> Self {
        let entry = shop.entry(&alert.subject);
        Self {
            title: entry.and_then(|entry| entry.title().map(str::to_owned)),
            sku: alert.subject,
            position: alert.position,
            reorder_point: alert.reorder_point,
        }
    }
}

impl AtRisk {
    fn of(part: WaitingPart, today: NaiveDate) -> Option<Self> {
        // What was told no day breaks none.
        let first = part.first_due.day()?;
        let Some(now) = part.due_day() else {
            return Some(Self {
                part,
                days_late: None,
            });
        };
        let days = (now.max(today) - first).num_days();
        (0 < days).then_some(Self {
            part,
            days_late: Some(days),
        })
    }
}
