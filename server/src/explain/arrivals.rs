//! Supply and claims in words: each step from a supplier's date to the day of hand-over.

use chrono::{NaiveDate, TimeDelta};
use shared::availability::PromisePolicy;
use shared::explain::{ArrivalExplained, PartExplained, PlaceExplained};
use shared::supply::{Basis, Claim, Due, Incoming, Sample};
use shared::timeline::Source;
use shared::widening::{Horizon, NEAR_DAYS_MAX, Widened};

use super::words;

/// Why no promise counts on an order for no known day.
pub const UNDATED: &str = "No date was told, and too little is known of how long its supplier takes: no promise counts on it. Give it a date.";

/// What supply is called: its purchase order, or where it comes from.
pub fn name(source: &Source<'_>) -> String {
    match source {
        Source::Shelf => "On the shelf".into(),
        Source::Incoming(incoming) | Source::Late(incoming) => incoming.purchase_order.to_string(),
        Source::Replenishment(_) => "On demand".into(),
        Source::Release => "By the release".into(),
    }
}

/// How units that are there, or come, get to the carrier, step by step.
pub fn steps(
    step: &ArrivalExplained<'_>,
    part: &PartExplained<'_>,
    place: &PlaceExplained<'_>,
    policy: &PromisePolicy,
) -> String {
    // The year that was named last need not be named again.
    let named = match step.arrival.source {
        Source::Shelf | Source::Release => Some(place.today),
        Source::Incoming(incoming) | Source::Late(incoming) => incoming.planned(place.today).on(),
        Source::Replenishment(_) => step.ordered_on,
    };
    let named = named.unwrap_or(place.today);
    let near = |day: NaiveDate| words::near(day, named);
    let calendar = &place.location.calendar;
    let mut said = vec![format!("{}.", words::amount(step.arrival.amount))];
    if let Some(order) = step.arrival.source.order()
        && order.quantity < order.to_come
    {
        said.push(format!(
            "{} still to come: its supplier habitually sends less.",
            match order.to_come.units() {
                1 => "1\u{a0}unit is".into(),
                _ => format!("{} are", words::units(order.to_come)),
            },
        ));
    }
    match step.arrival.source {
        Source::Shelf if !part.facts.selling.tracked => {
            said.push("It is not counted, so it is always there.".into());
        }
        Source::Shelf => {}
        Source::Incoming(incoming) => said.push(planned(incoming, place.today)),
        Source::Late(incoming) if incoming.foreseen(place.today).is_some() => {
            said.push(planned(incoming, place.today));
            said.extend(
                incoming
                    .planned_on()
                    .map(|before| format!("It was planned for {}: it is late.", near(before))),
            );
        }
        Source::Late(incoming) => {
            said.push(planned(incoming, place.today));
            let fence = words::count(policy.overdue_fence_days, "day");
            let offset = words::count(policy.overdue_offset_days.max(1), "day");
            said.push(format!(
                "That is over: it is late. Until it is {fence} late it is taken to arrive {offset} from today, each day anew.",
            ));
        }
        Source::Replenishment(order) => {
            if let Some(ordered_on) = step.ordered_on {
                let after = place.begun_on.unwrap_or(ordered_on);
                let off = words::days_off(&order.supplier_days, after, ordered_on);
                said.push(format!(
                    "Ordered {} when somebody buys{}; {} from order to arrival{}{}.",
                    near(ordered_on),
                    noted(off.map(|off| format!("for the supplier {off}"))),
                    words::count(order.lead_time_days, "day"),
                    why(&order.basis, false).unwrap_or_default(),
                    order
                        .widened
                        .map_or_else(String::new, |widened| format!(", {}", added(&widened))),
                ));
                let planned = ordered_on.checked_add_signed(TimeDelta::days(order.days().into()));
                if let Some((planned, arrives)) = planned.zip(step.arrival.arrives_on)
                    && let Some(off) = words::days_off(&order.supplier_days, planned, arrives)
                {
                    said.push(format!("For the supplier {off}."));
                }
            }
        }
        Source::Release => {
            said.push("Nothing is on its way: your word is that it is there by the release.".into())
        }
    }
    let suppliers = |order: &'_ Incoming| {
        let sku = &part.facts.selling.backorder.reason;
        order.supplier_reason.clone().filter(|_| sku.is_none())
    };
    let order = step.arrival.source.order();
    let stated = order.and_then(|order| order.reason.clone().or_else(|| suppliers(order)));
    if let Some(stated) = stated.and_then(|stated| words::stated(&stated)) {
        said.push(format!("Shoppers who wait for it read: {stated}"));
    }
    let mut walk: Vec<String> = Vec::new();
    if let (Some(arrives), Some(pickable)) = (step.arrival.arrives_on, step.pickable_on) {
        walk.push(format!("arrives {}", near(arrives)));
        let off = words::days_off(&calendar.working_days, arrives, pickable);
        walk.push(format!(
            "put away by {} ({}{})",
            near(pickable),
            words::count(calendar.receiving_days, "working day"),
            off.map_or_else(String::new, |off| format!("; {off}")),
        ));
    }
    if let Some(begun) = step.begun_on {
        let waits = match (part.unreleased_until, step.pickable_on) {
            (Some(release), _) if release <= begun && step.pickable_on < Some(begun) => {
                " (not before the release)"
            }
            (_, Some(pickable)) if pickable < begun => " (not before the order)",
            _ => "",
        };
        walk.push(format!("begun {}{waits}", near(begun)));
        if let Some(packed) = step.packed_on {
            let off = words::days_off(&calendar.working_days, begun, packed);
            walk.push(format!(
                "packed {} ({}{})",
                near(packed),
                words::count(calendar.processing_days, "working day"),
                off.map_or_else(String::new, |off| format!("; {off}")),
            ));
            let off = words::days_off(&calendar.pickup_days, packed, step.arrival.ships_by);
            let off = off.map(|off| off.replace("day off", "day without pickup"));
            let off = off.map(|off| off.replace("days off", "days without pickup"));
            walk.push(format!(
                "picked up {}{}",
                near(step.arrival.ships_by),
                noted(off)
            ));
        }
    }
    said.push(format!("{}.", capital(&walk.join(", "))));
    if part.horizon < step.arrival.ships_by {
        said.push(format!(
            "That is after the horizon, {}: nothing is promised of it.",
            near(part.horizon)
        ));
    }
    said.join(" ")
}

