//! What an offer is worth, and for whom: never above its cap, never in another currency, never less likely for who waits longer.

use proptest::prelude::*;
use shared::ids::Sku;
use shared::money::{Currency, Money};
use shared::offer::{Arm, Cart, Gives, Left, Past, Terms, arm, days_of_wait};

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

fn dollars(amount: i64) -> Money {
    Money::new(amount, currency("USD"))
}

fn sku(name: &str) -> Sku {
    name.parse().expect("a SKU")
}

fn terms(gives: Gives) -> Terms {
    Terms {
        waits_days: 7,
        goods_at_least: None,
        skus: Vec::new(),
        first_backorder: false,
        per_shopper_max: 1,
        gives,
        amount_max: None,
    }
}

fn some_money() -> impl Strategy<Value = Option<Money>> {
    let code = prop::sample::select(vec!["USD", "EUR", "JPY"]);
    let money =
        (0_i64..1_000_000_000, code).prop_map(|(amount, code)| Money::new(amount, currency(code)));
    prop::option::of(money)
}

fn some_cart() -> impl Strategy<Value = Cart> {
    let waits = prop::collection::vec((prop::sample::select(vec!["a", "b"]), 0_u32..60), 0..4);
    (waits, some_money(), some_money()).prop_map(|(waits, goods, shipping)| Cart {
        waits: waits
            .into_iter()
            .map(|(name, days)| (sku(name), days))
            .collect(),
        goods,
        shipping,
    })
}

fn some_terms() -> impl Strategy<Value = Terms> {
    let gives = prop_oneof![
        Just(Gives::FreeShipping),
        (1_u32..=100).prop_map(Gives::Percentage),
        (1_i64..100_000).prop_map(|amount| Gives::Amount(dollars(amount))),
        Just(Gives::Gift(sku("gift"))),
    ];
    let most = prop::option::of(1_i64..50_000);
    (1_u32..40, some_money(), any::<bool>(), gives, most).prop_map(
        |(waits_days, goods_at_least, of_one, gives, most)| Terms {
            waits_days,
            goods_at_least,
            skus: if of_one { vec![sku("a")] } else { Vec::new() },
            amount_max: most.map(dollars),
            ..terms(gives)
        },
    )
}

proptest! {
    #[test]
    fn an_offer_is_never_worth_more_than_its_cap(terms in some_terms(), cart in some_cart()) {
        let Some(worth) = terms.worth(&cart) else { return Ok(()) };
        if let (Some(amount), Some(most)) = (worth.amount, terms.amount_max) {
            prop_assert!(amount.amount <= most.amount);
        }
        if let (Some(amount), Some(most)) = (worth.amount, worth.amount_max) {
            prop_assert!(amount.amount <= most.amount);
        }
        prop_assert!(0 <= worth.counted());
    }

    #[test]
    fn an_offer_takes_no_more_off_than_what_it_is_taken_off(terms in some_terms(), cart in some_cart()) {
        let amount = terms.worth(&cart).and_then(|worth| worth.amount);
        let of = match terms.gives {
            Gives::FreeShipping => cart.shipping,
            Gives::Percentage(_) => cart.goods,
            Gives::Amount(_) | Gives::Gift(_) => return Ok(()),
        };
        if let Some(amount) = amount {
            prop_assert!(of.is_some_and(|of| amount.amount <= of.amount));
        }
    }

    #[test]
    fn an_offer_is_never_in_another_currency_than_what_is_bought(terms in some_terms(), cart in some_cart()) {
        let amount = terms.worth(&cart).and_then(|worth| worth.amount);
        for bought in [cart.goods, cart.shipping].into_iter().flatten() {
            prop_assert!(amount.is_none_or(|amount| amount.currency == bought.currency));
        }
    }

    #[test]
    fn whoever_waits_longer_loses_nothing(terms in some_terms(), cart in some_cart(), more in 0_u32..30) {
        let mut longer = cart.clone();
        longer.waits.iter_mut().for_each(|(_, days)| *days += more);
        prop_assert!(!terms.fit(&cart) || terms.fit(&longer));
        prop_assert_eq!(terms.worth(&cart), terms.worth(&longer));
    }

    #[test]
    fn a_larger_holdout_lets_nobody_out(ticket in any::<u64>(), share in 0_u32..100, more in 0_u32..50) {
        let is_held = |share| arm(ticket, share) == Arm::Holdout;
        prop_assert!(!is_held(share) || is_held(share + more));
        prop_assert!(!is_held(0));
    }
}

#[test]
fn a_rule_looks_at_the_wait_the_goods_and_what_they_cost() {
    let rule = Terms {
        goods_at_least: Some(dollars(5_000)),
        skus: vec![sku("a")],
        ..terms(Gives::FreeShipping)
    };
    let cart = |name, days, goods| Cart {
        waits: vec![(sku(name), days)],
        goods,
        shipping: None,
    };
    for (cart, fits) in [
        (cart("a", 7, Some(dollars(5_000))), true),
        (cart("a", 6, Some(dollars(5_000))), false),
        (cart("b", 7, Some(dollars(5_000))), false),
        (cart("a", 7, Some(dollars(4_999))), false),
        (
            cart("a", 7, Some(Money::new(5_000, currency("EUR")))),
            false,
        ),
        (cart("a", 7, None), false),
        (Cart::default(), false),
    ] {
        assert_eq!(rule.fit(&cart), fits, "{cart:?}");
    }
}

#[test]
fn a_shopper_is_tried_on_as_often_as_the_rule_says() {
    let rule = Terms {
        first_backorder: true,
        per_shopper_max: 2,
        ..terms(Gives::FreeShipping)
    };
    let past = |has_waited, tried| Past { has_waited, tried };
    assert!(rule.may_try(past(false, 1)));
    assert!(!rule.may_try(past(false, 2)));
    assert!(!rule.may_try(past(true, 0)));
}

#[test]
fn nothing_is_offered_where_nothing_can_be_given() {
    let free = terms(Gives::FreeShipping);
    let shipping = |amount| Cart {
        shipping: Some(dollars(amount)),
        ..Cart::default()
    };
    assert_eq!(free.worth(&shipping(0)), None);
    assert_eq!(
        free.worth(&shipping(495)).expect("something").amount,
        Some(dollars(495))
    );
    // Of an order without prices the shop knows what it is worth.
    let unpriced = free.worth(&Cart::default()).expect("something");
    assert_eq!((unpriced.amount, unpriced.counted()), (None, 0));
    let capped = Terms {
        amount_max: Some(dollars(900)),
        ..free
    };
    let unpriced = capped.worth(&Cart::default()).expect("something");
    assert_eq!((unpriced.amount, unpriced.counted()), (None, 900));
}

#[test]
fn a_budget_ends_where_it_is_spent() {
    let left = |count, amount| Left { count, amount };
    assert!(left(None, None).is_enough(i64::MAX));
    assert!(left(Some(1), Some(500)).is_enough(500));
    assert!(!left(Some(1), Some(500)).is_enough(501));
    assert!(!left(Some(0), None).is_enough(0));
    assert!(left(Some(0), None).is_spent());
    assert!(left(None, Some(0)).is_spent());
    assert!(!left(None, Some(1)).is_spent());
}

#[test]
fn a_wait_is_counted_in_days_of_the_calendar() {
    let day = |text: &str| text.parse().expect("a date");
    assert_eq!(days_of_wait(day("2026-11-23"), day("2026-12-15")), 22);
    assert_eq!(days_of_wait(day("2026-11-23"), day("2026-11-20")), 0);
}
