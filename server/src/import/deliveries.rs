//! What suppliers delivered in the past: one line for each line of an order that has come.
//!
//! The columns are those of the delivery history of the Supply Chain Management System programme
//! (tests/lead-times), of which only four must be there.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::mem;

use chrono::{Days, NaiveDate};
use shared::ids::SupplierId;

use super::Broken;
use super::cells::{self, Refused};
use super::header::{column, needed};
use super::intake::{Report, slug};
use super::run::BATCH_ROWS;
use super::table::{Line, Table};
pub use crate::store::deliveries::{DeliveryBatch, DeliveryRecord, MODE_CHARS_MAX};

/// The columns that may be there.
pub const COLUMNS: [&str; 11] = [
    "po_number",
    "supplier",
    "destination_country",
    "shipment_mode",
    "product_group",
    "item",
    "quantity",
    "quantity_received",
    "ordered_on",
    "promised_on",
    "received_on",
];

/// Most suppliers of a store up to which a file makes more.
pub const SUPPLIERS_MAX: usize = 1_000;
/// Longest number of an order, in characters.
const PO_NUMBER_CHARS_MAX: usize = 200;
/// Longest name of a supplier, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Most days between two dates of one delivery: beyond that one of them is a mistake.
const DAYS_APART_MAX: i64 = 3_650;
/// No date before this one is meant.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");

/// What is known when a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSuppliers {
    /// The suppliers of the store, and what people call them.
    pub suppliers: Vec<(SupplierId, String)>,
    /// Today, in UTC.
    pub today: NaiveDate,
}

/// Reads a history and hands on what is in it, a batch at a time. `take` returns false to stop.
///
/// # Errors
///
/// [`Broken`] for a file that cannot be used as a whole; batches handed on before must then be
/// undone.
pub fn read(
    file: impl Read,
    known: KnownSuppliers,
    mut take: impl FnMut(DeliveryBatch) -> bool,
) -> Result<Report, Broken> {
    let mut table = Table::new(file)?;
    let columns = Columns::found(table.header())?;
    let mut names = Names::new(known.suppliers);
    // Tomorrow here is today somewhere.
    let latest = known.today.checked_add_days(Days::new(1));
    let latest = latest.unwrap_or(known.today);
    let mut lines_of_orders: HashMap<String, u32> = HashMap::new();
    let mut report = Report::default();
    let mut batch = DeliveryBatch::default();
    while let Some(line) = table.next_line()? {
        report.rows_read += 1;
        match columns.delivery(&line, latest, &mut lines_of_orders, &mut names) {
            Ok(delivery) => batch.deliveries.push(delivery),
            Err(refused) => report.refuse(line.number, refused),
        }
        if BATCH_ROWS <= batch.deliveries.len() {
            batch.new_suppliers = mem::take(&mut names.new);
            if !take(mem::take(&mut batch)) {
                return Ok(report);
            }
        }
    }
    batch.new_suppliers = mem::take(&mut names.new);
    take(batch);
    Ok(report)
}

struct Columns {
    po_number: usize,
    supplier: usize,
    ordered_on: usize,
    received_on: usize,
    promised_on: Option<usize>,
    mode: Option<usize>,
    quantity: Option<usize>,
    quantity_received: Option<usize>,
    count: usize,
}

impl Columns {
    fn found(header: &[String]) -> Result<Self, Broken> {
        let known = COLUMNS.map(String::from);
        let is_known = |name: &String| name.is_empty() || column(&known, &[name]).is_some();
        if let Some(name) = header.iter().find(|name| !is_known(name)) {
            let detail = format!(
                "The column \"{}\" is not known. Rename it or leave it out; known are: {}.",
                cells::shown(name),
                COLUMNS.join(", ")
            );
            return Err(Broken::new("unknown_column", detail));
        }
        let needed = |name| needed(header, name, "supplier-deliveries");
        let optional = |name| column(header, &[name]);
        Ok(Self {
            po_number: needed("po_number")?,
            supplier: needed("supplier")?,
            ordered_on: needed("ordered_on")?,
            received_on: needed("received_on")?,
            promised_on: optional("promised_on"),
            mode: optional("shipment_mode"),
            quantity: optional("quantity"),
            quantity_received: optional("quantity_received"),
            count: header.len(),
        })
    }

