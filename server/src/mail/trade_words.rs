//! The sentences of letters to suppliers and of the order form that goes along. Each stands once in each language, in trade_words.json.

use std::collections::HashMap;
use std::sync::LazyLock;

use shared::text::Language;

use crate::page::fill;

type Catalogue = HashMap<String, HashMap<String, String>>;

static WORDS: LazyLock<Catalogue> = LazyLock::new(|| {
    serde_json::from_str(include_str!("trade_words.json"))
        .expect("trade_words.json is an object of objects of texts")
});

/// Says a sentence with its places filled. A value that looks like a place stays as it is.
pub fn say(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    let sentence = WORDS.get(key);
    let sentence = sentence.unwrap_or_else(|| panic!("trade_words.json lacks `{key}`"));
    let template = sentence
        .get(language.primary())
        .or_else(|| sentence.get("en"));
    fill(template.map_or("", String::as_str), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_stands_in_every_language_with_the_same_places() {
        let places = |text: &str| {
            let names = text.split('{').skip(1);
            let names = names.filter_map(|name| Some(name.split_once('}')?.0.to_owned()));
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        };
        for (key, sentence) in WORDS.iter() {
            let english = &sentence["en"];
            for tag in ["en", "de", "fr", "es", "ja", "ar"] {
                let text = sentence.get(tag).map_or("", String::as_str);
                assert_ne!(text, "", "{key} in {tag}");
                assert_eq!(places(text), places(english), "{key} in {tag}");
            }
        }
    }
}
