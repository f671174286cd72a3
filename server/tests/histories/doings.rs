//! What happens at a step: drawn at random, from what there is.

use std::collections::BTreeSet;

use chrono::{Days, TimeDelta};
use rand::Rng;
use server::operations::ActError;
use server::operations::adjust_stock::{AdjustStock, Adjustment};
use server::operations::cancel_order::CancelOrder;
use server::operations::change_purchase_order::{
    ChangePurchaseOrder, ChangedLine, change_purchase_order,
};
use server::operations::create_purchase_order::{
    CreatePurchaseOrder, Ordered, create_purchase_order,
};
use server::operations::delays::look_after_delays;
use server::operations::errands::run_due;
use server::operations::hear::{Heard, hear};
use server::operations::look_after_payments::{self, look_after_payments};
use server::operations::once::Outcome;
use server::operations::place_order::{Pay, PlaceOrder, Prices};
use server::operations::prioritize::prioritize;
use server::operations::receive_purchase_order::ReceivePurchaseOrder;
use server::operations::records::{Customer, ProviderKind, PurchaseOrderStatus};
use server::operations::refund::GiveBack;
use server::operations::release::release;
use server::operations::renew::renew;
use server::operations::reply_to_delay::{CustomerReply, Known, reply_to_delay};
use server::operations::reserve::Reserve;
use server::operations::set_stock::{SetStock, set_stock};
use server::operations::ship::Ship;
use server::operations::show;
use server::operations::sweep::{clear_expired, look_after};
use shared::delay::Cause;
use shared::ids::{OrderId, PurchaseOrderId, ShipmentId, Sku};
use shared::quantity::Quantity;
use shared::shipment::PlanKind;

use crate::acts::{Acted, Request};
use crate::bank::Turn;
use crate::model::{AWAITED, COUNTED, DENIED, Hold, KIT, LIMITED};
use crate::rules::Seen;
use crate::shop::id;
use crate::world::{World, refusal};

/// Orders of a history that are open at most: more are not ordered, so that old ones are gone on with.
const ORDERS_MAX: usize = 8;
/// Units that come with each purchase order.
const COMES: i64 = 9;
/// How far the clock jumps, in minutes: mostly a little.
const JUMPS: [i64; 10] = [1, 5, 20, 90, 600, 1_440, 1_440, 4_320, 14_400, 46_080];

/// For how long the answer to a request is kept, at least.
const KEPT_FOR: TimeDelta = TimeDelta::hours(23);

impl World {
    pub(crate) async fn act(&mut self, seen: &Seen) -> Acted {
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
            shopper: None,
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
        let mut acted = self.send(Request::Place(Box::new(request))).await;
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
                let key = world.name("key-");
                let once = world.once(&key, [0; 32]);
                let renewed = renew(&world.app, &world.store, id(&hold), minutes, once).await?;
                let Outcome::Done(renewed) = renewed else {
                    panic!("nobody asked before");
                };
                let now = world.app.clock.now();
                let known = world.model.holds.get_mut(&hold).expect("a hold");
                assert!(now < known.expires_at, "a hold that has ended is renewed");
                known.renewals += 1;
                assert!(known.renewals <= 3, "a hold is renewed too often");
                known.expires_at = known.expires_at.max(now + minutes);
                assert_eq!(
                    renewed.reservation.expires_at,
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

    pub(crate) async fn order_more(&mut self) -> Result<(), ActError> {
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
            wait_reason: None,
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

    pub(crate) async fn set(&mut self, sku: &str, units: u32) -> Result<(), ActError> {
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
                CustomerReply::Consent(Known::ByLetter),
                CustomerReply::Consent(Known::ByLetter),
                CustomerReply::SetExtraPeriod,
            ])
            .expect("some");
        let mut acted = self
            .done("reply", async |world| {
                reply_to_delay(&world.app, &world.store, order, said, None)
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
                refund: None,
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
}

fn unchanged() -> ChangePurchaseOrder {
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
