//! `ships-by explain`

use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use server::clock::Clock;
use server::explain::{svg, text};
use server::operations::explain::{explain_availability, shop_with};
use shared::ids::Sku;
use shared::quantity::{Quantity, REQUESTED_MAX};

use super::open::Database;

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The SKU
    sku: Sku,
    /// Units that are asked for
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(REQUESTED_MAX)))]
    qty: u32,
    /// The moment at which it is asked, such as 2027-01-04T15:00:00Z; now unless given
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
    /// Writes the timeline as a picture, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

const EXAMPLES: &str = "\
Examples:
  ships-by explain cc-hoodie-blue --db shop.sqlite
  ships-by explain cc-hoodie-blue --db shop.sqlite --qty 3 --svg hoodie.svg
  ships-by explain cc-hoodie-blue --db shop.sqlite --at 2027-01-04T21:59:00Z

Shows the answer that shoppers get now, and under it all that it was computed from: what is on the
shelf, what comes and each step from a supplier's date to the carrier, who waits already, what can be
promised by which day, and which unit leaves on which. Follow it with a pencil: docs/how-a-date-is-computed.md.

--at asks about another moment with the facts as they are today: not what was said then.

Changes nothing; may be done while a server runs. Over HTTP: GET /v1/availability/{sku}/explain.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let store = args.database.open_existing().await?;
    let id = &args.database.store;
    let shop = shop_with(&store, id, &args.sku).await?;
    store.close().await;
    let shop = shop.with_context(|| format!("there is no store `{id}`"))?;
    let now = args.at.unwrap_or_else(|| Clock::system().now());
    let quantity = Quantity::new(args.qty);
    let explained = explain_availability(&shop, &args.sku, quantity, now, |shown| {
        (text::text(shown.told), svg::svg(shown.told))
    });
    let Some((text, picture)) = explained else {
        bail!(
            "store {id} has no SKU `{}`. SKUs are told apart by upper and lower case",
            args.sku
        );
    };
    print!("{text}");
    if let Some(path) = args.svg {
        let shown = path.display();
        std::fs::write(&path, picture).with_context(|| format!("cannot write {shown}"))?;
        eprintln!("The picture is in {shown}; any browser shows it.");
    }
    Ok(())
}
