//! How many promises were kept.

use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::kept::Tally;
use shared::widening::Widened;
use shared::wire::Date;
use utoipa::{IntoParams, ToSchema};

use super::Refusals;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::promise_report::{By, promise_report};

/// Days before today from which on orders are looked at unless asked otherwise.
const REPORTED_DAYS: i64 = 365;

/// Which promises.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// `total` unless asked otherwise, `supplier`, `sku`, `horizon` or `month`.
    by: Option<String>,
    /// The first day of orders, UTC; a year ago unless given.
    from: Option<String>,
    /// The last day of orders, UTC; today unless given.
    to: Option<String>,
}

/// How many promises were kept, by the date that was told first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PromiseReport)]
pub struct Answer {
    /// By what they are told apart.
    by: String,
    /// The first day of orders.
    from: Date,
    /// The last day of orders.
    to: Date,
    /// One for each supplier, SKU, horizon or month.
    items: Vec<RowAnswer>,
    /// True if there were more than a report looks at: the oldest are missing. Ask for a shorter time.
    cut: bool,
}

/// Promises that were counted together. Each is part of a line with a date of its own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PromiseReportRow)]
pub struct RowAnswer {
    /// The supplier (`none` where there is none), SKU, days ahead (`3-7`), month or `total`.
    key: String,
    /// How many left by the day that was told first.
    kept: u32,
    /// How many left later, or still wait after that day, or were cancelled after it; and those that the shop cancelled, or the
    /// law in its place, whenever it was.
    broken: u32,
    /// How many wait and are not due yet.
    open: u32,
    /// How many say nothing: no date was told, or the shopper cancelled before it was over.
    aside: u32,
    /// `kept` of `kept` and `broken`; null where nothing was judged.
    rate: Option<f64>,
    /// The lower end of its interval of 95 % (Wilson's).
    rate_low: Option<f64>,
    /// The upper end.
    rate_high: Option<f64>,
    /// The same share of units instead of parts.
    unit_rate: Option<f64>,
    /// Days from the order to the day that was told first, on average.
    days_ahead: Option<f64>,
    /// Days by which the broken ones were late, on average.
    days_late: Option<f64>,
    /// Of a supplier: days that are added to all of its dates because too few of them were kept; else null.
    widened: Option<WidenedAnswer>,
}

/// Days that are added to all dates of a supplier, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Widened)]
pub struct WidenedAnswer {
    /// Calendar days, 30 at most.
    days: u32,
    /// Promises that were kept, or would have been without these days.
    kept: u32,
    /// Promises that were looked at, the latest of them.
    judged: u32,
    /// Percent that are to be kept.
    level: u8,
    /// Which of them: told for `near` days (14 ahead at most), for `far` ones, or `any`.
    horizon: &'static str,
}

impl WidenedAnswer {
    /// What is added, as it is told.
    pub fn of(widened: &Widened) -> Self {
        Self {
            days: widened.days,
            kept: widened.kept,
            judged: widened.judged,
            level: widened.level.percent(),
            horizon: widened.horizon.name(),
        }
    }
}

/// Says how many promises were kept, by the date that was told first
///
/// What still waits after its day is broken already; a date that was moved later hides no slip.
#[utoipa::path(
    get,
    path = "/v1/promises/report",
    tag = "merchants",
    params(Asked),
    responses((status = 200, description = "What was counted", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn report(
    State(app): State<App>,
    merchant: Merchant,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Answer>, Problem> {
    let Query(asked) = asked.map_err(|_| {
        let detail = "only by, from and to are known here, each once";
        Problem::invalid("?", "invalid_parameter", detail)
    })?;
    let name = asked.by.as_deref().unwrap_or("total");
    let by = match name {
        "total" => By::Total,
        "supplier" => By::Supplier,
        "sku" => By::Sku,
        "horizon" => By::Horizon,
        "month" => By::Month,
        _ => {
            let detail = "must be total, supplier, sku, horizon or month";
            return Err(Problem::invalid("?by", "invalid_parameter", detail));
        }
    };
    let today = app.clock.now().date_naive();
    let to = day(asked.to.as_deref(), "?to")?.unwrap_or(today);
    let from = day(asked.from.as_deref(), "?from")?.unwrap_or(to - TimeDelta::days(REPORTED_DAYS));
    if to < from {
        let detail = "must not be later than `to`";
        return Err(Problem::invalid("?from", "invalid_parameter", detail));
    }
    let (begin, end) = (midnight(from), midnight(to) + TimeDelta::days(1));
    let found = promise_report(&app, &merchant.store, by, begin, end).await?;
    Ok(Json(Answer {
        by: name.to_owned(),
        from: Date(from),
        to: Date(to),
        items: found
            .rows
            .iter()
            .map(|(key, tally)| RowAnswer {
                widened: found.widened.get(key).map(WidenedAnswer::of),
                ..RowAnswer::of(key, tally)
            })
            .collect(),
        cut: found.is_cut,
    }))
}

fn day(text: Option<&str>, pointer: &str) -> Result<Option<NaiveDate>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let day = Date::parse(text).ok_or_else(|| {
        let detail = "must be a date of the calendar, as YYYY-MM-DD";
        Problem::invalid(pointer, "invalid_date", detail)
    })?;
    Ok(Some(day.0))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

impl RowAnswer {
    fn of(key: &str, tally: &Tally) -> Self {
        let share = tally.share();
        let mean =
            |sum: u64, count: u32| (0 < count).then(|| rounded(sum as f64 / f64::from(count)));
        let units = tally.kept_units + tally.broken_units;
        Self {
            key: key.to_owned(),
            kept: tally.kept,
            broken: tally.broken,
            open: tally.open,
            aside: tally.aside,
            rate: share.map(|share| rounded(share.rate)),
            rate_low: share.map(|share| rounded(share.low)),
            rate_high: share.map(|share| rounded(share.high)),
            unit_rate: (0 < units).then(|| rounded(tally.kept_units as f64 / units as f64)),
            days_ahead: mean(tally.days_ahead, tally.kept + tally.broken),
            days_late: mean(tally.days_late, tally.broken),
            widened: None,
        }
    }
}

/// Four digits after the point: more would say more than is known.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
