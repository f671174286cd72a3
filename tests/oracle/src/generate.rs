//! Cases, drawn so that what is rare in shops is frequent here.

use crate::case::{Case, Coming, Due, House, Item, Mode, Rules, Shelf, Taken};
use crate::civil::{Day, Week, Zone, day_of};
use crate::dice::Dice;
use crate::queue::{Promise, Queue};

/// Orders and lines of a case, and supplies of it.
const PARTS_MAX: u32 = 6;

const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];
const HOUSES: [&str; 3] = ["east", "north", "west"];

/// One item at one house, one line.
pub fn single(dice: &mut Dice) -> Case {
    let zone = dice.pick(&Zone::ALL);
    let (today, now, cut_off) = moment(dice, zone);
    let house = house(dice, 0, zone, today, cut_off);
    let mut item = item(dice, 0, today);
    item.mode = dice.pick(&[
        Mode::Allow,
        Mode::Allow,
        Mode::Allow,
        Mode::Silent,
        Mode::Deny,
    ]);
    let claims = dice.pick(&[0, 0, 1, 1, 2, 2, 3, 4, 5, PARTS_MAX]);
    let supplies = dice.count(0, PARTS_MAX + 1);
    item.shelves.push(shelf(dice, today, now, claims, supplies));
    Case {
        houses: vec![house],
        items: vec![item],
        cart: vec![(0, dice.pick(&[1, 1, 1, 2, 2, 3, 4, 5, 8, 12]))],
        rules: rules(dice),
        now,
        viewer: dice.pick(&Zone::ALL),
    }
}

/// Several houses and lines, kits among them: at most six orders (claims and lines) and six supplies.
pub fn cart(dice: &mut Dice) -> Case {
    let zone = dice.pick(&Zone::ALL);
    let (today, now, cut_off) = moment(dice, zone);
    let count = dice.pick(&[1, 2, 2, 2, 3, 3]);
    let mut names: Vec<usize> = (0..3).collect();
    names.rotate_left(dice.index(3));
    let mut houses = Vec::new();
    for at in 0..count {
        let zone = if dice.chance(70) {
            zone
        } else {
            dice.pick(&Zone::ALL)
        };
        houses.push(house(dice, names[at], zone, today, cut_off));
        if dice.chance(60) {
            // Ties are what there are rules for.
            let first: House = houses[0].clone();
            houses[at] = House {
                name: HOUSES[names[at]],
                parcel_cost: houses[at].parcel_cost,
                ..first
            };
        }
    }

    let plain = dice.pick(&[1, 2, 2, 3]);
    let kits = dice.pick(&[0, 0, 1, 1, 2, 3]);
    let mut items: Vec<Item> = Vec::new();
    for at in 0..plain + kits {
        let mut item = item(dice, at, today);
        item.lead = item.lead.filter(|_| at < plain && dice.chance(30));
        item.tracked = item.tracked || plain <= at;
        item.mode = dice.pick(&[Mode::Allow, Mode::Allow, Mode::Silent, Mode::Deny]);
        item.shelves = (0..count).map(|_| Shelf::default()).collect();
        if plain <= at {
            // Whatever is before it may be a part of it, kits too.
            let mut parts: Vec<usize> = (0..at).collect();
            parts.rotate_left(dice.index(at));
            parts.truncate(dice.pick(&[1, 2, 2, 3]));
            item.kit = parts
                .into_iter()
                .map(|part| (part, dice.pick(&[1, 1, 1, 2])))
                .collect();
        } else {
            for shelf in &mut item.shelves {
                shelf.on_hand = dice.pick(&[0, 0, 1, 1, 2, 3, 4]);
                shelf.safety = dice.pick(&[0, 0, 0, 0, 0, 1]);
            }
        }
        items.push(item);
    }

    let mut asked: Vec<usize> = (0..items.len()).collect();
    for at in (1..asked.len()).rev() {
        asked.swap(at, dice.index(at + 1));
    }
    asked.truncate(dice.pick(&[1, 2, 2, 3, 3, 4]));
    let cart: Vec<(usize, u32)> = asked
        .into_iter()
        .map(|item| (item, dice.pick(&[1, 1, 2, 2, 3, 4])))
        .collect();
    for _ in 0..dice.count(0, PARTS_MAX + 1) {
        let (item, house) = (dice.index(plain), dice.index(count));
        items[item].shelves[house].coming.push(coming(dice, today));
    }
    for _ in 0..dice.count(0, PARTS_MAX + 1 - cart.len() as u32) {
        // What is promised of a kit stands at the kit, and its parts are claimed one by one.
        let (item, house) = (dice.index(items.len()), dice.index(count));
        let claim = taken(dice, today, now, 3);
        items[item].shelves[house].taken.push(claim);
    }
    Case {
        houses,
        items,
        cart,
        rules: rules(dice),
        now,
        viewer: dice.pick(&Zone::ALL),
    }
}

