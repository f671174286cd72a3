//! Engines with one rule broken, as other systems break it (domain.md 3.4). Each must be noticed.

use crate::answer::{Part, Told, parcels, parts, unit_days};
use crate::case::{Case, Due, Shelf};
use crate::civil::Zone;
use crate::engine::{Answer, ask};
use crate::laid::{Laid, today};
use crate::properties::Engine;

/// Something broken, and the numbers of the properties that must notice it.
pub struct Mutant<E> {
    pub name: &'static str,
    pub engine: E,
    pub noticed_by: &'static [usize],
}

/// All of them, with the numbers of the properties in [`ALL`](crate::properties::ALL) that must notice each.
pub const ALL: [Mutant<Engine>; 24] = [
    Mutant {
        name: "no look-ahead",
        engine: no_look_ahead,
        noticed_by: &[0, 7],
    },
    Mutant {
        name: "no claims",
        engine: no_claims,
        noticed_by: &[0, 7],
    },
    Mutant {
        name: "one date for any number",
        engine: one_date,
        noticed_by: &[0],
    },
    Mutant {
        name: "today is UTC's",
        engine: utc_today,
        noticed_by: &[0, 11],
    },
    Mutant {
        name: "what is late is here",
        engine: late_is_here,
        noticed_by: &[0],
    },
    Mutant {
        name: "waits for the last delivery",
        engine: waits_for_all,
        noticed_by: &[1],
    },
    Mutant {
        name: "far deliveries come tomorrow",
        engine: far_is_near,
        noticed_by: &[0, 2, 3],
    },
    Mutant {
        name: "claims are dated anew",
        engine: dated_anew,
        noticed_by: &[4],
    },
    Mutant {
        name: "a second delivery of a day is a day late",
        engine: second_is_late,
        noticed_by: &[5],
    },
    Mutant {
        name: "only the first delivery named counts",
        engine: first_named,
        noticed_by: &[6],
    },
    Mutant {
        name: "takes from the latest claim",
        engine: steals_latest,
        noticed_by: &[0, 7],
    },
    Mutant {
        name: "forgets the newest claim",
        engine: forgets_newest,
        noticed_by: &[7],
    },
    Mutant {
        name: "everything by the last date",
        engine: by_the_last,
        noticed_by: &[8],
    },
    Mutant {
        name: "dates are midnights in UTC",
        engine: utc_midnight,
        noticed_by: &[9],
    },
    Mutant {
        name: "two weeks where nothing is known",
        engine: default_date,
        noticed_by: &[0, 10],
    },
    Mutant {
        name: "a late delivery keeps its date",
        engine: keeps_late_date,
        noticed_by: &[0, 11],
    },
    Mutant {
        name: "answers ignore when claims end",
        engine: no_ends_in_time,
        noticed_by: &[12],
    },
    Mutant {
        name: "claims never end",
        engine: endless_claims,
        noticed_by: &[13],
    },
    Mutant {
        name: "each line as if it were alone",
        engine: each_alone,
        noticed_by: &[14],
    },
    Mutant {
        name: "what a parcel costs does not matter",
        engine: costs_nothing,
        noticed_by: &[14],
    },
    Mutant {
        name: "the first location listed sends it all",
        engine: first_house,
        noticed_by: &[14],
    },
    Mutant {
        name: "together from wherever it is separate",
        engine: same_together,
        noticed_by: &[14],
    },
    Mutant {
        name: "every unit is worth a parcel",
        engine: any_parcel,
        noticed_by: &[0, 14],
    },
    Mutant {
        name: "small parts of all locations wait together",
        engine: parcels_of_all,
        noticed_by: &[14],
    },
];

fn with_shelves(case: &Case, change: impl Fn(&Case, &mut Shelf)) -> Answer {
    let mut changed = case.clone();
    for shelf in changed.items.iter_mut().flat_map(|item| &mut item.shelves) {
        change(case, shelf);
    }
    ask(&changed)
}

/// Rewrites the dated parts of each line.
fn rewritten(case: &Case, rewrite: impl Fn(&[Part]) -> Vec<Part>) -> Answer {
    let mut answer = ask(case);
    for told in &mut answer.lines {
        told.shown = rewrite(&told.shown);
        told.promised = rewrite(&told.promised);
        told.together = rewrite(&told.together);
        if told.ships_by.is_some() {
            told.ships_by = told.promised.iter().map(|part| part.day).max();
        }
    }
    answer.read = answer.lines[0].ships_by;
    answer
}

