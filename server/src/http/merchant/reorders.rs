//! What is to be ordered at suppliers: drafted, approved, sent, confirmed; and what a policy would have done.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shared::demand::Outcome;
use shared::ids::ReorderId;
use shared::wire::{self, Date};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, Page, existing, sent};
use super::fields::{Day, SkuName, SomeDays, SupplierName, Times};
use super::reorder_policy::ServiceRequest;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::limits::{SIMULATED_MONTHS_MAX, SIMULATED_SKUS_MAX};
use crate::operations::check_availability::instant;
use crate::operations::draft_reorders::{Drafts, run_reorders};
use crate::operations::once::{self, Once};
use crate::operations::order_forms::{NoForm, OrderFile, order_csv, order_pdf};
use crate::operations::records::{Reorder, ReorderNote, ReorderStatus};
use crate::operations::reorders::{Step, reorder, reorders, step_reorder};
use crate::operations::simulate_reorders::{Simulate, Simulated, simulate_reorders};

/// Months over which a policy is tried, unless asked otherwise.
const SIMULATED_MONTHS: u32 = 12;

/// What is to be ordered at a supplier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reorder)]
pub struct Answer {
    /// Its id.
    id: String,
    /// At whom.
    supplier: String,
    /// `draft`, `approved`, `sent`, `confirmed` or `dismissed`.
    status: &'static str,
    /// The day of the supplier's schedule that made it; null where somebody asked.
    fires_on: Option<Date>,
    /// What all lines cost; null where you did not say what some cost.
    cost: Option<wire::Money>,
    /// What is to be known before it is approved: `below_minimum`, `budget_cut`, or null.
    note: Option<&'static str>,
    /// The purchase order that it became.
    purchase_order: Option<String>,
    /// What is ordered, by SKU.
    lines: Vec<LineAnswer>,
    /// Instant (RFC 3339) at which it was made.
    made_at: String,
    /// Instant (RFC 3339) at which it last came further.
    changed_at: String,
    /// Instant (RFC 3339) at which it was sent.
    sent_at: Option<String>,
    /// Instant (RFC 3339) at which the supplier was asked about it.
    followed_up_at: Option<String>,
    /// The commit that last changed it.
    revision: u64,
}

/// What is ordered of a SKU, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderLine)]
pub struct LineAnswer {
    /// The SKU.
    sku: String,
    /// Units.
    quantity: u32,
    /// What one costs, in minor units.
    unit_cost: Option<i64>,
    /// On hand, and incoming, less what was owed.
    position: i64,
    /// It was at or below this.
    reorder_point: u32,
}

/// A page of reorders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderPage)]
pub struct List {
    /// Reorders, oldest first.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// For whom drafts are made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderRunRequest)]
pub struct RunRequest {
    /// Only for this supplier; for all unless given.
    supplier: Option<SupplierName>,
}

/// The drafts that were made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderRun)]
pub struct RunAnswer {
    /// Drafts, by supplier.
    items: Vec<Answer>,
}

/// Nothing but the address is needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderStepRequest)]
pub struct StepRequest {}

/// What the supplier said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderConfirmRequest)]
pub struct ConfirmRequest {
    /// The day on which it arrives; planned by how long the supplier takes unless given.
    expected_on: Option<Day>,
}

/// What is tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderSimulationRequest)]
pub struct SimulateRequest {
    /// On which SKUs, at most 50; on 50 of those that sell unless given.
    #[serde(default)]
    skus: Vec<SkuName>,
    /// Over how many of the last months, at most 24. 12 unless said otherwise.
    months: Option<Times>,
    /// How much is to be served; as your policy says unless given.
    service: Option<ServiceRequest>,
    /// For how many days an order is to last; as your policy says unless given.
    cover_days: Option<SomeDays>,
    /// Calendar days from one look at the shelf to the next; as your policy says unless given.
    review_days: Option<SomeDays>,
}

/// What would have come of a policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderSimulation)]
pub struct SimulateAnswer {
    /// The first day that is judged.
    from: Date,
    /// The last day.
    to: Date,
    /// All SKUs, by what was asked for.
    asked: OutcomeAnswer,
    /// All SKUs, by the policy that you have.
    current: OutcomeAnswer,
    /// Each SKU, by what was asked for.
    skus: Vec<SkuOutcomeAnswer>,
    /// SKUs that could not be tried: they have not sold, or nobody knows how long orders take.
    left_out: Vec<String>,
}

/// What would have come of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderOutcome)]
pub struct OutcomeAnswer {
    /// Units wanted.
    wanted: u64,
    /// Units of them that would have left at once.
    at_once: u64,
    /// The share of them, from 0 to 1; null where none was wanted.
    fill_rate: Option<f64>,
    /// Mean units of a SKU on the shelf in the evening.
    mean_stock: f64,
    /// Days of a SKU with an empty shelf in the evening.
    days_empty: u64,
    /// Orders of a SKU.
    orders: u64,
}

/// What would have come of it for a SKU.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderSkuOutcome)]
pub struct SkuOutcomeAnswer {
    /// The SKU.
    sku: String,
    /// What would have come of it.
    outcome: OutcomeAnswer,
}

/// Lists what is to be ordered, oldest first
#[utoipa::path(
    get,
    path = "/v1/reorders",
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
    let status = match page.status.as_deref() {
        None => None,
        Some(name) => Some(ReorderStatus::named(name).ok_or_else(|| {
            let detail = "must be draft, approved, sent, confirmed or dismissed";
            Problem::invalid("?status", "invalid_parameter", detail)
        })?),
    };
    let limit = page.limit()?;
    let store = &merchant.store;
    let after: Option<ReorderId> = page.after(store)?;
    let found = reorders(&app, store, status, after.as_ref(), limit).await?;
    Ok(Json(List {
        next: Page::next(store, &found, limit, |one| one.id.to_string()),
        items: found.iter().map(Answer::of).collect(),
    }))
}

