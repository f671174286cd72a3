//! Is the database sound? Copies it too, while others use it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use shared::ids::StoreId;

use super::audit::rows_that_were_changed;
use super::demand_soundness::faults_of_demand;
use super::engine::sqlite::Sqlite;
use super::engine::{Engine, Session, query_as};
use super::money_soundness::{
    captures_without_their_shipment, charges_beside_their_order, refunds_beside_their_charge,
    rules_beside_their_offers,
};
use super::{Store, StoreError};

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What was checked.
    pub check: &'static str,
    /// What was found.
    pub found: String,
}

/// Faults of one kind that are listed.
pub(super) const FAULTS_MAX: u32 = 20;

impl Store {
    /// Looks for faults: in the file, in references, between counters and their ledger.
    pub async fn faults(&self) -> Result<Vec<Fault>, StoreError> {
        let mut faults = match &self.0.engine {
            Engine::Sqlite(engine) => damage(engine).await?,
            // PostgreSQL looks after its pages and references itself.
            Engine::Postgres(_) => Vec::new(),
        };
        for standing in self.standings().await? {
            faults.extend(self.faults_of(&standing.store).await?);
        }
        Ok(faults)
    }

    /// Looks for faults in what one store has.
    pub async fn faults_of(&self, store: &StoreId) -> Result<Vec<Fault>, StoreError> {
        // One session for all: they look at the same moment.
        let session = &mut self.read(store).await?;
        session.go_through_all().await?;
        let mut faults = levels_beside_their_ledger(session, store).await?;
        faults.extend(receipts_beside_their_lines(session, store).await?);
        faults.extend(lines_beyond_what_was_asked_for(session, store).await?);
        faults.extend(lines_without_their_delivery(session, store).await?);
        faults.extend(claims_beside_what_is_promised(session, store).await?);
        faults.extend(parts_beside_their_promises(session, store).await?);
        faults.extend(lines_beside_what_became_of_them(session, store).await?);
        faults.extend(captures_without_their_shipment(session, store).await?);
        faults.extend(charges_beside_their_order(session, store).await?);
        faults.extend(refunds_beside_their_charge(session, store).await?);
        faults.extend(rules_beside_their_offers(session, store).await?);
        faults.extend(faults_of_demand(session, store).await?);
        faults.extend(rows_that_were_changed(session, store).await?);
        faults.extend(revisions_ahead_of_their_store(session, store).await?);
        Ok(faults)
    }

    /// Writes a copy of the whole database to `target`, which must not exist. It is there whole, and
    /// stays through a power cut, or it is not there.
    pub async fn copy_to(&self, target: &str) -> Result<(), StoreError> {
        let part = format!("{target}.part");
        // What an attempt left that was cut short.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritten(error)),
            _ => {}
        }
        let Engine::Sqlite(engine) = &self.0.engine else {
            return Err(StoreError::NotHere(
                "a copy of PostgreSQL is made with pg_dump",
            ));
        };
        let copied = sqlx::query("VACUUM INTO ?1")
            .bind(&part)
            .execute(engine.writer())
            .await;
        let kept = match copied {
            Ok(_) => keep(&part, target).map_err(unwritten),
            Err(error) => Err(error.into()),
        };
        if kept.is_err() {
            let _ = fs::remove_file(&part);
        }
        kept
    }
}

async fn levels_beside_their_ledger(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String, String, i64, i64)> = query_as(
        "
        SELECT store_id
             , sku
             , location
             , CAST(sum(on_hand) AS BIGINT)
             , CAST(sum(change) AS BIGINT)
          FROM ( SELECT store_id
                      , sku
                      , location
                      , on_hand
                      , 0 AS change
                   FROM stock_level
                  WHERE store_id = $1
                  UNION ALL
                 SELECT store_id
                      , sku
                      , location
                      , 0
                      , change
                   FROM movement
                  WHERE store_id = $1
               ) AS counted
         GROUP BY store_id
                , sku
                , location
        HAVING sum(on_hand) <> sum(change)
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(store, sku, location, on_hand, total)| Fault {
            check: "what is on hand is the sum of its movements",
            found: format!(
                "{sku} at {location} of store {store}: {on_hand} on hand, movements add up to {total}"
            ),
        })
        .collect())
}

