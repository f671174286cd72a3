//! What an order costs and what became of its money, as merchants see it.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::ids::{ReservationId, ShipmentId};
use shared::money::{Currency, Money};
use shared::wire;
use utoipa::ToSchema;

use super::Refusals;
use super::asking::{self, existing, sent};
use super::fields::{Moment, Name, Price, Reason, ShipmentName};
use super::orders;
use super::reservations::{drawn, instant};
use crate::app::App;
use crate::error::Problem;
use crate::http::named::Named;
use crate::operations::charging::Charged;
use crate::operations::once::{self, Once};
use crate::operations::records::{Account, Charge, MoneyEvent, Refund, Standing};
use crate::operations::refund::{GiveBack, refund as give_back};
use crate::operations::say_charged::say_charged;

/// Money to give back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundRequest)]
pub struct Request {
    /// The parcel that was charged.
    shipment: ShipmentName,
    /// How much; all that was taken for it and not given back yet unless given.
    amount: Option<Price>,
    /// Why, in your words; it stands in the log.
    reason: Option<Reason>,
}

/// Gives money back that was taken for a parcel
///
/// The provider is asked after the answer: `payment.refunds` of the order says what came of it. What has not left was never taken;
/// cancel it instead.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/refunds",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = Request,
    responses((status = 201, description = "The order, with the refund", body = orders::Answer), Refusals),
    security(("secret" = []))
)]
pub async fn refund(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<Request>,
) -> Result<Response, Problem> {
    let wanted = GiveBack {
        id: drawn::<ReservationId>("rfd")?.to_string(),
        shipment: request.body.shipment.0,
        amount: request.body.amount.map(|price| price.money()),
        reason: request.body.reason.map(|reason| reason.0),
    };
    let order = existing(&id)?;
    let once = Once::claim(&app, request.asked, asked)?;
    let outcome = give_back(&app, &request.merchant.store, order, wanted, once).await?;
    Ok(sent(outcome, asked))
}

/// What your own payment system says of a parcel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayRequest {
    /// What became of it.
    status: SaidStatus,
    /// Your name for it.
    reference: Option<Name>,
    /// Instant (RFC 3339) until which it may be captured, where it is authorized.
    expires_at: Option<Moment>,
}

/// What became of the payment for a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SaidPayment)]
pub enum SaidStatus {
    /// It may be captured once the parcel has left.
    Authorized,
    /// The money was taken, for a parcel that has left.
    Captured,
}

/// Says what became of the payment for a parcel, where your own system answered `pending` or `declined` before
///
/// What does not fit how things stand changes nothing. `409 not_shipped` where money was taken for a parcel that has not left.
#[utoipa::path(
    post,
    path = "/v1/shipments/{id}/payment",
    tag = "merchants",
    params(
        ("id" = String, Path, description = "The shipment"),
        ("Idempotency-Key" = String, Header, description = "Names the request, so that sending it again does nothing"),
    ),
    request_body = SayRequest,
    responses((status = 200, description = "The order now", body = orders::Answer), Refusals),
    security(("secret" = []))
)]
pub async fn say(
    State(app): State<App>,
    Named(id): Named<String>,
    request: asking::Once<SayRequest>,
) -> Result<Response, Problem> {
    let shipment: ShipmentId = existing(&id)?;
    let reference = request.body.reference.map(|name| name.0);
    let charged = match request.body.status {
        SaidStatus::Authorized => Charged::Authorized {
            reference: reference.unwrap_or_default(),
            until: request.body.expires_at.map(|moment| moment.0),
        },
        SaidStatus::Captured => Charged::Captured { reference },
    };
    let once = Once::claim(&app, request.asked, shown)?;
    let outcome = say_charged(&app, &request.merchant.store, shipment, charged, once).await?;
    Ok(sent(outcome, shown))
}

fn shown(standing: &Standing) -> once::Answer {
    asking::answer(200, &orders::Answer::of(standing))
}

fn asked(standing: &Standing) -> once::Answer {
    asking::answer(201, &orders::Answer::of(standing))
}

