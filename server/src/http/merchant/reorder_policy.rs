//! How a store orders at its suppliers, and what those accept of each SKU.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::demand::Service;
use shared::ids::Sku;
use shared::quantity::Quantity;
use shared::schedule::OnHoliday;
use shared::wire::{self, Date};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::Page;
use super::fields::{
    Count, Email, LevelPercent, Price, SkuName, SomeDays, SupplierName, TimeOfDay, Units, Weekdays,
    day_name,
};
use super::forecasts::ServiceAnswer;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::ApiJson;
use crate::limits::REORDER_TERMS_MAX;
use crate::operations::check_availability::instant;
use crate::operations::records::{
    ByItself, ReorderPolicy, ReorderTerms, SupplierPolicy, SupplierSchedule, on_holiday_name,
    service_name,
};
use crate::operations::reorder_policy::{
    next_firings, put_reorder_policy, put_reorder_terms, reorder_policy, reorder_terms,
};

/// How a store orders. What is left out takes the value that is named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderPolicyRequest)]
pub struct Request {
    /// How much is to be served; a cycle service of 95 percent unless said otherwise.
    service: Option<ServiceRequest>,
    /// For how many days an order is to last. 30 unless said otherwise.
    cover_days: Option<SomeDays>,
    /// Calendar days from one look at the shelf to the next. 7 unless said otherwise.
    review_days: Option<SomeDays>,
    /// Where you are told what runs low; not by mail unless given.
    email: Option<Email>,
    /// Days after which a supplier is asked about an order that it has not confirmed; null: never. 3 unless said otherwise.
    #[serde(default, deserialize_with = "super::fields::present")]
    follow_up_days: Option<Option<SomeDays>>,
    /// Suppliers of which something else is so, at most 1,000.
    #[serde(default)]
    suppliers: Vec<SupplierRequest>,
}

/// How much is to be served.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderServiceRequest)]
pub struct ServiceRequest {
    /// Of what.
    kind: ServiceKind,
    /// Percent, from 1 to 99.
    percent: LevelPercent,
}

/// Of what a share is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReorderServiceKind)]
pub enum ServiceKind {
    /// Of 100 times between two orders, in so many nothing is missing.
    Cycle,
    /// Of 100 units, so many leave at once.
    Fill,
}

impl ServiceRequest {
    /// What it asks for.
    pub fn service(&self) -> Service {
        match self.kind {
            ServiceKind::Cycle => Service::Cycle(self.percent.0),
            ServiceKind::Fill => Service::Fill(self.percent.0),
        }
    }
}

/// How you order at a supplier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderSupplierRequest)]
pub struct SupplierRequest {
    /// The supplier.
    supplier: SupplierName,
    /// Where orders are sent; you send them yourself unless given.
    email: Option<Email>,
    /// For how many days an order is to last; as the store says unless given.
    cover_days: Option<SomeDays>,
    /// Calendar days from one look at the shelf to the next; as the store says unless given.
    review_days: Option<SomeDays>,
    /// What an order costs at least. What is below is drafted, marked, and never approved by itself.
    minimum: Option<Price>,
    /// What an order may cost. Where it does not reach all, it goes where it saves most; SKUs without a cost are left out.
    budget: Option<Price>,
    /// When drafts are made by themselves.
    schedule: Option<ScheduleRequest>,
    /// Within which limits those are approved and sent by themselves; not at all unless given.
    by_itself: Option<ByItselfRequest>,
}

/// When drafts are made by themselves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderScheduleRequest)]
pub struct ScheduleRequest {
    /// Whether they are. False unless said otherwise.
    #[serde(default)]
    on: bool,
    /// Days of the week.
    weekdays: Weekdays,
    /// When, on the clocks of the location that ships.
    time: TimeOfDay,
    /// What becomes of a day on which that location or the supplier does not work: `skip`, or `next`, the next day on which both do.
    /// `next` unless said otherwise.
    #[serde(default)]
    on_holiday: HolidayRule,
}

/// What becomes of a day off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReorderHolidayRule)]
pub enum HolidayRule {
    /// It does not count.
    Skip,
    /// The next day on which both work counts.
    #[default]
    Next,
}

/// Within which limits drafts of a schedule are approved and sent by themselves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderByItselfRequest)]
pub struct ByItselfRequest {
    /// Approved is what costs at most so much, is not below the supplier's minimum and was not cut to the budget.
    approves_up_to: Price,
    /// Whether it is sent to the supplier too. False unless said otherwise.
    #[serde(default)]
    sends: bool,
}

/// How a store orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderPolicy)]
pub struct Answer {
    /// How much is to be served.
    service: ServiceAnswer,
    /// For how many days an order is to last.
    cover_days: u32,
    /// Calendar days from one look at the shelf to the next.
    review_days: u32,
    /// Where you are told what runs low.
    email: Option<String>,
    /// Days after which a supplier is asked about an order.
    follow_up_days: Option<u32>,
    /// Suppliers of which something else is so, by id.
    suppliers: Vec<SupplierAnswer>,
    /// The commit that last changed it; 0: nobody ever did.
    revision: u64,
}

