//! A fresh database of PostgreSQL for each test, which goes when the test has ended: all of them would fill a small disk.

use std::mem;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use server::store::Store;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Names the server, and a role that may make databases and roles: `postgres://postgres@127.0.0.1:5433`.
const VARIABLE: &str = "SHIPSBY_TEST_POSTGRES";
/// Who owns the tables.
const OWNER: &str = "ships_by_owner";
/// Who serves.
const SERVING: &str = "ships_by";
/// One test at a time makes a database.
const LOCK: i64 = 7_447_297;

/// The databases of tests that have ended. Whoever makes the next one drops them.
static ENDED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A database that is there for as long as this is.
#[derive(Debug)]
pub struct Lent {
    name: String,
    /// Its address, for the role that serves.
    pub url: String,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
        ended.push(mem::take(&mut self.name));
    }
}

/// A fresh database; `None` where no server is named.
pub async fn fresh() -> Option<Lent> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var(VARIABLE).ok()?;
    let name = format!(
        "test_{}_{}",
        process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    make(&server, &name).await.expect("a database of its own");
    let url = address(&server, SERVING, &name);
    Some(Lent { name, url })
}

/// The address of a database of the same server, for another role.
pub fn address(server: &str, role: &str, database: &str) -> String {
    let (_, host) = server.split_once('@').expect("postgres://role@host:port");
    let host = host.split('/').next().unwrap_or(host);
    format!("postgres://{role}@{host}/{database}")
}

async fn make(server: &str, name: &str) -> Result<(), sqlx::Error> {
    let mut admin = PgConnection::connect(&format!("{server}/postgres")).await?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut admin)
        .await?;
    let ended = mem::take(&mut *ENDED.lock().unwrap_or_else(PoisonError::into_inner));
    for ended in ended {
        let drop = format!("DROP DATABASE {ended} WITH (FORCE)");
        admin.execute(AssertSqlSafe(drop)).await?;
    }
    // The tables are made once for each build of this program.
    let template = format!("template_{}", fingerprint());
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&template)
            .fetch_one(&mut admin)
            .await?;
    if !known {
        for role in [OWNER, SERVING] {
            let made = format!("CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS");
            let made = admin.execute(AssertSqlSafe(made)).await;
            made.or_else(|error| match error.as_database_error() {
                Some(known) if known.code().as_deref() == Some("42710") => Ok(Default::default()),
                _ => Err(error),
            })?;
        }
        // Under another name until it is whole.
        let part = format!("part_{}", process::id());
        let create = format!("CREATE DATABASE {part} OWNER {OWNER}");
        admin.execute(AssertSqlSafe(create)).await?;
        let url = address(server, OWNER, &part);
        Store::migrate(&url, SERVING).await.expect("the tables");
        let rename = format!("ALTER DATABASE {part} RENAME TO {template}");
        admin.execute(AssertSqlSafe(rename)).await?;
    }
    let create = format!("CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}");
    admin.execute(AssertSqlSafe(create)).await?;
    admin.close().await
}

/// Differs when the tables do.
fn fingerprint() -> u64 {
    let migrations = sqlx::migrate!("./migrations/postgres");
    migrations.iter().fold(0, |sum, migration| {
        let bytes = migration.checksum.iter().take(8);
        bytes.fold(sum, |sum: u64, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
        })
    })
}
