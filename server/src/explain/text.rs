//! The explanation as text: what a person reads from the top down to follow a date by hand.

use chrono::NaiveDate;
use shared::calendar::DispatchCalendar;
use shared::explain::{PartExplained, PlaceExplained, SliceExplained};
use shared::ids::Sku;
use shared::promise::Amount;
use shared::quantity::Quantity;
use shared::supply::{BackorderMode, Claim, Due};

pub use super::arrivals::{UNDATED, claim, name, planned, steps};
use super::page::Page;
pub use super::walk::because;
use super::{Told, words};

/// Most claims that are listed one by one.
const CLAIMS_LISTED_MAX: usize = 12;
/// Most days of a table.
const DAYS_LISTED_MAX: usize = 60;

/// The whole explanation.
pub fn text(told: &Told<'_>) -> String {
    let mut page = Page::default();
    question(told, &mut page);
    answer(told, &mut page);
    selling(told, &mut page);
    for place in &told.explanation.places {
        place_and_parts(told, place, &mut page);
    }
    walk(told, &mut page);
    page.text
}

fn question(told: &Told<'_>, page: &mut Page) {
    let answer = &told.explanation.answer;
    let sku = words::plain(answer.sku.as_str());
    let units = words::units(answer.requested);
    let asked = match told.title() {
        Some(title) => format!("{units} of {} ({sku})", words::plain(title)),
        None => format!("{units} of {sku}"),
    };
    page.line(0, &asked);
    let when = match told.explanation.places.first() {
        Some(place) => clock(told, place),
        None => format!("{} UTC", told.now.format("%a %-d %b %Y, %H:%M")),
    };
    let zone = told.explanation.places.first();
    let zone = zone.map(|place| format!(" in {}", place.location.calendar.zone));
    let zone = zone.unwrap_or_default();
    page.line(
        0,
        &format!(
            "Asked {when}{zone}. Store revision {}, facts of revision {}.",
            told.revision, answer.revision
        ),
    );
}

fn answer(told: &Told<'_>, page: &mut Page) {
    let answer = &told.explanation.answer;
    page.heading("The answer");
    page.line(2, &format!("{}: {}.", told.label(), told.sentence()));
    let is_plain = |part: &SliceExplained| part.delivery.is_none() && !told.has_several_places();
    let slices = &told.explanation.slices;
    if 1 < slices.len() || !slices.iter().all(is_plain) {
        for part in slices {
            page.item(4, &words::units(part.slice.quantity), &whence(told, part));
        }
    }
    if let Some((day, zone)) = answer.delivers_by.zip(told.policy.zone.as_deref()) {
        let (day, zone) = (words::day(day), words::plain(zone));
        page.line(2, &format!("All of it is at a door in {zone} by {day}."));
    }
    if answer.is_suppressed {
        page.line(2, &suppressed(told));
    }
    if answer.ships_by.is_none() {
        for why in refusals(told) {
            page.line(2, &why);
        }
    }
    if let (Some(until), Some(place)) = (answer.valid_until, told.explanation.places.first()) {
        let local = until.with_timezone(&place.location.calendar.zone);
        page.line(
            2,
            &format!(
                "By the passing of time alone it stands until {}.",
                local.format("%a %-d %b %Y, %H:%M")
            ),
        );
    }
}

fn suppressed(told: &Told<'_>) -> String {
    // What leaves last, and until when it might without reading otherwise.
    let last = told.explanation.slices.last();
    let leaves = last.map_or_else(String::new, |part| words::day(part.slice.ships_by));
    let place = last.and_then(|part| told.place_of(&part.slice));
    let near_by = place.and_then(|place| place.parts.iter().filter_map(|part| part.near_by).min());
    let near_by = near_by.map_or_else(String::new, words::day);
    let days = words::count(
        told.policy.suppress_within_days.unwrap_or_default(),
        "working day",
    );
    format!(
        "It reads as in stock though {} there now: the supplier has sent the others, and they leave by {leaves}. Until {near_by} that is no more than {days} later than from the shelf.",
        match told.explanation.ready.counted() {
            Some(ready) if ready == Quantity::new(1) => "only 1 unit is".into(),
            Some(ready) if ready.is_zero() => "none is".into(),
            _ => format!("only {} are", words::amount(told.explanation.ready)),
        },
    )
}

