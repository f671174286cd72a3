//! What parsers hand over: rows, refusals and warnings, gathered into batches.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, Hash};
use std::mem;
use std::num::NonZeroU32;

use chrono::NaiveDate;
use shared::ids::{LocationId, Sku, SupplierId};
use shared::quantity::QUANTITY_MAX;
use shared::supply::BackorderMode;

use super::cells::Refused;
use super::run::Run;
pub use crate::store::import::Batch;

/// Refusals and warnings that a report lists, of each; it counts all.
pub const LISTED_MAX: usize = 100;

/// What a row says. `None`: nothing, so it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Of what.
    pub sku: Sku,
    /// Where; [`Known::default_location`] unless said otherwise.
    pub location: Option<LocationId>,
    /// The merchant's name for it.
    pub title: Option<String>,
    /// A name that it takes only if it has none.
    pub title_if_none: Option<String>,
    /// Whether it is counted.
    pub tracked: Option<bool>,
    /// Units there.
    pub on_hand: Option<u32>,
    /// Units of open orders that only the shop knows.
    pub committed: Option<u32>,
    /// Units withheld from sale.
    pub safety_stock: Option<u32>,
    /// At or below this it reads as low.
    pub low_stock_threshold: Option<u32>,
    /// Whether more than is on the shelf may be sold.
    pub backorder: Option<BackorderMode>,
    /// Most units that may be owed.
    pub backorder_limit: Option<u32>,
    /// Why there is a wait.
    pub reason: Option<String>,
    /// Days from order to arrival.
    pub lead_time_days: Option<u32>,
    /// Who delivers it.
    pub supplier: Option<SupplierId>,
    /// Before this date none leaves.
    pub released_on: Option<NaiveDate>,
    /// No more will come.
    pub discontinued: Option<bool>,
}

impl Row {
    /// A row that says nothing about a SKU but that there is such a thing.
    pub fn new(sku: Sku) -> Self {
        Self {
            sku,
            location: None,
            title: None,
            title_if_none: None,
            tracked: None,
            on_hand: None,
            committed: None,
            safety_stock: None,
            low_stock_threshold: None,
            backorder: None,
            backorder_limit: None,
            reason: None,
            lead_time_days: None,
            supplier: None,
            released_on: None,
            discontinued: None,
        }
    }

    /// Says what is on hand, `counted` being negative where more is owed than there is: then
    /// nothing is on hand and the rest is owed. Returns how much that is.
    pub fn set_on_hand(&mut self, counted: i64) -> Result<u32, Refused> {
        let owed = u32::try_from(-counted.min(0)).unwrap_or(u32::MAX);
        self.on_hand = Some(u32::try_from(counted.max(0)).unwrap_or(u32::MAX));
        if 0 < owed {
            let committed = self.committed.unwrap_or(0).saturating_add(owed);
            if QUANTITY_MAX < committed {
                let detail = format!("owes {committed} in all; at most 1,000,000,000 can be owed");
                return Err(Refused::new("invalid_quantity", detail));
            }
            self.committed = Some(committed);
        }
        Ok(owed)
    }
}

/// What the store knows already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Where goods are of a file that does not say.
    pub default_location: LocationId,
    /// If given, only lines of this location (its id or its name) count, where the file has locations.
    pub only_location: Option<String>,
    /// Ids and names of locations.
    pub locations: Vec<(LocationId, String)>,
    /// Suppliers.
    pub suppliers: Vec<SupplierId>,
}

/// Something to be said about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Its number in the file.
    pub line: u64,
    /// A stable code.
    pub code: &'static str,
    /// What there is to say, and what to do.
    pub detail: String,
}

/// What came of reading a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Lines read, without the header.
    pub rows_read: u64,
    /// Lines that are not about stock: parents of variants, places that do not stock it.
    pub skipped: u64,
    /// The first lines that were refused.
    pub refused: Vec<Remark>,
    /// All that were.
    pub refused_count: u64,
    /// The first warnings.
    pub warnings: Vec<Remark>,
    /// All of them.
    pub warnings_count: u64,
}

impl Report {
    /// Notes a line that was refused.
    pub fn refuse(&mut self, line: u64, refused: Refused) {
        self.refused_count += 1;
        list(&mut self.refused, line, refused.code, refused.detail);
    }
}

