//! The `ships-by` command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod cli;

/// Answers are many small allocations; this allocator is quicker with them than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tells shoppers honestly when things ship, for any shop.
#[derive(Debug, Parser)]
#[command(name = "ships-by", version, about, after_help = cli::EXAMPLES, arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Serves the API and the widget for your shop
    Serve(Box<cli::serve::Args>),
    /// Serves a demo shop, with goods in every state, to try things out
    Demo(cli::demo::Args),
    /// Imports a stock file (ours, WooCommerce's or Shopify's), or past deliveries of suppliers
    Import(cli::import::Args),
    /// Says how a ship-by date comes about: supply, who waits, and every step, as text or a picture
    Explain(cli::explain::Args),
    /// Adds days off to a location: an iCalendar file, or a column of dates
    Holidays(cli::holidays::Args),
    /// Makes, lists and revokes keys
    Keys(cli::keys::Args),
    /// Lets people sign in to the dashboard, and in again who are locked out
    Members(cli::members::Args),
    /// Makes the tables of PostgreSQL, or brings them up to date
    Migrate(cli::migrate::Args),
    /// Copies the database to a file, also while a server runs
    Backup(cli::backup::Args),
    /// Moves all stores to another database: from a file to PostgreSQL, or back
    Copy(cli::copy::Args),
    /// Puts a copy in the place of the database, and keeps what was there
    Restore(cli::restore::Args),
    /// Checks that the database and the promises in it are sound
    Check(cli::check::Args),
    /// Prints the OpenAPI description of the HTTP API
    Openapi(cli::openapi::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    server::tls::settle();
    match run(Command::parse().act).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What went wrong, and why; where in the program is of no use to a shopkeeper.
            eprintln!("Error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

/// What went wrong and why, on one line. Some libraries say the cause themselves.
fn in_words(error: &anyhow::Error) -> String {
    let mut words = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !words.ends_with(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

async fn run(act: Act) -> anyhow::Result<()> {
    match act {
        Act::Serve(args) => cli::serve::run(*args).await,
        Act::Demo(args) => cli::demo::run(args).await,
        Act::Import(args) => cli::import::run(args).await,
        Act::Explain(args) => cli::explain::run(args).await,
        Act::Holidays(args) => cli::holidays::run(args).await,
        Act::Keys(args) => cli::keys::run(args).await,
        Act::Members(args) => cli::members::run(args).await,
        Act::Migrate(args) => cli::migrate::run(args).await,
        Act::Backup(args) => cli::backup::run(args).await,
        Act::Copy(args) => cli::copy::run(args).await,
        Act::Restore(args) => cli::restore::run(args).await,
        Act::Check(args) => cli::check::run(args).await,
        Act::Openapi(args) => cli::openapi::run(args).await,
    }
}
