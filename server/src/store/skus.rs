//! SKUs: how each may be sold.

use std::str::FromStr;

use chrono::NaiveDate;
use shared::ids::{Sku, StoreId, SupplierId};
use shared::quantity::Quantity;
use shared::reason::Stated;
use shared::supply::BackorderMode;

use super::engine::stored;
use super::engine::{Query, Session, query, query_as, query_scalar};
use super::reasons::{read_reason, stored_reason};
use super::{Store, StoreError, Writing};

/// How a SKU may be sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuRecord {
    /// The SKU.
    pub sku: Sku,
    /// The merchant's name for it.
    pub title: Option<String>,
    /// False: it is not counted and always there.
    pub tracked: bool,
    /// No more will come.
    pub discontinued: bool,
    /// Whether more than is on the shelf may be sold.
    pub backorder: BackorderMode,
    /// Most units that may be owed at once.
    pub backorder_limit: Option<Quantity>,
    /// Why there is a wait, in the merchant's words, for all languages that have none of their own.
    pub reason: Option<String>,
    /// The same as a code, and in words for single languages.
    pub wait_reason: Option<Stated>,
    /// Before this date none leaves the house.
    pub released_on: Option<NaiveDate>,
    /// After this date only what is on the shelf is sold.
    pub sell_until: Option<NaiveDate>,
    /// Days ahead beyond which none is promised, where that is sooner than the store's horizon.
    pub promise_days_max: Option<u32>,
    /// At or below this it reads as low.
    pub low_stock_threshold: Quantity,
    /// Who delivers it.
    pub supplier: Option<SupplierId>,
    /// Calendar days from order to arrival; the supplier's where there are none.
    pub lead_time_days: Option<u32>,
    /// What a kit is made of; empty for all else.
    pub kit: Vec<Component>,
    /// The commit that last changed anything about it.
    pub revision: u64,
}

/// Part of a kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The SKU in it.
    pub sku: Sku,
    /// How many of it.
    pub quantity: Quantity,
}

impl SkuRecord {
    /// A SKU that is counted and sold only from the shelf.
    pub fn new(sku: Sku) -> Self {
        Self {
            sku,
            title: None,
            tracked: true,
            discontinued: false,
            backorder: BackorderMode::Deny,
            backorder_limit: None,
            reason: None,
            wait_reason: None,
            released_on: None,
            sell_until: None,
            promise_days_max: None,
            low_stock_threshold: Quantity::ZERO,
            supplier: None,
            lead_time_days: None,
            kit: Vec::new(),
            revision: 0,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    sku: String,
    title: Option<String>,
    tracked: bool,
    discontinued: bool,
    backorder: String,
    backorder_limit: Option<i64>,
    reason: Option<String>,
    reason_code: Option<String>,
    reason_words: Option<String>,
    released_on: Option<NaiveDate>,
    sell_until: Option<NaiveDate>,
    promise_days_max: Option<i64>,
    low_stock_threshold: i64,
    supplier: Option<String>,
    lead_time_days: Option<i64>,
    kit: Option<String>,
    revision: i64,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct StoredComponent {
    sku: String,
    quantity: u32,
}

impl Store {
    /// One SKU.
    pub async fn sku(&self, store: &StoreId, sku: &Sku) -> Result<Option<SkuRecord>, StoreError> {
        let mut found = records(
            &mut self.read(store).await?,
            store,
            &json_list(std::slice::from_ref(sku)),
        )
        .await?;
        Ok(found.pop())
    }

    /// At most `limit` SKUs that come after `after` in the order of their bytes.
    pub async fn skus(
        &self,
        store: &StoreId,
        after: Option<&Sku>,
        limit: u32,
    ) -> Result<Vec<SkuRecord>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT sku
                 , title
                 , tracked
                 , discontinued
                 , backorder
                 , backorder_limit
                 , reason
                 , reason_code
                 , reason_words
                 , released_on
                 , sell_until
                 , promise_days_max
                 , low_stock_threshold
                 , supplier
                 , lead_time_days
                 , kit
                 , revision
              FROM sku
             WHERE store_id = $1
               AND $2 < sku
             ORDER BY sku
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after.map_or("", Sku::as_str))
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::record).collect()
    }
}

