//! What is told of goods in a post: the same words as everywhere, without any count.

use shared::ids::{Sku, StoreId};
use shared::text::Language;

use super::share_goods::{share_path, uncounted_answer};
use crate::app::App;
use crate::catalogue::Shop;
use crate::posts::Outlook;
use crate::posts::text::Goods;

/// Goods with what is told of them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// How it stands with them.
    pub outlook: Outlook,
    /// For templates.
    pub goods: Goods,
    /// Where they are looked at; `None`: nobody said where this server is, or the shop's goods have no pages.
    pub link: Option<String>,
}

/// What is told of goods now; `None`: the store has none of this SKU.
pub(super) fn told(
    app: &App,
    store: &StoreId,
    shop: &Shop,
    sku: &Sku,
    language: &str,
) -> Option<Told> {
    shop.entry(sku.as_str())?;
    let settings = shop.settings();
    let language = Language::for_tag(language);
    let answer = uncounted_answer(app, shop, &settings, sku, language);
    let link = settings
        .share_pages
        .then(|| app.connections.link(&share_path(store, sku)))
        .flatten();
    let (label, date) = (
        answer.text.label.clone(),
        answer.text.date.clone().unwrap_or_default(),
    );
    let told = match date.is_empty() {
        true => label.clone(),
        false => format!("{label}. {date}"),
    };
    Some(Told {
        outlook: Outlook::of(&answer),
        goods: Goods {
            shop: settings.name.clone(),
            title: answer.title.unwrap_or_else(|| sku.to_string()),
            sku: sku.to_string(),
            label,
            date,
            told,
            link: link.clone().unwrap_or_default(),
        },
        link,
    })
}

/// What is so of goods now; gone, where the store has none of this SKU.
pub(super) fn outlook(app: &App, store: &StoreId, shop: &Shop, sku: &Sku) -> Outlook {
    let told = told(app, store, shop, sku, Language::default().tag());
    told.map_or(Outlook::Gone, |told| told.outlook)
}
