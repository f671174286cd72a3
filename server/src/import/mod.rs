//! Files: one parser a format, over anything that can be read, in bounded memory.
//!
//! A line that cannot be used is refused with its number, and the others go on. A file that is
//! broken as a whole (no header, a quote that never ends) changes nothing.

pub mod cells;
pub mod deliveries;
pub mod header;
pub mod holidays;
pub mod intake;
pub mod run;
pub mod sales;
pub mod shipsby;
pub mod shopify;
pub mod table;
pub mod woocommerce;

use std::fmt;
use std::io::Read;
use std::str::FromStr;

pub use intake::{Batch, Intake, Known, Remark, Report};
pub use table::Broken;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Our own.
    ShipsBy,
    /// WooCommerce: Products, Export.
    WooCommerce,
    /// Shopify: Inventory, Export.
    ShopifyInventory,
    /// Ours too: what suppliers delivered in the past.
    SupplierDeliveries,
    /// Ours too: what was sold in the past.
    Sales,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ShipsBy,
        Self::WooCommerce,
        Self::ShopifyInventory,
        Self::SupplierDeliveries,
        Self::Sales,
    ];

    /// Its name, in addresses and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShipsBy => "shipsby",
            Self::WooCommerce => "woocommerce",
            Self::ShopifyInventory => "shopify-inventory",
            Self::SupplierDeliveries => "supplier-deliveries",
            Self::Sales => "sales",
        }
    }

    /// The format that a file with this first line is of, if it is of one of them.
    pub fn of(first_line: &[u8]) -> Option<Self> {
        let mut table = table::Table::new(first_line).ok()?;
        let columns = table.header().to_vec();
        let has = |name: &str| {
            columns
                .iter()
                .any(|column| column.eq_ignore_ascii_case(name))
        };
        if has("On hand (current)") && has("Location") {
            Some(Self::ShopifyInventory)
        } else if has("In stock?") {
            Some(Self::WooCommerce)
        } else if has("po_number") && has("received_on") {
            Some(Self::SupplierDeliveries)
        } else if has("sku") && has("date") && has("quantity") {
            Some(Self::Sales)
        } else if has("sku") {
            Some(Self::ShipsBy)
        } else {
            None
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no format of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no format: use shipsby, woocommerce, shopify-inventory, supplier-deliveries or sales"
)]
pub struct FormatError(String);

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Self, FormatError> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| FormatError(name.to_owned()))
    }
}

/// Reads a stock file and hands on what is in it, a batch at a time. `take` returns false to stop.
///
/// # Errors
///
/// [`Broken`] for a file that cannot be used as a whole; batches handed on before must then be
/// undone.
pub fn read(
    file: impl Read,
    format: Format,
    known: Known,
    take: impl FnMut(Batch) -> bool,
) -> Result<Report, Broken> {
    let mut table = table::Table::new(file)?;
    let mut intake = Intake::new(known, take);
    match format {
        Format::ShipsBy => shipsby::read(&mut table, &mut intake)?,
        Format::WooCommerce => woocommerce::read(&mut table, &mut intake)?,
        Format::ShopifyInventory => shopify::read(&mut table, &mut intake)?,
        Format::SupplierDeliveries | Format::Sales => {
            let detail = "A file of deliveries or sales says nothing of stock.";
            return Err(Broken::new("not_stock", detail));
        }
    }
    Ok(intake.finish())
}
