//! Purchase orders: what is on its way, what has come, and how its dates moved.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::ids::Sku;
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, Page, existing, sent};
use super::fields::{
    Count, Day, LocationName, ModeName, PurchaseOrderName, Reason, ReceiptName, SkuName,
    SupplierName, Units, WaitReason, WaitReasonAnswer, present,
};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::{ApiJson, refuse_line_count};
use crate::http::named::Named;
use crate::operations::change_purchase_order::{
    ChangePurchaseOrder, ChangedLine, change_purchase_order,
};
use crate::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, PURCHASE_ORDER_LINES_MAX, create_purchase_order,
};
use crate::operations::once::{self, Once};
use crate::operations::preview_purchase_order::{Moved, Preview, preview_purchase_order};
use crate::operations::receive_purchase_order::{
    ReceivePurchaseOrder, Received, receive_purchase_order,
};
use crate::operations::records::{PurchaseOrder, PurchaseOrderStatus};
use crate::operations::show;

/// What was ordered at a supplier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseOrderRequest)]
pub struct CreateRequest {
    /// Your number for it; one is made unless you give one.
    id: Option<PurchaseOrderName>,
    /// Who delivers.
    supplier: Option<SupplierName>,
    /// Where to; to the location that ships unless said otherwise.
    location: Option<LocationName>,
    /// When it was placed; today unless said otherwise.
    ordered_on: Option<Day>,
    /// How it is shipped (`Air`), if you know. Lead times are learnt for each way by itself.
    mode: Option<ModeName>,
    /// The day on which the goods left, once the supplier says so.
    shipped_on: Option<Day>,
    /// The day on which the supplier says it arrives. Without one it is planned by how long that supplier takes;
    /// nothing is promised from it where that is not known.
    expected_on: Option<Day>,
    /// Why one waits for it, as shoppers read it beside the date.
    wait_reason: Option<WaitReason>,
    /// What was ordered, 1 to 1,000 lines, each SKU once.
    lines: Vec<LineRequest>,
}

/// What was ordered of a SKU.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseOrderLineRequest)]
pub struct LineRequest {
    /// The SKU.
    sku: SkuName,
    /// Units.
    quantity: Units,
    /// The day on which these arrive; with the rest unless said otherwise.
    expected_on: Option<Day>,
}

/// What changes of a purchase order. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseOrderChange)]
pub struct ChangeRequest {
    /// The day on which all that is still to come arrives; null: not known any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Day>)]
    expected_on: Option<Option<Day>>,
    /// How it is shipped; null: not known any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ModeName>)]
    mode: Option<Option<ModeName>>,
    /// The day on which the goods left, once the supplier says so; null: they have not after all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Day>)]
    shipped_on: Option<Option<Day>>,
    /// `cancelled`: nothing more will come.
    status: Option<ChangedStatus>,
    /// Lines that differ from the rest.
    #[serde(default)]
    lines: Vec<ChangedLineRequest>,
    /// Why one waits for it, as shoppers read it beside the date; null: nothing is said any more. It goes by itself
    /// when all has come, nothing comes any more, or none of what is to come has a date any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<WaitReason>)]
    wait_reason: Option<Option<WaitReason>>,
    /// Why it is changed: for the log, no shopper reads it.
    reason: Option<Reason>,
}

/// What a purchase order may be changed to.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedStatus {
    /// Nothing more will come.
    Cancelled,
}

/// What changes of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseOrderLineChange)]
pub struct ChangedLineRequest {
    /// Which.
    sku: SkuName,
    /// Units ordered, not fewer than have come.
    quantity: Option<Count>,
    /// The day on which they arrive; null: not known any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Day>)]
    expected_on: Option<Option<Day>>,
}

/// What came.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiptRequest)]
pub struct ReceiveRequest {
    /// The delivery's number. The same number again changes nothing.
    receipt: ReceiptName,
    /// The day on which it came; today unless said otherwise.
    received_on: Option<Day>,
    /// What came, 1 to 1,000 lines.
    lines: Vec<ReceivedLine>,
    /// True: take more than was ordered.
    #[serde(default)]
    allow_over_receipt: bool,
}

