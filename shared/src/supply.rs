//! The facts about one SKU: what is there, what is coming, who already waits, what may be sold.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::calendar::WorkingDays;
use crate::ids::{LocationId, PurchaseOrderId, Sku};
use crate::lead_time::{Level, Measure, Outlook};
use crate::quantity::Quantity;
use crate::reason::Stated;
use crate::widening::Widened;

/// Everything that is known of one SKU, and nothing about the moment at which it is asked.
///
/// ```
/// use shared::quantity::Quantity;
/// use shared::supply::{Backorder, BackorderMode, Claim, Incoming, Place, SkuFacts};
///
/// // Two are there, one of them kept back; ten are coming; three are promised to somebody by the 20th.
/// let mut facts = SkuFacts::new("cc-hoodie".parse()?);
/// facts.selling.backorder = Backorder { mode: BackorderMode::Allow, ..Backorder::default() };
/// facts.places.push(Place {
///     on_hand: Quantity::new(2),
///     safety_stock: Quantity::new(1),
///     incoming: vec![Incoming::told("PO-7".parse()?, Quantity::new(10), "2027-01-15".parse()?)],
///     claims: vec![Claim::by("2027-01-20".parse()?, Quantity::new(3))],
///     ..Place::new("main".parse()?)
/// });
/// assert_eq!(facts.at(&"main".parse()?).map(|place| place.on_hand), Some(Quantity::new(2)));
/// assert_eq!(facts.at(&"elsewhere".parse()?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuFacts {
    /// The SKU.
    pub sku: Sku,
    /// The merchant's name for it, to be shown beside a parcel.
    pub title: Option<Arc<str>>,
    /// How it may be sold.
    pub selling: Selling,
    /// What one of it is made of: other SKUs, and how many of each. Empty for what is no kit.
    ///
    /// A kit has no stock of its own; its places hold only what is promised of it.
    pub kit: Vec<(Sku, Quantity)>,
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
    /// After this date, at the location that ships, only what is on the shelf is sold.
    pub sell_until: Option<NaiveDate>,
    /// Days ahead beyond which none is promised, where that is sooner than the store's own horizon.
    pub promise_days_max: Option<u32>,
    /// At or below this many available units the SKU reads as low. Zero: never.
    pub low_stock_threshold: Quantity,
    /// How the merchant gets more without any order being under way yet.
    pub replenishment: Option<Replenishment>,
}

impl Selling {
    /// Whether more than is on the shelf may be sold on a day at the location.
    pub fn mode_on(&self, today: NaiveDate) -> BackorderMode {
        match self.sell_until {
            Some(last) if last < today => BackorderMode::Deny,
            _ => self.backorder.mode,
        }
    }
}

/// Whether more than is on the shelf may be sold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backorder {
    /// The rule.
    pub mode: BackorderMode,
    /// Most units that may be owed (sold and not on hand) at once. `None`: as many as can be promised.
    pub limit: Option<Quantity>,
    /// Why there is a wait, as the merchant says it.
    pub reason: Option<Arc<Stated>>,
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
    ///
    /// ```
    /// use shared::supply::BackorderMode;
    ///
    /// assert_eq!(BackorderMode::named("allow_silent"), Some(BackorderMode::AllowSilent));
    /// assert_eq!(BackorderMode::named(BackorderMode::Deny.name()), Some(BackorderMode::Deny));
    /// assert_eq!(BackorderMode::named("maybe"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// A declared lead time: more can be had that long after it is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replenishment {
    /// Calendar days from order to arrival.
    pub lead_time_days: u32,
    /// Why that many: [`Basis::Declared`] or [`Basis::LeadTime`].
    pub basis: Basis,
    /// Days on top of them, because too few promises of the supplier were kept.
    pub widened: Option<Widened>,
    /// Days on which the supplier takes orders and delivers.
    pub supplier_days: Arc<WorkingDays>,
    /// Why one waits for this supplier, as the merchant says it.
    pub reason: Option<Arc<Stated>>,
}

impl Replenishment {
    /// Calendar days from order to arrival, with those that are added because too few promises were kept.
    pub fn days(&self) -> u32 {
        let widened = self.widened.map_or(0, |widened| widened.days);
        self.lead_time_days.saturating_add(widened)
    }
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
    /// What is on order and for no known day: nothing can be promised of it.
    pub undated: Vec<Undated>,
    /// What is promised already, in no particular order.
    pub claims: Vec<Claim>,
}

/// Units on order of which nobody knows when they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undated {
    /// Units still to come.
    pub quantity: Quantity,
    /// What they come from.
    pub purchase_order: PurchaseOrderId,
}

