//! What suppliers did so far, for the merchant to judge by.

use std::collections::BTreeMap;

use shared::ids::{StoreId, SupplierId};
use shared::lead_time::{Came, TrackRecord};

use super::ActError;
use super::records::{DeliveryRecord, SupplierModel};
use crate::app::App;

/// Most deliveries that are looked at, the newest.
pub const DELIVERIES_MAX: usize = 20_000;

/// A supplier and what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplier {
    /// The supplier.
    pub id: SupplierId,
    /// What people call it.
    pub name: String,
    /// What it did; `None`: nothing of it has come yet.
    pub record: Option<TrackRecord>,
    /// What its dates are planned by; `None`: nothing is known.
    pub model: Option<SupplierModel>,
}

/// Tells what every supplier did, by id.
pub async fn track_records(app: &App, store: &StoreId) -> Result<Vec<Supplier>, ActError> {
    let suppliers = app.store.suppliers(store).await?;
    let models = app.store.supplier_models(store, None).await?;
    let deliveries = app.store.newest_deliveries(store, DELIVERIES_MAX).await?;
    let mut by_supplier: BTreeMap<SupplierId, Vec<Came>> = BTreeMap::new();
    for delivery in deliveries {
        let came = came(&delivery);
        by_supplier.entry(delivery.supplier).or_default().push(came);
    }
    let mut any = models.into_iter().filter(|model| model.mode.is_empty());
    let mut models: BTreeMap<SupplierId, SupplierModel> = BTreeMap::new();
    models.extend(any.by_ref().map(|model| (model.supplier.clone(), model)));
    let suppliers = suppliers.into_iter().map(|supplier| Supplier {
        record: by_supplier
            .get(&supplier.id)
            .and_then(|came| TrackRecord::of(came)),
        model: models.remove(&supplier.id),
        id: supplier.id,
        name: supplier.name,
    });
    Ok(suppliers.collect())
}

fn came(delivery: &DeliveryRecord) -> Came {
    Came {
        ordered_on: delivery.ordered_on,
        promised_on: delivery.promised_on,
        received_on: delivery.received_on,
    }
}
