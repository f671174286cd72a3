//! What the shop's own backend may do in its warehouse, behind the panel beside the pages.

use futures_util::future::BoxFuture;
use serde::Serialize;
use shared::wire::{Date, PlanKind};

/// The merchant's side of ShipsBy, as the demo shop's backend uses it. The browser never sees a key.
pub trait Warehouse: Send + Sync {
    /// What is on the shelf and on its way. `None`: the store does not know this SKU.
    fn shelf<'a>(&'a self, sku: &'a str) -> Answer<'a, Option<Shelf>>;

    /// Counts the shelf: `on_hand` units are there.
    fn set_stock<'a>(&'a self, sku: &'a str, on_hand: u32) -> Answer<'a, ()>;

    /// The supplier says another day for a purchase order.
    fn move_purchase_order<'a>(&'a self, id: &'a str, arrives_on: Date) -> Answer<'a, ()>;

    /// Everything that is on its way from the supplier of `sku` comes `days` later.
    fn delay_supplier<'a>(&'a self, sku: &'a str, days: u16) -> Answer<'a, ()>;

    /// All that is open of a purchase order has come. Says how many units that were.
    fn receive<'a>(&'a self, id: &'a str) -> Answer<'a, u32>;

    /// What can leave, and who waits for what.
    fn dispatch(&self) -> Answer<'_, Dispatch>;

    /// Hands a parcel to the carrier. Says its tracking number.
    fn hand_over<'a>(&'a self, shipment: &'a str) -> Answer<'a, String>;

    /// A number for an order that nobody has placed yet.
    fn order_number(&self) -> Result<String, WarehouseError>;

    /// Takes an order. One that was placed before, by the same customer, is only shown again.
    fn place_order<'a>(&'a self, basket: &'a Basket) -> BoxFuture<'a, Result<Placed, NotPlaced>>;

    /// The e-mail address of whoever placed an order; `None`: there is no such order.
    fn payer<'a>(&'a self, order: &'a str) -> Answer<'a, Option<String>>;
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

/// Units of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Units {
    /// The SKU.
    pub sku: String,
    /// How many.
    pub quantity: u32,
}

/// What can leave, and who waits for what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dispatch {
    /// Parcels that can leave now.
    pub ready: Vec<ReadyParcel>,
    /// What is not on the shelf, in the order in which it will be filled.
    pub waiting: Vec<Waiting>,
}

/// A parcel that can leave now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyParcel {
    /// Id at the API.
    pub id: String,
    /// Whose it is.
    pub order: String,
    /// The warehouse that it leaves, as people call it.
    pub from: String,
    /// What is in it.
    pub lines: Vec<Units>,
}

/// Units that an order waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Whose they are.
    pub order: String,
    /// What and how many.
    pub units: Units,
    /// The day by which they leave; `None`: nobody knows any more.
    pub ships_by: Option<Date>,
    /// True if that is later than was told first.
    pub late: bool,
    /// Purchase orders that bring them.
    pub purchase_orders: Vec<String>,
}

/// What a shopper orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// The order's number, drawn before.
    pub number: String,
    /// Each SKU once, in the order of the cart.
    pub items: Vec<Item>,
    /// What the shopper saw and chose; `None`: nothing, so everything that can be had is sent together.
    pub chosen: Option<Chosen>,
    /// Where letters go.
    pub email: String,
    /// What the shopper is called.
    pub name: String,
    /// BCP 47 tag of the page's language.
    pub language: String,
}

/// Units of one SKU and their price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What and how many.
    pub units: Units,
    /// What one costs, in cents.
    pub unit_price: u32,
}

/// How it is to be sent, as the shopper saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// In which way.
    pub kind: PlanKind,
    /// The day by which all of a SKU has left.
    pub shown: Vec<(String, Date)>,
    /// What that way costs on top, in cents.
    pub surcharge: u32,
}

/// An order that was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its number.
    pub number: String,
    /// How it is sent.
    pub kind: PlanKind,
    /// What leaves, in the order in which it does.
    pub parcels: Vec<Parcel>,
    /// What sending it costs, in cents.
    pub shipping: u32,
    /// What all of it costs, in cents.
    pub total: u32,
    /// The path of the shopper's own page of the order, on the server of ShipsBy.
    pub page: Option<String>,
    /// False: it had been placed before.
    pub is_new: bool,
}

/// What leaves together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The day by which it is with the carrier; `None`: nobody knows.
    pub ships_by: Option<Date>,
    /// What is in it.
    pub lines: Vec<Units>,
}

/// Why nothing was ordered.
#[derive(Debug, thiserror::Error)]
pub enum NotPlaced {
    /// Some of it would leave later, or cost more to send, than the shopper saw.
    #[error("it is not what was shown any more")]
    Changed(Changes),
    /// Nothing of it can be had.
    #[error("nothing of it can be had")]
    NothingHad,
    /// Somebody else ordered what was left of it.
    #[error("not all of it is left")]
    Gone,
    /// The number stands for an order of somebody else, or of other things.
    #[error("the order's number is taken")]
    Taken,
    /// The warehouse refused, or broke.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// What is not as it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// What leaves later.
    pub later: Vec<Later>,
    /// What sending it costs on top, as it was shown and now, in cents, if that is more.
    pub surcharge: Option<(u32, u32)>,
}

/// A date that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// The SKU.
    pub sku: String,
    /// The day that was shown.
    pub shown: Date,
    /// The day that can be promised; `None`: none.
    pub ships_by: Option<Date>,
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
