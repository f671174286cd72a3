//! `ships-by backup`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use indicatif::HumanBytes;
use server::store::{Address, Store};

use super::open::Database;

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where to write the copy. There must be nothing yet
    target: PathBuf,
    #[command(flatten)]
    database: Database,
}

const EXAMPLES: &str = "\
Examples:
  ships-by backup backup-2026-11-23.sqlite --db shop.sqlite

The copy is of one moment, also while a server runs, and is checked before this ends. To go back to it:
`ships-by restore`. Never copy a database with cp while a server runs.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    if let Address::Postgres(_) = &args.database.db {
        bail!(
            "PostgreSQL is copied with its own tools, also while servers run: pg_dump --format=custom --file=backup.dump {}",
            args.database.db
        );
    }
    let target = args.target.display();
    if std::fs::exists(&args.target).with_context(|| format!("cannot look for {target}"))? {
        bail!("{target} is there already; name another file, or remove it first");
    }
    let Some(path) = args.target.to_str() else {
        bail!("{target} is no UTF-8; name another file");
    };
    let store = args.database.open_existing().await?;
    store.copy_to(path).await.with_context(|| {
        format!("cannot write {target}; is there room, and may you write there?")
    })?;
    store.close().await;
    verify(&args.target).await?;
    let bytes = std::fs::metadata(&args.target)
        .with_context(|| format!("cannot look at {target}"))?
        .len();
    println!("Wrote {target}, {}, and found it sound.", HumanBytes(bytes));
    Ok(())
}

/// Looks whether the copy can be gone back to. One that cannot is kept under another name, for who wants to
/// know why.
async fn verify(target: &Path) -> anyhow::Result<()> {
    let copy = Store::open_as_it_is(target).await?;
    let faults = copy.faults().await?;
    copy.close().await;
    let Some(first) = faults.first() else {
        return Ok(());
    };
    let mut unsound = target.as_os_str().to_owned();
    unsound.push(".unsound");
    std::fs::rename(target, &unsound)?;
    bail!(
        "the copy is not sound ({}: {}, {} faults in all), and so is the database: see `ships-by check`. It is {} now",
        first.check,
        first.found,
        faults.len(),
        unsound.display()
    )
}
