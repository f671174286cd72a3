//! A file as a table: what kind of text it is, its header, its lines with their numbers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

use csv::ByteRecord;

/// Most columns of a file.
pub const COLUMNS_MAX: u32 = 1_000;
/// Most bytes of one line, quoted line breaks included.
pub const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes that are looked at to tell what kind of text a file is.
const LOOKED_AT_BYTES: usize = 8 * 1024;
/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 128 * 1024;

/// Why a file cannot be used as a whole. Nothing of it counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Broken {
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub detail: String,
}

impl Broken {
    /// A file that cannot be used.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

/// A file as a table.
pub struct Table<R> {
    csv: csv::Reader<Guarded<R>>,
    header: Vec<String>,
    record: ByteRecord,
    quotes: Rc<RefCell<Quotes>>,
}

impl<R: Read> Table<R> {
    /// Looks at the beginning of a file and reads its header.
    pub fn new(mut file: R) -> Result<Self, Broken> {
        let mut beginning = Vec::with_capacity(LOOKED_AT_BYTES);
        let limit = u64::try_from(LOOKED_AT_BYTES).unwrap_or(u64::MAX);
        file.by_ref()
            .take(limit)
            .read_to_end(&mut beginning)
            .map_err(|error| unread(&error))?;
        refuse_other_kinds(&beginning)?;
        let text = beginning
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&beginning);
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(Broken::new(
                "empty_file",
                "The file is empty. Export it again, and look into it before you send it.",
            ));
        }
        let delimiter = delimiter_of(text);
        let text = text.to_vec();
        let quotes = Rc::new(RefCell::new(Quotes::new(delimiter)));
        let guarded = Guarded {
            beginning: io::Cursor::new(text),
            rest: file,
            quotes: Rc::clone(&quotes),
        };
        let mut table = Self {
            csv: csv::ReaderBuilder::new()
                .delimiter(delimiter)
                .has_headers(false)
                .flexible(true)
                .buffer_capacity(BUFFER_BYTES)
                .from_reader(guarded),
            header: Vec::new(),
            record: ByteRecord::new(),
            quotes,
        };
        table.next_record()?;
        let cells = table.record.iter().map(String::from_utf8_lossy);
        table.header = cells.map(|cell| cell.trim().to_owned()).collect();
        Ok(table)
    }

    /// The names of the columns.
    pub fn header(&mut self) -> &[String] {
        &self.header
    }

    /// The next line with its number: that of the line of the file on which it begins.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, Broken> {
        if !self.next_record()? {
            return Ok(None);
        }
        // A position of `csv` is the end of the record before: line breaks may come between.
        let read_from = self.record.position().map_or(0, csv::Position::byte);
        Ok(Some(Line {
            number: self.quotes.borrow_mut().line_at(read_from),
            columns: self.header.len(),
            record: &self.record,
        }))
    }

    fn next_record(&mut self) -> Result<bool, Broken> {
        let more = self
            .csv
            .read_byte_record(&mut self.record)
            .map_err(broken)?;
        if let (false, Some(line)) = (more, self.quotes.borrow().open_since()) {
            return Err(unclosed(line));
        }
        // The last line of a file with an open quote comes before its end is seen.
        if more
            && self.csv.is_done()
            && let Some(line) = self.quotes.borrow().open_since()
        {
            return Err(unclosed(line));
        }
        Ok(more)
    }
}

/// A line of a table.
pub struct Line<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
    columns: usize,
    record: &'a ByteRecord,
}

impl<'a> Line<'a> {
    /// The cell in a column, without white space around it; empty where the file has no such
    /// column. `Err` for bytes that are no UTF-8.
    pub fn cell(&self, column: Option<usize>) -> Result<&'a str, NotText> {
        let Some(bytes) = column.and_then(|column| self.record.get(column)) else {
            return Ok("");
        };
        std::str::from_utf8(bytes)
            .map(str::trim)
            .map_err(|_| NotText)
    }

    /// True if it has as many cells as the header, empty ones at its end aside.
    pub fn fits_header(&self) -> bool {
        let surplus = self.record.iter().skip(self.columns);
        self.columns <= self.record.len() && surplus.into_iter().all(<[u8]>::is_empty)
    }

    /// How many cells it has.
    pub fn cells(&self) -> usize {
        self.record.len()
    }
}

/// A cell is no UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText;

/// Text in another encoding, and files that are no text.
fn refuse_other_kinds(beginning: &[u8]) -> Result<(), Broken> {
    let nul = || beginning.iter().take(64).any(|byte| *byte == 0);
    if beginning.starts_with(b"PK\x03\x04") {
        return Err(Broken::new(
            "not_csv",
            "This is a zip or a spreadsheet, not a CSV file. Unpack it, or save the sheet as \"CSV UTF-8\".",
        ));
    }
    if beginning.starts_with(b"\xFF\xFE") || beginning.starts_with(b"\xFE\xFF") || nul() {
        return Err(Broken::new(
            "not_utf8",
            "The file is UTF-16 or no text. Save it as \"CSV UTF-8\" and send it again.",
        ));
    }
    Ok(())
}

/// The most frequent of the usual delimiters in the first line, quoted parts aside.
fn delimiter_of(text: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            byte if !quoted => {
                for (delimiter, count) in &mut counts {
                    *count += u32::from(delimiter == byte);
                }
            }
            _ => {}
        }
    }
    // The first of equals wins: the comma.
    let best = counts.iter().rev().max_by_key(|(_, count)| *count);
    best.map_or(b',', |(delimiter, _)| *delimiter)
}

