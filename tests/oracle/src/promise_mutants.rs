//! Ways to promise anew with one rule broken, as other systems break it. Each must be noticed.

use crate::book::{self, Asked, carries, changes, dated_anew, parts_on};
use crate::case::Due;
use crate::civil::Day;
use crate::engine::settle;
use crate::laid::today;
use crate::mutants::Mutant;
use crate::promises::Settling;
use crate::queue::{Change, Promise, Queue};

/// All of them, with the numbers of the properties in [`ALL`](crate::promises::ALL) that must notice each.
pub const ALL: [Mutant<Settling>; 16] = [
    Mutant {
        name: "every date stands",
        engine: all_stand,
        noticed_by: &[0, 1, 3],
    },
    Mutant {
        name: "takes from who came first",
        engine: from_the_first,
        noticed_by: &[0, 1],
    },
    Mutant {
        name: "gives up from the last until all fits",
        engine: from_the_last_up,
        noticed_by: &[0, 1],
    },
    Mutant {
        name: "moves all when one is lost",
        engine: all_move,
        noticed_by: &[0, 1],
    },
    Mutant {
        name: "dates all anew, in the order they came",
        engine: all_anew,
        noticed_by: &[0, 1, 4, 5],
    },
    Mutant {
        name: "what is not packed in time is lost",
        engine: unpacked_is_lost,
        noticed_by: &[0, 1, 4, 5],
    },
    Mutant {
        name: "a later release changes no promise",
        engine: unaware_of_release,
        noticed_by: &[0, 1, 3],
    },
    Mutant {
        name: "new dates as if nobody else waited",
        engine: as_if_alone,
        noticed_by: &[1, 3],
    },
    Mutant {
        name: "what is lost in part gets sooner in part",
        engine: sooner_in_part,
        noticed_by: &[1, 2],
    },
    Mutant {
        name: "what is lost in part waits as a whole",
        engine: waits_as_a_whole,
        noticed_by: &[1],
    },
    Mutant {
        name: "what has no date is forgotten",
        engine: forgets_undated,
        noticed_by: &[1, 2],
    },
    Mutant {
        name: "two weeks where nothing comes",
        engine: default_date,
        noticed_by: &[1, 3],
    },
    Mutant {
        name: "what is lost keeps its date on paper",
        engine: keeps_lost_date,
        noticed_by: &[1, 2, 3],
    },
    Mutant {
        name: "tells a date that is a day sooner",
        engine: a_day_sooner,
        noticed_by: &[1, 6],
    },
    Mutant {
        name: "tells a sooner date of a part",
        engine: sooner_of_a_part,
        noticed_by: &[1, 3],
    },
    Mutant {
        name: "a sooner date though it leaves with others",
        engine: sooner_than_the_parcel,
        noticed_by: &[1, 6],
    },
];

fn all_stand(_: &Queue) -> Vec<Change> {
    Vec::new()
}

fn from_the_first(queue: &Queue) -> Vec<Change> {
    let mut reversed = queue.clone();
    reversed.held.reverse();
    let mut changes = settle(&reversed);
    for change in &mut changes {
        change.held = queue.held.len() - 1 - change.held;
    }
    changes.reverse();
    changes
}

/// Those that would fit without a large one before them go with it.
fn from_the_last_up(queue: &Queue) -> Vec<Change> {
    let count = queue.held.len();
    let dated = |at: &usize| queue.held[*at].due != Due::Undated;
    let fits = |first: &usize| carries(&queue.case, &queue.held[..*first]);
    let stay = (0..=count).rev().find(fits).unwrap_or_default();
    let undated = (0..stay).filter(|at| !dated(at));
    let lost: Vec<usize> = undated.chain(stay..count).collect();
    let parts = dated_anew(queue, &lost, Asked::anew);
    changes(queue, &lost, parts)
}

fn all_move(queue: &Queue) -> Vec<Change> {
    if book::lost(queue).is_empty() {
        return settle(queue);
    }
    let all: Vec<usize> = (0..queue.held.len()).collect();
    let later = |asked: &Asked, promise: &Promise| {
        let due = match promise.due {
            Due::By(day) => Due::By(day + 1),
            Due::Owed | Due::Undated => promise.due,
        };
        asked.anew(&Promise { due, ..*promise })
    };
    changes(queue, &all, dated_anew(queue, &all, later))
}

/// Each gets the first day on which all of it can leave, whatever was promised before.
fn all_anew(queue: &Queue) -> Vec<Change> {
    let all: Vec<usize> = (0..queue.held.len()).collect();
    let first = |asked: &Asked, promise: &Promise| {
        let days = asked.first_days(promise);
        let last = days.last().copied().unwrap_or_default();
        parts_on(promise, days.iter().map(|_| last))
    };
    changes(queue, &all, dated_anew(queue, &all, first))
}

