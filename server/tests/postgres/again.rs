//! What PostgreSQL undoes for another change's sake is done again by the server.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::pin::Pin;

use chrono::TimeDelta;
use server::catalogue::KeyKind;
use server::import::Format;
use server::import::holidays::Kind;
use server::limits::RACED_AGAIN_MAX;
use server::operations::add_holidays::{AddHolidays, add_holidays};
use server::operations::adjust_stock::{AdjustStock, Adjustment, adjust_stock};
use server::operations::change_purchase_order::{ChangePurchaseOrder, change_purchase_order};
use server::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use server::operations::import_stock::{ImportStock, import_stock};
use server::operations::keys::{create_key, named, revoke_key};
use server::operations::put_location::put_location;
use server::operations::put_sku::put_sku;
use server::operations::put_store::put_store;
use server::operations::put_supplier::put_supplier;
use server::operations::receive_purchase_order::{ReceivePurchaseOrder, receive_purchase_order};
use server::operations::records::{SkuRecord, SupplierRecord, Week};
use server::operations::release::release;
use server::operations::reserve::{Reserve, reserve};
use server::operations::sweep::clear_expired;
use server::operations::{ActError, StoreError};
use shared::quantity::Quantity;
use shared::shipment::PlanKind;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::filled::once;
use crate::shop::{TestShop, id, now};
use crate::stage::{SERVING, admin, fresh_shop};

type Act<'a> = (&'static str, Pin<Box<dyn Future<Output = ()> + 'a>>);

/// Lets the database undo the first `times` attempts to commit, each time as `code` says: with the act, or as late as
/// at the commit itself.
async fn undo_at_first(admin: &mut PgConnection, code: &str, times: u32, at_the_commit: bool) {
    let trigger = match at_the_commit {
        false => "CREATE TRIGGER undoing BEFORE INSERT ON act",
        true => {
            "CREATE CONSTRAINT TRIGGER undoing AFTER INSERT ON act DEFERRABLE INITIALLY DEFERRED"
        }
    };
    let sql = format!(
        "
        DROP TRIGGER IF EXISTS undoing ON act;
        DROP FUNCTION IF EXISTS undo();
        DROP SEQUENCE IF EXISTS attempts;
        CREATE SEQUENCE attempts;
        GRANT USAGE ON SEQUENCE attempts TO {SERVING};
        CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS
        $$
        BEGIN
            IF nextval('attempts') <= {times} THEN
                RAISE EXCEPTION 'undone by a test' USING ERRCODE = '{code}';
            END IF;
            RETURN new;
        END
        $$;
        {trigger} FOR EACH ROW EXECUTE FUNCTION undo()"
    );
    admin.execute(AssertSqlSafe(sql)).await.expect("a trigger");
}

/// Attempts since [`undo_at_first`].
async fn attempts(admin: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attempts")
        .fetch_one(admin)
        .await
        .expect("a count")
}

