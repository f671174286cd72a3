//! Who waits for goods to be there again: counts, as demand, and the right to be forgotten.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::ids::Sku;
use utoipa::{IntoParams, ToSchema};

use super::Refusals;
use super::asking::Page;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::check_availability::instant;
use crate::operations::records::Demand;
use crate::operations::waitlist::{demand, erase};

/// How many wait for a SKU.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Demand)]
pub struct Answer {
    /// The SKU.
    sku: String,
    /// What you call it.
    title: Option<String>,
    /// Addresses that wait for it, each confirmed by its owner and not told yet.
    waiting: u64,
    /// Instant (RFC 3339) since which the first of them does.
    since: String,
}

/// A page of SKUs that somebody waits for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DemandPage)]
pub struct List {
    /// SKUs in the order of their bytes.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Whose address is to be forgotten.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// The address.
    email: String,
}

/// Lists how many wait for each SKU to be there again
///
/// Counts alone: whose addresses they are nobody is told.
#[utoipa::path(
    get,
    path = "/v1/back-in-stock",
    tag = "merchants",
    params(Page),
    responses((status = 200, description = "A page of them", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn list(
    State(app): State<App>,
    merchant: Merchant,
    page: Page,
) -> Result<Json<List>, Problem> {
    let limit = page.limit()?;
    let store = &merchant.store;
    let after: Option<Sku> = page.after(store)?;
    let found = demand(&app, store, after.as_ref(), limit).await?;
    Ok(Json(List {
        next: Page::next(store, &found, limit, |demand| demand.sku.to_string()),
        items: found
            .iter()
            .map(|demand| Answer::of(&merchant, demand))
            .collect(),
    }))
}

/// Forgets an address that waits or was told, at once
///
/// Nothing is sent to it any more, and nothing is kept of it. The answer is the same where it was not known.
#[utoipa::path(
    delete,
    path = "/v1/back-in-stock",
    tag = "merchants",
    params(Whose),
    responses((status = 204, description = "It is forgotten"), Refusals),
    security(("secret" = []))
)]
pub async fn erase_address(
    State(app): State<App>,
    merchant: Merchant,
    whose: Result<Query<Whose>, axum::extract::rejection::QueryRejection>,
) -> Result<StatusCode, Problem> {
    let Ok(Query(whose)) = whose else {
        let detail = "say which address is to be forgotten: ?email=anna%40example.org";
        return Err(Problem::invalid("?email", "missing_field", detail));
    };
    erase(&app, &merchant.store, whose.email.trim()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Answer {
    fn of(merchant: &Merchant, demand: &Demand) -> Self {
        let entry = merchant.shop.entry(demand.sku.as_str());
        let title = entry.and_then(|entry| entry.facts().title);
        Self {
            sku: demand.sku.to_string(),
            title: title.map(|title| title.to_string()),
            waiting: demand.waiting,
            since: instant(demand.since),
        }
    }
}
