//! SKUs: how each may be sold.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::supply::BackorderMode;
use shared::wire::Date;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{Page, existing, new};
use super::fields::{
    Count, Day, Days, Name, Reason, SkuName, SomeDays, SupplierName, Units, WaitReason,
    WaitReasonAnswer,
};
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::http::named::Named;
use crate::operations::put_sku::put_sku;
use crate::operations::records::{Component, SkuRecord};
use crate::operations::show;

/// Most components of a kit.
const KIT_COMPONENTS_MAX: usize = 100;

/// How a SKU may be sold. What is left out takes the value that most shops want.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SkuRequest)]
pub struct Request {
    /// Your name for it, as shoppers see it beside a parcel.
    title: Option<Name>,
    /// False: it is not counted and always there (a download). True unless said otherwise.
    #[serde(default = "yes")]
    tracked: bool,
    /// True: no more will come; what is left may be sold.
    #[serde(default)]
    discontinued: bool,
    /// Whether more than is on the shelf may be sold. Not, unless said otherwise.
    #[serde(default)]
    backorder: BackorderRequest,
    /// Before this date none leaves the house: a preorder.
    released_on: Option<Day>,
    /// At or below this many available units it reads as low. 0, never, unless said otherwise.
    low_stock_threshold: Option<Count>,
    /// Who delivers it.
    supplier: Option<SupplierName>,
    /// Calendar days from order to arrival; the supplier's unless said otherwise.
    lead_time_days: Option<Days>,
    /// What a kit is made of. It has no stock of its own: what can be promised of it is what can be promised of all its parts.
    #[serde(default)]
    kit: Vec<ComponentRequest>,
}

/// Whether more than is on the shelf may be sold.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackorderRequest {
    /// The rule.
    #[serde(default)]
    policy: Backordering,
    /// Most units that may be owed at once; as many as can be promised unless said otherwise.
    limit: Option<Count>,
    /// Why there is a wait, in your own words: for all languages that have none in `wait_reason`.
    reason: Option<Reason>,
    /// The same as a code, and in words for single languages.
    wait_reason: Option<WaitReason>,
    /// The last day on which more than is on the shelf is sold.
    sell_until: Option<Day>,
    /// Days ahead beyond which none is promised; the store's horizon unless said otherwise.
    max_promise_days: Option<SomeDays>,
}

/// The rule for selling what is not on the shelf.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backordering {
    /// Only what is on the shelf.
    #[default]
    Deny,
    /// Whatever can be promised, called a backorder.
    Allow,
    /// The same, without the word "backorder".
    AllowSilent,
}

/// Part of a kit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentRequest {
    /// The SKU in it.
    sku: SkuName,
    /// How many of it.
    quantity: Units,
}

/// How a SKU may be sold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sku)]
pub struct Answer {
    /// The SKU.
    sku: String,
    /// Your name for it.
    title: Option<String>,
    /// False: it is not counted and always there.
    tracked: bool,
    /// True: no more will come.
    discontinued: bool,
    /// Whether more than is on the shelf may be sold.
    backorder: BackorderAnswer,
    /// Before this date none leaves the house.
    released_on: Option<Date>,
    /// At or below this many available units it reads as low.
    low_stock_threshold: u32,
    /// Who delivers it.
    supplier: Option<String>,
    /// Calendar days from order to arrival.
    lead_time_days: Option<u32>,
    /// What a kit is made of. It has no stock of its own: what can be promised of it is what can be promised of all its parts.
    kit: Vec<ComponentAnswer>,
    /// The commit that last changed anything about it.
    revision: u64,
}

/// Whether more than is on the shelf may be sold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backorder)]
pub struct BackorderAnswer {
    /// The rule.
    policy: Backordering,
    /// Most units that may be owed at once.
    limit: Option<u32>,
    /// Why there is a wait, for all languages that have no words in `wait_reason`.
    reason: Option<String>,
    /// The same as a code, and in words for single languages.
    wait_reason: Option<WaitReasonAnswer>,
    /// The last day on which more than is on the shelf is sold.
    sell_until: Option<Date>,
    /// Days ahead beyond which none is promised.
    max_promise_days: Option<u32>,
}

/// Part of a kit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Component)]
pub struct ComponentAnswer {
    /// The SKU in it.
    sku: String,
    /// How many of it.
    quantity: u32,
}

