//! A server to ask, with goods in several states, at 10 o'clock in New York on 23 November 2026.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use serde_json::Value;
use server::app::{App, Parts};
use server::catalogue::{Catalogue, Key, KeyKind, Keys, Settings, Shop, hash_of};
use server::changes::{Change, Changed, Changes};
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::limits::Limits;
use server::metrics::Metrics;
use server::store::Store;
use shared::availability::{Display, Location, PromisePolicy};
use shared::calendar::{DispatchCalendar, WorkingDays};
use shared::money::Money;
use shared::quantity::Quantity;
use shared::reason::Stated;
use shared::shipment::{SplitCharge, SplitPolicy};
use shared::supply::{Backorder, BackorderMode, Incoming, Place, SkuFacts};
use tokio_util::sync::CancellationToken;

pub const MONDAY_MORNING: &str = "2026-11-23T15:00:00Z";
pub const SHOP_ORIGIN: &str = "https://shop.example";
pub const OTHER_ORIGIN: &str = "https://other.example";

pub struct Stand {
    pub app: App,
    pub front: Arc<Front>,
    pub shop: Arc<Shop>,
    /// Of the server's clock, which stands still until it is moved.
    pub hand: Hand,
    pub stop: CancellationToken,
    _folder: tempfile::TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Stand {
    pub async fn new() -> Self {
        Self::with(Limits {
            rate_limited: false,
            ..Limits::default()
        })
        .await
    }

    pub async fn with(limits: Limits) -> Self {
        Self::starting(MONDAY_MORNING, limits).await
    }

    pub async fn starting(now: &str, limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path().join("test.sqlite"))
            .await
            .expect("a database");
        let (clock, hand) = Clock::by_hand(now.parse().expect("an instant"));
        let catalogue = Catalogue::default();
        let shop = Arc::new(Shop::new(
            "one".parse().expect("an id"),
            settings(SHOP_ORIGIN),
            7,
        ));
        shop.put(goods());
        shop.reach(7);
        catalogue.put_shop(Arc::clone(&shop));
        let other = Shop::new("two".parse().expect("an id"), settings(OTHER_ORIGIN), 1);
        catalogue.put_shop(Arc::new(other));
        catalogue.put_keys(Keys {
            by_hash: keys(),
            version: 1,
        });
        let app = App::new(Parts {
            store,
            catalogue,
            changes: Changes::default(),
            clock,
            limits,
            metrics: Metrics::default(),
            connections: Default::default(),
        });
        let stop = CancellationToken::new();
        let front = Arc::new(routes::front(
            app.clone(),
            Bundles::built_in(),
            stop.clone(),
        ));
        Self {
            app,
            front,
            shop,
            hand,
            stop,
            _folder: folder,
        }
    }

    /// The same server with other facts in memory, and the same keys.
    pub fn with_catalogue(self, catalogue: Catalogue) -> Self {
        self.with_parts(catalogue, Connections::default())
    }

    /// The same server, which knows how everybody reaches it.
    pub fn reached_at(self, url: &str) -> Self {
        self.with_accounts(&format!("{{\"public_url\": \"{url}\"}}"))
    }

    /// The same server with this file of accounts.
    pub fn with_accounts(self, accounts: &str) -> Self {
        let catalogue = Catalogue::default();
        catalogue.put_shop(Arc::clone(&self.shop));
        let connections = Connections::parse(accounts, &self.app.clock).expect("accounts");
        self.with_parts(catalogue, connections)
    }

    fn with_parts(self, catalogue: Catalogue, connections: Connections) -> Self {
        catalogue.put_keys(Keys {
            by_hash: keys(),
            version: 1,
        });
        let app = App::new(Parts {
            store: self.app.store.clone(),
            catalogue,
            changes: Changes::default(),
            clock: self.app.clock.clone(),
            limits: self.app.limits.clone(),
            metrics: Metrics::default(),
            connections,
        });
        let front = routes::front(app.clone(), Bundles::built_in(), self.stop.clone());
        Self {
            app,
            front: Arc::new(front),
            ..self
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let peer = IpAddr::from([127, 0, 0, 1]);
        let response = self.front.answer(request, peer).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).expect("UTF-8"),
        }
    }

    /// Asks with the publishable key of the first shop, and without an origin.
    pub async fn get(&self, address: &str) -> Answer {
        self.send(
            request("GET", address)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    pub async fn post(&self, address: &str, json: &str) -> Answer {
        let request = request("POST", address).header("content-type", "application/json");
        self.send(
            request
                .body(Body::from(json.to_owned()))
                .expect("a request"),
        )
        .await
    }

    /// Takes newer facts and announces them, as an operation does after its commit.
    pub fn change(&self, mut facts: SkuFacts) {
        let revision = self.shop.revision() + 1;
        facts.revision = revision;
        let sku = facts.sku.clone();
        self.shop.put([facts]);
        self.shop.reach(revision);
        self.app.changes.announce(Change {
            store: self.shop.id.clone(),
            skus: Changed::Some([sku].into()),
            revision,
        });
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("plain text"))
    }

    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_ne!(self.header("x-request-id"), "");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}", self.text);
        assert_eq!(problem["status"], status);
        assert_ne!(problem["detail"], "");
    }
}

