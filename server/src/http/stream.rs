//! `GET /v1/stream`: answers as they change, as server-sent events.
//!
//! A stream is made when it is read: there is no task behind it, so it is gone when its reader is,
//! and it waits for nobody. Each event carries the whole answer, so that none needs another.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::IntoResponse;
use futures_util::stream;
use shared::ids::Sku;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep_until};

use super::auth::{Publishable, counted_as};
use super::query::{self, Asked};
use super::web::{Slot, Web};
use crate::catalogue::{ReadyAnswer, Shop};
use crate::changes::{Change, Changed};
use crate::error::Problem;
use crate::freshness::Worth;
use crate::limits::{
    STREAM_COMMENT_EVERY, STREAM_EVENTS_KEPT_MAX, STREAM_LIFE_SPREAD_PERCENT, STREAM_RETRY_MS,
};
use crate::operations::check_availability::{Question, check_availability, is_known};
use crate::operations::tell_offers::visitor;

/// Tells what shoppers may be told about SKUs, now and whenever it changes
///
/// First an `availability` event for each SKU with the whole answer, then one after each change.
/// `resync` advises to ask again. `id` is the revision of the answer: who names the last one it saw is not told again what
/// did not change since.
#[utoipa::path(
    get,
    path = "/v1/stream",
    tag = "shoppers",
    params(
        ("sku" = Vec<String>, Query, description = "SKUs, at most 100: `sku=A&sku=B`", explode = true),
        ("qty" = Option<u32>, Query, description = "Units of each, 1 to 9,999", minimum = 1, maximum = 9999),
        ("lang" = Option<String>, Query, description = "BCP 47 tag of the language of `text`; English unless given"),
        ("shopper" = Option<String>, Query, description = "What your shop calls who looks: where offers are made, `offer` is theirs", max_length = 128),
        ("since" = Option<u64>, Query, description = "The last `id` seen, where Last-Event-ID cannot be sent"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last `id` seen"),
    ),
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = 401, description = "The key is missing, unknown or revoked", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The page's origin is not listed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No SKU, too many, or a parameter that cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many streams or requests", body = Problem, content_type = "application/problem+json"),
    ),
    security(("publishable" = []), ("publishable_in_query" = []), ("secret" = []))
)]
pub async fn open(
    State(web): State<Web>,
    caller: Publishable,
    asked: Asked,
    uri: Uri,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let asked = asked.about_some()?;
    let shopper = query::shopper(uri.query());
    let visitor = visitor(&web.app, &caller.shop, shopper.as_deref()).await;
    let slot = web
        .stream_slot(&caller.shop.id, counted_as(caller.address))
        .ok_or_else(too_many_streams)?;
    let last_seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let mut listener = Listener::new(web, caller.shop, asked, last_seen, slot);
    listener.question.visitor = visitor;
    let events = stream::unfold(Some(listener), |listener| async {
        let mut listener = listener?;
        let text = listener.next().await;
        let rest = (!listener.ended).then_some(listener);
        Some((Ok::<_, Infallible>(text), rest))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)))
}

fn too_many_streams() -> Problem {
    Problem::new(
        429,
        "too_many_streams",
        "Too many open streams",
        "Use one stream for all SKUs of a page, and close it while the page is hidden.",
    )
    .retry_after_s(30)
}

/// Somebody who listens for changes of some SKUs.
struct Listener {
    web: Web,
    shop: Arc<Shop>,
    question: Question,
    watched: Vec<Watched>,
    changes: Receiver<Arc<Change>>,
    /// The last revision that the client has seen; zero if it has seen none.
    seen: u64,
    begun: bool,
    ended: bool,
    ends_at: Instant,
    quiet_until: Instant,
    _slot: Slot,
}

struct Watched {
    sku: Sku,
    /// Fingerprint of the last answer that was told.
    told: Option<u64>,
    /// When that answer may change by itself.
    valid_until: Option<chrono::DateTime<chrono::Utc>>,
}

/// The last answers that were told as events: what one change brings to thousands is written once.
#[derive(Debug, Default)]
pub struct Events(Mutex<VecDeque<Event>>);

#[derive(Debug)]
struct Event {
    fingerprint: u64,
    revision: u64,
    json: Range<usize>,
    text: Bytes,
}

