//! The merchant's own system: it agrees with its shoppers itself, and is asked by signed messages to capture.
//!
//! What it is asked twice has the same `webhook-id`: it must answer as it did, and do it once.

use std::time::Duration;

use chrono::DateTime;
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::{Reach, Unreachable, check, client, failure, read};
use super::signature::Secret;
use super::{Answer, Authorize, Capture, ProviderError, Refund, Release};
use crate::clock::Clock;

/// The merchant's own system.
#[derive(Debug, Clone)]
pub struct External {
    client: Client,
    url: Url,
    secret: Secret,
    clock: Clock,
}

/// What it is asked.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    /// `payment.authorize`, `payment.capture`, `payment.release` or `payment.refund`.
    r#type: &'static str,
    /// The store.
    store: &'a str,
    /// The order.
    order: &'a str,
    /// The parcel, where it is about one.
    shipment: Option<&'a str>,
    /// How much; null where all of it is let go.
    amount: Option<serde_json::Value>,
    /// Its own name for it, as it gave it.
    reference: Option<&'a str>,
}

/// What it answers.
#[derive(Debug, Deserialize)]
struct Said {
    /// `authorized`, `captured`, `released`, `refunded`, `declined`, `authentication_required`, `expired` or `pending`.
    status: String,
    reference: Option<String>,
    /// An instant, RFC 3339.
    expires_at: Option<String>,
    pay_url: Option<String>,
    code: Option<String>,
}

impl External {
    /// A system at an address.
    ///
    /// # Errors
    ///
    /// [`Unreachable`] for an address that is not reached so.
    pub fn new(
        url: &str,
        secret: Secret,
        reach: Reach,
        timeout: Duration,
        clock: Clock,
    ) -> Result<Self, Unreachable> {
        Ok(Self {
            client: client(reach, timeout),
            url: check(url, reach)?,
            secret,
            clock,
        })
    }

    /// Asks whether a parcel may be charged.
    pub(super) async fn authorize(&self, wanted: &Authorize) -> Result<Answer, ProviderError> {
        let asked = Asked {
            r#type: "payment.authorize",
            store: wanted.whose.store.as_str(),
            order: wanted.whose.order.as_str(),
            shipment: Some(wanted.shipment.as_str()),
            amount: Some(money(wanted.amount)),
            reference: wanted.method.as_deref(),
        };
        let id = wanted.whose.name(&format!("authorize-{}", wanted.key));
        self.ask(&id, &asked).await
    }

    /// Asks for the money of a parcel.
    pub(super) async fn capture(&self, wanted: &Capture) -> Result<Answer, ProviderError> {
        let asked = Asked {
            r#type: "payment.capture",
            store: wanted.whose.store.as_str(),
            order: wanted.whose.order.as_str(),
            shipment: Some(wanted.shipment.as_str()),
            amount: Some(money(wanted.amount)),
            reference: wanted.reference.as_deref(),
        };
        let id = wanted.whose.name(&format!("capture-{}", wanted.shipment));
        self.ask(&id, &asked).await
    }

    /// Lets go of what is kept.
    pub(super) async fn release(&self, wanted: &Release) -> Result<Answer, ProviderError> {
        let asked = Asked {
            r#type: "payment.release",
            store: wanted.whose.store.as_str(),
            order: wanted.whose.order.as_str(),
            shipment: wanted.shipment.as_ref().map(|id| id.as_str()),
            amount: None,
            reference: wanted.reference.as_deref(),
        };
        let id = wanted.whose.name(&format!("release-{}", wanted.key));
        self.ask(&id, &asked).await
    }

    /// Gives money back.
    pub(super) async fn refund(&self, wanted: &Refund) -> Result<Answer, ProviderError> {
        let asked = Asked {
            r#type: "payment.refund",
            store: wanted.whose.store.as_str(),
            order: wanted.whose.order.as_str(),
            shipment: Some(wanted.shipment.as_str()),
            amount: Some(money(wanted.amount)),
            reference: wanted.reference.as_deref(),
        };
        let id = wanted.whose.name(&format!("refund-{}", wanted.key));
        self.ask(&id, &asked).await
    }

    async fn ask(&self, id: &str, asked: &Asked<'_>) -> Result<Answer, ProviderError> {
        let body = serde_json::to_vec(asked).expect("texts and numbers are always JSON");
        let now = self.clock.now();
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.timestamp())
            .header("webhook-signature", self.secret.sign(id, now, &body))
            .body(body);
        let response = request.send().await.map_err(|error| failure(&error))?;
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let (status, body) = read(response).await?;
        match status {
            200..=299 => {}
            429 => {
                return Err(ProviderError::Busy(retry_after.map(Duration::from_secs)));
            }
            // It may have done it before it failed.
            500..=599 => return Err(ProviderError::Unknown(format!("it answered with {status}"))),
            _ => {
                return Err(ProviderError::Refused {
                    code: format!("http_{status}"),
                    detail: "your payment system does not take the message; look at its log".into(),
                });
            }
        }
        let said: Said = serde_json::from_slice(&body).map_err(|_| ProviderError::Refused {
            code: "unreadable_answer".into(),
            detail: "your payment system answered something else than docs/payments.md says".into(),
        })?;
        said.answer()
    }
}

impl Said {
    fn answer(self) -> Result<Answer, ProviderError> {
        let code = |code: &str| self.code.clone().unwrap_or_else(|| code.to_owned());
        Ok(match self.status.as_str() {
            "authorized" => Answer::Authorized {
                reference: self.reference.unwrap_or_default(),
                until: self
                    .expires_at
                    .and_then(|at| DateTime::parse_from_rfc3339(&at).ok())
                    .map(|at| at.to_utc()),
            },
            "captured" => Answer::Captured {
                reference: self.reference,
            },
            "released" | "refunded" => Answer::Done {
                reference: self.reference,
            },
            "declined" | "authentication_required" | "expired" => Answer::NeedsCustomer {
                code: match self.status.as_str() {
                    "expired" => code("authorization_expired"),
                    other => code(other),
                },
                reference: self.reference,
                client_secret: None,
                pay_url: self
                    .pay_url
                    .filter(|url| url.starts_with("https://") || url.starts_with("http://")),
            },
            "pending" => Answer::Pending,
            other => {
                return Err(ProviderError::Refused {
                    code: "unknown_status".into(),
                    detail: format!(
                        "your payment system answered the status `{other}`, which docs/payments.md does not know"
                    ),
                });
            }
        })
    }
}

fn money(money: shared::money::Money) -> serde_json::Value {
    json!({"amount": money.amount, "currency": money.currency.code()})
}
