//! What was told first for parts of orders, and what became of them.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};
use shared::delay::Cause;
use shared::ids::{LocationId, Sku, StoreId, SupplierId};
use shared::quantity::Quantity;

use super::delays::cause_named;
use super::engine::{instant, query_as};
use super::promises::number;
use super::skus::{quantity, read};
use super::{Store, StoreError, Writing};

/// Part of an order, with what was told of it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPart {
    /// What was bought.
    pub sku: Sku,
    /// Whose goods it waited for; of what was on the shelf, who supplies it now.
    pub supplier: Option<SupplierId>,
    /// Units.
    pub quantity: Quantity,
    /// Where it leaves, or left.
    pub location: LocationId,
    /// When it was ordered.
    pub placed_at: DateTime<Utc>,
    /// The day that was told first.
    pub first_by: Option<NaiveDate>,
    /// How it ended.
    pub ended: PartEnded,
}

/// How part of an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartEnded {
    /// It waits.
    NotYet,
    /// It was handed to the carrier.
    Shipped(DateTime<Utc>),
    /// It was cancelled, by somebody.
    Cancelled(DateTime<Utc>, Cause),
    /// It did, and nobody wrote down when.
    Sometime,
}

#[derive(sqlx::FromRow)]
struct Row {
    sku: String,
    supplier: Option<String>,
    quantity: i64,
    location: String,
    placed_at_ms: i64,
    first_by: Option<NaiveDate>,
    ended_by: Option<String>,
    ended_at_ms: Option<i64>,
    cancelled_by: Option<String>,
}

/// A promise of an order whose first day is over, that waited for a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPromise {
    /// The day that was told first.
    pub first_by: NaiveDate,
    /// By how many days it was widened.
    pub widened_days: u32,
    /// The purchase order that it waited for; `None`: it was made to order.
    pub purchase_order: Option<String>,
    /// Where it leaves, or left.
    pub location: LocationId,
    /// When it was ordered.
    pub placed_at: DateTime<Utc>,
    /// How it ended.
    pub ended: PartEnded,
}

#[derive(sqlx::FromRow)]
struct PastRow {
    first_by: NaiveDate,
    widened_days: i64,
    purchase_order: Option<String>,
    location: String,
    placed_at_ms: i64,
    ended_by: Option<String>,
    ended_at_ms: Option<i64>,
    cancelled_by: Option<String>,
}

/// Units of orders that were placed within a time, with the date that was told for them first: `$which` of them, which
/// ended as `$end` says.
macro_rules! told_of {
    ($quantity:literal, $end:literal, $which:literal) => {
        concat!(
            "
            SELECT part.sku
                 , coalesce(told.supplier, sku.supplier) AS supplier
                 , ",
            $quantity,
            " AS quantity
                 , part.location
                 , placed.placed_at_ms
                 , coalesce
                 ( told.ships_by
                 , ( SELECT min(earliest.ships_by)
                       FROM promise AS earliest
                      WHERE earliest.store_id = part.store_id
                        AND earliest.reservation = part.reservation
                        AND earliest.line = part.line
                        AND earliest.cause = 'reserved'
                   )
                 ) AS first_by
                 , ",
            $end,
            "
              FROM sales_order AS placed
              JOIN promised_part AS part
                ON part.store_id = placed.store_id
               AND part.reservation = placed.sales_order
              JOIN sku
                ON sku.store_id = part.store_id
               AND sku.sku = part.sku
              LEFT JOIN promise AS told
                ON told.store_id = part.store_id
               AND told.reservation = part.reservation
               AND told.line = part.line
               AND told.part = coalesce(part.split_from, part.part)
               AND told.version = 1
               AND told.cause = 'reserved'",
            $which,
            "
             WHERE placed.store_id = $1
               AND 0 < placed.placed_at_ms
               AND $2 <= placed.placed_at_ms
               AND placed.placed_at_ms < $3
             ORDER BY placed.placed_at_ms DESC
                    , part.reservation
                    , part.line
                    , part.part
             LIMIT $4"
        )
    };
}

/// Parts as they stand, or ended.
const PARTS: &str = told_of!(
    "part.quantity",
    "part.ended_by
                 , part.ended_at_ms
                 , ( SELECT max(event.cause)
                       FROM delay_event AS event
                      WHERE event.store_id = part.store_id
                        AND event.sales_order = part.reservation
                        AND event.line = part.line
                        AND event.part = part.part
                        AND event.kind = 'cancelled'
                   ) AS cancelled_by",
    ""
);

