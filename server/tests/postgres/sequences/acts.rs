//! Random acts of merchants and shoppers, from a seed.

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use server::import::Format;
use server::operations::adjust_stock::{AdjustStock, Adjustment};
use server::operations::cancel_order::CancelOrder;
use server::operations::change_purchase_order::{ChangePurchaseOrder, ChangedLine};
use server::operations::create_purchase_order::{CreatePurchaseOrder, Ordered};
use server::operations::import_stock::ImportStock;
use server::operations::place_order::{PlaceOrder, Prices};
use server::operations::put_store::PutStore;
use server::operations::receive_purchase_order::ReceivePurchaseOrder;
use server::operations::records::{
    Component, Customer, LocationRecord, SkuRecord, SupplierRecord, TransitRecord, Week,
};
use server::operations::reserve::Reserve;
use server::operations::set_stock::SetStock;
use shared::availability::Display;
use shared::delay::Cause;
use shared::ids::{OrderId, PurchaseOrderId, ReservationId, Sku};
use shared::money::Money;
use shared::quantity::Quantity;
use shared::reason::{ReasonCode, Stated};
use shared::shipment::{PlanKind, SplitCharge, SplitPolicy};
use shared::supply::BackorderMode;

use crate::shop::{id, now};

/// SKUs that are sold: their order by bytes is none of any language.
pub const SKUS: [&str; 5] = ["a", "B-2", "é3", "Z'\"4", "kit"];
/// Where goods are.
pub const LOCATIONS: [&str; 2] = ["main", "east"];
const SUPPLIERS: [&str; 2] = ["acme", "zeta"];
const ORDERS: [&str; 3] = ["PO-1", "PO-2", "PO-3"];
/// What is reserved.
pub const RESERVATIONS: [&str; 4] = ["rsv_1", "rsv_2", "rsv_3", "rsv_4"];

/// What customers order.
pub const SALES: [&str; 3] = ["W-1", "W-2", "W-3"];

/// One act, or the passing of time.
#[derive(Debug, Clone)]
pub enum Act {
    PutSku(SkuRecord),
    SetStock(SetStock),
    AdjustStock(AdjustStock),
    PutSupplier(SupplierRecord),
    CreateOrder(CreatePurchaseOrder),
    ChangeOrder(PurchaseOrderId, ChangePurchaseOrder),
    Receive(PurchaseOrderId, ReceivePurchaseOrder),
    Reserve(Reserve),
    Release(ReservationId),
    Place(PlaceOrder),
    Cancel(OrderId, CancelOrder),
    /// Hands over the first parcel that can leave, or one that cannot.
    Ship(bool),
    PutStore(Box<PutStore>),
    PutLocation(LocationRecord),
    Import(ImportStock, String),
    CreateKey(String),
    RevokeLastKey,
    /// The clock moves on, and the server sweeps.
    Later(TimeDelta),
    /// A shopper asks about everything.
    Ask(Quantity),
}

/// An act, with the key of the request where it has one, and what tells it from others of that key.
#[derive(Debug, Clone)]
pub struct Step {
    pub act: Act,
    pub key: String,
    pub fingerprint: [u8; 32],
}

/// The steps of a seed.
pub fn steps(seed: u64) -> Vec<Step> {
    let mut maker = Maker {
        random: StdRng::seed_from_u64(seed),
        now: now(),
    };
    // A shop with something in it to begin with, so that few acts are about nothing.
    let mut steps: Vec<Step> = Vec::new();
    for act in [
        maker.first_goods(),
        maker.first_suppliers(),
        maker.first_order(),
        maker.first_sale(),
    ] {
        steps.push(maker.step(act, steps.len()));
    }
    for _ in 0..maker.random.random_range(4..=10) {
        let again = steps.choose(&mut maker.random).cloned();
        let step = match again {
            // The same request once more, or its key with another one.
            Some(mut before) if maker.random.random_ratio(1, 16) => {
                if maker.random.random_ratio(1, 3) {
                    before.fingerprint[0] ^= 1;
                }
                before
            }
            _ => {
                let act = maker.act();
                maker.step(act, steps.len())
            }
        };
        steps.push(step);
    }
    steps
}

struct Maker {
    random: StdRng,
    now: DateTime<Utc>,
}

