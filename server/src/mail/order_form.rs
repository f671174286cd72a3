//! An order at a supplier as a PDF: on A4, over as many pages as it takes, with the fonts that pictures are drawn with.
//!
//! A text that none of them can write is left out: the letter and the CSV have it.

mod pen;

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use shared::money::Money;
use shared::quantity::Quantity;
use shared::text::{DateStyle, Locale, Tables};

use self::pen::{Pen, rule};
use super::trade::{OrderedLine, SupplierOrder};
use super::trade_words::say;
use crate::page::fonts::{Hand, Written, written};
use crate::page::lines::cut;

/// Width and height of A4, in points.
const PAGE: (f32, f32) = (595.28, 841.89);
/// Room at each side, in points.
const MARGIN: f32 = 48.0;
/// Width of what stands between the margins.
const MEASURE: f32 = PAGE.0 - 2.0 * MARGIN;
/// Where a page's content ends; below it stands its number.
const BOTTOM: f32 = PAGE.1 - MARGIN - 24.0;
/// Size of the table's text, and height of its lines.
const TEXT: f32 = 9.5;
const LEADING: f32 = 13.0;
/// Room between two rows.
const GAP: f32 = 6.0;
/// Most lines of a cell: what is longer ends in an ellipsis.
const CELL_LINES_MAX: usize = 3;
/// How dark text, what is beside it, and lines are: 0 is black.
const DARK: u8 = 20;
const SOFT: u8 = 95;
const FAINT: u8 = 190;

/// A PDF was not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the PDF of an order: {0}")]
pub struct NotWritten(pub String);

impl SupplierOrder {
    /// The order as a PDF. It keeps a processor busy for long enough not to be done where requests are answered.
    ///
    /// # Errors
    ///
    /// [`NotWritten`], which no text brings about.
    pub fn pdf(&self) -> Result<Vec<u8>, NotWritten> {
        let pages = Form::of(self).pages;
        let size = PageSettings::from_wh(PAGE.0, PAGE.1)
            .ok_or_else(|| NotWritten("A4 is no size".into()))?;
        let mut document = Document::new();
        document.set_metadata(
            Metadata::new()
                .title(format!("{} {}", self.say("form"), self.number))
                .authors(vec![self.shop.clone()])
                .language(self.language.tag().to_owned()),
        );
        let mut pen = Pen::default();
        let is_mirrored = self.language.is_right_to_left();
        for items in &pages {
            let mut page = document.start_page_with(size.clone());
            let mut surface = page.surface();
            for item in items {
                match item {
                    Item::Rule { y } => rule(&mut surface, MARGIN, *y, MEASURE, FAINT),
                    Item::Text(text) => {
                        let shaped = pen.shape(&text.written);
                        let width = shaped.width * text.size;
                        let x = match (is_mirrored, text.begins) {
                            (false, true) => text.at,
                            (false, false) => text.at - width,
                            (true, true) => PAGE.0 - text.at - width,
                            (true, false) => PAGE.0 - text.at,
                        };
                        shaped.draw(&mut surface, x, text.y, text.size, text.grey);
                    }
                }
            }
            surface.finish();
            page.finish();
        }
        document
            .finish()
            .map_err(|error| NotWritten(format!("{error:?}")))
    }
}

/// What stands on a page.
enum Item {
    /// A line across.
    Rule {
        /// How far from the top.
        y: f32,
    },
    /// A line of text.
    Text(Line),
}

/// A line of text.
struct Line {
    written: Written,
    /// How far from the side where lines begin: the right one where they run from right to left.
    at: f32,
    /// True: it begins there; false: it ends there.
    begins: bool,
    y: f32,
    size: f32,
    grey: u8,
}

/// A column of the table: its heading, from where to where it goes, and whether its text begins or ends there.
struct Column {
    heading: &'static str,
    from: f32,
    to: f32,
    begins: bool,
}

/// The order, laid out.
struct Form<'a> {
    order: &'a SupplierOrder,
    tables: Tables,
    columns: Vec<Column>,
    pages: Vec<Vec<Item>>,
    /// How far down the last page is full.
    y: f32,
}

