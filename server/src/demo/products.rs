//! What the demo shop sells: the merchant's product file, and the shop's own words about it.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// The product file that the demo store imports too.
pub const PRODUCTS_CSV: &str = include_str!("data/woocommerce-products.csv");
/// The inventory file that the demo store imports.
pub const INVENTORY_CSV: &str = include_str!("data/shopify-inventory.csv");

/// What the shop took up since then, in the same format; set up one by one, and in no import.
const NEW_PRODUCTS_CSV: &str = include_str!("data/new-products.csv");

const GOODS_JSON: &str = include_str!("pages/goods.json");

/// Something with a page of its own.
#[derive(Debug, Clone, Serialize)]
pub struct Product {
    /// The last part of the page's address.
    pub handle: String,
    /// What it is called.
    pub name: String,
    /// Where it stands in the shop.
    pub section: Section,
    /// The drawing, by its name in art.svg.
    pub picture: String,
    /// True if the drawing is wide.
    pub wide: bool,
    /// True if its page has a button to share it.
    pub share: bool,
    /// True if its page offers to write when it is there again.
    pub notify: bool,
    /// What the shop says about it.
    pub about: String,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// How it is sold.
    pub offer: Offer,
    /// What can be had; more than one where there is a choice.
    pub variants: Vec<Variant>,
    /// Sizes, which are not counted apart.
    pub sizes: Vec<String>,
}

/// Something that can be ordered, with a SKU and a price.
#[derive(Debug, Clone, Serialize)]
pub struct Variant {
    /// The SKU.
    pub sku: String,
    /// What it is called in a cart: "Hoodie, red, with logo".
    pub title: String,
    /// The colour, where there is a choice.
    pub colour: Option<String>,
    /// With or without the mark, where there is a choice.
    pub logo: Option<bool>,
    /// Classes of the drawing.
    pub look: String,
    /// What it costs, in cents.
    pub price: u32,
    /// What it cost before, in cents, if that was more.
    pub before: Option<u32>,
}

/// Where it stands in the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// T-shirts.
    Tshirts,
    /// Hoodies.
    Hoodies,
    /// Hats, scarves and other small things.
    Accessories,
    /// Records, and what goes with them.
    Music,
    /// Mugs, crates and other things that stay at home.
    Home,
    /// Sets and gifts.
    Besides,
}

/// How it is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Offer {
    /// By its own SKU.
    Goods,
    /// As the SKUs of its pieces.
    Set {
        /// SKUs of the pieces.
        pieces: Vec<String>,
    },
    /// On another site; nothing is shipped.
    Elsewhere {
        /// Its address.
        url: String,
    },
}

/// Reads all that is for sale out of the shop's files, which have the product export format of WooCommerce.
pub fn read() -> anyhow::Result<Vec<Product>> {
    let said: BTreeMap<String, Said> = serde_json::from_str(GOODS_JSON)
        .context("cannot read what the shop says about its goods")?;
    let mut rows = Vec::new();
    for csv in [PRODUCTS_CSV, NEW_PRODUCTS_CSV] {
        let csv = csv.trim_start_matches('\u{feff}');
        for row in csv::Reader::from_reader(csv.as_bytes()).deserialize() {
            let row: Row = row.context("cannot read the product file")?;
            rows.push(row);
        }
    }
    let parents = rows.iter().filter(|row| row.parent.is_empty());
    let mut products = parents
        .map(|row| product(row, &rows, &said))
        .collect::<anyhow::Result<Vec<_>>>()?;
    products.sort_by_key(|product| product.section);
    Ok(products)
}

/// The columns of the file that the shop uses.
#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "SKU")]
    sku: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Short description")]
    short_description: String,
    #[serde(rename = "Sale price")]
    sale_price: String,
    #[serde(rename = "Regular price")]
    regular_price: String,
    #[serde(rename = "Categories")]
    categories: String,
    #[serde(rename = "Parent")]
    parent: String,
    #[serde(rename = "Grouped products")]
    pieces: String,
    #[serde(rename = "External URL")]
    url: String,
    #[serde(rename = "Attribute 1 value(s)")]
    colours: String,
    #[serde(rename = "Attribute 2 name")]
    second_name: String,
    #[serde(rename = "Attribute 2 value(s)")]
    second_values: String,
}

/// The shop's own words about a product.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Said {
    picture: String,
    look: String,
    wide: bool,
    share: bool,
    notify: bool,
    about: String,
    facts: Vec<(String, String)>,
}

fn product(row: &Row, rows: &[Row], said: &BTreeMap<String, Said>) -> anyhow::Result<Product> {
    let nothing = Said::default();
    let said = said.get(&row.sku).unwrap_or(&nothing);
    let name = row.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let offer = offer(row);
    let children: Vec<&Row> = rows
        .iter()
        .filter(|child| child.parent == row.sku)
        .collect();
    let variants = match &offer {
        Offer::Set { pieces } => vec![set(
            row,
            &name,
            said,
            rows.iter().filter(|piece| pieces.contains(&piece.sku)),
        )?],
        _ if children.is_empty() => vec![variant(row, &name, said, &[row], false)?],
        _ => children
            .iter()
            .map(|child| variant(child, &name, said, &children, true))
            .collect::<anyhow::Result<_>>()?,
    };
    let sizes = match row.second_name.as_str() {
        "Size" => row.second_values.split(", ").map(Into::into).collect(),
        _ => Vec::new(),
    };
    Ok(Product {
        handle: row.sku.to_lowercase(),
        section: section(&row.categories),
        picture: if said.picture.is_empty() {
            "parcel".into()
        } else {
            said.picture.clone()
        },
        wide: said.wide,
        share: said.share,
        notify: said.notify,
        about: if said.about.is_empty() {
            row.short_description.clone()
        } else {
            said.about.clone()
        },
        facts: said.facts.clone(),
        name,
        offer,
        variants,
        sizes,
    })
}

