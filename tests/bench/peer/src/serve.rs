//! The least that a server can do: axum, a `HashMap`, and answers that are ready before they are asked for.
//!
//! `/v1/availability?sku=` gives each SKU of the first file (one a line) a copy of the second file that is its own;
//! `/several?sku=&sku=` joins copies of the third file. `/v1/stream` sends what `POST /change` is given to all who listen.

use std::collections::HashMap;
use std::convert::Infallible;
use std::{fs, io};

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::sync::broadcast;

use crate::Arguments;

/// Changes that a listener may be behind by.
const BEHIND_MAX: usize = 1024;

struct Answers {
    by_sku: HashMap<String, Bytes>,
    items: HashMap<String, Bytes>,
    changes: broadcast::Sender<String>,
}

#[derive(Deserialize)]
struct Ask {
    sku: String,
}

/// Serves until it is ended.
pub async fn run(mut arguments: Arguments) -> io::Result<()> {
    let address = arguments.text()?;
    let skus = fs::read_to_string(arguments.text()?)?;
    let one = fs::read(arguments.text()?)?;
    let item = fs::read(arguments.text()?)?;

    // Memory of its own for each SKU, as any real server has: one shared body would never leave the processor's cache.
    let copies = |body: &[u8]| {
        skus.lines()
            .map(|sku| (sku.to_owned(), Bytes::copy_from_slice(body)))
            .collect()
    };
    let answers: &'static Answers = Box::leak(Box::new(Answers {
        by_sku: copies(&one),
        items: copies(&item),
        changes: broadcast::Sender::new(BEHIND_MAX),
    }));

    let router = Router::new()
        .route("/v1/availability", get(one_sku))
        .route("/several", get(several_skus))
        .route("/v1/stream", get(listen))
        .route("/change", post(change))
        .with_state(answers);
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await
}

async fn one_sku(State(answers): State<&'static Answers>, Query(ask): Query<Ask>) -> Response {
    match answers.by_sku.get(&ask.sku) {
        Some(body) => json(body.clone()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn several_skus(
    State(answers): State<&'static Answers>,
    RawQuery(query): RawQuery,
) -> Response {
    let mut body = Vec::with_capacity(8 * 1024);
    body.extend_from_slice(b"{\"items\":[");
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name != "sku" {
            continue;
        }
        let Some(item) = answers.items.get(value.as_ref()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        body.extend_from_slice(item);
        body.push(b',');
    }
    body.pop();
    body.extend_from_slice(b"]}");
    json(body.into())
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn listen(
    State(answers): State<&'static Answers>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = Event::default().event("availability").data("{}");
    let changes = stream::unfold(
        (Some(first), answers.changes.subscribe()),
        |(first, mut changes)| async move {
            let event = match first {
                Some(first) => first,
                None => Event::default()
                    .event("availability")
                    .data(changes.recv().await.ok()?),
            };
            Some((Ok(event), (None, changes)))
        },
    );
    Sse::new(changes).keep_alive(KeepAlive::default())
}

async fn change(State(answers): State<&'static Answers>, body: String) -> StatusCode {
    // An error only says that nobody listens.
    let _ = answers.changes.send(body);
    StatusCode::NO_CONTENT
}
