//! All that happened to an order, oldest first: what a merchant shows where somebody doubts it (16 CFR 435.2(a)(4)).

use chrono::{DateTime, Utc};
use shared::delay::Event;
use shared::ids::{OrderId, StoreId};

use super::ActError;
use super::records::{
    ErrandEnd, ErrandKind, Standing, cause_name, event_name, gives_name, silence_name,
};
use crate::app::App;

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: DateTime<Utc>,
    /// What: `promised`, `notice_told`, `shipped`, `captured`.
    pub what: String,
    /// The line of the order, where it is about one.
    pub line: Option<u32>,
    /// The part of the line.
    pub part: Option<u32>,
    /// The rest of it, in words and numbers.
    pub detail: String,
}

/// All that happened to an order.
///
/// # Errors
///
/// [`ActError::NotFound`].
pub async fn evidence(
    app: &App,
    store: &StoreId,
    order: &OrderId,
) -> Result<Vec<Happened>, ActError> {
    let now = app.clock.now();
    let standing = app
        .store
        .order(store, order, now)
        .await?
        .ok_or(ActError::NotFound)?;
    let mut all = of_standing(&standing);
    let mut revisions: Vec<u64> = standing.promises.iter().map(|row| row.revision).collect();
    revisions.extend(standing.shipments.iter().map(|shipment| shipment.revision));
    revisions.push(standing.order.revision);
    revisions.sort_unstable();
    revisions.dedup();
    for act in app.store.acts(store, &revisions).await? {
        let reason = act
            .reason
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        let subject = act.subject.unwrap_or_default();
        all.push(happened(
            act.at,
            "act",
            format!("{} {subject}{reason}", act.act),
        ));
    }
    for record in app.store.errands_of(store, order).await? {
        if record.errand.kind != ErrandKind::Mail {
            continue;
        }
        let name = &record.errand.name;
        all.push(happened(
            record.errand.made_at,
            "mail_written",
            name.clone(),
        ));
        if let Some((at, end)) = record.ended {
            let failure = match (end, record.failure) {
                (_, None) => String::new(),
                (ErrandEnd::Done, Some(why)) => format!("; an attempt before it failed: {why}"),
                (_, Some(why)) => format!(": {why}"),
            };
            all.push(happened(
                at,
                "mail_ended",
                format!("{name} {}{failure}", end.name()),
            ));
        }
    }
    all.sort_by_key(|one| one.at);
    Ok(all)
}

fn of_standing(standing: &Standing) -> Vec<Happened> {
    let order = &standing.order;
    let mut all = vec![happened(order.placed_at, "placed", String::new())];
    for (at, line) in (0..).zip(&order.lines) {
        let shown = match line.shown {
            Some(day) => format!("{} of {}; the shopper saw {day}", line.quantity, line.sku),
            None => format!("{} of {}; the shopper saw no date", line.quantity, line.sku),
        };
        all.push(Happened {
            line: Some(at),
            ..happened(order.placed_at, "ordered", shown)
        });
    }
    for row in &standing.promises {
        let day = day(row.held.due.day().into());
        all.push(Happened {
            line: Some(row.line),
            part: Some(row.part),
            ..happened(
                row.at,
                "promised",
                format!(
                    "version {}: {} of {} from {} by {day}, because {}; it rests on {}",
                    row.version,
                    row.held.quantity,
                    row.held.sku,
                    row.held.location,
                    row.cause,
                    row.basis
                ),
            )
        });
    }
    for notice in &standing.notices {
        let about = format!(
            "{}: from {} to {}; silence {}; answer by {}",
            notice.kind,
            day(notice.was),
            day(notice.now),
            silence_name(notice.silence),
            notice
                .reply_by
                .map_or("no day".into(), |day| day.to_string()),
        );
        let of = |at, what: &str| Happened {
            line: Some(notice.key.line),
            part: Some(notice.key.part),
            ..happened(at, what, about.clone())
        };
        all.push(of(notice.made_at, "notice_made"));
        all.extend(notice.told_at.map(|at| of(at, "notice_told")));
    }
    for past in &standing.delays {
        all.push(Happened {
            line: Some(past.key.line),
            part: Some(past.key.part),
            ..happened(past.at, event_name(&past.event), said(&past.event))
        });
    }
    for shipment in &standing.shipments {
        let carrier = shipment.carrier.as_deref().unwrap_or("a carrier");
        let number = shipment.tracking_number.as_deref().unwrap_or("no number");
        let about = format!("{} to {carrier}, {number}", shipment.id);
        all.push(happened(shipment.shipped_at, "shipped", about));
    }
    if let Some(offer) = &standing.offer {
        let about = || format!("{} by the rule {}", gives_name(&offer.gives), offer.rule);
        all.push(happened(offer.issued_at, "offer_issued", about()));
        let redeemed = offer.redeemed_at;
        all.extend(redeemed.map(|at| happened(at, "offer_redeemed", about())));
        let revoked = offer.revoked_at;
        all.extend(revoked.map(|at| happened(at, "offer_revoked", about())));
    }
    for event in standing.account.iter().flat_map(|account| &account.events) {
        let parcel = event
            .shipment
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let reference = event.reference.as_deref().unwrap_or_default();
        let about = format!("{} minor units {parcel} {reference}", event.amount);
        all.push(happened(event.at, &event.kind, about));
    }
    all
}

/// The day on which something happened to a date, and what it was about.
fn said(event: &Event) -> String {
    let on = event.on();
    match event {
        Event::Told { due: to, .. } | Event::Consented { to, .. } => format!("{on}: {}", day(*to)),
        Event::Cancelled { cause, .. } => format!("{on}: {}", cause_name(*cause)),
        _ => on.to_string(),
    }
}

fn day(when: shared::delay::When) -> String {
    match when {
        shared::delay::When::By(day) => day.to_string(),
        shared::delay::When::Unknown => "no date".into(),
    }
}

fn happened(at: DateTime<Utc>, what: &str, detail: String) -> Happened {
    Happened {
        at,
        what: what.into(),
        line: None,
        part: None,
        detail,
    }
}
