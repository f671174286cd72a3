//! What acts do, and what they refuse.

use std::sync::Arc;

use server::operations::ActError;
use server::operations::adjust_stock::{AdjustStock, Adjusted, Adjustment, adjust_stock};
use server::operations::change_purchase_order::{
    ChangePurchaseOrder, ChangedLine, change_purchase_order,
};
use server::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use server::operations::once::Outcome;
use server::operations::put_sku::put_sku;
use server::operations::put_supplier::put_supplier;
use server::operations::receive_purchase_order::{
    ReceivePurchaseOrder, Received, receive_purchase_order,
};
use server::operations::records::{
    PurchaseOrder, PurchaseOrderStatus, SkuRecord, SupplierRecord, Week,
};
use server::store::writing::Note;
use shared::quantity::Quantity;

use crate::shop::{TestShop, id, now};

fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(done) => done,
        Outcome::Before(answer) => panic!("answered before: {answer:?}"),
    }
}

#[track_caller]
fn field<T: std::fmt::Debug>(result: Result<T, ActError>) -> (String, &'static str) {
    match result.expect_err("a refusal") {
        ActError::Field { pointer, code, .. } => (pointer, code),
        error => panic!("{error:?}"),
    }
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(result: Result<T, ActError>) -> &'static str {
    match result.expect_err("a refusal") {
        ActError::Conflict { code, .. } => code,
        error => panic!("{error:?}"),
    }
}

fn adjustment(lines: &[(&str, i64)]) -> AdjustStock {
    AdjustStock {
        reason: "counted again".into(),
        lines: lines
            .iter()
            .map(|(sku, change)| Adjustment {
                sku: id(sku),
                location: None,
                change: *change,
            })
            .collect(),
    }
}

fn ordered(lines: &[(&str, u32)]) -> CreatePurchaseOrder {
    CreatePurchaseOrder {
        id: Some(id("PO-7")),
        supplier: None,
        location: None,
        ordered_on: Some(id("2026-11-01")),
        mode: None,
        shipped_on: None,
        expected_on: Some(id("2026-12-11")),
        wait_reason: None,
        lines: lines
            .iter()
            .map(|(sku, units)| Ordered {
                sku: id(sku),
                quantity: Quantity::new(*units),
                expected_on: None,
            })
            .collect(),
    }
}

