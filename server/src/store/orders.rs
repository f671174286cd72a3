//! Customers' orders.

use std::slice;

use chrono::{DateTime, NaiveDate, Utc};
use shared::bill::Cost;
use shared::ids::{OrderId, Sku, StoreId};
use shared::money::Currency;
use shared::quantity::Quantity;
use shared::shipment::PlanKind;

use super::accounts::accounts;
use super::by_order::ByOrder;
use super::delays::{DelayEvent, DelayRules, NoticeRecord, delay_events_of, notices_of};
use super::engine::{Session, instant, query, query_as, stored};
use super::offers::{Offer, offers_of};
use super::payments::Account;
use super::promises::{PromiseRow, ledgers, plan_named};
use super::shipments::{Shipment, shipments_of};
use super::skus::{json_list, quantity, read};
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

/// The words for how far orders are.
pub const ORDER_STATUSES: [&str; 4] = ["open", "part_shipped", "shipped", "cancelled"];

/// Ids of orders after one.
const ALL: &str = "
    SELECT sales_order
      FROM sales_order
     WHERE store_id = $1
       AND $2 < sales_order
     ORDER BY sales_order
     LIMIT $3";

/// Ids of orders of which something waits; those of which some has left, or those of which nothing has.
const WAITING: &str = "
    SELECT DISTINCT claim.reservation
      FROM claim
      JOIN sales_order AS placed
        ON placed.store_id = claim.store_id
       AND placed.sales_order = claim.reservation
     WHERE claim.store_id = $1
       AND $2 < claim.reservation
       AND $4 = EXISTS
         ( SELECT 1
             FROM sales_order_line AS line
            WHERE line.store_id = claim.store_id
              AND line.sales_order = claim.reservation
              AND line.shipped <> 0
         )
     ORDER BY claim.reservation
     LIMIT $3";

/// Ids of orders of which nothing waits any more; those of which some has left, or those of which nothing has.
const SETTLED: &str = "
    SELECT placed.sales_order
      FROM sales_order AS placed
     WHERE placed.store_id = $1
       AND $2 < placed.sales_order
       AND NOT EXISTS
         ( SELECT 1
             FROM claim
            WHERE claim.store_id = placed.store_id
              AND claim.reservation = placed.sales_order
         )
       AND $4 = EXISTS
         ( SELECT 1
             FROM sales_order_line AS line
            WHERE line.store_id = placed.store_id
              AND line.sales_order = placed.sales_order
              AND line.shipped <> 0
         )
     ORDER BY placed.sales_order
     LIMIT $3";

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
    /// The word for how far it is: one of [`ORDER_STATUSES`].
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

    /// What it comes to in minor units: what is charged for what has left, and what the rest costs. What is cancelled costs nothing.
    pub fn comes_to(&self) -> i64 {
        let charges = self.account.iter().flat_map(|account| &account.charges);
        let charged: i64 = charges.filter_map(|charge| charge.amount).sum();
        let rest = self.order.lines.iter().map(|line| {
            let left = line.quantity.less(line.settled());
            line.cost.share(line.settled(), left, line.quantity).total()
        });
        charged + rest.sum::<i64>()
    }

    /// What all that is not cancelled costs in minor units, where nobody charges it by parcel.
    pub fn wanted_cost(&self) -> i64 {
        let lines = self.order.lines.iter().map(|line| {
            let wanted = line.quantity.less(line.cancelled);
            line.cost
                .share(Quantity::ZERO, wanted, line.quantity)
                .total()
        });
        lines.sum()
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
    sales_order: String,
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
        let found = standing(&mut snapshot, store, slice::from_ref(id), now).await?;
        snapshot.end().await?;
        Ok(found.into_iter().next())
    }

    /// Orders after one as they stand, in the order of their ids; those of one of [`ORDER_STATUSES`], or all.
    pub async fn orders(
        &self,
        store: &StoreId,
        status: Option<&'static str>,
        after: &str,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Standing>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let page = |statement: &'static str| {
            let asked = query_as::<(String,)>(statement);
            asked.bind(store.as_str()).bind(after).bind(limit)
        };
        let asked = match status {
            None => page(ALL),
            // What waits is looked up by what it claims: that is little beside all that was ever ordered.
            Some(word @ ("open" | "part_shipped")) => page(WAITING).bind(word == "part_shipped"),
            Some(word) => page(SETTLED).bind(word == "shipped"),
        };
        let ids = asked.fetch_all(&mut snapshot).await?;
        let id = |(id,): &(String,)| read(id, "sales_order.sales_order");
        let ids: Vec<OrderId> = ids.iter().map(id).collect::<Result<_, _>>()?;
        let orders = standing(&mut snapshot, store, &ids, now).await?;
        snapshot.end().await?;
        Ok(orders)
    }
}

