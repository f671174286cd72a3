//! WooCommerce's product export.
//!
//! Stock that is not managed there (an empty Stock) is not counted here, if it is in stock.

use std::io::Read;

use shared::supply::BackorderMode;

use super::Broken;
use super::cells::{self, Refused};
use super::header::{column, needed};
use super::intake::{Batch, Intake, Row};
use super::table::{Line, Table};

struct Columns {
    sku: usize,
    kind: Option<usize>,
    name: Option<usize>,
    in_stock: usize,
    stock: usize,
    low_stock: Option<usize>,
    backorders: Option<usize>,
    count: usize,
}

/// What a line is.
enum Found {
    /// Goods.
    Goods {
        row: Row,
        /// Units that are owed.
        owed: u32,
    },
    /// Something that has variants, is a set of others, or is sold elsewhere.
    Parent(&'static str),
}

/// Reads a product export of WooCommerce.
pub fn read<R: Read, F: FnMut(Batch) -> bool>(
    table: &mut Table<R>,
    intake: &mut Intake<F>,
) -> Result<(), Broken> {
    let columns = Columns::found(table.header())?;
    while !intake.stopped()
        && let Some(line) = table.next_line()?
    {
        intake.line_read();
        match columns.found_on(&line) {
            Ok(Found::Goods { row, owed }) => {
                if 0 < owed {
                    intake.warn(line.number, "negative_stock", taken_as_owed(owed));
                }
                intake.row(line.number, &row);
            }
            Ok(Found::Parent(kind)) => {
                intake.skip();
                let detail = format!("is a {kind} product, which has no stock of its own");
                intake.warn(line.number, "not_stocked", detail);
            }
            Err(refused) => intake.refuse(line.number, refused),
        }
    }
    Ok(())
}

/// What is said of a negative count.
pub fn taken_as_owed(owed: u32) -> String {
    format!("fewer than none are on hand; taken as 0 on hand and {owed} promised to somebody")
}

impl Columns {
    fn found(header: &[String]) -> Result<Self, Broken> {
        let format = "woocommerce";
        Ok(Self {
            sku: needed(header, "SKU", format)?,
            kind: column(header, &["Type"]),
            name: column(header, &["Name"]),
            in_stock: needed(header, "In stock?", format)?,
            stock: needed(header, "Stock", format)?,
            low_stock: column(header, &["Low stock amount"]),
            backorders: column(header, &["Backorders allowed?"]),
            count: header.len(),
        })
    }

    fn found_on(&self, line: &Line<'_>) -> Result<Found, Refused> {
        cells::refuse_odd_width(line, self.count)?;
        let kinds = line.cell(self.kind)?;
        for parent in ["variable", "grouped", "external"] {
            if kinds.split(',').any(|kind| kind.trim() == parent) {
                return Ok(Found::Parent(parent));
            }
        }
        let sku = line.cell(Some(self.sku))?;
        if sku.is_empty() {
            let detail = "has no SKU; give it one in WooCommerce, then export again";
            return Err(Refused::new("sku_missing", detail));
        }
        let mut row = Row::new(cells::sku(sku)?);
        row.title = cells::title(line.cell(self.name)?)?;
        row.low_stock_threshold = cells::count(line.cell(self.low_stock)?, "Low stock amount")?;
        row.backorder = match line.cell(self.backorders)? {
            "" => None,
            "0" => Some(BackorderMode::Deny),
            // "Allow" says nothing of the wait to shoppers; "Allow, but notify customer" does.
            "1" => Some(BackorderMode::AllowSilent),
            "notify" => Some(BackorderMode::Allow),
            other => {
                let detail = format!(
                    "Backorders allowed? is `{}`; it must be 0, 1 or notify",
                    cells::shown(other)
                );
                return Err(Refused::new("invalid_value", detail));
            }
        };
        let stock = cells::signed_count(line.cell(Some(self.stock))?, "Stock")?;
        let mut owed = 0;
        match (stock, line.cell(Some(self.in_stock))?) {
            (Some(counted), _) => {
                row.tracked = Some(true);
                row.committed = Some(0);
                owed = row.set_on_hand(counted)?;
            }
            (None, "1") => row.tracked = Some(false),
            (None, "0") => {
                row.tracked = Some(true);
                row.on_hand = Some(0);
            }
            (None, "backorder") => {
                row.tracked = Some(true);
                row.on_hand = Some(0);
                row.backorder = row.backorder.filter(|mode| *mode != BackorderMode::Deny);
                row.backorder = row.backorder.or(Some(BackorderMode::Allow));
            }
            (None, other) => {
                let detail = format!(
                    "In stock? is `{}`; it must be 0, 1 or backorder",
                    cells::shown(other)
                );
                return Err(Refused::new("invalid_value", detail));
            }
        }
        Ok(Found::Goods { row, owed })
    }
}
