//! What was last known of goods that are not simply on the shelf: what is so now is news where it is something else.

use std::collections::HashMap;

use chrono::NaiveDate;
use shared::ids::{Sku, StoreId};

use super::engine::{query, query_as, stored};
use super::{Store, StoreError, Writing};
use crate::posts::Outlook;

/// Stands for all that was so when it was looked at first.
const BASELINE: &str = "";

impl Store {
    /// What was last known of goods that are not simply on the shelf; `None`: it was never looked.
    pub async fn outlooks(
        &self,
        store: &StoreId,
    ) -> Result<Option<HashMap<String, Outlook>>, StoreError> {
        let rows: Vec<(String, String, Option<NaiveDate>)> = query_as(
            "
            SELECT sku
                 , outlook
                 , ships_by
              FROM post_outlook
             WHERE store_id = $1",
        )
        .bind(store.as_str())
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let rows = rows
            .into_iter()
            .map(|(sku, word, day)| Ok((sku, outlook(&word, day)?)));
        let mut known: HashMap<String, Outlook> = rows.collect::<Result<_, StoreError>>()?;
        Ok(known.remove(BASELINE).map(|_| known))
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
