//! Calendars (RFC 5545): the days of their events.
//!
//! An event counts for every day that it touches; where it ends, it is over (`DTEND` is not part of
//! it). A time with `Z` is an instant and becomes the location's date; any other is the date that is
//! written there, whatever zone it names: Christmas in a calendar made in Berlin is the 25th in New
//! York too. What comes again each year on its date is written down for this year and the next ones.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

use super::{Found, Reader, refuse_odd_year};
use crate::import::Broken;
use crate::import::cells::{Refused, shown};
use crate::limits::{HOLIDAY_EVENT_DAYS_MAX, HOLIDAY_YEARS_AHEAD};

/// What a calendar begins with.
pub(super) const BEGINNING: &str = "BEGIN:VCALENDAR";

pub(super) fn read(file: &[u8], reader: Reader) -> Result<Found, Broken> {
    let text = String::from_utf8_lossy(file);
    let mut found = Found::default();
    let mut open: Vec<(String, u64)> = Vec::new();
    let mut event: Vec<Property<'_>> = Vec::new();
    for (number, line) in unfolded(&text) {
        if line.trim().is_empty() {
            continue;
        }
        if open.is_empty() && !line.trim_end().eq_ignore_ascii_case(BEGINNING) {
            let detail = format!(
                "Line {number} is `{}`, where a calendar begins with {BEGINNING}. Export it as iCalendar (.ics).",
                shown(&line)
            );
            return Err(Broken::new("not_a_calendar", detail));
        }
        let Some(property) = Property::of(number, line) else {
            let detail = "is no line of a calendar: it has no colon after a name";
            found.refuse(number, Refused::new("invalid_line", detail));
            continue;
        };
        if property.is("BEGIN") {
            let name = property.value().to_ascii_uppercase();
            // An event has no event in it: the one before was never closed.
            if let Some(unclosed) = open
                .iter()
                .find(|(open, _)| *open == EVENT && name == EVENT)
            {
                return Err(never_closed(unclosed));
            }
            if COMPONENTS_MAX <= open.len() {
                let detail = format!(
                    "Line {number} opens a part within {COMPONENTS_MAX} others. Export the calendar again."
                );
                return Err(Broken::new("not_a_calendar", detail));
            }
            if name == EVENT {
                // So that an event without any date is refused by its first line.
                event = vec![Property::begun(number)];
            }
            open.push((name, number));
        } else if property.is("END") {
            let name = property.value().to_ascii_uppercase();
            match open.pop() {
                Some((begun, _)) if begun == name => {}
                Some(begun) => return Err(never_closed(&begun)),
                None => {}
            }
            if name == EVENT {
                let properties = std::mem::take(&mut event);
                found.entry(days(&properties, reader))?;
            }
        } else if open.last().is_some_and(|(name, _)| name == EVENT) {
            event.push(property);
        }
    }
    match open.last() {
        Some(unclosed) => Err(never_closed(unclosed)),
        None => Ok(found),
    }
}

/// The part of a calendar that has days.
const EVENT: &str = "VEVENT";
/// Parts of a calendar within each other.
const COMPONENTS_MAX: usize = 8;

fn never_closed((name, line): &(String, u64)) -> Broken {
    let code = if name == EVENT {
        "unclosed_event"
    } else {
        "unclosed_calendar"
    };
    let name = shown(name);
    let detail = format!(
        "BEGIN:{name} on line {line} has no END:{name}. The file is cut short or was changed by hand; export it again."
    );
    Broken::new(code, detail)
}

/// A line of a calendar: `NAME;PARAMETER=VALUE:VALUE`.
struct Property<'a> {
    number: u64,
    line: Cow<'a, str>,
    /// Where the name ends.
    name: usize,
    /// Where the value begins.
    value: usize,
}

impl<'a> Property<'a> {
    fn of(number: u64, line: Cow<'a, str>) -> Option<Self> {
        let name = line.find([':', ';'])?;
        let mut quoted = false;
        // A colon between quotes belongs to a parameter.
        let colon = line.bytes().position(|byte| {
            quoted ^= byte == b'"';
            byte == b':' && !quoted
        })?;
        (0 < name).then_some(Self {
            number,
            name,
            value: colon + 1,
            line,
        })
    }

    fn begun(number: u64) -> Self {
        Self {
            number,
            line: Cow::Borrowed(":"),
            name: 0,
            value: 1,
        }
    }

    fn is(&self, name: &str) -> bool {
        self.line[..self.name].eq_ignore_ascii_case(name)
    }

    fn value(&self) -> &str {
        self.line[self.value..].trim()
    }

    fn refused(&self, code: &'static str, detail: impl Into<String>) -> (u64, Refused) {
        (self.number, Refused::new(code, detail))
    }

