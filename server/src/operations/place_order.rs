//! Takes a customer's order: what it is promised is promised to nobody else from then on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{OrderId, ReservationId, Sku, StoreId};
use shared::money::Currency;
use shared::quantity::Quantity;
use shared::shipment::PlanKind;
use shared::supply::SkuFacts;
use tokio::sync::oneshot;

use super::ActError;
use super::claims::{Facts, claim, known, moved};
use super::decide_order::{Decided, Deciding, decide};
use super::offers::{Placed, shopper_of, try_on};
use super::once::{Kept, Once, Outcome, Ticket};
use super::payment::begin;
use super::records::{Customer, Ending, Order, ProviderKind, Standing};
use super::reserve::first;
use super::running::{Touched, again, begin_in_turn, decided_now, publish, publish_several};
use super::settle::{Cause, settle};
use super::together::{Brought, Leading};
use crate::app::App;
use crate::catalogue::{Settings, Shop};
use crate::store::writing::Note;
use crate::store::{StoreError, Writing};

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
    /// What the shop calls the shopper, for offers; `None`: the customer's address for mail does.
    pub shopper: Option<String>,
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

/// An order that waits for its turn, and who waits for it.
pub struct Waiting {
    request: PlaceOrder,
    once: Once<Standing>,
    done: oneshot::Sender<Ended>,
}

type Ended = Result<Outcome<Standing>, ActError>;

impl Waiting {
    /// Says what came of it. Whoever was refused may ask at once again: the request is not under way any more.
    fn end(self, ended: Ended) {
        drop(self.once);
        // An error only says that nobody waits for it any more.
        let _ = self.done.send(ended);
    }
}

/// Takes an order: all lines or none. Orders that come at the same time are committed together, each decided after those
/// before it and with a revision of its own, and each is answered after the commit.
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
) -> Ended {
    let (done, ended) = oneshot::channel();
    let waiting = Waiting {
        request,
        once,
        done,
    };
    match app.orders.bring(store, waiting) {
        Brought::Full => return Err(StoreError::busy().into()),
        Brought::Wait => {}
        Brought::Lead(leading) => {
            drop(tokio::spawn(lead(app.clone(), store.clone(), leading)));
        }
    }
    ended
        .await
        .unwrap_or_else(|_| Err(StoreError::stopping().into()))
}

/// Takes the orders of a store until none waits. Runs in a task of its own: the web server drops a handler when its
/// client hangs up.
async fn lead(app: App, store: StoreId, mut leading: Leading<Waiting>) {
    loop {
        let mut waiting = leading.take();
        if waiting.is_empty() {
            return;
        }
        let taken = waiting.len();
        while !waiting.is_empty() {
            let rest = waiting.split_off(shares_a_commit(&waiting));
            let ended = take_these(&app, &store, &waiting).await;
            let done = std::mem::replace(&mut waiting, rest);
            for (one, ended) in done.into_iter().zip(ended) {
                one.end(ended);
            }
        }
        let came = taken + leading.waiting();
        if 1 < came {
            leading.gather(came).await;
        }
    }
}

/// How many of the orders that came first share a commit. One that ends a hold moves the dates of others, so it has one
/// of its own.
fn shares_a_commit(waiting: &[Waiting]) -> usize {
    let ends_a_hold = |one: &Waiting| one.request.reservation.is_some();
    let first = waiting.iter().position(ends_a_hold);
    first.unwrap_or(waiting.len()).max(1)
}

/// Takes orders and brings them into memory. Returns what came of each.
async fn take_these(app: &App, store: &StoreId, waiting: &[Waiting]) -> Vec<Ended> {
    if let [one] = waiting
        && let Some(hold) = &one.request.reservation
    {
        return vec![again(|| take_held(app, store, one, hold)).await];
    }
    let error = match again(|| take(app, store, waiting)).await {
        Ok(taken) => return publish_taken(app, store, taken).await,
        Err(error) => error,
    };
    if waiting.len() == 1 || !is_by_one(&error) {
        return waiting.iter().map(|_| Err(error.clone())).collect();
    }
    // What one of them did wrong must not be the others' loss.
    let mut ended = Vec::with_capacity(waiting.len());
    for alone in waiting.chunks(1) {
        match again(|| take(app, store, alone)).await {
            Ok(taken) => ended.extend(publish_taken(app, store, taken).await),
            Err(error) => ended.push(Err(error)),
        }
    }
    ended
}

/// True if one of several orders may be why none was taken.
fn is_by_one(error: &ActError) -> bool {
    let is_of_all = matches!(error, ActError::NotFound)
        || matches!(error, ActError::Store(error) if !matches!(error, StoreError::Constraint(_) | StoreError::Database(_)));
    !is_of_all
}

