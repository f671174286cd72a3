//! Who waits for goods to be there again: counts, as demand, and the right to be forgotten.

use axum::Json;
use axum::body::Bytes;
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
use crate::http::body::read;
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

/// Whose address is to be forgotten, where the body does not say.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// The address. Who writes down what is asked for, such as a proxy, writes it down too: say it in the body.
    email: Option<String>,
}

/// Whose address is to be forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForgetRequest)]
pub struct Request {
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
/// Nothing is sent to it any more, and nothing is kept of it. The answer is the same where it was not known. Say it in
/// the body: what stands in an address is written down by whoever writes down what is asked for.
#[utoipa::path(
    delete,
    path = "/v1/back-in-stock",
    tag = "merchants",
    params(Whose),
    request_body(content = Option<Request>, description = "Whose address; in the query unless here"),
    responses((status = 204, description = "It is forgotten"), Refusals),
    security(("secret" = []))
)]
pub async fn erase_address(
    State(app): State<App>,
    merchant: Merchant,
    whose: Result<Query<Whose>, axum::extract::rejection::QueryRejection>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let missing = |pointer| {
        let detail = "say which address is to be forgotten: {\"email\": \"anna@example.org\"}";
        Problem::invalid(pointer, "missing_field", detail)
    };
    let Ok(Query(whose)) = whose else {
        return Err(missing("?email"));
    };
    let email = match (body.is_empty(), whose.email) {
        (false, _) => read::<Request>(&body)?.email,
        (true, email) => email.ok_or_else(|| missing("/email"))?,
    };
    erase(&app, &merchant.store, email.trim()).await?;
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
