//! Holds goods for somebody until an instant: what is promised to one is promised to nobody else.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};
use rand::rand_core::TryCryptoRng;
use shared::cart::{DatedLine, date_cart};
use shared::ids::{IdError, ReservationId, Sku, StoreId};
use shared::kit::Goods;
use shared::promise::Slice;
use shared::quantity::Quantity;
use shared::repromise::{Awaited, Held};
use shared::shipment::{
    PARCELS_MAX, PlanKind, PromisedLine, Shipment, SplitCharge, SplitPolicy, shipments,
};
use shared::supply::Due;

use super::ActError;
use super::basis::promise_basis;
use super::claims::{Facts, claim, known, moved};
use super::once::{Once, Outcome};
use super::records::{PromiseBasis, Promised, PromisedPart, Reservation};
use super::running::{Touched, begin_in_turn, detached, publish};
use crate::app::App;
use crate::catalogue::Settings;
use crate::hex;
use crate::store::writing::Note;

/// Longest time for which goods are held, in seconds: a week.
pub const HOLD_S_MAX: u32 = 7 * 24 * 60 * 60;
/// For how long goods are held unless the shop says otherwise, in seconds.
pub const HOLD_S: u32 = 15 * 60;

/// Digits of a second that the database keeps.
const SECOND_DIGITS: u16 = 3;

/// Goods to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    /// What the reservation will be called.
    pub id: ReservationId,
    /// SKUs and units, each SKU once.
    pub lines: Vec<(Sku, Quantity)>,
    /// How they are to be sent.
    pub plan: PlanKind,
    /// For how long, at most [`HOLD_S_MAX`] seconds.
    pub hold: TimeDelta,
}

/// Goods that are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// The reservation.
    pub reservation: Reservation,
    /// Its lines, as they were asked for.
    pub lines: Vec<(Sku, Quantity)>,
    /// What is promised of each line.
    pub parts: Vec<PromisedPart>,
}

/// An id drawn at random, of a kind that `prefix` names: `rsv`.
///
/// # Errors
///
/// If the source of random bytes fails.
pub fn new_id<T, R>(prefix: &str, random: &mut R) -> Result<T, R::Error>
where
    T: FromStr<Err = IdError>,
    R: TryCryptoRng,
{
    let mut bytes = [0; 12];
    random.try_fill_bytes(&mut bytes)?;
    let id = format!("{prefix}_{}", hex::text(&bytes));
    Ok(id.parse().expect("letters and digits are an id"))
}

/// Holds goods: all lines or none.
///
/// What there is, what is promised and what the policies allow is read and written in one change, so two
/// that want the last unit cannot both have it.
///
/// # Errors
///
/// [`ActError::Field`] for a SKU that the store does not have, [`ActError::Conflict`] where a line cannot
/// be promised.
pub async fn reserve(
    app: &App,
    store: &StoreId,
    request: Reserve,
    once: Once<Reserved>,
) -> Result<Outcome<Reserved>, ActError> {
    let with = (app.clone(), store.clone(), request, once);
    detached(with, |(app, store, request, once)| async move {
        let note = Note::new("reserve", request.id.as_str());
        let (mut writing, now) = begin_in_turn(&app, &store, note).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let shop = app.catalogue.shop(&store).ok_or(ActError::NotFound)?;
        let settings = shop.settings();
        let Reserve {
            id,
            lines,
            plan,
            hold,
        } = request;
        let skus: Vec<Sku> = lines.iter().map(|(sku, _)| sku.clone()).collect();
        let mut facts = known(&mut writing, &shop, &skus).await?;
        let promised = promised(&facts, &settings, &id, &lines, plan, now)?.parts;
        let reservation = Reservation {
            id,
            plan,
            created_at: now,
            expires_at: Some(now + hold),
            ended: None,
            renewals: 0,
            revision: writing.revision(),
        };
        writing.add_reservations([&reservation]);
        let skus = writing.add_promises(&first(&promised, writing.revision()));
        let reserved = Reserved {
            reservation,
            lines,
            parts: promised.into_iter().map(|(part, _)| part).collect(),
        };
        once.keep(&mut writing, &reserved);
        let revision = writing.commit().await?;
        claim(&mut facts, &reserved.parts, reserved.reservation.expires_at);
        let touched = Touched::Facts(moved(facts, &skus, revision));
        publish(&app, &store, touched, revision).await;
        Ok(Outcome::Done(reserved))
    })
    .await
}

/// An instant as the database keeps it.
pub(super) fn as_kept(now: DateTime<Utc>) -> DateTime<Utc> {
    now.trunc_subsecs(SECOND_DIGITS)
}

/// Parts that a change promises for the first time.
pub(super) fn first(promised: &[(PromisedPart, PromiseBasis)], revision: u64) -> Vec<Promised<'_>> {
    let parts = promised.iter().map(|(part, basis)| Promised {
        revision,
        part,
        basis,
    });
    parts.collect()
}

