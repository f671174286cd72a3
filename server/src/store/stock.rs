//! Stock levels, and the ledger of movements that explains them.

use shared::ids::{LocationId, Sku, StoreId};
use shared::quantity::Quantity;

use super::engine::stored;
use super::engine::{query, query_as};
use super::skus::{json_list, quantity, read};
use super::{Store, StoreError, Writing};

/// What is there of a SKU at a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The SKU.
    pub sku: Sku,
    /// The location.
    pub location: LocationId,
    /// Units physically there and in saleable condition.
    pub on_hand: Quantity,
    /// Units of open orders that only the shop knows.
    pub committed: Quantity,
    /// Units withheld from sale.
    pub safety_stock: Quantity,
    /// The commit that last changed it; 0 for a level that nobody has set.
    pub revision: u64,
}

impl Level {
    /// Nothing is there.
    pub fn empty(sku: Sku, location: LocationId) -> Self {
        Self {
            sku,
            location,
            on_hand: Quantity::ZERO,
            committed: Quantity::ZERO,
            safety_stock: Quantity::ZERO,
            revision: 0,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    sku: String,
    location: String,
    on_hand: i64,
    committed: i64,
    safety_stock: i64,
    revision: i64,
}

impl Store {
    /// What is there, or `None` where nobody has set it.
    pub async fn level(
        &self,
        store: &StoreId,
        sku: &Sku,
        location: &LocationId,
    ) -> Result<Option<Level>, StoreError> {
        let row: Option<Row> = query_as(
            "
            SELECT sku
                 , location
                 , on_hand
                 , committed
                 , safety_stock
                 , revision
              FROM stock_level
             WHERE store_id = $1
               AND sku = $2
               AND location = $3",
        )
        .bind(store.as_str())
        .bind(sku.as_str())
        .bind(location.as_str())
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        row.map(Row::level).transpose()
    }
}

impl Writing {
    /// The levels of these SKUs, at all locations.
    pub async fn levels(&mut self, skus: &[Sku]) -> Result<Vec<Level>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT sku
                 , location
                 , on_hand
                 , committed
                 , safety_stock
                 , revision
              FROM stock_level
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))",
        )
        .bind(self.store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.session)
        .await?;
        rows.into_iter().map(Row::level).collect()
    }

    /// Writes levels down, and in the ledger how what is on hand moved from `before`.
    ///
    /// `before` and `after` name the same SKUs and locations in the same order.
    pub async fn move_levels(
        &mut self,
        before: &[Level],
        after: &[Level],
    ) -> Result<(), StoreError> {
        for (before, after) in before.iter().zip(after) {
            query(
                "
                INSERT INTO stock_level
                     ( store_id
                     , sku
                     , location
                     , on_hand
                     , committed
                     , safety_stock
                     , revision
                     )
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                    ON CONFLICT (store_id, sku, location) DO UPDATE
                   SET on_hand      = excluded.on_hand
                     , committed    = excluded.committed
                     , safety_stock = excluded.safety_stock
                     , revision     = excluded.revision",
            )
            .bind(self.store.as_str())
            .bind(after.sku.as_str())
            .bind(after.location.as_str())
            .bind(after.on_hand.units())
            .bind(after.committed.units())
            .bind(after.safety_stock.units())
            .bind(stored(self.revision))
            .execute(&mut self.session)
            .await?;
            let change = i64::from(after.on_hand.units()) - i64::from(before.on_hand.units());
            if change != 0 {
                self.record_movement(after, change).await?;
            }
        }
        let skus: Vec<Sku> = after.iter().map(|level| level.sku.clone()).collect();
        self.touch(&skus).await
    }

    async fn record_movement(&mut self, level: &Level, change: i64) -> Result<(), StoreError> {
        self.lines += 1;
        query(
            "
            INSERT INTO movement
                 ( store_id
                 , revision
                 , line
                 , sku
                 , location
                 , change
                 )
            VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .bind(self.lines)
        .bind(level.sku.as_str())
        .bind(level.location.as_str())
        .bind(change)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

impl Row {
    fn level(self) -> Result<Level, StoreError> {
        Ok(Level {
            sku: read(&self.sku, "stock_level.sku")?,
            location: read(&self.location, "stock_level.location")?,
            on_hand: quantity(self.on_hand)?,
            committed: quantity(self.committed)?,
            safety_stock: quantity(self.safety_stock)?,
            revision: self.revision.unsigned_abs(),
        })
    }
}
