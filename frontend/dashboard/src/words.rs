//! The catalogue: every sentence by its key, in the language of the reader.
//!
//! Each language is a file beside the module, fetched when it is wanted: what nobody reads is not loaded.

use std::cell::RefCell;

use js_sys::Intl::{DateTimeFormat, PluralRules};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::ask;

/// The languages: tag, own name.
pub const LANGUAGES: [(&str, &str); 6] = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ja", "日本語"),
    ("ar", "العربية"),
];

/// Where the browser remembers which one was chosen.
const REMEMBERED: &str = "shipsby-language";

thread_local! {
    static SPOKEN: RefCell<Spoken> = RefCell::new(Spoken::nothing());
}

struct Spoken {
    tag: &'static str,
    // The reader's own region for dates and numbers, where it speaks this language.
    locale: String,
    own: Vec<(String, String)>,
}

impl Spoken {
    fn nothing() -> Self {
        Self {
            tag: "en",
            locale: locale_of("en"),
            own: Vec::new(),
        }
    }
}

/// The sentence of this key.
pub fn t(key: &str) -> String {
    SPOKEN.with_borrow(|spoken| {
        // So few that looking each of them up takes no time that anybody sees.
        let own = spoken.own.iter().find(|(known, _)| known == key);
        own.map_or(key, |(_, sentence)| sentence).to_owned()
    })
}

/// The sentence of this key, with `{name}` filled in.
pub fn say(key: &str, values: &[(&str, &str)]) -> String {
    filled(t(key), values)
}

/// The sentence of this key for a number: `key.one`, `key.two`, ... or `key.other`, with `{count}` filled in.
pub fn counted(key: &str, count: i64) -> String {
    let rules = PluralRules::new(&Array::of1(&locale().into()), &Object::new());
    let category = String::from(rules.select(count as f64));
    let own = format!("{key}.{category}");
    let sentence = match t(&own) {
        missing if missing == own => t(&format!("{key}.other")),
        sentence => sentence,
    };
    filled(sentence, &[("count", &crate::format::number(count))])
}

/// The sentence for a code that the server says, or the code where there is none.
pub fn named(kind: &str, code: &str) -> String {
    let key = format!("{kind}.{code}");
    match t(&key) {
        missing if missing == key => code.replace('_', " "),
        sentence => sentence,
    }
}

/// The language that is spoken.
pub fn language() -> &'static str {
    SPOKEN.with_borrow(|spoken| spoken.tag)
}

/// Language and region for dates and numbers.
pub fn locale() -> String {
    SPOKEN.with_borrow(|spoken| spoken.locale.clone())
}

/// The language of the first visit: the one chosen before, else the first of the browser's that we speak.
pub fn wanted() -> &'static str {
    let window = web_sys::window().expect("a page has a window");
    let remembered = window.local_storage().ok().flatten();
    let remembered = remembered.and_then(|storage| storage.get_item(REMEMBERED).ok().flatten());
    let browser = window.navigator().languages();
    let browser = browser.iter().filter_map(|tag| tag.as_string());
    remembered
        .into_iter()
        .chain(browser)
        .find_map(|tag| known(&tag))
        .unwrap_or("en")
}

/// Speaks this language from now on, and says so in the page's root. `remember`: at the next visit too. Where its words cannot be
/// had, all stays as it is.
pub async fn speak(tag: &str, remember: bool) {
    let tag = known(tag).unwrap_or("en");
    let Some(own) = ask::file(&format!("/dashboard/words-{tag}.txt")).await else {
        return;
    };
    SPOKEN.with_borrow_mut(|spoken| {
        spoken.tag = tag;
        spoken.locale = locale_of(tag);
        spoken.own = entries(&own)
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .collect();
    });
    let window = web_sys::window().expect("a page has a window");
    if remember && let Ok(Some(storage)) = window.local_storage() {
        // A browser that keeps nothing asks again next time.
        let _ = storage.set_item(REMEMBERED, tag);
    }
    if let Some(root) = window
        .document()
        .and_then(|document| document.document_element())
    {
        let _ = root.set_attribute("lang", tag);
        let _ = root.set_attribute("dir", if tag == "ar" { "rtl" } else { "ltr" });
    }
}

