//! The shop's pages and files: templates in, HTML out.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::OnceLock;

use chrono::NaiveDate;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Output, State, Value, context};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

const TEMPLATES: [(&str, &str); 15] = [
    ("base.html", include_str!("pages/base.html")),
    ("parts.html", include_str!("pages/parts.html")),
    ("art.svg", include_str!("pages/art.svg")),
    ("category.html", include_str!("pages/category.html")),
    ("product.html", include_str!("pages/product.html")),
    ("cart.html", include_str!("pages/cart.html")),
    ("checkout.html", include_str!("pages/checkout.html")),
    ("changed.html", include_str!("pages/changed.html")),
    ("confirmation.html", include_str!("pages/confirmation.html")),
    ("bank.html", include_str!("pages/bank.html")),
    ("mailbox.html", include_str!("pages/mailbox.html")),
    ("letter.html", include_str!("pages/letter.html")),
    ("refusal.html", include_str!("pages/refusal.html")),
    ("states.html", include_str!("pages/states.html")),
    ("warehouse.html", include_str!("pages/warehouse.html")),
];

const FILES: [File; 4] = [
    File {
        name: "demo.css",
        media_type: "text/css; charset=utf-8",
        text: include_str!("../../../style/demo.css"),
    },
    File {
        name: "shop.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("pages/shop.js"),
    },
    File {
        name: "warehouse.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("pages/warehouse.js"),
    },
    File {
        name: "icon.svg",
        media_type: "image/svg+xml",
        text: include_str!("pages/icon.svg"),
    },
];

const WORDS_JSON: &str = include_str!("pages/words.json");

/// Hexadecimal digits of a file's hash in its address.
const VERSION_DIGITS: usize = 12;

/// A file beside the pages.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its name below `/assets/`.
    pub name: &'static str,
    /// What it is.
    pub media_type: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// The file of that name.
pub fn file(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

impl File {
    /// Changes when the file does.
    pub fn version(&self) -> String {
        let mut version: String = Sha256::digest(self.text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        version.truncate(VERSION_DIGITS);
        version
    }
}

/// A language that the shop speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language {
    code: &'static str,
    name: &'static str,
    dir: &'static str,
}

const LANGUAGES: [Language; 6] = [
    Language {
        code: "en",
        name: "English",
        dir: "ltr",
    },
    Language {
        code: "de",
        name: "Deutsch",
        dir: "ltr",
    },
    Language {
        code: "fr",
        name: "Français",
        dir: "ltr",
    },
    Language {
        code: "es",
        name: "Español",
        dir: "ltr",
    },
    Language {
        code: "ja",
        name: "日本語",
        dir: "ltr",
    },
    Language {
        code: "ar",
        name: "العربية",
        dir: "rtl",
    },
];

impl Language {
    /// The language that was asked for; English if the shop does not speak it.
    pub fn asked(code: Option<&str>) -> Self {
        let code = code.unwrap_or_default();
        LANGUAGES
            .into_iter()
            .find(|language| language.code == code)
            .unwrap_or(LANGUAGES[0])
    }

    /// Its BCP 47 tag.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// The shop's word for `key`.
    pub fn word(self, key: &str) -> &'static str {
        self.words().get(key).map_or("", String::as_str)
    }

    /// The address of one of the shop's pages in this language.
    fn link(self, path: &str) -> String {
        if self == LANGUAGES[0] {
            return path.to_owned();
        }
        let (path, fragment) = path.split_at(path.find('#').unwrap_or(path.len()));
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}lang={}{fragment}", self.code)
    }

    fn words(self) -> &'static BTreeMap<String, String> {
        static WORDS: OnceLock<BTreeMap<String, BTreeMap<String, String>>> = OnceLock::new();
        let words = WORDS.get_or_init(|| {
            serde_json::from_str(WORDS_JSON)
                .expect("words.json is part of the program and is tested")
        });
        &words[self.code]
    }
}

