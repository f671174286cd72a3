//! The facts about one SKU: what is there, what is coming, who already waits, what may be sold.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::calendar::WorkingDays;
use crate::ids::{LocationId, PurchaseOrderId, Sku};
use crate::quantity::Quantity;

/// Everything that is known of one SKU, and nothing about the moment at which it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuFacts {
    /// The SKU.
    pub sku: Sku,
    /// The merchant's name for it, to be shown beside a parcel.
    pub title: Option<Arc<str>>,
    /// How it may be sold.
    pub selling: Selling,
    /// Stock and supply, one entry for each location that holds or awaits it.
    pub places: Vec<Place>,
    /// The store's revision at which any of these facts last changed.
    pub revision: u64,
}

/// How a SKU may be sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selling {
    /// False: the merchant does not count it and it is always there (a download, a service).
    pub tracked: bool,
    /// No more will come; what is left may be sold.
    pub discontinued: bool,
    /// Whether more than is on the shelf may be sold.
    pub backorder: Backorder,
    /// Before this date, at the location that ships, none leaves the house.
    pub released_on: Option<NaiveDate>,
    /// At or below this many available units the SKU reads as low. Zero: never.
    pub low_stock_threshold: Quantity,
    /// How the merchant gets more without any order being under way yet.
    pub replenishment: Option<Replenishment>,
}

/// Whether more than is on the shelf may be sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backorder {
    /// The rule.
    pub mode: BackorderMode,
    /// Most units that may be owed (sold and not on hand) at once. `None`: as many as can be promised.
    pub limit: Option<Quantity>,
    /// Why there is a wait, in the merchant's own words.
    pub reason: Option<Arc<str>>,
}

/// The rule for selling what is not on the shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackorderMode {
    /// Only what is on the shelf.
    #[default]
    Deny,
    /// Whatever can be promised, called a backorder.
    Allow,
    /// The same, without the word "backorder": for shops that make to order. The date is as honest.
    AllowSilent,
}

impl BackorderMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deny, Self::Allow, Self::AllowSilent];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
            Self::AllowSilent => "allow_silent",
        }
    }

    /// The mode of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// A declared lead time: more can be had that long after it is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replenishment {
    /// Calendar days from order to arrival.
    pub lead_time_days: u32,
    /// Days on which the supplier takes orders and delivers.
    pub supplier_days: Arc<WorkingDays>,
}

/// Stock and supply of one SKU at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The location.
    pub location: LocationId,
    /// Units physically there and in saleable condition.
    pub on_hand: Quantity,
    /// Units withheld from sale to absorb errors.
    pub safety_stock: Quantity,
    /// What is on its way, in no particular order.
    pub incoming: Vec<Incoming>,
    /// What is promised already, in no particular order.
    pub claims: Vec<Claim>,
}

/// Units on their way, for which a date is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Units still to come.
    pub quantity: Quantity,
    /// The civil date, at the location, on which the supplier says they arrive.
    pub expected_on: NaiveDate,
    /// Days added to the supplier's date because of what is known of the supplier.
    pub buffer_days: u32,
    /// What they come from.
    pub purchase_order: PurchaseOrderId,
}

/// Units promised to somebody.
///
/// Claims keep the date that was promised. They are never re-derived when somebody asks
/// (domain.md V11: re-deriving can push a third party back after a cancellation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The ship-by date that was promised; `None` for units owed since before any date was told,
    /// which come before all others.
    pub ships_by: Option<NaiveDate>,
    /// Units.
    pub quantity: Quantity,
}

impl SkuFacts {
    /// Facts of a SKU that is counted, sold only from the shelf, and of which there is none.
    pub fn new(sku: Sku) -> Self {
        let selling = Selling {
            tracked: true,
            discontinued: false,
            backorder: Backorder::default(),
            released_on: None,
            low_stock_threshold: Quantity::ZERO,
            replenishment: None,
        };
        Self {
            sku,
            title: None,
            selling,
            places: Vec::new(),
            revision: 0,
        }
    }

    /// Stock and supply at `location`, if it holds or awaits any.
    pub fn at(&self, location: &LocationId) -> Option<&Place> {
        self.places.iter().find(|place| &place.location == location)
    }
}

impl Place {
    /// An empty place.
    pub fn new(location: LocationId) -> Self {
        Self {
            location,
            on_hand: Quantity::ZERO,
            safety_stock: Quantity::ZERO,
            incoming: Vec::new(),
            claims: Vec::new(),
        }
    }
}
