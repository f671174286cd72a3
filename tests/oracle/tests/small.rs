//! What `make oracle` does, with fewer cases.

use oracle::checks::{one_line, whole_cart};
use oracle::dice::Dice;
use oracle::engine::{ask, settle};
use oracle::mutants::{self, Mutant};
use oracle::properties::{self, Property};
use oracle::run::judge;
use oracle::{promise_mutants, promises};

/// Other cases than those of `make oracle`.
const SEED: u64 = 2;
const ONE_LINE_CASES: u64 = 3_000;
const WHOLE_CART_CASES: u64 = 2_000;
const PROPERTY_CASES: u64 = 2_000;
/// Cases within which a broken engine must be noticed.
const MUTANT_CASES: u64 = 5_000;

fn holds(name: &str, cases: u64, check: impl Fn(u64) -> Result<u32, String> + Sync) {
    let tally = judge(name, cases, false, check);
    if let Some((case, wrong)) = tally.differences.first() {
        panic!("{name}: make oracle ARGS=\"--seed {SEED} --case {case}\"\n{wrong}");
    }
}

#[test]
fn one_line_is_dated_as_handing_out_single_units_dates_it() {
    holds("one line", ONE_LINE_CASES, |case| one_line(SEED, case));
}

#[test]
fn a_cart_is_dated_as_trying_every_way_dates_it_and_breaks_no_promise() {
    holds("whole carts", WHOLE_CART_CASES, |case| {
        whole_cart(SEED, case)
    });
}

#[test]
fn what_must_hold_between_answers_holds() {
    for property in properties::ALL {
        holds(property.name, PROPERTY_CASES, |case| {
            (property.check)(ask, &mut Dice::of(SEED, case)).map(|()| 0)
        });
    }
}

#[test]
fn promises_stand_and_are_replaced_as_they_must() {
    for property in promises::ALL {
        holds(property.name, PROPERTY_CASES, |case| {
            (property.check)(settle, &mut Dice::of(SEED, case)).map(|()| 0)
        });
    }
}

#[test]
fn every_property_notices_when_its_rule_is_broken() {
    notice(&properties::ALL, &mutants::ALL);
    notice(&promises::ALL, &promise_mutants::ALL);
}

fn notice<E: Copy>(properties: &[Property<E>], mutants: &[Mutant<E>]) {
    for (at, property) in properties.iter().enumerate() {
        let guards = mutants
            .iter()
            .filter(|mutant| mutant.noticed_by.contains(&at));
        assert!(
            0 < guards.clone().count(),
            "nothing breaks: {}",
            property.name
        );
        for mutant in guards {
            let wrong = |case| (property.check)(mutant.engine, &mut Dice::of(SEED, case)).is_err();
            let noticed = (0..MUTANT_CASES).any(wrong);
            assert!(
                noticed,
                "\"{}\" does not notice \"{}\"",
                property.name, mutant.name
            );
        }
    }
}
