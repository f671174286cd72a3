//! What is said of shops that are made up, and that a person could have computed it.

use server::operations::explain::explain_availability;
use shared::promise::Amount;
use shared::quantity::Quantity;

use crate::made::{all, dense, kit, locations, queue, suppliers};
use crate::snapshot::{is_as_before, is_as_in_the_book, page};

#[test]
fn each_case_reads_as_before() {
    for made in all() {
        let (text, _) = made.told();
        is_as_before(&format!("made-{}.txt", made.name), &text);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{} is {widest:?} wide", made.name);
        assert!(!text.contains('\u{a0}'), "{}", made.name);
    }
}

#[test]
fn each_picture_looks_as_before() {
    for made in [queue(), locations(), kit(), suppliers()] {
        is_as_in_the_book(&format!("explain-{}.svg", made.name), &made.told().1);
    }
    is_as_before("made-dense.svg", &dense().told().1);
}

#[test]
fn the_book_shows_what_the_program_says() {
    let (text, _) = queue().told();
    assert!(
        page().contains(&text),
        "docs/how-a-date-is-computed.md does not show this:\n{text}"
    );
}

#[test]
fn what_can_be_promised_follows_from_the_sums_by_hand() {
    for made in all() {
        let (shop, sku) = (made.shop(), &made.facts[0].sku);
        for units in [1, 2, 7, 40] {
            explain_availability(&shop, sku, Quantity::new(units), made.now(), |shown| {
                let told = shown.told.explanation;
                let parts = told.places.iter().flat_map(|place| &place.parts);
                for day in parts.clone().map(|part| &part.days) {
                    for (at, shown) in day.iter().enumerate() {
                        let left = day[at..]
                            .iter()
                            .map(|later| later.supply.less(later.claims));
                        let least = left.min().unwrap_or(Amount::ZERO);
                        if matches!(shown.due, shared::supply::Due::By(_)) {
                            assert_eq!(shown.promisable, least, "{} {:?}", made.name, shown.due);
                        }
                    }
                }
                let sum: Quantity = told.slices.iter().map(|part| part.slice.quantity).sum();
                if told.answer.orderable() {
                    assert_eq!(sum, told.answer.requested, "{}", made.name);
                    let last = told.slices.iter().map(|part| part.slice.ships_by).max();
                    assert_eq!(last, told.answer.ships_by, "{}", made.name);
                }
                for part in parts {
                    for step in &part.supply {
                        let known = step.packed_on <= Some(step.arrival.ships_by)
                            && step.begun_on <= step.packed_on
                            && step.pickable_on <= step.begun_on;
                        assert!(known, "{} {step:?}", made.name);
                    }
                }
            })
            .expect("the shop knows it");
        }
    }
}
