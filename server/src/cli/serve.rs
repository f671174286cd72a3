//! `ships-by serve`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use rand::TryRngCore;
use rand::rngs::OsRng;
use server::app::{App, Parts};
use server::catalogue::Catalogue;
use server::changes::Changes;
use server::clock::Clock;
use server::connections::Connections;
use server::http::bundles::Bundles;
use server::http::routes;
use server::http::server::{listen, serve, stop_on_signals};
use server::limits::{Limits, Network};
use server::metrics::Metrics;
use server::operations::members::setup_link;
use server::operations::{errand_turns, load, send_webhooks, sweep, tell_offers, watch};
use server::share::{Held, Share};
use server::store::{Address, ServingLock, Store, StoreError};
use shared::ids::StoreId;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::log::{self, Log};
use super::notify;

/// How long a server that starts waits for its stores before it answers for those that are here.
const LOADED_AT_ONCE: Duration = Duration::from_secs(1);

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The database: a file, made if there is none, or postgres://role:password@host/database, whose tables
    /// `ships-by migrate` makes
    #[arg(
        long,
        value_name = "FILE OR URL",
        env = "SHIPSBY_DB",
        hide_env_values = true,
        default_value = "ships-by.sqlite"
    )]
    db: Address,
    /// Where earlier versions of the widget are kept, for pages pinned to one; beside a database file unless
    /// said otherwise
    #[arg(long, value_name = "FOLDER")]
    widgets: Option<PathBuf>,
    /// Who takes the money and carries the mail of each store, as docs/accounts.md says. It holds secrets: let nobody else
    /// read it
    #[arg(long, value_name = "FILE", env = "SHIPSBY_ACCOUNTS")]
    accounts: Option<PathBuf>,
    /// The only stores that this server holds, with commas between; all unless given
    #[arg(long, value_name = "STORES", value_delimiter = ',')]
    stores: Vec<StoreId>,
    /// Which share of all stores this server holds, such as 2/5: how they are spread stands in docs/growing.md
    #[arg(long, value_name = "NUMBER/OF", conflicts_with = "stores")]
    share: Option<Share>,
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
    #[arg(long, help_heading = "Limits", value_name = "COUNT", default_value_t = Limits::default().requests_per_s)]
    requests_per_second: u32,
    /// Shoppers' requests at once, for each key and address
    #[arg(long, help_heading = "Limits", value_name = "COUNT", default_value_t = Limits::default().requests_burst)]
    requests_burst: u32,
    /// Open connections
    #[arg(long, help_heading = "Limits", value_name = "COUNT", default_value_t = Limits::default().connections)]
    connections: usize,
    /// Open connections from one address, other than this machine's
    #[arg(long, help_heading = "Limits", value_name = "COUNT", default_value_t = Limits::default().connections_per_address)]
    connections_per_address: usize,
    /// Seconds from connecting to a request's first byte
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "5")]
    first_byte: Duration,
    /// Seconds for a request's head
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    head: Duration,
    /// Seconds for a request's body
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "15")]
    body: Duration,
    /// Seconds for a file to import, and for importing it
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "600")]
    import: Duration,
    /// Seconds for making an answer
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    handler: Duration,
    /// Seconds for which a connection may be idle
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    idle: Duration,
    /// Seconds after which a stream is to come back, give or take a fifth
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "1200")]
    stream_life: Duration,
    /// Seconds for which shoppers are answered from memory, marked as stale, when the database cannot be reached
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    stale: Duration,
    /// Seconds from being asked to stop until no more is accepted. Meanwhile /readyz says that the server is not
    /// ready, so that a load balancer in front sends its requests elsewhere
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "0")]
    leave: Duration,
    /// Seconds for everything to end when the server stops
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", value_parser = seconds, default_value = "8")]
    stop: Duration,
    /// Open streams of one store
    #[arg(long, help_heading = "Limits", value_name = "COUNT", default_value_t = Limits::default().streams_per_store)]
    streams_per_store: usize,
    /// Open streams of one store to one address
    #[arg(long, help_heading = "Limits", value_name = "COUNT", default_value_t = Limits::default().streams_per_address)]
    streams_per_address: usize,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let logging = log::begin(args.log)?;
    let asked_to_stop = stop_on_signals()?;
    let stop = CancellationToken::new();
    let _alone = match &args.db {
        Address::File(path) => Some(ServingLock::take(path)?),
        Address::Postgres(_) => None,
    };
    let store = Store::open_at(&args.db).await?;
    let listener = listen(args.listen).await?;
    let catalogue = Catalogue::of(args.held());
    let limits = args.limits();
    let clock = Clock::system();
    let connections = match &args.accounts {
        Some(file) => Connections::read(file, &clock)?,
        None => Connections::default(),
    };
    let app = App::new(Parts {
        store: store.clone(),
        catalogue,
        changes: Changes::default(),
        clock,
        limits: limits.clone(),
        metrics: Metrics::default(),
        connections,
    });
    let leave = leave(
        asked_to_stop,
        Arc::clone(&app.leaving),
        args.leave,
        stop.clone(),
    );
    drop(tokio::spawn(leave));
    let stores = load::begin(&app).await.context("cannot load the keys")?;
    let mut loading = {
        let app = app.clone();
        tokio::spawn(async move { load::load(&app, stores).await })
    };
    // Most shops are here at once: then nobody is told to come back. Whoever connects meanwhile waits.
    let loading = match tokio::time::timeout(LOADED_AT_ONCE, &mut loading).await {
        Ok(loaded) => {
            loaded?.context("cannot load the facts")?;
            None
        }
        Err(_) => Some(loading),
    };
    let watching = tokio::spawn(watch::watch(app.clone()));
    let relay = store.clone();
    let telling = tokio::spawn(async move { relay.relay_commits().await });
    let sweeping = tokio::spawn(sweep::sweep(app.clone()));
    let doing = tokio::spawn(errand_turns::run(app.clone()));
    let sending = tokio::spawn(send_webhooks::run(app.clone()));
    let noting = tokio::spawn(tell_offers::keep_exposures(app.clone()));
    let noted = app.clone();
    let front = Arc::new(routes::front(app.clone(), bundles(&args), stop.clone()));
    let address = listener.local_addr()?;
    tracing::info!(%address, "Serving on http://{address}, described at http://{address}/docs");
    notify::ready();
    invite(&app, address).await;

    let served = serve(listener, limits, stop, move |request, peer| {
        front.answer(request, peer)
    });
    tokio::select! {
        () = served => {}
        error = failed(loading) => return Err(error.context("cannot load the facts")),
    }
    watching.abort();
    telling.abort();
    sweeping.abort();
    doing.abort();
    sending.abort();
    noting.abort();
    tell_offers::keep_waiting(&noted).await;
    store.close().await;
    tracing::info!("Stopped");
    logging.end().await;
    Ok(())
}

