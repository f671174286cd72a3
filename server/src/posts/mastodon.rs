//! Posts on Mastodon, over its HTTP API.

use std::time::Duration;

use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::json;

use super::{NetworkError, OTHER_ACCOUNT, Posted, ToPost};
use crate::payments::client::{Unreachable, check, client, failure, read};
use crate::payments::{ProviderError, Reach};

/// An account on a server.
#[derive(Clone)]
pub struct Mastodon {
    client: Client,
    base: Url,
    token: String,
    visibility: &'static str,
}

impl std::fmt::Debug for Mastodon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mastodon")
            .field(&self.base.as_str())
            .finish()
    }
}

/// What the server answers.
#[derive(Deserialize)]
struct Status {
    id: String,
    url: Option<String>,
}

/// What it answers where it refuses.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
    /// What Bluesky adds for people.
    #[serde(default)]
    message: String,
}

impl Mastodon {
    /// An account, by the token of an application with the scope `write:statuses`.
    ///
    /// # Errors
    ///
    /// [`Unreachable`] for an address that is not reached so.
    pub fn new(
        url: &str,
        token: String,
        visibility: &'static str,
        reach: Reach,
        timeout: Duration,
    ) -> Result<Self, Unreachable> {
        Ok(Self {
            client: client(reach, timeout),
            base: check(url, reach)?,
            token,
            visibility,
        })
    }

    /// Posts. What is posted twice under the same id within an hour is there once.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn post(&self, post: &ToPost<'_>) -> Result<Posted, NetworkError> {
        let body = json!({
            "status": post.text,
            "visibility": self.visibility,
            "language": post.language.split('-').next(),
            "in_reply_to_id": post.follows.map(|before| before.reference.as_str()),
        });
        let request = self
            .client
            .post(self.at("api/v1/statuses")?)
            .bearer_auth(&self.token)
            .header("idempotency-key", post.id)
            .json(&body);
        let body = answered(request.send().await).await?;
        let status: Status = serde_json::from_slice(&body)
            .map_err(|_| NetworkError::Unknown("the answer is no status".into()))?;
        Ok(Posted {
            reference: status.id,
            edition: None,
            url: status.url,
        })
    }

    /// Removes a post. One that is not there any more is removed.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn remove(&self, posted: &Posted) -> Result<(), NetworkError> {
        let path = format!("api/v1/statuses/{}", posted.reference);
        let request = self.client.delete(self.at(&path)?).bearer_auth(&self.token);
        match answered(request.send().await).await {
            Ok(_) => Ok(()),
            Err(NetworkError::Refused(why)) if why.starts_with("404") => self.is_gone(&path).await,
            Err(error) => Err(error),
        }
    }

    /// An account is told of a post of another that there is none: what everybody may see is there all the same.
    async fn is_gone(&self, path: &str) -> Result<(), NetworkError> {
        let sent = self.client.get(self.at(path)?).send().await;
        match answered(sent).await {
            Ok(_) => Err(NetworkError::Refused(OTHER_ACCOUNT.into())),
            Err(NetworkError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn at(&self, path: &str) -> Result<Url, NetworkError> {
        let base = self.base.as_str().trim_end_matches('/');
        let url = format!("{base}/{path}").parse();
        url.map_err(|_| NetworkError::Refused("the address of the account is none".into()))
    }
}

/// The body of an answer that says yes.
pub(super) async fn answered(
    sent: Result<Response, reqwest::Error>,
) -> Result<Vec<u8>, NetworkError> {
    let response = sent.map_err(|error| match failure(&error) {
        error @ ProviderError::Unreachable(_) => NetworkError::Later(error.to_string()),
        error => NetworkError::Unknown(error.to_string()),
    })?;
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let unknown = |error: ProviderError| NetworkError::Unknown(error.to_string());
    let (status, body) = read(response).await.map_err(unknown)?;
    let why = || {
        let said: Refusal = serde_json::from_slice(&body).unwrap_or_default();
        let words = [said.error, said.message];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{status} {}", words.join(": "))
    };
    match status {
        200..=299 => Ok(body),
        429 => Err(NetworkError::Busy(retry_after.unwrap_or(BUSY_S))),
        408 | 500..=599 => Err(NetworkError::Unknown(why())),
        _ => Err(NetworkError::Refused(why())),
    }
}

/// After how many seconds it is tried again where the network does not say.
const BUSY_S: u32 = 300;
