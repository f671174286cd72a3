//! Offers to whoever waits: the rules are tried on each order that waits, and what is given is revoked with it.
//!
//! All of it happens in the change that takes or cancels the order, and a store has one change at a time: a budget is never
//! exceeded, and an order has at most one offer. `docs/offers.md` says by which rules.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use shared::availability::{Status, availability};
use shared::ids::{OfferRuleId, OrderId, Sku, StoreId};
use shared::money::Money;
use shared::offer::{Arm, Cart, Gives, Past, Worth, arm, days_of_wait};
use shared::quantity::Quantity;
use shared::supply::SkuFacts;

use super::ActError;
use super::records::{
    Assignment, Customer, Exposure, Offer, OfferRule, OfferState, ShopperHash, ShopperPast,
    ShownIn, Standing,
};
use crate::catalogue::{Settings, goods};
use crate::hex;
use crate::store::Writing;

/// Bytes of the hash by which a shopper is known.
const SHOPPER_HASH_BYTES: usize = 16;
/// Characters of a code, without the hyphens. Each has 5 bits.
const CODE_CHARS: usize = 16;
/// Characters between two hyphens of a code.
const CODE_GROUP_CHARS: usize = 4;
/// The characters of codes: none that looks like another (Crockford's base 32).
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// An order that waits for an offer, and who placed it.
pub(super) struct Placed<'a> {
    /// Who; `None`: nobody knows, and nothing is given.
    pub shopper: Option<ShopperHash>,
    /// The order.
    pub standing: &'a mut Standing,
}

/// Who orders, as offers know them: by the name that the shop gives, or else by the address for mail.
pub fn shopper_of(
    store: &StoreId,
    named: Option<&str>,
    customer: &Customer,
) -> Option<ShopperHash> {
    match named {
        Some(name) => Some(shopper_hash(store, name)),
        None => {
            let email = customer.email.as_deref()?;
            Some(address_hash(store, email))
        }
    }
}

/// The same for an address. No name hashes to it, since none has a control character: who makes up names on a page learns
/// nothing of addresses.
pub fn address_hash(store: &StoreId, email: &str) -> ShopperHash {
    shopper_hash(store, &format!("\0{}", email.to_lowercase()))
}

/// A shopper without a name: the first 16 bytes of SHA-256 over the store, a line feed and the name.
pub fn shopper_hash(store: &StoreId, name: &str) -> ShopperHash {
    let hash = Sha256::digest(format!("{store}\n{name}"));
    ShopperHash(hex::text(&hash[..SHOPPER_HASH_BYTES]))
}

/// On which side of a rule's experiment a shopper is: by the first 8 bytes of SHA-256 over the store, the rule and the shopper's
/// hash, with line feeds between. The same in each run, on each server.
pub fn arm_of(store: &StoreId, rule: &OfferRule, shopper: &ShopperHash) -> Arm {
    let hash = Sha256::digest(format!("{store}\n{}\n{}", rule.id, shopper.0));
    let ticket = hash.iter().take(8);
    let ticket = ticket.fold(0_u64, |ticket, byte| ticket << 8 | u64::from(*byte));
    arm(ticket, rule.holdout_percent)
}