impl Writing {
    /// Makes a SKU or replaces it. Its stock stays as it is.
    pub async fn put_sku(&mut self, record: &SkuRecord) -> Result<(), StoreError> {
        let (reason_code, reason_words) = stored_reason(record.wait_reason.as_ref());
        query(
            "
            INSERT INTO sku
                 ( store_id
                 , sku
                 , title
                 , tracked
                 , discontinued
                 , backorder
                 , backorder_limit
                 , reason
                 , reason_code
                 , reason_words
                 , released_on
                 , sell_until
                 , promise_days_max
                 , low_stock_threshold
                 , supplier
                 , lead_time_days
                 , kit
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
                ON CONFLICT (store_id, sku) DO UPDATE
               SET title               = excluded.title
                 , tracked             = excluded.tracked
                 , discontinued        = excluded.discontinued
                 , backorder           = excluded.backorder
                 , backorder_limit     = excluded.backorder_limit
                 , reason              = excluded.reason
                 , reason_code         = excluded.reason_code
                 , reason_words        = excluded.reason_words
                 , released_on         = excluded.released_on
                 , sell_until          = excluded.sell_until
                 , promise_days_max    = excluded.promise_days_max
                 , low_stock_threshold = excluded.low_stock_threshold
                 , supplier            = excluded.supplier
                 , lead_time_days      = excluded.lead_time_days
                 , kit                 = excluded.kit
                 , revision            = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(record.sku.as_str())
        .bind(record.title.as_deref())
        .bind(record.tracked)
        .bind(record.discontinued)
        .bind(record.backorder.name())
        .bind(record.backorder_limit.map(Quantity::units))
        .bind(record.reason.as_deref())
        .bind(reason_code)
        .bind(reason_words.as_deref())
        .bind(record.released_on)
        .bind(record.sell_until)
        .bind(record.promise_days_max)
        .bind(record.low_stock_threshold.units())
        .bind(record.supplier.as_ref().map(SupplierId::as_str))
        .bind(record.lead_time_days)
        .bind(stored_kit(&record.kit))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Of `skus`, those that the store does not know.
    pub async fn unknown_skus(&mut self, skus: &[Sku]) -> Result<Vec<Sku>, StoreError> {
        let unknown: Vec<String> = query_scalar(
            "
            SELECT asked.value
              FROM json_each($2) AS asked
             WHERE NOT EXISTS
                 ( SELECT 1
                     FROM sku
                    WHERE store_id = $1
                      AND sku = asked.value
                 )",
        )
        .bind(self.store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.session)
        .await?;
        unknown.into_iter().map(|sku| read(&sku, "sku")).collect()
    }

    /// Says that facts about these SKUs changed, so that they are loaded anew everywhere.
    pub(super) async fn touch(&mut self, skus: &[Sku]) -> Result<(), StoreError> {
        self.touching(skus).execute(&mut self.session).await?;
        Ok(())
    }

    /// Says the same as an insertion of what is there already: it looks each up by its key, where an update by
    /// a list may go through all SKUs of the store.
    pub(super) fn touching(&self, skus: &[Sku]) -> Query<()> {
        self.touching_at(skus, self.revision)
    }

    /// The same for another of several changes.
    pub(super) fn touching_at(&self, skus: &[Sku], revision: u64) -> Query<()> {
        query(
            "
            INSERT INTO sku
                 ( store_id
                 , sku
                 , tracked
                 , discontinued
                 , backorder
                 , low_stock_threshold
                 , revision
                 )
            SELECT $1
                 , asked.value
                 , true
                 , false
                 , 'deny'
                 , 0
                 , $3
              FROM (SELECT DISTINCT value FROM json_each($2)) AS asked
             WHERE 0 <
                 ( SELECT count(*)
                     FROM sku AS known
                    WHERE known.store_id = $1
                      AND known.sku = asked.value
                 )
                ON CONFLICT (store_id, sku) DO UPDATE
               SET revision = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(json_list(skus))
        .bind(stored(revision))
    }
}

/// The SKUs of a list that [`json_list`] made, those that the store knows.
pub(super) async fn records(
    session: &mut Session,
    store: &StoreId,
    asked: &str,
) -> Result<Vec<SkuRecord>, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT sku
             , title
             , tracked
             , discontinued
             , backorder
             , backorder_limit
             , reason
             , reason_code
             , reason_words
             , released_on
             , sell_until
             , promise_days_max
             , low_stock_threshold
             , supplier
             , lead_time_days
             , kit
             , revision
          FROM sku
         WHERE store_id = $1
           AND sku IN (SELECT value FROM json_each($2))",
    )
    .bind(store.as_str())
    .bind(asked)
    .fetch_all(session)
    .await?;
    rows.into_iter().map(Row::record).collect()
}

impl Row {
    fn record(self) -> Result<SkuRecord, StoreError> {
        Ok(SkuRecord {
            sku: read(&self.sku, "sku.sku")?,
            title: self.title,
            tracked: self.tracked,
            discontinued: self.discontinued,
            backorder: BackorderMode::named(&self.backorder)
                .ok_or(StoreError::Unreadable("sku.backorder"))?,
            backorder_limit: self.backorder_limit.map(quantity).transpose()?,
            reason: self.reason,
            wait_reason: read_reason(self.reason_code.as_deref(), self.reason_words.as_deref())?,
            released_on: self.released_on,
            sell_until: self.sell_until,
            promise_days_max: days(self.promise_days_max, "sku.promise_days_max")?,
            low_stock_threshold: quantity(self.low_stock_threshold)?,
            supplier: self
                .supplier
                .map(|id| read(&id, "sku.supplier"))
                .transpose()?,
            lead_time_days: days(self.lead_time_days, "sku.lead_time_days")?,
            kit: self.kit.as_deref().map_or(Ok(Vec::new()), read_kit)?,
            revision: self.revision.unsigned_abs(),
        })
    }
}

/// A list of ids as the JSON that `json_each` takes.
pub(super) fn json_list<T: ToString>(ids: &[T]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    serde_json::to_string(&ids).expect("a list of strings is always JSON")
}

/// Reads an id that this program wrote.
pub(super) fn read<T: FromStr>(stored: &str, column: &'static str) -> Result<T, StoreError> {
    stored.parse().map_err(|_| StoreError::Unreadable(column))
}

/// Reads a count that the schema keeps in range.
pub(super) fn quantity(stored: i64) -> Result<Quantity, StoreError> {
    u32::try_from(stored)
        .map(Quantity::new)
        .map_err(|_| StoreError::Unreadable("a quantity"))
}

fn stored_kit(kit: &[Component]) -> Option<String> {
    if kit.is_empty() {
        return None;
    }
    let parts: Vec<StoredComponent> = kit
        .iter()
        .map(|part| StoredComponent {
            sku: part.sku.to_string(),
            quantity: part.quantity.units(),
        })
        .collect();
    Some(serde_json::to_string(&parts).expect("strings and numbers are always JSON"))
}

fn read_kit(stored: &str) -> Result<Vec<Component>, StoreError> {
    let parts: Vec<StoredComponent> =
        serde_json::from_str(stored).map_err(|_| StoreError::Unreadable("sku.kit"))?;
    let component = |part: StoredComponent| {
        Ok(Component {
            sku: read(&part.sku, "sku.kit")?,
            quantity: Quantity::new(part.quantity),
        })
    };
    parts.into_iter().map(component).collect()
}

/// A number of days, where there is one.
pub(super) fn days(stored: Option<i64>, field: &'static str) -> Result<Option<u32>, StoreError> {
    let days = stored.map(|days| u32::try_from(days).map_err(|_| StoreError::Unreadable(field)));
    days.transpose()
}
