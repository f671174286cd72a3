//! A payment system as a merchant might have one: what it is asked twice under one name it does once, and it fails in every way.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// With which messages to it are signed.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What it does with the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Breaks the connection before it has done anything.
    LostBefore,
    /// Does it, and breaks the connection before it has said so.
    LostAfter,
    /// Does nothing and fails.
    Fails,
    /// Does it, and fails.
    FailsAfter,
    /// Has too much to do.
    Busy,
    /// The customer has to pay or to confirm.
    Declines,
    /// What was authorized does not hold any more.
    Expired,
    /// Will say later.
    Pending,
}

/// What it did for a store.
#[derive(Debug, Default)]
pub struct Ledger {
    turns: VecDeque<Turn>,
    /// What was done, by the name under which it was asked.
    done: BTreeMap<String, Value>,
    /// Parcels of which it has something to say, as it happened.
    news: Vec<String>,
}

impl Ledger {
    /// Amounts of one kind that were done, by parcel.
    pub fn amounts(&self, kind: &str) -> BTreeMap<String, Vec<i64>> {
        let mut amounts = BTreeMap::<String, Vec<i64>>::new();
        for asked in self.done.values().filter(|asked| asked["type"] == kind) {
            let shipment = asked["shipment"].as_str().unwrap_or_default().to_owned();
            let amount = asked["amount"]["amount"].as_i64();
            amounts.entry(shipment).or_default().extend(amount);
        }
        amounts
    }

    /// Parcels of which it has something to say.
    pub fn news(&self) -> &[String] {
        &self.news
    }
}

/// The payment system of all stores.
#[derive(Debug, Clone)]
pub struct Bank {
    ledgers: Arc<Mutex<HashMap<String, Ledger>>>,
    /// Where it is reached.
    pub port: u16,
}

impl Bank {
    /// Opens one.
    pub async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let bank = Self {
            ledgers: Arc::default(),
            port: listener.local_addr().expect("an address").port(),
        };
        let router = Router::new()
            .route("/{store}", axum::routing::post(asked))
            .with_state(bank.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        bank
    }

    fn ledgers(&self) -> MutexGuard<'_, HashMap<String, Ledger>> {
        self.ledgers.lock().expect("the ledgers")
    }

    /// Looks into the ledger of a store.
    pub fn of<T>(&self, store: &str, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(self.ledgers().entry(store.to_owned()).or_default())
    }

    /// How it takes the next messages about a store.
    pub fn will(&self, store: &str, turns: Vec<Turn>) {
        self.of(store, |ledger| ledger.turns = turns.into());
    }
}

async fn asked(
    State(bank): State<Bank>,
    Path(store): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let id = id.unwrap_or_default().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let kind = asked["type"].as_str().unwrap_or_default().to_owned();
    let turn = bank.of(&store, |ledger| {
        let turn = ledger.turns.pop_front();
        let does = matches!(turn, None | Some(Turn::LostAfter | Turn::FailsAfter));
        // What was done under this name is answered as it was.
        if does && !ledger.done.contains_key(&id) {
            ledger.done.insert(id.clone(), asked.clone());
        }
        ledger
            .news
            .extend(asked["shipment"].as_str().map(str::to_owned));
        match turn {
            Some(Turn::Declines | Turn::Expired | Turn::Pending)
                if ledger.done.contains_key(&id) =>
            {
                None
            }
            turn => turn,
        }
    });
    let said = match kind.as_str() {
        "payment.authorize" => json!({"status": "authorized", "reference": format!("auth {id}")}),
        "payment.capture" => json!({"status": "captured", "reference": format!("paid {id}")}),
        "payment.refund" => json!({"status": "refunded", "reference": format!("back {id}")}),
        _ => json!({"status": "released"}),
    };
    match turn {
        None => axum::Json(said).into_response(),
        Some(Turn::LostBefore | Turn::LostAfter) => {
            let cut = futures_util::stream::iter([
                Ok(Bytes::from_static(b"{")),
                Err(std::io::Error::other("the connection is lost")),
            ]);
            Body::from_stream(cut).into_response()
        }
        Some(Turn::Fails | Turn::FailsAfter) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Turn::Busy) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]).into_response(),
        Some(Turn::Declines) => {
            axum::Json(json!({"status": "declined", "pay_url": "https://shop.example/pay"}))
                .into_response()
        }
        Some(Turn::Expired) => axum::Json(json!({"status": "expired"})).into_response(),
        Some(Turn::Pending) => axum::Json(json!({"status": "pending"})).into_response(),
    }
}
