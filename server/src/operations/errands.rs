//! Does what was written down to be done outside: asks providers of payment, sends letters. What comes of it is written down
//! together with the end of the errand, so nothing is done twice by us, and whoever is asked twice after a crash is asked
//! under the same name.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{OrderId, ShipmentId, StoreId};
use shared::money::{Currency, Money};
use tokio::task::JoinSet;

use super::ActError;
use super::charging::{Agreed, Charged, record_agreed, record_charged, record_refunded};
use super::letters;
use super::payment::last_ships_by;
use super::records::{
    Account, Charge, ChargeState, Errand, ErrandEnd, ErrandKind, NOT_YET, PaymentState, Standing,
};
use crate::app::App;
use crate::payments::{self, Answer, OrderPayment, Provider, ProviderError};

/// For how long an errand is one server's: longer than anything it does takes.
const TAKEN_FOR: TimeDelta = TimeDelta::seconds(90);
/// Errands of a store that are done at once.
const AT_ONCE: u32 = 16;
/// How often an errand is tried: the last time about three days after the first.
pub const ATTEMPTS_MAX: u32 = 80;
/// Wait before the second attempt, in seconds; doubled with each up to [`WAIT_S_MAX`].
const WAIT_S: u32 = 2;
/// Longest wait between two questions whether something has come of it, in seconds.
const ASKED_S_MAX: u32 = 60;
/// For how long it is asked whether something has come of it. Whoever pays later says so, or the merchant does.
const ASKED_FOR: TimeDelta = TimeDelta::days(30);
/// Longest wait between attempts, in seconds.
const WAIT_S_MAX: u32 = 3_600;

/// Why an errand did not succeed.
#[derive(Debug)]
pub(super) enum Setback {
    /// It is tried again, after so long if that is known.
    Again(String, Option<Duration>),
    /// It is asked again whether something has come of it.
    NotYet,
    /// It will not succeed.
    Never(String),
    /// It is not needed any more.
    Needless,
}

impl From<ActError> for Setback {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotFound => Self::Needless,
            other => Self::Again(other.to_string(), None),
        }
    }
}

impl From<ProviderError> for Setback {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Busy(after) => {
                Self::Again("the provider has too much to do".into(), after)
            }
            ProviderError::Refused { .. } => Self::Never(error.to_string()),
            ProviderError::Unknown(_) | ProviderError::Unreachable(_) => {
                Self::Again(error.to_string(), None)
            }
        }
    }
}

/// Does the errands of a store that are due, until none is. True if some were put off.
///
/// # Errors
///
/// As the database fails.
pub async fn run_due(app: &App, store: &StoreId) -> Result<bool, ActError> {
    let mut were_put_off = false;
    while let Some(were_some) = run_some(app, store).await? {
        were_put_off |= were_some;
    }
    Ok(were_put_off)
}

/// Does some of the errands of a store that are due. True if some of them were put off; `None` if there are none.
pub(super) async fn run_some(app: &App, store: &StoreId) -> Result<Option<bool>, ActError> {
    let now = app.clock.now();
    let taken = app
        .store
        .take_errands(store, now, now + TAKEN_FOR, AT_ONCE)
        .await?;
    if taken.is_empty() {
        return Ok(None);
    }
    let mut under_way = JoinSet::new();
    for errand in taken {
        let (app, store) = (app.clone(), store.clone());
        under_way.spawn(async move { run_one(&app, &store, errand).await });
    }
    let (mut were_put_off, mut failure) = (false, None);
    // Whatever becomes of one, the others are waited for: a provider that was asked is listened to.
    while let Some(done) = under_way.join_next().await {
        match done {
            Ok(Ok(was_put_off)) => were_put_off |= was_put_off,
            Ok(Err(error)) => drop(failure.get_or_insert(error)),
            Err(panicked) => {
                tracing::error!(error = %panicked, "An errand fell over: {panicked}");
            }
        }
    }
    match failure {
        None => Ok(Some(were_put_off)),
        Some(error) => Err(error),
    }
}

/// Does an errand. True if it was put off.
async fn run_one(app: &App, store: &StoreId, errand: Errand) -> Result<bool, ActError> {
    let now = app.clock.now();
    let outcome = match errand.kind {
        ErrandKind::Mail => letters::send(app, store, &errand)
            .await
            .map_err(Setback::from),
        _ => ask(app, store, &errand).await,
    };
    let name = errand.name.as_str();
    let (why, wait) = match outcome {
        Ok(()) => return Ok(false),
        Err(Setback::Needless) => {
            let dropped = app
                .store
                .end_errand(store, name, now, ErrandEnd::Dropped, None);
            dropped.await?;
            return Ok(false);
        }
        Err(Setback::Never(why)) => return give_up(app, store, &errand, &why, now).await,
        Err(Setback::Again(why, _)) if ATTEMPTS_MAX <= errand.attempts => {
            return give_up(app, store, &errand, &why, now).await;
        }
        Err(Setback::NotYet) if errand.made_at + ASKED_FOR <= now => {
            let dropped = app
                .store
                .end_errand(store, name, now, ErrandEnd::Dropped, None);
            dropped.await?;
            return Ok(false);
        }
        Err(Setback::NotYet) => (NOT_YET.to_owned(), wait_s(errand.attempts).min(ASKED_S_MAX)),
        Err(Setback::Again(why, after)) => {
            tracing::warn!(errand = name, errand.attempts = errand.attempts, error = %why, "Errand `{name}` did not succeed and is tried again: {why}");
            let after = after.map(|after| u32::try_from(after.as_secs()).unwrap_or(WAIT_S_MAX));
            (
                why,
                after
                    .unwrap_or(wait_s(errand.attempts))
                    .clamp(1, WAIT_S_MAX),
            )
        }
    };
    let until = now + TimeDelta::seconds(wait.into());
    app.store.put_off(store, name, until, &why).await?;
    Ok(true)
}

