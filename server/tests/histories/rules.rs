//! The rules that hold after every step: I1 to I40 of what the shop promises its merchants, as far as one server and one
//! store can break them. Each failure says which.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use server::operations::records::{
    ChargeState, NoticeState, PartKey, PromiseRow, PurchaseOrder, Reservation, Standing,
};
use shared::delay::{Event, Silence, When};
use shared::ids::OrderId;
use shared::shipment::PlanKind;
use shared::supply::Due;

use super::acts::Acted;
use super::bank::Ledger;
use super::model::{COUNTED, DENIED, LIMITED, Model};

/// All that can be seen of a store at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub now: DateTime<Utc>,
    /// The day at the place that ships.
    pub today: NaiveDate,
    pub orders: BTreeMap<OrderId, Standing>,
    pub holds: Vec<(Reservation, Vec<PromiseRow>)>,
    pub on_hand: BTreeMap<String, i64>,
    pub incoming: Vec<PurchaseOrder>,
    /// Most units that a shopper is told may be ordered.
    pub orderable: BTreeMap<String, i64>,
}

/// Holds a rule, and says which one does not hold.
macro_rules! rule {
    ($name:literal, $holds:expr $(, $more:expr)*) => {
        assert!($holds, concat!($name, "{}"), String::new() $(+ &format!(" {:?}", $more))*)
    };
}

/// Every rule.
pub fn check(before: &Seen, after: &Seen, acted: &Acted, model: &Model, bank: &Ledger) {
    stock(before, after, acted, model);
    for (id, order) in &after.orders {
        lines(order, model);
        promises(before.orders.get(id), order, after);
        notices(before.orders.get(id), order, acted, after);
        money(order, bank);
        if let Some(earlier) = before.orders.get(id) {
            transitions(earlier, order);
            if acted.is_harmless && acted.about.as_ref() != Some(id) {
                nobody_waits_longer(earlier, order);
            }
        }
    }
    rule!("orders are kept:", after.orders.len() == model.orders.len());
    parcels_at_the_bank(after, bank);
}

fn stock(before: &Seen, after: &Seen, acted: &Acted, model: &Model) {
    if acted.changes_nothing {
        let same = Seen {
            now: before.now,
            today: before.today,
            ..after.clone()
        };
        rule!(
            "I5, I21, I22, I30: what is refused or repeated changes nothing:",
            *before == same,
            before,
            after
        );
    }
    for sku in COUNTED {
        rule!(
            "I2, I3: the count is what was counted, came and left:",
            after.on_hand[sku] == model.on_hand[sku],
            sku,
            after.on_hand,
            model.on_hand
        );
    }
    if matches!(acted.name, "place" | "place_held" | "reserve")
        && acted.refused.is_none()
        && !acted.changes_nothing
    {
        for sku in COUNTED {
            let (promised, capacity) = (model.promised(sku, after.now), model.capacity(sku));
            // A count that was lowered makes a shortage; a sale does not.
            let earlier = before.on_hand[sku] == after.on_hand[sku];
            rule!(
                "I1: no more is promised than there is:",
                promised <= capacity || (earlier && promised_of(before, sku) == promised),
                sku,
                promised,
                capacity
            );
        }
    }
    // I7, I8: what is held by nobody any more is for sale, whether somebody swept or not.
    for sku in [DENIED, LIMITED] {
        let most = (model.capacity(sku) - model.promised(sku, after.now)).max(0);
        rule!(
            "I1, I7: as much is for sale as nobody else has:",
            after.orderable[sku] == most,
            sku,
            after.orderable[sku],
            most
        );
    }
}

