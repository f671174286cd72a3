//! A column of dates: the first one, or the one called `date`. Other columns, such as names, are
//! for people.

use chrono::NaiveDate;

use super::{Found, refuse_odd_year};
use crate::import::Broken;
use crate::import::cells::{self, Refused};
use crate::import::table::Table;

/// What the header calls the column.
const DATE: &str = "date";

pub(super) fn read(file: &[u8]) -> Result<Found, Broken> {
    let mut table = Table::new(file)?;
    let mut found = Found::default();
    let first = table.header().to_vec();
    let named = first
        .iter()
        .position(|cell| cell.eq_ignore_ascii_case(DATE));
    if named.is_none() {
        let cell = first.first().map(String::as_str).unwrap_or_default();
        // A header begins with a letter, a date with a digit, be it right or wrong.
        if !cell.starts_with(|c: char| c.is_ascii_digit()) {
            let detail = format!(
                "The first line is `{}`. It must have a column called `date`, or begin with a date such as 2026-12-25.",
                cells::shown(cell)
            );
            return Err(Broken::new("missing_column", detail));
        }
        let line = first_line(file);
        found.entry(date(cell).map_err(|refused| (line, refused)))?;
    }
    while let Some(line) = table.next_line()? {
        let cell = line.cell(Some(named.unwrap_or(0))).map_err(Refused::from);
        let days = cell.and_then(date);
        let number = line.number;
        found.entry(days.map_err(|refused| (number, refused)))?;
    }
    Ok(found)
}

fn date(cell: &str) -> Result<Vec<NaiveDate>, Refused> {
    match cells::date(cell, DATE)? {
        Some(date) => refuse_odd_year(date).map(|date| vec![date]),
        None => Err(Refused::new("invalid_date", "has no date")),
    }
}

/// The number of the first line that is not empty.
fn first_line(file: &[u8]) -> u64 {
    let before = file.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    let (mut returns, mut feeds) = (0, 0);
    for byte in before {
        match byte {
            b'\r' => returns += 1,
            _ => feeds += 1,
        }
    }
    // Lines end with either, or with both as one.
    1 + std::cmp::max::<u64>(returns, feeds)
}
