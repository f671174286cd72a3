//! `ships-by holidays`

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use server::clock::Clock;
use server::import::holidays::Kind;
use server::limits::HOLIDAYS_BYTES_MAX;
use server::operations::ActError;
use server::operations::add_holidays::{
    AddHolidays, HolidaysAdded, HolidaysError, add_holidays_into,
};
use server::store::Store;
use shared::ids::LocationId;

use super::import::list;
use super::open::Database;

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The location that is closed
    location: LocationId,
    /// The file: iCalendar (.ics), or CSV with a column of dates
    file: PathBuf,
    #[command(flatten)]
    database: Database,
    /// Forget the days off that the location has
    #[arg(long)]
    replace: bool,
}

const EXAMPLES: &str = "\
Files:
  iCalendar   every day that an event touches; what comes again each year (FREQ=YEARLY) for this
              year and the next 5. Other rules are refused.
  CSV         a column of dates (YYYY-MM-DD), the first one or the one called `date`

Examples:
  ships-by holidays main holidays-2027.ics --db shop.sqlite
  ships-by holidays main closed.csv --db shop.sqlite --replace

The same file again adds nothing. A line that cannot be used is refused and named; the others are
taken in. A server that is running on the database shows the change within a second.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let shown = args.file.display();
    let file = read(&args.file).with_context(|| format!("cannot read {shown}"))?;
    let store = args.database.open_existing().await?;
    let request = AddHolidays {
        location: args.location.clone(),
        replace: args.replace,
        kind: Kind::of(&file),
        file: Arc::from(file),
    };
    let now = Clock::system().now();
    let added = add_holidays_into(&store, &args.database.store, &request, now).await;
    if let Err(HolidaysError::Act(ActError::NotFound)) = &added {
        bail!(no_location(&args, &store).await?);
    }
    let added = added.with_context(|| format!("nothing of {shown} was taken in"))?;
    store.close().await;
    summarise(&added, &args.location);
    Ok(())
}

/// One byte more than may be is enough to be refused.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let limit = u64::try_from(HOLIDAYS_BYTES_MAX)?.saturating_add(1);
    let mut file = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut file)?;
    Ok(file)
}

async fn no_location(args: &Args, store: &Store) -> anyhow::Result<String> {
    let known = store.locations(&args.database.store).await?;
    let names: Vec<&str> = known.iter().map(|known| known.id.as_str()).collect();
    Ok(format!(
        "there is no location `{}`; the store has: {}",
        args.location,
        names.join(", ")
    ))
}

fn summarise(added: &HolidaysAdded, location: &LocationId) {
    println!(
        "Read {} days off from {} entries: {} added, {} removed. {location} has {} days off.",
        added.days,
        added.entries,
        added.added,
        added.removed,
        added.holidays.len()
    );
    list("refused", &added.refused, added.refused_count);
}
