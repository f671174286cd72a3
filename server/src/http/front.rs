//! What every request goes through before and after its route: limits, keys, headers, counting.
//!
//! One plain function instead of a tower of layers: it reads from the top, and costs no box per
//! layer and request.

use std::future::{Ready, ready};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::Either;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use shared::ids::StoreId;
use tokio::time::Instant;
use tower::ServiceExt;
use tracing::{Instrument, Span};

use super::auth::{self, Publishable};
use super::routes::RouteNames;
use super::session::Peer;
use super::web::Web;
use super::{availability, deadline};
use crate::connections::Connections;
use crate::error::Problem;
use crate::freshness::Worth;
use crate::hex;
use crate::limits::{
    HEAD_BYTES_MAX, HEADERS_MAX, RATE_FORGET_EVERY, REQUEST_ID_BYTES_MAX, URL_BYTES_MAX,
};
use crate::metrics::Tally;

/// The way in. One for each server.
pub struct Front {
    web: Web,
    router: Router,
    names: RouteNames,
    rates: Option<DefaultKeyedRateLimiter<Counted>>,
    /// Answers about availability: most of all.
    availability: Tally,
}

/// An answer that is there already, or that somebody has to wait for.
pub type Answering = Either<Ready<Response>, Pin<Box<dyn Future<Output = Response> + Send>>>;

/// What is known of a request before anything is decided.
struct Received {
    started: Instant,
    /// No other request of this server has it.
    number: u64,
    /// By which it is found in the log.
    id: HeaderValue,
    group: Group,
    route: &'static str,
    origin: Option<HeaderValue>,
}

/// What requests are counted by: the store whose key they show, if it has one, and their address.
type Counted = (Option<StoreId>, IpAddr);

/// Which group of routes a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// Shoppers' pages, with a publishable key.
    Public,
    /// The widget's files, for everybody.
    Embed,
    /// Customers' pages of their orders and of what they wait for, for whoever knows the address.
    Page,
    /// Pages of goods that are shared, and their pictures, for everybody.
    Shared,
    /// Anything else.
    Other,
}

/// When it is worth trying again.
const CUT_OFF_RETRY_S: u32 = 5;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Seconds since it was last certain that the answer is as new as the last commit. Sent only by a server that is cut
/// off from its database.
const STALE_S: HeaderName = HeaderName::from_static("shipsby-stale-s");
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// What is in memory is too old to be told.
fn cut_off() -> Problem {
    Problem::new(
        503,
        "cut_off",
        "The server is cut off from its database",
        "What it knows is too old to be told. Ask another server, or again in a moment.",
    )
    .retry_after_s(CUT_OFF_RETRY_S)
}

impl Front {
    /// Opens the way in to `router`.
    pub fn new(web: Web, router: Router, names: RouteNames) -> Self {
        let limits = &web.app.limits;
        let at_least_one = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let rates = limits.rate_limited.then(|| {
            let quota = Quota::per_second(at_least_one(limits.requests_per_s))
                .allow_burst(at_least_one(limits.requests_burst));
            RateLimiter::keyed(quota)
        });
        let availability = web.app.metrics.tally(availability::PATH, 200);
        Self {
            web,
            router,
            names,
            rates,
            availability,
        }
    }

    /// Answers a request that came over a connection from `peer`. Never fails: every failure is a
    /// problem in the answer.
    ///
    /// What shoppers ask most often is answered here and now: it is in memory and waits for nothing.
    pub fn answer(self: &Arc<Self>, request: Request, peer: IpAddr) -> Answering {
        let received = Received::new(self, &request);
        let path = request.uri().path();
        let is_availability = request.method() == Method::GET && path == availability::PATH;
        if is_availability && !availability::is_personal(&request) {
            return Either::Left(ready(self.at_once(received, &request, peer)));
        }
        let front = Arc::clone(self);
        Either::Right(Box::pin(async move {
            front.in_turn(received, request, peer).await
        }))
    }

