//! `GET /v1/availability`

use std::io::Write;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use shared::wire::Availability;
use utoipa::ToSchema;

use super::auth::Publishable;
use super::query::{self, Asked};
use crate::app::App;
use crate::catalogue::Shop;
use crate::error::Problem;
use crate::hex;
use crate::limits::{ANSWER_MAX_AGE_S, ANSWER_STALE_ON_ERROR_S, ANSWER_STALE_S};
use crate::operations::check_availability::{Joined, Question, join_availability};
use crate::operations::tell_offers::{Visitor, visitor};

/// The address. Its questions are answered before all others.
pub const PATH: &str = "/v1/availability";

/// Headers that an answer has once it leaves: so many are made room for.
const HEADERS_USUAL: usize = 14;

/// Bytes around the answers of a body.
const AROUND_BYTES: usize = 96;
/// Bytes of an answer about one SKU, usually at most: so much room is made for each.
const ITEM_BYTES_USUAL: usize = 400;

/// Answers about several SKUs. Written by hand below, from answers that are kept as bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailabilityList {
    /// One entry for each SKU, in the order asked.
    items: Vec<Availability>,
    /// Instant (RFC 3339) of the answer.
    as_of: String,
    /// The store's revision: the answer is at least as new.
    revision: u64,
}

/// Says what shoppers may be told about SKUs
///
/// An unknown SKU is an item with `"status": "unknown"`, not an error.
#[utoipa::path(
    get,
    path = "/v1/availability",
    tag = "shoppers",
    params(
        ("sku" = Vec<String>, Query, description = "SKUs, at most 100: `sku=A&sku=B`", explode = true),
        ("qty" = Option<u32>, Query, description = "Units of each, 1 to 9,999", minimum = 1, maximum = 9999),
        ("to" = Option<String>, Query, description = "The part of the world that parcels go to, as `transit` of the store names it; its first unless given"),
        ("lang" = Option<String>, Query, description = "BCP 47 tag of the language of `text`; English unless given"),
        ("shopper" = Option<String>, Query, description = "What your shop calls who looks, at most 128 bytes, never a name or an address: where offers are made, `offer` is theirs. Without it nothing is offered", max_length = 128),
    ),
    responses(
        (status = 200, description = "One answer for each SKU, in the order asked", body = AvailabilityList),
        (status = 304, description = "Nothing changed since the answer with this ETag"),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No SKU, too many, or a parameter that cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    caller: Publishable,
    request: Request,
) -> Result<Response, Problem> {
    let shopper = query::shopper(request.uri().query());
    let visitor = visitor(&app, &caller.shop, shopper.as_deref()).await;
    answer(&app, &caller.shop, &request, visitor)
}

/// True if the page says who looks: then the answer may wait for the database.
pub fn is_personal(request: &Request) -> bool {
    query::shopper(request.uri().query()).is_some()
}

/// Answers a shopper's page. Waits for nothing.
pub fn answer(
    app: &App,
    shop: &Shop,
    request: &Request,
    visitor: Option<Arc<Visitor>>,
) -> Result<Response, Problem> {
    let asked = Asked::parse(request.uri().query().unwrap_or_default())?.about_some()?;
    let now = app.clock.now();
    let is_personal = visitor.is_some();
    let question = Question {
        quantity: asked.quantity,
        language: asked.language,
        to: asked.to,
        visitor,
    };
    let mut json = Vec::with_capacity(AROUND_BYTES + asked.skus.len() * ITEM_BYTES_USUAL);
    json.extend_from_slice(b"{\"items\":[");
    let answers = join_availability(shop, &asked.skus, &question, now, json);
    let tag = tag(answers.fingerprint);
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| names(known, &tag));
    let cacheable = match is_personal {
        true => HeaderValue::from_static("private, no-cache"),
        false => cacheable_until(answers.valid_until, now),
    };
    let mut response = if known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(body(answers, now)))
    };
    let headers = response.headers_mut();
    headers.reserve(HEADERS_USUAL);
    if !known {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, json);
    }
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, cacheable);
    Ok(response)
}

/// How long an answer may be kept that was made at `now` and may change at `valid_until`: as fresh, as stale
/// while a cache asks anew, and as stale while the server cannot be reached. Never past its end.
pub fn cacheable_until(valid_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> HeaderValue {
    let left = valid_until.map_or(i64::MAX, |end| (end - now).num_seconds());
    let left = u32::try_from(left.max(0)).unwrap_or(u32::MAX);
    let fresh = left.min(ANSWER_MAX_AGE_S);
    let stale = |most: u32| (left - fresh).min(most);
    let (while_asking, on_error) = (stale(ANSWER_STALE_S), stale(ANSWER_STALE_ON_ERROR_S));
    match (fresh, while_asking, on_error) {
        (0, _, _) => HeaderValue::from_static("no-cache"),
        (_, ANSWER_STALE_S, ANSWER_STALE_ON_ERROR_S) => HeaderValue::from_static(CACHEABLE_USUALLY),
        _ => {
            let text = format!(
                "public, max-age={fresh}, stale-while-revalidate={while_asking}, stale-if-error={on_error}"
            );
            HeaderValue::from_str(&text).expect("letters and digits may stand in a header")
        }
    }
}

/// What is said of an answer that does not change soon by itself.
const CACHEABLE_USUALLY: &str = "public, max-age=5, stale-while-revalidate=5, stale-if-error=600";

/// What stands behind the answers.
fn body(answers: Joined, now: DateTime<Utc>) -> Bytes {
    let mut body = answers.json;
    body.extend_from_slice(b"],\"as_of\":\"");
    body.extend_from_slice(now.to_rfc3339_opts(SecondsFormat::Millis, true).as_bytes());
    body.extend_from_slice(b"\",\"revision\":");
    write!(body, "{}", answers.revision).expect("bytes can always be appended to");
    body.push(b'}');
    Bytes::from(body)
}

/// Weak, because the moment of asking, which the body tells, does not count.
fn tag(fingerprint: u64) -> HeaderValue {
    let mut text = *b"W/\"0123456789abcdef\"";
    text[3..19].copy_from_slice(&hex::of_u64(fingerprint));
    HeaderValue::from_bytes(&text).expect("hexadecimal digits may stand in a header")
}

/// True if one of the tags that a client knows is this one.
pub(super) fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (known, tag) = (
        known.to_str().unwrap_or_default(),
        tag.to_str().unwrap_or_default(),
    );
    let opaque = |tag: &'_ str| tag.trim().trim_start_matches("W/").to_owned();
    known == "*" || known.split(',').any(|one| opaque(one) == opaque(tag))
}
