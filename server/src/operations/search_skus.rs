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
use crate::catalogue::{Entry, Shop};

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
    let mut best: BTreeSet<(Fit, Sku)> = BTreeSet::new();
    shop.look_at_all(|entry| {
        let Some(fit) = wanted.fit(entry) else {
            return;
        };
        let is_full = best.len() == limit;
        let worst = best.last();
        if is_full && worst.is_some_and(|(at, sku)| (*at, sku) <= (fit, entry.sku())) {
            return;
        }
        if is_full {
            best.pop_last();
        }
        best.insert((fit, entry.sku().clone()));
    });
    let entries = best.iter();
    entries
        .filter_map(|(_, sku)| shop.entry(sku.as_str()))
        .collect()
}

fn standing(shop: &Shop, entry: &Entry, now: DateTime<Utc>) -> FoundSku {
    let facts = entry.facts();
    let units = |units: &mut dyn Iterator<Item = Quantity>| -> u64 {
        units.map(|quantity| u64::from(quantity.units())).sum()
    };
    let places = || facts.places.iter();
    let incoming = || places().flat_map(|place| &place.incoming);
    let undated = places().flat_map(|place| &place.undated);
    let live = places()
        .flat_map(|place| &place.claims)
        .filter(|claim| claim.expires_at.is_none_or(|end| now < end));
    let question = Question {
        quantity: Quantity::new(1),
        language: Language::English,
        to: None,
        visitor: None,
    };
    FoundSku {
        on_hand: units(&mut places().map(|place| place.on_hand)),
        promised: units(&mut live.map(|claim| claim.quantity)),
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

    fn fit(&self, entry: &Entry) -> Option<Fit> {
        let (sku, title) = (entry.sku().as_str(), entry.title().unwrap_or_default());
        let has = |word: &String| contains(sku, word) || contains(title, word);
        if !self.words.iter().all(has) {
            return None;
        }
        Some(match () {
            () if sku.len() == self.whole.len() && begins(sku, &self.whole) => Fit::Is,
            () if begins(sku, &self.whole) => Fit::SkuBegins,
            () if begins(title, &self.whole) => Fit::TitleBegins,
            () => Fit::Contains,
        })
    }
}

/// True if a text begins with what stands in small letters.
fn begins(text: &str, small: &str) -> bool {
    let mut letters = text.chars().flat_map(char::to_lowercase);
    small.chars().all(|letter| letters.next() == Some(letter))
}

/// True if what stands in small letters stands somewhere in a text.
fn contains(text: &str, small: &str) -> bool {
    if text.is_ascii() {
        let windows = text.as_bytes().windows(small.len().max(1));
        let mut windows = windows.filter(|window| window.eq_ignore_ascii_case(small.as_bytes()));
        return small.is_empty() || windows.next().is_some();
    }
    text.to_lowercase().contains(small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_either_case_and_in_any_script() {
        for (text, small, is_there) in [
            ("cc-Hoodie-BLUE", "hoodie", true),
            ("cc-hoodie", "", true),
            ("", "a", false),
            ("Größe", "größe", true),
            ("GRÖSSE Ü", "ü", true),
            ("青い皿", "皿", true),
            ("ab", "abc", false),
        ] {
            assert_eq!(contains(text, small), is_there, "{text:?} {small:?}");
        }
        assert!(begins("Ärmel", "ärm") && !begins("Är", "ärm"));
    }
}
