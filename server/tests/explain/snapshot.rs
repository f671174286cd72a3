//! Texts that stay as they are until somebody has looked at them.

use std::fs;
use std::path::{Path, PathBuf};

/// Set to `write`, what differs is written instead of failing.
const WRITE: &str = "SHIPS_BY_SNAPSHOTS";

/// Compares with `server/tests/explain/snapshots/{name}`.
#[track_caller]
pub fn is_as_before(name: &str, text: &str) {
    same_as_file(&folder().join("tests/explain/snapshots").join(name), text);
}

/// Compares with a picture of the book.
#[track_caller]
pub fn is_as_in_the_book(name: &str, picture: &str) {
    same_as_file(&folder().join("../docs/pictures").join(name), picture);
}

/// The page of the book on dates.
pub fn page() -> String {
    let page = folder().join("../docs/how-a-date-is-computed.md");
    fs::read_to_string(page).expect("the page is there")
}

#[track_caller]
fn same_as_file(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap_or_default();
    if before == text {
        return;
    }
    if std::env::var(WRITE).is_ok_and(|value| value == "write") {
        fs::write(path, text).expect("a snapshot can be written");
        return;
    }
    let first = before
        .lines()
        .zip(text.lines())
        .position(|(was, is)| was != is);
    let first = first.unwrap_or_else(|| before.lines().count().min(text.lines().count()));
    panic!(
        "{} is not as before. Line {}:\n  was  {}\n  is   {}\nIf that is right, run again with {WRITE}=write.",
        path.display(),
        first + 1,
        before.lines().nth(first).unwrap_or("(nothing)"),
        text.lines().nth(first).unwrap_or("(nothing)"),
    );
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