/// Escapes what HTML gives a meaning. Slashes stay, so that an address in the source of a page reads
/// as a merchant would write it.
fn escape(out: &mut Output<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}

/// Renders pages for one shop.
pub struct Pages {
    templates: Environment<'static>,
}

impl Pages {
    /// Takes what every page says of ShipsBy: where it is, and the key that browsers may see.
    pub fn new(api_origin: &str, publishable_key: &str) -> Self {
        let mut templates = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        templates.set_syntax(syntax.expect("the usual marks of a template are no conflict"));
        for (name, text) in TEMPLATES {
            templates
                .add_template(name, text)
                .expect("the templates are part of the program and are tested");
        }
        templates.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if !value.is_safe() => Ok(escape(out, text)?),
            _ => minijinja::escape_formatter(out, state, value),
        });
        templates.add_global("api_origin", api_origin);
        templates.add_global("publishable_key", publishable_key);
        templates.add_filter("money", money);
        templates.add_filter("day", day);
        templates.add_function("link", link);
        templates.add_function("asset", asset);
        Self { templates }
    }

    /// Renders a page. `path` is its own address, without a language.
    pub fn render(
        &self,
        name: &str,
        language: Language,
        path: &str,
        page: impl Serialize,
    ) -> Result<String, minijinja::Error> {
        let languages = LANGUAGES
            .map(|each| json!({ "code": each.code, "name": each.name, "href": each.link(path) }));
        let shared = json!({
            "lang": language.code,
            "dir": language.dir,
            "t": language.words(),
            "path": path.split('?').next(),
            "languages": languages,
        });
        self.templates
            .get_template(name)?
            .render(context! { ..Value::from(Serde(page)), ..Value::from(Serde(shared)) })
    }
}

fn money(cents: u32) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// The day in English; the shop's script says it in the page's language.
fn day(date: &str) -> String {
    date.parse::<NaiveDate>().map_or_else(
        |_| date.to_owned(),
        |date| date.format("%A, %B %-d").to_string(),
    )
}

fn link(state: &State<'_, '_>, path: &str) -> String {
    Language::asked(state.lookup("lang").as_ref().and_then(|lang| lang.as_str())).link(path)
}

fn asset(name: &str) -> Option<String> {
    file(name).map(|file| format!("/assets/{name}?v={}", file.version()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_word() {
        let keys: Vec<_> = LANGUAGES[0].words().keys().collect();
        for language in LANGUAGES {
            assert_eq!(
                language.words().keys().collect::<Vec<_>>(),
                keys,
                "{}",
                language.name
            );
            assert!(
                language
                    .words()
                    .values()
                    .all(|word| !word.trim().is_empty()),
                "{}",
                language.name
            );
        }
    }

    #[test]
    fn an_address_keeps_its_language() {
        assert_eq!(Language::asked(None).link("/cart"), "/cart");
        assert_eq!(Language::asked(Some("de")).link("/cart"), "/cart?lang=de");
        assert_eq!(
            Language::asked(Some("ar")).link("/products/a?variant=b"),
            "/products/a?variant=b&lang=ar"
        );
        assert_eq!(
            Language::asked(Some("fr")).link("/#music"),
            "/?lang=fr#music"
        );
        assert_eq!(Language::asked(Some("tlh")).link("/"), "/");
    }

    #[test]
    fn no_page_has_a_style_or_a_script_that_its_policy_forbids() {
        for (name, text) in TEMPLATES {
            assert!(!text.contains(" style="), "{name} has a style attribute");
            assert!(!text.contains("<style"), "{name} has a style element");
            assert!(!text.contains(" onclick="), "{name} has a script attribute");
            for script in text.split("<script ").skip(1) {
                let (head, _) = script.split_once('>').expect("a tag ends");
                assert!(
                    head.contains(" src=")
                        || head.contains("src=\"")
                        || head.contains("application/json"),
                    "{name}: {head}"
                );
            }
        }
    }
}