/// Gathers what a parser finds.
pub struct Intake<F> {
    known: Known,
    take: F,
    run: Run,
    new_locations: Vec<(LocationId, String)>,
    report: Report,
    seen: Seen,
    stopped: bool,
}

impl<F: FnMut(Batch) -> bool> Intake<F> {
    /// Gathers for `take`.
    pub fn new(known: Known, take: F) -> Self {
        Self {
            known,
            take,
            run: Run::default(),
            new_locations: Vec::new(),
            report: Report::default(),
            seen: Seen::default(),
            stopped: false,
        }
    }

    /// What the store knows already.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// True once nobody wants more.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// Counts a line.
    pub fn line_read(&mut self) {
        self.report.rows_read += 1;
    }

    /// Passes a line over that is not about stock.
    pub fn skip(&mut self) {
        self.report.skipped += 1;
    }

    /// Refuses a line.
    pub fn refuse(&mut self, line: u64, refused: Refused) {
        self.report.refuse(line, refused);
    }

    /// Warns of something.
    pub fn warn(&mut self, line: u64, code: &'static str, detail: String) {
        self.report.warnings_count += 1;
        list(&mut self.report.warnings, line, code, detail);
    }

    /// True if lines of the location of this name count.
    pub fn wants(&self, name: &str) -> bool {
        let Some(only) = &self.known.only_location else {
            return true;
        };
        let is_it = |(id, known): &(LocationId, String)| known == name && id.as_str() == only;
        only == name || *only == slug(name) || self.known.locations.iter().any(is_it)
    }

    /// The location of this id or name; made if there is none.
    pub fn location(&mut self, name: &str) -> Result<LocationId, Refused> {
        let known = &self.known.locations;
        let is_it = |(id, known): &&(LocationId, String)| known == name || id.as_str() == name;
        if let Some((id, _)) = known.iter().find(is_it) {
            return Ok(id.clone());
        }
        if LOCATIONS_MAX <= known.len() {
            let detail = format!("is of location {LOCATIONS_MAX} or more; a store has fewer");
            return Err(Refused::new("too_many_locations", detail));
        }
        let id = self.free_id(name);
        let made = (id.clone(), name.to_owned());
        self.known.locations.push(made.clone());
        self.new_locations.push(made);
        Ok(id)
    }

    /// Takes a row of a SKU that has no other.
    pub fn row(&mut self, line: u64, row: &Row) {
        self.admit(line, row, false);
    }

    /// Takes a row of a SKU that may have others, for other locations. What they say of the SKU
    /// itself must agree.
    pub fn row_of_several(&mut self, line: u64, row: &Row) {
        self.admit(line, row, true);
    }

    fn admit(&mut self, line: u64, row: &Row, several: bool) {
        let location = row
            .location
            .as_ref()
            .unwrap_or(&self.known.default_location);
        let line_seen = u32::try_from(line).unwrap_or(u32::MAX);
        let refused = match several {
            true => self.seen.refuse_contradiction(row),
            false => Ok(()),
        };
        let refused = refused.and_then(|()| self.seen.refuse_twice(row, location, line_seen));
        if let Err(refused) = refused {
            self.refuse(line, refused);
            return;
        }
        if several {
            self.seen.remember(row, line_seen);
        }
        self.run.push(row, location);
        if self.run.is_full() {
            self.hand_over();
        }
    }

    /// Hands the last rows over.
    pub fn finish(mut self) -> Report {
        self.hand_over();
        self.report
    }

    fn hand_over(&mut self) {
        let mut new_locations = mem::take(&mut self.new_locations);
        let (take, stopped) = (&mut self.take, &mut self.stopped);
        self.run.hand_over(|batch| {
            // Locations come before the rows that need them.
            let new_locations = mem::take(&mut new_locations);
            let batch = Batch {
                new_locations,
                ..batch
            };
            if !*stopped && !take(batch) {
                *stopped = true;
            }
        });
    }

    fn free_id(&self, name: &str) -> LocationId {
        let is_free = |id: &LocationId| !self.known.locations.iter().any(|(known, _)| known == id);
        let slug = slug(name);
        let numbered = (1..).map(|number| match (slug.as_str(), number) {
            ("", number) => format!("location-{number}"),
            (slug, 1) => slug.to_owned(),
            (slug, number) => format!("{slug}-{number}"),
        });
        numbered
            .filter_map(|id| id.parse().ok())
            .find(is_free)
            .expect("there are more numbers than locations")
    }
}

