//! `GET /v1/forecasts/{sku}/past`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::existing;
use super::forecasts::WantedAnswer;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::named::Named;
use crate::operations::past_forecasts::{Judged, PastMonth, past_forecasts};

/// What was sold of a SKU, and what would have been forecast.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastPast)]
pub struct Answer {
    /// The SKU.
    sku: String,
    /// The months since its first sale, oldest first, 36 at most, within kits too.
    months: Vec<MonthAnswer>,
    /// How far off the forecasts were, of months in which the shelf was never empty; null where there are none.
    judged: Option<JudgedAnswer>,
}

/// A month of the past.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastPastMonth)]
pub struct MonthAnswer {
    /// Its first day.
    month: Date,
    /// Units that were sold.
    sold: u32,
    /// True if the shelf was empty for a while: at least so many were wanted.
    was_empty: bool,
    /// What would have been forecast of it from what was over before it; of the last 12 months, and from the third after the first sale.
    forecast: Option<WantedAnswer>,
}

/// How far off forecasts were.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastJudged)]
pub struct JudgedAnswer {
    /// Months that were looked at.
    months: u32,
    /// Units that were sold in one of them, on the mean.
    sold: f64,
    /// Units by which the mean that was forecast was off, up or down, on the mean.
    off: f64,
    /// Months in which at most as many were sold as are enough in 80 of 100 cases.
    within_p80: u32,
    /// In 95 of 100 cases.
    within_p95: u32,
}

/// Shows what was sold of a SKU by month, and what would have been forecast of the last ones
///
/// Each month is forecast from what was over before it, so it says how well forecasts go for this SKU.
#[utoipa::path(
    get,
    path = "/v1/forecasts/{sku}/past",
    tag = "merchants",
    params(("sku" = String, Path, description = "The SKU, percent-encoded")),
    responses((status = 200, description = "Its past", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(sku): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let months = past_forecasts(&app, &merchant.store, &existing(&sku)?).await?;
    Ok(Json(Answer {
        sku,
        judged: Judged::of(&months).map(JudgedAnswer::of),
        months: months.iter().map(MonthAnswer::of).collect(),
    }))
}

impl MonthAnswer {
    fn of(past: &PastMonth) -> Self {
        Self {
            month: Date(past.month),
            sold: past.sold.units(),
            was_empty: past.was_empty,
            forecast: past.forecast.as_ref().map(WantedAnswer::of),
        }
    }
}

impl JudgedAnswer {
    fn of(judged: Judged) -> Self {
        Self {
            months: judged.months,
            sold: judged.sold,
            off: judged.off,
            within_p80: judged.within[0],
            within_p95: judged.within[1],
        }
    }
}
