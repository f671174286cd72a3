//! `/healthz`, `/readyz` and `/metrics`, for those who run the server.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use shared::availability::overdue;

use super::web::Web;
use crate::catalogue::Shop;
use crate::error::Problem;
use crate::freshness::CUT_OFF_AFTER;
use crate::limits::{LOADING_RETRY_S, OVERDUE_COUNTED_EVERY};
use crate::operations::check_database::{database_answers, database_state};

/// Says that the server lives
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    responses((status = 200, description = "It lives", body = String, content_type = "text/plain"))
)]
pub async fn live() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "alive\n")
}

/// Says whether the server can answer: the facts are loaded and the database is there
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses(
        (status = 200, description = "It can", body = String, content_type = "text/plain"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ready(State(web): State<Web>) -> Result<impl IntoResponse, Problem> {
    let age = web.app.freshness.age();
    if CUT_OFF_AFTER < age {
        let detail = format!(
            "The server has been cut off from its database for {} s. It answers shoppers from memory until {} s.",
            age.as_secs(),
            web.app.limits.stale.as_secs(),
        );
        let title = "The server is not ready";
        return Err(Problem::new(503, "not_ready", title, detail).retry_after_s(1));
    }
    let awaited = web.app.catalogue.awaited();
    if 0 < awaited {
        return Err(Problem::new(
            503,
            "stores_loading",
            "The server is not ready",
            format!("Stores are still being loaded: {awaited}. Those that are here are served."),
        )
        .retry_after_s(LOADING_RETRY_S));
    }
    let reachable = database_answers(&web.app).await;
    if !reachable || web.app.leaving.load(Ordering::Acquire) || web.stop.is_cancelled() {
        return Err(Problem::new(
            503,
            "not_ready",
            "The server is not ready",
            "The database does not answer, or the server is about to stop.",
        )
        .retry_after_s(1));
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], "ready\n"))
}

/// Counts, for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"))
)]
pub async fn metrics(State(web): State<Web>) -> impl IntoResponse {
    let metrics = &web.app.metrics;
    for shop in web.app.catalogue.shops() {
        let late = overdue_count(&web, &shop);
        metrics.store(shop.id.as_str(), shop.len(), late, shop.revision());
    }
    metrics.stores(web.app.catalogue.shops().len());
    metrics.database(&database_state(&web.app).await);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, metrics.text())
}

/// Looks at every SKU, so it does that only now and then, however often somebody asks.
fn overdue_count(web: &Web, shop: &Shop) -> usize {
    let mut counted = web.overdue.lock().unwrap_or_else(PoisonError::into_inner);
    let known = counted.get(&shop.id);
    if let Some((_, late)) = known.filter(|(at, _)| at.elapsed() < OVERDUE_COUNTED_EVERY) {
        return *late;
    }
    let late = count_overdue(web, shop);
    counted.insert(shop.id.clone(), (Instant::now(), late));
    late
}

fn count_overdue(web: &Web, shop: &Shop) -> usize {
    let now = web.app.clock.now();
    let settings = shop.settings();
    let location = &settings.location;
    shop.entries()
        .iter()
        .filter(|entry| entry.is_awaited())
        .filter_map(|entry| {
            let facts = entry.facts();
            let place = facts.at(&location.id)?;
            Some(overdue(place, &location.calendar, now).count())
        })
        .sum()
}
