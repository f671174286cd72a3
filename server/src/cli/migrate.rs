//! `ships-by migrate`

use anyhow::bail;
use server::store::{Address, Store};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The database, as the role that owns its tables: postgres://ships_by_owner:password@host/database
    #[arg(
        long,
        value_name = "URL",
        env = "SHIPSBY_OWNER_DB",
        hide_env_values = true
    )]
    db: Address,
    /// The role that servers connect as. It may read and change rows, one store's at a time, and nothing else
    #[arg(long, value_name = "ROLE", default_value = "ships_by")]
    serving_role: String,
}

const EXAMPLES: &str = "\
Examples:
  Once, as a superuser of PostgreSQL:
    CREATE ROLE ships_by_owner LOGIN PASSWORD '...';
    CREATE ROLE ships_by LOGIN PASSWORD '...';
    CREATE DATABASE shop OWNER ships_by_owner;
  At first, and before the servers of each new version start:
    ships-by migrate --db postgres://ships_by_owner:...@db/shop
  Then, on as many machines as you like:
    ships-by serve --db postgres://ships_by:...@db/shop

A file of SQLite needs none of this: `ships-by serve` brings its tables up to date itself.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let Address::Postgres(url) = &args.db else {
        bail!(
            "{} is a file: `ships-by serve --db {}` brings its tables up to date itself",
            args.db,
            args.db
        );
    };
    Store::migrate(url, &args.serving_role).await?;
    println!(
        "The tables of {} are those of ships-by {}; the role {} may serve them.",
        args.db,
        env!("CARGO_PKG_VERSION"),
        args.serving_role
    );
    Ok(())
}
