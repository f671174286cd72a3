//! What becomes of promises when supply changes: which of them still stand, and what is promised
//! instead where one does not.
//!
//! A promise is kept as it is while the supply can carry it besides all that rank before it. Who came
//! first ranks first, so what is missing is taken from those who came last, and only from those
//! (domain.md 3.1, steps 3 and 13; V11, V12). What was learnt of how late a supplier comes moves the dates
//! of those who ask, day by day; it breaks no promise that waits for just that. The supplier's own word
//! does, or the day on which it is too late.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::availability::{Display, Location, PromisePolicy};
use crate::cart::date_line;
use crate::ids::{LocationId, PurchaseOrderId, Sku};
use crate::kit::Goods;
use crate::promise::{Amount, Atp, Supply};
use crate::quantity::{QUANTITY_MAX, Quantity};
use crate::supply::{Backorder, BackorderMode, Basis, Claim, Due, Incoming, Place, SkuFacts};
use crate::timeline::{Source, Timeline};

/// Units that are promised to somebody, as they were promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What was bought: a SKU or a kit.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// Where they leave.
    pub location: LocationId,
    /// When.
    pub due: Due,
    /// When it was promised, as far as that is known: what was to be ordered for it was ordered then.
    pub since: Option<DateTime<Utc>>,
    /// True if it leaves with nothing else, so that a sooner date is of use.
    pub alone: bool,
    /// What it waits for.
    pub awaits: Awaited,
}

/// What a promise was made of that was not there yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Awaited {
    /// Purchase orders that were planned to be there in time.
    pub orders: Vec<PurchaseOrderId>,
    /// True if more could be made to order in time.
    pub made: bool,
}

/// A promise that is to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Which one, by its place in the list.
    pub held: usize,
    /// What is promised instead, earliest first; adds up to the same units.
    pub parts: Vec<Held>,
    /// True if all of it leaves sooner than was promised.
    pub better: bool,
}

/// Says which promises are to be replaced, and by what.
///
/// `held` ranks first who came first. `facts` knows every SKU that is held and all that kits are made
/// of; the claims in it are those of `held` and others, which stay as they are. A sooner date is taken
/// only where all of a promise leaves at least `better_by_days` sooner; `None`: never.
///
/// ```
/// use shared::availability::{Location, PromisePolicy};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::quantity::Quantity;
/// use shared::repromise::{Awaited, Held, repromise};
/// use shared::supply::{Claim, Due, Incoming, Place, SkuFacts};
///
/// let main = Location::new("main".parse()?, DispatchCalendar {
///     zone: chrono_tz::UTC,
///     working_days: WorkingDays::every_day(),
///     pickup_days: WorkingDays::every_day(),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 0,
///     processing_days: 1,
/// });
/// // domain.md V12: five were there, each promised to somebody. A count finds three.
/// let one = Quantity::new(1);
/// let due = "2027-01-05".parse()?;
/// let mut facts = SkuFacts::new("A".parse()?);
/// facts.places.push(Place {
///     on_hand: Quantity::new(3),
///     incoming: vec![Incoming::told("PO-7".parse()?, Quantity::new(9), "2027-01-20".parse()?)],
///     claims: vec![Claim::by(due, one); 5],
///     ..Place::new("main".parse()?)
/// });
/// let promise = Held { sku: "A".parse()?, quantity: one, location: "main".parse()?, due: Due::By(due), since: None, alone: true, awaits: Awaited::default() };
/// let known = [(facts.sku.clone(), facts)].into();
/// let now = "2027-01-04T09:00:00Z".parse()?;
/// let replaced = repromise(&vec![promise; 5], &known, &[main], &PromisePolicy::default(), None, now);
/// assert_eq!(replaced.iter().map(|one| one.held).collect::<Vec<_>>(), [3, 4]);
/// assert_eq!(replaced[0].parts[0].due, Due::By("2027-01-21".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn repromise(
    held: &[Held],
    facts: &HashMap<Sku, SkuFacts>,
    locations: &[Location],
    policy: &PromisePolicy,
    better_by_days: Option<u32>,
    now: DateTime<Utc>,
) -> Vec<Replaced> {
    let mut books = Books::new(facts, locations, policy, now);
    for promise in held {
        books.strike(promise);
    }
    let mut lost: Vec<usize> = Vec::new();
    let mut made: Vec<(&Held, Vec<(Sku, Quantity)>)> = Vec::new();
    for (at, promise) in held.iter().enumerate() {
        if books.can_keep(promise) {
            // What is made for somebody is not taken from those who come after.
            let takes = books.takes(promise).into_iter();
            let (own, taken): (Vec<_>, Vec<_>) =
                takes.partition(|(sku, _)| books.is_made(promise, sku));
            books.hope_for(promise, &taken);
            books.claim(promise, taken);
            made.push((promise, own));
        } else {
            lost.push(at);
        }
    }
    for (promise, own) in made {
        books.claim(promise, own);
    }
    let mut replaced: Vec<Replaced> = Vec::new();
    for at in &lost {
        let parts = books.dated_anew(&held[*at]);
        parts.iter().for_each(|part| books.enter(part));
        if parts != [held[*at].clone()] {
            replaced.push(Replaced {
                held: *at,
                parts,
                better: held[*at].due == Due::Undated,
            });
        }
    }
    if let Some(days) = better_by_days {
        let kept = (0..held.len()).filter(|at| held[*at].alone && !lost.contains(at));
        replaced.extend(kept.filter_map(|at| books.better(at, &held[at], days)));
    }
    replaced.sort_by_key(|one| one.held);
    replaced
}