/// Up to six promises at one house, sometimes two, of an item or of a kit and its parts, and up to six
/// supplies. Whether the supply carries the promises is left to chance.
pub fn queue(dice: &mut Dice) -> Queue {
    let zone = dice.pick(&Zone::ALL);
    let (today, now, cut_off) = moment(dice, zone);
    let mut houses = vec![house(dice, 0, zone, today, cut_off)];
    if dice.chance(20) {
        houses.push(house(dice, 1, zone, today, cut_off));
    }
    let plain = dice.pick(&[1, 1, 2]);
    let mut items: Vec<Item> = Vec::new();
    for at in 0..plain {
        let mut item = item(dice, at, today);
        item.shelves = houses
            .iter()
            .map(|_| shelf(dice, today, now, 0, 0))
            .collect();
        items.push(item);
    }
    if 1 < plain {
        let kit = vec![(0, dice.pick(&[1, 1, 2])), (1, 1)];
        let shelves = houses.iter().map(|_| Shelf::default()).collect();
        items.push(Item {
            kit,
            shelves,
            tracked: true,
            lead: None,
            ..item(dice, plain, today)
        });
    }
    for _ in 0..dice.count(0, PARTS_MAX + 1) {
        let told = Coming {
            told: true,
            ..coming(dice, today)
        };
        let (item, house) = (dice.index(plain), dice.index(houses.len()));
        items[item].shelves[house].coming.push(told);
    }
    for _ in 0..dice.pick(&[0, 0, 1, 2]) {
        let mut claim = taken(dice, today, now, 3);
        let (item, house) = (dice.index(plain), dice.index(houses.len()));
        if items[item].lead.is_some() {
            // What is ordered for a claim depends on when it was made, which is known of promises only.
            claim.due = Due::Owed;
        }
        items[item].shelves[house].taken.push(claim);
    }
    let mut since: Vec<i64> = (0..dice.count(1, PARTS_MAX + 1))
        .map(|_| now - dice.within(0, 20 * 86_400))
        .collect();
    since.sort_unstable();
    let is_known = dice.chance(80);
    let held = since.into_iter().map(|since| Promise {
        item: dice.index(items.len()),
        house: dice.index(houses.len()),
        units: dice.count(1, 5),
        due: match dice.index(12) {
            0 => Due::Undated,
            1 => Due::By(today + dice.within(20, 60)),
            _ => Due::By(today + dice.within(-3, 22)),
        },
        since: Some(since).filter(|_| is_known),
        alone: dice.chance(70),
    });
    let held = held.collect();
    let better_by = dice.pick(&[None, Some(0), Some(1), Some(3), Some(3), Some(7)]);
    Queue {
        case: Case {
            houses,
            items,
            cart: Vec::new(),
            rules: rules(dice),
            now,
            viewer: Zone::Utc,
        },
        held,
        better_by,
    }
}

/// A day, a moment on it, and a cut-off, which are close often.
fn moment(dice: &mut Dice, zone: Zone) -> (Day, i64, i64) {
    let changes = [
        day_of(2026, 11, 1),
        day_of(2027, 3, 14),
        day_of(2027, 3, 28),
        day_of(2026, 10, 25),
    ];
    let today = match dice.index(8) {
        0 => dice.pick(&changes) + dice.within(-4, 2),
        1 => day_of(2027, 12, 31) + dice.within(-3, 3),
        _ => day_of(2026, 10, 1) + dice.within(0, 600),
    };
    // From one to four at night clocks may show an hour twice or never: which of them is meant is
    // tested in calendar.rs.
    let cut_off = match dice.index(6) {
        0 => 0,
        1 => dice.within(4 * 12, 24 * 12) * 300,
        _ => dice.within(9, 18) * 3_600,
    };
    let second = match dice.index(4) {
        0 => (cut_off + dice.within(-1, 2)).clamp(0, 86_399),
        1 => dice.pick(&[0, 1, 86_399, 86_398]),
        _ => dice.within(0, 86_400),
    };
    (today, zone.moment(today, second), cut_off)
}

fn week(dice: &mut Dice, today: Day) -> Week {
    let mut open = [true, true, true, true, true, false, false];
    match dice.index(20) {
        0..=3 => open = [true; 7],
        4..=6 => open = std::array::from_fn(|_| dice.chance(50)),
        7 if dice.chance(20) => open = [false; 7],
        _ => {}
    }
    let holidays = (0..dice.pick(&[0, 0, 1, 2, 4]))
        .map(|_| today + dice.within(-1, 25))
        .collect();
    Week { open, holidays }
}

