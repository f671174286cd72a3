//! What becomes of promises, by handing out single units in the order in which they were promised.
//!
//! The rule is that of domain.md 3.1, steps 3 and 13, and of `docs/decisions/who-keeps-a-date.md`: a
//! promise keeps its date if there is a unit by then for each of its units, besides all who keep theirs
//! before it. The others are dated as if they asked now, in the same order, none sooner than it was. What
//! could leave sooner as a whole, by as many days as the store says, is dated so after that.

use crate::answer::{parcels, unit_days};
use crate::cart::exploded;
use crate::case::{Case, Due, Mode};
use crate::civil::Day;
use crate::hands::Hands;
use crate::laid::{Laid, leaves, today};
use crate::queue::{Change, Promise, Queue};

/// What must become of the promises of a queue, where there is one house.
pub fn expected(queue: &Queue) -> Vec<Change> {
    let lost = lost(queue);
    let mut parts = dated_anew(queue, &lost, Asked::anew);
    for (at, promise) in queue.held.iter().enumerate() {
        let days = queue.better_by.filter(|_| promise.alone);
        let (Due::By(before), Some(days)) = (promise.due, days) else {
            continue;
        };
        if lost.contains(&at) {
            continue;
        }
        parts[at].clear();
        let found = Asked::of(&queue.case, parts.concat()).first_days(promise);
        let is_sooner = |day: &Day| *day + Day::from(days.max(1)) <= before;
        let all = found.len() == promise.units as usize;
        let last = found.last().copied().filter(|day| all && is_sooner(day));
        let due = Due::By(last.unwrap_or(before));
        parts[at].push(Promise { due, ..*promise });
    }
    changes(queue, &lost, parts)
}

/// The promises that the supply cannot carry besides all that keep their dates before them.
pub fn lost(queue: &Queue) -> Vec<usize> {
    let mut book = Book::of(&queue.case);
    (0..queue.held.len())
        .filter(|at| !book.keep(&queue.held[*at]))
        .collect()
}

/// The parts of each promise where those that are lost are dated anew, and the others stay.
pub fn dated_anew(
    queue: &Queue,
    lost: &[usize],
    date: impl Fn(&Asked, &Promise) -> Vec<Promise>,
) -> Vec<Vec<Promise>> {
    let mut parts: Vec<Vec<Promise>> = queue.held.iter().map(|one| vec![*one]).collect();
    lost.iter().for_each(|at| parts[*at].clear());
    for at in lost {
        let asked = Asked::of(&queue.case, parts.concat());
        parts[*at] = date(&asked, &queue.held[*at]);
    }
    parts
}

/// The promises of which the parts are others than before.
pub fn changes(queue: &Queue, lost: &[usize], parts: Vec<Vec<Promise>>) -> Vec<Change> {
    let change = |(at, parts): (usize, Vec<Promise>)| Change {
        held: at,
        parts,
        better: queue.held[at].due == Due::Undated || !lost.contains(&at),
    };
    let all = parts.into_iter().enumerate();
    all.filter(|(at, parts)| *parts != [queue.held[*at]])
        .map(change)
        .collect()
}

/// True if all these promises can be kept together, and all claims that are no one's promise.
pub fn carries(case: &Case, promises: &[Promise]) -> bool {
    let mut book = Book::of(case);
    let mut dated = promises.iter().filter(|one| one.due != Due::Undated);
    dated.all(|promise| book.keep(promise))
}

/// Single units, handed to those who hold a promise, one promise after the other.
struct Book {
    case: Case,
    /// For each house, each item.
    hands: Vec<Vec<Hands>>,
}

impl Book {
    /// The book before anything of a queue is handed out.
    fn of(case: &Case) -> Self {
        let case = owed(case);
        let hands = |items: &Vec<Laid>| items.iter().map(|laid| laid.held().hands()).collect();
        let hands = laid(&case).iter().map(hands).collect();
        Self { case, hands }
    }

    /// Hands out what a promise needs by its day. False, with nothing changed, if there is not enough.
    fn keep(&mut self, promise: &Promise) -> bool {
        let Due::By(day) = promise.due else {
            return false;
        };
        let before = self.hands[promise.house].clone();
        let mut takes = exploded(&self.case, promise.item, promise.units).into_iter();
        let kept = is_released_by(&self.case, promise, day)
            && takes.all(|(leaf, units)| {
                self.is_made_by(promise, leaf, day)
                    || self.hands[promise.house][leaf].place_all(day, units)
            });
        if !kept {
            self.hands[promise.house] = before;
        }
        kept
    }

