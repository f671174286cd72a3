//! Several lines, kits and houses: every way to hand out the units is tried, and the rule picks one.
//!
//! The rule is the one of `date_cart`: lines that may not wait first, then the others, in the order of
//! the cart; every unit of a line as early as can be; among houses those that need the fewest parcels
//! more, then the cheapest, then the first by their names, each emptied before the next. What leaves
//! together leaves from as few houses as can send it, of those from where the last part leaves
//! earliest, then the cheapest, then the first by their names. Parts of a line that are not worth a
//! parcel wait for the next of their house, after all that.

use crate::answer::{Part, Told, first, parcels, parts, unit_days};
use crate::case::{Case, Mode};
use crate::civil::Day;
use crate::hands::Hands;
use crate::laid::{Laid, leaves, mode, today};

/// More than a case can hold of anything that has an end.
const PLENTY: u32 = 48;

/// Units, or no end of them.
type Count = Option<u32>;

fn least(one: Count, other: Count) -> Count {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn sum(one: Count, other: Count) -> Count {
    Some(one? + other?)
}

fn sets(units: Count, each: u32) -> Count {
    units.map(|units| units / each)
}

/// What must be said about each line of a case.
pub fn expected(case: &Case) -> Vec<Told> {
    let world = World::of(case);
    let all: Vec<usize> = (0..case.cart.len()).collect();
    let everywhere: Vec<usize> = (0..case.houses.len()).collect();
    let served = world.serve(&all, &everywhere);
    let orderable: Vec<usize> = all
        .iter()
        .copied()
        .filter(|line| served[*line].orderable)
        .collect();
    let together = world.together(&orderable);
    let differs = orderable
        .iter()
        .zip(&together)
        .any(|(line, parts)| per_house(parts) != per_house(&served[*line].dated));

    let told = served.into_iter().enumerate().map(|(line, served)| {
        let at = orderable.iter().position(|known| *known == line);
        Told {
            ships_by: served
                .dated
                .iter()
                .map(|part| part.day)
                .max()
                .filter(|_| served.orderable),
            shown: first(&served.dated, served.most.unwrap_or(u32::MAX)),
            promised: if served.orderable {
                served.dated
            } else {
                Vec::new()
            },
            together: at
                .filter(|_| differs)
                .map_or_else(Vec::new, |at| together[at].clone()),
            most: served.most,
        }
    });
    told.collect()
}

fn per_house(parts: &[Part]) -> Vec<(usize, u32)> {
    let units = |house| {
        parts
            .iter()
            .filter(|part| part.house == house)
            .map(|part| part.units)
            .sum()
    };
    (0..8).map(|house| (house, units(house))).collect()
}

/// A case with all that is in it laid out.
pub struct World<'a> {
    case: &'a Case,
    /// For each house, each item.
    laid: Vec<Vec<Laid>>,
    hands: Vec<Vec<Hands>>,
}

/// What was found for a line.
#[derive(Debug, Clone, Default)]
struct Served {
    dated: Vec<Part>,
    most: Count,
    orderable: bool,
}

/// A line at a house.
struct Here {
    /// Days on which some of it can leave.
    days: Vec<Day>,
    /// Most that may be sent.
    cap: Count,
    ready: Count,
    promisable: Count,
}

/// What an item is made of, down to what is no kit.
pub fn exploded(case: &Case, item: usize, times: u32) -> Vec<(usize, u32)> {
    if case.items[item].kit.is_empty() {
        return vec![(item, times)];
    }
    let mut all: Vec<(usize, u32)> = Vec::new();
    for (part, each) in &case.items[item].kit {
        for (leaf, units) in exploded(case, *part, times * each) {
            match all.iter_mut().find(|(known, _)| *known == leaf) {
                Some((_, sum)) => *sum += units,
                None => all.push((leaf, units)),
            }
        }
    }
    all
}

