//! Opens a database: makes the file, brings the tables up to date, checks what it runs on.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

use super::{Parts, Store, StoreError};

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

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/sqlite");

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read or written, or is no database.
    #[error("cannot open the database {}", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: sqlx::Error,
    },
    /// The file is something else.
    #[error("{} is no database of ShipsBy: name your store's with --db", .0.display())]
    NoDatabase(PathBuf),
    /// The tables cannot be brought up to date.
    #[error("cannot bring the tables of {} up to date", .path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// A setting on which durability rests did not take.
    #[error("the database answers {found} for {pragma}, which must be {wanted}")]
    Setting {
        /// Which.
        pragma: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// The SQLite in this program is too old to be trusted with a write-ahead log.
    #[error("SQLite {0} is too old, at least 3.51.3 is needed: build with the bundled one")]
    TooOld(String),
    /// The tables are of another version of this program.
    #[error(
        "the tables of {} are of another version of ShipsBy. Start `ships-by serve` of this version on it once, which brings older ones up to date; for newer ones take a newer ShipsBy",
        .0.display()
    )]
    OtherVersion(PathBuf),
    /// The first store cannot be made.
    #[error("cannot make the first store")]
    FirstStore(#[source] StoreError),
    /// Another server runs on the same file.
    #[error(
        "another server is running on {}: stop it first, or give this one a file of its own with --db",
        .0.display()
    )]
    BeingServed(PathBuf),
    /// The lock file cannot be made.
    #[error("cannot make the lock file {}", .path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// Proof that no other server runs on the database. Dropping it lets the next one in.
#[derive(Debug)]
pub struct ServingLock(#[expect(dead_code, reason = "held for its lock only")] File);

/// SQLite's code for a file that is something else (SQLITE_NOTADB).
const NOT_A_DATABASE: &str = "26";

impl ServingLock {
    /// Makes sure that no second server runs on the database at `path`: each would answer from a
    /// memory that knows nothing of the other's acts. To be taken before the database is opened, so
    /// that no tables change under a server. Commands other than `serve` and `demo` need no lock.
    pub fn take(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let database = path.as_ref();
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let failed = |source| OpenError::Lock {
            path: path.clone(),
            source,
        };
        let file = File::create(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::BeingServed(database.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Store {
    /// Opens the database at `path`, making it if there is none, and brings its tables up to date.
    ///
    /// A new database has one store, `default`, with one location, `main`.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
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
                path: path.to_owned(),
                source,
            })?;
        first.close().await.map_err(&failed)?;
        let store = Self::connected(path).await.map_err(&failed)?;
        store
            .add_first_store()
            .await
            .map_err(OpenError::FirstStore)?;
        Ok(store)
    }

    /// Opens the database at `path` and leaves its tables as they are.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherVersion`] if they are not those of this program.
    pub async fn open_as_it_is(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let failed = failed(path);
        let mut first = SqliteConnection::connect_with(&common(path))
            .await
            .map_err(&failed)?;
        verify(&mut first, &failed).await?;
        let is_ours = has_our_tables(&mut first).await.map_err(&failed)?;
        first.close().await.map_err(&failed)?;
        if !is_ours {
            return Err(OpenError::OtherVersion(path.to_owned()));
        }
        Self::connected(path).await.map_err(&failed)
    }

    /// True if the database answers a question.
    pub async fn answers(&self) -> bool {
        let answer = sqlx::query_scalar::<_, i64>("SELECT 1")
            .fetch_one(&self.0.readers)
            .await;
        answer.is_ok()
    }

    /// Closes the connections. The write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writer.close().await;
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
        Ok(Self(Arc::new(Parts {
            reading,
            writer,
            readers,
            in_flight: Mutex::new(HashSet::new()),
        })))
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
            Some(NOT_A_DATABASE) => OpenError::NoDatabase(path),
            _ => OpenError::Database { path, source },
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
    let ours = MIGRATIONS.iter();
    Ok(ours
        .map(|migration| (migration.version, &*migration.checksum))
        .eq(applied.iter().map(|(version, sum)| (*version, &**sum))))
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