fn offer(row: &Row) -> Offer {
    match row.kind.as_str() {
        "grouped" => Offer::Set {
            pieces: row.pieces.split(", ").map(Into::into).collect(),
        },
        "external" => Offer::Elsewhere {
            url: row.url.clone(),
        },
        _ => Offer::Goods,
    }
}

fn section(categories: &str) -> Section {
    match categories.rsplit(" > ").next().unwrap_or_default() {
        "Tshirts" => Section::Tshirts,
        "Hoodies" => Section::Hoodies,
        "Accessories" => Section::Accessories,
        "Music" => Section::Music,
        "Home" => Section::Home,
        _ => Section::Besides,
    }
}

/// One row that can be ordered. A row without a price costs what its siblings cost.
fn variant(
    row: &Row,
    name: &str,
    said: &Said,
    siblings: &[&Row],
    choice: bool,
) -> anyhow::Result<Variant> {
    let priced = std::iter::once(row)
        .chain(siblings.iter().copied())
        .find(|row| !row.regular_price.is_empty());
    let priced = priced
        .with_context(|| format!("`{}` has no price, and neither have its siblings", row.sku))?;
    let regular = cents(&priced.regular_price)?;
    let price = if priced.sale_price.is_empty() {
        regular
    } else {
        cents(&priced.sale_price)?
    };
    let colour = (!row.colours.is_empty()).then(|| row.colours.clone());
    let logo = (choice && row.second_name == "Logo").then(|| row.second_values == "Yes");
    let look = if said.look.is_empty() {
        let colour = colour.as_deref().unwrap_or("gray").to_lowercase();
        if logo == Some(true) {
            format!("{colour} logo")
        } else {
            colour
        }
    } else {
        said.look.clone()
    };
    Ok(Variant {
        sku: row.sku.clone(),
        title: title(name, colour.as_deref().filter(|_| choice), logo),
        colour: colour.filter(|_| choice),
        logo,
        look,
        price,
        before: (price < regular).then_some(regular),
    })
}

/// A set has no price of its own: it costs what its pieces cost.
fn set<'a>(
    row: &Row,
    name: &str,
    said: &Said,
    pieces: impl Iterator<Item = &'a Row>,
) -> anyhow::Result<Variant> {
    let mut price = 0;
    for piece in pieces {
        price += variant(piece, &piece.name, said, &[piece], false)?.price;
    }
    let (sku, title, look) = (row.sku.clone(), name.to_owned(), said.look.clone());
    Ok(Variant {
        sku,
        title,
        colour: None,
        logo: None,
        look,
        price,
        before: None,
    })
}

fn title(name: &str, colour: Option<&str>, logo: Option<bool>) -> String {
    let colour = colour.map(|colour| format!(", {}", colour.to_lowercase()));
    let logo = if logo == Some(true) {
        ", with logo"
    } else {
        ""
    };
    format!("{name}{}{logo}", colour.unwrap_or_default())
}

fn cents(price: &str) -> anyhow::Result<u32> {
    let (whole, part) = price.split_once('.').unwrap_or((price, "0"));
    let cents = format!("{whole}{part:0<2}")
        .parse()
        .with_context(|| format!("`{price}` is no price"))?;
    anyhow::ensure!(!whole.is_empty(), "a price is missing");
    anyhow::ensure!(part.len() <= 2, "`{price}` has parts of a cent");
    Ok(cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Vec<Product> {
        read().expect("the demo's product file can be read")
    }

    #[test]
    fn every_row_of_the_file_is_on_sale_once() {
        let products = shop();
        let variants: usize = products.iter().map(|product| product.variants.len()).sum();
        assert_eq!((products.len(), variants), (20, 27));
        assert!(
            products.iter().all(|product| product.picture != "parcel"),
            "each has a drawing"
        );
    }

    #[test]
    fn variants_are_named_as_a_person_would() {
        let products = shop();
        let titles = |handle: &str| {
            let product = products
                .iter()
                .find(|product| product.handle == handle)
                .expect("it is for sale");
            product
                .variants
                .iter()
                .map(|variant| variant.title.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            titles("cc-tee"),
            ["T-Shirt, blue", "T-Shirt, green", "T-Shirt, red"]
        );
        assert!(titles("cc-hoodie").contains(&"Hoodie, blue, with logo".into()));
        assert_eq!(
            titles("cc-hoodie-with-logo"),
            ["Hoodie with Pocket and Logo"]
        );
    }

    #[test]
    fn a_set_costs_what_its_pieces_cost() {
        let products = shop();
        let set = products
            .iter()
            .find(|product| product.handle == "cc-logo-collection")
            .expect("it is for sale");
        assert_eq!(set.variants[0].price, 4500 + 2000 + 1800);
    }

    #[test]
    fn a_price_is_counted_in_cents() {
        assert_eq!(cents("18").ok(), Some(1800));
        assert_eq!(cents("4.5").ok(), Some(450));
        assert_eq!(cents("4.95").ok(), Some(495));
        assert!(cents("4.955").is_err() && cents("").is_err() && cents("-1").is_err());
    }
}