/// Shows what is to be ordered
#[utoipa::path(
    get,
    path = "/v1/reorders/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The reorder")),
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let found = reorder(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(Answer::of(&found)))
}

/// What the supplier is sent of an order, as a PDF
///
/// In the supplier's language. A draft can be looked at before it is sent.
#[utoipa::path(
    get,
    path = "/v1/reorders/{id}/order.pdf",
    tag = "merchants",
    params(("id" = String, Path, description = "The reorder")),
    responses((status = 200, description = "The PDF", body = Vec<u8>, content_type = "application/pdf"), Refusals),
    security(("secret" = []))
)]
pub async fn pdf(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let file = order_pdf(&app, &merchant.store, &existing(&id)?).await;
    let file = file.map_err(|error| match error {
        NoForm::Act(error) => Problem::from(error),
        NoForm::NotWritten(error) => {
            tracing::error!(reorder = id, error = %error, "Cannot show `{id}`: {error}");
            Problem::internal()
        }
    })?;
    Ok(downloaded(file, "application/pdf"))
}

/// What the supplier is sent of an order, as a CSV
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(
    get,
    path = "/v1/reorders/{id}/order.csv",
    tag = "merchants",
    params(("id" = String, Path, description = "The reorder")),
    responses((status = 200, description = "The CSV", body = String, content_type = "text/csv"), Refusals),
    security(("secret" = []))
)]
pub async fn csv(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let file = order_csv(&app, &merchant.store, &existing(&id)?).await?;
    Ok(downloaded(file, "text/csv; charset=utf-8"))
}

/// Drafts now what is due
///
/// What was drafted before and not approved is replaced. Forecasts are brought up to date first.
#[utoipa::path(
    post,
    path = "/v1/reorders/run",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = RunRequest,
    responses((status = 200, description = "The drafts", body = RunAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn run(
    State(app): State<App>,
    request: asking::Once<RunRequest>,
) -> Result<Response, Problem> {
    let supplier = request.body.supplier.map(|name| name.0);
    let once = Once::claim(&app, request.asked, drafted)?;
    let outcome = run_reorders(&app, &request.merchant.store, supplier, once).await?;
    Ok(sent(outcome, drafted))
}

/// Approves a draft: it may be sent
#[utoipa::path(
    post,
    path = "/v1/reorders/{id}/approve",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The reorder"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")
    ),
    request_body = StepRequest,
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn approve(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<StepRequest>,
) -> Result<Response, Problem> {
    step(&app, &id, Step::Approve, request).await
}

/// Dismisses a draft, or what was approved and not sent
#[utoipa::path(
    post,
    path = "/v1/reorders/{id}/dismiss",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The reorder"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")
    ),
    request_body = StepRequest,
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn dismiss(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<StepRequest>,
) -> Result<Response, Problem> {
    step(&app, &id, Step::Dismiss, request).await
}

/// Sends what was approved to the supplier
///
/// A letter with a PDF and a CSV goes out, and it becomes a purchase order, planned by how long the supplier takes.
#[utoipa::path(
    post,
    path = "/v1/reorders/{id}/send",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The reorder"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")
    ),
    request_body = StepRequest,
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn send(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<StepRequest>,
) -> Result<Response, Problem> {
    step(&app, &id, Step::Send, request).await
}

/// Says that the supplier has confirmed it
///
/// Also of what was approved and ordered in another way: it becomes a purchase order then.
#[utoipa::path(
    post,
    path = "/v1/reorders/{id}/confirm",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The reorder"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")
    ),
    request_body = ConfirmRequest,
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn confirm(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<ConfirmRequest>,
) -> Result<Response, Problem> {
    let expected_on = request.body.expected_on.as_ref().map(|day| day.0);
    step(&app, &id, Step::Confirm(expected_on), request).await
}

