//! A shop with rows in every table.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use server::app::App;
use server::demo::{products, setup};
use server::mail::render::Template;
use server::operations::adjust_stock::{AdjustStock, Adjustment, adjust_stock};
use server::operations::change_purchase_order::{ChangePurchaseOrder, change_purchase_order};
use server::operations::charging::{Charged, record_charged};
use server::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use server::operations::draft_reorders::run_reorders;
use server::operations::forecasting::run_forecasts;
use server::operations::members::{NewMember, add_directly};
use server::operations::offer_rules::{PutOfferRule, put_offer_rule};
use server::operations::offers::{arm_of, shopper_hash};
use server::operations::once::{Answer, Asked, Once, Outcome, Ticket};
use server::operations::place_order::{Pay, PlaceOrder, Prices, place_order};
use server::operations::put_sku::put_sku;
use server::operations::receive_purchase_order::{ReceivePurchaseOrder, receive_purchase_order};
use server::operations::records::{
    AfterTry, Copy, CopyState, Customer, Exposure, KnownKind, Low, Network, PartKey, Post,
    PostPolicy, PostState, ProviderKind, ReorderPolicy, ReorderTerms, Role, Said, ShownIn,
    SkuRecord, Try, WaitlistAddress, WebhookEndpoint,
};
use server::operations::refund::{GiveBack, refund};
use server::operations::reserve::{Reserve, reserve};
use server::operations::ship::{Ship, ship};
use server::operations::show;
use server::posts::{Moment, Outlook};
use server::store::writing::Note;
use server::webhooks::happened::EventKind;
use shared::delay::{Event, Kind, Notice, Silence, When};
use shared::ids::{OrderId, ShipmentId, Sku, StoreId};
use shared::offer::{Arm, Gives, Terms};
use shared::quantity::Quantity;
use shared::reason::{ReasonCode, Stated};
use shared::shipment::PlanKind;
use shared::supply::BackorderMode;

use crate::shop::{id, now};

/// A request of its own, named `key`.
pub fn once<T>(app: &App, store: &StoreId, key: &str) -> Once<T> {
    let asked = Asked {
        ticket: Ticket {
            store: store.clone(),
            route: "POST /test".into(),
            key: key.into(),
        },
        fingerprint: [0; 32],
    };
    let answer = |_: &T| Answer {
        status: 200,
        body: b"the first answer".to_vec(),
    };
    Once::claim(app, asked, answer).expect("nobody else asks")
}

