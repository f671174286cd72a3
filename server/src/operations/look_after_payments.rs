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

/// What was seen of each store when it was looked after last.
#[derive(Debug, Default)]
pub struct Seen(HashMap<StoreId, (u64, Instant)>);

impl Seen {
    /// True if nothing changed since a store was looked after.
    fn has(&self, store: &StoreId, revision: u64) -> bool {
        self.0.get(store).is_some_and(|(seen, _)| *seen == revision)
    }

    /// True if a store is to be looked after now.
    fn is_due(&mut self, store: &StoreId, revision: u64) -> bool {
        let now = Instant::now();
        let before = self.0.get(store);
        let is_due = before.is_none_or(|(seen, at)| {
            let every = match *seen == revision {
                true => UNCHANGED_EVERY,
                false => CHANGED_EVERY,
            };
            every <= now - *at
        });
        if is_due {
            self.0.insert(store.clone(), (revision, now));
        }
        is_due
    }
}

/// Looks after the payments of a store, unless nothing changed since the last time. False if something did, and it was too
/// soon to look again.
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
    if !seen.is_due(store, revision) {
        return Ok(seen.has(store, revision));
    }
    let now = app.clock.now();
    let (until, late) = (now + RELIED_ON_UNTIL, now - CONFIRMED_WITHIN);
    for order in app.store.orders_to_look_after(store, until, late).await? {
        let Some(standing) = app.store.order(store, &order, now).await? else {
            continue;
        };
        if !steps(&standing, now).is_empty() {
            again(|| settle_payment(app, store, &order, now)).await?;
        }
    }
    Ok(true)
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
