//! Notices that somebody committed, and tells others of what was committed here.
//!
//! Word names the stores, so that a server looks at those alone, however many there are. It can be lost: with the
//! server that was about to give it, or with a connection. So now and then all stores are looked at anyway.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use shared::ids::StoreId;
use sqlx::SqliteConnection;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;

use super::engine::Engine;
use super::{Store, StoreError};

/// How long SQLite is left alone before it is asked again whether somebody else committed.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// Shortest time from telling of commits to telling of the next.
const TELL_EVERY: Duration = Duration::from_millis(20);
/// How long it is waited for word of PostgreSQL before it is asked whether it is still there.
const LISTEN_FOR: Duration = Duration::from_millis(500);
/// How often all stores are looked at without word.
const LOOK_EVERYWHERE_EVERY: Duration = Duration::from_secs(5);
/// Longest word. PostgreSQL takes 8,000 bytes; many stores are told of as all of them.
const WORD_BYTES_MAX: usize = 7_500;
/// What stands between two stores. No id has one.
const BETWEEN: &str = " ";

/// Where it is time to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// At these stores.
    At(BTreeSet<StoreId>),
    /// At all stores, which there are, and the keys.
    Everywhere,
}

/// What was committed here and is still to be told to others.
#[derive(Debug, Default)]
pub(super) struct Untold {
    at: Mutex<Look>,
    word: Notify,
}

/// Whether somebody committed, on a connection of its own.
pub struct Commits(Watch);

enum Watch {
    /// SQLite's `data_version` means something only on one and the same connection.
    Sqlite {
        connection: SqliteConnection,
        seen: Option<i64>,
    },
    /// PostgreSQL says so to who listens.
    Postgres {
        listener: PgListener,
        everywhere: Option<Instant>,
    },
}

impl Default for Look {
    fn default() -> Self {
        Self::At(BTreeSet::new())
    }
}

impl Look {
    fn and(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::At(stores), Self::At(mut more)) => stores.append(&mut more),
            _ => *self = Self::Everywhere,
        }
    }

    /// As it is told: nothing stands for everywhere.
    fn word(&self) -> String {
        let Self::At(stores) = self else {
            return String::new();
        };
        let names: Vec<&str> = stores.iter().map(StoreId::as_str).collect();
        let word = names.join(BETWEEN);
        match word.len() <= WORD_BYTES_MAX {
            true => word,
            false => String::new(),
        }
    }

    fn of_word(word: &str) -> Self {
        let stores: Result<_, _> = word.split(BETWEEN).map(str::parse).collect();
        stores.map_or(Self::Everywhere, Self::At)
    }
}

impl Untold {
    /// Something of a store was committed.
    pub fn add(&self, store: &StoreId) {
        self.add_all(Look::At(BTreeSet::from([store.clone()])));
    }

    /// Something was committed that all servers have to know, whichever stores they hold.
    pub fn add_everywhere(&self) {
        self.add_all(Look::Everywhere);
    }

    fn add_all(&self, more: Look) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.and(more);
        self.word.notify_one();
    }

    /// What there is to tell; nothing any more afterwards.
    fn take(&self) -> Option<Look> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *at);
        (taken != Look::default()).then_some(taken)
    }
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
                everywhere: None,
            },
        }))
    }

    /// Tells the other servers on this database, for as long as it is polled, that something was
    /// committed: once for many commits.
    pub async fn relay_commits(&self) {
        if matches!(self.0.engine, Engine::Sqlite(_)) {
            return;
        }
        loop {
            self.0.untold.word.notified().await;
            self.tell_commits().await;
            tokio::time::sleep(TELL_EVERY).await;
        }
    }

    /// Tells what is still to be told. Where it fails it is told with the next; others look now and then anyway.
    pub(super) async fn tell_commits(&self) {
        let Engine::Postgres(engine) = &self.0.engine else {
            return;
        };
        let Some(look) = self.0.untold.take() else {
            return;
        };
        if let Err(error) = engine.tell(&look.word()).await {
            tracing::warn!(error = %error, "Cannot tell other servers of commits: {error}");
            self.0.untold.add_all(look);
        }
    }
}

impl Commits {
    /// Waits until it is time to look, and says where: everywhere at first. `None` where surely nobody committed.
    pub async fn next(&mut self) -> Result<Option<Look>, StoreError> {
        match &mut self.0 {
            Watch::Sqlite { connection, seen } => {
                if seen.is_some() {
                    tokio::time::sleep(ASK_EVERY).await;
                }
                let version: i64 = sqlx::query_scalar("PRAGMA data_version")
                    .fetch_one(&mut *connection)
                    .await?;
                let is_new = seen.replace(version) != Some(version);
                Ok(is_new.then_some(Look::Everywhere))
            }
            Watch::Postgres {
                listener,
                everywhere,
            } => {
                if everywhere.is_none_or(|then| LOOK_EVERYWHERE_EVERY <= then.elapsed()) {
                    *everywhere = Some(Instant::now());
                    return Ok(Some(Look::Everywhere));
                }
                let mut look = Look::default();
                // Where no word comes it is looked at no store: that tells that the database is there.
                if let Ok(word) = tokio::time::timeout(LISTEN_FOR, listener.try_recv()).await {
                    // A connection that was lost may have lost words.
                    look = word?.map_or(Look::Everywhere, |word| Look::of_word(word.payload()));
                    while let Some(word) = listener.next_buffered() {
                        look.and(Look::of_word(word.payload()));
                    }
                }
                Ok(Some(look))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stores: &[&str]) -> Look {
        let stores = stores.iter().map(|store| store.parse().expect("an id"));
        Look::At(stores.collect())
    }

    #[test]
    fn a_word_names_the_stores_that_it_is_about() {
        let mut look = at(&["acme"]);
        look.and(at(&["zeta", "acme"]));
        assert_eq!(look.word(), "acme zeta");
        assert_eq!(Look::of_word("acme zeta"), at(&["acme", "zeta"]));
    }

    #[test]
    fn a_word_about_many_is_about_all() {
        let names: Vec<String> = (0..2_000).map(|number| format!("store-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let word = at(&names).word();
        assert_eq!(Look::of_word(&word), Look::Everywhere);
        let mut look = at(&["acme"]);
        look.and(Look::Everywhere);
        look.and(at(&["zeta"]));
        assert_eq!(look, Look::Everywhere);
        assert_eq!(Look::of_word(&look.word()), Look::Everywhere);
    }

    #[test]
    fn what_was_told_is_told_once() {
        let untold = Untold::default();
        assert_eq!(untold.take(), None);
        untold.add(&"acme".parse().expect("an id"));
        assert_eq!(untold.take(), Some(at(&["acme"])));
        assert_eq!(untold.take(), None);
    }
}
