//! Days off from calendars and tables: what is read, what is refused, and by which line.

use axum::body::Body;
use chrono::NaiveDate;
use serde_json::{Value, json};
use server::import::holidays::{Found, Kind, Reader, read};
use server::operations::add_holidays::{AddHolidays, add_holidays_into};

use crate::client::{Client, Reply};
use crate::shop::{TestShop, id, now};

/// What an event says, within a calendar: its first line is the third.
fn calendar(events: &[&str]) -> String {
    let events: String = events
        .iter()
        .map(|event| format!("BEGIN:VEVENT\n{event}\nEND:VEVENT\n"))
        .collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n").replace('\n', "\r\n")
}

fn reader() -> Reader {
    Reader {
        zone: chrono_tz::Europe::Berlin,
        today: id("2026-11-23"),
    }
}

fn found(file: &str, kind: Kind) -> Found {
    read(file.as_bytes(), kind, reader()).expect(file)
}

fn days(found: &Found) -> Vec<String> {
    found.days.iter().map(NaiveDate::to_string).collect()
}

fn refused(found: &Found) -> Vec<(u64, &'static str)> {
    let remarks = found.refused.iter();
    remarks.map(|remark| (remark.line, remark.code)).collect()
}

/// What a broken file is called.
fn broken(file: &[u8], kind: Kind) -> &'static str {
    let broken = read(file, kind, reader()).expect_err("a broken file");
    assert!(broken.detail.ends_with('.'), "{}", broken.detail);
    broken.code
}

async fn send(client: &Client, path: &str, key: &str, kind: &str, file: impl Into<Body>) -> Reply {
    let request = client
        .request("POST", path)
        .header("content-type", kind)
        .header("idempotency-key", key);
    client
        .send(request.body(file.into()).expect("a request"))
        .await
}

#[test]
fn each_event_counts_for_the_days_that_it_touches() {
    let cases: [(&str, &[&str]); 14] = [
        ("DTSTART;VALUE=DATE:20261225", &["2026-12-25"]),
        ("DTSTART:20261225\nDTEND:20261226", &["2026-12-25"]),
        // Some programs end an event of one day on the day itself.
        ("DTSTART:20261225\nDTEND:20261225", &["2026-12-25"]),
        (
            "DTSTART:20261225\nDTEND:20261228",
            &["2026-12-25", "2026-12-26", "2026-12-27"],
        ),
        (
            "DTSTART:20261225\nDURATION:P2D",
            &["2026-12-25", "2026-12-26"],
        ),
        (
            "DTSTART:20261225T090000\nDTEND:20261225T170000",
            &["2026-12-25"],
        ),
        (
            "DTSTART:20261225T090000\nDTEND:20261226T000000",
            &["2026-12-25"],
        ),
        (
            "DTSTART:20261225T220000\nDURATION:PT3H",
            &["2026-12-25", "2026-12-26"],
        ),
        // Midnight in Berlin, written in UTC.
        (
            "DTSTART:20261224T230000Z\nDTEND:20261225T230000Z",
            &["2026-12-25"],
        ),
        // A time of another zone is the date that is written there.
        (
            "DTSTART;TZID=America/New_York:20261225T230000",
            &["2026-12-25"],
        ),
        ("DTSTART;X-A=\"a:b;c\":20261225", &["2026-12-25"]),
        // Folded in the middle of the date, and of a text that is not asked for.
        (
            "SUMMARY:Christ\n mas\nDTSTART;VALUE=DA\n TE:2026\n\t1225",
            &["2026-12-25"],
        ),
        ("dtstart:20261225\nrrule:freq=daily;x", &[]),
        ("STATUS:CANCELLED\nDTSTART:20261225", &[]),
    ];
    for (event, expected) in cases {
        let file = calendar(&[event, "DTSTART:20270101"]);
        let found = found(&file, Kind::Calendar);
        let expected: Vec<&str> = expected.iter().copied().chain(["2027-01-01"]).collect();
        assert_eq!(days(&found), expected, "{event}");
        assert_eq!(found.entries, 2, "{event}");
    }
}

