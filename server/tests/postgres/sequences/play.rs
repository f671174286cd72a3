//! Plays steps on one database and writes down all that came of them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Cursor;
use std::sync::Arc;

use server::app::{App, Parts};
use server::catalogue::{Catalogue, KeyKind, Shop};
use server::changes::Changes;
use server::clock::{Clock, Hand};
use server::limits::Limits;
use server::metrics::Metrics;
use server::operations::adjust_stock::adjust_stock;
use server::operations::cancel_order::cancel_order;
use server::operations::change_purchase_order::change_purchase_order;
use server::operations::check_availability::{Question, check_availability};
use server::operations::create_purchase_order::create_purchase_order;
use server::operations::import_stock::import_stock;
use server::operations::keys::{create_key, named, revoke_key};
use server::operations::once::{Answer, Asked, Once, Ticket};
use server::operations::place_order::place_order;
use server::operations::plan_cart::{CartAsked, plan_cart};
use server::operations::put_location::put_location;
use server::operations::put_sku::put_sku;
use server::operations::put_store::put_store;
use server::operations::put_supplier::put_supplier;
use server::operations::receive_purchase_order::receive_purchase_order;
use server::operations::records::Level;
use server::operations::release::release;
use server::operations::reserve::reserve;
use server::operations::set_stock::set_stock;

use server::operations::ship::{Ship, ship};
use server::operations::show;
use server::operations::sweep::{clear_expired, look_after};
use server::store::Store;
use server::store::copy::TableSum;
use shared::ids::{Sku, StoreId};
use shared::quantity::Quantity;
use shared::text::Language;

use super::acts::{Act, LOCATIONS, RESERVATIONS, SALES, SKUS, Step};
use crate::shop::{id, now};

/// What came of a sequence.
#[derive(Debug)]
pub struct Played {
    /// The outcome of each step.
    pub answers: Vec<String>,
    /// The facts and settings in memory.
    pub memory: Vec<String>,
    /// What the merchant is shown of the store.
    pub read_back: Vec<String>,
    /// Every table of it.
    pub sums: Vec<TableSum>,
    /// How often each act was done and refused.
    pub counts: BTreeMap<String, u64>,
}

struct Player {
    app: App,
    store: StoreId,
    hand: Hand,
}

/// Makes a store and plays the steps in it.
pub async fn play(database: &Store, store: &StoreId, steps: &[Step]) -> Played {
    database.add_store(store).await.expect("a store");
    let catalogue = Catalogue::default();
    let settings = database.load_settings(store).await.expect("settings");
    let settings = settings.expect("a store");
    catalogue.put_shop(Arc::new(Shop::new(store.clone(), settings, 0)));
    let (clock, hand) = Clock::by_hand(now());
    let player = Player {
        app: App::new(Parts {
            store: database.clone(),
            catalogue,
            changes: Changes::default(),
            clock,
            limits: Limits::default(),
            metrics: Metrics::default(),
            connections: Default::default(),
        }),
        store: store.clone(),
        hand,
    };
    let (mut answers, mut counts) = (Vec::new(), BTreeMap::new());
    for step in steps {
        let (act, answer) = player.play(step.clone()).await;
        let end = if answer.starts_with("Err") {
            "refused"
        } else {
            "done"
        };
        *counts.entry(format!("{act} {end}")).or_default() += 1;
        answers.push(answer);
    }
    let memory = player.memory();
    assert_eq!(memory, player.loaded_anew().await, "memory is behind");
    Played {
        answers,
        memory,
        read_back: player.read_back().await,
        sums: database.sums(store).await.expect("sums"),
        counts,
    }
}

impl Player {
    fn once<T: Debug>(&self, step: &Step) -> Once<T> {
        let asked = Asked {
            ticket: Ticket {
                store: self.store.clone(),
                route: "POST /test".into(),
                key: step.key.clone(),
            },
            fingerprint: step.fingerprint,
        };
        let answer = |outcome: &T| Answer {
            status: 200,
            body: format!("{outcome:?}").into_bytes(),
        };
        Once::claim(&self.app, asked, answer).expect("one step after the other")
    }