fn unpacked_is_lost(queue: &Queue) -> Vec<Change> {
    let mut late = settle(queue);
    for (at, promise) in queue.held.iter().enumerate() {
        let here = today(&queue.case, promise.house);
        let passed = matches!(promise.due, Due::By(day) if day < here);
        if passed && !late.iter().any(|change| change.held == at) {
            late.push(Change {
                held: at,
                parts: vec![Promise {
                    due: Due::By(here),
                    ..*promise
                }],
                better: false,
            });
        }
    }
    late.sort_by_key(|change| change.held);
    late
}

fn unaware_of_release(queue: &Queue) -> Vec<Change> {
    let mut released = queue.clone();
    for item in &mut released.case.items {
        item.released_on = None;
    }
    settle(&released)
}

/// What is lost, dated in another way. Nobody is told a sooner date.
fn lost_otherwise(queue: &Queue, date: impl Fn(&Asked, &Promise) -> Vec<Promise>) -> Vec<Change> {
    let lost = book::lost(queue);
    changes(queue, &lost, dated_anew(queue, &lost, date))
}

fn as_if_alone(queue: &Queue) -> Vec<Change> {
    lost_otherwise(queue, |_, promise| {
        Asked::of(&queue.case, Vec::new()).anew(promise)
    })
}

fn sooner_in_part(queue: &Queue) -> Vec<Change> {
    lost_otherwise(queue, |asked, promise| {
        parts_on(promise, asked.first_days(promise))
    })
}

fn waits_as_a_whole(queue: &Queue) -> Vec<Change> {
    with_parts(queue, |_, parts| {
        let last = parts
            .iter()
            .map(|part| part.due)
            .max_by_key(|due| match due {
                Due::By(day) => *day,
                Due::Owed | Due::Undated => Day::MAX,
            });
        let (Some(due), Some(first)) = (last, parts.first().copied()) else {
            return;
        };
        let units = parts.iter().map(|part| part.units).sum();
        *parts = vec![Promise {
            due,
            units,
            ..first
        }];
    })
}

/// The parts of what is replaced, changed.
fn with_parts(queue: &Queue, change: impl Fn(&Promise, &mut Vec<Promise>)) -> Vec<Change> {
    let mut changes = settle(queue);
    for one in &mut changes {
        change(&queue.held[one.held], &mut one.parts);
    }
    changes
}

fn forgets_undated(queue: &Queue) -> Vec<Change> {
    with_parts(queue, |_, parts| {
        parts.retain(|part| part.due != Due::Undated);
    })
}

fn default_date(queue: &Queue) -> Vec<Change> {
    with_parts(queue, |_, parts| {
        for part in parts {
            if part.due == Due::Undated {
                part.due = Due::By(today(&queue.case, part.house) + 14);
            }
        }
    })
}

fn keeps_lost_date(queue: &Queue) -> Vec<Change> {
    with_parts(queue, |before, parts| {
        if before.due != Due::Undated {
            parts.iter_mut().for_each(|part| part.due = before.due);
        }
    })
}

fn a_day_sooner(queue: &Queue) -> Vec<Change> {
    settle(&Queue {
        better_by: Some(1),
        ..queue.clone()
    })
}

/// Where some of a promise could leave sooner, all of it is told to.
fn sooner_of_a_part(queue: &Queue) -> Vec<Change> {
    let mut changes = settle(queue);
    let Some(days) = queue.better_by else {
        return changes;
    };
    for (at, promise) in queue.held.iter().enumerate() {
        let Due::By(before) = promise.due else {
            continue;
        };
        if changes.iter().any(|change| change.held == at) {
            continue;
        }
        let mut others = queue.clone();
        others.held.remove(at);
        let asked = Asked::of(&others.case, others.held);
        let first = asked.first_days(promise).first().copied();
        if let Some(day) = first.filter(|day| day + Day::from(days.max(1)) <= before) {
            let due = Due::By(day);
            changes.push(Change {
                held: at,
                parts: vec![Promise { due, ..*promise }],
                better: true,
            });
        }
    }
    changes.sort_by_key(|change| change.held);
    changes
}

fn sooner_than_the_parcel(queue: &Queue) -> Vec<Change> {
    let mut apart = queue.clone();
    apart
        .held
        .iter_mut()
        .for_each(|promise| promise.alone = true);
    let mut changes = settle(&apart);
    for change in &mut changes {
        let alone = queue.held[change.held].alone;
        change.parts.iter_mut().for_each(|part| part.alone = alone);
    }
    changes
}
