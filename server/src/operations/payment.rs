//! Money is taken when goods leave, parcel by parcel, and never more than was agreed.
//!
//! What is to be asked of a provider is decided here from how an order stands, and written down with the change that
//! made it necessary; [`super::errands`] asks it afterwards. A parcel leaves only under an authorization that still holds.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use shared::bill::Cost;
use shared::ids::ShipmentId;
use shared::quantity::Quantity;

use super::ActError;
use super::parcels::{Parcel, parcels};
use super::place_order::Pay;
use super::records::{
    Account, Charge, ChargeState, ErrandKind, Order, Payment, PaymentState, ProviderKind, Standing,
    WaitingPart,
};
use crate::store::Writing;

/// For how long an order waits for the shopper to confirm its payment.
pub const CONFIRMED_WITHIN: TimeDelta = TimeDelta::hours(1);
/// For how long goods are kept for a customer whose payment was refused.
pub const GRACE: TimeDelta = TimeDelta::days(7);
/// An authorization is not relied on in its last minutes.
pub(super) const RELIED_ON_UNTIL: TimeDelta = TimeDelta::minutes(10);

/// What an order's money asks for, as the order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyStep {
    /// This parcel can leave once the provider has agreed to so much.
    Authorize(ShipmentId, i64),
    /// Nothing leaves under this charge any more.
    LetGo(ShipmentId),
    /// Nothing is charged for the order any more.
    Close,
    /// Nobody confirmed the payment in time: the order is not wanted.
    GiveUp,
    /// The customer did not pay for this parcel in time: what is in it is not wanted.
    GiveUpParcel(ShipmentId),
}

/// Writes down how a new order is paid, and what is to be asked and told for it.
///
/// # Errors
///
/// [`ActError::Field`] for a payment without prices.
pub(super) async fn begin(
    writing: &mut Writing,
    order: &Order,
    pay: Option<Pay>,
) -> Result<(), ActError> {
    let Some(pay) = pay else {
        return confirm(writing, order).await;
    };
    if order.currency.is_none() {
        let detail = "what is paid must have a price: give each line a `unit_price`";
        return Err(ActError::field("/lines/0/unit_price", "required", detail));
    }
    let total = order.cost().total();
    let is_agreed = pay.provider == ProviderKind::External || total == 0;
    let payment = Payment {
        order: order.id.clone(),
        provider: pay.provider,
        total,
        state: match is_agreed {
            true => PaymentState::Authorized,
            false => PaymentState::Beginning,
        },
        reference: pay.reference,
        client_secret: None,
        customer: None,
        method: None,
        authorized: if is_agreed { total } else { 0 },
        // The merchant's own system is asked for each parcel.
        in_parts: pay.provider == ProviderKind::External,
        expires_at: pay.expires_at,
        failure: None,
    };
    writing.put_payment(&payment).await?;
    if !is_agreed {
        return Ok(writing
            .send(
                ErrandKind::BeginPayment,
                order.id.as_str(),
                Some(&order.id),
                "{}",
            )
            .await?);
    }
    let reference = payment.reference.as_deref();
    writing
        .note_money(&order.id, None, "authorized", total, reference)
        .await?;
    confirm(writing, order).await
}

/// The order stands: its customer is told.
pub(super) async fn confirm(writing: &mut Writing, order: &Order) -> Result<(), ActError> {
    write_to(writing, order, "confirmed", order.id.as_str()).await
}

/// A letter to whoever ordered, if the shop said where to. `about` makes its name, so that none is sent twice.
pub(super) async fn write_to(
    writing: &mut Writing,
    order: &Order,
    letter: &str,
    about: &str,
) -> Result<(), ActError> {
    write_of(writing, order, letter, about, &[]).await
}

/// The same, about units of some lines.
pub(super) async fn write_of(
    writing: &mut Writing,
    order: &Order,
    letter: &str,
    about: &str,
    lines: &[(u32, u32)],
) -> Result<(), ActError> {
    if order.customer.email.is_none() {
        return Ok(());
    }
    let content = serde_json::json!({"letter": letter, "about": about, "lines": lines}).to_string();
    let name = format!("{letter}/{about}");
    writing
        .send(ErrandKind::Mail, &name, Some(&order.id), &content)
        .await?;
    Ok(())
}

/// The day by which all that waits leaves; `None`: of some of it no day is known.
pub(super) fn last_ships_by(waiting: &[WaitingPart]) -> Option<NaiveDate> {
    let days: Option<Vec<NaiveDate>> = waiting.iter().map(WaitingPart::due_day).collect();
    days?.into_iter().max()
}

/// What a parcel costs, if it leaves now.
pub fn cost(order: &Order, parcel: &Parcel) -> Cost {
    let lines = units(parcel).into_iter().filter_map(|(at, units)| {
        let line = order.lines.get(at)?;
        Some(line.cost.share(line.settled(), units, line.quantity))
    });
    lines.fold(Cost::default(), Cost::plus)
}

