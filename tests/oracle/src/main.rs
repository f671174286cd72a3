//! Judges the promise algorithm: a million carts of one line and two hundred thousand whole carts
//! against brute force, then what must hold between answers and of promises made before, then engines
//! that are broken on purpose.
//!
//!     oracle                       all of it
//!     oracle --seed 7              with other cases
//!     oracle --seed 1 --case 86    one case of each judgement again, printed in full

use std::process::ExitCode;
use std::time::Duration;

use oracle::checks::{SEEN, one_line, whole_cart};
use oracle::dice::Dice;
use oracle::engine::{ask, settle};
use oracle::mutants::{self, Mutant};
use oracle::properties::{self, Property};
use oracle::run::{Tally, judge};
use oracle::{checks, generate, promise_mutants, promises};

const SEED: u64 = 1;
const ONE_LINE_CASES: u64 = 1_000_000;
const WHOLE_CART_CASES: u64 = 200_000;
const PROPERTY_CASES: u64 = 100_000;

/// Cases within which a broken engine must be noticed.
const MUTANT_CASES: u64 = 5_000;

type Judgement = Box<dyn Fn(u64) -> Result<u32, String> + Sync>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    if !args.len().is_multiple_of(2)
        || !args
            .iter()
            .step_by(2)
            .all(|arg| ["--seed", "--case"].contains(&arg.as_str()))
    {
        eprintln!("usage: oracle [--seed N] [--case K]");
        return ExitCode::FAILURE;
    }
    let seed = number("--seed").unwrap_or(SEED);
    let mut judgements: Vec<(&str, u64, Judgement)> = vec![
        (
            "one line, unit by unit",
            ONE_LINE_CASES,
            Box::new(move |case| one_line(seed, case)),
        ),
        (
            "whole carts, every way",
            WHOLE_CART_CASES,
            Box::new(move |case| whole_cart(seed, case)),
        ),
    ];
    for property in properties::ALL {
        let check = move |case| (property.check)(ask, &mut Dice::of(seed, case)).map(|()| 0);
        judgements.push((property.name, PROPERTY_CASES, Box::new(check)));
    }
    for property in promises::ALL {
        let check = move |case| (property.check)(settle, &mut Dice::of(seed, case)).map(|()| 0);
        judgements.push((property.name, PROPERTY_CASES, Box::new(check)));
    }
    if let Some(case) = number("--case") {
        return again(seed, case, &judgements);
    }

    let mut tallies: Vec<(&str, Tally)> = Vec::new();
    for (name, cases, check) in &judgements {
        tallies.push((name, judge(name, *cases, PROPERTY_CASES < *cases, check)));
    }
    let unnoticed = break_on_purpose(seed, "an engine", &properties::ALL, &mutants::ALL)
        + break_on_purpose(
            seed,
            "a re-promising",
            &promises::ALL,
            &promise_mutants::ALL,
        );

    println!(
        "\n{:60} {:>9} {:>11} {:>7}",
        "what", "cases", "differences", "time"
    );
    for (name, tally) in &tallies {
        let seconds = tally.took.as_secs_f64();
        println!(
            "{name:60} {:>9} {:>11} {seconds:>5.1} s",
            tally.cases,
            tally.differences.len()
        );
    }
    for (name, tally) in &tallies[..2] {
        let shares = SEEN.iter().zip(tally.seen).filter(|(_, count)| 0 < *count);
        let shares = shares.map(|(what, count)| format!("{what} {}%", 100 * count / tally.cases));
        println!("{name}: {}", shares.collect::<Vec<_>>().join(", "));
    }
    let took: Duration = tallies.iter().map(|(_, tally)| tally.took).sum();
    let differences: usize = tallies
        .iter()
        .map(|(_, tally)| tally.differences.len())
        .sum();
    for (name, tally) in &tallies {
        for (case, wrong) in &tally.differences {
            println!(
                "\n{name}, again with: make oracle ARGS=\"--seed {seed} --case {case}\"\n{wrong}"
            );
        }
    }
    println!(
        "\n{differences} differences, {unnoticed} broken engines unnoticed, {:.0} s, seed {seed}",
        took.as_secs_f64()
    );
    match differences == 0 && unnoticed == 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Judges one case again, and prints it.
fn again(seed: u64, case: u64, judgements: &[(&str, u64, Judgement)]) -> ExitCode {
    println!("one line: {:#?}", checks::line(seed, case));
    println!("whole cart: {:#?}", checks::cart(seed, case));
    println!("queue: {:#?}", generate::queue(&mut Dice::of(seed, case)));
    let mut code = ExitCode::SUCCESS;
    for (name, _, check) in judgements {
        match check(case) {
            Ok(_) => println!("{name}: holds"),
            Err(wrong) => {
                println!("{name}: {wrong}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Prints which property notices which broken engine, and after how many cases. Returns how many are
/// not noticed by those that must.
fn break_on_purpose<E: Copy>(
    seed: u64,
    what: &str,
    properties: &[Property<E>],
    mutants: &[Mutant<E>],
) -> usize {
    println!(
        "\nCases until a property notices {what} that is broken on purpose ({MUTANT_CASES} at most)\n"
    );
    for (at, property) in properties.iter().enumerate() {
        println!("  {:>2}  {}", at + 1, property.name);
    }
    print!("\n{:42}", "broken");
    (1..=properties.len()).for_each(|at| print!("{at:>6}"));
    println!();
    let mut unnoticed = 0;
    for mutant in mutants {
        print!("{:42}", mutant.name);
        for (at, property) in properties.iter().enumerate() {
            let wrong =
                |case: &u64| (property.check)(mutant.engine, &mut Dice::of(seed, *case)).is_err();
            let noticed = (0..MUTANT_CASES).find(wrong);
            match noticed {
                Some(case) => print!("{:>6}", case + 1),
                None => print!("{:>6}", "-"),
            }
            unnoticed += usize::from(noticed.is_none() && mutant.noticed_by.contains(&at));
        }
        println!();
    }
    unnoticed
}
