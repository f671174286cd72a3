//! What the merchant is told of.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::Page;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::check_availability::instant;
use crate::operations::low_stock::alerts;
use crate::operations::records::{Alert, AlertKind};

/// Something that the merchant is told of, once from when it is so until it is not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct Answer {
    /// Its id.
    id: String,
    /// `low_stock`: a SKU has come down to its reorder point. `unconfirmed`: a supplier has not confirmed an order.
    kind: &'static str,
    /// The SKU, of `low_stock`.
    sku: Option<String>,
    /// What you call it.
    title: Option<String>,
    /// The reorder, of `unconfirmed`.
    reorder: Option<String>,
    /// On hand, and incoming, less what is owed, as it was then.
    position: Option<i64>,
    /// The reorder point, as it was then.
    reorder_point: Option<u32>,
    /// Instant (RFC 3339) since which it is so.
    begun_at: String,
    /// Instant (RFC 3339) since which it is so no more; null while it is.
    ended_at: Option<String>,
}

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertPage)]
pub struct List {
    /// Alerts, oldest first.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Lists what there is to be told, oldest first
///
/// One alert for each time that a SKU comes down to its reorder point, however many servers see it; the next one only after it was above.
/// Those that are so now; with `status=all` also those that are not any more.
#[utoipa::path(
    get,
    path = "/v1/alerts",
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
    let only_open = match page.status.as_deref() {
        None | Some("open") => true,
        Some("all") => false,
        Some(_) => {
            let detail = "must be open or all";
            return Err(Problem::invalid("?status", "invalid_parameter", detail));
        }
    };
    let limit = page.limit()?;
    let store = &merchant.store;
    let after: Option<String> = page.after(store)?;
    let found = alerts(&app, store, only_open, after.as_deref(), limit).await?;
    Ok(Json(List {
        next: Page::next(store, &found, limit, |alert| alert.id.clone()),
        items: found
            .into_iter()
            .map(|one| Answer::of(&merchant, one))
            .collect(),
    }))
}

impl Answer {
    fn of(merchant: &Merchant, alert: Alert) -> Self {
        let is_sku = alert.kind == AlertKind::LowStock;
        let entry = merchant.shop.entry(&alert.subject).filter(|_| is_sku);
        let title = entry.and_then(|entry| entry.facts().title);
        Self {
            id: alert.id,
            kind: alert.kind.name(),
            title: title.map(|title| title.to_string()),
            sku: is_sku.then(|| alert.subject.clone()),
            reorder: (!is_sku).then_some(alert.subject),
            position: alert.position,
            reorder_point: alert.reorder_point,
            begun_at: instant(alert.begun_at),
            ended_at: alert.ended_at.map(instant),
        }
    }
}