fn receipt(name: &str, lines: &[(&str, u32)]) -> ReceivePurchaseOrder {
    ReceivePurchaseOrder {
        receipt: name.into(),
        received_on: None,
        lines: lines
            .iter()
            .map(|(sku, units)| (id(sku), Quantity::new(*units)))
            .collect(),
        allow_over_receipt: false,
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

async fn order(shop: &TestShop, request: CreatePurchaseOrder) -> Result<PurchaseOrder, ActError> {
    create_purchase_order(&shop.app, &shop.store, request, shop.once())
        .await
        .map(done)
}

async fn receive(shop: &TestShop, request: ReceivePurchaseOrder) -> Result<Received, ActError> {
    receive_purchase_order(&shop.app, &shop.store, id("PO-7"), request, shop.once())
        .await
        .map(done)
}

async fn change(shop: &TestShop, request: ChangePurchaseOrder) -> Result<PurchaseOrder, ActError> {
    change_purchase_order(&shop.app, &shop.store, id("PO-7"), request).await
}

/// Units on their way and the day, as the catalogue has it.
fn incoming(shop: &TestShop, sku: &str) -> Vec<(u32, String, i32)> {
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    let entry = memory.entry(sku).expect("a SKU");
    let facts = entry.facts();
    let places = facts.places.iter();
    places
        .flat_map(|place| &place.incoming)
        .map(|part| {
            let day = part.expected_on.to_string();
            (part.quantity.units(), day, part.buffer_days)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_set_the_same_count_at_once_one_wins() {
    let shop = Arc::new(TestShop::new().await);
    shop.stocked("a", 10).await;
    let racers: Vec<_> = (0..20)
        .map(|racer| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { shop.set("a", 100 + racer, Some(10)).await })
        })
        .collect();
    let mut won = Vec::new();
    for racer in racers {
        match racer.await.expect("a racer") {
            Ok(level) => won.push(level.on_hand.units()),
            Err(ActError::VersionConflict { current }) => assert!(100 <= current),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(shop.on_hand("a").await, won[0]);
    assert_eq!(shop.on_hand_in_memory("a"), Some(won[0]));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_stale_count_is_told_what_it_is_and_nothing_is_changed() {
    let shop = TestShop::new().await;
    shop.stocked("a", 10).await;
    let refused = shop.set("a", 3, Some(9)).await;
    assert!(matches!(
        refused,
        Err(ActError::VersionConflict { current: 10 })
    ));
    assert_eq!(shop.on_hand("a").await, 10);
}

#[tokio::test]
async fn stock_of_what_is_not_there_cannot_be_set() {
    let shop = TestShop::new().await;
    let refused = shop.set("unknown", 3, None).await;
    assert!(matches!(refused, Err(ActError::NotFound)));
}

#[tokio::test]
async fn an_adjustment_moves_all_lines_or_none() {
    let shop = TestShop::new().await;
    shop.stocked("a", 5).await;
    shop.stocked("b", 1).await;
    let adjust = |lines: &[(&str, i64)]| {
        adjust_stock(&shop.app, &shop.store, adjustment(lines), shop.once())
    };
    let refused = adjust(&[("a", 2), ("b", -2)]).await;
    assert_eq!(conflict(refused), "insufficient_stock");
    // Lines of one SKU add up before they are judged.
    let refused = adjust(&[("b", -1), ("b", -1)]).await;
    assert_eq!(conflict(refused), "insufficient_stock");
    let refused = adjust(&[("a", 1), ("unknown", 1)]).await;
    assert_eq!(field(refused), ("/lines/1/sku".into(), "unknown_sku"));
    let refused = adjust(&[("a", 999_999_999)]).await;
    assert_eq!(
        field(refused),
        ("/lines/0/change".into(), "quantity_too_large")
    );
    assert_eq!((shop.on_hand("a").await, shop.on_hand("b").await), (5, 1));

    done(
        adjust(&[("a", -5), ("b", 1), ("b", 1)])
            .await
            .expect("an adjustment"),
    );
    assert_eq!((shop.on_hand("a").await, shop.on_hand("b").await), (0, 3));
    assert_eq!(shop.on_hand_in_memory("b"), Some(3));
    shop.assert_sound().await;
}

#[tokio::test]
async fn adjustments_at_the_same_time_share_a_commit_and_each_is_judged_alone() {
    let shop = TestShop::new().await;
    shop.stocked("a", 10).await;
    shop.stocked("b", 0).await;
    let before = shop.revision();
    // Thirty take one each of ten, ten add to another, and ten name what is not there.
    let asked = (0..50).map(|number| {
        let lines: &[(&str, i64)] = match number % 5 {
            0 => &[("b", 2)],
            1 => &[("b", 1), ("unknown", 1)],
            _ => &[("a", -1)],
        };
        adjust_stock(&shop.app, &shop.store, adjustment(lines), shop.once())
    });
    let ended = futures_util::future::join_all(asked).await;

    let adjusted: Vec<Adjusted> = ended.into_iter().filter_map(Result::ok).map(done).collect();
    assert_eq!(adjusted.len(), 20);
    assert_eq!((shop.on_hand("a").await, shop.on_hand("b").await), (0, 20));
    assert_eq!(shop.on_hand_in_memory("b"), Some(20));
    // Each has a revision of its own, without a gap, and levels as they were right after it.
    let mut revisions: Vec<u64> = adjusted.iter().map(|one| one.revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (before + 1..=before + 20).collect::<Vec<_>>());
    assert_eq!(shop.revision(), before + 20);
    let of_a = adjusted.iter().filter(|one| one.levels[0].sku == id("a"));
    let mut left: Vec<u32> = of_a.map(|one| one.levels[0].on_hand.units()).collect();
    left.sort_unstable();
    assert_eq!(left, (0..10).collect::<Vec<_>>());
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_request_sent_again_gets_its_first_answer_also_after_a_restart() {
    let shop = TestShop::new().await;
    shop.stocked("a", 5).await;
    let request = || adjustment(&[("a", 1)]);
    let once = shop.once_named("key", [1; 32]).expect("nobody else asks");
    done(
        adjust_stock(&shop.app, &shop.store, request(), once)
            .await
            .expect("done"),
    );

    let shop = shop.reopened().await;
    let once = shop.once_named("key", [1; 32]).expect("nobody else asks");
    let again = adjust_stock(&shop.app, &shop.store, request(), once)
        .await
        .expect("replayed");
    let Outcome::Before(answer) = again else {
        panic!("done twice");
    };
    assert_eq!(
        (answer.status, &answer.body[..]),
        (200, &b"the first answer"[..])
    );
    assert_eq!(shop.on_hand("a").await, 6);

    let once = shop.once_named("key", [2; 32]).expect("nobody else asks");
    let other = adjust_stock(&shop.app, &shop.store, request(), once).await;
    assert!(matches!(other, Err(ActError::KeyReused)));
    assert_eq!(shop.on_hand("a").await, 6);
}

#[tokio::test]
async fn a_key_is_free_again_once_its_answer_has_expired() {
    let shop = TestShop::new().await;
    shop.stocked("a", 5).await;
    let request = || adjustment(&[("a", 1)]);
    for key in ["used again", "forgotten"] {
        let once = shop.once_named(key, [1; 32]).expect("nobody else asks");
        let asked = adjust_stock(&shop.app, &shop.store, request(), once);
        done(asked.await.expect("done"));
    }
    let kept = async |shop: &TestShop| {
        let sums = shop.app.store.sums(&shop.store).await.expect("sums");
        let of_answers = sums.iter().find(|sum| sum.table == "kept_answer");
        of_answers.expect("the table").rows
    };
    let forget = async |shop: &TestShop| {
        let now = shop.app.clock.now();
        let forgotten = shop.app.store.forget_answers(&shop.store, now).await;
        forgotten.expect("forgotten");
    };
    forget(&shop).await;
    assert_eq!(kept(&shop).await, 2, "they have not expired");

    let shop = shop.at("2026-11-24T15:00:01Z").await;
    assert_eq!(kept(&shop).await, 2);
    let once = shop.once_named("used again", [2; 32]).expect("free");
    let asked = adjust_stock(&shop.app, &shop.store, request(), once);
    done(asked.await.expect("another request by the same key"));
    assert_eq!(shop.on_hand("a").await, 8);
    forget(&shop).await;
    assert_eq!(kept(&shop).await, 1, "the answer that was renewed");
    let once = shop.once_named("used again", [2; 32]).expect("free");
    let again = adjust_stock(&shop.app, &shop.store, request(), once).await;
    assert!(matches!(again, Ok(Outcome::Before(_))));
    assert_eq!(shop.on_hand("a").await, 8);
    shop.assert_sound().await;
}

#[tokio::test]
async fn memory_has_the_facts_of_the_database_whoever_else_commits() {
    let shop = TestShop::new().await;
    shop.stocked("a", 5).await;
    let fresh = SkuRecord::new(id("never counted"));
    put_sku(&shop.app, &shop.store, fresh).await.expect("a SKU");
    let assert_same = async || {
        let skus = [id("a"), id("never counted")];
        let facts = shop.app.store.load_skus(&shop.store, &skus).await;
        for facts in facts.expect("facts") {
            let memory = shop.app.catalogue.shop(&shop.store).expect("the shop");
            let entry = memory.entry(facts.sku.as_str()).expect("known");
            assert_eq!(entry.facts(), facts);
        }
    };
    let adjust = async |sku: &str| {
        let asked = adjust_stock(&shop.app, &shop.store, adjustment(&[(sku, 2)]), shop.once());
        done(asked.await.expect("done"));
    };
    adjust("a").await;
    assert_same().await;
    adjust("never counted").await;
    assert_same().await;

    // Another server names the SKU, and nobody has told this one.
    let other = shop.other_process().await;
    let named = SkuRecord {
        title: Some("Named".into()),
        ..SkuRecord::new(id("a"))
    };
    let note = Note::new("test", "a");
    let mut writing = other.begin(&shop.store, note, now()).await.expect("begun");
    writing.put_sku(&named).await.expect("a SKU");
    writing.commit().await.expect("a commit");
    adjust("a").await;
    assert_same().await;
    assert_eq!(shop.on_hand_in_memory("a"), Some(9));
}

#[tokio::test]
async fn a_request_is_in_flight_until_it_is_answered() {
    let shop = TestShop::new().await;
    let first = shop
        .once_named::<()>("key", [1; 32])
        .expect("nobody else asks");
    let second = shop.once_named::<()>("key", [1; 32]);
    assert!(matches!(second.err(), Some(ActError::InFlight)));
    drop(first);
    shop.once_named::<()>("key", [1; 32])
        .expect("the first has gone");
}

#[tokio::test]
async fn a_refused_request_may_be_tried_again_with_the_same_key() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    let request = || adjustment(&[("a", -1)]);
    let once = shop.once_named("key", [1; 32]).expect("nobody else asks");
    let refused = adjust_stock(&shop.app, &shop.store, request(), once).await;
    assert_eq!(conflict(refused), "insufficient_stock");
    shop.set("a", 1, None).await.expect("stock");
    let once = shop.once_named("key", [1; 32]).expect("nobody else asks");
    done(
        adjust_stock(&shop.app, &shop.store, request(), once)
            .await
            .expect("done"),
    );
    assert_eq!(shop.on_hand("a").await, 0);
}

#[tokio::test]
async fn what_is_ordered_can_be_promised_and_dates_that_move_are_recorded() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    order(&shop, ordered(&[("a", 10)])).await.expect("an order");
    assert_eq!(incoming(&shop, "a"), [(10, "2026-12-11".into(), 0)]);

    let later = ChangePurchaseOrder {
        expected_on: Some(Some(id("2026-12-18"))),
        ..nothing_changes()
    };
    change(&shop, later).await.expect("a later date");
    assert_eq!(incoming(&shop, "a"), [(10, "2026-12-18".into(), 0)]);

    let unknown = ChangePurchaseOrder {
        expected_on: Some(None),
        ..nothing_changes()
    };
    change(&shop, unknown).await.expect("no date");
    assert_eq!(incoming(&shop, "a"), []);
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_suppliers_buffer_is_added_wherever_it_delivers() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    let supplier = |buffer_days| SupplierRecord {
        id: id("weaver"),
        name: "The weaver".into(),
        working_days: Week::MONDAY_TO_FRIDAY,
        holidays: Default::default(),
        lead_time_days: Some(21),
        buffer_days,
        wait_reason: None,
        language: None,
    };
    put_supplier(&shop.app, &shop.store, supplier(2))
        .await
        .expect("a supplier");
    let request = CreatePurchaseOrder {
        supplier: Some(id("weaver")),
        ..ordered(&[("a", 10)])
    };
    order(&shop, request).await.expect("an order");
    assert_eq!(incoming(&shop, "a"), [(10, "2026-12-11".into(), 2)]);
    put_supplier(&shop.app, &shop.store, supplier(5))
        .await
        .expect("a supplier");
    assert_eq!(incoming(&shop, "a"), [(10, "2026-12-11".into(), 5)]);
}

#[tokio::test]
async fn an_order_with_an_odd_date_or_an_unknown_thing_is_refused_and_leaves_nothing() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    let base = || ordered(&[("a", 10)]);
    let cases = [
        (
            CreatePurchaseOrder {
                expected_on: Some(id("2026-10-31")),
                ..base()
            },
            ("/expected_on", "date_out_of_range"),
        ),
        (
            CreatePurchaseOrder {
                expected_on: Some(id("2076-12-01")),
                ..base()
            },
            ("/expected_on", "date_out_of_range"),
        ),
        (
            ordered(&[("a", 1), ("b", 1)]),
            ("/lines/1/sku", "unknown_sku"),
        ),
        (
            ordered(&[("a", 1), ("a", 1)]),
            ("/lines/1/sku", "duplicate_sku"),
        ),
        (
            CreatePurchaseOrder {
                supplier: Some(id("nobody")),
                ..base()
            },
            ("/supplier", "unknown_supplier"),
        ),
        (
            CreatePurchaseOrder {
                location: Some(id("nowhere")),
                ..base()
            },
            ("/location", "unknown_location"),
        ),
    ];
    for (request, (pointer, code)) in cases {
        let refused = order(&shop, request).await;
        assert_eq!(field(refused), (pointer.to_owned(), code));
    }
    let found = shop
        .app
        .store
        .purchase_order(&shop.store, &id("PO-7"))
        .await;
    assert_eq!(found.expect("an answer"), None);
    order(&shop, base()).await.expect("an order");
    assert_eq!(
        conflict(order(&shop, base()).await),
        "purchase_order_exists"
    );
}

#[tokio::test]
async fn a_receipt_moves_goods_to_the_shelf_once() {
    let shop = TestShop::new().await;
    shop.stocked("a", 1).await;
    order(&shop, ordered(&[("a", 10)])).await.expect("an order");

    let received = receive(&shop, receipt("R1", &[("a", 4)]))
        .await
        .expect("a receipt");
    assert!(received.recorded);
    assert_eq!(received.order.status, PurchaseOrderStatus::Open);
    assert_eq!(shop.on_hand_in_memory("a"), Some(5));
    assert_eq!(incoming(&shop, "a"), [(6, "2026-12-11".into(), 0)]);

    let again = receive(&shop, receipt("R1", &[("a", 4)]))
        .await
        .expect("the same receipt");
    assert!(!again.recorded);
    assert_eq!(shop.on_hand("a").await, 5);

    let other = receive(&shop, receipt("R1", &[("a", 3)])).await;
    assert!(matches!(
        other,
        Err(ActError::Conflict {
            code: "receipt_differs",
            ..
        })
    ));
    assert_eq!(shop.on_hand("a").await, 5);

    let refused = receive(&shop, receipt("R2", &[("a", 7)])).await;
    assert_eq!(field(refused), ("/lines/0/quantity".into(), "over_receipt"));
    assert_eq!(shop.on_hand("a").await, 5);

    let more = ReceivePurchaseOrder {
        allow_over_receipt: true,
        ..receipt("R2", &[("a", 7)])
    };
    let received = receive(&shop, more).await.expect("more than ordered");
    assert_eq!(received.order.status, PurchaseOrderStatus::Received);
    assert_eq!(shop.on_hand("a").await, 12);
    assert_eq!(incoming(&shop, "a"), []);
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_receipt_sent_many_times_at_once_counts_once() {
    let shop = Arc::new(TestShop::new().await);
    shop.stocked("a", 0).await;
    order(&shop, ordered(&[("a", 10)])).await.expect("an order");
    let senders: Vec<_> = (0..10)
        .map(|_| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { receive(&shop, receipt("R1", &[("a", 4)])).await })
        })
        .collect();
    let mut recorded = 0;
    for sender in senders {
        let received = sender.await.expect("a sender").expect("an answer");
        recorded += u32::from(received.recorded);
    }
    assert_eq!((recorded, shop.on_hand("a").await), (1, 4));
    shop.assert_sound().await;
}

#[tokio::test]
async fn an_order_cannot_shrink_below_what_came_and_a_closed_one_stays_closed() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    order(&shop, ordered(&[("a", 10)])).await.expect("an order");
    receive(&shop, receipt("R1", &[("a", 4)]))
        .await
        .expect("a receipt");
    let quantity = |units| ChangePurchaseOrder {
        lines: vec![ChangedLine {
            sku: id("a"),
            quantity: Some(Quantity::new(units)),
            expected_on: None,
        }],
        ..nothing_changes()
    };
    let refused = change(&shop, quantity(3)).await;
    assert_eq!(
        field(refused),
        ("/lines/0/quantity".into(), "quantity_below_received")
    );
    let changed = change(&shop, quantity(4)).await.expect("what came is all");
    assert_eq!(changed.status, PurchaseOrderStatus::Received);
    assert_eq!(
        conflict(change(&shop, quantity(9)).await),
        "purchase_order_closed"
    );
    assert_eq!(incoming(&shop, "a"), []);
}

#[tokio::test]
async fn of_a_cancelled_order_nothing_comes() {
    let shop = TestShop::new().await;
    shop.stocked("a", 0).await;
    order(&shop, ordered(&[("a", 10)])).await.expect("an order");
    let cancel = ChangePurchaseOrder {
        cancel: true,
        ..nothing_changes()
    };
    change(&shop, cancel).await.expect("cancelled");
    assert_eq!(incoming(&shop, "a"), []);
    let refused = receive(&shop, receipt("R1", &[("a", 1)])).await;
    assert_eq!(conflict(refused), "purchase_order_closed");
    assert_eq!(shop.on_hand("a").await, 0);
    shop.assert_sound().await;
}

#[tokio::test]
async fn an_act_goes_on_when_nobody_waits_for_it() {
    let shop = TestShop::new().await;
    shop.stocked("a", 1).await;
    let set = shop.set("a", 2, None);
    // The client hangs up at once; on a busy machine it may have been answered by then.
    let _ = tokio::time::timeout(std::time::Duration::ZERO, set).await;
    for _ in 0..100 {
        if shop.on_hand_in_memory("a") == Some(2) {
            return shop.assert_sound().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("stopped halfway");
}

#[tokio::test]
async fn a_change_is_announced_after_it_can_be_seen() {
    let shop = TestShop::new().await;
    shop.stocked("a", 1).await;
    let mut changes = shop.app.changes.subscribe();
    put_sku(&shop.app, &shop.store, SkuRecord::new(id("new")))
        .await
        .expect("a SKU");
    let change = changes.recv().await.expect("an announcement");
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    assert!(memory.entry("new").is_some());
    assert_eq!(change.revision, memory.revision());
}
