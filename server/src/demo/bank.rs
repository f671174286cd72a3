//! The demo shop's own payment system: ShipsBy asks it by signed messages, it answers, and moves no money.
//!
//! It keeps its list in memory, as long as the demo runs.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing::error;

use super::shop::{Asked, Shop};
use crate::clock::Clock;
use crate::hex;
use crate::payments::signature::{Secret, verify_standard};

/// Where it is, on the shop's server.
pub const PATH: &str = "/bank";
/// The secret with which messages to it are signed. Known to everybody, as all of the demo's keys are.
pub const SECRET: &str = "whsec_ZGVtbyBiYW5rLCBrbm93biB0byBldmVyeWJvZHk=";

/// Most entries, and most answers, that it remembers.
const ENTRIES_MAX: usize = 500;
/// Who has this before the `@` of the e-mail address is refused.
const DECLINES: &str = "declines";
/// Bytes of a hash that make a reference.
const REFERENCE_BYTES: usize = 6;

/// The bank of the demo.
#[derive(Debug)]
pub(super) struct Bank {
    clock: Clock,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Newest first.
    entries: VecDeque<Entry>,
    /// What was answered to each message, by its id.
    answers: HashMap<String, Answer>,
    /// Their ids, oldest first.
    ids: VecDeque<String>,
}

/// Something that became of somebody's money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Entry {
    /// RFC 3339.
    at: String,
    order: String,
    what: What,
    /// In cents; `None`: whatever is left.
    amount: Option<u32>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Agreed,
    Authorized,
    Captured,
    Released,
    Refunded,
    Declined,
}

