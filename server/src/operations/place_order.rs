//! Takes a customer's order: what it is promised is promised to nobody else from then on.

use chrono::{DateTime, NaiveDate, Utc};
use shared::bill::{Cost, spread};
use shared::ids::{OrderId, ReservationId, Sku, StoreId};
use shared::money::Currency;
use shared::quantity::Quantity;
use shared::shipment::PlanKind;
use shared::supply::Due;

use super::ActError;
use super::error::ChangedPromise;
use super::once::{Once, Outcome};
use super::payment::begin;
use super::records::{
    Customer, DelayRules, Ending, Order, OrderLine, PromiseBasis, PromisedPart, ProviderKind,
    Reservation, Standing,
};
use super::reserve::promised;
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::store::Writing;
use crate::store::writing::Note;

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// What the order will be called.
    pub id: OrderId,
    /// SKUs and units, each SKU once.
    pub lines: Vec<(Sku, Quantity)>,
    /// How they are to be sent.
    pub plan: PlanKind,
    /// The ship-by dates that the shopper saw; none where none was told.
    pub shown: Vec<(Sku, Option<NaiveDate>)>,
    /// What was held for the cart until now.
    pub reservation: Option<ReservationId>,
    /// Who ordered.
    pub customer: Customer,
    /// Whoever knows it may open the order's page: drawn so that nobody can guess it.
    pub token: String,
    /// What it costs; `None`: the shop charges by itself.
    pub prices: Option<Prices>,
    /// How it is paid; `None`: not through us.
    pub pay: Option<Pay>,
}

/// What an order costs, in minor units of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// What they are in.
    pub currency: Currency,
    /// What the units of each line cost together, before any discount.
    pub goods: Vec<i64>,
    /// What is taken off of all of it.
    pub discount: i64,
    /// What sending it costs the shopper.
    pub shipping: i64,
    /// Tax that is not within the prices.
    pub tax: i64,
}

/// How an order is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pay {
    /// Who takes the money.
    pub provider: ProviderKind,
    /// The provider's name for what was agreed, where the shop agreed it itself.
    pub reference: Option<String>,
    /// Until when what was agreed may be captured; `None`: as long as it takes.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Takes an order: all lines or none.
///
/// The dates are computed anew in the change that takes it, and what was held for the cart is free for it: nobody
/// is kept from an order by their own hold. Who held the goods keeps their place in the queue.
///
/// # Errors
///
/// [`ActError::PromiseChanged`] where a date is later than the shopper saw: nothing is ordered, both are told.
/// [`ActError::Conflict`] where a line cannot be promised, and for an order of this id; [`ActError::Field`] for a
/// SKU or reservation that the store does not have.
pub async fn place_order(
    app: &App,
    store: &StoreId,
    request: PlaceOrder,
    once: Once<Standing>,
) -> Result<Outcome<Standing>, ActError> {
    let with = (app.clone(), store.clone(), request, once);
    detached(with, |(app, store, request, once)| async move {
        let note = Note::new("place_order", request.id.as_str());
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let settings = shop.settings();
        let reservation = request.id.reservation();
        if writing.reservation(&reservation).await?.is_some() {
            let detail = format!("`{}` is taken; use another id, or none", request.id);
            return Err(ActError::conflict("order_exists", detail));
        }
        let freed = let_go(&mut writing, request.reservation.as_ref(), now).await?;
        let promised = promised(
            &mut writing,
            &settings,
            &reservation,
            &request.lines,
            request.plan,
            now,
        )
        .await?;
        refuse_later_dates(&request, &promised)?;

        let pay = request.pay.clone();
        let order = ordered(request, settings.delays.clone(), &writing, now)?;
        writing
            .add_reservation(&Reservation {
                id: reservation,
                plan: order.plan,
                created_at: now,
                expires_at: None,
                ended: None,
                revision: freed.rank.unwrap_or(order.revision),
            })
            .await?;
        writing.add_order(&order).await?;
        begin(&mut writing, &order, pay).await?;
        let mut skus = writing.promise_all(&promised).await?;
        if !freed.skus.is_empty() {
            let cause = Cause::ReservationEnded;
            skus.extend(settle(&mut writing, &settings, Some(&freed.skus), cause, now).await?);
            skus.extend(freed.skus);
        }
        let standing = writing.order(&order.id).await?.ok_or(ActError::NotFound)?;
        once.keep(&mut writing, &standing);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(skus), revision).await;
        Ok(Outcome::Done(standing))
    })
    .await
}

/// What a hold leaves to the order that it was for: its place, and the SKUs that it held.
#[derive(Default)]
struct Freed {
    /// The commit that made it, if it held until now.
    rank: Option<u64>,
    skus: Vec<Sku>,
}

/// Ends what was held for the cart. A hold that ended before is none.
async fn let_go(
    writing: &mut Writing,
    id: Option<&ReservationId>,
    now: DateTime<Utc>,
) -> Result<Freed, ActError> {
    let Some(id) = id else {
        return Ok(Freed::default());
    };
    let Some(found) = writing.reservation(id).await? else {
        let detail = format!("`{id}` is not known here; leave it out to order without it");
        return Err(ActError::field(
            "/reservation",
            "unknown_reservation",
            detail,
        ));
    };
    if found.expires_at.is_none() {
        let detail = format!("`{id}` is an order already; name the hold of the cart, or none");
        return Err(ActError::conflict("reservation_ordered", detail));
    }
    if found.ended.is_some() || found.is_over(now) {
        return Ok(Freed::default());
    }
    Ok(Freed {
        rank: Some(found.revision),
        skus: writing.end_reservation(id, Ending::Released).await?,
    })
}

fn refuse_later_dates(
    request: &PlaceOrder,
    promised: &[(PromisedPart, PromiseBasis)],
) -> Result<(), ActError> {
    let mut changed = Vec::new();
    for (at, (sku, shown)) in request.shown.iter().enumerate() {
        let Some(line) = request.lines.iter().position(|(ordered, _)| ordered == sku) else {
            let detail = format!("`{sku}` is in no line of the order");
            let pointer = format!("/shown/{at}/sku");
            return Err(ActError::field(pointer, "not_in_order", detail));
        };
        let of_line = promised
            .iter()
            .filter(|(part, _)| usize::try_from(part.line) == Ok(line));
        let ships_by = last(of_line.map(|(part, _)| part.held.due));
        let Some(shown) = shown else { continue };
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
    let days: Option<Vec<NaiveDate>> = dues
        .map(|due| match due {
            Due::By(day) => Some(day),
            Due::Owed | Due::Undated => None,
        })
        .collect();
    days?.into_iter().max()
}

fn ordered(
    request: PlaceOrder,
    delays: DelayRules,
    writing: &Writing,
    now: DateTime<Utc>,
) -> Result<Order, ActError> {
    let shown = |sku: &Sku| {
        let shown = request.shown.iter().find(|(shown, _)| shown == sku);
        shown.and_then(|(_, day)| *day)
    };
    let costs = match &request.prices {
        Some(prices) => costs(prices)?,
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
        id: request.id,
        plan: request.plan,
        placed_at: now,
        customer: request.customer,
        delays,
        token: Some(request.token),
        currency: request.prices.map(|prices| prices.currency),
        revision: writing.revision(),
    })
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
