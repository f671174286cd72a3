//! What is learnt of suppliers from what came, and how dates follow from it.

use std::io::Cursor;
use std::time::Duration;

use server::import::Format;
use server::operations::ActError;
use server::operations::change_purchase_order::{
    ChangePurchaseOrder, ChangedLine, change_purchase_order,
};
use server::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use server::operations::import_stock::{
    ImportError, ImportStock, StockImported, import_into, import_stock,
};
use server::operations::once::Outcome;
use server::operations::put_sku::put_sku;
use server::operations::put_store::{PutStore, put_store};
use server::operations::put_supplier::put_supplier;
use server::operations::receive_purchase_order::{
    ReceivePurchaseOrder, Received, receive_purchase_order,
};
use server::operations::records::{PurchaseOrder, SkuRecord, SupplierModel, SupplierRecord, Week};
use server::operations::{show, watch};
use server::store::Store;
use server::store::writing::Note;
use shared::lead_time::Level;
use shared::quantity::Quantity;
use shared::supply::{Basis, Incoming};
use sqlx::migrate::Migrator;
use sqlx::{Connection, SqliteConnection};

use crate::shop::{TestShop, id, now};

/// Real deliveries of fifty-eight suppliers.
const DELIVERIES: &str = include_str!("../../../tests/lead-times/supplier-deliveries.csv");

const HEADER: &str = "po_number,supplier,ordered_on,promised_on,received_on,quantity,quantity_received,shipment_mode\n";

async fn import(shop: &TestShop, file: impl Into<Vec<u8>>) -> Result<StockImported, ImportError> {
    let turn = shop
        .app
        .imports
        .of(&shop.store)
        .expect("nobody else imports");
    let file = Cursor::new(file.into());
    let outcome = import_stock(&shop.app, turn, request(false), file, None).await?;
    match outcome {
        Outcome::Done(done) => Ok(done),
        Outcome::Before(answer) => panic!("answered before: {answer:?}"),
    }
}

fn request(dry_run: bool) -> ImportStock {
    ImportStock {
        format: Format::SupplierDeliveries,
        location: None,
        dry_run,
    }
}

async fn supplier(shop: &TestShop, name: &str, lead_time_days: Option<u32>, buffer_days: u32) {
    let record = SupplierRecord {
        id: id(name),
        name: name.into(),
        working_days: Week::MONDAY_TO_FRIDAY,
        holidays: Default::default(),
        lead_time_days,
        buffer_days,
        wait_reason: None,
        language: None,
    };
    put_supplier(&shop.app, &shop.store, record)
        .await
        .expect("a supplier");
}

/// Orders so many of `a`, with the date that the supplier tells.
async fn order(
    shop: &TestShop,
    name: &str,
    from: &str,
    ordered_on: &str,
    expected_on: Option<&str>,
    units: u32,
) -> PurchaseOrder {
    let request = CreatePurchaseOrder {
        id: Some(id(name)),
        supplier: Some(id(from)),
        location: None,
        ordered_on: Some(id(ordered_on)),
        mode: None,
        shipped_on: None,
        expected_on: expected_on.map(id),
        wait_reason: None,
        lines: vec![Ordered {
            sku: id("a"),
            quantity: Quantity::new(units),
            expected_on: None,
        }],
    };
    match create_purchase_order(&shop.app, &shop.store, request, shop.once()).await {
        Ok(Outcome::Done(order)) => order,
        other => panic!("{other:?}"),
    }
}

async fn receive(shop: &TestShop, name: &str, on: &str, units: u32) -> Received {
    let request = ReceivePurchaseOrder {
        receipt: format!("note-{name}"),
        received_on: Some(id(on)),
        lines: vec![(id("a"), Quantity::new(units))],
        allow_over_receipt: false,
    };
    let once = shop.once();
    match receive_purchase_order(&shop.app, &shop.store, id(name), request, once).await {
        Ok(Outcome::Done(received)) => received,
        other => panic!("{other:?}"),
    }
}