/// The most that a parcel may cost, whatever leaves before it.
fn cost_at_most(order: &Order, parcel: &Parcel) -> i64 {
    let lines = units(parcel).into_iter().filter_map(|(at, units)| {
        let line = order.lines.get(at)?;
        Some(line.cost.share_at_most(units, line.quantity))
    });
    lines.sum()
}

fn units(parcel: &Parcel) -> Vec<(usize, Quantity)> {
    let mut units: Vec<(usize, Quantity)> = Vec::new();
    for part in &parcel.parts {
        let Ok(line) = usize::try_from(part.line) else {
            continue;
        };
        match units.last_mut() {
            Some((last, sum)) if *last == line => *sum = sum.plus(part.quantity),
            _ => units.push((line, part.quantity)),
        }
    }
    units
}

/// What is charged for a parcel that leaves now, of all that waits.
///
/// # Errors
///
/// [`ActError::Conflict`] where no authorization covers it: it must not leave.
pub fn charge_for(
    account: &Account,
    waiting: &[WaitingPart],
    parcel: &Parcel,
    cost: Cost,
    now: DateTime<Utc>,
) -> Result<Charge, ActError> {
    let holds = |until: Option<DateTime<Utc>>| until.is_none_or(|end| now < end);
    let wanted = cost.total().max(0);
    match account.charge(&parcel.id) {
        Some(charge) if charge.state == ChargeState::Authorized && holds(charge.expires_at) => {
            return Ok(Charge {
                state: ChargeState::Capturing,
                amount: Some(wanted.min(charge.authorized)),
                ..charge.clone()
            });
        }
        Some(charge) if charge.state == ChargeState::PaymentNeeded => {
            let detail =
                "the customer has to pay for it first and was told so; keep it here until then";
            return Err(ActError::conflict("payment_needed", detail));
        }
        _ => {}
    }
    let payment = &account.payment;
    if is_free(account, &parcel.id, wanted) && is_agreed(payment.state) {
        let nothing = charge(account, parcel.id.clone(), 0);
        return Ok(Charge {
            state: ChargeState::Capturing,
            amount: Some(0),
            ..account.charge(&parcel.id).cloned().unwrap_or(nothing)
        });
    }
    if payment.state == PaymentState::Authorized
        && holds(payment.expires_at)
        && wanted <= left(account)
    {
        return Ok(Charge {
            state: ChargeState::Capturing,
            amount: Some(wanted),
            is_last: !payment.in_parts || is_last(account, waiting, parcel),
            ..charge(account, parcel.id.clone(), wanted)
        });
    }
    let detail = match payment.state {
        PaymentState::Beginning | PaymentState::Awaiting | PaymentState::Failed => {
            "the shopper has not confirmed the payment yet; keep it here until then"
        }
        _ => "the provider is being asked whether it may be charged; try again in a moment",
    };
    Err(ActError::conflict("payment_needed", detail))
}

/// True if a parcel costs nothing, and nobody was asked about it: nobody needs to be.
fn is_free(account: &Account, shipment: &ShipmentId, cost: i64) -> bool {
    let charge = account.charge(shipment);
    cost <= 0 && charge.is_none_or(|charge| charge.authorized == 0)
}

/// True if the shopper agreed to pay, whatever for.
const fn is_agreed(state: PaymentState) -> bool {
    matches!(state, PaymentState::Authorized | PaymentState::Saved)
}

/// True if nothing is captured of the order's authorization after this parcel. Where another one is still under way, that is
/// not said: it may come later.
fn is_last(account: &Account, waiting: &[WaitingPart], parcel: &Parcel) -> bool {
    let mut drawn = account.drawn();
    waiting.iter().all(|part| parcel.parts.contains(part))
        && drawn.all(|(charge, _)| charge.state == ChargeState::Captured)
}

/// What may still be drawn from the authorization of the order as a whole: nothing after the first parcel, where it is not
/// captured in parts, because the provider lets go of the rest then.
fn left(account: &Account) -> i64 {
    let drawn: i64 = account.drawn().map(|(_, amount)| amount).sum();
    match account.payment.in_parts || drawn == 0 {
        true => account.payment.authorized - drawn,
        false => 0,
    }
}

fn charge(account: &Account, shipment: ShipmentId, authorized: i64) -> Charge {
    Charge {
        shipment,
        order: account.payment.order.clone(),
        state: ChargeState::Authorizing,
        authorized,
        amount: None,
        captured: 0,
        refunded: 0,
        own: false,
        is_last: false,
        reference: None,
        expires_at: None,
        client_secret: None,
        pay_url: None,
        failure: None,
        captured_at: None,
        grace_ends: None,
    }
}

