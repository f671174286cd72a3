//! What the demo store sets up after its files are imported, so that every state can be seen.
//!
//! Plain data. Dates are days from the day on which the demo starts, so that the shop looks the
//! same in every month.

use serde::Serialize;

/// The location that ships. The files know a second one, a store in Portland, that does not.
#[derive(Debug, Clone, Copy)]
pub struct Location {
    /// Id at the API.
    pub id: &'static str,
    /// The name that the inventory file gives it.
    pub name: &'static str,
    /// IANA time zone.
    pub zone: &'static str,
    /// Local time before which an order is begun the same day.
    pub cut_off: &'static str,
    /// Working days from order to carrier.
    pub processing_days: u32,
    /// Working days from arrival to shelf.
    pub receiving_days: u32,
    /// Civil dates on which nobody works there.
    pub holidays: &'static [&'static str],
}

/// Who sends goods to the store.
#[derive(Debug, Clone, Copy)]
pub struct Supplier {
    /// Id at the API.
    pub id: &'static str,
    /// What the merchant calls it.
    pub name: &'static str,
    /// Calendar days from order to arrival, unless a SKU says otherwise.
    pub lead_time_days: u32,
}

/// One SKU: how it is sold, and what is on its way.
#[derive(Debug, Clone, Copy)]
pub struct Goods {
    /// The SKU.
    pub sku: &'static str,
    /// Units on the shelf; `None` keeps what the files say.
    pub on_hand: Option<u32>,
    /// At or below this many the SKU reads as low.
    pub low_stock_threshold: u32,
    /// Whether more than is on the shelf may be sold.
    pub backorder: Backorder,
    /// Days until the release, for what is not released yet.
    pub released_in_days: Option<u16>,
    /// Who makes it.
    pub supplier: Option<&'static str>,
    /// True: the supplier makes more on demand, in its lead time, beyond what is ordered already.
    pub made_to_order: bool,
    /// Purchase orders.
    pub incoming: &'static [Incoming],
}

/// Whether more than is on the shelf may be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backorder {
    /// Only what is there.
    Deny,
    /// Whatever can be promised.
    Allow {
        /// Most units owed at once; `None` for as many as can be promised.
        limit: Option<u32>,
        /// Why there is a wait, as the merchant says it.
        reason: Option<&'static str>,
    },
}

/// A purchase order of one SKU.
#[derive(Debug, Clone, Copy)]
pub struct Incoming {
    /// Id at the API.
    pub purchase_order: &'static str,
    /// Units.
    pub quantity: u32,
    /// Days until the supplier says they arrive.
    pub arrives_in_days: u16,
}

/// What the shopper pays for more parcels than one.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    /// For each parcel after the first, in cents.
    pub per_extra_parcel_cents: u32,
    /// Most parcels of one order.
    pub parcels_max: u32,
}

/// A state as the page of all states shows it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct State {
    /// Key of its heading in words.json.
    pub heading: &'static str,
    /// The SKU that is in it.
    pub sku: &'static str,
    /// Units that are asked for.
    pub quantity: u32,
}

/// ISO 4217 code of the store's prices.
pub const CURRENCY: &str = "USD";

/// Main warehouse: Thanksgiving, Christmas and New Year of two years. In 2027 Christmas is a
/// Saturday, so the Friday before is free, and so is the last Friday of the year.
pub const LOCATION: Location = Location {
    id: "main",
    name: "Main warehouse",
    zone: "America/Los_Angeles",
    cut_off: "14:00",
    processing_days: 1,
    receiving_days: 1,
    holidays: &[
        "2026-11-26",
        "2026-12-25",
        "2027-01-01",
        "2027-11-25",
        "2027-12-24",
        "2027-12-31",
    ],
};

/// One parcel is free, each further one costs $4.95.
pub const SPLIT: Split = Split {
    per_extra_parcel_cents: 495,
    parcels_max: 3,
};

/// Everybody who sends goods.
pub const SUPPLIERS: &[Supplier] = &[
    Supplier {
        id: "atlantic-knit",
        name: "Atlantic Knit, Porto",
        lead_time_days: 45,
    },
    Supplier {
        id: "shetland-needles",
        name: "Shetland Needles",
        lead_time_days: 42,
    },
    Supplier {
        id: "donegal-weavers",
        name: "Donegal Weavers",
        lead_time_days: 35,
    },
    Supplier {
        id: "ostrava-hats",
        name: "Ostrava Hats",
        lead_time_days: 90,
    },
    Supplier {
        id: "bridle-and-brass",
        name: "Bridle & Brass, Walsall",
        lead_time_days: 28,
    },
    Supplier {
        id: "second-groove",
        name: "Second Groove Pressing",
        lead_time_days: 100,
    },
];

