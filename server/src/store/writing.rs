//! A change under way: begun, filled, committed once.

use std::time::Instant;

use chrono::{DateTime, Utc};
use shared::ids::StoreId;
use tracing::Span;

use super::engine::{Query, Session, json_rows, query, query_as, stored, together};
use super::{Store, StoreError};
use crate::webhooks::happened::Happened;

/// A change under way, or several that are committed together. Dropping it undoes everything.
pub struct Writing {
    database: Store,
    pub(super) session: Session,
    pub(super) store: StoreId,
    /// The revision of the last change so far; of the one before the first as long as there is none.
    pub(super) revision: u64,
    /// The store's revision so far: room for the changes that were announced.
    reaches: u64,
    pub(super) at: DateTime<Utc>,
    /// What is written when it is committed, all at once, because nobody looks at it before. None changes a row
    /// that another does.
    pub(super) at_the_end: Vec<Query<()>>,
    /// Movements recorded so far.
    pub(super) lines: u32,
    /// Whether keys were changed, which all servers know.
    pub(super) changed_keys: bool,
    /// Whether anybody outside is told of what happens.
    pub(super) has_webhooks: bool,
    /// What happened so far of which they are told.
    pub(super) happened: Vec<Happened>,
    /// What is written down about each change.
    notes: Vec<Note>,
    begun: Instant,
    /// Ends with the change: where traces are sent they tell how long it took.
    _span: Span,
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
        let mut writing = self.begin_several(store, 1, at).await?;
        writing.next(note);
        Ok(writing)
    }

    /// Begins several changes of one store that are committed together, at most so many. Each is announced
    /// with [`Writing::next`]; some may not come about.
    pub async fn begin_several(
        &self,
        store: &StoreId,
        changes_max: u32,
        at: DateTime<Utc>,
    ) -> Result<Writing, StoreError> {
        let asked = Instant::now();
        let mut session = self.0.engine.write(store).await?;
        let begun = Instant::now();
        self.meter().had_its_turn(begun - asked);
        let found: Option<(i64, bool)> = query_as(
            "
            UPDATE store
               SET revision = revision + $2
             WHERE store_id = $1
            RETURNING revision
                    , has_webhooks",
        )
        .bind(store.as_str())
        .bind(changes_max)
        .fetch_optional(&mut session)
        .await?;
        let (revision, has_webhooks) =
            found.ok_or_else(|| StoreError::NoSuchStore(store.to_string()))?;
        let revision = u64::try_from(revision).map_err(|_| StoreError::Unreadable("revision"))?;
        Ok(Writing {
            database: self.clone(),
            session,
            store: store.clone(),
            revision: revision.saturating_sub(changes_max.into()),
            reaches: revision,
            at,
            at_the_end: Vec::new(),
            lines: 0,
            changed_keys: false,
            has_webhooks,
            happened: Vec::new(),
            notes: Vec::new(),
            begun,
            _span: tracing::info_span!("write"),
        })
    }
}

impl Writing {
    /// Says at what instant it is decided, where that is not the one at which it was begun.
    pub fn date(&mut self, at: DateTime<Utc>) {
        self.at = at;
    }

    /// Begins the next change, and returns the revision that makes it visible.
    pub fn next(&mut self, note: Note) -> u64 {
        self.notes.push(note);
        self.revision += 1;
        self.revision
    }

    /// The revision that makes the last change visible, once it is committed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// When it is made.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Writes what was to be written when it is committed, for who looks at it before.
    pub async fn write_so_far(&mut self) -> Result<(), StoreError> {
        let queries = std::mem::take(&mut self.at_the_end);
        together(queries, &mut self.session).await
    }

    /// Makes the changes visible and durable, and returns the revision of the last.
    pub async fn commit(mut self) -> Result<u64, StoreError> {
        if self.revision != self.reaches {
            self.correct_revision().await?;
        }
        self.hand_out().await?;
        self.record_acts();
        self.write_so_far().await?;
        self.session.commit().await?;
        self.database.meter().wrote(self.begun);
        match self.changed_keys {
            true => self.database.0.untold.add_everywhere(),
            false => self.database.0.untold.add(&self.store),
        }
        Ok(self.revision)
    }

    /// Undoes the changes now, rather than whenever they are dropped.
    pub async fn undo(self) -> Result<(), StoreError> {
        self.session.end().await
    }

    async fn correct_revision(&mut self) -> Result<(), StoreError> {
        query(
            "
            UPDATE store
               SET revision = $2
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    fn record_acts(&mut self) {
        let acts: Vec<_> = self
            .notes
            .iter()
            .map(|note| (note.act, &note.subject, &note.reason))
            .collect();
        let first = (self.revision + 1).saturating_sub(acts.len() as u64);
        let record = query(
            "
            INSERT INTO act
                 ( store_id
                 , revision
                 , act
                 , subject
                 , reason
                 , at_ms
                 )
            SELECT $1
                 , $2 + key
                 , value ->> 0
                 , value ->> 1
                 , value ->> 2
                 , $4
              FROM jsonb_each($3)",
        )
        .bind(self.store.as_str())
        .bind(stored(first))
        .bind(json_rows(&acts))
        .bind(self.at.timestamp_millis());
        self.at_the_end.push(record);
    }
}
