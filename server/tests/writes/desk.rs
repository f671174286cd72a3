//! A server with a dashboard, a clock that is moved by hand, and browsers that sign in to it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::request::Builder;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use server::app::{App, Parts};
use server::catalogue::Catalogue;
use server::changes::Changes;
use server::clock::{Clock, Hand};
use server::connections::Connections;
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::limits::Limits;
use server::metrics::Metrics;
use server::operations::load::load_all;
use server::operations::members::{NewMember, add_directly, setup_link};
use server::operations::records::{Member, Role};
use shared::ids::StoreId;
use tokio_util::sync::CancellationToken;

use crate::client::Reply;
use crate::shop::{TestShop, now};

pub const ANNA: &str = "anna@shop.example";
pub const PASSWORD: &str = "correct horse";

/// The server.
pub struct Desk {
    pub shop: TestShop,
    pub front: Arc<Front>,
    hand: Hand,
    at: Mutex<DateTime<Utc>>,
}

/// A browser with a page of the server's open.
pub struct Browser<'a> {
    desk: &'a Desk,
    peer: IpAddr,
    cookie: Mutex<Option<String>>,
}

impl Desk {
    /// With an owner, Anna.
    pub async fn new() -> Self {
        let desk = Self::empty().await;
        desk.add(&desk.shop.store, ANNA, Role::Owner).await;
        desk
    }

    /// With nobody who may sign in.
    pub async fn empty() -> Self {
        Self::with(Limits::default(), "{}").await
    }

    pub async fn with(limits: Limits, accounts: &str) -> Self {
        let mut shop = TestShop::new().await;
        let (clock, hand) = Clock::by_hand(now());
        let connections = Connections::parse(accounts, &clock).expect("accounts");
        shop.app = App::new(Parts {
            store: shop.app.store.clone(),
            catalogue: Catalogue::default(),
            changes: Changes::default(),
            clock,
            limits,
            metrics: Metrics::default(),
            connections,
        });
        load_all(&shop.app).await.expect("the catalogue");
        let stop = CancellationToken::new();
        let front = routes::front(shop.app.clone(), Bundles::built_in(), stop);
        Self {
            shop,
            front: Arc::new(front),
            hand,
            at: Mutex::new(now()),
        }
    }

    /// Lets time pass.
    pub fn pass(&self, time: TimeDelta) {
        let mut at = self.at.lock().expect("a time");
        *at += time;
        self.hand.show(*at);
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.at.lock().expect("a time")
    }

    /// Adds somebody with the password of all tests.
    pub async fn add(&self, store: &StoreId, email: &str, role: Role) -> Member {
        let id: Vec<u8> = email.bytes().chain([0; 8]).take(8).collect();
        let new = NewMember {
            id: id.try_into().expect("eight"),
            email: email.into(),
            name: "Somebody".into(),
            role,
            password: PASSWORD.into(),
            salt: [7; 16],
        };
        let added = add_directly(&self.shop.app.store, store, new, self.now(), "test").await;
        added.expect("a member")
    }

    /// What the link ends in that the server prints.
    pub async fn setup_token(&self, random: u8) -> Option<String> {
        let link = setup_link(&self.shop.app, [random; 32]).await;
        link.expect("a link, or none")
    }

    /// A browser on a computer of its own.
    pub fn browser(&self, computer: u8) -> Browser<'_> {
        Browser {
            desk: self,
            peer: IpAddr::from([10, 0, 0, computer]),
            cookie: Mutex::new(None),
        }
    }

    /// A browser in which somebody has signed in.
    pub async fn signed_in(&self, email: &str) -> Browser<'_> {
        let browser = self.browser(1);
        let reply = browser.sign_in(email, PASSWORD, None).await;
        assert_eq!(reply.status, 200, "{email}");
        browser
    }

    pub async fn answer(&self, request: Request<Body>, peer: IpAddr) -> Reply {
        let response = self.front.answer(request, peer).await;
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: to_bytes(body, 1 << 20).await.expect("a body").to_vec(),
        }
    }
}

impl Browser<'_> {
    /// What a page of the server's sends, with the cookie.
    pub fn request(&self, method: &str, path: &str) -> Builder {
        let request = self.of_any_page(method, path);
        request.header("sec-fetch-site", "same-origin")
    }

    /// The same, without a word of the page.
    pub fn of_any_page(&self, method: &str, path: &str) -> Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "ships.example")
            .header("content-type", "application/json");
        match self.cookie() {
            Some(cookie) => request.header("cookie", format!("theme=dark; {cookie}")),
            None => request,
        }
    }

    pub async fn send(&self, request: Builder, body: Value) -> Reply {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let request = request.body(body).expect("a request");
        let reply = self.desk.answer(request, self.peer).await;
        if let Some(set) = reply.headers.get("set-cookie") {
            let set = set.to_str().expect("text");
            let cookie = set.split(';').next().unwrap_or_default();
            let is_over = cookie.ends_with('=');
            *self.cookie.lock().expect("a cookie") = (!is_over).then(|| cookie.to_owned());
        }
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path), Value::Null).await
    }

    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        self.send(self.request(method, path), body).await
    }

    pub async fn post(&self, path: &str, key: &str, body: Value) -> Reply {
        let request = self.request("POST", path).header("idempotency-key", key);
        self.send(request, body).await
    }

    pub async fn sign_in(&self, email: &str, password: &str, code: Option<&str>) -> Reply {
        let mut body = json!({"email": email, "password": password});
        if let Some(code) = code {
            body["code"] = code.into();
        }
        self.ask("POST", "/v1/session", body).await
    }

    /// `__Host-sid=...`
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().expect("a cookie").clone()
    }

    pub fn show(&self, cookie: Option<String>) {
        *self.cookie.lock().expect("a cookie") = cookie;
    }

    /// The status of a question that any member may ask.
    pub async fn status(&self) -> u16 {
        self.get("/v1/session").await.status
    }
}