impl<'a> World<'a> {
    pub fn of(case: &'a Case) -> Self {
        let lay = |house| {
            let items = 0..case.items.len();
            items
                .map(|item| Laid::out(case, house, item))
                .collect::<Vec<_>>()
        };
        let laid: Vec<Vec<Laid>> = (0..case.houses.len()).map(lay).collect();
        let hands = laid
            .iter()
            .map(|items| items.iter().map(Laid::hands).collect())
            .collect();
        Self { case, laid, hands }
    }

    /// True if all that was promised before is still kept with these promises, and all of these are.
    pub fn keeps(&self, promises: &[(usize, &[Part])]) -> bool {
        let mut hands = self.hands.clone();
        promises.iter().all(|(line, parts)| {
            let (item, _) = self.case.cart[*line];
            parts.iter().all(|part| {
                let release = self.case.items[item].released_on;
                let earliest = leaves(self.case, part.house, today(self.case, part.house), release);
                earliest.is_some_and(|day| day <= part.day)
                    && exploded(self.case, item, part.units)
                        .iter()
                        .all(|(leaf, units)| hands[part.house][*leaf].place_all(part.day, *units))
            })
        })
    }

    fn serve(&self, lines: &[usize], among: &[usize]) -> Vec<Served> {
        let mut hands = self.hands.clone();
        let mut booked = vec![0; self.case.items.len()];
        let mut used: Vec<(Day, usize)> = Vec::new();
        let mut served = vec![Served::default(); self.case.cart.len()];
        let may_wait = |line: &&usize| {
            let (item, _) = self.case.cart[**line];
            let mut houses = 0..self.case.houses.len();
            houses.any(|house| mode(self.case, house, item) != Mode::Deny)
        };
        let (later, sooner): (Vec<&usize>, Vec<&usize>) = lines.iter().partition(may_wait);
        for line in sooner.into_iter().chain(later) {
            let (item, asked) = self.case.cart[*line];
            let found = self.line(item, asked, &hands, &booked, &used, among);
            if found.orderable {
                for part in &found.dated {
                    used.push((part.day, part.house));
                    for (leaf, units) in exploded(self.case, item, part.units) {
                        let placed = hands[part.house][leaf].place_all(part.day, units);
                        assert!(placed, "what was found is there");
                        booked[leaf] += units;
                    }
                }
            }
            served[*line] = found;
        }
        served
    }

    fn line(
        &self,
        item: usize,
        asked: u32,
        hands: &[Vec<Hands>],
        booked: &[u32],
        used: &[(Day, usize)],
        among: &[usize],
    ) -> Served {
        let leaves = exploded(self.case, item, 1);
        let here: Vec<Here> = among
            .iter()
            .map(|house| self.here(item, &leaves, *house, &hands[*house]))
            .collect();
        // For each house all the ways to send some of it, as days of single units.
        let ways: Vec<Vec<Vec<Day>>> = among
            .iter()
            .zip(&here)
            .map(|(house, here)| {
                let own = leaves
                    .iter()
                    .map(|(leaf, each)| (hands[*house][*leaf].clone(), *each));
                let mut ways = Vec::new();
                let most = here.cap.map_or(asked, |cap| cap.min(asked));
                spread(
                    &own.collect::<Vec<_>>(),
                    &here.days,
                    most,
                    &mut Vec::new(),
                    &mut ways,
                );
                ways
            })
            .collect();
        let best = (0..=asked).rev().find_map(|units| {
            let mut best: Option<Choice<'_>> = None;
            self.choose(&ways, among, used, units, &mut Vec::new(), &mut best);
            best
        });
        let dated = best.map_or_else(Vec::new, |best| self.worth_sending(&best.dated));
        let most = self.most(item, &leaves, &here, hands, booked, among);
        let found: u32 = dated.iter().map(|part| part.units).sum();
        Served {
            orderable: found == asked && most.is_none_or(|most| asked <= most),
            dated,
            most,
        }
    }

