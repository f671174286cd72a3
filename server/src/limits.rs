//! Every limit of the server, each with a name, a unit and a default (docs: operators).

use std::net::IpAddr;
use std::time::Duration;

use chrono::TimeDelta;

/// Most SKUs of one question, and most lines of one cart.
pub const SKUS_PER_REQUEST_MAX: usize = 100;
/// Most bytes of a shopper's request body.
pub const PUBLIC_BODY_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of a merchant's JSON body.
pub const MERCHANT_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of a JSON body.
pub const JSON_DEPTH_MAX: usize = 32;
/// Most bytes of a path with its query.
pub const URL_BYTES_MAX: usize = 8 * 1024;
/// Most bytes of a request's head.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most bytes of a request's head that are read at all.
pub const HEAD_BUFFER_BYTES_MAX: usize = 4 * HEAD_BYTES_MAX;
/// Most bytes of the head of a request for a stream for which the stream needs least memory.
pub const STREAM_HEAD_BYTES_MAX: usize = 8 * 1024;
/// Answers of which the event is kept that streams send: a change is told to many, and written once.
pub const STREAM_EVENTS_KEPT_MAX: usize = 64;
/// Most headers of a request. Over HTTP/1.1 hyper refuses more by itself: setting it there costs a twentieth of the speed.
pub const HEADERS_MAX: usize = 100;
/// Longest request id that is taken over from a client, in bytes.
pub const REQUEST_ID_BYTES_MAX: usize = 64;
/// After how many seconds it is worth asking again for a store that is being loaded.
pub const LOADING_RETRY_S: u32 = 2;
/// Most bytes of memory for answers that are kept ready, of all stores together.
pub const READY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Longest time for which a shared cache may keep an answer, in seconds.
pub const ANSWER_MAX_AGE_S: u32 = 5;
/// Longest time after that for which it may still give the answer while it asks anew, in seconds.
pub const ANSWER_STALE_S: u32 = 5;
/// Longest time after that for which it may still give the answer while the server cannot be reached, in seconds.
pub const ANSWER_STALE_ON_ERROR_S: u32 = 600;
/// For how many seconds it may be kept what buttons of the widget say and where they lead.
pub const EXTRAS_MAX_AGE_S: u32 = 60;
/// For how many seconds it is said again how many dates a shop kept, before it is counted anew.
pub const KEPT_RATE_MAX_AGE_S: u32 = 3_600;
/// Most requests at once on one HTTP/2 connection.
pub const HTTP2_STREAMS_MAX: u32 = 100;
/// How often an idle HTTP/2 connection is asked whether it lives.
pub const HTTP2_PING_EVERY: Duration = Duration::from_secs(20);
/// Most bytes that wait for a reader of one request over HTTP/2.
pub const WAITING_BYTES_MAX: usize = 128 * 1024;
/// How often a stream without news shows that it lives.
pub const STREAM_COMMENT_EVERY: Duration = Duration::from_secs(15);
/// By how much a stream's life differs from the next one's, in percent to either side.
pub const STREAM_LIFE_SPREAD_PERCENT: u64 = 20;
/// Shortest and longest time after which a stream is to come back, in milliseconds.
pub const STREAM_RETRY_MS: std::ops::Range<u64> = 1_000..5_000;
/// Most days off that a calendar may list.
pub const HOLIDAYS_MAX: usize = 1_000;
/// Most bytes of a file of holidays.
pub const HOLIDAYS_BYTES_MAX: usize = 1024 * 1024;
/// Years after this one for which days off that come again each year are written down.
pub const HOLIDAY_YEARS_AHEAD: i32 = 5;
/// Longest event of a calendar of holidays, in days.
pub const HOLIDAY_EVENT_DAYS_MAX: usize = 100;
/// Most transit times of a store.
pub const TRANSIT_MAX: usize = 100;
/// Longest name of a shopper, in bytes.
pub const SHOPPER_BYTES_MAX: usize = 128;
/// How long a public answer waits for the database to say what is offered to who looks; without it nothing is said of offers.
pub const OFFERS_ASKED_FOR: Duration = Duration::from_millis(250);
/// Most SKUs that a rule for offers names.
pub const OFFER_SKUS_MAX: usize = 100;
/// Longest sentence of an offer, in characters.
pub const OFFER_WORDS_CHARS_MAX: usize = 200;
/// Longest code of an offer that is looked up, in bytes.
pub const OFFER_CODE_BYTES_MAX: usize = 64;
/// Most lines of a file of sales.
pub const SALES_LINES_MAX: u64 = 5_000_000;
/// Months of sales that a forecast looks at.
pub const SALES_MONTHS_MAX: u32 = 36;
/// SKUs that are forecast, or held against their reorder points, at a time.
pub const FORECAST_AT_ONCE: usize = 1_000;
/// For how long forecasting stays one server's that does not say again that it is at it, in seconds.
pub const FORECASTING_HELD_SECONDS: i64 = 60;
/// After how long a server that is forecasting says so again, in seconds.
pub const FORECASTING_SAID_AGAIN_SECONDS: u64 = 15;
/// Most suppliers of which a policy for reorders says something.
pub const REORDER_SUPPLIERS_MAX: usize = 1_000;
/// Most SKUs of which one request says how they are ordered.
pub const REORDER_TERMS_MAX: usize = 1_000;
/// Orders that suppliers are asked about at a time.
pub const FOLLOWED_UP_MAX: u32 = 20;
/// Most months of the past that are forecast again, to see how well that would have gone.
pub const JUDGED_MONTHS_MAX: usize = 12;
/// Histories that a shop is learnt from for that, in each month anew.
pub const JUDGED_LEARNT_FROM: usize = 50;
/// Most SKUs on which a policy is tried at a time.
pub const SIMULATED_SKUS_MAX: usize = 50;
/// Histories that a shop is learnt from for that, in each month anew.
pub const SIMULATED_LEARNT_FROM: usize = 200;
/// Most months over which it is tried.
pub const SIMULATED_MONTHS_MAX: u32 = 24;
/// Longest name of a transit zone, in bytes.
pub const TRANSIT_ZONE_BYTES_MAX: usize = 32;
/// Most that a line of an order may cost, in minor units.
pub const ORDER_AMOUNT_MAX: i64 = 1_000_000_000_000;
/// Largest cost of a parcel, in minor units.
pub const PARCEL_COST_MAX: u32 = 1_000_000_000;
/// How often late purchase orders are counted for the metrics, at most.
pub const OVERDUE_COUNTED_EVERY: Duration = Duration::from_secs(10);
/// How often an act is done again where another change came between.
pub const RACED_AGAIN_MAX: u32 = 5;
/// Longest pause before an act is done again for the first time; twice as long before the second, and so on.
pub const RACED_PAUSE_MAX: Duration = Duration::from_millis(20);
/// Pictures of goods that are drawn at once, each by a thread of its own.
pub const CARDS_AT_ONCE_MAX: usize = 2;
/// Requests for a picture that may wait for its being drawn.
pub const CARDS_AWAITED_MAX: usize = 64;
/// After how many seconds it is worth asking again for a picture where more wait.
pub const CARD_RETRY_S: u32 = 2;
/// Most bytes of memory for pictures that are kept.
pub const CARDS_KEPT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Sign-ups to be told when goods are there again, in an hour, for each store and address of the network.
pub const SIGN_UPS_PER_HOUR: u32 = 5;
/// Sign-ups of a store that nobody has confirmed yet: more are answered and forgotten.
pub const SIGN_UPS_UNCONFIRMED_MAX: u32 = 10_000;
/// SKUs that an address may wait for.
pub const SIGN_UPS_PER_EMAIL_MAX: usize = 50;
/// Hours in which an address is asked at most once to confirm.
pub const CONFIRM_EVERY_HOURS: i64 = 24;
/// Days for which a sign-up waits to be confirmed.
pub const UNCONFIRMED_DAYS: i64 = 7;
/// Days for which nothing is sent to an address whose owner had not asked.
pub const REFUSED_DAYS: i64 = 30;
/// Days after which an address that was told is forgotten.
pub const TOLD_DAYS: i64 = 30;
/// Days after which an address that waits in vain is forgotten: twelve months.
pub const WAITING_DAYS: i64 = 365;
/// Addresses that are told of a SKU at once.
pub const TOLD_AT_ONCE_MAX: u32 = 200;
/// Hours for which what was told counts as taken: who was not told yet is told after them, where there is still some.
pub const TOLD_COUNTS_HOURS: i64 = 6;
/// SKUs that are looked at in a turn, whether who waits can be told.
pub const WAITED_FOR_MAX: u32 = 50;
/// Days for which it is kept who saw an offer; after that only how many did.
pub const EXPOSURES_KEPT_DAYS: i64 = 180;
/// Of those, about how many are forgotten at a time.
pub const EXPOSURES_FORGOTTEN_AT_ONCE: u32 = 5_000;
/// How often in a turn that is done.
pub const EXPOSURES_FORGOTTEN_TIMES: u32 = 20;
/// Entries and addresses of a store that are forgotten at a time.
pub const FORGOTTEN_AT_ONCE_MAX: u32 = 500;
/// Sign-ins that fail, in [`LOGINS_WITHIN`], before more are refused: for each account, and for each address of the network.
pub const LOGINS_MAX: usize = 10;
/// For how long a sign-in that failed is counted.
pub const LOGINS_WITHIN: TimeDelta = TimeDelta::minutes(15);
/// Accounts and addresses of which failed sign-ins are counted.
pub const LOGINS_COUNTED_MAX: usize = 100_000;
/// Passwords that are hashed at once, each with 19 MiB.
pub const PASSWORDS_AT_ONCE_MAX: usize = 2;
/// Passwords that may wait to be hashed.
pub const PASSWORDS_AWAITED_MAX: usize = 64;
/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Longest code that is compared, in bytes.
pub const LOGIN_CODE_BYTES_MAX: usize = 64;
/// How long a session lasts that nobody uses.
pub const SESSION_IDLE: TimeDelta = TimeDelta::hours(12);
/// How long a session lasts at most.
pub const SESSION_LIFE: TimeDelta = TimeDelta::days(7);
/// How often it is noted that a session is used.
pub const SESSION_SEEN_EVERY: TimeDelta = TimeDelta::minutes(5);
/// Sessions of a member: with one more, the one that was used longest ago ends.
pub const SESSIONS_PER_MEMBER_MAX: u32 = 50;
/// Members of a store.
pub const MEMBERS_MAX: usize = 200;
/// Recovery codes of a member.
pub const RECOVERY_CODES: usize = 10;
/// How long the link works with which the first owner is made.
pub const SETUP_LINK_LIFE: TimeDelta = TimeDelta::days(7);
/// Stores of a server in which whoever signs in without naming one is looked for.
pub const STORES_LOOKED_THROUGH_MAX: usize = 100;
/// Endpoints of a store that are told of what happens.
pub const WEBHOOK_ENDPOINTS_MAX: u32 = 20;
/// Longest address of an endpoint, in bytes.
pub const WEBHOOK_URL_BYTES_MAX: usize = 2_048;
/// Most bytes of the facts of a message: with what stands around them it has at most 20 KiB.
pub const WEBHOOK_DATA_BYTES_MAX: usize = 20 * 1024 - 128;
/// For sending a message to an endpoint, until the head of its answer is there.
pub const WEBHOOK_WHOLE: Duration = Duration::from_secs(10);
/// Messages to an endpoint that are under way at once.
pub const WEBHOOKS_AT_ONCE_MAX: u32 = 8;
/// Endpoints, of all stores, that are sent to at once: one that is slow keeps its own place, and no other's.
pub const WEBHOOK_ENDPOINTS_AT_ONCE_MAX: usize = 256;
/// After how many seconds a message is sent again that was not taken, after each try: a little more than three days in all.
pub const WEBHOOK_RETRIES_S: [u32; 9] =
    [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// After what time without a message that was taken an endpoint is not sent to any more.
pub const WEBHOOK_FAILING_MAX: TimeDelta = TimeDelta::days(5);
/// For how long the secret before still signs, beside the new one.
pub const WEBHOOK_OLD_SECRET_LIFE: TimeDelta = TimeDelta::hours(24);
/// Days after which it is forgotten what was sent, and what came of it.
pub const WEBHOOK_KEPT: TimeDelta = TimeDelta::days(30);
/// Messages that are forgotten at a time, and SKUs and parcels that are noted at a time.
pub const WEBHOOKS_NOTED_AT_ONCE: u32 = 1_000;
/// Posts that stand in a shop's feed.
pub const POST_FEED_MAX: u32 = 50;
/// For how many seconds the feed may be kept.
pub const POST_FEED_MAX_AGE_S: u32 = 60;
/// Days ahead for which a post may be scheduled.
pub const POST_SCHEDULED_DAYS_MAX: i64 = 365;
/// Posts of a store that go at a time.
pub const POSTS_AT_ONCE_MAX: u32 = 20;
/// For how long a post is looked after: what is older is not corrected any more.
pub const POST_LOOKED_AFTER: TimeDelta = TimeDelta::days(14);
/// For how long a post may wait for its hour and its turn: what is older is no news.
pub const POST_NEWS_LIFE: TimeDelta = TimeDelta::days(3);
/// How often posts about a SKU are corrected in 24 hours.
pub const POST_CORRECTIONS_PER_DAY_MAX: u64 = 3;
/// After what time it is looked again whether a correction more than that may go.
pub const POST_CORRECTION_PUT_OFF: TimeDelta = TimeDelta::hours(1);
/// How long posts are kept that were cancelled, from when they were to go.
pub const POSTS_CANCELLED_KEPT: TimeDelta = TimeDelta::days(90);
/// Posts that are forgotten at a time.
pub const POSTS_FORGOTTEN_AT_ONCE: u32 = 500;
/// For a request to a network and its answer.
pub const POST_WHOLE: Duration = Duration::from_secs(10);
/// How often the rate limiter forgets who has been quiet, in requests.
pub const RATE_FORGET_EVERY: u64 = 50_000;

/// What is allowed how often, how long and how many: the part that `serve` has options for.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// False turns the rate limits off: for the demo and for benchmarks.
    pub rate_limited: bool,
    /// Shoppers' requests in a second, for each key and address, in the long run.
    pub requests_per_s: u32,
    /// Shoppers' requests at once, for each key and address.
    pub requests_burst: u32,
    /// True lets in the demo's well-known keys.
    pub demo_keys: bool,
    /// Open connections.
    pub connections: usize,
    /// Open connections from one address. Addresses of this machine are not counted.
    pub connections_per_address: usize,
    /// Open streams of one store.
    pub streams_per_store: usize,
    /// Open streams of one store to one address.
    pub streams_per_address: usize,
    /// How long a stream lives, give or take [`STREAM_LIFE_SPREAD_PERCENT`].
    pub stream_life: Duration,
    /// For how long shoppers are answered from memory when the database cannot be reached.
    pub stale: Duration,
    /// From connecting to the first byte.
    pub first_byte: Duration,
    /// From a request's first byte to the end of its head.
    pub head: Duration,
    /// For a request's whole body.
    pub body: Duration,
    /// For the body of a file to import, and for importing it.
    pub import: Duration,
    /// For making an answer.
    pub handler: Duration,
    /// For which a connection may be idle.
    pub idle: Duration,
    /// For which a reader may take nothing while there is something for it.
    pub stalled_write: Duration,
    /// For everything to end when the server stops.
    pub stop: Duration,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate_limited: true,
            requests_per_s: 50,
            requests_burst: 200,
            demo_keys: false,
            connections: 20_000,
            connections_per_address: 200,
            streams_per_store: 5_000,
            streams_per_address: 20,
            stream_life: Duration::from_secs(20 * 60),
            stale: Duration::from_secs(60),
            first_byte: Duration::from_secs(5),
            head: Duration::from_secs(10),
            body: Duration::from_secs(15),
            import: Duration::from_secs(600),
            handler: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            stalled_write: Duration::from_secs(30),
            stop: Duration::from_secs(8),
            trusted_proxies: Vec::new(),
        }
    }
}

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

