//! What shoppers are told of offers before they order, and who is noted to have seen one.
//!
//! A public answer knows nobody. The shop's pages may say by a name of their own who looks (`shopper`); whoever is not named
//! is told of no offer, and tried on only when they order.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{OfferRuleId, Sku, StoreId};
use shared::money::Money;
use shared::offer::{Arm, Cart, days_of_wait};
use shared::text::Language;
use shared::wire;
use tokio::time::timeout;

use super::ActError;
use super::offer_words::told;
use super::offers::{arm_of, fitting, is_there, shopper_hash};
use super::records::{Exposure, OfferRule, ShopperHash, ShopperPast, ShownIn, gives_name};
use super::running::{Touched, detached, publish};
use crate::app::App;
use crate::catalogue::{Settings, Shop};
use crate::limits::{
    EXPOSURES_FORGOTTEN_AT_ONCE, EXPOSURES_FORGOTTEN_TIMES, EXPOSURES_KEPT_DAYS, OFFERS_ASKED_FOR,
};
use crate::store::writing::Note;

/// How often it is written down who saw an offer.
pub const EXPOSURES_KEPT_EVERY: Duration = Duration::from_secs(5);
/// Most who wait to be written down. Of more, the last are left out, in both arms alike.
pub const EXPOSURES_WAITING_MAX: usize = 20_000;
/// Most of whom it is remembered that they were written down.
const EXPOSURES_KNOWN_MAX: usize = 100_000;

/// Somebody who looks at a shop that makes offers, with all that is needed to say which.
#[derive(Debug, Clone)]
pub struct Visitor {
    store: StoreId,
    hash: ShopperHash,
    rules: Vec<OfferRule>,
    past: ShopperPast,
    exposures: Arc<Exposures>,
}

/// Who saw an offer, or would have, and is not written down yet.
#[derive(Debug, Default)]
pub struct Exposures(Mutex<Known>);

/// Store, rule, run and shopper.
type Seen = (StoreId, OfferRuleId, u32, ShopperHash);

#[derive(Debug, Default)]
struct Known {
    waiting: HashMap<Seen, Exposure>,
    known: HashSet<Seen>,
}

/// Looks up who looks. `None` where nothing is offered, or the database cannot be asked: then nothing is said of offers.
pub async fn visitor(app: &App, shop: &Shop, name: Option<&str>) -> Option<Arc<Visitor>> {
    let name = name.filter(|_| shop.settings().has_offers)?;
    let hash = shopper_hash(&shop.id, name);
    let asked = timeout(OFFERS_ASKED_FOR, app.store.rules_for(&shop.id, &hash));
    let (rules, past) = match asked.await {
        Ok(Ok(known)) => known,
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "Cannot say what is offered: {error}");
            return None;
        }
        Err(late) => {
            tracing::warn!(error = %late, "Cannot say what is offered: the database has not answered in time");
            return None;
        }
    };
    Some(Arc::new(Visitor {
        store: shop.id.clone(),
        hash,
        rules,
        past,
        exposures: Arc::clone(&app.exposures),
    }))
}

impl Visitor {
    /// What is offered for a SKU whose answer is this, alone in a cart.
    pub fn offer_for(
        &self,
        shop: &Shop,
        settings: &Settings,
        answer: &wire::Availability,
        language: Language,
        now: DateTime<Utc>,
    ) -> Option<wire::Offer> {
        let cart = Cart {
            waits: waits(settings, std::slice::from_ref(answer), now),
            ..Cart::default()
        };
        let rule = self.rule_for(shop, settings, &cart, ShownIn::Product, now)?;
        Some(offer(rule, shop, language))
    }

    /// What is offered for a cart with these lines. It stands with the line that waits longest, too.
    pub fn offer_for_cart(
        &self,
        shop: &Shop,
        settings: &Settings,
        lines: &mut [wire::Availability],
        goods: Option<Money>,
        language: Language,
        now: DateTime<Utc>,
    ) -> Option<wire::Offer> {
        let cart = Cart {
            waits: waits(settings, lines, now),
            goods,
            shipping: None,
        };
        let rule = self.rule_for(shop, settings, &cart, ShownIn::Cart, now)?;
        let offer = offer(rule, shop, language);
        let waits = cart.waits.iter().rev();
        let longest = waits
            .filter(|(sku, _)| rule.terms.is_about(sku))
            .max_by_key(|(_, days)| *days);
        let line =
            longest.and_then(|(sku, _)| lines.iter_mut().find(|line| line.sku == sku.as_str()));
        if let Some(line) = line {
            line.offer = Some(offer.clone());
        }
        Some(offer)
    }

