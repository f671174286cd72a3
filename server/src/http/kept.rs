//! `GET /v1/kept.json`: how many dates a shop kept, for everybody to read, if the shop wants that.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::kept::Tally;
use shared::wire::Date;
use utoipa::ToSchema;

use super::auth::Publishable;
use super::web::Web;
use crate::error::Problem;
use crate::hex;
use crate::limits::KEPT_RATE_MAX_AGE_S;
use crate::operations::publish_kept::{KeptRate, kept_rate};

/// How many dates were kept, by the date that was told first. A date that was moved later hides no slip.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptRate)]
pub struct Answer {
    /// The first day of the orders that are counted.
    from: Date,
    /// The last one.
    to: Date,
    /// All promises; each is part of an order's line with a date of its own.
    total: Kept,
    /// Those told so many days ahead: `0-2`, `3-7`, `8-14`, `15-30`, `31-60` or `61+`.
    by_horizon: Vec<Kept>,
    /// Those first told for a day of the month: `2026-12`.
    by_month: Vec<Kept>,
    /// True if there were more than are looked at: the oldest are missing.
    cut: bool,
}

/// Promises that were counted together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptPromises)]
pub struct Kept {
    /// What they have in common; `total` for all.
    key: String,
    /// How many left by the day that was told first.
    kept: u32,
    /// How many did not: they left later, or still wait after that day, or the shop did not send them.
    broken: u32,
    /// `kept` of both; null where nothing was judged.
    rate: Option<f64>,
    /// The lower end of its interval of 95 % (Wilson's).
    rate_low: Option<f64>,
    /// The upper end.
    rate_high: Option<f64>,
}

/// Says how many dates the shop kept, if it publishes that
///
/// Off unless the shop switches it on: `publish_kept_rate` of `PUT /v1/store`. Counted once an hour.
#[utoipa::path(
    get,
    path = "/v1/kept.json",
    tag = "shoppers",
    responses(
        (status = 200, description = "What was counted", body = Answer),
        (status = 304, description = "Nothing changed since the answer with this ETag"),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The shop does not publish it", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn show(
    State(web): State<Web>,
    caller: Publishable,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = kept_rate(&web.app, &caller.shop).await?;
    let found = found.ok_or_else(not_published)?;
    let body = serde_json::to_vec(&Answer::of(&found)).expect("an answer has only text keys");
    let tag = format!("\"{}\"", hex::text(&Sha256::digest(&body)[..16]));
    let age = (web.app.clock.now() - found.counted_at).num_seconds();
    let fresh = i64::from(KEPT_RATE_MAX_AGE_S) - age.max(0);
    let known = headers.get(header::IF_NONE_MATCH);
    let mut response = match known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
    };
    for (name, value) in [
        (header::ETAG, tag),
        (
            header::CACHE_CONTROL,
            format!("public, max-age={}", fresh.max(0)),
        ),
    ] {
        let value = HeaderValue::from_str(&value).expect("digits may stand in a header");
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

fn not_published() -> Problem {
    Problem::new(
        404,
        "not_published",
        "The shop does not publish how many dates it keeps",
        "The shop's owner switches it on: publish_kept_rate of PUT /v1/store.",
    )
}

impl Answer {
    fn of(found: &KeptRate) -> Self {
        let rows = |rows: &[(String, Tally)]| {
            let rows = rows.iter().map(|(key, tally)| Kept::of(key, tally));
            rows.collect()
        };
        Self {
            from: Date(found.from),
            to: Date(found.to),
            total: Kept::of("total", &found.total),
            by_horizon: rows(&found.by_horizon),
            by_month: rows(&found.by_month),
            cut: found.is_cut,
        }
    }
}

impl Kept {
    fn of(key: &str, tally: &Tally) -> Self {
        let share = tally.share();
        // Four digits after the point: more would say more than is known.
        let rounded = |value: f64| (value * 10_000.0).round() / 10_000.0;
        Self {
            key: key.to_owned(),
            kept: tally.kept,
            broken: tally.broken,
            rate: share.map(|share| rounded(share.rate)),
            rate_low: share.map(|share| rounded(share.low)),
            rate_high: share.map(|share| rounded(share.high)),
        }
    }
}
