//! The facts of every shop in memory: what reads are answered from.
//!
//! Refreshed after each commit by the operation that committed, and by the watch for commits of other
//! processes. Never written to otherwise, so it can be thrown away and loaded anew. Whoever refreshes
//! may be late: what is older than what is known is passed over.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
use std::time::Instant;

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as TableEntry;
use sha2::{Digest, Sha256};
use shared::availability::{Location, PromisePolicy};
use shared::ids::{Sku, StoreId};
use shared::kit::Goods;
use shared::money::Currency;
use shared::shipment::SplitPolicy;
use shared::supply::SkuFacts;
use shared::text::Language;

use crate::share::Held;
use crate::store::delays::DelayRules;

mod entry;
mod ready;
mod words;

pub use entry::Entry;
pub use ready::ReadyAnswer;
pub use words::{Spelling, SpeltNow, Words};

use entry::Common;
use ready::{Fate, Place, Row, Shelf};
use words::Spelt;

/// All shops of this server, and the keys that open them.
#[derive(Default)]
pub struct Catalogue {
    shops: ArcSwap<HashMap<StoreId, Arc<Shop>>>,
    keys: ArcSwap<Keys>,
    row: Arc<Row>,
    held: Held,
    awaited: ArcSwap<HashSet<StoreId>>,
}

/// What a server knows of a store.
pub enum Found {
    /// It is here.
    Here(Arc<Shop>),
    /// It is being loaded.
    Awaited,
    /// Another server holds it.
    Elsewhere,
    /// Nobody knows it.
    Nowhere,
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
    goods: RwLock<GoodsKnown>,
    /// Held while words are made, so that searches that come together make them once.
    spelling: Mutex<()>,
    hasher: RandomState,
    row: OnceLock<InRow>,
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
    /// How often a hold may be renewed.
    pub hold_renewals: u32,
    /// What is done about late goods.
    pub delays: DelayRules,
    /// Whether everybody may read how many dates were kept.
    pub publish_kept_rate: bool,
    /// Whether goods have pages that can be shared.
    pub share_pages: bool,
    /// Where goods are bought, with `{sku}` in the place of the SKU.
    pub product_url: Option<String>,
    /// Origins (`https://shop.example`) whose pages may use the publishable keys.
    pub origins: Vec<String>,
    /// Whether something is given to whoever waits: whether there is a rule that is on.
    pub has_offers: bool,
    /// Grows with each change, so that answers made with other settings can be told.
    pub generation: u64,
}

/// All goods of a shop.
#[derive(Default)]
struct GoodsKnown {
    slots: HashTable<Slot>,
    common: Common,
    spelt: Spelt,
}

/// One SKU: its facts, and the answers made from them once somebody asked.
struct Slot {
    entry: Arc<Entry>,
    ready: Option<Box<Shelf>>,
}

/// Where a shop notes which answers it keeps.
struct InRow {
    row: Arc<Row>,
    shop: Weak<Shop>,
}

impl Catalogue {
    /// A catalogue for those stores that a server holds.
    pub fn of(held: Held) -> Self {
        Self {
            held,
            ..Self::default()
        }
    }

    /// The shop with this id, or where it is.
    pub fn find(&self, id: &StoreId) -> Found {
        match self.shop(id) {
            Some(shop) => Found::Here(shop),
            None if !self.holds(id) => Found::Elsewhere,
            None if self.is_awaited(id) => Found::Awaited,
            None => Found::Nowhere,
        }
    }

    /// True if this server is to hold a store.
    pub fn holds(&self, id: &StoreId) -> bool {
        self.held.holds(id)
    }

    /// Notes which stores are to be loaded.
    pub fn await_stores(&self, stores: HashSet<StoreId>) {
        self.awaited.store(Arc::new(stores));
    }

    /// Notes that a store will not come.
    pub fn await_no_more(&self, id: &StoreId) {
        if self.is_awaited(id) {
            self.awaited.rcu(|awaited| {
                let mut awaited = HashSet::clone(awaited);
                awaited.remove(id);
                awaited
            });
        }
    }

    /// True while a store is to be loaded and is not here.
    pub fn is_awaited(&self, id: &StoreId) -> bool {
        self.awaited.load().contains(id)
    }

