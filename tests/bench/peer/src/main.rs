//! The least that a server can do: axum, a `HashMap`, and answers that are ready before they are asked for.
//!
//! ```sh
//! shipsby-bench-peer 127.0.0.1:9000 skus.txt one.json twenty.json
//! ```
//!
//! `/v1/availability?sku=` gives each SKU of `skus.txt` (one a line) a copy of `one.json` that is its own;
//! `/twenty` gives `twenty.json`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::{env, fs, io};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde::Deserialize;

const USAGE: &str = "usage: shipsby-bench-peer ADDRESS SKUS_FILE ONE_FILE TWENTY_FILE";

struct Answers {
    by_sku: HashMap<String, Bytes>,
    twenty: Bytes,
}

#[derive(Deserialize)]
struct Ask {
    sku: String,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().ok_or_else(|| io::Error::other(USAGE));
    let address = argument()?;
    let skus = fs::read_to_string(PathBuf::from(argument()?))?;
    let one = fs::read(argument()?)?;
    let twenty = fs::read(argument()?)?;

    // Memory of its own for each SKU, as any real server has: one shared body would never leave the processor's cache.
    let by_sku = skus
        .lines()
        .map(|sku| (sku.to_owned(), Bytes::copy_from_slice(&one)))
        .collect();
    let answers: &'static Answers = Box::leak(Box::new(Answers {
        by_sku,
        twenty: twenty.into(),
    }));

    let router = Router::new()
        .route("/v1/availability", get(one_sku))
        .route("/twenty", get(twenty_skus))
        .with_state(answers);
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await
}

async fn one_sku(State(answers): State<&'static Answers>, Query(ask): Query<Ask>) -> Response {
    match answers.by_sku.get(&ask.sku) {
        Some(body) => json(body),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn twenty_skus(State(answers): State<&'static Answers>) -> Response {
    json(&answers.twenty)
}

fn json(body: &Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.clone()).into_response()
}