fn house(dice: &mut Dice, at: usize, zone: Zone, today: Day, cut_off: i64) -> House {
    let working = week(dice, today);
    let pickup = if dice.chance(60) {
        working.clone()
    } else {
        week(dice, today)
    };
    House {
        name: HOUSES[at],
        zone,
        working,
        pickup,
        cut_off,
        receiving: dice.pick(&[0, 0, 1, 1, 2, 3]),
        processing: dice.pick(&[0, 1, 1, 1, 2, 4]),
        parcel_cost: dice.pick(&[0, 5, 5, 7]),
    }
}

fn item(dice: &mut Dice, at: usize, today: Day) -> Item {
    let sometimes = |dice: &mut Dice, percent: u64, low: i64, end: i64| {
        let value = dice.within(low, end);
        dice.chance(percent).then_some(value)
    };
    let supplier = week(dice, today);
    Item {
        name: NAMES[at],
        tracked: !dice.chance(4),
        discontinued: dice.chance(6),
        mode: Mode::Allow,
        limit: sometimes(dice, 30, 0, 9).map(|limit| limit as u32),
        released_on: sometimes(dice, 15, -3, 20).map(|days| today + days),
        sell_until: sometimes(dice, 10, -2, 10).map(|days| today + days),
        days_max: sometimes(dice, 10, 0, 30).map(|days| days as u32),
        low: dice.count(0, 4),
        lead: sometimes(dice, 10, 0, 25).map(|days| (days as u32, supplier)),
        kit: Vec::new(),
        shelves: Vec::new(),
    }
}

fn shelf(dice: &mut Dice, today: Day, now: i64, claims: u32, supplies: u32) -> Shelf {
    Shelf {
        on_hand: dice.pick(&[0, 0, 0, 1, 2, 3, 5, 7]),
        safety: dice.pick(&[0, 0, 0, 1, 2, 3]),
        coming: (0..supplies).map(|_| coming(dice, today)).collect(),
        taken: (0..claims).map(|_| taken(dice, today, now, 5)).collect(),
    }
}

fn coming(dice: &mut Dice, today: Day) -> Coming {
    let expected = match dice.index(8) {
        0 => today + dice.within(-45, 0),
        1 => today + dice.within(-3, 2),
        2 => today + dice.within(20, 400),
        _ => today + dice.within(0, 18),
    };
    Coming {
        units: dice.count(1, 6),
        expected,
        buffer: dice.pick(&[0, 0, 0, 0, 2, 5, -2, -7]),
        told: dice.chance(70),
        under_way: dice.chance(50),
        habit: None,
    }
}

/// The same where of some orders it is known how late such orders come.
pub fn with_habits(mut case: Case, dice: &mut Dice) -> Case {
    let shelves = case.items.iter_mut().flat_map(|item| &mut item.shelves);
    for coming in shelves.flat_map(|shelf| &mut shelf.coming) {
        if dice.chance(40) {
            let (first, more) = (dice.within(-20, 8) as i32, dice.within(1, 25) as i32);
            let late = |dice: &mut Dice, until: i32| until + dice.pick(&[0, 0, 1, 4, 9]);
            let steps = [first, first + more];
            coming.habit = Some(steps.map(|until| (until, late(dice, until))));
        }
    }
    case
}

fn taken(dice: &mut Dice, today: Day, now: i64, units_end: u32) -> Taken {
    let due = match dice.index(12) {
        0 | 1 => Due::Owed,
        2 => Due::Undated,
        3 => Due::By(today + dice.within(20, 60)),
        _ => Due::By(today + dice.within(-3, 22)),
    };
    let ends = match dice.index(10) {
        0 => Some(now - dice.within(0, 90_000)),
        1 => Some(now + dice.within(0, 2)),
        2 => Some(now + dice.within(1, 90_000)),
        _ => None,
    };
    Taken {
        due,
        units: dice.count(1, units_end),
        ends,
    }
}

fn rules(dice: &mut Dice) -> Rules {
    Rules {
        horizon: dice.pick(&[365, 365, 365, 365, 365, 30, 14, 5, 0]),
        fence: dice.pick(&[30, 30, 10, 3, 0]),
        offset: dice.pick(&[1, 1, 0, 2, 5]),
        suppress: dice.pick(&[Some(0), None, Some(3)]),
        least: dice.pick(&[1, 1, 2, 3]),
    }
}