    /// The same in parcels that are worth it, those of each house by themselves.
    fn worth_sending(&self, dated: &[Part]) -> Vec<Part> {
        let mut sent: Vec<Part> = Vec::new();
        for house in 0..self.case.houses.len() {
            let own = dated.iter().filter(|part| part.house == house);
            let own: Vec<Part> = own.copied().collect();
            sent.extend(parcels(&unit_days(&own), house, self.case.rules.least));
        }
        sent.sort_unstable();
        sent
    }

    fn is_unreleased(&self, item: usize, house: usize) -> bool {
        let release = self.case.items[item].released_on;
        release.is_some_and(|day| today(self.case, house) < day)
    }

    /// What is there of an item for a kit that is not sent before its release.
    fn ready(&self, kit: usize, leaf: usize, house: usize, hands: &Hands) -> Count {
        let case = self.case;
        let release = case.items[leaf]
            .released_on
            .max(case.items[kit].released_on);
        let laid = &self.laid[house][leaf];
        let view = Laid {
            ready_by: leaves(case, house, today(case, house), release),
            ..laid.clone()
        };
        let view = Laid {
            horizon: self.horizon(kit, house),
            ..view
        };
        match view.is_ready_endless() {
            true => None,
            false => Some(view.ready(hands, PLENTY)),
        }
    }

    /// The last day for which it is promised, as far as all of its parts are.
    fn horizon(&self, item: usize, house: usize) -> Day {
        let own = self.case.items[item].days_max.unwrap_or(365);
        let own = today(self.case, house) + Day::from(own);
        let parts = exploded(self.case, item, 1);
        let parts = parts
            .iter()
            .map(|(leaf, _)| self.laid[house][*leaf].horizon);
        parts.fold(own, Day::min)
    }

    fn here(&self, item: usize, parts: &[(usize, u32)], house: usize, hands: &[Hands]) -> Here {
        let case = self.case;
        let is_kit = !case.items[item].kit.is_empty();
        let own_release = case.items[item].released_on;
        let unreleased = self.is_unreleased(item, house)
            || parts
                .iter()
                .any(|(leaf, _)| self.is_unreleased(*leaf, house));
        let horizon = self.horizon(item, house);
        let mut here = Here {
            days: Vec::new(),
            cap: None,
            ready: None,
            promisable: None,
        };
        let Some(earliest) = leaves(case, house, today(case, house), own_release) else {
            return Here {
                cap: Some(0),
                ready: Some(0),
                promisable: Some(0),
                ..here
            };
        };

        let mut from_shelf = Day::MIN;
        let mut endless = earliest <= horizon;
        for (leaf, each) in parts {
            let laid = &self.laid[house][*leaf];
            let ready = self.ready(item, *leaf, house, &hands[*leaf]);
            here.ready = least(here.ready, sets(ready, *each));
            let waits_for_release =
                self.is_unreleased(item, house) || self.is_unreleased(*leaf, house);
            if is_kit && laid.mode == Mode::Deny && !waits_for_release {
                here.cap = least(here.cap, sets(ready, *each));
                endless &= ready.is_none();
            } else {
                endless &= laid.endless_from.is_some_and(|day| day <= horizon);
            }
            from_shelf = from_shelf
                .max(laid.ready_by.unwrap_or(Day::MAX))
                .max(earliest);
            here.days
                .extend(hands[*leaf].days().into_iter().map(|day| day.max(earliest)));
        }
        let shelf_only = mode(case, house, item) == Mode::Deny && !unreleased;
        if shelf_only {
            here.cap = least(here.cap, here.ready);
            here.days = vec![from_shelf];
            endless &= here.ready.is_none();
        }
        here.days.retain(|day| *day <= horizon);
        here.days.sort_unstable();
        here.days.dedup();
        if !endless {
            // As many as can be handed out by the last day.
            let mut left: Vec<Hands> = parts.iter().map(|(leaf, _)| hands[*leaf].clone()).collect();
            let last = here.days.last().copied();
            let count = (0..here.cap.unwrap_or(PLENTY)).take_while(|_| {
                last.is_some_and(|last| {
                    let mut each = left.iter_mut().zip(parts);
                    each.all(|(hands, (_, each))| hands.place_all(last, *each))
                })
            });
            here.promisable = Some(count.count() as u32);
        }
        here
    }

