//! Customers' orders.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::delay::Cause;
use shared::ids::{OrderId, ReservationId, Sku};
use shared::money::Currency;
use shared::quantity::Quantity;
use shared::wire::{self, Date, PlanKind};
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, Page, existing, sent};
use super::delays;
use super::fields::{
    Country, Day, Email, LanguageTag, Moment, Name, OrderName, Price, Priority, Reason,
    ReservationName, ShopperName, SkuName, Units,
};
use super::money;
use super::offers;
use super::reservations::{PartAnswer, PromiseAnswer, date, drawn, instant, lines, plan};
use super::shipments;
use crate::app::App;
use crate::error::Problem;
use crate::http::auth::Merchant;
use crate::http::body::{ApiJson, refuse_line_count};
use crate::http::named::Named;
use crate::limits::{ORDER_AMOUNT_MAX, SKUS_PER_REQUEST_MAX};
use crate::operations::cancel_order::{CancelOrder, cancel_order};
use crate::operations::once::{self, Once};
use crate::operations::parcels::parcels;
use crate::operations::place_order::{Pay, PlaceOrder, Prices, place_order};
use crate::operations::prioritize::prioritize;
use crate::operations::records::{
    Customer, ORDER_STATUSES, OrderLine, ProviderKind, Standing, WaitingPart, plan_name,
};
use crate::operations::show;

/// An order to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderRequest)]
pub struct Request {
    /// Your number for it, up to 40 letters, digits, `-`, `_`, `.` and `~`; one is made unless given.
    id: Option<OrderName>,
    /// What is ordered, 1 to 100 lines; those with the same SKU are summed.
    lines: Vec<OrderLineRequest>,
    /// How it is sent: everything together unless said otherwise.
    plan: Option<PlanKind>,
    /// The dates that the shopper saw in this plan. Where one is later by now, the order is refused with
    /// `promise_changed`, and both are told.
    #[serde(default)]
    shown: Vec<ShownRequest>,
    /// What was held for the cart until now: it is free for the order, and its place in the queue is kept.
    reservation: Option<ReservationName>,
    /// Who ordered. Without an address, nobody is written to.
    customer: Option<CustomerRequest>,
    /// What your shop calls the shopper, the same as on its pages: by it, or else by the address for mail, it is drawn who gets an
    /// offer. It is kept as a hash.
    shopper: Option<ShopperName>,
    /// What is taken off the price of the goods, of all lines together.
    discount: Option<Price>,
    /// What sending it costs the shopper, the surcharge of a plan included.
    shipping: Option<Price>,
    /// Tax that is not within the prices.
    tax: Option<Price>,
    /// How it is paid; without it, nothing is charged here. Money is taken when a parcel has left, and never more than was agreed.
    payment: Option<PaymentRequest>,
}

/// Units of a SKU that are ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLineRequest {
    /// The SKU.
    sku: SkuName,
    /// Units.
    quantity: Units,
    /// What one unit costs. All lines have one, or none has.
    unit_price: Option<Price>,
}

/// Who ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerRequest {
    /// Where letters go.
    email: Option<Email>,
    /// What the customer is called in a letter.
    name: Option<Name>,
    /// The language of letters and of the order's page, BCP 47: `en-US`.
    lang: Option<LanguageTag>,
    /// Where the goods go, ISO 3166-1 in two letters: whose law on delays holds.
    country: Option<Country>,
}

/// How an order is paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// `external`: your own system is asked, by signed messages, to capture. `stripe`: Stripe is, and the shopper confirms with
    /// the `client_secret` that the order then shows.
    provider: Provider,
    /// Your name for what the shopper agreed to; of `external` only.
    reference: Option<Name>,
    /// Instant (RFC 3339) until which what was agreed may be captured; as long as it takes unless given. Of `external` only.
    authorized_until: Option<Moment>,
}

/// Who takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentProvider)]
pub enum Provider {
    /// Your own system.
    External,
    /// Stripe.
    Stripe,
}

