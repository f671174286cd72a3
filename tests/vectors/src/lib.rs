//! The vectors of the promise algorithm as one table.
//!
//! [`report`] evaluates each and writes a line: the same lines must come out natively and compiled
//! to WebAssembly, and they must be the lines of `expected.txt`, which is written by hand from the
//! specification.

mod carts;

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use shared::availability::{Availability, Location, PromisePolicy, Status, availability};
use shared::calendar::{CutOffs, DispatchCalendar, WorkingDays};
use shared::ids::{LocationId, Sku};
use shared::kit::Goods;
use shared::lead_time::Level;
use shared::money::{Currency, Money};
use shared::promise::{Amount, Atp, Slice, Supply};
use shared::quantity::Quantity;
use shared::reason::{ReasonCode, Stated};
use shared::supply::{Backorder, BackorderMode, Basis, Claim, Due, Incoming, Place, SkuFacts};
use shared::text::{Language, Speaker, Tables};
use shared::wire;

/// Evaluates every vector, a line each.
pub fn report() -> String {
    let mut lines = String::new();
    queue(&mut lines);
    look_ahead(&mut lines);
    cut_off_and_holiday(&mut lines);
    daylight_saving(&mut lines);
    civil_dates(&mut lines);
    overdue(&mut lines);
    safety_stock_missing(&mut lines);
    no_supply(&mut lines);
    date_passes(&mut lines);
    claims_keep_their_dates(&mut lines);
    stock_corrected(&mut lines);
    claims_end(&mut lines);
    last_day_of_sale(&mut lines);
    days_ahead(&mut lines);
    as_good_as_in_stock(&mut lines);
    carts::kits(&mut lines);
    carts::locations(&mut lines);
    reasons(&mut lines);
    words(&mut lines);
    lines
}

/// V1: eight wait already; two purchase orders are on their way.
fn queue(lines: &mut String) {
    let mut shop = Shop::new(chrono_tz::America::New_York, "2027-01-04T15:00:00Z");
    shop.claim(None, 8);
    shop.incoming(10, "2027-01-11");
    shop.incoming(20, "2027-02-01");
    for units in [1, 2, 3, 22, 23] {
        shop.ask(lines, "V1", units);
    }
    let answer = wire_answer(&shop, 3, Language::English);
    let none = wire::Money(Money::new(0, usd()));
    let policy = wire::SplitPolicy {
        split: wire::Split::Free,
        amount: none,
        parcels_max: 3,
    };
    let tables = Tables(Language::English);
    let speaker = Speaker::new(Language::English, &tables, shop.today());
    let options = wire::plan_options(&[answer], &policy, &speaker);
    line(
        lines,
        "V1 plans",
        &serde_json::to_string(&options).unwrap_or_default(),
    );
}

/// V2: a later-dated earlier order keeps its supply.
fn look_ahead(lines: &mut String) {
    let supply = [(8, 5), (15, 5), (25, 20)].map(|(day, units)| Supply {
        ships_by: january(day),
        amount: counted(units),
    });
    let claim = Claim::by(january(15), Quantity::new(10));
    let promised = Atp::new(supply, [claim]).slices(Quantity::new(3), january(31));
    line(lines, "V2 q=3", &slices(&promised.slices));
}

/// V3: the cut-off to the second, before a holiday.
fn cut_off_and_holiday(lines: &mut String) {
    for now in [
        "2026-11-25T21:59:00Z",
        "2026-11-25T21:59:59Z",
        "2026-11-25T22:00:00Z",
    ] {
        let mut shop = Shop::new(chrono_tz::America::Los_Angeles, now);
        shop.close("2026-11-26");
        shop.stock(1);
        shop.ask(lines, &format!("V3 {now}"), 1);
    }
}

/// V4: the same local cut-off is another instant after clocks change.
fn daylight_saving(lines: &mut String) {
    for now in [
        "2027-03-12T18:59:59Z",
        "2027-03-12T19:00:00Z",
        "2027-03-15T17:59:59Z",
        "2027-03-15T18:00:00Z",
    ] {
        let mut shop = Shop::new(chrono_tz::America::New_York, now);
        shop.stock(1);
        shop.ask(lines, &format!("V4 {now}"), 1);
    }
}