/// How you order at a supplier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderSupplier)]
pub struct SupplierAnswer {
    /// The supplier.
    supplier: String,
    /// Where orders are sent.
    email: Option<String>,
    /// For how many days an order is to last.
    cover_days: Option<u32>,
    /// Calendar days from one look at the shelf to the next.
    review_days: Option<u32>,
    /// What an order costs at least.
    minimum: Option<wire::Money>,
    /// What an order may cost.
    budget: Option<wire::Money>,
    /// When drafts are made by themselves.
    schedule: Option<ScheduleAnswer>,
    /// Within which limits those are approved and sent by themselves.
    by_itself: Option<ByItselfAnswer>,
}

/// When drafts are made by themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderSchedule)]
pub struct ScheduleAnswer {
    /// Whether they are.
    on: bool,
    /// Days of the week.
    weekdays: Vec<&'static str>,
    /// When, on the clocks of the location that ships.
    time: String,
    /// What becomes of a day off.
    on_holiday: &'static str,
    /// The next civil date on which it fires; null where it is off.
    next_on: Option<Date>,
    /// The instant (RFC 3339).
    next_at: Option<String>,
}

/// Within which limits drafts are approved and sent by themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderByItself)]
pub struct ByItselfAnswer {
    /// What an order costs at most.
    approves_up_to: wire::Money,
    /// Whether it is sent too.
    sends: bool,
}

/// How some SKUs are ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderTermsRequest)]
pub struct TermsRequest {
    /// SKUs, at most 1,000, each in the place of what was said of it before.
    items: Vec<SkuTermsRequest>,
}

/// How a SKU is ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReorderSkuRequest)]
pub struct SkuTermsRequest {
    /// The SKU.
    sku: SkuName,
    /// What a unit costs you.
    unit_cost: Option<Price>,
    /// Fewest units that the supplier sends. 0 unless said otherwise.
    minimum: Option<Count>,
    /// Units of a pack: only whole packs are ordered. 1 unless said otherwise.
    pack: Option<Units>,
    /// For how many days an order is to last; as the supplier or the store says unless given.
    cover_days: Option<SomeDays>,
}

/// How a SKU is ordered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderSku)]
pub struct TermsAnswer {
    /// The SKU.
    sku: String,
    /// What a unit costs you.
    unit_cost: Option<wire::Money>,
    /// Fewest units that the supplier sends.
    minimum: u32,
    /// Units of a pack.
    pack: u32,
    /// For how many days an order is to last.
    cover_days: Option<u32>,
}

/// A page of SKUs of which somebody said how they are ordered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReorderSkuPage)]
pub struct TermsList {
    /// SKUs in the order of their bytes.
    items: Vec<TermsAnswer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Shows how the store orders
#[utoipa::path(
    get,
    path = "/v1/reorders/policy",
    tag = "merchants",
    responses((status = 200, description = "How it orders", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(State(app): State<App>, merchant: Merchant) -> Result<Json<Answer>, Problem> {
    let policy = reorder_policy(&app, &merchant.store).await?;
    Ok(Json(answer(&app, &merchant, &policy).await?))
}

/// Replaces how the store orders
///
/// Forecasts are computed anew by it within seconds.
#[utoipa::path(
    put,
    path = "/v1/reorders/policy",
    tag = "merchants",
    request_body = Request,
    responses((status = 200, description = "How it orders now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn put(
    State(app): State<App>,
    merchant: Merchant,
    ApiJson(request): ApiJson<Request>,
) -> Result<Json<Answer>, Problem> {
    let policy = put_reorder_policy(&app, &merchant.store, request.policy()).await?;
    Ok(Json(answer(&app, &merchant, &policy).await?))
}

/// Lists how SKUs are ordered of which you said so
#[utoipa::path(
    get,
    path = "/v1/reorders/skus",
    tag = "merchants",
    params(Page),
    responses((status = 200, description = "A page of them", body = TermsList), Refusals),
    security(("secret" = []))
)]
pub async fn list_skus(
    State(app): State<App>,
    merchant: Merchant,
    page: Page,
) -> Result<Json<TermsList>, Problem> {
    let limit = page.limit()?;
    let store = &merchant.store;
    let after: Option<Sku> = page.after(store)?;
    let found = reorder_terms(&app, store, after.as_ref(), limit).await?;
    Ok(Json(TermsList {
        next: Page::next(store, &found, limit, |terms| terms.sku.to_string()),
        items: found.iter().map(TermsAnswer::of).collect(),
    }))
}

/// Says how some SKUs are ordered: what they cost you, minimums and packs
#[utoipa::path(
    put,
    path = "/v1/reorders/skus",
    tag = "merchants",
    request_body = TermsRequest,
    responses((status = 200, description = "How they are ordered now", body = TermsList), Refusals),
    security(("secret" = []))
)]
pub async fn put_skus(
    State(app): State<App>,
    merchant: Merchant,
    ApiJson(request): ApiJson<TermsRequest>,
) -> Result<Json<TermsList>, Problem> {
    if REORDER_TERMS_MAX < request.items.len() {
        let detail = format!("at most {REORDER_TERMS_MAX} at once; send the others after them");
        return Err(Problem::invalid("/items", "too_many_items", detail));
    }
    let terms: Vec<ReorderTerms> = request
        .items
        .into_iter()
        .map(SkuTermsRequest::terms)
        .collect();
    let items = terms.iter().map(TermsAnswer::of).collect();
    put_reorder_terms(&app, &merchant.store, terms).await?;
    Ok(Json(TermsList { items, next: None }))
}

