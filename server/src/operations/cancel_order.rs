//! Cancels an order, or some of it: what has not left is not wanted any more.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use shared::delay;
use shared::ids::{OrderId, Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::delays::note_cancelled;
use super::offers::revoke;
use super::once::{Once, Outcome};
use super::payment::{take_steps, write_of};
use super::records::{PartEnd, Standing, WaitingPart};
use super::running::{Touched, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::catalogue::Settings;
use crate::store::Writing;
use crate::store::writing::Note;

/// What is not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// Lines, from 0, and units of each, all that wait where `None`; no line: everything that waits.
    pub lines: Vec<(u32, Option<Quantity>)>,
    /// Why, in somebody's words.
    pub reason: Option<String>,
    /// Who does not want it any more: the shopper or the seller.
    pub cause: delay::Cause,
}

/// Cancels what waits. An order of which nothing waits because all of it was cancelled stays as it is.
///
/// Of a line, the units that would leave last are cancelled first.
///
/// # Errors
///
/// [`ActError::NotFound`]; [`ActError::Conflict`] where more is to be cancelled than waits, or everything has left;
/// [`ActError::Field`] for a line that it does not have.
pub async fn cancel_order(
    app: &App,
    store: &StoreId,
    id: OrderId,
    request: CancelOrder,
    once: Once<Standing>,
) -> Result<Outcome<Standing>, ActError> {
    let with = (app.clone(), store.clone(), id, request, once);
    detached(with, |(app, store, id, request, once)| async move {
        let note = Note {
            reason: request.reason.clone(),
            ..Note::new("cancel_order", id.as_str())
        };
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let before = writing.order(&id).await?.ok_or(ActError::NotFound)?;
        let ended = decided(&before, &request)?;
        let skus = cancel_parts(
            &mut writing,
            &shop.settings(),
            &before,
            &ended,
            Some(request.cause),
            now,
        )
        .await?;
        let after = writing.order(&id).await?.ok_or(ActError::NotFound)?;
        once.keep(&mut writing, &after);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(skus), revision).await;
        Ok(Outcome::Done(after))
    })
    .await
}

/// Cancels units of parts of an order: others may have them from now on, the customer is told, and what is kept for them
/// is let go. With a `cause` it is written down for each part that is over by it; without, whoever calls has done so. Returns the
/// SKUs of which something changed.
pub(super) async fn cancel_parts(
    writing: &mut Writing,
    settings: &Settings,
    before: &Standing,
    ended: &[(&WaitingPart, Quantity)],
    cause: Option<delay::Cause>,
    now: DateTime<Utc>,
) -> Result<Vec<Sku>, ActError> {
    let order = &before.order;
    let mut skus: Vec<Sku> = Vec::new();
    for (part, units) in ended {
        skus.extend(
            writing
                .end_part(part, *units, PartEnd::Cancelled(cause))
                .await?,
        );
    }
    if ended.is_empty() {
        return Ok(skus);
    }
    if let Some(cause) = cause {
        let whole = ended.iter().filter(|(part, units)| part.quantity == *units);
        for (part, _) in whole {
            note_cancelled(writing, settings, &order.id, part, cause, now).await?;
        }
    }
    writing.touch_order(&order.id).await?;
    skus.extend(settle(writing, settings, Some(&skus), Cause::ReservationEnded, now).await?);
    let about = format!("{}/{}", order.id, writing.revision());
    let mut lines: Vec<(u32, u32)> = Vec::new();
    for (part, units) in ended {
        match lines.iter_mut().find(|(line, _)| *line == part.line) {
            Some((_, sum)) => *sum += units.units(),
            None => lines.push((part.line, units.units())),
        }
    }
    write_of(writing, order, "cancelled", &about, &lines).await?;
    let after = writing.order(&order.id).await?.ok_or(ActError::NotFound)?;
    revoke(writing, &after).await?;
    take_steps(writing, &after, now).await?;
    Ok(skus)
}

/// Which parts, and units of each.
fn decided<'a>(
    before: &'a Standing,
    request: &CancelOrder,
) -> Result<Vec<(&'a WaitingPart, Quantity)>, ActError> {
    if request.lines.is_empty() {
        let something_left = before
            .order
            .lines
            .iter()
            .any(|line| line.shipped != Quantity::ZERO);
        if before.waiting.is_empty() && something_left {
            let detail = "nothing of it waits any more: what has left can only be returned";
            return Err(ActError::conflict("already_shipped", detail));
        }
        return Ok(before
            .waiting
            .iter()
            .map(|part| (part, part.quantity))
            .collect());
    }
    let mut ended = Vec::new();
    for (at, (line, units)) in request.lines.iter().enumerate() {
        if usize::try_from(*line).is_ok_and(|line| before.order.lines.len() <= line) {
            let detail = format!("the order has no line {line}; its first is 0");
            return Err(ActError::field(
                format!("/lines/{at}/line"),
                "unknown_line",
                detail,
            ));
        }
        let mut parts: Vec<&WaitingPart> = before
            .waiting
            .iter()
            .filter(|part| part.line == *line)
            .collect();
        // What has no date leaves last of all.
        parts.sort_by_key(|part| {
            let day = part.due_day();
            Reverse((day.is_none(), day, part.part))
        });
        let waits: Quantity = parts.iter().map(|part| part.quantity).sum();
        let mut left = units.unwrap_or(waits).units();
        if waits.units() < left || waits == Quantity::ZERO {
            let detail = format!(
                "{waits} of line {line} wait: cancel at most as many. What has left can only be returned"
            );
            return Err(ActError::conflict("already_shipped", detail));
        }
        for part in parts {
            let units = left.min(part.quantity.units());
            if units == 0 {
                break;
            }
            left -= units;
            ended.push((part, Quantity::new(units)));
        }
    }
    Ok(ended)
}
