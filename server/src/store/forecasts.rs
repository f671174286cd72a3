//! What will be wanted of each SKU and when to order it, as it was computed last, and how far that has come.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{Sku, StoreId, SupplierId};

use super::engine::{instant, json_rows, query, query_as, query_scalar, stored};
use super::skus::{json_list, read};
use super::{Store, StoreError, Writing};

/// What was forecast of a SKU.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastRecord {
    /// The SKU.
    pub sku: Sku,
    /// The first day of the last month that it knows.
    pub month: NaiveDate,
    /// What will be wanted.
    pub content: ForecastContent,
    /// Order when the position is at or below it; `None`: never.
    pub reorder_point: Option<u32>,
    /// When it was computed.
    pub made_at: DateTime<Utc>,
    /// The commit that wrote it.
    pub revision: u64,
}

/// What will be wanted of a SKU, and what follows for ordering it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastContent {
    /// Months that it rests on: those since the first sale.
    pub months: u32,
    /// Months of these in which the shelf was empty for a while.
    pub months_empty: u32,
    /// Ways in which the goods may be wanted, and how much each is believed, the most believed first; together 1.
    pub models: Vec<(String, f64)>,
    /// What is wanted within 1, 2, 3 ... months from the first that is not known.
    pub ahead: Vec<Wanted>,
    /// What is wanted until an order at the next review could be there; `None` where nobody knows how long orders take.
    pub until_covered: Option<Covered>,
    /// Units for what may be wanted beyond the mean.
    pub safety_stock: u32,
    /// Units of an order: what is wanted over the days that it should last, at least what the supplier sends, in whole packs.
    pub lot: u32,
    /// What is wanted over the days that an order should last.
    pub lot_wanted: u32,
    /// `cycle` or `fill`, and the percent aimed at.
    pub service: (String, u8),
    /// The same where it rests on the same: then nothing is computed again.
    pub inputs: String,
}

/// How much may be wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// Mean units.
    pub mean: f64,
    /// The fewest units that are enough in 50 of 100 cases.
    pub p50: u32,
    /// In 80.
    pub p80: u32,
    /// In 90.
    pub p90: u32,
    /// In 95.
    pub p95: u32,
}

/// How much may be wanted until an order could be there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Covered {
    /// Mean calendar days that orders take.
    pub lead_days: f64,
    /// Deliveries of the supplier that say so; with none it is declared, or said by others.
    pub deliveries: u32,
    /// Days from one look at the shelf to the next.
    pub review_days: u32,
    /// How much.
    pub wanted: Wanted,
}

/// How far forecasts have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForecastState {
    /// The first day of the last month that all of them know.
    pub month: Option<NaiveDate>,
    /// The day of the last run.
    pub ran_on: Option<NaiveDate>,
    /// The last change of sales that they know.
    pub sales_revision: u64,
    /// The last change of a SKU's facts that they know.
    pub sku_revision: u64,
    /// The last change of how is ordered that they know.
    pub policy_revision: u64,
}

/// A SKU that may be due to be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReorderPointOf {
    /// The SKU.
    pub sku: Sku,
    /// Order when the position is at or below it.
    pub reorder_point: u32,
}

#[derive(sqlx::FromRow)]
struct Row {
    sku: String,
    month: NaiveDate,
    content: String,
    reorder_point: Option<i64>,
    made_at_ms: i64,
    revision: i64,
}

#[derive(sqlx::FromRow)]
struct StateRow {
    month: Option<NaiveDate>,
    ran_on: Option<NaiveDate>,
    sales_revision: i64,
    sku_revision: i64,
    policy_revision: i64,
}

impl Store {
    /// At most `limit` forecasts of SKUs after `after`.
    pub async fn forecasts(
        &self,
        store: &StoreId,
        after: Option<&Sku>,
        limit: u32,
    ) -> Result<Vec<ForecastRecord>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT sku
                 , month
                 , content
                 , reorder_point
                 , made_at_ms
                 , revision
              FROM forecast
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

