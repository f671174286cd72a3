//! A client of the merchant's routes.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::Value;
use server::catalogue::KeyKind;
use server::http::merchant;
use tower::ServiceExt;

use crate::shop::TestShop;

/// A client with a key.
pub struct Client {
    router: Router,
    key: String,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn pointer(&self) -> String {
        let pointer = &self.json()["errors"][0]["pointer"];
        pointer.as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub async fn new(shop: &TestShop) -> Self {
        let key = shop.key(&shop.store, KeyKind::Secret, "sk_live_test").await;
        Self::with(shop, &key)
    }

    pub fn with(shop: &TestShop, key: &str) -> Self {
        let (router, _) = merchant::routes().split_for_parts();
        Self {
            router: router.with_state(shop.app.clone()),
            key: key.to_owned(),
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: to_bytes(body, 1 << 20).await.expect("a body").to_vec(),
        }
    }

    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.key))
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(
            self.request("GET", path)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    pub async fn json(&self, method: &str, path: &str, body: &str) -> Reply {
        let request = self
            .request(method, path)
            .header("content-type", "application/json");
        self.send(
            request
                .body(Body::from(body.to_owned()))
                .expect("a request"),
        )
        .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        let request = self
            .request("PATCH", path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .expect("a request");
        self.send(request).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.json("PUT", path, &body.to_string()).await
    }

    pub async fn post(&self, path: &str, key: &str, body: Value) -> Reply {
        let request = self
            .request("POST", path)
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        self.send(
            request
                .body(Body::from(body.to_string()))
                .expect("a request"),
        )
        .await
    }
}
