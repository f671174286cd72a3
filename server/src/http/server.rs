//! Connections: accepted, bounded in number and time, ended in good order.
//!
//! `axum::serve` bounds neither the time for a request's head nor the number of connections, and
//! waits for open streams when it stops. So the loop is our own.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::Version;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::direct::{self, Beginning};
use super::pace::{Pace, Paced};
use crate::limits::{
    HEAD_BUFFER_BYTES_MAX, HTTP2_PING_EVERY, HTTP2_STREAMS_MAX, Limits, WAITING_BYTES_MAX,
};

/// How long to wait when the system has no more files to open.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Serves `answer` on `listener` until `stop`, and then lets what is under way end, for as long as
/// the limits say.
pub async fn serve<A, F>(listener: TcpListener, limits: Limits, stop: CancellationToken, answer: A)
where
    A: Fn(Request, IpAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let connections = Connections::default();
    let shared = Arc::new(Shared {
        builder: builder(),
        limits,
        stop,
        answer,
    });
    let (limits, stop) = (&shared.limits, &shared.stop);
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "Could not accept a connection");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        // A refused connection is closed at once: an answer would cost what the limit saves.
        let Some(place) = connections.place(peer, limits) else {
            continue;
        };
        open.spawn(begin(stream, peer, place, Arc::clone(&shared)));
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(limits.stop, open.wait())
        .await
        .is_err()
    {
        let left = open.len();
        tracing::warn!(left, "Stopped with {left} connections still open");
    }
}

/// What all connections share.
struct Shared<A> {
    builder: Builder<TokioExecutor>,
    limits: Limits,
    stop: CancellationToken,
    answer: A,
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The time for a head is kept by `Paced`, which also knows of idleness.
        .header_read_timeout(None)
        // What is a little too large is refused in words; hyper itself refuses what does not fit into the buffer.
        .max_buf_size(HEAD_BUFFER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BUFFER_BYTES_MAX).unwrap_or(u32::MAX))
        .max_send_buf_size(WAITING_BYTES_MAX)
        .keep_alive_interval(HTTP2_PING_EVERY)
        .keep_alive_timeout(HTTP2_PING_EVERY);
    builder
}

/// Looks at what a connection wants. Kept small: a server holds thousands of streams, each with a task like this.
async fn begin<A, F>(stream: TcpStream, peer: SocketAddr, place: Place, shared: Arc<Shared<A>>)
where
    A: Fn(Request, IpAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "Could not turn off Nagle's algorithm");
    }
    let beginning = tokio::select! {
        beginning = direct::beginning(&stream, &shared.limits) => beginning,
        () = shared.stop.cancelled() => return,
    };
    match beginning {
        Ok(Beginning::Stream(request, bytes)) => {
            let answered = (shared.answer)(*request, peer.ip());
            if let Err(error) = direct::serve(stream, bytes, answered, &shared.limits).await {
                tracing::debug!(%error, "A stream ended early");
            }
        }
        Ok(Beginning::Other) => Box::pin(connection(stream, peer, shared)).await,
        Ok(Beginning::Nothing) => {}
        Err(error) => tracing::debug!(%error, "A connection ended early"),
    }
    drop(place);
}

async fn connection<A, F>(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared<A>>)
where
    A: Fn(Request, IpAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let Shared {
        builder,
        limits,
        stop,
        answer,
    } = &*shared;
    let pace = Arc::new(Pace::default());
    let paced = Paced::new(stream, Arc::clone(&pace), limits);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let busy = pace.begin(request.version() == Version::HTTP_2);
        let request = request.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            false => Body::new(body),
        });
        let answered = answer(request, peer.ip());
        async move {
            let response = answered.await;
            // What comes bit by bit keeps the connection busy until its end.
            Ok::<_, Infallible>(match response.body().size_hint().exact() {
                Some(_) => response,
                None => response.map(|body| {
                    Body::new(body.map_frame(move |frame| {
                        let _busy = &busy;
                        frame
                    }))
                }),
            })
        }
    });
    let mut served = pin!(builder.serve_connection(TokioIo::new(paced), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "A connection ended early");
    }
}

/// Open connections, by address.
#[derive(Clone, Default)]
struct Connections(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one connection. Given back when dropped.
struct Place {
    connections: Connections,
    address: Option<IpAddr>,
}

impl Connections {
    fn place(&self, peer: SocketAddr, limits: &Limits) -> Option<Place> {
        let address = peer.ip().to_canonical();
        // Proxies bring many shoppers. One on this machine is believed: the network cannot pretend to be it.
        let is_proxy = address.is_loopback()
            || limits
                .trusted_proxies
                .iter()
                .any(|proxies| proxies.contains(address));
        let address = (!is_proxy).then(|| super::auth::counted_as(address));
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limits.connections <= counts.all {
            return None;
        }
        if let Some(address) = address {
            let here = counts.by_address.entry(address).or_default();
            if limits.connections_per_address <= *here {
                return None;
            }
            *here += 1;
        }
        counts.all += 1;
        Some(Place {
            connections: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let counts = &self.connections.0;
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        let Some(address) = self.address else {
            return;
        };
        if let Some(here) = counts.by_address.get_mut(&address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

/// Listens where it is told to.
///
/// # Errors
///
/// Says what to do where somebody else listens there already.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let port = address.port();
        match error.kind() {
            io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "port {port} is in use: stop what listens there (`ss -ltnp 'sport = :{port}'` names it), or choose another port"
            ),
            io::ErrorKind::PermissionDenied => anyhow::anyhow!(
                "port {port} needs rights that you do not have: choose one above 1023"
            ),
            _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
        }
    })
}

/// A token that is cancelled when the process is asked to stop, by SIGTERM or Ctrl-C.
///
/// # Errors
///
/// Where the system does not let us listen for signals.
pub fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("Stopping: what is under way may end");
        stopping.cancel();
        // Whoever asks twice means it.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
    Ok(stop)
}
