//! Says what shoppers may be told about SKUs, from the facts in memory.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use shared::availability::{self, PromisePolicy, availability};
use shared::ids::Sku;
use shared::quantity::Quantity;
use shared::supply::SkuFacts;
use shared::text::{Language, Speaker, Tables};
use shared::wire;

use super::tell_offers::Visitor;
use crate::catalogue::{ReadyAnswer, Settings, Shop, goods};

/// The quantity for which answers are kept ready: what product pages ask for.
const READY_QUANTITY: Quantity = Quantity::new(1);

/// What somebody wants to know of each of some SKUs.
#[derive(Debug, Clone)]
pub struct Question {
    /// Units of each.
    pub quantity: Quantity,
    /// The language of the words.
    pub language: Language,
    /// The part of the world that parcels go to, as the store names it; `None`: where most of them go.
    pub to: Option<Arc<str>>,
    /// Who looks, where the store makes offers and the page says who; `None`: nothing is said of offers.
    pub visitor: Option<Arc<Visitor>>,
}

/// One answer for each SKU asked for, in that order.
pub struct Answers {
    /// The answers.
    pub items: Vec<ReadyAnswer>,
    /// The store's revision: the answers are at least as new.
    pub revision: u64,
}

/// The answers to a question as one text.
pub struct Joined {
    /// The answers with commas between, behind what was there already.
    pub json: Vec<u8>,
    /// The store's revision: the answers are at least as new.
    pub revision: u64,
    /// When the first of them may change by itself.
    pub valid_until: Option<DateTime<Utc>>,
    /// A number that differs when any of the answers does, whatever the moment of asking.
    pub fingerprint: u64,
}

/// Answers a question about several SKUs at `now`.
pub fn check_availability(
    shop: &Shop,
    skus: &[Sku],
    question: &Question,
    now: DateTime<Utc>,
) -> Answers {
    // Read the revision first: facts may be newer than it says, never older.
    let revision = shop.revision();
    let settings = shop.settings();
    let items = skus
        .iter()
        .map(|sku| ready_answer(shop, &settings, sku, question, now))
        .collect();
    Answers { items, revision }
}

/// Answers a question about several SKUs at `now`, behind what is in `json`.
///
/// The same as [`check_availability`], without a copy of each answer where all are ready.
pub fn join_availability(
    shop: &Shop,
    skus: &[Sku],
    question: &Question,
    now: DateTime<Utc>,
    json: Vec<u8>,
) -> Joined {
    let before = json.len();
    let revision = shop.revision();
    let settings = shop.settings();
    let mut joining = Joining::behind(json);
    let all_ready = is_kept_ready(question)
        && shop.all_ready(skus, question.language, |ready| {
            let stands = still_stands(ready, &settings, now);
            if stands {
                joining.add(ready);
            }
            stands
        });
    if all_ready {
        return joining.joined(revision);
    }
    let mut json = joining.json;
    json.truncate(before);
    let mut joining = Joining::behind(json);
    for sku in skus {
        joining.add(&ready_answer(shop, &settings, sku, question, now));
    }
    joining.joined(revision)
}

/// Answers that are written one behind the other.
struct Joining {
    json: Vec<u8>,
    before: usize,
    valid_until: Option<DateTime<Utc>>,
    first: u64,
    all: DefaultHasher,
    count: usize,
}

impl Joining {
    fn behind(json: Vec<u8>) -> Self {
        Self {
            before: json.len(),
            json,
            valid_until: None,
            first: 0,
            all: DefaultHasher::new(),
            count: 0,
        }
    }

    fn add(&mut self, answer: &ReadyAnswer) {
        if self.json.len() != self.before {
            self.json.push(b',');
        }
        self.json.extend_from_slice(&answer.json);
        let ends = [self.valid_until, answer.valid_until];
        self.valid_until = ends.into_iter().flatten().min();
        match self.count {
            0 => self.first = answer.fingerprint,
            1 => (self.first, answer.fingerprint).hash(&mut self.all),
            _ => answer.fingerprint.hash(&mut self.all),
        }
        self.count += 1;
    }

    fn joined(self, revision: u64) -> Joined {
        Joined {
            json: self.json,
            revision,
            valid_until: self.valid_until,
            fingerprint: match self.count {
                ..=1 => self.first,
                _ => self.all.finish(),
            },
        }
    }
}