/// Units that were promised of a SKU before, orders and holds together.
fn promised_of(seen: &Seen, sku: &str) -> i64 {
    let lines = seen.orders.values().flat_map(Model::lines);
    let ordered: i64 = lines
        .flat_map(|line| {
            super::model::takes(&line.sku)
                .into_iter()
                .map(move |(part, each)| (part, each * line.open()))
        })
        .filter(|(part, _)| *part == sku)
        .map(|(_, units)| units)
        .sum();
    let holds = seen.holds.iter().filter(|(hold, _)| {
        hold.ended.is_none() && hold.expires_at.is_some_and(|end| seen.now < end)
    });
    let mut held = 0;
    for (_, rows) in holds {
        let mut latest = BTreeMap::new();
        for row in rows {
            latest.insert(
                (row.line, row.part),
                (
                    row.held.sku.to_string(),
                    i64::from(row.held.quantity.units()),
                ),
            );
        }
        for (of, units) in latest.values() {
            let parts = super::model::takes(of)
                .into_iter()
                .filter(|(part, _)| *part == sku);
            held += parts.map(|(_, each)| each * units).sum::<i64>();
        }
    }
    ordered + held
}

fn lines(order: &Standing, model: &Model) {
    let id = order.order.id.to_string();
    let told = Model::lines(order);
    rule!(
        "I5, I11, I36: lines are as they were ordered, shipped and cancelled:",
        told == model.orders[&id],
        id,
        told,
        model.orders[&id]
    );
    for (at, line) in told.iter().enumerate() {
        let of_line = order.waiting.iter().filter(|part| part.line as usize == at);
        let waiting: i64 = of_line.map(|part| i64::from(part.quantity.units())).sum();
        rule!(
            "I36: shipped, cancelled and waiting are what was ordered:",
            waiting == line.open(),
            id,
            at,
            waiting,
            line
        );
        let left = order.shipments.iter().flat_map(|parcel| &parcel.lines);
        let left = left.filter(|part| part.line as usize == at);
        let left: i64 = left.map(|part| i64::from(part.quantity.units())).sum();
        rule!(
            "I36: what left stands in parcels:",
            left == line.shipped,
            id,
            at,
            left,
            line
        );
    }
}

fn promises(before: Option<&Standing>, order: &Standing, after: &Seen) {
    let id = &order.order.id;
    let earlier = before.map_or(&[][..], |order| &order.promises);
    for row in earlier {
        rule!(
            "I18: a date that was told is never rewritten:",
            order.promises.contains(row),
            id,
            row
        );
    }
    let mut versions = BTreeMap::<(u32, u32), BTreeSet<u32>>::new();
    for row in &order.promises {
        let new = versions
            .entry((row.line, row.part))
            .or_default()
            .insert(row.version);
        rule!(
            "I18: each date of a part has a version of its own:",
            new,
            id,
            row
        );
    }
    for ((line, part), versions) in &versions {
        let all: BTreeSet<u32> = (1..=versions.len() as u32).collect();
        rule!(
            "I18: versions follow one another:",
            *versions == all,
            id,
            line,
            part,
            versions
        );
    }
    for row in order.promises.iter().filter(|row| !earlier.contains(row)) {
        // What is left of a part keeps the date that it had.
        let is_rest = ["part_shipped", "part_cancelled"].contains(&row.cause.as_str());
        let past = matches!(row.held.due, Due::By(day) if day < after.today) && !is_rest;
        rule!(
            "I20: no day in the past is promised:",
            !past,
            id,
            row,
            after.today
        );
        rule!("I18: a date has a cause:", !row.cause.is_empty(), id, row);
    }
    let parcel: BTreeMap<_, _> = order
        .waiting
        .iter()
        .map(|part| (&part.location, part.due))
        .collect();
    for part in order
        .waiting
        .iter()
        .filter(|part| part.plan == PlanKind::Together)
    {
        rule!(
            "what leaves in one parcel has one date:",
            parcel[&part.location] == part.due,
            id,
            part,
            parcel
        );
    }
    for part in &order.waiting {
        let of_part = order
            .promises
            .iter()
            .filter(|row| (row.line, row.part) == (part.line, part.part));
        let last = of_part.max_by_key(|row| row.version);
        rule!(
            "I18: what stands is what was told last:",
            last.is_some_and(|row| row.held.due == part.due),
            id,
            part,
            last
        );
    }
}

