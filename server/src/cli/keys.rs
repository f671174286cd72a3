//! `ships-by keys`

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use rand::rngs::OsRng;
use server::catalogue::KeyKind;
use server::clock::Clock;
use server::operations::keys::{add_key, invented, revoke};

use super::open::Database;

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Makes a key and shows it, this once
    Create {
        /// publishable: for the script tag. secret: for your server
        kind: Kind,
        /// What you call it
        #[arg(long, default_value = "")]
        label: String,
        /// Make the store too, if there is none of this id
        #[arg(long)]
        new_store: bool,
        #[command(flatten)]
        database: Database,
    },
    /// Lists all keys; their texts are not known any more
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Revokes a key: within a second it opens nothing
    Revoke {
        /// The key's id, as `list` shows it
        id: String,
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Publishable,
    Secret,
}

const EXAMPLES: &str = "\
Examples:
  ships-by keys create publishable --db shop.sqlite --label 'Shop theme'
  ships-by keys create secret --db shop.sqlite --label 'ERP'
  ships-by keys list --db shop.sqlite
  ships-by keys revoke key_0123456789ab --db shop.sqlite

Both may be done while a server runs on the database.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.act {
        Act::Create {
            kind,
            label,
            new_store,
            database,
        } => create(kind, &label, new_store, &database).await,
        Act::List { database } => list(&database).await,
        Act::Revoke { id, database } => revoke_key(&id, &database).await,
    }
}

async fn create(
    kind: Kind,
    label: &str,
    new_store: bool,
    database: &Database,
) -> anyhow::Result<()> {
    if new_store {
        let store = database.open_any_store().await?;
        store.add_store(&database.store).await?;
        store.close().await;
    }
    let store = database.open().await?;
    let kind = match kind {
        Kind::Publishable => KeyKind::Publishable,
        Kind::Secret => KeyKind::Secret,
    };
    let key = invented(kind, label, Clock::system().now(), &mut OsRng)
        .context("cannot draw random bytes from the system")?;
    add_key(&store, &database.store, &key).await?;
    store.close().await;
    println!("{}", key.key);
    let hint = match kind {
        KeyKind::Publishable => {
            "It may stand in pages. List your shop's origin with PUT /v1/store, or pages cannot use it."
        }
        KeyKind::Secret => {
            "It opens everything of the store: keep it on your server, never in a page."
        }
    };
    eprintln!(
        "This is {} of store {}, shown this once. {hint}",
        key.record.id, database.store
    );
    Ok(())
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let store = database.open_existing().await?;
    let keys = store.keys(&database.store).await?;
    if keys.is_empty() {
        println!("No keys yet. Make one with `ships-by keys create publishable`.");
    }
    for key in keys {
        let kind = match key.kind {
            KeyKind::Publishable => "publishable",
            KeyKind::Secret => "secret",
        };
        let state = match key.revoked_at {
            Some(at) => format!("revoked {}", at.format("%Y-%m-%d")),
            None => "works".to_owned(),
        };
        println!(
            "{}  {kind:<11}  {}...  made {}  {state}  {}",
            key.id,
            key.prefix,
            key.created_at.format("%Y-%m-%d"),
            key.label
        );
    }
    Ok(())
}

async fn revoke_key(id: &str, database: &Database) -> anyhow::Result<()> {
    let store = database.open_existing().await?;
    let revoked = revoke(&store, &database.store, id, Clock::system().now()).await?;
    if revoked.is_none() {
        bail!(
            "there is no key `{id}` in store {}; see `ships-by keys list`",
            database.store
        );
    }
    store.close().await;
    println!("{id} is revoked. A server that is running refuses it within a second.");
    Ok(())
}