    /// The forecasts of these SKUs, those that there are.
    pub async fn forecasts_of(
        &self,
        store: &StoreId,
        skus: &[Sku],
    ) -> Result<HashMap<Sku, ForecastRecord>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT sku
                 , month
                 , content
                 , reorder_point
                 , made_at_ms
                 , revision
              FROM forecast
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))",
        )
        .bind(store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let row = |row: Row| row.record().map(|record| (record.sku.clone(), record));
        rows.into_iter().map(row).collect()
    }

    /// The reorder points of the SKUs after `after` that have one, at most `limit`.
    pub async fn reorder_points(
        &self,
        store: &StoreId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<ReorderPointOf>, StoreError> {
        let rows: Vec<(String, i64)> = query_as(
            "
            SELECT sku
                 , reorder_point
              FROM forecast
             WHERE store_id = $1
               AND $2 < sku
               AND reorder_point IS NOT NULL
             ORDER BY sku
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(point).collect()
    }

    /// The reorder points of these SKUs, those that have one.
    pub async fn reorder_points_of(
        &self,
        store: &StoreId,
        skus: &[Sku],
    ) -> Result<Vec<ReorderPointOf>, StoreError> {
        let rows: Vec<(String, i64)> = query_as(
            "
            SELECT sku
                 , reorder_point
              FROM forecast
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))
               AND reorder_point IS NOT NULL",
        )
        .bind(store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(point).collect()
    }

    /// The SKUs that a supplier delivers and that have a reorder point, with it. By SKU.
    pub async fn reorder_points_at(
        &self,
        store: &StoreId,
        supplier: &SupplierId,
    ) -> Result<Vec<ReorderPointOf>, StoreError> {
        let rows: Vec<(String, i64)> = query_as(
            "
            SELECT known.sku
                 , known.reorder_point
              FROM sku
              JOIN forecast AS known
                ON known.store_id = sku.store_id
               AND known.sku = sku.sku
             WHERE sku.store_id = $1
               AND sku.supplier = $2
               AND known.reorder_point IS NOT NULL
             ORDER BY known.sku",
        )
        .bind(store.as_str())
        .bind(supplier.as_str())
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(point).collect()
    }

    /// Who delivers these SKUs, and how long each says that orders take; those that the store knows.
    pub async fn supply_of(
        &self,
        store: &StoreId,
        skus: &[Sku],
    ) -> Result<HashMap<Sku, (Option<SupplierId>, Option<u32>)>, StoreError> {
        let rows: Vec<(String, Option<String>, Option<i64>)> = query_as(
            "
            SELECT sku
                 , supplier
                 , lead_time_days
              FROM sku
             WHERE store_id = $1
               AND sku IN (SELECT value FROM json_each($2))",
        )
        .bind(store.as_str())
        .bind(json_list(skus))
        .fetch_all(&mut self.read(store).await?)
        .await?;
        let row = |(sku, supplier, days): (String, Option<String>, Option<i64>)| {
            let supplier = supplier.map(|id| read(&id, "sku.supplier")).transpose()?;
            let days = super::skus::days(days, "sku.lead_time_days")?;
            Ok((read(&sku, "sku.sku")?, (supplier, days)))
        };
        rows.into_iter().map(row).collect()
    }

    /// How far forecasts have come.
    pub async fn forecast_state(&self, store: &StoreId) -> Result<ForecastState, StoreError> {
        let row: Option<StateRow> = query_as(
            "
            SELECT month
                 , ran_on
                 , sales_revision
                 , sku_revision
                 , policy_revision
              FROM forecast_state
             WHERE store_id = $1",
        )
        .bind(store.as_str())
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(row.map_or_else(ForecastState::default, StateRow::state))
    }

    /// Takes forecasting until then. False while another server is at it.
    pub async fn take_forecasting(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut session = self.0.engine.write(store).await?;
        let taken = query(
            "
            INSERT INTO forecast_state
                 ( store_id
                 , sales_revision
                 , sku_revision
                 , policy_revision
                 , taken_until_ms
                 )
            VALUES ($1, 0, 0, 0, $2)
                ON CONFLICT (store_id) DO UPDATE
               SET taken_until_ms = excluded.taken_until_ms
             WHERE forecast_state.taken_until_ms <= $3",
        )
        .bind(store.as_str())
        .bind(until.timestamp_millis())
        .bind(now.timestamp_millis())
        .execute(&mut session)
        .await?;
        session.commit().await?;
        Ok(taken == 1)
    }

    /// Keeps forecasting, which was taken until `held`, for longer. False if another server has taken it since.
    pub async fn hold_forecasting(
        &self,
        store: &StoreId,
        held: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut session = self.0.engine.write(store).await?;
        let still_ours = query(
            "
            UPDATE forecast_state
               SET taken_until_ms = $3
             WHERE store_id = $1
               AND taken_until_ms = $2",
        )
        .bind(store.as_str())
        .bind(held.timestamp_millis())
        .bind(until.timestamp_millis())
        .execute(&mut session)
        .await?;
        session.commit().await?;
        Ok(still_ours == 1)
    }

    /// Lets go of forecasting, which was taken until `held`, and says how far it has come. Does neither if another server has
    /// taken it since.
    pub async fn end_forecasting(
        &self,
        store: &StoreId,
        held: DateTime<Utc>,
        state: Option<ForecastState>,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        let still_ours = query(
            "
            UPDATE forecast_state
               SET taken_until_ms = 0
             WHERE store_id = $1
               AND taken_until_ms = $2",
        )
        .bind(store.as_str())
        .bind(held.timestamp_millis())
        .execute(&mut session)
        .await?;
        if let Some(state) = state.filter(|_| still_ours == 1) {
            query(
                "
                UPDATE forecast_state
                   SET month           = $2
                     , ran_on          = $3
                     , sales_revision  = $4
                     , sku_revision    = $5
                     , policy_revision = $6
                 WHERE store_id = $1",
            )
            .bind(store.as_str())
            .bind(state.month)
            .bind(state.ran_on)
            .bind(stored(state.sales_revision))
            .bind(stored(state.sku_revision))
            .bind(stored(state.policy_revision))
            .execute(&mut session)
            .await?;
        }
        session.commit().await
    }

    /// The revision of the last commit of a store.
    pub async fn last_revision(&self, store: &StoreId) -> Result<u64, StoreError> {
        let revision: i64 = query_scalar(
            "
            SELECT revision
              FROM store
             WHERE store_id = $1",
        )
        .bind(store.as_str())
        .fetch_one(&mut self.read(store).await?)
        .await?;
        Ok(revision.unsigned_abs())
    }
}

