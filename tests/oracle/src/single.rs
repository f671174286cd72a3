//! One item, one house, one line: unit by unit.

use crate::answer::{Told, first, parcels};
use crate::case::{Case, Mode};
use crate::laid::Laid;

/// More than a case can hold of anything that has an end.
const PLENTY: u32 = 64;

/// What must be said about a case of one line and one house.
pub fn expected(case: &Case) -> Told {
    let (item, asked) = case.cart[0];
    let facts = &case.items[item];
    let laid = Laid::out(case, 0, item);
    let mut hands = laid.hands();
    let ready = laid.ready(&hands, PLENTY);
    let shelf_only = laid.mode == Mode::Deny && !laid.unreleased;

    // Units that can be promised, one after the other, each for the first day that takes none from others.
    let mut days = Vec::new();
    let mut most = None;
    if shelf_only {
        let there = if laid.is_ready_endless() {
            asked
        } else {
            ready
        };
        days.extend(
            laid.ready_by
                .into_iter()
                .flat_map(|day| (0..there).map(move |_| day)),
        );
        most = (!laid.is_ready_endless()).then_some(ready);
    } else {
        let wanted = if laid.is_endless() { asked } else { PLENTY };
        while let Some(day) = (days.len() < wanted as usize)
            .then(|| hands.place_first())
            .flatten()
        {
            if laid.horizon < day {
                break;
            }
            days.push(day);
        }
        if !laid.is_endless() {
            most = Some(days.len() as u32);
        }
        if let (Some(limit), Some(on_shelf)) = (facts.limit, laid.on_shelf) {
            let allowed = (on_shelf + limit).saturating_sub(laid.claimed);
            most = Some(most.map_or(allowed, |most| most.min(allowed)));
        }
    }
    days.truncate(asked as usize);
    let dated = parcels(&days, 0, case.rules.least);
    let orderable = days.len() == asked as usize && most.is_none_or(|most| asked <= most);
    Told {
        ships_by: dated.last().map(|part| part.day).filter(|_| orderable),
        shown: first(&dated, most.unwrap_or(u32::MAX)),
        promised: if orderable { dated } else { Vec::new() },
        together: Vec::new(),
        most,
    }
}