/// The day of a date; whoever has none waits longest.
fn day(due: Due) -> NaiveDate {
    match due {
        Due::By(day) => day,
        Due::Owed | Due::Undated => NaiveDate::MAX,
    }
}

fn nobody_waits_longer(before: &Standing, after: &Standing) {
    for at in 0..before.order.lines.len() {
        let days = |order: &Standing| {
            let parts = order.waiting.iter().filter(|part| part.line as usize == at);
            let mut days: Vec<NaiveDate> = parts
                .flat_map(|part| std::iter::repeat_n(day(part.due), part.quantity.units() as usize))
                .collect();
            days.sort_unstable();
            days
        };
        let (was, is) = (days(before), days(after));
        let later = was.iter().zip(&is).any(|(was, is)| was < is);
        rule!(
            "I9, I15, I16: no other buyer makes anybody wait longer:",
            !later && was.len() == is.len(),
            before.order.id,
            at,
            was,
            is,
            after.promises
        );
    }
}

fn notices(before: Option<&Standing>, order: &Standing, acted: &Acted, after: &Seen) {
    let id = &order.order.id;
    let mut told = BTreeSet::new();
    for notice in &order.notices {
        rule!(
            "I38: one notice for each date:",
            told.insert((notice.key, notice.version)),
            id,
            notice
        );
        let row = order.promises.iter().find(|row| {
            (row.line, row.part, row.version) == (notice.key.line, notice.key.part, notice.version)
        });
        rule!(
            "I38: a notice comes with its date, in the same change:",
            row.is_some_and(|row| row.at == notice.made_at),
            id,
            notice,
            row
        );
    }
    // Who was told a date that has not passed is told that it slips. After it, it is for the law to end what was not told.
    let earlier = before.map_or(&[][..], |order| &order.promises);
    for row in order.promises.iter().filter(|row| !earlier.contains(row)) {
        let key = PartKey {
            line: row.line,
            part: row.part,
        };
        let of_part = |other: &&PromiseRow| (other.line, other.part) == (row.line, row.part);
        let own = earlier.iter().filter(of_part);
        if own.clone().next().is_none() {
            continue;
        }
        // A part that was split off goes by the days of the one that it was part of.
        let is_split_off = own.clone().all(|other| other.cause != "reserved");
        let origins = earlier
            .iter()
            .filter(|other| is_split_off && other.line == row.line && other.cause == "reserved");
        let Some(latest) = own.chain(origins).map(|other| day(other.held.due)).max() else {
            continue;
        };
        let waits = order.waiting.iter().any(|part| PartKey::of(part) == key);
        // By the law it has ended where a day passed before anybody told of another one.
        let is_alive = earlier
            .iter()
            .filter(|other| other.line == row.line)
            .all(|other| {
                let Due::By(by) = other.held.due else {
                    return true;
                };
                // Of a date that comes after it.
                let mut later = order
                    .notices
                    .iter()
                    .filter(|notice| notice.key.line == row.line && notice.now > When::By(by));
                after.today <= by
                    || later.any(|notice| notice.told_at.is_some_and(|at| at.date_naive() <= by))
            });
        let slips = latest < day(row.held.due)
            && after.today <= latest
            && is_alive
            && !of_line(order, row.line).any(|key| has_ended_by_silence(order, key, after.today));
        rule!(
            "I38: a date that slips has its notice:",
            !(waits && slips) || told.contains(&(key, row.version)),
            id,
            row,
            order.notices,
            order.promises,
            order.order.customer,
            order.delays
        );
    }
    // An older date is never told after a newer one.
    let mut by_time: Vec<_> = order
        .notices
        .iter()
        .filter(|notice| notice.state == NoticeState::Told)
        .collect();
    by_time.sort_by_key(|notice| (notice.told_at, notice.version));
    for pair in by_time.windows(2).filter(|pair| pair[0].key == pair[1].key) {
        rule!(
            "I39: no old date is told after a new one:",
            pair[0].version < pair[1].version,
            id,
            pair
        );
    }
    if !acted.looked_after {
        return;
    }
    let is_american = order.order.customer.country.as_deref() == Some("US");
    for part in &order.waiting {
        let key = PartKey {
            line: part.line,
            part: part.part,
        };
        let first = order.promises.iter().filter(|row| row.line == part.line);
        let first = first.filter(|row| row.cause == "reserved");
        let latest = first.filter_map(|row| row.held.due.day()).max();
        let untold = !order.delays.iter().any(|event| {
            let name = format!("{:?}", event.event);
            event.key == key && (name.starts_with("Consented") || later_than(&event.event, latest))
        });
        rule!(
            "I40: what passed without a word of a later day is cancelled:",
            !(is_american && untold) || latest.is_none_or(|day| after.today <= day),
            id,
            part,
            order.notices,
            order.delays
        );
        rule!(
            "I40: what nobody agreed to wait for is cancelled:",
            !has_ended_by_silence(order, key, after.today),
            id,
            part,
            order.notices,
            order.delays
        );
    }
}