/// What an order's money asks for, as the order stands.
pub fn steps(standing: &Standing, now: DateTime<Utc>) -> Vec<MoneyStep> {
    let Some(account) = &standing.account else {
        return Vec::new();
    };
    let payment = &account.payment;
    let is_unconfirmed = matches!(
        payment.state,
        PaymentState::Beginning | PaymentState::Awaiting | PaymentState::Failed
    );
    if is_unconfirmed && !standing.waiting.is_empty() {
        let is_late = standing.order.placed_at + CONFIRMED_WITHIN <= now;
        return if is_late {
            vec![MoneyStep::GiveUp]
        } else {
            Vec::new()
        };
    }
    let mut steps = Vec::new();
    let ready = parcels(&standing.waiting);
    for charge in &account.charges {
        let leaves = ready.iter().any(|parcel| parcel.id == charge.shipment);
        match charge.state {
            ChargeState::PaymentNeeded if charge.amount.is_none() => {
                if !leaves {
                    steps.push(MoneyStep::LetGo(charge.shipment.clone()));
                } else if charge.grace_ends.is_some_and(|end| end <= now) {
                    steps.push(MoneyStep::GiveUpParcel(charge.shipment.clone()));
                }
            }
            ChargeState::Authorized if !leaves => {
                steps.push(MoneyStep::LetGo(charge.shipment.clone()))
            }
            _ => {}
        }
    }
    for parcel in &ready {
        let cost = cost(&standing.order, parcel).total();
        let is_covered = match account.charge(&parcel.id) {
            _ if is_free(account, &parcel.id, cost) => true,
            Some(charge) => {
                let ends_soon = charge
                    .expires_at
                    .is_some_and(|end| end <= now + RELIED_ON_UNTIL);
                !(charge.state == ChargeState::Released
                    || charge.state == ChargeState::Authorized && ends_soon)
            }
            None => {
                let ends_soon = payment
                    .expires_at
                    .is_some_and(|end| end <= now + RELIED_ON_UNTIL);
                payment.state == PaymentState::Authorized && !ends_soon && cost <= left(account)
            }
        };
        if !is_covered && is_agreed(payment.state) {
            let most = cost_at_most(&standing.order, parcel);
            steps.push(MoneyStep::Authorize(parcel.id.clone(), most));
        }
    }
    let is_over = |charge: &Charge| {
        matches!(
            charge.state,
            ChargeState::Captured | ChargeState::Released | ChargeState::Releasing
        )
    };
    if standing.waiting.is_empty()
        && payment.state != PaymentState::Released
        && account.charges.iter().all(is_over)
    {
        steps.push(MoneyStep::Close);
    }
    steps
}

/// Writes down what an order's money asks for that nothing but money is needed for. What is left is for the caller:
/// orders and parcels to give up.
pub(super) async fn take_steps(
    writing: &mut Writing,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<Vec<MoneyStep>, ActError> {
    let Some(account) = &standing.account else {
        return Ok(Vec::new());
    };
    let order = &standing.order.id;
    let mut left = Vec::new();
    for step in steps(standing, now) {
        match step {
            MoneyStep::Authorize(shipment, most) => {
                let before = account.charge(&shipment);
                let asked = Charge {
                    own: true,
                    is_last: true,
                    ..charge(account, shipment.clone(), most)
                };
                writing.put_charge(&asked).await?;
                // A second authorization of the same parcel is another errand.
                let about = match before {
                    None => shipment.to_string(),
                    Some(_) => format!("{shipment}/{}", writing.revision()),
                };
                let content = serde_json::json!({"shipment": shipment.as_str(), "key": about});
                writing
                    .send(
                        ErrandKind::Authorize,
                        &about,
                        Some(order),
                        &content.to_string(),
                    )
                    .await?;
            }
            MoneyStep::LetGo(shipment) => {
                let Some(charge) = account.charge(&shipment) else {
                    continue;
                };
                let state = match charge.reference {
                    Some(_) => ChargeState::Releasing,
                    None => ChargeState::Released,
                };
                writing
                    .put_charge(&Charge {
                        state,
                        ..charge.clone()
                    })
                    .await?;
                if state == ChargeState::Releasing {
                    let content = serde_json::json!({"shipment": shipment.as_str()}).to_string();
                    let about = format!("{shipment}/{}", writing.revision());
                    writing
                        .send(ErrandKind::ReleaseCharge, &about, Some(order), &content)
                        .await?;
                }
            }
            MoneyStep::Close => {
                let payment = &account.payment;
                writing
                    .put_payment(&Payment {
                        state: PaymentState::Released,
                        client_secret: None,
                        ..payment.clone()
                    })
                    .await?;
                // What the shopper has not confirmed may still be confirmed, unless it is let go as well.
                let is_kept = match payment.state {
                    PaymentState::Awaiting | PaymentState::Failed => payment.reference.is_some(),
                    PaymentState::Authorized => 0 < self::left(account),
                    _ => false,
                };
                if is_kept {
                    writing
                        .send(
                            ErrandKind::ReleasePayment,
                            order.as_str(),
                            Some(order),
                            "{}",
                        )
                        .await?;
                }
                writing
                    .note_money(order, None, "closed", account.kept(), None)
                    .await?;
            }
            give_up => left.push(give_up),
        }
    }
    Ok(left)
}