impl Maker {
    fn step(&mut self, act: Act, at: usize) -> Step {
        Step {
            act,
            key: format!("request-{at}"),
            fingerprint: [u8::try_from(at).unwrap_or_default(); 32],
        }
    }

    fn one_in(&mut self, count: u32) -> bool {
        self.random.random_ratio(1, count)
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(2).then(|| make(self))
    }

    fn of<T: FromStr>(&mut self, names: &[&str]) -> T
    where
        T::Err: std::fmt::Debug,
    {
        id(names.choose(&mut self.random).expect("some"))
    }

    /// Mostly one that is there.
    fn sku(&mut self) -> Sku {
        match self.random.random_range(0..50) {
            0 => id("unknown"),
            1..=6 => self.of(&SKUS),
            _ => self.of(&SKUS[..3]),
        }
    }

    fn location<T: FromStr>(&mut self) -> T
    where
        T::Err: std::fmt::Debug,
    {
        match self.random.random_range(0..20) {
            0 => id("nowhere"),
            1..=5 => id("east"),
            _ => id("main"),
        }
    }

    /// Mostly the one that is there from the beginning.
    fn an_order(&mut self) -> PurchaseOrderId {
        match self.one_in(4) {
            true => self.of(&ORDERS),
            false => id(ORDERS[0]),
        }
    }

    fn a_sale(&mut self) -> OrderId {
        match self.one_in(4) {
            true => self.of(&SALES),
            false => id(SALES[0]),
        }
    }

    fn units(&mut self, most: u32) -> Quantity {
        Quantity::new(self.random.random_range(0..=most))
    }

    fn some_units(&mut self, most: u32) -> Quantity {
        Quantity::new(self.random.random_range(1..=most))
    }

    fn day(&mut self, from: i64, to: i64) -> NaiveDate {
        self.now.date_naive() + TimeDelta::days(self.random.random_range(from..=to))
    }

    fn text(&mut self) -> String {
        let texts = ["Scarf", "Ünï ☂ \\ 100% _", "it's \"so\"", "", "日本"];
        (*texts.choose(&mut self.random).expect("some")).to_owned()
    }

    fn stated(&mut self) -> Stated {
        let mut stated = Stated {
            code: ReasonCode::ALL.choose(&mut self.random).copied(),
            ..Stated::default()
        };
        if self.one_in(2) {
            stated.words.insert("de".into(), self.text());
        }
        stated
    }

    fn week(&mut self) -> Week {
        let mut week = Week::MONDAY_TO_FRIDAY;
        week.0[self.random.random_range(0..7)] ^= true;
        week
    }

    fn act(&mut self) -> Act {
        match self.random.random_range(0..100) {
            0..10 => Act::PutSku(self.record()),
            10..20 => Act::SetStock(self.count()),
            20..28 => Act::AdjustStock(self.adjustment()),
            28..33 => Act::PutSupplier(self.supplier()),
            33..45 => Act::CreateOrder(self.order()),
            45..52 => Act::ChangeOrder(self.an_order(), self.change()),
            52..60 => Act::Receive(self.an_order(), self.receipt()),
            60..67 => Act::Reserve(self.hold()),
            67..69 => Act::Release(self.of(&RESERVATIONS)),
            69..72 => Act::Place(self.sale()),
            72..75 => Act::Cancel(self.a_sale(), self.end_of_sale()),
            75..78 => Act::Ship(!self.one_in(5)),
            78..82 => Act::PutStore(Box::new(self.settings())),
            82..86 => Act::PutLocation(self.place()),
            86..90 => self.file(),
            90 => Act::CreateKey(format!("sk_live_{}", self.random.random::<u64>())),
            91 => Act::RevokeLastKey,
            92..97 => {
                let minutes = [1, 30, 600, 3 * 1440, 20 * 1440];
                let later = *minutes.choose(&mut self.random).expect("some");
                self.now += TimeDelta::minutes(later);
                Act::Later(TimeDelta::minutes(later))
            }
            _ => Act::Ask(self.some_units(6)),
        }
    }

    fn first_goods(&mut self) -> Act {
        let mut file = String::from("sku,location,on_hand,backorder\n");
        for sku in &SKUS[..3] {
            for location in &LOCATIONS[..self.random.random_range(1..=2)] {
                let units = self.units(9);
                let backorder = self.of::<String>(&["allow", "allow_silent", "deny"]);
                file.push_str(&format!("{sku},{location},{units},{backorder}\n"));
            }
        }
        Act::Import(self.request(Format::ShipsBy, false), file)
    }

