//! The words by which SKUs are searched: those of all SKUs in one text, so that a million are no wait.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use memchr::memmem::Finder;
use shared::ids::Sku;

use super::Entry;

/// The ids and titles of SKUs in small letters, one after the other.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
    /// Where each SKU's part of the text begins.
    starts: Vec<usize>,
    skus: Vec<Sku>,
}

/// What a search looks at of one SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spelling<'a> {
    /// The SKU.
    pub sku: &'a Sku,
    /// Its id in small letters.
    pub id: &'a str,
    /// Its title in small letters; empty for none.
    pub title: &'a str,
}

/// Words that were made once somebody searched, and the SKUs that came or got another title since.
#[derive(Default)]
pub(super) struct Spelt {
    words: Option<Arc<Words>>,
    /// `None` while nobody searches, so that shops whose merchants never do need no room for it.
    renamed: Option<HashSet<Sku>>,
    renamed_max: usize,
}

/// The words of all SKUs at one moment.
pub struct SpeltNow {
    /// The words of most.
    pub words: Arc<Words>,
    /// Those of whom other words hold than [`Self::words`] has.
    pub renamed: HashSet<Sku>,
}

/// Of so many SKUs one may have another title before all words are made anew.
const RENAMED_ONE_IN: usize = 64;
/// So many may have one in any case.
const RENAMED_MIN: usize = 1024;
/// Stands between an id and a title. No word that is searched has it: words have no white space in them.
const BETWEEN: char = '\n';

impl Words {
    /// The words of these SKUs.
    pub fn of(entries: &[Arc<Entry>]) -> Self {
        let mut words = Self {
            text: String::new(),
            starts: Vec::with_capacity(entries.len()),
            skus: Vec::with_capacity(entries.len()),
        };
        for entry in entries {
            words.starts.push(words.text.len());
            words.skus.push(entry.sku().clone());
            push_small(&mut words.text, entry.sku().as_str());
            words.text.push(BETWEEN);
            push_small(&mut words.text, entry.title().unwrap_or_default());
            words.text.push(BETWEEN);
        }
        words.text.shrink_to_fit();
        words
    }

    /// Shows every SKU that has all of these words, which stand in small letters and have no white space in them.
    /// All SKUs for no word.
    pub fn find<'a>(&'a self, wanted: &[String], mut found: impl FnMut(Spelling<'a>)) {
        // The longest is the one that the fewest have.
        let Some(longest) = wanted.iter().max_by_key(|word| word.len()) else {
            return (0..self.skus.len()).for_each(|at| found(self.spelling(at)));
        };
        let rest = wanted.iter().filter(|word| *word != longest);
        let rest: Vec<Finder<'_>> = rest.map(Finder::new).collect();
        let longest = Finder::new(longest);
        let (mut at, mut from) = (0, 0);
        while let Some(hit) = longest.find(&self.text.as_bytes()[from..]) {
            while self.end(at) <= from + hit {
                at += 1;
            }
            let part = &self.text.as_bytes()[self.starts[at]..self.end(at)];
            if rest.iter().all(|word| word.find(part).is_some()) {
                found(self.spelling(at));
            }
            from = self.end(at);
        }
    }

    fn end(&self, at: usize) -> usize {
        let next = self.starts.get(at + 1);
        next.copied().unwrap_or(self.text.len())
    }

    fn spelling(&self, at: usize) -> Spelling<'_> {
        let part = &self.text[self.starts[at]..self.end(at)];
        let (id, title) = part.split_once(BETWEEN).unwrap_or((part, ""));
        Spelling {
            sku: &self.skus[at],
            id,
            title: title.strip_suffix(BETWEEN).unwrap_or(title),
        }
    }
}

impl Spelt {
    /// What to note of now on, for words that are being made of so many SKUs.
    pub(super) fn begun(skus: usize) -> Self {
        Self {
            words: None,
            renamed: Some(HashSet::new()),
            renamed_max: RENAMED_MIN.max(skus / RENAMED_ONE_IN),
        }
    }

    /// Keeps words, unless too many SKUs have others by now.
    pub(super) fn keep(&mut self, words: &Arc<Words>) {
        if self.renamed.is_some() {
            self.words = Some(Arc::clone(words));
        }
    }

