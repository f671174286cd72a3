//! `ships-by demo`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use server::app::{App, Parts};
use server::catalogue::Catalogue;
use server::changes::Changes;
use server::clock::Clock;
use server::connections::Connections;
use server::demo::backend::Backend;
use server::demo::mailbox;
use server::demo::products::{self, Product};
use server::demo::setup;
use server::demo::shop::{self, ShopConfig};
use server::demo::{OWNER_EMAIL, OWNER_PASSWORD};
use server::http::bundles::Bundles;
use server::http::front::Front;
use server::http::routes;
use server::http::server::{listen, serve, stop_on_signals};
use server::limits::Limits;
use server::metrics::Metrics;
use server::operations::load::load_all;
use server::operations::{errand_turns, send_webhooks, sweep, tell_offers, watch};
use server::store::{ServingLock, Store};
use tower::ServiceExt;

use super::log::{self, Log};

/// Where the demo listens: on this machine only, since everybody knows its keys.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How far from the day for which the demo's goods were dated they still show every state.
const DATED_FOR: TimeDelta = TimeDelta::days(3);

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port of the shop
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// The port of ShipsBy, another origin as in real life
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    api_port: u16,
    /// Forbids WebAssembly in the shop's pages, to see that they work without
    #[arg(long)]
    plain: bool,
    /// Starts the clock at this instant, such as 2026-11-25T21:59:00Z; it runs on from there
    #[arg(long, value_name = "INSTANT")]
    now: Option<DateTime<Utc>>,
    /// The database; by default demo.sqlite in ~/.local/share/shipsby
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Starts over: forgets what was changed in the demo's warehouse. Done by itself after three days, since the
    /// goods are dated for the day of the first start; but never to a file that you name
    #[arg(long)]
    fresh: bool,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let logging = log::begin(Log::Text)?;
    let stop = stop_on_signals()?;
    let path = match args.db.clone() {
        Some(path) => path,
        None => default_path()?,
    };
    let shop_listener = listen(SocketAddr::new(HERE, args.port))
        .await
        .context("the shop cannot be served (--port takes another one)")?;
    let api_listener = listen(SocketAddr::new(HERE, args.api_port))
        .await
        .context("ShipsBy cannot be served (--api-port takes another one)")?;
    let shop_port = shop_listener.local_addr()?.port();
    let api_port = api_listener.local_addr()?.port();

    let limits = Limits {
        rate_limited: false,
        demo_keys: true,
        ..Limits::default()
    };
    let products = products::read()?;
    let clock = args.now.map_or_else(Clock::system, Clock::starting_at);
    let mail = mailbox::folder(&path);
    let _alone = locked(&path)?;
    // Somebody's own file is never cleared without being told to, and whoever starts over is not told what is wrong with the old one.
    let starts_over = args.fresh
        || (args.db.is_none()
            && is_outdated(&path, clock.now())
                .await
                .context("the demo's database cannot be read; --fresh starts over")?);
    if starts_over {
        remove(&path)?;
        mailbox::clear(&mail).context("cannot empty the demo's mailbox")?;
    }
    let store = Store::open(&path).await?;
    let accounts = setup::accounts(api_port, shop_port, &mail);
    let connections = Connections::parse(&accounts, &clock).map_err(anyhow::Error::msg)?;
    let app = loaded(store.clone(), clock, limits.clone(), connections).await?;
    let is_new = filled(&app, &products, shop_port).await?;
    let watching = tokio::spawn(watch::watch(app.clone()));
    let sweeping = tokio::spawn(sweep::sweep(app.clone()));
    let doing = tokio::spawn(errand_turns::run(app.clone()));
    let telling = tokio::spawn(send_webhooks::run(app.clone()));
    let noting = tokio::spawn(tell_offers::keep_exposures(app.clone()));

    let front = Arc::new(routes::front(
        app.clone(),
        Bundles::built_in(),
        stop.clone(),
    ));
    let pages = shop::router(ShopConfig {
        api_origin: format!("http://127.0.0.1:{api_port}"),
        publishable_key: setup::PUBLISHABLE_KEY.into(),
        plain: args.plain,
        products,
        clock: app.clock.clone(),
        warehouse: Arc::new(Backend(app)),
        mail,
    });
    greet(shop_port, api_port, &path, is_new, &args);

    let api = Arc::clone(&front);
    let api = serve(
        api_listener,
        limits.clone(),
        stop.clone(),
        move |request, peer| api.answer(request, peer),
    );
    let shop = serve(shop_listener, limits, stop, move |request, peer| {
        let (front, pages) = (Arc::clone(&front), pages.clone());
        async move { either(&front, pages, request, peer).await }
    });
    tokio::join!(api, shop);
    watching.abort();
    sweeping.abort();
    doing.abort();
    telling.abort();
    noting.abort();
    store.close().await;
    logging.end().await;
    Ok(())
}

