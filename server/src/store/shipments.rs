//! What left for customers: a ledger.

use chrono::{DateTime, Utc};
use shared::ids::{LocationId, OrderId, ShipmentId, Sku, StoreId};
use shared::quantity::Quantity;

use super::engine::{Session, instant, json_rows, query, query_as, stored};
use super::promises::number;
use super::skus::{quantity, read};
use super::{Store, StoreError, Writing};
use crate::webhooks::happened::{Happened, Parcel};

/// Goods that were handed to a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// Whose it is.
    pub order: OrderId,
    /// Where it left.
    pub location: LocationId,
    /// Who carries it.
    pub carrier: Option<String>,
    /// Under which number.
    pub tracking_number: Option<String>,
    /// When it was handed over.
    pub shipped_at: DateTime<Utc>,
    /// What was in it.
    pub lines: Vec<ShippedLine>,
    /// The commit that recorded it.
    pub revision: u64,
}

/// What was in a shipment of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippedLine {
    /// The line of the order, from 0.
    pub line: u32,
    /// The SKU.
    pub sku: Sku,
    /// Units.
    pub quantity: Quantity,
}

#[derive(sqlx::FromRow)]
struct ShipmentRow {
    shipment: String,
    sales_order: String,
    location: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    shipped_at_ms: i64,
    revision: i64,
    line: i64,
    sku: String,
    quantity: i64,
}

/// Shipments with their lines, of which `$wanted` says which and in what order.
macro_rules! shipments_where {
    ($wanted:literal) => {
        concat!(
            "
        SELECT shipment.shipment
             , shipment.sales_order
             , shipment.location
             , shipment.carrier
             , shipment.tracking_number
             , shipment.shipped_at_ms
             , shipment.revision
             , gone.line
             , ordered.sku
             , gone.quantity
          FROM shipment
          JOIN shipment_line AS gone
            ON gone.store_id = shipment.store_id
           AND gone.shipment = shipment.shipment
          JOIN sales_order_line AS ordered
            ON ordered.store_id = shipment.store_id
           AND ordered.sales_order = shipment.sales_order
           AND ordered.line = gone.line
         WHERE shipment.store_id = $1",
            $wanted
        )
    };
}

impl Store {
    /// What left, after a shipment, in the order of their ids.
    pub async fn shipments(
        &self,
        store: &StoreId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Shipment>, StoreError> {
        let rows: Vec<ShipmentRow> = query_as(shipments_where!(
            "
           AND shipment.shipment IN
             ( SELECT shipment
                 FROM shipment
                WHERE store_id = $1
                  AND $2 < shipment
                ORDER BY shipment
                LIMIT $3
             )
         ORDER BY shipment.shipment
                , gone.line"
        ))
        .bind(store.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        joined(rows)
    }
}

impl Writing {
    /// Writes down what was handed to a carrier.
    pub async fn add_shipment(&mut self, shipment: &Shipment) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO shipment
                 ( store_id
                 , shipment
                 , sales_order
                 , location
                 , carrier
                 , tracking_number
                 , shipped_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(self.store.as_str())
        .bind(shipment.id.as_str())
        .bind(shipment.order.as_str())
        .bind(shipment.location.as_str())
        .bind(shipment.carrier.as_deref())
        .bind(shipment.tracking_number.as_deref())
        .bind(shipment.shipped_at.timestamp_millis())
        .bind(stored(shipment.revision))
        .execute(&mut self.session)
        .await?;
        let lines = shipment.lines.iter();
        let lines: Vec<_> = lines
            .map(|gone| (gone.line, gone.quantity.units()))
            .collect();
        query(
            "
            INSERT INTO shipment_line
                 ( store_id
                 , shipment
                 , line
                 , quantity
                 )
            SELECT $1
                 , $2
                 , CAST(value ->> 0 AS BIGINT)
                 , CAST(value ->> 1 AS BIGINT)
              FROM jsonb_each($3)",
        )
        .bind(self.store.as_str())
        .bind(shipment.id.as_str())
        .bind(json_rows(&lines))
        .execute(&mut self.session)
        .await?;
        self.happened(|| shipped(shipment));
        Ok(())
    }
}

fn shipped(shipment: &Shipment) -> Happened {
    let lines = shipment.lines.iter();
    Happened::Shipped {
        parcel: Parcel {
            shipment: shipment.id.clone(),
            order: shipment.order.clone(),
            location: shipment.location.clone(),
            lines: lines
                .map(|gone| (gone.line, gone.sku.clone(), gone.quantity))
                .collect(),
        },
        at: shipment.shipped_at,
        carrier: shipment.carrier.clone(),
        tracking_number: shipment.tracking_number.clone(),
    }
}

/// The order that a shipment is, or would be, of: its id begins with that one's.
pub fn order_of(shipment: &ShipmentId) -> Option<OrderId> {
    let (order, _) = shipment.as_str().rsplit_once('.')?;
    order.parse().ok()
}

/// What left for a list of orders, oldest first.
pub(super) async fn shipments_of(
    session: &mut Session,
    store: &StoreId,
    orders: &str,
) -> Result<Vec<Shipment>, StoreError> {
    let rows: Vec<ShipmentRow> = query_as(shipments_where!(
        "
           AND shipment.sales_order IN (SELECT value FROM json_each($2))
         ORDER BY shipment.revision
                , shipment.shipment
                , gone.line"
    ))
    .bind(store.as_str())
    .bind(orders)
    .fetch_all(session)
    .await?;
    joined(rows)
}

/// One shipment of the rows of its lines, which follow one another.
fn joined(rows: Vec<ShipmentRow>) -> Result<Vec<Shipment>, StoreError> {
    let mut shipments: Vec<Shipment> = Vec::new();
    for row in rows {
        let line = ShippedLine {
            line: number(row.line)?,
            sku: read(&row.sku, "sales_order_line.sku")?,
            quantity: quantity(row.quantity)?,
        };
        match shipments.last_mut() {
            Some(last) if last.id.as_str() == row.shipment => last.lines.push(line),
            _ => shipments.push(Shipment {
                id: read(&row.shipment, "shipment.shipment")?,
                order: read(&row.sales_order, "shipment.sales_order")?,
                location: read(&row.location, "shipment.location")?,
                carrier: row.carrier,
                tracking_number: row.tracking_number,
                shipped_at: instant(row.shipped_at_ms)?,
                lines: vec![line],
                revision: row.revision.unsigned_abs(),
            }),
        }
    }
    Ok(shipments)
}