impl Writing {
    /// Keeps forecasts, each in the place of the one before.
    pub async fn put_forecasts(&mut self, records: &[ForecastRecord]) -> Result<(), StoreError> {
        let rows: Vec<_> = records
            .iter()
            .map(|record| {
                let content = serde_json::to_string(&record.content);
                (
                    record.sku.as_str(),
                    record.month.to_string(),
                    content.expect("texts and numbers are always JSON"),
                    record.reorder_point,
                    record.made_at.timestamp_millis(),
                )
            })
            .collect();
        query(
            "
            INSERT INTO forecast
                 ( store_id
                 , sku
                 , month
                 , content
                 , reorder_point
                 , made_at_ms
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , date(value ->> 1)
                 , value ->> 2
                 , CAST(value ->> 3 AS BIGINT)
                 , CAST(value ->> 4 AS BIGINT)
                 , $3
              FROM jsonb_each($2)
             WHERE true
                ON CONFLICT (store_id, sku) DO UPDATE
               SET month         = excluded.month
                 , content       = excluded.content
                 , reorder_point = excluded.reorder_point
                 , made_at_ms    = excluded.made_at_ms
                 , revision      = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

fn point((sku, point): (String, i64)) -> Result<ReorderPointOf, StoreError> {
    Ok(ReorderPointOf {
        sku: read(&sku, "forecast.sku")?,
        reorder_point: units(point)?,
    })
}

fn units(point: i64) -> Result<u32, StoreError> {
    u32::try_from(point).map_err(|_| StoreError::Unreadable("forecast.reorder_point"))
}

impl Row {
    fn record(self) -> Result<ForecastRecord, StoreError> {
        Ok(ForecastRecord {
            sku: read(&self.sku, "forecast.sku")?,
            month: self.month,
            content: serde_json::from_str(&self.content)
                .map_err(|_| StoreError::Unreadable("forecast.content"))?,
            reorder_point: self.reorder_point.map(units).transpose()?,
            made_at: instant(self.made_at_ms)?,
            revision: self.revision.unsigned_abs(),
        })
    }
}

impl StateRow {
    fn state(self) -> ForecastState {
        ForecastState {
            month: self.month,
            ran_on: self.ran_on,
            sales_revision: self.sales_revision.unsigned_abs(),
            sku_revision: self.sku_revision.unsigned_abs(),
            policy_revision: self.policy_revision.unsigned_abs(),
        }
    }
}