    fn moment(&self, reader: Reader) -> Result<Moment, (u64, Refused)> {
        moment(self.value(), reader).map_err(|refused| (self.number, refused))
    }
}

/// Lines with the number on which each begins. What begins with white space goes on with the line
/// before it.
fn unfolded(text: &str) -> impl Iterator<Item = (u64, Cow<'_, str>)> {
    let mut lines = (1_u64..).zip(text.lines()).peekable();
    std::iter::from_fn(move || {
        let (number, first) = lines.next()?;
        let mut whole = Cow::Borrowed(first);
        let goes_on = |(_, line): &(u64, &str)| line.starts_with([' ', '\t']);
        while let Some((_, more)) = lines.next_if(goes_on) {
            whole.to_mut().push_str(&more[1..]);
        }
        Some((number, whole))
    })
}

/// A date, or a time on a date, as the location sees it.
#[derive(Clone, Copy)]
enum Moment {
    Day(NaiveDate),
    Time(NaiveDateTime),
}

impl Moment {
    fn date(self) -> NaiveDate {
        match self {
            Self::Day(date) => date,
            Self::Time(time) => time.date(),
        }
    }
}

fn moment(value: &str, reader: Reader) -> Result<Moment, Refused> {
    let wrong = || {
        let detail = format!(
            "`{}` is no date of the calendar; it must read 20261225, 20261225T090000 or 20261225T090000Z",
            shown(value)
        );
        Refused::new("invalid_date", detail)
    };
    let digits = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(())
    };
    let read = || {
        let (day, time) = match value.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (value, None),
        };
        digits(day, 8)?;
        let day = NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
        let Some(time) = time else {
            return Some(Moment::Day(day));
        };
        let (time, is_instant) = match time.strip_suffix('Z') {
            Some(time) => (time, true),
            None => (time, false),
        };
        digits(time, 6)?;
        let time = day.and_time(NaiveTime::parse_from_str(time, "%H%M%S").ok()?);
        Some(Moment::Time(match is_instant {
            true => reader.zone.from_utc_datetime(&time).naive_local(),
            false => time,
        }))
    };
    let moment = read().ok_or_else(wrong)?;
    refuse_odd_year(moment.date())?;
    Ok(moment)
}

