//! Shipments: what can leave, and what has left.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::ids::ShipmentId;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, Page, existing, sent};
use super::fields::CarrierText;
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::named::Named;
use crate::operations::once::{self, Once};
use crate::operations::parcels::Parcel;
use crate::operations::records::Shipment;
use crate::operations::ship::{Ship, ship as hand_over};
use crate::operations::show::{self, Found};

/// How a parcel is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShipRequest)]
pub struct Request {
    /// Who carries it.
    carrier: Option<CarrierText>,
    /// The carrier's number for it.
    tracking_number: Option<CarrierText>,
}

/// Goods of one order that leave a location together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shipment)]
pub struct Answer {
    /// Its id. That of a parcel which can leave tells what is in it: once that is another, so is the id.
    id: String,
    /// `ready` to leave, or `shipped`.
    status: &'static str,
    /// The order.
    order: String,
    /// The location that it leaves.
    from: String,
    /// What is in it.
    lines: Vec<LineAnswer>,
    /// Who carries it.
    carrier: Option<String>,
    /// The carrier's number for it.
    tracking_number: Option<String>,
    /// Instant (RFC 3339) at which it was handed over; null before.
    shipped_at: Option<String>,
}

/// What is in a parcel of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShipmentLine)]
pub struct LineAnswer {
    /// The line of the order, from 0.
    line: u32,
    /// The SKU.
    sku: String,
    /// Units.
    quantity: u32,
}

/// A page of shipments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShipmentPage)]
pub struct List {
    /// Shipments, by id.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Lists what can leave now, or what has left
#[utoipa::path(
    get,
    path = "/v1/shipments",
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
    let after: Option<ShipmentId> = page.after(store)?;
    let items: Vec<Answer> = match page.status.as_deref() {
        None | Some("ready") => {
            let ready = show::ready_parcels(&app, store, after.as_ref(), limit).await?;
            ready.iter().map(Answer::of_parcel).collect()
        }
        Some("shipped") => {
            let left = show::shipments(&app, store, after.as_ref(), limit).await?;
            left.iter().map(Answer::of_shipment).collect()
        }
        Some(_) => {
            let detail = "must be ready or shipped";
            return Err(Problem::invalid("?status", "invalid_parameter", detail));
        }
    };
    Ok(Json(List {
        next: Page::next(store, &items, limit, |item| item.id.clone()),
        items,
    }))
}

/// Shows a shipment
#[utoipa::path(
    get,
    path = "/v1/shipments/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The shipment")),
    responses((status = 200, description = "The shipment", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let id = existing(&id)?;
    let found = show::shipment(&app, &merchant.store, &id).await?;
    Ok(Json(match found {
        Found::Left(shipment) => Answer::of_shipment(&shipment),
        Found::Ready(parcel) => Answer::of_parcel(&parcel),
    }))
}

/// Hands a parcel to a carrier
///
/// Everything in it leaves the shelf and the order. `409 shipment_changed` where something was cancelled, counted or came since
/// it was listed: list again.
#[utoipa::path(
    post,
    path = "/v1/shipments/{id}/ship",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The shipment"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = Request,
    responses((status = 200, description = "What has left", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn ship(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<Request>,
) -> Result<Response, Problem> {
    let ship = Ship {
        id: existing(&id)?,
        carrier: request.body.carrier.map(|text| text.0),
        tracking_number: request.body.tracking_number.map(|text| text.0),
    };
    let once = Once::claim(&app, request.asked, shipped)?;
    let outcome = hand_over(&app, &request.merchant.store, ship, once).await?;
    Ok(sent(outcome, shipped))
}

fn shipped(shipment: &Shipment) -> once::Answer {
    asking::answer(200, &Answer::of_shipment(shipment))
}

impl Answer {
    /// A parcel that can leave.
    pub(super) fn of_parcel(parcel: &Parcel) -> Self {
        let mut lines: Vec<LineAnswer> = Vec::new();
        for part in &parcel.parts {
            match lines.last_mut() {
                Some(last) if last.line == part.line => last.quantity += part.quantity.units(),
                _ => lines.push(LineAnswer {
                    line: part.line,
                    sku: part.sku.to_string(),
                    quantity: part.quantity.units(),
                }),
            }
        }
        Self {
            id: parcel.id.to_string(),
            status: "ready",
            order: parcel.order.to_string(),
            from: parcel.location.to_string(),
            lines,
            carrier: None,
            tracking_number: None,
            shipped_at: None,
        }
    }

    /// What has left.
    pub(super) fn of_shipment(shipment: &Shipment) -> Self {
        let lines = shipment.lines.iter().map(|line| LineAnswer {
            line: line.line,
            sku: line.sku.to_string(),
            quantity: line.quantity.units(),
        });
        Self {
            id: shipment.id.to_string(),
            status: "shipped",
            order: shipment.order.to_string(),
            from: shipment.location.to_string(),
            lines: lines.collect(),
            carrier: shipment.carrier.clone(),
            tracking_number: shipment.tracking_number.clone(),
            shipped_at: Some(instant(shipment.shipped_at)),
        }
    }
}
