//! PostgreSQL, or a service that speaks its protocol: any number of servers on one database.
//!
//! Row-level security keeps stores apart: each transaction says which store it is of, for its own length
//! only, and sees and changes that store's rows. The role that serves owns no table and passes no policy
//! over; another one owns and migrates.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Transaction};
use tokio::time::timeout;

use super::{Scope, are_ours};
use crate::store::OpenError;

/// Connections that change at once. More wait for their turn: they would only wait for each other.
const WRITERS_MAX: u32 = 8;
/// Connections that read at once.
const READERS_MAX: u32 = 8;
/// How long a request waits for a connection.
const TURN_TIMEOUT: Duration = Duration::from_secs(3);
/// How long it is waited for an answer. The server ends a statement before that; where nothing at all comes,
/// the connection is dead, and is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(6);
/// How long it is waited until a connection that comes back is known to be in no transaction.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest life of a connection, so that a failover or a new password is noticed.
const LIFE_MAX: Duration = Duration::from_secs(600);
/// Prepared statements that a connection keeps; there are fewer in this program.
const STATEMENTS_MAX: usize = 256;
/// What every connection asks for: a statement, a wait for a lock and an idle transaction end after
/// these times, a dead peer is noticed, and nothing is acknowledged that is not on the disk.
const SETTINGS: [(&str, &str); 11] = [
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("synchronous_commit", "on"),
    ("client_min_messages", "error"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "3"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "8000"),
    // Every statement finds its rows by a key: also by a plan that was made while the table was still empty.
    ("enable_seqscan", "off"),
    ("jit", "off"),
];
/// What a session that migrates asks for instead: tables may be long in the making.
const MIGRATING: [(&str, &str); 2] = [("statement_timeout", "0"), ("lock_timeout", "30s")];
/// Where it is said that something was committed.
const CHANNEL: &str = "ships_by_commits";
/// What names no store: the scope of all of them.
const ALL_STORES: &str = "*";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/postgres");

/// A connected database.
#[derive(Debug)]
pub struct Postgres {
    writers: PgPool,
    readers: PgPool,
}

impl Postgres {
    /// Connects, and leaves the tables as they are.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherVersion`] where the tables are not those of this program,
    /// [`OpenError::TooMighty`] for a role that row-level security does not hold.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let failed = failed(url);
        let options = options(url).map_err(&failed)?.options(SETTINGS);
        let mut first = PgConnection::connect_with(&options)
            .await
            .map_err(&failed)?;
        if !has_our_tables(&mut first).await.map_err(&failed)? {
            return Err(OpenError::OtherTables(shown(url)));
        }
        if let Some(role) = mighty(&mut first).await.map_err(&failed)? {
            return Err(OpenError::TooMighty(role));
        }
        first.close().await.map_err(&failed)?;
        Ok(Self {
            writers: pool(WRITERS_MAX, options.clone()),
            readers: pool(READERS_MAX, options),
        })
    }

    /// Brings the tables up to date, as their owner, and lets the role `serving` use them.
    pub async fn migrate(url: &str, serving: &str) -> Result<(), OpenError> {
        let failed = failed(url);
        let options = options(url)
            .map_err(&failed)?
            .options(SETTINGS)
            .options(MIGRATING);
        let mut owner = PgConnection::connect_with(&options)
            .await
            .map_err(&failed)?;
        MIGRATIONS
            .run(&mut owner)
            .await
            .map_err(|source| OpenError::MigrationByRole {
                database: shown(url),
                source,
            })?;
        prepare(&mut owner).await.map_err(&failed)?;
        grant(&mut owner, serving).await.map_err(&failed)?;
        owner.close().await.map_err(&failed)
    }

    /// Begins to look at one moment.
    pub async fn read(
        &self,
        scope: Scope<'_>,
    ) -> Result<Transaction<'static, sqlx::Postgres>, sqlx::Error> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        begun(&self.readers, begin, scope).await
    }

    /// Begins to change.
    pub async fn write(
        &self,
        scope: Scope<'_>,
    ) -> Result<Transaction<'static, sqlx::Postgres>, sqlx::Error> {
        begun(&self.writers, "BEGIN", scope).await
    }

    /// Listens for what other servers commit.
    pub async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        answered(async {
            let mut listener = PgListener::connect_with(&self.readers).await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        })
        .await
    }

    /// Tells the other servers that something was committed. In no transaction: telling takes a lock
    /// that all commits of the whole database wait for.
    pub async fn tell(&self, word: &str) -> Result<(), sqlx::Error> {
        let tell = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(word);
        answered(tell.execute(&self.readers)).await.map(drop)
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// Begins in a task of its own, which nobody who hangs up can cancel: a connection on which a `BEGIN` is
/// under way would go back to the pool inside a transaction (<https://github.com/transact-rs/sqlx/issues/4385>).
async fn begun(
    pool: &PgPool,
    begin: &str,
    scope: Scope<'_>,
) -> Result<Transaction<'static, sqlx::Postgres>, sqlx::Error> {
    let store = named(scope);
    // Ids of stores have no quotes; should they ever, none gets out.
    let store = store.replace('\'', "''");
    let begin = format!("{begin}; SET LOCAL ships_by.store = '{store}'");
    let pool = pool.clone();
    let begun = tokio::spawn(async move { answered(pool.begin_with(AssertSqlSafe(begin))).await });
    begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

/// Gives up what PostgreSQL does not answer in time.
pub async fn answered<T, E: From<sqlx::Error>>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match timeout(ANSWER_TIMEOUT, asked).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(sqlx::Error::Io(elapsed.into()).into()),
    }
}

