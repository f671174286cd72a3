//! The grid of zones and odd days (reliability.md 3.3): no panic, no date that shifts, a cut-off that
//! is exact to the second, whatever clocks do there and wherever the reader is.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use chrono_tz::{Africa, America, Asia, Australia, Europe, Pacific};
use shared::calendar::{CutOffs, DispatchCalendar, Transit, WorkingDays};
use shared::wire::Date;

const ZONES: [Tz; 13] = [
    Europe::London,
    Europe::Dublin,
    Europe::Berlin,
    America::New_York,
    America::Santiago,
    America::Havana,
    Asia::Beirut,
    Australia::Lord_Howe,
    Africa::Casablanca,
    Asia::Kathmandu,
    Pacific::Apia,
    Pacific::Kiritimati,
    Pacific::Niue,
];

/// Hours east of Greenwich at which readers sit.
const VIEWERS_HOURS: [i32; 3] = [-11, 0, 14];

/// Seconds from the cut-off at which an order comes.
const ORDERS_S: [i64; 3] = [-1, 0, 1];

/// The cut-offs that the odd day has of its own: within the hours that clocks skip and repeat
/// anywhere in the grid, and at the usual ones.
const CUT_OFFS: [&str; 10] = [
    "00:00", "00:15", "02:15", "01:30", "01:45", "02:30", "03:15", "12:00", "23:30", "23:59",
];

/// What every other day of the week has.
const USUAL: &str = "14:00";

#[test]
fn a_cut_off_is_exact_to_the_second_on_every_odd_day_of_every_zone() {
    let mut cases = 0;
    for zone in ZONES {
        for day in odd_days(zone) {
            for cut_off in CUT_OFFS.map(time) {
                let calendar = calendar(zone, day, cut_off);
                let expected = clocks_reach(zone, day, cut_off);
                let what = format!("{zone}, {day}, cut-off {cut_off}");
                assert_eq!(calendar.cut_off_of(day), expected, "{what}");
                for seconds in ORDERS_S {
                    let now = expected + TimeDelta::seconds(seconds);
                    let begun = calendar.first_working_day(now).expect(&what);
                    let next = day.succ_opt().expect("a day after");
                    let expected_day = if seconds < 0 { day } else { next };
                    assert_eq!(begun, expected_day, "{what}, {seconds} s");
                    cases += 1;
                }
            }
        }
    }
    // Both changes of clocks or, where there is none, two plain days; both ends of a year; 29 February.
    assert_eq!(cases, 13 * 5 * 10 * 3);
}

#[test]
fn an_answer_stands_until_it_says_and_is_another_from_then_on() {
    for zone in ZONES {
        for day in odd_days(zone) {
            for cut_off in CUT_OFFS.map(time) {
                let calendar = calendar(zone, day, cut_off);
                let mut now = calendar.start_of(day) - TimeDelta::hours(1);
                let end = calendar.start_of(day) + TimeDelta::hours(30);
                while now < end {
                    let begun = calendar.first_working_day(now).expect("a working day");
                    let until = calendar.first_working_day_holds_until(now);
                    let until = until.expect("an end");
                    let what = format!("{zone}, {now}, cut-off {cut_off}, until {until}");
                    assert!(now < until, "{what}");
                    let last = until - TimeDelta::seconds(1);
                    assert_eq!(calendar.first_working_day(last), Some(begun), "{what}");
                    assert!(
                        begun < calendar.first_working_day(until).expect("a day"),
                        "{what}"
                    );
                    now += TimeDelta::minutes(15);
                }
            }
        }
    }
}

#[test]
fn every_instant_of_an_odd_day_has_the_date_that_clocks_show() {
    for zone in ZONES {
        for day in odd_days(zone) {
            let calendar = calendar(zone, day, time(USUAL));
            let start = calendar.start_of(day);
            let end = calendar.start_of(day.succ_opt().expect("a day after"));
            assert_eq!(calendar.today(start), day, "{zone}");
            assert_eq!(calendar.today(end - TimeDelta::seconds(1)), day, "{zone}");
            assert_ne!(calendar.today(start - TimeDelta::seconds(1)), day, "{zone}");
            assert_ne!(calendar.today(end), day, "{zone}");
            let length = TimeDelta::minutes(minutes_of(zone, day));
            assert_eq!(end - start, length, "{zone}, {day}");
        }
    }
}