/// Gives all that leaves a location in one parcel the day of the last of it: each item is what one promise of the order
/// becomes. Nothing in it leaves sooner than the rest, so no other date would be true (domain.md 3.1, step 8).
///
/// ```
/// use shared::quantity::Quantity;
/// use shared::repromise::{Awaited, Held, leave_together};
/// use shared::supply::Due;
///
/// let held = |sku: &str, due| Held {
///     sku: sku.parse().expect("a SKU"),
///     quantity: Quantity::new(1),
///     location: "main".parse().expect("a location"),
///     due,
///     since: None,
///     alone: false,
///     awaits: Awaited::default(),
/// };
/// let day = |day: &str| Due::By(day.parse().expect("a day"));
/// // The hat lies on the shelf, the scarf slipped.
/// let mut order = [vec![held("hat", day("2026-12-11"))], vec![held("scarf", day("2026-12-23"))]];
/// leave_together(&mut order);
/// assert_eq!(order[0][0].due, day("2026-12-23"));
/// // Of what has no date the rest has none either.
/// order[1][0].due = Due::Undated;
/// leave_together(&mut order);
/// assert_eq!(order[0][0].due, Due::Undated);
/// ```
pub fn leave_together(order: &mut [Vec<Held>]) {
    let mut last: HashMap<LocationId, Due> = HashMap::new();
    for part in order.iter().flatten() {
        let last = last.entry(part.location.clone()).or_insert(part.due);
        *last = match (*last, part.due) {
            (Due::By(one), Due::By(other)) => Due::By(one.max(other)),
            _ => Due::Undated,
        };
    }
    for parts in order {
        for part in &mut *parts {
            part.due = last.get(&part.location).copied().unwrap_or(part.due);
        }
        parts.dedup_by(|next, before| {
            let is_same = (next.due, &next.location) == (before.due, &before.location);
            if is_same {
                before.quantity = before.quantity.plus(next.quantity);
            }
            is_same
        });
    }
}

/// How many claims there are for the same day and as many units.
type Counted = HashMap<(Due, Quantity), usize>;

/// The facts while promises are taken out of them and put back.
struct Books<'a> {
    /// What is claimed for the same day is one claim in them: a SKU that many wait for has few days.
    facts: HashMap<Sku, SkuFacts>,
    /// The claims one by one.
    standing: HashMap<(Sku, LocationId), Counted>,
    locations: &'a [Location],
    policy: &'a PromisePolicy,
    now: DateTime<Utc>,
    /// Units of purchase orders for which those wait who keep their dates.
    hoped: HashMap<(Sku, PurchaseOrderId), Quantity>,
}

