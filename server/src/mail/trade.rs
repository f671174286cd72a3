//! Letters that go to no customer: orders to suppliers, with a file to read in, and what the merchant is told.

use chrono::NaiveDate;

use super::render::{Attachment, Mail};

/// An order at a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierOrder {
    /// The shop's name.
    pub shop: String,
    /// The shop's postal address, in one line.
    pub postal: Option<String>,
    /// The supplier's name.
    pub supplier: String,
    /// What the order is called.
    pub number: String,
    /// When it was placed.
    pub ordered_on: NaiveDate,
    /// What is ordered.
    pub lines: Vec<OrderedLine>,
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
    /// The letter, with the lines as a file.
    pub fn mail(&self) -> Mail {
        let (number, shop) = (&self.number, &self.shop);
        let (subject, begins) = match self.is_reminder {
            false => (
                format!("Order {number} from {shop}"),
                format!(
                    "Please deliver what is listed below; the attached file says the same. Our order number is {number}, dated {}.",
                    self.ordered_on
                ),
            ),
            true => (
                format!("Reminder: order {number} from {shop}"),
                format!(
                    "We have not heard from you about our order {number}, dated {}. It is listed again below.",
                    self.ordered_on
                ),
            ),
        };
        let asks =
            "Please confirm it by answering this letter, with the day on which it will arrive.";
        let title = |line: &OrderedLine| line.title.clone().unwrap_or_default();
        let rows: String = self
            .lines
            .iter()
            .map(|line| {
                format!(
                    "<tr><td>{}</td><td>{}</td><td style=\"text-align:right\">{}</td></tr>",
                    escaped(&line.sku),
                    escaped(&title(line)),
                    line.quantity
                )
            })
            .collect();
        let plain_rows: String = self
            .lines
            .iter()
            .map(|line| format!("{} x {}  {}\n", line.quantity, line.sku, title(line)))
            .collect();
        let foot = match &self.postal {
            Some(postal) => format!("{shop}, {postal}"),
            None => shop.clone(),
        };
        Mail {
            html: format!(
                "<p>Dear {},</p><p>{}</p><table border=\"1\" cellpadding=\"6\" style=\"border-collapse:collapse\"><tr><th>SKU</th><th>Description</th><th>Quantity</th></tr>{rows}</table><p>{asks}</p><p>{}</p>",
                escaped(&self.supplier),
                escaped(&begins),
                escaped(&foot)
            ),
            plain: format!(
                "Dear {},\n\n{begins}\n\n{plain_rows}\n{asks}\n\n{foot}\n",
                self.supplier
            ),
            subject,
            leave: None,
            attachments: vec![Attachment {
                name: format!("{number}.csv"),
                kind: "text/csv; charset=utf-8",
                content: self.csv(),
            }],
        }
    }

    /// What is ordered, to be read by a program or a spreadsheet: no cell of it is a formula.
    fn csv(&self) -> Vec<u8> {
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

    #[test]
    fn an_order_is_a_letter_and_a_file_without_markup_or_formulas_of_others() {
        let order = SupplierOrder {
            shop: "Plainsong".into(),
            postal: None,
            supplier: "Weaver & Sons".into(),
            number: "R-7".into(),
            ordered_on: "2026-11-23".parse().expect("a date"),
            lines: vec![OrderedLine {
                sku: "=1+1".into(),
                title: Some("Scarf, <b>blue</b>".into()),
                quantity: 24,
            }],
            is_reminder: false,
        };
        let mail = order.mail();
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
}