    fn first_suppliers(&mut self) -> Act {
        let history = self.history();
        Act::Import(self.request(Format::SupplierDeliveries, false), history)
    }

    fn first_order(&mut self) -> Act {
        let mut order = self.order();
        order.id = Some(id(ORDERS[0]));
        order.location = None;
        order.shipped_on = None;
        order
            .lines
            .retain(|line| SKUS[..3].contains(&line.sku.as_str()));
        Act::CreateOrder(order)
    }

    fn first_sale(&mut self) -> Act {
        let mut sale = self.sale();
        sale.id = id(SALES[0]);
        sale.lines = vec![(self.of(&SKUS[..3]), self.some_units(4))];
        sale.shown.clear();
        sale.reservation = None;
        Act::Place(sale)
    }

    fn request(&self, format: Format, dry_run: bool) -> ImportStock {
        ImportStock {
            format,
            location: None,
            dry_run,
        }
    }

    fn record(&mut self) -> SkuRecord {
        let modes = [
            BackorderMode::Deny,
            BackorderMode::Allow,
            BackorderMode::AllowSilent,
        ];
        let mut record = SkuRecord::new(self.sku());
        record.title = self.maybe(Self::text);
        record.tracked = !self.one_in(12);
        record.discontinued = self.one_in(12);
        record.backorder = *modes.choose(&mut self.random).expect("some");
        record.backorder_limit = self.maybe(|it| it.units(8));
        record.reason = self.maybe(Self::text);
        record.wait_reason = self.maybe(Self::stated);
        record.released_on = self.one_in(5).then(|| self.day(-5, 30));
        record.sell_until = self.one_in(8).then(|| self.day(-5, 60));
        record.promise_days_max = self.one_in(8).then(|| self.random.random_range(1..=90));
        record.low_stock_threshold = self.units(3);
        record.supplier = self.one_in(3).then(|| self.of(&SUPPLIERS));
        record.lead_time_days = self.one_in(3).then(|| self.random.random_range(0..=60));
        if record.sku.as_str() == "kit" {
            for sku in &SKUS[..self.random.random_range(1..=3)] {
                record.kit.push(Component {
                    sku: id(sku),
                    quantity: self.some_units(3),
                });
            }
        } else if self.one_in(20) {
            let (sku, quantity) = (id("kit"), self.some_units(2));
            record.kit.push(Component { sku, quantity });
        }
        record
    }

    fn count(&mut self) -> SetStock {
        SetStock {
            sku: self.sku(),
            location: self.location(),
            quantity: self.units(12),
            if_quantity: self.one_in(6).then(|| self.units(4)),
            committed: self.one_in(6).then(|| self.units(3)),
            safety_stock: self.one_in(6).then(|| self.units(3)),
        }
    }

    fn adjustment(&mut self) -> AdjustStock {
        let lines = 0..self.random.random_range(1..=3);
        AdjustStock {
            reason: self.text(),
            lines: lines
                .map(|_| Adjustment {
                    sku: self.sku(),
                    location: self.one_in(3).then(|| self.location()),
                    change: self.random.random_range(-4..=8),
                })
                .collect(),
        }
    }

    fn supplier(&mut self) -> SupplierRecord {
        SupplierRecord {
            id: self.of(&SUPPLIERS),
            name: self.text(),
            working_days: self.week(),
            holidays: (0..self.random.random_range(0..3))
                .map(|_| self.day(0, 40))
                .collect(),
            lead_time_days: self.maybe(|it| it.random.random_range(0..=40)),
            buffer_days: self.random.random_range(0..=4),
            wait_reason: self.maybe(Self::stated),
            language: self.maybe(|_| "de-AT".to_owned()),
        }
    }