impl<'a> Form<'a> {
    fn of(order: &'a SupplierOrder) -> Self {
        let mut form = Self {
            order,
            tables: Tables(order.language),
            columns: columns(order.total.is_some()),
            pages: vec![Vec::new()],
            y: MARGIN,
        };
        form.head();
        form.headings();
        for line in &order.lines {
            form.row(line);
        }
        form.totals();
        form.foot();
        form.numbers();
        form
    }

    /// Who orders what where, and for when.
    fn head(&mut self) {
        let order = self.order;
        self.y += 14.0;
        self.put(&order.shop, MARGIN, Hand::Strong, 18.0, DARK);
        if let Some(postal) = &order.postal {
            self.y += 14.0;
            self.put(postal, MARGIN, Hand::Plain, TEXT, SOFT);
        }
        self.y += 36.0;
        let title = format!("{} {}", order.say("form"), order.number);
        self.put(&title, MARGIN, Hand::Strong, 14.0, DARK);
        self.y += 8.0;
        let date = |day| Tables(order.language).date(day, DateStyle::Year);
        let mut facts = vec![
            ("number", vec![order.number.clone()]),
            ("ordered_on", vec![date(order.ordered_on)]),
            ("supplier", vec![order.supplier.clone()]),
            ("ship_to", order.ship_to.clone()),
        ];
        if let Some(day) = order.wanted_by {
            facts.insert(2, ("wanted_by", vec![date(day)]));
        }
        for (key, values) in facts {
            self.y += LEADING + 2.0;
            self.put(&order.say(key), MARGIN, Hand::Plain, TEXT, SOFT);
            for (at, value) in values.iter().enumerate() {
                if 0 < at {
                    self.y += LEADING;
                }
                self.put(value, MARGIN + 110.0, Hand::Plain, TEXT, DARK);
            }
        }
        self.y += 16.0;
    }

    /// The names of the columns, at the top of the table and of each page that goes on with it.
    fn headings(&mut self) {
        self.y += LEADING;
        for at in 0..self.columns.len() {
            let heading = self.order.say(self.columns[at].heading);
            self.cell(&heading, at, Hand::Plain, SOFT);
        }
        self.y += GAP;
        self.rule();
    }

    fn row(&mut self, line: &OrderedLine) {
        let total = self.order.total;
        let money = |amount: i64| total.map(|total| Money::new(amount, total.currency));
        let price = line.unit_cost.and_then(money);
        let amount = line.cost().and_then(money);
        let cells = [
            vec![line.sku.clone()],
            vec![line.title.clone().unwrap_or_default()],
            vec![self.tables.count(Quantity::new(line.quantity))],
            price
                .map(|price| self.tables.money(price))
                .into_iter()
                .collect(),
            amount
                .map(|amount| self.tables.money(amount))
                .into_iter()
                .collect(),
        ];
        let columns = self.columns.iter();
        let cells: Vec<Vec<String>> = columns
            .zip(cells)
            .map(|(column, texts)| {
                let texts = texts.iter().flat_map(|text| column.broken(text));
                texts.collect()
            })
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
        self.room_for(GAP + lines_high(lines));
        self.y += GAP / 2.0;
        for at in 0..lines {
            self.y += LEADING;
            for (column, texts) in cells.iter().enumerate() {
                if let Some(text) = texts.get(at) {
                    self.cell(text, column, Hand::Plain, DARK);
                }
            }
        }
        self.y += GAP / 2.0;
    }

    fn totals(&mut self) {
        self.room_for(2.0 * LEADING + GAP);
        self.y += GAP;
        self.rule();
        self.y += LEADING + GAP / 2.0;
        let units: u64 = self
            .order
            .lines
            .iter()
            .map(|line| u64::from(line.quantity))
            .sum();
        let units = Quantity::new(u32::try_from(units).unwrap_or(u32::MAX));
        self.cell(&self.order.say("total"), 0, Hand::Strong, DARK);
        self.cell(&self.tables.count(units), 2, Hand::Strong, DARK);
        if let Some(total) = self.order.total {
            self.cell(&self.tables.money(total), 4, Hand::Strong, DARK);
        }
    }

