//! The days of one world under one rule: goods come, who waits gets them, shoppers ask and are told.
//!
//! Who is told a date buys; who is told none leaves. What comes goes to those who wait, by the day promised to them, then by
//! the day on which they asked. A promise is kept if the last of its units leaves on the day promised or before.
//!
//! Ours learns as it goes, as the server does: each day it sets its levels by the deliveries that would have been foretold on the
//! day of their order ([`calibrated`]) and by how much safer than asked the dates told are ([`less_surplus`]). It knows only what a
//! shop knows on that day. And it moves the dates of a supplier out whose promises were not kept ([`widened`]).

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use shared::lead_time::{JUDGED_MAX, Level, OWN_MIN, calibrated, lead_time, less_surplus, slip};
use shared::quantity::Quantity;
use shared::supply::Claim;
use shared::widening::{PROMISES_MAX, Past, widened};

use crate::outcome::Outcome;
use crate::rules::{Known, Levels, OpenOrder, Rule};
use crate::traces::{Event, Traces, days_between, judged_year};

/// Fewest deliveries known on the day of an order for which it is judged what was foretold on it.
const KNOWN_MIN: usize = 30;
/// Mean lead time that a merchant supposes before anything was ever delivered.
const SUPPOSED_DAYS: u32 = 90;
/// Days after which a promise says nothing any more of those that are made today.
const JUDGED_DAYS: u64 = 365;

/// Lives through a world under a rule. The levels of [`Rule::Ours`] are its target.
pub fn live(traces: &Traces, rule: Rule) -> Outcome {
    let mut world = World::new(traces, rule);
    for (day, event) in &traces.events {
        if *day != world.today {
            world.begin(*day);
        }
        match *event {
            Event::Arrives { order } => world.receive(order),
            Event::Ordered { order } => world.order(order),
            Event::Asked { sku, units } => world.answer(sku, units),
        }
    }
    world.outcome
}

struct World<'a> {
    traces: &'a Traces,
    /// What ours aims at.
    target: Option<Levels>,
    /// The rule as it is used today.
    rule: Rule,
    today: NaiveDate,
    shelves: Vec<Shelf>,
    /// How many of [`Traces::deliveries`] are received.
    received: usize,
    /// Number and sum of each supplier's lead times so far.
    lead_times: Vec<(u32, u32)>,
    /// For each order how much was received on its day.
    received_before: Vec<usize>,
    /// Of deliveries, whether they came within the lead time foretold on the day of their order.
    lead_times_kept: Vec<bool>,
    /// The same of the dates that were named for them.
    slips_kept: Vec<bool>,
    promises: Vec<Promise>,
    /// For each the share of deliveries that come by its supplier's date and the days added; 0: any day could be chosen.
    reached: Vec<u8>,
    /// Of each supplier, the promises that waited for it, by the day told.
    waited: Vec<BTreeSet<(NaiveDate, usize)>>,
    outcome: Outcome,
}

/// A SKU's stock.
struct Shelf {
    /// Units that nobody waits for.
    free: u32,
    /// Places in [`Traces::orders`] of what is under way.
    open: Vec<usize>,
    /// The day promised, the place of the promise, units still owed.
    waiting: BTreeSet<(NaiveDate, usize, u32)>,
}

/// A date that was told.
struct Promise {
    told_on: NaiveDate,
    ships_by: NaiveDate,
    widened_days: u32,
    /// The order that it waits for.
    order: Option<usize>,
    /// When the last of it left.
    left_on: Option<NaiveDate>,
}

