//! What was learnt of suppliers: kept as data, so that every server says the same dates.

use std::sync::Arc;

use shared::ids::{Sku, StoreId, SupplierId};
use shared::lead_time::{Level, Measure, OWN_MIN, Outlook, Yield};
use shared::supply::Basis;
use shared::widening::{Horizon, Widened};

use super::engine::stored;
use super::engine::{Session, query, query_as, query_scalar};
use super::skus::{json_list, read};
use super::{Store, StoreError, Writing, outlooks};

/// What was learnt of a supplier, for one way of shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierModel {
    /// Of whom.
    pub supplier: SupplierId,
    /// How it is shipped; empty: in whatever way.
    pub mode: String,
    /// How long it takes.
    pub lead_time: LeadTimeModel,
    /// The same of orders that are waited for already.
    pub lead_time_outlook: Arc<Outlook>,
    /// By how much it misses its dates, once enough of them are known.
    pub slip: Option<SlipModel>,
    /// How much of what is ordered comes, where that is habitually less.
    pub expected_yield: Option<YieldModel>,
    /// Days that are added to all of its dates, because too few of its promises were kept.
    pub widened: Option<Widened>,
}

/// How long a supplier takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadTimeModel {
    /// Calendar days from order to arrival.
    pub days: u32,
    /// The share of deliveries that come within them.
    pub level: Level,
    /// Its own deliveries behind it.
    pub own: u32,
    /// Deliveries of others behind it.
    pub pooled: u32,
}

/// By how much a supplier misses its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipModel {
    /// Calendar days from the date told to the arrival; negative where it is usually early.
    pub days: i32,
    /// The share of deliveries that come within them.
    pub level: Level,
    /// Its own deliveries behind it.
    pub sample: u32,
    /// The same of orders that are waited for already.
    pub outlook: Arc<Outlook>,
}

/// How much of what is ordered comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YieldModel {
    /// The share.
    pub share: Yield,
    /// The supplier's own deliveries behind it.
    pub sample: u32,
}

/// A supplier's models, for any way of shipping first.
pub type Models = Vec<SupplierModel>;

impl LeadTimeModel {
    /// True if enough deliveries are behind it to promise by.
    pub fn is_enough(&self) -> bool {
        OWN_MIN <= usize::try_from(self.own + self.pooled).unwrap_or(usize::MAX)
    }

    /// What a date rests on that is planned by it.
    pub fn basis(&self) -> Basis {
        Basis::LeadTime {
            level: self.level,
            own: self.own,
            pooled: self.pooled,
        }
    }

    /// True if the supplier's own deliveries are enough to set aside what it declares.
    pub fn is_own(&self) -> bool {
        OWN_MIN <= usize::try_from(self.own).unwrap_or(usize::MAX)
    }
}

