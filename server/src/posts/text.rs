//! What a post says: a template of the merchant's, filled with what is told of goods, and no longer than each network takes.

/// Most characters of a template.
pub const TEMPLATE_CHARS_MAX: usize = 500;
/// What may stand in a template.
pub const PLACES: [&str; 7] = ["shop", "title", "sku", "label", "date", "told", "link"];
/// Most characters of a post, of any of the networks: Bluesky takes 300 of what people see as one, which are never more.
pub const POST_CHARS_MAX: usize = 300;
/// What stands for what was left out.
const LEFT_OUT: char = '\u{2026}';

/// What is told of goods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Goods {
    /// The shop's name.
    pub shop: String,
    /// What they are called.
    pub title: String,
    /// Their SKU.
    pub sku: String,
    /// What is the matter with them: `Backordered`.
    pub label: String,
    /// When they ship: `Ships by Tuesday, December 15`; empty: nobody knows.
    pub date: String,
    /// Both in one.
    pub told: String,
    /// The page of the goods; empty: nobody said where this server is.
    pub link: String,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It names something that there is not.
    #[error(
        "knows no {{{0}}}: there are {{shop}}, {{title}}, {{sku}}, {{label}}, {{date}}, {{told}} and {{link}}"
    )]
    Unknown(String),
    /// A brace has no other one.
    #[error("has a {{ without its }}")]
    Unclosed,
    /// It has what is no text.
    #[error("must have no control characters but line ends")]
    Control,
    /// It has nothing to say, or too much.
    #[error("must have 1 to {TEMPLATE_CHARS_MAX} characters")]
    Length,
}

/// What a template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Its words.
    pub text: String,
    /// Whether something was left out, so that it is short enough.
    pub is_shortened: bool,
}

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Place(&'a str),
}

/// Looks at a template before it is kept.
///
/// # Errors
///
/// [`TemplateError`].
pub fn check(template: &str) -> Result<(), TemplateError> {
    let chars = template.trim().chars().count();
    if chars == 0 || TEMPLATE_CHARS_MAX < chars {
        return Err(TemplateError::Length);
    }
    if template.chars().any(|c| c.is_control() && c != '\n') {
        return Err(TemplateError::Control);
    }
    pieces(template).map(drop)
}

/// What a template says of goods, in at most [`POST_CHARS_MAX`] characters. Where it would be longer, the goods' title is shortened, and
/// then the end of the text; the link stays whole.
///
/// # Errors
///
/// [`TemplateError`].
pub fn filled(template: &str, goods: &Goods) -> Result<Filled, TemplateError> {
    let pieces = pieces(template)?;
    let whole = with(&pieces, goods, &goods.title);
    let over = whole.chars().count().saturating_sub(POST_CHARS_MAX);
    Ok(Filled {
        is_shortened: 0 < over,
        text: match over {
            0 => whole,
            over => shortened(&pieces, goods, whole, over),
        },
    })
}

/// The same without as many characters as it has too many, and perhaps some more.
fn shortened(pieces: &[Piece<'_>], goods: &Goods, whole: String, over: usize) -> String {
    let titles = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Place("title")));
    let shorter = match titles.count() {
        0 => whole,
        times => {
            let title = goods.title.chars().count();
            let kept = title.saturating_sub(over.div_ceil(times) + 1);
            with(pieces, goods, &cut(&goods.title, kept))
        }
    };
    if shorter.chars().count() <= POST_CHARS_MAX {
        return shorter;
    }
    let room = POST_CHARS_MAX.saturating_sub(goods.link.chars().count() + 1);
    let unlinked = Goods {
        link: String::new(),
        ..goods.clone()
    };
    let text = with(pieces, &unlinked, &cut(&goods.title, room / 2));
    tidy(&format!("{} {}", cut(&text, room), goods.link))
}

/// The first characters of a text, and a mark where there are more.
fn cut(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars.saturating_sub(1)).collect();
    format!("{}{LEFT_OUT}", kept.trim_end())
}

fn with(pieces: &[Piece<'_>], goods: &Goods, title: &str) -> String {
    let said = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => *text,
        Piece::Place("shop") => goods.shop.as_str(),
        Piece::Place("title") => title,
        Piece::Place("sku") => &goods.sku,
        Piece::Place("label") => &goods.label,
        Piece::Place("date") => &goods.date,
        Piece::Place("told") => &goods.told,
        Piece::Place(_) => &goods.link,
    });
    tidy(&said.collect::<String>())
}

/// Without the spaces that are left around what is empty; lines stay lines.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn pieces(template: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
        if !PLACES.contains(&name) {
            return Err(TemplateError::Unknown(name.to_owned()));
        }
        pieces.extend([Piece::Text(before), Piece::Place(name)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goods(title: &str) -> Goods {
        Goods {
            shop: "Plainsong".into(),
            title: title.into(),
            sku: "cc-mug".into(),
            label: "Backordered".into(),
            date: String::new(),
            told: "Backordered".into(),
            link: "https://ships.example/s/default/cc-mug".into(),
        }
    }

    #[test]
    fn a_template_is_filled_and_what_is_not_known_leaves_no_hole() {
        let said = filled("{title}: {label}. {date} {link}", &goods("Mug"));
        let said = said.expect("it is sound");
        assert_eq!(
            said.text,
            "Mug: Backordered. https://ships.example/s/default/cc-mug"
        );
        assert!(!said.is_shortened);
    }

    #[test]
    fn a_post_is_never_too_long_and_its_link_stays_whole() {
        let long = "Mug ".repeat(200);
        for template in [
            "{title}: {label}. {link}".to_owned(),
            format!("{} {{title}} {{title}} {{link}}", "word ".repeat(50)),
            format!("{} {{link}}", "word ".repeat(99)),
        ] {
            let said = filled(&template, &goods(long.trim())).expect("it is sound");
            assert!(said.is_shortened);
            let said = said.text;
            let chars = said.chars().count();
            assert!(chars <= POST_CHARS_MAX, "{chars}: {said}");
            assert!(
                said.contains("https://ships.example/s/default/cc-mug"),
                "{said}"
            );
            assert!(said.contains(LEFT_OUT), "{said}");
        }
    }

    #[test]
    fn a_template_names_only_what_there_is() {
        assert_eq!(
            check("{price}"),
            Err(TemplateError::Unknown("price".into()))
        );
        assert_eq!(check("{title"), Err(TemplateError::Unclosed));
        assert_eq!(check("a\u{0}"), Err(TemplateError::Control));
        assert_eq!(check("  "), Err(TemplateError::Length));
        assert_eq!(check(&"a".repeat(501)), Err(TemplateError::Length));
        assert_eq!(check("{title} at {shop}"), Ok(()));
    }
}