    /// Notes that a SKU came or got another title. Returns what is too old to be kept: to be dropped where nobody waits for it.
    pub(super) fn rename(&mut self, sku: &Sku) -> Option<Self> {
        let renamed = self.renamed.as_mut()?;
        if renamed.len() < self.renamed_max {
            renamed.insert(sku.clone());
            return None;
        }
        Some(mem::take(self))
    }

    pub(super) fn now(&self) -> Option<SpeltNow> {
        Some(SpeltNow {
            words: Arc::clone(self.words.as_ref()?),
            renamed: self.renamed.clone()?,
        })
    }
}

fn push_small(text: &mut String, more: &str) {
    if more.is_ascii() {
        let from = text.len();
        text.push_str(more);
        text[from..].make_ascii_lowercase();
    } else {
        text.push_str(&more.to_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use shared::supply::SkuFacts;

    use super::*;
    use crate::catalogue::entry::Common;

    fn entries(goods: &[(&str, &str)]) -> Vec<Arc<Entry>> {
        let mut common = Common::default();
        let mut entry = |(sku, title): &(&str, &str)| {
            let mut facts = SkuFacts::new(sku.parse().expect("a SKU"));
            facts.title = Some((*title).into()).filter(|_| !title.is_empty());
            Arc::new(Entry::new(facts, &mut common))
        };
        goods.iter().map(&mut entry).collect()
    }

    #[test]
    fn every_word_has_to_be_there_in_either_case_and_in_any_script() {
        let words = Words::of(&entries(&[
            ("cc-Hoodie-BLUE", "Hoodie, blue"),
            ("plain", ""),
            ("b-2", "Größe GRÖSSE Ü"),
            ("b-3", "青い皿\nof two lines"),
        ]));
        for (wanted, expected) in [
            (vec!["hoodie"], vec!["cc-Hoodie-BLUE"]),
            (vec!["blue", "cc-", "hoodie,"], vec!["cc-Hoodie-BLUE"]),
            (vec!["blue", "red"], vec![]),
            (vec!["größe", "ü"], vec!["b-2"]),
            (vec!["皿"], vec!["b-3"]),
            (vec!["lines", "b-"], vec!["b-3"]),
            (vec!["b"], vec!["cc-Hoodie-BLUE", "b-2", "b-3"]),
            (vec!["plainb"], vec![]),
            (vec![], vec!["cc-Hoodie-BLUE", "plain", "b-2", "b-3"]),
        ] {
            let wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
            let mut found = Vec::new();
            words.find(&wanted, |spelling| found.push(spelling.sku.as_str()));
            assert_eq!(found, expected, "{wanted:?}");
        }
        let mut titles = Vec::new();
        words.find(&[], |spelling| titles.push((spelling.id, spelling.title)));
        assert_eq!(titles[0], ("cc-hoodie-blue", "hoodie, blue"));
        assert_eq!(titles[1], ("plain", ""));
        assert_eq!(titles[3], ("b-3", "青い皿\nof two lines"));
        Words::default().find(&["a".to_owned()], |_| panic!("nothing is there"));
    }

    #[test]
    fn too_many_other_titles_make_words_anew() {
        let words = Arc::new(Words::default());
        let sku = |at: usize| -> Sku { format!("sku-{at}").parse().expect("a SKU") };
        let mut spelt = Spelt::default();
        spelt.rename(&sku(0));
        assert!(spelt.now().is_none(), "nobody searches");

        spelt = Spelt::begun(0);
        spelt.rename(&sku(0));
        assert!(spelt.now().is_none(), "words are still being made");
        spelt.keep(&words);
        assert_eq!(spelt.now().expect("words").renamed.len(), 1);
        for at in 0..RENAMED_MIN {
            spelt.rename(&sku(at));
        }
        assert_eq!(spelt.now().expect("words").renamed.len(), RENAMED_MIN);
        assert!(spelt.rename(&sku(RENAMED_MIN)).is_some());
        assert!(spelt.now().is_none());
        spelt.keep(&words);
        assert!(spelt.now().is_none(), "those words are too old by now");
    }
}