fn wait_s(attempts: u32) -> u32 {
    let doubled = WAIT_S.checked_shl(attempts.saturating_sub(1).min(16));
    doubled.unwrap_or(WAIT_S_MAX).min(WAIT_S_MAX)
}

/// What cannot be done ends, and whatever waits for it is told so.
async fn give_up(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    why: &str,
    now: DateTime<Utc>,
) -> Result<bool, ActError> {
    let name = errand.name.as_str();
    tracing::error!(
        errand = name,
        error = why,
        "Errand `{name}` is given up: {why}"
    );
    let about = About::read(&errand.content);
    let code = why.to_owned();
    let ended: Result<(), ActError> = match (errand.kind, &errand.order, about.shipment()) {
        (ErrandKind::BeginPayment | ErrandKind::LookUpPayment, Some(order), _) => {
            record_agreed(app, store, Some(name), order, &Agreed::Failed { code }).await
        }
        (
            ErrandKind::Authorize | ErrandKind::Capture | ErrandKind::LookUpCharge,
            _,
            Some(shipment),
        ) => {
            let needs = Charged::NeedsCustomer {
                reference: None,
                client_secret: None,
                pay_url: None,
                code,
            };
            record_charged(app, store, Some(name), &shipment, &needs).await
        }
        (ErrandKind::Refund, Some(order), _) => {
            let refund = about.refund.unwrap_or_default();
            record_refunded(app, store, name, order, &refund, Err(code)).await
        }
        _ => Ok(app
            .store
            .end_errand(store, name, now, ErrandEnd::GivenUp, Some(why))
            .await?),
    };
    if errand.kind == ErrandKind::Mail {
        app.metrics.letter_given_up(store.as_str());
    }
    ended.map(|()| false)
}

/// What an errand is about.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct About {
    shipment: Option<String>,
    key: Option<String>,
    refund: Option<String>,
}

impl About {
    fn read(content: &str) -> Self {
        serde_json::from_str(content).unwrap_or_default()
    }

    fn shipment(&self) -> Option<ShipmentId> {
        self.shipment.as_deref()?.parse().ok()
    }
}

/// Asks a provider, and writes its answer down.
async fn ask(app: &App, store: &StoreId, errand: &Errand) -> Result<(), Setback> {
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
        ErrandKind::Mail => Err(Setback::Needless),
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
                order: self.order.clone(),
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
        if !matches!(payment.state, PaymentState::Awaiting | PaymentState::Failed) {
            return Err(Setback::Needless);
        }
        let agreed = match self.provider.look_up_order(reference).await? {
            OrderPayment::Awaiting => return Err(Setback::NotYet),
            OrderPayment::Authorized {
                amount,
                until,
                customer,
                method,
            } => Agreed::Authorized {
                amount,
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
                order: self.order.clone(),
                amount: self.money(charge.authorized),
                customer: payment.customer.clone(),
                method: payment.method.clone().or_else(|| payment.reference.clone()),
            })
            .await?;
        let charged = match answer {
            Answer::Pending => return Err(Setback::NotYet),
            other => charged(other),
        };
        self.charged(&shipment, &charged).await
    }

    async fn capture(&self) -> Result<(), Setback> {
        let (shipment, wanted) = self.wanted_capture()?;
        if wanted.amount.is_zero() {
            let nothing = Charged::Captured { reference: None };
            return self.charged(&shipment, &nothing).await;
        }
        let charged = match self.provider.capture(&wanted).await {
            Ok(Answer::Pending) => return Err(Setback::NotYet),
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
        let charged = match self.provider.look_up_charge(&wanted).await? {
            Answer::Pending => return Err(Setback::NotYet),
            answer => charged(answer),
        };
        self.charged(&shipment, &charged).await
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
        let payment = &self.account.payment;
        let wanted = payments::Capture {
            shipment: shipment.clone(),
            order: self.order.clone(),
            amount: self.money(amount),
            reference: charge
                .reference
                .clone()
                .or_else(|| payment.reference.clone()),
            is_last: charge.reference.is_some() || self.standing.waiting.is_empty(),
        };
        Ok((shipment, wanted))
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
            order: self.order.clone(),
            reference: charge.reference.clone(),
        };
        self.provider.release(&release).await?;
        self.charged(&shipment, &Charged::Released).await
    }

    async fn release_payment(&self) -> Result<(), Setback> {
        let release = payments::Release {
            key: self.order.to_string(),
            shipment: None,
            order: self.order.clone(),
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
            order: self.order.clone(),
            amount: self.money(refund.amount),
            reference: charge
                .reference
                .clone()
                .or_else(|| self.account.payment.reference.clone()),
        };
        let given = match self.provider.refund(&wanted).await {
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

    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }
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
