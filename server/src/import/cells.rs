//! Cells as values, or why they are none.

use chrono::NaiveDate;
use shared::ids::Sku;
use shared::quantity::QUANTITY_MAX;
use shared::supply::BackorderMode;
use shared::wire::Date;

use super::table::{Line, NotText};

/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// Longest name of a location, in characters.
const LOCATION_CHARS_MAX: usize = 200;
/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;
/// Longest lead time, in days.
const LEAD_TIME_DAYS_MAX: u32 = 365;
/// Characters of a cell that a message shows.
const SHOWN_CHARS_MAX: usize = 40;

/// Why a line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub detail: String,
}

impl Refused {
    /// A line that cannot be used.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl From<NotText> for Refused {
    fn from(_: NotText) -> Self {
        Self::new("not_utf8", "is no UTF-8; save the file as \"CSV UTF-8\"")
    }
}

/// Refuses a line with another number of cells than the header has.
pub fn refuse_odd_width(line: &Line<'_>, columns: usize) -> Result<(), Refused> {
    if line.fits_header() {
        return Ok(());
    }
    let detail = format!(
        "has {} cells, the header {columns}; look for a missing or surplus delimiter",
        line.cells()
    );
    Err(Refused::new("wrong_cell_count", detail))
}

/// A SKU.
pub fn sku(cell: &str) -> Result<Sku, Refused> {
    cell.parse()
        .map_err(|error| Refused::new("invalid_sku", format!("the SKU {error}")))
}

/// A count that may be left out.
pub fn count(cell: &str, column: &str) -> Result<Option<u32>, Refused> {
    if cell.is_empty() {
        return Ok(None);
    }
    let plain = cell.bytes().all(|byte| byte.is_ascii_digit());
    let count = cell
        .parse()
        .ok()
        .filter(|count| plain && *count <= QUANTITY_MAX);
    count.map(Some).ok_or_else(|| {
        let detail = format!(
            "{column} is `{}`; it must be a whole number from 0 to 1,000,000,000",
            shown(cell)
        );
        Refused::new("invalid_quantity", detail)
    })
}

/// A count that may be negative, as shops write down what they owe.
pub fn signed_count(cell: &str, column: &str) -> Result<Option<i64>, Refused> {
    match cell.strip_prefix('-') {
        Some(owed) if !owed.is_empty() => {
            let owed = count(owed, column)?;
            Ok(owed.map(|owed| -i64::from(owed)))
        }
        _ => Ok(count(cell, column)?.map(i64::from)),
    }
}

/// Days of a lead time that may be left out.
pub fn lead_time(cell: &str) -> Result<Option<u32>, Refused> {
    let days = count(cell, "lead_time_days")?;
    match days {
        Some(days) if LEAD_TIME_DAYS_MAX < days => Err(Refused::new(
            "invalid_number",
            format!("lead_time_days is {days}; it must be at most {LEAD_TIME_DAYS_MAX}"),
        )),
        days => Ok(days),
    }
}

/// A date that may be left out.
pub fn date(cell: &str, column: &str) -> Result<Option<NaiveDate>, Refused> {
    if cell.is_empty() {
        return Ok(None);
    }
    let date = Date::parse(cell).map(|date| Some(date.0));
    date.ok_or_else(|| {
        let detail = format!(
            "{column} is `{}`; it must be a date of the calendar, as YYYY-MM-DD",
            shown(cell)
        );
        Refused::new("invalid_date", detail)
    })
}

/// `true` or `false` that may be left out.
pub fn truth(cell: &str, column: &str) -> Result<Option<bool>, Refused> {
    match cell {
        "" => Ok(None),
        "1" | "true" | "yes" | "TRUE" => Ok(Some(true)),
        "0" | "false" | "no" | "FALSE" => Ok(Some(false)),
        other => {
            let detail = format!("{column} is `{}`; it must be true or false", shown(other));
            Err(Refused::new("invalid_value", detail))
        }
    }
}

/// Our word for a backorder policy, that may be left out.
pub fn backorder(cell: &str) -> Result<Option<BackorderMode>, Refused> {
    if cell.is_empty() {
        return Ok(None);
    }
    let mode = BackorderMode::named(cell).ok_or_else(|| {
        let detail = format!(
            "backorder is `{}`; it must be deny, allow or allow_silent",
            shown(cell)
        );
        Refused::new("invalid_value", detail)
    })?;
    Ok(Some(mode))
}

/// A title that may be left out.
pub fn title(cell: &str) -> Result<Option<String>, Refused> {
    text(cell, "the title", TITLE_CHARS_MAX)
}

/// A reason that may be left out.
pub fn reason(cell: &str) -> Result<Option<String>, Refused> {
    text(cell, "the reason", REASON_CHARS_MAX)
}

/// The name of a location that may be left out.
pub fn location(cell: &str) -> Result<&str, Refused> {
    refuse_odd_text(cell, "the location", LOCATION_CHARS_MAX)?;
    Ok(cell)
}

/// As much of a cell as a message shows.
pub fn shown(cell: &str) -> String {
    cell.chars()
        .filter(|c| !c.is_control())
        .take(SHOWN_CHARS_MAX)
        .collect()
}

/// A text of one line that may be left out.
pub fn text(cell: &str, what: &str, chars_max: usize) -> Result<Option<String>, Refused> {
    refuse_odd_text(cell, what, chars_max)?;
    Ok(Some(cell)
        .filter(|cell| !cell.is_empty())
        .map(str::to_owned))
}

fn refuse_odd_text(cell: &str, what: &str, chars_max: usize) -> Result<(), Refused> {
    // Bytes are never fewer than characters, and quick to count.
    if chars_max < cell.len() && chars_max < cell.chars().count() {
        let detail = format!("{what} is longer than {chars_max} characters");
        return Err(Refused::new("too_long", detail));
    }
    if cell.chars().any(char::is_control) {
        let detail = format!("{what} has a line break or another control character");
        return Err(Refused::new("invalid_text", detail));
    }
    Ok(())
}