impl Events {
    /// An answer as an event.
    fn of(&self, answer: &ReadyAnswer, revision: u64) -> Bytes {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fingerprint = answer.fingerprint;
        // Compared to the last byte: no shop may ever be told another shop's answer.
        let same = |event: &&Event| {
            (event.fingerprint, event.revision) == (fingerprint, revision)
                && event.text[event.json.clone()] == *answer.json
        };
        if let Some(event) = known.iter().find(same) {
            return event.text.clone();
        }
        let begin = format!("event: availability\nid: {revision}\ndata: ");
        let text: Bytes = [begin.as_bytes(), &answer.json, b"\n\n"].concat().into();
        known.truncate(STREAM_EVENTS_KEPT_MAX - 1);
        known.push_front(Event {
            fingerprint,
            revision,
            json: begin.len()..begin.len() + answer.json.len(),
            text: text.clone(),
        });
        text
    }
}

/// Why a listener is told something.
enum Cause {
    Change,
    Lagging,
    Quiet,
    TimePassed,
    End,
}

impl Listener {
    fn new(web: Web, shop: Arc<Shop>, asked: Asked, last_seen: Option<u64>, slot: Slot) -> Self {
        // Subscribe before reading: a change between the two would otherwise go unseen.
        let changes = web.app.changes.subscribe();
        let mut watched: Vec<Watched> = Vec::with_capacity(asked.skus.len());
        for sku in asked.skus {
            if watched.iter().all(|known| known.sku != sku) {
                watched.push(Watched {
                    sku,
                    told: None,
                    valid_until: None,
                });
            }
        }
        let percent =
            web.spread_over(100 - STREAM_LIFE_SPREAD_PERCENT..100 + STREAM_LIFE_SPREAD_PERCENT + 1);
        let life = web
            .app
            .limits
            .stream_life
            .mul_f64(f64::from(u32::try_from(percent).unwrap_or(100)) / 100.0);
        let now = Instant::now();
        Self {
            shop,
            question: Question {
                quantity: asked.quantity,
                language: asked.language,
                to: asked.to,
                visitor: None,
            },
            watched,
            changes,
            seen: last_seen.or(asked.since).unwrap_or_default(),
            begun: false,
            ended: false,
            ends_at: now + life,
            quiet_until: now + STREAM_COMMENT_EVERY,
            web,
            _slot: slot,
        }
    }

    /// Waits until there is something to tell, and tells it.
    async fn next(&mut self) -> Bytes {
        if !self.begun {
            self.begun = true;
            return self.beginning();
        }
        loop {
            let mut concerned = vec![false; self.watched.len()];
            let text = match self.cause(&mut concerned).await {
                Cause::Change | Cause::TimePassed => self.answers(&concerned),
                Cause::Lagging => self.resync(),
                Cause::Quiet if self.is_cut_off() => {
                    self.ended = true;
                    self.goodbye()
                }
                Cause::Quiet => Bytes::from_static(b":\n\n"),
                Cause::End => {
                    self.ended = true;
                    self.goodbye()
                }
            };
            if !text.is_empty() {
                self.quiet_until = Instant::now() + STREAM_COMMENT_EVERY;
                return text;
            }
        }
    }

    /// True if what is in memory is too old to be told.
    fn is_cut_off(&self) -> bool {
        let app = &self.web.app;
        app.freshness.worth(app.limits.stale) == Worth::Nothing
    }

    /// What a client is told at once. A comment at least: it opens the way through proxies.
    fn beginning(&mut self) -> Bytes {
        let now = self.web.app.clock.now();
        // A revision of the future was seen before the store was restored from a copy.
        if self.shop.revision() < self.seen {
            self.seen = 0;
        }
        // Of several with the revision last seen the connection may have brought only some.
        let with_last = |watched: &&Watched| self.revision_of(&watched.sku) == self.seen;
        let is_tied = 1 < self.watched.iter().filter(with_last).count();
        let concerned: Vec<bool> = self
            .watched
            .iter()
            .map(|watched| {
                let may_be_lost = is_tied && with_last(&watched);
                may_be_lost || !is_known(&self.shop, &watched.sku, &self.question, self.seen, now)
            })
            .collect();
        let answers = self.answers(&concerned);
        // What is not told now still has a time at which it changes by itself.
        self.remember_untold(&concerned);
        let begin = format!(": ships-by\nretry: {}\n\n", self.retry_ms());
        [begin.as_bytes(), &answers].concat().into()
    }

