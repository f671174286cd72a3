//! A shop in which something happens at each step, and what it has to look like by then.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Days, TimeDelta, Utc};
use futures_util::FutureExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use server::app::{App, Parts};
use server::catalogue::{Catalogue, Shop};
use server::changes::Changes;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::limits::Limits;
use server::metrics::Metrics;
use server::operations::ActError;
use server::operations::adjust_stock::{AdjustStock, Adjustment, adjust_stock};
use server::operations::cancel_order::{CancelOrder, cancel_order};
use server::operations::change_purchase_order::{
    ChangePurchaseOrder, ChangedLine, change_purchase_order,
};
use server::operations::check_availability::{Question, check_availability};
use server::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use server::operations::delays::{CustomerReply, look_after_delays, reply_to_delay};
use server::operations::errands::run_due;
use server::operations::hear::{Heard, hear};
use server::operations::look_after_payments::{self, look_after_payments};
use server::operations::once::{Answer, Asked, Once, Outcome, Ticket};
use server::operations::place_order::{Pay, PlaceOrder, Prices, place_order};
use server::operations::prioritize::prioritize;
use server::operations::put_sku::put_sku;
use server::operations::receive_purchase_order::{ReceivePurchaseOrder, receive_purchase_order};
use server::operations::records::{
    Component, Customer, ProviderKind, PurchaseOrderStatus, SkuRecord,
};
use server::operations::refund::{GiveBack, refund};
use server::operations::release::release;
use server::operations::renew::renew;
use server::operations::reserve::{Reserve, reserve};
use server::operations::set_stock::{SetStock, set_stock};
use server::operations::ship::{Ship, ship};
use server::operations::show;
use server::operations::sweep::{clear_expired, look_after};
use server::store::Store;
use shared::delay::Cause;
use shared::ids::{OrderId, PurchaseOrderId, ShipmentId, Sku, StoreId};
use shared::quantity::Quantity;
use shared::shipment::PlanKind;
use shared::supply::BackorderMode;
use shared::text::Language;

use crate::acts::{Acted, Request, Sent};
use crate::bank::{Bank, SECRET, Turn};
use crate::model::{AWAITED, COUNTED, DENIED, Hold, KIT, LIMIT, LIMITED, Line, Model, takes};
use crate::rules::{self, Seen};
use crate::shop::{id, now};

/// Orders of a history that are open at most: more are not ordered, so that old ones are gone on with.
const ORDERS_MAX: usize = 8;
/// Units that come with each purchase order.
const COMES: i64 = 9;
/// How far the clock jumps, in minutes: mostly a little.
const JUMPS: [i64; 10] = [1, 5, 20, 90, 600, 1_440, 1_440, 4_320, 14_400, 46_080];

/// For how long the answer to a request is kept, at least.
const KEPT_FOR: TimeDelta = TimeDelta::hours(23);

/// A shop, and what is known of it.
pub struct World {
    app: App,
    store: StoreId,
    hand: Hand,
    bank: Bank,
    mail: PathBuf,
    random: StdRng,
    seed: u64,
    model: Model,
    sent: Vec<Sent>,
    /// What was done, for whoever reads of a failure.
    log: Vec<String>,
    names: u32,
    /// When somebody looked last which promises time alone has broken, if that was just now.
    kept_at: Option<DateTime<Utc>>,
}

impl World {
    /// A store of its own in a database, with something in it.
    pub async fn new(database: &Store, bank: &Bank, mail: &Path, seed: u64) -> Self {
        let store: StoreId = id(&format!("h{seed}"));
        database.add_store(&store).await.expect("a store");
        let catalogue = Catalogue::default();
        let settings = database.load_settings(&store).await.expect("settings");
        let settings = settings.expect("a store");
        catalogue.put_shop(Arc::new(Shop::new(store.clone(), settings, 0)));
        let (clock, hand) = Clock::by_hand(now());
        let accounts = json!({
            "public_url": "https://ships.example",
            "stores": {store.as_str(): {
                "external": {"url": format!("http://127.0.0.1:{}/{store}", bank.port), "private": true, "secret": SECRET, "timeout_ms": 5_000},
                "mail": {"folder": mail, "from": "Shop <orders@shop.example>"},
            }},
        });
        let app = App::new(Parts {
            store: database.clone(),
            catalogue,
            changes: Changes::default(),
            connections: Connections::parse(&accounts.to_string(), &clock).expect("accounts"),
            clock,
            limits: Limits::default(),
            metrics: Metrics::default(),
        });
        let mut world = Self {
            app,
            store,
            hand,
            bank: bank.clone(),
            mail: mail.to_owned(),
            random: StdRng::seed_from_u64(seed),
            seed,
            model: Model::default(),
            sent: Vec::new(),
            log: Vec::new(),
            names: 0,
            kept_at: Some(now()),
        };
        world.begin().await;
        world
    }