fn nothing_changes() -> ChangePurchaseOrder {
    ChangePurchaseOrder {
        expected_on: None,
        mode: None,
        shipped_on: None,
        cancel: false,
        wait_reason: None,
        lines: Vec::new(),
        reason: None,
    }
}

async fn change(shop: &TestShop, name: &str, request: ChangePurchaseOrder) -> PurchaseOrder {
    change_purchase_order(&shop.app, &shop.store, id(name), request)
        .await
        .expect("a change")
}

/// The rest of what was ordered does not come.
async fn cut(shop: &TestShop, name: &str, units: u32) {
    let line = ChangedLine {
        sku: id("a"),
        quantity: Some(Quantity::new(units)),
        expected_on: None,
    };
    let request = ChangePurchaseOrder {
        lines: vec![line],
        ..nothing_changes()
    };
    change(shop, name, request).await;
}

/// What is on its way of `a`, as the catalogue has it.
fn incoming(shop: &TestShop, name: &str) -> Option<Incoming> {
    let entry = shop.app.catalogue.shop(&shop.store)?.entry("a")?;
    let facts = entry.facts();
    let place = facts.at(&id("main"))?;
    let mut incoming = place.incoming.iter();
    incoming
        .find(|incoming| incoming.purchase_order == id(name))
        .cloned()
}

fn planned_on(shop: &TestShop, name: &str) -> Option<String> {
    incoming(shop, name).map(|incoming| incoming.planned_on().expect("a day").to_string())
}

async fn models(shop: &TestShop, name: &str) -> Vec<SupplierModel> {
    let id = id(name);
    let models = show::supplier_models(&shop.app, &shop.store, Some(&id)).await;
    models.expect("models")
}

/// Orders of past days, each told for a day and received so many days after it.
async fn history(shop: &TestShop, from: &str, late_days: &[u32]) {
    for (at, late) in late_days.iter().enumerate() {
        let name = format!("{from}-{at}");
        order(shop, &name, from, "2026-08-03", Some("2026-09-01"), 10).await;
        receive(shop, &name, &format!("2026-09-{:02}", 1 + late), 10).await;
    }
}

fn refused(imported: &StockImported) -> Vec<(u64, &'static str)> {
    let refused = imported.report.refused.iter();
    refused.map(|remark| (remark.line, remark.code)).collect()
}

#[tokio::test]
async fn a_real_history_comes_in_whole_and_once() {
    let shop = TestShop::new().await;
    let dry = import_into(
        &shop.app.store,
        &shop.store,
        request(true),
        DELIVERIES.as_bytes(),
        now(),
    );
    assert_eq!(dry.await.expect("a dry run").changed, 2_706);
    let suppliers = || show::suppliers(&shop.app, &shop.store);
    assert_eq!(suppliers().await.expect("suppliers").len(), 0);

    let imported = import(&shop, DELIVERIES).await.expect("an import");
    assert_eq!(imported.report.rows_read, 2_706);
    assert_eq!(refused(&imported), []);
    assert_eq!((imported.changed, imported.unchanged), (2_706, 0));
    let known = suppliers().await.expect("suppliers");
    assert_eq!(known.len(), 58);
    let names = |name: &str| {
        let known = known.iter().find(|record| record.name == name);
        known.map(|record| record.id.to_string())
    };
    assert_eq!(
        names("Aurobindo Pharma Limited").as_deref(),
        Some("aurobindo-pharma-limited")
    );
    let learnt = models(&shop, "aurobindo-pharma-limited").await;
    let modes: Vec<&str> = learnt.iter().map(|model| model.mode.as_str()).collect();
    assert_eq!(modes, ["", "Air", "Ocean", "Truck"]);
    assert_eq!(
        (learnt[0].lead_time.own, learnt[0].lead_time.pooled),
        (40, 180)
    );

    let again = import(&shop, DELIVERIES).await.expect("the same again");
    assert_eq!((again.changed, again.unchanged), (0, 2_706));
    assert_eq!(models(&shop, "aurobindo-pharma-limited").await, learnt);
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_date_moves_once_eight_have_come_late() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "weaver", None, 2).await;
    order(&shop, "PO-7", "weaver", "2026-11-01", Some("2026-12-11"), 5).await;
    history(&shop, "weaver", &[6, 6, 6, 6, 6, 6, 6]).await;
    // Seven say too little; the merchant's own buffer stands.
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-12-13"));
    let told = incoming(&shop, "PO-7").expect("a part");
    assert_eq!(told.basis, Basis::Told);

    order(
        &shop,
        "eighth",
        "weaver",
        "2026-08-03",
        Some("2026-09-01"),
        1,
    )
    .await;
    receive(&shop, "eighth", "2026-09-07", 1).await;
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-12-17"));
    let level = Level::new(80).expect("a level");
    let slips = Basis::Slips {
        level,
        reached: 80,
        own: 8,
        pooled: 0,
    };
    let moved = incoming(&shop, "PO-7").expect("a part");
    assert_eq!(moved.basis, slips);

    let shop = shop.reopened().await;
    assert_eq!(incoming(&shop, "PO-7").expect("a part"), moved);
    shop.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_planned_before_the_day_that_the_supplier_names() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "early", None, 9).await;
    for at in 0..8 {
        let name = format!("early-{at}");
        order(&shop, &name, "early", "2026-08-03", Some("2026-09-20"), 1).await;
        receive(&shop, &name, "2026-09-01", 1).await;
    }
    order(&shop, "PO-7", "early", "2026-11-01", Some("2026-12-11"), 5).await;
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-12-11"));
    let early = models(&shop, "early").await;
    let slip = early[0].slip.as_ref().expect("a slip");
    assert_eq!(slip.days, -19);
}

