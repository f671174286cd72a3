//! What the demo store sets up after its files are imported, so that every state can be seen.
//!
//! Plain data. Dates are days from the day on which the demo starts, so that the shop looks the
//! same in every month.

use serde::Serialize;

/// Where goods are.
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
    /// True if parcels leave it.
    pub fulfils: bool,
    /// What a parcel from there costs the merchant, in cents.
    pub parcel_cost: u32,
    /// The carrier's days from there to the shoppers of [`ZONE`].
    pub transit_days: u32,
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
    /// Calendar days that its deliveries of the past took, oldest first.
    pub took_days: &'static [u16],
}

/// One SKU: how it is sold, and what is on its way.
#[derive(Debug, Clone, Copy)]
pub struct Goods {
    /// The SKU.
    pub sku: &'static str,
    /// Units on the shelf; `None` keeps what the files say.
    pub on_hand: Option<u32>,
    /// Units on the shelf of the second warehouse.
    pub on_hand_east: u32,
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
    /// What one of it is made of, for a kit; it has no stock of its own.
    pub kit: &'static [(&'static str, u32)],
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
    /// The same for goods that are always made first: nobody is told of a backorder.
    MadeToOrder {
        /// Why there is a wait, as the merchant says it.
        reason: &'static str,
    },
}

/// A purchase order of one SKU.
#[derive(Debug, Clone, Copy)]
pub struct Incoming {
    /// Id at the API.
    pub purchase_order: &'static str,
    /// Units.
    pub quantity: u32,
    /// Days ago on which it was placed.
    pub ordered_days_ago: u16,
    /// Days ago on which the goods left, if they have.
    pub shipped_days_ago: Option<u16>,
    /// Days until they arrive, as the supplier says; below zero it is late. `None`: it says no day.
    pub arrives_in_days: Option<i16>,
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

/// Where the shoppers are, as the carriers call it.
pub const ZONE: &str = "us";

/// Days, carriers included, on which nothing moves: Thanksgiving, Christmas and New Year of two years.
/// In 2027 Christmas is a Saturday, so the Friday before is free, and so is the last Friday of the year.
const HOLIDAYS: &[&str] = &[
    "2026-11-26",
    "2026-12-25",
    "2027-01-01",
    "2027-11-25",
    "2027-12-24",
    "2027-12-31",
];

/// Everywhere: first the warehouses that ship, of which the first is where goods usually are, then a store of
/// which the files know, where people carry things home themselves.
pub const LOCATIONS: &[Location] = &[MAIN, EAST, STORE];

/// The warehouses that ship.
pub fn warehouses() -> impl Iterator<Item = &'static Location> {
    LOCATIONS.iter().filter(|location| location.fulfils)
}

const MAIN: Location = Location {
    id: "main",
    name: "Main warehouse",
    zone: "America/Los_Angeles",
    cut_off: "14:00",
    processing_days: 1,
    receiving_days: 1,
    holidays: HOLIDAYS,
    fulfils: true,
    parcel_cost: 640,
    transit_days: 3,
};

/// Smaller, dearer, a day slower, and closed on the Friday after Thanksgiving.
const EAST: Location = Location {
    id: "hudson",
    name: "Hudson warehouse",
    zone: "America/New_York",
    cut_off: "12:00",
    processing_days: 2,
    receiving_days: 1,
    holidays: &[
        "2026-11-26",
        "2026-11-27",
        "2026-12-25",
        "2027-01-01",
        "2027-11-25",
        "2027-11-26",
        "2027-12-24",
        "2027-12-31",
    ],
    fulfils: true,
    parcel_cost: 910,
    transit_days: 2,
};

const STORE: Location = Location {
    id: "portland-store",
    name: "Portland store",
    fulfils: false,
    ..MAIN
};

/// Working days by which goods that have left the supplier may leave later than from the shelf, and
/// still read as in stock. As many as a delivery of `SENT_DAYS` takes to the shelf.
pub const SUPPRESS_WITHIN_DAYS: u32 = 4;
/// In how many days what was sent already arrives: as long as the goods are not dated anew.
const SENT_DAYS: i16 = 3;

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
        took_days: &[41, 44, 39, 47, 43, 46, 42, 49, 44, 40, 45, 43],
    },
    Supplier {
        id: "shetland-needles",
        name: "Shetland Needles",
        lead_time_days: 42,
        took_days: &[],
    },
    Supplier {
        id: "donegal-weavers",
        name: "Donegal Weavers",
        lead_time_days: 35,
        took_days: &[],
    },
    Supplier {
        id: "ostrava-hats",
        name: "Ostrava Hats",
        lead_time_days: 90,
        took_days: &[],
    },
    Supplier {
        id: "bridle-and-brass",
        name: "Bridle & Brass, Walsall",
        lead_time_days: 28,
        took_days: &[],
    },
    Supplier {
        id: "second-groove",
        name: "Second Groove Pressing",
        lead_time_days: 100,
        took_days: &[],
    },
    Supplier {
        id: "alder-and-ash",
        name: "Alder & Ash, Eugene",
        lead_time_days: 18,
        took_days: &[],
    },
    Supplier {
        id: "cobalt-and-clay",
        name: "Cobalt & Clay, Stoke",
        lead_time_days: 40,
        took_days: &[],
    },
];