impl<'a> Books<'a> {
    fn new(
        facts: &HashMap<Sku, SkuFacts>,
        locations: &'a [Location],
        policy: &'a PromisePolicy,
        now: DateTime<Utc>,
    ) -> Self {
        let mut standing: HashMap<(Sku, LocationId), Counted> = HashMap::new();
        // What was sold is owed, whatever may be sold today.
        let mut owed = |facts: &SkuFacts| {
            let mut facts = facts.clone();
            facts.selling.backorder = Backorder {
                mode: BackorderMode::Allow,
                ..Backorder::default()
            };
            facts.selling.sell_until = None;
            facts.selling.promise_days_max = None;
            for place in &mut facts.places {
                place.claims.retain(|claim| claim.stands(now));
                let here = standing.entry((facts.sku.clone(), place.location.clone()));
                let here: &mut Counted = here.or_default();
                for claim in std::mem::take(&mut place.claims) {
                    *here.entry((claim.due, claim.quantity)).or_default() += 1;
                    add(&mut place.claims, claim.due, claim.quantity);
                }
            }
            facts
        };
        let facts = facts
            .iter()
            .map(|(sku, facts)| (sku.clone(), owed(facts)))
            .collect();
        Self {
            facts,
            standing,
            locations,
            policy,
            now,
            hoped: HashMap::new(),
        }
    }

    /// What a promise takes from the shelf, and of a kit the kit itself.
    fn takes(&self, promise: &Held) -> Vec<(Sku, Quantity)> {
        let Some(facts) = self.facts.get(&promise.sku) else {
            return Vec::new();
        };
        let goods = Goods::new(facts, |sku| self.facts.get(sku)).unwrap_or(Goods::broken(facts));
        let times =
            |each: Quantity| Quantity::new(each.units().saturating_mul(promise.quantity.units()));
        let own = goods
            .is_kit()
            .then(|| (promise.sku.clone(), promise.quantity));
        let parts = goods.parts.iter();
        parts
            .map(|(part, each)| (part.sku.clone(), times(*each)))
            .chain(own)
            .collect()
    }

    fn strike(&mut self, promise: &Held) {
        for (sku, quantity) in self.takes(promise) {
            let at = (sku, promise.location.clone());
            let here = self.standing.get_mut(&at);
            let Some(count) = here.and_then(|here| here.get_mut(&(promise.due, quantity))) else {
                continue;
            };
            if *count == 0 {
                continue;
            }
            *count -= 1;
            remove(&mut self.place(&at.0, &at.1).claims, promise.due, quantity);
        }
    }

    fn enter(&mut self, promise: &Held) {
        self.claim(promise, self.takes(promise));
    }

    fn claim(&mut self, promise: &Held, takes: Vec<(Sku, Quantity)>) {
        for (sku, quantity) in takes {
            add(
                &mut self.place(&sku, &promise.location).claims,
                promise.due,
                quantity,
            );
            let here = self.standing.entry((sku, promise.location.clone()));
            *here
                .or_default()
                .entry((promise.due, quantity))
                .or_default() += 1;
        }
    }

    fn place(&mut self, sku: &Sku, location: &LocationId) -> &mut Place {
        let facts = self
            .facts
            .entry(sku.clone())
            .or_insert_with(|| SkuFacts::new(sku.clone()));
        let places = &mut facts.places;
        let at = match places.iter().position(|place| place.location == *location) {
            Some(at) => at,
            None => {
                places.push(Place::new(location.clone()));
                places.len() - 1
            }
        };
        &mut places[at]
    }

