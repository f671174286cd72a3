//! Takes the orders of the demo's checkout, each of them once.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rand_core::TryCryptoRng;
use sha2::{Digest, Sha256};
use shared::ids::{LocationId, OrderId, ReservationId, Sku};
use shared::quantity::Quantity;
use shared::shipment;
use shared::text::Language;
use shared::wire::{Date, PlanKind, PlanOption};

use super::super::scenario::CURRENCY;
use super::super::setup::store;
use super::super::warehouse::{
    Basket, Changes, Item, Later, NotPlaced, Parcel, Placed, Units, WarehouseError,
};
use super::refused;
use crate::app::App;
use crate::http::merchant::orders::page_path;
use crate::operations::once::{Answer as Kept, Asked, Once, Outcome, Ticket};
use crate::operations::place_order::{Pay, PlaceOrder, Prices, place_order};
use crate::operations::plan_cart::{CartAsked, plan_cart};
use crate::operations::records::{Customer, ProviderKind, Standing};
use crate::operations::reserve::new_id;
use crate::operations::{ActError, show};

/// Where the demo's shoppers are, ISO 3166-1.
const COUNTRY: &str = "US";
/// Digits that cannot be taken for one another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Digits in each half of an order's number.
const HALF_DIGITS: usize = 4;
/// How long a second press of the button waits before it looks again what the first came to.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// How often it looks.
const LOOKS_MAX: u32 = 200;

/// A number for an order: `PS-7F3K-2M9Q`.
///
/// # Errors
///
/// If the source of random bytes fails.
pub fn number<R: TryCryptoRng>(random: &mut R) -> Result<String, R::Error> {
    let mut bytes = [0; 2 * HALF_DIGITS];
    random.try_fill_bytes(&mut bytes)?;
    let digits = bytes.map(|byte| char::from(DIGITS[usize::from(byte) % DIGITS.len()]));
    let (one, two) = digits.split_at(HALF_DIGITS);
    Ok(format!(
        "PS-{}-{}",
        String::from_iter(one),
        String::from_iter(two)
    ))
}

/// Takes an order, or shows the one that the same form placed before.
pub async fn place(app: &App, basket: &Basket) -> Result<Placed, NotPlaced> {
    let id: OrderId = basket
        .number
        .parse()
        .map_err(|_| WarehouseError::Absent(basket.number.clone()))?;
    for _ in 0..LOOKS_MAX {
        if let Some(before) = placed_before(app, &id, basket).await? {
            return Ok(before);
        }
        match Once::claim(app, asked(basket), |_: &Standing| kept()) {
            Ok(once) => return place_once(app, id, basket, once).await,
            // The button was pressed twice: who pressed it sees the second answer, which must be that of the first.
            Err(ActError::InFlight) => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
            Err(error) => return Err(refused(&basket.number, error).into()),
        }
    }
    Err(refused(&basket.number, ActError::InFlight).into())
}

/// The order of this number, for whoever placed it.
async fn placed_before(
    app: &App,
    id: &OrderId,
    basket: &Basket,
) -> Result<Option<Placed>, NotPlaced> {
    match show::order(app, &store(), id).await {
        Ok(standing) if standing.order.customer == customer(basket) => {
            Ok(Some(placed(&standing, false)))
        }
        Ok(_) => Err(NotPlaced::Taken),
        Err(ActError::NotFound) => Ok(None),
        Err(error) => Err(refused(&basket.number, error).into()),
    }
}

async fn place_once(
    app: &App,
    id: OrderId,
    basket: &Basket,
    once: Once<Standing>,
) -> Result<Placed, NotPlaced> {
    let way = way(app, basket)?;
    let surcharge = cents(way.option.surcharge.0.amount);
    if let Some(chosen) = &basket.chosen
        && chosen.surcharge < surcharge
    {
        return Err(NotPlaced::Changed(Changes {
            later: Vec::new(),
            surcharge: Some((chosen.surcharge, surcharge)),
        }));
    }
    let shown = basket.chosen.iter().flat_map(|chosen| &chosen.shown);
    let shown = shown.filter_map(|(sku, day)| Some((sku.parse().ok()?, Some(day.0))));
    let token = new_id::<ReservationId, _>("tok", &mut rand::rngs::OsRng);
    let token = token.map_err(|error| WarehouseError::Broken(Box::new(error)))?;
    let request = PlaceOrder {
        lines: way.lines,
        plan: match way.option.kind {
            PlanKind::Together => shipment::PlanKind::Together,
            PlanKind::Separate => shipment::PlanKind::Separate,
        },
        shown: shown.collect(),
        reservation: None,
        customer: customer(basket),
        shopper: None,
        token: token.to_string(),
        prices: Some(Prices {
            currency: CURRENCY.parse().expect("the demo's currency is one"),
            goods: way.goods,
            discount: 0,
            shipping: surcharge.into(),
            tax: 0,
        }),
        pay: Some(Pay {
            provider: ProviderKind::External,
            reference: Some(format!("checkout-{id}")),
            expires_at: None,
        }),
        id: id.clone(),
    };
    match place_order(app, &store(), request, once).await {
        Ok(Outcome::Done(standing)) => Ok(placed(&standing, true)),
        Ok(Outcome::Before(_)) => placed_before(app, &id, basket)
            .await?
            .ok_or(NotPlaced::Taken),
        Err(error) => Err(not_placed(&basket.number, error)),
    }
}