    async fn begin(&mut self) {
        let goods = [
            SkuRecord::new(id(DENIED)),
            SkuRecord {
                backorder: BackorderMode::Allow,
                backorder_limit: Some(Quantity::new(LIMIT as u32)),
                lead_time_days: Some(9),
                ..SkuRecord::new(id(LIMITED))
            },
            SkuRecord {
                backorder: BackorderMode::Allow,
                ..SkuRecord::new(id(AWAITED))
            },
            SkuRecord {
                backorder: BackorderMode::Allow,
                kit: takes(KIT)
                    .into_iter()
                    .map(|(sku, each)| Component {
                        sku: id(sku),
                        quantity: Quantity::new(each as u32),
                    })
                    .collect(),
                ..SkuRecord::new(id(KIT))
            },
        ];
        for record in goods {
            put_sku(&self.app, &self.store, record)
                .await
                .expect("a SKU");
        }
        for sku in COUNTED {
            self.model.on_hand.insert(sku.into(), 0);
            let units = self.random.random_range(2..=6);
            self.set(sku, units).await.expect("a count");
        }
        self.order_more().await.expect("a purchase order");
    }

    /// Takes the steps, and looks after each. Returns what was done how often, and how it ended.
    pub async fn play(mut self, steps: usize) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        let mut before = self.look().await;
        for step in 0..steps {
            let stepped = AssertUnwindSafe(self.step(&before)).catch_unwind().await;
            let Ok((acted, after)) = stepped else {
                let log = self.log.join("\n  ");
                panic!("history {}, step {step}:\n  {log}", self.seed);
            };
            let end = match acted.refused {
                Some(_) => "refused",
                None => "done",
            };
            *counts.entry(format!("{} {end}", acted.name)).or_default() += 1;
            before = after;
        }
        self.end().await;
        counts
    }

    async fn step(&mut self, before: &Seen) -> (Acted, Seen) {
        let mut acted = self.act(before).await;
        // Whatever comes next finds out what time has broken.
        acted.is_harmless &= self.kept_at == Some(self.app.clock.now());
        // An order that was put before others takes what they were to have.
        let shipped = acted.about.as_ref().filter(|_| acted.name == "ship");
        let shipped = shipped.and_then(|order| before.orders.get(order));
        let is_first =
            shipped.is_some_and(|order| order.waiting.iter().any(|part| 0 < part.priority));
        acted.is_harmless &= !is_first;
        let entry = format!("{} {:?}", self.app.clock.now(), acted);
        self.log.push(entry);
        let after = self.look().await;
        if acted.may_cancel {
            self.learn_what_was_cancelled(&after);
        }
        let faults = self.app.store.faults_of(&self.store).await;
        assert_eq!(faults.expect("a check"), [], "the tables are sound");
        self.bank.of(self.store.as_str(), |ledger| {
            rules::check(before, &after, &acted, &self.model, ledger);
        });
        (acted, after)
    }

    /// All that can be seen.
    async fn look(&self) -> Seen {
        let (app, store, now) = (&self.app, &self.store, self.app.clock.now());
        let orders = show::orders(app, store, None, 100).await.expect("orders");
        let mut holds = Vec::new();
        let live = self
            .model
            .holds
            .iter()
            .filter(|(_, hold)| now < hold.expires_at);
        for (hold, _) in live {
            let found = show::reservation(app, store, &id(hold)).await;
            holds.push(found.expect("a hold"));
        }
        let mut on_hand = BTreeMap::new();
        for sku in COUNTED {
            let level = app.store.level(store, &id(sku), &id("main")).await;
            let level = level.expect("a level").expect("a level");
            on_hand.insert(sku.to_owned(), level.on_hand.units().into());
        }
        let shop = app.catalogue.shop(store).expect("the shop");
        let question = Question {
            quantity: Quantity::new(1),
            language: Language::English,
            to: None,
        };
        let skus: Vec<Sku> = [DENIED, LIMITED].map(id).into();
        let answers = check_availability(&shop, &skus, &question, now);
        let orderable = answers.items.iter().map(|item| {
            let told: Value = serde_json::from_slice(&item.json).expect("JSON");
            let sku = told["sku"].as_str().unwrap_or_default().to_owned();
            (sku, told["max_orderable"].as_i64().unwrap_or(i64::MAX))
        });
        Seen {
            now,
            today: shop.settings().location.calendar.today(now),
            orderable: orderable.collect(),
            orders: orders
                .into_iter()
                .map(|standing| (standing.order.id.clone(), standing))
                .collect(),
            holds,
            on_hand,
            incoming: show::purchase_orders(app, store, None, None, 100)
                .await
                .expect("purchase orders"),
        }
    }

    fn learn_what_was_cancelled(&mut self, after: &Seen) {
        for (order, standing) in &after.orders {
            let known = self.model.orders.get_mut(order.as_str()).expect("an order");
            for (line, told) in known.iter_mut().zip(Model::lines(standing)) {
                line.cancelled = line
                    .cancelled
                    .max(told.cancelled.min(line.cancelled + line.open()));
            }
        }
    }

    /// Lets everything come to its end: every message comes, nothing fails any more, and time goes on.
    async fn end(&mut self) {
        let (app, store) = (self.app.clone(), self.store.clone());
        let news = self
            .bank
            .of(store.as_str(), |ledger| ledger.news().to_vec());
        let news: BTreeSet<String> = news.into_iter().collect();
        let seen = self.look().await;
        for (number, shipment) in news.iter().enumerate() {
            let order = seen
                .orders
                .keys()
                .find(|order| shipment.starts_with(&format!("{order}.")));
            let heard = Heard {
                id: format!("last-{number}"),
                reference: "agreed".into(),
                shipment: Some(id(shipment)),
                order: order.cloned(),
            };
            hear(&app, &store, heard).await.expect("it is heard");
        }
        for minutes in [0, 1, 5, 60, 61, 240] {
            self.hand
                .show(app.clock.now() + TimeDelta::minutes(minutes));
            run_due(&app, &store).await.expect("errands");
        }
        let seen = self.look().await;
        let log = self.log.join("\n  ");
        self.bank.of(store.as_str(), |ledger| {
            let ended =
                std::panic::catch_unwind(AssertUnwindSafe(|| rules::check_the_end(&seen, ledger)));
            assert!(ended.is_ok(), "history {}, in the end:\n  {log}", self.seed);
        });
        self.no_letter_is_two();
    }

    /// One letter, one Message-ID.
    fn no_letter_is_two(&self) {
        let Ok(folder) = std::fs::read_dir(&self.mail) else {
            return;
        };
        let mut ids = BTreeSet::new();
        for file in folder {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a letter");
            let id = text
                .lines()
                .find_map(|line| line.strip_prefix("Message-ID: "));
            let id = id.expect("a Message-ID").to_owned();
            assert!(
                ids.insert(id.clone()),
                "history {}: two letters {id}",
                self.seed
            );
        }
        std::fs::remove_dir_all(&self.mail).expect("the letters go");
    }

    fn one_in(&mut self, count: u32) -> bool {
        self.random.random_ratio(1, count)
    }

    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    fn units(&mut self, most: u32) -> Quantity {
        Quantity::new(self.random.random_range(1..=most))
    }

    fn one_of<T: Clone>(&mut self, some: &[T]) -> Option<T> {
        some.choose(&mut self.random).cloned()
    }

    /// Orders of which something waits.
    fn open_orders(&self, seen: &Seen) -> Vec<OrderId> {
        let open = seen
            .orders
            .iter()
            .filter(|(_, order)| !order.waiting.is_empty());
        open.map(|(id, _)| id.clone()).collect()
    }

    async fn act(&mut self, seen: &Seen) -> Acted {
        let open = self.open_orders(seen);
        match self.random.random_range(0..100) {
            0..=17 if open.len() < ORDERS_MAX => self.place().await,
            0..=23 => self.reserve().await,
            24..=25 => self.renew().await,
            26..=27 => self.release().await,
            28..=34 => self.cancel(seen, &open).await,
            35..=47 => self.ship(seen).await,
            48..=54 => self.receive(seen).await,
            55..=57 => self.done("order_more", Self::order_more).await,
            58..=61 => self.slip(seen).await,
            62 => self.cut(seen).await,
            63..=65 => self.count().await,
            66..=68 => self.adjust().await,
            69..=71 => self.reply(&open).await,
            72..=74 => self.refund(seen).await,
            75..=76 => self.prioritize(&open).await,
            77..=80 => self.hear(seen).await,
            81..=86 => self.errands().await,
            87..=94 => self.later().await,
            _ => self.again().await,
        }
    }

    async fn done(
        &mut self,
        name: &'static str,
        act: impl AsyncFnOnce(&mut Self) -> Result<(), ActError>,
    ) -> Acted {
        let refused = act(self).await.err();
        let mut acted = Acted::new(name);
        acted.changes_nothing = refused.is_some();
        acted.refused = refused.map(|error| refusal(&error));
        acted
    }

    fn cart(&mut self) -> Vec<(Sku, Quantity)> {
        let mut skus = BTreeSet::new();
        for _ in 0..self.random.random_range(1..=2) {
            let one = self.one_of(&[DENIED, LIMITED, AWAITED, AWAITED, KIT]);
            skus.insert(one.expect("some"));
        }
        skus.into_iter()
            .map(|sku| (id(sku), self.units(3)))
            .collect()
    }

    fn plan(&mut self) -> PlanKind {
        match self.one_in(2) {
            true => PlanKind::Together,
            false => PlanKind::Separate,
        }
    }

    async fn place(&mut self) -> Acted {
        // Somebody who held the goods, or somebody else.
        let held: Vec<(String, Hold)> = self.model.holds.clone().into_iter().collect();
        let held = match self.one_in(3) {
            true => self.one_of(&held),
            false => None,
        };
        let lines = match &held {
            Some((_, hold)) => hold
                .lines
                .iter()
                .map(|(sku, units)| (id(sku), Quantity::new(*units as u32)))
                .collect(),
            None => self.cart(),
        };
        let goods: Vec<i64> = lines
            .iter()
            .map(|(_, units)| 1_117 * i64::from(units.units()))
            .collect();
        let country = self
            .one_of(&[Some("US"), Some("US"), Some("DE"), Some("GB"), None])
            .flatten();
        let is_paid = !self.one_in(4);
        let request = PlaceOrder {
            id: id(&self.name("W-")),
            plan: self.plan(),
            shown: Vec::new(),
            reservation: held.as_ref().map(|(hold, _)| id(hold)),
            customer: Customer {
                email: (!self.one_in(4)).then(|| "anna@example.org".to_owned()),
                name: None,
                language: None,
                country: country.map(str::to_owned),
            },
            token: "tok_test".into(),
            prices: is_paid.then(|| Prices {
                currency: "USD".parse().expect("a currency"),
                discount: 131,
                shipping: 495,
                tax: 97,
                goods,
            }),
            pay: is_paid.then(|| Pay {
                provider: ProviderKind::External,
                reference: Some("agreed".into()),
                expires_at: None,
            }),
            lines,
        };
        let mut acted = self.send(Request::Place(request)).await;
        let Some((name, hold)) = held else {
            return acted;
        };
        // I8: nobody is kept from an order by their own hold.
        let now = self.app.clock.now();
        let is_there = |sku: &&str| self.model.promised(sku, now) <= self.model.capacity(sku);
        let is_simple = hold
            .lines
            .iter()
            .all(|(sku, _)| [DENIED, LIMITED].contains(&sku.as_str()));
        if now < hold.expires_at && is_simple && [DENIED, LIMITED].iter().all(is_there) {
            assert!(
                acted.refused.is_none(),
                "I8: `{name}` was held and cannot be ordered: {acted:?}"
            );
        }
        acted.name = "place_held";
        acted
    }

    async fn reserve(&mut self) -> Acted {
        let hold = self.one_of(&[1, 10, 60, 1_440, 10_080]).expect("some");
        let request = Reserve {
            id: id(&self.name("rsv_")),
            lines: self.cart(),
            plan: self.plan(),
            hold: TimeDelta::minutes(hold),
        };
        self.send(Request::Reserve(request)).await
    }

    async fn renew(&mut self) -> Acted {
        let held: Vec<String> = self.model.holds.keys().cloned().collect();
        let hold = self.one_of(&held).unwrap_or_else(|| "rsv_none".into());
        let mut acted = self
            .done("renew", async |world| {
                let minutes = TimeDelta::minutes(30);
                let (renewed, _) = renew(&world.app, &world.store, id(&hold), minutes).await?;
                let now = world.app.clock.now();
                let known = world.model.holds.get_mut(&hold).expect("a hold");
                assert!(now < known.expires_at, "a hold that has ended is renewed");
                known.renewals += 1;
                assert!(known.renewals <= 3, "a hold is renewed too often");
                known.expires_at = known.expires_at.max(now + minutes);
                assert_eq!(
                    renewed.expires_at,
                    Some(known.expires_at),
                    "I8: it is extended"
                );
                Ok(())
            })
            .await;
        acted.is_harmless = true;
        acted
    }

    async fn release(&mut self) -> Acted {
        let held: Vec<String> = self.model.holds.keys().cloned().collect();
        let hold = self.one_of(&held).unwrap_or_else(|| "rsv_none".into());
        let mut acted = self
            .done("release", async |world| {
                release(&world.app, &world.store, id(&hold)).await?;
                let known = world.model.holds.get_mut(&hold).expect("a hold");
                known.expires_at = known.expires_at.min(world.app.clock.now());
                Ok(())
            })
            .await;
        acted.is_harmless = true;
        acted
    }

    async fn cancel(&mut self, seen: &Seen, open: &[OrderId]) -> Acted {
        let all: Vec<OrderId> = seen.orders.keys().cloned().collect();
        let order = match self.one_in(6) {
            true => self.one_of(&all),
            false => self.one_of(open),
        };
        let order = order.unwrap_or_else(|| id("W-none"));
        let lines = match self.one_in(2) {
            true => Vec::new(),
            false => {
                let units = self.one_in(2).then(|| self.units(2));
                vec![(self.random.random_range(0..2), units)]
            }
        };
        let cause = self.one_of(&[Cause::Shopper, Cause::Seller]).expect("some");
        let request = CancelOrder {
            lines,
            cause,
            reason: None,
        };
        self.send(Request::Cancel(order, request)).await
    }

    async fn ship(&mut self, seen: &Seen) -> Acted {
        let ready = show::ready_parcels(&self.app, &self.store, None, 20).await;
        let ready: Vec<ShipmentId> = ready
            .expect("parcels")
            .into_iter()
            .map(|parcel| parcel.id)
            .collect();
        let left = seen.orders.values().flat_map(|order| &order.shipments);
        let left: Vec<ShipmentId> = left.map(|parcel| parcel.id.clone()).collect();
        let parcel = match self.one_in(8) {
            true => self.one_of(&left),
            false => self.one_of(&ready),
        };
        let request = Ship {
            id: parcel.unwrap_or_else(|| id("W-1.0123456789abcdef")),
            carrier: Some("UPS".into()),
            tracking_number: Some("1Z999".into()),
        };
        self.send(Request::Ship(request)).await
    }

    fn a_purchase_order(&mut self, seen: &Seen) -> PurchaseOrderId {
        let open = seen
            .incoming
            .iter()
            .filter(|order| order.status == PurchaseOrderStatus::Open);
        let open: Vec<PurchaseOrderId> = open.map(|order| order.id.clone()).collect();
        self.one_of(&open).unwrap_or_else(|| id("PO-none"))
    }

    async fn receive(&mut self, seen: &Seen) -> Acted {
        // A delivery note that was recorded comes again, or another one.
        let known = self.model.receipts.clone();
        let (order, receipt, units) = match (self.one_in(4), self.one_of(&known)) {
            (true, Some((order, receipt, units))) => (id(&order), receipt, units),
            _ => (
                self.a_purchase_order(seen),
                self.name("note-"),
                self.random.random_range(1..=4),
            ),
        };
        let request = ReceivePurchaseOrder {
            receipt,
            received_on: None,
            lines: vec![(id(AWAITED), Quantity::new(units as u32))],
            allow_over_receipt: self.one_in(2),
        };
        self.send(Request::Receive(order, request)).await
    }

    async fn order_more(&mut self) -> Result<(), ActError> {
        let days = self.random.random_range(2..=20);
        let expected_on = self.app.clock.now().date_naive() + Days::new(days);
        let request = CreatePurchaseOrder {
            id: Some(id(&self.name("PO-"))),
            supplier: None,
            location: None,
            ordered_on: None,
            mode: None,
            shipped_on: None,
            expected_on: None,
            lines: vec![Ordered {
                sku: id(AWAITED),
                quantity: Quantity::new(COMES as u32),
                expected_on: Some(expected_on),
            }],
        };
        let name = self.name("key-");
        let order = request.id.clone().expect("a name");
        create_purchase_order(&self.app, &self.store, request, self.once(&name, [0; 32])).await?;
        self.model.coming.insert(order.to_string(), COMES);
        Ok(())
    }

    async fn slip(&mut self, seen: &Seen) -> Acted {
        let order = self.a_purchase_order(seen);
        let days = self.random.random_range(0..=70);
        let day = self.app.clock.now().date_naive() + Days::new(days);
        let expected_on = (!self.one_in(6)).then_some(day);
        self.done("slip", async |world| {
            let request = ChangePurchaseOrder {
                expected_on: Some(expected_on),
                ..unchanged()
            };
            change_purchase_order(&world.app, &world.store, order, request)
                .await
                .map(drop)
        })
        .await
    }

    async fn cut(&mut self, seen: &Seen) -> Acted {
        let order = self.a_purchase_order(seen);
        let quantity = self
            .one_in(2)
            .then(|| Quantity::new(self.random.random_range(0..=8)));
        self.done("cut", async |world| {
            let lines = quantity.map(|quantity| ChangedLine {
                sku: id(AWAITED),
                quantity: Some(quantity),
                expected_on: None,
            });
            let request = ChangePurchaseOrder {
                cancel: lines.is_none(),
                lines: lines.into_iter().collect(),
                ..unchanged()
            };
            let changed =
                change_purchase_order(&world.app, &world.store, order.clone(), request).await?;
            world.model.coming.insert(
                order.to_string(),
                match changed.status {
                    PurchaseOrderStatus::Open => {
                        let line = &changed.lines[0];
                        i64::from(line.quantity.less(line.received).units())
                    }
                    _ => 0,
                },
            );
            Ok(())
        })
        .await
    }

    async fn set(&mut self, sku: &str, units: u32) -> Result<(), ActError> {
        let request = SetStock {
            sku: id(sku),
            location: id("main"),
            quantity: Quantity::new(units),
            if_quantity: None,
            committed: None,
            safety_stock: None,
        };
        set_stock(&self.app, &self.store, request).await?;
        self.model.on_hand.insert(sku.into(), units.into());
        Ok(())
    }

    async fn count(&mut self) -> Acted {
        let sku = self.one_of(&COUNTED).expect("some");
        let units = self.random.random_range(0..=7);
        self.done("count", async |world| world.set(sku, units).await)
            .await
    }

    async fn adjust(&mut self) -> Acted {
        let sku = self.one_of(&COUNTED).expect("some");
        let change = self.random.random_range(-3..=4);
        let lines = vec![Adjustment {
            sku: id(sku),
            location: None,
            change,
        }];
        let request = AdjustStock {
            reason: "found".into(),
            lines,
        };
        self.send(Request::Adjust(request)).await
    }

    async fn reply(&mut self, open: &[OrderId]) -> Acted {
        let order = self.one_of(open).unwrap_or_else(|| id("W-none"));
        let said = self
            .one_of(&[
                CustomerReply::Consent,
                CustomerReply::Consent,
                CustomerReply::SetExtraPeriod,
            ])
            .expect("some");
        let mut acted = self
            .done("reply", async |world| {
                reply_to_delay(&world.app, &world.store, order, said)
                    .await
                    .map(drop)
            })
            .await;
        acted.is_harmless = true;
        acted
    }

    async fn refund(&mut self, seen: &Seen) -> Acted {
        let accounts = seen
            .orders
            .values()
            .filter_map(|order| Some((order, order.account.as_ref()?)));
        let charges = accounts.flat_map(|(order, account)| {
            account
                .charges
                .iter()
                .map(|charge| (order.order.id.clone(), charge.clone()))
        });
        let charges: Vec<_> = charges.filter(|(_, charge)| charge.captured > 0).collect();
        let (order, shipment, amount) = match self.one_of(&charges) {
            Some((order, charge)) => (
                order,
                charge.shipment,
                self.random.random_range(1..=charge.captured),
            ),
            None => (id("W-none"), id("W-1.0123456789abcdef"), 1),
        };
        let currency = "USD".parse().expect("a currency");
        let request = GiveBack {
            id: self.name("re_"),
            shipment,
            amount: (!self.one_in(4)).then(|| shared::money::Money::new(amount, currency)),
            reason: None,
        };
        self.send(Request::Refund(order, request)).await
    }

    async fn prioritize(&mut self, open: &[OrderId]) -> Acted {
        let order = self.one_of(open).unwrap_or_else(|| id("W-none"));
        let priority = self.random.random_range(0..=2);
        let mut acted = self
            .done("prioritize", async |world| {
                prioritize(
                    &world.app,
                    &world.store,
                    order,
                    priority,
                    "a birthday".into(),
                )
                .await
                .map(drop)
            })
            .await;
        // Dates stay as they were told: it is about who gets what has come.
        acted.is_harmless = true;
        acted
    }

    /// The payment system says something once more, late, or out of order.
    async fn hear(&mut self, seen: &Seen) -> Acted {
        let news = self
            .bank
            .of(self.store.as_str(), |ledger| ledger.news().to_vec());
        let Some(shipment) = self.one_of(&news) else {
            return self.errands().await;
        };
        // The same message, or another one about the same.
        let number = self.random.random_range(0..2);
        let order = seen
            .orders
            .keys()
            .find(|order| shipment.starts_with(&format!("{order}.")));
        let order = order.cloned();
        self.done("hear", async |world| {
            let heard = Heard {
                id: format!("evt-{shipment}-{number}"),
                reference: "agreed".into(),
                shipment: Some(id(&shipment)),
                order,
            };
            hear(&world.app, &world.store, heard).await
        })
        .await
    }

    /// Somebody sees to what is to be done outside, with whatever luck.
    async fn errands(&mut self) -> Acted {
        let turns = [
            Turn::LostBefore,
            Turn::LostAfter,
            Turn::Fails,
            Turn::FailsAfter,
            Turn::Busy,
            Turn::Declines,
            Turn::Expired,
            Turn::Pending,
        ];
        let bad = match self.one_in(2) {
            true => self.random.random_range(1..=3),
            false => 0,
        };
        let turns: Vec<Turn> = (0..bad).filter_map(|_| self.one_of(&turns)).collect();
        self.log.push(format!("the bank: {turns:?}"));
        self.bank.will(self.store.as_str(), turns);
        let mut acted = self
            .done("errands", async |world| {
                let mut seen = look_after_payments::Seen::default();
                look_after_payments(&world.app, &world.store, &mut seen).await?;
                run_due(&world.app, &world.store).await.map(drop)
            })
            .await;
        self.bank.will(self.store.as_str(), Vec::new());
        acted.may_cancel = true;
        acted
    }

    /// The clock jumps; perhaps somebody sweeps then, and perhaps nobody has for weeks.
    async fn later(&mut self) -> Acted {
        let minutes = self.one_of(&JUMPS).expect("some");
        self.hand
            .show(self.app.clock.now() + TimeDelta::minutes(minutes));
        let [expire, keep, delays] = [1, 2, 1].map(|times| self.random.random_ratio(times, 3));
        self.log.push(format!(
            "{minutes} minutes later: expire {expire}, keep {keep}, delays {delays}"
        ));
        let mut acted = self
            .done("later", async |world| {
                let (app, store) = (&world.app, &world.store);
                if expire {
                    clear_expired(app, store).await?;
                }
                if keep {
                    look_after(app, store, &mut String::new()).await?;
                }
                if delays {
                    look_after_delays(app, store).await?;
                }
                Ok(())
            })
            .await;
        self.kept_at = keep.then(|| self.app.clock.now());
        acted.may_cancel = true;
        acted.looked_after = delays;
        acted
    }

    /// A request comes once more, or its key with another one.
    async fn again(&mut self) -> Acted {
        let now = self.app.clock.now();
        let known = self.sent.iter().rposition(|sent| sent.at + KEPT_FOR <= now);
        let kept = known.map_or(0, |known| known + 1);
        if kept == self.sent.len() {
            return self.later().await;
        }
        let at = self.random.random_range(kept..self.sent.len());
        let mut sent = self.sent[at].clone();
        let is_other = sent.answer.is_some() && self.one_in(4);
        if is_other {
            sent.fingerprint[31] ^= 1;
        }
        let (mut acted, answer) = self.resend(&sent).await;
        if sent.answer.is_none() {
            // It was refused before, and was done now.
            self.sent[at].answer = answer;
        }
        if sent.answer.is_some() {
            assert!(acted.changes_nothing, "I21: it was done twice: {acted:?}");
            assert_eq!(acted.refused.is_some(), is_other, "I22: {acted:?}");
            acted.refused = None;
        }
        acted.name = "again";
        acted
    }

    fn once<T: std::fmt::Debug>(&self, key: &str, fingerprint: [u8; 32]) -> Once<T> {
        let asked = Asked {
            ticket: Ticket {
                store: self.store.clone(),
                route: "POST /test".into(),
                key: key.into(),
            },
            fingerprint,
        };
        let answer = |outcome: &T| Answer {
            status: 200,
            body: format!("{outcome:?}").into_bytes(),
        };
        Once::claim(&self.app, asked, answer).expect("one step after the other")
    }

    /// Sends a request for the first time.
    async fn send(&mut self, request: Request) -> Acted {
        let key = self.name("key-");
        let mut fingerprint = [0; 32];
        fingerprint[..4].copy_from_slice(&self.names.to_le_bytes());
        let at = self.app.clock.now();
        let mut sent = Sent {
            request,
            key,
            fingerprint,
            at,
            answer: None,
        };
        let (acted, answer) = self.resend(&sent).await;
        sent.answer = answer;
        self.sent.push(sent);
        acted
    }

    async fn resend(&mut self, sent: &Sent) -> (Acted, Option<Vec<u8>>) {
        let (app, store) = (self.app.clone(), self.store.clone());
        let (key, print) = (&sent.key, sent.fingerprint);
        let (name, about, ended) = match sent.request.clone() {
            Request::Place(it) => {
                let ended = place_order(&app, &store, it.clone(), self.once(key, print)).await;
                let ended = ended.map(|ended| {
                    ended.known(|_| {
                        let line = |(sku, units): &(Sku, Quantity)| Line {
                            sku: sku.to_string(),
                            ordered: units.units().into(),
                            shipped: 0,
                            cancelled: 0,
                        };
                        self.model
                            .orders
                            .insert(it.id.to_string(), it.lines.iter().map(line).collect());
                        if let Some(hold) = it
                            .reservation
                            .as_ref()
                            .and_then(|hold| self.model.holds.get_mut(hold.as_str()))
                        {
                            hold.expires_at = hold.expires_at.min(app.clock.now());
                        }
                    })
                });
                ("place", Some(it.id), ended)
            }
            Request::Reserve(it) => {
                let ended = reserve(&app, &store, it.clone(), self.once(key, print)).await;
                let ended = ended.map(|ended| {
                    ended.known(|_| {
                        let lines = it
                            .lines
                            .iter()
                            .map(|(sku, units)| (sku.to_string(), units.units().into()))
                            .collect();
                        let expires_at = app.clock.now() + it.hold;
                        self.model.holds.insert(
                            it.id.to_string(),
                            Hold {
                                lines,
                                expires_at,
                                renewals: 0,
                            },
                        );
                    })
                });
                ("reserve", None, ended)
            }
            Request::Cancel(order, it) => {
                let ended = cancel_order(
                    &app,
                    &store,
                    order.clone(),
                    it.clone(),
                    self.once(key, print),
                )
                .await;
                let ended = ended.map(|ended| ended.known(|_| self.cancelled(&order, &it)));
                ("cancel", Some(order), ended)
            }
            Request::Ship(it) => {
                let ended = ship(&app, &store, it.clone(), self.once(key, print)).await;
                let mut about = None;
                let ended = ended.map(|ended| {
                    ended.known(|left| {
                        about = Some(left.order.clone());
                        for line in &left.lines {
                            let units = i64::from(line.quantity.units());
                            let known = self
                                .model
                                .orders
                                .get_mut(left.order.as_str())
                                .expect("an order");
                            known[line.line as usize].shipped += units;
                            self.model.take(line.sku.as_str(), units);
                        }
                    })
                });
                ("ship", about, ended)
            }
            Request::Receive(order, it) => {
                let ended = receive_purchase_order(
                    &app,
                    &store,
                    order.clone(),
                    it.clone(),
                    self.once(key, print),
                )
                .await;
                let ended = ended.map(|ended| {
                    ended.known(|received| {
                        let units = i64::from(it.lines[0].1.units());
                        let note = (order.to_string(), it.receipt.clone(), units);
                        let is_new = !self.model.receipts.contains(&note);
                        assert_eq!(
                            received.recorded, is_new,
                            "I10: a delivery note is recorded once"
                        );
                        if is_new {
                            *self.model.on_hand.get_mut(AWAITED).expect("a shelf") += units;
                            let coming =
                                self.model.coming.get_mut(order.as_str()).expect("an order");
                            *coming = (*coming - units).max(0);
                            self.model.receipts.push(note);
                        }
                    })
                });
                ("receive", None, ended)
            }
            Request::Adjust(it) => {
                let ended = adjust_stock(&app, &store, it.clone(), self.once(key, print)).await;
                let ended = ended.map(|ended| {
                    ended.known(|_| {
                        for line in &it.lines {
                            *self
                                .model
                                .on_hand
                                .get_mut(line.sku.as_str())
                                .expect("a shelf") += line.change;
                        }
                    })
                });
                ("adjust", None, ended)
            }
            Request::Refund(order, it) => {
                let ended = refund(&app, &store, order.clone(), it, self.once(key, print)).await;
                (
                    "refund",
                    Some(order),
                    ended.map(|ended| ended.known(|_| {})),
                )
            }
        };
        let mut acted = Acted::new(name);
        acted.is_harmless = sent.request.is_harmless();
        acted.about = about;
        let mut answer = None;
        match ended {
            Ok(Ended::Now(told)) => answer = Some(told),
            Ok(Ended::Before(answer)) => {
                acted.changes_nothing = true;
                assert_eq!(
                    Some(&answer.body),
                    sent.answer.as_ref(),
                    "I21: the answer is the first one"
                );
            }
            Err(error) => {
                acted.changes_nothing = true;
                acted.refused = Some(refusal(&error));
            }
        }
        (acted, answer)
    }

    /// Of a line, the units that would leave last are cancelled first: how many is all that is known here.
    fn cancelled(&mut self, order: &OrderId, request: &CancelOrder) {
        let lines = self.model.orders.get_mut(order.as_str()).expect("an order");
        if request.lines.is_empty() {
            for line in lines.iter_mut() {
                line.cancelled += line.open();
            }
        }
        for (at, units) in &request.lines {
            let line = &mut lines[*at as usize];
            line.cancelled += units.map_or(line.open(), |units| units.units().into());
        }
    }
}

/// How a request ended.
enum Ended {
    Now(Vec<u8>),
    Before(Answer),
}

trait Known<T> {
    /// Learns from what was done now.
    fn known(self, learn: impl FnOnce(&T)) -> Ended;
}

impl<T: std::fmt::Debug> Known<T> for Outcome<T> {
    fn known(self, learn: impl FnOnce(&T)) -> Ended {
        match self {
            Self::Done(done) => {
                learn(&done);
                Ended::Now(format!("{done:?}").into_bytes())
            }
            Self::Before(answer) => Ended::Before(answer),
        }
    }
}

fn unchanged() -> ChangePurchaseOrder {
    ChangePurchaseOrder {
        expected_on: None,
        mode: None,
        shipped_on: None,
        cancel: false,
        lines: Vec::new(),
        reason: None,
    }
}

/// The word for a refusal. What the database would not do is none: our own rules come before its.
fn refusal(error: &ActError) -> String {
    assert!(
        !matches!(error, ActError::Store(_) | ActError::InFlight),
        "the database refused: {error:?}"
    );
    format!("{error:?}")
}