/// The shop's port answers for ShipsBy too, so that a first `curl` needs to know only one.
async fn either(
    front: &Arc<Front>,
    pages: Router,
    request: Request<Body>,
    peer: IpAddr,
) -> Response {
    const OURS: [&str; 9] = [
        "/o/",
        "/v1/",
        "/embed/",
        "/docs",
        "/dashboard",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
    ];
    let path = request.uri().path();
    if OURS.iter().any(|ours| path.starts_with(ours)) {
        return front.answer(request, peer).await;
    }
    match pages.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn default_path() -> anyhow::Result<PathBuf> {
    let data = match std::env::var_os("XDG_DATA_HOME") {
        Some(data) => PathBuf::from(data),
        None => {
            let home =
                std::env::home_dir().context("there is no home folder; name a file: --db FILE")?;
            home.join(".local/share")
        }
    };
    Ok(data.join("shipsby/demo.sqlite"))
}

/// True if the goods were dated for another time than `now`, when they stood in every state, or set up by a
/// demo that had other goods.
async fn is_outdated(path: &Path, now: DateTime<Utc>) -> anyhow::Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let store = Store::open(path).await?;
    let keys = store.keys(&setup::store()).await?;
    store.close().await;
    let filled = keys.iter().map(|key| key.created_at).min();
    Ok(filled.is_some_and(|filled| {
        DATED_FOR < (now - filled).abs() || !setup::is_of_this_edition(&keys)
    }))
}

fn locked(path: &Path) -> anyhow::Result<ServingLock> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    Ok(ServingLock::take(path)?)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn loaded(
    store: Store,
    clock: Clock,
    limits: Limits,
    connections: Connections,
) -> anyhow::Result<App> {
    let app = App::new(Parts {
        store,
        catalogue: Catalogue::default(),
        changes: Changes::default(),
        clock,
        limits,
        metrics: Metrics::default(),
        connections,
    });
    load_all(&app).await?;
    Ok(app)
}

async fn filled(app: &App, products: &[Product], shop_port: u16) -> anyhow::Result<bool> {
    let is_new = setup::fill(app, products)
        .await
        .context("cannot set up the demo's store; --fresh starts over")?;
    let origins = ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{shop_port}"));
    setup::open_to(app, &origins).await?;
    setup::let_owner_in(app).await?;
    Ok(is_new)
}

fn greet(shop_port: u16, api_port: u16, path: &Path, is_new: bool, args: &Args) {
    let state = if is_new {
        "set up just now, for the days around today"
    } else {
        "as you left it; --fresh starts over"
    };
    println!(
        "\
The demo shop is open. Stop it with Ctrl-C.

  The shop        http://127.0.0.1:{shop_port}
  Every state     http://127.0.0.1:{shop_port}/states
  Its mailbox     http://127.0.0.1:{shop_port}/mailbox
  Its bank        http://127.0.0.1:{shop_port}/bank
  ShipsBy itself  http://127.0.0.1:{api_port}  (described at http://127.0.0.1:{api_port}/docs)
  Its dashboard   http://127.0.0.1:{api_port}/dashboard  (sign in as {OWNER_EMAIL} with {OWNER_PASSWORD})
  Its database    {} ({state})

  Ask it          curl 'http://127.0.0.1:{api_port}/v1/availability?sku=cc-scarf&key={}'",
        path.display(),
        setup::PUBLISHABLE_KEY,
    );
    if let Some(now) = args.now {
        println!("  Its clock       began at {now}");
    }
    if args.plain {
        println!("  WebAssembly     forbidden in the shop's pages");
    }
    println!();
}
