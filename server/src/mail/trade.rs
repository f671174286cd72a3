//! Letters that go to no customer: orders to suppliers, with a file to read in, and what the merchant is told.

use chrono::NaiveDate;
use shared::money::Money;
use shared::text::{DateStyle, Language, Locale, Tables};

pub use super::order_form::NotWritten;
use super::render::{Attachment, Mail};
use super::trade_words::say;
use super::words::isolated;

/// An order at a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierOrder {
    /// The supplier's language.
    pub language: Language,
    /// The shop's name.
    pub shop: String,
    /// The shop's postal address, in one line.
    pub postal: Option<String>,
    /// The supplier's name.
    pub supplier: String,
    /// Where the goods go, in lines.
    pub ship_to: Vec<String>,
    /// What the order is called.
    pub number: String,
    /// When it was placed.
    pub ordered_on: NaiveDate,
    /// By when it is wanted: the day for which its arrival is planned.
    pub wanted_by: Option<NaiveDate>,
    /// What is ordered.
    pub lines: Vec<OrderedLine>,
    /// What all of it costs; `None`: of some nobody said it.
    pub total: Option<Money>,
    /// True: it was sent before, and nobody has said anything.
    pub is_reminder: bool,
}

/// What is ordered of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedLine {
    /// The SKU.
    pub sku: String,
    /// The merchant's name for it.
    pub title: Option<String>,
    /// Units.
    pub quantity: u32,
    /// What one costs, in minor units of the total's currency.
    pub unit_cost: Option<i64>,
}

/// A made-up order, to look at.
pub fn sample(language: Language) -> SupplierOrder {
    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap_or_default();
    let line = |sku: &str, title: &str, quantity, unit_cost| OrderedLine {
        sku: sku.into(),
        title: Some(title.into()),
        quantity,
        unit_cost: Some(unit_cost),
    };
    SupplierOrder {
        language,
        shop: "Plainsong".into(),
        postal: Some("Plainsong, 12 Mill Lane, Portland".into()),
        supplier: "Weaver & Sons".into(),
        ship_to: vec!["Plainsong".into(), "Main".into()],
        number: "R-7".into(),
        ordered_on: day(2),
        wanted_by: Some(day(23)),
        lines: vec![
            line("cc-scarf", "Scarf, <b>blue</b>", 24, 450),
            line("cc-parka", "青いパーカー（大）", 6, 3_900),
            line("cc-cap", "قبعة زرقاء Plainsong 2", 1_200, 275),
        ],
        total: "USD"
            .parse()
            .ok()
            .map(|currency| Money::new(364_200, currency)),
        is_reminder: false,
    }
}

/// What the merchant is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantNews {
    /// The shop's name.
    pub shop: String,
    /// SKUs that have come down to their reorder points: as they are called, their position and that point.
    pub low: Vec<(String, i64, u32)>,
    /// Orders that suppliers have not confirmed, each in a sentence.
    pub unconfirmed: Vec<String>,
}

/// Characters with which a spreadsheet takes a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

impl SupplierOrder {
    /// The letter, with the lines as a file, and `form`, the same as a PDF.
    pub fn mail(&self, form: Option<Vec<u8>>) -> Mail {
        let (number, shop) = (&self.number, &self.shop);
        let (subject, begins) = match self.is_reminder {
            false => ("order_subject", "order_begins"),
            true => ("reminder_subject", "reminder_begins"),
        };
        let begins = self.say(begins);
        let asks = match self.wanted_by {
            Some(_) => format!("{} {}", self.say("wanted"), self.say("asks")),
            None => self.say("asks"),
        };
        let dear = self.say("dear");
        let title = |line: &OrderedLine| line.title.clone().unwrap_or_default();
        let rows: String = self
            .lines
            .iter()
            .map(|line| {
                format!(
                    "<tr><td><bdi>{}</bdi></td><td><bdi>{}</bdi></td><td style=\"text-align:end\">{}</td></tr>",
                    escaped(&line.sku),
                    escaped(&title(line)),
                    line.quantity
                )
            })
            .collect();
        let headings: String = ["sku", "description", "quantity"]
            .map(|key| format!("<th>{}</th>", escaped(&self.say(key))))
            .concat();
        let plain_rows: String = self
            .lines
            .iter()
            .map(|line| format!("{} x {}  {}\n", line.quantity, line.sku, title(line)))
            .collect();
        let foot = match &self.postal {
            Some(postal) => format!("{shop}, {postal}"),
            None => shop.clone(),
        };
        let direction = match self.language.is_right_to_left() {
            true => "rtl",
            false => "ltr",
        };
        let form = form.map(|content| Attachment {
            name: format!("{number}.pdf"),
            kind: "application/pdf",
            content,
        });
        let file = Attachment {
            name: format!("{number}.csv"),
            kind: "text/csv; charset=utf-8",
            content: self.csv(),
        };
        Mail {
            html: format!(
                "<div lang=\"{}\" dir=\"{direction}\"><p>{}</p><p>{}</p><table border=\"1\" cellpadding=\"6\" style=\"border-collapse:collapse\"><tr>{headings}</tr>{rows}</table><p>{}</p><p>{}</p></div>",
                self.language.tag(),
                escaped(&dear),
                escaped(&begins),
                escaped(&asks),
                escaped(&foot)
            ),
            plain: format!("{dear}\n\n{begins}\n\n{plain_rows}\n{asks}\n\n{foot}\n"),
            subject: self.say(subject),
            leave: None,
            attachments: form.into_iter().chain([file]).collect(),
        }
    }