/// Tries the rules on orders that were just placed, one after the other.
pub(super) async fn try_on(
    writing: &mut Writing,
    settings: &Settings,
    placed: &mut [Placed<'_>],
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let shoppers = placed.iter().filter_map(|one| one.shopper.clone());
    let shoppers: Vec<ShopperHash> = shoppers.collect();
    if !settings.has_offers || shoppers.is_empty() {
        return Ok(());
    }
    // What is given belongs to orders that are there.
    writing.write_so_far().await?;
    let mut trial = Trial::begin(writing, settings, &shoppers, None, now).await?;
    let mut orders = Vec::with_capacity(placed.len());
    for one in placed {
        let Some(shopper) = &one.shopper else {
            continue;
        };
        let order = one.standing.order.id.clone();
        let has_waited = trial.judge(shopper, one.standing);
        orders.push((order, shopper.clone(), has_waited));
    }
    writing.add_order_shoppers(&orders).await?;
    trial.end(writing).await
}

/// Tries the rules on an order whose dates were moved, unless one was tried before.
pub(super) async fn try_again(
    writing: &mut Writing,
    settings: &Settings,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let order = &standing.order.id;
    if !settings.has_offers || standing.offer.is_some() || writing.has_assignment(order).await? {
        return Ok(());
    }
    let Some(shopper) = writing.order_shopper(order).await? else {
        return Ok(());
    };
    let shoppers = std::slice::from_ref(&shopper);
    let mut trial = Trial::begin(writing, settings, shoppers, Some(order), now).await?;
    if trial.judge(&shopper, &mut standing.clone()) {
        writing.order_waits(order).await?;
    }
    trial.end(writing).await
}

/// Revokes what was given for an order of which everything is cancelled, as its rule says.
pub(super) async fn revoke(writing: &mut Writing, after: &Standing) -> Result<(), ActError> {
    let Some(offer) = &after.offer else {
        return Ok(());
    };
    let is_over = match offer.state {
        OfferState::Issued => true,
        OfferState::Redeemed => offer.is_taken_back,
        OfferState::Revoked | OfferState::TakenBack => false,
    };
    if is_over && after.status() == "cancelled" {
        writing.revoke_offer(&after.order.id).await?;
        writing
            .charge_offer_rule(&offer.rule, -1, -offer.counted)
            .await?;
    }
    Ok(())
}

/// What of an order waits, and what it costs, as rules look at it.
pub(super) fn cart_of(standing: &Standing, settings: &Settings, now: DateTime<Utc>) -> Cart {
    let today = settings.location.calendar.today(now);
    let waits = standing.waiting.iter().filter(|part| !part.filled);
    let waits = waits.map(|part| {
        let days = part
            .due_day()
            .map_or(u32::MAX, |day| days_of_wait(today, day));
        (part.sku.clone(), days)
    });
    let cost = standing.order.cost();
    let money = |amount| {
        let currency = standing.order.currency?;
        Some(Money::new(amount, currency))
    };
    Cart {
        waits: waits.collect(),
        goods: money(cost.goods),
        shipping: money(cost.shipping),
    }
}

/// The first rule that fits a cart and may be tried on a shopper, with what its offer is worth.
pub(super) fn fitting<'a>(
    rules: &'a [OfferRule],
    cart: &Cart,
    past: &ShopperPast,
    is_there: impl Fn(&Sku) -> bool,
) -> Option<(&'a OfferRule, Worth)> {
    rules.iter().filter(|rule| rule.is_on).find_map(|rule| {
        let tried = past.tried.get(&rule.id).copied().unwrap_or_default();
        let past = Past {
            has_waited: past.has_waited,
            tried,
        };
        let gift_is_there = match &rule.terms.gives {
            Gives::Gift(sku) => is_there(sku),
            _ => true,
        };
        let worth = rule.terms.worth(cart)?;
        let fits = rule.terms.fit(cart)
            && rule.terms.may_try(past)
            && rule.left().is_enough(worth.counted())
            && gift_is_there;
        fits.then_some((rule, worth))
    })
}

/// True if one of a SKU, whose facts come first, is on the shelf.
pub(super) fn is_there(facts: &[SkuFacts], settings: &Settings, now: DateTime<Utc>) -> bool {
    let Some(goods) = goods(facts) else {
        return false;
    };
    let (locations, promises) = (&settings.locations, &settings.promises);
    let answer = availability(&goods, locations, promises, Quantity::new(1), now);
    let is_on_shelf = matches!(answer.status, Status::InStock | Status::LowStock { .. });
    answer.orderable() && is_on_shelf && !answer.is_suppressed
}