async fn answer(app: &App, merchant: &Merchant, policy: &ReorderPolicy) -> Result<Answer, Problem> {
    let next = next_firings(app, &merchant.store, policy).await?;
    let (service, level) = service_name(policy.service);
    Ok(Answer {
        service: ServiceAnswer {
            kind: service.into(),
            percent: level.percent(),
        },
        cover_days: policy.cover_days,
        review_days: policy.review_days,
        email: policy.email.clone(),
        follow_up_days: policy.follow_up_days,
        suppliers: policy
            .suppliers
            .iter()
            .map(|one| SupplierAnswer::of(one, next.get(&one.supplier).copied()))
            .collect(),
        revision: policy.revision,
    })
}

impl Request {
    fn policy(self) -> ReorderPolicy {
        let usual = ReorderPolicy::default();
        let follow_up = self.follow_up_days.map(|days| days.map(|days| days.0));
        ReorderPolicy {
            service: self.service.map_or(usual.service, |one| one.service()),
            cover_days: self.cover_days.map_or(usual.cover_days, |days| days.0),
            review_days: self.review_days.map_or(usual.review_days, |days| days.0),
            email: self.email.map(|email| email.0),
            follow_up_days: follow_up.unwrap_or(usual.follow_up_days),
            suppliers: self
                .suppliers
                .into_iter()
                .map(SupplierRequest::policy)
                .collect(),
            revision: 0,
        }
    }
}

impl SupplierRequest {
    fn policy(self) -> SupplierPolicy {
        SupplierPolicy {
            supplier: self.supplier.0,
            email: self.email.map(|email| email.0),
            cover_days: self.cover_days.map(|days| days.0),
            review_days: self.review_days.map(|days| days.0),
            minimum: self.minimum.map(|price| price.money()),
            budget: self.budget.map(|price| price.money()),
            schedule: self.schedule.map(|schedule| SupplierSchedule {
                is_on: schedule.on,
                // Set when it is kept.
                since: DateTime::<Utc>::MIN_UTC,
                days: schedule.weekdays.0,
                time: schedule.time.0,
                on_holiday: match schedule.on_holiday {
                    HolidayRule::Skip => OnHoliday::Skip,
                    HolidayRule::Next => OnHoliday::Next,
                },
            }),
            by_itself: self.by_itself.map(|limits| ByItself {
                approves_up_to: limits.approves_up_to.money(),
                sends: limits.sends,
            }),
        }
    }
}

impl SkuTermsRequest {
    fn terms(self) -> ReorderTerms {
        ReorderTerms {
            sku: self.sku.0,
            unit_cost: self.unit_cost.map(|price| price.money()),
            minimum: self.minimum.map_or(Quantity::ZERO, |units| units.0),
            pack: self.pack.map_or(Quantity::new(1), |units| units.0),
            cover_days: self.cover_days.map(|days| days.0),
        }
    }
}

impl SupplierAnswer {
    fn of(policy: &SupplierPolicy, next: Option<(chrono::NaiveDate, DateTime<Utc>)>) -> Self {
        Self {
            supplier: policy.supplier.to_string(),
            email: policy.email.clone(),
            cover_days: policy.cover_days,
            review_days: policy.review_days,
            minimum: policy.minimum.map(wire::Money),
            budget: policy.budget.map(wire::Money),
            schedule: policy.schedule.map(|schedule| ScheduleAnswer {
                on: schedule.is_on,
                weekdays: schedule.days.days().map(day_name).collect(),
                time: schedule.time.format("%H:%M").to_string(),
                on_holiday: on_holiday_name(schedule.on_holiday),
                next_on: next.map(|(day, _)| Date(day)),
                next_at: next.map(|(_, at)| instant(at)),
            }),
            by_itself: policy.by_itself.map(|limits| ByItselfAnswer {
                approves_up_to: wire::Money(limits.approves_up_to),
                sends: limits.sends,
            }),
        }
    }
}

impl TermsAnswer {
    fn of(terms: &ReorderTerms) -> Self {
        Self {
            sku: terms.sku.to_string(),
            unit_cost: terms.unit_cost.map(wire::Money),
            minimum: terms.minimum.units(),
            pack: terms.pack.units(),
            cover_days: terms.cover_days,
        }
    }
}
