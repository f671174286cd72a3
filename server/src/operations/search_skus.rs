//! Finds SKUs by words of their ids and titles: from memory, so that a million are no wait.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::Sku;
use shared::quantity::Quantity;
use shared::text::Language;
use shared::wire::Availability;

use super::ActError;
use super::check_availability::{Question, answer};
use crate::app::App;
use crate::catalogue::{Entry, Shop, Spelling, SpeltNow, Words};

/// Most characters that are looked for; what follows is not.
pub const SEARCHED_CHARS_MAX: usize = 100;

/// A SKU that was found, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSku {
    /// The SKU.
    pub sku: Sku,
    /// What it is called.
    pub title: Option<String>,
    /// Units on the shelves of all locations.
    pub on_hand: u64,
    /// Units that are promised to orders and carts.
    pub promised: u64,
    /// Units withheld from sale.
    pub withheld: u64,
    /// Units on their way, whenever they come.
    pub incoming: u64,
    /// The first day for which something is expected of those.
    pub next_in: Option<NaiveDate>,
    /// What shoppers are told of one unit.
    pub answer: Availability,
}

/// What was found, the best first.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSkus {
    /// SKUs.
    pub skus: Vec<FoundSku>,
    /// True if there are more than these.
    pub more: bool,
}

/// How well an entry fits; the least is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Its SKU is what was looked for.
    Is,
    /// Its SKU begins so.
    SkuBegins,
    /// Its title begins so.
    TitleBegins,
    /// Every word stands somewhere in its SKU or title.
    Contains,
}

/// Finds SKUs that have every word of `wanted` in their id or title, letters in either case. All of them for no word.
pub async fn search_skus(
    app: &App,
    shop: Arc<Shop>,
    wanted: &str,
    limit: usize,
) -> Result<FoundSkus, ActError> {
    let wanted: String = wanted.chars().take(SEARCHED_CHARS_MAX).collect();
    let now = app.clock.now();
    // A look at a million entries is work for a thread of its own.
    let found = tokio::task::spawn_blocking(move || {
        let mut found = best(&shop, &Wanted::new(&wanted), limit + 1);
        let more = limit < found.len();
        found.truncate(limit);
        let skus = found.iter().map(|entry| standing(&shop, entry, now));
        FoundSkus {
            skus: skus.collect(),
            more,
        }
    });
    Ok(found.await.expect("the search does not panic"))
}

fn best(shop: &Shop, wanted: &Wanted, limit: usize) -> Vec<Arc<Entry>> {
    let SpeltNow { words, renamed } = shop.spelt();
    let others = renamed.iter().filter_map(|sku| shop.entry(sku.as_str()));
    let others = Words::of(&others.collect::<Vec<_>>());
    let mut best = Best::of(limit);
    words.find(&wanted.words, |found| {
        best.offer(wanted.place(found), |sku| !renamed.contains(sku));
    });
    others.find(&wanted.words, |found| {
        best.offer(wanted.place(found), |_| true);
    });
    let skus = best.places.iter().map(|(_, _, sku)| sku);
    skus.filter_map(|sku| shop.entry(sku.as_str())).collect()
}

/// Where a SKU stands among those that are found: by how well it fits, then by its id in small letters. Ids as they are
/// written come last, as they lie all over the memory.
type Standing<'a> = (Fit, &'a str, &'a Sku);

/// The best that were offered.
struct Best<'a> {
    limit: usize,
    places: BTreeSet<Standing<'a>>,
}

impl<'a> Best<'a> {
    fn of(limit: usize) -> Self {
        Self {
            limit,
            places: BTreeSet::new(),
        }
    }

    /// Takes what is better than the worst. Asks only then whether it may be taken.
    fn offer(&mut self, place: Standing<'a>, may_be: impl Fn(&Sku) -> bool) {
        let is_full = self.places.len() == self.limit;
        if is_full && self.places.last().is_some_and(|worst| *worst <= place) {
            return;
        }
        if may_be(place.2) {
            self.places.insert(place);
            if self.limit < self.places.len() {
                self.places.pop_last();
            }
        }
    }
}

fn standing(shop: &Shop, entry: &Entry, now: DateTime<Utc>) -> FoundSku {
    let facts = entry.facts();
    let units = |units: &mut dyn Iterator<Item = Quantity>| -> u64 {
        units.map(|quantity| u64::from(quantity.units())).sum()
    };
    let places = || facts.places.iter();
    let incoming = || places().flat_map(|place| &place.incoming);
    let undated = places().flat_map(|place| &place.undated);
    let question = Question {
        quantity: Quantity::new(1),
        language: Language::English,
        to: None,
        visitor: None,
    };
    FoundSku {
        on_hand: units(&mut places().map(|place| place.on_hand)),
        promised: entry.promised(None, now),
        withheld: units(&mut places().map(|place| place.safety_stock)),
        incoming: units(&mut incoming().map(|one| one.to_come))
            + units(&mut undated.map(|one| one.quantity)),
        next_in: incoming().map(|one| one.expected_on).min(),
        answer: answer(shop, &shop.settings(), entry.sku(), &question, now),
        title: facts.title.as_deref().map(str::to_owned),
        sku: facts.sku,
    }
}

/// What is looked for, in small letters.
struct Wanted {
    whole: String,
    words: Vec<String>,
}

impl Wanted {
    fn new(wanted: &str) -> Self {
        let whole = wanted.trim().to_lowercase();
        Self {
            words: whole.split_whitespace().map(str::to_owned).collect(),
            whole,
        }
    }

    fn place<'a>(&self, found: Spelling<'a>) -> Standing<'a> {
        let fit = match () {
            () if found.id == self.whole => Fit::Is,
            () if found.id.starts_with(&self.whole) => Fit::SkuBegins,
            () if found.title.starts_with(&self.whole) => Fit::TitleBegins,
            () => Fit::Contains,
        };
        (fit, found.id, found.sku)
    }
}
