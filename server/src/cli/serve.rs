//! `ships-by serve`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use server::app::{App, Parts};
use server::catalogue::Catalogue;
use server::changes::Changes;
use server::clock::Clock;
use server::http::routes;
use server::http::server::{listen, serve, stop_on_signals};
use server::limits::{Limits, Network};
use server::metrics::Metrics;
use server::store::{Store, watch};

use super::log::{self, Log};

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The database; made if there is none
    #[arg(
        long,
        value_name = "FILE",
        env = "SHIPSBY_DB",
        default_value = "ships-by.sqlite"
    )]
    db: PathBuf,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How the log is written
    #[arg(long, value_enum, default_value_t)]
    log: Log,
    /// A proxy, or a network of proxies, whose X-Forwarded-For is believed; may be repeated
    #[arg(long, value_name = "NETWORK")]
    trusted_proxy: Vec<Network>,
    /// Answers however often somebody asks: for measuring, or behind a proxy that limits
    #[arg(long)]
    no_rate_limit: bool,
    /// Shoppers' requests in a second, for each key and address
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().requests_per_s)]
    requests_per_second: u32,
    /// Shoppers' requests at once, for each key and address
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().requests_burst)]
    requests_burst: u32,
    /// Open connections
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().connections)]
    connections: usize,
    /// Open connections from one address, other than this machine's
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().connections_per_address)]
    connections_per_address: usize,
    /// Open streams of one store
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().streams_per_store)]
    streams_per_store: usize,
    /// Open streams of one store to one address
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().streams_per_address)]
    streams_per_address: usize,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    log::begin(args.log);
    let stop = stop_on_signals()?;
    let store = Store::open(&args.db).await?;
    let _alone = store.lock_for_serving()?;
    let listener = listen(args.listen).await?;
    let catalogue = Catalogue::default();
    store
        .load_catalogue(&catalogue)
        .await
        .context("cannot load the facts")?;
    let limits = args.limits();
    let app = App::new(Parts {
        store: store.clone(),
        catalogue,
        changes: Changes::default(),
        clock: Clock::system(),
        limits: limits.clone(),
        metrics: Metrics::default(),
    });
    let watching = tokio::spawn(watch::watch(app.clone()));
    let front = Arc::new(routes::front(app, stop.clone()));
    let address = listener.local_addr()?;
    tracing::info!(%address, "Serving on http://{address}, described at http://{address}/docs");

    serve(listener, limits, stop, move |request, peer| {
        let front = Arc::clone(&front);
        async move { front.answer(request, peer).await }
    })
    .await;
    watching.abort();
    store.close().await;
    tracing::info!("Stopped");
    Ok(())
}

impl Args {
    fn limits(&self) -> Limits {
        Limits {
            rate_limited: !self.no_rate_limit,
            requests_per_s: self.requests_per_second,
            requests_burst: self.requests_burst,
            connections: self.connections,
            connections_per_address: self.connections_per_address,
            streams_per_store: self.streams_per_store,
            streams_per_address: self.streams_per_address,
            trusted_proxies: self.trusted_proxy.clone(),
            ..Limits::default()
        }
    }
}
