//! Who asks: keys, the origins they are tied to, and the address behind proxies.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use shared::ids::StoreId;

use super::{query, session};
use crate::app::App;
use crate::catalogue::{Found, KeyKind, Shop};
use crate::error::Problem;
use crate::limits::{LOADING_RETRY_S, Network};
use crate::operations::records::Member;

/// The header for a key that may stand in web pages.
pub const KEY_HEADER: &str = "x-shipsby-key";

/// The demo's keys, which everybody knows.
pub const DEMO_KEYS: [&str; 2] = ["pk_demo_shipsby", "sk_demo_shipsby"];

/// Somebody who may see what shoppers see. Put into public requests by the front.
#[derive(Clone)]
pub struct Publishable {
    /// The shop that is asked.
    pub shop: Arc<Shop>,
    /// Where the question comes from, for counting.
    pub address: IpAddr,
}

/// The merchant's own server, or a member who is signed in.
#[derive(Clone)]
pub struct Merchant {
    /// The shop it speaks for.
    pub store: StoreId,
    /// The same in memory.
    pub shop: Arc<Shop>,
    /// Who asks, where they are signed in and show no key.
    pub member: Option<Arc<Member>>,
}

/// What came of looking at a shopper's key and origin.
pub struct Seen {
    /// The shop, or why there is no answer.
    pub shop: Result<Arc<Shop>, Problem>,
    /// True if the page that asks may read the answer, even if that is a refusal.
    pub readable: bool,
}

/// Looks at the key and the origin of a public request.
pub fn seen(app: &App, headers: &HeaderMap, uri: &Uri) -> Seen {
    let origin = headers.get(header::ORIGIN);
    let readable_anyway = || origin.is_some_and(|origin| is_listed_by_any(app, origin));
    let shop = match shown(headers, uri) {
        Some(key) => open(app, &key).and_then(|(kind, shop)| match kind {
            // A secret key in an address or in a page would be one no longer.
            KeyKind::Secret if bearer(headers) != Some(&key) => Err(secret_key_exposed()),
            _ => Ok(shop),
        }),
        None => Err(key_required()),
    };
    let Ok(shop) = shop else {
        return Seen {
            shop,
            readable: readable_anyway(),
        };
    };
    match origin {
        None => Seen {
            shop: Ok(shop),
            readable: false,
        },
        Some(origin) if is_listed(&shop, origin) => Seen {
            shop: Ok(shop),
            readable: true,
        },
        Some(_) => Seen {
            shop: Err(origin_not_allowed()),
            readable: false,
        },
    }
}

/// True if some shop of this server has pages on this origin.
pub fn is_listed_by_any(app: &App, origin: &HeaderValue) -> bool {
    app.catalogue
        .shops()
        .iter()
        .any(|shop| is_listed(shop, origin))
}

/// The problem of a page that the merchant has not listed.
pub fn origin_not_allowed() -> Problem {
    Problem::new(
        403,
        "origin_not_allowed",
        "This page may not use the key",
        "Add the page's origin (scheme, host and port) to the origins of the store.",
    )
}

/// The address that a request comes from: that of the connection, or of the rightmost hop that is
/// no proxy of ours.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(nearest) {
        return nearest;
    }
    let told: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    for hop in told.iter().rev() {
        let Ok(hop) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = hop.to_canonical();
        if !is_trusted(nearest) {
            break;
        }
    }
    nearest
}

/// The address by which requests are counted: of IPv6 the network, since one line has many.
pub fn counted_as(address: IpAddr) -> IpAddr {
    const NETWORK: u128 = u128::MAX << 64;
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & NETWORK).into()),
    }
}

impl<S: Sync> FromRequestParts<S> for Publishable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(key_required)
    }
}

impl<S> FromRequestParts<S> for Merchant
where
    App: FromRef<S>,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        if !parts.headers.contains_key(header::AUTHORIZATION)
            && let Some(token) = session::shown(&parts.headers)
        {
            let signed_in = session::signed_in(&app, parts, token).await?;
            session::refuse_by_role(&signed_in, parts)?;
            return Ok(Self {
                store: signed_in.store,
                shop: signed_in.shop,
                member: Some(Arc::new(signed_in.session.member)),
            });
        }
        let shown = bearer(&parts.headers)
            .map(Cow::Borrowed)
            .or_else(|| shown(&parts.headers, &parts.uri))
            .ok_or_else(key_required)?;
        match open(&app, &shown)? {
            (KeyKind::Secret, shop) if bearer(&parts.headers).is_some() => Ok(Self {
                store: shop.id.clone(),
                shop,
                member: None,
            }),
            (KeyKind::Secret, _) => Err(secret_key_exposed()),
            (KeyKind::Publishable, _) => Err(Problem::new(
                403,
                "publishable_key_not_allowed",
                "This needs a secret key",
                "A publishable key (pk_...) may only read availability and plans. Use a secret key (sk_...), on your server only.",
            )),
        }
    }
}

