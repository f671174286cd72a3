//! Customers' orders.

use chrono::{DateTime, NaiveDate, Utc};
use shared::bill::Cost;
use shared::ids::{OrderId, Sku, StoreId};
use shared::money::Currency;
use shared::quantity::Quantity;
use shared::shipment::PlanKind;

use super::accounts::account;
use super::delays::{DelayEvent, DelayRules, NoticeRecord, delay_events_of, notices_of};
use super::engine::{Session, instant, query, query_as, stored};
use super::offers::{Offer, offer_of};
use super::payments::Account;
use super::promises::{PromiseRow, ledger, plan_named};
use super::shipments::{Shipment, shipments_of};
use super::skus::{quantity, read};
use super::waiting::{WaitingPart, waiting_of};
use super::{Store, StoreError, Writing};

/// A customer's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// How the goods are sent.
    pub plan: PlanKind,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// Who ordered.
    pub customer: Customer,
    /// What is done about late goods, as it was when it was ordered.
    pub delays: DelayRules,
    /// Whoever knows it may open the order's page.
    pub token: Option<String>,
    /// What its prices are in; `None`: it has none.
    pub currency: Option<Currency>,
    /// What was ordered, each SKU once.
    pub lines: Vec<OrderLine>,
    /// The commit that last changed it.
    pub revision: u64,
}

/// Who ordered, as far as the shop says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Customer {
    /// Where letters go; `None`: the shop writes itself.
    pub email: Option<String>,
    /// What the customer is called in a letter.
    pub name: Option<String>,
    /// BCP 47; `None`: English.
    pub language: Option<String>,
    /// Where the goods go, ISO 3166-1 in two letters: whose law the promise is under.
    pub country: Option<String>,
}

/// What was ordered of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// The SKU.
    pub sku: Sku,
    /// Units ordered.
    pub quantity: Quantity,
    /// The ship-by date that the shopper saw; none: none was told.
    pub shown: Option<NaiveDate>,
    /// What all units cost.
    pub cost: Cost,
    /// Units that were handed to a carrier.
    pub shipped: Quantity,
    /// Units that are not wanted any more.
    pub cancelled: Quantity,
}

/// An order as it stands at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose it is.
    pub store: StoreId,
    /// The order.
    pub order: Order,
    /// What is still to be shipped, in the order of its lines.
    pub waiting: Vec<WaitingPart>,
    /// What left, oldest first.
    pub shipments: Vec<Shipment>,
    /// Every date that was told, oldest first for each part.
    pub promises: Vec<PromiseRow>,
    /// What its customer is, or was, told of dates that were moved.
    pub notices: Vec<NoticeRecord>,
    /// What was told and answered, and what followed, earliest first for each part.
    pub delays: Vec<DelayEvent>,
    /// How it is paid; `None`: not through us.
    pub account: Option<Account>,
    /// What is given for the wait.
    pub offer: Option<Offer>,
}

impl Standing {
    /// The word for how far it is: `open`, `part_shipped`, `shipped` or `cancelled`.
    pub fn status(&self) -> &'static str {
        let mut lines = self.order.lines.iter();
        let has_left = lines.any(|line| line.shipped != Quantity::ZERO);
        match (has_left, self.waiting.is_empty()) {
            (false, false) => "open",
            (true, false) => "part_shipped",
            (true, true) => "shipped",
            (false, true) => "cancelled",
        }
    }
}

impl OrderLine {
    /// Units that left or are not wanted any more.
    pub fn settled(&self) -> Quantity {
        self.shipped.plus(self.cancelled)
    }
}

impl Order {
    /// What all of it costs.
    pub fn cost(&self) -> Cost {
        let lines = self.lines.iter();
        lines.fold(Cost::default(), |sum, line| sum.plus(line.cost))
    }
}

#[derive(sqlx::FromRow)]
struct OrderRow {
    placed_at_ms: i64,
    plan: String,
    email: Option<String>,
    customer: Option<String>,
    language: Option<String>,
    country: Option<String>,
    delays: Option<String>,
    token: Option<String>,
    currency: Option<String>,
    revision: i64,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    sku: String,
    quantity: i64,
    shown_on: Option<NaiveDate>,
    goods: i64,
    discount: i64,
    shipping: i64,
    tax: i64,
    shipped: i64,
    cancelled: i64,
}