async fn receipts_beside_their_lines(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String, String, i64, i64)> = query_as(
        "
          WITH receipts AS
             ( SELECT store_id
                    , purchase_order
                    , sku
                    , CAST(sum(quantity) AS BIGINT) AS total
                 FROM receipt_line
                WHERE store_id = $1
                GROUP BY store_id
                       , purchase_order
                       , sku
             )
        SELECT line.store_id
             , line.purchase_order
             , line.sku
             , line.received
             , coalesce(receipts.total, 0)
          FROM purchase_order_line AS line
          LEFT JOIN receipts
            ON receipts.store_id = line.store_id
           AND receipts.purchase_order = line.purchase_order
           AND receipts.sku = line.sku
         WHERE line.store_id = $1
           AND line.received <> coalesce(receipts.total, 0)
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(store, order, sku, received, total)| Fault {
            check: "what was received is the sum of its receipts",
            found: format!(
                "{sku} of {order} of store {store}: {received} received, receipts add up to {total}"
            ),
        })
        .collect())
}

async fn lines_beyond_what_was_asked_for(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String, String, i64, i64)> = query_as(
        "
        SELECT store_id
             , purchase_order
             , sku
             , quantity
             , asked
          FROM purchase_order_line
         WHERE store_id = $1
           AND asked < quantity
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(store, order, sku, quantity, asked)| Fault {
            check: "nothing is on order that was not asked for",
            found: format!(
                "{sku} of {order} of store {store}: {quantity} on order, at most {asked} were asked for"
            ),
        })
        .collect())
}

async fn lines_without_their_delivery(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String, String)> = query_as(
        "
        SELECT line.store_id
             , line.purchase_order
             , line.sku
          FROM purchase_order_line AS line
          JOIN purchase_order AS ordered
            ON ordered.store_id = line.store_id
           AND ordered.purchase_order = line.purchase_order
           AND ordered.supplier IS NOT NULL
          LEFT JOIN delivery
            ON delivery.store_id = line.store_id
           AND delivery.delivery = line.purchase_order || '/' || line.sku
         WHERE line.store_id = $1
           AND 0 < line.received
           AND line.quantity <= line.received
           AND delivery.delivery IS NULL
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(store, order, sku)| Fault {
            check: "how a line turned out is written down",
            found: format!(
                "{sku} of {order} of store {store} has come, and nothing is learnt from it"
            ),
        })
        .collect())
}

async fn claims_beside_what_is_promised(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String)> = query_as(
        "
        SELECT part.store_id
             , part.reservation
          FROM promised_part AS part
          JOIN reservation
            ON reservation.store_id = part.store_id
           AND reservation.reservation = part.reservation
         WHERE part.store_id = $1
           AND (reservation.ended_at_ms IS NULL AND part.ended_by IS NULL) <> EXISTS
             ( SELECT 1
                 FROM claim
                WHERE claim.store_id = part.store_id
                  AND claim.reservation = part.reservation
                  AND claim.line = part.line
                  AND claim.part = part.part
             )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(store, reservation): (String, String)| Fault {
        check: "what is promised claims supply, and nothing else does",
        found: format!("reservation {reservation} of store {store}"),
    };
    Ok(rows.into_iter().map(fault).collect())
}

