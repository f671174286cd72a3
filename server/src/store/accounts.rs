//! All about an order's money, read as one.

use std::collections::HashMap;

use shared::ids::{OrderId, StoreId};

use super::StoreError;
use super::by_order::ByOrder;
use super::engine::{Session, instant, query_as};
use super::payments::{
    Account, Charge, ChargeState, MoneyEvent, Payment, PaymentState, ProviderKind, Refund,
    RefundState,
};
use super::skus::{json_list, read};

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

/// All about an order's money; `None`: it is not paid through us.
pub(super) async fn account(
    session: &mut Session,
    store: &StoreId,
    order: &OrderId,
) -> Result<Option<Account>, StoreError> {
    let list = json_list(&[order]);
    let mut accounts = accounts(session, store, &list).await?;
    Ok(accounts.remove(order))
}

/// All about the money of a list of orders, of those that are paid through us.
pub(super) async fn accounts(
    session: &mut Session,
    store: &StoreId,
    orders: &str,
) -> Result<HashMap<OrderId, Account>, StoreError> {
    let rows: Vec<PaymentRow> = query_as(
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
           AND sales_order IN (SELECT value FROM json_each($2))",
    )
    .bind(store.as_str())
    .bind(orders)
    .fetch_all(session)
    .await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let mut charges = ByOrder::fetched(
        session,
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
           AND sales_order IN (SELECT value FROM json_each($2))
         ORDER BY shipment",
        store,
        orders,
        Ok,
    )
    .await?;
    let mut refunds = ByOrder::fetched(
        session,
        "
        SELECT charge.sales_order
             , refund.refund
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
           AND charge.sales_order IN (SELECT value FROM json_each($2))
         ORDER BY refund.at_ms
                , refund.refund",
        store,
        orders,
        RefundRow::refund,
    )
    .await?;
    let mut events = ByOrder::fetched(
        session,
        "
        SELECT sales_order
             , shipment
             , kind
             , amount
             , reference
             , at_ms
          FROM money_event
         WHERE store_id = $1
           AND sales_order IN (SELECT value FROM json_each($2))
         ORDER BY event",
        store,
        orders,
        EventRow::event,
    )
    .await?;
    let account = |row: PaymentRow| {
        let payment = row.payment()?;
        let order = payment.order.as_str();
        let charge = |row: ChargeRow| row.charge(payment.provider, payment.reference.as_deref());
        let charges: Result<_, _> = charges.take(order).into_iter().map(charge).collect();
        let (refunds, events) = (refunds.take(order), events.take(order));
        let account = Account {
            charges: charges?,
            refunds,
            events,
            payment,
        };
        Ok((account.payment.order.clone(), account))
    };
    rows.into_iter().map(account).collect()
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
