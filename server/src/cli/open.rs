//! The options that every command about a database has, and how it opens one.

use anyhow::{Context, bail};
use server::store::stores::FIRST_STORE;
use server::store::{Address, Store};
use shared::ids::StoreId;

/// Which database, and which store in it.
#[derive(Debug, clap::Args)]
pub struct Database {
    /// The database: a file, or postgres://role:password@host/database
    #[arg(
        long,
        value_name = "FILE OR URL",
        env = "SHIPSBY_DB",
        hide_env_values = true
    )]
    pub db: Address,
    /// The store in it
    #[arg(long, value_name = "ID", default_value = FIRST_STORE)]
    pub store: StoreId,
}

impl Database {
    /// Opens the database, making it if there is none, and makes sure that it has the store.
    pub async fn open(&self) -> anyhow::Result<Store> {
        let store = self.open_any_store().await?;
        let known = store.standings().await?;
        if !known.iter().any(|standing| standing.store == self.store) {
            let names: Vec<&str> = known.iter().map(|s| s.store.as_str()).collect();
            bail!(
                "there is no store `{}` in {}; it has: {}. Make one with `ships-by keys create secret --store {} --new-store`",
                self.store,
                self.db,
                names.join(", "),
                self.store
            );
        }
        Ok(store)
    }

    /// Opens the database, making it if there is none. Tables that are there stay as they are: a
    /// server may be running on them.
    pub async fn open_any_store(&self) -> anyhow::Result<Store> {
        let Address::File(path) = &self.db else {
            return Ok(Store::open_at(&self.db).await?);
        };
        let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
        Ok(match bytes {
            0 => Store::open(path).await?,
            _ => Store::open_as_it_is(path).await?,
        })
    }

    /// Opens a database that must be there.
    pub async fn open_existing(&self) -> anyhow::Result<Store> {
        if let Address::File(path) = &self.db
            && !std::fs::exists(path).with_context(|| format!("cannot look for {}", self.db))?
        {
            bail!("there is no database {}; name yours with --db", self.db);
        }
        self.open().await
    }
}
