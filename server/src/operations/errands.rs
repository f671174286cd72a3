//! Does what was written down to be done outside: asks providers of payment, sends letters. What comes of it is written down
//! together with the end of the errand, so nothing is done twice by us, and whoever is asked twice after a crash is asked
//! under the same name.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{OrderId, ShipmentId, StoreId};
use shared::money::{Currency, Money};
use tokio::task::JoinSet;

use super::ActError;
use super::charging::{Agreed, Charged, record_agreed, record_charged, record_refunded};
use super::delays::look_after_delays;
use super::letters;
use super::look_after_payments::{Seen, look_after_payments};
use super::payment::last_ships_by;
use super::records::{
    Account, Charge, ChargeState, Errand, ErrandEnd, ErrandKind, PaymentState, ProviderKind,
    RefundState, Standing,
};
use crate::app::App;
use crate::payments::{self, Answer, OrderPayment, Provider, ProviderError};

/// How often errands are looked for where nobody says that there are some.
const LOOKED_FOR_EVERY: Duration = Duration::from_secs(2);
/// How often all stores are looked at: what another server left undone is found then.
const ALL_EVERY: Duration = Duration::from_secs(10);
/// How often delays are looked after: only a new day changes something.
const DELAYS_EVERY: Duration = Duration::from_secs(60);
/// For how long an errand is one server's: longer than anything it does takes.
const TAKEN_FOR: TimeDelta = TimeDelta::seconds(90);
/// Errands of a store that are done at once.
const AT_ONCE: u32 = 16;
/// How often an errand is tried without an answer: the last time about three days after the first.
pub const ATTEMPTS_MAX: u32 = 80;
/// Wait before the second attempt, in seconds; doubled with each up to [`WAIT_S_MAX`].
const WAIT_S: u32 = 2;
/// Longest wait between two questions whether something has come of it, in seconds.
const ASKED_S_MAX: u32 = 60;
/// Which part of the time since the first question is waited before the next.
const ASKED_S_SHARE: u32 = 4;
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

/// Runs errands for as long as it is polled. A failure is logged and tried again.
pub async fn run(app: App) {
    let mut seen = Seen::default();
    // Stores that are to be looked at again soon.
    let mut open: HashSet<StoreId> = HashSet::new();
    let (mut all_at, mut delays_at) = (None, None);
    loop {
        let mut due = app.errands.wait(LOOKED_FOR_EVERY).await;
        due.extend(open.drain());
        if is_due(&mut all_at, ALL_EVERY) {
            due.extend(
                app.catalogue
                    .shops()
                    .into_iter()
                    .map(|shop| shop.id.clone()),
            );
        }
        if is_due(&mut delays_at, DELAYS_EVERY) {
            for shop in app.catalogue.shops() {
                if let Err(error) = look_after_delays(&app, &shop.id).await {
                    tracing::warn!(error = %error, "Cannot look after delays: {error}");
                }
            }
        }
        for store in due {
            let mut is_open = false;
            match look_after_payments(&app, &store, &mut seen).await {
                Ok(was_looked) => is_open |= !was_looked,
                Err(error) => tracing::warn!(error = %error, "Cannot look after payments: {error}"),
            }
            match run_due(&app, &store).await {
                Ok(were_put_off) => is_open |= were_put_off,
                Err(error) => tracing::warn!(error = %error, "Cannot run errands: {error}"),
            }
            if is_open {
                open.insert(store);
            }
        }
    }
}

fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let is_due = last.is_none_or(|at| every <= at.elapsed());
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

/// Does the errands of a store that are due, until none is. True if some were put off.
///
/// # Errors
///
/// As the database fails.
pub async fn run_due(app: &App, store: &StoreId) -> Result<bool, ActError> {
    let mut were_put_off = false;
    loop {
        let now = app.clock.now();
        let taken = app
            .store
            .take_errands(store, now, now + TAKEN_FOR, AT_ONCE)
            .await?;
        if taken.is_empty() {
            return Ok(were_put_off);
        }
        let mut under_way = JoinSet::new();
        for errand in taken {
            let (app, store) = (app.clone(), store.clone());
            under_way.spawn(async move { run_one(&app, &store, errand).await });
        }
        while let Some(done) = under_way.join_next().await {
            match done {
                Ok(outcome) => were_put_off |= outcome?,
                Err(panicked) => {
                    tracing::error!(error = %panicked, "An errand fell over: {panicked}");
                }
            }
        }
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
        Err(Setback::NotYet) => {
            let age = (now - errand.made_at).num_seconds().max(0);
            // Nobody waits at a screen for a refund.
            let most = match errand.kind {
                ErrandKind::Refund => WAIT_S_MAX,
                _ => ASKED_S_MAX,
            };
            let wait = u32::try_from(age).unwrap_or(WAIT_S_MAX) / ASKED_S_SHARE;
            let until = now + TimeDelta::seconds(wait.clamp(WAIT_S, most).into());
            app.store.ask_again(store, name, until).await?;
            return Ok(true);
        }
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

/// How long is waited after so many attempts, in seconds.
pub(super) fn wait_s(attempts: u32) -> u32 {
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