/// From a supplier's date to the planned day of arrival, as seen on a day.
pub fn planned(incoming: &Incoming, today: NaiveDate) -> String {
    let plan = incoming.planned(today);
    let from = words::day(plan.from);
    let mut said = match plan.basis {
        Basis::Told | Basis::Slips { .. } => format!("The supplier says {from}"),
        Basis::LeadTime { .. } if incoming.is_told() => {
            let told = words::day(incoming.expected_on);
            format!(
                "The supplier says {told}, but hardly any of its dates slipped as far; ordered {from}"
            )
        }
        Basis::Declared | Basis::LeadTime { .. } => format!("No date was told; ordered {from}"),
    };
    let widened = plan.widened.map_or(0, |widened| widened.days);
    let before = plan.days - i32::try_from(widened).unwrap_or_default();
    let days = words::count(before.unsigned_abs(), "day");
    let sign = if before < 0 { "-" } else { "+" };
    let why = match plan.basis {
        Basis::Told if before == 0 => None,
        basis => why(&basis, plan.narrowed),
    };
    let why = why.map(|why| format!("{sign}{days}{why}"));
    let steps: Vec<String> = why
        .into_iter()
        .chain(plan.widened.as_ref().map(added))
        .collect();
    if steps.is_empty() {
        said.push_str("; nothing is added.");
    } else {
        let planned = plan.on().map_or_else(String::new, words::day);
        said.push_str(&format!(", {} = {planned}.", steps.join(", ")));
    }
    if incoming.under_way {
        said.push_str(" It has been sent.");
    }
    said
}

/// Days that are added because too few promises were kept, and why.
fn added(widened: &Widened) -> String {
    let told = match widened.horizon {
        Horizon::Any => String::new(),
        Horizon::Near => format!(" told at most {NEAR_DAYS_MAX}\u{a0}days ahead"),
        Horizon::Far => format!(" told more than {NEAR_DAYS_MAX}\u{a0}days ahead"),
    };
    format!(
        "+{} because without them {} of its last {} promises{told} were kept and {}\u{a0}% are wanted",
        words::count(widened.days, "day"),
        widened.kept,
        widened.judged,
        widened.level.percent(),
    )
}

/// Why it is that many days.
fn why(basis: &Basis, narrowed: bool) -> Option<String> {
    let sample = basis.sample();
    match basis {
        Basis::Told => Some(" that you add to each of its dates".into()),
        Basis::Declared => {
            Some(" (its declared lead time, and what you add to each of its dates)".into())
        }
        Basis::Slips { .. } | Basis::LeadTime { .. } => sample.map(|sample| {
            let judged_by = judged_by(&sample, narrowed);
            format!(
                " ({} % came within that, {judged_by})",
                share(basis, &sample)
            )
        }),
    }
}

/// The share of deliveries that came in time, in percent: that which was asked for, or more.
fn share(basis: &Basis, sample: &Sample) -> u8 {
    match *basis {
        Basis::Slips { reached, .. } => reached.max(sample.level.percent()),
        _ => sample.level.percent(),
    }
}

/// Whose deliveries a number of days is judged by.
fn judged_by(sample: &Sample, narrowed: bool) -> String {
    let (own, pooled) = (delivered(sample.own), sample.pooled);
    let own = match pooled {
        0 => format!("judged by its last {own}"),
        _ => format!("judged by {own} of its own and {pooled} of others"),
    };
    match narrowed {
        true => format!("{own} that had not come by now either"),
        false => own,
    }
}

fn delivered(count: u32) -> String {
    match count {
        1 => "1\u{a0}delivery".into(),
        _ => format!("{count}\u{a0}deliveries"),
    }
}

/// A claim: how much, and for when.
pub fn claim(claim: &Claim, today: NaiveDate) -> String {
    let units = words::units(claim.quantity);
    match claim.due {
        Due::Owed => format!("{units}, owed since before any date was told"),
        Due::By(day) => format!("{units}, promised by {}", words::near(day, today)),
        Due::Undated => {
            format!("{units}, once promised for a date that cannot be kept; no other is known")
        }
    }
}

fn noted(note: Option<String>) -> String {
    note.map_or_else(String::new, |note| format!(" ({note})"))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