/// How an order is paid, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentAnswer {
    /// `external` or `stripe`.
    provider: &'static str,
    /// `beginning` while the provider is asked, `awaiting` the shopper's confirmation, `authorized` where the whole may be captured, `saved`
    /// where each parcel is authorized when it can leave, `failed` where the shopper has to try again, `released` at the end.
    status: &'static str,
    /// With which the shopper's browser confirms it; null where there is nothing to confirm.
    client_secret: Option<String>,
    /// What may be captured of the order as a whole.
    authorized: wire::Money,
    /// Instant (RFC 3339) until when; null: as long as it takes, or the provider has not said.
    authorized_until: Option<String>,
    /// What was captured, all parcels together.
    captured: wire::Money,
    /// What was given back of it.
    refunded: wire::Money,
    /// Why it came to nothing, in the provider's words.
    failure: Option<String>,
    /// What is charged for each parcel.
    charges: Vec<ChargeAnswer>,
    /// What is given back.
    refunds: Vec<RefundAnswer>,
    /// Everything that became of it, oldest first.
    events: Vec<EventAnswer>,
}

/// What is charged for a parcel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Charge)]
pub struct ChargeAnswer {
    /// The parcel.
    shipment: String,
    /// `authorizing`, `authorized`, `payment_needed`, `capturing`, `unknown` while the provider is asked what became of it, `captured`,
    /// `releasing`, `released`.
    status: &'static str,
    /// What may be captured.
    authorized: wire::Money,
    /// What is captured for it; null before it has left.
    amount: Option<wire::Money>,
    /// What was captured.
    captured: wire::Money,
    /// Instant (RFC 3339) at which it was.
    captured_at: Option<String>,
    /// Where the customer pays or confirms, where that is needed.
    pay_url: Option<String>,
    /// Instant (RFC 3339) until which the goods are kept for the customer who has to pay.
    kept_until: Option<String>,
    /// Why not, in the provider's words.
    failure: Option<String>,
}

/// What is given back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundAnswer {
    /// Its id.
    id: String,
    /// The parcel that was charged.
    shipment: String,
    /// How much.
    amount: wire::Money,
    /// `due`, `done` or `failed`.
    status: &'static str,
    /// Why, in somebody's words.
    reason: Option<String>,
    /// Instant (RFC 3339) at which it was asked for.
    at: String,
}

/// Something that became of an order's money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoneyEvent)]
pub struct EventAnswer {
    /// What: `authorized`, `captured`, `declined`.
    kind: String,
    /// The parcel, where it is about one.
    shipment: Option<String>,
    /// How much.
    amount: wire::Money,
    /// Instant (RFC 3339) at which it was learnt.
    at: String,
}

/// An amount on the wire.
pub fn money(amount: i64, currency: Currency) -> wire::Money {
    wire::Money(Money::new(amount, currency))
}

impl PaymentAnswer {
    /// All of it.
    pub fn of(account: &Account, currency: Currency) -> Self {
        let payment = &account.payment;
        let sum = |of: fn(&Charge) -> i64| money(account.charges.iter().map(of).sum(), currency);
        Self {
            provider: payment.provider.name(),
            status: payment.state.name(),
            client_secret: payment.client_secret.clone(),
            authorized: money(payment.authorized, currency),
            authorized_until: payment.expires_at.map(instant),
            captured: sum(|charge| charge.captured),
            refunded: sum(|charge| charge.refunded),
            failure: payment.failure.clone(),
            charges: account
                .charges
                .iter()
                .map(|charge| ChargeAnswer::of(charge, currency))
                .collect(),
            refunds: account
                .refunds
                .iter()
                .map(|refund| RefundAnswer::of(refund, currency))
                .collect(),
            events: account
                .events
                .iter()
                .map(|event| EventAnswer::of(event, currency))
                .collect(),
        }
    }
}

impl ChargeAnswer {
    fn of(charge: &Charge, currency: Currency) -> Self {
        Self {
            shipment: charge.shipment.to_string(),
            status: charge.state.name(),
            authorized: money(charge.authorized, currency),
            amount: charge.amount.map(|amount| money(amount, currency)),
            captured: money(charge.captured, currency),
            captured_at: charge.captured_at.map(instant),
            pay_url: charge.pay_url.clone(),
            kept_until: charge.grace_ends.map(instant),
            failure: charge.failure.clone(),
        }
    }
}

impl RefundAnswer {
    /// One refund.
    pub fn of(refund: &Refund, currency: Currency) -> Self {
        Self {
            id: refund.id.clone(),
            shipment: refund.shipment.to_string(),
            amount: money(refund.amount, currency),
            status: refund.state.name(),
            reason: refund.reason.clone(),
            at: instant(refund.at),
        }
    }
}

impl EventAnswer {
    fn of(event: &MoneyEvent, currency: Currency) -> Self {
        Self {
            kind: event.kind.clone(),
            shipment: event.shipment.as_ref().map(ToString::to_string),
            amount: money(event.amount, currency),
            at: instant(event.at),
        }
    }
}
