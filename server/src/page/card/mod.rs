//! The picture of goods for pages elsewhere that show a link to them: 1200 by 630, with what is told and when it ships.

use std::fmt::Write;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, Options, Tree};
use serde::Serialize;
use shared::text::Language;
use shared::wire::Status;

use super::fonts::{Font, Hand, Written, database, written};
use super::lines::{cut, fitted};
use crate::operations::share_goods::SharedGoods;

/// Width of a picture, in pixels.
pub const WIDTH: u32 = 1_200;
/// Height of a picture, in pixels.
pub const HEIGHT: u32 = 630;
/// Grows whenever pictures of the same goods are to look otherwise, so that nobody keeps an old one.
const LOOK: u32 = 1;

/// Room at each side.
const MARGIN: f32 = 84.0;
/// Room for text.
const MEASURE: f32 = 1_200.0 - 2.0 * MARGIN;
/// Sizes of the title with the lines that it may have, the largest first.
const TITLE_SIZES: [(f32, usize); 3] = [(88.0, 1), (76.0, 2), (60.0, 2)];
/// Sizes of the date, the largest first.
const DATE_SIZES: [f32; 3] = [64.0, 54.0, 46.0];
/// Height of a line, in the size of its text.
const LEADING: f32 = 1.16;

/// What a picture says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    look: u32,
    shop: String,
    title: String,
    sku: String,
    label: String,
    date: Option<String>,
    below: Option<String>,
    mark: Mark,
    is_right_to_left: bool,
}

/// Filled: the goods are here. A ring: they are on the way. Grey: they cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Mark {
    Ready,
    Awaited,
    Gone,
}

/// A picture was not drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw a picture")]
pub struct NotDrawn(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Card {
    /// What the picture of goods says.
    pub fn of(goods: &SharedGoods, language: Language) -> Self {
        let text = &goods.answer.text;
        let date = match goods.answer.status {
            Status::Unknown | Status::Discontinued => None,
            _ => text.date.clone(),
        };
        Self {
            look: LOOK,
            shop: goods.shop.clone(),
            title: goods.title.clone(),
            sku: goods.answer.sku.clone(),
            label: text.label.clone(),
            date,
            below: text.delivery.clone(),
            mark: match goods.answer.status {
                Status::InStock | Status::LowStock => Mark::Ready,
                Status::Backorder | Status::Preorder => Mark::Awaited,
                Status::OutOfStock | Status::Discontinued | Status::Unknown => Mark::Gone,
            },
            is_right_to_left: language.is_right_to_left(),
        }
    }

    /// Draws it, as a PNG. It keeps a processor busy for long enough not to be done where requests are answered.
    ///
    /// # Errors
    ///
    /// [`NotDrawn`], which no text brings about.
    pub fn png(&self) -> Result<Vec<u8>, NotDrawn> {
        let options = Options {
            fontdb: database(),
            font_resolver: FontResolver {
                select_font: FontResolver::default_font_selector(),
                // Each text names a font that has all of it.
                select_fallback: Box::new(|_, _, _| None),
            },
            ..Options::default()
        };
        let tree = Tree::from_str(&self.svg(), &options).map_err(|error| NotDrawn(error.into()))?;
        let mut pixels =
            Pixmap::new(WIDTH, HEIGHT).ok_or_else(|| NotDrawn("there is no room".into()))?;
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| NotDrawn(error.into()))
    }

    fn svg(&self) -> String {
        let mut svg = Svg::new(self.is_right_to_left);
        if let Some(shop) = written(&self.shop, Hand::Plain) {
            svg.lines(&one_line(&shop, &[34.0], 0.0), (MARGIN, 114.0), SOFT);
        }
        let title = written(&self.title, Hand::Strong);
        if let Some(title) = title.or_else(|| written(&self.sku, Hand::Strong)) {
            let title = title_lines(&title);
            svg.lines(&title, (MARGIN, 162.0 + title.size), TEXT);
        }
        let color = match self.mark {
            Mark::Ready => READY,
            Mark::Awaited => AWAITED,
            Mark::Gone => SOFT,
        };
        let said = |text: &str, hand| written(text, hand).unwrap_or_else(Written::nothing);
        // What stands at the bottom moves up where it has one line more.
        let (top, date_at) = match self.below {
            Some(_) => (376.0, 512.0),
            None => (398.0, 544.0),
        };
        svg.hairline(top);
        let label = said(&self.label, Hand::Strong);
        let after_mark = MARGIN + MARK_ROOM;
        let Some(date) = self.date.as_deref() else {
            // What is known is said as large as a date would be.
            svg.mark(self.mark, color, 497.0);
            svg.lines(
                &one_line(&label, &DATE_SIZES, MARK_ROOM),
                (after_mark, 517.0),
                color,
            );
            return svg.end();
        };
        svg.mark(self.mark, color, top + 47.0);
        svg.lines(
            &one_line(&label, &[38.0], MARK_ROOM),
            (after_mark, top + 61.0),
            color,
        );
        let date = said(date, Hand::Strong);
        svg.lines(&one_line(&date, &DATE_SIZES, 0.0), (MARGIN, date_at), TEXT);
        if let Some(below) = &self.below {
            let below = said(below, Hand::Plain);
            svg.lines(&one_line(&below, &[30.0], 0.0), (MARGIN, 567.0), SOFT);
        }
        svg.end()
    }
}