/// Why the quantity cannot be ordered.
fn refusals(told: &Told<'_>) -> Vec<String> {
    let explanation = told.explanation;
    let asked = explanation.answer.requested;
    let mut why = Vec::new();
    if let Some(broken) = &told.broken {
        why.push(format!("The kit cannot be put together: {broken}."));
        return why;
    }
    if explanation.places.is_empty() {
        why.push("No location of the store fulfils orders.".into());
        return why;
    }
    if from_shelf_only(told) && !explanation.ready.covers(asked) {
        why.push(format!(
            "Only what is on the shelf is sold, and {} there and free.",
            are(explanation.ready)
        ));
    } else if !explanation.promisable.covers(asked) {
        let horizon = explanation.places.iter().flat_map(|place| &place.parts);
        let horizon = horizon.map(|part| part.horizon).max().map(words::day);
        why.push(format!(
            "No honest date: by {} {} can be promised besides who waits already.",
            horizon.unwrap_or_default(),
            match explanation.promisable {
                Amount::ZERO => "none".into(),
                some => format!("only {}", words::amount(some)),
            },
        ));
    }
    for allowance in &explanation.allowances {
        let each = told.goods.parts.iter();
        let each = each.clone().find(|(part, _)| part.sku == allowance.sku);
        let each = each.map_or(Quantity::new(1), |(_, each)| *each);
        if !allowance.left.sets_of(each).covers(asked) {
            why.push(format!(
                "{} leaves {}.",
                limit(told, &allowance.sku),
                words::amount(allowance.left)
            ));
        }
    }
    why
}

fn from_shelf_only(told: &Told<'_>) -> bool {
    let place = told.explanation.places.first();
    let part = place.and_then(|place| place.parts.first());
    let released = part.is_none_or(|part| part.unreleased_until.is_none());
    let mode = place.map(|place| told.goods.facts.selling.mode_on(place.today));
    released && mode == Some(BackorderMode::Deny)
}

fn selling(told: &Told<'_>, page: &mut Page) {
    let selling = &told.goods.facts.selling;
    page.heading("How it may be sold");
    if told.goods.is_kit() {
        let parts = told.goods.parts.iter();
        let parts: Vec<String> = parts
            .map(|(part, each)| format!("{} of {}", each.units(), words::plain(part.sku.as_str())))
            .collect();
        page.line(
            2,
            &match parts.is_empty() {
                true => "It is a kit that cannot be put together.".into(),
                false => format!("It is a kit: one takes {}.", words::list(&parts)),
            },
        );
    }
    let today = told.explanation.places.first().map(|place| place.today);
    let mode = today.map_or(selling.backorder.mode, |today| selling.mode_on(today));
    page.line(
        2,
        match mode {
            BackorderMode::Deny => "Only what is on the shelf is sold (policy deny).",
            BackorderMode::Allow => {
                "What is not on the shelf is sold too, as a backorder (policy allow)."
            }
            BackorderMode::AllowSilent => {
                "What is not on the shelf is sold too, without the word backorder (policy allow_silent)."
            }
        },
    );
    if let Some(last) = selling.sell_until {
        let over = today.is_some_and(|today| last < today);
        page.line(
            2,
            &format!(
                "{} {}.",
                match over {
                    true => "That is so because more was sold only until",
                    false => "More than is on the shelf is sold until",
                },
                words::day(last)
            ),
        );
    }
    if let Some(stated) = selling.backorder.reason.as_deref().and_then(words::stated) {
        page.line(2, &format!("Shoppers who wait read: {stated}"));
    }
    if selling.discontinued {
        page.line(2, "Discontinued: what is left is sold, none is ordered.");
    }
    if let Some(release) = selling.released_on {
        let to_come = today.is_some_and(|today| today < release);
        let said = match to_come {
            true => format!(
                "Released on {}: none leaves before, and until then it is a preorder.",
                words::day(release)
            ),
            false => format!("Released on {}, which is past.", words::day(release)),
        };
        page.line(2, &said);
    }
    if !selling.low_stock_threshold.is_zero() {
        let low = words::units(selling.low_stock_threshold);
        page.line(2, &format!("It reads as low at {low} and below."));
    }
    let own = selling.promise_days_max;
    let horizon = own.map_or(told.policy.horizon_days, |own| {
        own.min(told.policy.horizon_days)
    });
    let whose = match own {
        Some(own) if own < told.policy.horizon_days => "its own horizon",
        _ => "the store's horizon",
    };
    let last = told
        .explanation
        .places
        .iter()
        .flat_map(|place| &place.parts);
    let last = last.map(|part| part.horizon).max();
    let last = last.map_or_else(String::new, |day| {
        format!(": no later than {}", words::day(day))
    });
    page.line(
        2,
        &format!(
            "Promised at most {} ahead, {whose}{last}.",
            words::count(horizon, "day")
        ),
    );
    for allowance in &told.explanation.allowances {
        page.line(
            2,
            &format!(
                "{}: {} on the shelf + {} that may be owed - {} promised already = {} may be sold.",
                limit(told, &allowance.sku),
                words::number(allowance.on_shelf),
                allowance.limit.units(),
                allowance.claimed.units(),
                words::number(allowance.left),
            ),
        );
    }
    if Quantity::new(1) < told.policy.min_shipment {
        let least = words::units(told.policy.min_shipment);
        page.line(
            2,
            &format!("A parcel holds at least {least}: smaller parts wait for the next."),
        );
    }
}

