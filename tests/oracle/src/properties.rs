//! What holds of the dates that are told (reliability.md I14-I17, I19, I20). What becomes of dates that
//! were told before is in [`promises`](crate::promises).
//!
//! Most of it holds between the answers to two cases, whatever the right answer is; the first property
//! and the last ask the brute force. Where a property speaks of units that are not later or not earlier,
//! the k-th unit of one answer is compared with the k-th of the other. Such properties hold for one
//! location and one line, claims fixed, and parts of one unit worth a parcel (`unmerged`): where small
//! parts wait for each other, a unit more may let all leave earlier or later.

use crate::answer::{Told, unit_days};
use crate::cart::{self, World};
use crate::case::{Case, Coming, Due, Shelf, Taken};
use crate::civil::{Day, Zone};
use crate::dice::Dice;
use crate::engine::Answer;
use crate::laid::today;
use crate::{generate, single};

/// Something that answers a case.
pub type Engine = fn(&Case) -> Answer;

/// Something that must hold of any `E` that does what it should.
pub struct Property<E> {
    pub name: &'static str,
    /// Draws a case, and says what is wrong with the answers to it.
    pub check: fn(E, &mut Dice) -> Result<(), String>,
}

/// All of them.
pub const ALL: [Property<Engine>; 15] = [
    Property {
        name: "never earlier than a unit can be there",
        check: never_earlier,
    },
    Property {
        name: "more supply makes nothing later",
        check: more_supply,
    },
    Property {
        name: "earlier supply makes nothing later",
        check: earlier_supply,
    },
    Property {
        name: "a slip makes nothing earlier",
        check: slip,
    },
    Property {
        name: "a cancelled order makes nothing later",
        check: cancelled,
    },
    Property {
        name: "one delivery split in two changes nothing",
        check: split,
    },
    Property {
        name: "the order of the facts changes nothing",
        check: permuted,
    },
    Property {
        name: "who asks later takes nothing promised before",
        check: in_turn,
    },
    Property {
        name: "a unit's day is the same however many are asked for",
        check: quantity,
    },
    Property {
        name: "the date is the same for every viewer",
        check: viewers,
    },
    Property {
        name: "without supply there is no date",
        check: no_supply,
    },
    Property {
        name: "no date is in the past",
        check: past,
    },
    Property {
        name: "an answer holds until it says",
        check: valid_until,
    },
    Property {
        name: "a claim that has ended takes nothing",
        check: ended_claims,
    },
    Property {
        name: "a cart is served as trying every way serves it",
        check: every_way,
    },
];

fn wrong<T>(what: &str, case: &Case, before: T, after: T) -> Result<(), String>
where
    T: std::fmt::Debug,
{
    Err(format!(
        "{what}\n  one   {before:?}\n  other {after:?}\n{case:#?}"
    ))
}

/// A case of one line and one house, or of a whole cart.
fn any_case(dice: &mut Dice) -> Case {
    let case = match dice.chance(50) {
        true => generate::single(dice),
        false => generate::cart(dice),
    };
    generate::with_habits(case, dice)
}

fn not_later(before: &Told, after: &Told) -> bool {
    let (old, new) = (unit_days(&before.shown), unit_days(&after.shown));
    (before.ships_by.is_none() || after.ships_by.is_some())
        && old.len() <= new.len()
        && old.iter().zip(&new).all(|(old, new)| new <= old)
}

/// The place in the case's only shelf of a delivery that is not late.
fn in_time(case: &Case, dice: &mut Dice) -> Option<usize> {
    let today = today(case, 0);
    let coming = &case.items[0].shelves[0].coming;
    let fit: Vec<usize> = (0..coming.len())
        .filter(|at| today <= coming[*at].planned())
        .collect();
    (!fit.is_empty()).then(|| fit[dice.index(fit.len())])
}

fn shelf(case: &mut Case) -> &mut Shelf {
    &mut case.items[0].shelves[0]
}

/// A case of one line and one house in which a single unit is worth a parcel.
fn unmerged(dice: &mut Dice) -> Case {
    let mut case = generate::single(dice);
    case.rules.least = 1;
    case
}

