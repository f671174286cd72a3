//! Answers as bytes, kept until something changes, in so much memory and no more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, Weak};

use chrono::{DateTime, Utc};
use shared::ids::Sku;
use shared::text::Language;

use super::Shop;
use crate::limits::READY_BYTES_MAX;

/// Most kept answers that are looked at to find one that nobody asked for lately.
const LOOKED_AT_MAX: usize = 8;

/// Bytes that a kept answer takes beside its JSON: itself, and its place in the row.
const AROUND_BYTES: usize = 160;

/// An answer as bytes, and for how long it stands.
#[derive(Debug, Clone)]
pub struct ReadyAnswer {
    /// The language of its words.
    pub language: Language,
    /// The `Availability` as JSON.
    pub json: Box<[u8]>,
    /// When it may change by itself.
    pub valid_until: Option<DateTime<Utc>>,
    /// [`super::Settings::generation`] it was made with.
    pub generation: u64,
    /// Differs when `json` does.
    pub fingerprint: u64,
}

/// The answers that are kept about one SKU, each in another language.
#[derive(Debug)]
pub(super) struct Shelf {
    answer: ReadyAnswer,
    /// True if somebody asked for it since it was last looked at.
    asked: AtomicBool,
    more: Option<Box<Shelf>>,
}

/// What became of an answer that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not kept any more.
    Gone,
    /// Somebody asked for it lately: it stays, and goes the next time unless somebody asks again.
    Spared,
}

/// All answers that are kept, of all shops, in the order in which they came.
#[derive(Debug)]
pub(super) struct Row {
    kept: Mutex<Kept>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Kept {
    places: VecDeque<Place>,
    bytes: usize,
}

/// Where an answer is kept.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) shop: Weak<Shop>,
    pub(super) sku: Sku,
    pub(super) language: Language,
    pub(super) json_bytes: usize,
}

impl Shelf {
    /// The answer in a language. Counts as asked for.
    pub(super) fn find(shelf: Option<&Self>, language: Language) -> Option<&ReadyAnswer> {
        let mut next = shelf;
        while let Some(shelf) = next {
            if shelf.answer.language == language {
                // Written only where it changes: others read beside us.
                if !shelf.asked.load(Ordering::Relaxed) {
                    shelf.asked.store(true, Ordering::Relaxed);
                }
                return Some(&shelf.answer);
            }
            next = shelf.more.as_deref();
        }
        None
    }

    /// Puts an answer in the place of the one in its language, or before the others.
    pub(super) fn put(shelf: &mut Option<Box<Self>>, answer: ReadyAnswer) {
        let asked = AtomicBool::new(false);
        match Self::at(shelf, answer.language) {
            Some(same) => same.answer = answer,
            None => {
                let more = shelf.take();
                *shelf = Some(Box::new(Self {
                    answer,
                    asked,
                    more,
                }));
            }
        }
    }

    /// Takes the answer in a language away, unless somebody asked for it and it `may_stay`.
    pub(super) fn remove(
        shelf: &mut Option<Box<Self>>,
        language: Language,
        may_stay: bool,
    ) -> Fate {
        let mut next = shelf;
        while next
            .as_ref()
            .is_some_and(|it| it.answer.language != language)
        {
            next = match next {
                Some(other) => &mut other.more,
                None => return Fate::Gone,
            };
        }
        if let Some(mut found) = next.take() {
            if found.asked.swap(false, Ordering::Relaxed) && may_stay {
                *next = Some(found);
                return Fate::Spared;
            }
            *next = found.more.take();
        }
        Fate::Gone
    }

    fn at(shelf: &mut Option<Box<Self>>, language: Language) -> Option<&mut Self> {
        let mut next = shelf.as_deref_mut();
        while let Some(shelf) = next {
            if shelf.answer.language == language {
                return Some(shelf);
            }
            next = shelf.more.as_deref_mut();
        }
        None
    }
}

