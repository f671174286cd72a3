//! Facts, a moment and a policy in; what a shopper may be told, and until when it holds, out.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::calendar::{DispatchCalendar, Transit};
use crate::cart::date_line;
use crate::ids::{LocationId, Sku};
use crate::kit::Goods;
use crate::promise::Slice;
use crate::quantity::Quantity;
use crate::reason::Stated;
use crate::supply::{Incoming, Place};

/// A location that ships, and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Which one.
    pub id: LocationId,
    /// Its zone, days and clock.
    pub calendar: DispatchCalendar,
    /// What it costs the merchant to send a parcel from here, in minor units. Only chosen by.
    pub parcel_cost: u32,
    /// How long carriers take from here, one entry for each part of the world that they reach.
    pub transit: Vec<Transit>,
    /// The store's revision at which any of this last changed.
    pub revision: u64,
}

impl Location {
    /// A location whose parcels cost nothing in particular.
    pub fn new(id: LocationId, calendar: DispatchCalendar) -> Self {
        Self {
            id,
            calendar,
            parcel_cost: 0,
            transit: Vec::new(),
            revision: 0,
        }
    }

    /// The civil date by which a parcel that leaves by `ships_by` is at a door in `zone`; `None` where
    /// nobody has said how long carriers take there.
    pub fn delivers_by(&self, ships_by: NaiveDate, zone: &str) -> Option<NaiveDate> {
        let transit = self.transit.iter().find(|transit| &*transit.zone == zone)?;
        transit.deliver_by(ships_by)
    }
}

/// What a store decides about promises, for all of its goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisePolicy {
    /// Days ahead beyond which nothing is promised. At most [`HORIZON_DAYS_MAX`].
    pub horizon_days: u32,
    /// Days for which a purchase order that is late still counts (D365: supply time fence).
    pub overdue_fence_days: u32,
    /// Days from today in which such a purchase order is assumed to arrive. At least 1.
    pub overdue_offset_days: u32,
    /// Smallest part of a line worth a parcel of its own.
    pub min_shipment: Quantity,
    /// How much of the counts shoppers may see.
    pub display: Display,
    /// Working days by which goods may leave later than from the shelf and still read as in stock,
    /// where the supplier has sent them already. `None`: only what is on the shelf is in stock.
    pub suppress_within_days: Option<u32>,
    /// The part of the world that parcels go to, as [`Transit::zone`] names it, where it is known.
    pub zone: Option<Arc<str>>,
}

/// Longest promise horizon: feeds such as Google's take no date more than a year ahead.
pub const HORIZON_DAYS_MAX: u32 = 365;
/// Days for which an overdue purchase order counts, unless the merchant says otherwise.
pub const OVERDUE_FENCE_DAYS: u32 = 30;
/// Days until an overdue purchase order is assumed to arrive, unless the merchant says otherwise.
pub const OVERDUE_OFFSET_DAYS: u32 = 1;
/// Days by which a date must be sooner to be told to who waits, unless the merchant says otherwise.
pub const BETTER_BY_DAYS: u32 = 3;

impl Default for PromisePolicy {
    fn default() -> Self {
        Self {
            horizon_days: HORIZON_DAYS_MAX,
            overdue_fence_days: OVERDUE_FENCE_DAYS,
            overdue_offset_days: OVERDUE_OFFSET_DAYS,
            min_shipment: Quantity::new(1),
            display: Display::Exact,
            suppress_within_days: Some(0),
            zone: None,
        }
    }
}

/// How much of the counts shoppers may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Display {
    /// The counts themselves: "Only 3 left".
    #[default]
    Exact,
    /// That there are few, not how many: "Only a few left".
    FewLeft,
    /// Nothing about how many.
    Hidden,
}

/// What a shopper may be told about a quantity of one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The SKU that was asked for.
    pub sku: Sku,
    /// Units asked for.
    pub requested: Quantity,
    /// What is the matter with it.
    pub status: Status,
    /// The civil date by which all of `requested` is with the carrier. `Some` exactly when the
    /// quantity can be ordered: without an honest date nothing is sold.
    pub ships_by: Option<NaiveDate>,
    /// The civil date by which all of it is at the buyer's door, where the store knows how long carriers take.
    pub delivers_by: Option<NaiveDate>,
    /// Dated parts of `requested`, earliest first. They add up to it when it can be ordered. One
    /// part for all of it where the merchant does not show counts.
    pub slices: Vec<Slice>,
    /// True if the first slice is on the shelf now.
    pub first_is_ready: bool,
    /// True if it reads as in stock though some of it is still on its way. For the merchant to know.
    pub is_suppressed: bool,
    /// Most units that can be ordered now; `None` if unlimited or not for shoppers to know.
    pub max_orderable: Option<Quantity>,
    /// Why there is a wait.
    pub reason: Option<Reason>,
    /// When the answer may change by the passing of time alone.
    pub valid_until: Option<DateTime<Utc>>,
    /// The store's revision at which the facts behind the answer last changed.
    pub revision: u64,
}

/// What is the matter with the quantity asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// All of it is on the shelf.
    InStock,
    /// All of it, or at least something, is on the shelf, and little more. `left` is `None` where
    /// the merchant does not show counts.
    LowStock {
        /// Units that can be had from the shelf.
        left: Option<Quantity>,
    },
    /// Some of it has to come first.
    Backorder {
        /// The merchant makes to order and does not want the word.
        silent: bool,
    },
    /// Not released yet.
    Preorder {
        /// The day of release.
        released_on: NaiveDate,
    },
    /// None can be had.
    OutOfStock {
        /// Some is on its way, though it may not be sold before it is there.
        more_comes: bool,
    },
    /// None can be had, and none will come.
    Discontinued,
    /// The store does not know this SKU.
    Unknown,
}

