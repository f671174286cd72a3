//! What a shopper orders: read out of the checkout's form, believed only as far as it can be checked.

use lettre::Address;
use serde::Deserialize;
use shared::wire::{Date, PlanKind};

use super::products::{Product, Variant};
use super::warehouse::{Basket, Chosen, Item, Units};

/// Most lines of one order.
const LINES_MAX: usize = 100;
/// Most units of one line.
const QUANTITY_MAX: u32 = 9_999;
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Longest e-mail address, in bytes.
const EMAIL_BYTES_MAX: usize = 254;

/// The fields of the checkout's form that matter here.
#[derive(Debug, Deserialize)]
pub struct Form {
    /// The order's number, which the shop drew when it showed the form: sent twice, it is one order.
    pub number: String,
    /// The cart, as the shop's script keeps it.
    pub cart: String,
    /// The plan that `<ships-by>` put into the form; absent or empty where it could not.
    #[serde(default)]
    pub ships_by_plan: String,
    /// Where letters go.
    pub email: String,
    /// What the shopper is called.
    pub name: String,
}

/// Why an order cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The number is none that the shop draws.
    #[error("the order has no number")]
    Number,
    /// Nobody could be written to.
    #[error("the customer cannot be read")]
    Customer,
    /// The cart is not what the shop's script writes.
    #[error("the cart cannot be read")]
    Cart,
    /// The plan is not what `<ships-by>` writes.
    #[error("the plan cannot be read")]
    Plan,
    /// The plan is for another cart.
    #[error("the plan does not fit the cart")]
    Mismatch,
}

/// An order as it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    /// What is in the cart, each SKU once.
    pub cart: Vec<Units>,
    /// What is ordered of it.
    pub basket: Basket,
}

/// Reads an order. Prices are the shop's own: neither the form's nor the plan's are charged.
///
/// # Errors
///
/// [`OrderError`] for what no page of the shop sends.
pub fn read(form: &Form, products: &[Product], language: &str) -> Result<Order, OrderError> {
    let number = form.number.as_str();
    let is_drawn = number.len() == "PS-0000-0000".len()
        && number.starts_with("PS-")
        && number
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_alphanumeric());
    if !is_drawn {
        return Err(OrderError::Number);
    }
    let (email, name) = (form.email.trim(), form.name.trim());
    let can_be_written_to = email.len() <= EMAIL_BYTES_MAX && email.parse::<Address>().is_ok();
    let is_name =
        !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.contains(char::is_control);
    if !can_be_written_to || !is_name {
        return Err(OrderError::Customer);
    }
    let asked: Vec<Asked> = serde_json::from_str(&form.cart).map_err(|_| OrderError::Cart)?;
    let cart = summed(asked, products).ok_or(OrderError::Cart)?;
    let (lines, chosen) = match form.ships_by_plan.as_str() {
        "" => (cart.clone(), None),
        plan => {
            let plan: Plan = serde_json::from_str(plan).map_err(|_| OrderError::Plan)?;
            let (lines, chosen) = planned(plan, &cart, products)?;
            (lines, Some(chosen))
        }
    };
    let item = |units: Units| {
        let unit_price = find(&units.sku, products).map(|(_, variant)| variant.price);
        unit_price.map(|unit_price| Item { units, unit_price })
    };
    Ok(Order {
        cart,
        basket: Basket {
            number: number.into(),
            items: lines.into_iter().filter_map(item).collect(),
            chosen,
            email: email.into(),
            name: name.into(),
            language: language.into(),
        },
    })
}

/// What of a cart is not among `sent`.
pub fn left_out<'a>(cart: &[Units], sent: impl Iterator<Item = &'a Units> + Clone) -> Vec<Units> {
    let rest = cart.iter().filter_map(|line| {
        let of_it = sent.clone().filter(|sent| sent.sku == line.sku);
        let sent: u32 = of_it.map(|sent| sent.quantity).sum();
        let quantity = line.quantity.checked_sub(sent).filter(|left| 0 < *left)?;
        Some(Units {
            sku: line.sku.clone(),
            quantity,
        })
    });
    rest.collect()
}