/// V5: a date is a date where the goods are, whoever reads it.
fn civil_dates(lines: &mut String) {
    let mut tokyo = Shop::new(chrono_tz::Asia::Tokyo, "2027-01-13T23:00:00Z");
    tokyo.stock(1);
    tokyo.location.calendar.processing_days = 0;
    tokyo.ask(lines, "V5 Tokyo 08:00", 1);
    let mut los_angeles = Shop::new(chrono_tz::America::Los_Angeles, "2027-01-12T20:00:00Z");
    los_angeles.location.calendar.processing_days = 0;
    los_angeles.location.calendar.receiving_days = 0;
    los_angeles.incoming(1, "2027-01-14");
    los_angeles.ask(lines, "V5 Los Angeles", 1);
    for language in [Language::English, Language::Japanese] {
        line(
            lines,
            "V5 text",
            &wire_answer(&los_angeles, 1, language)
                .text
                .date
                .unwrap_or_default(),
        );
    }
}

/// V6: supply that is three days late is assumed for tomorrow.
fn overdue(lines: &mut String) {
    let mut shop = Shop::every_day("2027-01-13T12:00:00Z");
    shop.claim(Some("2027-01-08"), 75);
    shop.incoming(200, "2027-01-10");
    shop.incoming(100, "2027-01-23");
    for units in [125, 126, 150, 225, 226] {
        shop.ask(lines, "V6", units);
    }
    let mut beyond = Shop::every_day("2027-02-20T12:00:00Z");
    beyond.incoming(200, "2027-01-10");
    beyond.ask(lines, "V6 beyond the fence", 1);
}

/// 3.1, step 2: what comes fills up the safety stock first.
fn safety_stock_missing(lines: &mut String) {
    let mut shop = Shop::every_day("2027-01-04T15:00:00Z");
    shop.stock(2);
    shop.place().safety_stock = Quantity::new(5);
    shop.incoming(10, "2027-01-11");
    for units in [7, 8] {
        shop.ask(lines, "safety stock", units);
    }
}

/// V8: nothing known is said as such.
fn no_supply(lines: &mut String) {
    let shop = Shop::new(chrono_tz::America::New_York, "2027-01-04T15:00:00Z");
    shop.ask(lines, "V8", 1);
    line(
        lines,
        "V8 text",
        &format!("{:?}", wire_answer(&shop, 1, Language::English).text),
    );
    // Where more is on its way, though not for sale yet, nobody says that no date is known.
    let mut denied = shop;
    denied.facts.selling.backorder.mode = BackorderMode::Deny;
    denied.incoming(5, "2027-01-12");
    line(
        lines,
        "V8 with supply that is not for sale",
        &format!("{:?}", wire_answer(&denied, 1, Language::English).text),
    );
}

/// V9: a date that passes never turns into "in stock", and is never shown.
fn date_passes(lines: &mut String) {
    let mut shop = Shop::new(chrono_tz::America::New_York, "2027-01-04T15:00:00Z");
    shop.incoming(5, "2027-01-12");
    let start = shop.now;
    for day in 0..=45 {
        shop.now = start + chrono::TimeDelta::days(day);
        if [0, 7, 8, 9, 10, 38, 39].contains(&day) {
            shop.ask(lines, &format!("V9 day {day}"), 1);
        }
    }
}

/// V11: a cancelled order frees supply; nobody else's date moves.
fn claims_keep_their_dates(lines: &mut String) {
    let supply = [(1, 5), (2, 6), (3, 9)].map(|(day, units)| Supply {
        ships_by: january(day),
        amount: counted(units),
    });
    let claim = |day, units| Claim::by(january(day), Quantity::new(units));
    let (first, second, third) = (claim(1, 5), claim(3, 10), claim(2, 5));
    let before = Atp::new(supply, [first, second, third]).slices(Quantity::new(1), january(31));
    line(lines, "V11 before", &slices(&before.slices));
    let after = Atp::new(supply, [second, third]).slices(Quantity::new(6), january(31));
    line(
        lines,
        "V11 after O1 cancels",
        &format!("{} undated {}", slices(&after.slices), after.undated),
    );
}