#[tokio::test]
async fn dates_are_measured_by_the_first_that_was_told() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "mover", None, 0).await;
    for at in 0..8 {
        let name = format!("mover-{at}");
        order(&shop, &name, "mover", "2026-08-03", None, 1).await;
        for day in ["2026-09-01", "2026-09-11"] {
            let told = ChangePurchaseOrder {
                expected_on: Some(Some(id(day))),
                ..nothing_changes()
            };
            change(&shop, &name, told).await;
        }
        receive(&shop, &name, "2026-09-11", 1).await;
    }
    let moved = models(&shop, "mover").await;
    let slip = moved[0].slip.as_ref().expect("a slip");
    assert_eq!((slip.days, slip.sample), (10, 8));
    shop.assert_sound().await;
}

#[tokio::test]
async fn an_order_without_a_date_is_planned_by_how_long_its_supplier_takes() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "weaver", None, 0).await;
    order(&shop, "PO-7", "weaver", "2026-11-01", None, 5).await;
    assert_eq!(incoming(&shop, "PO-7"), None);

    supplier(&shop, "weaver", Some(21), 0).await;
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-11-22"));
    assert_eq!(
        incoming(&shop, "PO-7").map(|part| part.basis),
        Some(Basis::Declared)
    );
    // What the merchant adds to each of its dates goes on top.
    supplier(&shop, "weaver", Some(21), 3).await;
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-11-25"));
    supplier(&shop, "weaver", Some(21), 0).await;
    let mut sku = SkuRecord::new(id("a"));
    sku.lead_time_days = Some(30);
    put_sku(&shop.app, &shop.store, sku).await.expect("a SKU");
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-12-01"));

    // Eight that took 42 days: more than is declared, less than they say alone.
    let mut file = HEADER.to_owned();
    for at in 0..8 {
        file += &format!("H-{at},weaver,2026-03-02,,2026-04-13,,,Ocean\n");
    }
    import(&shop, file.as_str()).await.expect("a history");
    let learnt = models(&shop, "weaver").await;
    assert_eq!(learnt[0].lead_time.own, 8);
    let days = learnt[0].lead_time.days;
    assert!((30..=42).contains(&days), "{days}");
    let part = incoming(&shop, "PO-7").expect("a part");
    assert_eq!(part.buffer_days.unsigned_abs(), days);
    assert!(!part.is_told());
    assert_eq!(part.expected_on, id("2026-11-01"));
    shop.assert_sound().await;
}

