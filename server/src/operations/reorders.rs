//! Brings drafts further: approved, sent to the supplier, confirmed, or dismissed; and asks about those that nobody confirms.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{PurchaseOrderId, ReorderId, Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::create_purchase_order::refuse_odd_date;
use super::low_stock::tell_merchant;
use super::once::{Once, Outcome};
use super::records::{
    AlertKind, Errand, ErrandEnd, ErrandKind, PurchaseOrder, PurchaseOrderLine,
    PurchaseOrderStatus, Reorder, ReorderStatus,
};
use super::reserve::as_kept;
use super::running::{Touched, again, detached, publish};
use super::settle::{Cause, settle};
use crate::app::App;
use crate::catalogue::Shop;
use crate::limits::FOLLOWED_UP_MAX;
use crate::store::Writing;
use crate::store::writing::Note;

/// What is done to a reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It may be sent.
    Approve,
    /// Nobody orders it.
    Dismiss,
    /// It is sent to the supplier, and is on its way.
    Send,
    /// The supplier has said yes, perhaps with the day of arrival.
    Confirm(Option<NaiveDate>),
}

/// What a letter to a supplier is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    /// The reorder.
    pub reorder: String,
    /// True: it was sent before.
    pub is_reminder: bool,
}

/// Reorders after one, in the order of their ids.
///
/// # Errors
///
/// As the database fails.
pub async fn reorders(
    app: &App,
    store: &StoreId,
    status: Option<ReorderStatus>,
    after: Option<&ReorderId>,
    limit: u32,
) -> Result<Vec<Reorder>, ActError> {
    Ok(app.store.reorders(store, status, after, limit).await?)
}

/// One reorder.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn reorder(app: &App, store: &StoreId, id: &ReorderId) -> Result<Reorder, ActError> {
    let found = app.store.reorder(store, id).await?;
    found.ok_or(ActError::NotFound)
}

/// Brings a reorder a step further.
///
/// # Errors
///
/// [`ActError::Conflict`] where it is not at the step before, or where nobody said where the supplier is written to.
pub async fn step_reorder(
    app: &App,
    store: &StoreId,
    id: ReorderId,
    step: Step,
    once: Once<Reorder>,
) -> Result<Outcome<Reorder>, ActError> {
    let with = (app.clone(), store.clone(), id, step, once);
    detached(with, |(app, store, id, step, once)| async move {
        let now = as_kept(app.clock.now());
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let note = Note::new(step.act(), id.as_str());
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let found = writing.reorder(&id).await?;
        let mut reorder = found.ok_or(ActError::NotFound)?;
        refuse_other_step(&reorder, step)?;
        reorder.changed_at = now;
        let touched = match step {
            Step::Approve | Step::Dismiss => {
                reorder.status = match step {
                    Step::Approve => ReorderStatus::Approved,
                    _ => ReorderStatus::Dismissed,
                };
                writing.put_reorder(&reorder).await?;
                Vec::new()
            }
            Step::Send => {
                let policy = writing.reorder_policy().await?;
                let terms = policy.at(&reorder.supplier);
                if terms.is_none_or(|terms| terms.email.is_none()) {
                    let detail = format!(
                        "nobody said where `{}` is written to: say it with PUT /v1/reorders/policy, or order it yourself and confirm it here",
                        reorder.supplier
                    );
                    return Err(ActError::conflict("supplier_has_no_address", detail));
                }
                send_within(&mut writing, &shop, &mut reorder, now).await?
            }
            Step::Confirm(on) => confirm_within(&mut writing, &shop, &mut reorder, on, now).await?,
        };
        let reorder = writing.reorder(&id).await?.unwrap_or(reorder);
        once.keep(&mut writing, &reorder);
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Skus(touched), revision).await;
        Ok(Outcome::Done(reorder))
    })
    .await
}

impl Step {
    fn act(self) -> &'static str {
        match self {
            Self::Approve => "approve_reorder",
            Self::Dismiss => "dismiss_reorder",
            Self::Send => "send_reorder",
            Self::Confirm(_) => "confirm_reorder",
        }
    }
}