fn known(tag: &str) -> Option<&'static str> {
    let language = tag.split('-').next()?;
    LANGUAGES
        .iter()
        .map(|(tag, _)| *tag)
        .find(|known| *known == language)
}

fn locale_of(tag: &str) -> String {
    let format = DateTimeFormat::new(&Array::new(), &Object::new());
    let own = Reflect::get(&format.resolved_options(), &JsValue::from_str("locale"));
    let own = own
        .ok()
        .and_then(|locale| locale.as_string())
        .unwrap_or_default();
    if known(&own) == Some(tag) {
        own
    } else {
        tag.to_owned()
    }
}

// `key = sentence`, one a line; `#` begins a comment.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let (key, sentence) = line.split_once('=')?;
        Some((key.strip_suffix(' ')?, sentence.strip_prefix(' ')?))
    })
}

// A place that has no value stays as it is.
fn filled(sentence: String, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (at, part) in sentence.split('{').enumerate() {
        let place = part.split_once('}').filter(|_| at != 0);
        let value = place.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
        match (place, value) {
            (Some((_, rest)), Some((_, value))) => {
                out.push_str(value);
                out.push_str(rest);
            }
            _ => {
                if at != 0 {
                    out.push('{');
                }
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::entries;

    fn catalogue(tag: &str) -> BTreeMap<String, String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("words/{tag}.txt"));
        let text = fs::read_to_string(file).expect("a catalogue");
        let mut found = BTreeMap::new();
        for (key, sentence) in entries(&text) {
            let before = found.insert(key.to_owned(), sentence.to_owned());
            assert!(before.is_none(), "{tag} says {key} twice");
        }
        found
    }

    fn places(sentence: &str) -> BTreeSet<&str> {
        let parts = sentence.split('{').skip(1);
        parts
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn every_language_says_what_english_says_with_the_same_places() {
        let english = catalogue("en");
        for tag in ["de", "fr", "es", "ja", "ar"] {
            let own = catalogue(tag);
            for (key, sentence) in &own {
                let base = key
                    .rsplit_once('.')
                    .map(|(base, _)| format!("{base}.other"));
                let model = english.get(key).or_else(|| english.get(&base?));
                let model = model.unwrap_or_else(|| panic!("{tag} has {key}, English has not"));
                assert!(
                    places(sentence).is_subset(&places(model)),
                    "{tag}, {key}: {sentence}"
                );
            }
            let wanted = english.keys().filter(|key| !key.ends_with(".one"));
            let missing: Vec<_> = wanted.filter(|key| !own.contains_key(*key)).collect();
            assert!(missing.is_empty(), "{tag} lacks {missing:?}");
        }
    }

    #[test]
    fn every_key_that_pages_say_is_in_the_catalogue() {
        let english = catalogue("en");
        let mut seen = 0;
        // In two pieces, so that this very file says no columns.
        let begins = ["let columns", "["].join(" = ");
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = fs::read_to_string(&file).expect("a source");
            let tables = text.split(&begins).skip(1);
            for columns in tables.filter_map(|rest| rest.split(']').next()) {
                let keys = columns.split('"').skip(1).step_by(2);
                for key in keys.map(|key| key.trim_start_matches('#')) {
                    seen += 1;
                    assert!(english.contains_key(key), "{} says {key}", file.display());
                }
            }
            for (call, end) in [("t(\"", ""), ("say(\"", ""), ("counted(\"", ".other")] {
                for (at, _) in text.match_indices(call) {
                    let before = text[..at].chars().next_back();
                    if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
                        continue;
                    }
                    let key = text[at + call.len()..].split('"').next().expect("an end");
                    if key.contains('{') || key.contains('\\') {
                        continue;
                    }
                    seen += 1;
                    let key = format!("{key}{end}");
                    assert!(english.contains_key(&key), "{} says {key}", file.display());
                }
            }
        }
        assert!(100 <= seen, "{seen} keys are looked at");
    }

    fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => files.extend(sources(&path)),
                false => files.push(path),
            }
        }
        files
    }
}
