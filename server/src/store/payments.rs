//! How orders are paid, and what was charged for each parcel.

use chrono::{DateTime, Utc};
use shared::ids::{OrderId, ShipmentId, StoreId};

use super::accounts::account;
use super::engine::{query, query_as, stored};
use super::skus::read;
use super::{Store, StoreError, Writing};

/// Gives an enum the words under which it is stored and shown.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$case_doc])* $case,)*
        }

        impl $name {
            /// The word for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$case => $word,)*
                }
            }

            /// What a word stands for.
            pub fn named(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$case),)*
                    _ => None,
                }
            }
        }
    };
}
pub(super) use words;

words!(
    /// Who takes the money.
    ProviderKind {
        /// Stripe, over its HTTP API.
        Stripe = "stripe",
        /// The merchant's own system, asked by signed messages.
        External = "external",
    }
);

words!(
    /// Where the payment of an order stands.
    PaymentState {
        /// The provider is still to be asked.
        Beginning = "beginning",
        /// The shopper is to confirm it.
        Awaiting = "awaiting",
        /// The whole may be captured, parcel by parcel.
        Authorized = "authorized",
        /// What is charged is known to the provider: each parcel is authorized when it can leave.
        Saved = "saved",
        /// It came to nothing; the shopper may try again.
        Failed = "failed",
        /// Nothing is charged any more.
        Released = "released",
    }
);

words!(
    /// Where the charge for a parcel stands.
    ChargeState {
        /// The provider is asked whether it may be charged.
        Authorizing = "authorizing",
        /// It may be charged once the parcel has left.
        Authorized = "authorized",
        /// The customer has to pay or confirm; the parcel waits.
        PaymentNeeded = "payment_needed",
        /// The parcel has left, and the provider is asked for the money.
        Capturing = "capturing",
        /// The provider did not answer: it is asked what became of it, and never charged blindly.
        Unknown = "unknown",
        /// The money was taken.
        Captured = "captured",
        /// Nothing leaves under it any more: the provider is asked to let go.
        Releasing = "releasing",
        /// Nothing was taken, and nothing will be.
        Released = "released",
    }
);

words!(
    /// Where a refund stands.
    RefundState {
        /// The provider is still to be asked.
        Due = "due",
        /// It was given back.
        Done = "done",
        /// The provider refused it.
        Failed = "failed",
    }
);

/// How an order is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The order.
    pub order: OrderId,
    /// Who takes the money.
    pub provider: ProviderKind,
    /// What all of it costs, in minor units of the order's currency.
    pub total: i64,
    /// Where it stands.
    pub state: PaymentState,
    /// The provider's name for it.
    pub reference: Option<String>,
    /// With which the shopper's browser confirms it.
    pub client_secret: Option<String>,
    /// The provider's name for who pays.
    pub customer: Option<String>,
    /// The provider's name for what is charged. Never a card's number.
    pub method: Option<String>,
    /// What may be captured of the order as a whole.
    pub authorized: i64,
    /// Until when; `None`: as long as it takes.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why it came to nothing, as the provider says it.
    pub failure: Option<String>,
}

/// What is charged for a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The parcel.
    pub shipment: ShipmentId,
    /// Whose it is.
    pub order: OrderId,
    /// Where it stands.
    pub state: ChargeState,
    /// What may be captured, in minor units.
    pub authorized: i64,
    /// What is captured for it; `None`: it has not left.
    pub amount: Option<i64>,
    /// What was captured.
    pub captured: i64,
    /// What was given back.
    pub refunded: i64,
    /// The provider's name for its own authorization; `None`: it is charged to the order's.
    pub reference: Option<String>,
    /// Until when it may be captured.
    pub expires_at: Option<DateTime<Utc>>,
    /// With which the customer confirms it.
    pub client_secret: Option<String>,
    /// Where the customer confirms it.
    pub pay_url: Option<String>,
    /// Why not, as the provider says it.
    pub failure: Option<String>,
    /// When it was captured.
    pub captured_at: Option<DateTime<Utc>>,
    /// Until when the goods are kept for who has to pay.
    pub grace_ends: Option<DateTime<Utc>>,
}