    /// The rule by which something is offered for a cart. Whoever it is tried on is noted, in either arm.
    fn rule_for(
        &self,
        shop: &Shop,
        settings: &Settings,
        cart: &Cart,
        shown_in: ShownIn,
        now: DateTime<Utc>,
    ) -> Option<&OfferRule> {
        if cart.waits.is_empty() {
            return None;
        }
        let there = |sku: &Sku| is_there(&shop.facts_and_parts(sku.as_str()), settings, now);
        let (rule, _) = fitting(&self.rules, cart, &self.past, there)?;
        let arm = arm_of(&self.store, rule, &self.hash);
        self.exposures.note(
            &self.store,
            Exposure {
                rule: rule.id.clone(),
                run: rule.run,
                shopper: self.hash.clone(),
                arm,
                shown_in,
                at: now,
            },
        );
        (arm == Arm::Offer).then_some(rule)
    }
}

/// A rule's offer on the wire.
fn offer(rule: &OfferRule, shop: &Shop, language: Language) -> wire::Offer {
    wire::Offer {
        rule: rule.id.to_string(),
        kind: gives_name(&rule.terms.gives).into(),
        text: told(rule, shop, language),
    }
}

/// What has to come first, with the days until it leaves.
fn waits(settings: &Settings, lines: &[wire::Availability], now: DateTime<Utc>) -> Vec<(Sku, u32)> {
    let today = settings.location.calendar.today(now);
    let waits = lines.iter().filter(|line| {
        let has_to_come = matches!(
            line.status,
            wire::Status::Backorder | wire::Status::Preorder
        );
        line.orderable && has_to_come
    });
    let waits = waits.filter_map(|line| {
        let days = days_of_wait(today, line.ships_by?.0);
        Some((line.sku.parse().ok()?, days))
    });
    waits.collect()
}

impl Exposures {
    fn note(&self, store: &StoreId, exposure: Exposure) {
        let seen = (
            store.clone(),
            exposure.rule.clone(),
            exposure.run,
            exposure.shopper.clone(),
        );
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.known.contains(&seen) && all.waiting.len() < EXPOSURES_WAITING_MAX {
            all.waiting.entry(seen).or_insert(exposure);
        }
    }

    /// Takes those who wait to be written down, by store.
    fn take(&self) -> HashMap<StoreId, Vec<Exposure>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: HashMap<StoreId, Vec<Exposure>> = HashMap::new();
        if EXPOSURES_KNOWN_MAX < all.known.len() {
            all.known.clear();
        }
        for (seen, exposure) in std::mem::take(&mut all.waiting) {
            taken.entry(seen.0.clone()).or_default().push(exposure);
            all.known.insert(seen);
        }
        taken
    }
}

/// Writes down who saw an offer, for as long as it is polled.
pub async fn keep_exposures(app: App) {
    let mut ticks = tokio::time::interval(EXPOSURES_KEPT_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        keep_waiting(&app).await;
    }
}

/// Writes down who saw an offer until now. What cannot be written is logged and left out.
pub async fn keep_waiting(app: &App) {
    for (store, exposures) in app.exposures.take() {
        let count = exposures.len();
        if let Err(error) = keep(app, &store, exposures).await {
            tracing::warn!(%store, count, error = %error, "Cannot write down who saw an offer: {error}");
        }
    }
}

async fn keep(app: &App, store: &StoreId, exposures: Vec<Exposure>) -> Result<(), ActError> {
    let with = (app.clone(), store.clone(), exposures);
    detached(with, |(app, store, exposures)| async move {
        let note = Note::new("note_exposures", exposures.len().to_string());
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        writing.add_exposures(&exposures).await?;
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}

/// Forgets who saw an offer long ago. How many they were, and how many of them ordered, is kept.
///
/// # Errors
///
/// As the database fails.
pub async fn forget_exposures(app: &App, store: &StoreId) -> Result<(), ActError> {
    let before = app.clock.now() - TimeDelta::days(EXPOSURES_KEPT_DAYS);
    for _ in 0..EXPOSURES_FORGOTTEN_TIMES {
        let forgotten = app
            .store
            .forget_exposures(store, before, EXPOSURES_FORGOTTEN_AT_ONCE);
        if !forgotten.await? {
            break;
        }
    }
    Ok(())
}
