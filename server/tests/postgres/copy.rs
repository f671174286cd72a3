//! A shop that moves to another database is the same shop.

use std::path::Path;

use server::app::App;
use server::store::copy::{CopyError, Progress, TABLES, TableSum};
use server::store::{Address, Store};
use shared::ids::StoreId;
use sqlx::{AssertSqlSafe, Executor};

use crate::filled::fill;
use crate::sequences::{SEED, play_one};
use crate::shop::{TestShop, app, id};
use crate::stage::{admin, fresh_shop};

async fn sums(database: &Store, store: &StoreId) -> Vec<TableSum> {
    database.sums(store).await.expect("sums")
}

async fn copied(from: &Store, to: &Store) -> Result<Vec<String>, CopyError> {
    let mut rows = 0;
    let told = |progress: Progress| {
        assert!(rows <= progress.rows, "progress goes back");
        rows = progress.rows;
    };
    let copied = from.copy_all_to(to, told).await?;
    let total: u64 = copied
        .iter()
        .flat_map(|copied| &copied.tables)
        .map(|table| table.rows)
        .sum();
    // Each row is carried, and read back.
    assert_eq!(rows, 2 * total);
    assert!(0 < total);
    Ok(copied
        .into_iter()
        .map(|copied| copied.store.to_string())
        .collect())
}

/// A demo's shop, a second store, and one that random acts have made.
async fn three_stores(shop: &TestShop) {
    fill(&shop.app).await;
    shop.add_store("aside").await;
    play_one(&shop.app.store, &id("random"), SEED).await;
}

fn facts(app: &App, store: &StoreId) -> Vec<String> {
    let shop = app.catalogue.shop(store).expect("a shop");
    let mut facts: Vec<String> = shop
        .entries()
        .iter()
        .map(|entry| format!("{:?}", entry.facts()))
        .collect();
    facts.sort();
    facts.push(format!("{:?} {}", shop.settings(), shop.revision()));
    facts
}

#[tokio::test]
async fn a_shop_that_moves_there_and_back_is_the_same_and_goes_on() {
    let here = TestShop::in_file().await;
    three_stores(&here).await;
    let there = fresh_shop().await;
    let back = TestShop::in_file().await;
    let stores = ["aside", "default", "random"];
    assert_eq!(
        copied(&here.app.store, &there.app.store)
            .await
            .expect("copied"),
        stores
    );
    assert_eq!(
        copied(&there.app.store, &back.app.store)
            .await
            .expect("copied"),
        stores
    );
    let elsewhere = fresh_shop().await;
    copied(&there.app.store, &elsewhere.app.store)
        .await
        .expect("copied from one PostgreSQL to another");
    let loaded = app(there.app.store.clone()).await;
    for store in stores {
        let store: StoreId = id(store);
        let own = sums(&here.app.store, &store).await;
        assert_eq!(own.len(), TABLES.len());
        for other in [&there, &back, &elsewhere] {
            assert_eq!(own, sums(&other.app.store, &store).await, "{store}");
        }
        let fresh = app(here.app.store.clone()).await;
        assert_eq!(facts(&loaded, &store), facts(&fresh, &store));
    }
    for shop in [&there, &back, &elsewhere] {
        shop.assert_sound().await;
    }
    // What is a table of rows of its own is a shop that goes on.
    let moved = there.reopened().await;
    moved.stocked("after", 3).await;
    moved.assert_sound().await;
}

#[tokio::test]
async fn every_table_is_copied_after_those_that_it_refers_to() {
    let shop = fresh_shop().await;
    let references: Vec<(String, String)> = sqlx::query_as(
        "
        SELECT CAST(own.relname AS text)
             , CAST(theirs.relname AS text)
          FROM pg_constraint
          JOIN pg_class AS own
            ON own.oid = conrelid
          JOIN pg_class AS theirs
            ON theirs.oid = confrelid
         WHERE contype = 'f'
           AND NOT condeferrable",
    )
    .fetch_all(&mut admin(&shop).await)
    .await
    .expect("references");
    assert!(20 < references.len());
    let place = |name: &str| TABLES.iter().position(|table| *table == name).expect(name);
    for (own, theirs) in references {
        assert!(place(&theirs) < place(&own), "{own} refers to {theirs}");
    }
    let mut known: Vec<String> = sqlx::query_scalar(
        "
        SELECT CAST(tablename AS text)
          FROM pg_tables
         WHERE schemaname = 'public'
           AND tablename <> '_sqlx_migrations'",
    )
    .fetch_all(&mut admin(&shop).await)
    .await
    .expect("tables");
    known.sort();
    let mut ours = TABLES.map(str::to_owned);
    ours.sort();
    assert_eq!(known, ours);
}

