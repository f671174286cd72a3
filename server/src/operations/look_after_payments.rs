//! Looks whether orders that are paid through us need something: parcels that became ready, authorizations that run
//! out, shoppers who never confirmed.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use shared::delay::Cause;
use shared::ids::{OrderId, Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::cancel_order::cancel_parts;
use super::parcels::parcels;
use super::payment::{CONFIRMED_WITHIN, MoneyStep, RELIED_ON_UNTIL, steps, take_steps};
use super::records::WaitingPart;
use super::running::{Touched, again, publish};
use crate::app::App;
use crate::store::writing::Note;

/// How often a store is looked after at most, however much changes.
const CHANGED_EVERY: Duration = Duration::from_millis(500);
/// How often a store is looked after of which nothing changed: time alone ends authorizations.
const UNCHANGED_EVERY: Duration = Duration::from_secs(60);

/// Orders that are looked after at a time.
const LOOKED_AFTER_MAX: u32 = 200;

/// What was seen of each store when it was looked after last.
#[derive(Debug, Default)]
pub struct Seen(HashMap<StoreId, Look>);

/// A look at a store's orders, page by page.
#[derive(Debug)]
struct Look {
    /// The revision at which it began.
    revision: u64,
    began: Instant,
    /// Which order was looked at last; `None` once all were.
    after: Option<String>,
}

impl Seen {
    /// True if all was looked at since something changed.
    fn has(&self, store: &StoreId, revision: u64) -> bool {
        let look = self.0.get(store);
        look.is_some_and(|look| look.revision == revision && look.after.is_none())
    }

    /// From where a store is to be looked after now, if it is.
    fn due(&mut self, store: &StoreId, revision: u64) -> Option<String> {
        let now = Instant::now();
        if let Some(look) = self.0.get(store) {
            let every = match look.revision == revision {
                true => UNCHANGED_EVERY,
                false => CHANGED_EVERY,
            };
            match &look.after {
                Some(after) => return Some(after.clone()),
                None if now - look.began < every => return None,
                None => {}
            }
        }
        let began = Look {
            revision,
            began: now,
            after: Some(String::new()),
        };
        self.0.insert(store.clone(), began);
        Some(String::new())
    }

    fn move_on(&mut self, store: &StoreId, after: Option<String>) {
        if let Some(look) = self.0.get_mut(store) {
            look.after = after;
        }
    }
}

/// Looks after the payments of some orders of a store: where the last look ended, or all anew if something changed since, or it
/// is long ago. False if there is more to look at: not now, where something changed and it was too soon to look again. An order
/// with which it fails is logged, and keeps no other one waiting.
///
/// # Errors
///
/// As the database fails.
pub async fn look_after_payments(
    app: &App,
    store: &StoreId,
    seen: &mut Seen,
) -> Result<bool, ActError> {
    let Some(shop) = app.catalogue.shop(store) else {
        return Ok(true);
    };
    let revision = shop.revision();
    let Some(after) = seen.due(store, revision) else {
        return Ok(seen.has(store, revision));
    };
    let now = app.clock.now();
    let (until, late) = (now + RELIED_ON_UNTIL, now - CONFIRMED_WITHIN);
    let orders = app
        .store
        .orders_to_look_after(store, until, late, &after, LOOKED_AFTER_MAX)
        .await?;
    for order in &orders {
        if let Err(error) = look_after_order(app, store, order, now).await {
            tracing::warn!(%order, error = %error, "Cannot look after the payment of order `{order}`: {error}");
        }
    }
    let is_full = u32::try_from(orders.len()).is_ok_and(|count| count == LOOKED_AFTER_MAX);
    let last = orders.last().filter(|_| is_full);
    seen.move_on(store, last.map(ToString::to_string));
    Ok(!is_full)
}

async fn look_after_order(
    app: &App,
    store: &StoreId,
    order: &OrderId,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let Some(standing) = app.store.order(store, order, now).await? else {
        return Ok(());
    };
    if steps(&standing, now).is_empty() {
        return Ok(());
    }
    again(|| settle_payment(app, store, order, now)).await
}

async fn settle_payment(
    app: &App,
    store: &StoreId,
    order: &OrderId,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    let note = Note::new("settle_payment", order.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    let standing = writing.order(order).await?.ok_or(ActError::NotFound)?;
    let mut skus: Vec<Sku> = Vec::new();
    for step in take_steps(&mut writing, &standing, now).await? {
        let unpaid: Vec<(&WaitingPart, Quantity)> = match step {
            MoneyStep::GiveUp => standing.waiting.iter().map(whole).collect(),
            MoneyStep::GiveUpParcel(shipment) => {
                let ready = parcels(&standing.waiting);
                let parcel = ready.iter().find(|parcel| parcel.id == shipment);
                let of_it =
                    |part: &&WaitingPart| parcel.is_some_and(|parcel| parcel.parts.contains(part));
                standing.waiting.iter().filter(of_it).map(whole).collect()
            }
            _ => continue,
        };
        skus.extend(
            cancel_parts(
                &mut writing,
                &shop.settings(),
                &standing,
                &unpaid,
                Some(Cause::Seller),
                now,
            )
            .await?,
        );
    }
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(skus), revision).await;
    Ok(())
}

fn whole(part: &WaitingPart) -> (&WaitingPart, Quantity) {
    (part, part.quantity)
}