/// Orders that were committed together, if any was taken.
struct Taken {
    ended: Vec<Ended>,
    facts: Vec<SkuFacts>,
    revisions: RangeInclusive<u64>,
}

/// Brings what was committed into memory.
async fn publish_taken(app: &App, store: &StoreId, taken: Taken) -> Vec<Ended> {
    if !taken.revisions.is_empty() {
        let touched = Touched::Facts(taken.facts);
        publish_several(app, store, touched, taken.revisions).await;
    }
    taken.ended
}

/// Takes orders, one after the other, in one commit.
async fn take(app: &App, store: &StoreId, waiting: &[Waiting]) -> Result<Taken, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let settings = shop.settings();
    let changes_max = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    let begun = app.store.begin_several(store, changes_max, app.clock.now());
    let mut writing = begun.await?;
    let now = decided_now(app, &mut writing);
    let before = writing.revision();
    let mut desk = Desk::new(&mut writing, &shop, &settings, waiting, now).await?;
    let mut judged: Vec<Result<Outcome<Decided>, ActError>> = Vec::with_capacity(waiting.len());
    for one in waiting {
        judged.push(desk.judge(one));
    }
    let all: Vec<&Decided> = judged.iter().filter_map(decided).collect();
    if all.is_empty() {
        writing.undo().await?;
        return Ok(Taken {
            ended: judged.into_iter().map(ended).collect(),
            facts: Vec::new(),
            revisions: before + 1..=before,
        });
    }

    writing.add_reservations(all.iter().map(|one| &one.reservation));
    writing.add_orders(all.iter().map(|one| &one.standing.order));
    let promised = all.iter();
    let promised = promised.flat_map(|one| first(&one.promised, one.standing.order.revision));
    writing.add_promises(&promised.collect::<Vec<_>>());
    for (one, judged) in waiting.iter().zip(&mut judged) {
        if let Ok(Outcome::Done(decided)) = judged {
            writing.next(Note::new("place_order", one.request.id.as_str()));
            pay(&mut writing, &one.request, &mut decided.standing).await?;
        }
    }
    let placed = waiting.iter().zip(&mut judged);
    let placed = placed.filter_map(|(one, judged)| match judged {
        Ok(Outcome::Done(decided)) => Some(of(store, &one.request, &mut decided.standing)),
        _ => None,
    });
    let mut placed: Vec<Placed<'_>> = placed.collect();
    try_on(&mut writing, &settings, &mut placed, now).await?;
    let kept: Vec<(&Ticket, Kept)> = waiting
        .iter()
        .zip(&judged)
        .filter_map(|(one, judged)| {
            let standing = &decided(judged)?.standing;
            Some((one.once.ticket(), one.once.kept(standing)))
        })
        .collect();
    writing.keep_answers(&kept);
    drop(kept);
    let revision = writing.commit().await?;
    Ok(Taken {
        ended: judged.into_iter().map(ended).collect(),
        facts: moved(desk.facts, &desk.touched, revision),
        revisions: before + 1..=revision,
    })
}

fn decided(judged: &Result<Outcome<Decided>, ActError>) -> Option<&Decided> {
    match judged {
        Ok(Outcome::Done(decided)) => Some(decided),
        _ => None,
    }
}

fn ended(judged: Result<Outcome<Decided>, ActError>) -> Ended {
    judged.map(|outcome| match outcome {
        Outcome::Before(answer) => Outcome::Before(answer),
        Outcome::Done(decided) => Outcome::Done(decided.standing),
    })
}

/// An order with who placed it, for offers.
fn of<'a>(store: &StoreId, request: &PlaceOrder, standing: &'a mut Standing) -> Placed<'a> {
    Placed {
        shopper: shopper_of(store, request.shopper.as_deref(), &request.customer),
        standing,
    }
}

/// Writes down how an order is paid and who is told, in the change that takes it.
async fn pay(
    writing: &mut Writing,
    request: &PlaceOrder,
    standing: &mut Standing,
) -> Result<(), ActError> {
    if request.pay.is_none() && request.customer.email.is_none() {
        return Ok(());
    }
    // What is paid belongs to an order that is there.
    writing.write_so_far().await?;
    begin(writing, &standing.order, request.pay.clone()).await?;
    if request.pay.is_some() {
        standing.account = writing.account(&standing.order.id).await?;
    }
    Ok(())
}