    /// True if the supply carries a promise besides all that are entered.
    fn can_keep(&self, promise: &Held) -> bool {
        let Due::By(day) = promise.due else {
            return false;
        };
        let location = self
            .locations
            .iter()
            .find(|location| location.id == promise.location);
        let (Some(location), Some(bought)) = (location, self.facts.get(&promise.sku)) else {
            return false;
        };
        let takes = self.takes(promise);
        let mut parts = takes
            .iter()
            .filter(|(sku, _)| bought.kit.is_empty() || *sku != promise.sku);
        parts.all(|(sku, quantity)| {
            let Some(facts) = self.facts.get(sku) else {
                return false;
            };
            let timeline = Timeline::new(facts, &bought.selling, location, self.policy, self.now);
            let made_by = self.made_by(promise, facts, location);
            let mut supply = Vec::with_capacity(2 * timeline.supply.len());
            for part in &timeline.supply {
                let (ships_by, amount) = (part.ships_by, part.amount);
                let ships_by = match part.source {
                    // What is on the shelf is there, however long it still takes to send it, unless it is
                    // held back until its release.
                    Source::Shelf if timeline.unreleased_until.is_none() => NaiveDate::MIN,
                    Source::Replenishment(_) => made_by.unwrap_or(ships_by),
                    _ => ships_by,
                };
                let awaited = part
                    .source
                    .order()
                    .map(|order| self.awaited(order, sku, promise, *quantity));
                let hoped = amount.min(Amount::Counted(awaited.unwrap_or_default()));
                supply.push(Supply {
                    ships_by: part.hoped_by,
                    amount: hoped,
                });
                supply.push(Supply {
                    ships_by,
                    amount: amount.less(hoped.counted().unwrap_or_default()),
                });
            }
            Atp::new(supply, &timeline.claims).by(day).covers(*quantity)
        })
    }

    /// Units of an order for which a promise waits, and those who keep their dates.
    fn awaited(&self, order: &Incoming, sku: &Sku, promise: &Held, quantity: Quantity) -> Quantity {
        let id = &order.purchase_order;
        let others = self.hoped.get(&(sku.clone(), id.clone()));
        let own = match promise.awaits.orders.contains(id) {
            true => quantity,
            false => Quantity::ZERO,
        };
        own.plus(others.copied().unwrap_or_default())
    }

    /// Notes what a promise that keeps its date waits for.
    fn hope_for(&mut self, promise: &Held, takes: &[(Sku, Quantity)]) {
        for order in &promise.awaits.orders {
            for (sku, quantity) in takes {
                let hoped = self.hoped.entry((sku.clone(), order.clone())).or_default();
                *hoped = hoped.plus(*quantity);
            }
        }
    }

    /// True if a SKU that a promise takes is ordered for it, and comes in time.
    fn is_made(&self, promise: &Held, sku: &Sku) -> bool {
        let mut locations = self.locations.iter();
        let location = locations.find(|location| location.id == promise.location);
        let (Some(location), Some(facts)) = (location, self.facts.get(sku)) else {
            return false;
        };
        let made_by = self.made_by(promise, facts, location);
        made_by.is_some_and(|day| Due::By(day) <= promise.due)
    }

    /// By when leaves what was ordered for somebody. It was ordered when it was promised, not today, and has
    /// not come yet. Where it is only learnt how long that takes, it may come any day.
    fn made_by(&self, promise: &Held, facts: &SkuFacts, location: &Location) -> Option<NaiveDate> {
        let replenishment = facts.selling.replenishment.as_ref()?;
        let selling = &self.facts.get(&promise.sku)?.selling;
        let made = |at| {
            let timeline = Timeline::new(facts, selling, location, self.policy, at);
            let mut made = timeline.supply.iter();
            let made = made.find(|part| matches!(part.source, Source::Replenishment(_)));
            made.map(|part| (part.ships_by, part.hoped_by))
        };
        let (ships_by, _) = made(promise.since?)?;
        let (_, soonest) = made(self.now)?;
        let learnt = matches!(replenishment.basis, Basis::LeadTime { .. })
            || replenishment.widened.is_some();
        Some(match learnt && promise.awaits.made {
            true => soonest,
            false => ships_by.max(soonest),
        })
    }

    /// The same units with the dates that can be promised now: from where they were to leave if there is
    /// any, else from wherever there is one. No part gets sooner; a part without a date waits for one.
    fn dated_anew(&self, promise: &Held) -> Vec<Held> {
        let here: Vec<Location> = self
            .locations
            .iter()
            .filter(|location| location.id == promise.location)
            .cloned()
            .collect();
        let dated = [&here[..], self.locations]
            .into_iter()
            .find_map(|among| self.dated(promise, among));
        dated.unwrap_or_else(|| self.dated_in_part(promise, &here))
    }

    /// As many units as have a date at these locations, and the others without one.
    fn dated_in_part(&self, promise: &Held, among: &[Location]) -> Vec<Held> {
        let some = self.most(promise, among).min(promise.quantity);
        let part = |quantity| Held {
            quantity,
            ..promise.clone()
        };
        let mut parts = match some.is_zero() {
            true => Vec::new(),
            false => self.dated(&part(some), among).unwrap_or_default(),
        };
        let dated: Quantity = parts.iter().map(|part| part.quantity).sum();
        parts.push(Held {
            due: Due::Undated,
            ..part(promise.quantity.less(dated))
        });
        parts
    }