/// Every act, each as it can be done after those before it.
fn acts(shop: &TestShop) -> Vec<Act<'_>> {
    let (app, store) = (&shop.app, &shop.store);
    let today = now().date_naive();
    let key = named(KeyKind::Secret, "test", now(), "sk_live_again".into());
    let key_id = key.record.id.clone();
    let lines = || vec![(id("a"), Quantity::new(3))];
    let hold = move |name: &str, seconds| Reserve {
        id: id(name),
        lines: lines(),
        plan: PlanKind::Separate,
        hold: TimeDelta::seconds(seconds),
    };
    vec![
        (
            "put_supplier",
            Box::pin(async {
                let record = SupplierRecord {
                    id: id("acme"),
                    name: "Acme".into(),
                    working_days: Week::MONDAY_TO_FRIDAY,
                    holidays: BTreeSet::new(),
                    lead_time_days: Some(9),
                    buffer_days: 1,
                    wait_reason: None,
                    language: None,
                };
                put_supplier(app, store, record).await.expect("done");
            }),
        ),
        (
            "put_sku",
            Box::pin(async {
                let mut record = SkuRecord::new(id("a"));
                record.supplier = Some(id("acme"));
                put_sku(app, store, record).await.expect("done");
            }),
        ),
        (
            "set_stock",
            Box::pin(async {
                shop.set("a", 50, Some(0)).await.expect("done");
            }),
        ),
        (
            "adjust_stock",
            Box::pin(async {
                let request = AdjustStock {
                    reason: "found".into(),
                    lines: vec![Adjustment {
                        sku: id("a"),
                        location: None,
                        change: 5,
                    }],
                };
                let once = once(app, store, "adjust");
                adjust_stock(app, store, request, once).await.expect("done");
                assert_eq!(shop.on_hand("a").await, 55);
                assert_eq!(shop.on_hand_in_memory("a"), Some(55));
            }),
        ),
        (
            "put_location",
            Box::pin(async {
                let record = app.store.location(store, &id("main")).await;
                let mut record = record.expect("an answer").expect("a location");
                record.name = "Portland".into();
                put_location(app, store, record).await.expect("done");
            }),
        ),
        (
            "put_store",
            Box::pin(async {
                let record = app.store.store_record(store).await;
                let record = record.expect("an answer").expect("a store");
                put_store(app, store, record.into()).await.expect("done");
            }),
        ),
        (
            "add_holidays",
            Box::pin(async {
                let request = AddHolidays {
                    location: id("main"),
                    replace: true,
                    kind: Kind::Table,
                    file: b"date\n2026-12-25\n"[..].into(),
                };
                let once = once(app, store, "holidays");
                add_holidays(app, store, request, once).await.expect("done");
            }),
        ),
        (
            "create_purchase_order",
            Box::pin(async move {
                let request = CreatePurchaseOrder {
                    id: Some(id("PO-1")),
                    supplier: Some(id("acme")),
                    location: None,
                    ordered_on: None,
                    mode: None,
                    shipped_on: None,
                    expected_on: Some(today + TimeDelta::days(9)),
                    wait_reason: None,
                    lines: vec![Ordered {
                        sku: id("a"),
                        quantity: Quantity::new(10),
                        expected_on: None,
                    }],
                };
                let once = once(app, store, "order");
                create_purchase_order(app, store, request, once)
                    .await
                    .expect("done");
            }),
        ),
        (
            "change_purchase_order",
            Box::pin(async move {
                let request = ChangePurchaseOrder {
                    expected_on: Some(Some(today + TimeDelta::days(12))),
                    mode: None,
                    shipped_on: None,
                    cancel: false,
                    wait_reason: None,
                    lines: Vec::new(),
                    reason: None,
                };
                change_purchase_order(app, store, id("PO-1"), request)
                    .await
                    .expect("done");
            }),
        ),
        (
            "receive_purchase_order",
            Box::pin(async move {
                let request = ReceivePurchaseOrder {
                    receipt: "first".into(),
                    received_on: None,
                    lines: lines(),
                    allow_over_receipt: false,
                };
                let once = once(app, store, "receipt");
                receive_purchase_order(app, store, id("PO-1"), request, once)
                    .await
                    .expect("done");
                assert_eq!(shop.on_hand("a").await, 58);
            }),
        ),
        (
            "reserve",
            Box::pin(async move {
                let once = once(app, store, "reserve");
                reserve(app, store, hold("rsv_1", 600), once)
                    .await
                    .expect("done");
            }),
        ),
        (
            "release",
            Box::pin(async {
                release(app, store, id("rsv_1")).await.expect("done");
            }),
        ),
        (
            "reserve for no time",
            Box::pin(async move {
                let once = once(app, store, "reserve for no time");
                reserve(app, store, hold("rsv_2", 0), once)
                    .await
                    .expect("done");
            }),
        ),
        (
            "expire",
            Box::pin(async {
                clear_expired(app, store).await.expect("done");
                let ended = app.store.reservation(store, &id("rsv_2")).await;
                let (ended, _) = ended.expect("an answer").expect("a reservation");
                assert!(ended.ended.is_some());
            }),
        ),
        (
            "import_stock",
            Box::pin(async {
                let request = ImportStock {
                    format: Format::ShipsBy,
                    location: None,
                    dry_run: false,
                };
                let turn = app.imports.of(store).expect("nobody else imports");
                let file = Cursor::new("sku,on_hand\na,7\n");
                let once = once(app, store, "import");
                import_stock(app, turn, request, file, Some(once))
                    .await
                    .expect("done");
                assert_eq!(shop.on_hand("a").await, 7);
                app.imports.of(store).expect("the turn has ended");
            }),
        ),
        (
            "create_key",
            Box::pin(async move {
                let once = once(app, store, "key");
                create_key(app, store, key, once).await.expect("done");
            }),
        ),
        (
            "revoke_key",
            Box::pin(async move {
                revoke_key(app, store, key_id).await.expect("done");
            }),
        ),
    ]
}

#[tokio::test]
async fn every_act_is_done_again_where_another_change_came_between() {
    for (code, at_the_commit) in [("40001", false), ("40P01", false), ("40001", true)] {
        let shop = fresh_shop().await;
        let mut admin = admin(&shop).await;
        for (name, act) in acts(&shop) {
            undo_at_first(&mut admin, code, 2, at_the_commit).await;
            act.await;
            assert_eq!(attempts(&mut admin).await, 3, "{name} {code}");
        }
        let done: i64 = sqlx::query_scalar("SELECT count(*) FROM act")
            .fetch_one(&mut admin)
            .await
            .expect("a count");
        assert_eq!(usize::try_from(done), Ok(acts(&shop).len()));
        shop.assert_sound().await;
    }
}

#[tokio::test]
async fn an_act_that_is_undone_each_time_is_given_up_with_nothing_done() {
    let shop = fresh_shop().await;
    let mut admin = admin(&shop).await;
    shop.stocked("a", 1).await;
    let before = shop.app.store.standings().await.expect("stores");
    undo_at_first(&mut admin, "40001", u32::MAX, false).await;
    let refused = shop.set("a", 2, None).await.expect_err("undone");
    assert!(
        matches!(refused, ActError::Store(StoreError::Raced(_))),
        "{refused:?}"
    );
    assert_eq!(attempts(&mut admin).await, i64::from(1 + RACED_AGAIN_MAX));
    assert_eq!(shop.app.store.standings().await.expect("stores"), before);
    assert_eq!(shop.on_hand("a").await, 1);
    // What is refused for another reason is not tried again.
    undo_at_first(&mut admin, "23514", u32::MAX, false).await;
    shop.set("a", 2, None).await.expect_err("a constraint");
    assert_eq!(attempts(&mut admin).await, 1);
}
