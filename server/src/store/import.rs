//! Many rows at once: the rows of a stock file, a batch at a time, within one change.
//!
//! A batch comes as JSON and is laid out in a table of its own. Then each table of the store takes
//! its part in a few statements, however many rows there are.

use shared::ids::{LocationId, StoreId};

use super::engine::stored;
use super::engine::{Session, query, query_as};
use super::{Store, StoreError, Writing};

/// Rows to be committed, with the locations that they need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// What most rows say, as a JSON list of lists: SKU, location, units on hand and, if it says so,
    /// title.
    pub rows_json: String,
    /// What few rows say, each with the number of its row in this batch; empty if none does.
    pub more_json: String,
    /// How many.
    pub rows: u32,
    /// True if a SKU has several rows here that say something of the SKU itself.
    pub shares_skus: bool,
    /// Locations that the file names and the store does not have yet.
    pub new_locations: Vec<(LocationId, String)>,
}

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
        query(
            "
            CREATE TEMPORARY TABLE IF NOT EXISTS told
                 ( number               BIGINT PRIMARY KEY
                 , sku                  TEXT
                 , location             TEXT
                 , on_hand              BIGINT
                 , title                TEXT
                 , title_if_none        TEXT
                 , tracked              BOOLEAN
                 , discontinued         BOOLEAN
                 , backorder            TEXT
                 , backorder_limit      BIGINT
                 , reason               TEXT
                 , released_on          DATE
                 , low_stock_threshold  BIGINT
                 , supplier             TEXT
                 , lead_time_days       BIGINT
                 , committed            BIGINT
                 , safety_stock         BIGINT
                 )",
        )
        .execute(&mut self.session)
        .await?;
        self.session.find_by_keys_alone(true).await
    }

    /// Ends what was prepared.
    pub async fn end_import(&mut self) -> Result<(), StoreError> {
        self.session.find_by_keys_alone(false).await
    }

    /// Takes a batch in. Rows that say what the store knows leave no trace.
    pub async fn import(&mut self, batch: &Batch) -> Result<Imported, StoreError> {
        self.add_locations(&batch.new_locations).await?;
        self.lay_out(batch).await?;
        let (known, unchanged) = self.compare().await?;
        if batch.shares_skus {
            self.share_among_rows().await?;
        }
        if 0 < known {
            self.record_changes().await?;
            self.change_skus().await?;
            self.change_levels().await?;
        } else {
            self.record_first_counts().await?;
        }
        self.add_skus().await?;
        self.add_levels().await?;
        self.lines = self.lines.saturating_add(batch.rows);
        Ok(Imported {
            changed: u64::from(batch.rows).saturating_sub(unchanged),
            unchanged,
        })
    }

    /// Lets the store ship from a location, unless somebody has set up the one that it ships from.
    /// True if it does so from now on.
    pub async fn ship_from_if_new(&mut self, location: &LocationId) -> Result<bool, StoreError> {
        let done = query(
            "
            UPDATE store
               SET location          = $2
                 , settings_revision = $3
             WHERE store_id = $1
               AND location <> $2
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
        .execute(&mut self.session)
        .await?;
        Ok(done == 1)
    }

    /// Adds locations that work as the one does that the store ships from.
    async fn add_locations(
        &mut self,
        locations: &[(LocationId, String)],
    ) -> Result<(), StoreError> {
        for (id, name) in locations {
            query(
                "
                INSERT INTO location
                     ( store_id
                     , location
                     , name
                     , time_zone
                     , working_days
                     , pickup_days
                     , holidays
                     , cut_off
                     , cut_offs
                     , processing_days
                     , receiving_days
                     , parcel_cost
                     , revision
                     )
                SELECT store.store_id
                     , $2
                     , $3
                     , shipping.time_zone
                     , shipping.working_days
                     , shipping.pickup_days
                     , shipping.holidays
                     , shipping.cut_off
                     , shipping.cut_offs
                     , shipping.processing_days
                     , shipping.receiving_days
                     , shipping.parcel_cost
                     , $4
                  FROM store
                  JOIN location AS shipping
                    ON shipping.store_id = store.store_id
                   AND shipping.location = store.location
                 WHERE store.store_id = $1",
            )
            .bind(self.store.as_str())
            .bind(id.as_str())
            .bind(name)
            .bind(stored(self.revision))
            .execute(&mut self.session)
            .await?;
        }
        Ok(())
    }

    /// Lays a batch out as a table.
    async fn lay_out(&mut self, batch: &Batch) -> Result<(), StoreError> {
        // PostgreSQL keeps what a transaction deletes until its end, and would go through all of it with each batch.
        let empty = match self.session {
            Session::Sqlite(_) => "DELETE FROM told",
            Session::Postgres(_) => "TRUNCATE told",
        };
        query(empty).execute(&mut self.session).await?;
        query(
            "
            INSERT INTO told
                 ( number
                 , sku
                 , location
                 , on_hand
                 , title
                 )
            SELECT key
                 , value ->> 0
                 , value ->> 1
                 , CAST(value ->> 2 AS BIGINT)
                 , value ->> 3
              FROM jsonb_each($1)",
        )
        .bind(&batch.rows_json)
        .execute(&mut self.session)
        .await?;
        if !batch.more_json.is_empty() {
            self.lay_out_more(batch).await?;
        }
        Ok(())
    }

    /// Adds what most files do not say.
    async fn lay_out_more(&mut self, batch: &Batch) -> Result<(), StoreError> {
        query(
            "
            UPDATE told
               SET title_if_none       = value ->> 1
                 , tracked             = CAST(value ->> 2 AS BOOLEAN)
                 , discontinued        = CAST(value ->> 3 AS BOOLEAN)
                 , backorder           = value ->> 4
                 , backorder_limit     = CAST(value ->> 5 AS BIGINT)
                 , reason              = value ->> 6
                 , released_on         = date(value ->> 7)
                 , low_stock_threshold = CAST(value ->> 8 AS BIGINT)
                 , supplier            = value ->> 9
                 , lead_time_days      = CAST(value ->> 10 AS BIGINT)
                 , committed           = CAST(value ->> 11 AS BIGINT)
                 , safety_stock        = CAST(value ->> 12 AS BIGINT)
              FROM jsonb_each($1)
             WHERE told.number = CAST(value ->> 0 AS BIGINT)",
        )
        .bind(&batch.more_json)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Lets each row of a SKU say what any of them says of the SKU itself. They do not contradict
    /// one another, names that are only taken if there is none aside.
    async fn share_among_rows(&mut self) -> Result<(), StoreError> {
        query(
            "
            UPDATE told
               SET title               = whole.title
                 , title_if_none       = whole.title_if_none
                 , tracked             = whole.tracked
                 , discontinued        = whole.discontinued
                 , backorder           = whole.backorder
                 , backorder_limit     = whole.backorder_limit
                 , reason              = whole.reason
                 , released_on         = whole.released_on
                 , low_stock_threshold = whole.low_stock_threshold
                 , supplier            = whole.supplier
                 , lead_time_days      = whole.lead_time_days
              FROM
                 ( SELECT number
                        , count(*) OVER of_sku AS rows
                        , max(title) OVER of_sku AS title
                        , max(title_if_none) OVER of_sku AS title_if_none
                        , max(CAST(tracked AS INTEGER)) OVER of_sku = 1 AS tracked
                        , max(CAST(discontinued AS INTEGER)) OVER of_sku = 1 AS discontinued
                        , max(backorder) OVER of_sku AS backorder
                        , max(backorder_limit) OVER of_sku AS backorder_limit
                        , max(reason) OVER of_sku AS reason
                        , max(released_on) OVER of_sku AS released_on
                        , max(low_stock_threshold) OVER of_sku AS low_stock_threshold
                        , max(supplier) OVER of_sku AS supplier
                        , max(lead_time_days) OVER of_sku AS lead_time_days
                     FROM told
                   WINDOW of_sku AS (PARTITION BY sku)
                 ) AS whole
             WHERE told.number = whole.number
               AND 1 < whole.rows",
        )
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// How many rows are about SKUs that the store knows, and how many of them say nothing new.
    async fn compare(&mut self) -> Result<(u64, u64), StoreError> {
        let (known, unchanged): (i64, i64) = query_as(
            "
            SELECT count(*)
                 , count(*) FILTER
                 ( WHERE coalesce(told.title, sku.title, told.title_if_none) IS NOT DISTINCT FROM sku.title
                     AND coalesce(told.tracked, sku.tracked) = sku.tracked
                     AND coalesce(told.discontinued, sku.discontinued) = sku.discontinued
                     AND coalesce(told.backorder, sku.backorder) = sku.backorder
                     AND coalesce(told.backorder_limit, sku.backorder_limit) IS NOT DISTINCT FROM sku.backorder_limit
                     AND coalesce(told.reason, sku.reason) IS NOT DISTINCT FROM sku.reason
                     AND coalesce(told.released_on, sku.released_on) IS NOT DISTINCT FROM sku.released_on
                     AND coalesce(told.low_stock_threshold, sku.low_stock_threshold) = sku.low_stock_threshold
                     AND coalesce(told.supplier, sku.supplier) IS NOT DISTINCT FROM sku.supplier
                     AND coalesce(told.lead_time_days, sku.lead_time_days) IS NOT DISTINCT FROM sku.lead_time_days
                     AND coalesce(told.on_hand, level.on_hand) IS NOT DISTINCT FROM level.on_hand
                     AND coalesce(told.committed, level.committed) IS NOT DISTINCT FROM level.committed
                     AND coalesce(told.safety_stock, level.safety_stock) IS NOT DISTINCT FROM level.safety_stock
                 )
              FROM told
              JOIN sku
                ON sku.store_id = $1
               AND sku.sku = told.sku
              LEFT JOIN stock_level AS level
                ON level.store_id = $1
               AND level.sku = told.sku
               AND level.location = told.location",
        )
        .bind(self.store.as_str())
        .fetch_one(&mut self.session)
        .await?;
        Ok((known.unsigned_abs(), unchanged.unsigned_abs()))
    }

    /// Records how counts move from what they are; before they do.
    async fn record_changes(&mut self) -> Result<(), StoreError> {
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
            SELECT $1
                 , $2
                 , $3 + told.number
                 , told.sku
                 , told.location
                 , told.on_hand - coalesce(level.on_hand, 0)
              FROM told
              LEFT JOIN stock_level AS level
                ON level.store_id = $1
               AND level.sku = told.sku
               AND level.location = told.location
             WHERE told.on_hand <> coalesce(level.on_hand, 0)",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .bind(self.lines)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Records counts of SKUs of which the store knows none: they move from nothing.
    async fn record_first_counts(&mut self) -> Result<(), StoreError> {
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
            SELECT $1
                 , $2
                 , $3 + number
                 , sku
                 , location
                 , on_hand
              FROM told
             WHERE on_hand <> 0",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .bind(self.lines)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Changes SKUs that the store knows; before their levels, with which their revision rises.
    async fn change_skus(&mut self) -> Result<(), StoreError> {
        query(
            "
            UPDATE sku
               SET title               = coalesce(told.title, sku.title, told.title_if_none)
                 , tracked             = coalesce(told.tracked, sku.tracked)
                 , discontinued        = coalesce(told.discontinued, sku.discontinued)
                 , backorder           = coalesce(told.backorder, sku.backorder)
                 , backorder_limit     = coalesce(told.backorder_limit, sku.backorder_limit)
                 , reason              = coalesce(told.reason, sku.reason)
                 , released_on         = coalesce(told.released_on, sku.released_on)
                 , low_stock_threshold = coalesce(told.low_stock_threshold, sku.low_stock_threshold)
                 , supplier            = coalesce(told.supplier, sku.supplier)
                 , lead_time_days      = coalesce(told.lead_time_days, sku.lead_time_days)
                 , revision            = $2
              FROM told
              LEFT JOIN stock_level AS level
                ON level.store_id = $1
               AND level.sku = told.sku
               AND level.location = told.location
             WHERE sku.store_id = $1
               AND sku.sku = told.sku
               AND ( coalesce(told.title, sku.title, told.title_if_none) IS DISTINCT FROM sku.title
                  OR told.tracked <> sku.tracked
                  OR told.discontinued <> sku.discontinued
                  OR told.backorder <> sku.backorder
                  OR coalesce(told.backorder_limit, sku.backorder_limit) IS DISTINCT FROM sku.backorder_limit
                  OR coalesce(told.reason, sku.reason) IS DISTINCT FROM sku.reason
                  OR coalesce(told.released_on, sku.released_on) IS DISTINCT FROM sku.released_on
                  OR told.low_stock_threshold <> sku.low_stock_threshold
                  OR coalesce(told.supplier, sku.supplier) IS DISTINCT FROM sku.supplier
                  OR coalesce(told.lead_time_days, sku.lead_time_days) IS DISTINCT FROM sku.lead_time_days
                  OR coalesce(told.on_hand, level.on_hand) IS DISTINCT FROM level.on_hand
                  OR coalesce(told.committed, level.committed) IS DISTINCT FROM level.committed
                  OR coalesce(told.safety_stock, level.safety_stock) IS DISTINCT FROM level.safety_stock
                   )",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    async fn add_skus(&mut self) -> Result<(), StoreError> {
        query(
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
            SELECT $1
                 , sku
                 , coalesce(title, title_if_none)
                 , coalesce(tracked, true)
                 , coalesce(discontinued, false)
                 , coalesce(backorder, 'deny')
                 , backorder_limit
                 , reason
                 , released_on
                 , coalesce(low_stock_threshold, 0)
                 , supplier
                 , lead_time_days
                 , $2
              FROM told
             WHERE true
                ON CONFLICT (store_id, sku) DO NOTHING",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    async fn change_levels(&mut self) -> Result<(), StoreError> {
        query(
            "
            UPDATE stock_level
               SET on_hand      = coalesce(told.on_hand, stock_level.on_hand)
                 , committed    = coalesce(told.committed, stock_level.committed)
                 , safety_stock = coalesce(told.safety_stock, stock_level.safety_stock)
                 , revision     = $2
              FROM told
             WHERE stock_level.store_id = $1
               AND stock_level.sku = told.sku
               AND stock_level.location = told.location
               AND ( told.on_hand <> stock_level.on_hand
                  OR told.committed <> stock_level.committed
                  OR told.safety_stock <> stock_level.safety_stock
                   )",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    async fn add_levels(&mut self) -> Result<(), StoreError> {
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
            SELECT $1
                 , sku
                 , location
                 , coalesce(on_hand, 0)
                 , coalesce(committed, 0)
                 , coalesce(safety_stock, 0)
                 , $2
              FROM told
             WHERE coalesce(on_hand, committed, safety_stock) IS NOT NULL
                ON CONFLICT (store_id, sku, location) DO NOTHING",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
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
