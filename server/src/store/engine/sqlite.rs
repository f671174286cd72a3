//! SQLite: one file, one connection that writes and several that read.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool, Transaction};

use super::{are_ours, statistics};
use crate::store::OpenError;

/// Connections that read at once.
const READERS_MAX: u32 = 4;
/// How long a statement waits for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for its turn at the one writing connection.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes that the write-ahead log keeps after a checkpoint.
const JOURNAL_BYTES_MAX: &str = "67108864";
/// Most memory that the writer keeps pages in, in KiB, negative as SQLite wants it. An import of a
/// million rows in any order touches most pages of the file again and again; an idle server, few.
const WRITER_CACHE_KIB: &str = "-262144";
/// Oldest SQLite without the write-ahead-log reset fault (<https://www.sqlite.org/wal.html#walresetbug>).
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
/// SQLite's code for a file that is something else (SQLITE_NOTADB).
const NOT_A_DATABASE: &str = "26";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/sqlite");

/// An open file.
#[derive(Debug)]
pub struct Sqlite {
    /// How a connection that cannot write is made.
    reading: SqliteConnectOptions,
    /// One connection: SQLite has one writer, and waiting for it in a queue is fair.
    writer: SqlitePool,
    /// Connections that cannot write.
    readers: SqlitePool,
}

impl Sqlite {
    /// Opens the file at `path`, making it if there is none, and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = failed(path);
        // Once, before anybody else is connected: changing the journal mode needs a lock for which
        // the busy timeout does not wait.
        let first = common(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let mut first = SqliteConnection::connect_with(&first)
            .await
            .map_err(&failed)?;
        verify(&mut first, &failed).await?;
        verify_journal(&mut first, &failed).await?;
        MIGRATIONS
            .run(&mut first)
            .await
            .map_err(|source| OpenError::Migration {
                database: path.display().to_string(),
                source,
            })?;
        statistics::expect(&mut first).await.map_err(&failed)?;
        first.close().await.map_err(&failed)?;
        Self::connected(path).await.map_err(&failed)
    }

    /// Opens the file at `path` and leaves its tables as they are.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherVersion`] if they are not those of this program.
    pub async fn open_as_it_is(path: &Path) -> Result<Self, OpenError> {
        let failed = failed(path);
        let mut first = SqliteConnection::connect_with(&common(path))
            .await
            .map_err(&failed)?;
        verify(&mut first, &failed).await?;
        let is_ours = has_our_tables(&mut first).await.map_err(&failed)?;
        first.close().await.map_err(&failed)?;
        if !is_ours {
            return Err(OpenError::OtherVersion(path.display().to_string()));
        }
        Self::connected(path).await.map_err(&failed)
    }

    /// Begins to look, on a connection that cannot write.
    pub async fn read(&self) -> Result<Transaction<'static, sqlx::Sqlite>, sqlx::Error> {
        self.readers.begin().await
    }

    /// Begins to change.
    ///
    /// Takes the lock for writing at once: a transaction that reads first and writes second can fail
    /// in the middle for another's write, however long it would wait.
    pub async fn write(&self) -> Result<Transaction<'static, sqlx::Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.reading.get_filename()
    }

    /// The connection that writes, for what cannot be done in a transaction.
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// Connections that read.
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// A connection of its own that reads.
    pub async fn reader(&self) -> Result<SqliteConnection, sqlx::Error> {
        SqliteConnection::connect_with(&self.reading).await
    }

    /// Closes the connections. The write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn connected(path: &Path) -> Result<Self, sqlx::Error> {
        let writing = common(path)
            .pragma("cache_size", WRITER_CACHE_KIB)
            .pragma("temp_store", "MEMORY");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(TURN_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(writing)
            .await?;
        let reading = common(path).pragma("query_only", "ON");
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(TURN_TIMEOUT)
            .max_lifetime(None)
            .connect_with(reading.clone())
            .await?;
        Ok(Self {
            reading,
            writer,
            readers,
        })
    }
}

/// What all connections have in common.
fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Full)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("mmap_size", "0")
        .pragma("journal_size_limit", JOURNAL_BYTES_MAX)
}

fn failed(path: &Path) -> impl Fn(sqlx::Error) -> OpenError {
    let path = path.to_owned();
    move |source| {
        let path = path.clone();
        let code = source.as_database_error().and_then(|error| error.code());
        match code.as_deref() {
            Some(NOT_A_DATABASE) => OpenError::NoDatabase(path.display().to_string()),
            _ => OpenError::Database {
                database: path.display().to_string(),
                source,
            },
        }
    }
}

/// True if the tables are those that this program makes.
async fn has_our_tables(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let has_any: bool = sqlx::query_scalar(
        "
        SELECT EXISTS
             ( SELECT 1
                 FROM sqlite_schema
                WHERE name = '_sqlx_migrations'
             )",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !has_any {
        return Ok(false);
    }
    let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "
        SELECT version
             , checksum
          FROM _sqlx_migrations
         WHERE success
         ORDER BY version",
    )
    .fetch_all(connection)
    .await?;
    Ok(are_ours(&MIGRATIONS, &applied))
}

/// Reads the settings back: SQLite passes over a pragma that it does not know or cannot obey.
async fn verify(
    connection: &mut SqliteConnection,
    failed: impl Fn(sqlx::Error) -> OpenError,
) -> Result<(), OpenError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *connection)
        .await
        .map_err(&failed)?;
    if parsed_version(&version) < Some(SQLITE_VERSION_MIN) {
        return Err(OpenError::TooOld(version));
    }
    for (pragma, question, wanted, wanted_shown) in [
        ("synchronous", "PRAGMA synchronous", 2, "2 (FULL)"),
        ("foreign_keys", "PRAGMA foreign_keys", 1, "1"),
        ("trusted_schema", "PRAGMA trusted_schema", 0, "0"),
        ("cell_size_check", "PRAGMA cell_size_check", 1, "1"),
    ] {
        let found: i64 = sqlx::query_scalar(question)
            .fetch_one(&mut *connection)
            .await
            .map_err(&failed)?;
        if found != wanted {
            return Err(OpenError::Setting {
                pragma,
                wanted: wanted_shown,
                found: found.to_string(),
            });
        }
    }
    Ok(())
}

async fn verify_journal(
    connection: &mut SqliteConnection,
    failed: impl Fn(sqlx::Error) -> OpenError,
) -> Result<(), OpenError> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *connection)
        .await
        .map_err(&failed)?;
    if mode != "wal" {
        return Err(OpenError::Setting {
            pragma: "journal_mode",
            wanted: "wal",
            found: mode,
        });
    }
    Ok(())
}

fn parsed_version(version: &str) -> Option<(u32, u32, u32)> {
    let mut parts = version.split('.').map(str::parse::<u32>);
    let mut part = || parts.next()?.ok();
    Some((part()?, part()?, part()?))
}
