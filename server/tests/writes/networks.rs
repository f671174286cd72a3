//! Two networks that posts are sent to, on this machine: a server of Mastodon and a server of Bluesky's, as far as their documents say and
//! a shop needs them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use chrono::DateTime;
use serde_json::{Value, json};

pub const TOKEN: &str = "mastodon-token";
pub const PASSWORD: &str = "abcd-efgh-ijkl-mnop";
const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
/// How tokens of whoever signed in begin.
const JWT: &str = "access-jwt";

/// What is on a network.
#[derive(Default)]
struct Posts {
    /// What is there, by its name: the record, or the status.
    there: HashMap<String, Value>,
    /// Every post that was ever made, in order.
    made: Vec<Value>,
    /// Statuses by the key that names the request.
    by_key: HashMap<String, String>,
    /// What is answered to the next posts instead, and whether they are made all the same.
    next: VecDeque<(u16, bool)>,
    /// What is answered to the next removals instead.
    next_removals: VecDeque<u16>,
    /// Whether whoever signs in is somebody else than before.
    is_other_account: bool,
    /// Whether it has no time for anybody.
    is_away: bool,
    /// How often somebody signed in; the last one is in.
    sign_ins: usize,
    /// Whether even that is over.
    is_over: bool,
}

/// A network.
#[derive(Clone, Default)]
pub struct Network {
    posts: Arc<Mutex<Posts>>,
    pub port: u16,
}

impl Network {
    pub async fn mastodon() -> Self {
        let routes = Router::new()
            .route("/api/v1/statuses", post(post_status))
            .route(
                "/api/v1/statuses/{id}",
                delete(delete_status).get(get_status),
            );
        Self::serving(routes).await
    }

    pub async fn bluesky() -> Self {
        let routes = Router::new()
            .route("/xrpc/com.atproto.server.createSession", post(sign_in))
            .route("/xrpc/com.atproto.repo.createRecord", post(create_record))
            .route("/xrpc/com.atproto.repo.getRecord", get(get_record))
            .route("/xrpc/com.atproto.repo.deleteRecord", post(delete_record));
        Self::serving(routes).await
    }