    fn delivery(
        &self,
        line: &Line<'_>,
        latest: NaiveDate,
        lines_of_orders: &mut HashMap<String, u32>,
        names: &mut Names,
    ) -> Result<DeliveryRecord, Refused> {
        let po_number = line.cell(Some(self.po_number))?;
        let number = cells::text(po_number, "po_number", PO_NUMBER_CHARS_MAX)?;
        let number = number.ok_or_else(|| missing("po_number"))?;
        // Counted even if the line is refused: once it is mended, those after it keep their place.
        let at = lines_of_orders.entry(number.clone()).or_default();
        *at += 1;
        let id = format!("import:{number}/{at}");
        cells::refuse_odd_width(line, self.count)?;
        let date = |column: Option<usize>, name: &str| date(line.cell(column)?, name);
        let count = |column: Option<usize>, name: &str| cells::count(line.cell(column)?, name);
        let ordered_on = date(Some(self.ordered_on), "ordered_on")?;
        let ordered_on = ordered_on.ok_or_else(|| missing("ordered_on"))?;
        let received_on = date(Some(self.received_on), "received_on")?;
        let received_on = received_on.ok_or_else(|| missing("received_on"))?;
        let promised_on = date(self.promised_on, "promised_on")?;
        for (day, name) in [(ordered_on, "ordered_on"), (received_on, "received_on")] {
            if latest < day {
                let detail = format!("{name} is {day}, which is still to come");
                return Err(Refused::new("date_out_of_range", detail));
            }
        }
        for day in [Some(ordered_on), promised_on].into_iter().flatten() {
            if DAYS_APART_MAX < (received_on - day).num_days().abs() {
                let detail = format!(
                    "{day} and {received_on} are more than {DAYS_APART_MAX} days apart; one of them is a mistake"
                );
                return Err(Refused::new("date_out_of_range", detail));
            }
        }
        let name = cells::text(line.cell(Some(self.supplier))?, "supplier", NAME_CHARS_MAX)?;
        let mode = line.cell(self.mode)?;
        Ok(DeliveryRecord {
            id,
            mode: cells::text(mode, "shipment_mode", MODE_CHARS_MAX)?,
            ordered_on,
            promised_on,
            received_on,
            ordered: count(self.quantity, "quantity")?,
            received: count(self.quantity_received, "quantity_received")?,
            // Last, so that no supplier is made for a line that is refused.
            supplier: names.supplier(&name.ok_or_else(|| missing("supplier"))?)?,
        })
    }
}

fn missing(name: &str) -> Refused {
    Refused::new("missing_value", format!("{name} is empty; fill it in"))
}

fn date(cell: &str, name: &str) -> Result<Option<NaiveDate>, Refused> {
    let date = cells::date(cell, name)?;
    match date {
        Some(day) if day < FIRST_DAY => {
            let detail = format!("{name} is {day}; dates before {FIRST_DAY} are not meant");
            Err(Refused::new("date_out_of_range", detail))
        }
        date => Ok(date),
    }
}

/// Suppliers by name and by id, those among them that are to be made.
struct Names {
    by_name: HashMap<String, SupplierId>,
    ids: HashSet<SupplierId>,
    new: Vec<(SupplierId, String)>,
}

impl Names {
    fn new(suppliers: Vec<(SupplierId, String)>) -> Self {
        let ids = suppliers.iter().map(|(id, _)| id.clone()).collect();
        let by_name = suppliers.into_iter().map(|(id, name)| (name, id));
        Self {
            by_name: by_name.collect(),
            ids,
            new: Vec::new(),
        }
    }

    /// The supplier of this name or id; made if there is none.
    fn supplier(&mut self, name: &str) -> Result<SupplierId, Refused> {
        if let Some(id) = self.by_name.get(name) {
            return Ok(id.clone());
        }
        let known = name.parse().ok().filter(|id| self.ids.contains(id));
        if let Some(id) = known {
            return Ok(id);
        }
        if SUPPLIERS_MAX <= self.ids.len() {
            let detail = format!(
                "would make one more supplier than the {SUPPLIERS_MAX} that a file may make"
            );
            return Err(Refused::new("too_many_suppliers", detail));
        }
        let id = self.free_id(name);
        self.ids.insert(id.clone());
        self.by_name.insert(name.to_owned(), id.clone());
        self.new.push((id.clone(), name.to_owned()));
        Ok(id)
    }

    fn free_id(&self, name: &str) -> SupplierId {
        let slug = slug(name);
        let numbered = (1..).map(|number| match (slug.as_str(), number) {
            ("", number) => format!("supplier-{number}"),
            (slug, 1) => slug.to_owned(),
            (slug, number) => format!("{slug}-{number}"),
        });
        numbered
            .filter_map(|id| id.parse().ok())
            .find(|id| !self.ids.contains(id))
            .expect("there are more numbers than suppliers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suppliers_of_like_names_get_ids_of_their_own() {
        let known = ("acme".parse().expect("an id"), "Acme Ltd".to_owned());
        let mut names = Names::new(vec![known]);
        let mut id = |name: &str| names.supplier(name).expect("a supplier").to_string();
        assert_eq!(id("Acme Ltd"), "acme");
        assert_eq!(id("acme"), "acme");
        assert_eq!(id("ACME"), "acme-2");
        assert_eq!(id("Acme."), "acme-3");
        assert_eq!(id("Acme."), "acme-3");
        assert_eq!(id("株式会社"), "supplier-1");
        let long = "A".repeat(200);
        assert_eq!(id(&long).len(), 50);
    }
}
