//! `POST /v1/plans`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Deserializer, de};
use shared::ids::Sku;
use shared::quantity::Quantity;
use shared::shipment::summed;
use shared::text::Language;
use shared::wire::Plans;
use utoipa::ToSchema;

use super::auth::Publishable;
use super::body::{ApiJson, refuse_line_count};
use super::merchant::fields::Price;
use super::query::{self, requested};
use super::web::Web;
use crate::error::Problem;
use crate::limits::{SKUS_PER_REQUEST_MAX, TRANSIT_ZONE_BYTES_MAX};
use crate::operations::plan_cart::{CartAsked, plan_cart};
use crate::operations::tell_offers::visitor;

/// A cart to plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cart {
    /// The lines; those with the same SKU are summed.
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<CartLine>,
    /// BCP 47 tag of the language of the words; English unless given.
    lang: Option<String>,
    /// What the goods cost before any discount, for offers that ask for it.
    goods: Option<Price>,
    /// The part of the world that parcels go to, as `transit` of the store names it; its first unless given.
    to: Option<String>,
}

/// Units of a SKU.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartLine {
    /// The SKU.
    #[serde(deserialize_with = "sku")]
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    sku: Sku,
    /// Units.
    #[serde(deserialize_with = "quantity")]
    #[schema(value_type = u32, minimum = 1, maximum = 9999)]
    quantity: Quantity,
}

/// Says in which ways a cart can be sent
///
/// Only ways that differ are listed, and a paid one is never the default.
#[utoipa::path(
    post,
    path = "/v1/plans",
    tag = "shoppers",
    params(("shopper" = Option<String>, Query, description = "What your shop calls who looks: where offers are made, `offer` is theirs", max_length = 128)),
    request_body = Cart,
    responses(
        (status = 200, description = "The lines and the ways to send them", body = Plans),
        (status = 400, description = "The body is no JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than 64 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No line, too many, or a field that cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn make(
    State(web): State<Web>,
    caller: Publishable,
    uri: Uri,
    ApiJson(cart): ApiJson<Cart>,
) -> Result<impl IntoResponse, Problem> {
    let language = Language::for_tag(cart.lang.as_deref().unwrap_or_default());
    let lines = lines(&cart)?;
    let to = cart
        .to
        .as_deref()
        .filter(|zone| zone.len() <= TRANSIT_ZONE_BYTES_MAX);
    let to = to.map(Arc::from);
    let shopper = query::shopper(uri.query());
    let visitor = visitor(&web.app, &caller.shop, shopper.as_deref()).await;
    let asked = CartAsked {
        lines: &lines,
        language,
        to: to.as_ref(),
        goods: cart.goods.as_ref().map(Price::money),
        visitor: visitor.as_deref(),
    };
    let plans = plan_cart(&caller.shop, &asked, web.app.clock.now());
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(plans)))
}

fn lines(cart: &Cart) -> Result<Vec<(Sku, Quantity)>, Problem> {
    refuse_line_count(&cart.lines, SKUS_PER_REQUEST_MAX)?;
    let sums = summed(
        cart.lines
            .iter()
            .map(|line| (line.sku.clone(), line.quantity)),
    );
    for (sku, sum) in &sums {
        requested(Some(sum.units().into())).map_err(|(code, detail)| {
            let last = cart.lines.iter().rposition(|line| line.sku == *sku);
            let pointer = format!("/lines/{}/quantity", last.unwrap_or(0));
            Problem::invalid(pointer, code, detail)
        })?;
    }
    Ok(sums)
}

fn sku<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sku, D::Error> {
    let raw = String::deserialize(deserializer)
        .map_err(|_| de::Error::custom("invalid_sku: A SKU is a text."))?;
    raw.parse()
        .map_err(|error| de::Error::custom(format!("invalid_sku: A SKU {error}.")))
}

fn quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
    let units = u64::deserialize(deserializer).ok();
    requested(units).map_err(|(code, detail)| de::Error::custom(format!("{code}: {detail}")))
}
