//! What a shop lets everybody read of how many of its dates were kept: shares and counts of promises, and nothing of what was
//! promised.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use shared::ids::StoreId;
use shared::kept::Tally;

use super::ActError;
use super::promise_report::{By, tallies, told_within};
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::KEPT_RATE_MAX_AGE_S;

/// Days before today from which on orders are looked at.
const PUBLISHED_DAYS: i64 = 365;

/// What everybody may read.
#[derive(Debug, PartialEq, Eq)]
pub struct KeptRate {
    /// The first day of orders, UTC.
    pub from: NaiveDate,
    /// The last one.
    pub to: NaiveDate,
    /// When it was counted; for [`KEPT_RATE_MAX_AGE_S`] it is said again as it is.
    pub counted_at: DateTime<Utc>,
    /// All promises.
    pub total: Tally,
    /// Those told so many days ahead, the nearest first.
    pub by_horizon: Vec<(String, Tally)>,
    /// Those told for days of a month, the first one first.
    pub by_month: Vec<(String, Tally)>,
    /// True if there were more than are looked at: the oldest are missing.
    pub is_cut: bool,
}

/// What was counted last for each store. Whoever asks while it is counted waits for it, so that it is counted once.
#[derive(Default)]
pub struct KeptRates(Mutex<HashMap<StoreId, Arc<Counted>>>);

type Counted = tokio::sync::Mutex<Option<Arc<KeptRate>>>;

/// How many of a shop's dates were kept; `None` where the shop does not publish it.
///
/// # Errors
///
/// As the database fails.
pub async fn kept_rate(app: &App, shop: &Shop) -> Result<Option<Arc<KeptRate>>, ActError> {
    if !shop.settings().publish_kept_rate {
        return Ok(None);
    }
    let counted = app.kept_rates.of(&shop.id);
    let mut counted = counted.lock().await;
    let now = app.clock.now();
    let age_max = TimeDelta::seconds(KEPT_RATE_MAX_AGE_S.into());
    if let Some(last) = counted
        .as_ref()
        .filter(|last| now < last.counted_at + age_max)
    {
        return Ok(Some(Arc::clone(last)));
    }
    let fresh = Arc::new(count(app, shop, now).await?);
    *counted = Some(Arc::clone(&fresh));
    Ok(Some(fresh))
}

async fn count(app: &App, shop: &Shop, now: DateTime<Utc>) -> Result<KeptRate, ActError> {
    let to = now.date_naive();
    let from = to - TimeDelta::days(PUBLISHED_DAYS);
    let begin = from.and_time(NaiveTime::MIN).and_utc();
    let told = told_within(app, &shop.id, begin, now).await?;
    let settings = shop.settings();
    let judged = |by| {
        let mut rows = tallies(&told.parts, by, &settings, now);
        // What is only waited for says nothing yet.
        rows.retain(|(_, tally)| 0 < tally.kept + tally.broken);
        rows
    };
    let total = judged(By::Total).pop();
    Ok(KeptRate {
        from,
        to,
        counted_at: now,
        total: total.map_or_else(Tally::default, |(_, tally)| tally),
        by_horizon: judged(By::Horizon),
        by_month: judged(By::Month),
        is_cut: told.is_cut,
    })
}

impl KeptRates {
    fn of(&self, store: &StoreId) -> Arc<Counted> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(store.clone()).or_default())
    }
}
