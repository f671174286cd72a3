//! `ships-by members`

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use rand::TryRngCore;
use rand::rngs::OsRng;
use server::clock::Clock;
use server::operations::members::{NewMember, add_directly, reset_directly};
use server::operations::records::{Role, TotpState};
use server::totp;

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
    /// Lets somebody sign in to the dashboard, and shows their password, this once
    Add {
        /// Their address
        email: String,
        /// What they are called
        #[arg(long, default_value = "")]
        name: String,
        /// owner: everything. staff: all but keys, members and the store's settings. read-only: look
        #[arg(long, default_value = "owner")]
        role: RoleName,
        #[command(flatten)]
        database: Database,
    },
    /// Lists who may sign in
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Lets somebody in again who is locked out: with another password, shown this once, and without a code
    Reset {
        /// Their address
        email: String,
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    Owner,
    Staff,
    ReadOnly,
}

const EXAMPLES: &str = "\
Examples:
  ships-by members add anna@shop.example --name Anna --db shop.sqlite
  ships-by members list --db shop.sqlite
  ships-by members reset anna@shop.example --db shop.sqlite

All may be done while a server runs on the database. Whoever is added or reset signs in at /dashboard and
takes a password of their own there.";

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.act {
        Act::Add {
            email,
            name,
            role,
            database,
        } => add(email, name, role, &database).await,
        Act::List { database } => list(&database).await,
        Act::Reset { email, database } => reset(&email, &database).await,
    }
}

async fn add(
    email: String,
    name: String,
    role: RoleName,
    database: &Database,
) -> anyhow::Result<()> {
    let Some((before, _)) = email.split_once('@').filter(|(_, host)| !host.is_empty()) else {
        bail!("`{email}` is no address for mail");
    };
    let store = database.open().await?;
    let password = password()?;
    let new = NewMember {
        id: drawn()?,
        name: if name.is_empty() {
            before.to_owned()
        } else {
            name
        },
        email,
        role: role.into(),
        password: password.clone(),
        salt: drawn()?,
    };
    let now = Clock::system().now();
    let action = "ships-by members add";
    let member = add_directly(&store, &database.store, new, now, action).await?;
    store.close().await;
    println!("{password}");
    eprintln!(
        "This is the password of {} ({}) in store {}, shown this once.",
        member.email,
        member.role.name(),
        database.store
    );
    Ok(())
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let store = database.open_existing().await?;
    let members = store.members(&database.store).await?;
    if members.is_empty() {
        println!("Nobody yet. Add somebody with `ships-by members add anna@shop.example`.");
    }
    for member in members {
        let codes = match member.totp {
            TotpState::On => "with codes",
            _ => "no codes",
        };
        println!(
            "{}  {:<9}  since {}  {codes:<10}  {}  {}",
            member.id,
            member.role.name(),
            member.created_at.format("%Y-%m-%d"),
            member.email,
            member.name
        );
    }
    Ok(())
}

async fn reset(email: &str, database: &Database) -> anyhow::Result<()> {
    let store = database.open_existing().await?;
    let password = password()?;
    let now = Clock::system().now();
    let action = "ships-by members reset";
    let hashed = (password.as_str(), drawn()?);
    let member = reset_directly(&store, &database.store, email, hashed, now, action).await?;
    if member.is_none() {
        bail!(
            "nobody in store {} has the address `{email}`; see `ships-by members list`",
            database.store
        );
    }
    store.close().await;
    println!("{password}");
    eprintln!(
        "This is the password of {email} from now on, shown this once. No code is asked for, and their sessions have ended."
    );
    Ok(())
}

/// A password that nobody can guess, and that can be read out.
fn password() -> anyhow::Result<String> {
    Ok(totp::recovery_code(drawn()?))
}

fn drawn<const COUNT: usize>() -> anyhow::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    OsRng
        .try_fill_bytes(&mut bytes)
        .context("cannot draw random bytes from the system")?;
    Ok(bytes)
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Staff => Self::Staff,
            RoleName::ReadOnly => Self::ReadOnly,
        }
    }
}
