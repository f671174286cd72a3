//! Sends a message to an endpoint: signed, to public addresses alone, never elsewhere, and not for long.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Url};

use super::happened::{EventKind, instant};
use crate::limits::{WEBHOOK_URL_BYTES_MAX, WEBHOOK_WHOLE};
use crate::payments::client::{Unreachable, check, client, failure, is_public};
use crate::payments::signature::Secret;
use crate::payments::{ProviderError, Reach};

/// For looking up a name.
const LOOKED_UP_FOR: Duration = Duration::from_secs(3);
/// The port of `https`.
const HTTPS_PORT: u16 = 443;
/// Ports up to here are those of other services.
const SERVICE_PORT_MAX: u16 = 1023;

/// Sends messages.
#[derive(Debug)]
pub struct Sender {
    public: Client,
    anywhere: Client,
}

/// A message to an endpoint.
#[derive(Debug)]
pub struct Message<'a> {
    /// What it is known by: the same however often it is sent.
    pub id: &'a str,
    /// Of what it tells.
    pub kind: EventKind,
    /// When that happened.
    pub happened_at: DateTime<Utc>,
    /// The facts, as JSON.
    pub data: &'a str,
}

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It was taken.
    Taken(u16),
    /// The endpoint is there no more, and says so.
    Gone(u16),
    /// It was answered otherwise.
    Refused(u16),
    /// There was no answer.
    Unanswered(String),
}

/// Why an address is not sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// It is not reached at all.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It is too long.
    #[error("must have at most {WEBHOOK_URL_BYTES_MAX} bytes")]
    TooLong,
    /// It holds what is no part of where something is.
    #[error("must have no user, no password and no part after #")]
    Decorated,
    /// Something else than the web is there.
    #[error("must have the port {HTTPS_PORT}, or one above {SERVICE_PORT_MAX}")]
    Port,
    /// Its name is not known.
    #[error("leads nowhere: its name is not known")]
    Unknown,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            public: client(Reach::Public, WEBHOOK_WHOLE),
            anywhere: client(Reach::Anywhere, WEBHOOK_WHOLE),
        }
    }
}

impl Sender {
    /// Sends a message, with the signatures of some secrets. Of the answer nothing but its status is looked at.
    pub async fn send(
        &self,
        url: &str,
        reach: Reach,
        message: &Message<'_>,
        secrets: &[Secret],
        now: DateTime<Utc>,
    ) -> Sent {
        let Ok(url) = allowed(url, reach) else {
            return Sent::Unanswered("the address is not one that is sent to".into());
        };
        let body = body(message);
        let signatures = secrets.iter();
        let signatures: Vec<String> = signatures
            .map(|secret| secret.sign(message.id, now, body.as_bytes()))
            .collect();
        let client = match reach {
            Reach::Public => &self.public,
            Reach::Anywhere => &self.anywhere,
        };
        let answer = client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", now.timestamp().to_string())
            .header("webhook-signature", signatures.join(" "))
            .body(body)
            .send()
            .await;
        match answer {
            // Whatever comes after the head is not read.
            Ok(answer) => match answer.status().as_u16() {
                status @ 200..=299 => Sent::Taken(status),
                status @ 410 => Sent::Gone(status),
                status => Sent::Refused(status),
            },
            Err(error) => Sent::Unanswered(match failure(&error) {
                ProviderError::Unreachable(why) | ProviderError::Unknown(why) => why,
                other => other.to_string(),
            }),
        }
    }
}

/// Looks at an address before it is kept, and at all that its name leads to. Returns it as it is to be kept.
///
/// # Errors
///
/// [`NotAllowed`], which says what is wrong with it.
pub async fn look_at(url: &str, reach: Reach) -> Result<String, NotAllowed> {
    let url = allowed(url, reach)?;
    if reach == Reach::Anywhere {
        return Ok(url.into());
    }
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(HTTPS_PORT);
    let found = tokio::time::timeout(
        LOOKED_UP_FOR,
        tokio::net::lookup_host((host.as_str(), port)),
    )
    .await;
    let found: Vec<IpAddr> = match found {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        _ => return Err(NotAllowed::Unknown),
    };
    if found.is_empty() {
        return Err(NotAllowed::Unknown);
    }
    match found.into_iter().all(is_public) {
        true => Ok(url.into()),
        false => Err(Unreachable::Private.into()),
    }
}

/// The address, if it is one that is sent to. What its name leads to is looked at when it is sent to.
fn allowed(url: &str, reach: Reach) -> Result<Url, NotAllowed> {
    let url = check(url, reach)?;
    if WEBHOOK_URL_BYTES_MAX < url.as_str().len() {
        return Err(NotAllowed::TooLong);
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(NotAllowed::Decorated);
    }
    let port = url.port_or_known_default().unwrap_or(HTTPS_PORT);
    match reach == Reach::Public && port != HTTPS_PORT && port <= SERVICE_PORT_MAX {
        true => Err(NotAllowed::Port),
        false => Ok(url),
    }
}

/// The body, the same however often it is sent.
fn body(message: &Message<'_>) -> String {
    format!(
        r#"{{"type":"{}","timestamp":"{}","data":{}}}"#,
        message.kind.name(),
        instant(message.happened_at),
        message.data,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_is_looked_at_before_it_is_kept() {
        let long = format!("https://shop.example/{}", "a".repeat(WEBHOOK_URL_BYTES_MAX));
        for (url, why) in [
            ("http://shop.example/hook", Unreachable::NoTls.into()),
            ("file:///etc/passwd", Unreachable::NoAddress.into()),
            ("gopher://shop.example/", Unreachable::NoAddress.into()),
            ("shop.example/hook", Unreachable::NoAddress.into()),
            ("https://127.0.0.1/hook", Unreachable::Private.into()),
            ("https://[::1]/hook", Unreachable::Private.into()),
            ("https://10.1.2.3/", Unreachable::Private.into()),
            (
                "https://169.254.169.254/latest",
                Unreachable::Private.into(),
            ),
            ("https://2130706433/", Unreachable::Private.into()),
            ("https://localhost/hook", Unreachable::Private.into()),
            ("https://93.184.216.34:22/", NotAllowed::Port),
            ("https://93.184.216.34:80/", NotAllowed::Port),
            ("https://user@93.184.216.34/", NotAllowed::Decorated),
            ("https://:word@93.184.216.34/", NotAllowed::Decorated),
            ("https://93.184.216.34/#part", NotAllowed::Decorated),
            ("https://no-such-name.invalid/", NotAllowed::Unknown),
            (long.as_str(), NotAllowed::TooLong),
        ] {
            assert_eq!(look_at(url, Reach::Public).await, Err(why), "{url}");
        }
        for url in ["https://93.184.216.34/hook", "https://93.184.216.34:8443/"] {
            assert_eq!(look_at(url, Reach::Public).await, Ok(url.into()), "{url}");
        }
        let near = "http://127.0.0.1:9/";
        assert_eq!(look_at(near, Reach::Anywhere).await, Ok(near.into()));
    }

    #[tokio::test]
    async fn what_became_private_since_it_was_kept_is_not_sent_to() {
        let message = Message {
            id: "msg_1",
            kind: EventKind::Test,
            happened_at: DateTime::UNIX_EPOCH,
            data: "{}",
        };
        for url in ["https://localhost:1/hook", "https://127.0.0.1:8443/hook"] {
            let sent = Sender::default()
                .send(url, Reach::Public, &message, &[], DateTime::UNIX_EPOCH)
                .await;
            assert!(matches!(sent, Sent::Unanswered(_)), "{url}: {sent:?}");
        }
    }
}