pub fn request(method: &str, address: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(address)
        .header("host", "ships.example")
        .header("x-shipsby-key", "pk_one")
}

pub fn instant(raw: &str) -> DateTime<Utc> {
    raw.parse().expect("an instant")
}

pub fn settings(origin: &str) -> Settings {
    let location = Location::new(
        "main".parse().expect("an id"),
        DispatchCalendar {
            zone: chrono_tz::America::New_York,
            working_days: WorkingDays::monday_to_friday()
                .without(["2026-11-26".parse().expect("a date")]),
            pickup_days: WorkingDays::monday_to_friday(),
            cut_offs: "14:00:00".parse().expect("a time"),
            receiving_days: 1,
            processing_days: 1,
        },
    );
    Settings {
        name: "Test".into(),
        locations: vec![location.clone()],
        location,
        promises: PromisePolicy {
            display: Display::Exact,
            ..PromisePolicy::default()
        },
        currency: "USD".parse().expect("a currency"),
        split: SplitPolicy {
            charge: SplitCharge::PerExtraParcel(Money::new(
                495,
                "USD".parse().expect("a currency"),
            )),
            parcels_max: 3,
        },
        better_by_days: 3,
        publish_kept_rate: false,
        share_pages: true,
        product_url: None,
        origins: vec![origin.into()],
        has_offers: false,
        hold_renewals: 3,
        delays: Default::default(),
        generation: 1,
    }
}

/// `cap`: 5 there. `hoodie`: 1 there, 10 to come. `<b>"gone"</b>`: none.
pub fn goods() -> Vec<SkuFacts> {
    let gone = SkuFacts {
        revision: 5,
        ..SkuFacts::new("<b>\"gone\"</b>".parse().expect("a SKU"))
    };
    vec![cap(5), hoodie(), gone]
}

pub fn cap(on_hand: u32) -> SkuFacts {
    let mut facts = SkuFacts::new("cap".parse().expect("a SKU"));
    facts.title = Some("Cap </script><script>alert(1)</script>".into());
    facts.revision = 7;
    facts.places.push(Place {
        on_hand: Quantity::new(on_hand),
        ..Place::new("main".parse().expect("an id"))
    });
    facts
}

pub fn hoodie() -> SkuFacts {
    let mut facts = SkuFacts::new("hoodie".parse().expect("a SKU"));
    facts.revision = 6;
    facts.selling.backorder = Backorder {
        mode: BackorderMode::Allow,
        limit: None,
        reason: Some(Arc::new(Stated::in_all("Our weaver's <ship> is late"))),
    };
    facts.places.push(Place {
        on_hand: Quantity::new(1),
        incoming: vec![Incoming::told(
            "PO-7".parse().expect("an id"),
            Quantity::new(10),
            "2026-12-11".parse().expect("a date"),
        )],
        ..Place::new("main".parse().expect("an id"))
    });
    facts
}

fn keys() -> HashMap<[u8; 32], Key> {
    let key = |raw: &str, store: &str, kind, revoked| {
        let key = Key {
            store: store.parse().expect("an id"),
            kind,
            revoked,
        };
        (hash_of(raw), key)
    };
    HashMap::from([
        key("pk_one", "one", KeyKind::Publishable, false),
        key("sk_one", "one", KeyKind::Secret, false),
        key("pk_old", "one", KeyKind::Publishable, true),
        key("pk_two", "two", KeyKind::Publishable, false),
        key("pk_demo_shipsby", "one", KeyKind::Publishable, false),
        key("sk_demo_shipsby", "one", KeyKind::Secret, false),
    ])
}
