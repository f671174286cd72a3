//! What will be wanted of each SKU, and when to order it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use shared::ids::{IdError, Sku};
use shared::wire::Date;
use utoipa::{IntoParams, ToSchema};

use super::Refusals;
use super::asking::Page;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::check_availability::instant;
use crate::operations::records::Wanted;
use crate::operations::search_skus::search_skus;
use crate::operations::show_forecasts::{ShownForecast, Why, forecasts};

/// Which forecasts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asking {
    /// Only of this SKU.
    sku: Option<String>,
    /// Only of SKUs that have each of these words in their id or title: of those that are found first, at most `limit`. No page follows.
    q: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Entries of a page, from 1 to 200; 50 unless asked otherwise.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// What will be wanted of a SKU, and when to order it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct Answer {
    /// The SKU.
    sku: String,
    /// What you call it.
    title: Option<String>,
    /// The first day of the last month that it knows.
    last_month: Date,
    /// Months that it rests on: those since the first sale, 36 at most.
    months: u32,
    /// Months of these in which the shelf was empty for a while: what was sold in them says only how many were wanted at least.
    months_empty: u32,
    /// The model that is believed most: `level`, `bulk`, `steady`, `seasonal` or `growing`.
    model: Option<String>,
    /// How much each model is believed, the most believed first; together 1. A forecast is all of them together.
    models: Vec<ModelAnswer>,
    /// What will be wanted within 1, 2 and 3 months after the last month that it knows.
    ahead: Vec<AheadAnswer>,
    /// What will be wanted until an order at the next review could be there; null where nobody knows how long orders take.
    until_covered: Option<CoveredAnswer>,
    /// How much is to be served.
    service: ServiceAnswer,
    /// Order when the position is at or below it; null: do not order.
    reorder_point: Option<u32>,
    /// Units of it that are for what may be wanted beyond the mean.
    safety_stock: u32,
    /// Units of an order: what is wanted over the days that it should last, at least what the supplier sends, in whole packs.
    order_quantity: u32,
    /// Units on the shelf.
    on_hand: u32,
    /// Units on open purchase orders.
    incoming: u32,
    /// Units sold and not yet sent.
    owed: u32,
    /// On hand, and incoming, less what is owed.
    position: i64,
    /// Units to order now; null where nothing is due.
    order_now: Option<u32>,
    /// Why: `due`, `enough`, `no_stock_needed`, `no_lead_time` or `discontinued`.
    reason: &'static str,
    /// The same in a sentence.
    why: String,
    /// Instant (RFC 3339) at which it was computed.
    made_at: String,
    /// The commit that wrote it.
    revision: u64,
}

/// A way in which goods may be wanted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastModel)]
pub struct ModelAnswer {
    /// Its name.
    model: String,
    /// How much it is believed, from 0 to 1.
    belief: f64,
}

/// How much will be wanted within some months.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastAhead)]
pub struct AheadAnswer {
    /// Months from the one after the last that is known.
    months: u32,
    /// How much.
    wanted: WantedAnswer,
}

/// How much will be wanted until an order could be there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastCovered)]
pub struct CoveredAnswer {
    /// Mean calendar days that orders take.
    lead_days: f64,
    /// Deliveries of the supplier that say so; 0: it is declared, or known of other suppliers.
    deliveries: u32,
    /// Calendar days from one look at the shelf to the next.
    review_days: u32,
    /// How much.
    wanted: WantedAnswer,
}

/// How many units may be wanted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastWanted)]
pub struct WantedAnswer {
    /// Mean units.
    mean: f64,
    /// The fewest units that are enough in 50 of 100 cases.
    p50: u32,
    /// In 80 of 100 cases.
    p80: u32,
    /// In 90 of 100 cases.
    p90: u32,
    /// In 95 of 100 cases.
    p95: u32,
}

/// How much is to be served.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastService)]
pub struct ServiceAnswer {
    /// `cycle`: of 100 times between two orders, in so many nothing is missing. `fill`: of 100 units, so many leave at once.
    pub kind: String,
    /// Percent.
    pub percent: u8,
}