#[test]
fn what_comes_again_each_year_is_written_down_for_the_next_ones() {
    let years = |rule: &str| {
        let file = calendar(&[
            &format!("DTSTART:20001225\nRRULE:{rule}"),
            "DTSTART:20200101",
        ]);
        let found = found(&file, Kind::Calendar);
        assert_eq!(refused(&found), [], "{rule}");
        let years = found.days.iter().map(|day| day.to_string()[..4].to_owned());
        years
            .filter(|year| year != "2020")
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(years("FREQ=YEARLY"), "2026 2027 2028 2029 2030 2031");
    assert_eq!(
        years("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;WKST=MO"),
        years("FREQ=YEARLY")
    );
    assert_eq!(years("FREQ=YEARLY;INTERVAL=2"), "2026 2028 2030");
    assert_eq!(years("FREQ=YEARLY;COUNT=28"), "2026 2027");
    assert_eq!(years("FREQ=YEARLY;UNTIL=20281225"), "2026 2027 2028");
    assert_eq!(years("FREQ=YEARLY;UNTIL=20281224T225959Z"), "2026 2027");
    assert_eq!(
        years("FREQ=YEARLY\nEXDATE:20271225,20281225"),
        "2026 2029 2030 2031"
    );
    assert_eq!(years("FREQ=YEARLY;INTERVAL=2147483647"), "");

    let leap = calendar(&["DTSTART:20240229\nRRULE:FREQ=YEARLY"]);
    assert_eq!(days(&found(&leap, Kind::Calendar)), ["2028-02-29"]);
    // One that began last year and reaches into this.
    let turn = calendar(&["DTSTART:20201231\nDTEND:20210102\nRRULE:FREQ=YEARLY;UNTIL=20261231"]);
    let turn = found(&turn, Kind::Calendar);
    assert_eq!(
        days(&turn),
        ["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"]
    );
}

#[test]
fn what_cannot_be_used_of_a_calendar_is_named_by_line_and_the_rest_counts() {
    for (event, line, code) in [
        ("SUMMARY:x\nDTSTART:20260230", 5, "invalid_date"),
        ("DTSTART:2026-12-25", 4, "invalid_date"),
        ("DTSTART:20261225T250000", 4, "invalid_date"),
        ("DTSTART:00261225", 4, "invalid_date"),
        ("DTSTART:20261225\nDTEND:20261224", 5, "invalid_event"),
        ("DTSTART:20261225\nDTEND:20271225", 5, "invalid_event"),
        (
            "DTSTART:20261225\nDURATION:P99999999999D",
            5,
            "invalid_event",
        ),
        ("DTSTART:20261225\nDURATION:-P1D", 5, "invalid_event"),
        ("SUMMARY:Nothing", 3, "invalid_event"),
        (
            "DTSTART:20261225\nSUMMARY:a\n b\nRRULE:FREQ=WEEKLY",
            7,
            "unsupported_rule",
        ),
        (
            "DTSTART:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            5,
            "unsupported_rule",
        ),
        (
            "DTSTART:20261225\nRRULE:FREQ=YEARLY;INTERVAL=0",
            5,
            "unsupported_rule",
        ),
        ("DTSTART:20261225\nRRULE:INTERVAL=1", 5, "unsupported_rule"),
        (
            "DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=soon",
            5,
            "invalid_date",
        ),
        ("DTSTART:20261225\nRDATE:20261226", 5, "unsupported_rule"),
        (
            "RECURRENCE-ID:20261225\nDTSTART:20261226",
            4,
            "unsupported_rule",
        ),
        (
            "DTSTART:20261225\nRRULE:FREQ=YEARLY\nEXDATE:x",
            6,
            "invalid_date",
        ),
        ("no colon\nSTATUS:CANCELLED", 4, "invalid_line"),
    ] {
        let file = calendar(&[event, "DTSTART:20270101"]);
        let found = found(&file, Kind::Calendar);
        assert_eq!(refused(&found), [(line, code)], "{event}");
        assert_eq!(days(&found), ["2027-01-01"], "{event}");
    }
}

#[test]
fn only_events_have_days() {
    let zone = "BEGIN:VTIMEZONE\nBEGIN:DAYLIGHT\nDTSTART:19810329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE";
    let event =
        "BEGIN:VEVENT\nBEGIN:VALARM\nDURATION:P9D\nEND:VALARM\nDTSTART:20261225\nEND:VEVENT";
    let entry = "BEGIN:VJOURNAL\nDTSTART:20261231\nEND:VJOURNAL";
    let file = format!("\u{FEFF}BEGIN:VCALENDAR\n{zone}\n{event}\n\n{entry}\nEND:VCALENDAR");
    let found = found(&file, Kind::of(file.as_bytes()));
    assert_eq!(
        (days(&found), refused(&found)),
        (vec!["2026-12-25".to_owned()], vec![])
    );
}

#[test]
fn a_column_of_dates_is_read_with_or_without_a_header() {
    for file in [
        "2026-12-25\n2027-01-01\n",
        "date\n2026-12-25\n2027-01-01",
        "\u{FEFF}Date;Name\r\n2026-12-25;Christmas\r\n2027-01-01;\"New\r\nYear\"\r\n",
        "name,date\nChristmas,2026-12-25\nNew Year,2027-01-01\n",
        "\n2026-12-25,Christmas\n\n2027-01-01,New Year\n2026-12-25,again\n",
    ] {
        assert_eq!(Kind::of(file.as_bytes()), Kind::Table);
        let found = found(file, Kind::Table);
        assert_eq!(days(&found), ["2026-12-25", "2027-01-01"], "{file}");
        assert_eq!(refused(&found), [], "{file}");
    }
    let odd = "\n2026-02-30\n2026-12-25\n25.12.2026\n\"\",x\n0026-12-25\n";
    let odd = found(odd, Kind::Table);
    let wrong = "invalid_date";
    assert_eq!(
        refused(&odd),
        [(2, wrong), (4, wrong), (5, wrong), (6, wrong)]
    );
    assert_eq!(
        (days(&odd), odd.entries),
        (vec!["2026-12-25".to_owned()], 5)
    );
}

#[test]
fn a_file_that_is_broken_as_a_whole_says_what_to_do() {
    let wide: Vec<u8> = "BEGIN:VCALENDAR"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xFF\xFE".as_slice(), &wide].concat();
    let event = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\n";
    let many: String = (0..1_001)
        .map(|ahead| {
            format!(
                "{}\n",
                id::<NaiveDate>("2026-01-01") + chrono::Days::new(ahead)
            )
        })
        .collect();
    let cases: [(&[u8], Kind, &str); 21] = [
        (b"", Kind::Calendar, "empty_file"),
        (b"", Kind::Table, "empty_file"),
        (b"\xEF\xBB\xBF \r\n\r\n", Kind::Table, "empty_file"),
        (&wide, Kind::Calendar, "not_utf8"),
        (&marked, Kind::Table, "not_utf8"),
        (b"PK\x03\x04 a sheet", Kind::Table, "not_text"),
        (b"<html>", Kind::Calendar, "not_a_calendar"),
        (b"2026-12-25\n", Kind::Calendar, "not_a_calendar"),
        (event.as_bytes(), Kind::Calendar, "unclosed_event"),
        (
            &[event, "END:VCALENDAR\n"].concat().into_bytes(),
            Kind::Calendar,
            "unclosed_event",
        ),
        (
            &[event, "BEGIN:VEVENT\n"].concat().into_bytes(),
            Kind::Calendar,
            "unclosed_event",
        ),
        (
            &[event, "END:VEVENT\n"].concat().into_bytes(),
            Kind::Calendar,
            "unclosed_calendar",
        ),
        (
            &"BEGIN:VCALENDAR\n".repeat(9).into_bytes(),
            Kind::Calendar,
            "not_a_calendar",
        ),
        (
            b"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
            Kind::Calendar,
            "no_days",
        ),
        (
            &calendar(&["DTSTART:20260230"]).into_bytes(),
            Kind::Calendar,
            "no_days",
        ),
        (b"2026-02-30\n", Kind::Table, "no_days"),
        (b"date\n", Kind::Table, "no_days"),
        (b"day,name\n2026-12-25,x\n", Kind::Table, "missing_column"),
        (b"date\n\"2026-12-25\n", Kind::Table, "unclosed_quote"),
        (many.as_bytes(), Kind::Table, "too_many_days"),
        (&vec![b'x'; 1024 * 1024 + 1], Kind::Table, "file_too_large"),
    ];
    for (file, kind, code) in cases {
        let shown = String::from_utf8_lossy(&file[..file.len().min(60)]);
        assert_eq!(broken(file, kind), code, "{shown}");
    }
}

#[test]
fn a_file_made_to_be_slow_is_given_up_soon() {
    let began = std::time::Instant::now();
    let event = "BEGIN:VEVENT\nDTSTART:19000101\nDTEND:19000410\nRRULE:FREQ=YEARLY\nEND:VEVENT\n";
    let file = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", event.repeat(4_000));
    assert_eq!(found(&file, Kind::Calendar).entries, 4_000);
    let folded = format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2{}",
        "\n 0".repeat(300_000)
    );
    assert_eq!(broken(folded.as_bytes(), Kind::Calendar), "unclosed_event");
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[tokio::test]
async fn days_off_are_added_once_and_replaced_when_asked() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let path = "/v1/locations/main/holidays";
    let location =
        json!({"time_zone": "America/New_York", "cut_off": "11:00", "holidays": ["2026-07-04"]});
    client.put("/v1/locations/main", location).await;
    let file = calendar(&["DTSTART:20261126", "DTSTART:20260230", "DTSTART:20261225"]);

    let first = send(
        &client,
        path,
        "k1",
        "text/calendar; charset=utf-8",
        file.clone(),
    )
    .await;
    assert_eq!(first.status, 200, "{:?}", first.json());
    let mut told = first.json();
    let detail = told["refused"][0]["detail"].take();
    assert!(
        detail.as_str().expect("words").contains("20260230"),
        "{detail}"
    );
    let expected = json!({
        "entries": 3, "days": 2, "added": 2, "removed": 0, "refused_count": 1,
        "refused": [{"line": 7, "code": "invalid_date", "detail": null}],
        "holidays": ["2026-07-04", "2026-11-26", "2026-12-25"],
    });
    assert_eq!(told, expected);
    let shown = client.get("/v1/locations/main").await.json();
    assert_eq!(shown["holidays"], expected["holidays"]);
    assert_eq!(
        (&shown["cut_off"], &shown["name"]),
        (&json!("11:00"), &json!("main"))
    );
    let settings = shop
        .app
        .catalogue
        .shop(&shop.store)
        .expect("a shop")
        .settings();
    assert!(
        !settings
            .location
            .calendar
            .working_days
            .includes(id("2026-11-26"))
    );

    let again = send(
        &client,
        path,
        "k1",
        "text/calendar; charset=utf-8",
        file.clone(),
    )
    .await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let generation = settings.generation;
    let same = send(&client, path, "k2", "text/calendar", file)
        .await
        .json();
    assert_eq!((&same["added"], &same["removed"]), (&json!(0), &json!(0)));
    let settings = shop
        .app
        .catalogue
        .shop(&shop.store)
        .expect("a shop")
        .settings();
    assert_eq!(
        settings.generation, generation,
        "what is known changes nothing"
    );

    let replace = format!("{path}?replace=true");
    let table = "date,name\n2026-12-25,Christmas\n2027-01-01,New Year\n";
    let replaced = send(&client, &replace, "k3", "text/csv", table)
        .await
        .json();
    assert_eq!(
        (&replaced["added"], &replaced["removed"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(replaced["holidays"], json!(["2026-12-25", "2027-01-01"]));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_in_changes_nothing() {
    let shop = TestShop::new().await;
    let client = Client::new(&shop).await;
    let path = "/v1/locations/main/holidays";
    let good = "2026-12-25\n";
    let before = shop.app.store.standings().await.expect("stores");
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let unclosed = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\n";
    let refusals: [(&str, &str, Body, u16, &str); 10] = [
        (path, "text/csv", "".into(), 422, "empty_file"),
        (path, "text/csv", utf16.into(), 422, "not_utf8"),
        (path, "text/csv", "2026-02-30\n".into(), 422, "no_days"),
        (path, "text/calendar", good.into(), 422, "not_a_calendar"),
        (
            path,
            "text/calendar",
            unclosed.into(),
            422,
            "unclosed_event",
        ),
        (
            path,
            "text/csv",
            vec![b'x'; 10 << 20].into(),
            413,
            "payload_too_large",
        ),
        (
            path,
            "application/json",
            good.into(),
            415,
            "unsupported_media_type",
        ),
        (
            "/v1/locations/main/holidays?replace=yes",
            "text/csv",
            good.into(),
            422,
            "invalid_parameter",
        ),
        (
            "/v1/locations/main/holidays?year=2026",
            "text/csv",
            good.into(),
            422,
            "invalid_parameter",
        ),
        (
            "/v1/locations/moon/holidays",
            "text/csv",
            good.into(),
            404,
            "not_found",
        ),
    ];
    for (path, kind, file, status, code) in refusals {
        let refused = send(&client, path, "k1", kind, file).await;
        let told = (refused.status, refused.code());
        assert_eq!(told, (status, code.to_owned()), "{path} {kind}");
        assert!(
            refused.json()["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
    }
    let nameless = client
        .request("POST", path)
        .header("content-type", "text/csv");
    let nameless = client
        .send(nameless.body(Body::from(good)).expect("a request"))
        .await;
    assert_eq!(nameless.code(), "idempotency_key_required");
    assert_eq!(shop.app.store.standings().await.expect("stores"), before);

    // A location has no more days off than a calendar may list.
    let day = |ahead| (id::<NaiveDate>("2026-01-01") + chrono::Days::new(ahead)).to_string();
    let full: Vec<Value> = (0..1_000).map(|ahead| json!(day(ahead))).collect();
    client
        .put(
            "/v1/locations/main",
            json!({"time_zone": "UTC", "holidays": full}),
        )
        .await;
    let refused = send(&client, path, "k2", "text/csv", day(1_000)).await;
    assert_eq!((refused.status, &*refused.code()), (422, "too_many_days"));
}

#[tokio::test]
async fn the_command_line_takes_the_same_files() {
    let shop = TestShop::new().await;
    let request = AddHolidays {
        location: id("main"),
        replace: false,
        kind: Kind::Table,
        file: b"2026-12-25\n".as_slice().into(),
    };
    let database = shop.other_process().await;
    let add = async || add_holidays_into(&database, &shop.store, &request, now()).await;
    let first = add().await.expect("days off");
    assert_eq!((first.added, first.holidays.len()), (1, 1));
    let before = shop.app.store.standings().await.expect("stores");
    let again = add().await.expect("the same days off");
    assert_eq!((again.added, again.holidays.len()), (0, 1));
    assert_eq!(shop.app.store.standings().await.expect("stores"), before);
    database.close().await;
}
