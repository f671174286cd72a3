//! What was sold in the past: one line for each sale, or for all sales of a SKU on a day.

use std::collections::HashMap;
use std::io::Read;

use chrono::{Days, NaiveDate};
use shared::ids::Sku;
use shared::quantity::QUANTITY_MAX;

use super::Broken;
use super::cells::{self, Refused};
use super::header::needed;
use super::intake::Report;
use super::table::{Line, Table};
use crate::limits::SALES_LINES_MAX;
pub use crate::store::sales::SoldDays;

/// No date before this one is meant.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");

/// What a file says was sold. Only sums are kept of its lines.
#[derive(Debug, Default)]
pub struct Sold {
    /// By SKU; days as they came.
    by_sku: HashMap<Sku, Vec<SoldLine>>,
}

#[derive(Debug, Clone, Copy)]
struct SoldLine {
    day: NaiveDate,
    units: u32,
    line: u32,
}

/// Reads a file of sales.
///
/// # Errors
///
/// [`Broken`] for a file that cannot be used as a whole.
pub fn read(file: impl Read, today: NaiveDate) -> Result<(Sold, Report), Broken> {
    let mut table = Table::new(file)?;
    let header = table.header().to_vec();
    let columns = Columns {
        sku: needed(&header, "sku", "sales")?,
        date: needed(&header, "date", "sales")?,
        quantity: needed(&header, "quantity", "sales")?,
        count: header.len(),
    };
    // Tomorrow here is today somewhere.
    let latest = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let mut report = Report::default();
    let mut sold = Sold::default();
    while let Some(line) = table.next_line()? {
        report.rows_read += 1;
        if SALES_LINES_MAX < report.rows_read {
            let detail =
                format!("A file of sales has at most {SALES_LINES_MAX} lines. Split it by date.");
            return Err(Broken::new("too_many_lines", detail));
        }
        match columns.sale(&line, latest) {
            Ok((sku, sale)) => sold.by_sku.entry(sku).or_default().push(sale),
            Err(refused) => report.refuse(line.number, refused),
        }
    }
    Ok((sold, report))
}

impl Sold {
    /// All SKUs that are named, in order.
    pub fn skus(&self) -> Vec<Sku> {
        let mut skus: Vec<Sku> = self.by_sku.keys().cloned().collect();
        skus.sort_unstable();
        skus
    }

    /// Takes a SKU out, with the sum of each day, oldest first. Lines of the same day are added up.
    pub fn take(&mut self, sku: &Sku) -> SoldDays {
        let mut lines = self.by_sku.remove(sku).unwrap_or_default();
        lines.sort_by_key(|sold| sold.day);
        let days = lines.chunk_by(|one, next| one.day == next.day);
        days.filter_map(|day| {
            let units = day.iter().fold(0_u32, |sum, sold| {
                sum.saturating_add(sold.units).min(QUANTITY_MAX)
            });
            Some((day.first()?.day, units))
        })
        .collect()
    }

    /// Refuses all lines of a SKU that the store does not have.
    pub fn refuse(&mut self, sku: &Sku, report: &mut Report) {
        for sold in self.by_sku.remove(sku).unwrap_or_default() {
            let detail = format!("`{sku}` is not known here; create it first, or import stock");
            report.refuse(sold.line.into(), Refused::new("unknown_sku", detail));
        }
    }
}

struct Columns {
    sku: usize,
    date: usize,
    quantity: usize,
    count: usize,
}

impl Columns {
    fn sale(&self, line: &Line<'_>, latest: NaiveDate) -> Result<(Sku, SoldLine), Refused> {
        cells::refuse_odd_width(line, self.count)?;
        let sku = cells::sku(line.cell(Some(self.sku))?)?;
        let day = cells::date(line.cell(Some(self.date))?, "date")?;
        let day = day.ok_or_else(|| missing("date"))?;
        if day < FIRST_DAY || latest < day {
            let detail = format!("date is {day}; it must be from {FIRST_DAY} to today");
            return Err(Refused::new("date_out_of_range", detail));
        }
        let units = cells::count(line.cell(Some(self.quantity))?, "quantity")?;
        let sale = SoldLine {
            day,
            units: units.ok_or_else(|| missing("quantity"))?,
            line: u32::try_from(line.number).unwrap_or(u32::MAX),
        };
        Ok((sku, sale))
    }
}

fn missing(name: &str) -> Refused {
    Refused::new("missing_value", format!("{name} is empty; fill it in"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_day_are_added_up_and_those_that_cannot_be_meant_refused_by_number() {
        let file = "sku,date,quantity\nA,2026-01-02,1\nA,2026-01-01,2\nA,2026-01-02,3\n,2026-01-01,1\nA,2026-13-01,1\nA,2027-01-01,1\nA,2026-01-01,-2\nB,2026-01-01,\n";
        let today = "2026-11-23".parse().expect("a date");
        let (mut sold, report) = read(file.as_bytes(), today).expect("a file");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(
            sold.take(&"A".parse().expect("a SKU")),
            [(day("2026-01-01"), 2), (day("2026-01-02"), 4)]
        );
        let refused: Vec<_> = report
            .refused
            .iter()
            .map(|one| (one.line, one.code))
            .collect();
        assert_eq!(
            refused,
            [
                (5, "invalid_sku"),
                (6, "invalid_date"),
                (7, "date_out_of_range"),
                (8, "invalid_quantity"),
                (9, "missing_value")
            ]
        );
    }
}
