//! What becomes of promises when supply changes: which of them still stand, and what is promised
//! instead where one does not.
//!
//! A promise is kept as it is while the supply can carry it besides all that rank before it. Who came
//! first ranks first, so what is missing is taken from those who came last, and only from those
//! (domain.md 3.1, steps 3 and 13; V11, V12). What was learnt of a supplier moves the dates of those who
//! ask, day by day; it breaks no promise. That is done by the supplier's own word, or when the day is here.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::availability::{Display, Location, PromisePolicy};
use crate::cart::date_line;
use crate::ids::{LocationId, Sku};
use crate::kit::Goods;
use crate::promise::{Atp, Supply};
use crate::quantity::Quantity;
use crate::supply::{Backorder, BackorderMode, Claim, Due, Place, SkuFacts};
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
/// use shared::repromise::{Held, repromise};
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
/// let promise = Held { sku: "A".parse()?, quantity: one, location: "main".parse()?, due: Due::By(due), since: None, alone: true };
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
            let (own, taken) = takes.partition(|(sku, _)| books.is_made(promise, sku));
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

/// The facts while promises are taken out of them and put back.
struct Books<'a> {
    facts: HashMap<Sku, SkuFacts>,
    locations: &'a [Location],
    policy: &'a PromisePolicy,
    now: DateTime<Utc>,
}

impl<'a> Books<'a> {
    fn new(
        facts: &HashMap<Sku, SkuFacts>,
        locations: &'a [Location],
        policy: &'a PromisePolicy,
        now: DateTime<Utc>,
    ) -> Self {
        // What was sold is owed, whatever may be sold today.
        let owed = |facts: &SkuFacts| {
            let mut facts = facts.clone();
            facts.selling.backorder = Backorder {
                mode: BackorderMode::Allow,
                ..Backorder::default()
            };
            facts.selling.sell_until = None;
            facts.selling.promise_days_max = None;
            for place in &mut facts.places {
                place.claims.retain(|claim| claim.stands(now));
            }
            facts
        };
        Self {
            facts: facts
                .iter()
                .map(|(sku, facts)| (sku.clone(), owed(facts)))
                .collect(),
            locations,
            policy,
            now,
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
            let claims = &mut self.place(&sku, &promise.location).claims;
            let is_it = |claim: &Claim| claim.due == promise.due && claim.quantity == quantity;
            if let Some(at) = claims.iter().position(is_it) {
                claims.swap_remove(at);
            }
        }
    }

    fn enter(&mut self, promise: &Held) {
        self.claim(promise, self.takes(promise));
    }

    fn claim(&mut self, promise: &Held, takes: Vec<(Sku, Quantity)>) {
        for (sku, quantity) in takes {
            let claims = &mut self.place(&sku, &promise.location).claims;
            claims.push(Claim::due(promise.due, quantity));
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
            // What is on the shelf is there, however long it still takes to send it, unless it is held
            // back until its release.
            let supply = timeline.supply.iter().map(|part| Supply {
                ships_by: match part.source {
                    Source::Shelf if timeline.unreleased_until.is_none() => NaiveDate::MIN,
                    Source::Replenishment(_) => made_by.unwrap_or(part.ships_by),
                    _ => part.hoped_by,
                },
                amount: part.amount,
            });
            Atp::new(supply, &timeline.claims).by(day).covers(*quantity)
        })
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