/// Makes the demo's shop of a fresh one and does in it what the demo leaves to its visitor.
pub async fn fill(app: &App) {
    let products = products::read().expect("the demo's goods");
    setup::fill(app, &products).await.expect("the demo's shop");
    let store = setup::store();
    let sku: Sku = id("cc-scarf");
    let today = now().date_naive();
    let ordered = CreatePurchaseOrder {
        id: Some(id("PO-test")),
        supplier: app.store.suppliers(&store).await.expect("suppliers")[0]
            .id
            .clone()
            .into(),
        location: None,
        ordered_on: Some(today - TimeDelta::days(20)),
        mode: Some("Air".into()),
        shipped_on: None,
        expected_on: Some(today + TimeDelta::days(9)),
        wait_reason: None,
        lines: vec![Ordered {
            sku: sku.clone(),
            quantity: Quantity::new(40),
            expected_on: None,
        }],
    };
    create_purchase_order(app, &store, ordered, once(app, &store, "order"))
        .await
        .expect("an order");
    let later = ChangePurchaseOrder {
        expected_on: Some(Some(today + TimeDelta::days(12))),
        mode: None,
        shipped_on: None,
        cancel: false,
        wait_reason: Some(Some(Stated {
            code: Some(ReasonCode::Customs),
            words: BTreeMap::from([("de".into(), "Der Zoll wartet.".into())]),
            any: None,
        })),
        lines: Vec::new(),
        reason: Some("late".into()),
    };
    change_purchase_order(app, &store, id("PO-test"), later)
        .await
        .expect("another date");
    let came = ReceivePurchaseOrder {
        receipt: "first".into(),
        received_on: None,
        lines: vec![(sku.clone(), Quantity::new(40))],
        allow_over_receipt: false,
    };
    receive_purchase_order(
        app,
        &store,
        id("PO-test"),
        came,
        once(app, &store, "receipt"),
    )
    .await
    .expect("a receipt");
    let held = Reserve {
        id: id("rsv_test"),
        lines: vec![(sku.clone(), Quantity::new(2))],
        plan: PlanKind::Separate,
        hold: TimeDelta::minutes(15),
    };
    reserve(app, &store, held, once(app, &store, "reservation"))
        .await
        .expect("a reservation");
    let wanted = PlaceOrder {
        id: id("W-test"),
        lines: vec![(sku.clone(), Quantity::new(3))],
        plan: PlanKind::Separate,
        shown: Vec::new(),
        reservation: None,
        customer: Customer {
            email: Some("anna@example.org".into()),
            country: Some("US".into()),
            ..Customer::default()
        },
        shopper: None,
        token: "tok_test".into(),
        prices: Some(Prices {
            currency: "USD".parse().expect("a currency"),
            goods: vec![9_900],
            discount: 500,
            shipping: 495,
            tax: 0,
        }),
        pay: Some(Pay {
            provider: ProviderKind::External,
            reference: Some("their-7".into()),
            expires_at: None,
        }),
    };
    place_order(app, &store, wanted, once(app, &store, "sale"))
        .await
        .expect("an order");
    give(app, &store).await;
    let ready = show::ready_parcels(app, &store, None, 1)
        .await
        .expect("what can leave");
    let gone = Ship {
        id: ready[0].id.clone(),
        carrier: None,
        tracking_number: Some("1Z999".into()),
    };
    ship(app, &store, gone, once(app, &store, "shipment"))
        .await
        .expect("a shipment");
    pay_back_and_tell(app, &store, &ready[0].id).await;
    sign_up(app, &store, &sku).await;
    tell_somebody(app, &store).await;
    post_about(app, &store, &sku).await;
    let_in(app, &store).await;
    reorder(app, &store).await;
    let broken = AdjustStock {
        reason: "broken in the shop".into(),
        lines: vec![Adjustment {
            sku,
            location: None,
            change: -1,
        }],
    };
    adjust_stock(app, &store, broken, once(app, &store, "adjustment"))
        .await
        .expect("an adjustment");
}

/// Something that is made to order, and an order of it with an offer for the wait.
async fn give(app: &App, store: &StoreId) {
    let made = SkuRecord {
        backorder: BackorderMode::Allow,
        lead_time_days: Some(30),
        ..SkuRecord::new(id("made"))
    };
    put_sku(app, store, made).await.expect("a SKU");
    let rule = PutOfferRule {
        id: id("wait"),
        terms: Terms {
            waits_days: 7,
            goods_at_least: None,
            skus: Vec::new(),
            first_backorder: false,
            per_shopper_max: 1,
            gives: Gives::FreeShipping,
            amount_max: None,
        },
        holdout_percent: 5,
        expires_days: 30,
        is_taken_back: false,
        words: BTreeMap::new(),
        budget_count: Some(9),
        budget_amount: None,
        is_on: true,
    };
    let rule = put_offer_rule(app, store, rule).await.expect("a rule");
    let is_lucky = |name: &String| arm_of(store, &rule, &shopper_hash(store, name)) == Arm::Offer;
    let mut names = (0..).map(|at| format!("shopper-{at}"));
    let wanted = PlaceOrder {
        id: id("W-offer"),
        lines: vec![(id("made"), Quantity::new(1))],
        plan: PlanKind::Together,
        shown: Vec::new(),
        reservation: None,
        customer: Customer::default(),
        shopper: names.find(is_lucky),
        token: "tok_offer".into(),
        prices: None,
        pay: None,
    };
    let placed = place_order(app, store, wanted, once(app, store, "offered")).await;
    let Ok(Outcome::Done(placed)) = placed else {
        panic!("it can be ordered");
    };
    assert!(placed.offer.is_some());
    // Somebody else saw it long ago, and is forgotten; the order's customer is not.
    let now = app.clock.now();
    let seen = Exposure {
        rule: rule.id.clone(),
        run: rule.run,
        shopper: shopper_hash(store, "long ago"),
        arm: Arm::Offer,
        shown_in: ShownIn::Product,
        at: now - TimeDelta::days(2),
    };
    let writing = app
        .store
        .begin(store, Note::new("offer_seen", "wait"), now)
        .await;
    let mut writing = writing.expect("a change");
    writing.add_exposures(&[seen]).await.expect("an exposure");
    writing.commit().await.expect("a commit");
    let before = now - TimeDelta::days(1);
    let forgotten = app.store.forget_exposures(store, before, 100).await;
    forgotten.expect("a sum");
}