/// Which of some SKUs are on the shelf, as a change sees it.
pub(super) async fn those_there(
    writing: &mut Writing,
    settings: &Settings,
    skus: &[Sku],
    now: DateTime<Utc>,
) -> Result<HashSet<Sku>, ActError> {
    if skus.is_empty() {
        return Ok(HashSet::new());
    }
    let known = writing.facts_summed(skus).await?;
    let there = skus.iter().filter(|sku| {
        let own = known.get(*sku).cloned();
        let others = known.values().filter(|facts| facts.sku != **sku).cloned();
        let facts: Vec<SkuFacts> = own.into_iter().chain(others).collect();
        facts.first().is_some_and(|first| first.sku == **sku) && is_there(&facts, settings, now)
    });
    Ok(there.cloned().collect())
}

/// A code that nobody can guess who does not know the order's token: the same for each attempt to take the order.
fn code_for(store: &StoreId, order: &OrderId, token: &str) -> String {
    let hash = Sha256::digest(format!("offer\n{store}\n{order}\n{token}"));
    let bits = hash
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1));
    let bits: Vec<u8> = bits.take(5 * CODE_CHARS).collect();
    let letter = |bits: &[u8]| {
        let at = bits.iter().fold(0_u8, |at, bit| at << 1 | bit);
        char::from(CODE_LETTERS[usize::from(at)])
    };
    spaced(bits.chunks(5).map(letter))
}

/// A code as it is kept, of what somebody typed: without case, with letters that are no part of codes read as what they look like.
pub fn code_as_kept(typed: &str) -> String {
    let letters = typed.chars().filter(|c| c.is_ascii_alphanumeric());
    spaced(letters.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }))
}