impl Default for Row {
    fn default() -> Self {
        Self::of(READY_BYTES_MAX)
    }
}

impl Row {
    fn of(bytes_max: usize) -> Self {
        Self {
            kept: Mutex::default(),
            bytes_max,
        }
    }

    /// Notes that an answer is kept, and lets others go for it.
    pub(super) fn add(&self, place: Place) {
        let mut next = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push(place);
            kept.pop_above(self.bytes_max)
        };
        let mut looked_at = 0;
        // Shops are locked one at a time and never within the row's own lock.
        while let Some(place) = next {
            looked_at += 1;
            let may_stay = looked_at % LOOKED_AT_MAX != 0;
            let fate = match place.shop.upgrade() {
                Some(shop) => shop.forget_ready(&place.sku, place.language, may_stay),
                None => Fate::Gone,
            };
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if fate == Fate::Spared {
                kept.push(place);
            }
            next = kept.pop_above(self.bytes_max);
        }
    }
}

impl Kept {
    fn push(&mut self, place: Place) {
        self.bytes += place.bytes();
        self.places.push_back(place);
    }

    /// The one that came first, if together they are more than they may be.
    fn pop_above(&mut self, bytes_max: usize) -> Option<Place> {
        if self.bytes <= bytes_max {
            return None;
        }
        let place = self.places.pop_front()?;
        self.bytes -= place.bytes();
        Some(place)
    }
}

impl Place {
    fn bytes(&self) -> usize {
        self.json_bytes + AROUND_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(language: Language, fingerprint: u64) -> ReadyAnswer {
        ReadyAnswer {
            language,
            json: Box::from(*b"{}"),
            valid_until: None,
            generation: 1,
            fingerprint,
        }
    }

    #[test]
    fn a_shelf_keeps_one_answer_for_each_language() {
        let mut shelf = None;
        for (language, fingerprint) in [
            (Language::English, 1),
            (Language::German, 2),
            (Language::English, 3),
            (Language::French, 4),
        ] {
            Shelf::put(&mut shelf, answer(language, fingerprint));
        }
        let kept = |shelf: &Option<Box<Shelf>>, language| {
            Shelf::find(shelf.as_deref(), language).map(|answer| answer.fingerprint)
        };
        assert_eq!(kept(&shelf, Language::English), Some(3));
        assert_eq!(kept(&shelf, Language::German), Some(2));
        assert_eq!(
            Shelf::remove(&mut shelf, Language::German, false),
            Fate::Gone
        );
        assert_eq!(kept(&shelf, Language::German), None);
        assert_eq!(kept(&shelf, Language::French), Some(4));
        assert_eq!(kept(&shelf, Language::English), Some(3));
    }

    #[test]
    fn an_answer_that_was_asked_for_is_spared_once() {
        let mut shelf = None;
        Shelf::put(&mut shelf, answer(Language::English, 1));
        Shelf::find(shelf.as_deref(), Language::English).expect("it is there");
        let remove = |shelf: &mut Option<Box<Shelf>>| Shelf::remove(shelf, Language::English, true);
        assert_eq!(remove(&mut shelf), Fate::Spared);
        assert_eq!(remove(&mut shelf), Fate::Gone);
        assert!(shelf.is_none());
    }

    #[test]
    fn a_row_lets_the_oldest_go_once_it_is_full() {
        let row = Row::of(3 * (AROUND_BYTES + 10));
        for number in 0..10 {
            row.add(Place {
                shop: Weak::new(),
                sku: format!("sku-{number}").parse().expect("a SKU"),
                language: Language::English,
                json_bytes: 10,
            });
        }
        let kept = row.kept.lock().expect("nobody else");
        let skus: Vec<_> = kept.places.iter().map(|place| place.sku.as_str()).collect();
        assert_eq!(skus, ["sku-7", "sku-8", "sku-9"]);
    }
}
