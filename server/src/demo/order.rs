//! What a shopper ordered: read out of the checkout's form, believed only as far as it can be checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::wire::Date;

use super::products::{Product, Variant};
use super::scenario::{SPLIT, warehouses};

/// Most lines of one order.
const LINES_MAX: usize = 100;
/// Most units of one line.
const QUANTITY_MAX: u32 = 9_999;

/// The fields of the checkout's form that matter here.
#[derive(Debug, Deserialize)]
pub struct Form {
    /// The cart, as the shop's script keeps it.
    pub cart: String,
    /// The plan that `<ships-by>` put into the form; absent or empty where it could not.
    #[serde(default)]
    pub ships_by_plan: String,
}

/// An order as the shop confirms it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// What leaves, in the order in which it does.
    pub parcels: Vec<Parcel>,
    /// What the plan leaves out because it cannot be had.
    pub left_out: Vec<Line>,
    /// How it is sent; `None`: the days are not known.
    pub kind: Option<Kind>,
    /// What the goods cost, in cents.
    pub goods: u32,
    /// What more parcels than one cost, in cents.
    pub surcharge: u32,
}

/// What leaves together.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Parcel {
    /// The day by which it is with the carrier.
    pub ships_by: Option<Date>,
    /// What is in it.
    pub lines: Vec<Line>,
}

/// Units of one SKU.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    title: String,
    quantity: u32,
    picture: String,
    look: String,
}

/// Why an order cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The cart is not what the shop's script writes.
    #[error("the cart cannot be read")]
    Cart,
    /// The plan is not what `<ships-by>` writes.
    #[error("the plan cannot be read")]
    Plan,
    /// The plan is for another cart, or has more parcels than the shop sends.
    #[error("the plan does not fit the cart")]
    Mismatch,
}

/// SKUs of a cart, and how many of each.
pub type Units = BTreeMap<String, u32>;

/// Reads the cart alone.
pub fn cart(form: &Form, products: &[Product]) -> Result<Units, OrderError> {
    let asked: Vec<Asked> = serde_json::from_str(&form.cart).map_err(|_| OrderError::Cart)?;
    let cart = summed(&asked, products).ok_or(OrderError::Cart)?;
    match cart.is_empty() {
        true => Err(OrderError::Cart),
        false => Ok(cart),
    }
}

/// Reads an order of which so many parcels are free as it takes at least. Prices are the shop's own:
/// neither the form's nor the plan's are looked at.
pub fn read(form: &Form, products: &[Product], parcels_min: u32) -> Result<Order, OrderError> {
    let mut cart = cart(form, products)?;
    let plan = match form.ships_by_plan.as_str() {
        "" => None,
        plan => Some(serde_json::from_str::<Plan>(plan).map_err(|_| OrderError::Plan)?),
    };
    let Some(plan) = plan else {
        let lines = lines(&cart, products);
        let goods = cost(&cart, products);
        return Ok(Order {
            parcels: vec![Parcel {
                ships_by: None,
                lines,
            }],
            left_out: Vec::new(),
            kind: None,
            goods,
            surcharge: 0,
        });
    };

    let count = u32::try_from(plan.shipments.len()).map_err(|_| OrderError::Mismatch)?;
    let most = match plan.kind {
        Kind::Together => u32::try_from(warehouses().count()).unwrap_or(u32::MAX),
        Kind::Separate => SPLIT.parcels_max,
    };
    if count == 0 || most < count {
        return Err(OrderError::Mismatch);
    }
    let mut parcels = Vec::new();
    let mut goods = 0;
    for shipment in &plan.shipments {
        let inside = summed(&shipment.lines, products).ok_or(OrderError::Plan)?;
        for (sku, quantity) in &inside {
            let left = cart.get_mut(sku).ok_or(OrderError::Mismatch)?;
            *left = left.checked_sub(*quantity).ok_or(OrderError::Mismatch)?;
        }
        goods += cost(&inside, products);
        parcels.push(Parcel {
            ships_by: Some(shipment.ships_by),
            lines: lines(&inside, products),
        });
    }
    cart.retain(|_, left| 0 < *left);
    let extra = match plan.kind {
        Kind::Together => 0,
        Kind::Separate => count.saturating_sub(parcels_min),
    };
    let surcharge = extra * SPLIT.per_extra_parcel_cents;
    Ok(Order {
        parcels,
        left_out: lines(&cart, products),
        kind: Some(plan.kind),
        goods,
        surcharge,
    })
}

#[derive(Deserialize)]
struct Asked {
    sku: String,
    quantity: u32,
}

#[derive(Deserialize)]
struct Plan {
    kind: Kind,
    shipments: Vec<Shipment>,
}

#[derive(Deserialize)]
struct Shipment {
    ships_by: Date,
    lines: Vec<Asked>,
}

/// How an order is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// In as few parcels as there can be: one, or one from each warehouse.
    Together,
    /// Each part as soon as it is ready.
    Separate,
}

/// Adds up lines of the same SKU. `None` if one is not sold here, or there is too much.
fn summed(asked: &[Asked], products: &[Product]) -> Option<Units> {
    let mut units = Units::new();
    for Asked { sku, quantity } in asked {
        find(sku, products)?;
        let sum = units.entry(sku.clone()).or_default();
        *sum = sum.checked_add(*quantity)?;
    }
    let possible =
        units.len() <= LINES_MAX && units.values().all(|sum| 1 <= *sum && *sum <= QUANTITY_MAX);
    possible.then_some(units)
}