/// What orders are judged by: all that was known before the first, and what those before did.
struct Desk<'a> {
    store: &'a StoreId,
    settings: &'a Settings,
    now: DateTime<Utc>,
    kept: HashMap<Ticket, Kept>,
    /// Names that are taken.
    names: HashSet<ReservationId>,
    facts: Facts,
    /// Of what something was promised.
    touched: BTreeSet<Sku>,
    /// The change that took the last.
    revision: u64,
}

impl<'a> Desk<'a> {
    async fn new(
        writing: &mut Writing,
        shop: &'a Shop,
        settings: &'a Settings,
        waiting: &[Waiting],
        now: DateTime<Utc>,
    ) -> Result<Self, ActError> {
        let tickets: Vec<&Ticket> = waiting.iter().map(|one| one.once.ticket()).collect();
        let names = waiting.iter().map(|one| one.request.id.reservation());
        let names: Vec<ReservationId> = names.collect();
        let lines = waiting.iter().flat_map(|one| &one.request.lines);
        let skus: BTreeSet<&Sku> = lines.map(|(sku, _)| sku).collect();
        let skus: Vec<Sku> = skus.into_iter().cloned().collect();
        Ok(Self {
            store: &shop.id,
            settings,
            now,
            kept: writing.kept_answers(&tickets).await?,
            names: writing.reservations_among(&names).await?,
            facts: known(writing, shop, &skus).await?,
            touched: BTreeSet::new(),
            revision: writing.revision(),
        })
    }

    /// Decides about an order. One that is taken is promised what it takes: those after it find less.
    fn judge(&mut self, one: &Waiting) -> Result<Outcome<Decided>, ActError> {
        if let Some(answer) = one.once.before_among(&self.kept)? {
            return Ok(Outcome::Before(answer));
        }
        let request = &one.request;
        let name = request.id.reservation();
        if self.names.contains(&name) {
            return Err(is_taken(&request.id));
        }
        let revision = self.revision + 1;
        let decided = decide(
            request,
            &Deciding {
                store: self.store,
                settings: self.settings,
                facts: &self.facts,
                revision,
                rank: revision,
                now: self.now,
            },
        )?;
        self.revision = revision;
        self.names.insert(name);
        let parts = decided.promised.iter().map(|(part, _)| part);
        let takes = parts.clone().flat_map(|part| &part.takes);
        self.touched.extend(takes.map(|(sku, _)| sku.clone()));
        claim(&mut self.facts, parts, None);
        Ok(Outcome::Done(decided))
    }
}

fn is_taken(id: &OrderId) -> ActError {
    let detail = format!("`{id}` is taken; use another id, or none");
    ActError::conflict("order_exists", detail)
}

/// Takes an order for which goods were held, by itself.
async fn take_held(app: &App, store: &StoreId, one: &Waiting, hold: &ReservationId) -> Ended {
    let request = &one.request;
    let note = Note::new("place_order", request.id.as_str());
    let (mut writing, now) = begin_in_turn(app, store, note).await?;
    if let Some(answer) = one.once.before(&mut writing).await? {
        return Ok(Outcome::Before(answer));
    }
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let settings = shop.settings();
    if writing
        .reservation(&request.id.reservation())
        .await?
        .is_some()
    {
        return Err(is_taken(&request.id));
    }
    let freed = let_go(&mut writing, hold, now).await?;
    let skus: Vec<Sku> = request.lines.iter().map(|(sku, _)| sku.clone()).collect();
    let facts = known(&mut writing, &shop, &skus).await?;
    let revision = writing.revision();
    let decided = decide(
        request,
        &Deciding {
            store,
            settings: &settings,
            facts: &facts,
            revision,
            rank: freed.rank.unwrap_or(revision),
            now,
        },
    )?;
    let order: &Order = &decided.standing.order;
    writing.add_reservations([&decided.reservation]);
    writing.add_orders([order]);
    let mut skus = writing.add_promises(&first(&decided.promised, revision));
    writing.write_so_far().await?;
    begin(&mut writing, order, request.pay.clone()).await?;
    if !freed.skus.is_empty() {
        let cause = Cause::ReservationEnded;
        skus.extend(settle(&mut writing, &settings, Some(&freed.skus), cause, now).await?);
        skus.extend(freed.skus);
    }
    // Its own dates may be better again by what was freed, and it may come before others.
    let mut standing = writing.order(&order.id).await?.ok_or(ActError::NotFound)?;
    let mut placed = [of(store, request, &mut standing)];
    try_on(&mut writing, &settings, &mut placed, now).await?;
    one.once.keep(&mut writing, &standing);
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(skus), revision).await;
    Ok(Outcome::Done(standing))
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
    id: &ReservationId,
    now: DateTime<Utc>,
) -> Result<Freed, ActError> {
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