/// A text is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: write an address, or a range such as 10.0.0.0/8")]
pub struct NetworkError(String);

impl std::str::FromStr for Network {
    type Err = NetworkError;

    fn from_str(raw: &str) -> Result<Self, NetworkError> {
        let refused = || NetworkError(raw.into());
        let (address, prefix) = match raw.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (raw, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| refused())?,
            None => width,
        };
        if width < prefix_bits {
            return Err(refused());
        }
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}

impl Network {
    /// True if `address` lies within.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - self.prefix_bits;
                let top = |bits: u32| u64::from(bits) >> shift;
                top(ours.to_bits()) == top(theirs.to_bits())
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let top = |bits: u128| bits.checked_shr(128 - self.prefix_bits).unwrap_or(0);
                top(ours.to_bits()) == top(theirs.to_bits())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_exactly_the_addresses_with_its_prefix() {
        let cases = [
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fd12::1", true),
            ("::/0", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
        ];
        for (network, address, expected) in cases {
            let network: Network = network.parse().expect("a network");
            let address = address.parse().expect("an address");
            assert_eq!(network.contains(address), expected, "{network:?} {address}");
        }
        for raw in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a/8", "10.0.0.0/x"] {
            assert!(raw.parse::<Network>().is_err(), "{raw} was taken");
        }
    }
}
