//! The facts of every shop in memory: what reads are answered from.
//!
//! Refreshed after each commit by the operation that committed, and by the watch for commits of other
//! processes. Never written to otherwise, so it can be thrown away and loaded anew. Whoever refreshes
//! may be late: what is older than what is known is passed over.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use shared::availability::{Location, PromisePolicy};
use shared::ids::{Sku, StoreId};
use shared::kit::Goods;
use shared::money::Currency;
use shared::shipment::SplitPolicy;
use shared::supply::SkuFacts;
use shared::text::Language;

/// All shops of this server, and the keys that open them.
#[derive(Default)]
pub struct Catalogue {
    shops: ArcSwap<HashMap<StoreId, Arc<Shop>>>,
    keys: ArcSwap<Keys>,
}

/// The keys of all stores.
#[derive(Debug, Default)]
pub struct Keys {
    /// The keys.
    pub by_hash: HashMap<KeyHash, Key>,
    /// Grows with each change.
    pub version: u64,
}

/// SHA-256 of a key. Keys are 256 random bits, so no slow hash is needed.
pub type KeyHash = [u8; 32];

/// A key as the server remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The shop it opens.
    pub store: StoreId,
    /// What it may be used for.
    pub kind: KeyKind,
    /// True once the merchant has revoked it.
    pub revoked: bool,
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `pk_...`: stands in web pages; reads what shoppers may see.
    Publishable,
    /// `sk_...`: the merchant's server; reads and writes everything of the shop.
    Secret,
}

/// One shop.
pub struct Shop {
    /// Its id.
    pub id: StoreId,
    settings: ArcSwap<Settings>,
    entries: RwLock<HashMap<Sku, Arc<Entry>>>,
    kits: Mutex<HashMap<Sku, HashSet<Sku>>>,
    revision: AtomicU64,
    reached: Mutex<VecDeque<(u64, Instant)>>,
}

/// Most revisions of which a shop remembers when they were reached.
const REACHED_MAX: usize = 256;

/// What a merchant decides about the whole shop.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The shop's name.
    pub name: String,
    /// The store's own location: whose days its dates are told in, and where goods go unless said otherwise.
    pub location: Location,
    /// All locations that ship, the store's own first, then by id.
    pub locations: Vec<Location>,
    /// How promises are made.
    pub promises: PromisePolicy,
    /// What prices are in.
    pub currency: Currency,
    /// Who pays for more parcels than one.
    pub split: SplitPolicy,
    /// A sooner date is told to who waits where it is sooner by this many days.
    pub better_by_days: u32,
    /// Origins (`https://shop.example`) whose pages may use the publishable keys.
    pub origins: Vec<String>,
    /// Grows with each change, so that answers made with other settings can be told.
    pub generation: u64,
}

/// The facts of one SKU with the answers made from them.
pub struct Entry {
    /// The facts.
    pub facts: SkuFacts,
    /// Answers for one unit, once somebody asked: in the languages last asked for.
    ready: [ArcSwapOption<ReadyAnswer>; READY_LANGUAGES_MAX],
}

/// Most languages in which the answers about a SKU are kept ready.
const READY_LANGUAGES_MAX: usize = 2;

/// An answer as bytes, and for how long it stands.
pub struct ReadyAnswer {
    /// The language of its words.
    pub language: Language,
    /// The `Availability` as JSON.
    pub json: Bytes,
    /// When it may change by itself.
    pub valid_until: Option<DateTime<Utc>>,
    /// [`Settings::generation`] it was made with.
    pub generation: u64,
    /// Differs when `json` does.
    pub fingerprint: u64,
}

impl Catalogue {
    /// The shop with this id.
    pub fn shop(&self, id: &StoreId) -> Option<Arc<Shop>> {
        self.shops.load().get(id).cloned()
    }

    /// All shops.
    pub fn shops(&self) -> Vec<Arc<Shop>> {
        self.shops.load().values().cloned().collect()
    }

    /// Adds a shop or takes another's place.
    pub fn put_shop(&self, shop: Arc<Shop>) {
        self.shops.rcu(|shops| {
            let mut shops = HashMap::clone(shops);
            shops.insert(shop.id.clone(), Arc::clone(&shop));
            shops
        });
    }

    /// The key that a caller shows, if there ever was such a key.
    pub fn key(&self, shown: &str) -> Option<Key> {
        self.keys.load().by_hash.get(&hash_of(shown)).cloned()
    }

    /// Replaces all keys, unless newer ones are known: a key that was revoked stays so.
    pub fn put_keys(&self, keys: Keys) {
        let keys = Arc::new(keys);
        self.keys.rcu(|known| match known.version < keys.version {
            true => Arc::clone(&keys),
            false => Arc::clone(known),
        });
    }
}

