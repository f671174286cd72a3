//! What the server is measured against, and what asks it in ways that `wrk` cannot.
//!
//! ```sh
//! shipsby-bench-peer serve 127.0.0.1:9000 skus.txt one.json item.json
//! shipsby-bench-peer pace 127.0.0.1:9000 paths.txt CONNECTIONS REQUESTS_PER_S SECONDS
//! shipsby-bench-peer streams 127.0.0.1:9000 /v1/stream?... CONNECTIONS ROUNDS change.txt
//! ```

use std::{env, io};

mod pace;
mod replies;
mod serve;
mod streams;

const USAGE: &str = "usage: shipsby-bench-peer serve|pace|streams ... (see src/main.rs)";

/// The words after the command.
pub struct Arguments(std::iter::Skip<env::Args>);

impl Arguments {
    /// The next of them.
    pub fn text(&mut self) -> io::Result<String> {
        self.0.next().ok_or_else(|| io::Error::other(USAGE))
    }

    /// The next of them, as a number.
    pub fn number<T: std::str::FromStr>(&mut self) -> io::Result<T> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| io::Error::other(format!("`{text}` is no such number\n{USAGE}")))
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = Arguments(env::args().skip(1));
    match arguments.text()?.as_str() {
        "serve" => serve::run(arguments).await,
        "pace" => pace::run(arguments).await,
        "streams" => streams::run(arguments).await,
        _ => Err(io::Error::other(USAGE)),
    }
}
