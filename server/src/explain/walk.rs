//! Why each unit leaves on its day, and from its location.

use chrono::NaiveDate;
use shared::explain::{PlaceExplained, SliceExplained};
use shared::promise::Amount;
use shared::quantity::Quantity;

use super::{Told, words};

/// Why a part leaves on its day, and from its location.
pub fn because(told: &Told<'_>, at: usize, part: &SliceExplained) -> String {
    let slice = &part.slice;
    let Some(place) = told.place_of(slice) else {
        return String::new();
    };
    let day = words::day(slice.ships_by);
    let before = told.explanation.slices.iter().take(at);
    let same = before.filter(|other| other.slice.from == slice.from);
    let taken: Quantity = same.map(|other| other.slice.quantity).sum();
    let reached = taken.plus(slice.quantity);
    let first = place.can_send.iter().find(|(_, there)| {
        taken.plus(Quantity::new(1)) <= there.counted().unwrap_or(Quantity::new(u32::MAX))
    });
    let from = match told.has_several_places() {
        true => format!(" from {}", place.location.id),
        false => String::new(),
    };
    let there = sendable(place, slice.ships_by);
    let mut said = match first {
        Some((earliest, _)) if *earliest < slice.ships_by => format!(
            "{day}{from}, with what comes until then: smaller parts wait for the next parcel."
        ),
        _ => {
            let reached = match reached.units() {
                1 => "one".into(),
                reached => reached.to_string(),
            };
            let those = match told.has_several_places() && !taken.is_zero() {
                true => format!(", the {} above from there among them", taken.units()),
                false => String::new(),
            };
            let there = match there.counted() {
                Some(there) => there.units().to_string(),
                None => "any number".into(),
            };
            format!(
                "{day}{from}, the first day by which {reached} can leave{those}; {there} can by then."
            )
        }
    };
    if let Some(others) = passed_over(told, at, part) {
        said.push(' ');
        said.push_str(&others);
    }
    said
}

/// Why other locations do not send these units, where they could on the same day.
fn passed_over(told: &Told<'_>, at: usize, part: &SliceExplained) -> Option<String> {
    let slice = &part.slice;
    let chosen = told.place_of(slice)?;
    let mut reasons = Vec::new();
    for (index, place) in told.explanation.places.iter().enumerate() {
        let earlier = told.explanation.slices.iter().take(at + 1);
        let sent = earlier.filter(|other| usize::from(other.slice.from.0) == index);
        let sent: Quantity = sent.map(|other| other.slice.quantity).sum();
        let on_the_day = told.explanation.slices.iter();
        let sends_that_day = on_the_day
            .filter(|other| other.slice.ships_by == slice.ships_by)
            .any(|other| usize::from(other.slice.from.0) == index);
        let could = sendable(place, slice.ships_by).less(sent);
        let (own, other) = (chosen.location.parcel_cost, place.location.parcel_cost);
        let id = &place.location.id;
        if sends_that_day && could != Amount::ZERO && own < other {
            reasons.push(format!(
                "Before {id}, from where a parcel costs {other}, not {own}."
            ));
        }
        if sends_that_day || could == Amount::ZERO {
            continue;
        }
        let why = if !could.covers(slice.quantity) {
            "which takes more parcels".to_owned()
        } else if own < other {
            format!("but a parcel from there costs {other}, not {own}")
        } else if own == other {
            "which costs the same; the first by its id is taken".to_owned()
        } else {
            "which takes more parcels".to_owned()
        };
        reasons.push(format!(
            "{id} could send {} too, {why}.",
            words::amount(could)
        ));
    }
    (!reasons.is_empty()).then(|| reasons.join(" "))
}

fn sendable(place: &PlaceExplained<'_>, day: NaiveDate) -> Amount {
    let steps = place.can_send.iter();
    let reached = steps.take_while(|(step, _)| *step <= day).last();
    reached.map_or(Amount::ZERO, |(_, amount)| *amount)
}
