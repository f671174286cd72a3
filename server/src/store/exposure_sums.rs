//! Who saw an offer long ago: counted, and forgotten one by one.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::engine::{query, query_scalar};
use super::{Store, StoreError};

impl Store {
    /// Forgets who saw an offer before an instant, the oldest first, and adds them up: the results of no experiment change by it.
    /// About `limit` at a time. False where nobody is left.
    pub async fn forget_exposures(
        &self,
        store: &StoreId,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let before = before.timestamp_millis();
        let oldest: Option<i64> = query_scalar(
            "
            SELECT shown_at_ms
              FROM offer_exposure
             WHERE store_id = $1
               AND shown_at_ms < $2
             ORDER BY shown_at_ms
             LIMIT 1",
        )
        .bind(store.as_str())
        .bind(before)
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        if oldest.is_none() {
            return Ok(false);
        }
        let mut session = self.0.engine.write(store).await?;
        // As every change of a store does: nobody is noted between a look and what is done about it.
        query("UPDATE store SET revision = revision WHERE store_id = $1")
            .bind(store.as_str())
            .execute(&mut session)
            .await?;
        // Those of one millisecond go together, so that a time says which.
        let last: Option<i64> = query_scalar(
            "
            SELECT shown_at_ms
              FROM offer_exposure
             WHERE store_id = $1
               AND shown_at_ms < $2
             ORDER BY shown_at_ms
             LIMIT 1
            OFFSET $3",
        )
        .bind(store.as_str())
        .bind(before)
        .bind(limit)
        .fetch_optional(&mut session)
        .await?;
        let until = last.map_or(before, |last| last + 1);
        query(
            "
            INSERT INTO offer_exposure_sum
                 ( store_id
                 , rule
                 , run
                 , arm
                 , exposed
                 , converted
                 , revision
                 )
            SELECT shown.store_id
                 , shown.rule
                 , shown.run
                 , shown.arm
                 , count(*)
                 , CAST(sum(CASE WHEN EXISTS
                   ( SELECT 1
                       FROM offer_assignment AS tried
                      WHERE tried.store_id = shown.store_id
                        AND tried.shopper = shown.shopper
                        AND tried.rule = shown.rule
                        AND tried.run = shown.run
                        AND shown.shown_at_ms <= tried.at_ms
                   ) THEN 1 ELSE 0 END) AS BIGINT)
                 , max(shown.revision)
              FROM offer_exposure AS shown
             WHERE shown.store_id = $1
               AND shown.shown_at_ms < $2
               AND shown.shown_in <> 'order'
             GROUP BY shown.store_id
                    , shown.rule
                    , shown.run
                    , shown.arm
                ON CONFLICT (store_id, rule, run, arm) DO UPDATE
               SET exposed   = offer_exposure_sum.exposed + excluded.exposed
                 , converted = offer_exposure_sum.converted + excluded.converted
                 , revision  = excluded.revision",
        )
        .bind(store.as_str())
        .bind(until)
        .execute(&mut session)
        .await?;
        query(
            "
            DELETE FROM offer_exposure
             WHERE store_id = $1
               AND shown_at_ms < $2",
        )
        .bind(store.as_str())
        .bind(until)
        .execute(&mut session)
        .await?;
        session.commit().await?;
        Ok(last.is_some())
    }
}
