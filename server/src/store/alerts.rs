//! What the merchant is told of: from when on it is so, and until when.

use chrono::{DateTime, Utc};
use shared::ids::{Sku, StoreId};

use super::engine::{instant, json_rows, query, query_as, query_scalar, stored};
use super::payments::words;
use super::skus::{json_list, read};
use super::{Store, StoreError, Writing};
use crate::webhooks::happened::Happened;

words!(
    /// Of what the merchant is told.
    AlertKind {
        /// A SKU is at or below its reorder point.
        LowStock = "low_stock",
        /// A supplier has not confirmed an order.
        Unconfirmed = "unconfirmed",
    }
);

/// What the merchant is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: String,
    /// Of what it tells.
    pub kind: AlertKind,
    /// The SKU, or the reorder.
    pub subject: String,
    /// The position at which the SKU was then.
    pub position: Option<i64>,
    /// Its reorder point.
    pub reorder_point: Option<u32>,
    /// When it was first seen.
    pub begun_at: DateTime<Utc>,
    /// When it was not so any more.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A SKU at or below its reorder point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Low {
    /// The SKU.
    pub sku: Sku,
    /// On hand, and incoming, less what is owed.
    pub position: i64,
    /// Its reorder point.
    pub reorder_point: u32,
}

#[derive(sqlx::FromRow)]
struct Row {
    alert: String,
    kind: String,
    subject: String,
    position: Option<i64>,
    reorder_point: Option<i64>,
    begun_at_ms: i64,
    ended_at_ms: Option<i64>,
}

impl Store {
    /// At most `limit` alerts after one, in the order of their ids; only those that stand, where that is asked for.
    pub async fn alerts(
        &self,
        store: &StoreId,
        only_open: bool,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT alert
                 , kind
                 , subject
                 , position
                 , reorder_point
                 , begun_at_ms
                 , ended_at_ms
              FROM alert
             WHERE store_id = $1
               AND $2 < alert
               AND (NOT $3 OR ended_at_ms IS NULL)
             ORDER BY alert
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(after)
        .bind(only_open)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::alert).collect()
    }

    /// Alerts by id, those that there are.
    pub async fn alerts_of(
        &self,
        store: &StoreId,
        ids: &[String],
    ) -> Result<Vec<Alert>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT alert
                 , kind
                 , subject
                 , position
                 , reorder_point
                 , begun_at_ms
                 , ended_at_ms
              FROM alert
             WHERE store_id = $1
               AND alert IN (SELECT value FROM json_each($2))
             ORDER BY alert",
        )
        .bind(store.as_str())
        .bind(json_list(ids))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::alert).collect()
    }

    /// SKUs among these of which it is known that they are low.
    pub async fn known_low(&self, store: &StoreId, skus: &[Sku]) -> Result<Vec<Sku>, StoreError> {
        let rows: Vec<String> = query_scalar(
            "
            SELECT subject
              FROM alert
             WHERE store_id = $1
               AND kind = 'low_stock'
               AND ended_at_ms IS NULL
               AND subject IN (SELECT value FROM json_each($2))",
        )
        .bind(store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.iter().map(|sku| read(sku, "alert.subject")).collect()
    }
}

impl Writing {
    /// Begins an alert for each of these, but for those of which one stands. Returns the ids of those that are new.
    pub async fn begin_low_stock(&mut self, low: &[Low]) -> Result<Vec<String>, StoreError> {
        let revision = self.revision;
        let rows: Vec<_> = low
            .iter()
            .enumerate()
            .map(|(at, low)| {
                let id = alert_id(revision, at);
                (id, low.sku.as_str(), low.position, low.reorder_point)
            })
            .collect();
        let begun: Vec<String> = query_scalar(
            "
            INSERT INTO alert
                 ( store_id
                 , alert
                 , kind
                 , subject
                 , position
                 , reorder_point
                 , begun_at_ms
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , 'low_stock'
                 , value ->> 1
                 , CAST(value ->> 2 AS BIGINT)
                 , CAST(value ->> 3 AS BIGINT)
                 , $3
                 , $4
              FROM jsonb_each($2)
             WHERE true
                ON CONFLICT (store_id, kind, subject) WHERE ended_at_ms IS NULL DO NOTHING
            RETURNING alert",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .fetch_all(&mut self.session)
        .await?;
        for (at, low) in low.iter().enumerate() {
            if begun.contains(&alert_id(revision, at)) {
                self.happened(|| Happened::Low {
                    sku: low.sku.clone(),
                    position: low.position,
                    reorder_point: low.reorder_point,
                });
            }
        }
        Ok(begun)
    }

    /// Begins an alert that a supplier has not confirmed. `None` where one stands.
    pub async fn begin_unconfirmed(&mut self, reorder: &str) -> Result<Option<String>, StoreError> {
        query_scalar(
            "
            INSERT INTO alert
                 ( store_id
                 , alert
                 , kind
                 , subject
                 , begun_at_ms
                 , revision
                 )
            VALUES ($1, $2, 'unconfirmed', $3, $4, $5)
                ON CONFLICT (store_id, kind, subject) WHERE ended_at_ms IS NULL DO NOTHING
            RETURNING alert",
        )
        .bind(self.store.as_str())
        .bind(alert_id(self.revision, 0))
        .bind(reorder)
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .fetch_optional(&mut self.session)
        .await
    }

    /// Ends the alerts that stand for these subjects. Returns how many did.
    pub async fn end_alerts<T: ToString>(
        &mut self,
        kind: AlertKind,
        subjects: &[T],
    ) -> Result<u64, StoreError> {
        query(
            "
            UPDATE alert
               SET ended_at_ms = $4
                 , revision    = $5
             WHERE store_id = $1
               AND kind = $2
               AND ended_at_ms IS NULL
               AND subject IN (SELECT value FROM json_each($3))",
        )
        .bind(self.store.as_str())
        .bind(kind.name())
        .bind(json_list(subjects))
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await
    }
}

/// In the order of its bytes an alert comes after all that began before.
fn alert_id(revision: u64, at: usize) -> String {
    format!("A-{revision:012}-{at:05}")
}

impl Row {
    fn alert(self) -> Result<Alert, StoreError> {
        Ok(Alert {
            id: self.alert,
            kind: AlertKind::named(&self.kind).ok_or(StoreError::Unreadable("alert.kind"))?,
            subject: self.subject,
            position: self.position,
            reorder_point: self
                .reorder_point
                .map(|point| u32::try_from(point).unwrap_or_default()),
            begun_at: instant(self.begun_at_ms)?,
            ended_at: self.ended_at_ms.map(instant).transpose()?,
        })
    }
}
