//! Every product of the demo shop, as its merchant would have it explained.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use server::app::{App, Parts};
use server::catalogue::Catalogue;
use server::changes::Changes;
use server::clock::Clock;
use server::demo::scenario::GOODS;
use server::demo::{products, setup};
use server::explain::{svg, text};
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::limits::Limits;
use server::metrics::Metrics;
use server::operations::explain::{explain_availability, shop_with};
use server::operations::load::load_all;
use server::store::Store;
use shared::quantity::Quantity;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::snapshot::is_as_before;

/// Monday morning in Los Angeles, three days before Thanksgiving.
const NOW: &str = "2026-11-23T15:00:00Z";

/// The demo's server, set up as `ships-by demo --now` does it.
pub struct Demo {
    pub app: App,
    front: Arc<Front>,
    _folder: TempDir,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Demo {
    pub async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let store = Store::open(folder.path().join("demo.sqlite"));
        let store = store.await.expect("a database");
        let app = App::new(Parts {
            store,
            catalogue: Catalogue::default(),
            changes: Changes::default(),
            clock: Clock::starting_at(NOW.parse().expect("an instant")),
            limits: Limits {
                rate_limited: false,
                demo_keys: true,
                ..Limits::default()
            },
            metrics: Metrics::default(),
            connections: Default::default(),
        });
        load_all(&app).await.expect("a catalogue");
        let products = products::read().expect("products");
        setup::fill(&app, &products).await.expect("a full demo");
        // What the watch does in a server that runs: files brought another location.
        load_all(&app).await.expect("a catalogue");
        let stop = CancellationToken::new();
        let front = Arc::new(routes::front(app.clone(), Bundles::built_in(), stop));
        Self {
            app,
            front,
            _folder: folder,
        }
    }

    pub async fn ask(&self, path: &str, key: &str, accept: &str) -> Reply {
        let request = Request::get(path)
            .header("host", "ships.example")
            .header("accept", accept)
            .header("authorization", format!("Bearer {key}"))
            .body(Body::empty())
            .expect("a request");
        let response = self.front.answer(request, IpAddr::from([127, 0, 0, 1]));
        let (parts, body) = response.await.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).expect("UTF-8"),
        }
    }

    pub async fn explained(&self, sku: &str, asked: &str) -> Reply {
        let sku = utf8_percent_encode(sku, NON_ALPHANUMERIC);
        let path = format!("/v1/availability/{sku}/explain{asked}");
        self.ask(&path, setup::SECRET_KEY, "*/*").await
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("plain text"))
    }
}

#[tokio::test]
async fn every_product_of_the_demo_is_explained_as_before() {
    let demo = Demo::new().await;
    let shop = demo.app.catalogue.shop(&setup::store()).expect("the shop");
    for goods in GOODS {
        let sku = goods.sku.parse().expect("a SKU");
        let now = NOW.parse().expect("an instant");
        // More than one, so that what is split shows.
        let told = explain_availability(&shop, &sku, Quantity::new(8), now, |shown| {
            (text::text(shown.told), svg::svg(shown.told))
        });
        let (text, picture) = told.expect("the demo knows it");
        is_as_before(&format!("{}.txt", goods.sku), &text);
        if goods.sku == "cc-hoodie-with-pocket" {
            is_as_before("cc-hoodie-with-pocket.svg", &picture);
        }
    }
}

#[tokio::test]
async fn what_is_explained_is_what_shoppers_are_told() {
    let demo = Demo::new().await;
    for goods in GOODS {
        for units in 1..=5 {
            let about = format!("{units} of {}", goods.sku);
            let path = format!("/v1/availability?sku={}&qty={units}", goods.sku);
            let told = demo.ask(&path, setup::SECRET_KEY, "*/*").await.json();
            let told = &told["items"][0];
            let explained = demo.explained(goods.sku, &format!("?qty={units}")).await;
            let explained = explained.json();
            assert_eq!(&explained["answer"], told, "{about}");

            let parts = explained["parts"].as_array().expect("parts");
            let slices = told["slices"].as_array().expect("slices");
            let dated = |parts: &[Value]| -> Vec<(u64, String)> {
                let one = |part: &Value| {
                    let day = part["ships_by"].as_str().expect("a day").to_owned();
                    (part["quantity"].as_u64().expect("units"), day)
                };
                parts.iter().map(one).collect()
            };
            assert_eq!(dated(parts), dated(slices), "{about}");
            let last = parts.last().map(|part| &part["ships_by"]);
            if told["orderable"] == true {
                assert_eq!(last, Some(&told["ships_by"]), "{about}");
            }
        }
    }
}

#[tokio::test]
async fn the_command_reads_from_the_database_what_the_server_has_in_memory() {
    let demo = Demo::new().await;
    let shop = demo.app.catalogue.shop(&setup::store()).expect("the shop");
    for goods in GOODS {
        let sku = goods.sku.parse().expect("a SKU");
        let read = shop_with(&demo.app.store, &setup::store(), &sku).await;
        let read = read.expect("a database").expect("the store");
        let now = NOW.parse().expect("an instant");
        let told = [&shop, &read].map(|shop: &Arc<_>| {
            explain_availability(shop, &sku, Quantity::new(3), now, |shown| {
                text::text(shown.told)
            })
        });
        assert!(told[0].is_some());
        assert_eq!(told[0], told[1]);
    }
    let nobody = "nobody".parse().expect("an id");
    let sku = GOODS[0].sku.parse().expect("a SKU");
    let none = shop_with(&demo.app.store, &nobody, &sku).await;
    assert!(none.expect("a database").is_none());
}