/// Everything that the shop sells and ships.
pub const GOODS: &[Goods] = &[
    // T-shirts: on the shelf, except for the green one, which is sold out and not ordered again.
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
    // None is there, but the carrier has them: the shopper notices nothing.
    Goods {
        on_hand: Some(0),
        backorder: wait(None, "They are on the last miles from Porto."),
        supplier: Some("atlantic-knit"),
        incoming: &[Incoming {
            ordered_days_ago: 40,
            shipped_days_ago: Some(6),
            ..incoming("PO-1012", 24, SENT_DAYS)
        }],
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
        // The mill names no day, so it is planned from how long its deliveries took.
        incoming: &[Incoming {
            ordered_days_ago: 12,
            arrives_in_days: None,
            ..incoming("PO-1001", 30, 0)
        }],
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
        backorder: Backorder::Allow {
            limit: None,
            reason: None,
        },
        supplier: Some("atlantic-knit"),
        // Due four days ago, and not here yet.
        incoming: &[Incoming {
            ordered_days_ago: 50,
            ..incoming("PO-1003", 15, -4)
        }],
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
    // Ordered before it was settled who makes it: nothing says when it comes, and of nobody is anything learnt.
    Goods {
        on_hand: Some(0),
        backorder: wait(None, "The first of them are being sewn."),
        incoming: &[Incoming {
            ordered_days_ago: 9,
            arrives_in_days: None,
            ..incoming("PO-1014", 30, 0)
        }],
        ..goods("cc-corduroy-cap")
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
    // One mat is there: enough for the kit or for the mat alone, not for both.
    Goods {
        on_hand: Some(1),
        backorder: wait(None, "The felt is cut with the next pressing."),
        supplier: Some("second-groove"),
        incoming: &[incoming("PO-1013", 60, 16)],
        ..goods("cc-slipmat")
    },
    Goods {
        backorder: wait(None, "The mats are cut with the next pressing."),
        kit: &[("cc-slipmat", 1), ("cc-single", 1)],
        ..goods("cc-listening-kit")
    },
    // Some here, some there.
    Goods {
        on_hand: Some(3),
        on_hand_east: 5,
        supplier: Some("cobalt-and-clay"),
        ..goods("cc-mug")
    },
    Goods {
        on_hand: Some(0),
        backorder: Backorder::MadeToOrder {
            reason: "The joiner begins when you order.",
        },
        supplier: Some("alder-and-ash"),
        made_to_order: true,
        ..goods("cc-crate")
    },
];

/// What one of a kit is made of; nothing for all else.
pub fn parts_of(sku: &str) -> &'static [(&'static str, u32)] {
    let goods = GOODS.iter().find(|goods| goods.sku == sku);
    goods.map_or(&[], |goods| goods.kit)
}

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
        heading: "suppressed",
        sku: "cc-hoodie-green-logo",
        quantity: 1,
    },
    State {
        heading: "two_places",
        sku: "cc-mug",
        quantity: 6,
    },
    State {
        heading: "kit",
        sku: "cc-listening-kit",
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
        heading: "overdue",
        sku: "cc-hoodie-blue-logo",
        quantity: 1,
    },
    State {
        heading: "undated",
        sku: "cc-hoodie-red",
        quantity: 1,
    },
    State {
        heading: "made_to_order",
        sku: "cc-crate",
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
        heading: "no_date",
        sku: "cc-corduroy-cap",
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

/// A kit and one of its parts, where there is enough for one of the two.
pub const KIT_CART: &[(&str, u32)] = &[("cc-listening-kit", 1), ("cc-slipmat", 1)];

/// A cart that no warehouse has alone.
pub const TWO_PLACES_CART: &[(&str, u32)] = &[("cc-mug", 6), ("cc-hoodie-blue", 2)];

/// Counted by the files, sold from the shelf only, low at three.
const fn goods(sku: &'static str) -> Goods {
    Goods {
        sku,
        on_hand: None,
        on_hand_east: 0,
        low_stock_threshold: 3,
        backorder: Backorder::Deny,
        released_in_days: None,
        supplier: None,
        made_to_order: false,
        incoming: &[],
        kit: &[],
    }
}

const fn wait(limit: Option<u32>, reason: &'static str) -> Backorder {
    Backorder::Allow {
        limit,
        reason: Some(reason),
    }
}

/// Placed today, and the supplier has told a day.
const fn incoming(purchase_order: &'static str, quantity: u32, arrives_in_days: i16) -> Incoming {
    Incoming {
        purchase_order,
        quantity,
        ordered_days_ago: 0,
        shipped_days_ago: None,
        arrives_in_days: Some(arrives_in_days),
    }
}