/// On each day what has come by then less what is due by then.
fn no_look_ahead(case: &Case) -> Answer {
    let mut answer = ask(case);
    let (item, asked) = case.cart[0];
    if 1 < case.cart.len() || answer.lines[0].most.is_none() {
        return answer;
    }
    let laid = Laid::out(case, 0, item);
    let mut units = laid.units.clone();
    units.retain(|day| *day <= laid.horizon);
    units.sort_unstable();
    let mut days = Vec::new();
    for day in units.clone() {
        let come = units.iter().filter(|one| **one <= day).count() as u32;
        let due: u32 = laid
            .dated
            .iter()
            .filter(|(by, _)| *by <= day)
            .map(|(_, units)| units)
            .sum();
        let left = come.saturating_sub(due + laid.owed + laid.undated);
        if (days.len() as u32) < left.min(asked) {
            days.push(day);
        }
    }
    let dated = parts(&days, 0);
    let all = days.len() as u32 == asked;
    answer.lines[0] = Told {
        ships_by: days.last().copied().filter(|_| all),
        promised: if all { dated.clone() } else { Vec::new() },
        shown: dated,
        ..Told::default()
    };
    answer.read = answer.lines[0].ships_by;
    answer
}

fn no_claims(case: &Case) -> Answer {
    with_shelves(case, |_, shelf| shelf.taken.clear())
}

fn one_date(case: &Case) -> Answer {
    rewritten(case, |parts| {
        let first = parts.first().map(|part| part.day);
        let on_first = |part: &Part| Part {
            day: first.unwrap_or(part.day),
            ..*part
        };
        parts.iter().map(on_first).collect()
    })
}

fn utc_today(case: &Case) -> Answer {
    let mut changed = case.clone();
    for house in &mut changed.houses {
        house.zone = Zone::Utc;
    }
    ask(&changed)
}

fn late_is_here(case: &Case) -> Answer {
    with_shelves(case, |case, shelf| {
        let today = today(case, 0);
        let late = shelf
            .coming
            .iter()
            .filter(|coming| coming.planned() < today);
        shelf.on_hand += late.map(|coming| coming.units).sum::<u32>();
        shelf.coming.retain(|coming| today <= coming.planned());
    })
}

fn waits_for_all(case: &Case) -> Answer {
    with_shelves(case, |_, shelf| {
        let last = shelf.coming.iter().map(|coming| coming.planned()).max();
        for coming in &mut shelf.coming {
            coming.expected = last.unwrap_or_default();
            coming.buffer = 0;
        }
    })
}

fn far_is_near(case: &Case) -> Answer {
    with_shelves(case, |case, shelf| {
        let today = today(case, 0);
        for coming in &mut shelf.coming {
            if today + 10 < coming.planned() {
                coming.expected = today + 1;
                coming.buffer = 0;
            }
        }
    })
}

/// Whoever is first in the list gets the earliest units, each order complete on one day.
fn dated_anew(case: &Case) -> Answer {
    let mut changed = case.clone();
    for item in 0..case.items.len() {
        for house in 0..case.houses.len() {
            let laid = Laid::out(case, house, item);
            let mut units = laid.units;
            units.sort_unstable();
            let mut units = units.into_iter();
            for taken in &mut changed.items[item].shelves[house].taken {
                if !taken.stands(case.now) {
                    continue;
                }
                let day = units.by_ref().take(taken.units as usize).last();
                taken.due = day.map_or(Due::Undated, Due::By);
            }
        }
    }
    ask(&changed)
}

fn second_is_late(case: &Case) -> Answer {
    with_shelves(case, |_, shelf| {
        for at in 1..shelf.coming.len() {
            let (before, own) = shelf.coming.split_at_mut(at);
            if before.iter().any(|one| one.planned() == own[0].planned()) {
                own[0].buffer += 1;
            }
        }
    })
}

fn first_named(case: &Case) -> Answer {
    with_shelves(case, |_, shelf| shelf.coming.truncate(1))
}