/// In which way a basket is sent, and what of it.
struct Way {
    option: PlanOption,
    lines: Vec<(Sku, Quantity)>,
    /// What the units of each line cost together, in cents.
    goods: Vec<i64>,
}

/// Who saw a plan gets all that it had, or nothing; who saw none gets what can be had.
fn way(app: &App, basket: &Basket) -> Result<Way, NotPlaced> {
    let absent = || NotPlaced::from(WarehouseError::Absent(basket.number.clone()));
    let shop = app.catalogue.shop(&store()).ok_or_else(absent)?;
    let line = |Item { units, .. }: &Item| {
        let sku: Sku = units.sku.parse().ok()?;
        Some((sku, Quantity::new(units.quantity)))
    };
    let lines: Option<Vec<(Sku, Quantity)>> = basket.items.iter().map(line).collect();
    let mut lines = lines.ok_or_else(absent)?;
    let asked = CartAsked {
        lines: &lines,
        language: Language::English,
        to: None,
        goods: None,
        visitor: None,
    };
    let plans = plan_cart(&shop, &asked, app.clock.now());
    let kind = basket
        .chosen
        .as_ref()
        .map_or(PlanKind::Together, |chosen| chosen.kind);
    let mut options = plans.options;
    let at = options.iter().position(|option| option.kind == kind);
    if options.is_empty() {
        return Err(NotPlaced::NothingHad);
    }
    let option = options.swap_remove(at.unwrap_or(0));
    if basket.chosen.is_none() {
        let sent = option.shipments.iter().flat_map(|parcel| &parcel.lines);
        let sent: Vec<&str> = sent.map(|line| line.sku.as_str()).collect();
        lines.retain(|(sku, _)| sent.contains(&sku.as_str()));
    }
    let price = |(sku, quantity): &(Sku, Quantity)| {
        let item = basket
            .items
            .iter()
            .find(|item| item.units.sku == sku.as_str());
        item.map_or(0, |item| {
            i64::from(item.unit_price) * i64::from(quantity.units())
        })
    };
    Ok(Way {
        goods: lines.iter().map(price).collect(),
        lines,
        option,
    })
}

fn not_placed(number: &str, error: ActError) -> NotPlaced {
    match error {
        ActError::PromiseChanged(changed) => NotPlaced::Changed(Changes {
            later: changed
                .into_iter()
                .map(|one| Later {
                    sku: one.sku.to_string(),
                    shown: Date(one.shown),
                    ships_by: one.ships_by.map(Date),
                })
                .collect(),
            surcharge: None,
        }),
        ActError::Conflict {
            code: "insufficient_stock",
            ..
        } => NotPlaced::Gone,
        ActError::Conflict {
            code: "order_exists",
            ..
        }
        | ActError::KeyReused => NotPlaced::Taken,
        other => refused(number, other).into(),
    }
}

fn customer(basket: &Basket) -> Customer {
    Customer {
        email: Some(basket.email.clone()),
        name: Some(basket.name.clone()),
        language: Some(basket.language.clone()),
        country: Some(COUNTRY.into()),
    }
}

/// An order as its shopper sees it: what has left first, then what waits.
fn placed(standing: &Standing, is_new: bool) -> Placed {
    let cost = standing.order.cost();
    let left = standing.shipments.iter().map(|shipment| Parcel {
        ships_by: Some(Date(shipment.shipped_at.date_naive())),
        lines: shipment
            .lines
            .iter()
            .map(|line| units(&line.sku, line.quantity))
            .collect(),
    });
    Placed {
        number: standing.order.id.to_string(),
        kind: match standing.order.plan {
            shipment::PlanKind::Together => PlanKind::Together,
            shipment::PlanKind::Separate => PlanKind::Separate,
        },
        parcels: left.chain(waiting(standing)).collect(),
        shipping: cents(cost.shipping),
        total: cents(cost.total()),
        page: page_path(standing),
        is_new,
    }
}

/// One parcel for each day and warehouse; what has no day comes last.
fn waiting(standing: &Standing) -> Vec<Parcel> {
    let mut parcels: BTreeMap<(bool, Option<Date>, &LocationId), Vec<Units>> = BTreeMap::new();
    for part in &standing.waiting {
        let day = part.due_day().map(Date);
        let lines = parcels
            .entry((day.is_none(), day, &part.location))
            .or_default();
        match lines.iter_mut().find(|line| line.sku == part.sku.as_str()) {
            Some(line) => line.quantity += part.quantity.units(),
            None => lines.push(units(&part.sku, part.quantity)),
        }
    }
    let parcel = |((_, ships_by, _), lines)| Parcel { ships_by, lines };
    parcels.into_iter().map(parcel).collect()
}

fn units(sku: &Sku, quantity: Quantity) -> Units {
    Units {
        sku: sku.to_string(),
        quantity: quantity.units(),
    }
}

fn cents(amount: i64) -> u32 {
    u32::try_from(amount.max(0)).unwrap_or(u32::MAX)
}

fn asked(basket: &Basket) -> Asked {
    Asked {
        ticket: Ticket {
            store: store(),
            route: "POST /confirmation".into(),
            key: basket.number.clone(),
        },
        fingerprint: Sha256::digest(format!("{basket:?}")).into(),
    }
}

/// Nobody reads this answer: the order itself is shown again.
fn kept() -> Kept {
    Kept {
        status: 201,
        body: Vec::new(),
    }
}
