//! Finds columns by name.

use super::Broken;

/// Where a column is. The case of letters does not matter.
pub fn column(header: &[String], names: &[&str]) -> Option<usize> {
    header
        .iter()
        .position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
}

/// Where a column is that must be there.
///
/// # Errors
///
/// `missing_column`, with the name and what the header has instead.
pub fn needed(header: &[String], name: &str, format: &str) -> Result<usize, Broken> {
    let shown = || {
        let mut shown: Vec<&str> = header.iter().map(String::as_str).collect();
        shown.truncate(SHOWN_COLUMNS_MAX);
        shown
            .join(", ")
            .chars()
            .take(SHOWN_CHARS_MAX)
            .collect::<String>()
    };
    column(header, &[name]).ok_or_else(|| {
        Broken::new(
            "missing_column",
            format!(
                "The header has no column \"{name}\", which a {format} file needs. It has: {}.",
                shown()
            ),
        )
    })
}

/// Columns that a message names.
const SHOWN_COLUMNS_MAX: usize = 12;
/// Characters of them.
const SHOWN_CHARS_MAX: usize = 300;
