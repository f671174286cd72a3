//! Who is signed in, by the cookie of the dashboard: what it opens, for pages of ours alone, and what is written down of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRef, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use shared::ids::StoreId;
use tracing::Instrument;

use super::auth;
use crate::app::App;
use crate::catalogue::Shop;
use crate::error::{Code, Problem};
use crate::operations::audit;
use crate::operations::records::{AuditEntry, AuditOutcome, AuditWho, Member, Role, Session};
use crate::operations::sign_in;

/// The cookie. Its prefix makes browsers take it over HTTPS alone (or on this machine), for this host alone.
const COOKIE: &str = "__Host-sid";
/// How a browser keeps it.
const COOKIE_RULES: &str = "Secure; HttpOnly; SameSite=Lax; Path=/";
/// What a browser says of the page that asks.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What only owners may do, whatever the method.
const OWNERS_ALONE: [&str; 2] = ["/v1/keys", "/v1/members"];
/// What only owners may change.
const OWNERS_TO_CHANGE: [&str; 2] = ["/v1/store", "/v1/webhook-endpoints"];

/// Where a request comes from in the network. Put into requests by the front.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Somebody who is signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// The store that they work for.
    pub store: StoreId,
    /// The same in memory.
    pub shop: Arc<Shop>,
    /// Their session.
    pub session: Session,
}

/// Who turned out to be signed in, for the audit log.
#[derive(Clone, Default)]
struct Who(Arc<OnceLock<(App, StoreId, Member)>>);

impl Peer {
    /// Where a request comes from.
    pub fn of(parts: &Parts) -> Self {
        let known = parts.extensions.get::<Self>().copied();
        known.unwrap_or(Self(Ipv4Addr::UNSPECIFIED.into()))
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self::of(parts))
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    App: FromRef<S>,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = shown(&parts.headers).ok_or_else(login_required)?;
        signed_in(&App::from_ref(state), parts, token).await
    }
}

/// Whoever a request's cookie belongs to.
///
/// # Errors
///
/// 401 `login_required`; 403 `cross_site` where another page asks for a change.
pub async fn signed_in(app: &App, parts: &Parts, token: &str) -> Result<SignedIn, Problem> {
    let found = sign_in::session(app, token).await?;
    let (store, session) = found.ok_or_else(login_required)?;
    let shop = auth::shop_of(app, &store, login_required)?;
    if let Some(who) = parts.extensions.get::<Who>() {
        // The first to look has said the same.
        let _known = who
            .0
            .set((app.clone(), store.clone(), session.member.clone()));
    }
    if !is_safe(&parts.method) && !is_our_page(app, &parts.headers, &parts.uri) {
        return Err(cross_site());
    }
    Ok(SignedIn {
        store,
        shop,
        session,
    })
}

/// Refuses what the role of somebody does not allow.
///
/// # Errors
///
/// 403 `role_not_allowed`.
pub fn refuse_by_role(signed_in: &SignedIn, parts: &Parts) -> Result<(), Problem> {
    let path = parts.uri.path();
    let role = signed_in.session.member.role;
    if is_allowed(role, &parts.method, path) {
        return Ok(());
    }
    let detail = match role {
        Role::ReadOnly => {
            "Your role lets you look, and change nothing. An owner can give you another."
        }
        _ => "Keys, members, endpoints and what is decided about the whole store are for owners.",
    };
    Err(Problem::new(
        403,
        "role_not_allowed",
        "Your role does not allow this",
        detail,
    ))
}

/// Refuses to sign somebody in from another site's page. Whoever asks without a browser says nothing of a page.
///
/// # Errors
///
/// 403 `cross_site`.
pub fn refuse_other_pages(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    let from_a_page = headers.contains_key(SEC_FETCH_SITE) || headers.contains_key(header::ORIGIN);
    match from_a_page && !is_our_page(app, headers, uri) {
        true => Err(cross_site()),
        false => Ok(()),
    }
}

/// What a request's cookie says.
pub fn shown(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let cookies = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    cookies
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty())
}

/// The cookie of a session.
pub fn cookie(token: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{COOKIE}={token}; {COOKIE_RULES}"))
        .expect("a store's id and hexadecimal digits may stand in a header")
}

/// The cookie that takes the place of one, and goes at once.
pub fn no_cookie() -> HeaderValue {
    HeaderValue::from_str(&format!("{COOKIE}=; {COOKIE_RULES}; Max-Age=0"))
        .expect("it may stand in a header")
}

/// The problem of somebody who is not signed in.
pub fn login_required() -> Problem {
    Problem::new(
        401,
        "login_required",
        "You are not signed in",
        "Sign in with POST /v1/session. A session ends after 12 hours without use, and after 7 days.",
    )
}

