//! The warehouse behind the demo shop: the same operations that merchants reach over HTTP.

mod dispatch;
mod placing;
#[cfg(test)]
mod tests;

use chrono::Days;
use futures_util::future::BoxFuture;
use rand::rngs::OsRng;
use shared::ids::{PurchaseOrderId, Sku};
use shared::quantity::Quantity;
use shared::wire::Date;

use super::scenario::warehouses;
use super::setup::store;
use super::warehouse::{
    Answer, Basket, Dispatch, Elsewhere, NotPlaced, Placed, PurchaseOrder, Shelf, Warehouse,
    WarehouseError,
};
use crate::app::App;
use crate::operations::change_purchase_order::{ChangePurchaseOrder, change_purchase_order};
use crate::operations::records::{self, PurchaseOrderStatus};
use crate::operations::set_stock::{SetStock, set_stock};
use crate::operations::{ActError, show};

/// Most purchase orders that the panel looks at.
const ORDERS_MAX: u32 = 200;

/// The demo's own warehouse.
#[derive(Clone)]
pub struct Backend(pub App);

impl Warehouse for Backend {
    fn shelf<'a>(&'a self, sku: &'a str) -> Answer<'a, Option<Shelf>> {
        Box::pin(async move {
            let Ok(sku) = sku.parse::<Sku>() else {
                return Ok(None);
            };
            match self.shelf_of(&sku).await {
                Ok(shelf) => Ok(Some(shelf)),
                Err(ActError::NotFound) => Ok(None),
                Err(error) => Err(refused(sku.as_str(), error)),
            }
        })
    }

    fn set_stock<'a>(&'a self, sku: &'a str, on_hand: u32) -> Answer<'a, ()> {
        Box::pin(async move {
            let absent = |_| WarehouseError::Absent(sku.into());
            let set = SetStock {
                sku: sku.parse().map_err(absent)?,
                location: self.location(sku)?,
                quantity: Quantity::new(on_hand),
                if_quantity: None,
                committed: None,
                safety_stock: None,
            };
            set_stock(&self.0, &store(), set)
                .await
                .map_err(|error| refused(sku, error))?;
            Ok(())
        })
    }

    fn move_purchase_order<'a>(&'a self, id: &'a str, arrives_on: Date) -> Answer<'a, ()> {
        Box::pin(async move {
            let order: PurchaseOrderId =
                id.parse().map_err(|_| WarehouseError::Absent(id.into()))?;
            let change = ChangePurchaseOrder {
                expected_on: Some(Some(arrives_on.0)),
                mode: None,
                shipped_on: None,
                cancel: false,
                wait_reason: None,
                lines: Vec::new(),
                reason: None,
            };
            change_purchase_order(&self.0, &store(), order, change)
                .await
                .map_err(|error| refused(id, error))?;
            Ok(())
        })
    }

    fn delay_supplier<'a>(&'a self, sku: &'a str, days: u16) -> Answer<'a, ()> {
        Box::pin(async move {
            let known: Sku = sku
                .parse()
                .map_err(|_| WarehouseError::Absent(sku.into()))?;
            let failed = |error| refused(sku, error);
            let supplier = show::sku(&self.0, &store(), &known).await.map_err(failed)?;
            let Some(supplier) = supplier.supplier else {
                return Err(WarehouseError::Refused(format!(
                    "`{sku}` has no supplier who could be late"
                )));
            };
            for order in self.open_orders().await.map_err(failed)? {
                if order.supplier.as_ref() != Some(&supplier) {
                    continue;
                }
                let last = order.lines.iter().filter_map(|line| line.expected_on).max();
                let Some(day) = last.and_then(|day| day.checked_add_days(Days::new(days.into())))
                else {
                    continue;
                };
                self.move_purchase_order(order.id.as_str(), Date(day))
                    .await?;
            }
            Ok(())
        })
    }