/// A page of forecasts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastPage)]
pub struct List {
    /// Forecasts, by SKU.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Lists what will be wanted of each SKU, and when to order it
///
/// Of SKUs that were ever sold. Computed anew each night, and before orders are drafted; docs/forecasts.md says how.
#[utoipa::path(
    get,
    path = "/v1/forecasts",
    tag = "merchants",
    params(Asking),
    responses((status = 200, description = "A page of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(
    State(app): State<App>,
    merchant: Merchant,
    asking: Result<Query<Asking>, QueryRejection>,
) -> Result<Json<List>, Problem> {
    let Ok(Query(asking)) = asking else {
        let detail = "the parameters are sku, q, after and limit";
        return Err(Problem::invalid("?", "invalid_parameter", detail));
    };
    let page = Page::new(asking.after, asking.limit);
    let limit = page.limit()?;
    let store = &merchant.store;
    let after: Option<Sku> = page.after(store)?;
    let only = match (asking.sku, asking.q) {
        (Some(sku), _) => {
            let sku = sku.parse::<Sku>();
            let wrong = |error: IdError| Problem::invalid("?sku", "invalid_sku", error.to_string());
            Some(vec![sku.map_err(wrong)?])
        }
        (None, Some(words)) => {
            let shop = Arc::clone(&merchant.shop);
            let found = search_skus(&app, shop, &words, limit as usize).await?;
            Some(found.skus.into_iter().map(|found| found.sku).collect())
        }
        (None, None) => None,
    };
    let found = forecasts(&app, store, only.as_deref(), after.as_ref(), limit).await?;
    let next = Page::next(store, &found, limit, |one| one.record.sku.to_string());
    Ok(Json(List {
        next: next.filter(|_| only.is_none()),
        items: found.iter().map(|one| Answer::of(&merchant, one)).collect(),
    }))
}

impl Answer {
    fn of(merchant: &Merchant, shown: &ShownForecast) -> Self {
        let (record, content) = (&shown.record, &shown.record.content);
        let entry = merchant.shop.entry(record.sku.as_str());
        let title = entry.and_then(|entry| entry.facts().title);
        Self {
            sku: record.sku.to_string(),
            title: title.map(|title| title.to_string()),
            last_month: Date(record.month),
            months: content.months,
            months_empty: content.months_empty,
            model: content.models.first().map(|(model, _)| model.clone()),
            models: content
                .models
                .iter()
                .map(|(model, belief)| ModelAnswer {
                    model: model.clone(),
                    belief: *belief,
                })
                .collect(),
            ahead: (1..)
                .zip(&content.ahead)
                .map(|(months, wanted)| AheadAnswer {
                    months,
                    wanted: WantedAnswer::of(wanted),
                })
                .collect(),
            until_covered: content.until_covered.as_ref().map(|covered| CoveredAnswer {
                lead_days: covered.lead_days,
                deliveries: covered.deliveries,
                review_days: covered.review_days,
                wanted: WantedAnswer::of(&covered.wanted),
            }),
            service: ServiceAnswer {
                kind: content.service.0.clone(),
                percent: content.service.1,
            },
            reorder_point: record.reorder_point,
            safety_stock: content.safety_stock,
            order_quantity: content.lot,
            on_hand: shown.stock.on_hand.units(),
            incoming: shown.stock.incoming.units(),
            owed: shown.stock.backorders.units(),
            position: shown.stock.position(),
            order_now: shown.order.map(|units| units.units()),
            reason: shown.why.name(),
            why: sentence(shown),
            made_at: instant(record.made_at),
            revision: record.revision,
        }
    }
}

impl WantedAnswer {
    pub(super) fn of(wanted: &Wanted) -> Self {
        Self {
            mean: wanted.mean,
            p50: wanted.p50,
            p80: wanted.p80,
            p90: wanted.p90,
            p95: wanted.p95,
        }
    }
}

fn sentence(shown: &ShownForecast) -> String {
    let position = shown.stock.position();
    let point = shown.record.reorder_point.unwrap_or_default();
    match shown.why {
        Why::Due => format!("{position} are there or under way; at {point} or fewer it is to be ordered"),
        Why::Enough => format!("{position} are there or under way; at {point} or fewer it would be to be ordered"),
        Why::NoStockNeeded => "so few are wanted that the service is reached with nothing on the shelf".into(),
        Why::NoLeadTime => "nobody knows how long orders take: declare a lead time, name its supplier, or import past deliveries".into(),
        Why::Discontinued => "no more will come of it".into(),
    }
}
