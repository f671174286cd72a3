//! `ships-by check`

use anyhow::bail;

use super::open::Database;

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    database: Database,
}

const EXAMPLES: &str = "\
Examples:
  ships-by check --db shop.sqlite

Looks whether the file is intact, whether what is referred to exists, whether what is on hand is the
sum of its movements, and what was received the sum of its receipts. Changes nothing; may be done
while a server runs. Ends with 1 if something is wrong.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let store = args.database.open_existing().await?;
    let faults = store.faults().await?;
    store.close().await;
    let db = &args.database.db;
    if faults.is_empty() {
        println!("{db} is sound: intact, nothing dangling, counts agree with their movements.");
        return Ok(());
    }
    for fault in &faults {
        println!("not so: {}\n  {}", fault.check, fault.found);
    }
    bail!(
        "{db} has {} faults. Stop the server, keep a copy of the file, go back to the last backup that `ships-by check` finds sound, and report this.",
        faults.len()
    );
}