/// What it is asked.
#[derive(Debug, Deserialize)]
struct Message {
    r#type: Kind,
    order: String,
    amount: Option<Amount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    #[serde(rename = "payment.authorize")]
    Authorize,
    #[serde(rename = "payment.capture")]
    Capture,
    #[serde(rename = "payment.release")]
    Release,
    #[serde(rename = "payment.refund")]
    Refund,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Amount {
    /// In cents.
    amount: u32,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Answer {
    status: What,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

impl Bank {
    /// A bank with an empty list, and the clock by which it writes.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            ledger: Mutex::default(),
        }
    }

    /// Writes down what a shopper agreed to at checkout.
    pub(super) fn agree(&self, order: &str, amount: u32) {
        let now = self.clock.now();
        self.with(|ledger| ledger.write(now, order, What::Agreed, Some(amount)));
    }

    /// Answers a message, and one that was sent before as it was answered then.
    fn answer(&self, id: &str, message: &Message, payer: &str) -> Answer {
        let now = self.clock.now();
        self.with(|ledger| {
            if let Some(before) = ledger.answers.get(id) {
                return before.clone();
            }
            let status = message.r#type.done_for(payer);
            let hash = Sha256::digest(id);
            let answer = Answer {
                status,
                reference: format!("bank_{}", hex::text(&hash[..REFERENCE_BYTES])),
                code: (status == What::Declined).then_some("card_declined"),
            };
            let amount = message.amount.map(|amount| amount.amount);
            ledger.write(now, &message.order, status, amount);
            ledger.remember(id, &answer);
            answer
        })
    }

    fn entries(&self) -> Vec<Entry> {
        self.with(|ledger| ledger.entries.iter().cloned().collect())
    }

    /// A list that somebody left while writing is still a list.
    fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        act(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ledger {
    fn write(&mut self, now: DateTime<Utc>, order: &str, what: What, amount: Option<u32>) {
        self.entries.truncate(ENTRIES_MAX - 1);
        self.entries.push_front(Entry {
            at: now.to_rfc3339_opts(SecondsFormat::Secs, true),
            order: order.into(),
            what,
            amount,
        });
    }

    fn remember(&mut self, id: &str, answer: &Answer) {
        if ENTRIES_MAX <= self.ids.len()
            && let Some(oldest) = self.ids.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.ids.push_back(id.into());
        self.answers.insert(id.into(), answer.clone());
    }
}

impl Kind {
    /// What comes of it for whoever has this e-mail address.
    fn done_for(self, payer: &str) -> What {
        let mailbox = payer.split('@').next().unwrap_or_default();
        let is_refused = mailbox.contains(DECLINES);
        match self {
            Self::Authorize | Self::Capture if is_refused => What::Declined,
            Self::Authorize => What::Authorized,
            Self::Capture => What::Captured,
            Self::Release => What::Released,
            Self::Refund => What::Refunded,
        }
    }
}

/// The bank's address: a message for it, or a look at its list.
pub(super) fn routes() -> Router<Arc<Shop>> {
    Router::new().route(PATH, get(list).post(ask))
}

async fn list(State(shop): State<Arc<Shop>>, asked: Asked) -> Response {
    let page = json!({ "entries": shop.bank.entries(), "shelves": shop.shelves() });
    shop.page("bank.html", &asked, PATH, page)
}

async fn ask(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let header = |name| header(name).unwrap_or_default();
    let id = header("webhook-id");
    let (at, signature) = (header("webhook-timestamp"), header("webhook-signature"));
    let secret = [Secret::standard(SECRET).expect("the demo's secret is one")];
    if verify_standard(&secret, id, at, signature, &body, shop.bank.clock.now()).is_err() {
        return no(
            StatusCode::UNAUTHORIZED,
            "the message is not signed by ShipsBy",
        );
    };
    let Ok(message) = serde_json::from_slice::<Message>(&body) else {
        return no(StatusCode::BAD_REQUEST, "the message cannot be read");
    };
    match shop.warehouse.payer(&message.order).await {
        Ok(Some(payer)) => Json(shop.bank.answer(id, &message, &payer)).into_response(),
        Ok(None) => no(StatusCode::NOT_FOUND, "nobody placed this order here"),
        Err(failed) => {
            error!(error = %failed, "The bank cannot look up who pays: {failed}");
            no(StatusCode::SERVICE_UNAVAILABLE, "try again in a moment")
        }
    }
}

fn no(status: StatusCode, detail: &str) -> Response {
    let body: Value = json!({ "detail": detail });
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank() -> Bank {
        let now = "2026-11-23T15:00:00Z".parse().expect("an instant");
        Bank::new(Clock::by_hand(now).0)
    }

    fn message(kind: &str) -> Message {
        let text = format!(
            r#"{{"type":"payment.{kind}","order":"PS-1","shipment":"PS-1-ab","amount":{{"amount":4500,"currency":"USD"}},"reference":null}}"#
        );
        serde_json::from_str(&text).expect("a message")
    }

    #[test]
    fn each_message_is_answered_by_what_was_done() {
        let bank = bank();
        for (kind, status) in [
            ("authorize", What::Authorized),
            ("capture", What::Captured),
            ("release", What::Released),
            ("refund", What::Refunded),
        ] {
            let answer = bank.answer(kind, &message(kind), "ada@example.com");
            assert_eq!((answer.status, answer.code), (status, None));
        }
        let written: Vec<_> = bank.entries().iter().map(|entry| entry.what).collect();
        assert_eq!(
            written,
            [
                What::Refunded,
                What::Released,
                What::Captured,
                What::Authorized
            ],
            "newest first"
        );
    }

    #[test]
    fn a_message_that_comes_twice_is_done_once_and_answered_the_same() {
        let bank = bank();
        let first = bank.answer("capture-1", &message("capture"), "ada@example.com");
        let second = bank.answer("capture-1", &message("capture"), "ada@example.com");
        assert_eq!(first, second);
        assert_eq!(bank.entries().len(), 1);
    }

    #[test]
    fn who_has_declines_before_the_at_is_refused_and_still_gets_money_back() {
        let bank = bank();
        for (kind, status) in [
            ("capture", What::Declined),
            ("authorize", What::Declined),
            ("refund", What::Refunded),
        ] {
            let answer = bank.answer(kind, &message(kind), "ada.declines@example.com");
            assert_eq!(answer.status, status);
        }
        let answer = bank.answer("other", &message("capture"), "ada@declines.example");
        assert_eq!(answer.status, What::Captured);
    }

    #[test]
    fn it_forgets_the_oldest_when_there_is_too_much() {
        let bank = bank();
        for at in 0..=ENTRIES_MAX {
            bank.answer(&at.to_string(), &message("capture"), "ada@example.com");
        }
        assert_eq!(bank.entries().len(), ENTRIES_MAX);
        bank.with(|ledger| assert_eq!(ledger.answers.len(), ENTRIES_MAX));
        bank.with(|ledger| assert!(!ledger.answers.contains_key("0")));
    }
}
