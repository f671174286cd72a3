//! Two servers on one database.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use server::app::App;
use server::catalogue::KeyKind;
use server::changes::{Change, Changed};
use server::operations::adjust_stock::{AdjustStock, Adjustment, adjust_stock};
use server::operations::keys::{add_key, named, revoke};
use server::operations::once::Outcome;
use server::operations::put_sku::put_sku;
use server::operations::put_store::put_store;
use server::operations::records::SkuRecord;
use server::operations::reserve::{Reserve, reserve};
use server::operations::set_stock::{SetStock, set_stock};
use server::operations::{ActError, StoreError};
use server::store::writing::Note;
use shared::ids::StoreId;
use shared::quantity::Quantity;
use shared::shipment::PlanKind;
use tokio::sync::Barrier;
use tokio::sync::broadcast::Receiver;

use crate::filled::once;
use crate::shop::{TestShop, id, now};
use crate::stage::{Server, fresh_shop};

/// Within this time a server on a machine busy with tests knows what another has committed: sooner than by looking itself.
const KNOWN_WITHIN: Duration = Duration::from_secs(3);

/// And within this one if nobody told it: every five seconds it looks at all stores.
const FOUND_WITHIN: Duration = Duration::from_secs(20);

async fn two_servers() -> (TestShop, Server, Server) {
    let shop = fresh_shop().await;
    shop.stocked("a", 10).await;
    let (a, b) = (
        Server::on(&shop.address).await,
        Server::on(&shop.address).await,
    );
    (shop, a, b)
}

/// Waits until it is so.
async fn becomes(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let known = tokio::time::timeout(KNOWN_WITHIN, wait).await;
    assert!(known.is_ok(), "{what}: not known after {KNOWN_WITHIN:?}");
}

/// Waits for an announcement. What was changed before may be announced once more in between.
async fn announced(
    told: &mut Receiver<Arc<Change>>,
    is_it: impl Fn(&Change) -> bool,
) -> Arc<Change> {
    let wait = async {
        loop {
            let change = told.recv().await.expect("a change");
            if is_it(&change) {
                return change;
            }
        }
    };
    let told = tokio::time::timeout(KNOWN_WITHIN, wait).await;
    told.unwrap_or_else(|_| panic!("not announced after {KNOWN_WITHIN:?}"))
}

fn on_hand(app: &App, store: &StoreId, sku: &str) -> Option<u32> {
    let entry = app.catalogue.shop(store)?.entry(sku)?;
    let facts = entry.facts();
    let places = facts.places.iter();
    Some(places.map(|place| place.on_hand.units()).sum())
}

fn count(sku: &str, units: u32, if_units: Option<u32>) -> SetStock {
    SetStock {
        sku: id(sku),
        location: id("main"),
        quantity: Quantity::new(units),
        if_quantity: if_units.map(Quantity::new),
        committed: None,
        safety_stock: None,
    }
}

#[tokio::test]
async fn a_change_on_one_server_is_known_and_announced_on_the_other() {
    let (shop, a, b) = two_servers().await;
    // There and back, and many times: word of commits must not depend on luck.
    let mut units = 100;
    for _ in 0..20 {
        for (from, to) in [(&a.app, &b.app), (&b.app, &a.app)] {
            // Another count each time: one that is as it was changes nothing, and nobody else is told of it.
            units += 1;
            let mut told = to.changes.subscribe();
            let set = count("a", units, None);
            let level = set_stock(from, &shop.store, set).await.expect("a count");
            // Whoever is told looks, and finds it.
            let change = announced(&mut told, |_| on_hand(to, &shop.store, "a") == Some(units));
            let change = change.await;
            assert_eq!(change.store, shop.store);
            assert!(
                matches!(&change.skus, Changed::Some(skus) if skus.iter().all(|sku| *sku == id("a"))),
                "{change:?}"
            );
            let memory = to.catalogue.shop(&shop.store).expect("a shop");
            becomes("the revision", || level.revision <= memory.revision()).await;
        }
    }
}

