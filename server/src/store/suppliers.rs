//! Suppliers: who delivers, on which days, and how far their dates are to be believed.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use shared::calendar::WorkingDays;
use shared::ids::{Sku, StoreId, SupplierId};
use shared::reason::Stated;

use super::engine::stored;
use super::engine::{Session, query, query_as, query_scalar};
use super::locations::{Week, read_holidays, stored_holidays};
use super::reasons::{read_reason, stored_reason};
use super::skus::json_list;
use super::{Store, StoreError, Writing};

/// Who delivers to a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierRecord {
    /// Its id.
    pub id: SupplierId,
    /// What people call it.
    pub name: String,
    /// Days on which it takes orders and delivers.
    pub working_days: Week,
    /// Days off.
    pub holidays: BTreeSet<NaiveDate>,
    /// Calendar days from order to arrival, where declared.
    pub lead_time_days: Option<u32>,
    /// Calendar days added to each date it tells.
    pub buffer_days: u32,
    /// Why one waits for it, as the merchant says it.
    pub wait_reason: Option<Stated>,
    /// In which language it is written to, BCP 47; English where nobody said.
    pub language: Option<String>,
}

impl SupplierRecord {
    /// The days on which it works.
    pub fn days(&self) -> WorkingDays {
        WorkingDays::on(self.working_days.days()).without(self.holidays.iter().copied())
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    supplier: String,
    name: String,
    working_days: String,
    holidays: String,
    lead_time_days: Option<i64>,
    buffer_days: i64,
    reason_code: Option<String>,
    reason_words: Option<String>,
    language: Option<String>,
}

impl Store {
    /// All suppliers of a store, by id.
    pub async fn suppliers(&self, store: &StoreId) -> Result<Vec<SupplierRecord>, StoreError> {
        let mut reader = self.read(store).await?;
        suppliers(&mut reader, store, None).await
    }

    /// One supplier.
    pub async fn supplier(
        &self,
        store: &StoreId,
        id: &SupplierId,
    ) -> Result<Option<SupplierRecord>, StoreError> {
        let mut reader = self.read(store).await?;
        let found = suppliers(&mut reader, store, Some(&json_list(&[id]))).await?;
        Ok(found.into_iter().next())
    }
}

impl Writing {
    /// Makes a supplier or replaces it. Returns the SKUs whose dates may move by it.
    pub async fn put_supplier(&mut self, record: &SupplierRecord) -> Result<Vec<Sku>, StoreError> {
        let (reason_code, reason_words) = stored_reason(record.wait_reason.as_ref());
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
                 , reason_code
                 , reason_words
                 , language
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                ON CONFLICT (store_id, supplier) DO UPDATE
               SET name           = excluded.name
                 , working_days   = excluded.working_days
                 , holidays       = excluded.holidays
                 , lead_time_days = excluded.lead_time_days
                 , buffer_days    = excluded.buffer_days
                 , reason_code    = excluded.reason_code
                 , reason_words   = excluded.reason_words
                 , language       = excluded.language
                 , revision       = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(record.id.as_str())
        .bind(&record.name)
        .bind(record.working_days.stored())
        .bind(stored_holidays(&record.holidays))
        .bind(record.lead_time_days)
        .bind(record.buffer_days)
        .bind(reason_code)
        .bind(reason_words.as_deref())
        .bind(record.language.as_deref())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        let touched: Vec<String> = query_scalar(
            "
            UPDATE sku
               SET revision = $3
             WHERE store_id = $1
               AND ( supplier = $2
                  OR sku IN
                     ( SELECT line.sku
                         FROM purchase_order AS ordered
                         JOIN purchase_order_line AS line
                           ON line.store_id = ordered.store_id
                          AND line.purchase_order = ordered.purchase_order
                        WHERE ordered.store_id = $1
                          AND ordered.supplier = $2
                          AND ordered.status = 'open'
                     )
                   )
            RETURNING sku",
        )
        .bind(self.store.as_str())
        .bind(record.id.as_str())
        .bind(stored(self.revision))
        .fetch_all(&mut self.session)
        .await?;
        let sku = |sku: String| sku.parse().map_err(|_| StoreError::Unreadable("sku.sku"));
        touched.into_iter().map(sku).collect()
    }

    /// All suppliers, as this change sees them.
    pub async fn suppliers(&mut self) -> Result<Vec<SupplierRecord>, StoreError> {
        let store = self.store.clone();
        suppliers(&mut self.session, &store, None).await
    }

    /// One supplier, as this change sees it.
    pub async fn supplier(
        &mut self,
        id: &SupplierId,
    ) -> Result<Option<SupplierRecord>, StoreError> {
        let store = self.store.clone();
        let among = json_list(&[id]);
        let found = suppliers(&mut self.session, &store, Some(&among)).await?;
        Ok(found.into_iter().next())
    }

    /// True if the store has this supplier.
    pub async fn has_supplier(&mut self, id: &SupplierId) -> Result<bool, StoreError> {
        let known: bool = query_scalar(
            "
            SELECT EXISTS
                 ( SELECT 1
                     FROM supplier
                    WHERE store_id = $1
                      AND supplier = $2
                 )",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .fetch_one(&mut self.session)
        .await?;
        Ok(known)
    }
}

/// The suppliers of a JSON list, or all, as one connection sees them.
pub(super) async fn suppliers(
    connection: &mut Session,
    store: &StoreId,
    among: Option<&str>,
) -> Result<Vec<SupplierRecord>, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT supplier
             , name
             , working_days
             , holidays
             , lead_time_days
             , buffer_days
             , reason_code
             , reason_words
             , language
          FROM supplier
         WHERE store_id = $1
           AND ($2 IS NULL OR supplier IN (SELECT value FROM json_each($2)))
         ORDER BY supplier",
    )
    .bind(store.as_str())
    .bind(among)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::record).collect()
}

impl Row {
    fn record(self) -> Result<SupplierRecord, StoreError> {
        let unreadable = StoreError::Unreadable;
        let days =
            |days: i64| u32::try_from(days).map_err(|_| unreadable("supplier.lead_time_days"));
        Ok(SupplierRecord {
            id: self
                .supplier
                .parse()
                .map_err(|_| unreadable("supplier.supplier"))?,
            name: self.name,
            working_days: Week::read(&self.working_days)
                .ok_or(unreadable("supplier.working_days"))?,
            holidays: read_holidays(&self.holidays).ok_or(unreadable("supplier.holidays"))?,
            lead_time_days: self.lead_time_days.map(days).transpose()?,
            buffer_days: days(self.buffer_days)?,
            wait_reason: read_reason(self.reason_code.as_deref(), self.reason_words.as_deref())?,
            language: self.language,
        })
    }
}
