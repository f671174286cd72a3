//! Says what shoppers may be told about SKUs, from the facts in memory.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use shared::availability::{self, PromisePolicy, availability};
use shared::ids::Sku;
use shared::quantity::Quantity;
use shared::text::{Language, Speaker, Tables};
use shared::wire;

use crate::catalogue::{Entry, ReadyAnswer, Settings, Shop, goods};

/// The quantity for which answers are kept ready: what product pages ask for.
const READY_QUANTITY: Quantity = Quantity::new(1);

/// What somebody wants to know of each of some SKUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Units of each.
    pub quantity: Quantity,
    /// The language of the words.
    pub language: Language,
    /// The part of the world that parcels go to, as the store names it; `None`: where most of them go.
    pub to: Option<Arc<str>>,
}

/// One answer for each SKU asked for, in that order.
pub struct Answers {
    /// The answers.
    pub items: Vec<Arc<ReadyAnswer>>,
    /// The store's revision: the answers are at least as new.
    pub revision: u64,
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
    let entries = shop.entry_and_parts(sku.as_str());
    let Some(newest) = entries.iter().map(|entry| entry.facts.revision).max() else {
        return false;
    };
    let Some(ago) = shop.reached(seen) else {
        return false;
    };
    let then = now - ago;
    newest.max(settings.generation) <= seen
        && computed(&entries, &settings, sku, question, then)
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
    let entries = shop.entry_and_parts(sku.as_str());
    computed(&entries, settings, sku, question, now).0
}

impl Answers {
    /// When the first of them may change by itself.
    pub fn valid_until(&self) -> Option<DateTime<Utc>> {
        self.items.iter().filter_map(|item| item.valid_until).min()
    }

    /// A number that differs when any of the answers does, whatever the moment of asking.
    pub fn fingerprint(&self) -> u64 {
        match self.items.as_slice() {
            [one] => one.fingerprint,
            several => {
                let mut hasher = DefaultHasher::new();
                several
                    .iter()
                    .for_each(|item| item.fingerprint.hash(&mut hasher));
                hasher.finish()
            }
        }
    }
}

fn ready_answer(
    shop: &Shop,
    settings: &Settings,
    sku: &Sku,
    question: &Question,
    now: DateTime<Utc>,
) -> Arc<ReadyAnswer> {
    let entry = shop.entry(sku.as_str());
    let kept = entry
        .as_ref()
        .filter(|_| question.quantity == READY_QUANTITY && question.to.is_none());
    if let Some(ready) = kept.and_then(|entry| entry.ready(question.language))
        && ready.generation == settings.generation
        && ready.valid_until.is_none_or(|end| now < end)
    {
        return ready;
    }

    let (answer, valid_until) = match &entry {
        Some(entry) if entry.facts.kit.is_empty() => {
            computed(std::slice::from_ref(entry), settings, sku, question, now)
        }
        Some(_) => computed(
            &shop.entry_and_parts(sku.as_str()),
            settings,
            sku,
            question,
            now,
        ),
        None => computed(&[], settings, sku, question, now),
    };
    let json = serde_json::to_vec(&answer).expect("an answer has only text keys");
    let mut hasher = DefaultHasher::new();
    json.hash(&mut hasher);
    let ready = Arc::new(ReadyAnswer {
        language: question.language,
        json: Bytes::from(json),
        valid_until,
        generation: settings.generation,
        fingerprint: hasher.finish(),
    });
    if let Some(entry) = kept {
        entry.keep_ready(Arc::clone(&ready));
    }
    ready
}

fn computed(
    entries: &[Arc<Entry>],
    settings: &Settings,
    sku: &Sku,
    question: &Question,
    now: DateTime<Utc>,
) -> (wire::Availability, Option<DateTime<Utc>>) {
    let (quantity, language) = (question.quantity, question.language);
    let promises = bound_for(settings, question.to.as_ref());
    let answer = match goods(entries) {
        Some(goods) => availability(&goods, &settings.locations, &promises, quantity, now),
        None => availability::Availability::unknown(sku.clone(), quantity),
    };
    let title = entries
        .first()
        .and_then(|entry| entry.facts.title.as_deref());
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
