//! Gives money back that was taken for a parcel.

use shared::ids::{OrderId, ShipmentId, StoreId};
use shared::money::Money;

use super::ActError;
use super::once::{Once, Outcome};
use super::records::{Charge, ErrandKind, Refund, RefundState, Standing};
use super::running::detached;
use crate::app::App;
use crate::store::writing::Note;

/// What is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBack {
    /// What the refund will be called.
    pub id: String,
    /// The parcel that was charged.
    pub shipment: ShipmentId,
    /// How much; `None`: all that was taken for it and not given back yet.
    pub amount: Option<Money>,
    /// Why, in somebody's words.
    pub reason: Option<String>,
}

/// Asks for money to be given back, the way it was taken. What has not left was never taken, so nothing of it is given back:
/// [`super::cancel_order`] lets go of it.
///
/// # Errors
///
/// [`ActError::NotFound`] for an order that is not paid through us; [`ActError::Field`] for a parcel that was not charged, and
/// for another currency; [`ActError::Conflict`] where more is to be given back than was taken.
pub async fn refund(
    app: &App,
    store: &StoreId,
    order: OrderId,
    request: GiveBack,
    once: Once<Standing>,
) -> Result<Outcome<Standing>, ActError> {
    let with = (app.clone(), store.clone(), order, request, once);
    detached(with, |(app, store, order, request, once)| async move {
        let note = Note {
            reason: request.reason.clone(),
            ..Note::new("refund", order.as_str())
        };
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let before = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        let (charge, amount) = decided(&before, &request)?;
        let refund = Refund {
            id: request.id,
            shipment: charge.shipment.clone(),
            amount,
            reason: request.reason,
            state: RefundState::Due,
            reference: None,
            at: now,
        };
        writing
            .put_charge(&Charge {
                refunded: charge.refunded + amount,
                ..charge.clone()
            })
            .await?;
        writing.put_refund(&refund).await?;
        writing
            .note_money(
                &order,
                Some(&refund.shipment),
                "refund_asked",
                amount,
                Some(&refund.id),
            )
            .await?;
        let content = serde_json::json!({"refund": refund.id}).to_string();
        writing
            .send(ErrandKind::Refund, &refund.id, Some(&order), &content)
            .await?;
        writing.touch_order(&order).await?;
        let after = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        once.keep(&mut writing, &after);
        writing.commit().await?;
        app.errands.tell(&store);
        Ok(Outcome::Done(after))
    })
    .await
}

/// What is given back of which charge.
fn decided<'a>(before: &'a Standing, request: &GiveBack) -> Result<(&'a Charge, i64), ActError> {
    let (account, currency) = before
        .account
        .as_ref()
        .zip(before.order.currency)
        .ok_or(ActError::NotFound)?;
    let Some(charge) = account.charge(&request.shipment) else {
        let detail = format!(
            "nothing was charged for `{}`; `payment.charges` of the order lists what was",
            request.shipment
        );
        return Err(ActError::field("/shipment", "not_charged", detail));
    };
    let left = charge.captured - charge.refunded;
    let amount = match request.amount {
        Some(amount) if amount.currency != currency => {
            let detail = format!("must be in {currency}, as the order is");
            return Err(ActError::field(
                "/amount/currency",
                "invalid_amount",
                detail,
            ));
        }
        Some(amount) => amount.amount,
        None => left,
    };
    if request.amount.is_some() && amount == 0 {
        let detail = "must be 1 at least";
        return Err(ActError::field("/amount/amount", "invalid_amount", detail));
    }
    if amount == 0 || left < amount {
        let detail = format!(
            "{left} minor units were taken for `{}` and not given back yet: give back at most as many",
            request.shipment
        );
        return Err(ActError::conflict("refund_too_large", detail));
    }
    Ok((charge, amount))
}
