//! What is to be ordered at suppliers: drafted, approved, sent, confirmed; and which days of schedules were acted on.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{PurchaseOrderId, ReorderId, Sku, StoreId, SupplierId};
use shared::money::{Currency, Money};
use shared::quantity::Quantity;

use super::engine::{Session, instant, json_rows, query, query_as, stored};
use super::payments::words;
use super::skus::{json_list, quantity, read};
use super::{Store, StoreError, Writing};
use crate::webhooks::happened::Happened;

words!(
    /// How far a reorder is.
    ReorderStatus {
        /// It waits for somebody to approve it.
        Draft = "draft",
        /// It is to be sent.
        Approved = "approved",
        /// It was sent, and is on its way as a purchase order.
        Sent = "sent",
        /// The supplier has said yes.
        Confirmed = "confirmed",
        /// Nobody orders it.
        Dismissed = "dismissed",
    }
);

words!(
    /// What is to be known of a draft before it is approved.
    ReorderNote {
        /// It costs less than the supplier asks for.
        BelowMinimum = "below_minimum",
        /// More is due than the budget allows.
        BudgetCut = "budget_cut",
    }
);

/// What is to be ordered at a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reorder {
    /// Its id.
    pub id: ReorderId,
    /// At whom.
    pub supplier: SupplierId,
    /// How far it is.
    pub status: ReorderStatus,
    /// The day of the schedule that made it; `None`: somebody asked.
    pub fires_on: Option<NaiveDate>,
    /// What all lines cost; `None`: of some nobody said it.
    pub cost: Option<Money>,
    /// What is to be known before it is approved.
    pub note: Option<ReorderNote>,
    /// What it became when it was sent or confirmed.
    pub purchase_order: Option<PurchaseOrderId>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it last came further.
    pub changed_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the supplier was asked about it, because it had not confirmed it.
    pub chased_at: Option<DateTime<Utc>>,
    /// What is ordered, by SKU.
    pub lines: Vec<ReorderLine>,
    /// The commit that last changed it.
    pub revision: u64,
}

/// What is ordered of a SKU, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReorderLine {
    /// The SKU.
    pub sku: Sku,
    /// Units.
    pub quantity: Quantity,
    /// What one costs, in minor units of the reorder's currency.
    pub unit_cost: Option<i64>,
    /// What was there and under way, less what was owed.
    pub position: i64,
    /// It was at or below this.
    pub reorder_point: u32,
}

#[derive(sqlx::FromRow)]
struct Row {
    reorder: String,
    supplier: String,
    status: String,
    fires_on: Option<NaiveDate>,
    cost: Option<i64>,
    currency: Option<String>,
    note: Option<String>,
    purchase_order: Option<String>,
    made_at_ms: i64,
    changed_at_ms: i64,
    sent_at_ms: Option<i64>,
    chased_at_ms: Option<i64>,
    revision: i64,
}

/// Reorders: `$which` of them.
macro_rules! reorders_that {
    ($which:literal) => {
        concat!(
            "
            SELECT reorder
                 , supplier
                 , status
                 , fires_on
                 , cost
                 , currency
                 , note
                 , purchase_order
                 , made_at_ms
                 , changed_at_ms
                 , sent_at_ms
                 , chased_at_ms
                 , revision
              FROM reorder
             WHERE store_id = $1",
            $which
        )
    };
}

