//! Says of goods what everybody may be told who was sent a link, and no key.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use shared::availability::Display;
use shared::ids::{Sku, StoreId};
use shared::quantity::Quantity;
use shared::supply::SkuFacts;
use shared::text::Language;
use shared::wire::{Availability, Status};

use super::check_availability::{Question, answer_from};
use crate::app::App;
use crate::catalogue::{Settings, Shop};

/// What stands in the address of a product's page where its SKU belongs.
pub const SKU_PLACE: &str = "{sku}";
/// Characters of a SKU that stand in an address as they are (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Goods with what is told of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedGoods {
    /// The shop's name.
    pub shop: String,
    /// What they are called: their title, or else their SKU.
    pub title: String,
    /// Where they are bought; `None`: the shop has not said.
    pub buy_url: Option<String>,
    /// What is told of one unit, without any count.
    pub answer: Availability,
}

/// Says of goods what everybody may be told; `None` where there are none, or the shop does not share them.
///
/// A picture that was shared is seen for long by who cannot ask again, so it never has a count: "Only a few left", whatever pages with
/// a key may say.
pub fn shared_goods(
    app: &App,
    store: &StoreId,
    sku: &Sku,
    language: Language,
) -> Option<SharedGoods> {
    let shop = app.catalogue.shop(store)?;
    let settings = shop.settings();
    if !settings.share_pages {
        return None;
    }
    let facts = shop.facts_and_parts(sku.as_str());
    let answer = uncounted_answer(app, &facts, &settings, sku, language);
    if answer.status == Status::Unknown {
        return None;
    }
    Some(SharedGoods {
        shop: settings.name.clone(),
        title: answer.title.clone().unwrap_or_else(|| sku.to_string()),
        buy_url: buy_url(&settings, sku),
        answer,
    })
}

/// Where goods are bought, if the shop has said.
pub fn buy_url(settings: &Settings, sku: &Sku) -> Option<String> {
    let url = settings.product_url.as_deref()?;
    Some(url.replace(SKU_PLACE, &in_address(sku)))
}

/// The path of the page of goods.
pub fn share_path(store: &StoreId, sku: &Sku) -> String {
    format!("/s/{store}/{}", in_address(sku))
}

/// The path of the pages of a shop's goods, with [`SKU_PLACE`] where the SKU belongs; `None` where it does not share them.
pub fn share_place(shop: &Shop) -> Option<String> {
    let is_shared = shop.settings().share_pages;
    is_shared.then(|| format!("/s/{}/{SKU_PLACE}", shop.id))
}

fn in_address(sku: &Sku) -> String {
    utf8_percent_encode(sku.as_str(), UNRESERVED).to_string()
}

/// What is told of one unit, without any count, by facts about it and about all that it is made of, its own first.
pub(super) fn uncounted_answer(
    app: &App,
    facts: &[SkuFacts],
    settings: &Settings,
    sku: &Sku,
    language: Language,
) -> Availability {
    let question = Question {
        quantity: Quantity::new(1),
        language,
        to: None,
        visitor: None,
    };
    let mut uncounted = settings.clone();
    if uncounted.promises.display == Display::Exact {
        uncounted.promises.display = Display::FewLeft;
    }
    answer_from(facts, &uncounted, sku, &question, app.clock.now())
}
