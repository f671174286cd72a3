//! What the shop's own backend may do in its warehouse, behind the panel beside the pages.

use futures_util::future::BoxFuture;
use serde::Serialize;
use shared::wire::Date;

/// The merchant's side of ShipsBy, as the demo shop's backend uses it. The browser never sees a key.
pub trait Warehouse: Send + Sync {
    /// What is on the shelf and on its way. `None`: the store does not know this SKU.
    fn shelf<'a>(&'a self, sku: &'a str) -> Answer<'a, Option<Shelf>>;

    /// Counts the shelf: `on_hand` units are there.
    fn set_stock<'a>(&'a self, sku: &'a str, on_hand: u32) -> Answer<'a, ()>;

    /// The supplier says another day for a purchase order.
    fn move_purchase_order<'a>(&'a self, id: &'a str, arrives_on: Date) -> Answer<'a, ()>;

    /// How many parcels a cart takes at least: one from each warehouse where no single one has it all; `None` where
    /// nothing of it can be had.
    fn parcels_min(&self, lines: &[(String, u32)]) -> Option<u32>;

    /// Everything that is on its way from the supplier of `sku` comes `days` later.
    fn delay_supplier<'a>(&'a self, sku: &'a str, days: u16) -> Answer<'a, ()>;
}

/// What an act in the warehouse comes to.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, WarehouseError>>;

/// What is on the shelf and on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shelf {
    /// The SKU.
    pub sku: String,
    /// Units on the shelf.
    pub on_hand: u32,
    /// Other warehouses that have some.
    pub elsewhere: Vec<Elsewhere>,
    /// Units of them, and of what is to come, that are owed to somebody.
    pub owed: u32,
    /// Who sends more, if anybody does.
    pub supplier: Option<String>,
    /// Open purchase orders, earliest first.
    pub purchase_orders: Vec<PurchaseOrder>,
}

/// Units on the shelf of another warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// What people call it.
    pub name: String,
    /// Units on its shelf.
    pub on_hand: u32,
}

/// Units on their way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurchaseOrder {
    /// Id at the API.
    pub id: String,
    /// Units still to come.
    pub quantity: u32,
    /// The day on which the supplier says they arrive; `None`: it says no day.
    pub arrives_on: Option<Date>,
    /// The day for which they are planned.
    pub planned_on: Option<Date>,
    /// True once the supplier has said that they have left.
    pub has_left: bool,
}

/// Why nothing was changed in the warehouse.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// There is no such SKU or purchase order.
    #[error("there is no `{0}` in the warehouse")]
    Absent(String),
    /// The store refused; the words say why and what to do.
    #[error("{0}")]
    Refused(String),
    /// Something broke; the cause is for the log.
    #[error("the warehouse does not answer")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}