fn spaced(letters: impl Iterator<Item = char>) -> String {
    let mut code = String::new();
    for (at, letter) in letters.enumerate() {
        if at != 0 && at % CODE_GROUP_CHARS == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

/// Rules that are tried on orders, and what comes of it.
struct Trial<'a> {
    settings: &'a Settings,
    now: DateTime<Utc>,
    rules: Vec<OfferRule>,
    pasts: HashMap<ShopperHash, ShopperPast>,
    gifts: HashSet<Sku>,
    assignments: Vec<Assignment>,
    exposures: Vec<Exposure>,
    offers: Vec<Offer>,
}

impl<'a> Trial<'a> {
    async fn begin(
        writing: &mut Writing,
        settings: &'a Settings,
        shoppers: &[ShopperHash],
        except: Option<&OrderId>,
        now: DateTime<Utc>,
    ) -> Result<Self, ActError> {
        let rules = writing.offer_rules().await?;
        let gifts = rules.iter().filter_map(|rule| match &rule.terms.gives {
            Gives::Gift(sku) if rule.is_on => Some(sku.clone()),
            _ => None,
        });
        let gifts: Vec<Sku> = gifts.collect();
        Ok(Self {
            settings,
            now,
            pasts: writing.shopper_pasts(shoppers, except).await?,
            gifts: those_there(writing, settings, &gifts, now).await?,
            rules,
            assignments: Vec::new(),
            exposures: Vec::new(),
            offers: Vec::new(),
        })
    }

    /// Tries the rules on an order. Those after it find less of a budget. Returns whether something of it waits.
    fn judge(&mut self, shopper: &ShopperHash, standing: &mut Standing) -> bool {
        let cart = cart_of(standing, self.settings, self.now);
        let waits = !cart.waits.is_empty();
        let past = self.pasts.entry(shopper.clone()).or_default();
        let fits = fitting(&self.rules, &cart, past, |sku| self.gifts.contains(sku));
        past.has_waited |= waits;
        let token = standing.order.token.as_deref();
        let Some(((rule, worth), token)) = fits.zip(token) else {
            return waits;
        };
        let order = &standing.order.id;
        let id = rule.id.clone();
        *past.tried.entry(id.clone()).or_default() += 1;
        let arm = arm_of(&standing.store, rule, shopper);
        self.assignments.push(Assignment {
            order: order.clone(),
            rule: id.clone(),
            run: rule.run,
            shopper: shopper.clone(),
            arm,
        });
        self.exposures.push(Exposure {
            rule: id.clone(),
            run: rule.run,
            shopper: shopper.clone(),
            arm,
            shown_in: ShownIn::Order,
            at: self.now,
        });
        if arm == Arm::Offer {
            let code = code_for(&standing.store, order, token);
            let offer = self.offer(rule, worth, shopper, order, code);
            let mut rules = self.rules.iter_mut();
            if let Some(rule) = rules.find(|rule| rule.id == id) {
                rule.issued += 1;
                rule.issued_amount += offer.counted;
            }
            standing.offer = Some(offer.clone());
            self.offers.push(offer);
        }
        waits
    }

    fn offer(
        &self,
        rule: &OfferRule,
        worth: Worth,
        shopper: &ShopperHash,
        order: &OrderId,
        code: String,
    ) -> Offer {
        let today = self.settings.location.calendar.today(self.now);
        let days = chrono::Days::new(rule.expires_days.into());
        Offer {
            order: order.clone(),
            rule: rule.id.clone(),
            shopper: shopper.clone(),
            code,
            gives: rule.terms.gives.clone(),
            worth,
            counted: worth.counted(),
            words: rule.words.clone(),
            is_taken_back: rule.is_taken_back,
            state: OfferState::Issued,
            issued_at: self.now,
            expires_on: today.checked_add_days(days).unwrap_or(today),
            redeemed_at: None,
            revoked_at: None,
        }
    }

    /// Writes down what came of it.
    async fn end(mut self, writing: &mut Writing) -> Result<(), ActError> {
        if self.assignments.is_empty() {
            return Ok(());
        }
        writing.add_assignments(&self.assignments).await?;
        // Each once: PostgreSQL changes no row twice in one statement.
        let mut seen: HashSet<(OfferRuleId, ShopperHash)> = HashSet::new();
        self.exposures
            .retain(|one| seen.insert((one.rule.clone(), one.shopper.clone())));
        writing.add_exposures(&self.exposures).await?;
        if self.offers.is_empty() {
            return Ok(());
        }
        writing.add_offers(&self.offers).await?;
        let mut taken: HashMap<&OfferRuleId, (i64, i64)> = HashMap::new();
        for offer in &self.offers {
            let taken = taken.entry(&offer.rule).or_default();
            taken.0 += 1;
            taken.1 += offer.counted;
        }
        for (rule, (count, amount)) in taken {
            writing.charge_offer_rule(rule, count, amount).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> StoreId {
        "default".parse().expect("an id")
    }

    #[test]
    fn a_code_is_read_as_it_was_meant() {
        let order = "W-1".parse().expect("an id");
        let code = code_for(&store(), &order, "tok_1");
        assert_eq!(code.len(), CODE_CHARS + 3);
        assert_eq!(code, code_for(&store(), &order, "tok_1"));
        assert_ne!(code, code_for(&store(), &order, "tok_2"));
        assert_eq!(code_as_kept(&code.to_lowercase().replace('-', " ")), code);
        assert_eq!(code_as_kept("oiL0-1111"), "0110-1111");
    }

    #[test]
    fn a_shopper_is_known_by_a_hash_that_another_store_does_not_share() {
        let one = shopper_hash(&store(), "anna@example.org");
        assert_ne!(address_hash(&store(), "anna@example.org"), one);
        assert_eq!(one.0.len(), 2 * SHOPPER_HASH_BYTES);
        let other = shopper_hash(&"other".parse().expect("an id"), "anna@example.org");
        assert_ne!(one, other);
        let customer = Customer {
            email: Some("Anna@Example.org".into()),
            ..Customer::default()
        };
        let by_address = address_hash(&store(), "anna@example.org");
        assert_eq!(shopper_of(&store(), None, &customer), Some(by_address));
        assert_ne!(shopper_of(&store(), Some("v-1"), &customer), Some(one));
        assert_eq!(shopper_of(&store(), None, &Customer::default()), None);
    }
}