/// What can be promised of some lines.
pub(super) struct Promises {
    /// Each part, with what its date rests on.
    pub parts: Vec<(PromisedPart, PromiseBasis)>,
    /// By when each line would leave if it waited for no other.
    pub by_itself: Vec<Option<NaiveDate>>,
}

/// What is to be promised of some lines, all or none, each part with what its date rests on.
pub(super) fn promised(
    facts: &Facts,
    settings: &Settings,
    id: &ReservationId,
    lines: &[(Sku, Quantity)],
    plan: PlanKind,
    now: DateTime<Utc>,
) -> Result<Promises, ActError> {
    let mut goods = Vec::with_capacity(lines.len());
    for (at, (sku, quantity)) in lines.iter().enumerate() {
        let Some(known) = facts.get(sku) else {
            return Err(ActError::unknown_sku(format!("/lines/{at}/sku"), sku));
        };
        let line = Goods::new(known, |sku| facts.get(sku)).unwrap_or(Goods::broken(known));
        goods.push((line, *quantity));
    }
    let (locations, policy) = (&settings.locations, &settings.promises);
    let dated = date_cart(&goods, locations, policy, now);
    refuse_what_cannot_be_promised(&dated)?;

    let mut promised = Vec::new();
    for (line, slices) in by_plan(&dated, plan, &settings.split)
        .into_iter()
        .enumerate()
    {
        let (goods, _) = &goods[line];
        for (part, slice) in slices.into_iter().enumerate() {
            let Some(location) = locations.get(usize::from(slice.from.0)) else {
                continue;
            };
            let part = PromisedPart {
                reservation: id.clone(),
                line: u32::try_from(line).unwrap_or(u32::MAX),
                part: u32::try_from(part).unwrap_or(u32::MAX),
                split_from: None,
                plan,
                held: Held {
                    sku: goods.facts.sku.clone(),
                    quantity: slice.quantity,
                    location: location.id.clone(),
                    due: Due::By(slice.ships_by),
                    since: Some(now),
                    alone: plan == PlanKind::Separate,
                    awaits: Awaited::default(),
                },
                takes: takes(goods, slice.quantity),
            };
            let basis = promise_basis(goods, location, policy, slice.ships_by, now);
            promised.push((part, basis));
        }
    }
    let by_itself = |line: &DatedLine| line.slices.last().map(|slice| slice.ships_by);
    Ok(Promises {
        by_itself: dated.iter().map(by_itself).collect(),
        parts: promised,
    })
}

fn refuse_what_cannot_be_promised(dated: &[DatedLine]) -> Result<(), ActError> {
    let refused = dated.iter().find(|line| !line.availability.orderable());
    let Some(answer) = refused.map(|line| &line.availability) else {
        return Ok(());
    };
    let most = match answer.max_orderable {
        Some(most) => format!("{most} can be had now"),
        None => "not that many can be had now".into(),
    };
    let detail = format!(
        "{} of `{}` are asked for, and {most}; nothing was promised. Ask for fewer, or leave the line out.",
        answer.requested, answer.sku
    );
    Err(ActError::conflict("insufficient_stock", detail))
}

/// The parts of each line, dated by the parcels that they leave in.
fn by_plan(dated: &[DatedLine], plan: PlanKind, split: &SplitPolicy) -> Vec<Vec<Slice>> {
    let line = |line: &DatedLine| PromisedLine {
        sku: line.availability.sku.clone(),
        slices: line.slices.clone(),
        together: line.together.clone(),
    };
    let lines: Vec<PromisedLine> = dated.iter().map(line).collect();
    // Whoever offers no choice has decided nothing about the parcels of an order that is sent in several all the same.
    let parcels_max = match split.charge {
        SplitCharge::Off => PARCELS_MAX,
        _ => split.parcels_max,
    };
    let parcels = shipments(&lines, plan, parcels_max);
    let slices = |sku: &Sku| {
        let in_parcel = |parcel: &Shipment| {
            let mut lines = parcel.lines.iter();
            let (_, quantity) = lines.find(|(packed, _)| packed == sku)?;
            Some(Slice {
                quantity: *quantity,
                ships_by: parcel.ships_by,
                from: parcel.from,
            })
        };
        parcels.iter().filter_map(in_parcel).collect()
    };
    lines.iter().map(|line| slices(&line.sku)).collect()
}

/// What units of goods take from the shelf: of a kit all that it is made of, and the kit itself.
pub(super) fn takes(goods: &Goods<'_>, quantity: Quantity) -> Vec<(Sku, Quantity)> {
    let times = |each: Quantity| Quantity::new(each.units().saturating_mul(quantity.units()));
    let own = goods.is_kit().then(|| (goods.facts.sku.clone(), quantity));
    let parts = goods.parts.iter();
    parts
        .map(|(part, each)| (part.sku.clone(), times(*each)))
        .chain(own)
        .collect()
}