    async fn serving(routes: Router<Self>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let network = Self {
            port: listener.local_addr().expect("an address").port(),
            ..Self::default()
        };
        let open = axum::middleware::from_fn_with_state(network.clone(), unless_away);
        let router = routes.layer(open).with_state(network.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        network
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The next post is answered so; `is_made`: after it was made.
    pub fn next(&self, status: u16, is_made: bool) {
        let mut posts = self.posts.lock().expect("posts");
        posts.next.push_back((status, is_made));
    }

    /// The next removal is refused so.
    pub fn next_removal(&self, status: u16) {
        let mut posts = self.posts.lock().expect("posts");
        posts.next_removals.push_back(status);
    }

    /// Whoever signs in is somebody else than before, or again the same.
    pub fn is_other_account(&self, is_other: bool) {
        let mut posts = self.posts.lock().expect("posts");
        (posts.is_other_account, posts.is_over) = (is_other, true);
    }

    /// As after an hour: what is asked again is made again.
    pub fn forget_keys(&self) {
        self.posts.lock().expect("posts").by_key.clear();
    }

    /// It has time for nobody, or again for everybody.
    pub fn is_away(&self, is_away: bool) {
        self.posts.lock().expect("posts").is_away = is_away;
    }

    /// Every post that was ever made.
    pub fn made(&self) -> Vec<Value> {
        self.posts.lock().expect("posts").made.clone()
    }

    /// How often somebody signed in.
    pub fn sign_ins(&self) -> usize {
        self.posts.lock().expect("posts").sign_ins
    }

    /// Whoever is signed in is so no more.
    pub fn expire(&self) {
        self.posts.lock().expect("posts").is_over = true;
    }

    /// How many are there now.
    pub fn there(&self) -> usize {
        self.posts.lock().expect("posts").there.len()
    }
}

fn is_by(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get("authorization");
    shown.is_some_and(|shown| shown == format!("Bearer {token}").as_str())
}

fn failed(status: u16, error: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, axum::Json(json!({"error": error}))).into_response()
}

async fn unless_away(State(network): State<Network>, request: Request, next: Next) -> Response {
    let is_away = network.posts.lock().expect("posts").is_away;
    match is_away {
        true => failed(502, "away"),
        false => next.run(request).await,
    }
}

fn read(body: &Bytes) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

async fn post_status(State(network): State<Network>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_by(&headers, TOKEN) {
        return failed(401, "The access token is invalid");
    }
    let body = read(&body);
    let text = body["status"].as_str().unwrap_or_default();
    if text.is_empty() || 500 < text.chars().count() {
        return failed(422, "Validation failed: Text can't be blank");
    }
    let language = body["language"].as_str().unwrap_or_default();
    assert_eq!(language.len(), 2, "ISO 639-1");
    let mut posts = network.posts.lock().expect("posts");
    let next = posts.next.pop_front();
    if let Some((status, false)) = next {
        return failed(status, "not now");
    }
    let key = headers.get("idempotency-key").expect("a key");
    let key = key.to_str().expect("text").to_owned();
    let known = posts.by_key.get(&key).cloned();
    let id = known.unwrap_or_else(|| {
        let id = (posts.made.len() + 101).to_string();
        let mut made = body.clone();
        made["id"] = id.clone().into();
        posts.made.push(made.clone());
        posts.there.insert(id.clone(), made);
        posts.by_key.insert(key, id.clone());
        id
    });
    match next {
        Some((status, _)) => failed(status, "lost"),
        None => {
            let url = format!("https://social.example/@shop/{id}");
            axum::Json(json!({"id": id, "url": url, "content": text})).into_response()
        }
    }
}

async fn delete_status(
    State(network): State<Network>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !is_by(&headers, TOKEN) {
        return failed(401, "The access token is invalid");
    }
    let mut posts = network.posts.lock().expect("posts");
    if let Some(status) = posts.next_removals.pop_front() {
        return failed(status, "not so");
    }
    match posts.there.remove(&id) {
        Some(status) => axum::Json(status).into_response(),
        None => failed(404, "Record not found"),
    }
}

/// What is public is there for everybody.
async fn get_status(State(network): State<Network>, Path(id): Path<String>) -> Response {
    match network.posts.lock().expect("posts").there.get(&id) {
        Some(status) => axum::Json(status.clone()).into_response(),
        None => failed(404, "Record not found"),
    }
}

/// A refusal as a PDS words it.
fn refused(status: u16, error: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let body = json!({"error": error, "message": message});
    (status, axum::Json(body)).into_response()
}

async fn sign_in(State(network): State<Network>, body: Bytes) -> Response {
    let body = read(&body);
    if body != json!({"identifier": "shop.example", "password": PASSWORD}) {
        let message = "Invalid identifier or password";
        return refused(401, "AuthenticationRequired", message);
    }
    let mut posts = network.posts.lock().expect("posts");
    posts.sign_ins += 1;
    posts.is_over = false;
    let token = format!("{JWT}-{}", posts.sign_ins);
    let did = match posts.is_other_account {
        true => "did:plc:somebodyelsewhoisnotyou2",
        false => DID,
    };
    axum::Json(json!({"did": did, "handle": "shop.example", "accessJwt": token, "refreshJwt": "r"}))
        .into_response()
}

/// What is said to whoever is not signed in.
fn stranger(posts: &Posts, headers: &HeaderMap) -> Option<Response> {
    if posts.is_over {
        return Some(refused(400, "ExpiredToken", "Token has expired"));
    }
    let is_in = is_by(headers, &format!("{JWT}-{}", posts.sign_ins));
    (!is_in).then(|| refused(400, "InvalidToken", "Token could not be verified"))
}

/// What the lexicons of `createRecord` and `app.bsky.feed.post` ask for.
fn fault(body: &Value) -> Option<&'static str> {
    let record = &body["record"];
    let text = record["text"].as_str()?;
    let key = body["rkey"].as_str()?;
    let digits = |byte: u8| matches!(byte, b'2'..=b'7' | b'a'..=b'z');
    let created = record["createdAt"].as_str()?;
    let is_link = |facet: &Value| {
        let at = |name: &str| {
            let at = facet["index"][name].as_u64()?;
            usize::try_from(at).ok()
        };
        let link = facet["features"][0]["uri"].as_str();
        let bytes = at("byteStart").zip(at("byteEnd"));
        let bytes = bytes.and_then(|(start, end)| text.as_bytes().get(start..end));
        link.is_some() && bytes == link.map(str::as_bytes)
    };
    let facets = record["facets"].as_array();
    let embed = &record["embed"];
    let external = &embed["external"];
    let is_whole = ["uri", "title", "description"]
        .iter()
        .all(|name| external[name].is_string());
    if body["repo"] != DID || body["collection"] != "app.bsky.feed.post" {
        Some("repo or collection")
    } else if record["$type"] != "app.bsky.feed.post" {
        Some("$type")
    } else if 300 < text.chars().count() || 3_000 < text.len() {
        Some("text too long")
    } else if key.len() != 13 || !key.bytes().all(digits) {
        Some("rkey is no TID")
    } else if DateTime::parse_from_rfc3339(created).is_err() {
        Some("createdAt")
    } else if facets.is_some_and(|facets| !facets.iter().all(is_link)) {
        Some("facets")
    } else if !embed.is_null() && (embed["$type"] != "app.bsky.embed.external" || !is_whole) {
        Some("embed")
    } else {
        None
    }
}

