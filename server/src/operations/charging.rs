//! Writes down what a provider of payment said, and what follows from it. A provider may say the same twice, late, or after
//! something newer: what does not fit how things stand changes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{OrderId, ShipmentId, StoreId};
use shared::money::Money;

use super::ActError;
use super::errands::{ATTEMPTS_MAX, wait_s};
use super::payment::{GRACE, confirm, take_steps, write_to};
use super::records::{
    Account, Charge, ChargeState, ErrandEnd, ErrandKind, Order, Payment, PaymentState, RefundState,
    Standing, order_of,
};
use super::running::{Touched, again, publish};
use crate::app::App;
use crate::store::Writing;
use crate::store::writing::Note;
use crate::webhooks::happened::Happened;

/// What a provider says of the payment of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreed {
    /// The shopper is to confirm it, with this.
    Awaiting {
        /// The provider's name for it.
        reference: String,
        /// With which the shopper's browser confirms it.
        client_secret: String,
    },
    /// So much may be captured.
    Authorized {
        /// Minor units.
        amount: i64,
        /// True if it may be captured in parts.
        in_parts: bool,
        /// Until when.
        until: Option<DateTime<Utc>>,
        /// The provider's name for who pays.
        customer: Option<String>,
        /// The provider's name for what is charged.
        method: Option<String>,
    },
    /// Each parcel may be charged to this when it can leave.
    Saved {
        /// The provider's name for who pays.
        customer: Option<String>,
        /// The provider's name for what is charged.
        method: Option<String>,
    },
    /// It came to nothing.
    Failed {
        /// Why, in the provider's words.
        code: String,
    },
}

/// What a provider says of the charge for a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charged {
    /// It may be captured once the parcel has left.
    Authorized {
        /// The provider's name for it.
        reference: String,
        /// Until when.
        until: Option<DateTime<Utc>>,
    },
    /// The customer has to pay or to confirm.
    NeedsCustomer {
        /// The provider's name for it, if it has one.
        reference: Option<String>,
        /// With which the customer's browser confirms it.
        client_secret: Option<String>,
        /// Where the customer does it.
        pay_url: Option<String>,
        /// Why, in the provider's words.
        code: String,
    },
    /// The money was taken.
    Captured {
        /// The provider's name for it.
        reference: Option<String>,
    },
    /// What was authorized does not hold any more.
    Expired,
    /// It is not known what became of it.
    Unknown {
        /// What is known.
        why: String,
    },
    /// It was not taken, and still may be.
    NotCaptured,
    /// It was let go.
    Released,
}