    /// How many stores are still to come.
    pub fn awaited(&self) -> usize {
        self.awaited.load().len()
    }

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
        shop.row.get_or_init(|| InRow {
            row: Arc::clone(&self.row),
            shop: Arc::downgrade(&shop),
        });
        self.shops.rcu(|shops| {
            let mut shops = HashMap::clone(shops);
            shops.insert(shop.id.clone(), Arc::clone(&shop));
            shops
        });
        self.await_no_more(&shop.id);
    }

    /// The key that a caller shows, if there ever was such a key.
    pub fn key(&self, shown: &str) -> Option<Key> {
        self.keys.load().by_hash.get(&hash_of(shown)).cloned()
    }

    /// How new the keys are that are known.
    pub fn keys_version(&self) -> u64 {
        self.keys.load().version
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
            goods: RwLock::default(),
            spelling: Mutex::default(),
            hasher: RandomState::new(),
            row: OnceLock::new(),
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
        let goods = self.goods();
        let slot = goods.slots.find(self.hash(sku), |slot| slot.is(sku))?;
        Some(Arc::clone(&slot.entry))
    }

    /// The facts about a SKU, followed by those about all that it is made of; seen at one moment.
    pub fn facts_and_parts(&self, sku: &str) -> Vec<SkuFacts> {
        let goods = self.goods();
        let find = |sku: &str| {
            let slot = goods.slots.find(self.hash(sku), |slot| slot.is(sku))?;
            Some(slot.entry.facts())
        };
        let mut found: Vec<SkuFacts> = find(sku).into_iter().collect();
        let mut at = 0;
        while at < found.len() {
            for (part, _) in found[at].kit.clone() {
                if !found.iter().any(|known| known.sku == part) {
                    found.extend(find(part.as_str()));
                }
            }
            at += 1;
        }
        found
    }

    /// Shows the answers that are kept about these SKUs in a language, in this order. True if all are
    /// kept and `take` takes each; else ends with the first that is not.
    pub fn all_ready(
        &self,
        skus: &[Sku],
        language: Language,
        mut take: impl FnMut(&ReadyAnswer) -> bool,
    ) -> bool {
        let goods = self.goods();
        skus.iter().all(|sku| {
            let sku = sku.as_str();
            let slot = goods.slots.find(self.hash(sku), |slot| slot.is(sku));
            slot.and_then(|slot| Shelf::find(slot.ready.as_deref(), language))
                .is_some_and(&mut take)
        })
    }

    /// Keeps an answer for one unit that was made from an entry, unless other facts are known by now.
    pub fn keep_ready(&self, entry: &Arc<Entry>, answer: ReadyAnswer) {
        let sku = entry.sku().as_str();
        let (language, json_bytes) = (answer.language, answer.json.len());
        {
            let mut goods = self.goods_to_change();
            let slot = goods.slots.find_mut(self.hash(sku), |slot| slot.is(sku));
            let Some(slot) = slot.filter(|slot| Arc::ptr_eq(&slot.entry, entry)) else {
                return;
            };
            Shelf::put(&mut slot.ready, answer);
        }
        if let Some(InRow { row, shop }) = self.row.get() {
            row.add(Place {
                shop: Weak::clone(shop),
                sku: entry.sku().clone(),
                language,
                json_bytes,
            });
        }
    }

    fn forget_ready(&self, sku: &Sku, language: Language, may_stay: bool) -> Fate {
        let mut goods = self.goods_to_change();
        let sku = sku.as_str();
        match goods.slots.find_mut(self.hash(sku), |slot| slot.is(sku)) {
            Some(slot) => Shelf::remove(&mut slot.ready, language, may_stay),
            None => Fate::Gone,
        }
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
        let goods = self.goods();
        let entries = goods.slots.iter();
        entries.map(|slot| Arc::clone(&slot.entry)).collect()
    }

    /// The words by which all SKUs are searched. Makes them where nobody searched before, which takes about half a second
    /// for a million: call it where one may wait.
    pub fn spelt(&self) -> SpeltNow {
        if let Some(spelt) = self.goods().spelt.now() {
            return spelt;
        }
        let _only_one = self.spelling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spelt) = self.goods().spelt.now() {
            return spelt;
        }
        // Noted from before the look at them: a SKU that changes in between is looked at twice, and never missed.
        let begun = Spelt::begun(self.len());
        self.goods_to_change().spelt = begun;
        let words = Arc::new(Words::of(&self.entries()));
        let mut goods = self.goods_to_change();
        goods.spelt.keep(&words);
        let spelt = goods.spelt.now();
        spelt.unwrap_or_else(|| SpeltNow {
            words,
            renamed: HashSet::new(),
        })
    }

    /// How many SKUs are known.
    pub fn len(&self) -> usize {
        self.goods().slots.len()
    }

    /// True if no SKU is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes room for so many more SKUs at once: growing on the way costs a look at each.
    pub fn make_room_for(&self, skus: usize) {
        let hash = |slot: &Slot| self.hash(slot.entry.sku().as_str());
        self.goods_to_change().slots.reserve(skus, hash);
    }

    /// Takes newer facts. Facts older than what is known are passed over.
    pub fn put(&self, facts: impl IntoIterator<Item = SkuFacts>) {
        let mut changed = Vec::new();
        // Dropped last, when readers wait no more.
        let mut outdated = None;
        let mut goods = self.goods_to_change();
        let GoodsKnown {
            slots,
            common,
            spelt,
        } = &mut *goods;
        let rehash = |slot: &Slot| self.hash(slot.entry.sku().as_str());
        for facts in facts {
            let hash = self.hash(facts.sku.as_str());
            let same = |slot: &Slot| slot.is(facts.sku.as_str());
            let place = slots.entry(hash, same, rehash);
            if let TableEntry::Occupied(known) = &place
                && facts.revision < known.get().entry.revision()
            {
                continue;
            }
            if !facts.kit.is_empty() {
                let mut kits = self.kits.lock().unwrap_or_else(PoisonError::into_inner);
                for (part, _) in &facts.kit {
                    kits.entry(part.clone())
                        .or_default()
                        .insert(facts.sku.clone());
                }
            }
            changed.push(facts.sku.clone());
            let is_called_so = match &place {
                TableEntry::Occupied(known) => known.get().entry.title() == facts.title.as_deref(),
                TableEntry::Vacant(_) => false,
            };
            if !is_called_so {
                outdated = spelt.rename(&facts.sku).or(outdated);
            }
            let slot = Slot {
                entry: Arc::new(Entry::new(facts, common)),
                ready: None,
            };
            match place {
                TableEntry::Occupied(mut known) => *known.get_mut() = slot,
                TableEntry::Vacant(empty) => drop(empty.insert(slot)),
            }
        }
        // What was said of a kit does not stand any more when one of its parts changes.
        let count = changed.len();
        for kit in &self.with_kits(changed)[count..] {
            let kit = kit.as_str();
            if let Some(slot) = slots.find_mut(self.hash(kit), |slot| slot.is(kit)) {
                // Another entry, so that no answer is kept that was made from the parts of before.
                slot.entry = Arc::new(Entry::clone(&slot.entry));
                slot.ready = None;
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

    fn hash(&self, sku: &str) -> u64 {
        self.hasher.hash_one(sku)
    }

    fn goods(&self) -> RwLockReadGuard<'_, GoodsKnown> {
        self.goods.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn goods_to_change(&self) -> RwLockWriteGuard<'_, GoodsKnown> {
        self.goods.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_reached(&self, revision: u64) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.truncate(REACHED_MAX - 1);
        reached.push_front((revision, Instant::now()));
    }
}

impl Slot {
    fn is(&self, sku: &str) -> bool {
        self.entry.sku().as_str() == sku
    }
}

/// The goods of [`Shop::facts_and_parts`]; `None` where the SKU is not known.
pub fn goods(facts: &[SkuFacts]) -> Option<Goods<'_>> {
    let first = facts.first()?;
    let known = |sku: &Sku| facts.iter().find(|facts| facts.sku == *sku);
    Some(Goods::new(first, known).unwrap_or_else(|_| Goods::broken(first)))
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
