//! Decides whether an order can be taken, and how it stands once it is.

use chrono::{DateTime, NaiveDate, Utc};
use shared::bill::{Cost, spread};
use shared::ids::{Sku, StoreId};
use shared::quantity::Quantity;
use shared::repromise::{Awaited, Held};
use shared::supply::Due;

use super::ActError;
use super::claims::{Facts, is_filled};
use super::error::ChangedPromise;
use super::place_order::{PlaceOrder, Prices};
use super::records::{
    Order, OrderLine, PromiseBasis, PromiseRow, PromisedPart, RESERVED, Reservation, Standing,
    WaitingPart,
};
use super::reserve::{Promises, promised};
use crate::catalogue::Settings;

/// What an order is decided by, beside what is asked.
pub(super) struct Deciding<'a> {
    /// Whose order it is.
    pub store: &'a StoreId,
    /// What the merchant decided.
    pub settings: &'a Settings,
    /// What is known of the goods, all that was promised before included.
    pub facts: &'a Facts,
    /// The change that takes it.
    pub revision: u64,
    /// Who came first has the lower one.
    pub rank: u64,
    /// When it is placed.
    pub now: DateTime<Utc>,
}

/// An order that can be taken.
pub(super) struct Decided {
    /// What it is promised under.
    pub reservation: Reservation,
    /// What it is promised, and what each date rests on.
    pub promised: Vec<(PromisedPart, PromiseBasis)>,
    /// How it stands then, before anything is paid.
    pub standing: Standing,
}

/// Decides whether an order can be taken: all lines or none.
pub(super) fn decide(request: &PlaceOrder, by: &Deciding<'_>) -> Result<Decided, ActError> {
    let id = request.id.reservation();
    let lines = &request.lines;
    let promises = promised(by.facts, by.settings, &id, lines, request.plan, by.now)?;
    refuse_later_dates(request, &promises)?;
    let promised = promises.parts;
    let reservation = Reservation {
        id,
        plan: request.plan,
        created_at: by.now,
        expires_at: None,
        ended: None,
        renewals: 0,
        revision: by.rank,
    };
    let order = ordered(request, by)?;
    Ok(Decided {
        standing: standing(order, &promised, by),
        reservation,
        promised,
    })
}

fn refuse_later_dates(request: &PlaceOrder, promises: &Promises) -> Result<(), ActError> {
    let mut changed = Vec::new();
    for (at, (sku, shown)) in request.shown.iter().enumerate() {
        let Some(line) = request.lines.iter().position(|(ordered, _)| ordered == sku) else {
            let detail = format!("`{sku}` is in no line of the order");
            let pointer = format!("/shown/{at}/sku");
            return Err(ActError::field(pointer, "not_in_order", detail));
        };
        let of_line = promises
            .parts
            .iter()
            .filter(|(part, _)| usize::try_from(part.line) == Ok(line));
        let ships_by = last(of_line.map(|(part, _)| part.held.due));
        let Some(shown) = shown else { continue };
        // What the line says by itself is as true as ever where the parcel waits for another one.
        if promises.by_itself[line] == Some(*shown) {
            continue;
        }
        if ships_by.is_none_or(|day| *shown < day) {
            changed.push(ChangedPromise {
                sku: sku.clone(),
                shown: *shown,
                ships_by,
            });
        }
    }
    match changed.is_empty() {
        true => Ok(()),
        false => Err(ActError::PromiseChanged(changed)),
    }
}

/// The day by which all have left; none where one has no date.
fn last(dues: impl Iterator<Item = Due>) -> Option<NaiveDate> {
    let days: Option<Vec<NaiveDate>> = dues.map(Due::day).collect();
    days?.into_iter().max()
}

fn ordered(request: &PlaceOrder, by: &Deciding<'_>) -> Result<Order, ActError> {
    let shown = |sku: &Sku| {
        let shown = request.shown.iter().find(|(shown, _)| shown == sku);
        shown.and_then(|(_, day)| *day)
    };
    let costs = match &request.prices {
        Some(prices) => {
            refuse_other_currency(prices, by.settings)?;
            costs(prices)?
        }
        None => vec![Cost::default(); request.lines.len()],
    };
    let lines = request.lines.iter().zip(costs);
    let lines = lines.map(|((sku, quantity), cost)| OrderLine {
        sku: sku.clone(),
        quantity: *quantity,
        shown: shown(sku),
        cost,
        shipped: Quantity::ZERO,
        cancelled: Quantity::ZERO,
    });
    Ok(Order {
        lines: lines.collect(),
        id: request.id.clone(),
        plan: request.plan,
        placed_at: by.now,
        customer: request.customer.clone(),
        delays: by.settings.delays.clone(),
        token: Some(request.token.clone()),
        currency: request.prices.as_ref().map(|prices| prices.currency),
        revision: by.revision,
    })
}

fn refuse_other_currency(prices: &Prices, settings: &Settings) -> Result<(), ActError> {
    if prices.currency == settings.currency {
        return Ok(());
    }
    let detail = format!(
        "must be in {}, the currency of the store",
        settings.currency
    );
    let pointer = "/lines/0/unit_price/currency";
    Err(ActError::field(pointer, "invalid_amount", detail))
}

/// What each line costs: what is about the whole order is spread by the price of the goods.
fn costs(prices: &Prices) -> Result<Vec<Cost>, ActError> {
    let goods: i64 = prices.goods.iter().sum();
    if goods < prices.discount {
        let detail = "takes off more than the goods cost; lower it";
        return Err(ActError::field(
            "/discount/amount",
            "invalid_amount",
            detail,
        ));
    }
    let each = |amount| spread(amount, &prices.goods);
    let (discount, shipping, tax) = (
        each(prices.discount),
        each(prices.shipping),
        each(prices.tax),
    );
    let costs = prices.goods.iter().enumerate().map(|(at, goods)| Cost {
        goods: *goods,
        discount: discount[at],
        shipping: shipping[at],
        tax: tax[at],
    });
    Ok(costs.collect())
}

/// How a new order stands, as it would be read back.
fn standing(
    order: Order,
    promised: &[(PromisedPart, PromiseBasis)],
    by: &Deciding<'_>,
) -> Standing {
    let parts: Vec<PromisedPart> = promised.iter().map(|(part, _)| part.clone()).collect();
    let waiting = promised.iter().map(|(part, basis)| {
        let filled = is_filled(by.facts, &parts, part, by.now);
        WaitingPart {
            order: order.id.clone(),
            plan: order.plan,
            line: part.line,
            part: part.part,
            sku: part.held.sku.clone(),
            quantity: part.held.quantity,
            location: part.held.location.clone(),
            due: part.held.due,
            filled,
            priority: 0,
            rank: by.rank,
            first_due: part.held.due,
            // What is filled waits for nothing any more.
            purchase_orders: match filled {
                true => Vec::new(),
                false => basis.awaits.orders.clone(),
            },
        }
    });
    let promises = promised.iter().map(|(part, basis)| PromiseRow {
        line: part.line,
        part: part.part,
        version: 1,
        // The ledger says what was told, not what the date waits for.
        held: Held {
            since: None,
            alone: true,
            awaits: Awaited::default(),
            ..part.held.clone()
        },
        cause: RESERVED.into(),
        basis: basis.json.clone(),
        at: by.now,
        revision: by.revision,
    });
    Standing {
        store: by.store.clone(),
        waiting: waiting.collect(),
        promises: promises.collect(),
        shipments: Vec::new(),
        notices: Vec::new(),
        delays: Vec::new(),
        account: None,
        offer: None,
        order,
    }
}
