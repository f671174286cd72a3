//! `GET /v1/today`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::wire::{Date, Money};
use utoipa::ToSchema;

use super::Refusals;
use super::reservations::instant;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::operations::records::{PaymentNeeded, Reorder};
use crate::operations::today::{AtRisk, RunsLow, Today, today};

/// What a merchant should look at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Today)]
pub struct Answer {
    /// The day where the goods leave.
    day: Date,
    /// Promises that are not kept as they were told first.
    at_risk: AtRiskList,
    /// Parcels that wait for a customer's payment.
    payments: PaymentList,
    /// Goods at or below their reorder point.
    low_stock: LowStockList,
    /// Drafts of orders at suppliers that wait to be approved.
    drafts: DraftList,
    /// Parcels that can leave.
    ready: ReadyAnswer,
}

/// Goods at or below their reorder point.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodayLowStock)]
pub struct LowStockList {
    /// How many there are; of more than 1,000 alerts not all are counted.
    count: usize,
    /// At most 20 of them, those that came there first at first.
    items: Vec<LowStockAnswer>,
}

/// A SKU at or below its reorder point.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkuRunsLow)]
pub struct LowStockAnswer {
    /// The SKU.
    sku: String,
    /// What it is called.
    title: Option<String>,
    /// On hand, and incoming, less what was owed, when it came there.
    position: Option<i64>,
    /// Its reorder point then.
    reorder_point: Option<u32>,
}

/// Drafts of orders at suppliers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodayDrafts)]
pub struct DraftList {
    /// How many there are; of more than 1,000 not all are counted.
    count: usize,
    /// At most 20 of them, by id.
    items: Vec<DraftAnswer>,
}

/// A draft of an order at a supplier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodayDraft)]
pub struct DraftAnswer {
    /// Its id, for `/v1/reorders/{id}`.
    id: String,
    /// At whom.
    supplier: String,
    /// How many SKUs.
    lines: usize,
    /// What all of it costs; null where of some nobody said it.
    cost: Option<Money>,
}

/// Promises that are not kept as they were told first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodayAtRisk)]
pub struct AtRiskList {
    /// How many there are.
    count: usize,
    /// At most 20 of them, those first of which no date is known, then the latest.
    items: Vec<AtRiskAnswer>,
}

/// A promise that is not kept as it was told first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PromiseAtRisk)]
pub struct AtRiskAnswer {
    /// The order.
    order: String,
    /// The line of the order, from 0.
    line: u32,
    /// The SKU.
    sku: String,
    /// Units.
    quantity: u32,
    /// The day that was told first.
    first_ships_by: Option<Date>,
    /// The day that was told last; null where it is not known any more.
    ships_by: Option<Date>,
    /// Calendar days from the first to the day by which it leaves, today at the soonest; null where it is not known.
    days_late: Option<i64>,
    /// True if all of it is on the shelf.
    filled: bool,
    /// Purchase orders that were planned to be there in time.
    purchase_orders: Vec<String>,
}

/// Parcels that wait for a customer's payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodayPayments)]
pub struct PaymentList {
    /// How many there are.
    count: usize,
    /// At most 20 of them, by id.
    items: Vec<PaymentAnswer>,
}

/// A parcel that waits for a customer's payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentNeeded)]
pub struct PaymentAnswer {
    /// The order.
    order: String,
    /// The parcel.
    shipment: String,
    /// What is to be paid; null where the order has no currency.
    amount: Option<Money>,
    /// Why it was not paid, as the provider says it.
    failure: Option<String>,
    /// Until when the goods are kept.
    #[schema(value_type = Option<String>, format = DateTime)]
    kept_until: Option<String>,
}

/// Parcels that can leave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TodayReady)]
pub struct ReadyAnswer {
    /// How many there are; `/v1/shipments` lists them.
    count: usize,
}

/// Says what a merchant should look at today
#[utoipa::path(
    get,
    path = "/v1/today",
    tag = "merchants",
    responses((status = 200, description = "What is to be looked at", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(State(app): State<App>, merchant: Merchant) -> Result<Json<Answer>, Problem> {
    Ok(Json(today(&app, &merchant.shop).await?.into()))
}

impl From<Today> for Answer {
    fn from(today: Today) -> Self {
        let (risks, at_risk) = today.at_risk;
        let (needed, payments) = today.payments;
        let (low, low_stock) = today.low_stock;
        let (drafted, drafts) = today.drafts;
        Self {
            day: Date(today.day),
            at_risk: AtRiskList {
                count: risks,
                items: at_risk.into_iter().map(AtRiskAnswer::from).collect(),
            },
            payments: PaymentList {
                count: needed,
                items: payments.into_iter().map(PaymentAnswer::from).collect(),
            },
            low_stock: LowStockList {
                count: low,
                items: low_stock.into_iter().map(LowStockAnswer::from).collect(),
            },
            drafts: DraftList {
                count: drafted,
                items: drafts.iter().map(DraftAnswer::from).collect(),
            },
            ready: ReadyAnswer { count: today.ready },
        }
    }
}

impl From<AtRisk> for AtRiskAnswer {
    fn from(AtRisk { part, days_late }: AtRisk) -> Self {
        let orders = part.purchase_orders.iter();
        Self {
            order: part.order.to_string(),
            line: part.line,
            sku: part.sku.to_string(),
            quantity: part.quantity.units(),
            first_ships_by: part.first_due.day().map(Date),
            ships_by: part.due_day().map(Date),
            days_late,
            filled: part.filled,
            purchase_orders: orders.map(ToString::to_string).collect(),
        }
    }
}

impl From<RunsLow> for LowStockAnswer {
    fn from(low: RunsLow) -> Self {
        Self {
            sku: low.sku,
            title: low.title,
            position: low.position,
            reorder_point: low.reorder_point,
        }
    }
}

impl From<&Reorder> for DraftAnswer {
    fn from(draft: &Reorder) -> Self {
        Self {
            id: draft.id.to_string(),
            supplier: draft.supplier.to_string(),
            lines: draft.lines.len(),
            cost: draft.cost.map(Money),
        }
    }
}

impl From<PaymentNeeded> for PaymentAnswer {
    fn from(needed: PaymentNeeded) -> Self {
        Self {
            order: needed.order.to_string(),
            shipment: needed.shipment.to_string(),
            amount: needed.amount.map(Money),
            failure: needed.failure,
            kept_until: needed.kept_until.map(instant),
        }
    }
}
