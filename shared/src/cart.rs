//! A cart as one question: every line is dated with what the lines before it leave.
//!
//! What is taken from the shelf is summed over the whole cart, kits taken apart, before anything is
//! said to be there (domain.md V7). Lines that may not wait are served first, then the others, each
//! in the order of the cart.

mod answer;
mod choice;
mod offer;
mod ready;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use self::answer::within;
use self::choice::{affordable, earliest, merged, subsets};
use self::offer::{Offer, from_shelf, part_offer};
pub use self::ready::ready_now;
use crate::availability::{Availability, Location, PromisePolicy};
use crate::ids::{LocationId, Sku};
use crate::kit::Goods;
use crate::promise::{Amount, Origin, Slice};
use crate::quantity::Quantity;
use crate::supply::{BackorderMode, Claim, SkuFacts};
use crate::timeline::Timeline;

/// Most locations that ship for one store.
pub const LOCATIONS_MAX: usize = 8;

/// Most entries of timelines (supply and claims) that are read to find the fewest locations that can
/// send a cart.
pub const ENTRIES_READ_MAX: usize = 4_000_000;

/// As many entries take as long to read as a timeline takes that has none.
const TIMELINE_ENTRIES: usize = 16;

/// A line of a cart with its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedLine {
    /// What a shopper may be told.
    pub availability: Availability,
    /// When each part leaves if nothing waits for anything else: what a promise is made of. Adds up
    /// to what was asked for exactly where the line can be ordered; empty where it cannot.
    pub slices: Vec<Slice>,
    /// The same where everything leaves in as few parcels as there can be, which takes other locations
    /// than sending each part at once. Empty where it does not.
    pub together: Vec<Slice>,
}

