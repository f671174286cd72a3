//! What runs the statements: SQLite in this process, or PostgreSQL somewhere else.
//!
//! Every statement of this folder is written once, in the SQL that both speak, and is run here by the
//! engine that was chosen when the database was opened. Where they differ, they differ in this folder:
//! how a change begins, what keeps it apart from others, and what an error means.

pub(super) mod postgres;
pub(super) mod query;
pub(super) mod rows;
pub(super) mod sqlite;
mod statistics;
mod wording;

use chrono::{DateTime, Utc};
use shared::ids::StoreId;
use sqlx::migrate::Migrator;
use sqlx::{Postgres, Sqlite, Transaction};

use super::StoreError;

pub(super) use query::{Query, query, query_as, query_scalar, together};

/// The engine of an open database.
#[derive(Debug)]
pub(super) enum Engine {
    /// One file, one writer.
    Sqlite(Box<sqlite::Sqlite>),
    /// Any number of servers.
    Postgres(postgres::Postgres),
}

/// A transaction under way: a change, or a look at one moment. Dropping it undoes what it did.
pub(super) enum Session {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// What a transaction may see.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// One store.
    Store(&'a StoreId),
    /// Which stores there are, and their keys.
    AllStores,
}

impl Engine {
    /// Begins to look, at one moment.
    pub async fn read(&self, scope: Scope<'_>) -> Result<Session, StoreError> {
        match self {
            Self::Sqlite(engine) => Ok(Session::Sqlite(engine.read().await?)),
            Self::Postgres(engine) => Ok(Session::Postgres(engine.read(scope).await?)),
        }
    }

    /// Begins to change a store. SQLite lets one change at a time go on, PostgreSQL one of each store
    /// once its row is locked.
    pub async fn write(&self, store: &StoreId) -> Result<Session, StoreError> {
        match self {
            Self::Sqlite(engine) => Ok(Session::Sqlite(engine.write().await?)),
            Self::Postgres(engine) => {
                let scope = Scope::Store(store);
                Ok(Session::Postgres(engine.write(scope).await?))
            }
        }
    }

    /// Closes the connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(engine) => engine.close().await,
            Self::Postgres(engine) => engine.close().await,
        }
    }
}

impl Session {
    /// Makes what was done visible and durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => postgres::answered(transaction.commit()).await?,
        }
        Ok(())
    }

    /// Sees and changes another store's rows from now on, in the same transaction. On SQLite it does so anyway.
    pub async fn turn_to(&mut self, scope: Scope<'_>) -> Result<(), StoreError> {
        if let Self::Postgres(transaction) = self {
            postgres::turn_to(transaction, scope).await?;
        }
        Ok(())
    }

    /// Finds, joins and orders rows by going along a key and in no other way, until it may do otherwise again or the
    /// transaction ends. PostgreSQL takes rows that a transaction has added for few, since it has no statistics of
    /// them, and would go through all of them.
    pub async fn find_by_keys_alone(&mut self, is_so: bool) -> Result<(), StoreError> {
        if let Self::Postgres(transaction) = self {
            postgres::find_by_keys_alone(transaction, is_so).await?;
        }
        Ok(())
    }

    /// Joins tables in the order in which a statement names them, until it may do otherwise again or the transaction ends.
    /// SQLite does so wherever a statement says `CROSS JOIN`.
    pub async fn join_as_written(&mut self, is_so: bool) -> Result<(), StoreError> {
        if let Self::Postgres(transaction) = self {
            postgres::join_as_written(transaction, is_so).await?;
        }
        Ok(())
    }

    /// Goes through whole tables from now on, however long that takes.
    pub async fn go_through_all(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(transaction) = self {
            postgres::go_through_all(transaction).await?;
        }
        Ok(())
    }

    /// Ends without a trace, now rather than whenever it is dropped.
    pub async fn end(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await?,
            Self::Postgres(transaction) => postgres::answered(transaction.rollback()).await?,
        }
        Ok(())
    }
}

/// True if the migrations that were applied, by version and checksum, are those of this program.
pub(super) fn are_ours(ours: &Migrator, applied: &[(i64, Vec<u8>)]) -> bool {
    ours.iter()
        .map(|migration| (migration.version, &*migration.checksum))
        .eq(applied.iter().map(|(version, sum)| (*version, &**sum)))
}

/// A count as the databases store it. Revisions never come near the limit of their integers.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Rows as the JSON that `jsonb_each` takes.
pub(super) fn json_rows<T: serde::Serialize>(rows: &[T]) -> String {
    serde_json::to_string(rows).expect("texts and numbers are always JSON")
}

/// Milliseconds since 1970 as an instant.
pub(super) fn instant(ms: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(ms).ok_or(StoreError::Unreadable("an instant"))
}
