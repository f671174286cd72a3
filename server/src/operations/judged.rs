//! Judges the promises that waited for a supplier, so that its dates are widened where too few are kept. Part of learning.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use shared::calendar::DispatchCalendar;
use shared::ids::{LocationId, SupplierId};
use shared::kept::{Fate, Verdict, judge};
use shared::lead_time::Level;
use shared::widening::{PROMISES_MAX, Past, Widened, widened};

use super::promise_report::{days_between, fate};
use super::records::{PastPromise, StoreRecord};
use crate::store::{StoreError, Writing};

/// Days after which a promise says nothing any more of those that are made today.
const JUDGED_DAYS: u64 = 365;

/// By what promises are judged: the days of each location, the moment, and the share that is to be kept.
pub(super) struct Judged {
    calendars: HashMap<LocationId, DispatchCalendar>,
    main: LocationId,
    now: DateTime<Utc>,
    level: Level,
}

impl Judged {
    /// Gets ready to judge promises of a store.
    pub(super) async fn new(
        writing: &mut Writing,
        store: &StoreRecord,
    ) -> Result<Self, StoreError> {
        let locations = writing.locations().await?.into_iter();
        Ok(Self {
            calendars: locations
                .map(|location| (location.id.clone(), location.calendar()))
                .collect(),
            main: store.location.clone(),
            now: writing.at(),
            level: store.promise_level,
        })
    }

    /// By how much the dates of a supplier are to be widened, which are told at `told_at`.
    pub(super) async fn widened(
        &self,
        writing: &mut Writing,
        supplier: &SupplierId,
        told_at: Level,
    ) -> Result<Option<Widened>, StoreError> {
        let Some(today) = self.calendar(&self.main).map(|days| days.today(self.now)) else {
            return Ok(None);
        };
        let since = today - Days::new(JUDGED_DAYS);
        let promises = writing
            .past_promises(supplier, since, today, PROMISES_MAX)
            .await?;
        let past: Vec<Past> = promises.iter().filter_map(|one| self.past(one)).collect();
        Ok(widened(&past, self.level, told_at))
    }

    /// How a promise turned out; `None` where it says nothing.
    fn past(&self, promise: &PastPromise) -> Option<Past> {
        let calendar = self.calendar(&promise.location)?;
        let first_by = promise.first_by;
        let fate = fate(promise.ended, calendar);
        let late = match (judge(Some(first_by), fate, calendar.today(self.now)), fate) {
            (Verdict::Kept, Fate::Shipped(on)) => days(first_by, on),
            // What the shop cancelled before its day was over would not have left on it.
            (Verdict::Broken { days_late }, _) => i32::try_from(days_late.max(1)).ok()?,
            _ => return None,
        };
        let widened_days = i32::try_from(promise.widened_days).ok()?;
        let without = first_by - Days::new(promise.widened_days.into());
        // What is made to order for one day comes together.
        let delivery = promise.purchase_order.clone();
        Some(Past {
            missed_by: late.saturating_add(widened_days),
            ahead: days_between(calendar.today(promise.placed_at), without),
            delivery: delivery.unwrap_or_else(|| format!("made for {first_by}")),
        })
    }

    fn calendar(&self, location: &LocationId) -> Option<&DispatchCalendar> {
        let there = self.calendars.get(location);
        there.or_else(|| self.calendars.get(&self.main))
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> i32 {
    i32::try_from((to - from).num_days()).unwrap_or_default()
}