fn refuse_other_step(reorder: &Reorder, step: Step) -> Result<(), ActError> {
    use ReorderStatus::{Approved, Draft, Sent};
    let from: &[ReorderStatus] = match step {
        Step::Approve => &[Draft],
        Step::Dismiss => &[Draft, Approved],
        Step::Send => &[Approved],
        // Ordered by telephone: it was never sent from here.
        Step::Confirm(_) => &[Approved, Sent],
    };
    if from.contains(&reorder.status) {
        return Ok(());
    }
    let wanted: Vec<&str> = from.iter().map(|status| status.name()).collect();
    let detail = format!(
        "it is {}, and can be so only where it is {}",
        reorder.status.name(),
        wanted.join(" or ")
    );
    Err(ActError::conflict("reorder_is_elsewhere", detail))
}

/// Sends an approved reorder within a change: from its commit on it is a purchase order, and a letter is on its way. Returns the SKUs
/// whose dates may move.
pub(super) async fn send_within(
    writing: &mut Writing,
    shop: &Shop,
    reorder: &mut Reorder,
    now: DateTime<Utc>,
) -> Result<Vec<Sku>, ActError> {
    let touched = become_supply(writing, shop, reorder, None, now).await?;
    reorder.status = ReorderStatus::Sent;
    reorder.sent_at = Some(now);
    reorder.changed_at = now;
    writing.put_reorder(reorder).await?;
    let about = About {
        reorder: reorder.id.to_string(),
        is_reminder: false,
    };
    send_letter(writing, &about).await?;
    Ok(touched)
}

async fn send_letter(writing: &mut Writing, about: &About) -> Result<(), ActError> {
    let what = if about.is_reminder {
        "reminder"
    } else {
        "order"
    };
    let name = format!("{what}/{}", about.reorder);
    let content = serde_json::to_string(about).expect("it has only text keys");
    let kind = ErrandKind::ReorderMail;
    Ok(writing.send(kind, &name, None, &content).await?)
}

