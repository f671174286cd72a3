//! How the server reaches others over HTTP: bounded in time and size, without following anybody elsewhere, and, for addresses
//! that merchants give, to public addresses only.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::ProviderError;
use crate::tls;

/// For connecting.
const CONNECT: Duration = Duration::from_secs(5);
/// For the whole of a request and its answer, unless the operator says otherwise.
pub const WHOLE: Duration = Duration::from_secs(15);
/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Which addresses may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public ones, over TLS.
    Public,
    /// Any, also without TLS: what operators configure themselves, tests and the demo.
    Anywhere,
}

/// Why an address that a merchant gave is not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// It is no address of the web.
    #[error("is no address: write one such as https://shop.example/payments")]
    NoAddress,
    /// It has no TLS.
    #[error("must begin with https://")]
    NoTls,
    /// It is not for everybody.
    #[error("must be a public address, not one of a network of your own")]
    Private,
}

/// A client that reaches so far, and waits so long for a whole answer.
pub fn client(reach: Reach, whole: Duration) -> Client {
    tls::settle();
    let builder = Client::builder()
        .connect_timeout(CONNECT)
        .timeout(whole)
        .redirect(Policy::none())
        .user_agent(concat!("ShipsBy/", env!("CARGO_PKG_VERSION")));
    let builder = match reach {
        // A proxy of the environment would look the name up by itself, wherever it leads.
        Reach::Public => builder
            .https_only(true)
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly)),
        Reach::Anywhere => builder,
    };
    builder
        .build()
        .expect("the settings of the client are sound")
}

/// Says whether a client that reaches so far would ask this address at all. What its name leads to is looked at when it is asked.
///
/// # Errors
///
/// As [`Unreachable`] says.
pub fn check(url: &str, reach: Reach) -> Result<reqwest::Url, Unreachable> {
    let url: reqwest::Url = url.parse().map_err(|_| Unreachable::NoAddress)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Unreachable::NoAddress);
    }
    if reach == Reach::Anywhere {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(Unreachable::NoTls);
    }
    let host = url.host_str().unwrap_or_default();
    let literal = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    match literal {
        Ok(address) if !is_public(address) => Err(Unreachable::Private),
        _ => Ok(url),
    }
}

/// Reads an answer whole, unless it is too large.
///
/// # Errors
///
/// [`ProviderError::Unknown`] where it breaks off or is too large: what was asked was heard.
pub async fn read(mut response: Response) -> Result<(u16, Vec<u8>), ProviderError> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let chunk = chunk.map_err(|error| ProviderError::Unknown(plain(&error)))?;
        let Some(chunk) = chunk else { break };
        if ANSWER_BYTES_MAX < body.len() + chunk.len() {
            let why = format!("the answer has more than {ANSWER_BYTES_MAX} bytes");
            return Err(ProviderError::Unknown(why));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

/// What a failure to ask means: where nothing was sent, nothing was done.
pub fn failure(error: &reqwest::Error) -> ProviderError {
    match error.is_connect() || error.is_builder() {
        true => ProviderError::Unreachable(plain(error)),
        false => ProviderError::Unknown(plain(error)),
    }
}

/// The words of an error without the address, which may hold what is not for the log.
fn plain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".into();
    }
    if error.is_connect() {
        return "no connection".into();
    }
    "the connection broke".into()
}

/// Looks names up, and leaves out what is not for everybody.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            match public.is_empty() {
                true => Err("the name leads to no public address".into()),
                false => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

/// True for addresses that anybody may be at: the special ones of RFC 6890 are left out.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let protocols = (a, b, c) == (192, 0, 0);
            let benchmark = a == 198 && (b == 18 || b == 19);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || 240 <= a
                || shared
                || protocols
                || benchmark)
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4() {
                return is_public(IpAddr::V4(v4)) && v6.to_ipv4_mapped().is_some();
            }
            let [first, second, ..] = v6.segments();
            let documentation = first == 0x2001 && second == 0x0db8;
            let translated = first == 0x0064 && second == 0xff9b || first == 0x2002;
            // Only what is given out at all: 2000::/3.
            first & 0xe000 == 0x2000 && !documentation && !translated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached() {
        let private = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2001:db8::1",
            "2002:7f00:1::",
            "ff02::1",
        ];
        for address in private {
            assert!(
                !is_public(address.parse().expect("an address")),
                "{address}"
            );
        }
        for address in [
            "1.1.1.1",
            "93.184.216.34",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn an_address_that_a_merchant_gives_is_looked_at_before_it_is_kept() {
        let refused = [
            ("shop.example", Unreachable::NoAddress),
            ("ftp://shop.example", Unreachable::NoAddress),
            ("http://shop.example", Unreachable::NoTls),
            ("https://127.0.0.1/pay", Unreachable::Private),
            ("https://[::1]/pay", Unreachable::Private),
            ("https://2130706433/", Unreachable::Private),
            ("https://0x7f.1/", Unreachable::Private),
        ];
        for (url, why) in refused {
            assert_eq!(check(url, Reach::Public), Err(why), "{url}");
        }
        assert!(check("https://shop.example/pay?for=7", Reach::Public).is_ok());
        assert!(check("http://127.0.0.1:8080/bank", Reach::Anywhere).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_into_a_network_of_ones_own_is_not_followed() {
        let refused = client(Reach::Public, WHOLE)
            .get("https://localhost:1/")
            .send()
            .await;
        let refused = failure(&refused.expect_err("it is private"));
        assert!(
            matches!(refused, ProviderError::Unreachable(_)),
            "{refused:?}"
        );
    }
}