async fn create_record(
    State(network): State<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = read(&body);
    let mut posts = network.posts.lock().expect("posts");
    if let Some(refusal) = stranger(&posts, &headers) {
        return refusal;
    }
    if let Some(fault) = fault(&body) {
        return refused(400, "InvalidRequest", fault);
    }
    let next = posts.next.pop_front();
    if let Some((status, false)) = next {
        return refused(status, "InvalidRequest", "not now");
    }
    let key = body["rkey"].as_str().expect("a key").to_owned();
    if posts.there.contains_key(&key) {
        return refused(500, "InternalServerError", "Internal Server Error");
    }
    posts.made.push(body["record"].clone());
    posts.there.insert(key.clone(), body["record"].clone());
    match next {
        Some((status, _)) => refused(status, "InternalServerError", "lost"),
        None => axum::Json(named(&key)).into_response(),
    }
}

fn named(key: &str) -> Value {
    json!({"uri": format!("at://{DID}/app.bsky.feed.post/{key}"), "cid": format!("bafy{key}")})
}

async fn get_record(
    State(network): State<Network>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let posts = network.posts.lock().expect("posts");
    let found = posts.there.get(&query["rkey"]);
    match found.filter(|_| query["repo"] == DID) {
        Some(record) => {
            let mut found = named(&query["rkey"]);
            found["value"] = record.clone();
            axum::Json(found).into_response()
        }
        None => refused(400, "RecordNotFound", "Could not locate record"),
    }
}

async fn delete_record(
    State(network): State<Network>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = read(&body);
    let key = body["rkey"].as_str().expect("a key");
    let mut posts = network.posts.lock().expect("posts");
    if let Some(refusal) = stranger(&posts, &headers) {
        return refusal;
    }
    if let Some(status) = posts.next_removals.pop_front() {
        return refused(status, "InvalidRequest", "not so");
    }
    // What another account asks for is none of its records.
    if body["repo"] == DID {
        posts.there.remove(key);
    }
    axum::Json(json!({})).into_response()
}
