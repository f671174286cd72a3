//! The queue for each SKU: who is told first, and how many were told lately.

use chrono::{DateTime, Utc};
use shared::ids::{Sku, StoreId};

use super::engine::{Session, instant, query, query_as, query_scalar, stored};
use super::skus::read;
use super::{Store, StoreError, Writing};

/// How many wait for a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The SKU.
    pub sku: Sku,
    /// Addresses that wait, each confirmed.
    pub waiting: u64,
    /// Since when the first of them does.
    pub since: DateTime<Utc>,
}

impl Store {
    /// At most `limit` SKUs after `after` that somebody waits for.
    pub async fn waited_for(
        &self,
        store: &StoreId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Sku>, StoreError> {
        // From one SKU to the next: however many wait for one, only the first of them is looked at.
        let rows: Vec<String> = query_scalar(
            "
            WITH RECURSIVE next (sku) AS
               ( SELECT min(sku)
                   FROM waitlist_entry
                  WHERE store_id = $1
                    AND state = 'waiting'
                    AND sku > $2
                  UNION ALL
                 SELECT ( SELECT min(later.sku)
                            FROM waitlist_entry AS later
                           WHERE later.store_id = $1
                             AND later.state = 'waiting'
                             AND later.sku > next.sku
                        )
                   FROM next
                  WHERE next.sku IS NOT NULL
               )
            SELECT sku
              FROM next
             WHERE sku IS NOT NULL
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.iter()
            .map(|sku| read(sku, "waitlist_entry.sku"))
            .collect()
    }

    /// How many were told of a SKU after an instant.
    pub async fn told_since(
        &self,
        store: &StoreId,
        sku: &Sku,
        since: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        told_since(&mut self.read(store).await?, store, sku, since).await
    }

    /// At most `limit` SKUs after `after`, with how many wait for each.
    pub async fn demand(
        &self,
        store: &StoreId,
        after: Option<&Sku>,
        limit: u32,
    ) -> Result<Vec<Demand>, StoreError> {
        let rows: Vec<(String, i64, i64)> = query_as(
            "
            SELECT sku
                 , count(*)
                 , min(confirmed_at_ms)
              FROM waitlist_entry
             WHERE store_id = $1
               AND state = 'waiting'
               AND sku > $2
             GROUP BY sku
             ORDER BY sku
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after.map_or("", Sku::as_str))
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let rows = rows.into_iter().map(|(sku, waiting, since)| {
            Ok(Demand {
                sku: read(&sku, "waitlist_entry.sku")?,
                waiting: waiting.unsigned_abs(),
                since: instant(since)?,
            })
        });
        rows.collect()
    }
}

impl Writing {
    /// How many were told of a SKU after an instant, as this change sees it.
    pub async fn told_since(&mut self, sku: &Sku, since: DateTime<Utc>) -> Result<u64, StoreError> {
        let store = self.store.clone();
        told_since(&mut self.session, &store, sku, since).await
    }

    /// Notes that the first of the queue for a SKU are told, at most so many. Returns their numbers, first come first.
    pub async fn tell_first(&mut self, sku: &Sku, most: u32) -> Result<Vec<u64>, StoreError> {
        let first: Vec<i64> = query_scalar(
            "
            SELECT address
              FROM waitlist_entry
             WHERE store_id = $1
               AND sku = $2
               AND state = 'waiting'
             ORDER BY confirmed_at_ms
                    , address
             LIMIT $3",
        )
        .bind(self.store.as_str())
        .bind(sku.as_str())
        .bind(most)
        .fetch_all(&mut self.session)
        .await?;
        for address in &first {
            query(
                "
                UPDATE waitlist_entry
                   SET state      = 'told'
                     , told_at_ms = $4
                     , revision   = $5
                 WHERE store_id = $1
                   AND address = $2
                   AND sku = $3
                   AND state = 'waiting'",
            )
            .bind(self.store.as_str())
            .bind(*address)
            .bind(sku.as_str())
            .bind(self.at.timestamp_millis())
            .bind(stored(self.revision))
            .execute(&mut self.session)
            .await?;
        }
        Ok(first.into_iter().map(i64::unsigned_abs).collect())
    }

    /// Puts an address that was to be told back into its place: it was gone again before the letter left. False if it had left.
    pub async fn wait_again(&mut self, number: u64, sku: &Sku) -> Result<bool, StoreError> {
        let changed = query(
            "
            UPDATE waitlist_entry
               SET state      = 'waiting'
                 , told_at_ms = NULL
                 , revision   = $4
             WHERE store_id = $1
               AND address = $2
               AND sku = $3
               AND state = 'told'
               AND confirmed_at_ms IS NOT NULL",
        )
        .bind(self.store.as_str())
        .bind(stored(number))
        .bind(sku.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(changed == 1)
    }
}

async fn told_since(
    session: &mut Session,
    store: &StoreId,
    sku: &Sku,
    since: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let count: i64 = query_scalar(
        "
        SELECT count(*)
          FROM waitlist_entry
         WHERE store_id = $1
           AND sku = $2
           AND told_at_ms IS NOT NULL
           AND told_at_ms > $3",
    )
    .bind(store.as_str())
    .bind(sku.as_str())
    .bind(since.timestamp_millis())
    .fetch_one(session)
    .await?;
    Ok(count.unsigned_abs())
}