/// The colours of the pages, in light.
const GROUND: &str = "#fbfaf8";
const TEXT: &str = "#1b1d21";
const SOFT: &str = "#5b5f66";
const LINE: &str = "#dcd8cf";
const READY: &str = "#146c43";
const AWAITED: &str = "#8a5300";

/// Room for a mark before a text.
const MARK_ROOM: f32 = 44.0;

/// Lines of one text, broken.
struct Lines {
    font: &'static Font,
    size: f32,
    lines: Vec<String>,
}

fn title_lines(title: &Written) -> Lines {
    let font = title.font;
    let at = |size: f32| move |text: &str| size * font.width(text);
    let fits = TITLE_SIZES
        .iter()
        .find_map(|&(size, most)| Some((size, fitted(&title.text, MEASURE, most, &at(size))?)));
    let (size, lines) = fits.unwrap_or_else(|| {
        let (size, most) = TITLE_SIZES[TITLE_SIZES.len() - 1];
        (size, cut(&title.text, MEASURE, most, &at(size)))
    });
    Lines { font, size, lines }
}

/// A text in one line, in the first of the sizes in which it fits, or else cut in the last.
fn one_line(text: &Written, sizes: &[f32], taken: f32) -> Lines {
    let (font, room) = (text.font, MEASURE - taken);
    let last = sizes.last().copied().unwrap_or_default();
    let fits = |size: &&f32| **size * font.width(&text.text) <= room;
    let size = *sizes.iter().find(fits).unwrap_or(&last);
    let lines = cut(&text.text, room, 1, &|text| size * font.width(text));
    Lines { font, size, lines }
}

/// A picture that is being written. Lines begin at the side from which the language is read.
struct Svg {
    text: String,
    is_right_to_left: bool,
}

impl Svg {
    fn new(is_right_to_left: bool) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\"><rect width=\"100%\" height=\"100%\" fill=\"{GROUND}\"/>"
        );
        Self {
            text,
            is_right_to_left,
        }
    }

    /// So far from the side from which the language is read.
    fn side(&self, distance: f32) -> f32 {
        match self.is_right_to_left {
            true => WIDTH as f32 - distance,
            false => distance,
        }
    }

    fn lines(&mut self, lines: &Lines, (start, first): (f32, f32), color: &str) {
        let Font { family, weight, .. } = lines.font;
        let size = lines.size;
        let x = self.side(start);
        let anchor = if self.is_right_to_left {
            "end"
        } else {
            "start"
        };
        let isolate = if self.is_right_to_left {
            '\u{2067}'
        } else {
            '\u{2068}'
        };
        let mut y = first;
        for line in &lines.lines {
            // Large letters of the West stand closer.
            let is_large = line.is_ascii() && 36.0 <= size;
            let spacing = if is_large { -0.018 * size } else { 0.0 };
            // What draws takes every text for one that is read from the left: within isolates its own direction holds.
            let _ = write!(
                self.text,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-family=\"{family}\" font-weight=\"{weight}\" font-size=\"{size}\" \
                 letter-spacing=\"{spacing:.3}\" fill=\"{color}\">{isolate}{}\u{2069}</text>",
                escaped(line)
            );
            y += LEADING * size;
        }
    }

    fn hairline(&mut self, y: f32) {
        let (from, to) = (MARGIN, MARGIN + MEASURE);
        let _ = write!(
            self.text,
            "<path d=\"M{from} {y}H{to}\" stroke=\"{LINE}\" stroke-width=\"2\"/>"
        );
    }

    fn mark(&mut self, mark: Mark, color: &str, y: f32) {
        let x = self.side(MARGIN + 13.0);
        let _ = match mark {
            Mark::Awaited => write!(
                self.text,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"10.5\" fill=\"none\" stroke=\"{color}\" stroke-width=\"5\"/>"
            ),
            Mark::Ready | Mark::Gone => {
                write!(
                    self.text,
                    "<circle cx=\"{x}\" cy=\"{y}\" r=\"13\" fill=\"{color}\"/>"
                )
            }
        };
    }

    fn end(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

/// Text as it stands in XML, whatever it looks like.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&#39;"),
            // Not of XML 1.0, whatever it is written as.
            '\u{FFFE}' | '\u{FFFF}' => {}
            control if control.is_control() => {}
            plain => xml.push(plain),
        }
    }
    xml
}
