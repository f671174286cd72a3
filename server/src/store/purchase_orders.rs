//! Purchase orders: what is on its way, what has come, and how its dates moved.

use std::collections::HashMap;

use chrono::NaiveDate;
use shared::ids::{LocationId, PurchaseOrderId, Sku, StoreId, SupplierId};
use shared::quantity::Quantity;
use shared::reason::Stated;

use super::engine::stored;
use super::engine::{Session, query, query_as};
use super::incoming::{Awaited, Expected, Suppliers};
use super::reasons::{read_reason, stored_reason};
use super::skus::{json_list, quantity, read};
use super::{Store, StoreError, Writing};

/// An order of ours at a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseOrder {
    /// Its id.
    pub id: PurchaseOrderId,
    /// Where the goods go.
    pub location: LocationId,
    /// Who delivers them.
    pub supplier: Option<SupplierId>,
    /// The day it was placed.
    pub ordered_on: NaiveDate,
    /// How it is shipped ("Air"), where that is known.
    pub mode: Option<String>,
    /// The day on which the goods left, once the supplier has said so.
    pub shipped_on: Option<NaiveDate>,
    /// How it stands.
    pub status: PurchaseOrderStatus,
    /// Why one waits for it, as the merchant says it.
    pub wait_reason: Option<Stated>,
    /// What was ordered, by SKU, each SKU once.
    pub lines: Vec<PurchaseOrderLine>,
    /// The commit that last changed it.
    pub revision: u64,
}

/// How a purchase order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurchaseOrderStatus {
    /// Something is still to come.
    Open,
    /// All has come.
    Received,
    /// Nothing more will come.
    Cancelled,
}

/// What was ordered of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseOrderLine {
    /// The SKU.
    pub sku: Sku,
    /// Units ordered.
    pub quantity: Quantity,
    /// Units that have come. May be more than ordered.
    pub received: Quantity,
    /// The day on which the supplier says they arrive; `None`: it is planned by how long that
    /// supplier takes, and nothing is promised where that is not known.
    pub expected_on: Option<NaiveDate>,
    /// The day for which the rest is planned, by what is known of the supplier, as the order was
    /// read; `None`: nothing is promised from it.
    pub planned_on: Option<NaiveDate>,
}

/// What came in one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The merchant's name for it: a delivery note's number.
    pub id: String,
    /// The day it came.
    pub received_on: NaiveDate,
    /// SKUs and units, each SKU once.
    pub lines: Vec<(Sku, Quantity)>,
}

/// All statuses, for parsing.
const STATUSES: [PurchaseOrderStatus; 3] = [
    PurchaseOrderStatus::Open,
    PurchaseOrderStatus::Received,
    PurchaseOrderStatus::Cancelled,
];

impl PurchaseOrderStatus {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Received => "received",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of this name.
    pub fn named(name: &str) -> Option<Self> {
        STATUSES.into_iter().find(|status| status.name() == name)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    purchase_order: String,
    location: String,
    supplier: Option<String>,
    ordered_on: NaiveDate,
    mode: Option<String>,
    shipped_on: Option<NaiveDate>,
    status: String,
    reason_code: Option<String>,
    reason_words: Option<String>,
    revision: i64,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    purchase_order: String,
    sku: String,
    quantity: i64,
    received: i64,
    asked: i64,
    expected_on: Option<NaiveDate>,
    lead_time_days: Option<i64>,
}

impl Store {
    /// One purchase order.
    pub async fn purchase_order(
        &self,
        store: &StoreId,
        id: &PurchaseOrderId,
    ) -> Result<Option<PurchaseOrder>, StoreError> {
        let mut snapshot = self.read(store).await?;
        purchase_order(&mut snapshot, store, id).await
    }

    /// At most `limit` purchase orders that come after `after` in the order of their ids; those of
    /// one status only, where it is given.
    pub async fn purchase_orders(
        &self,
        store: &StoreId,
        status: Option<PurchaseOrderStatus>,
        after: Option<&PurchaseOrderId>,
        limit: u32,
    ) -> Result<Vec<PurchaseOrder>, StoreError> {
        let mut snapshot = self.read(store).await?;
        let rows: Vec<Row> = query_as(
            "
            SELECT purchase_order
                 , location
                 , supplier
                 , ordered_on
                 , mode
                 , shipped_on
                 , status
                 , reason_code
                 , reason_words
                 , revision
              FROM purchase_order
             WHERE store_id = $1
               AND $2 < purchase_order
               AND ($3 IS NULL OR status = $3)
             ORDER BY purchase_order
             LIMIT $4",
        )
        .bind(store.as_str())
        .bind(after.map_or("", PurchaseOrderId::as_str))
        .bind(status.map(PurchaseOrderStatus::name))
        .bind(limit)
        .fetch_all(&mut snapshot)
        .await?;
        with_lines(&mut snapshot, store, rows).await
    }
}

impl Writing {
    /// One purchase order, as this change sees it.
    pub async fn purchase_order(
        &mut self,
        id: &PurchaseOrderId,
    ) -> Result<Option<PurchaseOrder>, StoreError> {
        let store = self.store.clone();
        purchase_order(&mut self.session, &store, id).await
    }