/// A date that the shopper saw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownRequest {
    /// The SKU.
    sku: SkuName,
    /// The ship-by date; null where none was told.
    ships_by: Option<Day>,
}

/// What is not wanted any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// Lines, each once; without this field, everything that waits.
    lines: Option<Vec<CancelLineRequest>>,
    /// Why, in your words; it stands in the log.
    reason: Option<Reason>,
    /// Who does not want it any more: you, unless given. It stands in the evidence.
    by: Option<CancelledBy>,
}

/// Who does not want it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelledBy {
    /// The customer, for instance on the telephone.
    Customer,
    /// You.
    Shop,
}

/// Where an order stands in the queue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityRequest {
    /// From 0, where an order stands by what was promised, to 1,000: the highest is filled first.
    priority: Priority,
    /// Why, in your words: others may wait longer for it.
    reason: Reason,
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPage)]
pub struct List {
    /// Orders, by id.
    items: Vec<Answer>,
    /// For `after` of the next page; null on the last.
    next: Option<String>,
}

/// Units of a line that are not wanted any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelLineRequest {
    /// The line, from 0.
    line: u32,
    /// Units; all that wait unless given. Those that would leave last are cancelled.
    quantity: Option<Units>,
}

/// A customer's order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct Answer {
    /// Its id.
    id: String,
    /// `open` while nothing has left, `part_shipped` while some has and some waits, then `shipped`; `cancelled` where nothing was
    /// shipped and nothing waits.
    status: &'static str,
    /// How it is sent.
    plan: &'static str,
    /// Instant (RFC 3339) at which it was placed.
    placed_at: String,
    /// What was ordered, and where it stands.
    lines: Vec<LineAnswer>,
    /// What has left, and what can leave now.
    shipments: Vec<shipments::Answer>,
    /// Every date that was told, each with its cause; oldest first for each part of a line.
    promises: Vec<PromiseAnswer>,
    /// Who ordered.
    customer: CustomerAnswer,
    /// The path of the customer's own page of the order on this server. Whoever knows it can open it, see where things stand, and
    /// cancel what has not left: hand it to the customer alone. Null for an order of before there were such pages.
    page: Option<String>,
    /// What all of it costs; null where it has no prices.
    total: Option<wire::Money>,
    /// How it is paid, and what became of it; null where nothing is charged here.
    payment: Option<money::PaymentAnswer>,
    /// What is given for the wait; null where nothing is.
    offer: Option<offers::Answer>,
    /// What the customer is, or was, told of dates that were moved.
    notices: Vec<delays::NoticeAnswer>,
    /// The commit that last changed it.
    revision: u64,
}

/// Who ordered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerAnswer {
    /// Where letters go.
    email: Option<String>,
    /// What the customer is called in a letter.
    name: Option<String>,
    /// BCP 47.
    lang: Option<String>,
    /// ISO 3166-1.
    country: Option<String>,
}

/// What was ordered of a SKU.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct LineAnswer {
    /// The line, from 0.
    line: u32,
    /// The SKU.
    sku: String,
    /// Units ordered.
    quantity: u32,
    /// Units that were handed to a carrier.
    shipped: u32,
    /// Units that are not wanted any more.
    cancelled: u32,
    /// The day by which all that waits is with the carrier; null where it is not known, or nothing waits.
    ships_by: Option<Date>,
    /// The day that the shopper saw when ordering; null where none was told.
    shown: Option<Date>,
    /// What all units cost with discount, shipping and tax; null where the order has no prices.
    cost: Option<wire::Money>,
    /// What waits, with the date of each part.
    slices: Vec<PartAnswer>,
}

