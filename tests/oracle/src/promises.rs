//! What holds of promises when there is less, more, or one promise fewer (reliability.md I15, I16, I18;
//! domain.md V11, V12).
//!
//! Half of the queues were promised first, all of them at once feasible, and lost some supply then; the
//! others stand as chance made them, so that promises are lost for any reason at all.

use crate::book::{self, carries, expected};
use crate::case::{Coming, Due};
use crate::civil::Day;
use crate::dice::Dice;
use crate::generate;
use crate::laid::today;
use crate::properties::Property;
use crate::queue::{Change, Promise, Queue};

/// Something that says which promises are replaced.
pub type Settling = fn(&Queue) -> Vec<Change>;

/// All of them.
pub const ALL: [Property<Settling>; 7] = [
    Property {
        name: "exactly what cannot be carried after all before it is lost",
        check: exactly_the_last,
    },
    Property {
        name: "who loses a date gets the first that is left",
        check: as_handed_out,
    },
    Property {
        name: "a lost date is replaced by none before it, nor past",
        check: not_sooner,
    },
    Property {
        name: "what is promised instead is taken from nobody",
        check: taken_from_nobody,
    },
    Property {
        name: "while nothing is less every date stands",
        check: stands,
    },
    Property {
        name: "a cancelled promise makes no other later",
        check: cancelled,
    },
    Property {
        name: "a sooner date is all of it sooner, by as many days",
        check: sooner,
    },
];

fn wrong<T>(what: &str, queue: &Queue, changes: &T) -> Result<(), String>
where
    T: std::fmt::Debug,
{
    Err(format!("{what}\n{changes:#?}\n{queue:#?}"))
}

/// A queue of which all dates can be kept: those that cannot were replaced.
fn promised(dice: &mut Dice) -> Queue {
    let drawn = Queue {
        better_by: None,
        ..generate::queue(dice)
    };
    let mut held = drawn.after(&expected(&drawn));
    held.truncate(6);
    Queue { held, ..drawn }
}

/// The same with less on the shelf or to come, or as chance made it.
fn any_queue(dice: &mut Dice) -> Queue {
    if dice.chance(50) {
        return generate::queue(dice);
    }
    let mut queue = promised(dice);
    for _ in 0..dice.count(1, 4) {
        lose_some(&mut queue, dice);
    }
    queue
}

/// A count finds fewer, or a delivery is cut, cancelled or later.
fn lose_some(queue: &mut Queue, dice: &mut Dice) {
    let shelves = queue
        .case
        .items
        .iter_mut()
        .flat_map(|item| &mut item.shelves);
    let mut shelves: Vec<_> = shelves
        .filter(|shelf| 0 < shelf.on_hand || !shelf.coming.is_empty())
        .collect();
    if shelves.is_empty() {
        return;
    }
    let at = dice.index(shelves.len());
    let shelf = &mut shelves[at];
    if shelf.coming.is_empty() || (0 < shelf.on_hand && dice.chance(40)) {
        shelf.on_hand -= dice.count(1, shelf.on_hand + 1);
        return;
    }
    let at = dice.index(shelf.coming.len());
    let coming = &mut shelf.coming[at];
    match dice.index(3) {
        0 => coming.expected += dice.within(1, 20),
        1 if 1 < coming.units => coming.units -= dice.count(1, coming.units),
        _ => {
            shelf.coming.remove(at);
        }
    }
}

fn exactly_the_last(settle: Settling, dice: &mut Dice) -> Result<(), String> {
    let queue = any_queue(dice);
    let changes = settle(&queue);
    let dated = |at: &usize| queue.held[*at].due != Due::Undated;
    let lost: Vec<usize> = book::lost(&queue).into_iter().filter(dated).collect();
    let worse = changes.iter().filter(|change| !change.better);
    match worse.map(|change| change.held).eq(lost.iter().copied()) {
        true => Ok(()),
        false => wrong(&format!("lost are {lost:?}"), &queue, &changes),
    }
}

fn as_handed_out(settle: Settling, dice: &mut Dice) -> Result<(), String> {
    let queue = any_queue(dice);
    if 1 < queue.case.houses.len() {
        // What is promised from another house is chosen as in a cart.
        return Ok(());
    }
    let (expected, said) = (expected(&queue), settle(&queue));
    match expected == said {
        true => Ok(()),
        false => wrong("other dates", &queue, &(expected, said)),
    }
}

