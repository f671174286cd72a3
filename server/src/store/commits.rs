//! Notices that somebody committed.

use std::time::Duration;

use sqlx::SqliteConnection;
use sqlx::postgres::PgListener;

use super::engine::Engine;
use super::{Store, StoreError};

/// How long SQLite is left alone before it is asked again whether somebody else committed.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// Shortest time from telling of commits to telling of the next.
const TELL_EVERY: Duration = Duration::from_millis(20);
/// How long it is waited for word of PostgreSQL. Word can be lost, so then it is looked anyway.
const LISTEN_FOR: Duration = Duration::from_millis(500);

/// Whether somebody committed, on a connection of its own.
pub struct Commits(Watch);

enum Watch {
    /// SQLite's `data_version` means something only on one and the same connection.
    Sqlite {
        connection: SqliteConnection,
        seen: Option<i64>,
    },
    /// PostgreSQL says so to who listens.
    Postgres { listener: PgListener, is_new: bool },
}

impl Store {
    /// Begins to watch for commits.
    pub async fn watch_commits(&self) -> Result<Commits, StoreError> {
        Ok(Commits(match &self.0.engine {
            Engine::Sqlite(engine) => Watch::Sqlite {
                connection: engine.reader().await?,
                seen: None,
            },
            Engine::Postgres(engine) => Watch::Postgres {
                listener: engine.listen().await?,
                is_new: true,
            },
        }))
    }

    /// Tells the other servers on this database, for as long as it is polled, that something was
    /// committed: once for many commits. Where it fails nothing is lost: they look now and then anyway.
    pub async fn relay_commits(&self) {
        let Engine::Postgres(engine) = &self.0.engine else {
            return;
        };
        loop {
            self.0.committed.notified().await;
            if let Err(error) = engine.tell().await {
                tracing::warn!(error = %error, "Cannot tell other servers of commits: {error}");
            }
            tokio::time::sleep(TELL_EVERY).await;
        }
    }
}

impl Commits {
    /// Waits until it is time to look: at once at first, then when somebody may have committed, and now
    /// and then anyway. False where surely nobody did.
    pub async fn next(&mut self) -> Result<bool, StoreError> {
        match &mut self.0 {
            Watch::Sqlite { connection, seen } => {
                if seen.is_some() {
                    tokio::time::sleep(ASK_EVERY).await;
                }
                let version: i64 = sqlx::query_scalar("PRAGMA data_version")
                    .fetch_one(&mut *connection)
                    .await?;
                Ok(seen.replace(version) != Some(version))
            }
            Watch::Postgres { listener, is_new } => {
                if !std::mem::take(is_new) {
                    // Where no word comes in time it is looked anyway: it can be lost.
                    let word = tokio::time::timeout(LISTEN_FOR, listener.recv()).await;
                    word.map_or(Ok(()), |word| word.map(drop))?;
                    while listener.next_buffered().is_some() {}
                }
                Ok(true)
            }
        }
    }
}