/// Takes an order: all lines or none
///
/// The dates are computed anew in the same transaction. What is promised to the order is promised to nobody else. `409
/// insufficient_stock` names a line that cannot be promised, `409 promise_changed` the dates that are later than `shown`.
#[utoipa::path(
    post,
    path = "/v1/orders",
    tag = "merchants",
    params(("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing")),
    request_body = Request,
    responses((status = 201, description = "The order, with the date of each part", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn create(
    State(app): State<App>,
    request: asking::Once<Request>,
) -> Result<Response, Problem> {
    let place = request.body.parsed()?;
    let once = Once::claim(&app, request.asked, placed)?;
    let outcome = place_order(&app, &request.merchant.store, place, once).await?;
    Ok(sent(outcome, placed))
}

/// Shows an order, and every date that was told for it
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The order")),
    responses((status = 200, description = "How it stands", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn show(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
) -> Result<Json<Answer>, Problem> {
    let standing = show::order(&app, &merchant.store, &existing(&id)?).await?;
    Ok(Json(Answer::of(&standing)))
}

/// Lists orders, by id
#[utoipa::path(
    get,
    path = "/v1/orders",
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
    let after: Option<OrderId> = page.after(&merchant.store)?;
    let status = page.status.as_deref().map(|asked| {
        let known = ORDER_STATUSES.into_iter().find(|known| *known == asked);
        known.ok_or_else(|| {
            let detail = format!(
                "The status of orders is one of {}.",
                ORDER_STATUSES.join(", ")
            );
            Problem::invalid("?status", "invalid_parameter", detail)
        })
    });
    let status = status.transpose()?;
    let orders = show::orders(&app, &merchant.store, status, after.as_ref(), limit).await?;
    let items: Vec<Answer> = orders.iter().map(Answer::of).collect();
    Ok(Json(List {
        next: Page::next(&merchant.store, &items, limit, |item| item.id.clone()),
        items,
    }))
}

/// Puts an order before others
///
/// What has come goes to it first, whatever was promised to whom. No date changes by it, and the reason is kept in the log.
#[utoipa::path(
    patch,
    path = "/v1/orders/{id}",
    tag = "merchants",
    params(("id" = String, Path, description = "The order")),
    request_body = PriorityRequest,
    responses((status = 200, description = "The order now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn change(
    State(app): State<App>,
    merchant: Merchant,
    Named(id): Named<String>,
    ApiJson(request): ApiJson<PriorityRequest>,
) -> Result<Json<Answer>, Problem> {
    let (priority, reason) = (request.priority.0, request.reason.0);
    let order = prioritize(&app, &merchant.store, existing(&id)?, priority, reason).await?;
    Ok(Json(Answer::of(&order)))
}

/// Cancels an order, a line or some units: what has not left
///
/// An order of which everything was cancelled before stays as it is.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = CancelRequest,
    responses((status = 200, description = "The order now", body = Answer), Refusals),
    security(("secret" = []))
)]
pub async fn cancel(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<CancelRequest>,
) -> Result<Response, Problem> {
    let id = existing(&id)?;
    let cancel = request.body.parsed()?;
    let once = Once::claim(&app, request.asked, cancelled)?;
    let outcome = cancel_order(&app, &request.merchant.store, id, cancel, once).await?;
    Ok(sent(outcome, cancelled))
}

fn placed(standing: &Standing) -> once::Answer {
    asking::answer(201, &Answer::of(standing))
}

fn cancelled(standing: &Standing) -> once::Answer {
    asking::answer(200, &Answer::of(standing))
}

impl Request {
    fn parsed(self) -> Result<PlaceOrder, Problem> {
        let asked = self.lines.iter();
        let asked: Vec<_> = asked
            .map(|line| (line.sku.0.clone(), line.quantity.0))
            .collect();
        let lines = lines(&asked)?;
        let prices = self.prices(&lines)?;
        let mut shown: Vec<(Sku, Option<NaiveDate>)> = Vec::new();
        for (at, one) in self.shown.into_iter().enumerate() {
            if shown.iter().any(|(sku, _)| *sku == one.sku.0) {
                let pointer = format!("/shown/{at}/sku");
                let detail = format!("`{}` is named twice; name each SKU once.", one.sku.0);
                return Err(Problem::invalid(pointer, "duplicate_sku", detail));
            }
            shown.push((one.sku.0, one.ships_by.map(|day| day.0)));
        }
        let customer = self.customer.map(CustomerRequest::parsed);
        Ok(PlaceOrder {
            customer: customer.unwrap_or_default(),
            shopper: self.shopper.map(|name| name.0),
            token: drawn::<ReservationId>("tok")?.to_string(),
            prices,
            pay: self.payment.map(PaymentRequest::parsed).transpose()?,
            id: match self.id {
                Some(id) => id.0,
                None => drawn("ord")?,
            },
            lines,
            plan: plan(self.plan),
            shown,
            reservation: self.reservation.map(|id| id.0),
        })
    }

    /// What the lines cost, in the one currency that all prices are in; none where there are no prices.
    fn prices(&self, lines: &[(Sku, Quantity)]) -> Result<Option<Prices>, Problem> {
        let unit_prices = self.lines.iter().enumerate();
        let unit_prices = unit_prices
            .map(|(at, line)| (format!("/lines/{at}/unit_price"), line.unit_price.as_ref()));
        let others = [
            ("/discount", &self.discount),
            ("/shipping", &self.shipping),
            ("/tax", &self.tax),
        ];
        let others = others.map(|(pointer, price)| (pointer.to_owned(), price.as_ref()));
        let given: Vec<(String, &Price)> = unit_prices
            .clone()
            .chain(others)
            .filter_map(|(pointer, price)| Some((pointer, price?)))
            .collect();
        let Some((_, first)) = given.first() else {
            return Ok(None);
        };
        let currency = first.currency.0;
        if let Some((pointer, _)) = given.iter().find(|(_, price)| price.currency.0 != currency) {
            let detail = format!("must be in {currency}, as the other prices are");
            return Err(Problem::invalid(
                format!("{pointer}/currency"),
                "invalid_amount",
                detail,
            ));
        }
        if let Some((pointer, _)) = unit_prices.clone().find(|(_, price)| price.is_none()) {
            let detail = "give each line a price, or none";
            return Err(Problem::invalid(pointer, "required", detail));
        }
        let mut goods = vec![0_i64; lines.len()];
        for (at, line) in self.lines.iter().enumerate() {
            let each = line.unit_price.as_ref().map_or(0, |price| price.amount.0);
            let cost = each.checked_mul(line.quantity.0.units().into());
            let place = lines.iter().position(|(sku, _)| *sku == line.sku.0);
            let (Some(cost), Some(place)) = (cost.filter(|cost| *cost <= ORDER_AMOUNT_MAX), place)
            else {
                let detail = format!("an order costs at most {ORDER_AMOUNT_MAX} minor units");
                let pointer = format!("/lines/{at}/unit_price/amount");
                return Err(Problem::invalid(pointer, "invalid_amount", detail));
            };
            goods[place] += cost;
        }
        let amount = |price: &Option<Price>| price.as_ref().map_or(0, |price| price.amount.0);
        Ok(Some(Prices {
            currency,
            goods,
            discount: amount(&self.discount),
            shipping: amount(&self.shipping),
            tax: amount(&self.tax),
        }))
    }
}

impl CustomerRequest {
    fn parsed(self) -> Customer {
        Customer {
            email: self.email.map(|email| email.0),
            name: self.name.map(|name| name.0),
            language: self.lang.map(|tag| tag.0),
            country: self.country.map(|country| country.0),
        }
    }
}

impl PaymentRequest {
    fn parsed(self) -> Result<Pay, Problem> {
        let provider = match self.provider {
            Provider::External => ProviderKind::External,
            Provider::Stripe => ProviderKind::Stripe,
        };
        if provider == ProviderKind::Stripe
            && (self.reference.is_some() || self.authorized_until.is_some())
        {
            let detail =
                "is of `external` alone: Stripe says itself what was agreed, and until when";
            return Err(Problem::invalid("/payment", "invalid_parameter", detail));
        }
        Ok(Pay {
            provider,
            reference: self.reference.map(|name| name.0),
            expires_at: self.authorized_until.map(|moment| moment.0),
        })
    }
}

impl CancelRequest {
    fn parsed(self) -> Result<CancelOrder, Problem> {
        // A form in which nothing was chosen must not cancel everything.
        if let Some(lines) = &self.lines {
            refuse_line_count(lines, SKUS_PER_REQUEST_MAX)?;
        }
        let mut lines: Vec<(u32, Option<Quantity>)> = Vec::new();
        for (at, one) in self.lines.into_iter().flatten().enumerate() {
            if lines.iter().any(|(line, _)| *line == one.line) {
                let pointer = format!("/lines/{at}/line");
                let detail = format!("line {} is named twice; name each once.", one.line);
                return Err(Problem::invalid(pointer, "duplicate_line", detail));
            }
            lines.push((one.line, one.quantity.map(|units| units.0)));
        }
        Ok(CancelOrder {
            lines,
            reason: self.reason.map(|reason| reason.0),
            cause: match self.by {
                Some(CancelledBy::Customer) => Cause::Shopper,
                Some(CancelledBy::Shop) | None => Cause::Seller,
            },
        })
    }
}

impl Answer {
    /// How an order stands.
    pub fn of(standing: &Standing) -> Self {
        let order = &standing.order;
        let left = standing
            .shipments
            .iter()
            .map(shipments::Answer::of_shipment);
        let ready = parcels(&standing.waiting);
        let ready = ready.iter().map(shipments::Answer::of_parcel);
        let mut lines = Vec::with_capacity(order.lines.len());
        for (at, line) in (0..).zip(&order.lines) {
            let waiting = standing.waiting.iter();
            let waiting: Vec<_> = waiting.filter(|part| part.line == at).collect();
            lines.push(LineAnswer::of(at, line, order.currency, &waiting));
        }
        let customer = order.customer.clone();
        Self {
            id: order.id.to_string(),
            status: standing.status(),
            plan: plan_name(order.plan),
            placed_at: instant(order.placed_at),
            lines,
            shipments: left.chain(ready).collect(),
            promises: standing
                .promises
                .iter()
                .cloned()
                .map(PromiseAnswer::from)
                .collect(),
            customer: CustomerAnswer {
                email: customer.email,
                name: customer.name,
                lang: customer.language,
                country: customer.country,
            },
            page: page_path(standing),
            offer: standing.offer.as_ref().map(offers::Answer::of),
            notices: standing
                .notices
                .iter()
                .map(delays::NoticeAnswer::from)
                .collect(),
            total: order
                .currency
                .map(|currency| money::money(order.cost().total(), currency)),
            payment: standing
                .account
                .as_ref()
                .zip(order.currency)
                .map(|(account, currency)| money::PaymentAnswer::of(account, currency)),
            revision: order.revision,
        }
    }
}

/// Where the customer's own page of an order is on this server.
pub fn page_path(standing: &Standing) -> Option<String> {
    let order = &standing.order;
    let token = order.token.as_deref()?;
    Some(format!("/o/{}/{}/{token}", standing.store, order.id))
}

impl LineAnswer {
    fn of(at: u32, line: &OrderLine, currency: Option<Currency>, waiting: &[&WaitingPart]) -> Self {
        let days: Option<Vec<Date>> = waiting.iter().map(|part| date(part.due)).collect();
        Self {
            line: at,
            sku: line.sku.to_string(),
            quantity: line.quantity.units(),
            shipped: line.shipped.units(),
            cancelled: line.cancelled.units(),
            ships_by: days.and_then(|days| days.into_iter().max()),
            shown: line.shown.map(Date),
            cost: currency.map(|currency| money::money(line.cost.total(), currency)),
            slices: waiting.iter().map(|part| PartAnswer::from(*part)).collect(),
        }
    }
}
