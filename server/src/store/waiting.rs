//! What is still to be shipped of customers' orders, and what is on the shelf for it.

use chrono::{DateTime, NaiveDate, Utc};
use shared::delay;
use shared::ids::{LocationId, OrderId, PurchaseOrderId, Sku, StoreId};
use shared::quantity::Quantity;
use shared::shipment::PlanKind;
use shared::supply::Due;

use super::delays::cause_name;
use super::engine::{Session, query, query_as, query_scalar, stored};
use super::promise_basis::awaited;
use super::promises::{number, plan_named};
use super::skus::{quantity, read};
use super::{Store, StoreError, Writing};
use crate::webhooks::happened::Happened;

/// Part of a line that is still to be shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPart {
    /// Whose it is.
    pub order: OrderId,
    /// How the order is sent.
    pub plan: PlanKind,
    /// The line of the order, from 0.
    pub line: u32,
    /// The part of the line.
    pub part: u32,
    /// What was bought.
    pub sku: Sku,
    /// Units.
    pub quantity: Quantity,
    /// Where it leaves.
    pub location: LocationId,
    /// By when.
    pub due: Due,
    /// True if all of it is on the shelf, beside all that is to leave before it.
    pub filled: bool,
    /// Whoever has the higher one is filled first, whatever was promised.
    pub priority: u32,
    /// Who came first has the lower one: the commit of the order, or of the hold before it.
    pub rank: u64,
    /// By when it was to leave as it was told first.
    pub first_due: Due,
    /// Purchase orders that were planned to be there in time.
    pub purchase_orders: Vec<PurchaseOrderId>,
}

/// How part of an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartEnd {
    /// It was handed to a carrier.
    Shipped,
    /// Somebody did not want it any more; with `None` its delays say who.
    Cancelled(Option<delay::Cause>),
}

/// What a part takes from the shelf where it leaves.
pub struct Taken {
    /// The line of the order.
    pub line: u32,
    /// The part of the line.
    pub part: u32,
    /// The SKU, counted where it lies.
    pub sku: Sku,
    /// Units.
    pub quantity: Quantity,
}

#[derive(sqlx::FromRow)]
struct WaitingRow {
    sales_order: String,
    plan: String,
    line: i64,
    part: i64,
    sku: String,
    quantity: i64,
    location: String,
    ships_by: Option<NaiveDate>,
    filled: bool,
    priority: i64,
    rank: i64,
    first_by: Option<NaiveDate>,
    awaits_orders: String,
}

impl WaitingPart {
    /// The day by which it leaves; `None`: not known.
    pub fn due_day(&self) -> Option<NaiveDate> {
        self.due.day()
    }
}

impl PartEnd {
    fn name(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::Cancelled(_) => "cancelled",
        }
    }

    /// Why the rest of a part that ended is written down anew.
    fn cause(self) -> &'static str {
        match self {
            Self::Shipped => "part_shipped",
            Self::Cancelled(_) => "part_cancelled",
        }
    }

    /// Who cancelled it, as it is stored.
    fn cancelled_by(self) -> Option<&'static str> {
        match self {
            Self::Shipped => None,
            Self::Cancelled(by) => by.map(cause_name),
        }
    }
}

impl Store {
    /// What is still to be shipped of all orders, those that were placed first at first.
    pub async fn waiting(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
    ) -> Result<Vec<WaitingPart>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let found = waiting_of_all(&mut snapshot, store, now).await?;
        snapshot.end().await?;
        Ok(found)
    }
}

impl Writing {
    /// What is still to be shipped of all orders, as this change sees it.
    pub async fn waiting(&mut self) -> Result<Vec<WaitingPart>, StoreError> {
        waiting_of_all(&mut self.session, &self.store, self.at).await
    }

