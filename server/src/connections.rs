//! What a server is connected to outside: who takes the money and who carries the mail of each store.
//!
//! It is read from a file when the server starts, and never written to the database: so no copy of the database holds a secret.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use shared::ids::StoreId;

use crate::clock::Clock;
use crate::limits::POST_WHOLE;
use crate::mail::carrier::Carrier;
use crate::operations::records::ProviderKind;
use crate::payments::signature::{NoSecret, Secret};
use crate::payments::{External, Provider, Reach, Stripe, WHOLE, stripe};
use crate::posts::bluesky::{self, Bluesky};
use crate::posts::mastodon::Mastodon;
use crate::totp;
use crate::webhooks::key;

/// By this name every machine reaches itself.
const THIS_MACHINE: &str = "localhost";

/// What a server is connected to. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    public_url: Option<String>,
    hosts: Option<Vec<String>>,
    totp_key: Option<totp::Key>,
    webhook_key: Option<key::Key>,
    stores: HashMap<StoreId, Connection>,
}

/// What a store is connected to.
#[derive(Debug, Default)]
pub struct Connection {
    /// The merchant's own payment system.
    pub external: Option<Provider>,
    /// Stripe.
    pub stripe: Option<Provider>,
    /// With which Stripe signs its messages: two while they are changed.
    pub stripe_secrets: Vec<Secret>,
    /// What the mail says of the shop.
    pub mail: Option<MailSettings>,
    /// Who carries it.
    pub carrier: Option<Carrier>,
    /// Which endpoints may be told of what happens.
    pub webhooks: WebhookSettings,
    /// Where posts go on Mastodon.
    pub mastodon: Option<Mastodon>,
    /// Where posts go on Bluesky.
    pub bluesky: Option<Bluesky>,
}

/// Which endpoints may be told of what happens in a store.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// True where they may be on this machine or in a network of the operator's own.
    #[serde(default)]
    pub private: bool,
}

