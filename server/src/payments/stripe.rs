//! Stripe over its HTTP API: authorize when a parcel can leave, capture when it has.
//!
//! The shopper confirms in the browser, with Stripe's own script: a card's number never comes here. Where everything leaves in
//! one parcel within what an authorization surely lasts, the whole is authorized at once; else the card is saved, and each
//! parcel is authorized by itself when it can leave ([place a hold](https://docs.stripe.com/payments/place-a-hold-on-a-payment-method),
//! [save and reuse](https://docs.stripe.com/payments/save-and-reuse)). How long an authorization holds is read from Stripe
//! (`capture_before`), never computed.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Method};
use serde_json::Value;

use super::client::{Reach, client, failure, read};
use super::{
    Answer, Authorize, Begin, Begun, Capture, OrderPayment, ProviderError, Refund, Release,
};

/// Where Stripe is.
pub const BASE: &str = "https://api.stripe.com";
/// The version of the API that answers are read as.
const VERSION: &str = "2025-10-29.clover";
/// Days that an authorization surely lasts: the shortest that cards have for a shopper who is there is seven.
const AUTHORIZED_SURELY: TimeDelta = TimeDelta::days(6);
/// Under how many names a capture is asked for, where Stripe remembers that it failed under those before.
const NAMES_MAX: u32 = 9;

/// Stripe, on behalf of one merchant.
#[derive(Clone)]
pub struct Stripe {
    client: Client,
    base: String,
    key: String,
    /// True if the merchant's plan lets one authorization be captured in parts.
    multicapture: bool,
    /// Where a customer whose card was refused pays; `{order}`, `{shipment}` and `{client_secret}` are filled in.
    pay_url: Option<String>,
}

/// A message of Stripe's: something became of this; look it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeEvent {
    /// Stripe's name for the message.
    pub id: String,
    /// Stripe's name for what it is about: `pi_...` or `seti_...`.
    pub reference: String,
    /// The store that we said it is for.
    pub store: Option<String>,
    /// The order that we said it is for.
    pub order: Option<String>,
    /// The parcel that we said it is for.
    pub shipment: Option<String>,
    /// The refund that we said it is.
    pub refund: Option<String>,
}

/// How an answer that is no success is meant.
enum Refusal {
    /// The card was refused: what Stripe says about it.
    Card(Value),
    /// It failed when it was asked first, and Stripe answers so for as long as it knows the request's name.
    FailedBefore(String),
    /// Anything else.
    Other(ProviderError),
}

impl From<ProviderError> for Refusal {
    fn from(error: ProviderError) -> Self {
        Self::Other(error)
    }
}

impl From<Refusal> for ProviderError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Other(error) => error,
            Refusal::FailedBefore(why) => Self::Unknown(why),
            Refusal::Card(error) => Self::Refused {
                code: text(&error, "code").unwrap_or_else(|| "card_error".into()),
                detail: text(&error, "message").unwrap_or_default(),
            },
        }
    }
}

