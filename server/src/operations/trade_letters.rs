//! Sends letters to suppliers and to the merchant, from how things stand when they go.

use serde::de::DeserializeOwned;
use shared::ids::{ReorderId, Sku, StoreId};

use super::ActError;
use super::letters::Unsent;
use super::low_stock;
use super::order_forms::{pdf, supplier_order, title};
use super::records::{AlertKind, Errand, ErrandEnd};
use super::reorders;
use super::reserve::as_kept;
use crate::app::App;
use crate::mail::carrier::Undelivered;
use crate::mail::render::Mail;
use crate::mail::trade::MerchantNews;

/// Sends an order to its supplier, or asks about it, and ends the errand.
pub(super) async fn send_order(app: &App, store: &StoreId, errand: &Errand) -> Result<(), Unsent> {
    let about: reorders::About = read(errand)?;
    let id: ReorderId = about.reorder.parse().map_err(|_| Unsent::Needless)?;
    let found = app
        .store
        .reorder(store, &id)
        .await
        .map_err(ActError::from)?;
    let reorder = found.ok_or(Unsent::Needless)?;
    // Who has said yes, or is to send no more, is not written to.
    if !reorders::is_awaited(app, store, &reorder).await? {
        return Err(Unsent::Needless);
    }
    let policy = app.store.reorder_policy(store).await;
    let policy = policy.map_err(ActError::from)?;
    let terms = policy.at(&reorder.supplier);
    let to = terms.and_then(|terms| terms.email.clone());
    let to = to.ok_or_else(|| {
        Unsent::Again("nobody said where the supplier is written to any more".into())
    })?;
    let order = supplier_order(app, store, &reorder, about.is_reminder).await?;
    // A PDF that cannot be written is no reason to order nothing: the letter and the CSV say the same.
    let form = pdf(order.clone()).await;
    let form = form.inspect_err(|error| {
        tracing::error!(reorder = %id, error = %error, "Reorder `{id}` is sent without its PDF: {error}");
    });
    carry(app, store, errand, &to, &order.mail(form.ok())).await
}

/// Tells the merchant of alerts that still stand, and ends the errand.
pub(super) async fn tell_merchant(
    app: &App,
    store: &StoreId,
    errand: &Errand,
) -> Result<(), Unsent> {
    let about: low_stock::About = read(errand)?;
    let shop = app.catalogue.shop(store).ok_or(Unsent::Needless)?;
    let policy = app.store.reorder_policy(store).await;
    let policy = policy.map_err(ActError::from)?;
    let to = policy.email.ok_or(Unsent::Needless)?;
    let alerts = app.store.alerts_of(store, &about.alerts).await;
    let alerts = alerts.map_err(ActError::from)?;
    let mut news = MerchantNews {
        shop: shop.settings().name.clone(),
        low: Vec::new(),
        unconfirmed: Vec::new(),
    };
    for alert in alerts.into_iter().filter(|alert| alert.ended_at.is_none()) {
        match alert.kind {
            AlertKind::LowStock => {
                let sku: Option<Sku> = alert.subject.parse().ok();
                let title = sku.and_then(|sku| title(&shop, &sku));
                let called = match title {
                    Some(title) => format!("{title} ({})", alert.subject),
                    None => alert.subject,
                };
                let point = alert.reorder_point.unwrap_or_default();
                news.low
                    .push((called, alert.position.unwrap_or_default(), point));
            }
            AlertKind::Unconfirmed => {
                let id: Option<ReorderId> = alert.subject.parse().ok();
                let what = match id {
                    Some(id) if !was_asked_again(app, store, &id).await? => {
                        "no mail server took the letter to the supplier, so nobody there knows of it: look at the supplier's address in How you order"
                    }
                    _ => "the supplier was asked again and has not confirmed it yet",
                };
                news.unconfirmed.push(format!("{}: {what}", alert.subject));
            }
        }
    }
    if news.low.is_empty() && news.unconfirmed.is_empty() {
        return Err(Unsent::Needless);
    }
    carry(app, store, errand, &to, &news.mail()).await
}

async fn was_asked_again(app: &App, store: &StoreId, id: &ReorderId) -> Result<bool, ActError> {
    let found = app.store.reorder(store, id).await?;
    Ok(found.is_some_and(|reorder| reorder.chased_at.is_some()))
}

async fn carry(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    to: &str,
    mail: &Mail,
) -> Result<(), Unsent> {
    let carrier = app.connections.carrier(store).ok_or_else(|| {
        Unsent::Again("nobody said who carries the mail: see docs/accounts.md".into())
    })?;
    let now = as_kept(app.clock.now());
    let key = format!("{store}.{}", errand.name);
    let carried = carrier.carry(&key, to, mail, now).await;
    carried.map_err(|undelivered| match undelivered {
        Undelivered::Again(why) => Unsent::Again(why),
        Undelivered::Never(why) => Unsent::Never(why),
    })?;
    let ended = app
        .store
        .end_errand(store, &errand.name, now, ErrandEnd::Done, None);
    Ok(ended.await.map_err(ActError::from)?)
}

fn read<T: DeserializeOwned>(errand: &Errand) -> Result<T, Unsent> {
    serde_json::from_str(&errand.content).map_err(|_| Unsent::Needless)
}
