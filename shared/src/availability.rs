//! Facts, a moment and a policy in; what a shopper may be told, and until when it holds, out.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::calendar::DispatchCalendar;
use crate::ids::{LocationId, Sku};
use crate::promise::{Amount, Atp, Promised, Slice, Supply, merge_small};
use crate::quantity::{Quantity, REQUESTED_MAX};
use crate::supply::{BackorderMode, Claim, Incoming, Place, SkuFacts};

/// The location that ships, and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Which one.
    pub id: LocationId,
    /// Its zone, days and clock.
    pub calendar: DispatchCalendar,
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
}

/// Longest promise horizon: feeds such as Google's take no date more than a year ahead.
pub const HORIZON_DAYS_MAX: u32 = 365;
/// Days for which an overdue purchase order counts, unless the merchant says otherwise.
pub const OVERDUE_FENCE_DAYS: u32 = 30;
/// Days until an overdue purchase order is assumed to arrive, unless the merchant says otherwise.
pub const OVERDUE_OFFSET_DAYS: u32 = 1;

impl Default for PromisePolicy {
    fn default() -> Self {
        Self {
            horizon_days: HORIZON_DAYS_MAX,
            overdue_fence_days: OVERDUE_FENCE_DAYS,
            overdue_offset_days: OVERDUE_OFFSET_DAYS,
            min_shipment: Quantity::new(1),
            display: Display::Exact,
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
    /// Dated parts of `requested`, earliest first. They add up to it when it can be ordered. One
    /// part for all of it where the merchant does not show counts.
    pub slices: Vec<Slice>,
    /// True if the first slice is on the shelf now.
    pub first_is_ready: bool,
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
    /// The merchant's own words, if there are any.
    pub words: Option<std::sync::Arc<str>>,
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
            slices: Vec::new(),
            first_is_ready: false,
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

/// Computes what may be told about `requested` units of a SKU shipped from `location`, at `now`.
///
/// Pure: the same arguments give the same answer on the server and in the browser.
///
/// ```
/// use shared::availability::{Location, PromisePolicy, Status, availability};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::quantity::Quantity;
/// use shared::supply::{Place, SkuFacts};
///
/// let location = Location {
///     id: "main".parse()?,
///     calendar: DispatchCalendar {
///         zone: chrono_tz::America::New_York,
///         working_days: WorkingDays::monday_to_friday(),
///         pickup_days: WorkingDays::monday_to_friday(),
///         cut_offs: "14:00:00".parse()?,
///         receiving_days: 1,
///         processing_days: 1,
///     },
/// };
/// let mut facts = SkuFacts::new("cc-cap".parse()?);
/// facts.places.push(Place { on_hand: Quantity::new(5), ..Place::new("main".parse()?) });
///
/// let monday_morning = "2026-11-23T15:00:00Z".parse()?;
/// let answer = availability(&facts, &location, &PromisePolicy::default(), Quantity::new(2), monday_morning);
/// assert_eq!(answer.status, Status::InStock);
/// assert_eq!(answer.ships_by, Some("2026-11-24".parse()?));
/// assert_eq!(answer.valid_until, Some("2026-11-23T19:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn availability(
    facts: &SkuFacts,
    location: &Location,
    policy: &PromisePolicy,
    requested: Quantity,
    now: DateTime<Utc>,
) -> Availability {
    let timeline = Timeline::new(facts, location, policy, now);
    let Promised { slices, undated } = timeline.atp.slices(requested, timeline.horizon);
    let slices = merge_small(slices, policy.min_shipment);
    let ready = timeline.ready();
    let most = timeline.most_orderable(facts, ready);
    let orderable = undated.is_zero() && is_within(requested, most);

    let ships_by = slices
        .last()
        .filter(|_| orderable)
        .map(|last| last.ships_by);
    let shows_counts = policy.display == Display::Exact;
    // Where a quantity splits would tell how much there is.
    let slices = if shows_counts {
        within(slices, most)
    } else {
        let whole = |ships_by| Slice {
            quantity: requested,
            ships_by,
        };
        ships_by.map(whole).into_iter().collect()
    };
    let first_is_ready = slices.first().is_some_and(|first| {
        Some(first.ships_by) <= timeline.ready_by
            && is_within(first.quantity, ready)
            && timeline.unreleased_until.is_none()
    });
    let status = timeline.status(facts, policy, requested, ready, most);

    Availability {
        sku: facts.sku.clone(),
        requested,
        status,
        ships_by,
        first_is_ready,
        reason: timeline.reason(
            facts,
            status,
            ships_by.or(slices.last().map(|last| last.ships_by)),
        ),
        slices,
        max_orderable: if shows_counts { counted(most) } else { None },
        valid_until: timeline.valid_until,
        revision: facts.revision,
    }
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
///     quantity: Quantity::new(10),
///     expected_on: on.parse().expect("a date"),
///     buffer_days,
///     purchase_order: id.parse().expect("an id"),
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
        .filter(move |incoming| planned_on(incoming) < Some(today))
}

/// One SKU at one location, laid out in time as seen at one moment.
struct Timeline {
    atp: Atp,
    /// Ship-by of what is on the shelf. `None` if the location never works again.
    ready_by: Option<NaiveDate>,
    /// Last day for which anything is promised.
    horizon: NaiveDate,
    /// The release day, while it is still to come.
    unreleased_until: Option<NaiveDate>,
    /// Ship-by of overdue purchase orders, if any counts.
    overdue_by: Option<NaiveDate>,
    /// Ship-by of what would be ordered for the shopper.
    made_by: Option<NaiveDate>,
    /// Units on the shelf for sale.
    on_shelf: Amount,
    /// Units promised to somebody.
    claimed: Quantity,
    valid_until: Option<DateTime<Utc>>,
}

impl Timeline {
    fn new(
        facts: &SkuFacts,
        location: &Location,
        policy: &PromisePolicy,
        now: DateTime<Utc>,
    ) -> Self {
        let calendar = &location.calendar;
        let today = calendar.today(now);
        let begun = calendar.first_working_day(now);
        let unreleased_until = facts.selling.released_on.filter(|release| today < *release);
        // Nothing is begun before the order is, nor before the release.
        let begin = |day: NaiveDate| {
            let day = day.max(begun?).max(unreleased_until.unwrap_or(day));
            calendar.ship_by(calendar.working_days.on_or_after(day)?)
        };

        let empty = Place::new(location.id.clone());
        let place = facts.at(&location.id).unwrap_or(&empty);
        let counted_on_shelf = place.on_hand.less(place.safety_stock);
        let on_shelf = if facts.selling.tracked {
            Amount::Counted(counted_on_shelf)
        } else {
            Amount::Unlimited
        };
        let claimed: Quantity = place.claims.iter().map(|claim| claim.quantity).sum();
        // Safety stock that is not there is filled up first by what comes (domain.md 3.1, step 2).
        let missing = Claim {
            ships_by: None,
            quantity: place.safety_stock.less(place.on_hand),
        };
        let claims: Vec<Claim> = place.claims.iter().copied().chain([missing]).collect();

        let mut supply = Vec::with_capacity(place.incoming.len() + 2);
        let mut changes = vec![calendar.first_working_day_holds_until(now)];
        let ready_by = begin(today);
        supply.extend(ready_by.map(|ships_by| Supply {
            ships_by,
            amount: on_shelf,
        }));

        let mut overdue_by = None;
        for incoming in &place.incoming {
            let Some(planned) = planned_on(incoming) else {
                continue;
            };
            let late = planned < today;
            let arrival = if !late {
                Some(planned)
            } else if planned
                .checked_add_days(days(policy.overdue_fence_days))
                .is_some_and(|fence| today <= fence)
            {
                today.checked_add_days(days(policy.overdue_offset_days.max(1)))
            } else {
                None
            };
            let Some(ships_by) = arrival.and_then(|day| begin(calendar.pickable_on(day)?)) else {
                continue;
            };
            // The supplier's date stands until its day is over; a late one is put off each midnight.
            changes.push(
                if late { today } else { planned }
                    .succ_opt()
                    .map(|day| calendar.start_of(day)),
            );
            overdue_by = if late {
                overdue_by.max(Some(ships_by))
            } else {
                overdue_by
            };
            supply.push(Supply {
                ships_by,
                amount: Amount::Counted(incoming.quantity),
            });
        }

        let mut made_by = None;
        let sells_unmade =
            facts.selling.backorder.mode != BackorderMode::Deny && !facts.selling.discontinued;
        if let Some(replenishment) = facts
            .selling
            .replenishment
            .as_ref()
            .filter(|_| sells_unmade)
        {
            let ordered = begun.and_then(|day| replenishment.supplier_days.on_or_after(day));
            let arrival = ordered
                .and_then(|day| day.checked_add_days(days(replenishment.lead_time_days)))
                .and_then(|day| replenishment.supplier_days.on_or_after(day));
            made_by = arrival.and_then(|day| begin(calendar.pickable_on(day)?));
        } else if unreleased_until.is_some()
            && counted_on_shelf.is_zero()
            && place.incoming.is_empty()
        {
            // The release date is the merchant's word that the goods are there by then.
            made_by = begin(today);
        }
        supply.extend(made_by.map(|ships_by| Supply {
            ships_by,
            amount: Amount::Unlimited,
        }));

        let horizon = today
            .checked_add_days(days(policy.horizon_days.min(HORIZON_DAYS_MAX)))
            .unwrap_or(today);
        if unreleased_until.is_some() || supply.iter().any(|part| horizon < part.ships_by) {
            changes.push(today.succ_opt().map(|day| calendar.start_of(day)));
        }
        Self {
            atp: Atp::new(&supply, &claims),
            ready_by,
            horizon,
            unreleased_until,
            overdue_by,
            made_by,
            on_shelf,
            claimed,
            valid_until: changes
                .into_iter()
                .flatten()
                .filter(|change| now < *change)
                .min(),
        }
    }

    /// What is on the shelf and needed by nobody else. Supply that happens to leave on the same day
    /// is not there yet, so it does not count.
    fn ready(&self) -> Amount {
        let leaving = self
            .ready_by
            .filter(|day| *day <= self.horizon)
            .map_or(Amount::Counted(Quantity::ZERO), |day| self.atp.by(day));
        fewer(leaving, self.on_shelf)
    }

    /// Most units that the policy lets a shopper order now.
    fn most_orderable(&self, facts: &SkuFacts, ready: Amount) -> Amount {
        let backorder = &facts.selling.backorder;
        let promisable = self.atp.by(self.horizon);
        if backorder.mode == BackorderMode::Deny && self.unreleased_until.is_none() {
            return ready;
        }
        let Some(limit) = backorder.limit else {
            return promisable;
        };
        // Sold and not on hand may not exceed the limit; what can leave now is never refused for it.
        let allowance = match self.on_shelf {
            Amount::Counted(on_shelf) => Amount::Counted(on_shelf.plus(limit).less(self.claimed)),
            Amount::Unlimited => Amount::Unlimited,
        };
        let allowed = if self.unreleased_until.is_some() {
            allowance
        } else {
            more(allowance, ready)
        };
        fewer(allowed, promisable)
    }

    fn status(
        &self,
        facts: &SkuFacts,
        policy: &PromisePolicy,
        requested: Quantity,
        ready: Amount,
        most: Amount,
    ) -> Status {
        let none_at_all = Amount::Counted(Quantity::ZERO);
        let none = most == none_at_all;
        if let Some(released_on) = self.unreleased_until.filter(|_| !none) {
            return Status::Preorder { released_on };
        }
        if none {
            return if facts.selling.discontinued {
                Status::Discontinued
            } else {
                Status::OutOfStock {
                    more_comes: self.atp.by(self.horizon) != none_at_all,
                }
            };
        }
        let left = counted(ready).filter(|_| policy.display == Display::Exact);
        let from_shelf_only = facts.selling.backorder.mode == BackorderMode::Deny;
        match ready {
            Amount::Unlimited => Status::InStock,
            Amount::Counted(units) if requested <= units => {
                let low =
                    units <= facts.selling.low_stock_threshold && policy.display != Display::Hidden;
                if low {
                    Status::LowStock { left }
                } else {
                    Status::InStock
                }
            }
            Amount::Counted(_) if from_shelf_only => Status::LowStock { left },
            Amount::Counted(_) => Status::Backorder {
                silent: facts.selling.backorder.mode == BackorderMode::AllowSilent,
            },
        }
    }

    fn reason(&self, facts: &SkuFacts, status: Status, last: Option<NaiveDate>) -> Option<Reason> {
        let cause = match status {
            Status::Preorder { .. } => Cause::NotReleased,
            Status::Backorder { .. } if last.is_some() && self.overdue_by == last => {
                Cause::SupplierLate
            }
            Status::Backorder { .. } if last.is_some() && self.made_by == last => {
                Cause::MadeToOrder
            }
            Status::Backorder { .. } => Cause::AwaitingSupplier,
            _ => return None,
        };
        Some(Reason {
            cause,
            words: facts.selling.backorder.reason.clone(),
        })
    }
}

/// The supplier's date with what is added to it.
fn planned_on(incoming: &Incoming) -> Option<NaiveDate> {
    incoming
        .expected_on
        .checked_add_days(days(incoming.buffer_days))
}

fn days(count: u32) -> Days {
    Days::new(u64::from(count))
}

fn counted(amount: Amount) -> Option<Quantity> {
    match amount {
        Amount::Counted(quantity) => Some(quantity),
        Amount::Unlimited => None,
    }
}

fn is_within(quantity: Quantity, most: Amount) -> bool {
    counted(most).is_none_or(|most| quantity <= most)
}

fn fewer(a: Amount, b: Amount) -> Amount {
    match (a, b) {
        (Amount::Counted(a), Amount::Counted(b)) => Amount::Counted(a.min(b)),
        (Amount::Counted(a), Amount::Unlimited) | (Amount::Unlimited, Amount::Counted(a)) => {
            Amount::Counted(a)
        }
        (Amount::Unlimited, Amount::Unlimited) => Amount::Unlimited,
    }
}

fn more(a: Amount, b: Amount) -> Amount {
    match (a, b) {
        (Amount::Counted(a), Amount::Counted(b)) => Amount::Counted(a.max(b)),
        _ => Amount::Unlimited,
    }
}

/// The slices, cut after `most` units.
fn within(slices: Vec<Slice>, most: Amount) -> Vec<Slice> {
    let mut left = counted(most).unwrap_or(Quantity::new(REQUESTED_MAX));
    let mut kept = Vec::with_capacity(slices.len());
    for slice in slices {
        let quantity = slice.quantity.min(left);
        if quantity.is_zero() {
            break;
        }
        left = left.less(quantity);
        kept.push(Slice { quantity, ..slice });
    }
    kept
}