fn never_earlier(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let case = generate::single(dice);
    let (expected, told) = (single::expected(&case), engine(&case).lines.remove(0));
    let (can, said) = (unit_days(&expected.shown), unit_days(&told.shown));
    let early = can.len() < said.len() || can.iter().zip(&said).any(|(can, said)| said < can);
    if early || (told.ships_by.is_some() && told.ships_by < expected.ships_by) {
        return wrong("earlier than a unit can be there", &case, expected, told);
    }
    Ok(())
}

fn more_supply(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = unmerged(dice);
    let today = today(&case, 0);
    let unreleased = case.items[0].released_on.is_some_and(|day| today < day);
    if unreleased && shelf(&mut case).coming.is_empty() {
        // The merchant's word that all is there by the release ends with the first that is known better.
        return Ok(());
    }
    let before = engine(&case).lines.remove(0);
    if dice.chance(30) {
        shelf(&mut case).on_hand += dice.count(1, 4);
    } else {
        let coming = Coming {
            units: dice.count(1, 6),
            expected: today + dice.within(0, 25),
            buffer: 0,
            told: true,
            under_way: false,
            habit: None,
        };
        shelf(&mut case).coming.push(coming);
    }
    let after = engine(&case).lines.remove(0);
    match not_later(&before, &after) {
        true => Ok(()),
        false => wrong("more supply made it later", &case, before, after),
    }
}

fn earlier_supply(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = unmerged(dice);
    let Some(at) = in_time(&case, dice) else {
        return Ok(());
    };
    let before = engine(&case).lines.remove(0);
    let room = shelf(&mut case).coming[at].planned() - today(&case, 0);
    shelf(&mut case).coming[at].expected -= dice.within(0, room + 1);
    let after = engine(&case).lines.remove(0);
    match not_later(&before, &after) {
        true => Ok(()),
        false => wrong("earlier supply made it later", &case, before, after),
    }
}

fn slip(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = unmerged(dice);
    let Some(at) = in_time(&case, dice) else {
        return Ok(());
    };
    let before = engine(&case).lines.remove(0);
    shelf(&mut case).coming[at].expected += dice.within(1, 20);
    let after = engine(&case).lines.remove(0);
    match not_later(&after, &before) {
        true => Ok(()),
        false => wrong("a slip made it earlier", &case, before, after),
    }
}

fn cancelled(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = unmerged(dice);
    if shelf(&mut case).taken.is_empty() {
        return Ok(());
    }
    let before = engine(&case).lines.remove(0);
    let at = dice.index(shelf(&mut case).taken.len());
    shelf(&mut case).taken.remove(at);
    let after = engine(&case).lines.remove(0);
    match not_later(&before, &after) {
        true => Ok(()),
        false => wrong("a cancelled order made it later", &case, before, after),
    }
}

fn split(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = any_case(dice);
    let before = engine(&case);
    for shelf in case.items.iter_mut().flat_map(|item| &mut item.shelves) {
        for at in 0..shelf.coming.len() {
            let coming = &mut shelf.coming[at];
            if 1 < coming.units && dice.chance(50) {
                let units = dice.count(1, coming.units);
                coming.units -= units;
                let half = Coming { units, ..*coming };
                shelf.coming.push(half);
            }
        }
    }
    same(&case, before, engine(&case))
}

fn permuted(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = any_case(dice);
    let before = engine(&case);
    for shelf in case.items.iter_mut().flat_map(|item| &mut item.shelves) {
        shuffle(&mut shelf.coming, dice);
        shuffle(&mut shelf.taken, dice);
    }
    for item in &mut case.items {
        shuffle(&mut item.kit, dice);
    }
    for house in &mut case.houses {
        shuffle(&mut house.working.holidays, dice);
    }
    same(&case, before, engine(&case))
}

fn shuffle<T>(all: &mut [T], dice: &mut Dice) {
    for at in (1..all.len()).rev() {
        all.swap(at, dice.index(at + 1));
    }
}