#[tokio::test]
async fn a_commit_of_which_no_word_came_is_found_anyway() {
    let (shop, _a, b) = two_servers().await;
    // It ends before it has told anyone.
    let other = shop.other_process().await;
    let mut writing = other
        .begin(&shop.store, Note::new("test", "z"), now())
        .await
        .expect("a change");
    let record = SkuRecord::new(id("z"));
    writing.put_sku(&record).await.expect("a SKU");
    writing.commit().await.expect("a commit");
    drop(other);
    let is_known = || {
        let memory = b.app.catalogue.shop(&shop.store).expect("a shop");
        memory.entry("z").is_some()
    };
    let found = tokio::time::timeout(FOUND_WITHIN, async {
        while !is_known() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(found.await.is_ok(), "not found after {FOUND_WITHIN:?}");
}

#[tokio::test]
async fn settings_goods_stores_and_keys_of_one_server_are_known_on_the_other() {
    let (shop, a, b) = two_servers().await;
    put_sku(&a.app, &shop.store, SkuRecord::new(id("fresh")))
        .await
        .expect("a SKU");
    becomes("a SKU", || on_hand(&b.app, &shop.store, "fresh").is_some()).await;

    let mut told = b.app.changes.subscribe();
    let record = a.app.store.store_record(&shop.store).await;
    let mut record = record.expect("an answer").expect("a store");
    record.name = "Plainsong".into();
    put_store(&a.app, &shop.store, record.into())
        .await
        .expect("settings");
    announced(&mut told, |change| matches!(change.skus, Changed::All)).await;
    let memory = b.app.catalogue.shop(&shop.store).expect("a shop");
    assert_eq!(memory.settings().name, "Plainsong");

    let other: StoreId = id("other");
    a.app.store.add_store(&other).await.expect("a store");
    becomes("a store", || b.app.catalogue.shop(&other).is_some()).await;

    let key = named(KeyKind::Secret, "test", now(), "sk_live_many".into());
    add_key(&a.app.store, &other, &key).await.expect("a key");
    becomes("a key", || {
        let key = b.app.catalogue.key("sk_live_many");
        key.is_some_and(|key| key.store == other && !key.revoked)
    })
    .await;
    revoke(&a.app.store, &other, &key.record.id, now())
        .await
        .expect("revoked");
    becomes("a revoked key", || {
        let key = b.app.catalogue.key("sk_live_many");
        key.is_some_and(|key| key.revoked)
    })
    .await;
}

#[tokio::test]
async fn a_server_misses_no_change_of_many_that_are_made_at_once() {
    let (shop, a, b) = two_servers().await;
    for sku in 0..20 {
        shop.stocked(&format!("s{sku}"), 1).await;
    }
    let mut acts = Vec::new();
    for act in 0..200_u32 {
        let app = [&a.app, &b.app][act as usize % 2].clone();
        let store = shop.store.clone();
        acts.push(tokio::spawn(async move {
            let set = count(&format!("s{}", act % 20), 1_000 + act, None);
            patiently(|| set_stock(&app, &store, set.clone())).await
        }));
    }
    for act in acts {
        act.await.expect("an end").expect("a count");
    }
    for sku in 0..20 {
        let sku = format!("s{sku}");
        let truth = Some(shop.on_hand(&sku).await);
        for app in [&a.app, &b.app] {
            becomes(&sku, || on_hand(app, &shop.store, &sku) == truth).await;
        }
    }
    shop.assert_sound().await;
}

/// Tries again as a client does whose request was refused because there was too much to do.
async fn patiently<T, F>(mut act: impl FnMut() -> F) -> Result<T, ActError>
where
    F: Future<Output = Result<T, ActError>>,
{
    loop {
        match act().await {
            Err(ActError::Store(StoreError::Busy(_))) => continue,
            outcome => return outcome,
        }
    }
}

#[tokio::test]
async fn the_same_request_sent_to_both_servers_at_once_acts_once() {
    let (shop, a, b) = two_servers().await;
    for round in 0..50 {
        let key = format!("request-{round}");
        let adjust = |app: &App| {
            let (app, store) = (app.clone(), shop.store.clone());
            let once = once(&app, &store, &key);
            let request = AdjustStock {
                reason: "found".into(),
                lines: vec![Adjustment {
                    sku: id("a"),
                    location: None,
                    change: 1,
                }],
            };
            tokio::spawn(async move { adjust_stock(&app, &store, request, once).await })
        };
        let (first, second) = tokio::join!(adjust(&a.app), adjust(&b.app));
        let outcomes = [first, second].map(|done| done.expect("an end").expect("an answer"));
        let done = |outcome: &&Outcome<_>| matches!(outcome, Outcome::Done(_));
        assert_eq!(outcomes.iter().filter(done).count(), 1, "{outcomes:?}");
        for outcome in &outcomes {
            if let Outcome::Before(answer) = outcome {
                assert_eq!(answer.body, b"the first answer");
            }
        }
        assert_eq!(shop.on_hand("a").await, 11 + round);
    }
    shop.assert_sound().await;
}

#[tokio::test]
async fn of_a_hundred_that_set_the_same_count_through_two_servers_one_wins() {
    let (shop, a, b) = two_servers().await;
    let barrier = Arc::new(Barrier::new(100));
    let mut setters = Vec::new();
    for setter in 0..100_u32 {
        let app = [&a.app, &b.app][setter as usize % 2].clone();
        let (store, barrier) = (shop.store.clone(), Arc::clone(&barrier));
        setters.push(tokio::spawn(async move {
            barrier.wait().await;
            let set = count("a", 100 + setter, Some(10));
            patiently(|| set_stock(&app, &store, set.clone())).await
        }));
    }
    let mut won = Vec::new();
    for setter in setters {
        match setter.await.expect("an end") {
            Ok(level) => won.push(level.on_hand.units()),
            Err(ActError::VersionConflict { current }) => assert!(100 <= current),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, [shop.on_hand("a").await]);
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_limit_is_exact_with_buyers_on_two_servers() {
    const BUYERS: usize = 60;
    let (shop, a, b) = two_servers().await;
    // Ten are on hand; each wants one, or two.
    for (round, (units, winners)) in [(1, 10), (2, 5)].into_iter().enumerate() {
        let barrier = Arc::new(Barrier::new(BUYERS));
        let mut buyers = Vec::new();
        for buyer in 0..BUYERS {
            let app = [&a.app, &b.app][buyer % 2].clone();
            let (store, barrier) = (shop.store.clone(), Arc::clone(&barrier));
            buyers.push(tokio::spawn(async move {
                let name = format!("rsv_{round}_{buyer}");
                let hold = Reserve {
                    id: id(&name),
                    lines: vec![(id("a"), Quantity::new(units))],
                    plan: PlanKind::Separate,
                    hold: TimeDelta::minutes(15),
                };
                barrier.wait().await;
                let mut attempt = 0;
                patiently(|| {
                    attempt += 1;
                    let once = once(&app, &store, &format!("{name}-{attempt}"));
                    reserve(&app, &store, hold.clone(), once)
                })
                .await
            }));
        }
        let mut held = Vec::new();
        for buyer in buyers {
            match buyer.await.expect("an end") {
                Ok(Outcome::Done(reserved)) => held.push(reserved.reservation.id),
                Err(ActError::Conflict { code, .. }) => assert_eq!(code, "insufficient_stock"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(held.len(), winners);
        shop.assert_sound().await;
        for reservation in held {
            server::operations::release::release(&a.app, &shop.store, reservation)
                .await
                .expect("released");
        }
    }
    shop.assert_sound().await;
}