fn shown<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<Cow<'a, str>> {
    let header = headers.get(KEY_HEADER).and_then(|key| key.to_str().ok());
    header
        .map(Cow::Borrowed)
        .or_else(|| query::first(uri.query(), "key"))
        .or_else(|| bearer(headers).map(Cow::Borrowed))
        .filter(|key| !key.is_empty())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

fn open(app: &App, shown: &str) -> Result<(KeyKind, Arc<Shop>), Problem> {
    if DEMO_KEYS.contains(&shown) && !app.limits.demo_keys {
        return Err(Problem::new(
            401,
            "demo_key_refused",
            "The demo's keys open no real store",
            "Make keys of your own: ships-by keys create publishable --db FILE.",
        ));
    }
    let invalid = || {
        Problem::new(
            401,
            "invalid_key",
            "The key is not known",
            "Check that the whole key was copied and that it belongs to this server.",
        )
    };
    let key = app.catalogue.key(shown).ok_or_else(invalid)?;
    if key.revoked {
        return Err(Problem::new(
            401,
            "key_revoked",
            "The key was revoked",
            "Use another key of the store, or make one.",
        ));
    }
    Ok((key.kind, shop_of(app, &key.store, invalid)?))
}

/// The shop of a store that this server should hold.
///
/// # Errors
///
/// 503 while it is loaded, 421 where another server holds it; `nowhere` where there is none.
pub fn shop_of(
    app: &App,
    store: &StoreId,
    nowhere: impl FnOnce() -> Problem,
) -> Result<Arc<Shop>, Problem> {
    match app.catalogue.find(store) {
        Found::Here(shop) => Ok(shop),
        Found::Awaited => Err(Problem::new(
            503,
            "store_loading",
            "The store is being loaded",
            "The server started a moment ago. Try again as Retry-After says.",
        )
        .retry_after_s(LOADING_RETRY_S)),
        Found::Elsewhere => Err(Problem::new(
            421,
            "store_elsewhere",
            "Another server holds the store",
            "This server holds some stores, and what you showed is for another one. Ask at the address of the store; who spreads stores over servers finds the rule in docs/growing.md.",
        )),
        Found::Nowhere => Err(nowhere()),
    }
}

fn secret_key_exposed() -> Problem {
    Problem::new(
        401,
        "secret_key_exposed",
        "A secret key stands where others may read it",
        "Send a secret key as Authorization: Bearer sk_..., from your server only. If this one was in a page or a log, revoke it.",
    )
}

fn key_required() -> Problem {
    Problem::new(
        401,
        "key_required",
        "A key is needed",
        "Shoppers' pages send X-ShipsBy-Key: pk_... or ?key=pk_...; a merchant's server sends Authorization: Bearer sk_....",
    )
}

/// True if a shop has pages on this origin.
pub fn is_listed(shop: &Shop, origin: &HeaderValue) -> bool {
    let settings = shop.settings();
    settings
        .origins
        .iter()
        .any(|listed| listed.as_bytes() == origin.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_are_believed_only_from_proxies_of_ours() {
        let cases = [
            ("9.9.9.9", "1.1.1.1", "9.9.9.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
            ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
            ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
            ("10.0.0.1", "1.1.1.1, nonsense", "10.0.0.1"),
        ];
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        for (peer, told, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", told.parse().expect("a header"));
            let peer = peer.parse().expect("an address");
            let found = address(peer, &headers, &trusted);
            assert_eq!(found.to_string(), expected, "{peer} {told}");
        }
    }

    #[test]
    fn an_ipv6_line_is_counted_as_one() {
        let one: IpAddr = "2001:db8:1:2:3:4:5:6".parse().expect("an address");
        assert_eq!(counted_as(one).to_string(), "2001:db8:1:2::");
    }
}