impl fmt::Debug for Stripe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stripe")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Stripe {
    /// Stripe with a merchant's secret key. `base` is [`BASE`], or a stand-in for tests.
    pub fn new(
        base: &str,
        key: &str,
        multicapture: bool,
        pay_url: Option<String>,
        timeout: Duration,
    ) -> Self {
        Self {
            client: client(Reach::Anywhere, timeout),
            base: base.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
            multicapture,
            pay_url,
        }
    }

    /// Begins the payment of an order.
    pub(super) async fn begin(&self, wanted: &Begin) -> Result<Begun, ProviderError> {
        let (store, order) = (wanted.whose.store.as_str(), wanted.whose.order.as_str());
        let key = |what: &str| wanted.whose.name(&format!("{order}-{what}"));
        let named = [("metadata[store]", store), ("metadata[order]", order)];
        let customer = self.post("customers", &key("customer"), &named).await?;
        let customer = text(&customer, "id").ok_or_else(unreadable)?;
        let (amount, currency) = (wanted.amount.amount.to_string(), currency(wanted.amount));
        let both = [
            ("customer", customer.as_str()),
            ("payment_method_types[]", "card"),
            named[0],
            named[1],
        ];
        let leaves_soon = wanted
            .last_ships_by
            .is_some_and(|day| day - wanted.today <= AUTHORIZED_SURELY);
        let begun = if leaves_soon && (wanted.parcels <= 1 || self.multicapture) {
            let mut fields = both.to_vec();
            fields.extend([
                ("amount", amount.as_str()),
                ("currency", currency.as_str()),
                ("capture_method", "manual"),
                ("setup_future_usage", "off_session"),
            ]);
            if self.multicapture {
                let asked = "payment_method_options[card][request_multicapture]";
                fields.push((asked, "if_available"));
            }
            self.post("payment_intents", &key("payment"), &fields)
                .await?
        } else {
            let mut fields = both.to_vec();
            fields.push(("usage", "off_session"));
            self.post("setup_intents", &key("setup"), &fields).await?
        };
        Ok(Begun {
            reference: text(&begun, "id").ok_or_else(unreadable)?,
            client_secret: text(&begun, "client_secret").ok_or_else(unreadable)?,
        })
    }

    /// Looks up how the payment of an order stands.
    pub(super) async fn look_up_order(
        &self,
        reference: &str,
    ) -> Result<OrderPayment, ProviderError> {
        let found = self.look_up(reference).await?;
        let (customer, method) = (text(&found, "customer"), text(&found, "payment_method"));
        let failed = |name: &str| {
            let code = found[name]["code"].as_str()?;
            Some(OrderPayment::Failed {
                code: code.to_owned(),
            })
        };
        Ok(match found["status"].as_str().unwrap_or_default() {
            "requires_capture" => OrderPayment::Authorized {
                amount: found["amount_capturable"]
                    .as_i64()
                    .or_else(|| found["amount"].as_i64())
                    .unwrap_or(0),
                in_parts: card(&found)["multicapture"]["status"] == "available",
                until: capture_before(&found),
                customer,
                method,
            },
            "succeeded" if reference.starts_with("seti_") => {
                OrderPayment::Saved { customer, method }
            }
            "canceled" => OrderPayment::Failed {
                code: "canceled".into(),
            },
            "requires_payment_method" => failed("last_payment_error")
                .or_else(|| failed("last_setup_error"))
                .unwrap_or(OrderPayment::Awaiting),
            _ => OrderPayment::Awaiting,
        })
    }

    /// Asks whether a parcel may be charged, while its customer is elsewhere.
    pub(super) async fn authorize(&self, wanted: &Authorize) -> Result<Answer, ProviderError> {
        let (amount, currency) = (wanted.amount.amount.to_string(), currency(wanted.amount));
        let Some(method) = wanted.method.as_deref() else {
            return Ok(self.needs_customer(wanted, &Value::Null, "no_payment_method"));
        };
        let mut fields = vec![
            ("amount", amount.as_str()),
            ("currency", currency.as_str()),
            ("capture_method", "manual"),
            ("payment_method", method),
            ("confirm", "true"),
            ("off_session", "true"),
            ("expand[]", "latest_charge"),
            ("metadata[store]", wanted.whose.store.as_str()),
            ("metadata[order]", wanted.whose.order.as_str()),
            ("metadata[shipment]", wanted.shipment.as_str()),
        ];
        fields.extend(
            wanted
                .customer
                .as_deref()
                .map(|customer| ("customer", customer)),
        );
        let key = wanted.whose.name(&format!("{}-authorize", wanted.key));
        match self.post("payment_intents", &key, &fields).await {
            Ok(intent) => Ok(match intent["status"].as_str().unwrap_or_default() {
                "requires_capture" => Answer::Authorized {
                    reference: text(&intent, "id").ok_or_else(unreadable)?,
                    until: capture_before(&intent),
                },
                "processing" => Answer::Pending,
                _ => self.needs_customer(wanted, &intent, "authentication_required"),
            }),
            Err(Refusal::Card(error)) => Ok(self.declined(wanted, &error)),
            Err(other) => Err(other.into()),
        }
    }

    /// Asks for the money of a parcel that has left.
    pub(super) async fn capture(&self, wanted: &Capture) -> Result<Answer, ProviderError> {
        let Some(reference) = wanted.reference.as_deref() else {
            return Ok(Answer::Expired);
        };
        let amount = wanted.amount.amount.to_string();
        let mut fields = vec![("amount_to_capture", amount.as_str())];
        if !wanted.is_last {
            fields.push(("final_capture", "false"));
        }
        let path = format!("payment_intents/{reference}/capture");
        let name = wanted.whose.name(&format!("{}-capture", wanted.shipment));
        let mut key = name.clone();
        for next in 2..=NAMES_MAX {
            match self.post(&path, &key, &fields).await {
                Ok(_) => {
                    return Ok(Answer::Captured {
                        reference: Some(reference.to_owned()),
                    });
                }
                Err(Refusal::Card(_)) => {
                    return match self.look_up_charge(wanted).await? {
                        Answer::NotCaptured => Ok(Answer::Expired),
                        known => Ok(known),
                    };
                }
                // It was captured or let go before: it says itself which.
                Err(Refusal::Other(ProviderError::Refused { code, detail })) => {
                    return match self.look_up_charge(wanted).await? {
                        Answer::NotCaptured => Err(ProviderError::Refused { code, detail }),
                        known => Ok(known),
                    };
                }
                // Nothing more comes under this name. Where nothing came of it either, it is asked under the next.
                Err(Refusal::FailedBefore(_)) => match self.look_up_charge(wanted).await? {
                    Answer::NotCaptured => key = format!("{name}-{next}"),
                    known => return Ok(known),
                },
                Err(Refusal::Other(error)) => return Err(error),
            }
        }
        Err(ProviderError::Unknown(
            "Stripe failed under each name that it was asked under".into(),
        ))
    }

    /// Takes the money of a parcel that has left from what is saved, or begins what the customer is to pay.
    pub(super) async fn charge(&self, wanted: &Authorize) -> Result<Answer, ProviderError> {
        let key = wanted.whose.name(&format!("{}-charge", wanted.key));
        // Stripe forgets keys: what was made before is found at its customer.
        if let Some(customer) = &wanted.customer {
            let path = format!("payment_intents?customer={customer}&limit=100");
            let made = self.send(Method::GET, &path, None, &[]).await?;
            let mut made = made["data"].as_array().into_iter().flatten();
            if let Some(intent) = made.find(|intent| intent["metadata"]["request"] == *key) {
                return Ok(self.charged(wanted, intent));
            }
        }
        let (amount, currency) = (wanted.amount.amount.to_string(), currency(wanted.amount));
        let mut fields = vec![
            ("amount", amount.as_str()),
            ("currency", currency.as_str()),
            ("payment_method_types[]", "card"),
            ("metadata[store]", wanted.whose.store.as_str()),
            ("metadata[order]", wanted.whose.order.as_str()),
            ("metadata[shipment]", wanted.shipment.as_str()),
            ("metadata[request]", key.as_str()),
        ];
        if let Some(customer) = &wanted.customer {
            fields.push(("customer", customer));
        }
        if let Some(method) = &wanted.method {
            fields.extend([
                ("payment_method", method.as_str()),
                ("confirm", "true"),
                ("off_session", "true"),
            ]);
        }
        match self.post("payment_intents", &key, &fields).await {
            Ok(intent) => Ok(self.charged(wanted, &intent)),
            Err(Refusal::Card(error)) => Ok(self.declined(wanted, &error)),
            Err(other) => Err(other.into()),
        }
    }

    /// How a charge at once stands.
    fn charged(&self, wanted: &Authorize, intent: &Value) -> Answer {
        match intent["status"].as_str().unwrap_or_default() {
            "succeeded" => Answer::Captured {
                reference: text(intent, "id"),
            },
            "processing" => Answer::Pending,
            "canceled" => self.needs_customer(wanted, &Value::Null, "canceled"),
            "requires_action" => self.needs_customer(wanted, intent, "authentication_required"),
            _ => self.needs_customer(wanted, intent, "authorization_expired"),
        }
    }

    /// Looks up what became of the charge for a parcel.
    pub(super) async fn look_up_charge(&self, wanted: &Capture) -> Result<Answer, ProviderError> {
        let Some(reference) = wanted.reference.as_deref() else {
            return Ok(Answer::Expired);
        };
        let found = self.look_up(reference).await?;
        // Another parcel may have been captured under the same name: what counts is what came.
        let received = found["amount_received"].as_i64().unwrap_or(0);
        if wanted.before + wanted.amount.amount <= received {
            return Ok(Answer::Captured {
                reference: Some(reference.to_owned()),
            });
        }
        match found["status"].as_str().unwrap_or_default() {
            // Nothing is taken on top of what somebody took otherwise.
            "succeeded" | "canceled" if wanted.before < received => Err(ProviderError::Refused {
                code: "captured_otherwise".into(),
                detail: "Stripe received another amount; look at the payment in Stripe's dashboard"
                    .into(),
            }),
            "succeeded" | "canceled" | "requires_payment_method" => Ok(Answer::Expired),
            "requires_capture" => Ok(Answer::NotCaptured),
            _ => Ok(Answer::Pending),
        }
    }

    /// Lets go of what is kept.
    pub(super) async fn release(&self, wanted: &Release) -> Result<Answer, ProviderError> {
        let reference = wanted.reference.clone();
        let Some(name) = reference.as_deref() else {
            return Ok(Answer::Done { reference: None });
        };
        let kind = if name.starts_with("seti_") {
            "setup_intents"
        } else {
            "payment_intents"
        };
        let key = wanted.whose.name(&format!("{}-release", wanted.key));
        match self.post(&format!("{kind}/{name}/cancel"), &key, &[]).await {
            // What has been captured, or let go, has nothing left to let go.
            Ok(_) | Err(Refusal::Other(ProviderError::Refused { .. })) => {
                Ok(Answer::Done { reference })
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Gives money back, the way it was taken. Stripe forgets keys, so it is looked up before whether that was done.
    pub(super) async fn refund(&self, wanted: &Refund) -> Result<Answer, ProviderError> {
        if let Some(before) = self.look_up_refund(wanted).await? {
            return Ok(before);
        }
        let amount = wanted.amount.amount.to_string();
        let fields = [
            (
                "payment_intent",
                wanted.reference.as_deref().unwrap_or_default(),
            ),
            ("amount", amount.as_str()),
            ("metadata[store]", wanted.whose.store.as_str()),
            ("metadata[order]", wanted.whose.order.as_str()),
            ("metadata[shipment]", wanted.shipment.as_str()),
            ("metadata[refund]", wanted.key.as_str()),
        ];
        let key = wanted.whose.name(&format!("{}-refund", wanted.key));
        given(&self.post("refunds", &key, &fields).await?)
    }

    /// Looks up what became of a refund; none if it was never asked for.
    pub(super) async fn look_up_refund(
        &self,
        wanted: &Refund,
    ) -> Result<Option<Answer>, ProviderError> {
        let reference = wanted.reference.as_deref().unwrap_or_default();
        let path = format!("refunds?payment_intent={reference}&limit=100");
        let all = self.send(Method::GET, &path, None, &[]).await?;
        let mut all = all["data"].as_array().into_iter().flatten();
        let found = all.find(|refund| refund["metadata"]["refund"] == *wanted.key);
        found.map(given).transpose()
    }

    /// The card was refused.
    fn declined(&self, wanted: &Authorize, error: &Value) -> Answer {
        let code = text(error, "decline_code").or_else(|| text(error, "code"));
        let code = code.unwrap_or_else(|| "card_declined".into());
        self.needs_customer(wanted, &error["payment_intent"], &code)
    }

    fn needs_customer(&self, wanted: &Authorize, intent: &Value, code: &str) -> Answer {
        let client_secret = text(intent, "client_secret");
        let own = intent["next_action"]["redirect_to_url"]["url"]
            .as_str()
            .map(str::to_owned);
        let filled = self.pay_url.as_deref().map(|url| {
            url.replace("{order}", wanted.whose.order.as_str())
                .replace("{shipment}", wanted.shipment.as_str())
                .replace(
                    "{client_secret}",
                    client_secret.as_deref().unwrap_or_default(),
                )
        });
        Answer::NeedsCustomer {
            reference: text(intent, "id"),
            client_secret,
            pay_url: own.or(filled),
            code: code.to_owned(),
        }
    }

    async fn look_up(&self, reference: &str) -> Result<Value, ProviderError> {
        let path = match reference.starts_with("seti_") {
            true => format!("setup_intents/{reference}"),
            false => format!("payment_intents/{reference}?expand[]=latest_charge"),
        };
        Ok(self.send(Method::GET, &path, None, &[]).await?)
    }

    async fn post(&self, path: &str, key: &str, fields: &[(&str, &str)]) -> Result<Value, Refusal> {
        self.send(Method::POST, path, Some(key), fields).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Result<Value, Refusal> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}/v1/{path}", self.base))
            .bearer_auth(&self.key)
            .header("stripe-version", VERSION);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if method == Method::POST {
            request = request.form(fields);
        }
        let response = request.send().await.map_err(|error| failure(&error))?;
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let is_replayed = response.headers().contains_key("idempotent-replayed");
        let (status, body) = read(response).await?;
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        match status {
            200..=299 if said.is_object() => Ok(said),
            200..=299 => Err(unreadable().into()),
            402 => Err(Refusal::Card(said["error"].clone())),
            // The same request is being answered, or there are too many.
            409 | 429 => Err(ProviderError::Busy(retry_after.map(Duration::from_secs)).into()),
            500..=599 => {
                let why = format!("Stripe answered with {status}");
                match is_replayed {
                    true => Err(Refusal::FailedBefore(why)),
                    false => Err(ProviderError::Unknown(why).into()),
                }
            }
            _ => Err(ProviderError::Refused {
                code: text(&said["error"], "code").unwrap_or_else(|| format!("http_{status}")),
                detail: text(&said["error"], "message").unwrap_or_default(),
            }
            .into()),
        }
    }
}

impl StripeEvent {
    /// Reads a message that is believed already; `None`: it is about nothing that concerns orders.
    pub fn read(body: &[u8]) -> Option<Self> {
        let event: Value = serde_json::from_slice(body).ok()?;
        let object = &event["data"]["object"];
        let kind = object["object"].as_str()?;
        let reference = match kind {
            "payment_intent" | "setup_intent" => text(object, "id")?,
            "charge" | "refund" => text(object, "payment_intent")?,
            _ => return None,
        };
        Some(Self {
            id: text(&event, "id")?,
            reference,
            store: text(&object["metadata"], "store"),
            order: text(&object["metadata"], "order"),
            shipment: text(&object["metadata"], "shipment"),
            refund: text(&object["metadata"], "refund"),
        })
    }
}

/// How a refund stands.
fn given(refund: &Value) -> Result<Answer, ProviderError> {
    match refund["status"].as_str() {
        Some("failed" | "canceled") => Err(ProviderError::Refused {
            code: text(refund, "failure_reason").unwrap_or_else(|| "refund_failed".into()),
            detail: "Stripe could not give it back; look at the payment in Stripe's dashboard"
                .into(),
        }),
        Some("succeeded") => Ok(Answer::Done {
            reference: text(refund, "id"),
        }),
        // It may fail yet.
        _ => Ok(Answer::Pending),
    }
}

/// Until when Stripe says that it may be captured.
fn capture_before(intent: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(card(intent)["capture_before"].as_i64()?, 0)
}

/// What Stripe says of the card.
fn card(intent: &Value) -> &Value {
    &intent["latest_charge"]["payment_method_details"]["card"]
}

fn currency(money: shared::money::Money) -> String {
    money.currency.code().to_ascii_lowercase()
}

fn text(object: &Value, name: &str) -> Option<String> {
    object[name].as_str().map(str::to_owned)
}

fn unreadable() -> ProviderError {
    ProviderError::Unknown("Stripe answered something that cannot be read".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_to_look_up_and_others_are_passed_over() {
        let body = br#"{"id": "evt_1", "type": "payment_intent.amount_capturable_updated", "data": {"object": {
            "object": "payment_intent", "id": "pi_1", "metadata": {"order": "W-1", "shipment": "W-1.00"}}}}"#;
        let event = StripeEvent::read(body).expect("an event");
        assert_eq!(
            (event.reference.as_str(), event.order.as_deref()),
            ("pi_1", Some("W-1"))
        );
        for other in [
            &br#"{"id": "evt_2", "data": {"object": {"object": "payout", "id": "po_1"}}}"#[..],
            b"[]",
            b"no",
        ] {
            assert_eq!(StripeEvent::read(other), None);
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let stripe = Stripe::new(BASE, "sk_live_secret", false, None, super::super::WHOLE);
        assert!(!format!("{stripe:?}").contains("secret"));
    }
}