    fn foot(&mut self) {
        self.room_for(3.0 * LEADING);
        self.y += LEADING;
        let asks = self.order.say("form_asks");
        for line in broken(&asks, MEASURE, TEXT, CELL_LINES_MAX) {
            self.y += LEADING;
            self.put(&line, MARGIN, Hand::Plain, TEXT, DARK);
        }
    }

    /// Below each page, which it is of how many.
    fn numbers(&mut self) {
        let pages = self.pages.len();
        let title = format!("{} {}", self.order.shop, self.order.number);
        for at in 0..pages {
            let values = [("page", (at + 1).to_string()), ("pages", pages.to_string())];
            let values = values
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            let number = say(self.order.language, "page", &values);
            let y = PAGE.1 - MARGIN;
            let texts = [(&title, MARGIN, true), (&number, PAGE.0 - MARGIN, false)];
            for (text, side, begins) in texts {
                let text = line(text, side, begins, y, Hand::Plain, 8.0, SOFT);
                self.pages[at].extend(text);
            }
        }
    }

    /// Goes on to another page where there is not so much room on this one.
    fn room_for(&mut self, height: f32) {
        if BOTTOM < self.y + height {
            self.pages.push(Vec::new());
            self.y = MARGIN;
            self.headings();
        }
    }

    fn rule(&mut self) {
        let y = self.y;
        self.page().push(Item::Rule { y });
    }

    fn cell(&mut self, text: &str, column: usize, hand: Hand, grey: u8) {
        let Some(Column {
            from, to, begins, ..
        }) = self.columns.get(column)
        else {
            return;
        };
        let (side, begins) = (if *begins { *from } else { *to }, *begins);
        let text = line(text, side, begins, self.y, hand, TEXT, grey);
        self.page().extend(text);
    }

    fn put(&mut self, text: &str, at: f32, hand: Hand, size: f32, grey: u8) {
        let room = PAGE.0 - MARGIN - at;
        let first = broken(text, room, size, 1).into_iter().next();
        let text = first.and_then(|text| line(&text, at, true, self.y, hand, size, grey));
        self.page().extend(text);
    }

    fn page(&mut self) -> &mut Vec<Item> {
        self.pages.last_mut().expect("there is one from the start")
    }
}

impl Column {
    fn broken(&self, text: &str) -> Vec<String> {
        broken(text, self.to - self.from - 8.0, TEXT, CELL_LINES_MAX)
    }
}

fn columns(has_prices: bool) -> Vec<Column> {
    // The description takes what the others leave.
    let widths: &[(&str, f32)] = match has_prices {
        false => &[
            ("sku", 140.0),
            ("description", MEASURE - 210.0),
            ("quantity", 70.0),
        ],
        true => &[
            ("sku", 110.0),
            ("description", MEASURE - 335.0),
            ("quantity", 60.0),
            ("unit_price", 80.0),
            ("amount", 85.0),
        ],
    };
    let mut from = MARGIN;
    let column = |(heading, width): &(&'static str, f32)| {
        let column = Column {
            heading,
            from,
            to: from + width,
            begins: matches!(*heading, "sku" | "description"),
        };
        from += width;
        column
    };
    widths.iter().map(column).collect()
}

fn line(
    text: &str,
    at: f32,
    begins: bool,
    y: f32,
    hand: Hand,
    size: f32,
    grey: u8,
) -> Option<Item> {
    let written = written(text, hand)?;
    Some(Item::Text(Line {
        written,
        at,
        begins,
        y,
        size,
        grey,
    }))
}

/// A text in lines of a width, as far as it can be written.
fn broken(text: &str, width: f32, size: f32, lines_max: usize) -> Vec<String> {
    let Some(known) = written(text, Hand::Plain) else {
        return Vec::new();
    };
    cut(&known.text, width, lines_max, &|text| {
        known.font.width(text) * size
    })
}

fn lines_high(lines: usize) -> f32 {
    // At most CELL_LINES_MAX of them.
    (0..lines).map(|_| LEADING).sum()
}

#[cfg(test)]
mod tests {
    use lopdf::Document;
    use shared::text::Language;

    use super::super::trade::sample;
    use super::*;