/// Tries a policy on what you have sold, and changes nothing
///
/// The last months are lived through again, day by day, knowing in each evening only the months that were over.
#[utoipa::path(
    post,
    path = "/v1/reorders/simulate",
    tag = "merchants",
    request_body = SimulateRequest,
    responses((status = 200, description = "What would have come of it", body = SimulateAnswer), Refusals),
    security(("secret" = []))
)]
pub async fn simulate(
    State(app): State<App>,
    merchant: Merchant,
    ApiJson(request): ApiJson<SimulateRequest>,
) -> Result<Json<SimulateAnswer>, Problem> {
    if SIMULATED_SKUS_MAX < request.skus.len() {
        let detail = format!("at most {SIMULATED_SKUS_MAX} at once");
        return Err(Problem::invalid("/skus", "too_many_items", detail));
    }
    let months = request.months.map_or(SIMULATED_MONTHS, |months| months.0);
    if SIMULATED_MONTHS_MAX < months {
        let detail = format!("must be a whole number from 1 to {SIMULATED_MONTHS_MAX}");
        return Err(Problem::invalid("/months", "invalid_number", detail));
    }
    let wanted = Simulate {
        skus: request.skus.into_iter().map(|sku| sku.0).collect(),
        months,
        service: request.service.map(|service| service.service()),
        cover_days: request.cover_days.map(|days| days.0),
        review_days: request.review_days.map(|days| days.0),
    };
    let found = simulate_reorders(&app, &merchant.store, wanted).await?;
    Ok(Json(SimulateAnswer::of(&found)))
}

async fn step<T>(
    app: &App,
    id: &str,
    step: Step,
    request: asking::Once<T>,
) -> Result<Response, Problem> {
    let id = existing(id)?;
    let once = Once::claim(app, request.asked, stepped)?;
    let outcome = step_reorder(app, &request.merchant.store, id, step, once).await?;
    Ok(sent(outcome, stepped))
}

fn stepped(reorder: &Reorder) -> once::Answer {
    asking::answer(200, &Answer::of(reorder))
}

fn drafted(drafts: &Drafts) -> once::Answer {
    let items = drafts.0.iter().map(Answer::of).collect();
    asking::answer(200, &RunAnswer { items })
}

/// A file as it is kept by a browser. Its name is an id, which needs no quoting.
fn downloaded(file: OrderFile, kind: &'static str) -> Response {
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    let disposition = HeaderValue::from_str(&disposition);
    let disposition = disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, file.content).into_response()
}

impl Answer {
    fn of(reorder: &Reorder) -> Self {
        let purchase_order = reorder.purchase_order.as_ref();
        Self {
            id: reorder.id.to_string(),
            supplier: reorder.supplier.to_string(),
            status: reorder.status.name(),
            fires_on: reorder.fires_on.map(Date),
            cost: reorder.cost.map(wire::Money),
            note: reorder.note.map(ReorderNote::name),
            purchase_order: purchase_order.map(ToString::to_string),
            lines: reorder
                .lines
                .iter()
                .map(|line| LineAnswer {
                    sku: line.sku.to_string(),
                    quantity: line.quantity.units(),
                    unit_cost: line.unit_cost,
                    position: line.position,
                    reorder_point: line.reorder_point,
                })
                .collect(),
            made_at: instant(reorder.made_at),
            changed_at: instant(reorder.changed_at),
            sent_at: reorder.sent_at.map(instant),
            followed_up_at: reorder.chased_at.map(instant),
            revision: reorder.revision,
        }
    }
}

impl SimulateAnswer {
    fn of(found: &Simulated) -> Self {
        let [asked, current] = found.total;
        Self {
            from: Date(found.from),
            to: Date(found.until.pred_opt().unwrap_or(found.until)),
            asked: OutcomeAnswer::of(asked),
            current: OutcomeAnswer::of(current),
            skus: found
                .asked
                .iter()
                .map(|(sku, outcome)| SkuOutcomeAnswer {
                    sku: sku.to_string(),
                    outcome: OutcomeAnswer::of(*outcome),
                })
                .collect(),
            left_out: found.left_out.iter().map(ToString::to_string).collect(),
        }
    }
}

impl OutcomeAnswer {
    fn of(outcome: Outcome) -> Self {
        Self {
            wanted: outcome.wanted,
            at_once: outcome.at_once,
            fill_rate: outcome.fill_rate(),
            mean_stock: outcome.mean_stock(),
            days_empty: outcome.days_empty,
            orders: outcome.orders,
        }
    }
}