impl SlipModel {
    /// What a date rests on that is planned by it.
    pub fn basis(&self) -> Basis {
        Basis::Slips {
            level: self.level,
            reached: self.level.percent(),
            own: self.sample,
            pooled: 0,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    supplier: String,
    mode: String,
    level: i64,
    lead_time_days: i64,
    own: i64,
    pooled: i64,
    lead_time_outlook: String,
    slip_level: Option<i64>,
    slip_days: Option<i64>,
    slip_sample: Option<i64>,
    slip_outlook: String,
    yield_ordered: Option<i64>,
    yield_received: Option<i64>,
    yield_sample: Option<i64>,
    widened_days: Option<i64>,
    widened_kept: Option<i64>,
    widened_judged: Option<i64>,
    widened_level: Option<i64>,
    widened_horizon: Option<String>,
}

impl Store {
    /// What was learnt of one supplier, or of all, by supplier and way of shipping.
    pub async fn supplier_models(
        &self,
        store: &StoreId,
        supplier: Option<&SupplierId>,
    ) -> Result<Models, StoreError> {
        let mut reader = self.read(store).await?;
        let among = supplier.map(|supplier| json_list(&[supplier]));
        supplier_models(&mut reader, store, among.as_deref()).await
    }
}

impl Writing {
    /// Replaces what is known of a supplier. Returns the SKUs whose dates may move by it; `None` where it
    /// was known already.
    pub async fn put_models(
        &mut self,
        supplier: &SupplierId,
        models: &[SupplierModel],
    ) -> Result<Option<Vec<Sku>>, StoreError> {
        let store = self.store.clone();
        let among = json_list(&[supplier]);
        let before = supplier_models(&mut self.session, &store, Some(&among)).await?;
        if before == models {
            return Ok(None);
        }
        query(
            "
            DELETE FROM supplier_model
             WHERE store_id = $1
               AND supplier = $2",
        )
        .bind(self.store.as_str())
        .bind(supplier.as_str())
        .execute(&mut self.session)
        .await?;
        for model in models {
            self.add_model(model).await?;
        }
        let mut touched = self.touch_open_lines(supplier).await?;
        if made_to_order(&before) != made_to_order(models) {
            touched.extend(self.touch_made_to_order(supplier).await?);
        }
        Ok(Some(touched))
    }

    async fn add_model(&mut self, model: &SupplierModel) -> Result<(), StoreError> {
        let share = model.expected_yield.map(|known| known.share);
        let slip = model.slip.as_ref();
        let widened = model.widened;
        let slip_outlook =
            slip.map_or_else(|| "[]".into(), |slip| outlooks::written(&slip.outlook));
        query(
            "
            INSERT INTO supplier_model
                 ( store_id
                 , supplier
                 , mode
                 , level
                 , lead_time_days
                 , own
                 , pooled
                 , slip_level
                 , slip_days
                 , slip_sample
                 , yield_ordered
                 , yield_received
                 , yield_sample
                 , lead_time_outlook
                 , slip_outlook
                 , revision
                 , widened_days
                 , widened_kept
                 , widened_judged
                 , widened_level
                 , widened_horizon
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
        )
        .bind(self.store.as_str())
        .bind(model.supplier.as_str())
        .bind(&model.mode)
        .bind(model.lead_time.level.percent())
        .bind(model.lead_time.days)
        .bind(model.lead_time.own)
        .bind(model.lead_time.pooled)
        .bind(slip.map(|slip| slip.level.percent()))
        .bind(slip.map(|slip| slip.days))
        .bind(slip.map(|slip| slip.sample))
        .bind(share.map(|share| stored(share.ordered())))
        .bind(share.map(|share| stored(share.received())))
        .bind(model.expected_yield.map(|known| known.sample))
        .bind(outlooks::written(&model.lead_time_outlook))
        .bind(slip_outlook)
        .bind(stored(self.revision))
        .bind(widened.map(|widened| widened.days))
        .bind(widened.map(|widened| widened.kept))
        .bind(widened.map(|widened| widened.judged))
        .bind(widened.map(|widened| widened.level.percent()))
        .bind(widened.map(|widened| widened.horizon.name()))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// SKUs that the supplier is to bring.
    async fn touch_open_lines(&mut self, supplier: &SupplierId) -> Result<Vec<Sku>, StoreError> {
        let touched: Vec<String> = query_scalar(
            "
            UPDATE sku
               SET revision = $3
             WHERE store_id = $1
               AND sku IN
                 ( SELECT line.sku
                     FROM purchase_order AS ordered
                     JOIN purchase_order_line AS line
                       ON line.store_id = ordered.store_id
                      AND line.purchase_order = ordered.purchase_order
                    WHERE ordered.store_id = $1
                      AND ordered.supplier = $2
                      AND ordered.status = 'open'
                 )
            RETURNING sku",
        )
        .bind(self.store.as_str())
        .bind(supplier.as_str())
        .bind(stored(self.revision))
        .fetch_all(&mut self.session)
        .await?;
        touched.iter().map(|sku| read(sku, "sku.sku")).collect()
    }

    /// SKUs that the supplier makes to order.
    async fn touch_made_to_order(&mut self, supplier: &SupplierId) -> Result<Vec<Sku>, StoreError> {
        let touched: Vec<String> = query_scalar(
            "
            UPDATE sku
               SET revision = $3
             WHERE store_id = $1
               AND supplier = $2
               AND ( lead_time_days IS NOT NULL
                  OR EXISTS
                     ( SELECT 1
                         FROM supplier
                        WHERE supplier.store_id = $1
                          AND supplier.supplier = $2
                          AND supplier.lead_time_days IS NOT NULL
                     )
                   )
            RETURNING sku",
        )
        .bind(self.store.as_str())
        .bind(supplier.as_str())
        .bind(stored(self.revision))
        .fetch_all(&mut self.session)
        .await?;
        touched.iter().map(|sku| read(sku, "sku.sku")).collect()
    }
}

/// The days by which models date what is made to order, and those that are added to any date.
fn made_to_order(models: &[SupplierModel]) -> Option<(Option<u32>, Option<Widened>)> {
    let any = models.iter().find(|model| model.mode.is_empty())?;
    let own = Some(any.lead_time).filter(LeadTimeModel::is_own);
    Some((own.map(|known| known.days), any.widened))
}

/// What was learnt of the suppliers of a JSON list, or of all, as one connection sees it.
pub(super) async fn supplier_models(
    connection: &mut Session,
    store: &StoreId,
    among: Option<&str>,
) -> Result<Models, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT supplier
             , mode
             , level
             , lead_time_days
             , own
             , pooled
             , slip_level
             , slip_days
             , slip_sample
             , yield_ordered
             , yield_received
             , yield_sample
             , lead_time_outlook
             , slip_outlook
             , widened_days
             , widened_kept
             , widened_judged
             , widened_level
             , widened_horizon
          FROM supplier_model
         WHERE store_id = $1
           AND ($2 IS NULL OR supplier IN (SELECT value FROM json_each($2)))
         ORDER BY supplier
                , mode",
    )
    .bind(store.as_str())
    .bind(among)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::model).collect()
}

impl Row {
    fn model(self) -> Result<SupplierModel, StoreError> {
        let level = |percent| {
            let percent = u8::try_from(percent).ok();
            let level = percent.and_then(|percent| Level::new(percent).ok());
            level.ok_or(StoreError::Unreadable("supplier_model.level"))
        };
        let count =
            |stored| u32::try_from(stored).map_err(|_| StoreError::Unreadable("supplier_model"));
        let slip = match (self.slip_level, self.slip_days, self.slip_sample) {
            (Some(percent), Some(days), Some(sample)) => Some(SlipModel {
                days: i32::try_from(days)
                    .map_err(|_| StoreError::Unreadable("supplier_model.slip_days"))?,
                level: level(percent)?,
                sample: count(sample)?,
                outlook: outlooks::read(Measure::Slips, level(percent)?, &self.slip_outlook)?,
            }),
            _ => None,
        };
        let expected_yield = match (self.yield_ordered, self.yield_received, self.yield_sample) {
            (Some(ordered), Some(received), Some(sample)) => Some(YieldModel {
                share: Yield::new(ordered.unsigned_abs(), received.unsigned_abs()),
                sample: count(sample)?,
            }),
            _ => None,
        };
        let horizon = self.widened_horizon.as_deref().and_then(Horizon::named);
        let widened = match (
            self.widened_days,
            self.widened_kept,
            self.widened_judged,
            self.widened_level,
            horizon,
        ) {
            (Some(days), Some(kept), Some(judged), Some(percent), Some(horizon)) => Some(Widened {
                days: count(days)?,
                kept: count(kept)?,
                judged: count(judged)?,
                level: level(percent)?,
                horizon,
            }),
            _ => None,
        };
        Ok(SupplierModel {
            supplier: read(&self.supplier, "supplier_model.supplier")?,
            mode: self.mode,
            lead_time: LeadTimeModel {
                days: count(self.lead_time_days)?,
                level: level(self.level)?,
                own: count(self.own)?,
                pooled: count(self.pooled)?,
            },
            lead_time_outlook: outlooks::read(
                Measure::LeadTimes,
                level(self.level)?,
                &self.lead_time_outlook,
            )?,
            slip,
            expected_yield,
            widened,
        })
    }
}
