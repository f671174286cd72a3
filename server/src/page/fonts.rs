//! The fonts that pictures and order forms are written with: Latin, Greek, Cyrillic, Arabic and Japanese. They come with the program, so that a picture
//! looks the same on every machine.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb::Database;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

/// How strongly something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// What is read first.
    Strong,
    /// What comes beside it.
    Plain,
}

const STRONG: &[u8] = include_bytes!("fonts/InterDisplay-SemiBold.otf");
const PLAIN: &[u8] = include_bytes!("fonts/Inter-Medium.otf");
const ARABIC: &[u8] = include_bytes!("fonts/NotoSansArabic-Bold.ttf");
const JAPANESE: &[u8] = include_bytes!("fonts/NotoSansJP-Bold.otf");

static FONTS: LazyLock<[Font; 4]> = LazyLock::new(|| {
    [
        Font::read(STRONG, "Inter Display", 600),
        Font::read(PLAIN, "Inter", 500),
        Font::read(ARABIC, "Noto Sans Arabic", 700),
        Font::read(JAPANESE, "Noto Sans CJK JP", 700),
    ]
});

static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    for font in [STRONG, PLAIN, ARABIC, JAPANESE] {
        database.load_font_data(font.to_vec());
    }
    Arc::new(database)
});

/// One of the fonts.
pub struct Font {
    /// What it is called.
    pub family: &'static str,
    /// How strong it is, from 100 to 900.
    pub weight: u16,
    /// The font itself.
    pub bytes: &'static [u8],
    characters: Charmap<'static>,
    widths: GlyphMetrics<'static>,
}

/// A text that can be written, and with which font. One text has one font: what draws shapes it as a whole.
#[derive(Clone)]
pub struct Written {
    /// The text, without signs that the font does not have.
    pub text: String,
    /// The font.
    pub font: &'static Font,
}

impl Written {
    /// No text at all.
    pub fn nothing() -> Self {
        Self {
            text: String::new(),
            font: &FONTS[0],
        }
    }
}

/// All fonts, for who draws.
pub fn database() -> Arc<Database> {
    Arc::clone(&DATABASE)
}

/// Finds the font that has all letters of a text. Signs that it does not have, such as emoji, are left out; `None` where no font has all
/// letters, or there are none.
pub fn written(text: &str, hand: Hand) -> Option<Written> {
    let [strong, plain, arabic, japanese] = &*FONTS;
    let first = match hand {
        Hand::Strong => strong,
        Hand::Plain => plain,
    };
    let has_letters = |font: &&Font| text.chars().all(|c| !c.is_alphanumeric() || font.has(c));
    let font = [first, arabic, japanese].into_iter().find(has_letters)?;
    let has = |c: &char| font.has(*c) || is_unseen(*c) || c.is_whitespace();
    let kept: String = text.chars().filter(has).collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    let text = words.join(" ");
    text.chars()
        .any(char::is_alphanumeric)
        .then_some(Written { text, font })
}

/// Characters that order or join others and are not drawn.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FE0F}')
}

impl Font {
    fn read(bytes: &'static [u8], family: &'static str, weight: u16) -> Self {
        let font = FontRef::new(bytes).expect("the fonts are tested");
        Self {
            family,
            weight,
            bytes,
            characters: font.charmap(),
            widths: font.glyph_metrics(Size::new(1.0), LocationRef::default()),
        }
    }

    fn has(&self, c: char) -> bool {
        self.characters.map(c).is_some()
    }

    /// How wide a text is, in its own size; in truth a little less where letters join or move closer.
    pub fn width(&self, text: &str) -> f32 {
        let seen = text.chars().filter(|c| !is_unseen(*c));
        let widths = seen.filter_map(|c| self.widths.advance_width(self.characters.map(c)?));
        widths.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written_strong(text: &str) -> Option<(&'static str, String)> {
        written(text, Hand::Strong).map(|written| (written.font.family, written.text))
    }

    #[test]
    fn what_cannot_be_written_is_left_out_and_letters_never_in_part() {
        let cases = [
            ("Hoodie,  blue", Some(("Inter Display", "Hoodie, blue"))),
            (
                "Čaj Żółć Straße Ελιά Чай",
                Some(("Inter Display", "Čaj Żółć Straße Ελιά Чай")),
            ),
            (
                "قبعة Plainsong، 2",
                Some(("Noto Sans Arabic", "قبعة Plainsong، 2")),
            ),
            (
                "青いパーカー（大）No. 2",
                Some(("Noto Sans CJK JP", "青いパーカー（大）No. 2")),
            ),
            ("Cap \u{1F9E2} red", Some(("Inter Display", "Cap red"))),
            ("青い قبعة", None),
            ("หมวก red", None),
            ("כובע", None),
            ("\u{1F9E2}", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(family, text)| (family, text.to_owned()));
            assert_eq!(written_strong(text), expected, "{text}");
        }
    }

    #[test]
    fn all_that_we_say_can_be_written() {
        use chrono::NaiveDate;
        use shared::text::{DateStyle, Language, Locale, Tables};

        for language in Language::ALL {
            for month in 1..=12 {
                let day = NaiveDate::from_ymd_opt(2026, month, 28).expect("a day");
                let date = Tables(language).date(day, DateStyle::Weekday);
                let said = language.words().ships_by.replace("{date}", &date);
                let words: Vec<&str> = said.split_whitespace().collect();
                let kept = written(&said, Hand::Plain).expect("it can be written");
                assert_eq!(kept.text, words.join(" "));
            }
        }
    }

    #[test]
    fn wider_texts_are_wider() {
        let font = &FONTS[0];
        assert!(font.width("iii") < font.width("mmm"));
        assert_eq!(font.width("\u{2067}a\u{2069}"), font.width("a"));
    }

    #[test]
    fn every_font_is_found_by_its_name() {
        for font in &*FONTS {
            let found = DATABASE.faces().find(|face| {
                let mut names = face.families.iter();
                names.any(|(name, _)| name == font.family)
            });
            let face = found.unwrap_or_else(|| panic!("{} is not there", font.family));
            assert_eq!(face.weight.0, font.weight, "{}", font.family);
        }
    }
}