/// Says within a transaction which store it is of from now on.
pub async fn turn_to(
    transaction: &mut Transaction<'static, sqlx::Postgres>,
    scope: Scope<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('ships_by.store', $1, true)")
        .bind(named(scope))
        .execute(&mut **transaction)
        .await
        .map(drop)
}

/// Leaves a transaction no way but along a key, or gives it the others back.
pub async fn find_by_keys_alone(
    transaction: &mut Transaction<'static, sqlx::Postgres>,
    is_so: bool,
) -> Result<(), sqlx::Error> {
    let others = sqlx::query(
        "
        SELECT set_config('enable_hashjoin', $1, true)
             , set_config('enable_mergejoin', $1, true)
             , set_config('enable_material', $1, true)
             , set_config('enable_bitmapscan', $1, true)
             , set_config('enable_sort', $1, true)",
    );
    let others = others.bind(if is_so { "off" } else { "on" });
    answered(others.execute(&mut **transaction)).await.map(drop)
}

/// Joins tables in the order in which a statement names them, or in the one that PostgreSQL thinks best, as it does usually:
/// of a table that it has never counted it thinks wrongly.
pub async fn join_as_written(
    transaction: &mut Transaction<'static, sqlx::Postgres>,
    is_so: bool,
) -> Result<(), sqlx::Error> {
    let limit = sqlx::query("SELECT set_config('join_collapse_limit', $1, true)");
    let limit = limit.bind(if is_so { "1" } else { "8" });
    answered(limit.execute(&mut **transaction)).await.map(drop)
}

/// Lets a transaction go through whole tables, for as long as that takes. Without statistics a table is taken
/// for small, and going through one table for each row of another for quick: so it may not.
pub async fn go_through_all(
    transaction: &mut Transaction<'static, sqlx::Postgres>,
) -> Result<(), sqlx::Error> {
    let settings = sqlx::query(
        "
        SELECT set_config('statement_timeout', '0', true)
             , set_config('enable_seqscan', 'on', true)
             , set_config('enable_nestloop', 'off', true)",
    );
    answered(settings.execute(&mut **transaction))
        .await
        .map(drop)
}

/// What stands for a scope in the database.
fn named(scope: Scope<'_>) -> &str {
    match scope {
        Scope::Store(store) => store.as_str(),
        Scope::AllStores => ALL_STORES,
    }
}

fn pool(connections_max: u32, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(TURN_TIMEOUT)
        .max_lifetime(LIFE_MAX)
        // Whatever happened on it, nobody gets a connection that is inside a transaction. Usually it is in none,
        // and to end none would be a warning in the database's log. In one that has failed `BEGIN` fails too, and the
        // connection is closed.
        .after_release(|connection, _| {
            Box::pin(async move {
                let rolled_back =
                    timeout(RELEASE_TIMEOUT, connection.execute("BEGIN; ROLLBACK")).await;
                Ok(rolled_back.is_ok_and(|done| done.is_ok()))
            })
        })
        .connect_lazy_with(options)
}

fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    Ok(options
        .application_name("ships-by")
        .statement_cache_capacity(STATEMENTS_MAX))
}

fn failed(url: &str) -> impl Fn(sqlx::Error) -> OpenError {
    let database = shown(url);
    move |source| OpenError::Database {
        database: database.clone(),
        source,
    }
}

/// The address without its password.
pub(in crate::store) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "the database".to_owned();
    };
    let rest = match rest.split_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{user}@{host}")
        }
        None => rest.to_owned(),
    };
    let rest = rest.split('?').next().unwrap_or_default();
    format!("{scheme}://{rest}")
}

/// True if the tables are those that this program makes.
async fn has_our_tables(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let has_any: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
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

/// The name of the role, if it, or one that it may turn into, passes over row-level security or owns the tables.
async fn mighty(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "
        SELECT CAST(current_user AS text)
         WHERE EXISTS
             ( SELECT 1
                 FROM pg_roles
                WHERE ( rolsuper
                     OR rolbypassrls
                     OR oid =
                      ( SELECT relowner
                          FROM pg_class
                         WHERE oid = to_regclass('store')
                      )
                      )
                  AND pg_has_role(session_user, oid, 'MEMBER')
             )",
    )
    .fetch_optional(connection)
    .await
}

/// Room in each page of the tables whose rows change all the time, in percent: a row that stays in its page is
/// changed without a word to the indexes.
const FILLED: [(&str, u32); 2] = [("store", 20), ("stock_level", 80)];

/// Says of tables what PostgreSQL cannot know: that each store has to be taken for as large as all together, so
/// that the rows of one are never looked through for a few, and which rows change all the time.
async fn prepare(owner: &mut PgConnection) -> Result<(), sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(
        "
        SELECT CAST(table_name AS text)
          FROM information_schema.columns
         WHERE table_schema = current_schema()
           AND column_name = 'store_id'
         ORDER BY table_name",
    )
    .fetch_all(&mut *owner)
    .await?;
    let alike = tables
        .iter()
        .map(|table| format!("ALTER TABLE \"{table}\" ALTER COLUMN store_id SET (n_distinct = 1)"));
    let filled = FILLED
        .iter()
        .map(|(table, percent)| format!("ALTER TABLE \"{table}\" SET (fillfactor = {percent})"));
    for statement in alike.chain(filled) {
        owner.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}

/// Lets a role read and change the rows, make and change no table.
async fn grant(owner: &mut PgConnection, serving: &str) -> Result<(), sqlx::Error> {
    let role = serving.replace('"', "\"\"");
    for grant in [
        format!("GRANT USAGE ON SCHEMA public TO \"{role}\""),
        format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \"{role}\""
        ),
        format!("REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM \"{role}\""),
        format!("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO \"{role}\""),
    ] {
        owner.execute(AssertSqlSafe(grant)).await?;
    }
    Ok(())
}
