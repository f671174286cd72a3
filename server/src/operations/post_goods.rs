//! What is told of goods in a post: the same words as everywhere, without any count.

use shared::supply::SkuFacts;
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

/// What is told of goods now, by facts about them and about all that they are made of, their own first; `None`: there are no such facts.
pub(super) fn told(app: &App, shop: &Shop, facts: &[SkuFacts], language: &str) -> Option<Told> {
    let (store, sku) = (&shop.id, &facts.first()?.sku);
    let settings = shop.settings();
    let language = Language::for_tag(language);
    let answer = uncounted_answer(app, facts, &settings, sku, language);
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

/// What is so of goods now; gone, where there are no facts about them.
pub(super) fn outlook(app: &App, shop: &Shop, facts: &[SkuFacts]) -> Outlook {
    let told = told(app, shop, facts, Language::default().tag());
    told.map_or(Outlook::Gone, |told| told.outlook)
}