    /// What the parts of an order take from the shelf: goods that are counted, of a kit its parts.
    pub async fn taken_by(&mut self, id: &OrderId) -> Result<Vec<Taken>, StoreError> {
        let rows: Vec<(i64, i64, String, i64)> = query_as(
            "
            SELECT claim.line
                 , claim.part
                 , claim.sku
                 , claim.quantity
              FROM claim
              JOIN sku
                ON sku.store_id = claim.store_id
               AND sku.sku = claim.sku
             WHERE claim.store_id = $1
               AND claim.reservation = $2
               AND sku.tracked
               AND sku.kit IS NULL
             ORDER BY claim.line
                    , claim.part
                    , claim.sku",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .fetch_all(&mut self.session)
        .await?;
        let taken = |(line, part, sku, units): (i64, i64, String, i64)| {
            Ok(Taken {
                line: number(line)?,
                part: number(part)?,
                sku: read(&sku, "claim.sku")?,
                quantity: quantity(units)?,
            })
        };
        rows.into_iter().map(taken).collect()
    }

    /// Ends units of a part: it claims nothing for them any more, and the line counts them. Of units that are left
    /// the ledger has a row of its own. Returns the SKUs that it claimed.
    pub async fn end_part(
        &mut self,
        part: &WaitingPart,
        units: Quantity,
        end: PartEnd,
    ) -> Result<Vec<Sku>, StoreError> {
        let (shipped, cancelled) = match end {
            PartEnd::Shipped => (units, Quantity::ZERO),
            PartEnd::Cancelled(_) => (Quantity::ZERO, units),
        };
        query(
            "
            UPDATE sales_order_line
               SET shipped   = shipped + $4
                 , cancelled = cancelled + $5
             WHERE store_id = $1
               AND sales_order = $2
               AND line = $3",
        )
        .bind(self.store.as_str())
        .bind(part.order.as_str())
        .bind(part.line)
        .bind(shipped.units())
        .bind(cancelled.units())
        .execute(&mut self.session)
        .await?;
        let skus = match part.quantity.units().checked_sub(units.units()) {
            Some(0) | None => self.end_whole_part(part, end.name()).await?,
            Some(left) => self.end_some(part, left, end).await?,
        };
        if let PartEnd::Cancelled(by) = end {
            self.happened(|| Happened::Cancelled {
                order: part.order.clone(),
                line: part.line,
                sku: part.sku.clone(),
                quantity: units,
                by: by.map(cause_name),
            });
        }
        self.touch(&skus).await?;
        Ok(skus)
    }

    async fn end_whole_part(
        &mut self,
        part: &WaitingPart,
        ended_by: &str,
    ) -> Result<Vec<Sku>, StoreError> {
        query(
            "
            UPDATE promised_part
               SET ended_by    = $5
                 , ended_at_ms = $6
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3
               AND part = $4",
        )
        .bind(self.store.as_str())
        .bind(part.order.as_str())
        .bind(part.line)
        .bind(part.part)
        .bind(ended_by)
        .bind(self.at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        let skus: Vec<String> = query_scalar(
            "
            DELETE FROM claim
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3
               AND part = $4
            RETURNING sku",
        )
        .bind(self.store.as_str())
        .bind(part.order.as_str())
        .bind(part.line)
        .bind(part.part)
        .fetch_all(&mut self.session)
        .await?;
        skus.iter().map(|sku| read(sku, "claim.sku")).collect()
    }

    async fn end_some(
        &mut self,
        part: &WaitingPart,
        left: u32,
        end: PartEnd,
    ) -> Result<Vec<Sku>, StoreError> {
        query(
            "
            UPDATE promised_part
               SET quantity = $5
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3
               AND part = $4",
        )
        .bind(self.store.as_str())
        .bind(part.order.as_str())
        .bind(part.line)
        .bind(part.part)
        .bind(left)
        .execute(&mut self.session)
        .await?;
        query(
            "
            INSERT INTO promise
                 ( store_id
                 , reservation
                 , line
                 , part
                 , version
                 , sku
                 , quantity
                 , location
                 , ships_by
                 , cause
                 , basis
                 , at_ms
                 , revision
                 , reached
                 , cancelled_by
                 )
            SELECT store_id
                 , reservation
                 , line
                 , part
                 , version + 1
                 , sku
                 , $5
                 , location
                 , ships_by
                 , $6
                 , basis
                 , $7
                 , $8
                 , reached
                 , $9
              FROM promise
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3
               AND part = $4
             ORDER BY version DESC
             LIMIT 1",
        )
        .bind(self.store.as_str())
        .bind(part.order.as_str())
        .bind(part.line)
        .bind(part.part)
        .bind(left)
        .bind(end.cause())
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .bind(end.cancelled_by())
        .execute(&mut self.session)
        .await?;
        // A kit takes as many of each part as before.
        let skus: Vec<String> = query_scalar(
            "
            UPDATE claim
               SET quantity = quantity / $5 * $6
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3
               AND part = $4
            RETURNING sku",
        )
        .bind(self.store.as_str())
        .bind(part.order.as_str())
        .bind(part.line)
        .bind(part.part)
        .bind(part.quantity.units())
        .bind(left)
        .fetch_all(&mut self.session)
        .await?;
        skus.iter().map(|sku| read(sku, "claim.sku")).collect()
    }
}

/// What is still to be shipped. What is to leave first is filled first, whoever asks; of what is to leave on the same
/// day, what was promised first. `$concerned` says of which claims the queues are looked at, `$wanted` of which parts
/// is told: conditions that an index can be found for, since what was ever ordered stays in its tables.
macro_rules! waiting_where {
    ($concerned:literal, $wanted:literal) => {
        concat!(
            "
          WITH queued AS
             ( SELECT claim.reservation
                    , claim.line
                    , claim.part
                    , sum(claim.quantity) OVER
                      ( PARTITION BY claim.sku
                                   , part.location
                            ORDER BY held.priority DESC
                                   , part.ships_by IS NULL
                                   , part.ships_by
                                   , held.revision
                                   , claim.reservation
                                   , claim.line
                                   , claim.part
                             ROWS UNBOUNDED PRECEDING
                      ) AS needed
                    , coalesce(level.on_hand - level.committed, 0) AS there
                 FROM claim
                 JOIN promised_part AS part
                   ON part.store_id = claim.store_id
                  AND part.reservation = claim.reservation
                  AND part.line = claim.line
                  AND part.part = claim.part
                 JOIN reservation AS held
                   ON held.store_id = claim.store_id
                  AND held.reservation = claim.reservation
                 JOIN sku
                   ON sku.store_id = claim.store_id
                  AND sku.sku = claim.sku
                 LEFT JOIN stock_level AS level
                   ON level.store_id = claim.store_id
                  AND level.sku = claim.sku
                  AND level.location = part.location
                WHERE claim.store_id = $1
                  AND $2 < held.expires_at_ms
                  AND sku.tracked
                  AND sku.kit IS NULL",
            $concerned,
            "
             )
           , lacking AS
             ( SELECT DISTINCT reservation
                    , line
                    , part
                 FROM queued
                WHERE there < needed
             )
           , standing AS
             ( SELECT DISTINCT claim.reservation
                    , claim.line
                    , claim.part
                 FROM claim
                WHERE claim.store_id = $1",
            $wanted,
            "
             )
        SELECT part.reservation AS sales_order
             , held.plan
             , part.line
             , part.part
             , part.sku
             , part.quantity
             , part.location
             , part.ships_by
             , lacking.part IS NULL AS filled
             , held.priority
             , held.revision AS rank
             , part.awaits_orders
             , coalesce
             ( ( SELECT told.ships_by
                   FROM promise AS told
                  WHERE told.store_id = part.store_id
                    AND told.reservation = part.reservation
                    AND told.line = part.line
                    AND told.part = coalesce(part.split_from, part.part)
                    AND told.cause = 'reserved'
               )
             , ( SELECT min(told.ships_by)
                   FROM promise AS told
                  WHERE told.store_id = part.store_id
                    AND told.reservation = part.reservation
                    AND told.line = part.line
                    AND told.cause = 'reserved'
               )
             ) AS first_by
          FROM standing
          JOIN sales_order AS placed
            ON placed.store_id = $1
           AND placed.sales_order = standing.reservation
          JOIN reservation AS held
            ON held.store_id = placed.store_id
           AND held.reservation = placed.sales_order
          JOIN promised_part AS part
            ON part.store_id = placed.store_id
           AND part.reservation = placed.sales_order
           AND part.line = standing.line
           AND part.part = standing.part
          LEFT JOIN lacking
            ON lacking.reservation = part.reservation
           AND lacking.line = part.line
           AND lacking.part = part.part
         ORDER BY held.revision
                , part.reservation
                , part.line
                , part.part"
        )
    };
}

/// What is still to be shipped of all orders, those that were placed first at first.
async fn waiting_of_all(
    session: &mut Session,
    store: &StoreId,
    now: DateTime<Utc>,
) -> Result<Vec<WaitingPart>, StoreError> {
    let rows: Vec<WaitingRow> = query_as(waiting_where!("", ""))
        .bind(store.as_str())
        .bind(now.timestamp_millis())
        .fetch_all(session)
        .await?;
    rows.into_iter().map(WaitingRow::part).collect()
}

/// What is still to be shipped of a list of orders.
pub(super) async fn waiting_of(
    session: &mut Session,
    store: &StoreId,
    orders: &str,
    now: DateTime<Utc>,
) -> Result<Vec<WaitingPart>, StoreError> {
    let rows: Vec<WaitingRow> = query_as(waiting_where!(
        "
                  AND claim.sku IN
                    ( SELECT own.sku
                        FROM claim AS own
                       WHERE own.store_id = $1
                         AND own.reservation IN (SELECT value FROM json_each($3))
                    )",
        "
                  AND claim.reservation IN (SELECT value FROM json_each($3))"
    ))
    .bind(store.as_str())
    .bind(now.timestamp_millis())
    .bind(orders)
    .fetch_all(session)
    .await?;
    rows.into_iter().map(WaitingRow::part).collect()
}

impl WaitingRow {
    fn part(self) -> Result<WaitingPart, StoreError> {
        Ok(WaitingPart {
            order: read(&self.sales_order, "sales_order.sales_order")?,
            plan: plan_named(&self.plan),
            line: number(self.line)?,
            part: number(self.part)?,
            sku: read(&self.sku, "promised_part.sku")?,
            quantity: quantity(self.quantity)?,
            location: read(&self.location, "promised_part.location")?,
            due: self.ships_by.map_or(Due::Undated, Due::By),
            filled: self.filled,
            priority: number(self.priority)?,
            rank: self.rank.unsigned_abs(),
            first_due: self.first_by.map_or(Due::Undated, Due::By),
            // What is filled waits for nothing any more.
            purchase_orders: match self.filled {
                true => Vec::new(),
                false => awaited(&self.awaits_orders, false)?.orders,
            },
        })
    }
}