/// What came of a SKU.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiptLine)]
pub struct ReceivedLine {
    /// The SKU.
    sku: SkuName,
    /// Units.
    quantity: Units,
}

/// An order of yours at a supplier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PurchaseOrder)]
pub struct Answer {
    /// Its id.
    id: String,
    /// Who delivers.
    supplier: Option<String>,
    /// Where to.
    location: String,
    /// When it was placed.
    ordered_on: Date,
    /// How it is shipped.
    mode: Option<String>,
    /// The day on which the goods left, as the supplier says.
    shipped_on: Option<Date>,
    /// `open`, `received` or `cancelled`.
    status: &'static str,
    /// Why one waits for it, as shoppers read it beside the date.
    wait_reason: Option<WaitReasonAnswer>,
    /// What was ordered, by SKU.
    lines: Vec<LineAnswer>,
    /// The commit that last changed it.
    revision: u64,
}

/// What shoppers are not told of a purchase order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotSoldAhead)]
pub struct NotSoldAhead {
    /// SKUs of which only what is on the shelf is sold (`backorder.policy` is `deny`, or `sell_until` is past): nobody sees a date of what comes.
    skus: Vec<String>,
}

/// What was ordered of a SKU.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PurchaseOrderLine)]
pub struct LineAnswer {
    /// The SKU.
    sku: String,
    /// Units ordered.
    quantity: u32,
    /// Units that have come.
    received: u32,
    /// The day on which the rest arrives, as the supplier says.
    expected_on: Option<Date>,
    /// The day for which the rest is planned, by what is known of the supplier; null: nothing is promised from it.
    planned_on: Option<Date>,
}

/// How a receipt went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
pub struct ReceivedAnswer {
    /// False: this receipt was recorded before, and nothing was changed.
    recorded: bool,
    /// The purchase order after it.
    purchase_order: Answer,
}

/// What a change of a purchase order would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PurchaseOrderPreview)]
pub struct PreviewAnswer {
    /// The purchase order after it.
    purchase_order: Answer,
    /// Lines of orders of which the last unit would leave later than was told last, or nobody knows when.
    later: Vec<MovedAnswer>,
    /// Lines of orders of which the last unit would leave sooner.
    sooner: Vec<MovedAnswer>,
}

/// A line of an order of which the last unit would leave on another day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MovedLine)]
pub struct MovedAnswer {
    /// The order.
    order: String,
    /// The line, from 0.
    line: u32,
    /// The SKU.
    sku: String,
    /// Units that wait.
    quantity: u32,
    /// The day that was told first.
    first_ships_by: Option<Date>,
    /// The day that was told last.
    ships_by: Option<Date>,
    /// The day that would be told; null: none is known then.
    would_ship_by: Option<Date>,
}

