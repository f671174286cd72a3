//! The series: units sold of car parts in each of 51 months, and which of them are kept aside.

use anyhow::{Context, ensure};
use shared::demand::Period;
use shared::quantity::Quantity;

const FILE: &str = include_str!("../monthly-demand.csv");

/// Months of the file.
pub const MONTHS: usize = 51;
/// Months that are forecast, the last ones.
pub const AHEAD: usize = 6;

/// The name of the half that models are developed with.
pub const DEVELOPING: &str = "developing";

/// A part.
pub struct Series {
    /// Its number.
    pub part: String,
    /// Units by month.
    pub units: Vec<u32>,
}

/// The parts of one half.
pub struct Half {
    /// What it is called.
    pub name: &'static str,
    /// By part number.
    pub series: Vec<Series>,
}

/// Reads both halves: the one that the models were developed with, and the one that was kept aside. The parity of a hash of the part number
/// decides. Parts with a gap in their months cannot be judged by the last six, and are left out.
pub fn halves() -> anyhow::Result<[Half; 2]> {
    let mut reader = csv::Reader::from_reader(FILE.as_bytes());
    let (mut developing, mut aside) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row?;
        let part = row.get(0).context("a part number")?.to_owned();
        let months = row.iter().skip(1);
        let Some(units) = months
            .map(|units| units.parse().ok())
            .collect::<Option<Vec<u32>>>()
        else {
            continue;
        };
        ensure!(units.len() == MONTHS, "{part} has {} months", units.len());
        let half = if fnv_1a(&part).is_multiple_of(2) {
            &mut developing
        } else {
            &mut aside
        };
        half.push(Series { part, units });
    }
    developing.sort_by(|a: &Series, b| a.part.cmp(&b.part));
    aside.sort_by(|a: &Series, b| a.part.cmp(&b.part));
    Ok([
        Half {
            name: DEVELOPING,
            series: developing,
        },
        Half {
            name: "kept aside",
            series: aside,
        },
    ])
}

impl Series {
    /// What is known after so many months.
    pub fn known(&self, months: usize) -> Vec<Period> {
        let known = &self.units[..months];
        known
            .iter()
            .map(|units| Period::Sold(Quantity::new(*units)))
            .collect()
    }
}

/// Fowler, Noll and Vo's hash of 64 bits.
fn fnv_1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