#[tokio::test]
async fn a_target_that_somebody_uses_is_refused_and_left_as_it_is() {
    let source = TestShop::in_file().await;
    source.stocked("a", 3).await;
    for target in [TestShop::in_file().await, fresh_shop().await] {
        target.stocked("b", 5).await;
        let refused = copied(&source.app.store, &target.app.store).await;
        let refused = refused.expect_err("it is in use");
        assert!(
            matches!(&refused, CopyError::NotFresh(store) if store == "default"),
            "{refused:?}"
        );
        assert_eq!(target.on_hand("b").await, 5);
        assert_eq!(target.on_hand("a").await, 0);
        target.assert_sound().await;
    }
    for target in [TestShop::in_file().await, fresh_shop().await] {
        target.add_store("mine").await;
        let refused = copied(&source.app.store, &target.app.store).await;
        let refused = refused.expect_err("it has another store");
        assert!(
            matches!(&refused, CopyError::NotFresh(store) if store == "mine"),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_copy_that_is_cut_off_leaves_a_fresh_target_and_is_done_again() {
    let source = TestShop::in_file().await;
    three_stores(&source).await;
    for target in [fresh_shop().await, TestShop::in_file().await] {
        let before = sums(&target.app.store, &target.store).await;
        // Dropped as soon as it has come so far: at the first table, in the middle, and while it is compared.
        for rows in [1, 40, 150, 300] {
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let mut stop = Some(stop);
            let copying = source.app.store.copy_all_to(&target.app.store, |progress| {
                if rows <= progress.rows {
                    drop(stop.take());
                }
            });
            tokio::select! {
                biased;
                _ = stopped => {}
                done = copying => panic!("came to its end: {done:?}"),
            }
            assert_eq!(sums(&target.app.store, &target.store).await, before);
            let standings = target.app.store.standings().await.expect("stores");
            assert_eq!(standings.len(), 1);
        }
        copied(&source.app.store, &target.app.store)
            .await
            .expect("copied at last");
        assert_eq!(
            sums(&target.app.store, &target.store).await,
            sums(&source.app.store, &source.store).await
        );
        target.assert_sound().await;
    }
}

#[tokio::test]
async fn a_target_that_does_not_keep_what_it_is_given_is_found_out() {
    let source = TestShop::in_file().await;
    source.stocked("a", 3).await;
    let target = fresh_shop().await;
    let mut admin = admin(&target).await;
    for (table, change) in [
        ("stock_level", "new.on_hand := new.on_hand + 1"),
        ("sku", "new.title := 'another'"),
        ("act", "new.at_ms := new.at_ms - 1"),
    ] {
        let tamper = format!(
            "
            CREATE OR REPLACE FUNCTION tamper() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN {change}; RETURN new; END $$;
            CREATE TRIGGER tampering BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION tamper()"
        );
        admin
            .execute(AssertSqlSafe(tamper))
            .await
            .expect("a trigger");
        let refused = copied(&source.app.store, &target.app.store).await;
        let refused = refused.expect_err(table);
        assert!(
            matches!(&refused, CopyError::Differs { table: found, .. } if *found == table),
            "{refused:?}"
        );
        let drop = AssertSqlSafe(format!("DROP TRIGGER tampering ON {table}"));
        admin.execute(drop).await.expect("no trigger");
        assert_eq!(target.on_hand("a").await, 0);
    }
    copied(&source.app.store, &target.app.store)
        .await
        .expect("copied");
}

#[tokio::test]
async fn what_is_written_after_the_copy_began_is_not_in_it() {
    let source = fresh_shop().await;
    fill(&source.app).await;
    let before = sums(&source.app.store, &source.store).await;
    let target = TestShop::in_file().await;
    let mut asked = Some(source.app.clone());
    let (begun, begins) = tokio::sync::oneshot::channel::<App>();
    let mut begun = Some(begun);
    let copying = source.app.store.copy_all_to(&target.app.store, |_| {
        if let (Some(begun), Some(app)) = (begun.take(), asked.take()) {
            assert!(begun.send(app).is_ok());
        }
    });
    let writing = async {
        begins.await.expect("it begins");
        source.set("cc-scarf", 77, None).await.expect("a count");
    };
    let (copied, ()) = tokio::join!(copying, writing);
    assert_eq!(copied.expect("copied")[0].tables, before);
    assert_ne!(sums(&source.app.store, &source.store).await, before);
    assert_eq!(sums(&target.app.store, &target.store).await, before);
}

#[tokio::test]
async fn the_command_moves_a_shop_and_says_what_it_did() {
    let source = TestShop::in_file().await;
    three_stores(&source).await;
    let (target, again) = (fresh_shop().await, fresh_shop().await);
    let path = source.path();
    let to = url(&target.address);
    let done = ships_by(&[
        "--from",
        &format!("sqlite://{}", path.display()),
        "--to",
        &to,
    ])
    .await;
    assert!(done.status.success(), "{done:?}");
    let words = String::from_utf8_lossy(&done.stdout).into_owned();
    let tables = format!("in {} tables, the same on both sides", TABLES.len());
    for part in ["default: ", "random: ", &tables, "aside: ", "and is sound"] {
        assert!(words.contains(part), "{words}");
    }
    assert!(!words.contains("A server is running"), "{words}");
    assert_eq!(
        sums(&source.app.store, &source.store).await,
        sums(&target.app.store, &target.store).await
    );
    // A second time, and from what is not there.
    let refused = ships_by(&["--from", file(&path), "--to", &to]).await;
    assert!(!refused.status.success());
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("was left as it was"), "{words}");
    assert!(words.contains("name a fresh database with --to"), "{words}");
    let missing = source.directory.path().join("nothing.sqlite");
    let refused = ships_by(&["--from", file(&missing), "--to", &to]).await;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("there is no database"), "{words}");
    assert!(!missing.exists());
    // While a server runs, with a warning; to a file on which one runs, not at all.
    let serving = server::store::ServingLock::take(&path).expect("nobody serves");
    let done = ships_by(&["--from", file(&path), "--to", &url(&again.address)]).await;
    let words = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(words.contains("A server is running on"), "{words}");
    let refused = ships_by(&["--from", &to, "--to", file(&path)]).await;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("another server is running on"), "{words}");
    drop(serving);
}

fn url(address: &Address) -> String {
    match address {
        Address::Postgres(url) => url.clone(),
        Address::File(path) => path.display().to_string(),
    }
}

fn file(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Runs `ships-by copy`.
async fn ships_by(options: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ships-by"));
    command.arg("copy").args(options);
    let running = tokio::task::spawn_blocking(move || command.output());
    running.await.expect("an end").expect("the command runs")
}