/// What is captured and given back for a parcel, what its customer was told, and how the shop words its letters.
async fn pay_back_and_tell(app: &App, store: &StoreId, shipment: &ShipmentId) {
    let captured = Charged::Captured { reference: None };
    record_charged(app, store, None, shipment, &captured)
        .await
        .expect("a capture");
    let order: OrderId = id("W-test");
    let back = GiveBack {
        id: "rfd_test".into(),
        shipment: shipment.clone(),
        amount: None,
        reason: None,
    };
    refund(app, store, order.clone(), back, once(app, store, "refund"))
        .await
        .expect("a refund");
    let now = app.clock.now();
    let note = Note::new("tell", order.as_str());
    let mut writing = app.store.begin(store, note, now).await.expect("a change");
    let (key, due) = (PartKey { line: 0, part: 0 }, When::Unknown);
    let notice = Notice {
        kind: Kind::Indefinite,
        promise_from: due,
        promise_to: due,
        reply_by: None,
        silence: Silence::ChangesNothing,
        may_cancel_until_shipped: true,
    };
    writing
        .add_notice(&order, key, &notice)
        .await
        .expect("a notice");
    let told = Event::Told {
        on: now.date_naive(),
        due,
    };
    writing
        .note_delay(&order, key, &told)
        .await
        .expect("an event");
    writing
        .put_letter_template("confirmed", "de", Template::ours())
        .await
        .expect("a template");
    writing.commit().await.expect("a commit");
}

/// An owner who is signed in and has a recovery code, and a link with which one could have been made.
async fn let_in(app: &App, store: &StoreId) {
    let at = now();
    let owner = NewMember {
        id: [1; 8],
        email: "anna@shop.example".into(),
        name: "Anna".into(),
        role: Role::Owner,
        password: "correct horse".into(),
        salt: [1; 16],
    };
    let owner = add_directly(&app.store, store, owner, at, "test").await;
    let owner = owner.expect("an owner");
    let note = Note::new("sign_in", owner.id.as_str());
    let mut writing = app.store.begin(store, note, at).await.expect("a change");
    writing
        .put_recovery_codes(&owner.id, &[[7; 32]])
        .await
        .expect("a code");
    writing
        .add_session(&owner.id, &[7; 32], at)
        .await
        .expect("a session");
    writing.commit().await.expect("a commit");
    app.store
        .add_setup_link(store, &[7; 32], at, at)
        .await
        .expect("a link");
}

/// Something that has sold, runs low and is drafted, by a policy and terms of its own.
async fn reorder(app: &App, store: &StoreId) {
    let sku: Sku = id("cc-sold");
    let supplier = app.store.suppliers(store).await.expect("suppliers")[0]
        .id
        .clone();
    let record = SkuRecord {
        supplier: Some(supplier.clone()),
        lead_time_days: Some(20),
        ..SkuRecord::new(sku.clone())
    };
    put_sku(app, store, record).await.expect("a SKU");
    let day = |text: &str| text.parse().expect("a date");
    let sold = [(
        sku.clone(),
        vec![(day("2026-09-03"), 20), (day("2026-10-04"), 25)],
    )];
    let terms = ReorderTerms {
        sku: sku.clone(),
        unit_cost: None,
        minimum: Quantity::ZERO,
        pack: Quantity::new(6),
        cover_days: None,
    };
    let low = Low {
        sku: id("cc-scarf"),
        position: 1,
        reorder_point: 2,
    };
    let note = Note::new("sell", sku.as_str());
    let writing = app.store.begin(store, note, now()).await;
    let mut writing = writing.expect("a change");
    writing.import_sales(&sold).await.expect("sales");
    let policy = ReorderPolicy::default();
    writing.put_reorder_policy(&policy).await.expect("a policy");
    writing.put_reorder_terms(&[terms]).await.expect("terms");
    let fired = writing.fire(&supplier, day("2026-11-20")).await;
    assert!(fired.expect("a firing"));
    writing.begin_low_stock(&[low]).await.expect("an alert");
    writing.commit().await.expect("a commit");
    run_forecasts(app, store).await.expect("forecasts");
    let drafts = run_reorders(app, store, Some(supplier), once(app, store, "drafts")).await;
    let Ok(Outcome::Done(drafts)) = drafts else {
        panic!("it is drafted");
    };
    assert_eq!(drafts.0.len(), 1);
}

