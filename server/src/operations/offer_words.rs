//! What an offer says: in the merchant's words where there are some in the language, else in ours.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shared::money::Money;
use shared::offer::{Gives, Worth};
use shared::text::{DateStyle, Language, Locale, Tables, YEAR_SHOWN_AFTER_DAYS};

use super::records::{Offer, OfferRule, OfferState, Standing};
use crate::catalogue::Shop;
use crate::page::say;

/// What is said of an offer before somebody orders: nothing has a price then.
pub fn told(rule: &OfferRule, shop: &Shop, language: Language) -> String {
    let worth = Worth {
        amount: None,
        amount_max: rule.terms.amount_max,
    };
    words(&rule.words, &rule.terms.gives, worth, shop, language)
}

/// What is said of an offer that was made.
pub fn given(offer: &Offer, shop: &Shop, language: Language) -> String {
    words(&offer.words, &offer.gives, offer.worth, shop, language)
}

/// What was given for an order, as long as it can be redeemed.
pub fn redeemable(standing: &Standing, today: NaiveDate) -> Option<&Offer> {
    let offer = standing.offer.as_ref();
    offer.filter(|offer| offer.state == OfferState::Issued && today <= offer.expires_on)
}

/// How it is redeemed, and until when.
pub fn how(offer: &Offer, language: Language, today: NaiveDate) -> String {
    let is_far = YEAR_SHOWN_AFTER_DAYS < (offer.expires_on - today).num_days();
    let style = if is_far {
        DateStyle::Year
    } else {
        DateStyle::Weekday
    };
    let until = Tables(language).date(offer.expires_on, style);
    let code = match language.is_right_to_left() {
        true => format!("\u{2068}{}\u{2069}", offer.code),
        false => offer.code.clone(),
    };
    say(language, "offer_code", &[("code", &code), ("date", &until)])
}

fn words(
    own: &BTreeMap<String, String>,
    gives: &Gives,
    worth: Worth,
    shop: &Shop,
    language: Language,
) -> String {
    let tag = language.tag().split('-').next().unwrap_or("en");
    if let Some(own) = own.get(tag) {
        return own.clone();
    }
    let amount = |money: Money| Tables(language).money(money);
    let off = |money: Money| say(language, "offer_amount", &[("amount", &amount(money))]);
    match (gives, worth.amount, worth.amount_max) {
        (Gives::Amount(money), ..) => off(*money),
        (Gives::Percentage(_), Some(money), _) => off(money),
        (Gives::Percentage(percent), None, most) => {
            let most = most.map(amount).unwrap_or_default();
            let values = [("percent", percent.to_string()), ("amount", most)];
            let values = values
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            say(language, "offer_percentage", &values)
        }
        (Gives::FreeShipping, _, Some(most)) => {
            say(language, "offer_shipping_max", &[("amount", &amount(most))])
        }
        (Gives::FreeShipping, _, None) => say(language, "offer_shipping", &[]),
        (Gives::Gift(sku), ..) => {
            let title = shop
                .entry(sku.as_str())
                .and_then(|entry| entry.facts().title);
            let title = title.map_or_else(|| sku.to_string(), |title| title.to_string());
            let title = match language.is_right_to_left() {
                true => format!("\u{2068}{title}\u{2069}"),
                false => title,
            };
            say(language, "offer_gift", &[("title", &title)])
        }
    }
}