    fn order(&mut self) -> CreatePurchaseOrder {
        let mut skus: BTreeSet<Sku> = BTreeSet::new();
        for _ in 0..self.random.random_range(1..=3) {
            skus.insert(self.sku());
        }
        let lines = skus.into_iter().map(|sku| Ordered {
            sku,
            quantity: self.some_units(20),
            expected_on: self.one_in(4).then(|| self.day(0, 50)),
        });
        let lines = lines.collect();
        CreatePurchaseOrder {
            id: (!self.one_in(6)).then(|| self.of(&ORDERS)),
            supplier: self.one_in(2).then(|| self.of(&SUPPLIERS)),
            location: self.one_in(3).then(|| self.location()),
            ordered_on: self.maybe(|it| it.day(-60, -9)),
            mode: self.one_in(3).then(|| "Air".to_owned()),
            shipped_on: self.one_in(5).then(|| self.day(-8, 1)),
            expected_on: (!self.one_in(5)).then(|| self.day(0, 50)),
            wait_reason: self.maybe(Self::stated),
            lines,
        }
    }

    fn change(&mut self) -> ChangePurchaseOrder {
        let lines = 0..self.random.random_range(0..=1);
        ChangePurchaseOrder {
            expected_on: self.maybe(|it| (!it.one_in(5)).then(|| it.day(-5, 60))),
            mode: self.one_in(4).then(|| Some("Sea".to_owned())),
            shipped_on: self.one_in(4).then(|| Some(self.day(-9, 0))),
            cancel: self.one_in(8),
            wait_reason: self.maybe(|it| it.maybe(Self::stated)),
            lines: lines
                .map(|_| ChangedLine {
                    sku: self.sku(),
                    quantity: self.maybe(|it| it.units(20)),
                    expected_on: self.maybe(|it| (!it.one_in(4)).then(|| it.day(-2, 60))),
                })
                .collect(),
            reason: self.maybe(Self::text),
        }
    }

    fn receipt(&mut self) -> ReceivePurchaseOrder {
        let lines = 0..self.random.random_range(1..=2);
        let received_on = self.maybe(|it| it.day(-3, 0));
        ReceivePurchaseOrder {
            receipt: ["first", "second"][self.random.random_range(0..2)].to_owned(),
            received_on,
            lines: lines.map(|_| (self.sku(), self.some_units(15))).collect(),
            allow_over_receipt: !self.one_in(3),
        }
    }

    fn hold(&mut self) -> Reserve {
        let mut skus: BTreeSet<Sku> = BTreeSet::new();
        for _ in 0..self.random.random_range(1..=2) {
            skus.insert(self.sku());
        }
        let holds = [0, 60, 900, 86_400, 604_800];
        Reserve {
            id: self.of(&RESERVATIONS),
            lines: skus
                .into_iter()
                .map(|sku| (sku, self.some_units(4)))
                .collect(),
            plan: match self.one_in(2) {
                true => PlanKind::Together,
                false => PlanKind::Separate,
            },
            hold: TimeDelta::seconds(*holds.choose(&mut self.random).expect("some")),
        }
    }

    fn sale(&mut self) -> PlaceOrder {
        let hold = self.hold();
        let shown = hold.lines.first().map(|(sku, _)| sku.clone());
        PlaceOrder {
            id: self.of(&SALES),
            shown: match self.one_in(3) {
                true => shown
                    .into_iter()
                    .map(|sku| (sku, Some(self.day(0, 40))))
                    .collect(),
                false => Vec::new(),
            },
            reservation: self.one_in(3).then_some(hold.id),
            customer: Customer {
                email: self.maybe(|_| "anna@example.org".to_owned()),
                ..Customer::default()
            },
            shopper: None,
            token: "tok_test".into(),
            prices: self.one_in(2).then(|| Prices {
                currency: "USD".parse().expect("a currency"),
                goods: hold
                    .lines
                    .iter()
                    .map(|(_, units)| 1_250 * i64::from(units.units()))
                    .collect(),
                discount: 125,
                shipping: 495,
                tax: 99,
            }),
            pay: None,
            lines: hold.lines,
            plan: hold.plan,
        }
    }

    fn end_of_sale(&mut self) -> CancelOrder {
        let line = self.random.random_range(0..2);
        let units = self.maybe(|it| it.some_units(3));
        CancelOrder {
            lines: self.maybe(|_| (line, units)).into_iter().collect(),
            cause: Cause::Shopper,
            reason: self.maybe(Self::text),
        }
    }