/// V12: a count that is lower than what is promised; who was promised comes before who asks.
fn stock_corrected(lines: &mut String) {
    let mut shop = Shop::every_day("2027-01-04T12:00:00Z");
    shop.stock(3);
    shop.claim(Some("2027-01-04"), 5);
    shop.incoming(4, "2027-01-11");
    for units in [1, 2, 3] {
        shop.ask(lines, "V12", units);
    }
}

/// A hold ends by itself; who waits without a date waits before whoever asks.
fn claims_end(lines: &mut String) {
    for now in ["2027-01-04T12:00:00Z", "2027-01-04T12:30:00Z"] {
        let mut shop = Shop::every_day(now);
        shop.stock(3);
        let hold = Claim::owed(Quantity::new(2));
        let expires_at = Some(parsed("2027-01-04T12:30:00Z"));
        shop.place().claims.push(Claim { expires_at, ..hold });
        shop.ask(lines, &format!("hold {now}"), 2);
    }
    let mut shop = Shop::every_day("2027-01-04T12:00:00Z");
    shop.stock(5);
    shop.incoming(5, "2027-02-01");
    let undated = Claim::due(Due::Undated, Quantity::new(3));
    shop.place().claims.push(undated);
    for units in [2, 3, 8] {
        shop.ask(lines, "undated first", units);
    }
}

/// After its last day of sale only what is on the shelf is sold.
fn last_day_of_sale(lines: &mut String) {
    for now in [
        "2027-01-06T12:00:00Z",
        "2027-01-06T15:00:00Z",
        "2027-01-07T12:00:00Z",
    ] {
        let mut shop = Shop::every_day(now);
        shop.facts.selling.sell_until = Some(parsed("2027-01-06"));
        shop.incoming(5, "2027-01-11");
        shop.ask(lines, &format!("sell until {now}"), 1);
        shop.stock(1);
        shop.ask(lines, &format!("sell until, one there {now}"), 1);
        shop.ask(lines, &format!("sell until, one there {now}"), 2);
    }
}

/// Nothing is promised for more days ahead than the merchant says.
fn days_ahead(lines: &mut String) {
    for (days, now) in [
        (14, "2027-01-04T12:00:00Z"),
        (13, "2027-01-04T12:00:00Z"),
        (13, "2027-01-05T12:00:00Z"),
    ] {
        let mut shop = Shop::every_day(now);
        shop.facts.selling.promise_days_max = Some(days);
        shop.incoming(5, "2027-01-18");
        shop.ask(lines, &format!("{days} days ahead {now}"), 1);
    }
}

/// 3.1, step 10: what the supplier has sent and leaves no later than from the shelf reads as in stock.
fn as_good_as_in_stock(lines: &mut String) {
    let estimated = Basis::LeadTime {
        level: parsed_level(80),
        own: 20,
        pooled: 0,
    };
    for (name, expected_on, under_way, basis, within) in [
        ("sent", "2027-01-04", true, Basis::Told, Some(0)),
        ("not sent", "2027-01-04", false, Basis::Told, Some(0)),
        ("estimated", "2027-01-04", true, estimated, Some(0)),
        ("never", "2027-01-04", true, Basis::Told, None),
        ("a day later", "2027-01-05", true, Basis::Told, Some(0)),
        (
            "a day put up with",
            "2027-01-05",
            true,
            Basis::Told,
            Some(1),
        ),
    ] {
        let mut shop = Shop::new(chrono_tz::America::New_York, "2027-01-04T15:00:00Z");
        shop.location.calendar.receiving_days = 0;
        shop.policy.suppress_within_days = within;
        shop.incoming(5, expected_on);
        let incoming = &mut shop.place().incoming[0];
        incoming.under_way = under_way;
        incoming.basis = basis;
        for units in [5, 6] {
            shop.ask(lines, &format!("as in stock, {name}"), units);
        }
    }
}

