//! A Stripe that keeps Stripe's rules, in this process: what is authorized is captured once, or in parts where the plan allows it;
//! a request is known by its key, and answered again as it was; and whatever goes wrong on the way goes wrong here too.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What goes wrong with the next request of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is not done, and answered with this, and so is every request of the same key.
    Says(u16),
    /// It is done; the connection breaks before anybody hears of it, and its key is forgotten.
    LostAfter,
}

/// An account at Stripe.
#[derive(Clone, Default)]
pub struct StripeAccount(Arc<Mutex<Ledger>>);

#[derive(Default)]
struct Ledger {
    /// True if one authorization may be captured in parts.
    multicapture: bool,
    /// True if a saved card is refused.
    declines: bool,
    /// How a refund stands at first, unless it is done at once.
    refunds: Option<String>,
    /// How often requests whose path ends so go wrong, and how.
    troubles: Vec<(&'static str, Trouble)>,
    objects: BTreeMap<String, Object>,
    /// What was asked and answered under each key.
    known: HashMap<String, (String, u16, Value)>,
    /// Method, path and fields, in the order in which they came.
    asked: Vec<String>,
}

/// A payment intent, a setup intent, a customer or a refund.
#[derive(Debug, Clone, Default)]
pub struct Object {
    pub id: String,
    pub status: String,
    pub amount: i64,
    pub received: i64,
    pub fields: HashMap<String, String>,
}

impl Object {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    fn json(&self, multicapture: bool) -> Value {
        let metadata: serde_json::Map<String, Value> = self
            .fields
            .iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
                Some((name.to_owned(), json!(value)))
            })
            .collect();
        let capturable = match self.status.as_str() {
            "requires_capture" => self.amount - self.received,
            _ => 0,
        };
        let available = if multicapture {
            "available"
        } else {
            "unavailable"
        };
        let card = json!({"multicapture": {"status": available}});
        json!({
            "id": self.id, "object": kind(&self.id), "status": self.status, "amount": self.amount,
            "amount_received": self.received, "amount_capturable": capturable, "metadata": metadata,
            "client_secret": format!("{}_secret", self.id), "customer": self.field("customer"),
            "payment_method": self.field("payment_method"), "payment_intent": self.field("payment_intent"),
            "latest_charge": {"payment_method_details": {"card": card}},
            "failure_reason": (self.status == "failed").then_some("lost_or_stolen_card"),
        })
    }
}

fn kind(id: &str) -> &'static str {
    match id.split('_').next() {
        Some("pi") => "payment_intent",
        Some("seti") => "setup_intent",
        Some("re") => "refund",
        _ => "customer",
    }
}