/// What is given back of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub id: String,
    /// The parcel that was charged.
    pub shipment: ShipmentId,
    /// Minor units.
    pub amount: i64,
    /// Why, in somebody's words.
    pub reason: Option<String>,
    /// Where it stands.
    pub state: RefundState,
    /// The provider's name for it.
    pub reference: Option<String>,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

/// Something that became of an order's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyEvent {
    /// The parcel, where it is about one.
    pub shipment: Option<ShipmentId>,
    /// What: `authorized`, `captured`.
    pub kind: String,
    /// Minor units.
    pub amount: i64,
    /// The provider's name for it.
    pub reference: Option<String>,
    /// When it was learnt.
    pub at: DateTime<Utc>,
}

/// All about an order's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// How it is paid.
    pub payment: Payment,
    /// What is charged for its parcels.
    pub charges: Vec<Charge>,
    /// What is given back.
    pub refunds: Vec<Refund>,
    /// What became of it, oldest first.
    pub events: Vec<MoneyEvent>,
}

impl Account {
    /// What is charged for a parcel.
    pub fn charge(&self, shipment: &ShipmentId) -> Option<&Charge> {
        let mut charges = self.charges.iter();
        charges.find(|charge| charge.shipment == *shipment)
    }

    /// What was taken, less what was given back.
    pub fn kept(&self) -> i64 {
        let charges = self.charges.iter();
        charges
            .map(|charge| charge.captured - charge.refunded)
            .sum()
    }
}

impl Store {
    /// The order whose payment a provider knows by a name.
    pub async fn order_of_reference(
        &self,
        store: &StoreId,
        reference: &str,
    ) -> Result<Option<OrderId>, StoreError> {
        let found: Option<(String,)> = query_as(
            "
            SELECT sales_order
              FROM payment
             WHERE store_id = $1
               AND reference = $2
             LIMIT 1",
        )
        .bind(store.as_str())
        .bind(reference)
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        let order = found.map(|(order,)| read(&order, "payment.sales_order"));
        order.transpose()
    }

    /// Orders whose money may ask for something that no act brings about: parcels that became ready and are authorized by
    /// themselves, authorizations that end before `until`, shoppers who have confirmed nothing since before `late`, customers
    /// who have to pay.
    pub async fn orders_to_look_after(
        &self,
        store: &StoreId,
        until: DateTime<Utc>,
        late: DateTime<Utc>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OrderId>, StoreError> {
        let orders: Vec<(String,)> = query_as(
            "
            SELECT payment.sales_order
              FROM payment
              JOIN sales_order AS placed
                ON placed.store_id = payment.store_id
               AND placed.sales_order = payment.sales_order
             WHERE payment.store_id = $1
               AND $4 < payment.sales_order
               AND payment.state <> 'released'
               AND ( payment.state = 'saved'
                  OR payment.expires_at_ms <= $2
                  OR (payment.state <> 'authorized' AND placed.placed_at_ms <= $3)
                  OR EXISTS
                   ( SELECT 1
                       FROM charge
                      WHERE charge.store_id = payment.store_id
                        AND charge.sales_order = payment.sales_order
                        AND charge.amount IS NULL
                        AND charge.state IN ('authorized', 'payment_needed', 'released')
                   )
                   )
             ORDER BY payment.sales_order
             LIMIT $5",
        )
        .bind(store.as_str())
        .bind(until.timestamp_millis())
        .bind(late.timestamp_millis())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let order = |(order,): (String,)| read(&order, "payment.sales_order");
        orders.into_iter().map(order).collect()
    }
}

impl Writing {
    /// All about an order's money, as this change sees it; none where the order is not paid through us.
    pub async fn account(&mut self, order: &OrderId) -> Result<Option<Account>, StoreError> {
        let store = self.store.clone();
        account(&mut self.session, &store, order).await
    }

