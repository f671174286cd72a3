//! Parcels that wait for money.

use chrono::{DateTime, Utc};
use shared::ids::{OrderId, ShipmentId, StoreId};
use shared::money::{Currency, Money};

use super::engine::{instant, query_as, query_scalar};
use super::skus::read;
use super::{Store, StoreError};

/// A parcel that waits until its customer has paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentNeeded {
    /// The order.
    pub order: OrderId,
    /// The parcel.
    pub shipment: ShipmentId,
    /// What is to be paid; `None`: the order has no currency.
    pub amount: Option<Money>,
    /// Why it was not paid, as the provider says it.
    pub failure: Option<String>,
    /// Until when the goods are kept.
    pub kept_until: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    sales_order: String,
    shipment: String,
    amount: i64,
    currency: Option<String>,
    failure: Option<String>,
    grace_ends_ms: Option<i64>,
}

impl Store {
    /// How many parcels wait until their customers have paid, and the first of them by their ids.
    pub async fn payments_needed(
        &self,
        store: &StoreId,
        limit: usize,
    ) -> Result<(usize, Vec<PaymentNeeded>), StoreError> {
        let mut snapshot = self.read(store).await?;
        let count: i64 = query_scalar(
            "
            SELECT count(*)
              FROM charge
             WHERE store_id = $1
               AND state = 'payment_needed'",
        )
        .bind(store.as_str())
        .fetch_one(&mut snapshot)
        .await?;
        let rows: Vec<Row> = query_as(
            "
            SELECT charge.sales_order
                 , charge.shipment
                 , coalesce(charge.amount, charge.authorized) AS amount
                 , placed.currency
                 , charge.failure
                 , charge.grace_ends_ms
              FROM charge
              JOIN sales_order AS placed
                ON placed.store_id = charge.store_id
               AND placed.sales_order = charge.sales_order
             WHERE charge.store_id = $1
               AND charge.state = 'payment_needed'
             ORDER BY charge.shipment
             LIMIT $2",
        )
        .bind(store.as_str())
        .bind(u32::try_from(limit).unwrap_or(u32::MAX))
        .fetch_all(&mut snapshot)
        .await?;
        snapshot.end().await?;
        let needed: Result<_, _> = rows.into_iter().map(Row::needed).collect();
        Ok((usize::try_from(count).unwrap_or_default(), needed?))
    }
}

impl Row {
    fn needed(self) -> Result<PaymentNeeded, StoreError> {
        let currency: Option<Currency> = self
            .currency
            .map(|code| code.parse())
            .transpose()
            .map_err(|_| StoreError::Unreadable("sales_order.currency"))?;
        Ok(PaymentNeeded {
            order: read(&self.sales_order, "charge.sales_order")?,
            shipment: read(&self.shipment, "charge.shipment")?,
            amount: currency.map(|currency| Money::new(self.amount, currency)),
            failure: self.failure,
            kept_until: self.grace_ends_ms.map(instant).transpose()?,
        })
    }
}
