//! What was last known of goods that are not simply on the shelf: what is so now is news where it is something else.

use std::collections::HashMap;

use chrono::NaiveDate;
use shared::ids::{Sku, StoreId};

use super::engine::{query, query_as, query_scalar, stored};
use super::skus::json_list;
use super::{Store, StoreError, Writing};
use crate::posts::Outlook;

/// Stands for all that was so when it was looked at first.
const BASELINE: &str = "";
/// SKUs that are asked for by name; where there are more, all are read.
const NAMED_MAX: usize = 1_000;

impl Store {
    /// True if what was so at first is known.
    pub async fn are_outlooks_begun(&self, store: &StoreId) -> Result<bool, StoreError> {
        let found: Option<i64> = query_scalar(
            "
            SELECT revision
              FROM post_outlook
             WHERE store_id = $1
               AND sku = $2",
        )
        .bind(store.as_str())
        .bind(BASELINE)
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }

    /// What was last known of these goods, as far as they were not simply on the shelf; where they are many, of all goods.
    pub async fn outlooks(
        &self,
        store: &StoreId,
        skus: &[Sku],
    ) -> Result<HashMap<String, Outlook>, StoreError> {
        let mut session = self.read(store).await?;
        let rows: Vec<(String, String, Option<NaiveDate>)> = match skus.len() <= NAMED_MAX {
            true => {
                query_as(
                    "
                    SELECT sku
                         , outlook
                         , ships_by
                      FROM post_outlook
                     WHERE store_id = $1
                       AND sku IN (SELECT value FROM json_each($2))",
                )
                .bind(store.as_str())
                .bind(json_list(skus))
                .fetch_all(&mut session)
                .await?
            }
            false => {
                query_as(
                    "
                    SELECT sku
                         , outlook
                         , ships_by
                      FROM post_outlook
                     WHERE store_id = $1",
                )
                .bind(store.as_str())
                .fetch_all(&mut session)
                .await?
            }
        };
        let rows = rows
            .into_iter()
            .map(|(sku, word, day)| Ok((sku, outlook(&word, day)?)));
        rows.collect()
    }
}

impl Writing {
    /// What was last known of a SKU: on the shelf, where nothing else was.
    pub async fn outlook_of(&mut self, sku: &Sku) -> Result<Outlook, StoreError> {
        let found: Option<(String, Option<NaiveDate>)> = query_as(
            "
            SELECT outlook
                 , ships_by
              FROM post_outlook
             WHERE store_id = $1
               AND sku = $2",
        )
        .bind(self.store.as_str())
        .bind(sku.as_str())
        .fetch_optional(&mut self.session)
        .await?;
        match found {
            None => Ok(Outlook::There),
            Some((word, day)) => outlook(&word, day),
        }
    }

    /// Notes what is known of a SKU now.
    pub async fn note_outlook(&mut self, sku: &Sku, now: Outlook) -> Result<(), StoreError> {
        if now == Outlook::There {
            query(
                "
                DELETE FROM post_outlook
                 WHERE store_id = $1
                   AND sku = $2",
            )
            .bind(self.store.as_str())
            .bind(sku.as_str())
            .execute(&mut self.session)
            .await?;
            return Ok(());
        }
        self.put_outlook(sku.as_str(), now).await
    }

    /// Notes that all that was so at first is among what is known.
    pub async fn note_outlooks_begun(&mut self) -> Result<(), StoreError> {
        self.put_outlook(BASELINE, Outlook::There).await
    }

    /// Forgets what is known: it is looked anew.
    pub async fn forget_outlooks(&mut self) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM post_outlook
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    async fn put_outlook(&mut self, sku: &str, now: Outlook) -> Result<(), StoreError> {
        let (word, day) = now.stored();
        query(
            "
            INSERT INTO post_outlook
                 ( store_id
                 , sku
                 , outlook
                 , ships_by
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (store_id, sku) DO UPDATE
               SET outlook  = excluded.outlook
                 , ships_by = excluded.ships_by
                 , revision = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(sku)
        .bind(word)
        .bind(day)
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

/// Reads what was known.
pub(super) fn outlook(word: &str, day: Option<NaiveDate>) -> Result<Outlook, StoreError> {
    Outlook::read(word, day).ok_or(StoreError::Unreadable("post.outlook"))
}