impl StripeAccount {
    /// An account, and where it is.
    pub async fn open(multicapture: bool) -> (Self, String) {
        let account = Self::default();
        account.ledger().multicapture = multicapture;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(account.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (account, base)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The next requests whose path ends so go wrong.
    pub fn troubled(&self, path_ends: &'static str, troubles: &[Trouble]) {
        let troubles = troubles.iter().map(|trouble| (path_ends, *trouble));
        self.ledger().troubles.extend(troubles);
    }

    pub fn declines(&self, declines: bool) {
        self.ledger().declines = declines;
    }

    /// All that were made whose name begins so, oldest first.
    pub fn all(&self, kind: &str) -> Vec<Object> {
        let prefix = format!("{kind}_");
        let ledger = self.ledger();
        let of_kind = ledger
            .objects
            .values()
            .filter(|object| object.id.starts_with(&prefix));
        of_kind.cloned().collect()
    }

    /// How one stands from now on.
    pub fn becomes(&self, id: &str, status: &str) {
        let mut ledger = self.ledger();
        let object = ledger.objects.get_mut(id).expect("it is there");
        object.status = status.to_owned();
        match status {
            "requires_capture" => {
                object.fields.insert("payment_method".into(), "pm_1".into());
            }
            "succeeded" if id.starts_with("seti") => {
                object.fields.insert("payment_method".into(), "pm_1".into());
            }
            "succeeded" if id.starts_with("pi") => object.received = object.amount,
            _ => {}
        }
    }

    /// How refunds stand that are asked for from now on.
    pub fn refunds_become(&self, status: &str) {
        self.ledger().refunds = Some(status.to_owned());
    }

    /// What was taken, all together.
    pub fn taken(&self) -> i64 {
        self.all("pi").iter().map(|intent| intent.received).sum()
    }

    /// Method, path and fields of what was asked at a path that ends so.
    pub fn asked(&self, path_ends: &str) -> Vec<String> {
        let ledger = self.ledger();
        let asked = ledger.asked.iter();
        asked
            .filter(|asked| {
                asked
                    .split(' ')
                    .nth(1)
                    .is_some_and(|path| path.ends_with(path_ends))
            })
            .cloned()
            .collect()
    }
}

async fn answer(
    State(account): State<StripeAccount>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = headers
        .get("idempotency-key")
        .map(|key| key.to_str().expect("a key").to_owned());
    let asked = format!("{method} {} {}", uri.path(), String::from_utf8_lossy(&body));
    let (status, said, is_replayed) = {
        let mut ledger = account.ledger();
        ledger.asked.push(asked.clone());
        let before = key.as_ref().and_then(|key| ledger.known.get(key)).cloned();
        match before {
            Some((first, ..)) if first != asked => {
                let error = json!({"error": {"type": "idempotency_error", "message": "asked for something else"}});
                (400, error, false)
            }
            Some((_, status, said)) => (status, said, true),
            None => {
                // Looking through a list never goes wrong.
                let is_list = method == Method::GET && uri.path().matches('/').count() == 2;
                let trouble = ledger
                    .troubles
                    .iter()
                    .position(|(ends, _)| !is_list && uri.path().ends_with(ends))
                    .map(|at| ledger.troubles.remove(at).1);
                let (status, said) = match trouble {
                    Some(Trouble::Says(status)) => {
                        (status, json!({"error": {"code": "api_error"}}))
                    }
                    _ => ledger.done(&method, &uri, &body),
                };
                if trouble == Some(Trouble::LostAfter) {
                    drop(ledger);
                    // A handler that falls over breaks the connection.
                    panic!("the connection is lost");
                }
                if let Some(key) = key {
                    ledger.known.insert(key, (asked, status, said.clone()));
                }
                (status, said, false)
            }
        }
    };
    let status = StatusCode::from_u16(status).expect("a status");
    let mut response = (status, axum::Json(said)).into_response();
    if is_replayed {
        let replayed = axum::http::HeaderValue::from_static("true");
        response
            .headers_mut()
            .insert("idempotent-replayed", replayed);
    }
    response
}

impl Ledger {
    fn done(&mut self, method: &Method, uri: &Uri, body: &[u8]) -> (u16, Value) {
        let path: Vec<&str> = uri.path().trim_start_matches("/v1/").split('/').collect();
        let read = |text: &str| -> HashMap<String, String> {
            let uri: Uri = format!("/?{text}").parse().expect("a form");
            Query::try_from_uri(&uri).expect("a form").0
        };
        let query = read(uri.query().unwrap_or_default());
        let body = str::from_utf8(body).expect("a form");
        match (method.as_str(), &path[..]) {
            ("POST", ["customers"]) => self.make("cus", "", read(body)),
            ("POST", ["setup_intents"]) => self.make("seti", "requires_payment_method", read(body)),
            ("POST", ["payment_intents"]) => self.intend(read(body)),
            ("POST", ["refunds"]) => {
                let status = self.refunds.clone().unwrap_or_else(|| "succeeded".into());
                self.make("re", &status, read(body))
            }
            ("POST", [_, id, "capture"]) => self.capture(id, &read(body)),
            ("POST", [_, id, "cancel"]) => self.cancel(id),
            ("GET", [_, id]) => match self.objects.get(*id) {
                Some(object) => (200, object.json(self.multicapture)),
                None => refused(404, "resource_missing"),
            },
            ("GET", [_]) => {
                let prefix = if path[0] == "refunds" { "re_" } else { "pi_" };
                let fits = |object: &&Object| {
                    let fits = |name: &str| {
                        query
                            .get(name)
                            .is_none_or(|wanted| object.field(name) == Some(wanted))
                    };
                    object.id.starts_with(prefix) && fits("customer") && fits("payment_intent")
                };
                let found = self.objects.values().filter(fits);
                let found: Vec<Value> =
                    found.map(|object| object.json(self.multicapture)).collect();
                (
                    200,
                    json!({"object": "list", "data": found, "has_more": false}),
                )
            }
            _ => refused(404, "unknown_path"),
        }
    }

    fn make(
        &mut self,
        prefix: &str,
        status: &str,
        fields: HashMap<String, String>,
    ) -> (u16, Value) {
        let object = Object {
            id: format!("{prefix}_{:04}", self.objects.len()),
            status: status.to_owned(),
            amount: fields
                .get("amount")
                .map_or(0, |amount| amount.parse().expect("an amount")),
            received: 0,
            fields,
        };
        let said = object.json(self.multicapture);
        self.objects.insert(object.id.clone(), object);
        (200, said)
    }

    fn intend(&mut self, fields: HashMap<String, String>) -> (u16, Value) {
        let amount = fields
            .get("amount")
            .and_then(|amount| amount.parse::<i64>().ok());
        if amount.is_none_or(|amount| amount < 50) {
            return refused(400, "amount_too_small");
        }
        let is_confirmed = fields.get("confirm").is_some_and(|value| value == "true");
        let is_manual = fields
            .get("capture_method")
            .is_some_and(|value| value == "manual");
        let is_declined = is_confirmed && self.declines;
        let status = match (is_confirmed && !is_declined, is_manual) {
            (false, _) => "requires_payment_method",
            (true, true) => "requires_capture",
            (true, false) => "succeeded",
        };
        let (_, said) = self.make("pi", status, fields);
        let id = said["id"].as_str().expect("an id").to_owned();
        if is_declined {
            let error = json!({"error": {"code": "card_declined", "payment_intent": said}});
            return (402, error);
        }
        let intent = self.objects.get_mut(&id).expect("it was made");
        if status == "succeeded" {
            intent.received = intent.amount;
        }
        (200, intent.json(self.multicapture))
    }

    fn capture(&mut self, id: &str, fields: &HashMap<String, String>) -> (u16, Value) {
        let multicapture = self.multicapture;
        let Some(intent) = self.objects.get_mut(id) else {
            return refused(404, "resource_missing");
        };
        if intent.status != "requires_capture" {
            return refused(400, "payment_intent_unexpected_state");
        }
        let is_final = fields
            .get("final_capture")
            .is_none_or(|value| value == "true");
        if !multicapture && fields.contains_key("final_capture") {
            return refused(400, "parameter_unknown");
        }
        let amount: i64 = fields["amount_to_capture"].parse().expect("an amount");
        if intent.amount - intent.received < amount {
            return refused(400, "amount_too_large");
        }
        intent.received += amount;
        if is_final {
            intent.status = "succeeded".into();
        }
        (200, intent.json(multicapture))
    }

    fn cancel(&mut self, id: &str) -> (u16, Value) {
        let Some(intent) = self.objects.get_mut(id) else {
            return refused(404, "resource_missing");
        };
        if matches!(
            intent.status.as_str(),
            "succeeded" | "processing" | "canceled"
        ) {
            return refused(400, "payment_intent_unexpected_state");
        }
        intent.status = "canceled".into();
        (200, intent.json(self.multicapture))
    }
}

fn refused(status: u16, code: &str) -> (u16, Value) {
    (
        status,
        json!({"error": {"type": "invalid_request_error", "code": code, "message": code}}),
    )
}