impl<'a> World<'a> {
    fn new(traces: &'a Traces, rule: Rule) -> Self {
        let shelf = |units: &u32| Shelf {
            free: *units,
            open: Vec::new(),
            waiting: BTreeSet::new(),
        };
        Self {
            traces,
            target: match rule {
                Rule::Ours { levels } => Some(levels),
                _ => None,
            },
            rule,
            today: NaiveDate::MIN,
            shelves: traces.opening.iter().map(shelf).collect(),
            received: 0,
            lead_times: vec![(0, 0); traces.suppliers.len()],
            received_before: vec![0; traces.orders.len()],
            lead_times_kept: Vec::new(),
            slips_kept: Vec::new(),
            promises: Vec::new(),
            reached: Vec::new(),
            waited: vec![BTreeSet::new(); traces.suppliers.len()],
            outcome: Outcome::default(),
        }
    }

    fn begin(&mut self, day: NaiveDate) {
        self.today = day;
        let Some(target) = self.target else { return };
        let recent = &self.reached[self.reached.len().saturating_sub(JUDGED_MAX)..];
        let level = |target: Level, kept: &[bool]| {
            let level = calibrated(target, kept);
            let surplus = |reached: &u8| reached.saturating_sub(level.percent());
            less_surplus(level, &recent.iter().map(surplus).collect::<Vec<_>>())
        };
        self.rule = Rule::Ours {
            levels: Levels {
                lead_time: level(target.lead_time, &self.lead_times_kept),
                slip: level(target.slip, &self.slips_kept),
            },
        };
    }

    fn order(&mut self, order: usize) {
        let sku = self.traces.orders[order].sku;
        self.shelves[sku].open.push(order);
        self.received_before[order] = self.received;
    }

    /// Whether a delivery would have been foretold on the day of its order.
    fn judge(&mut self, order: usize, target: Levels) {
        let (traces, arrived) = (self.traces, &self.traces.orders[order]);
        let known = self.received_before[order];
        let supplier = &traces.suppliers[traces.skus[arrived.sku]];
        let (past, slips) = (&traces.deliveries[..known], &traces.slips[..known]);
        if KNOWN_MIN <= known {
            let mode = Some(&*arrived.mode);
            let foretold = lead_time(past, supplier, mode, None, target.lead_time);
            let took = days_between(arrived.ordered_on, arrived.received_on);
            let kept = foretold.is_some_and(|foretold| took <= foretold.days);
            self.lead_times_kept.push(kept);
        }
        if OWN_MIN
            <= slips
                .iter()
                .filter(|slip| slip.supplier == *supplier)
                .count()
        {
            let foretold = slip(slips, supplier, target.slip);
            let slipped = (arrived.received_on - arrived.promised_on).num_days();
            let kept = foretold.is_some_and(|foretold| slipped <= foretold.days.max(0).into());
            self.slips_kept.push(kept);
        }
    }

    fn receive(&mut self, order: usize) {
        if let Some(target) = self.target {
            self.judge(order, target);
        }
        let arrived = &self.traces.orders[order];
        self.received += 1;
        if self.today < judged_year().start {
            let (number, sum) = &mut self.lead_times[self.traces.skus[arrived.sku]];
            *number += 1;
            *sum += days_between(arrived.ordered_on, arrived.received_on);
        }
        let shelf = &mut self.shelves[arrived.sku];
        shelf.open.retain(|open| *open != order);
        shelf.free += arrived.units;
        while 0 < shelf.free
            && let Some((ships_by, place, owed)) = shelf.waiting.pop_first()
        {
            let given = shelf.free.min(owed);
            shelf.free -= given;
            if given < owed {
                shelf.waiting.insert((ships_by, place, owed - given));
                break;
            }
            self.promises[place].left_on = Some(self.today);
            let kept = self.today <= self.promises[place].ships_by;
            if kept && judged_year().contains(&self.promises[place].told_on) {
                self.outcome.kept += 1;
            }
        }
    }

