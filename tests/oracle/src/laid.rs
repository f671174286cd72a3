//! An item at a house as domain.md 3.1 says it: which single units there are, from which day on, and
//! who waits for them.

use crate::case::{Case, Due, Mode, Shelf};
use crate::civil::Day;
use crate::hands::Hands;

/// An item at a house, at the moment of the case.
#[derive(Debug, Clone)]
pub struct Laid {
    /// For each single unit the first day by which it can be with the carrier.
    pub units: Vec<Day>,
    /// From this day on there is no end of them.
    pub endless_from: Option<Day>,
    /// By when leaves what is on the shelf.
    pub ready_by: Option<Day>,
    /// Units on the shelf for sale; `None` if there is no end.
    pub on_shelf: Option<u32>,
    /// Last day for which anything is promised.
    pub horizon: Day,
    pub unreleased: bool,
    pub mode: Mode,
    /// Units promised, by claims that stand.
    pub claimed: u32,
    pub owed: u32,
    pub dated: Vec<(Day, u32)>,
    pub undated: u32,
}

/// The day shown by the house's clocks, and the working day on which an order is begun.
fn today_and_begun(case: &Case, house: usize) -> (Day, Option<Day>) {
    let house = &case.houses[house];
    let (today, second) = house.zone.local(case.now);
    let begun = match house.working.works(today) && second < house.cut_off {
        true => Some(today),
        false => house.working.from(today + 1),
    };
    (today, begun)
}

/// The day at the house.
pub fn today(case: &Case, house: usize) -> Day {
    today_and_begun(case, house).0
}

/// How the item may be sold there today.
pub fn mode(case: &Case, house: usize, item: usize) -> Mode {
    let item = &case.items[item];
    match item.sell_until {
        Some(last) if last < today(case, house) => Mode::Deny,
        _ => item.mode,
    }
}

/// By when leaves what can be picked on `day`, if the goods are not sent before `release`.
pub fn leaves(case: &Case, house: usize, day: Day, release: Option<Day>) -> Option<Day> {
    let (today, begun) = today_and_begun(case, house);
    let house = &case.houses[house];
    let mut start = day.max(begun?);
    if let Some(release) = release.filter(|release| today < *release) {
        start = start.max(release);
    }
    let start = house.working.from(start)?;
    house
        .pickup
        .from(house.working.later(start, house.processing)?)
}

impl Laid {
    pub fn out(case: &Case, house: usize, item: usize) -> Self {
        let facts = &case.items[item];
        let shelf = &facts.shelves[house];
        let at = &case.houses[house];
        let (today, begun) = today_and_begun(case, house);
        let leaves = |day| leaves(case, house, day, facts.released_on);
        let ready_by = leaves(today);
        let standing: Vec<_> = shelf
            .taken
            .iter()
            .filter(|taken| taken.stands(case.now))
            .collect();
        let missing = shelf.safety.saturating_sub(shelf.on_hand);
        let claimed: u32 = standing.iter().map(|taken| taken.units).sum();
        let mode = mode(case, house, item);

        let for_sale = shelf.on_hand.saturating_sub(shelf.safety);
        let mut units = Vec::new();
        let mut endless_from = None;
        let mut add = |day: Option<Day>, count: Option<u32>| {
            let Some(day) = day else { return };
            match count {
                Some(count) => units.extend((0..count).map(|_| day)),
                None => endless_from = Some(endless_from.map_or(day, |from: Day| from.min(day))),
            }
        };
        let on_shelf = facts.tracked.then_some(for_sale);
        add(ready_by, on_shelf);
        for coming in &shelf.coming {
            let planned = coming.planned();
            if planned + Day::from(case.rules.fence) < today {
                continue;
            }
            let arrives = match coming.foreseen(today) {
                Some(day) => day,
                None if today <= planned => planned,
                None => today + Day::from(case.rules.offset.max(1)),
            };
            let opened = at.working.from(arrives);
            let pickable = opened.and_then(|day| at.working.later(day, at.receiving));
            add(pickable.and_then(leaves), Some(coming.units));
        }
        match &facts.lead {
            Some((days, supplier)) if mode != Mode::Deny && !facts.discontinued => {
                let sent = begun.and_then(|day| supplier.from(day));
                let arrives = sent.and_then(|day| supplier.from(day + Day::from(*days)));
                let opened = arrives.and_then(|day| at.working.from(day));
                let pickable = opened.and_then(|day| at.working.later(day, at.receiving));
                add(pickable.and_then(leaves), None);
            }
            // Nothing is known but the merchant's word for the day of release.
            _ => {
                let unreleased = facts.released_on.is_some_and(|day| today < day);
                let is_bare =
                    |shelf: &Shelf| shelf.on_hand <= shelf.safety && shelf.coming.is_empty();
                // The word is for all houses: where anything is known at one of them, it is not needed.
                if unreleased && facts.shelves.iter().all(is_bare) {
                    add(ready_by, None);
                }
            }
        }

        let mut laid = Self {
            units,
            endless_from,
            ready_by,
            on_shelf,
            horizon: today
                + Day::from(
                    case.rules
                        .horizon
                        .min(facts.days_max.unwrap_or(365))
                        .min(365),
                ),
            unreleased: facts.released_on.is_some_and(|day| today < day),
            mode,
            claimed,
            owed: missing,
            dated: Vec::new(),
            undated: 0,
        };
        for taken in standing {
            match taken.due {
                Due::Owed => laid.owed += taken.units,
                Due::By(day) => laid.dated.push((day, taken.units)),
                Due::Undated => laid.undated += taken.units,
            }
        }
        laid.dated.sort_unstable();
        laid
    }

    /// The same for who has a promise: what is on the shelf is there for every day, however long it still
    /// takes to send it, unless it is held back until its release.
    pub fn held(&self) -> Self {
        let mut held = self.clone();
        match (self.on_shelf, self.ready_by) {
            (None, Some(_)) if !self.unreleased => held.endless_from = Some(Day::MIN),
            (Some(units), Some(ready_by)) if !self.unreleased => {
                let there = held.units.iter_mut().filter(|day| **day == ready_by);
                there.take(units as usize).for_each(|day| *day = Day::MIN);
            }
            _ => {}
        }
        held
    }

    /// The units, with everybody placed to whom some are promised: who is owed since before any date
    /// was told first of all, then each for the date that was told, or as soon after it as can be, then
    /// those who wait without a date. Whoever asks comes after all of them.
    pub fn hands(&self) -> Hands {
        let mut hands = Hands::new(self.units.clone(), self.endless_from);
        for _ in 0..self.owed {
            hands.place_first();
        }
        let mut late = self.undated;
        for (day, units) in &self.dated {
            for _ in 0..*units {
                if !hands.place(*day) {
                    late += 1;
                }
            }
        }
        for _ in 0..late {
            hands.place_first();
        }
        hands
    }

    /// How many units are on the shelf and needed by nobody else, at most `most`.
    pub fn ready(&self, hands: &Hands, most: u32) -> u32 {
        let day = self.ready_by.filter(|day| *day <= self.horizon);
        let leaving = day.map_or(0, |day| hands.room(day, most));
        leaving.min(self.on_shelf.unwrap_or(most))
    }

    /// True if there is no end of what can be promised.
    pub fn is_endless(&self) -> bool {
        self.endless_from.is_some_and(|day| day <= self.horizon)
    }

    /// True if there is no end of what is on the shelf.
    pub fn is_ready_endless(&self) -> bool {
        self.on_shelf.is_none() && self.ready_by.is_some_and(|day| day <= self.horizon)
    }
}
