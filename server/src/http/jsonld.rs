//! `GET /v1/jsonld/{sku}.json`: the answer as a schema.org Offer, for the page's own HTML.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use serde::Serialize;
use shared::wire::{Availability, Date};
use utoipa::ToSchema;

use super::auth::Publishable;
use super::availability::cacheable_until;
use super::named::Named;
use super::query::Asked;
use super::snippet::{end, sku_of};
use super::web::Web;
use crate::error::Problem;
use crate::operations::check_availability::{Question, answer};

/// A schema.org Offer: only what is known, so no price and no address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SchemaOrgOffer)]
pub struct Offer {
    /// `https://schema.org`
    #[serde(rename = "@context")]
    context: &'static str,
    /// `Offer`
    #[serde(rename = "@type")]
    kind: &'static str,
    /// The SKU.
    sku: String,
    /// The merchant's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The schema.org ItemAvailability.
    availability: String,
    /// Civil date from which it leaves the house, where that is not at once.
    #[serde(rename = "availabilityStarts", skip_serializing_if = "Option::is_none")]
    availability_starts: Option<Date>,
    /// Why one waits for that date, in the merchant's words or ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// Says when a SKU ships, as a schema.org Offer
///
/// For a page's own `<script type="application/ld+json">`: add the price there.
#[utoipa::path(
    get,
    path = "/v1/jsonld/{file}",
    tag = "shoppers",
    params(
        ("file" = String, Path, description = "The SKU, percent-encoded, with `.json` behind it"),
        ("qty" = Option<u32>, Query, description = "Units, 1 to 9,999", minimum = 1, maximum = 9999),
        ("lang" = Option<String>, Query, description = "BCP 47 tag of the language; English unless given"),
    ),
    responses(
        (status = 200, description = "The Offer", body = Offer, content_type = "application/ld+json"),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The SKU is unknown, or the address does not end in .json", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The SKU or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn show(
    State(web): State<Web>,
    caller: Publishable,
    Named(file): Named<String>,
    asked: Asked,
) -> Result<impl IntoResponse, Problem> {
    let sku = sku_of(&file, ".json")?;
    let settings = caller.shop.settings();
    let now = web.app.clock.now();
    let question = Question {
        quantity: asked.quantity,
        language: asked.language,
        to: None,
        visitor: None,
    };
    let answer = answer(&caller.shop, &settings, &sku, &question, now);
    let cacheable = cacheable_until(end(&answer), now);
    let json = json(answer).ok_or_else(Problem::not_found)?;
    let kind = HeaderValue::from_static("application/ld+json");
    Ok((
        [
            (header::CACHE_CONTROL, cacheable),
            (header::CONTENT_TYPE, kind),
        ],
        json,
    ))
}

/// The Offer of an answer, ready to stand in a script element, which `</script>` in a title must not end.
pub(super) fn json(answer: Availability) -> Option<String> {
    let offer = offer(answer)?;
    let json = serde_json::to_string(&offer).expect("an offer has only text keys");
    Some(json.replace('<', "\\u003c"))
}

fn offer(answer: Availability) -> Option<Offer> {
    use shared::wire::Status;

    let starts = match answer.status {
        Status::Unknown => return None,
        Status::Backorder | Status::Preorder => answer.ships_by,
        _ => None,
    };
    Some(Offer {
        context: "https://schema.org",
        kind: "Offer",
        sku: answer.sku,
        name: answer.title,
        availability: answer.schema_org,
        description: starts.and(answer.reason).map(|reason| reason.text),
        availability_starts: starts,
    })
}
