//! Bare SQLite: the statements that an order costs, on the server's own tables, and one commit for each order.
//!
//! ```sh
//! shipsby-bench-orders shop.sqlite orders.sql SKUS SECONDS RUN
//! ```
//!
//! Nothing is read, decided or told, and nobody asks over a network. All statements of an order are handed over at once,
//! so that none waits for the one before it to be answered. Prints what was measured as one line of JSON.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

const USAGE: &str = "usage: shipsby-bench-orders FILE STATEMENTS SKUS SECONDS RUN";
/// How long the answer is that the server keeps of an order of three lines.
const ANSWER_BYTES: usize = 1743;
/// How long a fingerprint is.
const FINGERPRINT_BYTES: usize = 32;
/// From one SKU to the next that is ordered: a prime, so that each has its turn.
const STRIDE: u64 = 7_919;
/// How much of the write-ahead log the server leaves when it is folded into the file.
const JOURNAL_BYTES_MAX: &str = "67108864";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().ok_or_else(|| io::Error::other(USAGE));
    let (file, statements) = (argument()?, fs::read_to_string(argument()?)?);
    let skus: u64 = argument()?.parse().map_err(io::Error::other)?;
    let seconds: f64 = argument()?.parse().map_err(io::Error::other)?;
    let run = argument()?;
    let length = Duration::from_secs_f64(seconds);
    let mut us = orders(&file, statements, skus, length, &run)
        .await
        .map_err(io::Error::other)?;
    us.sort_unstable();
    let at = |share: usize| us[(us.len() * share / 1_000).min(us.len() - 1)];
    println!(
        "{{\"orders\":{},\"p50_us\":{},\"p99_us\":{},\"max_us\":{}}}",
        us.len(),
        at(500),
        at(990),
        at(1_000),
    );
    Ok(())
}

/// Takes orders for so long, and returns how many microseconds each took.
async fn orders(
    file: &str,
    statements: String,
    skus: u64,
    length: Duration,
    run: &str,
) -> Result<Vec<u64>, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", JOURNAL_BYTES_MAX);
    let mut writer = SqliteConnection::connect_with(&options).await?;
    let revision = sqlx::query("SELECT revision FROM store WHERE store_id = 'default'");
    let revision: i64 = revision.fetch_one(&mut writer).await?.try_get(0)?;
    let order = Arc::<str>::from(format!("BEGIN IMMEDIATE;\n{statements}\nCOMMIT;"));
    let (answer, fingerprint) = (vec![b'x'; ANSWER_BYTES], vec![b'x'; FINGERPRINT_BYTES]);

    let mut us = Vec::new();
    let begun = Instant::now();
    for (number, revision) in (0_u64..).zip(revision + 1..) {
        if length <= begun.elapsed() {
            break;
        }
        let sku = |line: u64| format!("bench-{:07}", ((3 * number + line) * STRIDE) % skus);
        let asked = Instant::now();
        sqlx::query(AssertSqlSafe(Arc::clone(&order)))
            .bind(format!("ord-{run}-{number}"))
            .bind(sku(0))
            .bind(sku(1))
            .bind(sku(2))
            .bind(revision)
            .bind(&answer)
            .bind(&fingerprint)
            .execute(&mut writer)
            .await?;
        us.push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    writer.close().await?;
    Ok(us)
}
