//! All about an order's money, read as one.

use shared::ids::{OrderId, StoreId};

use super::StoreError;
use super::engine::{Session, instant, query_as};
use super::payments::{
    Account, Charge, ChargeState, MoneyEvent, Payment, PaymentState, ProviderKind, Refund,
    RefundState,
};
use super::skus::read;

#[derive(sqlx::FromRow)]
struct PaymentRow {
    sales_order: String,
    provider: String,
    total: i64,
    state: String,
    reference: Option<String>,
    client_secret: Option<String>,
    customer: Option<String>,
    method: Option<String>,
    authorized: i64,
    in_parts: bool,
    expires_at_ms: Option<i64>,
    failure: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ChargeRow {
    shipment: String,
    sales_order: String,
    state: String,
    authorized: i64,
    amount: Option<i64>,
    captured: i64,
    refunded: i64,
    own: bool,
    is_last: bool,
    reference: Option<String>,
    expires_at_ms: Option<i64>,
    client_secret: Option<String>,
    pay_url: Option<String>,
    failure: Option<String>,
    captured_at_ms: Option<i64>,
    grace_ends_ms: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct RefundRow {
    refund: String,
    shipment: String,
    amount: i64,
    reason: Option<String>,
    state: String,
    reference: Option<String>,
    at_ms: i64,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    shipment: Option<String>,
    kind: String,
    amount: i64,
    reference: Option<String>,
    at_ms: i64,
}

/// All about an order's money.
pub(super) async fn account(
    session: &mut Session,
    store: &StoreId,
    order: &OrderId,
) -> Result<Option<Account>, StoreError> {
    let payment: Option<PaymentRow> = query_as(
        "
        SELECT sales_order
             , provider
             , total
             , state
             , reference
             , client_secret
             , customer
             , method
             , authorized
             , in_parts
             , expires_at_ms
             , failure
          FROM payment
         WHERE store_id = $1
           AND sales_order = $2",
    )
    .bind(store.as_str())
    .bind(order.as_str())
    .fetch_optional(session)
    .await?;
    let Some(payment) = payment else {
        return Ok(None);
    };
    let charges: Vec<ChargeRow> = query_as(
        "
        SELECT shipment
             , sales_order
             , state
             , authorized
             , amount
             , captured
             , refunded
             , own
             , is_last
             , reference
             , expires_at_ms
             , client_secret
             , pay_url
             , failure
             , captured_at_ms
             , grace_ends_ms
          FROM charge
         WHERE store_id = $1
           AND sales_order = $2
         ORDER BY shipment",
    )
    .bind(store.as_str())
    .bind(order.as_str())
    .fetch_all(session)
    .await?;
    let refunds: Vec<RefundRow> = query_as(
        "
        SELECT refund.refund
             , refund.shipment
             , refund.amount
             , refund.reason
             , refund.state
             , refund.reference
             , refund.at_ms
          FROM charge
          JOIN refund
            ON refund.store_id = charge.store_id
           AND refund.shipment = charge.shipment
         WHERE charge.store_id = $1
           AND charge.sales_order = $2
         ORDER BY refund.at_ms
                , refund.refund",
    )
    .bind(store.as_str())
    .bind(order.as_str())
    .fetch_all(session)
    .await?;
    let events: Vec<EventRow> = query_as(
        "
        SELECT shipment
             , kind
             , amount
             , reference
             , at_ms
          FROM money_event
         WHERE store_id = $1
           AND sales_order = $2
         ORDER BY event",
    )
    .bind(store.as_str())
    .bind(order.as_str())
    .fetch_all(session)
    .await?;
    let payment = payment.payment()?;
    let charge = |row: ChargeRow| row.charge(payment.provider, payment.reference.as_deref());
    let charges: Result<_, _> = charges.into_iter().map(charge).collect();
    let refunds: Result<_, _> = refunds.into_iter().map(RefundRow::refund).collect();
    let events: Result<_, _> = events.into_iter().map(EventRow::event).collect();
    Ok(Some(Account {
        payment,
        charges: charges?,
        refunds: refunds?,
        events: events?,
    }))
}

impl PaymentRow {
    fn payment(self) -> Result<Payment, StoreError> {
        let unreadable = || StoreError::Unreadable("payment");
        let provider = ProviderKind::named(&self.provider).ok_or_else(unreadable)?;
        Ok(Payment {
            order: read(&self.sales_order, "payment.sales_order")?,
            provider,
            total: self.total,
            state: PaymentState::named(&self.state).ok_or_else(unreadable)?,
            reference: self.reference,
            client_secret: self.client_secret,
            customer: self.customer,
            method: self.method,
            authorized: self.authorized,
            // The merchant's own system is asked for each parcel, also of orders from before that was written down.
            in_parts: self.in_parts || provider == ProviderKind::External,
            expires_at: self.expires_at_ms.map(instant).transpose()?,
            failure: self.failure,
        })
    }
}

impl ChargeRow {
    fn charge(self, provider: ProviderKind, whole: Option<&str>) -> Result<Charge, StoreError> {
        // Before it was written down, a charge that was made for its parcel alone had a reference of its own.
        let has_own_name = self.reference.is_some() && self.reference.as_deref() != whole;
        Ok(Charge {
            shipment: read(&self.shipment, "charge.shipment")?,
            order: read(&self.sales_order, "charge.sales_order")?,
            state: ChargeState::named(&self.state).ok_or(StoreError::Unreadable("charge"))?,
            authorized: self.authorized,
            amount: self.amount,
            captured: self.captured,
            refunded: self.refunded,
            own: self.own || (provider == ProviderKind::Stripe && has_own_name),
            is_last: self.is_last,
            reference: self.reference,
            expires_at: self.expires_at_ms.map(instant).transpose()?,
            client_secret: self.client_secret,
            pay_url: self.pay_url,
            failure: self.failure,
            captured_at: self.captured_at_ms.map(instant).transpose()?,
            grace_ends: self.grace_ends_ms.map(instant).transpose()?,
        })
    }
}

impl RefundRow {
    fn refund(self) -> Result<Refund, StoreError> {
        Ok(Refund {
            id: self.refund,
            shipment: read(&self.shipment, "refund.shipment")?,
            amount: self.amount,
            reason: self.reason,
            state: RefundState::named(&self.state).ok_or(StoreError::Unreadable("refund"))?,
            reference: self.reference,
            at: instant(self.at_ms)?,
        })
    }
}

impl EventRow {
    fn event(self) -> Result<MoneyEvent, StoreError> {
        let shipment = self
            .shipment
            .map(|shipment| read(&shipment, "money_event.shipment"));
        Ok(MoneyEvent {
            shipment: shipment.transpose()?,
            kind: self.kind,
            amount: self.amount,
            reference: self.reference,
            at: instant(self.at_ms)?,
        })
    }
}
