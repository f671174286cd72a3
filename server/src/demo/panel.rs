//! The panel beside the pages: what the merchant does in the warehouse. Bodies are JSON, which no form of another
//! site can send.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::wire::Date;
use tracing::error;

use super::shop::Shop;
use super::warehouse::{ReadyParcel, Shelf, Waiting, WarehouseError};

/// Most units that can be counted onto a shelf.
const ON_HAND_MAX: u32 = 99_999;
/// Longest delay of a supplier, in days.
const DELAY_DAYS_MAX: u16 = 365;

/// What the panel asks for and does.
pub(super) fn routes() -> Router<Arc<Shop>> {
    Router::new()
        .route("/warehouse/shelves/{sku}", get(shelf))
        .route("/warehouse/stock", post(set_stock))
        .route("/warehouse/purchase-orders", post(move_purchase_order))
        .route("/warehouse/arrivals", post(receive))
        .route("/warehouse/delays", post(delay_supplier))
        .route("/warehouse/dispatch", get(dispatch))
        .route("/warehouse/parcels", post(hand_over))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetStock {
    sku: String,
    on_hand: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MovePurchaseOrder {
    sku: String,
    id: String,
    arrives_on: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DelaySupplier {
    sku: String,
    days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Receive {
    sku: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOver {
    id: String,
}

async fn shelf(
    State(shop): State<Arc<Shop>>,
    Path(sku): Path<String>,
) -> Result<Json<Shelf>, Problem> {
    shop.shelf(&sku).await
}

async fn set_stock(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<SetStock>, JsonRejection>,
) -> Result<Json<Shelf>, Problem> {
    let Json(SetStock { sku, on_hand }) = body?;
    if ON_HAND_MAX < on_hand {
        return Err(Problem::unprocessable(format!(
            "at most {ON_HAND_MAX} units fit on a shelf"
        )));
    }
    shop.warehouse.set_stock(&sku, on_hand).await?;
    shop.shelf(&sku).await
}

async fn move_purchase_order(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<MovePurchaseOrder>, JsonRejection>,
) -> Result<Json<Shelf>, Problem> {
    let Json(MovePurchaseOrder {
        sku,
        id,
        arrives_on,
    }) = body?;
    shop.warehouse.move_purchase_order(&id, arrives_on).await?;
    shop.shelf(&sku).await
}

async fn receive(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<Receive>, JsonRejection>,
) -> Result<Json<Shelf>, Problem> {
    let Json(Receive { sku, id }) = body?;
    shop.warehouse.receive(&id).await?;
    shop.shelf(&sku).await
}

async fn delay_supplier(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<DelaySupplier>, JsonRejection>,
) -> Result<Json<Shelf>, Problem> {
    let Json(DelaySupplier { sku, days }) = body?;
    if days == 0 || DELAY_DAYS_MAX < days {
        return Err(Problem::unprocessable(format!(
            "a delay is 1 to {DELAY_DAYS_MAX} days"
        )));
    }
    shop.warehouse.delay_supplier(&sku, days).await?;
    shop.shelf(&sku).await
}

async fn dispatch(State(shop): State<Arc<Shop>>) -> Result<Json<Value>, Problem> {
    shop.dispatch().await
}

async fn hand_over(
    State(shop): State<Arc<Shop>>,
    body: Result<Json<HandOver>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(HandOver { id }) = body?;
    let tracking_number = shop.warehouse.hand_over(&id).await?;
    let Json(mut list) = shop.dispatch().await?;
    list["tracking_number"] = tracking_number.into();
    Ok(Json(list))
}

impl Shop {
    /// What can leave and who waits, with the names of the goods.
    async fn dispatch(&self) -> Result<Json<Value>, Problem> {
        let list = self.warehouse.dispatch().await?;
        let ready = |parcel: &ReadyParcel| {
            json!({
                "id": parcel.id,
                "order": parcel.order,
                "from": parcel.from,
                "lines": self.listed(&parcel.lines),
            })
        };
        let waiting = |waiting: &Waiting| {
            json!({
                "order": waiting.order,
                "lines": self.listed([&waiting.units]),
                "ships_by": waiting.ships_by,
                "late": waiting.late,
                "purchase_orders": waiting.purchase_orders,
            })
        };
        Ok(Json(json!({
            "ready": list.ready.iter().map(ready).collect::<Vec<_>>(),
            "waiting": list.waiting.iter().map(waiting).collect::<Vec<_>>(),
        })))
    }

    async fn shelf(&self, sku: &str) -> Result<Json<Shelf>, Problem> {
        let shelf = self.warehouse.shelf(sku).await?;
        Ok(Json(
            shelf.ok_or_else(|| WarehouseError::Absent(sku.to_owned()))?,
        ))
    }
}

/// Why nothing was changed, as the panel says it.
struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    fn unprocessable(detail: String) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail,
        }
    }
}

impl From<WarehouseError> for Problem {
    fn from(cause: WarehouseError) -> Self {
        let status = match &cause {
            WarehouseError::Absent(_) => StatusCode::NOT_FOUND,
            WarehouseError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            WarehouseError::Broken(source) => {
                error!(
                    error = source.as_ref() as &dyn std::error::Error,
                    "The demo's warehouse does not answer"
                );
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Self {
            status,
            detail: cause.to_string(),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(cause: JsonRejection) -> Self {
        Self {
            status: cause.status(),
            detail: cause.body_text(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason();
        let body = json!({ "type": "about:blank", "title": title, "status": self.status.as_u16(), "detail": self.detail });
        (
            self.status,
            [(CONTENT_TYPE, "application/problem+json")],
            body.to_string(),
        )
            .into_response()
    }
}