/// The days of an event, or the line that cannot be used.
fn days(event: &[Property<'_>], reader: Reader) -> Result<Vec<NaiveDate>, (u64, Refused)> {
    let found = |name: &str| event.iter().find(|property| property.is(name));
    if found("STATUS").is_some_and(|status| status.value().eq_ignore_ascii_case("CANCELLED")) {
        return Ok(Vec::new());
    }
    let Some(begins) = found("DTSTART") else {
        let line = event.first().map_or(0, |first| first.number);
        let detail = "the event has no DTSTART, so no day";
        return Err((line, Refused::new("invalid_event", detail)));
    };
    for (name, what) in [
        ("RDATE", "further dates"),
        ("EXRULE", "a rule of exceptions"),
        ("RECURRENCE-ID", "a single day of a series that was moved"),
    ] {
        if let Some(property) = found(name) {
            let detail =
                format!("{name} ({what}) is not taken; write its days out as events of their own");
            return Err(property.refused("unsupported_rule", detail));
        }
    }
    let start = begins.moment(reader)?;
    let length = length(start, found("DTEND"), found("DURATION"), reader)?;
    let firsts = match found("RRULE") {
        Some(rule) => yearly(start.date(), length, rule, reader)?,
        None => vec![start.date()],
    };
    let mut except = BTreeSet::new();
    for property in event.iter().filter(|property| property.is("EXDATE")) {
        for value in property.value().split(',') {
            let day = moment(value.trim(), reader).map_err(|refused| (property.number, refused))?;
            except.insert(day.date());
        }
    }
    let taken = firsts.into_iter().filter(|first| !except.contains(first));
    Ok(taken
        .flat_map(|first| first.iter_days().take(length))
        .collect())
}

/// How many days an event touches.
fn length(
    start: Moment,
    end: Option<&Property<'_>>,
    duration: Option<&Property<'_>>,
    reader: Reader,
) -> Result<usize, (u64, Refused)> {
    let (end, property) = match (end, duration) {
        (None, None) => return Ok(1),
        (Some(property), _) => (property.moment(reader)?, property),
        (None, Some(property)) => {
            let end = spanned(property.value()).and_then(|span| after(start, span));
            let end = end.ok_or_else(|| {
                let detail = format!(
                    "the duration `{}` cannot be used; it must read P1D, P2W or PT8H",
                    shown(property.value())
                );
                property.refused("invalid_event", detail)
            })?;
            (end, property)
        }
    };
    // The first moment that is no part of it any more: a day that it only reaches at midnight is free.
    let over = match end {
        Moment::Day(day) => Some(day),
        Moment::Time(time) if time.time() == NaiveTime::MIN => Some(time.date()),
        Moment::Time(time) => time.date().succ_opt(),
    };
    let days = over.map_or(0, |over| (over - start.date()).num_days());
    // Some programs end an event of one day on the day itself.
    let days = if days == 0 { 1 } else { days };
    match usize::try_from(days) {
        Ok(days) if days <= HOLIDAY_EVENT_DAYS_MAX => Ok(days),
        Ok(_) => {
            let detail = format!(
                "the event has {days} days; one of more than {HOLIDAY_EVENT_DAYS_MAX} is taken for a mistake"
            );
            Err(property.refused("invalid_event", detail))
        }
        Err(_) => {
            let detail = "the event ends before it begins";
            Err(property.refused("invalid_event", detail))
        }
    }
}

fn after(start: Moment, span: TimeDelta) -> Option<Moment> {
    let is_whole_days = span == TimeDelta::days(span.num_days());
    match start {
        Moment::Day(day) if is_whole_days => day.checked_add_signed(span).map(Moment::Day),
        Moment::Day(day) => day
            .and_time(NaiveTime::MIN)
            .checked_add_signed(span)
            .map(Moment::Time),
        Moment::Time(time) => time.checked_add_signed(span).map(Moment::Time),
    }
}

/// `P1D`, `P2W`, `P1DT12H30M` as a span of time.
fn spanned(duration: &str) -> Option<TimeDelta> {
    let mut rest = duration
        .strip_prefix('+')
        .unwrap_or(duration)
        .strip_prefix('P')?;
    let mut seconds = 0_i64;
    let (mut in_time, mut any) = (false, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (rest, in_time) = (time, true);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..end].parse().ok()?;
        let unit = match (rest[end..].chars().next()?, in_time) {
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[end + 1..];
        any = true;
    }
    any.then(|| TimeDelta::try_seconds(seconds)).flatten()
}

/// The first days of an event that comes again each year: those of this year and the next ones, and
/// of the last one if it reaches into this.
fn yearly(
    first: NaiveDate,
    length: usize,
    rule: &Property<'_>,
    reader: Reader,
) -> Result<Vec<NaiveDate>, (u64, Refused)> {
    let rule = Rule::of(first, rule, reader)?;
    let this_year = reader.today.with_ordinal(1).unwrap_or(reader.today);
    let last_year = reader.today.year().saturating_add(HOLIDAY_YEARS_AHEAD);
    let mut days = Vec::new();
    let mut count = 0;
    let mut year = Some(first.year());
    while let Some(at) = year.filter(|year| *year <= last_year) {
        year = at.checked_add(rule.interval);
        // 29 February comes in leap years only.
        let Some(day) = first.with_year(at) else {
            continue;
        };
        count += 1;
        if rule.count.is_some_and(|most| most < count) || rule.until.is_some_and(|last| last < day)
        {
            break;
        }
        if day.iter_days().take(length).any(|day| this_year <= day) {
            days.push(day);
        }
    }
    Ok(days)
}

/// What of a rule counts for a date that comes again each year.
struct Rule {
    interval: i32,
    count: Option<u32>,
    until: Option<NaiveDate>,
}

impl Rule {
    fn of(
        first: NaiveDate,
        property: &Property<'_>,
        reader: Reader,
    ) -> Result<Self, (u64, Refused)> {
        let unsupported = |part: &str| {
            let detail = format!(
                "the rule has {}; only what comes again on the same date each year (FREQ=YEARLY) is taken. Write its days out as events of their own",
                shown(part)
            );
            property.refused("unsupported_rule", detail)
        };
        let mut rule = Self {
            interval: 1,
            count: None,
            until: None,
        };
        let mut is_yearly = false;
        for part in property.value().split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| unsupported(part))?;
            let number = || value.parse::<u32>().ok().filter(|number| 0 < *number);
            match name.to_ascii_uppercase().as_str() {
                "FREQ" if value.eq_ignore_ascii_case("YEARLY") => is_yearly = true,
                "INTERVAL" => {
                    let interval = number().and_then(|number| i32::try_from(number).ok());
                    rule.interval = interval.ok_or_else(|| unsupported(part))?;
                }
                "COUNT" => rule.count = Some(number().ok_or_else(|| unsupported(part))?),
                "UNTIL" => {
                    let until = moment(value, reader).map_err(|refused| (property.number, refused));
                    rule.until = Some(until?.date());
                }
                "BYMONTH" if number() == Some(first.month()) => {}
                "BYMONTHDAY" if number() == Some(first.day()) => {}
                "WKST" => {}
                _ => return Err(unsupported(part)),
            }
        }
        match is_yearly {
            true => Ok(rule),
            false => Err(unsupported("no FREQ=YEARLY")),
        }
    }
}
