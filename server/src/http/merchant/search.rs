//! `GET /v1/stock`

use axum::Json;
use axum::extract::State;
use axum::http::uri::Uri;
use serde::Serialize;
use shared::wire::{Date, Status};
use utoipa::ToSchema;

use super::Refusals;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::query::pairs;
use crate::operations::search_skus::{FoundSku, search_skus};

/// SKUs that are shown unless asked otherwise.
const FOUND_DEFAULT: usize = 20;
/// Most SKUs that are shown.
const FOUND_MAX: usize = 50;

/// A SKU, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundSku)]
pub struct Answer {
    /// The SKU.
    sku: String,
    /// What it is called.
    title: Option<String>,
    /// Units on the shelves of all locations.
    on_hand: u64,
    /// Units that are promised to orders and carts.
    promised: u64,
    /// Units on hand, less those that are promised or withheld; negative where that is more than is there.
    available: i64,
    /// Units that are promised and not there.
    waiting: u64,
    /// Units on their way, whenever they come.
    incoming: u64,
    /// The first day for which something is expected.
    next_in: Option<Date>,
    /// What shoppers are told.
    #[schema(value_type = String)]
    status: Status,
    /// The day by which one unit ships.
    ships_by: Option<Date>,
    /// The words that shoppers read, in English.
    text: Option<String>,
}

/// What was found, the best first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundSkus)]
pub struct List {
    /// SKUs: first that which was named, then those that begin so, then all others.
    items: Vec<Answer>,
    /// True if there are more; say more of what you look for.
    more: bool,
}

/// Finds SKUs by words of their ids and titles, and says how they stand
#[utoipa::path(
    get,
    path = "/v1/stock",
    tag = "merchants",
    params(
        ("q" = Option<String>, Query, description = "Words, each of which stands in the id or the title; of more than 100 characters the first 100"),
        ("limit" = Option<usize>, Query, description = "SKUs, 1 to 50; 20 unless given", minimum = 1, maximum = 50),
    ),
    responses((status = 200, description = "What was found", body = List), Refusals),
    security(("secret" = []))
)]
pub async fn search(
    State(app): State<App>,
    merchant: Merchant,
    uri: Uri,
) -> Result<Json<List>, Problem> {
    let (wanted, limit) = asked(uri.query().unwrap_or_default())?;
    let found = search_skus(&app, merchant.shop, &wanted, limit).await?;
    Ok(Json(List {
        items: found.skus.into_iter().map(Answer::from).collect(),
        more: found.more,
    }))
}

fn asked(query: &str) -> Result<(String, usize), Problem> {
    let (mut wanted, mut limit) = (String::new(), FOUND_DEFAULT);
    for (name, value) in pairs(query) {
        let value = value.unwrap_or_default();
        match name {
            "q" => wanted = value.into_owned(),
            "limit" => limit = limited(&value)?,
            _ => {
                let detail = "the parameters of a search are q and limit";
                return Err(Problem::invalid("?", "invalid_parameter", detail));
            }
        }
    }
    Ok((wanted, limit))
}

fn limited(value: &str) -> Result<usize, Problem> {
    let limit = value.parse().ok();
    let limit = limit.filter(|limit| (1..=FOUND_MAX).contains(limit));
    limit.ok_or_else(|| {
        let detail = format!("must be a whole number from 1 to {FOUND_MAX}");
        Problem::invalid("?limit", "invalid_parameter", detail)
    })
}

impl From<FoundSku> for Answer {
    fn from(found: FoundSku) -> Self {
        Self {
            sku: found.sku.to_string(),
            title: found.title,
            on_hand: found.on_hand,
            promised: found.promised,
            available: found.on_hand.cast_signed()
                - (found.promised + found.withheld).cast_signed(),
            waiting: found.promised.saturating_sub(found.on_hand),
            incoming: found.incoming,
            next_in: found.next_in.map(Date),
            status: found.answer.status,
            ships_by: found.answer.ships_by,
            text: found.answer.text.date,
        }
    }
}