    async fn play(&self, step: Step) -> (&'static str, String) {
        let (app, store) = (&self.app, &self.store);
        match step.act.clone() {
            Act::PutSku(it) => ("put_sku", said(put_sku(app, store, it).await)),
            Act::SetStock(it) => ("set_stock", said(set_stock(app, store, it).await)),
            Act::AdjustStock(it) => {
                let once = self.once(&step);
                (
                    "adjust_stock",
                    said(adjust_stock(app, store, it, once).await),
                )
            }
            Act::PutSupplier(it) => ("put_supplier", said(put_supplier(app, store, it).await)),
            Act::CreateOrder(it) => {
                let done = create_purchase_order(app, store, it, self.once(&step)).await;
                ("create_order", said(done))
            }
            Act::ChangeOrder(order, it) => {
                let done = change_purchase_order(app, store, order, it).await;
                ("change_order", said(done))
            }
            Act::Receive(order, it) => {
                let done = receive_purchase_order(app, store, order, it, self.once(&step)).await;
                ("receive", said(done))
            }
            Act::Reserve(it) => {
                let done = reserve(app, store, it, self.once(&step)).await;
                ("reserve", said(done))
            }
            Act::Release(it) => ("release", said(release(app, store, it).await)),
            Act::Place(it) => {
                let done = place_order(app, store, it, self.once(&step)).await;
                ("place", said(done))
            }
            Act::Cancel(order, it) => {
                let done = cancel_order(app, store, order, it, self.once(&step)).await;
                ("cancel", said(done))
            }
            Act::Ship(that_can_leave) => {
                let ready = show::ready_parcels(app, store, None, 1).await;
                let ready = ready.expect("parcels").into_iter().next();
                let gone = Ship {
                    id: match ready.filter(|_| that_can_leave) {
                        Some(parcel) => parcel.id,
                        None => id("W-1.0123456789abcdef"),
                    },
                    carrier: None,
                    tracking_number: Some("1Z999".into()),
                };
                ("ship", said(ship(app, store, gone, self.once(&step)).await))
            }
            Act::PutStore(it) => ("put_store", said(put_store(app, store, *it).await)),
            Act::PutLocation(it) => ("put_location", said(put_location(app, store, it).await)),
            Act::Import(it, file) => {
                let once = (!it.dry_run).then(|| self.once(&step));
                let turn = app.imports.of(store).expect("one import at a time");
                let done = import_stock(app, turn, it, Cursor::new(file), once).await;
                ("import", said(done))
            }
            Act::CreateKey(text) => {
                let key = named(KeyKind::Secret, "test", app.clock.now(), text);
                let done = create_key(app, store, key, self.once(&step)).await;
                ("create_key", said(done))
            }
            Act::RevokeLastKey => {
                let keys = app.store.keys(store).await.expect("keys");
                let key = keys.first().map_or("none".to_owned(), |key| key.id.clone());
                ("revoke_key", said(revoke_key(app, store, key).await))
            }
            Act::Later(later) => {
                self.hand.show(app.clock.now() + later);
                let expired = clear_expired(app, store).await;
                let mut after = String::new();
                let looked = look_after(app, store, &mut after).await;
                ("later", format!("{expired:?} {looked:?} {after}"))
            }
            Act::Ask(quantity) => ("ask", self.asked(quantity)),
        }
    }

    /// What shoppers are told of everything.
    fn asked(&self, quantity: Quantity) -> String {
        let shop = self.shop();
        let now = self.app.clock.now();
        let skus: Vec<Sku> = SKUS.iter().map(|sku| id(sku)).collect();
        let question = Question {
            quantity,
            language: Language::English,
            to: None,
            visitor: None,
        };
        let answers = check_availability(&shop, &skus, &question, now);
        let items = answers.items.iter();
        let mut told: Vec<String> = items
            .map(|item| String::from_utf8_lossy(&item.json).into_owned())
            .collect();
        let lines: Vec<(Sku, Quantity)> = skus.into_iter().map(|sku| (sku, quantity)).collect();
        let asked = CartAsked {
            lines: &lines,
            language: Language::English,
            to: None,
            goods: None,
            visitor: None,
        };
        let plans = plan_cart(&shop, &asked, now);
        told.push(serde_json::to_string(&plans).expect("JSON"));
        told.join("\n")
    }

    fn shop(&self) -> Arc<Shop> {
        self.app.catalogue.shop(&self.store).expect("the shop")
    }

    fn memory(&self) -> Vec<String> {
        let shop = self.shop();
        let mut memory: Vec<String> = shop
            .entries()
            .iter()
            .map(|entry| format!("{:?}", entry.facts()))
            .collect();
        memory.sort_unstable();
        memory.push(format!("{:?} {}", shop.settings(), shop.revision()));
        memory
    }

    /// What a server has in memory that starts now.
    async fn loaded_anew(&self) -> Vec<String> {
        let (store, database) = (&self.store, &self.app.store);
        let known = database.skus(store, None, 1_000).await.expect("SKUs");
        let known: Vec<Sku> = known.into_iter().map(|record| record.sku).collect();
        let facts = database.load_skus(store, &known).await.expect("facts");
        let mut memory: Vec<String> = facts.iter().map(|facts| format!("{facts:?}")).collect();
        memory.sort_unstable();
        let settings = database.load_settings(store).await.expect("settings");
        let standing = database.store_record(store).await.expect("a store");
        assert!(standing.is_some());
        memory.push(format!(
            "{:?} {}",
            Arc::new(settings.expect("a store")),
            self.shop().revision()
        ));
        memory
    }

    async fn read_back(&self) -> Vec<String> {
        let (app, store) = (&self.app, &self.store);
        let mut all = vec![
            said(show::store(app, store).await),
            said(show::skus(app, store, None, 100).await),
            said(show::skus(app, store, Some(&id("a")), 1).await),
            said(show::locations(app, store).await),
            said(show::suppliers(app, store).await),
            said(show::supplier_models(app, store, None).await),
            said(show::purchase_orders(app, store, None, None, 100).await),
            said(show::keys(app, store).await),
        ];
        for reservation in &RESERVATIONS[..2] {
            all.push(said(show::reservation(app, store, &id(reservation)).await));
        }
        for order in SALES {
            all.push(said(show::order(app, store, &id(order)).await));
        }
        for location in LOCATIONS {
            let level = app.store.level(store, &id(SKUS[0]), &id(location)).await;
            let level: Option<Level> = level.expect("an answer");
            all.push(format!("{level:?}"));
        }
        all
    }
}

/// An outcome in full. SQLite says which columns of a primary key are not unique, PostgreSQL the constraint's name.
fn said(outcome: impl Debug) -> String {
    let said = format!("{outcome:?}");
    match said.strip_prefix("Err(Store(Constraint(") {
        Some(_) => "Err(Store(Constraint))".to_owned(),
        None => said,
    }
}