/// Dates a cart: lines of goods with the units asked for, each SKU once.
///
/// Sent separately, every part leaves on the first day on which it can; among locations that can on
/// that day, those are taken that need the fewest parcels more, then those that cost least, then those
/// that come first by their id. Sent together, the cart leaves from as few locations as can send all
/// of it; among those sets, from the one whose last day is the earliest, then the cheapest, then the
/// first by ids. Sets are tried, smaller ones first, until [`ENTRIES_READ_MAX`]; if none was found by then,
/// the cart leaves from where it does sent separately.
///
/// ```
/// use shared::availability::{Location, PromisePolicy};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::cart::date_cart;
/// use shared::kit::Goods;
/// use shared::quantity::Quantity;
/// use shared::supply::{Place, SkuFacts};
///
/// let location = Location::new("main".parse()?, DispatchCalendar {
///     zone: chrono_tz::UTC,
///     working_days: WorkingDays::monday_to_friday(),
///     pickup_days: WorkingDays::monday_to_friday(),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 0,
///     processing_days: 1,
/// });
/// // Two are there. The kit takes both, so that none is left to be sold alone.
/// let mut part = SkuFacts::new("A".parse()?);
/// part.places.push(Place { on_hand: Quantity::new(2), ..Place::new("main".parse()?) });
/// let kit = SkuFacts { kit: vec![("A".parse()?, Quantity::new(2))], ..SkuFacts::new("K".parse()?) };
/// let lines = [Goods::new(&kit, |_| Some(&part))?, Goods::plain(&part)].map(|goods| (goods, Quantity::new(1)));
/// let dated = date_cart(&lines, &[location], &PromisePolicy::default(), "2026-11-23T09:00:00Z".parse()?);
/// assert!(dated[0].availability.orderable());
/// assert!(!dated[1].availability.orderable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn date_cart(
    lines: &[(Goods<'_>, Quantity)],
    locations: &[Location],
    policy: &PromisePolicy,
    now: DateTime<Utc>,
) -> Vec<DatedLine> {
    let laid_out: Vec<Line<'_>> = lines
        .iter()
        .map(|(goods, requested)| Line::new(goods, *requested, locations, policy, now))
        .collect();
    let cart: Vec<&Line<'_>> = laid_out.iter().collect();
    let mut dated = date_apart(&cart, locations, policy, now);

    // What cannot be ordered takes nothing from the lines that can.
    let (orderable, mut dated_orderable): (Vec<&Line<'_>>, Vec<&mut DatedLine>) = laid_out
        .iter()
        .zip(&mut dated)
        .filter(|(_, dated)| dated.availability.orderable())
        .unzip();
    let together = match locations.len() {
        ..=1 => None,
        _ => fewest_parcels(&orderable, locations, policy),
    };
    let separate = dated_orderable.iter().map(|line| &line.slices[..]);
    if let Some(together) = together.filter(|together| !same_parcels(together, separate)) {
        for (line, together) in dated_orderable.iter_mut().zip(together) {
            line.together = together;
        }
    }
    dated
}

/// How many more of some goods may be sold than are on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The SKU that has the limit: the goods themselves, or a part of the kit.
    pub sku: Sku,
    /// Most units that may be owed at once.
    pub limit: Quantity,
    /// Units on the shelf for sale, at all locations; for a kit as many as can be put together.
    pub on_shelf: Amount,
    /// Units promised to somebody.
    pub claimed: Quantity,
    /// Units that may still be sold: on the shelf and the limit, less what is promised.
    pub left: Amount,
}

/// What there is of some goods that are alone in a cart, counts and all.
pub(crate) struct Measured {
    /// Units on the shelf and needed by nobody else.
    pub ready: Amount,
    /// The same with what counts as in stock though it is on its way.
    pub near: Amount,
    /// Most units that can be promised within the horizon.
    pub promisable: Amount,
    /// Most units that can be ordered.
    pub most: Amount,
    /// Dated parts of what is asked for, as far as it can be ordered.
    pub slices: Vec<Slice>,
    /// For each location the days from which on it can send more, and how much.
    pub can_send: Vec<Vec<(NaiveDate, Amount)>>,
    /// The limits that count.
    pub allowances: Vec<Allowance>,
}

/// Measures goods that are alone in a cart.
pub(crate) fn measure(
    goods: &Goods<'_>,
    requested: Quantity,
    locations: &[Location],
    policy: &PromisePolicy,
    now: DateTime<Utc>,
) -> Measured {
    let line = Line::new(goods, requested, locations, policy, now);
    let everywhere: Vec<usize> = (0..locations.len()).collect();
    let served = line.serve(locations, &everywhere, &Booked::new(), &[], policy);
    Measured {
        ready: served.ready,
        near: served.near,
        promisable: served.promisable,
        most: served.most,
        slices: within(&served.slices, served.most),
        can_send: served
            .offers
            .into_iter()
            .map(|(_, offer)| offer.steps)
            .collect(),
        allowances: line.allowances(),
    }
}

/// Dates one line, alone in a cart, as [`date_cart`] does where nothing waits for anything else.
pub fn date_line(
    goods: &Goods<'_>,
    requested: Quantity,
    locations: &[Location],
    policy: &PromisePolicy,
    now: DateTime<Utc>,
) -> DatedLine {
    let line = Line::new(goods, requested, locations, policy, now);
    let dated = date_apart(&[&line], locations, policy, now).pop();
    dated.expect("a cart of one line has one answer")
}

/// The lines of a cart with every part on its own first day.
fn date_apart(
    lines: &[&Line<'_>],
    locations: &[Location],
    policy: &PromisePolicy,
    now: DateTime<Utc>,
) -> Vec<DatedLine> {
    let everywhere: Vec<usize> = (0..locations.len()).collect();
    let served = serve(lines, locations, &everywhere, policy);
    let dated = lines.iter().zip(served).map(|(line, served)| DatedLine {
        availability: line.answer(&served, locations, policy, now),
        slices: match line.is_orderable(&served) {
            true => served.slices,
            false => Vec::new(),
        },
        together: Vec::new(),
    });
    dated.collect()
}

/// A line as seen at a moment: what it is made of, laid out at each location.
pub(crate) struct Line<'a> {
    goods: &'a Goods<'a>,
    requested: Quantity,
    /// For each location, the timeline of each part.
    pub(crate) timelines: Vec<Vec<Timeline<'a>>>,
    /// For each location, whether only what is on its shelf may be sold.
    from_shelf_only: Vec<bool>,
    mode: BackorderMode,
    unreleased_until: Option<NaiveDate>,
    /// Promised of the kit as such.
    kits_claimed: Quantity,
    /// When any of this changes by the passing of time alone.
    changes_at: Option<DateTime<Utc>>,
}

/// What was found for a line.
struct Served {
    offers: Vec<(usize, Offer)>,
    /// Dated parts, earliest first, as far as there are any.
    slices: Vec<Slice>,
    /// Most that can be ordered.
    most: Amount,
    ready: Amount,
    near: Amount,
    promisable: Amount,
}

/// What earlier lines of the cart take: claims on a SKU at each location.
type Booked<'a> = HashMap<&'a Sku, Vec<Vec<Claim>>>;

impl<'a> Line<'a> {
    pub(crate) fn new(
        goods: &'a Goods<'a>,
        requested: Quantity,
        locations: &[Location],
        policy: &PromisePolicy,
        now: DateTime<Utc>,
    ) -> Self {
        let selling = &goods.facts.selling;
        // What waits for another part of a kit is not promised beyond its own last day either.
        let parts = goods.parts.iter().map(|(part, _)| &part.selling);
        let days_max = parts
            .chain([selling])
            .filter_map(|selling| selling.promise_days_max);
        let policy = &PromisePolicy {
            horizon_days: days_max.fold(policy.horizon_days, u32::min),
            ..policy.clone()
        };
        let lay_out = |location: &Location| {
            let parts = goods.parts.iter();
            parts
                .map(|(part, _)| Timeline::new(part, selling, location, policy, now))
                .collect::<Vec<_>>()
        };
        let timelines: Vec<Vec<Timeline<'_>>> = locations.iter().map(lay_out).collect();
        let mode_at = |location: &Location| selling.mode_on(location.calendar.today(now));
        let release = |timelines: &[Timeline<'_>]| {
            let parts = timelines.iter();
            parts.filter_map(|timeline| timeline.unreleased_until).max()
        };
        let of_kit = match goods.is_kit() {
            true => &goods.facts.places[..],
            false => &[],
        };
        let of_kit = of_kit.iter().flat_map(|place| &place.claims);
        let standing = of_kit.filter(|claim| claim.stands(now));
        let changes = timelines
            .iter()
            .flatten()
            .map(|timeline| timeline.changes_at);
        let ends = standing.clone().map(|claim| claim.expires_at);
        Self {
            from_shelf_only: locations
                .iter()
                .zip(&timelines)
                .map(|(location, timelines)| {
                    mode_at(location) == BackorderMode::Deny && release(timelines).is_none()
                })
                .collect(),
            mode: waiting_mode(locations.iter().map(mode_at)),
            unreleased_until: timelines.iter().filter_map(|parts| release(parts)).max(),
            kits_claimed: standing.map(|claim| claim.quantity).sum(),
            changes_at: changes.chain(ends).flatten().min(),
            goods,
            requested,
            timelines,
        }
    }

    /// How much is read to say what `location` can send.
    fn entries(&self, location: usize) -> usize {
        let timelines = self.timelines[location].iter();
        timelines
            .map(|timeline| TIMELINE_ENTRIES + timeline.supply.len() + timeline.claims.len())
            .sum()
    }

    /// What `location` can send besides what is booked there.
    fn offer(&self, location: usize, booked: &Booked<'_>) -> Offer {
        let mut offer: Option<Offer> = None;
        for (timeline, (part, each)) in self.timelines[location].iter().zip(&self.goods.parts) {
            let booked = booked.get(&part.sku).map_or(&[][..], |all| &all[location]);
            let of_part = part_offer(timeline, booked, self.goods.is_kit());
            let of_part = of_part.sets_of(*each);
            offer = Some(match offer {
                None => of_part,
                Some(others) => others.with(of_part),
            });
        }
        let mut offer = offer.unwrap_or(Offer::NONE);
        if self.from_shelf_only[location] {
            offer.steps = from_shelf(offer.ready_by, offer.ready);
            offer.near = offer.ready;
        }
        offer
    }

    /// What the given locations can send besides what is booked, dated as early as can be.
    fn serve(
        &self,
        locations: &[Location],
        among: &[usize],
        booked: &Booked<'_>,
        used: &[(NaiveDate, usize)],
        policy: &PromisePolicy,
    ) -> Served {
        let offers: Vec<(usize, Offer)> = among
            .iter()
            .map(|at| (*at, self.offer(*at, booked)))
            .collect();
        let slices = earliest(&offers, self.requested, locations, used);
        let total = |amount: fn(&Offer) -> Amount| {
            offers
                .iter()
                .fold(Amount::ZERO, |sum, (_, offer)| sum.plus(amount(offer)))
        };
        let ready = total(|offer| offer.ready);
        let promisable = total(Offer::promisable);
        Served {
            slices: merged(slices, policy.min_shipment),
            most: self.most(ready, promisable, among, booked),
            ready,
            near: total(|offer| offer.near),
            promisable,
            offers,
        }
    }

    /// Most units that the policies let a shopper order now from the given locations.
    fn most(
        &self,
        ready: Amount,
        promisable: Amount,
        among: &[usize],
        booked: &Booked<'_>,
    ) -> Amount {
        let parts = self.goods.parts.iter().enumerate();
        let of_parts = parts.map(|(at, (part, each))| {
            let booked = booked.get(&part.sku).map_or(&[][..], |all| &all[..]);
            let ready = match self.goods.is_kit() {
                false => ready,
                true => among.iter().fold(Amount::ZERO, |sum, location| {
                    let timeline = &self.timelines[*location][at];
                    let booked = booked.get(*location).map_or(&[][..], |claims| claims);
                    sum.plus(timeline.ready(&timeline.atp(booked)))
                }),
            };
            self.allowed_of_part(at, ready, booked).sets_of(*each)
        });
        of_parts.fold(self.allowed_of_kit(ready).min(promisable), Amount::min)
    }

    /// What the limit of the kit allows.
    fn allowed_of_kit(&self, ready: Amount) -> Amount {
        let limit = self.goods.facts.selling.backorder.limit;
        let Some(limit) = limit.filter(|_| self.goods.is_kit()) else {
            return Amount::Unlimited;
        };
        let (on_shelf, claimed) = self.kits();
        let allowance = on_shelf.plus(Amount::Counted(limit)).less(claimed);
        self.within(allowance, self.mode, ready)
    }

    /// Kits that can be put together from the shelf, and those that are promised.
    fn kits(&self) -> (Amount, Quantity) {
        let mut on_shelf = Amount::ZERO;
        for timelines in &self.timelines {
            let kits = timelines.iter().zip(&self.goods.parts);
            let here = kits
                .map(|(timeline, (_, each))| timeline.on_shelf.sets_of(*each))
                .min();
            on_shelf = on_shelf.plus(here.unwrap_or(Amount::ZERO));
        }
        (on_shelf, self.kits_claimed)
    }

    /// Units of a part on the shelf, and those that are promised.
    fn units_of_part(&self, at: usize) -> (Amount, Quantity) {
        let timelines = self.timelines.iter().map(|timelines| &timelines[at]);
        let on_shelf = timelines
            .clone()
            .fold(Amount::ZERO, |sum, timeline| sum.plus(timeline.on_shelf));
        (on_shelf, timelines.map(|timeline| timeline.claimed).sum())
    }

    /// The limits that count for what may be sold.
    fn allowances(&self) -> Vec<Allowance> {
        let allowance = |facts: &SkuFacts, (on_shelf, claimed): (Amount, Quantity)| {
            let limit = facts.selling.backorder.limit?;
            Some(Allowance {
                sku: facts.sku.clone(),
                limit,
                on_shelf,
                claimed,
                left: on_shelf.plus(Amount::Counted(limit)).less(claimed),
            })
        };
        let mut found = Vec::new();
        if self.goods.is_kit() && self.owes(self.mode) {
            found.extend(allowance(self.goods.facts, self.kits()));
        }
        for (at, (part, _)) in self.goods.parts.iter().enumerate() {
            if self.owes(self.mode_of_part(at)) {
                found.extend(allowance(part, self.units_of_part(at)));
            }
        }
        found
    }

    /// What the limit of one part allows.
    fn allowed_of_part(&self, at: usize, ready: Amount, booked: &[Vec<Claim>]) -> Amount {
        let Some(limit) = self.goods.parts[at].0.selling.backorder.limit else {
            return Amount::Unlimited;
        };
        let (on_shelf, claimed) = self.units_of_part(at);
        let booked: Quantity = booked.iter().flatten().map(|claim| claim.quantity).sum();
        let allowance = on_shelf.plus(Amount::Counted(limit));
        self.within(
            allowance.less(claimed.plus(booked)),
            self.mode_of_part(at),
            ready,
        )
    }

    /// Sold and not on hand may not exceed the limit, for whatever leaves now is not on hand for those who wait
    /// (domain.md 2.2, "backorder limit"). What may not wait is not sold so, and no limit is about it.
    fn within(&self, allowance: Amount, mode: BackorderMode, ready: Amount) -> Amount {
        match self.owes(mode) {
            true => allowance,
            false => allowance.max(ready),
        }
    }

    /// Whether what is sold in this way may wait.
    fn owes(&self, mode: BackorderMode) -> bool {
        mode != BackorderMode::Deny || self.unreleased_until.is_some()
    }

    /// How a part may be sold: it may wait if it may at any location.
    fn mode_of_part(&self, at: usize) -> BackorderMode {
        let modes = self.timelines.iter().map(|timelines| timelines[at].mode);
        waiting_mode(modes)
    }

    fn is_orderable(&self, served: &Served) -> bool {
        let dated: Quantity = served.slices.iter().map(|slice| slice.quantity).sum();
        dated == self.requested && served.most.covers(self.requested)
    }
}

/// How goods may be sold that are sold so at several locations: they may wait if they may at any.
fn waiting_mode(mut modes: impl Iterator<Item = BackorderMode>) -> BackorderMode {
    modes
        .find(|mode| *mode != BackorderMode::Deny)
        .unwrap_or_default()
}

/// Serves the lines of a cart from the given locations: those that may not wait first.
fn serve(
    lines: &[&Line<'_>],
    locations: &[Location],
    among: &[usize],
    policy: &PromisePolicy,
) -> Vec<Served> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|at| lines[*at].mode != BackorderMode::Deny);
    let mut booked = Booked::new();
    let mut used: Vec<(NaiveDate, usize)> = Vec::new();
    let mut served: Vec<Option<Served>> = lines.iter().map(|_| None).collect();
    for at in order {
        let line = &lines[at];
        let found = line.serve(locations, among, &booked, &used, policy);
        if line.is_orderable(&found) {
            for slice in &found.slices {
                let location = usize::from(slice.from.0);
                used.push((slice.ships_by, location));
                if lines.len() == 1 {
                    continue;
                }
                for (part, each) in &line.goods.parts {
                    let units = slice.quantity.units().saturating_mul(each.units());
                    let claims = booked
                        .entry(&part.sku)
                        .or_insert_with(|| vec![Vec::new(); locations.len()]);
                    claims[location].push(Claim::by(slice.ships_by, Quantity::new(units)));
                }
            }
        }
        served[at] = Some(found);
    }
    served.into_iter().flatten().collect()
}