    fn receive<'a>(&'a self, id: &'a str) -> Answer<'a, u32> {
        Box::pin(dispatch::receive(&self.0, id))
    }

    fn dispatch(&self) -> Answer<'_, Dispatch> {
        Box::pin(dispatch::dispatch(&self.0))
    }

    fn hand_over<'a>(&'a self, shipment: &'a str) -> Answer<'a, String> {
        Box::pin(dispatch::hand_over(&self.0, shipment))
    }

    fn order_number(&self) -> Result<String, WarehouseError> {
        placing::number(&mut OsRng).map_err(|error| WarehouseError::Broken(Box::new(error)))
    }

    fn place_order<'a>(&'a self, basket: &'a Basket) -> BoxFuture<'a, Result<Placed, NotPlaced>> {
        Box::pin(placing::place(&self.0, basket))
    }

    fn payer<'a>(&'a self, order: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let Ok(id) = order.parse() else {
                return Ok(None);
            };
            match show::order(&self.0, &store(), &id).await {
                Ok(standing) => Ok(standing.order.customer.email),
                Err(ActError::NotFound) => Ok(None),
                Err(error) => Err(refused(order, error)),
            }
        })
    }
}

impl Backend {
    async fn shelf_of(&self, sku: &Sku) -> Result<Shelf, ActError> {
        let record = show::sku(&self.0, &store(), sku).await?;
        let shop = self.0.catalogue.shop(&store()).ok_or(ActError::NotFound)?;
        let home = shop.settings().location.id.clone();
        let level = show::level(&self.0, &store(), sku, &home).await?;
        let mut orders: Vec<_> = self
            .open_orders()
            .await?
            .iter()
            .flat_map(|order| order.lines.iter().map(move |line| (order, line)))
            .filter(|(_, line)| line.sku == *sku)
            .map(|(order, line)| PurchaseOrder {
                id: order.id.to_string(),
                quantity: line.quantity.less(line.received).units(),
                arrives_on: line.expected_on.map(Date),
                planned_on: line.planned_on.map(Date),
                has_left: order.shipped_on.is_some(),
            })
            .collect();
        orders.sort_by_key(|order| order.arrives_on.or(order.planned_on));
        let mut elsewhere = Vec::new();
        for location in warehouses().filter(|one| one.id != home.as_str()) {
            let Ok(id) = location.id.parse() else {
                continue;
            };
            let on_hand = match show::level(&self.0, &store(), sku, &id).await {
                Ok(level) => level.on_hand.units(),
                Err(ActError::NotFound) => 0,
                Err(error) => return Err(error),
            };
            if 0 < on_hand {
                elsewhere.push(Elsewhere {
                    name: location.name.into(),
                    on_hand,
                });
            }
        }
        Ok(Shelf {
            sku: sku.to_string(),
            on_hand: level.on_hand.units(),
            elsewhere,
            owed: level.committed.units(),
            supplier: match &record.supplier {
                Some(id) => Some(show::supplier(&self.0, &store(), id).await?.name),
                None => None,
            },
            purchase_orders: orders,
        })
    }

    async fn open_orders(&self) -> Result<Vec<records::PurchaseOrder>, ActError> {
        let open = Some(PurchaseOrderStatus::Open);
        show::purchase_orders(&self.0, &store(), open, None, ORDERS_MAX).await
    }

    fn location(&self, sku: &str) -> Result<shared::ids::LocationId, WarehouseError> {
        let shop = self.0.catalogue.shop(&store());
        let shop = shop.ok_or_else(|| WarehouseError::Absent(sku.into()))?;
        Ok(shop.settings().location.id.clone())
    }
}

/// What an act of the store came to, in the words of the panel.
fn refused(what: &str, error: ActError) -> WarehouseError {
    match error {
        ActError::NotFound => WarehouseError::Absent(what.into()),
        ActError::Store(cause) => WarehouseError::Broken(Box::new(cause)),
        refusal => WarehouseError::Refused(refusal.to_string()),
    }
}