    fn at_once(&self, received: Received, request: &Request, peer: IpAddr) -> Response {
        let mut readable = false;
        let admitted = self.admitted(request, &received, peer, &mut readable);
        let response = match admitted {
            Err(answered) => answered,
            Ok(None) => Problem::internal().into_response(),
            Ok(Some(caller)) => {
                let answer = || availability::answer(&self.web.app, &caller.shop, request, None);
                match catch_unwind(AssertUnwindSafe(answer)) {
                    Ok(response) => response.unwrap_or_else(IntoResponse::into_response),
                    Err(_panic) => panicked(&received),
                }
            }
        };
        self.dressed(response, received, readable)
    }

    async fn in_turn(&self, received: Received, mut request: Request, peer: IpAddr) -> Response {
        let mut readable = received.group == Group::Embed;
        let is_read = Arc::new(AtomicBool::new(request.body().is_end_stream()));
        let closes = request.version() <= Version::HTTP_11;
        let mut response = match self.admitted(&request, &received, peer, &mut readable) {
            Err(answered) => answered,
            Ok(caller) => {
                match caller {
                    Some(caller) => drop(request.extensions_mut().insert(caller)),
                    None => {
                        let trusted = &self.web.app.limits.trusted_proxies;
                        let address = auth::address(peer, request.headers(), trusted);
                        request.extensions_mut().insert(Peer(address));
                    }
                }
                self.routed(request, &received, Arc::clone(&is_read)).await
            }
        };
        // The rest of the body would be taken for the next request, so the connection ends; whoever keeps it is told.
        if closes && !is_read.load(Ordering::Relaxed) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        self.dressed(response, received, readable)
    }