fn parsed_level(percent: u8) -> Level {
    Level::new(percent).unwrap_or_else(|_| panic!("a vector has {percent}%"))
}

/// The purchase order that the date stands on says why before the SKU, and that before the supplier.
fn reasons(lines: &mut String) {
    let said = |words: &str| Some(Arc::new(Stated::in_all(words)));
    for (order, sku, supplier) in [
        (true, true, true),
        (false, true, true),
        (false, false, true),
    ] {
        let mut shop = Shop::every_day("2027-01-04T12:00:00Z");
        shop.stock(1);
        shop.incoming(5, "2027-01-08");
        shop.incoming(5, "2027-01-11");
        shop.facts.selling.backorder.reason = said("sku").filter(|_| sku);
        for (incoming, words) in shop.place().incoming.iter_mut().zip(["first", "second"]) {
            incoming.reason = said(words).filter(|_| order);
            incoming.supplier_reason = said("supplier").filter(|_| supplier);
        }
        for units in [1, 6, 7] {
            let answer = wire_answer(&shop, units, Language::English);
            let text = answer.reason.map_or("-".into(), |reason| reason.text);
            line(lines, &format!("reason for {units}"), &text);
        }
    }
    let mut shop = Shop::every_day("2027-01-04T12:00:00Z");
    shop.incoming(5, "2027-01-08");
    shop.place().incoming[0].reason = Some(Arc::new(Stated {
        code: Some(ReasonCode::Customs),
        ..Stated::default()
    }));
    for language in Language::ALL {
        let answer = wire_answer(&shop, 1, language);
        let reason = answer.reason.map_or("-".into(), |reason| {
            format!("{} {}", reason.stated.unwrap_or_default(), reason.text)
        });
        line(lines, &format!("reason {}", language.tag()), &reason);
    }
}

/// The same answer in every language.
fn words(lines: &mut String) {
    let mut shop = Shop::new(chrono_tz::America::New_York, "2026-11-23T15:00:00Z");
    shop.close("2026-11-26");
    shop.stock(1);
    shop.incoming(20, "2026-12-11");
    for language in Language::ALL {
        let text = wire_answer(&shop, 3, language).text;
        let parts = [Some(text.label), text.date, text.detail].map(Option::unwrap_or_default);
        line(
            lines,
            &format!("words {}", language.tag()),
            &parts.join(" | "),
        );
    }
}

struct Shop {
    facts: SkuFacts,
    location: Location,
    policy: PromisePolicy,
    now: DateTime<Utc>,
}

impl Shop {
    fn new(zone: Tz, now: &str) -> Self {
        let id: LocationId = parsed("main");
        let calendar = DispatchCalendar {
            zone,
            working_days: WorkingDays::monday_to_friday(),
            pickup_days: WorkingDays::monday_to_friday(),
            cut_offs: CutOffs::daily(NaiveTime::from_hms_opt(14, 0, 0).unwrap_or_default()),
            receiving_days: 1,
            processing_days: 1,
        };
        let mut facts = SkuFacts::new(parsed::<Sku>("A"));
        facts.selling.backorder = Backorder {
            mode: BackorderMode::Allow,
            ..Backorder::default()
        };
        facts.places.push(Place::new(id.clone()));
        Self {
            facts,
            location: Location::new(id, calendar),
            policy: PromisePolicy::default(),
            now: parsed(now),
        }
    }

    /// Works every day, receives and processes in no time, in UTC.
    fn every_day(now: &str) -> Self {
        let mut shop = Self::new(Tz::UTC, now);
        let calendar = &mut shop.location.calendar;
        calendar.working_days = WorkingDays::every_day();
        calendar.pickup_days = WorkingDays::every_day();
        calendar.receiving_days = 0;
        calendar.processing_days = 0;
        shop
    }

    fn close(&mut self, day: &str) {
        let calendar = &mut self.location.calendar;
        calendar.working_days = calendar.working_days.clone().without([parsed(day)]);
        calendar.pickup_days = calendar.pickup_days.clone().without([parsed(day)]);
    }