    fn answer(&mut self, sku: usize, units: u32) {
        let judged = judged_year().contains(&self.today);
        self.outcome.shoppers += u32::from(judged);
        let shelf = &mut self.shelves[sku];
        if units <= shelf.free {
            shelf.free -= units;
            return;
        }
        let known = self.known(sku);
        let Some(ships_by) = self.rule.ships_by(&known, units) else {
            self.outcome.undated += u32::from(judged);
            return;
        };
        assert!(
            self.today <= ships_by,
            "{:?} promised {ships_by} on {}",
            self.rule,
            self.today
        );
        if judged {
            self.outcome.promised += 1;
            self.outcome.days += days_between(self.today, ships_by);
            self.outcome.oversold += oversold(&known, units);
        }
        let place = self.promises.len();
        let shelf = &mut self.shelves[sku];
        let owed = units - shelf.free;
        shelf.free = 0;
        shelf.waiting.insert((ships_by, place, owed));
        let order = self.rule.opened_by(&known, ships_by);
        if order.is_some() {
            self.waited[self.traces.skus[sku]].insert((ships_by, place));
        }
        self.promises.push(Promise {
            told_on: self.today,
            ships_by,
            widened_days: known.widened_days,
            order,
            left_on: None,
        });
        self.reached.push(self.rule.reached(&known, ships_by));
    }

    fn known(&self, sku: usize) -> Known<'a> {
        let traces = self.traces;
        let shelf = &self.shelves[sku];
        let open = shelf.open.iter().map(|place| {
            let order = &traces.orders[*place];
            OpenOrder {
                order: *place,
                units: order.units,
                mode: &order.mode,
                ordered_on: order.ordered_on,
                named: (order.named_on <= self.today).then_some(order.promised_on),
            }
        });
        let claims = shelf
            .waiting
            .iter()
            .map(|(ships_by, _, owed)| Claim::by(*ships_by, Quantity::new(*owed)));
        Known {
            today: self.today,
            supplier: &traces.suppliers[traces.skus[sku]],
            deliveries: &traces.deliveries[..self.received],
            slips: &traces.slips[..self.received],
            usual_days: self.usual_days(traces.skus[sku]),
            widened_days: self.widened_days(traces.skus[sku]),
            free: shelf.free,
            open: open.collect(),
            claims: claims.collect(),
        }
    }

    /// Days that are added to a supplier's dates because too few of its promises were kept.
    fn widened_days(&self, supplier: usize) -> u32 {
        let (Some(target), Rule::Ours { levels }) = (self.target, self.rule) else {
            return 0;
        };
        let over = self.waited[supplier].range(..(self.today, 0)).rev();
        let since = self.today - Days::new(JUDGED_DAYS);
        let over = over.take_while(|(ships_by, _)| since <= *ships_by);
        let past = over.take(PROMISES_MAX).filter_map(|(ships_by, place)| {
            let promise = &self.promises[*place];
            let left = promise.left_on.unwrap_or(self.today);
            let without = *ships_by - Days::new(promise.widened_days.into());
            Some(Past {
                missed_by: i32::try_from((left - without).num_days()).ok()?,
                ahead: days_between(promise.told_on, without.max(promise.told_on)),
                delivery: promise.order?.to_string(),
            })
        });
        let past: Vec<Past> = past.collect();
        widened(&past, target.slip, levels.slip).map_or(0, |widened| widened.days)
    }

    /// A supplier's mean lead time, or that of all while it has delivered nothing.
    fn usual_days(&self, supplier: usize) -> u32 {
        let all = || {
            let sums = self.lead_times.iter();
            sums.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
        };
        match (self.lead_times[supplier], all()) {
            ((0, _), (0, _)) => SUPPOSED_DAYS,
            ((0, _), (number, sum)) | ((number, sum), _) => sum.div_ceil(number),
        }
    }
}