/// Writes down what whoever is signed in changed, or tried to. It goes on to its end, whoever hangs up.
pub async fn audited(mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let by_cookie = !headers.contains_key(header::AUTHORIZATION) && shown(headers).is_some();
    if is_safe(request.method()) || !by_cookie {
        return next.run(request).await;
    }
    let who = Who::default();
    let path = request.uri().path();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(path, MatchedPath::as_str);
    let (action, subject) = (
        format!("{} {route}", request.method()),
        subject(route, path),
    );
    request.extensions_mut().insert(who.clone());
    let answered = async move {
        let response = next.run(request).await;
        let Some((app, store, member)) = who.0.get() else {
            return response;
        };
        let code = response.extensions().get::<Code>();
        let entry = AuditEntry {
            who: Some(AuditWho::of(member)),
            action,
            subject,
            outcome: match response.status().is_success() {
                true => AuditOutcome::Done,
                false => AuditOutcome::Refused,
            },
            code: code.map(|code| code.0.to_string()),
        };
        audit::note(app, store, entry).await;
        response
    };
    match tokio::spawn(answered.in_current_span()).await {
        Ok(response) => response,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(_stopping) => axum::response::IntoResponse::into_response(Problem::internal()),
    }
}

/// What stands in the places of a route's parameters.
fn subject(route: &str, path: &str) -> String {
    let parts = route.split('/').zip(path.split('/'));
    let names = parts
        .filter(|(wanted, _)| wanted.starts_with('{'))
        .map(|(_, found)| percent_decode_str(found).decode_utf8_lossy());
    names.collect::<Vec<_>>().join("/")
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_allowed(role: Role, method: &Method, path: &str) -> bool {
    let is_below = |group: &str| {
        let rest = path.strip_prefix(group);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_owners = OWNERS_ALONE.iter().any(|group| is_below(group))
        || (OWNERS_TO_CHANGE.iter().any(|group| is_below(group)) && !is_safe(method));
    match role {
        Role::Owner => true,
        Role::Staff => !is_owners,
        Role::ReadOnly => !is_owners && is_safe(method),
    }
}

/// True if the page that asks is one of this server's. A browser says so itself; an older one, or one that has the page over
/// plain HTTP, names the page's origin.
fn is_our_page(app: &App, headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let Some((scheme, authority)) = origin.and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    let is_host = host.is_some_and(|host| host.eq_ignore_ascii_case(authority));
    let ours = format!("{scheme}://{authority}");
    // A proxy in front may ask by another name than the browser does.
    let is_public = app.connections.link("/").is_some_and(|url| {
        let rest = url.strip_prefix(&ours);
        rest.is_some_and(|rest| rest.starts_with('/'))
    });
    is_host || is_public
}

fn cross_site() -> Problem {
    Problem::new(
        403,
        "cross_site",
        "Another site's page asks for this",
        "With the cookie only pages of this server may change something. A program sends a secret key instead.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_role_may_do_depends_on_the_route_and_on_whether_it_changes_something() {
        use Role::{Owner, ReadOnly, Staff};
        let cases = [
            ("GET", "/v1/orders", &[Owner, Staff, ReadOnly][..]),
            ("HEAD", "/v1/orders", &[Owner, Staff, ReadOnly]),
            ("POST", "/v1/orders", &[Owner, Staff]),
            ("PUT", "/v1/skus/keys", &[Owner, Staff]),
            ("GET", "/v1/store", &[Owner, Staff, ReadOnly]),
            ("PUT", "/v1/store", &[Owner]),
            ("GET", "/v1/webhook-endpoints", &[Owner, Staff, ReadOnly]),
            ("POST", "/v1/webhook-endpoints", &[Owner]),
            ("POST", "/v1/webhook-endpoints/wh_1/test", &[Owner]),
            ("GET", "/v1/keys", &[Owner]),
            ("DELETE", "/v1/keys/key_1", &[Owner]),
            ("GET", "/v1/members", &[Owner]),
            ("PATCH", "/v1/members/mem_1", &[Owner]),
            ("GET", "/v1/audit", &[Owner, Staff, ReadOnly]),
        ];
        for (method, path, allowed) in cases {
            for role in [Owner, Staff, ReadOnly] {
                let method: Method = method.parse().expect("a method");
                let is = is_allowed(role, &method, path);
                assert_eq!(is, allowed.contains(&role), "{role:?} {method} {path}");
            }
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(shown(&headers), None);
        let mut add = |line: &'static str| {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        };
        add("theme=dark; sid=no;__Host-sidecar=no");
        add("a=b; __Host-sid=default.01; c=d");
        assert_eq!(shown(&headers), Some("default.01"));
    }

    #[test]
    fn a_subject_is_what_stands_in_the_place_of_the_parameters() {
        for (route, path, expected) in [
            ("/v1/skus/{sku}", "/v1/skus/cc%20mug", "cc mug"),
            ("/v1/stock/{location}/{sku}", "/v1/stock/main/a", "main/a"),
            ("/v1/orders", "/v1/orders", ""),
        ] {
            assert_eq!(subject(route, path), expected);
        }
    }
}