    fn settings(&mut self) -> PutStore {
        let charges = [
            SplitCharge::Off,
            SplitCharge::Free,
            SplitCharge::Flat(Money::new(490, id("USD"))),
            SplitCharge::PerExtraParcel(Money::new(250, id("EUR"))),
        ];
        let displays = [Display::Exact, Display::FewLeft, Display::Hidden];
        let transit = |it: &mut Self, zone: &str| TransitRecord {
            zone: zone.to_owned(),
            from: it.one_in(3).then(|| it.location()),
            days: it.random.random_range(0..=9),
            delivery_days: it.week(),
            holidays: BTreeSet::from([it.day(0, 20)]),
        };
        PutStore {
            name: self.text(),
            location: self.one_in(4).then(|| self.location()),
            currency: None,
            split: SplitPolicy {
                charge: *charges.choose(&mut self.random).expect("some"),
                parcels_max: self.random.random_range(1..=4),
            },
            display: *displays.choose(&mut self.random).expect("some"),
            horizon_days: self.random.random_range(20..=365),
            overdue_fence_days: self.random.random_range(0..=30),
            overdue_offset_days: self.random.random_range(1..=5),
            min_shipment: self.some_units(2),
            suppress_within_days: self.maybe(|it| it.random.random_range(0..=5)),
            hold_renewals: 3,
            delays: None,
            better_by_days: self.random.random_range(1..=5),
            promise_level: self
                .maybe(|it| shared::lead_time::Level::new(it.random.random_range(50..=99)))
                .transpose()
                .expect("a level"),
            publish_kept_rate: self.maybe(|it| it.one_in(2)),
            share_pages: self.maybe(|it| it.one_in(2)),
            product_url: self.maybe(|_| Some("https://shop.example/p/{sku}".to_owned())),
            origins: self.maybe(|_| vec!["https://shop.example".to_owned()]),
            transit: self.maybe(|it| vec![transit(it, "us"), transit(it, "eu")]),
        }
    }

    fn place(&mut self) -> LocationRecord {
        let zones = [
            chrono_tz::UTC,
            chrono_tz::America::Los_Angeles,
            chrono_tz::Asia::Tokyo,
        ];
        let zone = *zones.choose(&mut self.random).expect("some");
        let mut record = LocationRecord::usual(self.of(&LOCATIONS), self.text(), zone);
        record.working_days = self.week();
        record.holidays = BTreeSet::from([self.day(0, 9)]);
        record.processing_days = self.random.random_range(0..=3);
        record.receiving_days = self.random.random_range(0..=3);
        record.fulfils = !self.one_in(4);
        record.parcel_cost = self.random.random_range(0..=900);
        record
    }

    fn file(&mut self) -> Act {
        let dry_run = self.one_in(5);
        let (format, file) = match self.one_in(2) {
            true => (Format::ShipsBy, self.stock_file()),
            false => (Format::SupplierDeliveries, self.history()),
        };
        let mut request = self.request(format, dry_run);
        request.location = self.one_in(6).then(|| self.of(&["main", "nowhere"]));
        Act::Import(request, file)
    }

    fn stock_file(&mut self) -> String {
        let mut file = String::from("sku,title,location,on_hand,safety_stock,backorder,supplier\n");
        for _ in 0..self.random.random_range(1..=5) {
            let sku = match self.one_in(4) {
                true => "new from file".to_owned(),
                false => self.sku().to_string().replace('"', "\"\""),
            };
            let (location, units) = (self.of::<String>(&["", "main", "Lager Süd"]), self.units(9));
            let supplier = self.of::<String>(&["", "", "acme"]);
            let safety = self.of::<String>(&["", "1"]);
            let backorder = self.of::<String>(&["", "allow", "deny", "perhaps"]);
            file.push_str(&format!(
                "\"{sku}\",Ünï,{location},{units},{safety},{backorder},{supplier}\n"
            ));
        }
        file
    }

    fn history(&mut self) -> String {
        let mut file = String::from(
            "po_number,supplier,ordered_on,promised_on,received_on,quantity,quantity_received\n",
        );
        for number in 0..self.random.random_range(1..=12) {
            let supplier = self.of::<String>(&SUPPLIERS);
            let ordered = self.day(-300, -60);
            let promised = ordered + Days::new(20);
            let received = ordered + Days::new(self.random.random_range(10..=50));
            let came = self.random.random_range(80..=100);
            file.push_str(&format!(
                "{number},{supplier},{ordered},{promised},{received},100,{came}\n"
            ));
        }
        file
    }
}
