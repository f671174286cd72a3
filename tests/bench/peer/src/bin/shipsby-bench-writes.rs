//! The least that a server can do to write: axum, sqlx and one bare statement for a change of stock and its ledger.
//!
//! ```sh
//! shipsby-bench-writes 127.0.0.1:9000 shop.sqlite 1000
//! shipsby-bench-writes 127.0.0.1:9000 postgres://postgres@127.0.0.1:5432/peer 1000
//! ```
//!
//! SQLite has one writer, to which changes queue; those that wait share a commit. PostgreSQL does both parts of a change
//! in one statement. Both with what makes a commit durable (`synchronous=FULL`, `synchronous_commit=on`). No keys, no
//! idempotency, no promises that might move, no memory to refresh.

use std::sync::Arc;
use std::{env, io};

use axum::Router;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

const USAGE: &str = "usage: shipsby-bench-writes ADDRESS FILE_OR_URL SKUS";
/// Changes that share a commit at most.
const TOGETHER_MAX: usize = 64;
/// Changes that wait at most.
const WAITING_MAX: usize = 4096;
/// Connections to PostgreSQL.
const CONNECTIONS_MAX: u32 = 16;

const TABLES: &str = "
    CREATE TABLE level (sku TEXT PRIMARY KEY, on_hand BIGINT NOT NULL);
    CREATE TABLE movement (id INTEGER PRIMARY KEY, sku TEXT NOT NULL, change BIGINT NOT NULL);
";
const TABLES_OF_POSTGRES: &str = "
    DROP TABLE IF EXISTS level, movement;
    CREATE TABLE level (sku TEXT PRIMARY KEY, on_hand BIGINT NOT NULL) WITH (fillfactor = 50);
    CREATE TABLE movement (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku TEXT NOT NULL, change BIGINT NOT NULL);
";

#[derive(Deserialize)]
struct Adjust {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    change: i64,
}

#[derive(Serialize)]
struct Adjusted {
    on_hand: i64,
}

struct Waiting {
    line: Line,
    done: oneshot::Sender<i64>,
}

#[derive(Clone)]
enum Database {
    Sqlite(mpsc::Sender<Waiting>),
    Postgres(Arc<PgPool>),
}

type Refused = (StatusCode, String);

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().ok_or_else(|| io::Error::other(USAGE));
    let (address, database, skus) = (argument()?, argument()?, argument()?);
    let skus: i64 = skus.parse().map_err(io::Error::other)?;
    let database = match database.starts_with("postgres://") {
        true => postgres(&database, skus).await,
        false => sqlite(&database, skus).await,
    };
    let router = Router::new()
        .route("/healthz", get(|| async { "alive" }))
        .route("/v1/stock/adjustments", post(adjust))
        .with_state(database.map_err(io::Error::other)?);
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await
}

async fn adjust(
    State(database): State<Database>,
    Json(mut ask): Json<Adjust>,
) -> Result<Json<Adjusted>, Refused> {
    let line = ask.lines.pop().ok_or_else(|| failed("no line"))?;
    let on_hand = match database {
        Database::Sqlite(queue) => {
            let (done, ended) = oneshot::channel();
            queue.send(Waiting { line, done }).await.map_err(failed)?;
            ended.await.map_err(failed)?
        }
        Database::Postgres(pool) => sqlx::query_scalar(
            "
              WITH moved AS
                 ( INSERT INTO movement (sku, change)
                   VALUES ($1, $2)
                 )
            UPDATE level
               SET on_hand = on_hand + $2
             WHERE sku = $1
            RETURNING on_hand",
        )
        .bind(line.sku)
        .bind(line.change)
        .fetch_one(&*pool)
        .await
        .map_err(failed)?,
    };
    Ok(Json(Adjusted { on_hand }))
}

fn failed(error: impl ToString) -> Refused {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

async fn postgres(url: &str, skus: i64) -> Result<Database, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .connect(url)
        .await?;
    pool.execute(TABLES_OF_POSTGRES).await?;
    sqlx::query(
        "
        INSERT INTO level
        SELECT 'bench-' || lpad(CAST(number AS text), 7, '0'), 100
          FROM generate_series(0, $1 - 1) AS number",
    )
    .bind(skus)
    .execute(&pool)
    .await?;
    Ok(Database::Postgres(Arc::new(pool)))
}

async fn sqlite(path: &str, skus: i64) -> Result<Database, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut writer = SqliteConnection::connect_with(&options).await?;
    writer.execute(TABLES).await?;
    sqlx::query(
        "
          WITH RECURSIVE numbers (number) AS
             ( SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < $1 )
        INSERT INTO level
        SELECT printf('bench-%07d', number), 100
          FROM numbers",
    )
    .bind(skus)
    .execute(&mut writer)
    .await?;
    let (queue, waiting) = mpsc::channel(WAITING_MAX);
    tokio::spawn(write(writer, waiting));
    Ok(Database::Sqlite(queue))
}

/// Writes what waits, as much as there is, in one commit after the other.
async fn write(mut writer: SqliteConnection, mut waiting: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(TOGETHER_MAX);
    while waiting.recv_many(&mut batch, TOGETHER_MAX).await > 0 {
        match write_batch(&mut writer, &batch).await {
            Ok(levels) => {
                for (one, level) in batch.drain(..).zip(levels) {
                    // Whoever does not wait any more need not know.
                    let _ = one.done.send(level);
                }
            }
            // Whoever waits is told by the end of its channel.
            Err(_) => batch.clear(),
        }
    }
}

async fn write_batch(
    writer: &mut SqliteConnection,
    batch: &[Waiting],
) -> Result<Vec<i64>, sqlx::Error> {
    let mut levels = Vec::with_capacity(batch.len());
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for Waiting { line, .. } in batch {
        let level = sqlx::query_scalar(
            "UPDATE level SET on_hand = on_hand + $2 WHERE sku = $1 RETURNING on_hand",
        )
        .bind(&line.sku)
        .bind(line.change)
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query("INSERT INTO movement (sku, change) VALUES ($1, $2)")
            .bind(&line.sku)
            .bind(line.change)
            .execute(&mut *transaction)
            .await?;
        levels.push(level);
    }
    transaction.commit().await?;
    Ok(levels)
}
