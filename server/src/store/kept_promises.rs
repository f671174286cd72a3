//! What was told first for parts of orders, and what became of them.

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{LocationId, Sku, StoreId, SupplierId};
use shared::quantity::Quantity;

use super::engine::{instant, query_as};
use super::skus::{quantity, read};
use super::{Store, StoreError};

/// Part of an order, with what was told of it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPart {
    /// What was bought.
    pub sku: Sku,
    /// Who supplies it.
    pub supplier: Option<SupplierId>,
    /// Units.
    pub quantity: Quantity,
    /// Where it leaves, or left.
    pub location: LocationId,
    /// When it was ordered.
    pub placed_at: DateTime<Utc>,
    /// The day that was told first.
    pub first_by: Option<NaiveDate>,
    /// How it ended, and when, where that was written down: `shipped`, `cancelled`; `None`: it waits.
    pub ended: Option<(String, Option<DateTime<Utc>>)>,
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
}

impl Store {
    /// Parts of orders that were placed within a time, the latest orders first, at most so many.
    pub async fn told_parts(
        &self,
        store: &StoreId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ToldPart>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT part.sku
                 , sku.supplier
                 , part.quantity
                 , part.location
                 , placed.placed_at_ms
                 , coalesce
                 ( ( SELECT told.ships_by
                       FROM promise AS told
                      WHERE told.store_id = part.store_id
                        AND told.reservation = part.reservation
                        AND told.line = part.line
                        AND told.part = part.part
                        AND told.version = 1
                        AND told.cause = 'reserved'
                   )
                 , ( SELECT max(told.ships_by)
                       FROM promise AS told
                      WHERE told.store_id = part.store_id
                        AND told.reservation = part.reservation
                        AND told.line = part.line
                        AND told.cause = 'reserved'
                   )
                 ) AS first_by
                 , part.ended_by
                 , part.ended_at_ms
              FROM sales_order AS placed
              JOIN promised_part AS part
                ON part.store_id = placed.store_id
               AND part.reservation = placed.sales_order
              JOIN sku
                ON sku.store_id = part.store_id
               AND sku.sku = part.sku
             WHERE placed.store_id = $1
               AND $2 <= placed.placed_at_ms
               AND placed.placed_at_ms < $3
             ORDER BY placed.placed_at_ms DESC
                    , part.reservation
                    , part.line
                    , part.part
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(from.timestamp_millis())
        .bind(to.timestamp_millis())
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::part).collect()
    }
}

impl Row {
    fn part(self) -> Result<ToldPart, StoreError> {
        let supplier = self
            .supplier
            .map(|supplier| read(&supplier, "sku.supplier"));
        let ended_at = self.ended_at_ms.map(instant).transpose()?;
        let ended = self.ended_by.map(|by| (by, ended_at));
        Ok(ToldPart {
            sku: read(&self.sku, "promised_part.sku")?,
            supplier: supplier.transpose()?,
            quantity: quantity(self.quantity)?,
            location: read(&self.location, "promised_part.location")?,
            placed_at: instant(self.placed_at_ms)?,
            first_by: self.first_by,
            ended,
        })
    }
}