async fn parts_beside_their_promises(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String)> = query_as(
        "
        SELECT part.store_id
             , part.reservation
          FROM promised_part AS part
         WHERE part.store_id = $1
           AND NOT EXISTS
             ( SELECT 1
                 FROM promise AS told
                WHERE told.store_id = part.store_id
                  AND told.reservation = part.reservation
                  AND told.line = part.line
                  AND told.part = part.part
                  AND told.quantity = part.quantity
                  AND told.location = part.location
                  AND told.ships_by IS NOT DISTINCT FROM part.ships_by
                  AND told.version =
                    ( SELECT max(version)
                        FROM promise
                       WHERE store_id = part.store_id
                         AND reservation = part.reservation
                         AND line = part.line
                         AND part = part.part
                    )
             )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(store, reservation): (String, String)| Fault {
        check: "what stands promised is what was told last",
        found: format!("reservation {reservation} of store {store}"),
    };
    Ok(rows.into_iter().map(fault).collect())
}

async fn lines_beside_what_became_of_them(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, i64)> = query_as(
        "
          WITH waiting AS
             ( SELECT reservation
                    , line
                    , sum(quantity) AS units
                 FROM promised_part
                WHERE store_id = $1
                  AND ended_by IS NULL
                GROUP BY reservation
                       , line
             )
             , gone AS
             ( SELECT shipment.sales_order
                    , shipment_line.line
                    , sum(shipment_line.quantity) AS units
                 FROM shipment_line
                 JOIN shipment
                   ON shipment.store_id = shipment_line.store_id
                  AND shipment.shipment = shipment_line.shipment
                WHERE shipment_line.store_id = $1
                GROUP BY shipment.sales_order
                       , shipment_line.line
             )
        SELECT ordered.sales_order
             , ordered.line
          FROM sales_order_line AS ordered
          LEFT JOIN waiting
            ON waiting.reservation = ordered.sales_order
           AND waiting.line = ordered.line
          LEFT JOIN gone
            ON gone.sales_order = ordered.sales_order
           AND gone.line = ordered.line
         WHERE ordered.store_id = $1
           AND ( ordered.shipped <> coalesce(gone.units, 0)
              OR ordered.quantity - ordered.shipped - ordered.cancelled <> coalesce(waiting.units, 0)
               )
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    let fault = |(order, line): (String, i64)| Fault {
        check: "what was ordered waits, was shipped or was cancelled",
        found: format!("line {line} of order {order} of store {store}"),
    };
    Ok(rows.into_iter().map(fault).collect())
}

async fn revisions_ahead_of_their_store(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let rows: Vec<(String, String, i64, i64)> = query_as(
        "
        SELECT sku.store_id
             , sku.sku
             , sku.revision
             , store.revision
          FROM store
          JOIN sku
            ON sku.store_id = store.store_id
           AND store.revision < sku.revision
         WHERE store.store_id = $1
         LIMIT $2",
    )
    .bind(store.as_str())
    .bind(FAULTS_MAX)
    .fetch_all_patiently(session)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(store, sku, revision, newest)| Fault {
            check: "nothing is newer than its store",
            found: format!("{sku} of store {store} has revision {revision}, the store {newest}"),
        })
        .collect())
}

/// What SQLite itself finds wrong with the file.
async fn damage(engine: &Sqlite) -> Result<Vec<Fault>, StoreError> {
    let damage: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)")
        .fetch_all(engine.readers())
        .await?;
    let mut faults: Vec<Fault> = damage
        .into_iter()
        .filter(|line| line != "ok")
        .map(|found| Fault {
            check: "the file is intact",
            found,
        })
        .collect();
    let dangling: Vec<(String, Option<i64>, String, i64)> =
        sqlx::query_as("PRAGMA foreign_key_check")
            .fetch_all(engine.readers())
            .await?;
    faults.extend(dangling.into_iter().map(|(table, _, parent, _)| Fault {
        check: "what is referred to exists",
        found: format!("a row of {table} refers to no row of {parent}"),
    }));
    Ok(faults)
}

/// Brings a file to its place, and both to the disk.
fn keep(part: &str, target: &str) -> io::Result<()> {
    if fs::exists(target)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    File::open(part)?.sync_all()?;
    fs::rename(part, target)?;
    let folder = Path::new(target).parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn unwritten(error: io::Error) -> StoreError {
    sqlx::Error::Io(error).into()
}