    /// A sentence about it, in the supplier's language.
    pub(super) fn say(&self, key: &str) -> String {
        let date = |day| Tables(self.language).date(day, DateStyle::Year);
        let ordered_on = date(self.ordered_on);
        let date = match key {
            "wanted" => self.wanted_by.map(date).unwrap_or_default(),
            _ => ordered_on,
        };
        let own = |own| isolated(self.language, own);
        let values = [
            ("order", own(&self.number)),
            ("shop", own(&self.shop)),
            ("supplier", own(&self.supplier)),
            ("date", date.into()),
        ];
        let values = values
            .each_ref()
            .map(|(name, value)| (*name, value.as_ref()));
        say(self.language, key, &values)
    }

    /// What is ordered, to be read by a program or a spreadsheet: no cell of it is a formula.
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = ["order", "ordered_on", "sku", "description", "quantity"];
        let mut written = writer.write_record(header);
        for line in &self.lines {
            written = written.and_then(|()| {
                writer.write_record([
                    self.number.as_str(),
                    &self.ordered_on.to_string(),
                    &no_formula(&line.sku),
                    &no_formula(line.title.as_deref().unwrap_or_default()),
                    &line.quantity.to_string(),
                ])
            });
        }
        written.expect("a list in memory takes every record of as many cells");
        writer.into_inner().expect("a list in memory takes all")
    }
}

impl OrderedLine {
    /// What all of it costs, in minor units.
    pub fn cost(&self) -> Option<i64> {
        self.unit_cost?.checked_mul(self.quantity.into())
    }
}

impl MerchantNews {
    /// The letter.
    pub fn mail(&self) -> Mail {
        let mut said: Vec<String> = Vec::new();
        for (title, position, point) in &self.low {
            said.push(format!(
                "{title}: {position} there and on order, less what is owed; to be ordered at {point}"
            ));
        }
        said.extend(self.unconfirmed.iter().cloned());
        let subject = match (self.low.as_slice(), self.unconfirmed.as_slice()) {
            ([(title, ..)], []) => format!("Running low: {title}"),
            ([], _) => "An order is not confirmed".to_owned(),
            (low, _) => format!("Running low: {} products", low.len()),
        };
        let items: String = said
            .iter()
            .map(|line| format!("<li>{}</li>", escaped(line)))
            .collect();
        let foot = format!(
            "{}: you are told once, and again only after it was well.",
            self.shop
        );
        Mail {
            subject,
            html: format!("<ul>{items}</ul><p>{}</p>", escaped(&foot)),
            plain: format!("- {}\n\n{foot}\n", said.join("\n- ")),
            leave: None,
            attachments: Vec::new(),
        }
    }
}

fn no_formula(cell: &str) -> String {
    match cell.starts_with(FORMULA) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(language: Language) -> SupplierOrder {
        SupplierOrder {
            ordered_on: "2026-11-23".parse().expect("a date"),
            wanted_by: None,
            lines: vec![OrderedLine {
                sku: "=1+1".into(),
                title: Some("Scarf, <b>blue</b>".into()),
                quantity: 24,
                unit_cost: None,
            }],
            total: None,
            ..sample(language)
        }
    }

    #[test]
    fn an_order_is_a_letter_and_a_file_without_markup_or_formulas_of_others() {
        let mail = order(Language::English).mail(None);
        assert_eq!(mail.subject, "Order R-7 from Plainsong");
        assert!(mail.html.contains("Weaver &amp; Sons"), "{}", mail.html);
        assert!(mail.html.contains("&lt;b&gt;blue"), "{}", mail.html);
        assert!(mail.plain.contains("24 x =1+1  Scarf"), "{}", mail.plain);
        let file = String::from_utf8(mail.attachments[0].content.clone()).expect("text");
        assert_eq!(
            file,
            "order,ordered_on,sku,description,quantity\nR-7,2026-11-23,'=1+1,\"Scarf, <b>blue</b>\",24\n"
        );
    }

    #[test]
    fn a_supplier_is_written_to_in_its_language() {
        let mut german = order(Language::German);
        german.wanted_by = Some("2026-12-18".parse().expect("a date"));
        let mail = german.mail(Some(b"%PDF".to_vec()));
        assert_eq!(mail.subject, "Bestellung R-7 von Plainsong");
        assert!(
            mail.plain.starts_with("Guten Tag Weaver & Sons,"),
            "{}",
            mail.plain
        );
        assert!(
            mail.plain.contains("R-7 vom 23. November 2026"),
            "{}",
            mail.plain
        );
        assert!(
            mail.plain.contains("bis 18. Dezember 2026"),
            "{}",
            mail.plain
        );
        assert!(mail.html.contains("<th>Menge</th>"), "{}", mail.html);
        let names: Vec<&str> = mail
            .attachments
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        assert_eq!(names, ["R-7.pdf", "R-7.csv"]);
        german.is_reminder = true;
        assert_eq!(
            german.mail(None).subject,
            "Erinnerung: Bestellung R-7 von Plainsong"
        );
        let arabic = order(Language::Arabic).mail(None);
        assert!(arabic.html.contains("dir=\"rtl\""), "{}", arabic.html);
        assert!(
            arabic.subject.contains("\u{2068}R-7\u{2069}"),
            "{}",
            arabic.subject
        );
    }
}