/// Of `units`, those beyond all that is on the shelf and under way and not promised yet.
fn oversold(known: &Known<'_>, units: u32) -> u32 {
    let under_way: u32 = known.open.iter().map(|order| order.units).sum();
    let promised: u32 = known
        .claims
        .iter()
        .map(|claim| claim.quantity.units())
        .sum();
    units.saturating_sub((known.free + under_way).saturating_sub(promised))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::{NOTICE_DAYS, Notice, Source};

    const SKUS: usize = 40;

    fn rules() -> Vec<Rule> {
        let levels = |percent| Levels::both(Level::new(percent).expect("a level"));
        vec![
            Rule::NextIncomingDate,
            Rule::FixedLeadTime { more: 0 },
            Rule::SuppliersPromise { more: 0 },
            Rule::Ours { levels: levels(80) },
            Rule::Ours { levels: levels(95) },
        ]
    }

    #[test]
    fn what_knows_its_queue_never_oversells() {
        // `live` itself stops where a day is promised that is not to come.
        let traces = Source::read(Notice::Before(NOTICE_DAYS))
            .expect("the files")
            .traces(7, SKUS);
        for rule in rules() {
            let outcome = live(&traces, rule);
            assert!(
                0 < outcome.kept && outcome.kept <= outcome.promised,
                "{rule:?} {outcome:?}"
            );
            let counts = matches!(rule, Rule::SuppliersPromise { .. } | Rule::Ours { .. });
            assert!(!counts || outcome.oversold == 0, "{rule:?} {outcome:?}");
        }
    }

    #[test]
    fn each_rule_meets_the_same_shoppers() {
        let source = Source::read(Notice::Before(NOTICE_DAYS)).expect("the files");
        let traces = source.traces(7, SKUS);
        assert_eq!(traces, source.traces(7, SKUS));
        let shoppers: Vec<u32> = rules()
            .into_iter()
            .map(|rule| live(&traces, rule).shoppers)
            .collect();
        assert!(
            0 < shoppers[0] && shoppers.iter().all(|number| *number == shoppers[0]),
            "{shoppers:?}"
        );
    }

    #[test]
    fn nothing_is_known_before_it_happened() {
        let traces = Source::read(Notice::Before(NOTICE_DAYS))
            .expect("the files")
            .traces(7, SKUS);
        let mut world = World::new(&traces, Rule::FixedLeadTime { more: 0 });
        for (day, event) in &traces.events {
            world.today = *day;
            match *event {
                Event::Arrives { order } => world.receive(order),
                Event::Ordered { order } => world.order(order),
                Event::Asked { sku, .. } => {
                    let known = world.known(sku);
                    let arrived = traces
                        .orders
                        .iter()
                        .filter(|order| order.received_on < *day);
                    assert_eq!(known.deliveries.len(), arrived.count());
                    assert!(known.open.iter().all(|order| order.ordered_on <= *day));
                }
            }
        }
    }

    #[test]
    fn one_date_for_any_quantity_sells_what_nobody_ordered() {
        let day = judged_year().start;
        let supplier = "a".parse().expect("an id");
        let mut known = Known {
            today: day,
            supplier: &supplier,
            deliveries: &[],
            slips: &[],
            usual_days: 30,
            widened_days: 0,
            free: 1,
            open: vec![OpenOrder {
                order: 0,
                units: 5,
                mode: "Air",
                ordered_on: day,
                named: None,
            }],
            claims: vec![Claim::by(day, Quantity::new(4))],
        };
        let next = Rule::NextIncomingDate;
        assert_eq!(
            (next.ships_by(&known, 2), oversold(&known, 2)),
            (next.ships_by(&known, 5), 0)
        );
        assert_eq!(
            (next.ships_by(&known, 5).is_some(), oversold(&known, 5)),
            (true, 3)
        );
        let promise = Rule::SuppliersPromise { more: 0 };
        assert_eq!(promise.ships_by(&known, 2), next.ships_by(&known, 2));
        assert_eq!(promise.ships_by(&known, 3), None);
        // The day that was expected is over: nothing can be said.
        known.today = day + chrono::Days::new(31);
        assert_eq!(
            (next.ships_by(&known, 1), promise.ships_by(&known, 1)),
            (None, None)
        );
    }
}