#[test]
fn a_date_is_the_same_wherever_its_reader_is() {
    for zone in ZONES {
        for day in odd_days(zone) {
            let calendar = calendar(zone, day, time("12:00"));
            for seconds in ORDERS_S {
                let now = calendar.cut_off_of(day) + TimeDelta::seconds(seconds);
                let seen = VIEWERS_HOURS.map(|hours| {
                    // As the reader's own clock writes the moment down, and as ours reads it.
                    let viewer = FixedOffset::east_opt(hours * 3_600).expect("an offset");
                    let written = now.with_timezone(&viewer).to_rfc3339();
                    dates_on_the_wire(&calendar, written.parse().expect("an instant"))
                });
                assert_eq!(seen[0], seen[1], "{zone}, {day}, {seconds} s");
                assert_eq!(seen[1], seen[2], "{zone}, {day}, {seconds} s");
                let begun = if seconds < 0 {
                    day
                } else {
                    day + TimeDelta::days(1)
                };
                let expected = format!("[\"{day}\",\"{begun}\",");
                assert!(
                    seen[0].starts_with(&expected),
                    "{zone}: {}, not {expected}",
                    seen[0]
                );
            }
        }
    }
}

#[test]
fn a_day_that_a_zone_left_out_panics_nowhere_and_moves_no_other() {
    let missing = date("2011-12-30");
    let calendar = calendar(Pacific::Apia, missing, time("12:00"));
    let (before, after) = (date("2011-12-29"), date("2011-12-31"));
    // The day that is not there has no length: it begins when the next one does.
    assert_eq!(calendar.start_of(missing), calendar.start_of(after));
    let mut now = calendar.start_of(before);
    let mut seen = Vec::new();
    while now < calendar.start_of(date("2012-01-01")) {
        let today = calendar.today(now);
        let begun = calendar.first_working_day(now).expect("a working day");
        let ships_by = calendar.ship_by(begun).expect("a pickup");
        assert!(today <= begun && begun <= ships_by, "{now}");
        calendar.first_working_day_holds_until(now).expect("an end");
        seen.push(today);
        now += TimeDelta::minutes(15);
    }
    seen.dedup();
    assert_eq!(seen, [before, after]);
    for seconds in ORDERS_S {
        let day_after = calendar.cut_off_of(after) + TimeDelta::seconds(seconds);
        let expected = if seconds < 0 {
            after
        } else {
            date("2012-01-01")
        };
        assert_eq!(calendar.first_working_day(day_after), Some(expected));
    }
}

#[test]
fn each_day_of_the_week_has_its_own_cut_off() {
    // Saturdays until ten, Fridays until noon, else until two; no work on Sundays.
    let calendar = DispatchCalendar {
        working_days: WorkingDays::on([
            chrono::Weekday::Mon,
            chrono::Weekday::Tue,
            chrono::Weekday::Wed,
            chrono::Weekday::Thu,
            chrono::Weekday::Fri,
            chrono::Weekday::Sat,
        ]),
        cut_offs: CutOffs::daily(time("14:00"))
            .on(chrono::Weekday::Fri, time("12:00"))
            .on(chrono::Weekday::Sat, time("10:00")),
        ..calendar(America::New_York, date("2026-11-23"), time("14:00"))
    };
    for (now, begun, until) in [
        ("2026-11-26T18:59:59Z", "2026-11-26", "2026-11-26T19:00:00Z"),
        ("2026-11-26T19:00:00Z", "2026-11-27", "2026-11-27T17:00:00Z"),
        ("2026-11-27T16:59:59Z", "2026-11-27", "2026-11-27T17:00:00Z"),
        ("2026-11-27T17:00:00Z", "2026-11-28", "2026-11-28T15:00:00Z"),
        ("2026-11-28T15:00:00Z", "2026-11-30", "2026-11-30T19:00:00Z"),
        ("2026-11-29T03:00:00Z", "2026-11-30", "2026-11-30T19:00:00Z"),
    ] {
        let now: DateTime<Utc> = now.parse().expect(now);
        assert_eq!(calendar.first_working_day(now), Some(date(begun)), "{now}");
        let until: DateTime<Utc> = until.parse().expect(until);
        assert_eq!(
            calendar.first_working_day_holds_until(now),
            Some(until),
            "{now}"
        );
    }
}