#[tokio::test]
async fn what_is_made_to_order_takes_as_long_as_its_supplier_does() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "weaver", Some(10), 0).await;
    let mut sku = SkuRecord::new(id("a"));
    sku.supplier = Some(id("weaver"));
    put_sku(&shop.app, &shop.store, sku).await.expect("a SKU");
    let days = || {
        let entry = shop.app.catalogue.shop(&shop.store)?.entry("a")?;
        let more = entry.facts().selling.replenishment?;
        Some(more.lead_time_days)
    };
    assert_eq!(days(), Some(10));
    history(&shop, "weaver", &[0; 8]).await;
    let learnt = models(&shop, "weaver").await[0].lead_time;
    assert!(10 < learnt.days && learnt.days < 29, "{learnt:?}");
    assert_eq!(days(), Some(learnt.days));
    // Without a lead time that is declared nothing is made to order, whatever is known.
    supplier(&shop, "weaver", None, 0).await;
    assert_eq!(days(), None);
}

#[tokio::test]
async fn of_one_that_ships_short_less_is_counted_on() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "short", None, 0).await;
    order(&shop, "PO-7", "short", "2026-11-01", Some("2026-12-11"), 25).await;
    for at in 0..8 {
        let name = format!("short-{at}");
        order(&shop, &name, "short", "2026-08-03", Some("2026-09-01"), 10).await;
        receive(&shop, &name, "2026-09-01", 9).await;
        cut(&shop, &name, 9).await;
    }
    let units = || incoming(&shop, "PO-7").map(|part| part.quantity.units());
    assert_eq!(units(), Some(22));
    receive(&shop, "PO-7", "2026-11-20", 20).await;
    assert_eq!(units(), Some(2));
    let expected = models(&shop, "short").await[0].expected_yield;
    let share = expected.expect("a yield").share;
    assert_eq!((share.ordered(), share.received()), (80, 72));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_receipt_that_is_repeated_teaches_nothing_twice() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "weaver", None, 0).await;
    history(&shop, "weaver", &[3]).await;
    let learnt = models(&shop, "weaver").await;
    assert_eq!(learnt[0].lead_time.own, 1);
    let again = receive(&shop, "weaver-0", "2026-09-20", 10).await;
    assert!(!again.recorded);
    assert_eq!(models(&shop, "weaver").await, learnt);
    shop.assert_sound().await;
}

#[tokio::test]
async fn another_promise_level_moves_every_date_that_rests_on_it() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "weaver", None, 0).await;
    history(&shop, "weaver", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 20]).await;
    order(&shop, "PO-7", "weaver", "2026-11-01", Some("2026-12-11"), 5).await;
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-12-11"));
    let before = show::store(&shop.app, &shop.store).await.expect("a store");
    assert_eq!(before.promise_level.percent(), 80);
    let surer = PutStore {
        promise_level: Level::new(95).ok(),
        ..before.into()
    };
    put_store(&shop.app, &shop.store, surer)
        .await
        .expect("a store");
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-12-31"));
    let shop = shop.reopened().await;
    assert_eq!(planned_on(&shop, "PO-7").as_deref(), Some("2026-12-31"));
}