    fn order(language: Language, lines: Vec<OrderedLine>) -> SupplierOrder {
        let sum = lines
            .iter()
            .try_fold(0, |sum: i64, line| sum.checked_add(line.cost()?));
        SupplierOrder {
            total: sum.map(|sum| Money::new(sum, "EUR".parse().expect("a currency"))),
            lines,
            ..sample(language)
        }
    }

    fn ordered(sku: &str, title: &str, quantity: u32, unit_cost: Option<i64>) -> OrderedLine {
        OrderedLine {
            sku: sku.into(),
            title: Some(title.into()),
            quantity,
            unit_cost,
        }
    }

    fn pages(order: &SupplierOrder) -> Vec<String> {
        let pdf = order.pdf().expect("a PDF");
        let document = Document::load_mem(&pdf).expect("a PDF");
        let numbers = document.get_pages();
        let text = |number: &u32| document.extract_text(&[*number]).expect("text");
        numbers.keys().map(text).collect()
    }

    #[test]
    fn every_line_of_a_long_order_stands_on_some_page_once_and_the_sum_on_the_last() {
        let lines = (0..1_000).map(|at| {
            let sku = format!("sku-{at:04}");
            ordered(&sku, &format!("Thing number {at}"), 3, Some(150))
        });
        let order = order(Language::German, lines.collect());
        let pages = pages(&order);
        assert!((20..60).contains(&pages.len()), "{} pages", pages.len());
        let all = pages.join("\n");
        for line in &order.lines {
            assert_eq!(all.matches(&line.sku).count(), 1, "{}", line.sku);
        }
        for (at, page) in pages.iter().enumerate() {
            let number = format!("Seite {} von {}", at + 1, pages.len());
            assert!(page.contains(&number), "no `{number}` in {page}");
            assert!(page.contains("Bezeichnung"), "no headings in {page}");
            let is_last = at + 1 == pages.len();
            assert_eq!(page.contains("4.500,00"), is_last, "{page}");
            assert_eq!(page.contains("3.000"), is_last, "{page}");
        }
    }

    #[test]
    fn words_are_written_in_every_language_as_far_as_the_fonts_go() {
        for language in Language::ALL {
            let lines = vec![
                ordered("青-1", "青いパーカー", 2, None),
                ordered("C-2", "قبعة زرقاء", 1, None),
                ordered("H-3", "Čaj & Żółć <b>", 1, None),
                ordered("T-4", "หมวก", 1, None),
            ];
            let order = order(language, lines);
            let text = pages(&order).join("\n");
            for said in [
                "Plainsong",
                "R-7",
                "青いパーカー",
                "Čaj & Żółć <b>",
                "H-3",
                "T-4",
            ] {
                assert!(text.contains(said), "no `{said}` in {language:?}: {text}");
            }
            // No font has Thai: it is left out, and not drawn as boxes.
            assert!(!text.contains("หมวก"), "{text}");
        }
    }

    #[test]
    fn all_that_is_said_can_be_written() {
        for language in Language::ALL {
            for key in [
                "form",
                "number",
                "ordered_on",
                "wanted_by",
                "supplier",
                "ship_to",
                "sku",
            ] {
                let said = say(language, key, &[]);
                let kept = written(&said, Hand::Strong).map(|kept| kept.text);
                assert_eq!(
                    kept.as_deref(),
                    Some(said.as_str()),
                    "{key} in {language:?}"
                );
            }
            for key in [
                "description",
                "quantity",
                "unit_price",
                "amount",
                "total",
                "form_asks",
            ] {
                let said = say(language, key, &[]);
                let kept = written(&said, Hand::Plain).map(|kept| kept.text);
                assert_eq!(
                    kept.as_deref(),
                    Some(said.as_str()),
                    "{key} in {language:?}"
                );
            }
        }
    }

    #[test]
    fn an_order_of_which_not_all_costs_are_known_shows_none() {
        let lines = vec![
            ordered("A", "Cap", 2, Some(300)),
            ordered("B", "Mug", 2, None),
        ];
        let text = pages(&order(Language::English, lines)).join("\n");
        assert!(
            !text.contains('€') && !text.contains("Unit price"),
            "{text}"
        );
    }
}
