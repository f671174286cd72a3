//! Who waits for what.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::supply::Due;
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::Page;
use super::reservations::date;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::parcels::QueuePlace;
use crate::operations::records::WaitingPart;
use crate::operations::show;

/// Units of an order that are not on the shelf.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backorder)]
pub struct Answer {
    /// The order.
    order: String,
    /// The line of the order, from 0.
    line: u32,
    /// The SKU.
    sku: String,
    /// Units.
    quantity: u32,
    /// The location that they are to leave.
    from: String,
    /// The day by which they are with the carrier; null where it is not known any more.
    ships_by: Option<Date>,
    /// The day that was told first.
    first_ships_by: Option<Date>,
    /// True if they leave later than was told first, or nobody knows when.
    late: bool,
    /// Purchase orders that were planned to be there in time.
    purchase_orders: Vec<String>,
}

/// A page of backorders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackorderPage)]
pub struct List {
    /// Backorders, in the order in which they will be filled.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Lists which order waits for which purchase order, in the order in which they will be filled
#[utoipa::path(
    get,
    path = "/v1/backorders",
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
    let after: Option<QueuePlace> = page.after(store)?;
    let waiting = show::backorders(&app, store, after.as_ref(), limit).await?;
    Ok(Json(List {
        next: Page::next(store, &waiting, limit, |part| {
            QueuePlace::of(part).to_string()
        }),
        items: waiting.iter().map(Answer::of).collect(),
    }))
}

impl Answer {
    fn of(part: &WaitingPart) -> Self {
        let orders = part.purchase_orders.iter();
        Self {
            order: part.order.to_string(),
            line: part.line,
            sku: part.sku.to_string(),
            quantity: part.quantity.units(),
            from: part.location.to_string(),
            ships_by: date(part.due),
            first_ships_by: date(part.first_due),
            late: match (part.first_due, part.due) {
                (Due::By(first), Due::By(now)) => first < now,
                _ => true,
            },
            purchase_orders: orders.map(ToString::to_string).collect(),
        }
    }
}
