//! Stock levels, and the ledger of movements that explains them.

use shared::ids::{LocationId, Sku, StoreId};
use shared::quantity::Quantity;

use super::engine::{Query, json_rows, query, query_as, together};
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

/// How what is on hand moved, in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The change that it belongs to.
    pub revision: u64,
    /// The SKU.
    pub sku: Sku,
    /// The location.
    pub location: LocationId,
    /// Units, negative for fewer.
    pub change: i64,
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

#[derive(sqlx::FromRow)]
struct RowWithClaim {
    #[sqlx(flatten)]
    level: Row,
    claimed: bool,
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
        let (levels, _) = self.levels_and_claimed(skus).await?;
        Ok(levels)
    }

    /// The same, and those of the SKUs with levels of which something is promised.
    pub async fn levels_and_claimed(
        &mut self,
        skus: &[Sku],
    ) -> Result<(Vec<Level>, Vec<Sku>), StoreError> {
        let rows: Vec<RowWithClaim> = query_as(
            "
            SELECT sku
                 , location
                 , on_hand
                 , committed
                 , safety_stock
                 , revision
                 , EXISTS
                 ( SELECT 1
                     FROM claim
                    WHERE claim.store_id = $1
                      AND claim.sku = stock_level.sku
                 ) AS claimed
              FROM stock_level
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))",
        )
        .bind(self.store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.session)
        .await?;
        let mut levels = Vec::with_capacity(rows.len());
        let mut claimed = Vec::new();
        for row in rows {
            let level = row.level.level()?;
            if row.claimed {
                claimed.push(level.sku.clone());
            }
            levels.push(level);
        }
        claimed.sort_unstable();
        claimed.dedup();
        Ok((levels, claimed))
    }

    /// Writes levels down, and in the ledger how what is on hand moved from `before`.
    ///
    /// `before` and `after` name the same SKUs and locations in the same order, each once.
    pub async fn move_levels(
        &mut self,
        before: &[Level],
        after: &[Level],
    ) -> Result<(), StoreError> {
        let movements: Vec<Movement> = before
            .iter()
            .zip(after)
            .map(|(before, after)| Movement {
                revision: after.revision,
                sku: after.sku.clone(),
                location: after.location.clone(),
                change: i64::from(after.on_hand.units()) - i64::from(before.on_hand.units()),
            })
            .collect();
        self.record_movements(&movements);
        self.put_levels(after).await
    }

    /// Writes levels down, each once, with the revision that each has.
    pub async fn put_levels(&mut self, levels: &[Level]) -> Result<(), StoreError> {
        let queries = self.putting_levels(levels);
        together(queries, &mut self.session).await
    }

    /// The same, when it is committed: nothing in this change looks at them.
    pub fn put_levels_at_the_end(&mut self, levels: &[Level]) {
        let queries = self.putting_levels(levels);
        self.at_the_end.extend(queries);
    }

    fn putting_levels(&self, levels: &[Level]) -> Vec<Query<()>> {
        let rows: Vec<_> = levels
            .iter()
            .map(|level| {
                (
                    level.sku.as_str(),
                    level.location.as_str(),
                    level.on_hand.units(),
                    level.committed.units(),
                    level.safety_stock.units(),
                    level.revision,
                )
            })
            .collect();
        let put = query(
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
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , CAST(value ->> 2 AS BIGINT)
                 , CAST(value ->> 3 AS BIGINT)
                 , CAST(value ->> 4 AS BIGINT)
                 , CAST(value ->> 5 AS BIGINT)
              FROM jsonb_each($2)
             WHERE true
                ON CONFLICT (store_id, sku, location) DO UPDATE
               SET on_hand      = excluded.on_hand
                 , committed    = excluded.committed
                 , safety_stock = excluded.safety_stock
                 , revision     = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows));
        let skus: Vec<Sku> = levels.iter().map(|level| level.sku.clone()).collect();
        vec![put, self.touching(&skus)]
    }

    /// Records in the ledger how what is on hand moves, when it is committed. Those that move nothing are
    /// passed over.
    pub fn record_movements(&mut self, movements: &[Movement]) {
        let rows: Vec<_> = movements
            .iter()
            .filter(|movement| movement.change != 0)
            .map(|movement| {
                let (sku, location) = (movement.sku.as_str(), movement.location.as_str());
                (movement.revision, sku, location, movement.change)
            })
            .collect();
        if rows.is_empty() {
            return;
        }
        let record = query(
            "
            INSERT INTO movement
                 ( store_id
                 , revision
                 , line
                 , sku
                 , location
                 , change
                 )
            SELECT $1
                 , CAST(value ->> 0 AS BIGINT)
                 , $2 + key
                 , value ->> 1
                 , value ->> 2
                 , CAST(value ->> 3 AS BIGINT)
              FROM jsonb_each($3)",
        )
        .bind(self.store.as_str())
        .bind(self.lines + 1)
        .bind(json_rows(&rows));
        self.at_the_end.push(record);
        let recorded = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.lines = self.lines.saturating_add(recorded);
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
