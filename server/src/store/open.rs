//! Opens a database: makes what is missing, brings the tables up to date, checks what it runs on.

use std::collections::HashSet;
use std::fmt;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::commits::Untold;
use super::engine::postgres::{Postgres, shown};
use super::engine::sqlite::Sqlite;
use super::engine::{Engine, Scope, query_scalar};
use super::meter::Meter;
use super::{Parts, Store, StoreError};

/// How long the database may take for a question that needs no work.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A file of SQLite's.
    File(PathBuf),
    /// `postgres://role:password@host/database`.
    Postgres(String),
}

/// The address names neither a file nor a database that is known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}://` is no database of ShipsBy: name a file, or postgres://role:password@host/database"
)]
pub struct UnknownScheme(String);

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read or written, or reached.
    #[error("cannot open the database {database}")]
    Database {
        /// The file or address.
        database: String,
        /// What the engine says.
        #[source]
        source: sqlx::Error,
    },
    /// The file is something else.
    #[error("{0} is no database of ShipsBy: name your store's with --db")]
    NoDatabase(String),
    /// The tables cannot be brought up to date.
    #[error(
        "cannot bring the tables of {database} up to date: restore a sound copy, or, where nothing in it is to be kept (a demo), remove it and start again"
    )]
    Migration {
        /// The file or address.
        database: String,
        /// What went wrong.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The tables in PostgreSQL cannot be made or brought up to date.
    #[error(
        "cannot bring the tables of {database} up to date: let `ships-by migrate` connect as the role that owns the database"
    )]
    MigrationByRole {
        /// The address.
        database: String,
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
        "the tables of {0} are of another version of ShipsBy. Start `ships-by serve` of this version on it once, which brings older ones up to date; for newer ones take a newer ShipsBy"
    )]
    OtherVersion(String),
    /// The tables of PostgreSQL are missing or of another version of this program.
    #[error(
        "the tables of {0} are missing, or of another version of ShipsBy: run `ships-by migrate` of this version as their owner; for newer ones take a newer ShipsBy"
    )]
    OtherTables(String),
    /// The role may see every store's rows.
    #[error(
        "the role `{0}` owns the tables or passes over row-level security: let the server connect as a role that does neither (see `ships-by migrate --help`)"
    )]
    TooMighty(String),
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
        let store = Self::on(Engine::Sqlite(Box::new(Sqlite::open(path.as_ref()).await?)));
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
        let engine = Sqlite::open_as_it_is(path.as_ref()).await?;
        Ok(Self::on(Engine::Sqlite(Box::new(engine))))
    }

    /// Opens the database at an address: a file as [`Store::open`] does, PostgreSQL as it is.
    pub async fn open_at(address: &Address) -> Result<Self, OpenError> {
        match address {
            Address::File(path) => Self::open(path).await,
            Address::Postgres(url) => Self::connect(url).await,
        }
    }

    /// Connects to PostgreSQL, as a role that owns no table.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let store = Self::on(Engine::Postgres(Postgres::connect(url).await?));
        store
            .add_first_store()
            .await
            .map_err(OpenError::FirstStore)?;
        Ok(store)
    }

    /// Brings the tables of PostgreSQL up to date, as their owner, and lets the role `serving` use them.
    pub async fn migrate(url: &str, serving: &str) -> Result<(), OpenError> {
        Postgres::migrate(url, serving).await
    }

    /// True if the database answers a question.
    pub async fn answers(&self) -> bool {
        let answer = async {
            let mut session = self.0.engine.read(Scope::AllStores).await?;
            query_scalar::<bool>("SELECT true")
                .fetch_one(&mut session)
                .await
        };
        let answer = tokio::time::timeout(ANSWERS_WITHIN, answer).await;
        answer.is_ok_and(|answer| answer.is_ok())
    }

    /// Tells what is still to be told, and closes the connections.
    pub async fn close(&self) {
        self.tell_commits().await;
        self.0.engine.close().await;
    }

    fn on(engine: Engine) -> Self {
        Self(Arc::new(Parts {
            engine,
            untold: Untold::default(),
            in_flight: Mutex::new(HashSet::new()),
            meter: Meter::default(),
        }))
    }
}

impl FromStr for Address {
    type Err = UnknownScheme;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        match raw.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(raw.to_owned())),
            Some(("sqlite", path)) => Ok(Self::File(path.into())),
            Some((scheme, _)) => Err(UnknownScheme(scheme.to_owned())),
            None => Ok(Self::File(raw.into())),
        }
    }
}

/// Without the password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Postgres(url) => formatter.write_str(&shown(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_file_or_one_of_postgresql() {
        let file = |path: &str| Ok(Address::File(path.into()));
        let cases = [
            ("shop.sqlite", file("shop.sqlite")),
            ("sqlite:///var/shop.sqlite", file("/var/shop.sqlite")),
            (
                "postgresql://a:b@c/d",
                Ok(Address::Postgres("postgresql://a:b@c/d".into())),
            ),
            ("mysql://a/b", Err(UnknownScheme("mysql".into()))),
        ];
        for (raw, expected) in cases {
            assert_eq!(raw.parse::<Address>(), expected, "{raw}");
        }
    }
}