    /// Adds a purchase order.
    pub async fn add_purchase_order(&mut self, order: &PurchaseOrder) -> Result<(), StoreError> {
        let (reason_code, reason_words) = stored_reason(order.wait_reason.as_ref());
        query(
            "
            INSERT INTO purchase_order
                 ( store_id
                 , purchase_order
                 , location
                 , supplier
                 , ordered_on
                 , mode
                 , shipped_on
                 , status
                 , reason_code
                 , reason_words
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(self.store.as_str())
        .bind(order.id.as_str())
        .bind(order.location.as_str())
        .bind(order.supplier.as_ref().map(SupplierId::as_str))
        .bind(order.ordered_on)
        .bind(order.mode.as_deref())
        .bind(order.shipped_on)
        .bind(order.status.name())
        .bind(reason_code)
        .bind(reason_words.as_deref())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        for line in &order.lines {
            query(
                "
                INSERT INTO purchase_order_line
                     ( store_id
                     , purchase_order
                     , sku
                     , quantity
                     , received
                     , expected_on
                     , asked
                     , promised_on
                     )
                VALUES ($1, $2, $3, $4, $5, $6, $4, $6)",
            )
            .bind(self.store.as_str())
            .bind(order.id.as_str())
            .bind(line.sku.as_str())
            .bind(line.quantity.units())
            .bind(line.received.units())
            .bind(line.expected_on)
            .execute(&mut self.session)
            .await?;
        }
        self.touch(&skus_of(order)).await
    }

    /// Writes a changed purchase order down, and each date that moved from what it was `before`.
    /// `before` and `after` have the same lines.
    pub async fn change_purchase_order(
        &mut self,
        before: &PurchaseOrder,
        after: &PurchaseOrder,
    ) -> Result<(), StoreError> {
        let (reason_code, reason_words) = stored_reason(after.wait_reason.as_ref());
        query(
            "
            UPDATE purchase_order
               SET status       = $3
                 , revision     = $4
                 , mode         = $5
                 , shipped_on   = $6
                 , reason_code  = $7
                 , reason_words = $8
             WHERE store_id = $1
               AND purchase_order = $2",
        )
        .bind(self.store.as_str())
        .bind(after.id.as_str())
        .bind(after.status.name())
        .bind(stored(self.revision))
        .bind(after.mode.as_deref())
        .bind(after.shipped_on)
        .bind(reason_code)
        .bind(reason_words.as_deref())
        .execute(&mut self.session)
        .await?;
        for (was, becomes) in before.lines.iter().zip(&after.lines) {
            if was != becomes {
                self.change_line(&after.id, becomes).await?;
            }
            if was.expected_on != becomes.expected_on {
                self.record_date_change(&after.id, was, becomes).await?;
            }
        }
        self.touch(&skus_of(after)).await
    }

    /// Adds a receipt. False where one of this id was recorded before: then nothing is changed.
    pub async fn add_receipt(
        &mut self,
        id: &PurchaseOrderId,
        receipt: &Receipt,
    ) -> Result<bool, StoreError> {
        let done = query(
            "
            INSERT INTO receipt
                 ( store_id
                 , purchase_order
                 , receipt
                 , received_on
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (store_id, purchase_order, receipt) DO NOTHING",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(&receipt.id)
        .bind(receipt.received_on)
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        if done == 0 {
            return Ok(false);
        }
        for (sku, quantity) in &receipt.lines {
            query(
                "
                INSERT INTO receipt_line
                     ( store_id
                     , purchase_order
                     , receipt
                     , sku
                     , quantity
                     )
                VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(self.store.as_str())
            .bind(id.as_str())
            .bind(&receipt.id)
            .bind(sku.as_str())
            .bind(quantity.units())
            .execute(&mut self.session)
            .await?;
        }
        Ok(true)
    }

    /// What came by a receipt, by SKU.
    pub async fn receipt_lines(
        &mut self,
        id: &PurchaseOrderId,
        receipt: &str,
    ) -> Result<Vec<(Sku, Quantity)>, StoreError> {
        let rows: Vec<(String, i64)> = query_as(
            "
            SELECT sku
                 , quantity
              FROM receipt_line
             WHERE store_id = $1
               AND purchase_order = $2
               AND receipt = $3
             ORDER BY sku",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(receipt)
        .fetch_all(&mut self.session)
        .await?;
        let line =
            |(sku, units): (String, i64)| Ok((read(&sku, "receipt_line.sku")?, quantity(units)?));
        rows.into_iter().map(line).collect()
    }

    async fn change_line(
        &mut self,
        id: &PurchaseOrderId,
        line: &PurchaseOrderLine,
    ) -> Result<(), StoreError> {
        query(
            "
            UPDATE purchase_order_line
               SET quantity    = $4
                 , received    = $5
                 , expected_on = $6
                 , asked       = CASE WHEN asked < $4 THEN $4 ELSE asked END
                 , promised_on = coalesce(promised_on, $6)
             WHERE store_id = $1
               AND purchase_order = $2
               AND sku = $3",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(line.sku.as_str())
        .bind(line.quantity.units())
        .bind(line.received.units())
        .bind(line.expected_on)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    async fn record_date_change(
        &mut self,
        id: &PurchaseOrderId,
        was: &PurchaseOrderLine,
        becomes: &PurchaseOrderLine,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO supply_date_change
                 ( store_id
                 , purchase_order
                 , sku
                 , revision
                 , was
                 , becomes
                 )
            VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .bind(becomes.sku.as_str())
        .bind(stored(self.revision))
        .bind(was.expected_on)
        .bind(becomes.expected_on)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }
}

async fn purchase_order(
    connection: &mut Session,
    store: &StoreId,
    id: &PurchaseOrderId,
) -> Result<Option<PurchaseOrder>, StoreError> {
    let row: Option<Row> = query_as(
        "
        SELECT purchase_order
             , location
             , supplier
             , ordered_on
             , mode
             , shipped_on
             , status
             , reason_code
             , reason_words
             , revision
          FROM purchase_order
         WHERE store_id = $1
           AND purchase_order = $2",
    )
    .bind(store.as_str())
    .bind(id.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let orders = with_lines(connection, store, row.into_iter().collect()).await?;
    Ok(orders.into_iter().next())
}

async fn with_lines(
    connection: &mut Session,
    store: &StoreId,
    rows: Vec<Row>,
) -> Result<Vec<PurchaseOrder>, StoreError> {
    let ids: Vec<&str> = rows.iter().map(|row| row.purchase_order.as_str()).collect();
    let lines: Vec<LineRow> = query_as(
        "
        SELECT line.purchase_order
             , line.sku
             , line.quantity
             , line.received
             , line.asked
             , line.expected_on
             , sku.lead_time_days
          FROM purchase_order_line AS line
          JOIN sku
            ON sku.store_id = line.store_id
           AND sku.sku = line.sku
         WHERE line.store_id = $1
           AND line.purchase_order IN (SELECT value FROM json_each($2))
         ORDER BY line.purchase_order
                , line.sku",
    )
    .bind(store.as_str())
    .bind(json_list(&ids))
    .fetch_all(&mut *connection)
    .await?;
    let named: Vec<&String> = rows
        .iter()
        .filter_map(|row| row.supplier.as_ref())
        .collect();
    let suppliers = Suppliers::load(connection, store, &json_list(&named)).await?;
    let mut by_order: HashMap<String, Vec<LineRow>> = HashMap::new();
    for line in lines {
        by_order
            .entry(line.purchase_order.clone())
            .or_default()
            .push(line);
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_order.remove(&row.purchase_order).unwrap_or_default();
            let lines = lines.into_iter().map(|line| line.line(&row, &suppliers));
            Ok(PurchaseOrder {
                lines: lines.collect::<Result<_, _>>()?,
                id: read(&row.purchase_order, "purchase_order")?,
                location: read(&row.location, "purchase_order.location")?,
                supplier: row
                    .supplier
                    .map(|id| read(&id, "purchase_order.supplier"))
                    .transpose()?,
                ordered_on: row.ordered_on,
                mode: row.mode,
                shipped_on: row.shipped_on,
                status: PurchaseOrderStatus::named(&row.status)
                    .ok_or(StoreError::Unreadable("purchase_order.status"))?,
                wait_reason: read_reason(row.reason_code.as_deref(), row.reason_words.as_deref())?,
                revision: row.revision.unsigned_abs(),
            })
        })
        .collect()
}

impl LineRow {
    fn line(self, order: &Row, suppliers: &Suppliers) -> Result<PurchaseOrderLine, StoreError> {
        let is_open = PurchaseOrderStatus::named(&order.status) == Some(PurchaseOrderStatus::Open);
        let is_awaited = is_open && self.received < self.quantity;
        let line = PurchaseOrderLine {
            sku: read(&self.sku, "purchase_order_line.sku")?,
            quantity: quantity(self.quantity)?,
            received: quantity(self.received)?,
            expected_on: self.expected_on,
            planned_on: None,
        };
        if !is_awaited {
            return Ok(line);
        }
        let awaited = Awaited {
            sku: self.sku,
            location: order.location.clone(),
            purchase_order: order.purchase_order.clone(),
            supplier: order.supplier.clone(),
            mode: order.mode.clone(),
            ordered_on: order.ordered_on,
            shipped_on: order.shipped_on,
            quantity: self.quantity,
            asked: self.asked,
            received: self.received,
            expected_on: self.expected_on,
            lead_time_days: self.lead_time_days,
            reason_code: None,
            reason_words: None,
        };
        let planned = awaited.planned(suppliers)?;
        Ok(PurchaseOrderLine {
            planned_on: planned.and_then(|planned| match planned.expected {
                Expected::Dated(incoming) => incoming.planned_on(),
                Expected::Undated(_) => None,
            }),
            ..line
        })
    }
}

fn skus_of(order: &PurchaseOrder) -> Vec<Sku> {
    order.lines.iter().map(|line| line.sku.clone()).collect()
}
