//! How what was ordered turned out: what is learnt from.

use std::sync::Arc;

use chrono::NaiveDate;
use shared::ids::{PurchaseOrderId, StoreId, SupplierId};
use shared::lead_time::{Delivery, JUDGED_MAX, Level, Slip};

use super::engine::{Session, query, query_as, stored};
use super::import::Imported;
use super::skus::{quantity, read};
use super::{Store, StoreError, Writing};

/// Longest name of a way of shipping, in characters.
pub const MODE_CHARS_MAX: usize = 64;
/// What stands in place of a level where none would have been enough.
const NO_LEVEL: u8 = 100;

/// How a line of an order turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its id: `PO-7/cc-hoodie`, or `import:4711/2`.
    pub id: String,
    /// Who delivered.
    pub supplier: SupplierId,
    /// How it was shipped, where that is known.
    pub mode: Option<String>,
    /// The day of the order.
    pub ordered_on: NaiveDate,
    /// The first date that the supplier told, if it told one.
    pub promised_on: Option<NaiveDate>,
    /// The day on which the last of it came.
    pub received_on: NaiveDate,
    /// Units ordered, where that is known.
    pub ordered: Option<u32>,
    /// Units received, where that is known.
    pub received: Option<u32>,
}

/// Deliveries of a file, a part at a time, with the suppliers that they need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryBatch {
    /// The deliveries, each id once.
    pub deliveries: Vec<DeliveryRecord>,
    /// Suppliers that the file names and the store does not have yet.
    pub new_suppliers: Vec<(SupplierId, String)>,
}

/// The lowest level that would have foretold when a delivery comes; `None` inside: none would.
/// `None`: too little was known on the day of the order.
pub type Needed = Option<Option<Level>>;

/// What would have been needed to foretell a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Foretold {
    /// By how long the supplier takes.
    pub lead_time: Needed,
    /// By how much its dates slip, where it had told one.
    pub slip: Needed,
}

impl DeliveryRecord {
    /// Calendar days from order to arrival. What came before it was ordered, on paper, took none.
    pub fn days(&self) -> u32 {
        u32::try_from((self.received_on - self.ordered_on).num_days()).unwrap_or_default()
    }

    /// What it says of lead times.
    pub fn delivery(&self) -> Delivery {
        Delivery {
            supplier: self.supplier.clone(),
            mode: self.mode.as_deref().map(Arc::from),
            days: self.days(),
        }
    }

    /// What it says of the supplier's dates.
    pub fn slip(&self) -> Option<Slip> {
        let days = (self.received_on - self.promised_on?).num_days();
        Some(Slip {
            supplier: self.supplier.clone(),
            days: i32::try_from(days).ok()?,
        })
    }

    /// What it says of the supplier's counts: units ordered and units received.
    pub fn counts(&self) -> Option<(u32, u32)> {
        Some((self.ordered?, self.received?))
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    delivery: String,
    supplier: String,
    mode: Option<String>,
    ordered_on: NaiveDate,
    promised_on: Option<NaiveDate>,
    received_on: NaiveDate,
    quantity_ordered: Option<i64>,
    quantity_received: Option<i64>,
}

impl Writing {
    /// Writes down how the lines of a purchase order turned out of which no more is to come. Returns
    /// those that were not written down before.
    pub async fn record_deliveries(
        &mut self,
        id: &PurchaseOrderId,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            INSERT INTO delivery
                 ( store_id
                 , delivery
                 , supplier
                 , mode
                 , ordered_on
                 , promised_on
                 , received_on
                 , quantity_ordered
                 , quantity_received
                 , revision
                 )
            SELECT line.store_id
                 , line.purchase_order || '/' || line.sku
                 , ordered.supplier
                 , ordered.mode
                 , ordered.ordered_on
                 , line.promised_on
                 , max(receipt.received_on)
                 , line.asked
                 , line.received
                 , $3
              FROM purchase_order_line AS line
              JOIN purchase_order AS ordered
                ON ordered.store_id = line.store_id
               AND ordered.purchase_order = line.purchase_order
              JOIN receipt_line AS came
                ON came.store_id = line.store_id
               AND came.purchase_order = line.purchase_order
               AND came.sku = line.sku
              JOIN receipt
                ON receipt.store_id = came.store_id
               AND receipt.purchase_order = came.purchase_order
               AND receipt.receipt = came.receipt
             WHERE line.store_id = $1
               AND line.purchase_order = $2
               AND line.quantity <= line.received
               AND ordered.supplier IS NOT NULL
             GROUP BY line.store_id
                    , line.purchase_order
                    , line.sku
                    , ordered.supplier
                    , ordered.mode
                    , ordered.ordered_on
                    , line.promised_on
                    , line.asked
                    , line.received
                ON CONFLICT (store_id, delivery) DO NOTHING
            RETURNING delivery
                    , supplier
                    , mode
                    , ordered_on
                    , promised_on
                    , received_on
                    , quantity_ordered
                    , quantity_received",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(stored(self.revision))
        .fetch_all(&mut self.session)
        .await?;
        rows.into_iter().map(Row::record).collect()
    }

