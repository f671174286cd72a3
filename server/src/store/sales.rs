//! What was sold of each SKU, month by month of the store's time zone: as files say, and as our own orders do.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use shared::ids::{Sku, StoreId};

use super::engine::{json_rows, query, query_as, query_scalar, stored};
use super::import::Imported;
use super::skus::{json_list, read};
use super::{Store, StoreError, Writing};

/// Units of each day that a file names.
pub type SoldDays = Vec<(NaiveDate, u32)>;

/// What was sold in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoldMonth {
    /// Its first day.
    pub month: NaiveDate,
    /// Units: what files say or what our own orders do, whichever is more.
    pub units: u32,
    /// The shelf was empty for a while, and no more could be sold.
    pub was_empty: bool,
}

/// Units of the days of a month, by day.
pub(super) type Days = BTreeMap<u32, u32>;

impl Store {
    /// What was sold of each of these SKUs from a month on, oldest first. SKUs that never sold are not in it.
    pub async fn sales(
        &self,
        store: &StoreId,
        skus: &[Sku],
        from: NaiveDate,
    ) -> Result<HashMap<Sku, Vec<SoldMonth>>, StoreError> {
        let rows: Vec<(String, NaiveDate, i64, i64, bool)> = query_as(
            "
            SELECT sku
                 , month
                 , imported
                 , ordered
                 , was_empty
              FROM sales_month
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))
               AND $3 <= month
             ORDER BY sku
                    , month",
        )
        .bind(store.as_str())
        .bind(json_list(skus))
        .bind(from)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let mut sold: HashMap<Sku, Vec<SoldMonth>> = HashMap::with_capacity(skus.len());
        for months in rows.chunk_by(|one, next| one.0 == next.0) {
            let Some(first) = months.first() else {
                continue;
            };
            let month = |(_, month, imported, ordered, was_empty): &(_, _, i64, i64, bool)| {
                let units = u32::try_from(*imported.max(ordered));
                Ok(SoldMonth {
                    month: *month,
                    units: units.map_err(|_| StoreError::Unreadable("sales_month.imported"))?,
                    was_empty: *was_empty,
                })
            };
            let months: Result<Vec<SoldMonth>, StoreError> = months.iter().map(month).collect();
            sold.insert(read(&first.0, "sales_month.sku")?, months?);
        }
        Ok(sold)
    }

    /// Units of each day that files name, of one SKU from a day on, oldest first.
    pub async fn sold_days(
        &self,
        store: &StoreId,
        sku: &Sku,
        from: NaiveDate,
    ) -> Result<SoldDays, StoreError> {
        let rows: Vec<(NaiveDate, String)> = query_as(
            "
            SELECT month
                 , days
              FROM sales_month
             WHERE store_id = $1
               AND sku = $2
               AND $3 <= month
             ORDER BY month",
        )
        .bind(store.as_str())
        .bind(sku.as_str())
        .bind(from)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let mut sold = Vec::new();
        for (month, days) in rows {
            for (day, units) in read_days(&days)? {
                sold.extend(month.with_day(day).map(|day| (day, units)));
            }
        }
        Ok(sold)
    }

    /// True if what was sold of a SKU changed after a revision.
    pub async fn has_sold_after(&self, store: &StoreId, revision: u64) -> Result<bool, StoreError> {
        let found: Option<(bool,)> = query_as(
            "
            SELECT true
              FROM sales_month
             WHERE store_id = $1
               AND 0 < revision
               AND $2 < revision
             LIMIT 1",
        )
        .bind(store.as_str())
        .bind(stored(revision))
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }

    /// SKUs of which what was sold changed after a revision.
    pub async fn sold_after(&self, store: &StoreId, revision: u64) -> Result<Vec<Sku>, StoreError> {
        let skus: Vec<String> = query_scalar(
            "
            SELECT DISTINCT sku
              FROM sales_month
             WHERE store_id = $1
               AND 0 < revision
               AND $2 < revision",
        )
        .bind(store.as_str())
        .bind(stored(revision))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        skus.iter()
            .map(|sku| read(sku, "sales_month.sku"))
            .collect()
    }
}