fn lines(units: &Units, products: &[Product]) -> Vec<Line> {
    let found = units
        .iter()
        .filter_map(|(sku, quantity)| Some((find(sku, products)?, *quantity)));
    let line = |((product, variant), quantity): ((&Product, &Variant), u32)| Line {
        title: variant.title.clone(),
        quantity,
        picture: product.picture.clone(),
        look: variant.look.clone(),
    };
    found.map(line).collect()
}

fn cost(units: &Units, products: &[Product]) -> u32 {
    units
        .iter()
        .filter_map(|(sku, quantity)| Some(find(sku, products)?.1.price * quantity))
        .sum()
}

fn find<'a>(sku: &str, products: &'a [Product]) -> Option<(&'a Product, &'a Variant)> {
    products.iter().find_map(|product| {
        Some((
            product,
            product.variants.iter().find(|variant| variant.sku == sku)?,
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::products;

    const CART: &str =
        r#"[{"sku":"cc-hoodie-green","quantity":1},{"sku":"cc-hoodie-blue","quantity":2}]"#;

    fn order(cart: &str, plan: &str) -> Result<Order, OrderError> {
        order_of(cart, plan, 1)
    }

    fn order_of(cart: &str, plan: &str, parcels_min: u32) -> Result<Order, OrderError> {
        let products = products::read().expect("the demo's product files can be read");
        read(
            &Form {
                cart: cart.into(),
                ships_by_plan: plan.into(),
            },
            &products,
            parcels_min,
        )
    }

    fn separate(green: u32, blue: u32) -> String {
        format!(
            r#"{{"kind":"separate","surcharge":{{"amount":1,"currency":"USD"}},"shipments":[
                {{"ships_by":"2026-11-25","lines":[{{"sku":"cc-hoodie-green","quantity":{green}}}]}},
                {{"ships_by":"2026-12-15","lines":[{{"sku":"cc-hoodie-blue","quantity":{blue}}}]}}]}}"#
        )
    }

    #[test]
    fn a_chosen_plan_is_confirmed_at_the_shops_own_price() {
        let order = order(CART, &separate(1, 2)).expect("it fits the cart");
        assert_eq!(order.parcels.len(), 2);
        assert_eq!(
            order.parcels[1].ships_by,
            "2026-12-15".parse().ok().map(Date)
        );
        assert_eq!((order.goods, order.surcharge), (3 * 4500, 495));
        assert!(order.left_out.is_empty());
    }

    #[test]
    fn without_a_plan_everything_leaves_in_one_parcel() {
        let order = order(CART, "").expect("the cart can be read");
        assert_eq!(
            (
                order.parcels.len(),
                order.kind,
                order.goods,
                order.surcharge
            ),
            (1, None, 3 * 4500, 0)
        );
    }

    #[test]
    fn a_parcel_from_each_warehouse_is_one_way_to_send_everything_together_and_costs_nothing() {
        let together = separate(1, 2).replace("separate", "together");
        let order = order_of(CART, &together, 2).expect("it fits the cart");
        assert_eq!((order.parcels.len(), order.surcharge), (2, 0));
        let separate = order_of(CART, &separate(1, 2), 2).expect("it fits the cart");
        assert_eq!(separate.surcharge, 0, "two there have to be");
    }

    #[test]
    fn what_the_plan_leaves_out_is_said_and_not_charged() {
        let order = order(CART, &separate(1, 1)).expect("it fits the cart");
        assert_eq!(
            (
                order.left_out.len(),
                order.left_out[0].quantity,
                order.goods
            ),
            (1, 1, 2 * 4500)
        );
    }

    #[test]
    fn a_plan_for_another_cart_is_refused() {
        assert_eq!(order(CART, &separate(2, 2)), Err(OrderError::Mismatch));
        assert_eq!(
            order(r#"[{"sku":"cc-belt","quantity":1}]"#, &separate(1, 2)),
            Err(OrderError::Mismatch)
        );
        let parcel = r#"{"ships_by":"2026-11-25","lines":[{"sku":"cc-hoodie-blue","quantity":1}]}"#;
        assert_eq!(
            order(
                r#"[{"sku":"cc-hoodie-blue","quantity":3}]"#,
                &format!(r#"{{"kind":"together","shipments":[{parcel},{parcel},{parcel}]}}"#)
            ),
            Err(OrderError::Mismatch),
            "more parcels than there are warehouses"
        );
        assert_eq!(
            order(CART, r#"{"kind":"together","shipments":[]}"#),
            Err(OrderError::Mismatch)
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(order("", ""), Err(OrderError::Cart));
        assert_eq!(order("[]", ""), Err(OrderError::Cart));
        assert_eq!(
            order(r#"[{"sku":"cc-belt","quantity":0}]"#, ""),
            Err(OrderError::Cart)
        );
        assert_eq!(
            order(r#"[{"sku":"cc-belt","quantity":10000}]"#, ""),
            Err(OrderError::Cart)
        );
        assert_eq!(
            order(r#"[{"sku":"<b>","quantity":1}]"#, ""),
            Err(OrderError::Cart)
        );
        assert_eq!(order(CART, "{}"), Err(OrderError::Plan));
    }
}