async fn confirm_within(
    writing: &mut Writing,
    shop: &Shop,
    reorder: &mut Reorder,
    expected_on: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<Vec<Sku>, ActError> {
    let settings = shop.settings();
    let today = settings.location.calendar.today(now);
    let touched = match &reorder.purchase_order {
        None => become_supply(writing, shop, reorder, expected_on, now).await?,
        Some(id) => match (expected_on, writing.purchase_order(id).await?) {
            (Some(day), Some(before)) if before.status == PurchaseOrderStatus::Open => {
                refuse_odd_date("/expected_on", day, before.ordered_on, today)?;
                let mut after = PurchaseOrder {
                    revision: writing.revision(),
                    ..before.clone()
                };
                let awaited = |line: &&mut PurchaseOrderLine| line.received < line.quantity;
                for line in after.lines.iter_mut().filter(awaited) {
                    line.expected_on = Some(day);
                }
                writing.change_purchase_order(&before, &after).await?;
                settled(writing, shop, &after, now).await?
            }
            _ => Vec::new(),
        },
    };
    reorder.status = ReorderStatus::Confirmed;
    writing.put_reorder(reorder).await?;
    writing
        .end_alerts(AlertKind::Unconfirmed, &[&reorder.id])
        .await?;
    Ok(touched)
}

/// Makes a purchase order of a reorder.
async fn become_supply(
    writing: &mut Writing,
    shop: &Shop,
    reorder: &mut Reorder,
    expected_on: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<Vec<Sku>, ActError> {
    let settings = shop.settings();
    let today = settings.location.calendar.today(now);
    if let Some(day) = expected_on {
        refuse_odd_date("/expected_on", day, today, today)?;
    }
    let mut id: PurchaseOrderId = reorder
        .id
        .as_str()
        .parse()
        .map_err(|_| ActError::NotFound)?;
    // The merchant may have called another order so.
    if writing.purchase_order(&id).await?.is_some() {
        let other = format!("{id}.{}", writing.revision());
        id = other.parse().map_err(|_| ActError::NotFound)?;
    }
    let lines = reorder.lines.iter().map(|line| PurchaseOrderLine {
        sku: line.sku.clone(),
        quantity: line.quantity,
        received: Quantity::ZERO,
        expected_on,
        planned_on: None,
    });
    let order = PurchaseOrder {
        id: id.clone(),
        location: settings.location.id.clone(),
        supplier: Some(reorder.supplier.clone()),
        ordered_on: today,
        mode: None,
        shipped_on: None,
        status: PurchaseOrderStatus::Open,
        wait_reason: None,
        lines: lines.collect(),
        revision: writing.revision(),
    };
    writing.add_purchase_order(&order).await?;
    reorder.purchase_order = Some(id);
    settled(writing, shop, &order, now).await
}

async fn settled(
    writing: &mut Writing,
    shop: &Shop,
    order: &PurchaseOrder,
    now: DateTime<Utc>,
) -> Result<Vec<Sku>, ActError> {
    let mut skus: Vec<Sku> = order.lines.iter().map(|line| line.sku.clone()).collect();
    let cause = Cause::PurchaseOrderChanged;
    let more = settle(writing, &shop.settings(), Some(&skus), cause, now).await?;
    skus.extend(more);
    Ok(skus)
}

/// Asks suppliers about orders that they have not confirmed in time, once, and tells the merchant.
///
/// # Errors
///
/// As the database fails.
pub async fn follow_up(app: &App, store: &StoreId) -> Result<(), ActError> {
    let policy = app.store.reorder_policy(store).await?;
    let Some(days) = policy.follow_up_days else {
        return Ok(());
    };
    let before = app.clock.now() - TimeDelta::days(days.into());
    let late = app
        .store
        .unconfirmed_reorders(store, before, FOLLOWED_UP_MAX)
        .await?;
    for id in late {
        again(|| ask_about(app, store, &id)).await?;
    }
    Ok(())
}

/// True while a supplier is to say yes to what was sent, and something of it is still to come.
pub(super) async fn is_awaited(
    app: &App,
    store: &StoreId,
    reorder: &Reorder,
) -> Result<bool, ActError> {
    let Some(id) = sent_as(reorder) else {
        return Ok(false);
    };
    let order = app.store.purchase_order(store, id).await?;
    Ok(order.is_some_and(|order| order.status == PurchaseOrderStatus::Open))
}

/// What a reorder became that was sent and not confirmed.
fn sent_as(reorder: &Reorder) -> Option<&PurchaseOrderId> {
    let order = reorder.purchase_order.as_ref();
    order.filter(|_| reorder.status == ReorderStatus::Sent)
}

/// No mail server takes a letter to a supplier: it ends, and the merchant is told that nobody there knows of the order.
pub(super) async fn give_up_letter(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    why: &str,
) -> Result<(), ActError> {
    let now = as_kept(app.clock.now());
    let note = Note::new("give_up_letter", errand.name.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    let ended = writing.end_errand(&errand.name, ErrandEnd::GivenUp, Some(why));
    if !ended.await? {
        return Ok(writing.undo().await?);
    }
    let about: Option<About> = serde_json::from_str(&errand.content).ok();
    let id: Option<ReorderId> = about.and_then(|about| about.reorder.parse().ok());
    if let Some(id) = id
        && let Some(reorder) = writing.reorder(&id).await?
        && sent_as(&reorder).is_some()
    {
        let begun = writing.begin_unconfirmed(id.as_str()).await?;
        tell_merchant(&mut writing, begun.into_iter().collect(), now).await?;
    }
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

async fn ask_about(app: &App, store: &StoreId, id: &ReorderId) -> Result<(), ActError> {
    let now = as_kept(app.clock.now());
    let note = Note::new("follow_up_reorder", id.as_str());
    let mut writing = app.store.begin(store, note, now).await?;
    // Another server may have come first.
    let found = writing.reorder(id).await?;
    let found = found.filter(|one| one.chased_at.is_none());
    let order = match found.as_ref().and_then(sent_as) {
        Some(order) => writing.purchase_order(order).await?,
        None => None,
    };
    let is_open = order.is_some_and(|order| order.status == PurchaseOrderStatus::Open);
    let Some(mut reorder) = found.filter(|_| is_open) else {
        return Ok(writing.undo().await?);
    };
    reorder.chased_at = Some(now);
    writing.put_reorder(&reorder).await?;
    let about = About {
        reorder: id.to_string(),
        is_reminder: true,
    };
    send_letter(&mut writing, &about).await?;
    let begun = writing.begin_unconfirmed(id.as_str()).await?;
    tell_merchant(&mut writing, begun.into_iter().collect(), now).await?;
    let revision = writing.commit().await?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}