impl Writing {
    /// Takes in what a file says of some SKUs, each once. What it says of a day takes the place of what a file said before, so a
    /// file that comes again changes nothing. Counts days.
    pub async fn import_sales(&mut self, sold: &[(Sku, SoldDays)]) -> Result<Imported, StoreError> {
        let skus: Vec<&Sku> = sold.iter().map(|(sku, _)| sku).collect();
        let mut known = self.days_of(&skus).await?;
        let mut imported = Imported::default();
        let mut rows: Vec<(&str, String, u64, String)> = Vec::new();
        for (sku, days) in sold {
            for month in days.chunk_by(|(one, _), (next, _)| first_of(*one) == first_of(*next)) {
                let Some((first, _)) = month.first() else {
                    continue;
                };
                let first = first_of(*first);
                let mut days = known.remove(&(sku.clone(), first)).unwrap_or_default();
                let mut changed = 0;
                for (day, units) in month {
                    let before = days.insert(day.day(), *units);
                    changed += u64::from(before != Some(*units));
                }
                imported.changed += changed;
                imported.unchanged += month.len() as u64 - changed;
                if 0 < changed {
                    let sum = days.values().map(|units| u64::from(*units)).sum();
                    let days = serde_json::to_string(&days).expect("numbers are always JSON");
                    rows.push((sku.as_str(), first.to_string(), sum, days));
                }
            }
        }
        query(
            "
            INSERT INTO sales_month
                 ( store_id
                 , sku
                 , month
                 , imported
                 , days
                 , ordered
                 , was_empty
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , date(value ->> 1)
                 , CAST(value ->> 2 AS BIGINT)
                 , value ->> 3
                 , 0
                 , false
                 , $3
              FROM jsonb_each($2)
             WHERE true
                ON CONFLICT (store_id, sku, month) DO UPDATE
               SET imported = excluded.imported
                 , days     = excluded.days
                 , revision = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(imported)
    }

    /// Counts anew what our own orders of a month sold: those placed from `from` on and before `until`.
    pub async fn count_orders(
        &mut self,
        month: NaiveDate,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        query(
            "
            INSERT INTO sales_month
                 ( store_id
                 , sku
                 , month
                 , imported
                 , days
                 , ordered
                 , was_empty
                 , revision
                 )
            SELECT $1
                 , line.sku
                 , $2
                 , 0
                 , '{}'
                 , CAST(sum(line.quantity - line.cancelled) AS BIGINT)
                 , false
                 , $5
              FROM sales_order AS placed
              JOIN sales_order_line AS line
                ON line.store_id = placed.store_id
               AND line.sales_order = placed.sales_order
             WHERE placed.store_id = $1
               AND 0 < placed.placed_at_ms
               AND $3 <= placed.placed_at_ms
               AND placed.placed_at_ms < $4
             GROUP BY line.sku
                ON CONFLICT (store_id, sku, month) DO UPDATE
               SET ordered  = excluded.ordered
                 , revision = excluded.revision
             WHERE sales_month.ordered <> excluded.ordered",
        )
        .bind(self.store.as_str())
        .bind(month)
        .bind(from.timestamp_millis())
        .bind(until.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await
    }

    /// Notes that in a month the shelf was empty of these SKUs, those among them that have sold before.
    pub async fn note_empty(&mut self, month: NaiveDate, skus: &[Sku]) -> Result<u64, StoreError> {
        query(
            "
            INSERT INTO sales_month
                 ( store_id
                 , sku
                 , month
                 , imported
                 , days
                 , ordered
                 , was_empty
                 , revision
                 )
            SELECT $1
                 , known.sku
                 , $2
                 , 0
                 , '{}'
                 , 0
                 , true
                 , $4
              FROM forecast AS known
             WHERE known.store_id = $1
               AND known.sku IN (SELECT value FROM json_each($3))
                ON CONFLICT (store_id, sku, month) DO UPDATE
               SET was_empty = true
                 , revision  = excluded.revision
             WHERE NOT sales_month.was_empty",
        )
        .bind(self.store.as_str())
        .bind(month)
        .bind(json_list(skus))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await
    }

    /// What files said of these SKUs so far.
    async fn days_of(
        &mut self,
        skus: &[&Sku],
    ) -> Result<HashMap<(Sku, NaiveDate), Days>, StoreError> {
        let rows: Vec<(String, NaiveDate, String)> = query_as(
            "
            SELECT sku
                 , month
                 , days
              FROM sales_month
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))",
        )
        .bind(self.store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.session)
        .await?;
        let row = |(sku, month, days): (String, NaiveDate, String)| {
            let days = read_days(&days)?;
            Ok(((read(&sku, "sales_month.sku")?, month), days))
        };
        rows.into_iter().map(row).collect()
    }
}

/// The first day of the month of a day.
pub fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

pub(super) fn read_days(text: &str) -> Result<Days, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable("sales_month.days"))
}