/// True if somebody who knew the answer at the revision `seen` still does at `now`: neither the
/// facts nor the passing of time have changed it.
pub fn is_known(
    shop: &Shop,
    sku: &Sku,
    question: &Question,
    seen: u64,
    now: DateTime<Utc>,
) -> bool {
    let settings = shop.settings();
    let facts = shop.facts_and_parts(sku.as_str());
    let Some(newest) = facts.iter().map(|facts| facts.revision).max() else {
        return false;
    };
    let Some(ago) = shop.reached(seen) else {
        return false;
    };
    let then = now - ago;
    newest.max(settings.generation) <= seen
        && computed(&facts, &settings, sku, question, then)
            .1
            .is_none_or(|end| now < end)
}

/// Answers a question about one SKU at `now`, as the value that goes on the wire.
pub fn answer(
    shop: &Shop,
    settings: &Settings,
    sku: &Sku,
    question: &Question,
    now: DateTime<Utc>,
) -> wire::Availability {
    let facts = shop.facts_and_parts(sku.as_str());
    answer_from(&facts, settings, sku, question, now)
}

/// The same from facts about it and about all that it is made of, its own first.
pub(super) fn answer_from(
    facts: &[SkuFacts],
    settings: &Settings,
    sku: &Sku,
    question: &Question,
    now: DateTime<Utc>,
) -> wire::Availability {
    computed(facts, settings, sku, question, now).0
}

/// True for questions of which the answers are kept: what product pages ask.
fn is_kept_ready(question: &Question) -> bool {
    question.quantity == READY_QUANTITY && question.to.is_none() && question.visitor.is_none()
}

fn still_stands(ready: &ReadyAnswer, settings: &Settings, now: DateTime<Utc>) -> bool {
    ready.generation == settings.generation && ready.valid_until.is_none_or(|end| now < end)
}

fn ready_answer(
    shop: &Shop,
    settings: &Settings,
    sku: &Sku,
    question: &Question,
    now: DateTime<Utc>,
) -> ReadyAnswer {
    let is_kept = is_kept_ready(question);
    if is_kept {
        let mut found = None;
        shop.all_ready(std::slice::from_ref(sku), question.language, |ready| {
            found = still_stands(ready, settings, now).then(|| ready.clone());
            true
        });
        if let Some(ready) = found {
            return ready;
        }
    }

    // Read the entry first: the answer is kept only while it is still the one that is known.
    let entry = shop.entry(sku.as_str());
    let facts = match &entry {
        Some(entry) if entry.kit().is_empty() => vec![entry.facts()],
        Some(_) => shop.facts_and_parts(sku.as_str()),
        None => Vec::new(),
    };
    let (mut answer, valid_until) = computed(&facts, settings, sku, question, now);
    if let Some(visitor) = &question.visitor {
        answer.offer = visitor.offer_for(shop, settings, &answer, question.language, now);
    }
    let json = serde_json::to_vec(&answer).expect("an answer has only text keys");
    let mut hasher = DefaultHasher::new();
    json.hash(&mut hasher);
    let ready = ReadyAnswer {
        language: question.language,
        json: json.into(),
        valid_until,
        generation: settings.generation,
        fingerprint: hasher.finish(),
    };
    if let Some(entry) = entry.filter(|_| is_kept) {
        shop.keep_ready(&entry, ready.clone());
    }
    ready
}

fn computed(
    facts: &[SkuFacts],
    settings: &Settings,
    sku: &Sku,
    question: &Question,
    now: DateTime<Utc>,
) -> (wire::Availability, Option<DateTime<Utc>>) {
    let (quantity, language) = (question.quantity, question.language);
    let promises = bound_for(settings, question.to.as_ref());
    let answer = match goods(facts) {
        Some(goods) => availability(&goods, &settings.locations, &promises, quantity, now),
        None => availability::Availability::unknown(sku.clone(), quantity),
    };
    let title = facts.first().and_then(|facts| facts.title.as_deref());
    let on_wire = on_wire(&answer, title, settings, language, now);
    (on_wire, answer.valid_until)
}

/// An answer as the value that goes on the wire.
pub(super) fn on_wire(
    answer: &availability::Availability,
    title: Option<&str>,
    settings: &Settings,
    language: Language,
    now: DateTime<Utc>,
) -> wire::Availability {
    let tables = Tables(language);
    let speaker = Speaker::new(language, &tables, settings.location.calendar.today(now));
    let until = answer.valid_until.map(instant);
    wire::Availability::new(answer, title, &speaker, until)
}

/// An instant as it stands on the wire.
pub fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The store's policy for parcels that go to a part of the world.
pub(super) fn bound_for<'a>(
    settings: &'a Settings,
    to: Option<&Arc<str>>,
) -> Cow<'a, PromisePolicy> {
    match to {
        None => Cow::Borrowed(&settings.promises),
        Some(zone) => Cow::Owned(PromisePolicy {
            zone: Some(Arc::clone(zone)),
            ..settings.promises.clone()
        }),
    }
}
