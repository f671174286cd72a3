//! Shows the merchant what is stored. Read from the database, not from memory: a merchant who has
//! just written wants to see all of it, also what shoppers never see.

use chrono::{DateTime, Utc};
use shared::ids::{
    LocationId, OrderId, PurchaseOrderId, ReservationId, ShipmentId, Sku, StoreId, SupplierId,
};
use shared::supply::BackorderMode;

use super::ActError;
use super::once::Answer;
use super::parcels::{Parcel, QueuePlace, parcels};
use super::records::{
    KeyRecord, Level, LocationRecord, Offer, PromiseRow, PurchaseOrder, PurchaseOrderStatus,
    Reservation, Shipment, SkuRecord, Standing, StoreRecord, SupplierModel, SupplierRecord,
    WaitingPart, order_of,
};
use crate::app::App;
use crate::catalogue::Shop;

/// One SKU.
pub async fn sku(app: &App, store: &StoreId, sku: &Sku) -> Result<SkuRecord, ActError> {
    found(app.store.sku(store, sku).await?)
}

/// SKUs after one, in the order of their bytes.
pub async fn skus(
    app: &App,
    store: &StoreId,
    after: Option<&Sku>,
    limit: u32,
) -> Result<Vec<SkuRecord>, ActError> {
    Ok(app.store.skus(store, after, limit).await?)
}

/// What is on hand of a SKU at a location: nothing, where nobody has said otherwise.
pub async fn level(
    app: &App,
    store: &StoreId,
    sku: &Sku,
    location: &LocationId,
) -> Result<Level, ActError> {
    found(app.store.sku(store, sku).await?)?;
    found(app.store.location(store, location).await?)?;
    let level = app.store.level(store, sku, location).await?;
    Ok(level.unwrap_or_else(|| Level::empty(sku.clone(), location.clone())))
}

/// SKUs of a purchase order of which nothing can be bought before it is here.
pub async fn not_sold_ahead(
    app: &App,
    shop: &Shop,
    id: &PurchaseOrderId,
) -> Result<Vec<Sku>, ActError> {
    let order = purchase_order(app, &shop.id, id).await?;
    let settings = shop.settings();
    let today = settings.location.calendar.today(app.clock.now());
    let waits_for_the_shelf = |sku: &Sku| {
        let entry = shop.entry(sku.as_str());
        entry.is_none_or(|entry| {
            let selling = entry.selling();
            selling.tracked && selling.mode_on(today) == BackorderMode::Deny
        })
    };
    let skus = order.lines.into_iter().map(|line| line.sku);
    Ok(skus.filter(waits_for_the_shelf).collect())
}

/// What was last answered on a route that begins so, with the route and when that was.
pub async fn last_answer(
    app: &App,
    store: &StoreId,
    routes: &str,
) -> Result<Option<(String, DateTime<Utc>, Answer)>, ActError> {
    let now = app.clock.now();
    Ok(app.store.last_kept_answer(store, routes, now).await?)
}

/// One location.
pub async fn location(
    app: &App,
    store: &StoreId,
    id: &LocationId,
) -> Result<LocationRecord, ActError> {
    found(app.store.location(store, id).await?)
}

/// All locations.
pub async fn locations(app: &App, store: &StoreId) -> Result<Vec<LocationRecord>, ActError> {
    Ok(app.store.locations(store).await?)
}

/// One supplier.
pub async fn supplier(
    app: &App,
    store: &StoreId,
    id: &SupplierId,
) -> Result<SupplierRecord, ActError> {
    found(app.store.supplier(store, id).await?)
}

/// All suppliers.
pub async fn suppliers(app: &App, store: &StoreId) -> Result<Vec<SupplierRecord>, ActError> {
    Ok(app.store.suppliers(store).await?)
}

/// The store.
pub async fn store(app: &App, store: &StoreId) -> Result<StoreRecord, ActError> {
    found(app.store.store_record(store).await?)
}

/// One purchase order.
pub async fn purchase_order(
    app: &App,
    store: &StoreId,
    id: &PurchaseOrderId,
) -> Result<PurchaseOrder, ActError> {
    found(app.store.purchase_order(store, id).await?)
}