impl Writing {
    /// An order as it stands in this change.
    pub async fn order(&mut self, id: &OrderId) -> Result<Option<Standing>, StoreError> {
        let store = self.store.clone();
        let found = standing(&mut self.session, &store, slice::from_ref(id), self.at).await?;
        Ok(found.into_iter().next())
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

/// Orders of these ids as they stand, in the sequence of their ids.
async fn standing(
    session: &mut Session,
    store: &StoreId,
    ids: &[OrderId],
    now: DateTime<Utc>,
) -> Result<Vec<Standing>, StoreError> {
    let list = json_list(ids);
    let rows: Vec<OrderRow> = query_as(
        "
        SELECT placed.sales_order
             , placed.placed_at_ms
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
           AND placed.sales_order IN (SELECT value FROM json_each($2))
         ORDER BY placed.sales_order",
    )
    .bind(store.as_str())
    .bind(&list)
    .fetch_all(session)
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = ByOrder::fetched(
        session,
        "
        SELECT sales_order
             , sku
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
           AND sales_order IN (SELECT value FROM json_each($2))
         ORDER BY line",
        store,
        &list,
        LineRow::line,
    )
    .await?;
    let mut waiting = waiting_of(session, store, &list, now).await?;
    let mut shipments = shipments_of(session, store, &list).await?;
    let mut promises = ledgers(session, store, &list).await?;
    let mut notices = notices_of(session, store, &list).await?;
    let mut delays = delay_events_of(session, store, &list).await?;
    let mut accounts = accounts(session, store, &list).await?;
    let mut offers = offers_of(session, store, &list).await?;
    let one = |row: OrderRow| {
        let id = row.sales_order.clone();
        let order = row.order(lines.take(&id))?;
        Ok(Standing {
            store: store.clone(),
            waiting: waiting
                .extract_if(.., |part| part.order == order.id)
                .collect(),
            shipments: shipments
                .extract_if(.., |shipment| shipment.order == order.id)
                .collect(),
            promises: promises.take(&id),
            notices: notices.take(&id),
            delays: delays.take(&id),
            account: accounts.remove(&order.id),
            offer: offers.take(&id).pop(),
            order,
        })
    };
    rows.into_iter().map(one).collect()
}

impl OrderRow {
    fn order(self, lines: Vec<OrderLine>) -> Result<Order, StoreError> {
        let currency = self.currency.map(|code| code.parse()).transpose();
        Ok(Order {
            id: read(&self.sales_order, "sales_order.sales_order")?,
            plan: plan_named(&self.plan),
            placed_at: instant(self.placed_at_ms)?,
            customer: Customer {
                email: self.email,
                name: self.customer,
                language: self.language,
                country: self.country,
            },
            delays: DelayRules::read(self.delays.as_deref())?,
            token: self.token,
            currency: currency.map_err(|_| StoreError::Unreadable("sales_order.currency"))?,
            lines,
            revision: self.revision.unsigned_abs(),
        })
    }
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
