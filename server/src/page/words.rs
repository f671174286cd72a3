//! The sentences of the page. Each stands once in each language, in words.json; what a letter says too stands in its own.

use std::collections::HashMap;
use std::sync::LazyLock;

use shared::text::Language;

type Catalogue = HashMap<String, HashMap<String, String>>;

static OURS: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("words.json")));
static OF_LETTERS: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../mail/words.json")));

/// Says a sentence with its places filled. A value that looks like a place stays as it is.
pub fn say(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    let sentence = OURS.get(key).or_else(|| OF_LETTERS.get(key));
    let sentence = sentence.unwrap_or_else(|| panic!("words.json lacks `{key}`"));
    let tag = language.tag().split('-').next().unwrap_or("en");
    let template = sentence.get(tag).or_else(|| sentence.get("en"));
    fill(template.map_or("", String::as_str), values)
}

/// Fills the `{names}` of a sentence.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 24);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(before);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn read(json: &str) -> Catalogue {
    serde_json::from_str(json).expect("words.json is an object of objects of texts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_stands_in_every_language_with_the_same_places() {
        let places = |text: &str| {
            let names = text.split('{').skip(1);
            let mut names: Vec<String> = names
                .filter_map(|name| Some(name.split_once('}')?.0.to_owned()))
                .collect();
            names.sort();
            names
        };
        for (key, sentence) in OURS.iter() {
            let english = &sentence["en"];
            for tag in ["en", "de", "fr", "es", "ja", "ar"] {
                let text = sentence.get(tag).map_or("", String::as_str);
                assert_ne!(text, "", "{key} in {tag}");
                assert_eq!(places(text), places(english), "{key} in {tag}");
            }
        }
    }

    #[test]
    fn no_sentence_of_a_letter_is_written_twice() {
        let twice: Vec<&String> = OURS
            .keys()
            .filter(|key| OF_LETTERS.contains_key(*key))
            .collect();
        assert_eq!(twice, Vec::<&String>::new());
    }

    #[test]
    fn a_value_that_looks_like_a_place_stays_as_it_is() {
        assert_eq!(
            fill("{a} and {b}", &[("a", "{b}"), ("b", "c")]),
            "{b} and c"
        );
    }
}