/// The product and variant of a SKU.
pub fn find<'a>(sku: &str, products: &'a [Product]) -> Option<(&'a Product, &'a Variant)> {
    products.iter().find_map(|product| {
        Some((
            product,
            product.variants.iter().find(|variant| variant.sku == sku)?,
        ))
    })
}

#[derive(Deserialize)]
struct Asked {
    sku: String,
    quantity: u32,
}

#[derive(Deserialize)]
struct Plan {
    kind: PlanKind,
    surcharge: Surcharge,
    shipments: Vec<Shipment>,
}

#[derive(Deserialize)]
struct Surcharge {
    amount: u32,
}

#[derive(Deserialize)]
struct Shipment {
    ships_by: Date,
    lines: Vec<Asked>,
}

/// What a plan sends of a cart, in the order of the cart, and by when.
fn planned(
    plan: Plan,
    cart: &[Units],
    products: &[Product],
) -> Result<(Vec<Units>, Chosen), OrderError> {
    let mut shown: Vec<(String, Date)> = Vec::new();
    let mut sent: Vec<Asked> = Vec::new();
    for shipment in plan.shipments {
        for line in shipment.lines {
            match shown.iter_mut().find(|(sku, _)| *sku == line.sku) {
                Some((_, day)) => *day = (*day).max(shipment.ships_by),
                None => shown.push((line.sku.clone(), shipment.ships_by)),
            }
            sent.push(line);
        }
    }
    let mut sent = summed(sent, products).ok_or(OrderError::Mismatch)?;
    let place = |sku: &str| cart.iter().position(|line| line.sku == sku);
    let fits = |line: &Units| place(&line.sku).is_some_and(|at| line.quantity <= cart[at].quantity);
    if !sent.iter().all(fits) {
        return Err(OrderError::Mismatch);
    }
    // What is ordered first is served first, so the order must be that of which the dates were computed.
    sent.sort_by_key(|line| place(&line.sku));
    let chosen = Chosen {
        kind: plan.kind,
        shown,
        surcharge: plan.surcharge.amount,
    };
    Ok((sent, chosen))
}