/// Units on their way, for which a date can be planned.
///
/// ```
/// use shared::quantity::Quantity;
/// use shared::supply::Incoming;
///
/// let told = Incoming::told("PO-7".parse()?, Quantity::new(10), "2027-01-15".parse()?);
/// assert_eq!(told.planned_on(), Some("2027-01-15".parse()?));
/// let with_buffer = Incoming { buffer_days: 3, ..told };
/// assert_eq!(with_buffer.planned_on(), Some("2027-01-18".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Units to count on: those still to come, less what the supplier is used to leave out.
    pub quantity: Quantity,
    /// Units still to come of what was ordered.
    pub to_come: Quantity,
    /// The civil date, at the location, from which planning starts: the supplier's; where it told none,
    /// the day of the order.
    pub expected_on: NaiveDate,
    /// Calendar days added to it because of what is known of the supplier.
    pub buffer_days: i32,
    /// Why that many.
    pub basis: Basis,
    /// How orders turned out that were waited for as long, with the day from which each counts; the most
    /// telling first. The first that knows of any says the day in place of the above.
    pub outlooks: Vec<(NaiveDate, Arc<Outlook>)>,
    /// Days on top of all that, because too few promises of the supplier were kept.
    pub widened: Option<Widened>,
    /// True once the supplier has said that the goods have left.
    pub under_way: bool,
    /// What they come from.
    pub purchase_order: PurchaseOrderId,
    /// Why one waits for it, as the merchant says it.
    pub reason: Option<Arc<Stated>>,
    /// Why one waits for who delivers it, as the merchant says it.
    pub supplier_reason: Option<Arc<Stated>>,
}

/// What the planned date of a purchase order rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The supplier's date, and the days that the merchant adds to each of its dates.
    Told,
    /// The supplier's date, and by how much its deliveries missed their dates.
    Slips {
        /// The share of deliveries that is to come within the days added.
        level: Level,
        /// The share that did, in percent: more where many came on the very day.
        reached: u8,
        /// The supplier's own deliveries behind it.
        own: u32,
        /// Deliveries of others behind it.
        pooled: u32,
    },
    /// No date was told: the day of the order, the lead time that is declared, and the days that the merchant
    /// adds to each of the supplier's dates.
    Declared,
    /// No date was told: the day of the order, and how long deliveries took.
    LeadTime {
        /// The share of deliveries that came within the days added.
        level: Level,
        /// The supplier's own deliveries behind it.
        own: u32,
        /// Deliveries of others behind it.
        pooled: u32,
    },
}

/// What a number of days was learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The share of deliveries that is to come within them.
    pub level: Level,
    /// The supplier's own deliveries behind it.
    pub own: u32,
    /// Deliveries of others behind it.
    pub pooled: u32,
}

impl Basis {
    /// What it was learnt from, if it was.
    pub fn sample(&self) -> Option<Sample> {
        match *self {
            Self::Told | Self::Declared => None,
            Self::Slips {
                level, own, pooled, ..
            }
            | Self::LeadTime { level, own, pooled } => Some(Sample { level, own, pooled }),
        }
    }

    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Slips { .. } => "slips",
            Self::Declared => "declared",
            Self::LeadTime { .. } => "lead_time",
        }
    }
}

/// For which day an arrival is planned, as seen on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// The day from which planning starts.
    pub from: NaiveDate,
    /// Calendar days added to it.
    pub days: i32,
    /// Why that many.
    pub basis: Basis,
    /// Days of them that are added because too few promises of the supplier were kept, and why.
    pub widened: Option<Widened>,
    /// The last day on which it is planned so, while nothing comes; `None`: until its day is over.
    pub until: Option<NaiveDate>,
    /// True if only those speak for it that had not come by then either: some had.
    pub narrowed: bool,
}

impl Planned {
    /// The civil date of arrival. `None` beyond the end of time.
    pub fn on(&self) -> Option<NaiveDate> {
        self.from
            .checked_add_signed(TimeDelta::days(self.days.into()))
    }
}

impl Incoming {
    /// Units for which the supplier told a date, with nothing added to it.
    pub fn told(
        purchase_order: PurchaseOrderId,
        quantity: Quantity,
        expected_on: NaiveDate,
    ) -> Self {
        Self {
            quantity,
            to_come: quantity,
            expected_on,
            buffer_days: 0,
            basis: Basis::Told,
            outlooks: Vec::new(),
            widened: None,
            under_way: false,
            purchase_order,
            reason: None,
            supplier_reason: None,
        }
    }

    /// The civil date, at the location, for which their arrival was planned before anybody waited for them.
    /// After it they are late. `None` beyond the end of time.
    pub fn planned_on(&self) -> Option<NaiveDate> {
        self.as_ordered().on()
    }