/// A page of purchase orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PurchaseOrderPage)]
pub struct List {
    /// Purchase orders, by id.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Records what was ordered at a supplier
#[utoipa::path(
    post,
    path = "/v1/purchase-orders",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = CreateRequest,
    responses((status = 201, description = "The purchase order", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn create(
    State(app): State<App>,
    request: asking::Once<CreateRequest>,
) -> Result<Response, Problem> {
    let create = request.body.parsed()?;
    let once = Once::claim(&app, request.asked, created)?;
    let outcome = create_purchase_order(&app, &request.merchant.store, create, once).await?;
    Ok(sent(outcome, created))
}

/// Lists purchase orders, a page at a time
#[utoipa::path(
    get,
    path = "/v1/purchase-orders",
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
    let after = page.after(&merchant.store)?;
    let unknown = || {
        Problem::invalid(
            "?status",
            "invalid_parameter",
            "must be open, received or cancelled",
        )
    };
    let status = match page.status.as_deref() {
        None => None,
        Some(name) => Some(PurchaseOrderStatus::named(name).ok_or_else(unknown)?),
    };
    let orders =
        show::purchase_orders(&app, &merchant.store, status, after.as_ref(), limit).await?;
    Ok(Json(List {
        next: Page::next(&merchant.store, &orders, limit, |order| {
            order.id.to_string()
        }),
        items: orders.iter().map(Answer::from).collect(),
    }))
}

/// Shows a purchase order
#[utoipa::path(
    get,
    path = "/v1/purchase-orders/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The purchase order")),
    responses((status = 200, description = "The purchase order", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let order = show::purchase_order(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(Answer::from(&order)))
}

/// Names what is ordered and cannot be bought before it is here
#[utoipa::path(
    get,
    path = "/v1/purchase-orders/{id}/not-sold-ahead",
    tag = "merchants",
    params(("id" = String, Path, description = "The purchase order")),
    responses((status = 200, description = "SKUs that nobody sees a date of", body = NotSoldAhead), Refusals),
    security(("secret" = []))
)]
pub async fn not_sold_ahead(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<NotSoldAhead>, Problem> {
    let skus = show::not_sold_ahead(&app, &merchant.shop, &existing(&id)?).await?;
    Ok(Json(NotSoldAhead {
        skus: skus.iter().map(Sku::to_string).collect(),
    }))
}

/// Changes dates and quantities of a purchase order, or cancels it
#[utoipa::path(
    patch,
    path = "/v1/purchase-orders/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The purchase order")),
    request_body = ChangeRequest,
    responses((status = 200, description = "The purchase order now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn change(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
    ApiJson(request): ApiJson<ChangeRequest>,
) -> Result<Json<Answer>, Problem> {
    let id = existing(&id)?;
    let order = change_purchase_order(&app, &merchant.store, id, request.parsed()?).await?;
    Ok(Json(Answer::from(&order)))
}

/// Says whose dates a change would move, and changes nothing
#[utoipa::path(
    post,
    path = "/v1/purchase-orders/{id}/preview",
    tag = "merchants",
    params(("id" = String, Path, description = "The purchase order")),
    request_body = ChangeRequest,
    responses((status = 200, description = "What the change would do", body = PreviewAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn preview(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
    ApiJson(request): ApiJson<ChangeRequest>,
) -> Result<Json<PreviewAnswer>, Problem> {
    let id = existing(&id)?;
    let preview = preview_purchase_order(&app, &merchant.store, id, request.parsed()?).await?;
    Ok(Json(PreviewAnswer::from(&preview)))
}

/// Records that goods of a purchase order came
#[utoipa::path(
    post,
    path = "/v1/purchase-orders/{id}/receipts",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The purchase order"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = ReceiveRequest,
    responses((status = 200, description = "The purchase order now", body = ReceivedAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn receive(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<ReceiveRequest>,
) -> Result<Response, Problem> {
    let id = existing(&id)?;
    let receive = request.body.parsed()?;
    let once = Once::claim(&app, request.asked, received)?;
    let outcome = receive_purchase_order(&app, &request.merchant.store, id, receive, once).await?;
    Ok(sent(outcome, received))
}

impl CreateRequest {
    fn parsed(self) -> Result<CreatePurchaseOrder, Problem> {
        refuse_line_count(&self.lines, PURCHASE_ORDER_LINES_MAX)?;
        Ok(CreatePurchaseOrder {
            id: self.id.map(|id| id.0),
            supplier: self.supplier.map(|supplier| supplier.0),
            location: self.location.map(|location| location.0),
            ordered_on: self.ordered_on.map(|day| day.0),
            mode: self.mode.map(|mode| mode.0),
            shipped_on: self.shipped_on.map(|day| day.0),
            expected_on: self.expected_on.map(|day| day.0),
            wait_reason: self
                .wait_reason
                .map(|reason| reason.parsed("/wait_reason"))
                .transpose()?,
            lines: self
                .lines
                .into_iter()
                .map(|line| Ordered {
                    sku: line.sku.0,
                    quantity: line.quantity.0,
                    expected_on: line.expected_on.map(|day| day.0),
                })
                .collect(),
        })
    }
}

impl ChangeRequest {
    fn parsed(self) -> Result<ChangePurchaseOrder, Problem> {
        let day = |day: Option<Day>| day.map(|day| day.0);
        let stated = |reason: WaitReason| reason.parsed("/wait_reason");
        let wait_reason = self
            .wait_reason
            .map(|reason| reason.map(stated).transpose());
        Ok(ChangePurchaseOrder {
            wait_reason: wait_reason.transpose()?,
            expected_on: self.expected_on.map(day),
            mode: self.mode.map(|mode| mode.map(|mode| mode.0)),
            shipped_on: self.shipped_on.map(day),
            cancel: matches!(self.status, Some(ChangedStatus::Cancelled)),
            lines: self
                .lines
                .into_iter()
                .map(|line| ChangedLine {
                    sku: line.sku.0,
                    quantity: line.quantity.map(|count| count.0),
                    expected_on: line.expected_on.map(day),
                })
                .collect(),
            reason: self.reason.map(|reason| reason.0),
        })
    }
}

impl ReceiveRequest {
    fn parsed(self) -> Result<ReceivePurchaseOrder, Problem> {
        refuse_line_count(&self.lines, PURCHASE_ORDER_LINES_MAX)?;
        let line = |line: ReceivedLine| (line.sku.0, line.quantity.0);
        Ok(ReceivePurchaseOrder {
            receipt: self.receipt.0,
            received_on: self.received_on.map(|day| day.0),
            lines: self.lines.into_iter().map(line).collect(),
            allow_over_receipt: self.allow_over_receipt,
        })
    }
}

fn created(order: &PurchaseOrder) -> once::Answer {
    asking::answer(201, &Answer::from(order))
}

fn received(received: &Received) -> once::Answer {
    asking::answer(
        200,
        &ReceivedAnswer {
            recorded: received.recorded,
            purchase_order: Answer::from(&received.order),
        },
    )
}

impl From<&Preview> for PreviewAnswer {
    fn from(preview: &Preview) -> Self {
        let is_later = |moved: &&Moved| match (moved.now.day(), moved.then.day()) {
            (Some(now), Some(then)) => now < then,
            (_, then) => then.is_none(),
        };
        let (later, sooner): (Vec<&Moved>, Vec<&Moved>) = preview.moved.iter().partition(is_later);
        Self {
            purchase_order: Answer::from(&preview.after),
            later: later.into_iter().map(MovedAnswer::from).collect(),
            sooner: sooner.into_iter().map(MovedAnswer::from).collect(),
        }
    }
}

impl From<&Moved> for MovedAnswer {
    fn from(moved: &Moved) -> Self {
        Self {
            order: moved.order.to_string(),
            line: moved.line,
            sku: moved.sku.to_string(),
            quantity: moved.quantity.units(),
            first_ships_by: moved.first.day().map(Date),
            ships_by: moved.now.day().map(Date),
            would_ship_by: moved.then.day().map(Date),
        }
    }
}

impl From<&PurchaseOrder> for Answer {
    fn from(order: &PurchaseOrder) -> Self {
        Self {
            id: order.id.to_string(),
            supplier: order.supplier.as_ref().map(ToString::to_string),
            location: order.location.to_string(),
            ordered_on: Date(order.ordered_on),
            mode: order.mode.clone(),
            shipped_on: order.shipped_on.map(Date),
            status: order.status.name(),
            wait_reason: WaitReasonAnswer::of(order.wait_reason.clone()),
            lines: order
                .lines
                .iter()
                .map(|line| LineAnswer {
                    sku: line.sku.to_string(),
                    quantity: line.quantity.units(),
                    received: line.received.units(),
                    expected_on: line.expected_on.map(Date),
                    planned_on: line.planned_on.map(Date),
                })
                .collect(),
            revision: order.revision,
        }
    }
}