/// Writes down what a provider says of the payment of an order. `errand` is what asked for it, if something did: where that had
/// ended before, nothing is written.
///
/// # Errors
///
/// As the database fails.
pub async fn record_agreed(
    app: &App,
    store: &StoreId,
    errand: Option<&str>,
    order: &OrderId,
    agreed: &Agreed,
) -> Result<(), ActError> {
    again(|| async {
        let now = app.clock.now();
        let note = Note::new("payment_said", order.as_str());
        let mut writing = app.store.begin(store, note, now).await?;
        if !ended(&mut writing, errand).await? {
            return Ok(writing.undo().await?);
        }
        let standing = writing.order(order).await?.ok_or(ActError::NotFound)?;
        let account = standing.account.as_ref().ok_or(ActError::NotFound)?;
        if let Some(payment) = after_agreed(&account.payment, agreed) {
            writing.put_payment(&payment).await?;
            let (kind, amount) = match payment.state {
                PaymentState::Authorized => ("authorized", payment.authorized),
                PaymentState::Saved => ("saved", payment.total),
                PaymentState::Failed => ("failed", payment.total),
                _ => ("awaiting", payment.total),
            };
            let reference = payment.reference.as_deref();
            writing
                .note_money(order, None, kind, amount, reference)
                .await?;
            if payment.state == PaymentState::Awaiting {
                // Whatever Stripe sends, it is asked too: messages get lost.
                writing
                    .send(ErrandKind::LookUpPayment, order.as_str(), Some(order), "{}")
                    .await?;
            }
            if is_agreed(payment.state) && !is_agreed(account.payment.state) {
                confirm(&mut writing, &standing.order).await?;
            }
            let after = writing.order(order).await?.ok_or(ActError::NotFound)?;
            take_steps(&mut writing, &after, now).await?;
            writing.touch_order(order).await?;
        }
        let revision = writing.commit().await?;
        publish(app, store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}

/// The payment after what was said of it; `None`: it is as it was.
fn after_agreed(before: &Payment, agreed: &Agreed) -> Option<Payment> {
    let is_open = matches!(
        before.state,
        PaymentState::Beginning | PaymentState::Awaiting | PaymentState::Failed
    );
    if !is_open {
        return None;
    }
    let after = match agreed.clone() {
        Agreed::Awaiting {
            reference,
            client_secret,
        } => Payment {
            state: PaymentState::Awaiting,
            reference: Some(reference),
            client_secret: Some(client_secret),
            ..before.clone()
        },
        Agreed::Authorized {
            amount,
            in_parts,
            until,
            customer,
            method,
        } => Payment {
            state: PaymentState::Authorized,
            authorized: amount.clamp(0, before.total),
            in_parts,
            expires_at: until,
            customer,
            method,
            client_secret: None,
            failure: None,
            ..before.clone()
        },
        Agreed::Saved { customer, method } => Payment {
            state: PaymentState::Saved,
            customer,
            method,
            client_secret: None,
            failure: None,
            ..before.clone()
        },
        Agreed::Failed { code } => Payment {
            state: PaymentState::Failed,
            failure: Some(code),
            ..before.clone()
        },
    };
    (after != *before).then_some(after)
}

fn is_agreed(state: PaymentState) -> bool {
    matches!(state, PaymentState::Authorized | PaymentState::Saved)
}

/// Writes down what a provider says of the charge for a parcel. `errand` is what asked for it, if something did: where that had
/// ended before, nothing is written.
///
/// # Errors
///
/// As the database fails.
pub async fn record_charged(
    app: &App,
    store: &StoreId,
    errand: Option<&str>,
    shipment: &ShipmentId,
    charged: &Charged,
) -> Result<(), ActError> {
    again(|| async {
        let now = app.clock.now();
        let note = Note::new("charge_said", shipment.as_str());
        let mut writing = app.store.begin(store, note, now).await?;
        if !ended(&mut writing, errand).await? {
            return Ok(writing.undo().await?);
        }
        let order = order_of(shipment).ok_or(ActError::NotFound)?;
        let standing = writing.order(&order).await?.ok_or(ActError::NotFound)?;
        write_charged(&mut writing, &standing, shipment, charged, now).await?;
        let revision = writing.commit().await?;
        publish(app, store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}

/// Writes down what a provider says of the charge for a parcel, and what follows, with whatever else this change does.
pub(super) async fn write_charged(
    writing: &mut Writing,
    standing: &Standing,
    shipment: &ShipmentId,
    charged: &Charged,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let order = &standing.order.id;
    let account = standing.account.as_ref().ok_or(ActError::NotFound)?;
    let before = account.charge(shipment).ok_or(ActError::NotFound)?;
    let tries = account.tries(shipment);
    if let Some(after) = after_charged(before, charged, tries, now) {
        writing.put_charge(&after).await?;
        if !before.own && after.is_anew() {
            // Nothing else is drawn from what has run out.
            let payment = Payment {
                expires_at: Some(now),
                ..account.payment.clone()
            };
            writing.put_payment(&payment).await?;
        }
        follow(writing, &standing.order, account, before, &after, now).await?;
        let after = writing.order(order).await?.ok_or(ActError::NotFound)?;
        take_steps(writing, &after, now).await?;
        writing.touch_order(order).await?;
    }
    Ok(())
}

/// The charge after what was said of it, when it was tried so often; `None`: what was said changes nothing.
fn after_charged(
    before: &Charge,
    charged: &Charged,
    tries: u32,
    now: DateTime<Utc>,
) -> Option<Charge> {
    use ChargeState as State;
    let has_left = before.amount.is_some();
    let needs = |code: &str| Charge {
        state: State::PaymentNeeded,
        failure: Some(code.to_owned()),
        grace_ends: before.grace_ends.or(Some(now + GRACE)),
        ..before.clone()
    };
    match (before.state, charged) {
        (State::Authorizing | State::PaymentNeeded, Charged::Authorized { reference, until })
            if !has_left =>
        {
            Some(Charge {
                state: State::Authorized,
                reference: Some(reference.clone()),
                expires_at: *until,
                failure: None,
                pay_url: None,
                client_secret: None,
                grace_ends: None,
                ..before.clone()
            })
        }
        (
            State::Authorizing | State::Capturing | State::Unknown,
            Charged::NeedsCustomer {
                reference,
                client_secret,
                pay_url,
                code,
            },
        ) => Some(Charge {
            reference: reference.clone().or_else(|| before.reference.clone()),
            client_secret: client_secret.clone(),
            pay_url: pay_url.clone(),
            ..needs(code)
        }),
        (
            State::Capturing | State::Unknown | State::PaymentNeeded,
            Charged::Captured { reference },
        ) if has_left => Some(Charge {
            state: State::Captured,
            captured: before.amount.unwrap_or(0),
            captured_at: Some(now),
            reference: reference.clone().or_else(|| before.reference.clone()),
            failure: None,
            pay_url: None,
            client_secret: None,
            grace_ends: None,
            ..before.clone()
        }),
        // What has left is to be paid all the same: from what is saved, or by the customer.
        (State::Capturing | State::Unknown, Charged::Expired) => Some(Charge {
            state: State::Capturing,
            own: true,
            is_last: true,
            reference: None,
            expires_at: None,
            failure: Some("authorization_expired".into()),
            ..before.clone()
        }),
        (State::Capturing, Charged::Unknown { why }) => Some(Charge {
            state: State::Unknown,
            failure: Some(why.clone()),
            ..before.clone()
        }),
        (State::Unknown, Charged::NotCaptured) if ATTEMPTS_MAX <= tries => {
            Some(needs("not_captured"))
        }
        (State::Unknown | State::PaymentNeeded, Charged::NotCaptured) if has_left => Some(Charge {
            state: State::Capturing,
            ..before.clone()
        }),
        (State::Releasing, Charged::Released | Charged::Expired) => Some(Charge {
            state: State::Released,
            ..before.clone()
        }),
        _ => None,
    }
}

/// What is to be told and asked now that a charge stands otherwise.
async fn follow(
    writing: &mut Writing,
    order: &Order,
    account: &Account,
    before: &Charge,
    after: &Charge,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let shipment = after.shipment.as_str();
    let about = format!("{shipment}/{}", writing.revision());
    let content = serde_json::json!({"shipment": shipment, "key": shipment}).to_string();
    let amount = after.amount.unwrap_or(after.authorized);
    let kind = match after.state {
        ChargeState::Authorized => "authorized",
        ChargeState::PaymentNeeded => "payment_needed",
        ChargeState::Captured => "captured",
        ChargeState::Released => "released",
        ChargeState::Unknown => "unknown",
        ChargeState::Capturing if after.is_anew() && !before.is_anew() => "expired",
        _ => "asked_again",
    };
    // What did not come is asked for after longer and longer.
    let tries = account.tries(&after.shipment).saturating_add(1);
    let look_at = now + TimeDelta::seconds(wait_s(tries).into());
    let reference = after
        .reference
        .as_deref()
        .or(account.payment.reference.as_deref());
    writing
        .note_money(&order.id, Some(&after.shipment), kind, amount, reference)
        .await?;
    match after.state {
        ChargeState::PaymentNeeded if before.state != ChargeState::PaymentNeeded => {
            // The customer may pay without anybody telling us.
            writing
                .send_at(
                    ErrandKind::LookUpCharge,
                    &about,
                    Some(&order.id),
                    &content,
                    look_at,
                )
                .await?;
            writing.happened(|| Happened::PaymentNeeded {
                order: order.id.clone(),
                shipment: after.shipment.clone(),
                amount: order.currency.map(|currency| Money::new(amount, currency)),
                has_left: after.amount.is_some(),
            });
            // For what has left, the customer is asked once, however often it is tried.
            let letter = after.amount.map_or(about.as_str(), |_| shipment);
            write_to(writing, order, "payment_needed", letter).await
        }
        ChargeState::Captured => write_to(writing, order, "shipped", shipment).await,
        ChargeState::Unknown => {
            writing
                .send_at(
                    ErrandKind::LookUpCharge,
                    &about,
                    Some(&order.id),
                    &content,
                    look_at,
                )
                .await?;
            Ok(())
        }
        // The same key as before: a provider that has taken it after all does not take it twice.
        ChargeState::Capturing => Ok(writing
            .send(ErrandKind::Capture, &about, Some(&order.id), &content)
            .await?),
        _ => Ok(()),
    }
}

/// Writes down what became of a refund.
///
/// # Errors
///
/// As the database fails.
pub async fn record_refunded(
    app: &App,
    store: &StoreId,
    errand: &str,
    order: &OrderId,
    refund: &str,
    given: Result<Option<String>, String>,
) -> Result<(), ActError> {
    again(|| async {
        let now = app.clock.now();
        let note = Note::new("refund_said", refund);
        let mut writing = app.store.begin(store, note, now).await?;
        if !ended(&mut writing, Some(errand)).await? {
            return Ok(writing.undo().await?);
        }
        let standing = writing.order(order).await?.ok_or(ActError::NotFound)?;
        let account = standing.account.as_ref().ok_or(ActError::NotFound)?;
        let found = account.refunds.iter().find(|known| known.id == refund);
        let found = found.ok_or(ActError::NotFound)?.clone();
        // A bank may send back what was given back, and no more becomes of what was refused.
        let is_news = match found.state {
            RefundState::Due => true,
            RefundState::Done => given.is_err(),
            RefundState::Failed => false,
        };
        if !is_news {
            writing.commit().await?;
            return Ok(());
        }
        let (kind, reference) = match &given {
            Ok(reference) => ("refunded", reference.clone()),
            Err(code) => ("refund_failed", Some(code.clone())),
        };
        let mut after = found.clone();
        after.reference = reference;
        after.state = match given {
            Ok(_) => RefundState::Done,
            Err(_) => RefundState::Failed,
        };
        writing.put_refund(&after).await?;
        if after.state == RefundState::Failed
            && let Some(charge) = account.charge(&found.shipment)
        {
            writing
                .put_charge(&Charge {
                    refunded: charge.refunded - found.amount,
                    ..charge.clone()
                })
                .await?;
        }
        let (shipment, reference) = (Some(&found.shipment), after.reference.as_deref());
        writing
            .note_money(order, shipment, kind, found.amount, reference)
            .await?;
        if after.state == RefundState::Done {
            write_to(&mut writing, &standing.order, "refunded", refund).await?;
        }
        writing.touch_order(order).await?;
        let revision = writing.commit().await?;
        publish(app, store, Touched::Skus(Vec::new()), revision).await;
        Ok(())
    })
    .await
}

/// Ends the errand that asked. False if it had ended before: its answer has been written down then.
async fn ended(writing: &mut Writing, errand: Option<&str>) -> Result<bool, ActError> {
    match errand {
        Some(name) => Ok(writing.end_errand(name, ErrandEnd::Done, None).await?),
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(state: ChargeState, amount: Option<i64>) -> Charge {
        Charge {
            shipment: "W-1.0123456789abcdef".parse().expect("an id"),
            order: "W-1".parse().expect("an id"),
            state,
            authorized: 1_000,
            amount,
            captured: 0,
            refunded: 0,
            own: true,
            is_last: true,
            reference: Some("theirs".into()),
            expires_at: None,
            client_secret: None,
            pay_url: None,
            failure: None,
            captured_at: None,
            grace_ends: None,
        }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().expect("an instant")
    }

    /// The state after what was said, or none where it changed nothing.
    fn state_after(state: ChargeState, amount: Option<i64>, said: &Charged) -> Option<ChargeState> {
        after_charged(&charge(state, amount), said, 0, now()).map(|after| after.state)
    }

    #[test]
    fn nothing_is_captured_that_has_not_left() {
        let captured = Charged::Captured { reference: None };
        for state in [
            ChargeState::Authorizing,
            ChargeState::Authorized,
            ChargeState::PaymentNeeded,
            ChargeState::Releasing,
            ChargeState::Released,
        ] {
            assert_eq!(state_after(state, None, &captured), None, "{state:?}");
        }
    }

    #[test]
    fn what_was_captured_or_let_go_stays_so_whatever_is_said_later() {
        let said = [
            Charged::Captured { reference: None },
            Charged::Expired,
            Charged::NotCaptured,
            Charged::Released,
            Charged::Unknown { why: "late".into() },
            Charged::NeedsCustomer {
                reference: None,
                client_secret: None,
                pay_url: None,
                code: "card_declined".into(),
            },
            Charged::Authorized {
                reference: "other".into(),
                until: None,
            },
        ];
        for state in [ChargeState::Captured, ChargeState::Released] {
            for one in &said {
                assert_eq!(
                    state_after(state, Some(700), one),
                    None,
                    "{state:?} {one:?}"
                );
            }
        }
    }

    #[test]
    fn a_silent_provider_is_asked_what_became_of_it_and_then_once_more_under_the_same_key() {
        let lost = Charged::Unknown {
            why: "timeout".into(),
        };
        let unknown = state_after(ChargeState::Capturing, Some(700), &lost);
        assert_eq!(unknown, Some(ChargeState::Unknown));
        let again = state_after(ChargeState::Unknown, Some(700), &Charged::NotCaptured);
        assert_eq!(again, Some(ChargeState::Capturing));
        let captured = Charged::Captured { reference: None };
        let found = after_charged(
            &charge(ChargeState::Unknown, Some(700)),
            &captured,
            0,
            now(),
        );
        let found = found.expect("it is captured");
        assert_eq!((found.state, found.captured), (ChargeState::Captured, 700));
    }

    #[test]
    fn who_has_to_pay_has_until_the_goods_are_given_away() {
        let declined = Charged::NeedsCustomer {
            reference: None,
            client_secret: None,
            pay_url: None,
            code: "card_declined".into(),
        };
        let after = after_charged(&charge(ChargeState::Authorizing, None), &declined, 0, now());
        let after = after.expect("the customer has to pay");
        assert_eq!(after.state, ChargeState::PaymentNeeded);
        assert_eq!(after.grace_ends, Some(now() + GRACE));
    }
}