/// What was cancelled of parts of which others were still wanted.
const CANCELLED: &str = told_of!(
    "before.quantity - cut.quantity",
    "'cancelled' AS ended_by
                 , cut.at_ms AS ended_at_ms
                 , coalesce(cut.cancelled_by, 'shopper') AS cancelled_by",
    "
              JOIN promise AS cut
                ON cut.store_id = part.store_id
               AND cut.reservation = part.reservation
               AND cut.line = part.line
               AND cut.part = part.part
               AND cut.cause = 'part_cancelled'
              JOIN promise AS before
                ON before.store_id = cut.store_id
               AND before.reservation = cut.reservation
               AND before.line = cut.line
               AND before.part = cut.part
               AND before.version = cut.version - 1"
);

impl Store {
    /// Parts of orders that were placed within a time, the latest orders first, at most so many. Units that were cancelled
    /// of a part of which others were still wanted are a part of their own.
    pub async fn told_parts(
        &self,
        store: &StoreId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ToldPart>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let mut parts: Vec<ToldPart> = Vec::new();
        for statement in [PARTS, CANCELLED] {
            let rows: Vec<Row> = query_as(statement)
                .bind(store.as_str())
                .bind(from.timestamp_millis())
                .bind(to.timestamp_millis())
                .bind(limit)
                .fetch_all(&mut snapshot)
                .await?;
            let found: Result<Vec<ToldPart>, StoreError> =
                rows.into_iter().map(Row::part).collect();
            parts.extend(found?);
        }
        snapshot.end().await?;
        parts.sort_by_key(|part| Reverse(part.placed_at));
        parts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(parts)
    }
}

impl Writing {
    /// Promises of orders that waited for a supplier, first told for a day of a time, the latest days first, at most so many.
    pub async fn past_promises(
        &mut self,
        supplier: &SupplierId,
        from: NaiveDate,
        before: NaiveDate,
        limit: usize,
    ) -> Result<Vec<PastPromise>, StoreError> {
        let rows: Vec<PastRow> = query_as(
            "
            SELECT told.ships_by AS first_by
                 , told.widened_days
                 , told.purchase_order
                 , part.location
                 , placed.placed_at_ms
                 , part.ended_by
                 , part.ended_at_ms
                 , ( SELECT max(event.cause)
                       FROM delay_event AS event
                      WHERE event.store_id = part.store_id
                        AND event.sales_order = part.reservation
                        AND event.line = part.line
                        AND event.part = part.part
                        AND event.kind = 'cancelled'
                   ) AS cancelled_by
              FROM promise AS told
              JOIN sales_order AS placed
                ON placed.store_id = told.store_id
               AND placed.sales_order = told.reservation
              JOIN promised_part AS part
                ON part.store_id = told.store_id
               AND part.reservation = told.reservation
               AND part.line = told.line
               AND coalesce(part.split_from, part.part) = told.part
             WHERE told.store_id = $1
               AND told.cause = 'reserved'
               AND told.supplier IS NOT NULL
               AND told.supplier = $2
               AND $3 <= told.ships_by
               AND told.ships_by < $4
             ORDER BY told.ships_by DESC
                    , told.reservation
                    , told.line
                    , part.part
             LIMIT $5",
        )
        .bind(self.store.as_str())
        .bind(supplier.as_str())
        .bind(from)
        .bind(before)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut self.session)
        .await?;
        rows.into_iter().map(PastRow::promise).collect()
    }
}

impl PastRow {
    fn promise(self) -> Result<PastPromise, StoreError> {
        Ok(PastPromise {
            first_by: self.first_by,
            widened_days: number(self.widened_days)?,
            purchase_order: self.purchase_order,
            location: read(&self.location, "promised_part.location")?,
            placed_at: instant(self.placed_at_ms)?,
            ended: ended(self.ended_by, self.ended_at_ms, self.cancelled_by)?,
        })
    }
}

impl Row {
    fn part(self) -> Result<ToldPart, StoreError> {
        let supplier = self
            .supplier
            .map(|supplier| read(&supplier, "sku.supplier"));
        Ok(ToldPart {
            sku: read(&self.sku, "promised_part.sku")?,
            supplier: supplier.transpose()?,
            quantity: quantity(self.quantity)?,
            location: read(&self.location, "promised_part.location")?,
            placed_at: instant(self.placed_at_ms)?,
            first_by: self.first_by,
            ended: ended(self.ended_by, self.ended_at_ms, self.cancelled_by)?,
        })
    }
}

fn ended(
    by: Option<String>,
    at_ms: Option<i64>,
    cancelled_by: Option<String>,
) -> Result<PartEnded, StoreError> {
    let at = at_ms.map(instant).transpose()?;
    Ok(match (by.as_deref(), at) {
        (None, _) => PartEnded::NotYet,
        (Some(_), None) => PartEnded::Sometime,
        (Some("shipped"), Some(at)) => PartEnded::Shipped(at),
        (Some(_), Some(at)) => PartEnded::Cancelled(at, cause_named(cancelled_by.as_deref())),
    })
}