impl Store {
    /// At most `limit` reorders after one, in the order of their ids; those of one status only, where it is given.
    pub async fn reorders(
        &self,
        store: &StoreId,
        status: Option<ReorderStatus>,
        after: Option<&ReorderId>,
        limit: u32,
    ) -> Result<Vec<Reorder>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let rows: Vec<Row> = query_as(reorders_that!(
            "
               AND $2 < reorder
               AND ($3 IS NULL OR status = $3)
             ORDER BY reorder
             LIMIT $4"
        ))
        .bind(store.as_str())
        .bind(after.map_or("", ReorderId::as_str))
        .bind(status.map(ReorderStatus::name))
        .bind(limit)
        .fetch_all(&mut snapshot)
        .await?;
        with_lines(&mut snapshot, store, rows).await
    }

    /// One reorder.
    pub async fn reorder(
        &self,
        store: &StoreId,
        id: &ReorderId,
    ) -> Result<Option<Reorder>, StoreError> {
        reorder(&mut self.read(store).await?, store, id).await
    }

    /// Reorders that were sent before an instant, of which something is to come, and that nobody has confirmed or asked about. At most `limit`.
    pub async fn unconfirmed_reorders(
        &self,
        store: &StoreId,
        sent_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ReorderId>, StoreError> {
        let rows: Vec<(String,)> = query_as(
            "
            SELECT sent.reorder
              FROM reorder AS sent
              JOIN purchase_order AS ordered
                ON ordered.store_id = sent.store_id
               AND ordered.purchase_order = sent.purchase_order
             WHERE sent.store_id = $1
               AND sent.status = 'sent'
               AND sent.sent_at_ms <= $2
               AND sent.chased_at_ms IS NULL
               AND ordered.status = 'open'
             ORDER BY sent.sent_at_ms
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(sent_before.timestamp_millis())
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.iter()
            .map(|(id,)| read(id, "reorder.reorder"))
            .collect()
    }

    /// True if a day of a supplier's schedule was acted on.
    pub async fn has_fired(
        &self,
        store: &StoreId,
        supplier: &SupplierId,
        day: NaiveDate,
    ) -> Result<bool, StoreError> {
        let found: Option<(bool,)> = query_as(
            "
            SELECT true
              FROM reorder_firing
             WHERE store_id = $1
               AND supplier = $2
               AND fires_on = $3",
        )
        .bind(store.as_str())
        .bind(supplier.as_str())
        .bind(day)
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }
}

impl Writing {
    /// Takes a day of a supplier's schedule. False if somebody acted on it before: then nothing is to be done.
    pub async fn fire(
        &mut self,
        supplier: &SupplierId,
        day: NaiveDate,
    ) -> Result<bool, StoreError> {
        let fired = query(
            "
            INSERT INTO reorder_firing
                 ( store_id
                 , supplier
                 , fires_on
                 , fired_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (store_id, supplier, fires_on) DO NOTHING",
        )
        .bind(self.store.as_str())
        .bind(supplier.as_str())
        .bind(day)
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(fired == 1)
    }

    /// One reorder, as this change sees it.
    pub async fn reorder(&mut self, id: &ReorderId) -> Result<Option<Reorder>, StoreError> {
        let store = self.store.clone();
        reorder(&mut self.session, &store, id).await
    }

    /// Dismisses the draft for a supplier, if there is one: another one takes its place.
    pub async fn dismiss_draft(&mut self, supplier: &SupplierId) -> Result<(), StoreError> {
        query(
            "
            UPDATE reorder
               SET status        = 'dismissed'
                 , changed_at_ms = $3
                 , revision      = $4
             WHERE store_id = $1
               AND supplier = $2
               AND status = 'draft'",
        )
        .bind(self.store.as_str())
        .bind(supplier.as_str())
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Units of each SKU that are approved and not sent yet, at one supplier.
    pub async fn approved_units(
        &mut self,
        supplier: &SupplierId,
    ) -> Result<HashMap<Sku, Quantity>, StoreError> {
        let rows: Vec<(String, i64)> = query_as(
            "
            SELECT line.sku
                 , CAST(sum(line.quantity) AS BIGINT)
              FROM reorder AS approved
              JOIN reorder_line AS line
                ON line.store_id = approved.store_id
               AND line.reorder = approved.reorder
             WHERE approved.store_id = $1
               AND approved.supplier = $2
               AND approved.status = 'approved'
             GROUP BY line.sku",
        )
        .bind(self.store.as_str())
        .bind(supplier.as_str())
        .fetch_all(&mut self.session)
        .await?;
        let row =
            |(sku, units): (String, i64)| Ok((read(&sku, "reorder_line.sku")?, quantity(units)?));
        rows.into_iter().map(row).collect()
    }

    /// Adds a reorder.
    pub async fn add_reorder(&mut self, reorder: &Reorder) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO reorder
                 ( store_id
                 , reorder
                 , supplier
                 , status
                 , fires_on
                 , cost
                 , currency
                 , note
                 , made_at_ms
                 , changed_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
        )
        .bind(self.store.as_str())
        .bind(reorder.id.as_str())
        .bind(reorder.supplier.as_str())
        .bind(reorder.status.name())
        .bind(reorder.fires_on)
        .bind(reorder.cost.map(|cost| cost.amount))
        .bind(reorder.cost.map(|cost| cost.currency.to_string()))
        .bind(reorder.note.map(ReorderNote::name))
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        let rows: Vec<_> = reorder
            .lines
            .iter()
            .map(|line| {
                (
                    line.sku.as_str(),
                    line.quantity.units(),
                    line.unit_cost,
                    line.position,
                    line.reorder_point,
                )
            })
            .collect();
        query(
            "
            INSERT INTO reorder_line
                 ( store_id
                 , reorder
                 , sku
                 , quantity
                 , unit_cost
                 , position
                 , reorder_point
                 )
            SELECT $1
                 , $2
                 , value ->> 0
                 , CAST(value ->> 1 AS BIGINT)
                 , CAST(value ->> 2 AS BIGINT)
                 , CAST(value ->> 3 AS BIGINT)
                 , CAST(value ->> 4 AS BIGINT)
              FROM jsonb_each($3)",
        )
        .bind(self.store.as_str())
        .bind(reorder.id.as_str())
        .bind(json_rows(&rows))
        .execute(&mut self.session)
        .await?;
        self.happened(|| Happened::Drafted {
            reorder: reorder.id.clone(),
            supplier: reorder.supplier.clone(),
            skus: reorder.lines.len(),
            cost: reorder.cost,
        });
        Ok(())
    }

    /// Writes down how far a reorder has come: its status, what it became, and when.
    pub async fn put_reorder(&mut self, reorder: &Reorder) -> Result<(), StoreError> {
        query(
            "
            UPDATE reorder
               SET status         = $3
                 , purchase_order = $4
                 , changed_at_ms  = $5
                 , sent_at_ms     = $6
                 , chased_at_ms   = $7
                 , revision       = $8
             WHERE store_id = $1
               AND reorder = $2",
        )
        .bind(self.store.as_str())
        .bind(reorder.id.as_str())
        .bind(reorder.status.name())
        .bind(reorder.purchase_order.as_ref().map(PurchaseOrderId::as_str))
        .bind(reorder.changed_at.timestamp_millis())
        .bind(reorder.sent_at.map(|at| at.timestamp_millis()))
        .bind(reorder.chased_at.map(|at| at.timestamp_millis()))
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn reorder(
    session: &mut Session,
    store: &StoreId,
    id: &ReorderId,
) -> Result<Option<Reorder>, StoreError> {
    let rows: Vec<Row> = query_as(reorders_that!(
        "
               AND reorder = $2"
    ))
    .bind(store.as_str())
    .bind(id.as_str())
    .fetch_all(session)
    .await?;
    Ok(with_lines(session, store, rows).await?.pop())
}

async fn with_lines(
    session: &mut Session,
    store: &StoreId,
    rows: Vec<Row>,
) -> Result<Vec<Reorder>, StoreError> {
    let ids: Vec<&String> = rows.iter().map(|row| &row.reorder).collect();
    let found: Vec<(String, String, i64, Option<i64>, i64, i64)> = query_as(
        "
        SELECT reorder
             , sku
             , quantity
             , unit_cost
             , position
             , reorder_point
          FROM reorder_line
         WHERE store_id = $1
           AND reorder IN (SELECT value FROM json_each($2))
         ORDER BY reorder
                , sku",
    )
    .bind(store.as_str())
    .bind(json_list(&ids))
    .fetch_all(session)
    .await?;
    let mut lines: HashMap<String, Vec<ReorderLine>> = HashMap::new();
    for (reorder, sku, units, unit_cost, position, point) in found {
        lines.entry(reorder).or_default().push(ReorderLine {
            sku: read(&sku, "reorder_line.sku")?,
            quantity: quantity(units)?,
            unit_cost,
            position,
            reorder_point: quantity(point)?.units(),
        });
    }
    let row = |row: Row| {
        let lines = lines.remove(&row.reorder).unwrap_or_default();
        row.reorder(lines)
    };
    rows.into_iter().map(row).collect()
}

impl Row {
    fn reorder(self, lines: Vec<ReorderLine>) -> Result<Reorder, StoreError> {
        let currency: Option<Currency> = self
            .currency
            .map(|code| code.parse())
            .transpose()
            .map_err(|_| StoreError::Unreadable("reorder.currency"))?;
        let purchase_order = self.purchase_order.as_deref();
        Ok(Reorder {
            id: read(&self.reorder, "reorder.reorder")?,
            supplier: read(&self.supplier, "reorder.supplier")?,
            status: ReorderStatus::named(&self.status)
                .ok_or(StoreError::Unreadable("reorder.status"))?,
            fires_on: self.fires_on,
            cost: self
                .cost
                .zip(currency)
                .map(|(amount, currency)| Money::new(amount, currency)),
            note: self.note.as_deref().and_then(ReorderNote::named),
            purchase_order: purchase_order
                .map(|id| read(id, "reorder.purchase_order"))
                .transpose()?,
            made_at: instant(self.made_at_ms)?,
            changed_at: instant(self.changed_at_ms)?,
            sent_at: self.sent_at_ms.map(instant).transpose()?,
            chased_at: self.chased_at_ms.map(instant).transpose()?,
            lines,
            revision: self.revision.unsigned_abs(),
        })
    }
}