fn same(case: &Case, before: Answer, after: Answer) -> Result<(), String> {
    match (&before.lines, before.valid_until) == (&after.lines, after.valid_until) {
        true => Ok(()),
        false => wrong("another answer to the same", case, before, after),
    }
}

fn in_turn(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let case = generate::single(dice);
    let first = engine(&case).lines.remove(0);
    let mut busier = case.clone();
    for part in &first.promised {
        let claim = Taken {
            due: Due::By(part.day),
            units: part.units,
            ends: None,
        };
        shelf(&mut busier).taken.push(claim);
    }
    busier.cart[0].1 = dice.count(1, 8);
    let second = engine(&busier).lines.remove(0);
    match World::of(&case).keeps(&[(0, &first.promised), (0, &second.promised)]) {
        true => Ok(()),
        false => wrong("units were promised twice", &case, first, second),
    }
}

fn quantity(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = unmerged(dice);
    let few = engine(&case).lines.remove(0);
    case.cart[0].1 += dice.count(1, 9);
    let many = engine(&case).lines.remove(0);
    let (short, long) = (unit_days(&few.shown), unit_days(&many.shown));
    match long.starts_with(&short) {
        true => Ok(()),
        false => wrong(
            "the first units moved because more were asked for",
            &case,
            few,
            many,
        ),
    }
}

fn viewers(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = any_case(dice);
    let before = engine(&case);
    for viewer in Zone::ALL {
        case.viewer = viewer;
        let after = engine(&case);
        if (&after.lines, after.read) != (&before.lines, before.lines[0].ships_by) {
            return wrong("another date elsewhere", &case, before, after);
        }
    }
    Ok(())
}

fn no_supply(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = any_case(dice);
    for item in &mut case.items {
        item.tracked = true;
        item.lead = None;
        item.released_on = None;
        for shelf in &mut item.shelves {
            shelf.on_hand = 0;
            shelf.coming.clear();
        }
    }
    let answer = engine(&case);
    match answer
        .lines
        .iter()
        .all(|told| told.ships_by.is_none() && told.shown.is_empty())
    {
        true => Ok(()),
        false => wrong("a date out of nothing", &case, &answer, &answer),
    }
}

fn past(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let case = any_case(dice);
    let answer = engine(&case);
    let today: Vec<Day> = (0..case.houses.len())
        .map(|house| today(&case, house))
        .collect();
    let parts = |told: &Told| [&told.shown[..], &told.promised, &told.together].concat();
    let mut all = answer.lines.iter().flat_map(parts);
    let earliest = today.iter().min();
    let told_late = answer.lines.iter().any(|told| {
        told.ships_by
            .as_ref()
            .is_some_and(|day| Some(day) < earliest)
    });
    match told_late || all.any(|part| part.day < today[part.house]) {
        false => Ok(()),
        true => wrong("a date in the past", &case, &answer, &answer),
    }
}

fn valid_until(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = any_case(dice);
    let before = engine(&case);
    let Some(until) = before.valid_until else {
        return Ok(());
    };
    if until <= case.now {
        return wrong("over before it began", &case, &before, &before);
    }
    case.now = match dice.chance(50) {
        true => until - 1,
        false => dice.within(case.now, until),
    };
    same(&case, before, engine(&case))
}

fn ended_claims(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let mut case = any_case(dice);
    let before = engine(&case);
    let now = case.now;
    for shelf in case.items.iter_mut().flat_map(|item| &mut item.shelves) {
        shelf.taken.retain(|taken| taken.stands(now));
    }
    same(&case, before, engine(&case))
}

fn every_way(engine: Engine, dice: &mut Dice) -> Result<(), String> {
    let case = generate::cart(dice);
    let settled = |lines: Vec<Told>| lines.into_iter().map(Told::settled).collect::<Vec<_>>();
    let (expected, said) = (settled(cart::expected(&case)), settled(engine(&case).lines));
    match expected == said {
        true => Ok(()),
        false => wrong("another way", &case, expected, said),
    }
}