/// The parts of a line that something was told of.
fn of_line(order: &Standing, line: u32) -> impl Iterator<Item = PartKey> {
    let keys = order.notices.iter().map(|notice| notice.key);
    keys.filter(move |key| key.line == line)
}

/// True for a part whose customer was told last that silence cancels it, and was silent until that day was over.
fn has_ended_by_silence(order: &Standing, key: PartKey, today: NaiveDate) -> bool {
    let of_part = order
        .notices
        .iter()
        .filter(|notice| notice.key == key && notice.state == NoticeState::Told);
    let Some(last) = of_part.max_by_key(|notice| notice.version) else {
        return false;
    };
    let agreed = order.delays.iter().any(|event| {
        event.key == key
            && event.at >= last.told_at.unwrap_or(event.at)
            && format!("{:?}", event.event).starts_with("Consented")
    });
    matches!(last.silence, Silence::Cancels { on } if on < today && !agreed)
}

/// True for word of a later day than one that was promised.
fn later_than(event: &Event, day: Option<NaiveDate>) -> bool {
    matches!(event, Event::Told { due, .. } if *due > When::from(day))
}

fn money(order: &Standing, bank: &Ledger) {
    let Some(account) = &order.account else {
        return;
    };
    let id = &order.order.id;
    let (captures, refunds) = (
        bank.amounts("payment.capture"),
        bank.amounts("payment.refund"),
    );
    let captured: i64 = account.charges.iter().map(|charge| charge.captured).sum();
    let set: i64 = account
        .charges
        .iter()
        .filter_map(|charge| charge.amount)
        .sum();
    rule!(
        "I31: no more is captured than the order costs:",
        captured <= set && set <= account.payment.total,
        id,
        account
    );
    for charge in &account.charges {
        let name = charge.shipment.to_string();
        let shipped = order
            .shipments
            .iter()
            .find(|parcel| parcel.id == charge.shipment);
        rule!(
            "I31: what was captured is all or nothing, and no more is given back:",
            (charge.captured == 0 || Some(charge.captured) == charge.amount)
                && 0 <= charge.refunded
                && charge.refunded <= charge.captured.max(charge.amount.unwrap_or(0)),
            id,
            charge
        );
        rule!(
            "I32: money is taken for what has left:",
            charge.amount.is_none() || shipped.is_some(),
            id,
            charge
        );
        let earlier = |at: Option<DateTime<Utc>>| {
            shipped
                .zip(at)
                .is_none_or(|(parcel, at)| parcel.shipped_at <= at)
        };
        rule!(
            "I32: money is taken after it has left:",
            earlier(charge.captured_at),
            id,
            charge
        );
        let taken = captures.get(&name).map_or(&[][..], |taken| taken);
        rule!(
            "I33, I34: the bank took the money once:",
            taken.len() <= 1,
            id,
            charge,
            taken
        );
        rule!(
            "I31: the bank took what the parcel costs:",
            taken.iter().all(|taken| Some(*taken) == charge.amount),
            id,
            charge,
            taken
        );
        rule!(
            "I34: what is captured here was taken there:",
            charge.captured == 0 || taken == [charge.captured],
            id,
            charge,
            taken
        );
        rule!(
            "I34: what was taken there is captured here, or looked up:",
            taken.is_empty()
                || charge.captured != 0
                || matches!(
                    charge.state,
                    ChargeState::Capturing | ChargeState::Unknown | ChargeState::PaymentNeeded
                ),
            id,
            charge,
            taken
        );
        let back: i64 = refunds.get(&name).map_or(0, |back| back.iter().sum());
        rule!(
            "I31: no more was given back than taken:",
            back <= taken.iter().sum::<i64>() && back <= charge.refunded,
            id,
            charge,
            back
        );
    }
    // When all has left, its parcels cost together what it does.
    let lines = &order.order.lines;
    if order.waiting.is_empty() && lines.iter().all(|line| line.cancelled.is_zero()) {
        rule!(
            "I37: parcels cost together what their order does:",
            set == account.payment.total,
            id,
            account
        );
    }
}

