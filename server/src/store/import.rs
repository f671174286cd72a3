//! Many rows at once: the rows of a stock file, a batch at a time, within one change.
//!
//! A batch comes as JSON and is laid out in a table of its own, beside what the store has: there it
//! is seen what changes. Then each table takes its part in one statement.

use shared::ids::{LocationId, StoreId};

use super::locations::LocationRecord;
use super::writing::stored;
use super::{Store, StoreError, Writing};
use crate::import::Batch;

/// What batches changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Rows that changed something.
    pub changed: u64,
    /// Rows that say what the store knew.
    pub unchanged: u64,
}

impl Writing {
    /// Prepares for batches.
    pub async fn begin_import(&mut self) -> Result<(), StoreError> {
        sqlx::query(
            "
            CREATE TEMPORARY TABLE IF NOT EXISTS import_row
                 ( line                 INTEGER PRIMARY KEY
                 , sku                  TEXT
                 , location             TEXT
                 , title                TEXT
                 , tracked              INTEGER
                 , discontinued         INTEGER
                 , backorder            TEXT
                 , backorder_limit      INTEGER
                 , reason               TEXT
                 , released_on          TEXT
                 , low_stock_threshold  INTEGER
                 , supplier             TEXT
                 , lead_time_days       INTEGER
                 , on_hand              INTEGER
                 , committed            INTEGER
                 , safety_stock         INTEGER
                 , change               INTEGER
                 , sku_changes          INTEGER
                 , level_changes        INTEGER
                 )",
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Takes a batch in. Rows that say what the store knows leave no trace.
    pub async fn import(&mut self, batch: &Batch) -> Result<Imported, StoreError> {
        self.add_locations(&batch.new_locations).await?;
        self.lay_out(batch).await?;
        let (changed, moved): (i64, i64) = sqlx::query_as(
            "
            SELECT count(*) FILTER (WHERE sku_changes OR level_changes)
                 , count(*) FILTER (WHERE change <> 0)
              FROM import_row",
        )
        .fetch_one(&mut *self.transaction)
        .await?;
        if 0 < changed {
            self.take_skus().await?;
            self.take_levels().await?;
        }
        if 0 < moved {
            self.take_movements().await?;
        }
        let rows = u64::from(batch.rows);
        self.lines = self.lines.saturating_add(batch.rows);
        let changed = changed.unsigned_abs();
        Ok(Imported {
            changed,
            unchanged: rows.saturating_sub(changed),
        })
    }

    /// Lets the store ship from a location, unless somebody has set up the one that it ships from.
    /// True if it does so from now on.
    pub async fn ship_from_if_new(&mut self, location: &LocationId) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "
            UPDATE store
               SET location          = ?2
                 , settings_revision = ?3
             WHERE store_id = ?1
               AND location <> ?2
               AND EXISTS
                 ( SELECT 1
                     FROM location
                    WHERE location.store_id = store.store_id
                      AND location.location = store.location
                      AND location.revision = 0
                 )
               AND NOT EXISTS
                 ( SELECT 1
                     FROM stock_level
                    WHERE stock_level.store_id = store.store_id
                      AND stock_level.location = store.location
                 )",
        )
        .bind(self.store.as_str())
        .bind(location.as_str())
        .bind(stored(self.revision))
        .execute(&mut *self.transaction)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn add_locations(
        &mut self,
        locations: &[(LocationId, String)],
    ) -> Result<(), StoreError> {
        for (id, name) in locations {
            let record = LocationRecord::usual(id.clone(), name.clone(), chrono_tz::UTC);
            self.put_location(&record).await?;
        }
        Ok(())
    }

    /// Lays a batch out beside what the store has.
    async fn lay_out(&mut self, batch: &Batch) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM import_row")
            .execute(&mut *self.transaction)
            .await?;
        sqlx::query(
            "
              WITH told AS MATERIALIZED
                 ( SELECT value ->> 0  AS sku
                        , value ->> 1  AS location
                        , value ->> 2  AS on_hand
                        , value ->> 3  AS committed
                        , value ->> 4  AS safety_stock
                        , value ->> 5  AS low_stock_threshold
                        , value ->> 6  AS backorder_limit
                        , value ->> 7  AS lead_time_days
                        , value ->> 8  AS tracked
                        , value ->> 9  AS discontinued
                        , value ->> 10 AS title
                        , value ->> 11 AS title_if_none
                        , value ->> 12 AS backorder
                        , value ->> 13 AS reason
                        , value ->> 14 AS supplier
                        , value ->> 15 AS released_on
                     FROM jsonb_each(?2)
                 )
            INSERT INTO import_row
                 ( sku
                 , location
                 , title
                 , tracked
                 , discontinued
                 , backorder
                 , backorder_limit
                 , reason
                 , released_on
                 , low_stock_threshold
                 , supplier
                 , lead_time_days
                 , on_hand
                 , committed
                 , safety_stock
                 , change
                 , sku_changes
                 , level_changes
                 )
            SELECT told.sku
                 , told.location
                 , coalesce(told.title, sku.title, told.title_if_none)
                 , coalesce(told.tracked, sku.tracked, 1)
                 , coalesce(told.discontinued, sku.discontinued, 0)
                 , coalesce(told.backorder, sku.backorder, 'deny')
                 , coalesce(told.backorder_limit, sku.backorder_limit)
                 , coalesce(told.reason, sku.reason)
                 , coalesce(told.released_on, sku.released_on)
                 , coalesce(told.low_stock_threshold, sku.low_stock_threshold, 0)
                 , coalesce(told.supplier, sku.supplier)
                 , coalesce(told.lead_time_days, sku.lead_time_days)
                 , coalesce(told.on_hand, level.on_hand, 0)
                 , coalesce(told.committed, level.committed, 0)
                 , coalesce(told.safety_stock, level.safety_stock, 0)
                 , coalesce(told.on_hand, level.on_hand, 0) - coalesce(level.on_hand, 0)
                 , sku.sku IS NULL
                OR coalesce(told.title, sku.title, told.title_if_none) IS NOT sku.title
                OR told.tracked <> sku.tracked
                OR told.discontinued <> sku.discontinued
                OR told.backorder <> sku.backorder
                OR coalesce(told.backorder_limit, sku.backorder_limit) IS NOT sku.backorder_limit
                OR coalesce(told.reason, sku.reason) IS NOT sku.reason
                OR coalesce(told.released_on, sku.released_on) IS NOT sku.released_on
                OR told.low_stock_threshold <> sku.low_stock_threshold
                OR coalesce(told.supplier, sku.supplier) IS NOT sku.supplier
                OR coalesce(told.lead_time_days, sku.lead_time_days) IS NOT sku.lead_time_days
                 , coalesce(told.on_hand, told.committed, told.safety_stock) IS NOT NULL
               AND ( level.sku IS NULL
                  OR coalesce(told.on_hand <> level.on_hand, 0)
                  OR coalesce(told.committed <> level.committed, 0)
                  OR coalesce(told.safety_stock <> level.safety_stock, 0)
                   )
              FROM told
              LEFT JOIN sku
                ON sku.store_id = ?1
               AND sku.sku = told.sku
              LEFT JOIN stock_level AS level
                ON level.store_id = ?1
               AND level.sku = told.sku
               AND level.location = told.location",
        )
        .bind(self.store.as_str())
        .bind(&batch.json)
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    async fn take_skus(&mut self) -> Result<(), StoreError> {
        sqlx::query(
            "
            INSERT INTO sku
                 ( store_id
                 , sku
                 , title
                 , tracked
                 , discontinued
                 , backorder
                 , backorder_limit
                 , reason
                 , released_on
                 , low_stock_threshold
                 , supplier
                 , lead_time_days
                 , revision
                 )
            SELECT ?1
                 , sku
                 , title
                 , tracked
                 , discontinued
                 , backorder
                 , backorder_limit
                 , reason
                 , released_on
                 , low_stock_threshold
                 , supplier
                 , lead_time_days
                 , ?2
              FROM import_row
             WHERE sku_changes
                OR level_changes
                ON CONFLICT (store_id, sku) DO UPDATE
               SET title               = excluded.title
                 , tracked             = excluded.tracked
                 , discontinued        = excluded.discontinued
                 , backorder           = excluded.backorder
                 , backorder_limit     = excluded.backorder_limit
                 , reason              = excluded.reason
                 , released_on         = excluded.released_on
                 , low_stock_threshold = excluded.low_stock_threshold
                 , supplier            = excluded.supplier
                 , lead_time_days      = excluded.lead_time_days
                 , revision            = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    async fn take_levels(&mut self) -> Result<(), StoreError> {
        sqlx::query(
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
            SELECT ?1
                 , sku
                 , location
                 , on_hand
                 , committed
                 , safety_stock
                 , ?2
              FROM import_row
             WHERE level_changes
                ON CONFLICT (store_id, sku, location) DO UPDATE
               SET on_hand      = excluded.on_hand
                 , committed    = excluded.committed
                 , safety_stock = excluded.safety_stock
                 , revision     = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    async fn take_movements(&mut self) -> Result<(), StoreError> {
        sqlx::query(
            "
            INSERT INTO movement
                 ( store_id
                 , revision
                 , line
                 , sku
                 , location
                 , change
                 )
            SELECT ?1
                 , ?2
                 , ?3 + line
                 , sku
                 , location
                 , change
              FROM import_row
             WHERE change <> 0",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .bind(self.lines)
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }
}

impl Store {
    /// The location that a store ships from.
    pub async fn ships_from(&self, store: &StoreId) -> Result<LocationId, StoreError> {
        let record = self.store_record(store).await?;
        let record = record.ok_or_else(|| StoreError::NoSuchStore(store.to_string()))?;
        Ok(record.location)
    }
}
