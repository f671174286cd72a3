//! The store's contract.

use std::sync::Arc;
use std::time::{Duration, Instant};

use server::catalogue::KeyKind;
use server::operations::keys::{add_key, named, revoke};
use server::operations::put_sku::put_sku;
use server::operations::put_store::{PutStore, put_store};
use server::operations::records::SkuRecord;
use server::operations::watch;
use server::store::writing::Note;
use server::store::{OpenError, ServingLock, Store, StoreError};
use shared::ids::StoreId;
use sqlx::{Connection, SqliteConnection};

use crate::shop::{TestShop, id, now};

/// A server looks four times a second for what others have committed; on a machine busy with tests that takes longer.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

/// A connection that knows nothing of our rules but those of the schema.
pub async fn stranger(shop: &TestShop) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(shop.path())
        .foreign_keys(true);
    SqliteConnection::connect_with(&options)
        .await
        .expect("the same database")
}

async fn refused_by(shop: &TestShop, sql: &'static str, constraint: &str) {
    let error = sqlx::query(sql)
        .execute(&mut stranger(shop).await)
        .await
        .expect_err(sql)
        .to_string();
    assert!(error.contains(constraint), "{sql}: {error}");
}

#[tokio::test]
async fn a_fresh_database_has_one_store_with_one_location() {
    let shop = TestShop::new().await;
    let standings = shop.app.store.standings().await.expect("stores");
    assert_eq!(standings.len(), 1);
    let settings = shop
        .app
        .catalogue
        .shop(&shop.store)
        .expect("a shop")
        .settings();
    assert_eq!(settings.location.id.as_str(), "main");
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_and_let_in_after_the_first() {
    let shop = TestShop::in_file().await;
    let lock = ServingLock::take(shop.path()).expect("the first server");
    let refused = ServingLock::take(shop.path()).expect_err("the second server");
    assert!(matches!(refused, OpenError::BeingServed(_)), "{refused}");
    assert!(refused.to_string().contains("--db"), "{refused}");
    drop(lock);
    ServingLock::take(shop.path()).expect("the first has gone");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let path = directory.path().join("notes.txt");
    let text = "these are my notes, not a database, and longer than a header. ".repeat(20);
    std::fs::write(&path, &text).expect("a file");
    let refused = Store::open(&path).await.expect_err("no database");
    assert!(refused.to_string().contains("notes.txt"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), text);
}

#[tokio::test]
async fn the_schema_refuses_what_must_not_be() {
    let shop = TestShop::in_file().await;
    shop.stocked("a", 3).await;
    let cases = [
        (
            "UPDATE stock_level SET on_hand = -1",
            "on_hand_not_negative",
        ),
        (
            "UPDATE stock_level SET committed = -1",
            "committed_not_negative",
        ),
        (
            "UPDATE stock_level SET safety_stock = -1",
            "safety_stock_not_negative",
        ),
        ("UPDATE stock_level SET on_hand = 1.5", "cannot store REAL"),
        (
            "UPDATE sku SET backorder = 'perhaps'",
            "sku_backorder_known",
        ),
        (
            "UPDATE sku SET released_on = '2026-02-30'",
            "sku_released_on_is_a_date",
        ),
        (
            "UPDATE sku SET lead_time_days = 4000",
            "sku_lead_time_in_range",
        ),
        (
            "UPDATE store SET horizon_days = 0",
            "store_horizon_in_range",
        ),
        (
            "UPDATE location SET working_days = 'weekdays'",
            "location_working_days_shape",
        ),
        (
            "UPDATE location SET cut_offs = '[]'",
            "location_cut_offs_is_an_object",
        ),
        (
            "UPDATE location SET fulfils = 2",
            "location_fulfils_is_truth",
        ),
        (
            "UPDATE location SET parcel_cost = -1",
            "location_parcel_cost_in_range",
        ),
        (
            "INSERT INTO transit VALUES ('default', 1, 'us east', NULL, 3, '1111100', '[]')",
            "transit_zone_shape",
        ),
        (
            "INSERT INTO transit VALUES ('default', 1, 'us', 'unknown', 3, '1111100', '[]')",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO transit VALUES ('default', 1, 'us', NULL, 3, '1111100', '[]'), ('default', 2, 'us', NULL, 4, '1111100', '[]')",
            "transit_of_a_zone_once",
        ),
        ("UPDATE movement SET change = 9", "append-only"),
        ("DELETE FROM movement", "append-only"),
        ("DELETE FROM act", "append-only"),
        ("DELETE FROM sku", "FOREIGN KEY"),
        (
            "INSERT INTO stock_level VALUES ('default', 'unknown', 'main', 1, 0, 0, 1)",
            "FOREIGN KEY",
        ),
        (
            "INSERT INTO stock_level VALUES ('default', 'a', 'unknown', 1, 0, 0, 1)",
            "FOREIGN KEY",
        ),
    ];
    for (sql, constraint) in cases {
        refused_by(&shop, sql, constraint).await;
    }
    assert_eq!(shop.on_hand("a").await, 3);
}

#[tokio::test]
async fn each_commit_raises_the_revision_and_marks_what_it_touched() {
    let shop = TestShop::new().await;
    shop.stocked("a", 1).await;
    shop.stocked("b", 1).await;
    let before = shop.app.store.standings().await.expect("stores")[0].revision;
    let level = shop.set("a", 2, Some(1)).await.expect("stock");
    assert_eq!(level.revision, before + 1);
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    assert_eq!(memory.revision(), before + 1);
    assert_eq!(memory.entry("a").expect("a").revision(), before + 1);
    assert!(memory.entry("b").expect("b").revision() < before + 1);
}

#[tokio::test]
async fn a_change_that_is_dropped_leaves_no_trace() {
    let shop = TestShop::new().await;
    let before = shop.app.store.standings().await.expect("stores");
    let mut writing = shop
        .app
        .store
        .begin(&shop.store, Note::new("test", "a"), now())
        .await
        .expect("a change");
    writing
        .put_sku(&SkuRecord::new(id("a")))
        .await
        .expect("a SKU");
    drop(writing);
    assert_eq!(shop.app.store.standings().await.expect("stores"), before);
    let sku = shop
        .app
        .store
        .sku(&shop.store, &id("a"))
        .await
        .expect("an answer");
    assert_eq!(sku, None);
}

#[tokio::test]
async fn a_change_of_a_store_that_is_not_there_is_refused() {
    let shop = TestShop::new().await;
    let store: StoreId = id("nobody");
    let begun = shop
        .app
        .store
        .begin(&store, Note::new("test", "a"), now())
        .await;
    assert!(matches!(begun.err(), Some(StoreError::NoSuchStore(_))));
    shop.stocked("a", 1).await;
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let shop = TestShop::new().await;
    let record = SkuRecord {
        title: Some("Hoodie".into()),
        reason: Some("Our weaver ships on the first".into()),
        released_on: Some(id("2026-12-24")),
        lead_time_days: Some(21),
        low_stock_threshold: shared::quantity::Quantity::new(3),
        ..SkuRecord::new(id("hoodie"))
    };
    let put = put_sku(&shop.app, &shop.store, record)
        .await
        .expect("a SKU");
    shop.stocked("a", 7).await;
    let shop = shop.reopened().await;
    assert_eq!(shop.on_hand_in_memory("a"), Some(7));
    let found = shop.app.store.sku(&shop.store, &id("hoodie")).await;
    assert_eq!(found.expect("an answer"), Some(put));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_server_that_can_look_at_nothing_from_the_start_goes_stale() {
    let shop = TestShop::new().await;
    shop.app.store.close().await;
    let watching = tokio::spawn(watch::watch(shop.app.clone()));
    let long = Duration::from_millis(100);
    let going_stale = async {
        while shop.app.freshness.age() < long {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(3), going_stale).await;
    watching.abort();
    assert!(waited.is_ok(), "it counts as fresh without having looked");
}

#[tokio::test]
async fn what_another_process_commits_is_seen_without_a_restart() {
    let shop = TestShop::new().await;
    shop.stocked("a", 1).await;
    let watching = tokio::spawn(watch::watch(shop.app.clone()));
    let other = shop.other_process().await;
    let started = Instant::now();

    let key = named(KeyKind::Secret, "", now(), "sk_test_1".into());
    add_key(&other, &shop.store, &key).await.expect("a key");
    let mut writing = other
        .begin(&shop.store, Note::new("test", "b"), now())
        .await
        .expect("a change");
    writing
        .put_sku(&SkuRecord::new(id("b")))
        .await
        .expect("a SKU");
    writing.commit().await.expect("a commit");
    other.close().await;

    let seen = || {
        let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
        memory.entry("b").is_some() && shop.app.catalogue.key("sk_test_1").is_some()
    };
    while !seen() {
        assert!(started.elapsed() < SEEN_WITHIN, "not seen in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let other = shop.other_process().await;
    revoke(&other, &shop.store, &key.record.id, now())
        .await
        .expect("revoked");
    other.close().await;
    let revoked = || {
        shop.app
            .catalogue
            .key("sk_test_1")
            .is_some_and(|key| key.revoked)
    };
    let started = Instant::now();
    while !revoked() {
        assert!(started.elapsed() < SEEN_WITHIN, "still opens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    watching.abort();
}

#[tokio::test]
async fn a_commit_of_another_process_is_not_missed_for_one_of_our_own() {
    let shop = TestShop::new().await;
    shop.stocked("a", 1).await;
    let other = shop.other_process().await;
    let mut writing = other
        .begin(&shop.store, Note::new("test", "b"), now())
        .await
        .expect("a change");
    writing
        .put_sku(&SkuRecord::new(id("b")))
        .await
        .expect("a SKU");
    writing.commit().await.expect("a commit");
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    let before = memory.revision();
    // Ours is in memory before the other's, which the watch has not seen: so the revision stays.
    shop.set("a", 2, None).await.expect("stock");
    assert_eq!(shop.on_hand_in_memory("a"), Some(2));
    assert_eq!(memory.revision(), before);
    let watching = tokio::spawn(watch::watch(shop.app.clone()));
    let started = Instant::now();
    while memory.revision() < before + 2 {
        assert!(started.elapsed() < SEEN_WITHIN, "missed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(memory.entry("b").is_some());
    watching.abort();
}

#[tokio::test]
async fn settings_that_are_loaded_late_replace_no_newer_ones() {
    let shop = TestShop::in_file().await;
    let load = async || {
        let settings = shop.app.store.load_settings(&shop.store).await;
        settings.expect("an answer").expect("settings")
    };
    let late = load().await;
    let record = shop.app.store.store_record(&shop.store).await;
    let mut decided = PutStore::from(record.expect("an answer").expect("a store"));
    decided.name = "Renamed".into();
    put_store(&shop.app, &shop.store, decided)
        .await
        .expect("the store");
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    memory.put_settings(late);
    assert_eq!(memory.settings().name, "Renamed");
}

/// Makes the tables look like those of another version.
async fn meddle_with_migrations(shop: &TestShop) {
    let mut stranger = stranger(shop).await;
    sqlx::query("UPDATE _sqlx_migrations SET version = version + 1000")
        .execute(&mut stranger)
        .await
        .expect("meddling");
    stranger.close().await.expect("all of it in the file");
}

#[tokio::test]
async fn tables_of_another_version_are_left_as_they_are_by_all_but_a_server() {
    let shop = TestShop::in_file().await;
    shop.app.store.close().await;
    meddle_with_migrations(&shop).await;
    let before = std::fs::read(shop.path()).expect("the database");
    let copy = shop.directory.path().join("copy.sqlite");
    let stock = shop.directory.path().join("stock.csv");
    std::fs::write(&stock, "sku,on_hand\na,1\n").expect("a file");
    let (copy, stock) = (copy.to_str().expect("text"), stock.to_str().expect("text"));
    for command in [
        &["check"][..],
        &["backup", copy],
        &["keys", "list"],
        &["import", stock],
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_ships-by"))
            .args(command)
            .arg("--db")
            .arg(shop.path())
            .output()
            .expect("the command");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command:?}");
        assert!(said.contains("`ships-by serve`"), "{command:?}: {said}");
        let after = std::fs::read(shop.path()).expect("the database");
        assert!(before == after, "{command:?} changed the database");
    }
    assert!(!std::fs::exists(copy).expect("an answer"));
}

#[tokio::test]
async fn a_server_that_finds_another_leaves_the_tables_as_they_are() {
    let shop = TestShop::in_file().await;
    shop.app.store.close().await;
    // As if this program knew one migration more than what was run.
    sqlx::query("DELETE FROM _sqlx_migrations")
        .execute(&mut stranger(&shop).await)
        .await
        .expect("meddling");
    let _other = ServingLock::take(shop.path()).expect("the other server");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ships-by"))
        .args(["serve", "--listen", "127.0.0.1:0", "--db"])
        .arg(shop.path())
        .output()
        .expect("the command");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("another server is running"), "{said}");
}

#[tokio::test]
async fn a_command_that_needs_a_database_makes_one() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let path = directory.path().join("new.sqlite");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ships-by"))
        .args(["keys", "create", "secret", "--db"])
        .arg(&path)
        .output()
        .expect("the command");
    assert!(output.status.success(), "{output:?}");
    Store::open_as_it_is(&path).await.expect("a database");
}

#[cfg(unix)]
#[tokio::test]
async fn a_copy_goes_to_its_place_whole_or_not_at_all() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let shop = TestShop::in_file().await;
    let backup = |target: std::path::PathBuf| {
        std::process::Command::new(env!("CARGO_BIN_EXE_ships-by"))
            .arg("backup")
            .arg(target)
            .arg("--db")
            .arg(shop.path())
            .output()
            .expect("the command")
    };
    let odd = backup(shop.directory.path().join(OsStr::from_bytes(b"\xFF")));
    assert!(!odd.status.success());
    // Where a copy was cut short before.
    let target = shop.directory.path().join("copy.sqlite");
    std::fs::write(target.with_extension("sqlite.part"), "half").expect("a file");
    let output = backup(target.clone());
    assert!(output.status.success(), "{output:?}");
    let names = std::fs::read_dir(shop.directory.path()).expect("a folder");
    let mut names: Vec<_> = names
        .map(|entry| entry.expect("a file").file_name())
        .collect();
    names.retain(|name| name.as_bytes().starts_with(b"copy"));
    assert_eq!(names, ["copy.sqlite"]);
    Store::open_as_it_is(&target).await.expect("the copy");
}

#[tokio::test]
async fn going_back_to_a_copy_loses_nothing() {
    let shop = TestShop::in_file().await;
    shop.stocked("a", 5).await;
    let copy = shop.directory.path().join("copy.sqlite");
    let text = |path: &std::path::Path| path.to_str().expect("a path").to_owned();
    shop.app.store.copy_to(&text(&copy)).await.expect("a copy");
    shop.set("a", 9, Some(5)).await.expect("a count");
    let run = |copy: &std::path::Path| {
        std::process::Command::new(env!("CARGO_BIN_EXE_ships-by"))
            .args(["restore", &text(copy), "--db", &text(&shop.path())])
            .output()
            .expect("the command")
    };
    // Not while somebody serves it, and not to what is no copy.
    let lock = ServingLock::take(shop.path()).expect("the first");
    assert!(!run(&copy).status.success());
    drop(lock);
    let odd = shop.directory.path().join("odd.sqlite");
    std::fs::write(&odd, "no database").expect("a file");
    assert!(!run(&odd).status.success());
    assert_eq!(shop.on_hand("a").await, 9);

    shop.app.store.close().await;
    let restored = run(&copy);
    assert!(restored.status.success(), "{restored:?}");
    let names = std::fs::read_dir(shop.directory.path()).expect("a folder");
    let names = names.map(|entry| entry.expect("a file").file_name());
    let names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
    let kept = names
        .iter()
        .find(|name| name.contains(".before-") && !name.ends_with('l') && !name.ends_with('m'));
    let kept = shop.directory.path().join(kept.expect("what was there"));
    assert!(
        !names.iter().any(|name| name.contains("restoring")),
        "{names:?}"
    );
    let (sku, location) = (id("a"), id("main"));
    for (path, units) in [(shop.path(), 5), (kept, 9)] {
        let store = Store::open_as_it_is(&path).await.expect("a database");
        let level = store.level(&shop.store, &sku, &location).await;
        let level = level.expect("an answer").expect("a level");
        assert_eq!(level.on_hand.units(), units, "{}", path.display());
        store.close().await;
    }
}

#[tokio::test]
async fn two_stores_have_nothing_in_common() {
    let shop = TestShop::new().await;
    let other = shop.add_store("other").await;
    shop.stocked("a", 5).await;
    assert_eq!(
        shop.app
            .store
            .sku(&other, &id("a"))
            .await
            .expect("an answer"),
        None
    );
    put_sku(&shop.app, &other, SkuRecord::new(id("a")))
        .await
        .expect("a SKU");
    assert_eq!(shop.on_hand("a").await, 5);
    let memory = shop.app.catalogue.shop(&other).expect("the other shop");
    assert!(memory.entry("a").expect("a").facts().places.is_empty());
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_copy_made_while_others_write_is_sound() {
    let shop = Arc::new(TestShop::in_file().await);
    shop.stocked("a", 0).await;
    let writing = {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move {
            for units in 1..=30 {
                shop.set("a", units, None).await.expect("stock");
            }
        })
    };
    let target = shop.directory.path().join("copy.sqlite");
    let other = shop.other_process().await;
    let target = target.to_str().expect("text");
    other.copy_to(target).await.expect("a copy");
    writing.await.expect("the writer");
    let copy = Store::open_as_it_is(target).await.expect("the copy");
    assert_eq!(copy.faults().await.expect("a check"), []);
    other.copy_to(target).await.expect_err("is there already");
}

#[tokio::test]
async fn a_count_that_disagrees_with_its_ledger_is_found() {
    let shop = TestShop::in_file().await;
    shop.stocked("a", 3).await;
    sqlx::query("UPDATE stock_level SET on_hand = 4")
        .execute(&mut stranger(&shop).await)
        .await
        .expect("meddling");
    let faults = shop.app.store.faults().await.expect("a check");
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].found.contains("4 on hand, movements add up to 3"),
        "{faults:?}"
    );
}

#[tokio::test]
async fn a_file_of_something_else_is_named_as_such_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stock.csv");
    let content = "sku,on_hand\n".repeat(100);
    std::fs::write(&path, &content).expect("a file");
    for opened in [Store::open(&path).await, Store::open_as_it_is(&path).await] {
        let Err(error) = opened else {
            panic!("it was opened");
        };
        let error = error.to_string();
        assert!(
            error.ends_with("stock.csv is no database of ShipsBy: name your store's with --db"),
            "{error}"
        );
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), content);
}