    /// True if what is ordered for each buyer was ordered early enough for this one.
    fn is_made_by(&self, promise: &Promise, leaf: usize, day: Day) -> bool {
        let is_ordered =
            self.case.items[leaf].lead.is_some() && !self.case.items[leaf].discontinued;
        let Some(since) = promise.since.filter(|_| is_ordered) else {
            return false;
        };
        let then = Case {
            now: since,
            ..self.case.clone()
        };
        let made_by = Laid::out(&then, promise.house, leaf).endless_from;
        // What has not come leaves no sooner than if it came today.
        let at = &self.case.houses[promise.house];
        let opened = at.working.from(today(&self.case, promise.house));
        let pickable = opened.and_then(|day| at.working.later(day, at.receiving));
        let release = self.case.items[leaf].released_on;
        let soonest = pickable.and_then(|day| leaves(&self.case, promise.house, day, release));
        made_by.is_some_and(|made_by| made_by <= day)
            && soonest.is_some_and(|soonest| soonest <= day)
            && is_released_by(&then, promise, day)
    }
}

/// True unless what was bought is still to be released, and leaves later for that.
fn is_released_by(case: &Case, promise: &Promise, day: Day) -> bool {
    let today = today(case, promise.house);
    let release = case.items[promise.item].released_on;
    release.is_none_or(|release| {
        let first = leaves(case, promise.house, today, Some(release));
        release <= today || first.is_some_and(|first| first <= day)
    })
}

/// What there is for who asks now, after these promises.
pub struct Asked {
    case: Case,
    laid: Vec<Vec<Laid>>,
    hands: Vec<Vec<Hands>>,
}

impl Asked {
    pub fn of(case: &Case, held: Vec<Promise>) -> Self {
        let queue = Queue {
            case: owed(case),
            held,
            better_by: None,
        };
        let case = queue.claimed();
        let laid = laid(&case);
        let hands = |items: &Vec<Laid>| items.iter().map(Laid::hands).collect();
        Self {
            hands: laid.iter().map(hands).collect(),
            laid,
            case,
        }
    }

    /// What can be promised now instead of a promise: no part sooner than it was, what has no date last.
    pub fn anew(&self, promise: &Promise) -> Vec<Promise> {
        let days = self.first_days(promise);
        let sent = parcels(&days, promise.house, self.case.rules.least);
        let days = unit_days(&sent).into_iter().map(|day| match promise.due {
            Due::By(before) => day.max(before),
            Due::Owed | Due::Undated => day,
        });
        parts_on(promise, days)
    }

    /// The first days on which the units of a promise could leave, for as many as there are.
    pub fn first_days(&self, promise: &Promise) -> Vec<Day> {
        let (case, house) = (&self.case, promise.house);
        let today = today(case, house);
        let release = case.items[promise.item].released_on;
        let Some(earliest) = leaves(case, house, today, release) else {
            return Vec::new();
        };
        let leaves = exploded(case, promise.item, 1);
        let laid = leaves.iter().map(|(leaf, _)| &self.laid[house][*leaf]);
        let days = laid.flat_map(|laid| laid.units.iter().copied().chain(laid.endless_from));
        let horizon = today + Day::from(case.rules.horizon.min(365));
        let mut days: Vec<Day> = days
            .map(|day| day.max(earliest))
            .filter(|day| *day <= horizon)
            .collect();
        days.sort_unstable();
        days.dedup();
        let mut hands = self.hands[house].clone();
        let mut found = Vec::new();
        for day in days {
            while found.len() < promise.units as usize {
                let mut taken = hands.clone();
                let mut takes = leaves.iter();
                if !takes.all(|(leaf, units)| taken[*leaf].place_all(day, *units)) {
                    break;
                }
                hands = taken;
                found.push(day);
            }
        }
        found
    }
}

/// A promise with these days for its units, and none for those that are left.
pub fn parts_on(promise: &Promise, days: impl IntoIterator<Item = Day>) -> Vec<Promise> {
    let mut dues: Vec<Due> = days.into_iter().map(Due::By).collect();
    dues.resize(promise.units as usize, Due::Undated);
    let mut parts: Vec<Promise> = Vec::new();
    for due in dues {
        match parts.last_mut() {
            Some(part) if part.due == due => part.units += 1,
            _ => parts.push(Promise {
                due,
                units: 1,
                ..*promise
            }),
        }
    }
    parts
}

/// The case as it is for who bought already: what was sold is owed, whatever may be sold today.
fn owed(case: &Case) -> Case {
    let mut case = case.clone();
    for item in &mut case.items {
        item.mode = Mode::Allow;
        item.limit = None;
        item.sell_until = None;
        item.days_max = None;
    }
    case
}

/// For each house, each item.
fn laid(case: &Case) -> Vec<Vec<Laid>> {
    let items = |house| (0..case.items.len()).map(move |item| Laid::out(case, house, item));
    (0..case.houses.len())
        .map(|house| items(house).collect())
        .collect()
}
