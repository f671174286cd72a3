//! A change under way: begun, filled, committed once.

use chrono::{DateTime, Utc};
use shared::ids::StoreId;

use super::engine::{Session, query, query_scalar, stored};
use super::{Store, StoreError};

/// A change under way. Dropping it undoes everything.
pub struct Writing {
    database: Store,
    pub(super) session: Session,
    pub(super) store: StoreId,
    pub(super) revision: u64,
    pub(super) at: DateTime<Utc>,
    /// Movements recorded so far.
    pub(super) lines: u32,
    note: Note,
}

/// What is written down about a change, beside the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The act: `set_stock`.
    pub act: &'static str,
    /// What it was done to: `cc-hoodie`.
    pub subject: Option<String>,
    /// Why, in the merchant's words.
    pub reason: Option<String>,
}

impl Note {
    /// An act on a subject.
    pub fn new(act: &'static str, subject: impl Into<String>) -> Self {
        Self {
            act,
            subject: Some(subject.into()),
            reason: None,
        }
    }
}

impl Store {
    /// Begins a change of one store: from now until it is committed or dropped, nobody else changes it.
    ///
    /// The first statement raises the store's revision, so it locks the store's row until the end. Commits
    /// become visible in the order of their revisions: whoever has seen one has missed none before it.
    pub async fn begin(
        &self,
        store: &StoreId,
        note: Note,
        at: DateTime<Utc>,
    ) -> Result<Writing, StoreError> {
        let mut session = self.0.engine.write(store).await?;
        let revision: Option<i64> = query_scalar(
            "
            UPDATE store
               SET revision = revision + 1
             WHERE store_id = $1
            RETURNING revision",
        )
        .bind(store.as_str())
        .fetch_optional(&mut session)
        .await?;
        let revision = revision.ok_or_else(|| StoreError::NoSuchStore(store.to_string()))?;
        Ok(Writing {
            database: self.clone(),
            session,
            store: store.clone(),
            revision: u64::try_from(revision).map_err(|_| StoreError::Unreadable("revision"))?,
            at,
            lines: 0,
            note,
        })
    }
}

impl Writing {
    /// The revision that makes the change visible, once it is committed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Makes the change visible and durable, and returns its revision.
    pub async fn commit(mut self) -> Result<u64, StoreError> {
        query(
            "
            INSERT INTO act
                 ( store_id
                 , revision
                 , act
                 , subject
                 , reason
                 , at_ms
                 )
            VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .bind(self.note.act)
        .bind(self.note.subject.as_deref())
        .bind(self.note.reason.as_deref())
        .bind(self.at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        self.session.commit().await?;
        self.database.0.committed.notify_one();
        Ok(self.revision)
    }

    /// Undoes the change now, rather than whenever it is dropped.
    pub async fn undo(self) -> Result<(), StoreError> {
        self.session.end().await
    }
}
