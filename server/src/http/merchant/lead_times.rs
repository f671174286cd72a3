//! `GET /v1/lead-times`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::lead_time::{Month, Spread};
use utoipa::ToSchema;

use super::Refusals;
use super::suppliers::{LeadTimeAnswer, SlipAnswer};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::track_records::{Supplier, track_records};

/// Months that are told of each supplier, the newest.
const MONTHS_MAX: usize = 36;

/// What suppliers did so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadTimes)]
pub struct List {
    /// Suppliers, by id.
    items: Vec<Answer>,
}

/// What a supplier did so far, beside what its dates are planned by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupplierLeadTimes)]
pub struct Answer {
    /// The supplier.
    supplier: String,
    /// What people call it.
    name: String,
    /// Its deliveries that are looked at: of the newest 20,000 of all suppliers.
    deliveries: usize,
    /// Calendar days from order to arrival.
    lead_time: Option<SpreadAnswer>,
    /// Calendar days from order to the date that it told first.
    promised: Option<SpreadAnswer>,
    /// Calendar days from the date that it told first to the arrival; negative where it was early.
    slip: Option<SpreadAnswer>,
    /// The dates that it kept; null where it told none.
    kept: Option<KeptAnswer>,
    /// Months in which something came, oldest first; the newest 36.
    months: Vec<MonthAnswer>,
    /// The days within which its deliveries are expected.
    expected: Option<LeadTimeAnswer>,
    /// By how much its dates are expected to slip.
    expected_slip: Option<SlipAnswer>,
}

/// How days spread: each quantile is a value that was seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DaysSpread)]
pub struct SpreadAnswer {
    /// Deliveries behind it.
    n: usize,
    /// A tenth took no longer.
    p10: i64,
    /// Half.
    p50: i64,
    /// Four fifths.
    p80: i64,
    /// Nine tenths.
    p90: i64,
}

/// Dates that were kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatesKept)]
pub struct KeptAnswer {
    /// Dates that were told and came due.
    n: u32,
    /// The share of them that was kept.
    rate: f64,
    /// The lower end of its 95 % interval (Wilson's).
    low: f64,
    /// The upper end.
    high: f64,
}

/// What came in a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthOfDeliveries)]
pub struct MonthAnswer {
    /// `YYYY-MM`.
    month: String,
    /// Calendar days from order to arrival.
    lead_time: SpreadAnswer,
}

/// Shows what every supplier promised and did, with how many deliveries stand behind it
#[utoipa::path(
    get,
    path = "/v1/lead-times",
    tag = "merchants",
    responses((status = 200, description = "All suppliers", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(State(app): State<App>, merchant: Merchant) -> Result<Json<List>, Problem> {
    let suppliers = track_records(&app, &merchant.store).await?;
    Ok(Json(List {
        items: suppliers.into_iter().map(Answer::from).collect(),
    }))
}

impl From<Supplier> for Answer {
    fn from(supplier: Supplier) -> Self {
        let record = supplier.record.as_ref();
        let months = record.map_or(&[][..], |record| &record.months);
        let newest = months.len().saturating_sub(MONTHS_MAX);
        let kept = record.and_then(|record| {
            record.kept.map(|share| KeptAnswer {
                n: record.dates.kept + record.dates.broken,
                rate: share.rate,
                low: share.low,
                high: share.high,
            })
        });
        let model = supplier.model.as_ref();
        Self {
            supplier: supplier.id.to_string(),
            name: supplier.name,
            deliveries: record.map_or(0, |record| record.lead_time.count),
            lead_time: record.map(|record| record.lead_time.into()),
            promised: record.and_then(|record| record.promised.map(SpreadAnswer::from)),
            slip: record.and_then(|record| record.slip.map(SpreadAnswer::from)),
            kept,
            months: months[newest..].iter().map(MonthAnswer::from).collect(),
            expected: model.map(|model| model.lead_time.into()),
            expected_slip: model.and_then(|model| model.slip.as_ref().map(SlipAnswer::from)),
        }
    }
}

impl From<Spread> for SpreadAnswer {
    fn from(spread: Spread) -> Self {
        Self {
            n: spread.count,
            p10: spread.p10,
            p50: spread.p50,
            p80: spread.p80,
            p90: spread.p90,
        }
    }
}

impl From<&Month> for MonthAnswer {
    fn from(month: &Month) -> Self {
        Self {
            month: month.begins_on.format("%Y-%m").to_string(),
            lead_time: month.lead_time.into(),
        }
    }
}
