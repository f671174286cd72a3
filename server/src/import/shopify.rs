//! Shopify's inventory export: one line a variant and location.
//!
//! Shopify's on hand includes what it calls unavailable and committed. What is unavailable is not
//! for sale, so it is not on hand here; what is committed is promised to somebody.

use std::io::Read;

use super::Broken;
use super::cells::{self, Refused};
use super::header::{column, needed};
use super::intake::{Batch, Intake, Row};
use super::table::{Line, Table};
use super::woocommerce::taken_as_owed;

/// What stands in a cell for a location that does not hold the variant.
const NOT_STOCKED: &str = "not stocked";

struct Columns {
    sku: usize,
    title: Option<usize>,
    /// Name and value of each option.
    options: Vec<(Option<usize>, usize)>,
    location: usize,
    incoming: Option<usize>,
    unavailable: Option<usize>,
    committed: Option<usize>,
    on_hand: usize,
    on_hand_new: Option<usize>,
    count: usize,
}

/// What a line says.
struct Found {
    row: Row,
    owed: u32,
    incoming: u32,
}

/// Reads an inventory export of Shopify.
pub fn read<R: Read, F: FnMut(Batch) -> bool>(
    table: &mut Table<R>,
    intake: &mut Intake<F>,
) -> Result<(), Broken> {
    let columns = Columns::found(table.header())?;
    while !intake.stopped()
        && let Some(line) = table.next_line()?
    {
        intake.line_read();
        match columns.found_on(&line, intake) {
            Ok(Some(Found {
                row,
                owed,
                incoming,
            })) => {
                if 0 < owed {
                    intake.warn(line.number, "negative_stock", taken_as_owed(owed));
                }
                if 0 < incoming {
                    let detail = format!(
                        "{incoming} of `{}` are on their way without a date; add a purchase order, so that they can be promised",
                        row.sku
                    );
                    intake.warn(line.number, "incoming_without_date", detail);
                }
                intake.row(line.number, &row);
            }
            Ok(None) => intake.skip(),
            Err(refused) => intake.refuse(line.number, refused),
        }
    }
    Ok(())
}

impl Columns {
    fn found(header: &[String]) -> Result<Self, Broken> {
        let format = "shopify-inventory";
        let options = ["Option1", "Option2", "Option3"].into_iter();
        let option = |option: &str| {
            let name = column(header, &[&format!("{option} Name")]);
            column(header, &[&format!("{option} Value")]).map(|value| (name, value))
        };
        Ok(Self {
            sku: needed(header, "SKU", format)?,
            title: column(header, &["Title"]),
            options: options.filter_map(option).collect(),
            location: needed(header, "Location", format)?,
            incoming: column(header, &["Incoming (not editable)", "Incoming"]),
            unavailable: column(header, &["Unavailable (not editable)", "Unavailable"]),
            committed: column(header, &["Committed (not editable)", "Committed"]),
            on_hand: needed(header, "On hand (current)", format)?,
            on_hand_new: column(header, &["On hand (new)"]),
            count: header.len(),
        })
    }

    /// `None` for a location that does not hold the variant, or that is not asked for.
    fn found_on<F: FnMut(Batch) -> bool>(
        &self,
        line: &Line<'_>,
        intake: &mut Intake<F>,
    ) -> Result<Option<Found>, Refused> {
        cells::refuse_odd_width(line, self.count)?;
        let name = cells::location(line.cell(Some(self.location))?)?;
        if name.is_empty() {
            return Err(Refused::new("location_missing", "has no location"));
        }
        if !intake.wants(name) {
            return Ok(None);
        }
        let current = line.cell(Some(self.on_hand))?;
        let on_hand = match line.cell(self.on_hand_new)? {
            "" => current,
            new => new,
        };
        if on_hand == NOT_STOCKED || on_hand.is_empty() {
            return Ok(None);
        }
        let sku = line.cell(Some(self.sku))?;
        if sku.is_empty() {
            let detail = "has no SKU; give it one in Shopify, then export again";
            return Err(Refused::new("sku_missing", detail));
        }
        let mut row = Row::new(cells::sku(sku)?);
        row.title_if_none = cells::title(&self.title(line)?)?;
        let count = |column: Option<usize>, name: &str| -> Result<u32, Refused> {
            match line.cell(column)? {
                NOT_STOCKED => Ok(0),
                cell => Ok(cells::count(cell, name)?.unwrap_or(0)),
            }
        };
        let incoming = count(self.incoming, "Incoming")?;
        let unavailable = count(self.unavailable, "Unavailable")?;
        let counted = cells::signed_count(on_hand, "On hand")?.unwrap_or(0);
        row.tracked = Some(true);
        row.committed = Some(count(self.committed, "Committed")?);
        let owed = row.set_on_hand(counted - i64::from(unavailable))?;
        // Last of all, so that a refused line makes no location.
        row.location = Some(intake.location(name)?);
        Ok(Some(Found {
            row,
            owed,
            incoming,
        }))
    }

    /// The product's title with the options that it does not name already.
    fn title(&self, line: &Line<'_>) -> Result<String, Refused> {
        let mut title = line.cell(self.title)?.to_owned();
        for (name, value) in &self.options {
            let (name, value) = (line.cell(*name)?, line.cell(Some(*value))?);
            let says_nothing = value.is_empty() || name == "Title" || title.contains(value);
            if !says_nothing && !title.is_empty() {
                title.push_str(", ");
                title.push_str(value);
            }
        }
        Ok(title)
    }
}
