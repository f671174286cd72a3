//! `ships-by import`

use std::fs::File;
use std::io::{BufReader, IsTerminal, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use server::clock::Clock;
use server::import::{Format, Remark};
use server::operations::ActError;
use server::operations::import_stock::{ImportError, ImportStock, StockImported, import_into};

use super::open::Database;

/// Bytes of a file in which its header is looked for.
const HEADER_BYTES_MAX: u64 = 64 * 1024;
/// Refused lines and warnings that are shown, of each.
const SHOWN_MAX: usize = 20;

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file: CSV in UTF-8
    file: PathBuf,
    #[command(flatten)]
    database: Database,
    /// Whose file it is: shipsby, woocommerce, shopify-inventory,
    /// supplier-deliveries or sales. Told by its header unless given
    #[arg(long)]
    format: Option<Format>,
    /// Where the goods are, if the file does not say; else only lines of this location count
    #[arg(long, value_name = "ID OR NAME")]
    location: Option<String>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Formats:
  shipsby            a header with sku and on_hand; also, if you like: title, location, committed,
                     safety_stock, low_stock_threshold, backorder (deny, allow, allow_silent),
                     backorder_limit, reason, lead_time_days, supplier, released_on, tracked,
                     discontinued. An empty cell leaves things as they are.
  woocommerce        Products, Export, all columns
  shopify-inventory  Products, Inventory, Export, all variants
  supplier-deliveries
                     what suppliers delivered in the past: a header with po_number, supplier,
                     ordered_on and received_on; also, if you like: promised_on, shipment_mode,
                     quantity, quantity_received. Ship-by dates follow from it how late they come.
  sales              what was sold in the past: a header with sku, date and quantity. Forecasts
                     follow from it. What is said of a SKU and a day takes the place of what was
                     said before, so a file may come again.

Examples:
  ships-by import stock.csv --db shop.sqlite --dry-run
  ships-by import stock.csv --db shop.sqlite
  ships-by import inventory_export.csv --db shop.sqlite --location 'Main warehouse'
  ships-by import deliveries.csv --db shop.sqlite --format supplier-deliveries
  ships-by import sales.csv --db shop.sqlite --format sales

A line that cannot be used is refused and named; the others are taken in. A file that is broken as
a whole changes nothing. A server that is running on the database shows the change within a second.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let shown = args.file.display();
    let file = File::open(&args.file).with_context(|| format!("cannot open {shown}"))?;
    let bytes = file
        .metadata()
        .with_context(|| format!("cannot read {shown}"))?
        .len();
    let format = match args.format {
        Some(format) => format,
        None => told_format(&args.file)?,
    };
    let store = args.database.open().await?;
    let progress = progress(bytes);
    let started = Instant::now();
    let request = ImportStock {
        format,
        location: args.location,
        dry_run: args.dry_run,
    };
    let reader = progress.wrap_read(BufReader::new(file));
    let now = Clock::system().now();
    let imported = import_into(&store, &args.database.store, request, reader, now).await;
    progress.finish_and_clear();
    let imported = imported
        .map_err(in_words)
        .with_context(|| format!("nothing of {shown} was taken in"))?;
    store.close().await;
    summarise(&imported, format, started.elapsed());
    if imported.report.rows_read == imported.report.refused_count
        && 0 < imported.report.refused_count
    {
        bail!("no line of {shown} could be used");
    }
    Ok(())
}

fn told_format(file: &PathBuf) -> anyhow::Result<Format> {
    let mut beginning = Vec::new();
    File::open(file)?
        .take(HEADER_BYTES_MAX)
        .read_to_end(&mut beginning)?;
    // What is wrong with a file as such is said better by reading it in earnest.
    Ok(Format::of(&beginning).unwrap_or(Format::ShipsBy))
}

/// A refused option is named by the option, not by a field of a request.
fn in_words(error: ImportError) -> anyhow::Error {
    match error {
        ImportError::Act(ActError::Field { detail, .. }) => anyhow::anyhow!(detail),
        error => error.into(),
    }
}

/// A bar for a person who waits, nothing for a program.
fn progress(bytes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("Importing {wide_bar} {bytes} of {total_bytes}, {eta} to go")
            .expect("the template names known fields");
    ProgressBar::new(bytes).with_style(style)
}

fn summarise(imported: &StockImported, format: Format, took: Duration) {
    let report = &imported.report;
    let verb = if imported.dry_run {
        "Would take"
    } else {
        "Took"
    };
    println!(
        "{verb} in {} of {} lines ({format}) in {}: {} changed, {} unchanged.",
        HumanCount(imported.changed + imported.unchanged),
        HumanCount(report.rows_read),
        HumanDuration(took),
        HumanCount(imported.changed),
        HumanCount(imported.unchanged),
    );
    if 0 < report.skipped {
        println!("{} lines are not about stock.", HumanCount(report.skipped));
    }
    list("refused", &report.refused, report.refused_count);
    list("warnings", &report.warnings, report.warnings_count);
    if imported.dry_run {
        println!("Nothing was changed. Leave --dry-run out to take it in.");
    }
}

/// Shows the first remarks, and how many there are.
pub fn list(what: &str, remarks: &[Remark], count: u64) {
    if count == 0 {
        return;
    }
    println!("{} {what}:", HumanCount(count));
    let shown = &remarks[..remarks.len().min(SHOWN_MAX)];
    for remark in shown {
        println!(
            "  line {}: {} ({})",
            remark.line, remark.detail, remark.code
        );
    }
    let left = count.saturating_sub(u64::try_from(shown.len()).unwrap_or(u64::MAX));
    if 0 < left {
        println!("  and {} more", HumanCount(left));
    }
}
