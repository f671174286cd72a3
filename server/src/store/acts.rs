//! What was done, as it was written down with each change.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::engine::{instant, query_as, stored};
use super::skus::json_list;
use super::{Store, StoreError};

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRecord {
    /// The commit that did it.
    pub revision: u64,
    /// The act: `place_order`.
    pub act: String,
    /// What it was done to.
    pub subject: Option<String>,
    /// Why, in somebody's words.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    revision: i64,
    act: String,
    subject: Option<String>,
    reason: Option<String>,
    at_ms: i64,
}

impl Store {
    /// What some commits did, oldest first.
    pub async fn acts(
        &self,
        store: &StoreId,
        revisions: &[u64],
    ) -> Result<Vec<ActRecord>, StoreError> {
        let wanted: Vec<String> = revisions
            .iter()
            .map(|revision| stored(*revision).to_string())
            .collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let rows: Vec<Row> = query_as(
            "
            SELECT act.revision
                 , act.act
                 , act.subject
                 , act.reason
                 , act.at_ms
              FROM json_each($2) AS asked
              JOIN act
                ON act.store_id = $1
               AND act.revision = CAST(asked.value AS BIGINT)
             ORDER BY act.revision",
        )
        .bind(store.as_str())
        .bind(json_list(&wanted))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let record = |row: Row| {
            Ok(ActRecord {
                revision: row.revision.unsigned_abs(),
                act: row.act,
                subject: row.subject,
                reason: row.reason,
                at: instant(row.at_ms)?,
            })
        };
        rows.into_iter().map(record).collect()
    }
}