/// What a limit is called.
fn limit(told: &Told<'_>, sku: &Sku) -> String {
    match *sku == told.goods.facts.sku {
        true => "The limit".into(),
        false => format!("The limit of {}", words::plain(sku.as_str())),
    }
}

fn place_and_parts(told: &Told<'_>, place: &PlaceExplained<'_>, page: &mut Page) {
    let location = place.location;
    let calendar = &location.calendar;
    page.heading(&format!("From {} ({})", location.id, calendar.zone));
    page.line(2, &cut_off(told, place));
    let days = |count| match count {
        0 => "the same day".into(),
        _ => words::count(count, "working day"),
    };
    page.line(
        2,
        &format!(
            "From the beginning of an order to the carrier: {}. From arrival to the shelf: {}. Calendar of revision {}.",
            days(calendar.processing_days),
            days(calendar.receiving_days),
            location.revision,
        ),
    );
    for part in &place.parts {
        part_there(told, place, part, page);
    }
    if told.goods.is_kit() {
        page.gap();
        page.line(
            2,
            "Kits that can be put together, by the scarcest part on each day:",
        );
        for (day, amount) in place.can_send.iter().take(DAYS_LISTED_MAX) {
            let (day, amount) = (words::day(*day), words::number(*amount));
            page.raw(&format!("    {day:<18}{amount:>10}"));
        }
        if place.can_send.is_empty() {
            page.line(4, "none");
        }
    }
}

/// When an order is begun that is placed now.
pub fn cut_off(told: &Told<'_>, place: &PlaceExplained<'_>) -> String {
    let calendar = &place.location.calendar;
    let Some(begun) = place.begun_on else {
        return "Nobody works there within a year: nothing can leave.".into();
    };
    let now = clock(told, place);
    let closes = closing(calendar, place.today);
    let begun_on = words::near(begun, place.today);
    match (
        begun == place.today,
        calendar.working_days.includes(place.today),
    ) {
        (true, _) => format!("It is {now}. An order before {closes} today is begun today."),
        (false, true) => format!(
            "It is {now}, and orders closed at {closes}: this one is begun {begun_on}{}.",
            words::days_off(&calendar.working_days, place.today, begun)
                .map_or_else(String::new, |off| format!(" ({off})"))
        ),
        (false, false) => format!("It is {now}, a day off: an order is begun {begun_on}."),
    }
}

