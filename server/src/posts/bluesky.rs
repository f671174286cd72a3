//! Posts on Bluesky, over the XRPC API of the account's own server.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::mastodon::answered;
use super::{NetworkError, OTHER_ACCOUNT, Posted, ToPost};
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

/// How links begin.
const SCHEMES: [&str; 2] = ["https://", "http://"];
/// What closes a sentence, or stands around a link, and is none of it.
const CLOSING: [char; 18] = [
    '.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '\u{2026}', '\u{bb}', '\u{201c}',
    '\u{201d}', '\u{3001}', '\u{3002}', '\u{300d}', '\u{ff01}',
];

/// How refusals begin that say that a session is over.
const OVER: [&str; 3] = ["400 ExpiredToken", "400 InvalidToken", "401"];

/// An account.
#[derive(Clone)]
pub struct Bluesky {
    client: Client,
    base: Url,
    identifier: String,
    password: String,
    door: Arc<Mutex<Door>>,
}

/// Whether somebody signed in, and if not what was said to the last who tried. A server lets an account sign in 30 times in five
/// minutes and 300 times a day, so whoever is in stays in.
#[derive(Default)]
struct Door {
    session: Option<Arc<Session>>,
    failure: Option<NetworkError>,
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
    /// What it says; of one that was just made nothing is told.
    #[serde(default)]
    value: Value,
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
            door: Arc::default(),
        })
    }

    /// Posts. The record's key follows from the post, so what is posted twice is there once.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn post(&self, post: &ToPost<'_>) -> Result<Posted, NetworkError> {
        let session = self.session().await?;
        match self.post_as(&session, post).await {
            Err(error) if is_over(&error) => {
                self.leave(&session).await;
                let session = self.session().await?;
                self.post_as(&session, post).await
            }
            done => done,
        }
    }

    /// The post, if it is there: an attempt whose answer was lost may have made it.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn standing(&self, post: &ToPost<'_>) -> Result<Option<Posted>, NetworkError> {
        let session = self.session().await?;
        let key = record_key(post.id, post.made_at);
        match self.found(&session, &key).await {
            Err(error) if is_over(&error) => {
                self.leave(&session).await;
                Err(NetworkError::Later(error.to_string()))
            }
            found => Ok(found?.map(|record| posted(&session, &key, record))),
        }
    }

    /// Removes a post. One that is not there any more is removed.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    pub async fn remove(&self, posted: &Posted) -> Result<(), NetworkError> {
        let session = self.session().await?;
        match self.remove_as(&session, posted).await {
            Err(error) if is_over(&error) => {
                self.leave(&session).await;
                let session = self.session().await?;
                self.remove_as(&session, posted).await
            }
            done => done,
        }
    }

    async fn post_as(&self, session: &Session, post: &ToPost<'_>) -> Result<Posted, NetworkError> {
        let key = record_key(post.id, post.made_at);
        let record = match self.found(session, &key).await? {
            Some(record) => record,
            None => {
                let reply = match post.follows {
                    Some(before) => self.below(session, before).await?,
                    None => None,
                };
                let body = json!({
                    "repo": session.did,
                    "collection": COLLECTION,
                    "rkey": key,
                    "record": record(post, reply),
                });
                let sent = self.ask(session, "com.atproto.repo.createRecord", &body);
                read(&answered(sent.await).await?)?
            }
        };
        Ok(posted(session, &key, record))
    }

    async fn remove_as(&self, session: &Session, posted: &Posted) -> Result<(), NetworkError> {
        // Of what is not there nothing is said when it is removed.
        let made_by = posted.reference.strip_prefix("at://");
        let made_by = made_by.and_then(|rest| rest.split('/').next());
        if made_by != Some(session.did.as_str()) {
            return Err(NetworkError::Refused(OTHER_ACCOUNT.into()));
        }
        let body = json!({"repo": session.did, "collection": COLLECTION, "rkey": key_of(posted)});
        let sent = self.ask(session, "com.atproto.repo.deleteRecord", &body);
        answered(sent.await).await.map(drop)
    }

    /// Whoever is signed in; signs in unless somebody is.
    async fn session(&self) -> Result<Arc<Session>, NetworkError> {
        let (mut door, has_waited) = match self.door.try_lock() {
            Ok(door) => (door, false),
            Err(_) => (self.door.lock().await, true),
        };
        if let Some(session) = &door.session {
            return Ok(session.clone());
        }
        // What was just said to somebody else is not asked again.
        if let Some(failure) = door.failure.clone().filter(|_| has_waited) {
            return Err(failure);
        }
        let signed_in = self.sign_in().await.map(Arc::new);
        door.session = signed_in.clone().ok();
        door.failure = signed_in.clone().err();
        signed_in
    }

    /// Leaves a session that is over, so that the next who comes signs in.
    async fn leave(&self, session: &Arc<Session>) {
        let mut door = self.door.lock().await;
        let is_it = |kept: &Arc<Session>| Arc::ptr_eq(kept, session);
        if door.session.as_ref().is_some_and(is_it) {
            *door = Door::default();
        }
    }

    async fn sign_in(&self) -> Result<Session, NetworkError> {
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
            Err(error) if is_over(&error) => Err(error),
            // There is none: the lexicon's RecordNotFound.
            Err(NetworkError::Refused(why)) if why.starts_with("400") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where what follows a post stands in its thread; `None`: the post is not there any more.
    async fn below(
        &self,
        session: &Session,
        before: &Posted,
    ) -> Result<Option<Value>, NetworkError> {
        let found = self.found(session, key_of(before)).await?;
        Ok(found.map(|record| {
            let parent = json!({"uri": record.uri, "cid": record.cid});
            // Everything in a thread names the post with which it begins, or is not shown in it.
            let root = record.value.pointer("/reply/root");
            json!({"root": root.unwrap_or(&parent), "parent": parent})
        }))
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
        .map_err(|_| NetworkError::Unknown("the answer is not as the lexicon says".into()))
}

/// True if nobody is signed in with what was shown.
fn is_over(error: &NetworkError) -> bool {
    let is_said = |why: &str| OVER.iter().any(|said| why.starts_with(said));
    matches!(error, NetworkError::Refused(why) if is_said(why))
}

fn posted(session: &Session, key: &str, record: Record) -> Posted {
    let profile = session.handle.as_deref().unwrap_or(&session.did);
    Posted {
        url: Some(format!("https://bsky.app/profile/{profile}/post/{key}")),
        reference: record.uri,
        edition: Some(record.cid),
    }
}

/// The key of the record that a post is.
fn key_of(posted: &Posted) -> &str {
    posted.reference.rsplit('/').next().unwrap_or_default()
}

/// The record of a post: its text, where in it the link stands, and a card of the page that it leads to.
fn record(post: &ToPost<'_>, reply: Option<Value>) -> Value {
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
    }
    let facets: Vec<Value> = links(post.text, post.link).map(facet).collect();
    if !facets.is_empty() {
        record["facets"] = Value::Array(facets);
    }
    if let Some(reply) = reply {
        record["reply"] = reply;
    }
    record
}