/// What was learnt of one supplier, or of all.
pub async fn supplier_models(
    app: &App,
    store: &StoreId,
    id: Option<&SupplierId>,
) -> Result<Vec<SupplierModel>, ActError> {
    Ok(app.store.supplier_models(store, id).await?)
}

/// Purchase orders after one, in the order of their ids.
pub async fn purchase_orders(
    app: &App,
    store: &StoreId,
    status: Option<PurchaseOrderStatus>,
    after: Option<&PurchaseOrderId>,
    limit: u32,
) -> Result<Vec<PurchaseOrder>, ActError> {
    Ok(app
        .store
        .purchase_orders(store, status, after, limit)
        .await?)
}

/// All keys, newest first.
pub async fn keys(app: &App, store: &StoreId) -> Result<Vec<KeyRecord>, ActError> {
    Ok(app.store.keys(store).await?)
}

/// One reservation, with every date that was told for it.
pub async fn reservation(
    app: &App,
    store: &StoreId,
    id: &ReservationId,
) -> Result<(Reservation, Vec<PromiseRow>), ActError> {
    found(app.store.reservation(store, id).await?)
}

/// One order, as it stands.
pub async fn order(app: &App, store: &StoreId, id: &OrderId) -> Result<Standing, ActError> {
    found(app.store.order(store, id, app.clock.now()).await?)
}

/// The parcels that can leave now, by their ids, after one.
pub async fn ready_parcels(
    app: &App,
    store: &StoreId,
    after: Option<&ShipmentId>,
    limit: u32,
) -> Result<Vec<Parcel>, ActError> {
    let waiting = app.store.waiting(store, app.clock.now()).await?;
    let mut ready = parcels(&waiting);
    ready.retain(|parcel| after.is_none_or(|after| after < &parcel.id));
    ready.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    ready.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(ready)
}

/// Orders after one as they stand, in the order of their ids.
pub async fn orders(
    app: &App,
    store: &StoreId,
    status: Option<&'static str>,
    after: Option<&OrderId>,
    limit: u32,
) -> Result<Vec<Standing>, ActError> {
    let after = after.map(OrderId::as_str).unwrap_or_default();
    let now = app.clock.now();
    Ok(app.store.orders(store, status, after, limit, now).await?)
}

/// Offers for orders after one, in the order of the orders' ids.
pub async fn offers(
    app: &App,
    store: &StoreId,
    after: Option<&OrderId>,
    limit: u32,
) -> Result<Vec<Offer>, ActError> {
    let after = after.map(OrderId::as_str).unwrap_or_default();
    Ok(app.store.offers(store, after, limit).await?)
}

/// What orders wait for and is not on the shelf, in the order in which it will be filled.
pub async fn backorders(
    app: &App,
    store: &StoreId,
    after: Option<&QueuePlace>,
    limit: u32,
) -> Result<Vec<WaitingPart>, ActError> {
    let mut waiting = app.store.waiting(store, app.clock.now()).await?;
    waiting.retain(|part| !part.filled && after.is_none_or(|after| *after < QueuePlace::of(part)));
    waiting.sort_by_key(QueuePlace::of);
    waiting.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(waiting)
}

/// Goods that have left, or can leave now.
pub enum Found {
    /// They have left.
    Left(Shipment),
    /// They can leave.
    Ready(Parcel),
}

/// What is, or will be, sent under an id.
pub async fn shipment(app: &App, store: &StoreId, id: &ShipmentId) -> Result<Found, ActError> {
    let order = order(app, store, &order_of(id).ok_or(ActError::NotFound)?).await?;
    let mut left = order.shipments.into_iter();
    if let Some(left) = left.find(|shipment| shipment.id == *id) {
        return Ok(Found::Left(left));
    }
    let mut ready = parcels(&order.waiting).into_iter();
    found(ready.find(|parcel| parcel.id == *id).map(Found::Ready))
}

/// What has left, by id, after one.
pub async fn shipments(
    app: &App,
    store: &StoreId,
    after: Option<&ShipmentId>,
    limit: u32,
) -> Result<Vec<Shipment>, ActError> {
    let after = after.map_or("", ShipmentId::as_str);
    Ok(app.store.shipments(store, after, limit).await?)
}

fn found<T>(thing: Option<T>) -> Result<T, ActError> {
    thing.ok_or(ActError::NotFound)
}