/// A page of SKUs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkuPage)]
pub struct List {
    /// SKUs, in the order of their bytes.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Makes a SKU or replaces how it may be sold; its stock stays as it is
#[utoipa::path(
    put,
    path = "/v1/skus/{sku}",
    tag = "merchants",
    params(("sku" = String, Path, description = "The SKU")),
    request_body = Request,
    responses((status = 200, description = "How it may be sold now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn put(
    State(app): State<App>,
    merchant: Merchant,
    Named(sku): Named<String>,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<Answer>, Problem> {
    let record = request.record(&sku)?;
    let record = put_sku(&app, &merchant.store, record).await?;
    Ok(Json(record.into()))
}

/// Shows how a SKU may be sold
#[utoipa::path(
    get,
    path = "/v1/skus/{sku}",
    tag = "merchants",
    params(("sku" = String, Path, description = "The SKU")),
    responses((status = 200, description = "How it may be sold", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(sku): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let record = show::sku(&app, &merchant.store, &existing(&sku)?).await?;
    Ok(Json(record.into()))
}

/// Lists SKUs, a page at a time
#[utoipa::path(
    get,
    path = "/v1/skus",
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
    let skus = show::skus(&app, &merchant.store, after.as_ref(), limit).await?;
    Ok(Json(List {
        next: Page::next(&merchant.store, &skus, limit, |record| {
            record.sku.to_string()
        }),
        items: skus.into_iter().map(Answer::from).collect(),
    }))
}

impl Request {
    fn record(self, sku: &str) -> Result<SkuRecord, Problem> {
        if KIT_COMPONENTS_MAX < self.kit.len() {
            let detail = format!("a kit has at most {KIT_COMPONENTS_MAX} components");
            return Err(Problem::invalid("/kit", "too_many_lines", detail));
        }
        let mut record = SkuRecord::new(new(sku, "/sku", "invalid_sku")?);
        record.title = self.title.map(|title| title.0);
        record.tracked = self.tracked;
        record.discontinued = self.discontinued;
        record.backorder = match self.backorder.policy {
            Backordering::Deny => BackorderMode::Deny,
            Backordering::Allow => BackorderMode::Allow,
            Backordering::AllowSilent => BackorderMode::AllowSilent,
        };
        record.backorder_limit = self.backorder.limit.map(|limit| limit.0);
        record.reason = self.backorder.reason.map(|reason| reason.0);
        record.wait_reason = self
            .backorder
            .wait_reason
            .map(|reason| reason.parsed("/backorder/wait_reason"))
            .transpose()?;
        record.sell_until = self.backorder.sell_until.map(|day| day.0);
        record.promise_days_max = self.backorder.max_promise_days.map(|days| days.0);
        record.released_on = self.released_on.map(|day| day.0);
        record.low_stock_threshold = self
            .low_stock_threshold
            .map(|threshold| threshold.0)
            .unwrap_or_default();
        record.supplier = self.supplier.map(|supplier| supplier.0);
        record.lead_time_days = self.lead_time_days.map(|days| days.0);
        record.kit = self
            .kit
            .into_iter()
            .map(|part| Component {
                sku: part.sku.0,
                quantity: part.quantity.0,
            })
            .collect();
        Ok(record)
    }
}

impl From<SkuRecord> for Answer {
    fn from(record: SkuRecord) -> Self {
        Self {
            sku: record.sku.to_string(),
            title: record.title,
            tracked: record.tracked,
            discontinued: record.discontinued,
            backorder: BackorderAnswer {
                policy: match record.backorder {
                    BackorderMode::Deny => Backordering::Deny,
                    BackorderMode::Allow => Backordering::Allow,
                    BackorderMode::AllowSilent => Backordering::AllowSilent,
                },
                limit: record.backorder_limit.map(|limit| limit.units()),
                reason: record.reason,
                wait_reason: WaitReasonAnswer::of(record.wait_reason),
                sell_until: record.sell_until.map(Date),
                max_promise_days: record.promise_days_max,
            },
            released_on: record.released_on.map(Date),
            low_stock_threshold: record.low_stock_threshold.units(),
            supplier: record.supplier.map(|supplier| supplier.to_string()),
            lead_time_days: record.lead_time_days,
            kit: record
                .kit
                .into_iter()
                .map(|part| ComponentAnswer {
                    sku: part.sku.to_string(),
                    quantity: part.quantity.units(),
                })
                .collect(),
            revision: record.revision,
        }
    }
}

fn yes() -> bool {
    true
}