fn transitions(before: &Standing, after: &Standing) {
    let id = &after.order.id;
    for (was, is) in before.order.lines.iter().zip(&after.order.lines) {
        rule!(
            "I30: what left or was cancelled stays so:",
            was.shipped <= is.shipped && was.cancelled <= is.cancelled,
            id,
            was,
            is
        );
        rule!(
            "I30: what was ordered stays so:",
            (&was.sku, was.quantity, was.cost) == (&is.sku, is.quantity, is.cost),
            id,
            was,
            is
        );
    }
    for parcel in &before.shipments {
        rule!(
            "I30: a parcel that left stays as it was:",
            after.shipments.contains(parcel),
            id,
            parcel
        );
    }
    if let (Some(was), Some(is)) = (&before.account, &after.account) {
        rule!(
            "I48: what became of the money is only added to:",
            is.events.starts_with(&was.events),
            id,
            was.events,
            is.events
        );
        for charge in was.charges.iter().filter(|charge| charge.captured > 0) {
            let now = is.charge(&charge.shipment);
            rule!(
                "I30: what was captured stays so:",
                now.is_some_and(|now| now.captured == charge.captured),
                id,
                charge,
                now
            );
        }
    }
}

/// When all errands are done and every message has come, what the bank took is known here.
pub fn check_the_end(after: &Seen, bank: &Ledger) {
    let captures = bank.amounts("payment.capture");
    for order in after.orders.values() {
        for charge in order.account.iter().flat_map(|account| &account.charges) {
            let taken = captures.get(charge.shipment.as_str());
            let taken: i64 = taken.map_or(0, |taken| taken.iter().sum());
            rule!(
                "I34: in the end what the bank took is what is captured:",
                charge.captured == taken && (charge.amount.is_none_or(|amount| amount == taken)),
                order.order.id,
                charge,
                taken
            );
        }
    }
}

/// Money that was taken belongs to a parcel that has left.
fn parcels_at_the_bank(after: &Seen, bank: &Ledger) {
    for (name, taken) in bank.amounts("payment.capture") {
        let left = after.orders.values().flat_map(|order| &order.shipments);
        rule!(
            "I32: the bank is asked for what has left alone:",
            left.clone().any(|parcel| parcel.id.as_str() == name),
            name,
            taken
        );
    }
}