/// Prints the link with which the first owner is made, while nobody can sign in.
async fn invite(app: &App, address: SocketAddr) {
    let mut token = [0; 32];
    if let Err(error) = OsRng.try_fill_bytes(&mut token) {
        tracing::error!(%error, "Cannot draw random bytes: {error}");
        return;
    }
    match setup_link(app, token).await {
        Ok(None) => {}
        Ok(Some(token)) => {
            let page = app.connections.link("/dashboard");
            let page = page.unwrap_or_else(|| {
                let host = match address.ip().is_unspecified() {
                    true => format!("127.0.0.1:{}", address.port()),
                    false => address.to_string(),
                };
                format!("http://{host}/dashboard")
            });
            println!("Nobody can sign in yet. Make the first owner: {page}#setup={token}");
        }
        Err(error) => {
            tracing::error!(%error, "Cannot make a link for the first owner: {error}");
        }
    }
}

/// Says that the server is about to leave when it is asked to stop, and stops it a while later.
async fn leave(
    asked: CancellationToken,
    leaving: Arc<AtomicBool>,
    after: Duration,
    stop: CancellationToken,
) {
    asked.cancelled().await;
    notify::stopping();
    leaving.store(true, Ordering::Release);
    if !after.is_zero() {
        tracing::info!("Leaving in {} s", after.as_secs());
        tokio::time::sleep(after).await;
    }
    stop.cancel();
}

/// Waits for a failure to load; for ever if there is none.
async fn failed(loading: Option<JoinHandle<Result<(), StoreError>>>) -> anyhow::Error {
    let Some(loading) = loading else {
        return std::future::pending().await;
    };
    match loading.await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => error.into(),
        Err(error) => error.into(),
    }
}

/// The widget's files, with those of earlier versions from their folder.
fn bundles(args: &Args) -> Bundles {
    let folder = match (&args.widgets, &args.db) {
        (Some(folder), _) => folder.clone(),
        (None, Address::File(db)) => {
            let mut folder = db.as_os_str().to_owned();
            folder.push(".widget");
            folder.into()
        }
        (None, Address::Postgres(_)) => return Bundles::built_in(),
    };
    Bundles::kept_in(&folder).unwrap_or_else(|error| {
        let folder = folder.display();
        tracing::warn!(%error, "Pages pinned to an earlier widget get none: cannot use the folder {folder}: {error}");
        Bundles::built_in()
    })
}

fn seconds(raw: &str) -> Result<Duration, std::num::ParseIntError> {
    raw.parse().map(Duration::from_secs)
}

impl Args {
    fn held(&self) -> Held {
        match (&self.share, self.stores.as_slice()) {
            (Some(share), _) => Held::Share(*share),
            (None, []) => Held::All,
            (None, stores) => Held::Named(stores.iter().cloned().collect()),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            rate_limited: !self.no_rate_limit,
            requests_per_s: self.requests_per_second,
            requests_burst: self.requests_burst,
            connections: self.connections,
            connections_per_address: self.connections_per_address,
            streams_per_store: self.streams_per_store,
            streams_per_address: self.streams_per_address,
            first_byte: self.first_byte,
            head: self.head,
            body: self.body,
            import: self.import,
            handler: self.handler,
            idle: self.idle,
            stream_life: self.stream_life,
            stale: self.stale,
            stop: self.stop,
            trusted_proxies: self.trusted_proxy.clone(),
            ..Limits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn without_options_the_limits_are_the_defaults() {
        let command = Command::parse_from(["serve"]);
        assert_eq!(command.args.limits(), Limits::default());
    }
}
