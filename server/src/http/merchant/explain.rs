//! `GET /v1/availability/{sku}/explain`

use axum::Json;
use axum::extract::State;
use axum::http::uri::Uri;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use shared::quantity::Quantity;

use super::Refusals;
use super::asking::existing;
use super::explained::Answer;
use crate::app::App;
use crate::error::Problem;
use crate::explain::{svg, text};
use crate::http::auth::Merchant;
use crate::http::named::Named;
use crate::http::query::{pairs, quantity};
use crate::operations::explain::explain_availability;

/// What a picture may do that is opened by itself: look as it says, and nothing else.
const PICTURE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// How an explanation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Text,
    Svg,
}

/// Explains how a date came about: supply, who waits, what can be promised, and each step between
///
/// For the merchant alone: it tells counts, whatever the display policy of the store. The words are English.
#[utoipa::path(
    get,
    path = "/v1/availability/{sku}/explain",
    tag = "merchants",
    params(
        ("sku" = String, Path, description = "The SKU, percent-encoded"),
        ("qty" = Option<u32>, Query, description = "Units, 1 to 9,999; 1 unless given", minimum = 1, maximum = 9999),
        ("format" = Option<String>, Query, description = "`json`, `text` or `svg` (the timeline as a picture); else what `Accept` asks for: application/json, text/plain or image/svg+xml"),
    ),
    responses(
        (status = 200, description = "The explanation", content(
            (Answer = "application/json"),
            (String = "text/plain"),
            (String = "image/svg+xml"),
        )),
        Refusals,
    ),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(sku): Named<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (units, format) = asked(uri.query().unwrap_or_default())?;
    let format = format.unwrap_or_else(|| accepted(&headers));
    let sku = existing(&sku)?;
    let now = app.clock.now();
    let shown = explain_availability(&merchant.shop, &sku, units, now, |shown| match format {
        Format::Json => Json(Answer::new(&shown)).into_response(),
        Format::Text => text::text(shown.told).into_response(),
        Format::Svg => {
            let kind = (
                header::CONTENT_TYPE,
                HeaderValue::from_static("image/svg+xml"),
            );
            let policy = HeaderValue::from_static(PICTURE_POLICY);
            let policy = (header::CONTENT_SECURITY_POLICY, policy);
            ([kind, policy], svg::svg(shown.told)).into_response()
        }
    });
    let mut response = shown.ok_or_else(Problem::not_found)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Authorization"),
    );
    Ok(response)
}

fn asked(query: &str) -> Result<(Quantity, Option<Format>), Problem> {
    let mut units = Quantity::new(1);
    let mut format = None;
    for (name, value) in pairs(query) {
        match (name, value.as_deref()) {
            ("qty", value) => units = quantity(value)?,
            ("format", Some("json")) => format = Some(Format::Json),
            ("format", Some("text")) => format = Some(Format::Text),
            ("format", Some("svg")) => format = Some(Format::Svg),
            ("format", _) => {
                let detail = "A format is one of json, text and svg.";
                return Err(Problem::invalid("?format", "invalid_parameter", detail));
            }
            _ => {}
        }
    }
    Ok((units, format))
}

/// The first kind of those that can be had which the client names; JSON for all else.
fn accepted(headers: &HeaderMap) -> Format {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let kinds = accepted.filter_map(|kinds| kinds.to_str().ok());
    let kinds = kinds.flat_map(|kinds| kinds.split(','));
    let mut kinds = kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let known = kinds.find_map(|kind| match kind.to_ascii_lowercase().as_str() {
        "application/json" => Some(Format::Json),
        "text/plain" => Some(Format::Text),
        "image/svg+xml" => Some(Format::Svg),
        _ => None,
    });
    known.unwrap_or(Format::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_kind_that_can_be_had_is_taken() {
        let cases = [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("text/html, image/svg+xml;q=0.9, */*", Format::Svg),
            ("TEXT/PLAIN", Format::Text),
            ("application/json, text/plain", Format::Json),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header"));
            assert_eq!(accepted(&headers), expected, "{accept}");
        }
    }
}