/// Most locations of a store that a file may name.
const LOCATIONS_MAX: usize = 1_000;
/// Longest id made from a name, with room for a number.
const SLUG_CHARS_MAX: usize = 50;

/// `Main warehouse` as `main-warehouse`.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if SLUG_CHARS_MAX <= slug.len() {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn list(remarks: &mut Vec<Remark>, line: u64, code: &'static str, detail: String) {
    if remarks.len() < LISTED_MAX {
        remarks.push(Remark { line, code, detail });
    }
}

/// Which SKUs were seen where, on which line, and what was said of them. Kept as hashes with random
/// seeds, SKUs as 128 bits: a file cannot be made in which two collide, and a million of them take
/// 50 MB.
#[derive(Default)]
struct Seen {
    seeds: [RandomState; 2],
    /// Lines, by SKU and location.
    lines: HashMap<(u64, u64), u32>,
    /// What lines say of SKUs themselves, where a SKU may have several.
    said: HashMap<(u64, u64), Said>,
}

/// What lines say of a SKU itself.
struct Said {
    /// The first of them.
    line: u32,
    cells: [CellHash; CELLS.len()],
}

/// `None`: the cell is empty.
type CellHash = Option<NonZeroU32>;

/// The cells that are about a SKU itself, not about what is there of it at a location.
const CELLS: [&str; 10] = [
    "title",
    "tracked",
    "discontinued",
    "backorder",
    "backorder_limit",
    "reason",
    "released_on",
    "low_stock_threshold",
    "supplier",
    "lead_time_days",
];

impl Seen {
    fn refuse_twice(&mut self, row: &Row, location: &LocationId, line: u32) -> Result<(), Refused> {
        let hash = self.hash((row.sku.as_str(), location.as_str()));
        match self.lines.entry(hash) {
            Entry::Occupied(before) => {
                let detail = format!(
                    "`{}` is on line {} already; keep one of the lines",
                    row.sku,
                    before.get()
                );
                Err(Refused::new("duplicate_sku", detail))
            }
            Entry::Vacant(free) => {
                free.insert(line);
                Ok(())
            }
        }
    }

    /// Refuses a row that says something else of its SKU than a line before.
    fn refuse_contradiction(&self, row: &Row) -> Result<(), Refused> {
        let Some(before) = self.said.get(&self.hash(row.sku.as_str())) else {
            return Ok(());
        };
        let cells = self.cells(row);
        let both = before.cells.iter().zip(&cells).zip(CELLS);
        for ((before_cell, cell), name) in both {
            if before_cell.is_some() && cell.is_some() && before_cell != cell {
                let detail = format!(
                    "says another {name} of `{}` than a line before; its lines begin with line {}. Say the same on each, or on one only",
                    row.sku, before.line
                );
                return Err(Refused::new("contradicts_line", detail));
            }
        }
        Ok(())
    }

    fn remember(&mut self, row: &Row, line: u32) {
        let cells = self.cells(row);
        if cells.iter().all(Option::is_none) {
            return;
        }
        let nothing = Said {
            line,
            cells: [None; CELLS.len()],
        };
        let hash = self.hash(row.sku.as_str());
        let said = self.said.entry(hash).or_insert(nothing);
        for (known, cell) in said.cells.iter_mut().zip(cells) {
            *known = known.or(cell);
        }
    }

    /// Hashes of what a row says of its SKU, in the order of [`CELLS`].
    fn cells(&self, row: &Row) -> [CellHash; CELLS.len()] {
        [
            self.cell(&row.title),
            self.cell(&row.tracked),
            self.cell(&row.discontinued),
            self.cell(&row.backorder.map(BackorderMode::name)),
            self.cell(&row.backorder_limit),
            self.cell(&row.reason),
            self.cell(&row.released_on),
            self.cell(&row.low_stock_threshold),
            self.cell(&row.supplier),
            self.cell(&row.lead_time_days),
        ]
    }

    fn cell<T: Hash>(&self, cell: &Option<T>) -> CellHash {
        let hash = self.seeds[0].hash_one(cell.as_ref()?);
        NonZeroU32::new(u32::try_from(hash >> 32).unwrap_or(u32::MAX)).or(Some(NonZeroU32::MIN))
    }

    fn hash(&self, what: impl Hash + Copy) -> (u64, u64) {
        let [first, second] = &self.seeds;
        (first.hash_one(what), second.hash_one(what))
    }
}
