//! Posts on Bluesky, over the XRPC API of the account's own server.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::mastodon::answered;
use super::{NetworkError, Posted, ToPost};
use crate::payments::Reach;
use crate::payments::client::{Unreachable, check, client};

/// Where accounts are, unless the operator says otherwise.
pub const BASE: &str = "https://bsky.social";
/// The kind of record that a post is.
const COLLECTION: &str = "app.bsky.feed.post";
/// Digits of the keys of records, in the order in which they sort.
const SORTED: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
/// Digits of such a key.
const KEY_DIGITS: u32 = 13;
/// Bits of such a key that tell apart what was made in the same microsecond.
const CLOCK_BITS: u32 = 10;

/// An account.
#[derive(Clone)]
pub struct Bluesky {
    client: Client,
    base: Url,
    identifier: String,
    password: String,
}

impl std::fmt::Debug for Bluesky {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bluesky").field(&self.identifier).finish()
    }
}

/// Somebody who signed in.
#[derive(Deserialize)]
struct Session {
    did: String,
    #[serde(rename = "accessJwt")]
    token: String,
    handle: Option<String>,
}

/// A record that was made, or is there.
#[derive(Deserialize)]
struct Record {
    uri: String,
    cid: String,
}

impl Bluesky {
    /// An account, by its handle or e-mail address and an app password.
    ///
    /// # Errors
    ///
    /// [`Unreachable`] for an address that is not reached so.
    pub fn new(
        url: &str,
        identifier: String,
        password: String,
        reach: Reach,
        timeout: Duration,
    ) -> Result<Self, Unreachable> {
        Ok(Self {
            client: client(reach, timeout),
            base: check(url, reach)?,
            identifier,
            password,
        })
    }