    async fn cause(&mut self, concerned: &mut [bool]) -> Cause {
        let changes_at = self.changes_by_itself_at();
        loop {
            let change = tokio::select! {
                biased;
                () = self.web.stop.cancelled() => return Cause::End,
                () = sleep_until(self.ends_at) => return Cause::End,
                () = sleep_until(changes_at) => {
                    self.mark_expired(concerned);
                    return Cause::TimePassed;
                }
                change = self.changes.recv() => change,
                () = sleep_until(self.quiet_until) => return Cause::Quiet,
            };
            match change {
                Ok(change) => self.mark(&change, concerned),
                Err(RecvError::Lagged(_)) => return Cause::Lagging,
                Err(RecvError::Closed) => return Cause::End,
            }
            // Changes that came together are told together.
            loop {
                match self.changes.try_recv() {
                    Ok(change) => self.mark(&change, concerned),
                    Err(TryRecvError::Lagged(_)) => return Cause::Lagging,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            if concerned.contains(&true) {
                return Cause::Change;
            }
        }
    }

    /// Tells that changes may have been missed, and all that is true now.
    fn resync(&mut self) -> Bytes {
        self.changes = self.changes.resubscribe();
        let revision = self.shop.revision();
        let all = vec![true; self.watched.len()];
        let answers = self.answers(&all);
        let advice =
            format!("event: resync\nid: {revision}\ndata: {{\"revision\":{revision}}}\n\n");
        [advice.as_bytes(), &answers].concat().into()
    }

    fn mark(&self, change: &Change, concerned: &mut [bool]) {
        if change.store != self.shop.id {
            return;
        }
        match &change.skus {
            Changed::All => concerned.fill(true),
            Changed::Some(skus) => {
                for (concerned, watched) in concerned.iter_mut().zip(&self.watched) {
                    *concerned |= skus.contains(&watched.sku);
                }
            }
        }
    }

    fn mark_expired(&self, concerned: &mut [bool]) {
        let now = self.web.app.clock.now();
        for (concerned, watched) in concerned.iter_mut().zip(&self.watched) {
            *concerned = watched.valid_until.is_some_and(|end| end <= now);
        }
    }

    fn changes_by_itself_at(&self) -> Instant {
        let first = self
            .watched
            .iter()
            .filter_map(|watched| watched.valid_until)
            .min();
        // The wall clock may be set: look again now and then.
        let most = Duration::from_secs(3600);
        let wait = first.map_or(most, |end| {
            (end - self.web.app.clock.now())
                .to_std()
                .unwrap_or_default()
        });
        Instant::now() + wait.min(most)
    }

    /// The answers about the SKUs concerned, as events. Those that were told already are left out.
    ///
    /// The oldest facts come first: a connection may break between two events, and whoever comes back
    /// with the last id it has heard has heard all that is older.
    fn answers(&mut self, concerned: &[bool]) -> Bytes {
        let complete = self.shop.revision();
        let mut at: Vec<(u64, usize)> = (0..self.watched.len())
            .filter(|at| concerned[*at])
            .map(|at| (self.revision_of(&self.watched[at].sku).min(complete), at))
            .collect();
        at.sort_by_key(|(revision, _)| *revision);
        let sku = |(_, at): &(u64, usize)| self.watched[*at].sku.clone();
        let skus: Vec<Sku> = at.iter().map(sku).collect();
        let now = self.web.app.clock.now();
        let answers = check_availability(&self.shop, &skus, &self.question, now);
        let mut events: Vec<Bytes> = Vec::new();
        for ((revision, at), item) in at.into_iter().zip(&answers.items) {
            let watched = &mut self.watched[at];
            watched.valid_until = item.valid_until;
            if watched.told.replace(item.fingerprint) == Some(item.fingerprint) {
                continue;
            }
            events.push(self.web.events.of(item, revision));
        }
        match events.len() {
            // The same bytes for all who watch nothing else.
            0 | 1 => events.pop().unwrap_or_default(),
            _ => events.concat().into(),
        }
    }

    /// The revision at which the facts about a SKU last changed; zero for one that is not known.
    fn revision_of(&self, sku: &Sku) -> u64 {
        let entry = self.shop.entry(sku.as_str());
        entry.map_or(0, |entry| entry.revision())
    }

    fn remember_untold(&mut self, told: &[bool]) {
        let untold: Vec<bool> = told.iter().map(|told| !told).collect();
        self.answers(&untold);
    }

    fn retry_ms(&self) -> u64 {
        self.web.spread_over(STREAM_RETRY_MS)
    }

    fn goodbye(&self) -> Bytes {
        format!("retry: {}\n\n", self.retry_ms()).into()
    }
}
