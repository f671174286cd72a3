//! Files of days off: calendars (`text/calendar`) and tables (`text/csv`), both to a set of dates.
//!
//! A line that cannot be used is refused with its number, and the others go on. A file that is
//! broken as a whole (cut short, in UTF-16, without a single day) changes nothing. The calendar
//! reader is ours because each refusal must name its line, which the crates for it do not tell.

mod calendar;
mod table;

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::cells::Refused;
use super::intake::LISTED_MAX;
use super::{Broken, Remark};
use crate::limits::{HOLIDAYS_BYTES_MAX, HOLIDAYS_MAX};

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// iCalendar: the days of its events.
    Calendar,
    /// CSV: a column of dates.
    Table,
}

impl Kind {
    /// The kind of the file that begins so.
    pub fn of(file: &[u8]) -> Self {
        let text = without_mark(file).trim_ascii_start();
        let beginning = text.get(..calendar::BEGINNING.len()).unwrap_or_default();
        match beginning.eq_ignore_ascii_case(calendar::BEGINNING.as_bytes()) {
            true => Self::Calendar,
            false => Self::Table,
        }
    }
}

/// For whom a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// The zone of the location, in which an instant is a date.
    pub zone: Tz,
    /// The civil date there.
    pub today: NaiveDate,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Days off.
    pub days: BTreeSet<NaiveDate>,
    /// Events or lines read, refused ones included.
    pub entries: u64,
    /// The first lines that were refused.
    pub refused: Vec<Remark>,
    /// All that were.
    pub refused_count: u64,
}

/// Reads a file.
///
/// # Errors
///
/// [`Broken`] for a file that cannot be used as a whole: nothing of it counts.
pub fn read(file: &[u8], kind: Kind, reader: Reader) -> Result<Found, Broken> {
    refuse_other_kinds(file)?;
    let found = match kind {
        Kind::Calendar => calendar::read(without_mark(file), reader)?,
        Kind::Table => table::read(file)?,
    };
    if !found.days.is_empty() {
        return Ok(found);
    }
    let detail = match found.refused.first() {
        Some(remark) => format!(
            "No day in the file can be used. Line {}: {}.",
            remark.line, remark.detail
        ),
        None => "The file names no day. Look into it before you send it again.".to_owned(),
    };
    Err(Broken::new("no_days", detail))
}

impl Found {
    /// Takes the days of one entry, or says why it has none.
    fn entry(&mut self, days: Result<Vec<NaiveDate>, (u64, Refused)>) -> Result<(), Broken> {
        self.entries += 1;
        match days {
            Ok(days) => self.days.extend(days),
            Err((line, refused)) => self.refuse(line, refused),
        }
        if HOLIDAYS_MAX < self.days.len() {
            let detail = format!(
                "The file names more than {HOLIDAYS_MAX} days, which is the most that a location has. Leave out those that are long past or far ahead."
            );
            return Err(Broken::new("too_many_days", detail));
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, Refused { code, detail }: Refused) {
        self.refused_count += 1;
        if self.refused.len() < LISTED_MAX {
            self.refused.push(Remark { line, code, detail });
        }
    }
}

/// Years for which a calendar makes sense; a two-digit year or a slip of the finger is none of them.
fn refuse_odd_year(date: NaiveDate) -> Result<NaiveDate, Refused> {
    match (1900..=2200).contains(&date.year()) {
        true => Ok(date),
        false => {
            let detail = format!("{date} is no day that is meant; years go from 1900 to 2200");
            Err(Refused::new("invalid_date", detail))
        }
    }
}

fn refuse_other_kinds(file: &[u8]) -> Result<(), Broken> {
    if HOLIDAYS_BYTES_MAX < file.len() {
        let detail = format!(
            "The file has more than {HOLIDAYS_BYTES_MAX} bytes, which no calendar of holidays needs. Export the holidays only."
        );
        return Err(Broken::new("file_too_large", detail));
    }
    if file.starts_with(b"PK\x03\x04") {
        let detail =
            "This is a zip or a spreadsheet. Unpack it, or save the sheet as \"CSV UTF-8\".";
        return Err(Broken::new("not_text", detail));
    }
    let is_wide = file.starts_with(b"\xFF\xFE") || file.starts_with(b"\xFE\xFF");
    if is_wide || file.contains(&0) {
        let detail = "The file is UTF-16 or no text. Save it as UTF-8 and send it again.";
        return Err(Broken::new("not_utf8", detail));
    }
    if without_mark(file).trim_ascii().is_empty() {
        let detail = "The file is empty. Export it again, and look into it before you send it.";
        return Err(Broken::new("empty_file", detail));
    }
    Ok(())
}

/// The file without the byte order mark that some programs begin with.
fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file)
}