/// Who carries a store's mail, and whose it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// `smtp://user:password@host:587`, or `smtps://`.
    pub smtp: Option<String>,
    /// A folder into which each letter is written, for trying it out.
    pub folder: Option<PathBuf>,
    /// Whom letters are from: `Plainsong <orders@shop.example>`.
    pub from: String,
    /// Where answers go, if not there.
    pub reply_to: Option<String>,
    /// The shop's postal address, in one line.
    pub postal: Option<String>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionsError {
    /// It cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It is not what docs/accounts.md says.
    #[error("{} is not as docs/accounts.md says: {what}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    public_url: Option<String>,
    #[serde(default)]
    hosts: Option<Vec<String>>,
    #[serde(default)]
    totp_key: Option<String>,
    #[serde(default)]
    webhook_key: Option<String>,
    #[serde(default)]
    stores: HashMap<String, Store>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Store {
    external: Option<ExternalSettings>,
    stripe: Option<StripeSettings>,
    mail: Option<MailSettings>,
    #[serde(default)]
    webhooks: WebhookSettings,
    mastodon: Option<MastodonSettings>,
    bluesky: Option<BlueskySettings>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MastodonSettings {
    url: String,
    access_token: String,
    #[serde(default = "public")]
    visibility: Visibility,
    /// True where it is on this machine or in a network of the operator's own.
    #[serde(default)]
    private: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Visibility {
    Public,
    Unlisted,
    Private,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlueskySettings {
    url: Option<String>,
    identifier: String,
    app_password: String,
    /// True where it is on this machine or in a network of the operator's own.
    #[serde(default)]
    private: bool,
}

fn public() -> Visibility {
    Visibility::Public
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExternalSettings {
    url: String,
    secret: String,
    /// True where it is on this machine or in a network of the operator's own.
    #[serde(default)]
    private: bool,
    timeout_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StripeSettings {
    secret_key: String,
    #[serde(default)]
    webhook_secrets: Vec<String>,
    #[serde(default)]
    multicapture: bool,
    pay_url: Option<String>,
    base: Option<String>,
    timeout_ms: Option<u64>,
}

impl Connections {
    /// Those that a file names.
    ///
    /// # Errors
    ///
    /// [`ConnectionsError`], which says what is wrong with the file.
    pub fn read(path: &Path, clock: &Clock) -> Result<Self, ConnectionsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConnectionsError::Unreadable(path.to_owned(), error))?;
        Self::parse(&text, clock).map_err(|what| ConnectionsError::Malformed {
            path: path.to_owned(),
            what,
        })
    }

    /// Those that a text names, with what is wrong with it in words.
    ///
    /// # Errors
    ///
    /// What is wrong, without any secret.
    pub fn parse(text: &str, clock: &Clock) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| {
            // The error's own words may quote a secret.
            format!(
                "line {}, column {}, {}",
                error.line(),
                error.column(),
                kind(&error)
            )
        })?;
        let mut stores = HashMap::new();
        for (name, store) in file.stores {
            let id: StoreId = name
                .parse()
                .map_err(|error| format!("`{name}` is no store: {error}"))?;
            let connection = store.connection(clock);
            stores.insert(
                id,
                connection.map_err(|what| format!("store {name}: {what}"))?,
            );
        }
        let totp_key = file.totp_key.map(|text| totp::Key::read(&text));
        if totp_key.as_ref().is_some_and(Option::is_none) {
            return Err("totp_key must be 32 to 64 bytes in base64".into());
        }
        let webhook_key = file.webhook_key.map(|text| key::Key::read(&text));
        if webhook_key.as_ref().is_some_and(Option::is_none) {
            return Err("webhook_key must be 32 to 64 bytes in base64".into());
        }
        Ok(Self(Arc::new(Parts {
            totp_key: totp_key.flatten(),
            webhook_key: webhook_key.flatten(),
            public_url: file
                .public_url
                .as_deref()
                .map(|url| url.trim_end_matches('/').to_owned()),
            hosts: hosts(file.hosts, file.public_url.as_deref())?,
            stores,
        })))
    }

    /// True where requests to `host` are for this server, with or without a port: it is listed, names this machine, or is an
    /// address of the network. Where nothing is listed all hosts are: no answer depends on it.
    pub fn serves(&self, host: &str) -> bool {
        let Some(hosts) = &self.0.hosts else {
            return true;
        };
        if host.parse::<SocketAddr>().is_ok()
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        {
            return true;
        }
        let name = host.split_once(':').map_or(host, |(name, _port)| name);
        let is = |listed: &str| listed.eq_ignore_ascii_case(name);
        is(THIS_MACHINE) || hosts.iter().any(|listed| is(listed))
    }

    /// The key without which the seeds of codes in the database are worth nothing, if there is one.
    pub fn totp_key(&self) -> Option<&totp::Key> {
        self.0.totp_key.as_ref()
    }

    /// The key with which the secrets of endpoints are made, if there is one.
    pub fn webhook_key(&self) -> Option<&key::Key> {
        self.0.webhook_key.as_ref()
    }

    /// How far away endpoints of a store may be.
    pub fn webhook_reach(&self, store: &StoreId) -> Reach {
        match self.of(store) {
            Some(connection) if connection.webhooks.private => Reach::Anywhere,
            _ => Reach::Public,
        }
    }

    /// What a store is connected to.
    pub fn of(&self, store: &StoreId) -> Option<&Connection> {
        self.0.stores.get(store)
    }

    /// Who takes a store's money.
    pub fn provider(&self, store: &StoreId, kind: ProviderKind) -> Option<&Provider> {
        let connection = self.of(store)?;
        match kind {
            ProviderKind::External => connection.external.as_ref(),
            ProviderKind::Stripe => connection.stripe.as_ref(),
        }
    }

    /// Who carries a store's mail.
    pub fn carrier(&self, store: &StoreId) -> Option<&Carrier> {
        self.of(store)?.carrier.as_ref()
    }

    /// A path of this server as everybody reaches it; `None`: nobody said where that is.
    pub fn link(&self, path: &str) -> Option<String> {
        let url = self.0.public_url.as_deref()?;
        Some(format!("{url}{path}"))
    }
}

/// The names by which this server is asked: those that are listed, and the one by which customers reach it.
fn hosts(
    listed: Option<Vec<String>>,
    public_url: Option<&str>,
) -> Result<Option<Vec<String>>, String> {
    let Some(mut hosts) = listed else {
        return Ok(None);
    };
    if let Some(odd) = hosts
        .iter()
        .find(|host| host.is_empty() || host.contains(['/', ':']))
    {
        return Err(format!(
            "hosts: `{odd}` is no name alone: write it without https:// and port"
        ));
    }
    let public = public_url.and_then(|url| url.parse::<reqwest::Url>().ok());
    hosts.extend(public.and_then(|url| url.host_str().map(str::to_owned)));
    Ok(Some(hosts))
}

impl Store {
    fn connection(self, clock: &Clock) -> Result<Connection, String> {
        let external = match self.external {
            Some(settings) => {
                let secret = Secret::standard(&settings.secret)
                    .map_err(|NoSecret| format!("external.secret {NoSecret}"))?;
                let external = External::new(
                    &settings.url,
                    secret,
                    reach(settings.private),
                    whole(settings.timeout_ms),
                    clock.clone(),
                );
                Some(Provider::External(external.map_err(|error| {
                    format!(
                        "external.url {error}; for one of your own network say \"private\": true"
                    )
                })?))
            }
            None => None,
        };
        let mut stripe_secrets = Vec::new();
        let stripe = self.stripe.map(|settings| {
            stripe_secrets = settings
                .webhook_secrets
                .iter()
                .map(|text| Secret::of_stripe(text))
                .collect();
            let base = settings.base.as_deref().unwrap_or(stripe::BASE);
            Provider::Stripe(Stripe::new(
                base,
                &settings.secret_key,
                settings.multicapture,
                settings.pay_url,
                whole(settings.timeout_ms),
            ))
        });
        let carrier = self.mail.as_ref().map(|mail| {
            let reply_to = mail.reply_to.as_deref();
            let carrier = match (&mail.smtp, &mail.folder) {
                (Some(url), None) => Carrier::smtp(url, &mail.from, reply_to),
                (None, Some(folder)) => Carrier::folder(folder.clone(), &mail.from, reply_to),
                _ => return Err("mail must have either smtp or folder".to_owned()),
            };
            carrier.map_err(|error| error.to_string())
        });
        let mastodon = self.mastodon.map(|settings| {
            let visibility = match settings.visibility {
                Visibility::Public => "public",
                Visibility::Unlisted => "unlisted",
                Visibility::Private => "private",
            };
            let token = settings.access_token;
            let reach = reach(settings.private);
            Mastodon::new(&settings.url, token, visibility, reach, POST_WHOLE)
                .map_err(|error| format!("mastodon.url {error}"))
        });
        let bluesky = self.bluesky.map(|settings| {
            let url = settings.url.as_deref().unwrap_or(bluesky::BASE);
            let (identifier, password) = (settings.identifier, settings.app_password);
            let reach = reach(settings.private);
            Bluesky::new(url, identifier, password, reach, POST_WHOLE)
                .map_err(|error| format!("bluesky.url {error}"))
        });
        Ok(Connection {
            external,
            stripe,
            stripe_secrets,
            carrier: carrier.transpose()?,
            mail: self.mail,
            webhooks: self.webhooks,
            mastodon: mastodon.transpose()?,
            bluesky: bluesky.transpose()?,
        })
    }
}

fn reach(is_private: bool) -> Reach {
    match is_private {
        true => Reach::Anywhere,
        false => Reach::Public,
    }
}

fn whole(timeout_ms: Option<u64>) -> Duration {
    timeout_ms.map_or(WHOLE, Duration::from_millis)
}

fn kind(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it ends too early",
        _ => "a field is missing, unknown or of another kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_without_a_secret() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let cases = [
            ("{".to_owned(), "ends too early"),
            (format!(r#"{{"stores": {{"main": {{"external": {{"url": "https://a.example", "secret": "{secret}", "x": 1}}}}}}}}"#), "unknown"),
            (r#"{"stores": {"main": {"external": {"url": "https://a.example", "secret": "sk_hidden"}}}}"#.into(), "external.secret must be"),
            (format!(r#"{{"stores": {{"main": {{"external": {{"url": "http://10.0.0.1", "secret": "{secret}"}}}}}}}}"#), "external.url must begin"),
            (r#"{"stores": {"main": {"mail": {"from": "a@b.example"}}}}"#.into(), "either smtp or folder"),
            (r#"{"totp_key": "sk_hidden"}"#.into(), "totp_key must be 32 to 64 bytes"),
            (r#"{"webhook_key": "sk_hidden"}"#.into(), "webhook_key must be 32 to 64 bytes"),
            (r#"{"hosts": ["https://ships.example"]}"#.into(), "is no name alone"),
        ];
        for (text, expected) in cases {
            let wrong = Connections::parse(&text, &Clock::system()).expect_err("it is wrong");
            assert!(wrong.contains(expected), "{wrong}");
            assert!(
                !wrong.contains(secret) && !wrong.contains("sk_hidden"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_store_has_what_the_file_says() {
        let text = r#"{"public_url": "https://ships.example/", "stores": {"main": {
            "external": {"url": "http://127.0.0.1:8080/bank", "private": true, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
            "stripe": {"secret_key": "sk_test_1"}}}}"#;
        let read = Connections::parse(text, &Clock::system()).expect("it is right");
        let main = "main".parse().expect("an id");
        assert!(read.provider(&main, ProviderKind::Stripe).is_some());
        assert!(read.provider(&main, ProviderKind::External).is_some());
        assert_eq!(
            read.link("/o/1").as_deref(),
            Some("https://ships.example/o/1")
        );
        assert!(read.of(&"other".parse().expect("an id")).is_none());
        assert!(read.serves("anything.example"));
    }

    #[test]
    fn a_server_is_asked_for_by_the_hosts_that_are_listed() {
        let text = r#"{"public_url": "https://orders.example/", "hosts": ["ships.example"]}"#;
        let read = Connections::parse(text, &Clock::system()).expect("it is right");
        for host in [
            "ships.example",
            "orders.example",
            "Ships.Example:443",
            "localhost:8080",
            "127.0.0.1",
            "10.0.0.7:8080",
            "[::1]",
            "[::1]:8080",
        ] {
            assert!(read.serves(host), "{host}");
        }
        for host in [
            "evil",
            "evil.example",
            "ships.example.evil.example",
            "127.0.0.1.evil.example",
            "",
            ":8080",
        ] {
            assert!(!read.serves(host), "{host}");
        }
    }
}