#[tokio::test]
async fn goods_that_have_left_are_under_way() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "weaver", None, 0).await;
    order(&shop, "PO-7", "weaver", "2026-11-01", Some("2026-12-11"), 5).await;
    assert!(!incoming(&shop, "PO-7").expect("a part").under_way);
    let left = |day: &str| ChangePurchaseOrder {
        shipped_on: Some(Some(id(day))),
        mode: Some(Some("Air".into())),
        ..nothing_changes()
    };
    let after = change(&shop, "PO-7", left("2026-11-20")).await;
    assert_eq!(after.mode.as_deref(), Some("Air"));
    assert!(incoming(&shop, "PO-7").expect("a part").under_way);
    let early = change_purchase_order(&shop.app, &shop.store, id("PO-7"), left("2026-11-24")).await;
    match early {
        Err(ActError::Field { pointer, code, .. }) => {
            assert_eq!(
                (pointer.as_str(), code),
                ("/shipped_on", "date_out_of_range")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn lines_of_a_history_that_cannot_be_used_are_named() {
    let shop = TestShop::new().await;
    let file = format!(
        "{HEADER}\
        1,weaver,2026-03-02,,2026-04-13,,,\n\
        2,weaver,2026-02-30,,2026-04-13,,,\n\
        3,weaver,2026-03-02,,,,,\n\
        4,weaver,1969-12-31,,1970-01-01,,,\n\
        5,weaver,2026-03-02,,2027-04-13,,,\n\
        6,weaver,1999-03-02,,2026-04-13,,,\n\
        7,,2026-03-02,,2026-04-13,,,\n\
        ,weaver,2026-03-02,,2026-04-13,,,\n\
        9,weaver,2026-03-02,soon,2026-04-13,,,\n\
        10,weaver,2026-03-02,,2026-04-13,-1,,\n\
        11,weaver,2026-04-13,,2026-03-02,,,\n\
        12,weaver,2026-03-02\n"
    );
    let imported = import(&shop, file.as_str()).await.expect("an import");
    assert_eq!(
        refused(&imported),
        [
            (3, "invalid_date"),
            (4, "missing_value"),
            (5, "date_out_of_range"),
            (6, "date_out_of_range"),
            (7, "date_out_of_range"),
            (8, "missing_value"),
            (9, "missing_value"),
            (10, "invalid_date"),
            (11, "invalid_quantity"),
            (13, "wrong_cell_count"),
        ]
    );
    assert_eq!(imported.changed, 2);
    // What came before it was ordered, on paper, took no day.
    let learnt = models(&shop, "weaver").await;
    assert_eq!(learnt[0].lead_time.own, 2);
    for (file, code) in [
        (
            "po_number,supplier,ordered_on\n1,weaver,2026-03-02\n",
            "missing_column",
        ),
        (
            "po_number,supplier,ordered_on,received_on,colour\n",
            "unknown_column",
        ),
        ("colour\nred\n", "unknown_column"),
        ("", "empty_file"),
    ] {
        match import(&shop, file).await {
            Err(ImportError::Broken(broken)) => assert_eq!(broken.code, code, "{file:?}"),
            other => panic!("{file:?}: {other:?}"),
        }
    }
    let somewhere = ImportStock {
        location: Some("main".into()),
        ..request(false)
    };
    let refused = import_into(
        &shop.app.store,
        &shop.store,
        somewhere,
        DELIVERIES.as_bytes(),
        now(),
    );
    assert!(matches!(
        refused.await,
        Err(ImportError::Act(ActError::Field { .. }))
    ));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_line_that_is_mended_takes_the_place_of_the_one_before() {
    let shop = TestShop::new().await;
    let file = |third: &str| {
        format!(
            "{HEADER}1,w,2026-03-02,,2026-04-13,,,\n1,w,{third},,2026-04-13,,,\n1,w,2026-03-03,,2026-04-13,,,\n"
        )
    };
    let first = import(&shop, file("2026-02-30")).await.expect("an import");
    assert_eq!((first.changed, first.report.refused_count), (2, 1));
    let mended = import(&shop, file("2026-02-28")).await.expect("an import");
    assert_eq!((mended.changed, mended.unchanged), (1, 2));
    let moved = import(&shop, file("2026-02-27")).await.expect("an import");
    assert_eq!((moved.changed, moved.unchanged), (1, 2));
    assert_eq!(models(&shop, "w").await[0].lead_time.own, 3);
}

#[tokio::test]
async fn a_history_taken_in_by_another_process_moves_the_dates_of_a_server() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    supplier(&shop, "weaver", None, 0).await;
    order(&shop, "PO-7", "weaver", "2026-11-01", None, 5).await;
    let mut file = HEADER.to_owned();
    for at in 0..8 {
        file += &format!("H-{at},weaver,2026-03-02,,2026-04-13,,,\n");
    }
    let other = shop.other_process().await;
    let imported = import_into(
        &other,
        &shop.store,
        request(false),
        Cursor::new(file),
        now(),
    )
    .await;
    assert_eq!(imported.expect("an import").changed, 8);
    other.close().await;
    let watching = tokio::spawn(watch::watch(shop.app.clone()));
    let seen = async {
        while planned_on(&shop, "PO-7").as_deref() != Some("2026-12-13") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), seen).await;
    watching.abort();
    assert!(seen.is_ok(), "{:?}", planned_on(&shop, "PO-7"));
}

#[tokio::test]
async fn a_shop_of_before_learns_from_what_had_come_already() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let first = directory.path().join("migrations");
    std::fs::create_dir(&first).expect("a directory");
    let schema = include_str!("../../migrations/sqlite/0001_shop.sql");
    std::fs::write(first.join("0001_shop.sql"), schema).expect("a file");
    let path = directory.path().join("shop.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut before = SqliteConnection::connect_with(&options)
        .await
        .expect("a database");
    let migrations = Migrator::new(first).await.expect("the first tables");
    migrations.run(&mut before).await.expect("the first tables");
    sqlx::raw_sql(SHOP_OF_BEFORE)
        .execute(&mut before)
        .await
        .expect("a shop");
    before.close().await.expect("an end");

    let after = Store::open(&path).await.expect("the tables of now");
    assert_eq!(after.faults().await.expect("a check"), []);
    let note = Note::new("test", "history");
    let store = id("default");
    let mut writing = after.begin(&store, note, now()).await.expect("a change");
    let came = writing.newest(None, 10).await.expect("deliveries");
    let told: Vec<_> = came
        .iter()
        .map(|one| {
            (
                one.id.as_str(),
                one.promised_on,
                one.received_on,
                one.counts(),
            )
        })
        .collect();
    let (first, last) = (id("2026-01-20"), id("2026-02-03"));
    assert_eq!(told, [("PO-1/a", Some(first), last, Some((10, 10)))]);
}

/// One line came in two parts and later than first told, one is still to come.
const SHOP_OF_BEFORE: &str = "
    BEGIN;
    INSERT INTO store VALUES ('default', 'A shop', 'main', 'USD', 'off', 0, 2, 'exact', 365, 30, 1, 1, '[]', 4, 0);
    INSERT INTO location VALUES ('default', 'main', 'main', 'UTC', '1111100', '1111100', '[]', '14:00', 1, 1, 0);
    INSERT INTO supplier VALUES ('default', 'weaver', 'Weaver', '1111100', '[]', NULL, 0, 1);
    INSERT INTO sku (store_id, sku, tracked, discontinued, backorder, low_stock_threshold, revision)
         VALUES ('default', 'a', 1, 0, 'allow', 0, 4), ('default', 'b', 1, 0, 'allow', 0, 4);
    INSERT INTO stock_level VALUES ('default', 'a', 'main', 10, 0, 0, 4);
    INSERT INTO movement VALUES ('default', 3, 0, 'a', 'main', 4), ('default', 4, 0, 'a', 'main', 6);
    INSERT INTO purchase_order VALUES ('default', 'PO-1', 'main', 'weaver', '2026-01-05', 'open', 4);
    INSERT INTO purchase_order_line VALUES ('default', 'PO-1', 'a', 10, 10, '2026-02-02')
                                         , ('default', 'PO-1', 'b', 5, 0, NULL);
    INSERT INTO supply_date_change VALUES ('default', 'PO-1', 'a', 2, '2026-01-20', '2026-02-02');
    INSERT INTO receipt VALUES ('default', 'PO-1', 'r1', '2026-01-30', 3), ('default', 'PO-1', 'r2', '2026-02-03', 4);
    INSERT INTO receipt_line VALUES ('default', 'PO-1', 'r1', 'a', 4), ('default', 'PO-1', 'r2', 'a', 6);
    COMMIT;";
