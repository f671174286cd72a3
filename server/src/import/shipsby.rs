//! Our own format: one line a SKU and location, of which only `sku` and `on_hand` must be there.
//!
//! An empty cell leaves what it stands for as it is.

use std::io::Read;

use super::Broken;
use super::cells::{self, Refused};
use super::header::{column, needed};
use super::intake::{Batch, Intake, Row};
use super::table::{Line, Table};

/// The columns, in the order in which we write them.
pub const COLUMNS: [&str; 15] = [
    "sku",
    "title",
    "location",
    "on_hand",
    "committed",
    "safety_stock",
    "low_stock_threshold",
    "backorder",
    "backorder_limit",
    "reason",
    "lead_time_days",
    "supplier",
    "released_on",
    "tracked",
    "discontinued",
];

struct Columns {
    sku: usize,
    on_hand: usize,
    title: Option<usize>,
    location: Option<usize>,
    committed: Option<usize>,
    safety_stock: Option<usize>,
    low_stock_threshold: Option<usize>,
    backorder: Option<usize>,
    backorder_limit: Option<usize>,
    reason: Option<usize>,
    lead_time_days: Option<usize>,
    supplier: Option<usize>,
    released_on: Option<usize>,
    tracked: Option<usize>,
    discontinued: Option<usize>,
    count: usize,
}

/// Reads a file of our own format.
pub fn read<R: Read, F: FnMut(Batch) -> bool>(
    table: &mut Table<R>,
    intake: &mut Intake<F>,
) -> Result<(), Broken> {
    let columns = Columns::found(table.header())?;
    while !intake.stopped()
        && let Some(line) = table.next_line()?
    {
        intake.line_read();
        match columns.row(&line, intake) {
            Ok(row) if columns.location.is_some() => intake.row_of_several(line.number, &row),
            Ok(row) => intake.row(line.number, &row),
            Err(refused) => intake.refuse(line.number, refused),
        }
    }
    Ok(())
}

impl Columns {
    fn found(header: &[String]) -> Result<Self, Broken> {
        let unknown = header
            .iter()
            .find(|name| !name.is_empty() && column(&COLUMNS.map(String::from), &[name]).is_none());
        if let Some(name) = unknown {
            let detail = format!(
                "The column \"{}\" is not known. Rename it or leave it out; known are: {}.",
                cells::shown(name),
                COLUMNS.join(", ")
            );
            return Err(Broken::new("unknown_column", detail));
        }
        let optional = |name| column(header, &[name]);
        Ok(Self {
            sku: needed(header, "sku", "shipsby")?,
            on_hand: needed(header, "on_hand", "shipsby")?,
            title: optional("title"),
            location: optional("location"),
            committed: optional("committed"),
            safety_stock: optional("safety_stock"),
            low_stock_threshold: optional("low_stock_threshold"),
            backorder: optional("backorder"),
            backorder_limit: optional("backorder_limit"),
            reason: optional("reason"),
            lead_time_days: optional("lead_time_days"),
            supplier: optional("supplier"),
            released_on: optional("released_on"),
            tracked: optional("tracked"),
            discontinued: optional("discontinued"),
            count: header.len(),
        })
    }

    fn row<F: FnMut(Batch) -> bool>(
        &self,
        line: &Line<'_>,
        intake: &Intake<F>,
    ) -> Result<Row, Refused> {
        cells::refuse_odd_width(line, self.count)?;
        let count = |column: Option<usize>, name: &str| cells::count(line.cell(column)?, name);
        let mut row = Row::new(cells::sku(line.cell(Some(self.sku))?)?);
        row.on_hand = count(Some(self.on_hand), "on_hand")?;
        row.title = cells::title(line.cell(self.title)?)?;
        row.committed = count(self.committed, "committed")?;
        row.safety_stock = count(self.safety_stock, "safety_stock")?;
        row.low_stock_threshold = count(self.low_stock_threshold, "low_stock_threshold")?;
        row.backorder = cells::backorder(line.cell(self.backorder)?)?;
        row.backorder_limit = count(self.backorder_limit, "backorder_limit")?;
        row.reason = cells::reason(line.cell(self.reason)?)?;
        row.lead_time_days = cells::lead_time(line.cell(self.lead_time_days)?)?;
        row.released_on = cells::date(line.cell(self.released_on)?, "released_on")?;
        row.tracked = cells::truth(line.cell(self.tracked)?, "tracked")?;
        row.discontinued = cells::truth(line.cell(self.discontinued)?, "discontinued")?;
        let known = intake.known();
        row.location = match line.cell(self.location)? {
            "" => None,
            name => {
                let locations = &known.locations;
                let is_it = |(id, known): &&(_, String)| is_named(id, known, name);
                let found = locations.iter().find(is_it);
                let location = found.map(|(id, _)| id.clone()).ok_or_else(|| {
                    let detail = format!(
                        "there is no location `{}`; create it first with PUT /v1/locations/{{id}}",
                        cells::shown(name)
                    );
                    Refused::new("unknown_location", detail)
                })?;
                Some(location)
            }
        };
        row.supplier = match line.cell(self.supplier)? {
            "" => None,
            name => {
                let supplier = known.suppliers.iter().find(|id| id.as_str() == name);
                let supplier = supplier.cloned().ok_or_else(|| {
                    let detail = format!(
                        "there is no supplier `{}`; create it first with PUT /v1/suppliers/{{id}}",
                        cells::shown(name)
                    );
                    Refused::new("unknown_supplier", detail)
                })?;
                Some(supplier)
            }
        };
        Ok(row)
    }
}

fn is_named(id: &shared::ids::LocationId, known: &str, name: &str) -> bool {
    known == name || id.as_str() == name
}
