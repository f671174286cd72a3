//! `GET /s/{store}/feed.atom`: what a shop posted, for everybody who reads feeds.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use shared::ids::StoreId;

use super::availability::names;
use super::named::Named;
use crate::app::App;
use crate::error::Problem;
use crate::hex;
use crate::limits::POST_FEED_MAX_AGE_S;
use crate::operations::posts::feed;
use crate::posts::feed::atom;

/// What a shop posted about its goods, the latest first
///
/// An Atom feed (RFC 4287) with the last 50 posts. A store that does not exist and one that has switched its pages off give one and the same
/// answer.
#[utoipa::path(
    get,
    path = "/s/{store}/feed.atom",
    tag = "shoppers",
    params(("store" = String, Path, description = "The store")),
    responses(
        (status = 200, description = "The feed", body = String, content_type = "application/atom+xml"),
        (status = 304, description = "Nothing changed since the answer with this ETag"),
        (status = 404, description = "There is no such feed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn show(
    State(app): State<App>,
    Named(store): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let store: StoreId = store.parse().map_err(|_| Problem::not_found())?;
    let feed = feed(&app, &store).await?.ok_or_else(Problem::not_found)?;
    let xml = atom(&feed);
    let name = hex::text(&Sha256::digest(xml.as_bytes())[..16]);
    let tag = HeaderValue::from_str(&format!("\"{name}\""))
        .expect("hexadecimal digits may stand in a header");
    let known = headers.get(header::IF_NONE_MATCH);
    let mut response = match known.is_some_and(|known| names(known, &tag)) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let kind = HeaderValue::from_static("application/atom+xml; charset=utf-8");
            ([(header::CONTENT_TYPE, kind)], xml).into_response()
        }
    };
    let kept = HeaderValue::from_str(&format!("public, max-age={POST_FEED_MAX_AGE_S}"))
        .expect("letters and digits may stand in a header");
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(response)
}