fn broken(error: csv::Error) -> Broken {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unread(&error),
        _ => Broken::new("not_csv", "The file cannot be read as CSV."),
    }
}

fn unread(error: &io::Error) -> Broken {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(broken) => Broken::clone(broken),
        None => Broken::new("unreadable", format!("The file cannot be read: {error}.")),
    }
}

fn unclosed(line: u64) -> Broken {
    Broken::new(
        "unclosed_quote",
        format!(
            "The quote that opens on line {line} is never closed. Close it, or double quotes within a cell, then send the file again."
        ),
    )
}

/// Follows quotes and counts, so that a file that never ends a line or a cell is given up early and
/// each record is known by the line on which it begins.
struct Quotes {
    delimiter: u8,
    state: State,
    byte: u64,
    line: u64,
    /// True after a carriage return: a line feed then belongs to it.
    returned: bool,
    opened: u64,
    line_bytes: u64,
    columns: u32,
    /// Where each record begins that was read from the file and not asked for yet.
    begins: VecDeque<Begin>,
}

struct Begin {
    byte: u64,
    line: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between records.
    Between,
    /// At the beginning of a cell.
    Begin,
    /// In a cell without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// After a quote that ends the cell, or is the first of a doubled one.
    AfterQuote,
}

impl Quotes {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::Between,
            byte: 0,
            line: 1,
            returned: false,
            opened: 0,
            line_bytes: 0,
            columns: 1,
            begins: VecDeque::new(),
        }
    }

    fn open_since(&self) -> Option<u64> {
        (self.state == State::Quoted).then_some(self.opened)
    }

    /// The line on which the first record begins that does so at `byte` or later. Those before it
    /// are forgotten.
    fn line_at(&mut self, byte: u64) -> u64 {
        while let Some(begin) = self.begins.pop_front() {
            if byte <= begin.byte {
                return begin.line;
            }
        }
        self.line
    }

    fn follow(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        for byte in bytes {
            self.line_bytes += 1;
            let within = self.state == State::Quoted;
            let breaks = matches!(byte, b'\n' | b'\r');
            if self.state == State::Between && !breaks {
                let (byte, line) = (self.byte, self.line);
                self.begins.push_back(Begin { byte, line });
                self.state = State::Begin;
            }
            self.byte += 1;
            self.state = match (self.state, *byte) {
                (State::Begin, b'"') => {
                    self.opened = self.line;
                    State::Quoted
                }
                (State::Quoted, b'"') => State::AfterQuote,
                (State::AfterQuote, b'"') => State::Quoted,
                (State::Quoted, _) => State::Quoted,
                _ if breaks => State::Between,
                (_, byte) if byte == self.delimiter => State::Begin,
                _ => State::Bare,
            };
            if breaks {
                self.line += u64::from(*byte == b'\r' || !self.returned);
            }
            self.returned = *byte == b'\r';
            if !within && *byte == self.delimiter {
                self.columns += 1;
                if COLUMNS_MAX < self.columns {
                    return Err(self.too_wide());
                }
            }
            if !within && breaks {
                (self.line_bytes, self.columns) = (0, 1);
            }
            if LINE_BYTES_MAX < self.line_bytes {
                return Err(self.too_long());
            }
        }
        Ok(())
    }

    fn too_wide(&self) -> Broken {
        let detail = format!(
            "Line {} has more than {COLUMNS_MAX} columns. Keep the columns of the format only.",
            self.line
        );
        Broken::new("too_many_columns", detail)
    }

    fn too_long(&self) -> Broken {
        if let Some(line) = self.open_since() {
            return unclosed(line);
        }
        let detail = format!("Line {} is longer than {LINE_BYTES_MAX} bytes.", self.line);
        Broken::new("line_too_long", detail)
    }
}

/// What is left of a file after its beginning was looked at.
struct Guarded<R> {
    beginning: io::Cursor<Vec<u8>>,
    rest: R,
    quotes: Rc<RefCell<Quotes>>,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.beginning.read(buffer)?;
        if count == 0 {
            count = self.rest.read(buffer)?;
        }
        let read = buffer.get(..count).unwrap_or_default();
        self.quotes
            .borrow_mut()
            .follow(read)
            .map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First cell and number of each line after the header.
    fn numbered(file: &str) -> Vec<(String, u64)> {
        let mut table = Table::new(file.as_bytes()).expect("a table");
        let mut lines = Vec::new();
        while let Some(line) = table.next_line().expect("a line") {
            let cell = line.cell(Some(0)).expect("text");
            lines.push((cell.to_owned(), line.number));
        }
        lines
    }

    #[test]
    fn a_line_has_the_number_of_the_line_on_which_it_begins() {
        let file = "\n\nsku,title\na,A\n\n\nb,\"two\nlines\"\nc,\"\n\"\"\n\"\n\nd,D";
        for ending in ["\n", "\r\n", "\r"] {
            let file = file.replace('\n', ending);
            let expected = [("a", 4), ("b", 7), ("c", 9), ("d", 13)];
            let expected = expected.map(|(cell, number)| (cell.to_owned(), number));
            assert_eq!(numbered(&file), expected, "{ending:?}");
            assert_eq!(numbered(&format!("\u{FEFF}{file}")), expected, "{ending:?}");
        }
    }

    #[test]
    fn numbers_hold_across_many_reads() {
        for ending in ["\n", "\r\n", "\r"] {
            let lines: String = (2..200_000)
                .map(|number| format!("{number},\"x\"{ending}"))
                .collect();
            for (cell, number) in numbered(&format!("sku,title{ending}{lines}")) {
                assert_eq!(cell, number.to_string(), "{ending:?}");
            }
        }
    }
}
