//! Asks providers of payment what an errand is about, and writes their answers down.

use shared::ids::{OrderId, ShipmentId, StoreId};
use shared::money::{Currency, Money};

use super::ActError;
use super::charging::{Agreed, Charged, record_agreed, record_charged, record_refunded};
use super::errands::{ATTEMPTS_MAX, About, Setback};
use super::payment::last_ships_by;
use super::records::{
    Account, Charge, ChargeState, Errand, ErrandEnd, ErrandKind, PaymentState, ProviderKind,
    RefundState, Standing,
};
use crate::app::App;
use crate::payments::{self, Answer, OrderPayment, Provider, ProviderError};

/// Asks a provider, and writes its answer down.
pub(super) async fn ask(app: &App, store: &StoreId, errand: &Errand) -> Result<(), Setback> {
    let order = errand.order.clone().ok_or(Setback::Needless)?;
    let now = app.clock.now();
    let standing = app
        .store
        .order(store, &order, now)
        .await
        .map_err(ActError::from)?;
    let standing = standing.ok_or(Setback::Needless)?;
    let account = standing.account.as_ref().ok_or(Setback::Needless)?;
    let currency = standing.order.currency.ok_or(Setback::Needless)?;
    let kind = account.payment.provider;
    let provider = app.connections.provider(store, kind).ok_or_else(|| {
        Setback::Again(
            format!(
                "nobody said how to reach {}: see docs/accounts.md",
                kind.name()
            ),
            None,
        )
    })?;
    let asking = Asking {
        app,
        store,
        errand,
        order: &order,
        standing: &standing,
        account,
        currency,
        provider,
        about: About::read(&errand.content),
    };
    match errand.kind {
        ErrandKind::BeginPayment => asking.begin().await,
        ErrandKind::LookUpPayment => asking.look_up_payment().await,
        ErrandKind::Authorize => asking.authorize().await,
        ErrandKind::Capture => asking.capture().await,
        ErrandKind::LookUpCharge => asking.look_up_charge().await,
        ErrandKind::ReleaseCharge => asking.release_charge().await,
        ErrandKind::ReleasePayment => asking.release_payment().await,
        ErrandKind::Refund => asking.refund().await,
        ErrandKind::Mail
        | ErrandKind::WaitlistMail
        | ErrandKind::ReorderMail
        | ErrandKind::MerchantMail
        | ErrandKind::Post => Err(Setback::Needless),
    }
}

struct Asking<'a> {
    app: &'a App,
    store: &'a StoreId,
    errand: &'a Errand,
    order: &'a OrderId,
    standing: &'a Standing,
    account: &'a Account,
    currency: Currency,
    provider: &'a Provider,
    about: About,
}

