//! The page of goods that somebody was sent a link to.

use minijinja::{Value, context};
use shared::text::Language;
use shared::wire::Status;

use super::render::html;
use super::words::say;
use crate::operations::share_goods::SharedGoods;

/// The stylesheet of the page.
pub const STYLE: &str = concat!(
    include_str!("../../../style/order.css"),
    "\n",
    include_str!("../../../style/share.css")
);

/// Where a page and its picture are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The page, in the language that it is in.
    pub page: String,
    /// The page in each language, with the language's tag.
    pub others: Vec<(&'static str, String)>,
    /// The page in whatever language.
    pub default: String,
    /// The picture, as it is now.
    pub card: String,
}

/// The page of goods. `offer` is their schema.org Offer, ready to stand in a script element.
pub fn share_page(
    goods: &SharedGoods,
    language: Language,
    addresses: &Addresses,
    offer: &str,
) -> String {
    let text = &goods.answer.text;
    let told = sentence(text.label.clone(), text.date.as_deref());
    let told = sentence(told, text.delivery.as_deref());
    let others: Vec<Value> = addresses
        .others
        .iter()
        .map(|(tag, address)| context! { tag => *tag, address => plain(address) })
        .collect();
    html(
        "share.html",
        context! {
            lang => language.tag(),
            dir => if language.is_right_to_left() { "rtl" } else { "ltr" },
            shop => &goods.shop,
            title => &goods.title,
            label => &text.label,
            date => &text.date,
            delivery => &text.delivery,
            reason => goods.answer.reason.as_ref().map(|reason| reason.text.as_str()),
            told => told,
            state => state(goods.answer.status),
            buy_url => &goods.buy_url,
            buy => say(language, "button_shop", &[]),
            current => say(language, "share_current", &[]),
            page => plain(&addresses.page),
            default => plain(&addresses.default),
            others => others,
            card => plain(&addresses.card),
            width => super::card::WIDTH,
            height => super::card::HEIGHT,
            locale => locale(language),
            offer => Value::from_safe_string(offer.to_owned()),
        },
    )
}

/// An address as it stands between quotes, with its slashes as they are: not all that read the tags know how to read them otherwise.
fn plain(address: &str) -> Value {
    let address = address.replace('&', "&amp;").replace('"', "&quot;");
    Value::from_safe_string(address.replace('<', "&lt;"))
}

/// Filled dot, ring or grey dot.
fn state(status: Status) -> &'static str {
    match status {
        Status::InStock | Status::LowStock => "ready",
        Status::Backorder | Status::Preorder => "wait",
        Status::OutOfStock | Status::Discontinued | Status::Unknown => "gone",
    }
}

/// One thing after another, as a list of them is written without words.
fn sentence(first: String, next: Option<&str>) -> String {
    match next {
        Some(next) => format!("{first} · {next}"),
        None => first,
    }
}

/// A language as Open Graph names it.
fn locale(language: Language) -> &'static str {
    match language {
        Language::English => "en_US",
        Language::EnglishDayFirst => "en_GB",
        Language::German => "de_DE",
        Language::French => "fr_FR",
        Language::Spanish => "es_ES",
        Language::Japanese => "ja_JP",
        Language::Arabic => "ar_AR",
    }
}