    /// By when leaves what was ordered for somebody. It was ordered when it was promised, not today.
    fn made_by(&self, promise: &Held, facts: &SkuFacts, location: &Location) -> Option<NaiveDate> {
        let selling = &self.facts.get(&promise.sku)?.selling;
        let then = Timeline::new(facts, selling, location, self.policy, promise.since?);
        let mut made = then.supply.iter();
        let made = made.find(|part| matches!(part.source, Source::Replenishment(_)));
        made.map(|part| part.ships_by)
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
        self.strike(promise);
        let latest = before.checked_sub_signed(TimeDelta::days(i64::from(days.max(1))));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calendar::{DispatchCalendar, WorkingDays};
    use crate::supply::{Incoming, Replenishment};

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2027, 1, day).expect("a date")
    }

    fn location(id: &str) -> Location {
        let calendar = DispatchCalendar {
            zone: chrono_tz::UTC,
            working_days: WorkingDays::every_day(),
            pickup_days: WorkingDays::every_day(),
            cut_offs: "14:00:00".parse().expect("a time"),
            receiving_days: 0,
            processing_days: 0,
        };
        Location::new(id.parse().expect("an id"), calendar)
    }

    fn held(sku: &str, units: u32, due: Due) -> Held {
        Held {
            sku: sku.parse().expect("a SKU"),
            quantity: Quantity::new(units),
            location: "main".parse().expect("an id"),
            due,
            since: None,
            alone: true,
        }
    }

    /// A SKU with units on the shelf, and units that come in January.
    fn sku(name: &str, on_hand: u32, incoming: &[(u32, u32)], claims: Vec<Claim>) -> SkuFacts {
        let mut facts = SkuFacts::new(name.parse().expect("a SKU"));
        let told = |(units, on): &(u32, u32)| {
            Incoming::told(
                "PO".parse().expect("an id"),
                Quantity::new(*units),
                day(*on),
            )
        };
        facts.places.push(Place {
            on_hand: Quantity::new(on_hand),
            incoming: incoming.iter().map(told).collect(),
            claims,
            ..Place::new("main".parse().expect("an id"))
        });
        facts
    }

    fn known(all: impl IntoIterator<Item = SkuFacts>) -> HashMap<Sku, SkuFacts> {
        all.into_iter()
            .map(|facts| (facts.sku.clone(), facts))
            .collect()
    }

    fn ask(held: &[Held], facts: &HashMap<Sku, SkuFacts>, better: Option<u32>) -> Vec<Replaced> {
        let now = "2027-01-01T09:00:00Z".parse().expect("an instant");
        repromise(
            held,
            facts,
            &[location("main")],
            &PromisePolicy::default(),
            better,
            now,
        )
    }

    #[test]
    fn nothing_is_replaced_where_all_can_be_kept() {
        let promises = [
            held("A", 5, Due::By(day(1))),
            held("A", 10, Due::By(day(25))),
        ];
        let claims = promises
            .iter()
            .map(|one| Claim::due(one.due, one.quantity))
            .collect();
        let facts = known([sku("A", 5, &[(5, 8), (20, 25)], claims)]);
        assert_eq!(ask(&promises, &facts, None), []);
    }

    #[test]
    fn a_cancellation_pulls_nobody_in_and_pushes_nobody_out() {
        // domain.md V11: the first order, of five for the 1st, was cancelled.
        let promises = [
            held("A", 10, Due::By(day(3))),
            held("A", 5, Due::By(day(2))),
        ];
        let claims = promises
            .iter()
            .map(|one| Claim::due(one.due, one.quantity))
            .collect();
        let facts = known([sku("A", 5, &[(6, 2), (9, 3)], claims)]);
        assert_eq!(ask(&promises, &facts, Some(3)), []);
        // The later order could leave a day sooner; the earlier one still needs all there is by the 3rd.
        let sooner = ask(&promises, &facts, Some(1));
        assert_eq!(sooner.len(), 1);
        assert_eq!((sooner[0].held, sooner[0].better), (1, true));
        assert_eq!(sooner[0].parts, [held("A", 5, Due::By(day(1)))]);
    }

    #[test]
    fn a_promise_that_is_lost_in_part_is_split() {
        let promises = [held("A", 5, Due::By(day(2)))];
        let facts = known([sku(
            "A",
            3,
            &[(9, 20)],
            vec![Claim::by(day(2), Quantity::new(5))],
        )]);
        let replaced = ask(&promises, &facts, None);
        let parts = [
            held("A", 3, Due::By(day(2))),
            held("A", 2, Due::By(day(20))),
        ];
        assert_eq!(replaced[0].parts, parts);
    }

    #[test]
    fn what_is_still_there_keeps_its_date_where_no_more_comes() {
        let promises = [held("A", 5, Due::By(day(2)))];
        let facts = known([sku("A", 3, &[], vec![Claim::by(day(2), Quantity::new(5))])]);
        let parts = [held("A", 3, Due::By(day(2))), held("A", 2, Due::Undated)];
        assert_eq!(ask(&promises, &facts, None)[0].parts, parts);
    }

    #[test]
    fn a_claim_that_has_ended_takes_no_other_place() {
        let ended = Claim {
            expires_at: Some("2027-01-01T08:00:00Z".parse().expect("an instant")),
            ..Claim::by(day(2), Quantity::new(1))
        };
        let claims = vec![ended, Claim::by(day(2), Quantity::new(1))];
        let facts = known([sku("A", 1, &[(9, 20)], claims)]);
        assert_eq!(ask(&[held("A", 1, Due::By(day(2)))], &facts, None), []);
    }

    #[test]
    fn without_any_supply_a_promise_waits_for_a_date_and_gets_the_first_there_is() {
        let promises = [held("A", 2, Due::By(day(2)))];
        let claims = vec![Claim::by(day(2), Quantity::new(2))];
        let replaced = ask(&promises, &known([sku("A", 0, &[], claims)]), None);
        assert_eq!(replaced[0].parts, [held("A", 2, Due::Undated)]);
        let waiting = [held("A", 2, Due::Undated)];
        let claims = vec![Claim::due(Due::Undated, Quantity::new(2))];
        assert_eq!(
            ask(&waiting, &known([sku("A", 0, &[], claims.clone())]), None),
            []
        );
        let found = ask(&waiting, &known([sku("A", 0, &[(5, 9)], claims)]), None);
        assert_eq!(
            (&found[0].parts[..], found[0].better),
            (&[held("A", 2, Due::By(day(9)))][..], true)
        );
    }

    #[test]
    fn what_is_made_for_somebody_is_not_taken_from_who_came_later() {
        let since = |at: &str| Some(at.parse().expect("an instant"));
        let made = Held {
            since: since("2027-01-01T08:00:00Z"),
            ..held("A", 3, Due::By(day(21)))
        };
        let from_shelf = Held {
            since: since("2027-01-03T08:00:00Z"),
            ..held("A", 2, Due::By(day(3)))
        };
        let promises = [made, from_shelf];
        let claims = promises
            .iter()
            .map(|one| Claim::due(one.due, one.quantity))
            .collect();
        let mut facts = sku("A", 4, &[], claims);
        facts.selling.replenishment = Some(Replenishment {
            lead_time_days: 20,
            supplier_days: Arc::new(WorkingDays::every_day()),
        });
        let now = "2027-01-03T09:00:00Z".parse().expect("an instant");
        let (all, policy) = ([location("main")], PromisePolicy::default());
        let replaced = repromise(&promises, &known([facts]), &all, &policy, None, now);
        assert_eq!(replaced, []);
    }

    #[test]
    fn what_is_held_back_until_a_later_release_is_promised_anew() {
        let promises = [held("A", 2, Due::By(day(5)))];
        let claims = vec![Claim::by(day(5), Quantity::new(2))];
        let mut facts = sku("A", 2, &[], claims);
        facts.selling.released_on = Some(day(9));
        let replaced = ask(&promises, &known([facts.clone()]), None);
        assert_eq!(replaced[0].parts, [held("A", 2, Due::By(day(9)))]);
        facts.selling.released_on = Some(day(5));
        assert_eq!(ask(&promises, &known([facts]), None), []);
    }

    #[test]
    fn a_kit_leaves_no_earlier_than_its_own_release() {
        let mut kit = SkuFacts::new("K".parse().expect("a SKU"));
        kit.kit = vec![("A".parse().expect("a SKU"), Quantity::new(1))];
        kit.selling.released_on = Some(day(9));
        let due = Due::By(day(5));
        let promises = [held("K", 1, due), held("A", 1, due)];
        let claims = vec![Claim::due(due, Quantity::new(1)); 2];
        let replaced = ask(&promises, &known([kit, sku("A", 2, &[], claims)]), None);
        assert_eq!(replaced.len(), 1);
        assert_eq!(replaced[0].parts, [held("K", 1, Due::By(day(9)))]);
    }

    #[test]
    fn a_kit_is_promised_anew_when_one_of_its_parts_is_missing() {
        let mut kit = SkuFacts::new("K".parse().expect("a SKU"));
        kit.kit = vec![
            ("A".parse().expect("a SKU"), Quantity::new(2)),
            ("B".parse().expect("a SKU"), Quantity::new(1)),
        ];
        let due = Due::By(day(2));
        let promises = [held("K", 1, due), held("A", 1, due)];
        let claim = |units| Claim::due(due, Quantity::new(units));
        let facts = known([
            kit,
            sku("A", 1, &[(9, 12)], vec![claim(2), claim(1)]),
            sku("B", 4, &[], vec![claim(1)]),
        ]);
        let replaced = ask(&promises, &facts, None);
        assert_eq!(replaced.len(), 1);
        assert_eq!(replaced[0].parts, [held("K", 1, Due::By(day(12)))]);
    }
}