/// An address that waits for a SKU, with a link in a letter.
async fn sign_up(app: &App, store: &StoreId, sku: &Sku) {
    let now = now();
    let writing = app
        .store
        .begin(store, Note::new("join_waitlist", sku.as_str()), now)
        .await;
    let mut writing = writing.expect("a change");
    let address = WaitlistAddress {
        number: writing.revision(),
        email: "anna@example.org".into(),
        language: "de".into(),
        asked_to: 1,
        asked_to_at: Some(now),
        refused_at: None,
    };
    writing
        .put_waitlist_address(&address)
        .await
        .expect("an address");
    writing
        .ask_for(address.number, sku)
        .await
        .expect("an entry");
    writing
        .add_waitlist_link(address.number, &[7; 32])
        .await
        .expect("a link");
    writing.commit().await.expect("a commit");
}

/// An endpoint that was told once, and what is known of what it is told of.
async fn tell_somebody(app: &App, store: &StoreId) {
    let note = Note::new("add_webhook_endpoint", "wh_1");
    let mut writing = app.store.begin(store, note, now()).await.expect("a change");
    let endpoint = WebhookEndpoint {
        id: "wh_1".into(),
        url: "https://erp.example/hook".into(),
        description: "ERP".into(),
        events: vec![EventKind::ShipmentReady],
        enabled: true,
        disabled_by: None,
        generation: 2,
        mark: [7; 8],
        rotated_at: Some(now()),
        failing_since: None,
        created_at: now(),
    };
    writing
        .put_webhook_endpoint(&endpoint)
        .await
        .expect("an endpoint");
    let event = writing.add_test("wh_1").await.expect("a message");
    writing
        .note_baseline(KnownKind::Ready)
        .await
        .expect("what is known");
    writing.commit().await.expect("a commit");
    let tried = Try {
        at: now(),
        took_ms: 12,
        status: Some(503),
        failure: Some("answered 503".into()),
    };
    let then = AfterTry::Again(now() + TimeDelta::seconds(5));
    let noted = app.store.note_try(store, "wh_1", &event, &tried, then);
    // A message that only tries an endpoint says nothing of how it does.
    assert_eq!(noted.await.expect("a try"), None);
}

/// A post that went, where it is, and what was known of its goods.
async fn post_about(app: &App, store: &StoreId, sku: &Sku) {
    let note = Note::new("add_post", sku.as_str());
    let mut writing = app.store.begin(store, note, now()).await.expect("a change");
    let policy = PostPolicy::default();
    writing.put_post_policy(&policy).await.expect("a policy");
    let post = Post {
        id: writing.post_id(0),
        sku: sku.clone(),
        moment: Moment::BackInStock,
        template: "{title}".into(),
        language: policy.language,
        state: PostState::Published,
        due_at: now(),
        outlook: Outlook::Awaited(Some(now().date_naive())),
        said: Some(Said {
            text: "Scarf".into(),
            title: "Scarf".into(),
            told: "In stock".into(),
            link: None,
            at: now(),
        }),
        follows: None,
        made_at: now(),
    };
    writing.put_post(&post).await.expect("a post");
    let copy = Copy {
        post: post.id,
        network: Network::Mastodon,
        state: CopyState::Failed,
        posted: None,
        failure: Some("422".into()),
    };
    writing.put_post_copy(&copy).await.expect("a copy");
    writing
        .note_outlook(sku, Outlook::Gone)
        .await
        .expect("an outlook");
    writing.commit().await.expect("a commit");
}