fn not_sooner(settle: Settling, dice: &mut Dice) -> Result<(), String> {
    let queue = any_queue(dice);
    let changes = settle(&queue);
    let is_wrong = |change: &Change| {
        let before = queue.held[change.held];
        let units: u32 = change.parts.iter().map(|part| part.units).sum();
        let of_another = |part: &Promise| {
            (part.item, part.since, part.alone) != (before.item, before.since, before.alone)
        };
        units != before.units
            || change.parts.iter().any(of_another)
            || dues(&change.parts).any(|(house, day)| {
                let is_sooner = matches!(before.due, Due::By(before) if day < before);
                day < today(&queue.case, house) || (is_sooner && !change.better)
            })
    };
    match changes.iter().any(is_wrong) {
        false => Ok(()),
        true => wrong("other units, or too early", &queue, &changes),
    }
}

/// The days of those parts that have one, with their houses.
fn dues(parts: &[Promise]) -> impl Iterator<Item = (usize, Day)> {
    parts.iter().filter_map(|part| match part.due {
        Due::By(day) => Some((part.house, day)),
        Due::Owed | Due::Undated => None,
    })
}

fn taken_from_nobody(settle: Settling, dice: &mut Dice) -> Result<(), String> {
    let queue = any_queue(dice);
    let changes = settle(&queue);
    match carries(&queue.case, &queue.after(&changes)) {
        true => Ok(()),
        false => wrong("more is promised than there is", &queue, &changes),
    }
}

fn stands(settle: Settling, dice: &mut Dice) -> Result<(), String> {
    let mut queue = promised(dice);
    let case = &mut queue.case;
    let (item, house) = (dice.index(case.items.len()), dice.index(case.houses.len()));
    let (today, item) = (today(case, house), &mut case.items[item]);
    let shelf = &mut item.shelves[house];
    // The merchant's word that all is there by the release ends with the first that is known better.
    let unreleased = item.released_on.is_some_and(|day| today < day);
    if item.kit.is_empty() && !unreleased {
        match dice.index(4) {
            0 => shelf.on_hand += dice.count(1, 4),
            1 => shelf.coming.push(Coming {
                units: dice.count(1, 6),
                expected: today + dice.within(0, 25),
                buffer: 0,
                told: true,
                under_way: false,
                habit: None,
            }),
            2 => {
                let in_time = shelf.coming.iter_mut().filter(|one| today < one.planned());
                in_time.for_each(|coming| coming.expected -= 1);
            }
            _ => {}
        }
    }
    let changes = settle(&queue);
    let dated = |change: &Change| queue.held[change.held].due != Due::Undated;
    match changes.iter().any(dated) {
        false => Ok(()),
        true => wrong("a date that stood is replaced", &queue, &changes),
    }
}

fn cancelled(settle: Settling, dice: &mut Dice) -> Result<(), String> {
    let mut queue = promised(dice);
    queue.better_by = dice.pick(&[None, Some(0), Some(1), Some(3), Some(7)]);
    queue.held.remove(dice.index(queue.held.len()));
    let changes = settle(&queue);
    let is_later = |change: &Change| match queue.held[change.held].due {
        Due::By(before) => {
            let last = dues(&change.parts).map(|(_, day)| day).max();
            let undated = change.parts.iter().any(|part| part.due == Due::Undated);
            undated || last.is_none_or(|day| before <= day) || !change.better
        }
        Due::Owed | Due::Undated => !change.better,
    };
    match changes.iter().any(is_later) {
        false => Ok(()),
        true => wrong("a cancelled promise made another's later", &queue, &changes),
    }
}

fn sooner(settle: Settling, dice: &mut Dice) -> Result<(), String> {
    let mut queue = any_queue(dice);
    if dice.chance(50) {
        queue = promised(dice);
        queue.better_by = dice.pick(&[None, Some(0), Some(1), Some(3), Some(7)]);
        queue.held.remove(dice.index(queue.held.len()));
    }
    let changes = settle(&queue);
    let is_wrong = |change: &Change| {
        let before = queue.held[change.held];
        let Due::By(day) = before.due else {
            return false;
        };
        let Some(days) = queue.better_by else {
            return change.better;
        };
        let is_enough = |part: &Promise| match part.due {
            Due::By(new) => new + Day::from(days.max(1)) <= day && part.house == before.house,
            Due::Owed | Due::Undated => false,
        };
        change.better && !(before.alone && change.parts.iter().all(is_enough))
    };
    match changes.iter().any(is_wrong) {
        false => Ok(()),
        true => wrong("not sooner enough", &queue, &changes),
    }
}