    /// Writes down how an order is paid.
    pub async fn put_payment(&mut self, payment: &Payment) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO payment
                 ( store_id
                 , sales_order
                 , provider
                 , total
                 , state
                 , reference
                 , client_secret
                 , customer
                 , method
                 , authorized
                 , expires_at_ms
                 , failure
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                ON CONFLICT (store_id, sales_order) DO UPDATE
               SET state         = excluded.state
                 , total         = excluded.total
                 , reference     = excluded.reference
                 , client_secret = excluded.client_secret
                 , customer      = excluded.customer
                 , method        = excluded.method
                 , authorized    = excluded.authorized
                 , expires_at_ms = excluded.expires_at_ms
                 , failure       = excluded.failure
                 , revision      = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(payment.order.as_str())
        .bind(payment.provider.name())
        .bind(payment.total)
        .bind(payment.state.name())
        .bind(payment.reference.as_deref())
        .bind(payment.client_secret.as_deref())
        .bind(payment.customer.as_deref())
        .bind(payment.method.as_deref())
        .bind(payment.authorized)
        .bind(ms(payment.expires_at))
        .bind(payment.failure.as_deref())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Writes down what is charged for a parcel.
    pub async fn put_charge(&mut self, charge: &Charge) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO charge
                 ( store_id
                 , shipment
                 , sales_order
                 , state
                 , authorized
                 , amount
                 , captured
                 , refunded
                 , reference
                 , expires_at_ms
                 , client_secret
                 , pay_url
                 , failure
                 , captured_at_ms
                 , grace_ends_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
                ON CONFLICT (store_id, shipment) DO UPDATE
               SET state          = excluded.state
                 , authorized     = excluded.authorized
                 , amount         = excluded.amount
                 , captured       = excluded.captured
                 , refunded       = excluded.refunded
                 , reference      = excluded.reference
                 , expires_at_ms  = excluded.expires_at_ms
                 , client_secret  = excluded.client_secret
                 , pay_url        = excluded.pay_url
                 , failure        = excluded.failure
                 , captured_at_ms = excluded.captured_at_ms
                 , grace_ends_ms  = excluded.grace_ends_ms
                 , revision       = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(charge.shipment.as_str())
        .bind(charge.order.as_str())
        .bind(charge.state.name())
        .bind(charge.authorized)
        .bind(charge.amount)
        .bind(charge.captured)
        .bind(charge.refunded)
        .bind(charge.reference.as_deref())
        .bind(ms(charge.expires_at))
        .bind(charge.client_secret.as_deref())
        .bind(charge.pay_url.as_deref())
        .bind(charge.failure.as_deref())
        .bind(ms(charge.captured_at))
        .bind(ms(charge.grace_ends))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Writes down what is given back.
    pub async fn put_refund(&mut self, refund: &Refund) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO refund
                 ( store_id
                 , refund
                 , shipment
                 , amount
                 , reason
                 , state
                 , reference
                 , at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (store_id, refund) DO UPDATE
               SET state     = excluded.state
                 , reference = excluded.reference
                 , revision  = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(refund.id.as_str())
        .bind(refund.shipment.as_str())
        .bind(refund.amount)
        .bind(refund.reason.as_deref())
        .bind(refund.state.name())
        .bind(refund.reference.as_deref())
        .bind(refund.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Notes what became of an order's money.
    pub async fn note_money(
        &mut self,
        order: &OrderId,
        shipment: Option<&ShipmentId>,
        kind: &str,
        amount: i64,
        reference: Option<&str>,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO money_event
                 ( store_id
                 , sales_order
                 , event
                 , shipment
                 , kind
                 , amount
                 , reference
                 , at_ms
                 , revision
                 )
            SELECT $1
                 , $2
                 , coalesce(max(event), 0) + 1
                 , $3
                 , $4
                 , $5
                 , $6
                 , $7
                 , $8
              FROM money_event
             WHERE store_id = $1
               AND sales_order = $2",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(shipment.map(ShipmentId::as_str))
        .bind(kind)
        .bind(amount)
        .bind(reference)
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

fn ms(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp_millis())
}