    /// Most that may be ordered.
    fn most(
        &self,
        item: usize,
        parts: &[(usize, u32)],
        here: &[Here],
        hands: &[Vec<Hands>],
        booked: &[u32],
        among: &[usize],
    ) -> Count {
        let case = self.case;
        let total = |of: fn(&Here) -> Count| here.iter().map(of).fold(Some(0), sum);
        let (ready, mut most) = (total(|here| here.ready), total(|here| here.promisable));
        let unreleased = (0..case.houses.len()).any(|house| {
            self.is_unreleased(item, house)
                || parts
                    .iter()
                    .any(|(leaf, _)| self.is_unreleased(*leaf, house))
        });
        let houses = || 0..case.houses.len();
        // Sold and not on hand may not be more than the limit, where anything may be sold that is not on hand.
        let allowed = |sold: usize, limit: u32, on_shelf: Count, claimed: u32, ready: Count| {
            let allowance = (on_shelf? + limit).saturating_sub(claimed);
            let waits = houses().any(|house| mode(case, house, sold) != Mode::Deny);
            match waits || unreleased {
                true => Some(allowance),
                false => Some(allowance.max(ready?)),
            }
        };
        if !case.items[item].kit.is_empty()
            && let Some(limit) = case.items[item].limit
        {
            let kits = |house: usize| {
                let parts = parts.iter();
                let here = parts.map(|(leaf, each)| sets(self.laid[house][*leaf].on_shelf, *each));
                here.fold(None, least)
            };
            let on_shelf = houses().map(kits).fold(Some(0), sum);
            let claimed = houses().map(|house| self.laid[house][item].claimed).sum();
            most = least(most, allowed(item, limit, on_shelf, claimed, ready));
        }
        for (leaf, each) in parts {
            let Some(limit) = case.items[*leaf].limit else {
                continue;
            };
            let on_shelf = houses()
                .map(|house| self.laid[house][*leaf].on_shelf)
                .fold(Some(0), sum);
            let claimed: u32 = houses().map(|house| self.laid[house][*leaf].claimed).sum();
            let ready = among
                .iter()
                .map(|house| self.ready(item, *leaf, *house, &hands[*house][*leaf]));
            let ready = ready.fold(Some(0), sum);
            let allowed = allowed(*leaf, limit, on_shelf, claimed + booked[*leaf], ready);
            most = least(most, sets(allowed, *each));
        }
        most
    }

