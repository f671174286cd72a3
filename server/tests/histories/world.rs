//! A shop in which something happens at each step, and what it has to look like by then.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
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
use server::operations::check_availability::{Question, check_availability};
use server::operations::errands::run_due;
use server::operations::hear::{Heard, hear};
use server::operations::put_sku::put_sku;
use server::operations::records::{Component, SkuRecord};
use server::operations::show;
use server::store::Store;
use shared::ids::{OrderId, Sku, StoreId};
use shared::quantity::Quantity;
use shared::supply::BackorderMode;
use shared::text::Language;

use crate::acts::{Acted, Sent};
use crate::bank::{Bank, SECRET};
use crate::model::{AWAITED, COUNTED, DENIED, KIT, LIMIT, LIMITED, Model, takes};
use crate::rules::{self, Seen};
use crate::shop::{id, now};

/// A shop, and what is known of it.
pub struct World {
    pub(crate) app: App,
    pub(crate) store: StoreId,
    pub(crate) hand: Hand,
    pub(crate) bank: Bank,
    pub(crate) mail: PathBuf,
    pub(crate) random: StdRng,
    pub(crate) seed: u64,
    pub(crate) model: Model,
    pub(crate) sent: Vec<Sent>,
    /// What was done, for whoever reads of a failure.
    pub(crate) log: Vec<String>,
    pub(crate) names: u32,
    /// When somebody looked last which promises time alone has broken, if that was just now.
    pub(crate) kept_at: Option<DateTime<Utc>>,
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
        let orders = show::orders(app, store, None, None, 100)
            .await
            .expect("orders");
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
            visitor: None,
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
                refund: None,
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

    pub(crate) fn one_in(&mut self, count: u32) -> bool {
        self.random.random_ratio(1, count)
    }

    pub(crate) fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    pub(crate) fn units(&mut self, most: u32) -> Quantity {
        Quantity::new(self.random.random_range(1..=most))
    }

    pub(crate) fn one_of<T: Clone>(&mut self, some: &[T]) -> Option<T> {
        some.choose(&mut self.random).cloned()
    }

    /// Orders of which something waits.
    pub(crate) fn open_orders(&self, seen: &Seen) -> Vec<OrderId> {
        let open = seen
            .orders
            .iter()
            .filter(|(_, order)| !order.waiting.is_empty());
        open.map(|(id, _)| id.clone()).collect()
    }
}

/// The word for a refusal. What the database would not do is none: our own rules come before its.
pub(crate) fn refusal(error: &ActError) -> String {
    assert!(
        !matches!(error, ActError::Store(_) | ActError::InFlight),
        "the database refused: {error:?}"
    );
    format!("{error:?}")
}