impl Asking<'_> {
    async fn begin(&self) -> Result<(), Setback> {
        if self.account.payment.state != PaymentState::Beginning {
            return Err(Setback::Needless);
        }
        let waiting = &self.standing.waiting;
        let mut days: Vec<_> = waiting
            .iter()
            .map(|part| (part.location.clone(), part.due_day()))
            .collect();
        days.sort_unstable();
        days.dedup();
        let begun = self
            .provider
            .begin(&payments::Begin {
                whose: self.whose(),
                amount: self.money(self.account.payment.total),
                parcels: days.len(),
                last_ships_by: last_ships_by(waiting),
                today: self.app.clock.now().date_naive(),
            })
            .await?;
        let awaiting = Agreed::Awaiting {
            reference: begun.reference,
            client_secret: begun.client_secret,
        };
        Ok(record_agreed(
            self.app,
            self.store,
            Some(&self.errand.name),
            self.order,
            &awaiting,
        )
        .await?)
    }

    async fn look_up_payment(&self) -> Result<(), Setback> {
        let payment = &self.account.payment;
        let reference = payment.reference.as_deref().ok_or(Setback::Needless)?;
        match payment.state {
            PaymentState::Awaiting | PaymentState::Failed => {}
            // Who confirmed while it was let go is not charged for what nobody wants any more.
            PaymentState::Released => {
                return match self.provider.look_up_order(reference).await? {
                    OrderPayment::Authorized { .. } => self.release_payment().await,
                    _ => Err(Setback::Needless),
                };
            }
            _ => return Err(Setback::Needless),
        }
        let agreed = match self.provider.look_up_order(reference).await? {
            OrderPayment::Awaiting => return Err(Setback::NotYet),
            OrderPayment::Authorized {
                amount,
                in_parts,
                until,
                customer,
                method,
            } => Agreed::Authorized {
                amount,
                in_parts,
                until,
                customer,
                method,
            },
            OrderPayment::Saved { customer, method } => Agreed::Saved { customer, method },
            OrderPayment::Failed { code } if payment.failure.as_deref() == Some(code.as_str()) => {
                return Err(Setback::NotYet);
            }
            // The shopper may try again: it is looked up again too.
            OrderPayment::Failed { code } => {
                let failed = Agreed::Failed { code };
                record_agreed(self.app, self.store, None, self.order, &failed).await?;
                return Err(Setback::NotYet);
            }
        };
        Ok(record_agreed(
            self.app,
            self.store,
            Some(&self.errand.name),
            self.order,
            &agreed,
        )
        .await?)
    }

    async fn authorize(&self) -> Result<(), Setback> {
        let shipment = self.about.shipment().ok_or(Setback::Needless)?;
        let charge = self.account.charge(&shipment).ok_or(Setback::Needless)?;
        if charge.state != ChargeState::Authorizing {
            return Err(Setback::Needless);
        }
        let payment = &self.account.payment;
        let answer = self
            .provider
            .authorize(&payments::Authorize {
                key: self
                    .about
                    .key
                    .clone()
                    .unwrap_or_else(|| shipment.to_string()),
                shipment: shipment.clone(),
                whose: self.whose(),
                amount: self.money(charge.authorized),
                customer: payment.customer.clone(),
                method: match payment.provider {
                    ProviderKind::Stripe => payment.method.clone(),
                    ProviderKind::External => payment.reference.clone(),
                },
            })
            .await?;
        let charged = match answer {
            Answer::Pending => return Err(Setback::NotYet),
            Answer::Authorized { .. } | Answer::NeedsCustomer { .. } => charged(answer),
            // Nothing was captured that has not left, whatever it says.
            _ => return Err(not_asked_for("authorize")),
        };
        self.charged(&shipment, &charged).await
    }

    async fn capture(&self) -> Result<(), Setback> {
        let (shipment, wanted) = self.wanted_capture()?;
        if wanted.amount.is_zero() {
            let nothing = Charged::Captured { reference: None };
            return self.charged(&shipment, &nothing).await;
        }
        let charge = self.account.charge(&shipment).ok_or(Setback::Needless)?;
        let answer = match charge.is_anew() {
            true => self.charge_anew(charge, wanted.amount).await,
            false => self.provider.capture(&wanted).await,
        };
        let charged = match answer {
            Ok(Answer::Pending) => return Err(Setback::NotYet),
            Ok(Answer::Authorized { .. } | Answer::Done { .. }) => {
                return Err(not_asked_for("capture"));
            }
            Ok(answer) => charged(answer),
            // Never blindly again: at first it is asked what became of it.
            Err(ProviderError::Unknown(why)) => Charged::Unknown { why },
            Err(error) => return Err(error.into()),
        };
        self.charged(&shipment, &charged).await
    }

    async fn look_up_charge(&self) -> Result<(), Setback> {
        let shipment = self.about.shipment().ok_or(Setback::Needless)?;
        let charge = self.account.charge(&shipment).ok_or(Setback::Needless)?;
        let is_open = matches!(
            charge.state,
            ChargeState::Authorizing | ChargeState::PaymentNeeded
        );
        if is_open && charge.amount.is_none() {
            return self.look_up_authorization(&shipment, charge).await;
        }
        let (shipment, wanted) = self.wanted_capture()?;
        let is_tried_again = self.account.tries(&shipment) < ATTEMPTS_MAX;
        let answer = match charge.is_anew() {
            // It looks whether that was done before.
            true => self.charge_anew(charge, wanted.amount).await?,
            false => self.provider.look_up_charge(&wanted).await?,
        };
        let is_stripe = self.account.payment.provider == ProviderKind::Stripe;
        let charged = match (charge.state, answer) {
            (_, Answer::Pending) => return Err(Setback::NotYet),
            (_, Answer::Authorized { .. } | Answer::Done { .. }) => {
                return Err(not_asked_for("capture"));
            }
            (ChargeState::PaymentNeeded, Answer::NotCaptured) if !is_tried_again => {
                return Err(Setback::NotYet);
            }
            // The customer has not paid yet, and may do so without anybody telling us.
            (ChargeState::PaymentNeeded, Answer::Expired | Answer::NeedsCustomer { .. })
                if is_stripe =>
            {
                return Err(Setback::NotYet);
            }
            (_, answer) => charged(answer),
        };
        self.charged(&shipment, &charged).await
    }

    /// Charges what has left to what is saved, because what was authorized for it has run out.
    async fn charge_anew(&self, charge: &Charge, amount: Money) -> Result<Answer, ProviderError> {
        let payment = &self.account.payment;
        self.provider
            .charge(&payments::Authorize {
                key: charge.shipment.to_string(),
                shipment: charge.shipment.clone(),
                whose: self.whose(),
                amount,
                customer: payment.customer.clone(),
                method: payment.method.clone(),
            })
            .await
    }

    /// Has the customer confirmed it meanwhile?
    async fn look_up_authorization(
        &self,
        shipment: &ShipmentId,
        charge: &Charge,
    ) -> Result<(), Setback> {
        let reference = charge.reference.clone().ok_or(Setback::NotYet)?;
        match self.provider.look_up_order(&reference).await? {
            OrderPayment::Authorized { until, .. } => {
                let agreed = Charged::Authorized { reference, until };
                self.charged(shipment, &agreed).await
            }
            _ => Err(Setback::NotYet),
        }
    }

    fn wanted_capture(&self) -> Result<(ShipmentId, payments::Capture), Setback> {
        let shipment = self.about.shipment().ok_or(Setback::Needless)?;
        let charge = self.account.charge(&shipment).ok_or(Setback::Needless)?;
        let is_under_way = matches!(
            charge.state,
            ChargeState::Capturing | ChargeState::Unknown | ChargeState::PaymentNeeded
        );
        let amount = charge
            .amount
            .filter(|_| is_under_way)
            .ok_or(Setback::Needless)?;
        if !self.is_its_turn(charge) {
            return Err(Setback::NotYet);
        }
        let payment = &self.account.payment;
        let wanted = payments::Capture {
            shipment: shipment.clone(),
            whose: self.whose(),
            amount: self.money(amount),
            reference: match charge.own {
                true => charge.reference.clone(),
                false => charge
                    .reference
                    .clone()
                    .or_else(|| payment.reference.clone()),
            },
            is_last: charge.is_last,
            before: self.captured_before(charge),
        };
        Ok((shipment, wanted))
    }

    /// Parcels that are charged to one authorization are captured one after another: how much came of it says for which.
    fn is_its_turn(&self, charge: &Charge) -> bool {
        let left_at = |shipment: &ShipmentId| {
            let mut shipments = self.standing.shipments.iter();
            let found = shipments.find(|left| left.id == *shipment);
            found.map(|left| left.revision)
        };
        let is_before = |other: &Charge| {
            matches!(other.state, ChargeState::Capturing | ChargeState::Unknown)
                && other.shipment != charge.shipment
                && (charge.state == ChargeState::PaymentNeeded
                    || left_at(&other.shipment) < left_at(&charge.shipment))
        };
        charge.own
            || self.account.payment.provider != ProviderKind::Stripe
            || !self.account.drawn().any(|(other, _)| is_before(other))
    }

    /// What was captured of the same authorization for other parcels.
    fn captured_before(&self, charge: &Charge) -> i64 {
        let others = self.account.drawn().filter(|(other, _)| {
            !charge.own && other.shipment != charge.shipment && other.state == ChargeState::Captured
        });
        others.map(|(_, amount)| amount).sum()
    }

    async fn release_charge(&self) -> Result<(), Setback> {
        let shipment = self.about.shipment().ok_or(Setback::Needless)?;
        let charge = self.account.charge(&shipment).ok_or(Setback::Needless)?;
        if charge.state != ChargeState::Releasing {
            return Err(Setback::Needless);
        }
        let release = payments::Release {
            key: self.errand.name.replace(' ', "-"),
            shipment: Some(shipment.clone()),
            whose: self.whose(),
            reference: charge.reference.clone(),
        };
        self.provider.release(&release).await?;
        self.charged(&shipment, &Charged::Released).await
    }

    async fn release_payment(&self) -> Result<(), Setback> {
        let release = payments::Release {
            key: self.errand.name.replace(' ', "-"),
            shipment: None,
            whose: self.whose(),
            reference: self.account.payment.reference.clone(),
        };
        self.provider.release(&release).await?;
        let (name, now) = (&self.errand.name, self.app.clock.now());
        let ended = self
            .app
            .store
            .end_errand(self.store, name, now, ErrandEnd::Done, None)
            .await;
        Ok(ended.map_err(ActError::from)?)
    }

    async fn refund(&self) -> Result<(), Setback> {
        let name = self.about.refund.as_deref().ok_or(Setback::Needless)?;
        let mut refunds = self.account.refunds.iter();
        let refund = refunds
            .find(|refund| refund.id == name)
            .ok_or(Setback::Needless)?;
        let charge = self
            .account
            .charge(&refund.shipment)
            .ok_or(Setback::Needless)?;
        let wanted = payments::Refund {
            key: refund.id.clone(),
            shipment: refund.shipment.clone(),
            whose: self.whose(),
            amount: self.money(refund.amount),
            reference: charge
                .reference
                .clone()
                .or_else(|| self.account.payment.reference.clone()),
        };
        let answer = match refund.state {
            RefundState::Due => self.provider.refund(&wanted).await,
            // A bank may send back what was given back.
            RefundState::Done => match self.provider.look_up_refund(&wanted).await {
                Ok(Some(answer)) => Ok(answer),
                Ok(None) => return Err(Setback::Needless),
                Err(error) => Err(error),
            },
            RefundState::Failed => return Err(Setback::Needless),
        };
        let given = match answer {
            Ok(Answer::Pending) => return Err(Setback::NotYet),
            Ok(Answer::Done { reference }) => Ok(reference),
            Ok(_) => Err("the provider answered something else than asked".to_owned()),
            Err(ProviderError::Refused { code, .. }) => Err(code),
            Err(error) => return Err(error.into()),
        };
        Ok(record_refunded(
            self.app,
            self.store,
            &self.errand.name,
            self.order,
            name,
            given,
        )
        .await?)
    }

    async fn charged(&self, shipment: &ShipmentId, charged: &Charged) -> Result<(), Setback> {
        Ok(record_charged(
            self.app,
            self.store,
            Some(&self.errand.name),
            shipment,
            charged,
        )
        .await?)
    }

    fn whose(&self) -> payments::Whose {
        payments::Whose {
            store: self.store.clone(),
            order: self.order.clone(),
            placed_at: self.standing.order.placed_at,
        }
    }

    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }
}

/// A provider answered something that nobody asked it for.
fn not_asked_for(asked: &str) -> Setback {
    Setback::Never(format!(
        "it answers otherwise than it is asked to {asked}; docs/payments.md says how"
    ))
}

/// What a provider's answer is to a charge.
fn charged(answer: Answer) -> Charged {
    match answer {
        Answer::Authorized { reference, until } => Charged::Authorized { reference, until },
        Answer::Captured { reference } => Charged::Captured { reference },
        Answer::NeedsCustomer {
            reference,
            client_secret,
            pay_url,
            code,
        } => Charged::NeedsCustomer {
            reference,
            client_secret,
            pay_url,
            code,
        },
        Answer::Expired => Charged::Expired,
        Answer::NotCaptured | Answer::Pending => Charged::NotCaptured,
        Answer::Done { .. } => Charged::Released,
    }
}