    /// Posts. The record's key follows from the post, so what is posted twice is there once.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn post(&self, post: &ToPost<'_>) -> Result<Posted, NetworkError> {
        let session = self.session().await?;
        let key = record_key(post.id, post.made_at);
        let record = match self.found(&session, &key).await? {
            Some(record) => record,
            None => {
                let body = json!({
                    "repo": session.did,
                    "collection": COLLECTION,
                    "rkey": key,
                    "record": record(post),
                });
                self.create(&session, &body).await?
            }
        };
        let profile = session.handle.as_deref().unwrap_or(&session.did);
        Ok(Posted {
            url: Some(format!("https://bsky.app/profile/{profile}/post/{key}")),
            reference: record.uri,
            edition: Some(record.cid),
        })
    }

    /// Removes a post. One that is not there any more is removed.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn remove(&self, posted: &Posted) -> Result<(), NetworkError> {
        let session = self.session().await?;
        let key = posted.reference.rsplit('/').next().unwrap_or_default();
        let body = json!({"repo": session.did, "collection": COLLECTION, "rkey": key});
        let sent = self.ask(&session, "com.atproto.repo.deleteRecord", &body);
        answered(sent.await).await.map(drop)
    }

    async fn session(&self) -> Result<Session, NetworkError> {
        let body = json!({"identifier": self.identifier, "password": self.password});
        let url = self.at("com.atproto.server.createSession")?;
        let sent = self.client.post(url).json(&body).send().await;
        read(&answered(sent).await?)
    }

    /// The record of this key, if there is one: an attempt before may have made it.
    async fn found(&self, session: &Session, key: &str) -> Result<Option<Record>, NetworkError> {
        let mut url = self.at("com.atproto.repo.getRecord")?;
        url.query_pairs_mut()
            .append_pair("repo", &session.did)
            .append_pair("collection", COLLECTION)
            .append_pair("rkey", key);
        let sent = self
            .client
            .get(url)
            .bearer_auth(&session.token)
            .send()
            .await;
        match answered(sent).await {
            Ok(body) => read(&body).map(Some),
            // There is none: the lexicon's RecordNotFound.
            Err(NetworkError::Refused(why)) if why.starts_with("400") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, session: &Session, body: &Value) -> Result<Record, NetworkError> {
        let sent = self.ask(session, "com.atproto.repo.createRecord", body);
        read(&answered(sent.await).await?)
    }

    async fn ask(
        &self,
        session: &Session,
        method: &str,
        body: &Value,
    ) -> Result<Response, reqwest::Error> {
        let base = self.base.as_str().trim_end_matches('/');
        let url = format!("{base}/xrpc/{method}");
        let request = self.client.post(url).bearer_auth(&session.token);
        request.json(body).send().await
    }

    fn at(&self, method: &str) -> Result<Url, NetworkError> {
        let base = self.base.as_str().trim_end_matches('/');
        let url = format!("{base}/xrpc/{method}").parse();
        url.map_err(|_| NetworkError::Refused("the address of the account is none".into()))
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, NetworkError> {
    serde_json::from_slice(body)
        .map_err(|_| NetworkError::Later("the answer is not as the lexicon says".into()))
}

/// The record of a post: its text, where in it the link stands, and a card of the page that it leads to.
fn record(post: &ToPost<'_>) -> Value {
    let mut record = json!({
        "$type": COLLECTION,
        "text": post.text,
        "createdAt": post.made_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "langs": [post.language],
    });
    if let Some(link) = post.link {
        record["embed"] = json!({
            "$type": "app.bsky.embed.external",
            "external": {"uri": link, "title": post.title, "description": post.told},
        });
        // Places are counted in bytes of UTF-8.
        if let Some(start) = post.text.find(link) {
            record["facets"] = json!([{
                "index": {"byteStart": start, "byteEnd": start + link.len()},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": link}],
            }]);
        }
    }
    if let Some(before) = post.follows {
        let reference = json!({"uri": before.reference, "cid": before.edition});
        record["reply"] = json!({"root": reference, "parent": reference});
    }
    record
}

/// The key of a record (a TID): the microsecond in which it was made, and something of the post for what was made in the same.
fn record_key(id: &str, made_at: DateTime<Utc>) -> String {
    let digest = Sha256::digest(id);
    let apart = u64::from(u16::from_be_bytes([digest[0], digest[1]])) & ((1 << CLOCK_BITS) - 1);
    let micros = u64::try_from(made_at.timestamp_micros()).unwrap_or_default();
    let bits = (micros << CLOCK_BITS) | apart;
    let digits = (0..KEY_DIGITS).rev().map(|at| {
        let digit = usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default();
        char::from(SORTED[digit])
    });
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post<'a>(text: &'a str, link: Option<&'a str>) -> ToPost<'a> {
        ToPost {
            id: "P-1",
            text,
            language: "de",
            title: "Becher",
            told: "Auf Lager",
            link,
            follows: None,
            made_at: DateTime::from_timestamp(1_795_446_000, 0).expect("an instant"),
        }
    }

    #[test]
    fn the_place_of_a_link_is_counted_in_bytes() {
        let link = "https://ships.example/s/default/mug";
        let text = format!("Übrig \u{1F375} {link} da");
        let record = record(&post(&text, Some(link)));
        let index = &record["facets"][0]["index"];
        let at = |name: &str| index[name].as_u64().and_then(|at| usize::try_from(at).ok());
        let (start, end) = (at("byteStart").expect("it"), at("byteEnd").expect("it"));
        assert_eq!(&text.as_bytes()[start..end], link.as_bytes());
        assert_eq!(record["embed"]["external"]["uri"], link);
        assert_eq!(record["embed"]["external"]["title"], "Becher");
    }

    #[test]
    fn a_post_without_a_link_has_neither_card_nor_facet() {
        let record = record(&post("Becher", None));
        assert_eq!(record.get("embed"), None);
        assert_eq!(record.get("facets"), None);
        assert_eq!(record["createdAt"], "2026-11-23T15:00:00.000Z");
    }

    #[test]
    fn a_key_is_as_the_protocol_wants_it_and_the_same_each_time() {
        let at = DateTime::from_timestamp_micros(1_795_446_000_000_001).expect("an instant");
        let key = record_key("P-1", at);
        assert_eq!(key.len(), 13);
        assert!(key.bytes().all(|digit| SORTED.contains(&digit)), "{key}");
        assert!("234567abcdefghij".contains(&key[..1]), "the first bit is 0");
        assert_eq!(record_key("P-1", at), key);
        assert_ne!(record_key("P-2", at), key);
        let later = record_key("P-1", at + chrono::TimeDelta::microseconds(1));
        assert!(key < later, "keys sort by time");
    }
}
