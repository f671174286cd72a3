//! What is judged of a case that has a right answer.

use crate::answer::{Part, Told};
use crate::cart::World;
use crate::case::Case;
use crate::dice::Dice;
use crate::engine::{self, Store};
use crate::{generate, single};

/// What a case had in it, to show that cases are not all alike.
pub const SEEN: [&str; 6] = [
    "can be ordered",
    "in several parts",
    "refused",
    "kits",
    "two houses or more",
    "fewer houses together",
];

/// A case of one item and one house.
pub fn line(seed: u64, number: u64) -> Case {
    let dice = &mut Dice::of(seed, number);
    let case = generate::single(dice);
    generate::with_habits(case, dice)
}

/// A case of several lines, kits and houses.
pub fn cart(seed: u64, number: u64) -> Case {
    let dice = &mut Dice::of(seed, number);
    let case = generate::cart(dice);
    generate::with_habits(case, dice)
}

/// One item, one house: the units are those that handing them out one by one gives, on the same days.
pub fn one_line(seed: u64, number: u64) -> Result<u32, String> {
    let case = line(seed, number);
    let expected = single::expected(&case);
    let said = engine::ask(&case).lines.remove(0);
    if said != expected {
        return Err(differs(&case, &[expected], &[said]));
    }
    Ok(seen(&case, &[said]))
}

/// Several lines, kits and houses: the units are those that the rule picks of all that can be.
pub fn whole_cart(seed: u64, number: u64) -> Result<u32, String> {
    let case = cart(seed, number);
    let expected: Vec<Told> = crate::cart::expected(&case)
        .into_iter()
        .map(Told::settled)
        .collect();
    let store = Store::of(&case);
    let dated = store.dated(&case);
    let said: Vec<Told> = dated.iter().map(engine::told).map(Told::settled).collect();
    if said != expected {
        return Err(differs(&case, &expected, &said));
    }
    let broken = |what: &str| format!("{what}\n{said:#?}\n{case:#?}");

    let world = World::of(&case);
    let separate: Vec<(usize, &[Part])> = said
        .iter()
        .enumerate()
        .map(|(line, told)| (line, &told.promised[..]))
        .collect();
    let together: Vec<(usize, &[Part])> = separate
        .iter()
        .map(|(line, parts)| match said[*line].together.is_empty() {
            true => (*line, *parts),
            false => (*line, &said[*line].together[..]),
        })
        .collect();
    for promises in [&separate, &together] {
        if !world.keeps(promises) {
            return Err(broken(
                "a promise is broken, or something is promised twice",
            ));
        }
    }

    let parcels_max = 1 + (number % 4) as u32;
    for plan in store.plans(&case, &dated, parcels_max) {
        let is_together = plan.kind == shared::shipment::PlanKind::Together;
        let promises = if is_together { &together } else { &separate };
        if !carries(&store, &case, &plan.shipments, promises) {
            return Err(broken(&format!(
                "a plan carries other units, or too early\n{plan:#?}"
            )));
        }
        let houses: Vec<_> = plan.shipments.iter().map(|parcel| parcel.from).collect();
        let twice = houses
            .iter()
            .enumerate()
            .any(|(at, house)| houses[..at].contains(house));
        let too_many = parcels_max < houses.len() as u32;
        if (is_together && twice) || (!is_together && too_many) {
            return Err(broken(&format!("a plan has too many parcels\n{plan:#?}")));
        }
    }
    Ok(seen(&case, &said))
}

/// True if the parcels hold every unit once, none from elsewhere and none before its day.
fn carries(
    store: &Store,
    case: &Case,
    parcels: &[shared::shipment::Shipment],
    promises: &[(usize, &[Part])],
) -> bool {
    promises.iter().all(|(line, parts)| {
        let sku = &store.facts[case.cart[*line].0].sku;
        (0..case.houses.len()).all(|house| {
            let mut promised: Vec<i64> = Vec::new();
            for part in parts.iter().filter(|part| part.house == house) {
                promised.extend((0..part.units).map(|_| part.day));
            }
            let mut carried: Vec<i64> = Vec::new();
            for parcel in parcels
                .iter()
                .filter(|parcel| usize::from(parcel.from.0) == house)
            {
                let lines = parcel.lines.iter().filter(|(name, _)| name == sku);
                let day = engine::day_number(parcel.ships_by);
                lines.for_each(|(_, units)| carried.extend((0..units.units()).map(|_| day)));
            }
            promised.sort_unstable();
            carried.sort_unstable();
            let in_time = promised
                .iter()
                .zip(&carried)
                .all(|(promised, carried)| promised <= carried);
            promised.len() == carried.len() && in_time
        })
    })
}

fn differs(case: &Case, expected: &[Told], said: &[Told]) -> String {
    let mut text = format!("{case:#?}\n");
    for (line, (expected, said)) in expected.iter().zip(said).enumerate() {
        text += &format!("line {line}\n  expected {expected:?}\n  said     {said:?}\n");
    }
    text
}

fn seen(case: &Case, said: &[Told]) -> u32 {
    let flags = [
        said.iter().any(|told| told.ships_by.is_some()),
        said.iter().any(|told| 1 < told.promised.len()),
        said.iter().any(|told| told.ships_by.is_none()),
        case.cart
            .iter()
            .any(|(item, _)| !case.items[*item].kit.is_empty()),
        1 < case.houses.len(),
        said.iter().any(|told| !told.together.is_empty()),
    ];
    flags
        .iter()
        .enumerate()
        .map(|(bit, flag)| u32::from(*flag) << bit)
        .sum()
}