    /// How their arrival is planned on a day on which they are not there yet.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use chrono::NaiveDate;
    /// use shared::lead_time::{Level, Outlook, Slip};
    /// use shared::quantity::Quantity;
    /// use shared::supply::Incoming;
    ///
    /// let slip = |at| Slip { supplier: "weaver".parse().expect("an id"), days: if at % 4 == 0 { 10 } else { 0 } };
    /// let past: Vec<Slip> = (0..40).map(slip).collect();
    /// let outlook = Arc::new(Outlook::of_slips(&past, &"weaver".parse()?, Level::new(70)?));
    /// let named: NaiveDate = "2027-01-15".parse()?;
    /// let mut told = Incoming::told("PO-7".parse()?, Quantity::new(10), named);
    /// told.outlooks = vec![(named, outlook)];
    /// let planned = |today: &str| told.planned(today.parse().expect("a date")).on();
    /// // Three of four of its dates are kept; what is late is ten days late. Beyond that nothing is known.
    /// assert_eq!(planned("2027-01-15"), Some(named));
    /// assert_eq!(planned("2027-01-16"), Some("2027-01-25".parse()?));
    /// assert_eq!(planned("2027-01-26"), Some(named));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn planned(&self, today: NaiveDate) -> Planned {
        self.foreseen(today).unwrap_or_else(|| self.as_ordered())
    }

    /// The same where something is known of orders that were waited for as long.
    pub fn foreseen(&self, today: NaiveDate) -> Option<Planned> {
        self.outlooks.iter().find_map(|(from, outlook)| {
            let step = outlook.after(i32::try_from((today - *from).num_days()).ok()?)?;
            let (level, own, pooled) = (outlook.level(), step.own, step.pooled);
            Some(Planned {
                from: *from,
                days: step.days.saturating_add(self.widened_days()),
                basis: match outlook.measures() {
                    Measure::Slips => Basis::Slips {
                        level,
                        reached: step.reached,
                        own,
                        pooled,
                    },
                    Measure::LeadTimes => Basis::LeadTime { level, own, pooled },
                },
                widened: self.widened,
                until: from.checked_add_signed(TimeDelta::days(step.until.into())),
                narrowed: outlook.steps().first() != Some(step),
            })
        })
    }

    /// The soonest day on which they may come, for all that is known: what was promised of them is not broken
    /// before it is. `None` where nothing is foreseen, and nothing was added because promises were broken.
    pub fn hoped_on(&self, today: NaiveDate) -> Option<NaiveDate> {
        let Some(foreseen) = self.foreseen(today) else {
            let planned = self.as_ordered();
            let without = planned.days - self.widened_days();
            let without = planned
                .from
                .checked_add_signed(TimeDelta::days(without.into()))?;
            let is_widened = self.widened.is_some() && Some(today) <= planned.on();
            return is_widened.then(|| without.max(today));
        };
        let named = if self.is_told() {
            self.expected_on
        } else {
            today
        };
        Some(named.max(today).min(foreseen.on()?))
    }

    fn as_ordered(&self) -> Planned {
        Planned {
            from: self.expected_on,
            days: self.buffer_days.saturating_add(self.widened_days()),
            basis: self.basis,
            widened: self.widened,
            until: None,
            narrowed: false,
        }
    }

    fn widened_days(&self) -> i32 {
        let days = self.widened.map_or(0, |widened| widened.days);
        i32::try_from(days).unwrap_or(i32::MAX)
    }

    /// True if a date was told, and not only estimated.
    pub fn is_told(&self) -> bool {
        matches!(self.basis, Basis::Told | Basis::Slips { .. })
    }
}

/// Units promised to somebody.
///
/// Claims keep the date that was promised. They are never re-derived when somebody asks
/// (domain.md V11: re-deriving can push a third party back after a cancellation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// For when they were promised.
    pub due: Due,
    /// Units.
    pub quantity: Quantity,
    /// From this instant on the claim is none any more, whether or not anybody has cleared it away.
    pub expires_at: Option<DateTime<Utc>>,
}

/// For when something was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// Owed since before any date was told: comes before all others.
    Owed,
    /// Promised once, for a date that cannot be kept, and no other is known. Comes before whoever
    /// asks later.
    Undated,
    /// The ship-by date that was promised.
    By(NaiveDate),
}

impl Due {
    /// The ship-by date; `None` where none is known.
    pub const fn day(self) -> Option<NaiveDate> {
        match self {
            Self::By(day) => Some(day),
            Self::Owed | Self::Undated => None,
        }
    }
}

impl Claim {
    /// Units promised for a ship-by date.
    pub fn by(ships_by: NaiveDate, quantity: Quantity) -> Self {
        Self::due(Due::By(ships_by), quantity)
    }

    /// Units owed since before any date was told.
    pub fn owed(quantity: Quantity) -> Self {
        Self::due(Due::Owed, quantity)
    }

    /// Units promised without an end.
    pub fn due(due: Due, quantity: Quantity) -> Self {
        Self {
            due,
            quantity,
            expires_at: None,
        }
    }

    /// True while the claim stands.
    pub fn stands(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl SkuFacts {
    /// Facts of a SKU that is counted, sold only from the shelf, and of which there is none.
    pub fn new(sku: Sku) -> Self {
        let selling = Selling {
            tracked: true,
            discontinued: false,
            backorder: Backorder::default(),
            released_on: None,
            sell_until: None,
            promise_days_max: None,
            low_stock_threshold: Quantity::ZERO,
            replenishment: None,
        };
        Self {
            sku,
            title: None,
            selling,
            kit: Vec::new(),
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
            undated: Vec::new(),
            claims: Vec::new(),
        }
    }
}