/// The parts of each line where all of them leave from as few locations as can send them.
fn fewest_parcels(
    lines: &[&Line<'_>],
    locations: &[Location],
    policy: &PromisePolicy,
) -> Option<Vec<Vec<Slice>>> {
    type Rank<'a> = (usize, Option<NaiveDate>, u64, Vec<&'a LocationId>);
    // What each location could send of each line if the others took nothing.
    let none_booked = Booked::new();
    let most: Vec<Vec<Amount>> = lines
        .iter()
        .map(|line| {
            let offers = (0..locations.len()).map(|at| line.offer(at, &none_booked));
            offers.map(|offer| offer.promisable()).collect()
        })
        .collect();
    // And what it could send of each part, beside what all lines take of it together.
    let mut parts: HashMap<&Sku, (Quantity, Vec<Amount>)> = HashMap::new();
    for line in lines {
        for (at, (part, each)) in line.goods.parts.iter().enumerate() {
            let none = || (Quantity::ZERO, vec![Amount::ZERO; locations.len()]);
            let (wanted, most) = parts.entry(&part.sku).or_insert_with(none);
            let units = line.requested.units().saturating_mul(each.units());
            *wanted = wanted.plus(Quantity::new(units));
            for (most, timelines) in most.iter_mut().zip(&line.timelines) {
                let there = timelines[at].atp(&[]).by(timelines[at].horizon);
                *most = there.max(*most);
            }
        }
    }
    let covers = |most: &[Amount], among: &[usize], wanted: Quantity| {
        let there = among.iter().map(|at| most[*at]);
        there.fold(Amount::ZERO, Amount::plus).covers(wanted)
    };
    let may_do = |among: &[usize]| {
        let mut lines = lines.iter().zip(&most);
        lines.all(|(line, most)| covers(most, among, line.requested))
            && parts
                .values()
                .all(|(wanted, most)| covers(most, among, *wanted))
    };
    let entries: Vec<usize> = (0..locations.len())
        .map(|at| lines.iter().map(|line| line.entries(at)).sum())
        .collect();
    let sets = subsets(locations.len()).filter(|among| !among.is_empty() && may_do(among));
    let mut best: Option<(Rank<'_>, Vec<Vec<Slice>>)> = None;
    for among in affordable(sets, &entries) {
        if let Some(((fewest, ..), _)) = &best
            && *fewest < among.len()
        {
            break;
        }
        let served = serve(lines, locations, &among, policy);
        let mut all = lines.iter().zip(&served);
        if !all.all(|(line, served)| line.is_orderable(served)) {
            continue;
        }
        let slices: Vec<Vec<Slice>> = served.into_iter().map(|served| served.slices).collect();
        let last = slices.iter().flatten().map(|slice| slice.ships_by).max();
        let cost = among
            .iter()
            .map(|at| u64::from(locations[*at].parcel_cost))
            .sum();
        let mut ids: Vec<_> = among.iter().map(|at| &locations[*at].id).collect();
        ids.sort_unstable();
        let rank = (among.len(), last, cost, ids);
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, slices));
        }
    }
    best.map(|(_, slices)| slices)
}

/// True if both ways send the same units in the same parcels, where each location sends one parcel.
fn same_parcels<'a>(together: &[Vec<Slice>], separate: impl Iterator<Item = &'a [Slice]>) -> bool {
    let units = |slices: &[Slice]| {
        let mut sums: Vec<(Origin, Quantity)> = Vec::new();
        for slice in slices {
            match sums.iter_mut().find(|(from, _)| *from == slice.from) {
                Some((_, sum)) => *sum = sum.plus(slice.quantity),
                None => sums.push((slice.from, slice.quantity)),
            }
        }
        sums.sort_unstable();
        sums
    };
    together
        .iter()
        .zip(separate)
        .all(|(one, other)| units(one) == units(other))
}
