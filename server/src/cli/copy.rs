//! `ships-by copy`

use std::io::IsTerminal;

use anyhow::{Context, bail};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use server::store::copy::{Copied, CopyError, Progress};
use server::store::{Address, OpenError, ServingLock, Store};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The database to read: a file, or postgres://role:password@host/database
    #[arg(long, value_name = "FILE OR URL")]
    from: Address,
    /// The database to fill: a file that is made, or PostgreSQL as `ships-by migrate` leaves it
    #[arg(long, value_name = "FILE OR URL")]
    to: Address,
}

const EXAMPLES: &str = "\
Examples:
  ships-by copy --from shop.sqlite --to postgres://ships_by:...@db/shop
  ships-by copy --from postgres://ships_by:...@db/shop --to sqlite://shop.sqlite

Stop the servers of the source first. What is copied is as it was at one moment, also while a server runs on it
(to try a move out, say); what is written after that moment is not in the copy, and nobody says so.

The target must be fresh. It is filled in one transaction, which is committed when all rows have been read back and
are the same as in the source: a copy that is cut off leaves the target as it was, and is simply done again.
The source stays as it is.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let (from, to) = (&args.from, &args.to);
    let source_lock = lock_source(from)?;
    let _target_lock = match to {
        Address::File(path) => Some(ServingLock::take(path)?),
        Address::Postgres(_) => None,
    };
    let source = open_source(from).await?;
    let faults = source.faults().await?;
    if let Some(first) = faults.first() {
        bail!(
            "{from} is not sound ({}: {}, {} faults in all; see `ships-by check`): {to} was left as it was",
            first.check,
            first.found,
            faults.len()
        );
    }
    let target = Store::open_at(to).await?;
    let bar = bar();
    let copied = source.copy_all_to(&target, |progress| show(&bar, progress));
    let copied = copied.await;
    bar.finish_and_clear();
    let copied = copied
        .map_err(|error| in_words(error, to))
        .with_context(|| format!("{to} was left as it was"))?;
    let faults = target.faults().await?;
    source.close().await;
    target.close().await;
    if let Some(first) = faults.first() {
        bail!(
            "{to} holds the same rows as {from} and is not sound all the same ({}: {}): do not serve it, and report this",
            first.check,
            first.found
        );
    }
    summarise(&copied, from, to);
    if source_lock.is_none() && matches!(from, Address::File(_)) {
        println!(
            "A server is running on {from}. What it has written meanwhile is not in the copy: to move for good, stop it and copy to another fresh database."
        );
    }
    Ok(())
}

/// Keeps servers from starting on a source that is a file. `None` where one runs already.
fn lock_source(from: &Address) -> anyhow::Result<Option<ServingLock>> {
    let Address::File(path) = from else {
        return Ok(None);
    };
    if !std::fs::exists(path).with_context(|| format!("cannot look for {from}"))? {
        bail!("there is no database {from}; name yours with --from");
    }
    match ServingLock::take(path) {
        Ok(lock) => Ok(Some(lock)),
        Err(OpenError::BeingServed(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn open_source(from: &Address) -> Result<Store, OpenError> {
    match from {
        Address::File(path) => Store::open_as_it_is(path).await,
        Address::Postgres(url) => Store::connect(url).await,
    }
}

/// What a person can do about it.
fn in_words(error: CopyError, to: &Address) -> anyhow::Error {
    match error {
        CopyError::NotFresh(store) => anyhow::anyhow!(
            "{to} has the store `{store}` already: name a fresh database with --to; nothing is ever merged"
        ),
        error => error.into(),
    }
}

/// A line for a person who waits, nothing for a program.
fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{spinner} {human_pos} rows carried and compared, {per_sec}; now {msg}",
    )
    .expect("the template names known fields");
    ProgressBar::new_spinner().with_style(style)
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_position(progress.rows);
    bar.set_message(progress.table);
}

fn summarise(copied: &[Copied], from: &Address, to: &Address) {
    for copied in copied {
        let rows: u64 = copied.tables.iter().map(|table| table.rows).sum();
        println!(
            "{}: {} rows in {} tables, the same on both sides",
            copied.store,
            HumanCount(rows),
            copied.tables.len()
        );
    }
    println!("{to} holds all that {from} held, and is sound.");
}