    /// The answer with the headers that all have; counted.
    fn dressed(&self, mut response: Response, received: Received, readable: bool) -> Response {
        let status = response.status();
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, received.id);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            let known = HeaderValue::from_static(METHODS);
            headers.entry(header::ALLOW).or_insert(known);
        }
        dress(headers, received.group);
        if matches!(received.group, Group::Public | Group::Shared)
            && let Worth::Stale(age) = self.web.app.freshness.worth(self.web.app.limits.stale)
        {
            headers.insert(STALE_S, HeaderValue::from(age.as_secs()));
        }
        if self.web.app.leaving.load(Ordering::Relaxed) {
            // So that whoever keeps connections, as a load balancer does, sends the next request elsewhere.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if readable {
            let allowed = match received.group {
                Group::Embed => Some(HeaderValue::from_static("*")),
                _ => received.origin,
            };
            share(headers, allowed, received.group);
        }
        let took = received.started.elapsed();
        if status == StatusCode::OK && received.route == availability::PATH {
            self.availability.answered(took);
        } else {
            self.web
                .app
                .metrics
                .answered(received.route, status.as_u16(), took);
        }
        response
    }

    /// Lets a request in, with who asks where that is a shopper's page, or answers it here. Notes in
    /// `readable` whether the page that asks may read the answer.
    fn admitted(
        &self,
        request: &Request,
        received: &Received,
        peer: IpAddr,
        readable: &mut bool,
    ) -> Result<Option<Publishable>, Response> {
        let group = received.group;
        let asked =
            well_formed(request).and_then(|()| addressed(request, &self.web.app.connections));
        asked.map_err(|problem| {
            let origin = request.headers().get(header::ORIGIN);
            *readable |= group == Group::Public
                && origin.is_some_and(|origin| auth::is_listed_by_any(&self.web.app, origin));
            problem.into_response()
        })?;
        let is_shared = matches!(group, Group::Public | Group::Embed);
        if request.method() == Method::OPTIONS && is_shared {
            return Err(self.preflight(request.headers(), group, readable));
        }
        let app = &self.web.app;
        if matches!(group, Group::Page | Group::Shared) {
            let address = auth::address(peer, request.headers(), &app.limits.trusted_proxies);
            self.within_rate(|| (None, auth::counted_as(address)), received.number)
                .map_err(IntoResponse::into_response)?;
        }
        if matches!(group, Group::Public | Group::Shared)
            && app.freshness.worth(app.limits.stale) == Worth::Nothing
        {
            return Err(cut_off().into_response());
        }
        if group != Group::Public {
            return Ok(None);
        }
        let address = auth::address(peer, request.headers(), &app.limits.trusted_proxies);
        let seen = auth::seen(app, request.headers(), request.uri());
        *readable = seen.readable;
        let store = || seen.shop.as_ref().ok().map(|shop| shop.id.clone());
        self.within_rate(|| (store(), auth::counted_as(address)), received.number)
            .map_err(IntoResponse::into_response)?;
        let shop = seen.shop.map_err(IntoResponse::into_response)?;
        Ok(Some(Publishable { shop, address }))
    }

    fn preflight(&self, headers: &HeaderMap, group: Group, readable: &mut bool) -> Response {
        if group == Group::Public {
            let listed = headers
                .get(header::ORIGIN)
                .is_some_and(|origin| auth::is_listed_by_any(&self.web.app, origin));
            if !listed {
                return auth::origin_not_allowed().into_response();
            }
        }
        *readable = true;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST");
        set(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, last-event-id, x-shipsby-key",
        );
        set(header::ACCESS_CONTROL_MAX_AGE, "600");
        response
    }

    fn within_rate(&self, counted: impl Fn() -> Counted, number: u64) -> Result<(), Problem> {
        let Some(rates) = &self.rates else {
            return Ok(());
        };
        if number.is_multiple_of(RATE_FORGET_EVERY) {
            rates.retain_recent();
        }
        rates.check_key(&counted()).map_err(|until| {
            let wait = until.wait_time_from(rates.clock().now());
            let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
            Problem::new(
                429,
                "rate_limited",
                "Too many requests",
                "Ask about several SKUs in one request, and wait as Retry-After says.",
            )
            .retry_after_s(seconds)
        })
    }

    /// What fails in here is logged under the request's id.
    async fn routed(
        &self,
        request: Request,
        received: &Received,
        is_read: Arc<AtomicBool>,
    ) -> Response {
        let limits = &self.web.app.limits;
        let imports = request.uri().path().starts_with("/v1/imports/");
        let body_time = if imports { limits.import } else { limits.body };
        let has_body = !request.body().is_end_stream();
        let (request, time) = if has_body {
            let request = request.map(|body| deadline::within(body, body_time, is_read));
            (request, limits.handler + body_time)
        } else {
            (request, limits.handler)
        };
        // Shoppers are answered from memory, where nothing is logged: a span for each would be dear.
        let span = match received.group {
            Group::Public => Span::none(),
            _ => tracing::info_span!("request", id = received.id(), route = received.route),
        };
        let answer = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind();
        let answer = answer.instrument(span);
        match tokio::time::timeout(time, answer).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(_panic)) => panicked(received),
            Err(_elapsed) => Problem::new(
                503,
                "too_slow",
                "The answer took too long",
                "The server is busy. Try again.",
            )
            .retry_after_s(1)
            .into_response(),
        }
    }
}

impl Received {
    fn new(front: &Front, request: &Request) -> Self {
        let path = request.uri().path();
        let number = front.web.next_number();
        Self {
            started: Instant::now(),
            number,
            id: request_id(request.headers())
                .unwrap_or_else(|| made_id(front.web.spread.hash_one(number))),
            group: Group::of(request.method(), path),
            route: match path {
                availability::PATH => availability::PATH,
                _ => front.names.of(path),
            },
            origin: request.headers().get(header::ORIGIN).cloned(),
        }
    }

    fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }
}

/// What is said where a handler panicked; what happened stands in the log.
fn panicked(received: &Received) -> Response {
    tracing::error!(
        request.id = received.id(),
        route = received.route,
        "A handler panicked"
    );
    Problem::internal().into_response()
}

impl Group {
    fn of(method: &Method, path: &str) -> Self {
        let Some(rest) = path.strip_prefix("/v1/") else {
            return if path.starts_with("/embed/") {
                Self::Embed
            } else if path.starts_with("/o/") || path.starts_with("/b/") {
                Self::Page
            } else if path.starts_with("/s/") {
                Self::Shared
            } else {
                Self::Other
            };
        };
        match rest.split_once('/').unwrap_or((rest, "")) {
            // How an answer came about is the merchant's to know.
            ("availability", below) if !below.is_empty() => Self::Other,
            // Who waits is the merchant's to know; shoppers sign up.
            ("back-in-stock", "") if matches!(*method, Method::POST | Method::OPTIONS) => {
                Self::Public
            }
            (
                "availability" | "plans" | "stream" | "snippet" | "jsonld" | "kept.json" | "extras",
                _,
            ) => Self::Public,
            _ => Self::Other,
        }
    }
}

