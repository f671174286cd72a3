//! Says how a date came about, from the facts in memory: for merchants only, since it tells counts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::explain::explain;
use shared::ids::{Sku, StoreId};
use shared::kit::Goods;
use shared::quantity::Quantity;
use shared::text::Language;
use shared::wire;

use super::check_availability;
use crate::catalogue::{Settings, Shop, goods};
use crate::explain::Told;
use crate::store::{Store, StoreError};

/// What is shown of an explanation.
pub struct Shown<'a> {
    /// The explanation.
    pub told: &'a Told<'a>,
    settings: &'a Settings,
}

impl Shown<'_> {
    /// The answer that a shopper gets.
    pub fn answer(&self) -> wire::Availability {
        let answer = &self.told.explanation.answer;
        let (settings, now) = (self.settings, self.told.now);
        let language = Language::default();
        check_availability::on_wire(answer, self.told.title(), settings, language, now)
    }
}

/// Explains what is said of so many units of a SKU at `now`. `None`: the store does not know it.
pub fn explain_availability<T>(
    shop: &Shop,
    sku: &Sku,
    quantity: Quantity,
    now: DateTime<Utc>,
    show: impl FnOnce(Shown<'_>) -> T,
) -> Option<T> {
    // Read the revision first: facts may be newer than it says, never older.
    let revision = shop.revision();
    let settings = shop.settings();
    let facts = shop.facts_and_parts(sku.as_str());
    let goods = goods(&facts)?;
    let known = |sku: &Sku| facts.iter().find(|facts| facts.sku == *sku);
    let policy = &settings.promises;
    let told = Told {
        explanation: &explain(&goods, &settings.locations, policy, quantity, now),
        broken: Goods::new(goods.facts, known).err(),
        goods: &goods,
        policy,
        now,
        revision,
    };
    Some(show(Shown {
        told: &told,
        settings: &settings,
    }))
}

/// What is needed to explain one SKU, as the database has it: its store with nothing but the SKU and what
/// it is made of. `None`: there is no such store.
pub async fn shop_with(
    store: &Store,
    id: &StoreId,
    sku: &Sku,
) -> Result<Option<Arc<Shop>>, StoreError> {
    let standings = store.standings().await?;
    let revision = standings.iter().find(|standing| standing.store == *id);
    let revision = revision.map_or(0, |standing| standing.revision);
    let Some(settings) = store.load_settings(id).await? else {
        return Ok(None);
    };
    let shop = Shop::new(id.clone(), settings, revision);
    let mut wanted = vec![sku.clone()];
    while !wanted.is_empty() {
        let facts = store.load_skus(id, &wanted).await?;
        let parts = facts.iter().flat_map(|facts| &facts.kit);
        let mut parts: Vec<Sku> = parts.map(|(part, _)| part.clone()).collect();
        parts.sort_unstable();
        parts.dedup();
        shop.put(facts);
        parts.retain(|part| shop.entry(part.as_str()).is_none());
        // What is not known is not found the second time either.
        parts.retain(|part| !wanted.contains(part));
        wanted = parts;
    }
    Ok(Some(Arc::new(shop)))
}