impl Store {
    /// An order as it stands.
    pub async fn order(
        &self,
        store: &StoreId,
        id: &OrderId,
        now: DateTime<Utc>,
    ) -> Result<Option<Standing>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let found = standing(&mut snapshot, store, id, now).await?;
        snapshot.end().await?;
        Ok(found)
    }

    /// Orders after one as they stand, in the order of their ids.
    pub async fn orders(
        &self,
        store: &StoreId,
        after: &str,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Standing>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let ids: Vec<(String,)> = query_as(
            "
            SELECT sales_order
              FROM sales_order
             WHERE store_id = $1
               AND $2 < sales_order
             ORDER BY sales_order
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut snapshot)
        .await?;
        let mut orders = Vec::with_capacity(ids.len());
        for (id,) in ids {
            let id = read(&id, "sales_order.sales_order")?;
            orders.extend(standing(&mut snapshot, store, &id, now).await?);
        }
        snapshot.end().await?;
        Ok(orders)
    }
}

impl Writing {
    /// An order as it stands in this change.
    pub async fn order(&mut self, id: &OrderId) -> Result<Option<Standing>, StoreError> {
        let store = self.store.clone();
        standing(&mut self.session, &store, id, self.at).await
    }

    /// Puts an order before others in the queue for what has come.
    pub async fn set_priority(&mut self, id: &OrderId, priority: u32) -> Result<(), StoreError> {
        query(
            "
            UPDATE reservation
               SET priority = $3
             WHERE store_id = $1
               AND reservation = $2",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(priority)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Notes that this change changed an order.
    pub async fn touch_order(&mut self, id: &OrderId) -> Result<(), StoreError> {
        query(
            "
            UPDATE sales_order
               SET revision = $3
             WHERE store_id = $1
               AND sales_order = $2",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn standing(
    session: &mut Session,
    store: &StoreId,
    id: &OrderId,
    now: DateTime<Utc>,
) -> Result<Option<Standing>, StoreError> {
    let row: Option<OrderRow> = query_as(
        "
        SELECT placed.placed_at_ms
             , held.plan
             , placed.email
             , placed.customer
             , placed.language
             , placed.country
             , placed.delays
             , placed.token
             , placed.currency
             , placed.revision
          FROM sales_order AS placed
          JOIN reservation AS held
            ON held.store_id = placed.store_id
           AND held.reservation = placed.sales_order
         WHERE placed.store_id = $1
           AND placed.sales_order = $2",
    )
    .bind(store.as_str())
    .bind(id.as_str())
    .fetch_optional(session)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let lines: Vec<LineRow> = query_as(
        "
        SELECT sku
             , quantity
             , shown_on
             , goods
             , discount
             , shipping
             , tax
             , shipped
             , cancelled
          FROM sales_order_line
         WHERE store_id = $1
           AND sales_order = $2
         ORDER BY line",
    )
    .bind(store.as_str())
    .bind(id.as_str())
    .fetch_all(session)
    .await?;
    let lines: Result<_, _> = lines.into_iter().map(LineRow::line).collect();
    Ok(Some(Standing {
        store: store.clone(),
        order: Order {
            id: id.clone(),
            plan: plan_named(&row.plan),
            placed_at: instant(row.placed_at_ms)?,
            customer: Customer {
                email: row.email,
                name: row.customer,
                language: row.language,
                country: row.country,
            },
            delays: DelayRules::read(row.delays.as_deref())?,
            token: row.token,
            currency: row
                .currency
                .map(|code| code.parse())
                .transpose()
                .map_err(|_| StoreError::Unreadable("sales_order.currency"))?,
            lines: lines?,
            revision: row.revision.unsigned_abs(),
        },
        waiting: waiting_of(session, store, id, now).await?,
        shipments: shipments_of(session, store, id).await?,
        promises: ledger(session, store, &id.reservation()).await?,
        notices: notices_of(session, store, id).await?,
        delays: delay_events_of(session, store, id).await?,
        account: account(session, store, id).await?,
        offer: offer_of(session, store, id).await?,
    }))
}

impl LineRow {
    fn line(self) -> Result<OrderLine, StoreError> {
        Ok(OrderLine {
            sku: read(&self.sku, "sales_order_line.sku")?,
            quantity: quantity(self.quantity)?,
            shown: self.shown_on,
            cost: Cost {
                goods: self.goods,
                discount: self.discount,
                shipping: self.shipping,
                tax: self.tax,
            },
            shipped: quantity(self.shipped)?,
            cancelled: quantity(self.cancelled)?,
        })
    }
}