/// Why there is a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What kind of wait it is.
    pub cause: Cause,
    /// What the merchant says of it, if anything.
    pub stated: Option<Arc<Stated>>,
}

/// What kind of wait it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A purchase order is on its way.
    AwaitingSupplier,
    /// A purchase order is on its way and late.
    SupplierLate,
    /// It is ordered or made when somebody buys it.
    MadeToOrder,
    /// It is not released yet.
    NotReleased,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::AwaitingSupplier,
        Self::SupplierLate,
        Self::MadeToOrder,
        Self::NotReleased,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwaitingSupplier => "awaiting_supplier",
            Self::SupplierLate => "supplier_late",
            Self::MadeToOrder => "made_to_order",
            Self::NotReleased => "not_released",
        }
    }

    /// The cause of this name.
    ///
    /// ```
    /// use shared::availability::Cause;
    ///
    /// assert_eq!(Cause::named("supplier_late"), Some(Cause::SupplierLate));
    /// assert_eq!(Cause::named("customs"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

impl Availability {
    /// The answer for a SKU that the store does not know.
    ///
    /// ```
    /// use shared::availability::{Availability, Status};
    /// use shared::quantity::Quantity;
    ///
    /// let answer = Availability::unknown("nobody".parse()?, Quantity::new(1));
    /// assert_eq!(answer.status, Status::Unknown);
    /// assert!(!answer.orderable());
    /// # Ok::<(), shared::ids::IdError>(())
    /// ```
    pub fn unknown(sku: Sku, requested: Quantity) -> Self {
        Self {
            sku,
            requested,
            status: Status::Unknown,
            ships_by: None,
            delivers_by: None,
            slices: Vec::new(),
            first_is_ready: false,
            is_suppressed: false,
            max_orderable: None,
            reason: None,
            valid_until: None,
            revision: 0,
        }
    }

    /// True if the quantity can be ordered now.
    pub fn orderable(&self) -> bool {
        self.ships_by.is_some()
    }
}

/// Computes what may be told about `requested` units of `goods`, alone in a cart, at `now`.
///
/// `locations` are those that ship, at most [`LOCATIONS_MAX`](crate::cart::LOCATIONS_MAX); [`date_cart`](crate::cart::date_cart) says how it is chosen between them.
///
/// Pure: the same arguments give the same answer on the server and in the browser.
///
/// ```
/// use shared::availability::{Location, PromisePolicy, Status, availability};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::kit::Goods;
/// use shared::quantity::Quantity;
/// use shared::supply::{Place, SkuFacts};
///
/// let location = Location::new("main".parse()?, DispatchCalendar {
///     zone: chrono_tz::America::New_York,
///     working_days: WorkingDays::monday_to_friday(),
///     pickup_days: WorkingDays::monday_to_friday(),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 1,
///     processing_days: 1,
/// });
/// let mut facts = SkuFacts::new("cc-cap".parse()?);
/// facts.places.push(Place { on_hand: Quantity::new(5), ..Place::new("main".parse()?) });
///
/// let monday_morning = "2026-11-23T15:00:00Z".parse()?;
/// let answer = availability(&Goods::plain(&facts), &[location], &PromisePolicy::default(), Quantity::new(2), monday_morning);
/// assert_eq!(answer.status, Status::InStock);
/// assert_eq!(answer.ships_by, Some("2026-11-24".parse()?));
/// assert_eq!(answer.valid_until, Some("2026-11-23T19:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn availability(
    goods: &Goods<'_>,
    locations: &[Location],
    policy: &PromisePolicy,
    requested: Quantity,
    now: DateTime<Utc>,
) -> Availability {
    date_line(goods, requested, locations, policy, now).availability
}

/// The purchase orders of a SKU at a location that are late at `now`: each deserves an alert, and
/// none makes the SKU read as in stock (domain.md V9).
///
/// ```
/// use shared::availability::overdue;
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::quantity::Quantity;
/// use shared::supply::{Incoming, Place};
///
/// let calendar = DispatchCalendar {
///     zone: chrono_tz::UTC,
///     working_days: WorkingDays::monday_to_friday(),
///     pickup_days: WorkingDays::monday_to_friday(),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 0,
///     processing_days: 1,
/// };
/// let expected = |id: &str, on: &str, buffer_days| Incoming {
///     buffer_days,
///     ..Incoming::told(id.parse().expect("an id"), Quantity::new(10), on.parse().expect("a date"))
/// };
/// let place = Place {
///     incoming: vec![expected("late", "2026-11-20", 0), expected("within-its-buffer", "2026-11-20", 5)],
///     ..Place::new("main".parse()?)
/// };
/// let late: Vec<_> = overdue(&place, &calendar, "2026-11-23T12:00:00Z".parse()?).collect();
/// assert_eq!(late, [&place.incoming[0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn overdue<'a>(
    place: &'a Place,
    calendar: &DispatchCalendar,
    now: DateTime<Utc>,
) -> impl Iterator<Item = &'a Incoming> {
    let today = calendar.today(now);
    place
        .incoming
        .iter()
        .filter(move |incoming| incoming.planned_on() < Some(today))
}
