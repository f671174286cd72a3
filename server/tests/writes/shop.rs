//! A shop to test on: a database in a directory of its own, opened as a server would.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use server::app::{App, Parts};
use server::catalogue::{Catalogue, KeyKind};
use server::changes::Changes;
use server::clock::Clock;
use server::connections::Connections;
use server::limits::Limits;
use server::metrics::Metrics;
use server::operations::keys::{add_key, named};
use server::operations::load::load_all;
use server::operations::once::{Answer, Asked, Once, Ticket};
use server::operations::put_sku::put_sku;
use server::operations::records::{Level, SkuRecord};
use server::operations::set_stock::{SetStock, set_stock};
use server::store::{Address, Store};
use shared::ids::StoreId;
use shared::quantity::Quantity;
use tempfile::TempDir;

use crate::postgres::{self, Lent};

/// A shop, and the directory that goes with it.
pub struct TestShop {
    pub app: App,
    pub store: StoreId,
    /// Where files can be put.
    pub directory: TempDir,
    /// Where the database is.
    pub address: Address,
    /// Keeps a database of PostgreSQL there.
    pub _lent: Option<Lent>,
}

impl TestShop {
    /// A fresh database: a file, or one of PostgreSQL where the environment names a server.
    pub async fn new() -> Self {
        match postgres::fresh().await {
            Some(lent) => {
                let address = Address::Postgres(lent.url.clone());
                let shop = Self::at_address(address).await;
                Self {
                    _lent: Some(lent),
                    ..shop
                }
            }
            None => Self::in_file().await,
        }
    }

    /// A fresh file, for what only a file can do.
    pub async fn in_file() -> Self {
        Self::at_address(Address::File(PathBuf::new())).await
    }

    async fn at_address(address: Address) -> Self {
        let directory = TempDir::new().expect("a directory for the database");
        let address = match address {
            Address::File(_) => Address::File(directory.path().join("shop.sqlite")),
            postgres => postgres,
        };
        let database = Store::open_at(&address).await.expect("a fresh database");
        Self {
            app: app(database).await,
            store: id("default"),
            directory,
            address,
            _lent: None,
        }
    }

    /// The database, where it is a file.
    pub fn path(&self) -> PathBuf {
        match &self.address {
            Address::File(path) => path.clone(),
            Address::Postgres(_) => panic!("a test about files needs TestShop::in_file()"),
        }
    }

    /// The same database, as another process sees it.
    pub async fn other_process(&self) -> Store {
        let store = Store::open_at(&self.address).await;
        store.expect("the same database")
    }

    /// The same shop after the server was started again.
    pub async fn reopened(self) -> Self {
        self.app.store.close().await;
        let database = self.other_process().await;
        Self {
            app: app(database).await,
            ..self
        }
    }

    /// The same shop after a while: its clock shows `then`, and nothing was swept away in between.
    pub async fn at(self, then: &str) -> Self {
        self.app.store.close().await;
        let database = self.other_process().await;
        Self {
            app: app_at(database, id(then)).await,
            ..self
        }
    }

    /// The same shop with a clock that stands still.
    pub async fn standing_still(self) -> Self {
        self.app.store.close().await;
        let database = self.other_process().await;
        let (clock, _) = Clock::by_hand(now());
        Self {
            app: app_with(database, clock, Connections::default()).await,
            ..self
        }
    }

    pub async fn add_store(&self, name: &str) -> StoreId {
        let store = id(name);
        self.app.store.add_store(&store).await.expect("a store");
        load_all(&self.app).await.expect("the catalogue");
        store
    }

    /// A key of the store.
    pub async fn key(&self, store: &StoreId, kind: KeyKind, text: &str) -> String {
        let key = named(kind, "test", now(), text.to_owned());
        add_key(&self.app.store, store, &key).await.expect("a key");
        let keys = self.app.store.load_keys().await.expect("keys");
        self.app.catalogue.put_keys(keys);
        text.to_owned()
    }

    /// Brings memory up to the last commit, as a server's watch does: a key that was added directly is none that it was told of.
    pub async fn watched(&self) {
        let revision = self.app.store.last_revision(&self.store).await;
        let shop = self.app.catalogue.shop(&self.store).expect("the shop");
        shop.reach(revision.expect("a revision"));
    }

    /// A SKU of which so many are on hand at `main`.
    pub async fn stocked(&self, sku: &str, units: u32) {
        put_sku(&self.app, &self.store, SkuRecord::new(id(sku)))
            .await
            .expect("a SKU");
        self.set(sku, units, None).await.expect("stock");
    }

    pub async fn set(
        &self,
        sku: &str,
        units: u32,
        if_units: Option<u32>,
    ) -> Result<Level, server::operations::ActError> {
        let set = SetStock {
            sku: id(sku),
            location: id("main"),
            quantity: Quantity::new(units),
            if_quantity: if_units.map(Quantity::new),
            committed: None,
            safety_stock: None,
        };
        set_stock(&self.app, &self.store, set).await
    }

    /// The last revision in memory.
    pub fn revision(&self) -> u64 {
        let shop = self.app.catalogue.shop(&self.store);
        shop.expect("the shop").revision()
    }

    /// Units on hand at `main`, as the database has it.
    pub async fn on_hand(&self, sku: &str) -> u32 {
        let (sku, location) = (id(sku), id("main"));
        let level = self.app.store.level(&self.store, &sku, &location).await;
        let level = level.expect("a level");
        level.map_or(0, |level| level.on_hand.units())
    }

    /// Units on hand at all locations, as the catalogue has it.
    pub fn on_hand_in_memory(&self, sku: &str) -> Option<u32> {
        let entry = self.app.catalogue.shop(&self.store)?.entry(sku)?;
        let facts = entry.facts();
        let places = facts.places.iter();
        Some(places.map(|place| place.on_hand.units()).sum())
    }

    /// A request of its own.
    pub fn once<T>(&self) -> Once<T> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.once_named(&format!("request-{number}"), [0; 32])
            .expect("nobody else asks")
    }

    pub fn once_named<T>(
        &self,
        key: &str,
        fingerprint: [u8; 32],
    ) -> Result<Once<T>, server::operations::ActError> {
        let asked = Asked {
            ticket: Ticket {
                store: self.store.clone(),
                route: "POST /test".into(),
                key: key.into(),
            },
            fingerprint,
        };
        Once::claim(&self.app, asked, |_| Answer {
            status: 200,
            body: b"the first answer".to_vec(),
        })
    }

    /// Nothing may be wrong after any test.
    pub async fn assert_sound(&self) {
        let faults = self.app.store.faults().await.expect("a check");
        assert_eq!(faults, []);
    }
}

pub fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect(text)
}

/// Monday, 23 November 2026, in the morning of New York.
pub fn now() -> DateTime<Utc> {
    id("2026-11-23T15:00:00Z")
}

pub async fn app(database: Store) -> App {
    app_at(database, now()).await
}

async fn app_at(database: Store, now: DateTime<Utc>) -> App {
    app_with(database, Clock::starting_at(now), Connections::default()).await
}

/// An app with a clock of the test's, connected to somebody.
pub async fn app_with(database: Store, clock: Clock, connections: Connections) -> App {
    let app = App::new(Parts {
        store: database,
        catalogue: Catalogue::default(),
        changes: Changes::default(),
        clock,
        limits: Limits::default(),
        metrics: Metrics::default(),
        connections,
    });
    load_all(&app).await.expect("the catalogue");
    app
}