/// The hash by which a key is known.
pub fn hash_of(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

impl Shop {
    /// A shop without goods.
    pub fn new(id: StoreId, settings: Settings, revision: u64) -> Self {
        Self {
            id,
            settings: ArcSwap::from_pointee(settings),
            entries: RwLock::default(),
            kits: Mutex::default(),
            revision: AtomicU64::new(revision),
            reached: Mutex::default(),
        }
    }

    /// What the merchant decided.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Takes other settings, unless those of the same or a later generation are known.
    pub fn put_settings(&self, settings: Settings) {
        let settings = Arc::new(settings);
        let is_newer = |known: &Settings| known.generation < settings.generation;
        self.settings.rcu(|known| match is_newer(known) {
            true => Arc::clone(&settings),
            false => Arc::clone(known),
        });
    }

    /// What is known of a SKU.
    pub fn entry(&self, sku: &str) -> Option<Arc<Entry>> {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(sku)
            .cloned()
    }

    /// What is known of a SKU, followed by what is known of all that it is made of; seen at one moment.
    pub fn entry_and_parts(&self, sku: &str) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Arc<Entry>> = entries.get(sku).cloned().into_iter().collect();
        let mut at = 0;
        while at < found.len() {
            let parts = Arc::clone(&found[at]);
            for (part, _) in &parts.facts.kit {
                if !found.iter().any(|known| known.facts.sku == *part) {
                    found.extend(entries.get(part).cloned());
                }
            }
            at += 1;
        }
        found
    }

    /// These SKUs, and all kits that they are in.
    pub fn with_kits(&self, skus: Vec<Sku>) -> Vec<Sku> {
        let kits = self.kits.lock().unwrap_or_else(PoisonError::into_inner);
        if kits.is_empty() {
            return skus;
        }
        let mut seen: HashSet<Sku> = skus.iter().cloned().collect();
        let mut all = skus;
        let mut at = 0;
        while let Some(sku) = all.get(at) {
            let more = kits.get(sku).into_iter().flatten();
            let more: Vec<Sku> = more
                .filter(|kit| seen.insert((*kit).clone()))
                .cloned()
                .collect();
            all.extend(more);
            at += 1;
        }
        all
    }

    /// What is known of every SKU, in no particular order.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.values().cloned().collect()
    }

    /// How many SKUs are known.
    pub fn len(&self) -> usize {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// True if no SKU is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes newer facts. Facts older than what is known are passed over.
    pub fn put(&self, facts: impl IntoIterator<Item = SkuFacts>) {
        let mut changed = Vec::new();
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for facts in facts {
            let newer = entries
                .get(&facts.sku)
                .is_none_or(|known| known.facts.revision <= facts.revision);
            if newer {
                let mut kits = self.kits.lock().unwrap_or_else(PoisonError::into_inner);
                for (part, _) in &facts.kit {
                    kits.entry(part.clone())
                        .or_default()
                        .insert(facts.sku.clone());
                }
                drop(kits);
                changed.push(facts.sku.clone());
                entries.insert(facts.sku.clone(), Arc::new(Entry::new(facts)));
            }
        }
        // What was said of a kit does not stand any more when one of its parts changes.
        let count = changed.len();
        for kit in &self.with_kits(changed)[count..] {
            if let Some(entry) = entries.get_mut(kit) {
                *entry = Arc::new(Entry::new(entry.facts.clone()));
            }
        }
    }

    /// Says that all of these commits is here. Counts once all before them are.
    pub fn add_commits(&self, revisions: RangeInclusive<u64>) {
        let (before, revision) = (revisions.start().saturating_sub(1), *revisions.end());
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        // Else another is still on its way here; the watch, which looks after every commit, reaches both.
        let counts = self
            .revision
            .compare_exchange(before, revision, success, failure);
        if counts.is_ok() {
            self.note_reached(revision);
        }
    }

    /// Says that all commits up to this one are here.
    pub fn reach(&self, revision: u64) {
        if self.revision.fetch_max(revision, Ordering::AcqRel) < revision {
            self.note_reached(revision);
        }
    }

    /// How long ago a revision became visible here; `None` if that was before the server started,
    /// or is long past.
    pub fn reached(&self, revision: u64) -> Option<TimeDelta> {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, at) = reached.iter().find(|(known, _)| *known <= revision)?;
        TimeDelta::from_std(at.elapsed()).ok()
    }

    /// The last revision that is visible here, with all before it.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn note_reached(&self, revision: u64) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.truncate(REACHED_MAX - 1);
        reached.push_front((revision, Instant::now()));
    }
}

/// The goods of [`Shop::entry_and_parts`]; `None` where the SKU is not known.
pub fn goods(entries: &[Arc<Entry>]) -> Option<Goods<'_>> {
    let facts = &entries.first()?.facts;
    let known = |sku: &Sku| {
        entries
            .iter()
            .map(|entry| &entry.facts)
            .find(|facts| facts.sku == *sku)
    };
    Some(Goods::new(facts, known).unwrap_or_else(|_| Goods::broken(facts)))
}

impl Entry {
    fn new(facts: SkuFacts) -> Self {
        Self {
            facts,
            ready: Default::default(),
        }
    }

    /// The answer for one unit in a language, if it is kept.
    pub fn ready(&self, language: Language) -> Option<Arc<ReadyAnswer>> {
        let mut kept = self.ready.iter().filter_map(ArcSwapOption::load_full);
        kept.find(|ready| ready.language == language)
    }

    /// Keeps an answer for one unit, in place of the one in its language, or of another.
    pub fn keep_ready(&self, answer: Arc<ReadyAnswer>) {
        let language =
            |place: &ArcSwapOption<ReadyAnswer>| place.load().as_ref().map(|kept| kept.language);
        let place = |wanted| {
            self.ready
                .iter()
                .position(|place| language(place) == wanted)
        };
        let at = place(Some(answer.language))
            .or_else(|| place(None))
            .unwrap_or(answer.language as usize % READY_LANGUAGES_MAX);
        self.ready[at].store(Some(answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(version: u64, revoked: bool) -> Keys {
        let key = Key {
            store: "default".parse().expect("an id"),
            kind: KeyKind::Secret,
            revoked,
        };
        Keys {
            by_hash: HashMap::from([(hash_of("sk_test"), key)]),
            version,
        }
    }

    #[test]
    fn keys_that_are_loaded_late_bring_no_revoked_key_back() {
        let catalogue = Catalogue::default();
        for (version, revoked) in [(1, false), (3, true), (2, false)] {
            catalogue.put_keys(keys(version, revoked));
        }
        assert!(catalogue.key("sk_test").expect("the key").revoked);
    }
}