    /// Takes deliveries of a file in. Those that say what the store knows leave no trace.
    pub async fn import_deliveries(
        &mut self,
        batch: &DeliveryBatch,
    ) -> Result<Imported, StoreError> {
        self.add_suppliers(&batch.new_suppliers).await?;
        let rows: Vec<_> = batch.deliveries.iter().map(DeliveryRecord::cells).collect();
        let rows = serde_json::to_string(&rows).expect("texts and numbers are always JSON");
        let done = query(
            "
            INSERT INTO delivery
                 ( store_id
                 , delivery
                 , supplier
                 , mode
                 , ordered_on
                 , promised_on
                 , received_on
                 , quantity_ordered
                 , quantity_received
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , value ->> 2
                 , date(value ->> 3)
                 , date(value ->> 4)
                 , date(value ->> 5)
                 , CAST(value ->> 6 AS BIGINT)
                 , CAST(value ->> 7 AS BIGINT)
                 , $3
              FROM jsonb_each($2)
             WHERE true
                ON CONFLICT (store_id, delivery) DO UPDATE
               SET supplier          = excluded.supplier
                 , mode              = excluded.mode
                 , ordered_on        = excluded.ordered_on
                 , promised_on       = excluded.promised_on
                 , received_on       = excluded.received_on
                 , quantity_ordered  = excluded.quantity_ordered
                 , quantity_received = excluded.quantity_received
                 , needed_level      = NULL
                 , needed_slip_level = NULL
                 , revision          = excluded.revision
             WHERE delivery.supplier <> excluded.supplier
                OR delivery.mode IS DISTINCT FROM excluded.mode
                OR delivery.ordered_on <> excluded.ordered_on
                OR delivery.promised_on IS DISTINCT FROM excluded.promised_on
                OR delivery.received_on <> excluded.received_on
                OR delivery.quantity_ordered IS DISTINCT FROM excluded.quantity_ordered
                OR delivery.quantity_received IS DISTINCT FROM excluded.quantity_received",
        )
        .bind(self.store.as_str())
        .bind(rows)
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        let changed = done;
        let all = u64::try_from(batch.deliveries.len()).unwrap_or(u64::MAX);
        Ok(Imported {
            changed,
            unchanged: all.saturating_sub(changed),
        })
    }

    /// The newest deliveries of all suppliers, newest first, that were received before a day.
    pub async fn newest(
        &mut self,
        before: Option<NaiveDate>,
        limit: usize,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        newest(&mut self.session, &self.store, before, limit).await
    }

    /// The newest deliveries of one supplier, newest first, that were received before a day.
    pub async fn newest_of(
        &mut self,
        supplier: &SupplierId,
        before: Option<NaiveDate>,
        limit: usize,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let store = self.store.clone();
        newest_of(&mut self.session, &store, supplier, before, limit).await
    }

    /// What was needed for the last deliveries of which it is known, oldest first.
    pub async fn foretold(&mut self) -> Result<Vec<Foretold>, StoreError> {
        let rows: Vec<(Option<i64>, Option<i64>)> = query_as(
            "
            SELECT needed_level
                 , needed_slip_level
              FROM delivery
             WHERE store_id = $1
               AND (needed_level IS NOT NULL OR needed_slip_level IS NOT NULL)
             ORDER BY received_on DESC
                    , delivery DESC
             LIMIT $2",
        )
        .bind(self.store.as_str())
        .bind(i64::try_from(JUDGED_MAX).unwrap_or(i64::MAX))
        .fetch_all(&mut self.session)
        .await?;
        let level = |needed: Option<i64>| {
            needed.map(|percent| u8::try_from(percent).ok().and_then(|p| Level::new(p).ok()))
        };
        let foretold = |(lead_time, slip)| Foretold {
            lead_time: level(lead_time),
            slip: level(slip),
        };
        Ok(rows.into_iter().rev().map(foretold).collect())
    }

    /// Writes down what was needed for each of these deliveries.
    pub async fn put_foretold(&mut self, judged: &[(String, Foretold)]) -> Result<(), StoreError> {
        let level =
            |needed: &Needed| needed.map(|level| level.map_or(NO_LEVEL, |level| level.percent()));
        let rows: Vec<(&str, Option<u8>, Option<u8>)> = judged
            .iter()
            .map(|(id, needed)| (id.as_str(), level(&needed.lead_time), level(&needed.slip)))
            .collect();
        let rows = serde_json::to_string(&rows).expect("texts and numbers are always JSON");
        query(
            "
            UPDATE delivery
               SET needed_level      = CAST(told.value ->> 1 AS BIGINT)
                 , needed_slip_level = CAST(told.value ->> 2 AS BIGINT)
              FROM jsonb_each($2) AS told
             WHERE delivery.store_id = $1
               AND delivery.delivery = told.value ->> 0
               AND ( delivery.needed_level IS DISTINCT FROM CAST(told.value ->> 1 AS BIGINT)
                  OR delivery.needed_slip_level IS DISTINCT FROM CAST(told.value ->> 2 AS BIGINT)
                   )",
        )
        .bind(self.store.as_str())
        .bind(rows)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    async fn add_suppliers(
        &mut self,
        suppliers: &[(SupplierId, String)],
    ) -> Result<(), StoreError> {
        for (id, name) in suppliers {
            query(
                "
                INSERT INTO supplier
                     ( store_id
                     , supplier
                     , name
                     , working_days
                     , holidays
                     , lead_time_days
                     , buffer_days
                     , revision
                     )
                VALUES ($1, $2, $3, '1111100', '[]', NULL, 0, $4)",
            )
            .bind(self.store.as_str())
            .bind(id.as_str())
            .bind(name)
            .bind(stored(self.revision))
            .execute(&mut self.session)
            .await?;
        }
        Ok(())
    }
}

impl Store {
    /// The newest deliveries of all suppliers, newest first.
    pub async fn newest_deliveries(
        &self,
        store: &StoreId,
        limit: usize,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        newest(&mut self.read(store).await?, store, None, limit).await
    }

    /// The newest deliveries of one supplier, newest first.
    pub async fn newest_deliveries_of(
        &self,
        store: &StoreId,
        supplier: &SupplierId,
        limit: usize,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        newest_of(&mut self.read(store).await?, store, supplier, None, limit).await
    }
}

async fn newest(
    session: &mut Session,
    store: &StoreId,
    before: Option<NaiveDate>,
    limit: usize,
) -> Result<Vec<DeliveryRecord>, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT delivery
             , supplier
             , mode
             , ordered_on
             , promised_on
             , received_on
             , quantity_ordered
             , quantity_received
          FROM delivery
         WHERE store_id = $1
           AND received_on < $2
         ORDER BY received_on DESC
                , delivery DESC
         LIMIT $3",
    )
    .bind(store.as_str())
    .bind(before.unwrap_or(END))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(session)
    .await?;
    rows.into_iter().map(Row::record).collect()
}

async fn newest_of(
    session: &mut Session,
    store: &StoreId,
    supplier: &SupplierId,
    before: Option<NaiveDate>,
    limit: usize,
) -> Result<Vec<DeliveryRecord>, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT delivery
             , supplier
             , mode
             , ordered_on
             , promised_on
             , received_on
             , quantity_ordered
             , quantity_received
          FROM delivery
         WHERE store_id = $1
           AND supplier = $2
           AND received_on < $3
         ORDER BY received_on DESC
                , delivery DESC
         LIMIT $4",
    )
    .bind(store.as_str())
    .bind(supplier.as_str())
    .bind(before.unwrap_or(END))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(session)
    .await?;
    rows.into_iter().map(Row::record).collect()
}

/// After every day that may be written down.
const END: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");

/// A delivery as a row of JSON.
type Cells<'a> = (
    &'a str,
    &'a str,
    Option<&'a str>,
    String,
    Option<String>,
    String,
    Option<u32>,
    Option<u32>,
);

impl DeliveryRecord {
    fn cells(&self) -> Cells<'_> {
        (
            &self.id,
            self.supplier.as_str(),
            self.mode.as_deref(),
            self.ordered_on.to_string(),
            self.promised_on.map(|day| day.to_string()),
            self.received_on.to_string(),
            self.ordered,
            self.received,
        )
    }
}

impl Row {
    fn record(self) -> Result<DeliveryRecord, StoreError> {
        let units = |units: Option<i64>| -> Result<Option<u32>, StoreError> {
            Ok(units.map(quantity).transpose()?.map(|units| units.units()))
        };
        Ok(DeliveryRecord {
            supplier: read(&self.supplier, "delivery.supplier")?,
            ordered: units(self.quantity_ordered)?,
            received: units(self.quantity_received)?,
            id: self.delivery,
            mode: self.mode,
            ordered_on: self.ordered_on,
            promised_on: self.promised_on,
            received_on: self.received_on,
        })
    }
}
