//! The options that every command about a database has, and how it opens one.

use std::path::PathBuf;

use anyhow::{Context, bail};
use server::store::Store;
use server::store::stores::FIRST_STORE;
use shared::ids::StoreId;

/// Which database, and which store in it.
#[derive(Debug, clap::Args)]
pub struct Database {
    /// The database file
    #[arg(long, value_name = "FILE", env = "SHIPSBY_DB")]
    pub db: PathBuf,
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
                self.db.display(),
                names.join(", "),
                self.store
            );
        }
        Ok(store)
    }

    /// Opens the database, making it if there is none. Tables that are there stay as they are: a
    /// server may be running on them.
    pub async fn open_any_store(&self) -> anyhow::Result<Store> {
        let bytes = std::fs::metadata(&self.db).map_or(0, |file| file.len());
        Ok(match bytes {
            0 => Store::open(&self.db).await?,
            _ => Store::open_as_it_is(&self.db).await?,
        })
    }

    /// Opens a database that must be there.
    pub async fn open_existing(&self) -> anyhow::Result<Store> {
        let there = std::fs::exists(&self.db);
        if !there.with_context(|| format!("cannot look for {}", self.db.display()))? {
            bail!(
                "there is no database {}; name yours with --db",
                self.db.display()
            );
        }
        self.open().await
    }
}
