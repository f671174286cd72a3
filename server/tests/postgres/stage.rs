//! A database of PostgreSQL, seen by the servers on it, by its owner and by whoever runs PostgreSQL.

use server::app::App;
use server::operations::watch::watch;
use server::store::{Address, Store};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::task::JoinHandle;

use crate::postgres;
use crate::shop::{TestShop, app};

/// Who owns the tables.
pub const OWNER: &str = "ships_by_owner";
/// Who serves.
pub const SERVING: &str = "ships_by";

/// The address of the PostgreSQL to test on, for a role that may do anything.
pub fn server() -> String {
    std::env::var("SHIPSBY_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "These tests need a PostgreSQL, named by SHIPSBY_TEST_POSTGRES. Run them so: scripts/postgres.sh run cargo test --package shipsby-server --test postgres"
        )
    })
}

/// A fresh shop on PostgreSQL.
pub async fn fresh_shop() -> TestShop {
    server();
    TestShop::new().await
}

/// The name of the shop's database.
pub fn database(shop: &TestShop) -> String {
    let Address::Postgres(url) = &shop.address else {
        panic!("the shop is on PostgreSQL");
    };
    let (_, name) = url.rsplit_once('/').expect("an address with a database");
    name.to_owned()
}

/// The address of the shop's database for another role.
pub fn address_for(shop: &TestShop, role: &str) -> String {
    postgres::address(&server(), role, &database(shop))
}

/// A connection to the shop's database as another role, which knows nothing of our program.
pub async fn connected_as(shop: &TestShop, role: &str) -> PgConnection {
    let url = address_for(shop, role);
    PgConnection::connect(&url).await.expect("a connection")
}

/// A connection to the shop's database as who may do anything.
pub async fn admin(shop: &TestShop) -> PgConnection {
    let url = format!("{}/{}", server(), database(shop));
    PgConnection::connect(&url).await.expect("a connection")
}

/// Several connections of that kind.
pub fn admin_pool(shop: &TestShop) -> PgPool {
    let url = format!("{}/{}", server(), database(shop));
    PgPool::connect_lazy(&url).expect("an address")
}

/// A server, with all that it does by itself but answering: it watches for others' commits and tells of its own.
pub struct Server {
    pub app: App,
    tasks: [JoinHandle<()>; 2],
}

impl Server {
    pub async fn on(address: &Address) -> Self {
        let store = Store::open_at(address).await.expect("the database");
        let relay = store.clone();
        let app = app(store).await;
        Self {
            tasks: [
                tokio::spawn(watch(app.clone())),
                tokio::spawn(async move { relay.relay_commits().await }),
            ],
            app,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