/// The links in a text, and where each begins, in bytes of UTF-8: Bluesky finds none by itself. `own` is one as it stands, whatever
/// follows it; others end before what closes a sentence.
fn links<'a>(text: &'a str, own: Option<&'a str>) -> impl Iterator<Item = (usize, &'a str)> {
    let begins = text.match_indices("http").map(|(start, _)| start);
    let mut end = 0;
    begins.filter_map(move |start| {
        // One may stand within another.
        let rest = text.get(start..).filter(|_| end <= start)?;
        let scheme = SCHEMES.iter().find(|scheme| rest.starts_with(**scheme))?;
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        let link = word.trim_end_matches(CLOSING);
        let link = match own {
            Some(own) if word.strip_prefix(own).is_some_and(is_closing) => own,
            _ => link,
        };
        end = start + link.len();
        (scheme.len() < link.len()).then_some((start, link))
    })
}

fn is_closing(rest: &str) -> bool {
    rest.trim_start_matches(CLOSING).is_empty()
}

fn facet((start, link): (usize, &str)) -> Value {
    json!({
        "index": {"byteStart": start, "byteEnd": start + link.len()},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": link}],
    })
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
        let record = record(&post(&text, Some(link)), None);
        let index = &record["facets"][0]["index"];
        let at = |name: &str| index[name].as_u64().and_then(|at| usize::try_from(at).ok());
        let (start, end) = (at("byteStart").expect("it"), at("byteEnd").expect("it"));
        assert_eq!(&text.as_bytes()[start..end], link.as_bytes());
        assert_eq!(record["embed"]["external"]["uri"], link);
        assert_eq!(record["embed"]["external"]["title"], "Becher");
    }

    #[test]
    fn every_link_of_a_text_is_one_and_nothing_beside_it() {
        let own = "https://ships.example/s/default/mug";
        let text = format!(
            "\u{1F375} ({own}), {own}-2. More: http://a.example/x?y=http://b\u{3002} https:// {own}"
        );
        let found: Vec<&str> = links(&text, Some(own)).map(|(_, link)| link).collect();
        let other = format!("{own}-2");
        assert_eq!(
            found,
            [own, other.as_str(), "http://a.example/x?y=http://b", own]
        );
        for (start, link) in links(&text, Some(own)) {
            assert_eq!(&text[start..start + link.len()], link);
        }
        let facets = record(&post(&text, Some(own)), None);
        assert_eq!(facets["facets"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn a_post_without_a_link_has_neither_card_nor_facet() {
        let record = record(&post("Becher", None), None);
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