/// Everything that the shop sells and ships.
pub const GOODS: &[Goods] = &[
    // T-shirts: on the shelf, except for the green one, which is sold out and has no date.
    Goods {
        supplier: Some("atlantic-knit"),
        ..goods("cc-tshirt-logo")
    },
    Goods {
        supplier: Some("atlantic-knit"),
        ..goods("cc-t-shirt-blue")
    },
    Goods {
        supplier: Some("atlantic-knit"),
        ..goods("cc-t-shirt-red")
    },
    Goods {
        on_hand: Some(0),
        supplier: Some("atlantic-knit"),
        ..goods("cc-t-shirt-green")
    },
    // Hoodies: some there, some on their way.
    Goods {
        supplier: Some("atlantic-knit"),
        ..goods("cc-hoodie-green")
    },
    Goods {
        supplier: Some("atlantic-knit"),
        ..goods("cc-hoodie-red-logo")
    },
    Goods {
        supplier: Some("atlantic-knit"),
        ..goods("cc-hoodie-green-logo")
    },
    Goods {
        supplier: Some("atlantic-knit"),
        ..goods("cc-hoodie-with-logo")
    },
    Goods {
        on_hand: Some(0),
        backorder: wait(
            Some(24),
            "The red is dyed in small lots; yours is in the next one.",
        ),
        supplier: Some("atlantic-knit"),
        incoming: &[incoming("PO-1001", 30, 36)],
        ..goods("cc-hoodie-red")
    },
    Goods {
        on_hand: Some(0),
        backorder: wait(None, "A pallet of blue is on its way from Porto."),
        supplier: Some("atlantic-knit"),
        made_to_order: true,
        incoming: &[incoming("PO-1002", 20, 18)],
        ..goods("cc-hoodie-blue")
    },
    Goods {
        on_hand: Some(0),
        backorder: wait(None, "The printer has them now."),
        supplier: Some("atlantic-knit"),
        incoming: &[incoming("PO-1003", 15, 29)],
        ..goods("cc-hoodie-blue-logo")
    },
    // One on the shelf, four soon, six later.
    Goods {
        on_hand: Some(1),
        backorder: wait(
            Some(10),
            "The mill sends them as they come off the machine.",
        ),
        supplier: Some("atlantic-knit"),
        incoming: &[incoming("PO-1004", 4, 21), incoming("PO-1005", 6, 49)],
        ..goods("cc-hoodie-with-pocket")
    },
    // Accessories.
    Goods {
        supplier: None,
        ..goods("cc-sunglasses")
    },
    Goods {
        supplier: Some("bridle-and-brass"),
        ..goods("cc-belt")
    },
    Goods {
        on_hand: Some(0),
        backorder: wait(Some(40), "Knitted by hand, forty at a time."),
        supplier: Some("shetland-needles"),
        made_to_order: true,
        incoming: &[incoming("PO-1006", 40, 14)],
        ..goods("cc-beanie")
    },
    // Twenty-five are owed already, so that the first delivery is spoken for.
    Goods {
        on_hand: Some(0),
        backorder: wait(
            Some(45),
            "The next delivery is promised to others already; yours is in the one after it.",
        ),
        supplier: Some("shetland-needles"),
        incoming: &[incoming("PO-1007", 25, 21), incoming("PO-1008", 20, 43)],
        ..goods("cc-beanie-logo")
    },
    Goods {
        on_hand: Some(0),
        backorder: wait(Some(60), "This yellow is dyed once a season."),
        supplier: Some("ostrava-hats"),
        incoming: &[incoming("PO-1009", 60, 75)],
        ..goods("cc-cap")
    },
    Goods {
        on_hand: Some(0),
        backorder: wait(None, "Our weaver ships on the first of the month."),
        supplier: Some("donegal-weavers"),
        incoming: &[incoming("PO-1010", 12, 18)],
        ..goods("cc-scarf")
    },
    // Music: records, so they are counted, though the product file calls them downloads.
    Goods {
        on_hand: Some(0),
        backorder: wait(Some(150), "You are charged when it ships."),
        released_in_days: Some(100),
        supplier: Some("second-groove"),
        incoming: &[incoming("PO-1011", 200, 93)],
        ..goods("cc-album")
    },
    Goods {
        on_hand: Some(120),
        supplier: Some("second-groove"),
        ..goods("cc-single")
    },
];

/// Every state of one product, in the order of the page.
pub const STATES: &[State] = &[
    State {
        heading: "in_stock",
        sku: "cc-sunglasses",
        quantity: 1,
    },
    State {
        heading: "low",
        sku: "cc-belt",
        quantity: 1,
    },
    State {
        heading: "backorder",
        sku: "cc-scarf",
        quantity: 1,
    },
    State {
        heading: "slices",
        sku: "cc-hoodie-with-pocket",
        quantity: 8,
    },
    State {
        heading: "long",
        sku: "cc-cap",
        quantity: 1,
    },
    State {
        heading: "preorder",
        sku: "cc-album",
        quantity: 1,
    },
    State {
        heading: "sold_out",
        sku: "cc-t-shirt-green",
        quantity: 1,
    },
    State {
        heading: "unknown",
        sku: UNKNOWN_SKU,
        quantity: 1,
    },
];

/// Never imported, so that the shop's own words stay.
pub const UNKNOWN_SKU: &str = "cc-not-imported";

/// A cart of which one part is there and one is not.
pub const MIXED_CART: &[(&str, u32)] = &[("cc-hoodie-green", 1), ("cc-hoodie-blue", 2)];

/// Counted by the files, sold from the shelf only, low at three.
const fn goods(sku: &'static str) -> Goods {
    Goods {
        sku,
        on_hand: None,
        low_stock_threshold: 3,
        backorder: Backorder::Deny,
        released_in_days: None,
        supplier: None,
        made_to_order: false,
        incoming: &[],
    }
}

const fn wait(limit: Option<u32>, reason: &'static str) -> Backorder {
    Backorder::Allow {
        limit,
        reason: Some(reason),
    }
}

const fn incoming(purchase_order: &'static str, quantity: u32, arrives_in_days: u16) -> Incoming {
    Incoming {
        purchase_order,
        quantity,
        arrives_in_days,
    }
}
