//! What was told of things that are computed and stand nowhere else: so each is told once when it comes to be so.

use std::collections::HashSet;

use shared::ids::StoreId;

use super::engine::{query, query_scalar, stored};
use super::payments::words;
use super::skus::json_list;
use super::{Store, StoreError, Writing};
use crate::webhooks::happened::EventKind;

words!(
    /// Of what it is known.
    KnownKind {
        /// A parcel can leave.
        Ready = "ready",
        /// A SKU cannot be sold from the shelf.
        SoldOut = "sold_out",
    }
);

impl KnownKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ready, Self::SoldOut];

    /// What is told because of it.
    pub fn told_as(self) -> EventKind {
        match self {
            Self::Ready => EventKind::ShipmentReady,
            Self::SoldOut => EventKind::StockBack,
        }
    }
}

/// Stands for all that was so when it was looked at first.
const BASELINE: &str = "";

impl Store {
    /// Of what it is known; `None` where it was never looked.
    pub async fn known(
        &self,
        store: &StoreId,
        kind: KnownKind,
    ) -> Result<Option<HashSet<String>>, StoreError> {
        let found: Vec<String> = known(store, kind)
            .fetch_all(&mut self.read(store).await?)
            .await?;
        Ok(without_baseline(found))
    }
}

impl Writing {
    /// The same, as this change sees it.
    pub async fn known(&mut self, kind: KnownKind) -> Result<Option<HashSet<String>>, StoreError> {
        let store = self.store.clone();
        let found: Vec<String> = known(&store, kind).fetch_all(&mut self.session).await?;
        Ok(without_baseline(found))
    }

    /// Notes that it was looked at.
    pub async fn note_baseline(&mut self, kind: KnownKind) -> Result<(), StoreError> {
        self.note_known(kind, &[BASELINE]).await.map(drop)
    }

    /// Notes that it is so. Returns those of which it was not known before.
    pub async fn note_known<T: ToString>(
        &mut self,
        kind: KnownKind,
        subjects: &[T],
    ) -> Result<Vec<String>, StoreError> {
        query_scalar(
            "
            INSERT INTO webhook_known
                 ( store_id
                 , kind
                 , subject
                 , revision
                 )
            SELECT $1
                 , $2
                 , value
                 , $4
              FROM json_each($3)
             WHERE true
                ON CONFLICT (store_id, kind, subject) DO NOTHING
            RETURNING subject",
        )
        .bind(self.store.as_str())
        .bind(kind.name())
        .bind(json_list(subjects))
        .bind(stored(self.revision))
        .fetch_all(&mut self.session)
        .await
    }

    /// Notes that it is so no more. Returns those of which it was known.
    pub async fn end_known<T: ToString>(
        &mut self,
        kind: KnownKind,
        subjects: &[T],
    ) -> Result<Vec<String>, StoreError> {
        query_scalar(
            "
            DELETE FROM webhook_known
             WHERE store_id = $1
               AND kind = $2
               AND subject IN (SELECT value FROM json_each($3))
            RETURNING subject",
        )
        .bind(self.store.as_str())
        .bind(kind.name())
        .bind(json_list(subjects))
        .fetch_all(&mut self.session)
        .await
    }

    /// Forgets all of it: it is looked anew.
    pub(super) async fn forget_known(&mut self, kind: KnownKind) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM webhook_known
             WHERE store_id = $1
               AND kind = $2",
        )
        .bind(self.store.as_str())
        .bind(kind.name())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

fn known(store: &StoreId, kind: KnownKind) -> super::engine::query::Scalar<String> {
    query_scalar(
        "
        SELECT subject
          FROM webhook_known
         WHERE store_id = $1
           AND kind = $2",
    )
    .bind(store.as_str())
    .bind(kind.name())
}

fn without_baseline(found: Vec<String>) -> Option<HashSet<String>> {
    let mut known: HashSet<String> = found.into_iter().collect();
    known.remove(BASELINE).then_some(known)
}