fn steals_latest(case: &Case) -> Answer {
    with_shelves(case, |_, shelf| {
        let day = |due: Due| match due {
            Due::By(day) => Some(day),
            Due::Owed | Due::Undated => None,
        };
        let latest = (0..shelf.taken.len()).max_by_key(|at| day(shelf.taken[*at].due));
        if let Some(at) = latest {
            shelf.taken.remove(at);
        }
    })
}

fn forgets_newest(case: &Case) -> Answer {
    with_shelves(case, |_, shelf| {
        shelf.taken.pop();
    })
}

fn by_the_last(case: &Case) -> Answer {
    rewritten(case, |parts| {
        let last = parts.iter().map(|part| part.day).max();
        parts
            .iter()
            .map(|part| Part {
                day: last.unwrap_or(part.day),
                ..*part
            })
            .collect()
    })
}

fn utc_midnight(case: &Case) -> Answer {
    let mut answer = ask(case);
    answer.read = answer.read.map(|day| case.viewer.local(day * 86_400).0);
    answer
}

fn default_date(case: &Case) -> Answer {
    let mut answer = ask(case);
    for (told, (_, asked)) in answer.lines.iter_mut().zip(&case.cart) {
        if told.ships_by.is_none() {
            let day = today(case, 0) + 14;
            told.ships_by = Some(day);
            told.shown = vec![Part {
                day,
                house: 0,
                units: *asked,
            }];
        }
    }
    answer.read = answer.lines[0].ships_by;
    answer
}

fn keeps_late_date(case: &Case) -> Answer {
    let late = |part: &Part| {
        let coming = case
            .items
            .iter()
            .map(|item| &item.shelves[part.house].coming);
        let dates = coming.flatten().map(|coming| coming.planned());
        dates.filter(|day| *day < today(case, part.house)).max()
    };
    rewritten(case, |parts| {
        parts
            .iter()
            .map(|part| Part {
                day: late(part).unwrap_or(part.day),
                ..*part
            })
            .collect()
    })
}

fn no_ends_in_time(case: &Case) -> Answer {
    Answer {
        valid_until: endless_claims(case).valid_until,
        ..ask(case)
    }
}

fn endless_claims(case: &Case) -> Answer {
    with_shelves(case, |_, shelf| {
        for taken in &mut shelf.taken {
            taken.ends = None;
        }
    })
}

/// Parts of kits and of other lines are promised once for each line.
fn each_alone(case: &Case) -> Answer {
    let alone = |line: &(usize, u32)| {
        let cart = vec![*line];
        ask(&Case {
            cart,
            ..case.clone()
        })
        .lines
        .remove(0)
    };
    let lines: Vec<Told> = case.cart.iter().map(alone).collect();
    Answer {
        read: lines[0].ships_by,
        lines,
        ..ask(case)
    }
}

fn costs_nothing(case: &Case) -> Answer {
    let mut changed = case.clone();
    for house in &mut changed.houses {
        house.parcel_cost = 0;
    }
    ask(&changed)
}

fn first_house(case: &Case) -> Answer {
    let mut changed = case.clone();
    changed.houses.truncate(1);
    for item in &mut changed.items {
        item.shelves.truncate(1);
    }
    ask(&changed)
}

fn same_together(case: &Case) -> Answer {
    let mut answer = ask(case);
    for told in &mut answer.lines {
        told.together.clear();
    }
    answer
}

fn any_parcel(case: &Case) -> Answer {
    let mut changed = case.clone();
    changed.rules.least = 1;
    ask(&changed)
}

/// As if what leaves one house could go along with what leaves another.
fn parcels_of_all(case: &Case) -> Answer {
    let mut answer = any_parcel(case);
    for told in &mut answer.lines {
        for sent in [&mut told.shown, &mut told.promised, &mut told.together] {
            let together = parcels(&unit_days(sent), 0, case.rules.least);
            let last_of = |part: &Part| together.iter().find(|parcel| part.day <= parcel.day);
            for part in sent.iter_mut() {
                part.day = last_of(part).map_or(part.day, |parcel| parcel.day);
            }
        }
        if told.ships_by.is_some() {
            told.ships_by = told.promised.iter().map(|part| part.day).max();
        }
    }
    answer.read = answer.lines[0].ships_by;
    answer
}