fn well_formed(request: &Request) -> Result<(), Problem> {
    let is_get = request.method() == Method::GET;
    let known = |known| known == request.method().as_str();
    if !is_get && !METHODS.split(", ").any(known) {
        return Err(method_not_allowed());
    }
    let url = request.uri();
    let url_bytes = url.path().len() + url.query().map_or(0, |query| query.len() + 1);
    if URL_BYTES_MAX < url_bytes {
        return Err(Problem::new(
            414,
            "url_too_long",
            "The address is too long",
            format!("At most {URL_BYTES_MAX} bytes are taken. Ask about fewer SKUs at once."),
        ));
    }
    let headers = request.headers();
    let head_bytes = url_bytes
        + headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum::<usize>();
    if HEAD_BYTES_MAX < head_bytes || HEADERS_MAX < headers.len() {
        return Err(Problem::new(
            431,
            "headers_too_large",
            "The headers are too large",
            format!(
                "At most {HEADERS_MAX} headers and {HEAD_BYTES_MAX} bytes are taken, the address included. Cookies are not needed here."
            ),
        ));
    }
    let has_host = headers.contains_key(header::HOST) || url.authority().is_some();
    if request.version() == Version::HTTP_11 && !has_host {
        return Err(Problem::new(
            400,
            "host_required",
            "The Host header is missing",
            "HTTP/1.1 requests name their host.",
        ));
    }
    let encoded = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        return Err(Problem::new(
            415,
            "unsupported_content_encoding",
            "The body is compressed",
            "Bodies are taken as they are. Send it without Content-Encoding.",
        ));
    }
    Ok(())
}

/// Refuses what is meant for another server, as a browser's requests are whose name server was made to say that it is this one.
fn addressed(request: &Request, connections: &Connections) -> Result<(), Problem> {
    let header = request.headers().get(header::HOST);
    let header = header.map(|host| host.to_str().unwrap_or_default());
    let url = request.uri().authority().map(Authority::as_str);
    if [header, url]
        .into_iter()
        .flatten()
        .all(|host| connections.serves(host))
    {
        return Ok(());
    }
    Err(Problem::new(
        421,
        "host_not_served",
        "This server is not the one that was asked for",
        "Add the host's name to `hosts` in the file of accounts if it is.",
    ))
}

/// The problem of a method that a path does not know.
pub fn method_not_allowed() -> Problem {
    Problem::new(
        405,
        "method_not_allowed",
        "The method is not for this address",
        "The Allow header names the methods that are.",
    )
}

/// A client's own id is taken over if it is harmless in a log.
fn request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let fine = (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.as_bytes().iter().all(harmless);
    fine.then(|| id.clone())
}

fn made_id(number: u64) -> HeaderValue {
    HeaderValue::from_bytes(&hex::of_u64(number)).expect("hexadecimal digits may stand in a header")
}

/// The headers that every answer has, where its route has not set them to something else.
fn dress(headers: &mut HeaderMap, group: Group) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "no-referrer");
    default(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    default(
        HeaderName::from_static("cross-origin-resource-policy"),
        if matches!(group, Group::Page | Group::Other) {
            "same-origin"
        } else {
            "cross-origin"
        },
    );
    default(
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    );
    if matches!(group, Group::Page | Group::Other) {
        default(header::CACHE_CONTROL, "no-store");
    }
    if group == Group::Public {
        default(
            header::VARY,
            "Origin, Accept-Encoding, Authorization, X-ShipsBy-Key",
        );
    }
}

fn share(headers: &mut HeaderMap, origin: Option<HeaderValue>, group: Group) {
    let Some(origin) = origin else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if group == Group::Public {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("etag, retry-after, x-request-id"),
        );
    }
}