    /// Most units of what was bought that can be promised now.
    fn most(&self, promise: &Held, among: &[Location]) -> Quantity {
        let Some(facts) = self.facts.get(&promise.sku) else {
            return Quantity::ZERO;
        };
        let goods = Goods::new(facts, |sku| self.facts.get(sku)).unwrap_or(Goods::broken(facts));
        let policy = PromisePolicy {
            display: Display::Exact,
            ..self.policy.clone()
        };
        let line = date_line(&goods, promise.quantity, among, &policy, self.now);
        line.availability.max_orderable.unwrap_or_default()
    }

    /// The parts of a promise if it were made now, none sooner than it was; `None` if some have no date.
    fn dated(&self, promise: &Held, among: &[Location]) -> Option<Vec<Held>> {
        let facts = self.facts.get(&promise.sku)?;
        let goods = Goods::new(facts, |sku| self.facts.get(sku)).ok()?;
        let line = date_line(&goods, promise.quantity, among, self.policy, self.now);
        let mut parts: Vec<Held> = Vec::new();
        for slice in line.slices {
            let day = match promise.due {
                Due::By(before) => slice.ships_by.max(before),
                _ => slice.ships_by,
            };
            let part = Held {
                quantity: slice.quantity,
                location: among.get(usize::from(slice.from.0))?.id.clone(),
                due: Due::By(day),
                ..promise.clone()
            };
            match parts.last_mut() {
                Some(last) if (last.due, &last.location) == (part.due, &part.location) => {
                    last.quantity = last.quantity.plus(part.quantity);
                }
                _ => parts.push(part),
            }
        }
        (!parts.is_empty()).then_some(parts)
    }

    /// A date that is sooner by at least `days`, from the same location.
    fn better(&mut self, at: usize, promise: &Held, days: u32) -> Option<Replaced> {
        let Due::By(before) = promise.due else {
            return None;
        };
        let latest = before.checked_sub_signed(TimeDelta::days(i64::from(days.max(1))));
        let mut locations = self.locations.iter();
        let location = locations.find(|location| location.id == promise.location);
        let today = location.map(|location| location.calendar.today(self.now));
        // Nothing leaves sooner than today.
        if latest < today {
            return None;
        }
        self.strike(promise);
        let here = self
            .locations
            .iter()
            .filter(|location| location.id == promise.location);
        let here: Vec<Location> = here.cloned().collect();
        let unbound = Held {
            due: Due::Undated,
            ..promise.clone()
        };
        let last = self
            .dated(&unbound, &here)
            .and_then(|parts| parts.last().map(|part| part.due));
        let sooner = match (last, latest) {
            (Some(Due::By(day)), Some(latest)) if day <= latest => Held {
                due: Due::By(day),
                ..promise.clone()
            },
            _ => {
                self.enter(promise);
                return None;
            }
        };
        self.enter(&sooner);
        Some(Replaced {
            held: at,
            parts: vec![sooner],
            better: true,
        })
    }
}

/// Adds units to what is claimed for a day, as long as a quantity can say it.
fn add(claims: &mut Vec<Claim>, due: Due, quantity: Quantity) {
    let room = QUANTITY_MAX.saturating_sub(quantity.units());
    let has_room = |claim: &&mut Claim| claim.due == due && claim.quantity.units() <= room;
    match claims.iter_mut().find(has_room) {
        Some(claim) => claim.quantity = claim.quantity.plus(quantity),
        None => claims.push(Claim::due(due, quantity)),
    }
}

/// Takes units out of what is claimed for a day.
fn remove(claims: &mut Vec<Claim>, due: Due, quantity: Quantity) {
    let mut left = quantity;
    for claim in claims.iter_mut().filter(|claim| claim.due == due) {
        let units = left.min(claim.quantity);
        claim.quantity = claim.quantity.less(units);
        left = left.less(units);
    }
    claims.retain(|claim| !claim.quantity.is_zero());
}