fn part_there(
    told: &Told<'_>,
    place: &PlaceExplained<'_>,
    part: &PartExplained<'_>,
    page: &mut Page,
) {
    page.gap();
    if told.goods.is_kit() {
        let title = part.facts.title.as_deref().map(words::plain);
        let title = title.map_or_else(String::new, |title| format!(" ({title})"));
        let sku = words::plain(part.facts.sku.as_str());
        page.line(
            2,
            &format!("{sku}{title}, {} in each kit", part.each.units()),
        );
        if part.mode == BackorderMode::Deny && part.unreleased_until.is_none() {
            page.line(4, "Only what is on the shelf of it is sold (policy deny).");
        }
    }
    let nothing_comes = part.dropped.is_empty() && part.stuck.is_empty() && part.undated.is_empty();
    let nothing_there = part
        .supply
        .iter()
        .all(|step| step.arrival.amount == Amount::ZERO);
    if nothing_there && nothing_comes && part.claims.is_empty() && part.withheld.is_zero() {
        page.line(2, "Nothing is there, nothing is on its way, nobody waits.");
        return;
    }
    if part.facts.selling.tracked {
        page.line(
            2,
            &format!(
                "{} on hand - {} safety stock = {} for sale.",
                part.on_hand.units(),
                part.safety_stock.units(),
                part.on_hand.less(part.safety_stock).units(),
            ),
        );
    }
    if !part.withheld.is_zero() {
        page.line(
            2,
            &format!(
                "Of the safety stock {} missing: what comes fills that up first.",
                match part.withheld.units() {
                    1 => "1 unit is".into(),
                    _ => format!("{} are", words::units(part.withheld)),
                }
            ),
        );
    }
    page.line(2, "Supply:");
    // What is not on the shelf was said already.
    let coming = part.supply.iter();
    let coming = coming.filter(|step| step.arrival.amount != Amount::ZERO);
    let coming: Vec<_> = coming.collect();
    if coming.is_empty() && nothing_comes {
        page.line(4, "none");
    }
    for step in coming {
        page.item(
            4,
            &name(&step.arrival.source),
            &steps(step, part, place, told.policy),
        );
    }
    for dropped in &part.dropped {
        let fence = words::count(told.policy.overdue_fence_days, "day");
        page.item(
            4,
            dropped.purchase_order.as_str(),
            &format!(
                "{}. {} That is more than {fence} ago: no promise counts on it.",
                words::units(dropped.quantity),
                planned(dropped, place.today),
            ),
        );
    }
    for stuck in &part.stuck {
        page.item(
            4,
            stuck.purchase_order.as_str(),
            &format!(
                "{}. {} Nobody would work then: no promise counts on it.",
                words::units(stuck.quantity),
                planned(stuck, place.today),
            ),
        );
    }
    for undated in part.undated {
        page.item(
            4,
            undated.purchase_order.as_str(),
            &format!("{}. {UNDATED}", words::units(undated.quantity)),
        );
    }
    page.line(2, "Claims:");
    claims(part, place, page);
    table(part, page);
}

fn claims(part: &PartExplained<'_>, place: &PlaceExplained<'_>, page: &mut Page) {
    let today = place.today;
    if part.claims.is_empty() && part.withheld.is_zero() {
        page.line(4, "nobody waits");
    }
    if !part.withheld.is_zero() {
        let units = words::units(part.withheld);
        page.line(4, &format!("{units}, the missing safety stock"));
    }
    let zone = place.location.calendar.zone;
    let ends = |one: &Claim| {
        one.expires_at.map(|end| {
            let end = end.with_timezone(&zone);
            end.format("%a %-d %b, %H:%M").to_string()
        })
    };
    for one in part.claims.iter().take(CLAIMS_LISTED_MAX) {
        let until = ends(one).map_or_else(String::new, |end| format!("; held until {end}"));
        page.line(4, &format!("{}{until}", claim(one, today)));
    }
    let more = part.claims.iter().skip(CLAIMS_LISTED_MAX);
    if more.len() != 0 {
        let units: Quantity = more.clone().map(|one| one.quantity).sum();
        let count = more.len();
        page.line(
            4,
            &format!("and {count} more of {}, in the table", words::units(units)),
        );
    }
    if !part.expired.is_empty() {
        let units: Quantity = part.expired.iter().map(|one| one.quantity).sum();
        let units = words::units(units);
        page.line(
            4,
            &format!("not counted: {units} of holds whose time is over"),
        );
    }
}