    fn place(&mut self) -> &mut Place {
        &mut self.facts.places[0]
    }

    fn stock(&mut self, units: u32) {
        self.place().on_hand = Quantity::new(units);
    }

    fn claim(&mut self, ships_by: Option<&str>, units: u32) {
        let due = ships_by.map_or(Due::Owed, |day| Due::By(parsed(day)));
        let claim = Claim::due(due, Quantity::new(units));
        self.place().claims.push(claim);
    }

    fn incoming(&mut self, units: u32, expected_on: &str) {
        let incoming = Incoming::told(parsed("PO"), Quantity::new(units), parsed(expected_on));
        self.place().incoming.push(incoming);
    }

    fn today(&self) -> NaiveDate {
        self.location.calendar.today(self.now)
    }

    fn answer(&self, units: u32) -> Availability {
        availability(
            &Goods::plain(&self.facts),
            std::slice::from_ref(&self.location),
            &self.policy,
            Quantity::new(units),
            self.now,
        )
    }

    fn ask(&self, lines: &mut String, name: &str, units: u32) {
        let answer = self.answer(units);
        let ships_by = answer
            .ships_by
            .map_or("no date".into(), |day| wire::Date(day).to_string());
        let until = answer
            .valid_until
            .map_or("-".into(), |until| until.to_string());
        line(
            lines,
            &format!("{name} q={units}"),
            &format!(
                "{} {ships_by} [{}] until {until}",
                status(&answer),
                slices(&answer.slices)
            ),
        );
    }
}

fn status(answer: &Availability) -> &'static str {
    match answer.status {
        Status::InStock => "in_stock",
        Status::LowStock { .. } => "low_stock",
        Status::Backorder { .. } => "backorder",
        Status::Preorder { .. } => "preorder",
        Status::OutOfStock { .. } => "out_of_stock",
        Status::Discontinued => "discontinued",
        Status::Unknown => "unknown",
    }
}

fn wire_answer(shop: &Shop, units: u32, language: Language) -> wire::Availability {
    let tables = Tables(language);
    let speaker = Speaker::new(language, &tables, shop.today());
    wire::Availability::new(&shop.answer(units), None, &speaker, None)
}

fn line(lines: &mut String, name: &str, result: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(lines, "{name}: {result}");
}

fn slices(slices: &[Slice]) -> String {
    let parts: Vec<String> = slices
        .iter()
        .map(|slice| format!("{} by {}", slice.quantity, wire::Date(slice.ships_by)))
        .collect();
    parts.join(", ")
}

fn january(day: u64) -> NaiveDate {
    parsed::<NaiveDate>("2026-12-31") + Days::new(day)
}

fn counted(units: u32) -> Amount {
    Amount::Counted(Quantity::new(units))
}

fn usd() -> Currency {
    parsed("USD")
}

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|_| panic!("a vector has {text:?}"))
}

/// What a page without glue code needs to read [`report`] from WebAssembly's memory.
#[cfg(target_arch = "wasm32")]
mod memory {
    use std::sync::OnceLock;

    static REPORT: OnceLock<String> = OnceLock::new();

    /// Where the report begins.
    #[expect(unsafe_code, reason = "an export is found by its name")]
    #[unsafe(no_mangle)]
    pub extern "C" fn report_start() -> *const u8 {
        REPORT.get_or_init(super::report).as_ptr()
    }

    /// How many bytes it has.
    #[expect(unsafe_code, reason = "an export is found by its name")]
    #[unsafe(no_mangle)]
    pub extern "C" fn report_bytes() -> usize {
        REPORT.get_or_init(super::report).len()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_vectors_come_to_what_the_specification_says() {
        let expected = include_str!("../expected.txt");
        for (number, (said, expected)) in super::report().lines().zip(expected.lines()).enumerate()
        {
            assert_eq!(said, expected, "line {}", number + 1);
        }
        assert_eq!(super::report().lines().count(), expected.lines().count());
    }
}