    /// Tries every combination of ways that sends `units`, and keeps the best.
    fn choose<'w>(
        &'w self,
        ways: &'w [Vec<Vec<Day>>],
        among: &[usize],
        used: &[(Day, usize)],
        units: u32,
        chosen: &mut Vec<&'w [Day]>,
        best: &mut Option<Choice<'w>>,
    ) {
        if chosen.len() < ways.len() {
            for way in &ways[chosen.len()] {
                let sent = way.len() as u32;
                if sent <= units {
                    chosen.push(way);
                    self.choose(ways, among, used, units - sent, chosen, best);
                    chosen.pop();
                }
            }
        } else if units == 0 {
            let mut days: Vec<Day> = chosen.iter().copied().flatten().copied().collect();
            days.sort_unstable();
            if best.as_ref().is_some_and(|best| best.days < days) {
                return;
            }
            let choice = self.choice(days, chosen, among, used);
            if best.as_ref().is_none_or(|best| choice.rank() < best.rank()) {
                *best = Some(choice);
            }
        }
    }

    fn choice(
        &self,
        days: Vec<Day>,
        chosen: &[&[Day]],
        among: &[usize],
        used: &[(Day, usize)],
    ) -> Choice<'_> {
        let houses = &self.case.houses;
        let mut dated: Vec<Part> = Vec::new();
        for (house, way) in among.iter().zip(chosen) {
            dated.extend(parts(way, *house));
        }
        let anyway = |part: &Part| used.contains(&(part.day, part.house));
        let order = |part: &Part| {
            let house = &houses[part.house];
            (part.day, !anyway(part), house.parcel_cost, house.name)
        };
        dated.sort_by_key(order);
        let extra: Vec<&Part> = dated.iter().filter(|part| !anyway(part)).collect();
        let mut names: Vec<&str> = extra.iter().map(|part| houses[part.house].name).collect();
        names.sort_unstable();
        // On each day, those who come first by the rule are emptied first.
        let mut emptied = Vec::new();
        let mut distinct = days.clone();
        distinct.dedup();
        for day in distinct {
            let mut at: Vec<Part> = among
                .iter()
                .map(|house| Part {
                    day,
                    house: *house,
                    units: 0,
                })
                .collect();
            at.sort_by_key(order);
            for part in at {
                let sent = dated
                    .iter()
                    .filter(|one| (one.day, one.house) == (part.day, part.house));
                emptied.push(-sent.map(|part| i64::from(part.units)).sum::<i64>());
            }
        }
        Choice {
            days,
            parcels: extra.len(),
            cost: extra
                .iter()
                .map(|part| u64::from(houses[part.house].parcel_cost))
                .sum(),
            names,
            emptied,
            dated,
        }
    }

    /// The parts of these lines where everything leaves from as few houses as can send it.
    fn together(&self, lines: &[usize]) -> Vec<Vec<Part>> {
        let houses = &self.case.houses;
        for size in 1..=houses.len() {
            let sets = (0_u32..1 << houses.len()).filter(|set| set.count_ones() as usize == size);
            let found = sets.filter_map(|set| {
                let among: Vec<usize> = (0..houses.len())
                    .filter(|at| set & (1 << at) != 0)
                    .collect();
                let served = self.serve(lines, &among);
                let all = lines.iter().all(|line| served[*line].orderable);
                let parts: Vec<Vec<Part>> = all.then(|| {
                    lines
                        .iter()
                        .map(|line| served[*line].dated.clone())
                        .collect()
                })?;
                let last = parts.iter().flatten().map(|part| part.day).max();
                let cost: u64 = among
                    .iter()
                    .map(|at| u64::from(houses[*at].parcel_cost))
                    .sum();
                let mut names: Vec<&str> = among.iter().map(|at| houses[*at].name).collect();
                names.sort_unstable();
                Some(((last, cost, names), parts))
            });
            if let Some((_, parts)) = found.min() {
                return parts;
            }
        }
        unreachable!("all houses together can send what they can send one by one")
    }
}

/// A way to send a line.
struct Choice<'a> {
    days: Vec<Day>,
    parcels: usize,
    cost: u64,
    names: Vec<&'a str>,
    emptied: Vec<i64>,
    dated: Vec<Part>,
}

impl Choice<'_> {
    fn rank(&self) -> (&[Day], usize, u64, &[&str], &[i64]) {
        (
            &self.days,
            self.parcels,
            self.cost,
            &self.names,
            &self.emptied,
        )
    }
}

/// All ways to send up to `most` units on these days, as the days of single units.
fn spread(
    parts: &[(Hands, u32)],
    days: &[Day],
    most: u32,
    so_far: &mut Vec<Day>,
    ways: &mut Vec<Vec<Day>>,
) {
    ways.push(so_far.clone());
    if most == 0 {
        return;
    }
    for (at, day) in days.iter().enumerate() {
        let mut taken = parts.to_vec();
        if taken
            .iter_mut()
            .all(|(hands, each)| hands.place_all(*day, *each))
        {
            so_far.push(*day);
            spread(&taken, &days[at..], most - 1, so_far, ways);
            so_far.pop();
        }
    }
}