/// Sums up to each day: what can leave, what is due, what can be promised besides.
fn table(part: &PartExplained<'_>, page: &mut Page) {
    if part.days.is_empty() {
        return;
    }
    page.line(
        2,
        "Sums up to each day; what can be promised is the smallest left on it or any later day:",
    );
    let row = |day: &str, cells: [&str; 4]| {
        format!(
            "    {day:<18}{:>10}{:>10}{:>10}{:>18}",
            cells[0], cells[1], cells[2], cells[3]
        )
    };
    page.raw(&row("by", ["supply", "claims", "left", "can be promised"]));
    for day in part.days.iter().take(DAYS_LISTED_MAX) {
        let name = match day.due {
            Due::Owed => "owed before".into(),
            Due::By(day) => words::day(day),
            Due::Undated => "without a date".into(),
        };
        let left = match day.supply {
            Amount::Unlimited => "unlimited".into(),
            Amount::Counted(supply) => {
                (i64::from(supply.units()) - i64::from(day.claims.units())).to_string()
            }
        };
        let late = matches!(day.due, Due::By(day) if part.horizon < day);
        let promisable = match late {
            true => "after the horizon".into(),
            false => words::number(day.promisable),
        };
        page.raw(&row(
            &name,
            [
                &words::number(day.supply),
                &day.claims.units().to_string(),
                &left,
                &promisable,
            ],
        ));
    }
    let more = part.days.len().saturating_sub(DAYS_LISTED_MAX);
    if 0 < more {
        page.line(4, &format!("and {more} more days"));
    }
}

/// Which units leave on which day, and why on that.
fn walk(told: &Told<'_>, page: &mut Page) {
    if told.explanation.slices.is_empty() {
        return;
    }
    page.heading("Unit by unit");
    for (at, part) in told.explanation.slices.iter().enumerate() {
        page.item(2, &numbers(part), &because(told, at, part));
    }
}

fn whence(told: &Told<'_>, part: &SliceExplained) -> String {
    let mut said = format!("by {}", words::day(part.slice.ships_by));
    let place = told.place_of(&part.slice);
    if let Some(place) = place.filter(|_| told.has_several_places()) {
        said.push_str(&format!(" from {}", place.location.id));
    }
    if told.explanation.answer.first_is_ready && part.reaches == part.slice.quantity {
        said.push_str(match told.explanation.answer.is_suppressed {
            true => ", reads as ready now",
            false => ", ready now",
        });
    }
    if let Some(delivery) = part.delivery {
        said.push_str(&format!(
            "; at the door by {}: the carrier takes {} after {}",
            words::day(delivery.delivers_by),
            words::count(delivery.days, "working day"),
            words::day(delivery.taken_on),
        ));
        let transit = place.and_then(|place| {
            let mut transit = place.location.transit.iter();
            transit.find(|transit| Some(&transit.zone) == told.policy.zone.as_ref())
        });
        let off = transit.and_then(|transit| {
            words::days_off(
                &transit.delivery_days,
                delivery.taken_on,
                delivery.delivers_by,
            )
        });
        said.extend(off.map(|off| format!(" (for the carrier {off})")));
    }
    said
}

fn numbers(part: &SliceExplained) -> String {
    let first = part.reaches.less(part.slice.quantity).units() + 1;
    match part.reaches.units() {
        last if last == first => format!("Unit {first}"),
        last => format!("Units {first}-{last}"),
    }
}

fn are(amount: Amount) -> String {
    match amount.counted().map(Quantity::units) {
        Some(0) => "none is".into(),
        Some(1) => "1 unit is".into(),
        _ => format!("{} are", words::amount(amount)),
    }
}

fn clock(told: &Told<'_>, place: &PlaceExplained<'_>) -> String {
    let local = told.now.with_timezone(&place.location.calendar.zone);
    local.format("%a %-d %b %Y, %H:%M").to_string()
}

fn closing(calendar: &DispatchCalendar, day: NaiveDate) -> String {
    let time = calendar.cut_offs.for_day(day);
    time.format("%H:%M").to_string()
}