#[test]
fn a_parcel_is_never_said_to_be_at_the_door_too_early() {
    let weekdays = WorkingDays::monday_to_friday().without([date("2026-12-25")]);
    for (ships_by, days, expected) in [
        ("2026-12-23", 0, "2026-12-23"),
        ("2026-12-23", 1, "2026-12-24"),
        ("2026-12-23", 2, "2026-12-28"),
        ("2026-12-25", 0, "2026-12-28"),
        ("2026-12-25", 1, "2026-12-29"),
        ("2026-12-26", 1, "2026-12-29"),
        ("2026-12-27", 1, "2026-12-29"),
        ("2026-12-31", 1, "2027-01-01"),
    ] {
        let transit = Transit {
            zone: "us".into(),
            days,
            delivery_days: weekdays.clone(),
        };
        let at_the_door = transit.deliver_by(date(ships_by));
        assert_eq!(at_the_door, Some(date(expected)), "{ships_by} + {days}");
    }
    let never = Transit {
        zone: "moon".into(),
        days: 1,
        delivery_days: WorkingDays::on([]),
    };
    assert_eq!(never.deliver_by(date("2026-12-23")), None);
}

/// A calendar of every day, of which the day of the week of `odd` has a cut-off of its own.
fn calendar(zone: Tz, odd: NaiveDate, cut_off: NaiveTime) -> DispatchCalendar {
    DispatchCalendar {
        zone,
        working_days: WorkingDays::every_day(),
        pickup_days: WorkingDays::every_day(),
        cut_offs: CutOffs::daily(time(USUAL)).on(odd.weekday(), cut_off),
        receiving_days: 1,
        processing_days: 1,
    }
}

/// The day at the location, and all dates that follow from an order at `now`, as clients get them.
fn dates_on_the_wire(calendar: &DispatchCalendar, now: DateTime<FixedOffset>) -> String {
    let now = now.to_utc();
    let begun = calendar.first_working_day(now).expect("a working day");
    let ships_by = calendar.ship_by(begun).expect("a pickup");
    let transit = Transit {
        zone: "here".into(),
        days: 2,
        delivery_days: WorkingDays::every_day(),
    };
    let at_the_door = transit.deliver_by(ships_by).expect("a delivery");
    let dates = [calendar.today(now), begun, ships_by, at_the_door].map(Date);
    serde_json::to_string(&dates).expect("dates are JSON")
}

/// Both days of 2027 on which clocks change (two plain days where they do not), both ends of a year,
/// and 29 February.
fn odd_days(zone: Tz) -> [NaiveDate; 5] {
    let mut changes = Vec::new();
    let mut day = date("2027-01-01");
    while day < date("2028-01-01") {
        let next = day.succ_opt().expect("a day after");
        // Most days are passed over by a glance at both ends of what may be it.
        let offset = |minute: Option<DateTime<Utc>>| {
            let shown =
                minute.map(|minute| minute.with_timezone(&zone).naive_local() - minute.naive_utc());
            shown.expect("a minute")
        };
        let ends = [minutes_around(day).next(), minutes_around(day).last()].map(offset);
        if ends[0] != ends[1] && minutes_of(zone, day) != 24 * 60 {
            changes.push(day);
        }
        day = next;
    }
    changes.extend([date("2027-03-14"), date("2027-10-31")]);
    [
        changes[0],
        changes[1],
        date("2027-12-31"),
        date("2028-01-01"),
        date("2028-02-29"),
    ]
}

/// How many minutes clocks show this date. No zone changes by less than a quarter of an hour.
fn minutes_of(zone: Tz, day: NaiveDate) -> i64 {
    let quarters = minutes_around(day)
        .step_by(15)
        .filter(|minute| minute.with_timezone(&zone).date_naive() == day);
    quarters.map(|_| 15).sum()
}

/// The first instant at which clocks show `time` on `day`. Where a change skips it, the instant at
/// which clocks that nobody put forward would show it. Found by looking at the clock each minute, so
/// that nothing is shared with the code under test.
fn clocks_reach(zone: Tz, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let wanted = day.and_time(time);
    let shown = |instant: DateTime<Utc>| instant.with_timezone(&zone).naive_local();
    let reached = minutes_around(day)
        .find(|minute| wanted <= shown(*minute))
        .expect("clocks reach every time");
    let minute = TimeDelta::minutes(1);
    let not_put_forward = shown(reached - minute) + minute;
    match shown(reached) == wanted {
        true => reached,
        false => reached + (wanted - not_put_forward),
    }
}

/// Every minute in which it may be `day` anywhere.
fn minutes_around(day: NaiveDate) -> impl Iterator<Item = DateTime<Utc>> {
    let noon_before = day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::hours(16);
    (0..56 * 60).map(move |minute| noon_before + TimeDelta::minutes(minute))
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").expect(text)
}
