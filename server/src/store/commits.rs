//! Notices that somebody committed.

use sqlx::{Connection, SqliteConnection};

use super::{Store, StoreError};

/// Whether somebody committed, asked on a connection of its own: SQLite's `data_version` means
/// something only on one and the same.
pub struct Commits {
    connection: SqliteConnection,
    seen: Option<i64>,
}

impl Store {
    /// Begins to watch for commits.
    pub async fn watch_commits(&self) -> Result<Commits, StoreError> {
        let connection = SqliteConnection::connect_with(&self.0.reading).await?;
        Ok(Commits {
            connection,
            seen: None,
        })
    }
}

impl Commits {
    /// True at first, and whenever another connection, of this process or another, committed since
    /// the last time that this was asked.
    pub async fn are_new(&mut self) -> Result<bool, StoreError> {
        let version: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut self.connection)
            .await?;
        Ok(self.seen.replace(version) != Some(version))
    }
}