/// Adds up lines of the same SKU. `None` if there are none, one is not sold here, or there is too much.
fn summed(asked: Vec<Asked>, products: &[Product]) -> Option<Vec<Units>> {
    let mut sums: Vec<Units> = Vec::new();
    for Asked { sku, quantity } in asked {
        find(&sku, products)?;
        match sums.iter_mut().find(|line| line.sku == sku) {
            Some(line) => line.quantity = line.quantity.checked_add(quantity)?,
            None => sums.push(Units { sku, quantity }),
        }
    }
    let is_possible = |line: &Units| 1 <= line.quantity && line.quantity <= QUANTITY_MAX;
    let possible = (1..=LINES_MAX).contains(&sums.len()) && sums.iter().all(is_possible);
    possible.then_some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::products;

    const CART: &str =
        r#"[{"sku":"cc-hoodie-green","quantity":1},{"sku":"cc-hoodie-blue","quantity":2}]"#;

    fn form(cart: &str, plan: &str) -> Form {
        Form {
            number: "PS-7F3K-2M9Q".into(),
            cart: cart.into(),
            ships_by_plan: plan.into(),
            email: "ada@example.com".into(),
            name: "Ada".into(),
        }
    }

    fn order(form: &Form) -> Result<Order, OrderError> {
        let products = products::read().expect("the demo's product files can be read");
        read(form, &products, "en")
    }

    fn units(sku: &str, quantity: u32) -> Units {
        Units {
            sku: sku.into(),
            quantity,
        }
    }

    fn date(day: &str) -> Date {
        Date(day.parse().expect("a date"))
    }

    /// A plan that sends the blue ones first, so that its order is not the cart's.
    fn separate(green: u32, blue: u32) -> String {
        format!(
            r#"{{"kind":"separate","surcharge":{{"amount":495,"currency":"USD"}},"shipments":[
                {{"ships_by":"2026-11-25","lines":[{{"sku":"cc-hoodie-blue","quantity":{blue}}}]}},
                {{"ships_by":"2026-12-15","lines":[{{"sku":"cc-hoodie-green","quantity":{green}}}]}}]}}"#
        )
    }

    #[test]
    fn a_chosen_plan_is_ordered_in_the_order_of_the_cart_at_the_shops_own_prices() {
        let order = order(&form(CART, &separate(1, 2))).expect("it fits the cart");
        let item = |sku, quantity| Item {
            units: units(sku, quantity),
            unit_price: 4500,
        };
        assert_eq!(
            order.basket.items,
            [item("cc-hoodie-green", 1), item("cc-hoodie-blue", 2)]
        );
        assert_eq!(
            order.basket.chosen,
            Some(Chosen {
                kind: PlanKind::Separate,
                shown: vec![
                    ("cc-hoodie-blue".into(), date("2026-11-25")),
                    ("cc-hoodie-green".into(), date("2026-12-15")),
                ],
                surcharge: 495,
            })
        );
    }

    #[test]
    fn of_a_line_in_two_parcels_the_later_day_was_shown() {
        let parcel = |day| {
            format!(r#"{{"ships_by":"{day}","lines":[{{"sku":"cc-hoodie-blue","quantity":1}}]}}"#)
        };
        let plan = format!(
            r#"{{"kind":"separate","surcharge":{{"amount":0,"currency":"USD"}},"shipments":[{},{}]}}"#,
            parcel("2026-12-15"),
            parcel("2026-11-25")
        );
        let order = order(&form(CART, &plan)).expect("it fits the cart");
        let chosen = order.basket.chosen.expect("a plan");
        assert_eq!(
            chosen.shown,
            [("cc-hoodie-blue".into(), date("2026-12-15"))]
        );
    }

    #[test]
    fn without_a_plan_all_of_the_cart_is_asked_for() {
        let order = order(&form(CART, "")).expect("the cart can be read");
        let asked: Vec<_> = order.basket.items.iter().map(|item| &item.units).collect();
        assert_eq!(asked, order.cart.iter().collect::<Vec<_>>());
        assert_eq!(order.basket.chosen, None);
    }

    #[test]
    fn what_was_not_sent_of_a_cart_is_left_out() {
        let cart = [units("a", 3), units("b", 1), units("c", 2)];
        let sent = [units("a", 1), units("b", 1), units("a", 1)];
        assert_eq!(left_out(&cart, sent.iter()), [units("a", 1), units("c", 2)]);
    }

    #[test]
    fn a_plan_for_another_cart_is_refused() {
        let refused = |cart, plan: &str| order(&form(cart, plan)).err();
        assert_eq!(refused(CART, &separate(2, 2)), Some(OrderError::Mismatch));
        let other = r#"[{"sku":"cc-belt","quantity":1}]"#;
        assert_eq!(refused(other, &separate(1, 2)), Some(OrderError::Mismatch));
        let empty =
            r#"{"kind":"together","surcharge":{"amount":0,"currency":"USD"},"shipments":[]}"#;
        assert_eq!(refused(CART, empty), Some(OrderError::Mismatch));
        assert_eq!(refused(CART, "{}"), Some(OrderError::Plan));
    }

    #[test]
    fn a_cart_that_cannot_be_read_is_refused() {
        for cart in [
            "",
            "[]",
            r#"[{"sku":"cc-belt","quantity":0}]"#,
            r#"[{"sku":"cc-belt","quantity":10000}]"#,
            r#"[{"sku":"<b>","quantity":1}]"#,
        ] {
            assert_eq!(order(&form(cart, "")), Err(OrderError::Cart), "{cart}");
        }
    }

    #[test]
    fn nobody_orders_without_a_number_and_an_address() {
        for number in ["", "PS-1", "PS-7F3K/2M9Q", "XX-7F3K-2M9Q"] {
            let form = Form {
                number: number.into(),
                ..form(CART, "")
            };
            assert_eq!(order(&form), Err(OrderError::Number), "{number}");
        }
        for (email, name) in [
            ("", "Ada"),
            ("ada", "Ada"),
            ("a@example.com\nBcc: b@example.com", "Ada"),
            ("ada@example.com", " "),
            ("ada@example.com", "A\nB"),
        ] {
            let form = Form {
                email: email.into(),
                name: name.into(),
                ..form(CART, "")
            };
            assert_eq!(order(&form), Err(OrderError::Customer), "{email} {name}");
        }
    }
}
