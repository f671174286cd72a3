//! Working days, holidays, cut-offs and time zones: from instants to civil dates.
//!
//! Everything but the cut-off test is done in civil dates, so that no reading of a date can shift
//! it by a day. The functions that touch instants are total: the hours that a change of clocks
//! skips or repeats have a stated meaning and never fail (reliability.md 1.2, "DST panic").

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;

/// How far ahead a working day is looked for before a calendar counts as closed for good.
pub const CLOSED_DAYS_MAX: u32 = 370;

/// The days on which somebody works: a weekly pattern without holidays.
///
/// ```
/// use chrono::NaiveDate;
/// use shared::calendar::WorkingDays;
///
/// let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
/// let thanksgiving = date("2026-11-26");
/// let week = WorkingDays::monday_to_friday().without([thanksgiving]);
/// assert!(!week.includes(thanksgiving));
/// assert_eq!(week.on_or_after(thanksgiving), Some(date("2026-11-27")));
/// assert_eq!(week.after(date("2026-11-25"), 1), Some(date("2026-11-27")));
///
/// let mondays = WorkingDays::on([chrono::Weekday::Mon]);
/// assert_eq!(mondays.after(thanksgiving, 2), Some(date("2026-12-07")));
/// assert!(WorkingDays::every_day().includes(thanksgiving));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDays {
    week: [bool; 7],
    holidays: BTreeSet<NaiveDate>,
}

impl WorkingDays {
    /// Monday to Friday, no holidays.
    pub fn monday_to_friday() -> Self {
        Self::on([
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ])
    }

    /// Every day of the week, no holidays.
    pub fn every_day() -> Self {
        Self {
            week: [true; 7],
            holidays: BTreeSet::new(),
        }
    }

    /// The given days of the week, no holidays.
    pub fn on(days: impl IntoIterator<Item = Weekday>) -> Self {
        let mut week = [false; 7];
        for day in days {
            if let Some(open) = index_of(day).and_then(|index| week.get_mut(index)) {
                *open = true;
            }
        }
        Self {
            week,
            holidays: BTreeSet::new(),
        }
    }

    /// The same days, closed on `holidays` too.
    #[must_use]
    pub fn without(mut self, holidays: impl IntoIterator<Item = NaiveDate>) -> Self {
        self.holidays.extend(holidays);
        self
    }

    /// True if work is done on `date`.
    pub fn includes(&self, date: NaiveDate) -> bool {
        let open = index_of(date.weekday()).and_then(|index| self.week.get(index));
        open.copied().unwrap_or_default() && !self.holidays.contains(&date)
    }

    /// `date` itself if it is a working day, else the next one.
    ///
    /// `None` where none comes within [`CLOSED_DAYS_MAX`] days: the honest answer then is "no date".
    pub fn on_or_after(&self, date: NaiveDate) -> Option<NaiveDate> {
        let days =
            (0..=CLOSED_DAYS_MAX).map(|ahead| date.checked_add_days(Days::new(u64::from(ahead))));
        days.map_while(|day| day).find(|day| self.includes(*day))
    }

    /// The `count`-th working day after `date`; `date` itself for zero.
    pub fn after(&self, date: NaiveDate, count: u32) -> Option<NaiveDate> {
        (0..count).try_fold(date, |day, _| self.on_or_after(day.succ_opt()?))
    }
}

/// When a day's orders are closed: one local time for each day of the week.
///
/// ```
/// use chrono::{NaiveDate, Weekday};
/// use shared::calendar::CutOffs;
///
/// let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
/// // Orders until two, on Fridays until noon.
/// let cut_offs = "14:00:00".parse::<CutOffs>()?.on(Weekday::Fri, "12:00:00".parse()?);
/// assert_eq!(cut_offs.for_day(date("2026-11-26")), "14:00:00".parse()?);
/// assert_eq!(cut_offs.for_day(date("2026-11-27")), "12:00:00".parse()?);
/// assert_eq!(CutOffs::daily("14:00:00".parse()?), "14:00:00".parse()?);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOffs {
    week: [NaiveTime; 7],
}

impl CutOffs {
    /// The same time on every day.
    pub const fn daily(time: NaiveTime) -> Self {
        Self { week: [time; 7] }
    }

    /// The same times, but for one day of the week.
    #[must_use]
    pub fn on(mut self, day: Weekday, time: NaiveTime) -> Self {
        if let Some(own) = index_of(day).and_then(|index| self.week.get_mut(index)) {
            *own = time;
        }
        self
    }

    /// The time of the day of the week on which `date` falls.
    pub fn for_day(&self, date: NaiveDate) -> NaiveTime {
        let own = index_of(date.weekday()).and_then(|index| self.week.get(index));
        own.copied().unwrap_or_default()
    }
}

/// One time for every day, as chrono reads it: `14:00:00`.
impl FromStr for CutOffs {
    type Err = chrono::ParseError;

    fn from_str(raw: &str) -> Result<Self, chrono::ParseError> {
        raw.parse().map(Self::daily)
    }
}

/// How a location turns goods into parcels: its zone, its days, its clock.
///
/// ```
/// use chrono::{DateTime, NaiveDate, Utc};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
///
/// let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
/// let instant = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
/// // Closed on Thanksgiving. domain.md V3: a second decides whether it is Friday or Monday.
/// let calendar = DispatchCalendar {
///     zone: chrono_tz::America::Los_Angeles,
///     working_days: WorkingDays::monday_to_friday().without([date("2026-11-26")]),
///     pickup_days: WorkingDays::monday_to_friday().without([date("2026-11-26")]),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 1,
///     processing_days: 1,
/// };
/// let in_time = instant("2026-11-25T21:59:59Z");
/// let begun = calendar.first_working_day(in_time).expect("a working day");
/// assert_eq!((calendar.today(in_time), begun), (date("2026-11-25"), date("2026-11-25")));
/// assert_eq!(calendar.ship_by(begun), Some(date("2026-11-27")));
///
/// let cut_off = instant("2026-11-25T22:00:00Z");
/// assert_eq!(calendar.first_working_day_holds_until(in_time), Some(cut_off));
/// assert_eq!(calendar.first_working_day(cut_off), Some(date("2026-11-27")));
///
/// // What arrives on Wednesday is put away on Friday.
/// assert_eq!(calendar.pickable_on(date("2026-11-25")), Some(date("2026-11-27")));
/// assert_eq!(calendar.start_of(date("2026-11-26")), instant("2026-11-26T08:00:00Z"));
/// assert_eq!(calendar.cut_off_of(date("2026-11-25")), cut_off);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchCalendar {
    /// IANA time zone. All civil dates of the location are dates here.
    pub zone: Tz,
    /// Days on which goods are received and orders are worked on.
    pub working_days: WorkingDays,
    /// Days on which the carrier picks up.
    pub pickup_days: WorkingDays,
    /// An order strictly before the day's local time is begun the same day.
    pub cut_offs: CutOffs,
    /// Working days from arrival of goods to when they may be picked (receiving, put-away).
    pub receiving_days: u32,
    /// Working days from the day an order is begun to hand-over.
    pub processing_days: u32,
}

impl DispatchCalendar {
    /// The civil date at the location.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.zone).date_naive()
    }

    /// The working day on which an order placed at `now` is begun.
    ///
    /// Strictly before the own cut-off of a working day it is that day; at the cut-off or later, or on a
    /// day off, it is the next working day.
    pub fn first_working_day(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let today = self.today(now);
        if self.working_days.includes(today) && now < self.cut_off_of(today) {
            return Some(today);
        }
        self.working_days.on_or_after(today.succ_opt()?)
    }

    /// Until when [`Self::first_working_day`] stays as it is.
    pub fn first_working_day_holds_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.cut_off_of(self.first_working_day(now)?))
    }

    /// The date by which something begun on working day `begun` is with the carrier.
    pub fn ship_by(&self, begun: NaiveDate) -> Option<NaiveDate> {
        let done = self.working_days.after(begun, self.processing_days)?;
        self.pickup_days.on_or_after(done)
    }

    /// The working day on which goods arriving on `arrival` may be picked.
    pub fn pickable_on(&self, arrival: NaiveDate) -> Option<NaiveDate> {
        let opened = self.working_days.on_or_after(arrival)?;
        self.working_days.after(opened, self.receiving_days)
    }

    /// The first instant of `date` at the location.
    pub fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        self.instant_of(date, NaiveTime::MIN)
    }

    /// The instant from which an order is no longer begun on `date`.
    pub fn cut_off_of(&self, date: NaiveDate) -> DateTime<Utc> {
        self.instant_of(date, self.cut_offs.for_day(date))
    }

    /// The instant at which the location's clocks show `time` on `date`.
    ///
    /// Where clocks show it twice, the first. Where a change of clocks skips it, the instant at
    /// which clocks that were not changed would show it.
    pub fn instant_of(&self, date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let local = date.and_time(time);
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(instant) => instant.to_utc(),
            LocalResult::Ambiguous(first, second) => first.min(second).to_utc(),
            LocalResult::None => {
                // Changes of clocks are never closer together than this, and never longer than a day.
                let before = local - TimeDelta::hours(30);
                let offset = self.zone.offset_from_utc_datetime(&before);
                (local - chrono::Offset::fix(&offset)).and_utc()
            }
        }
    }
}

/// How long a carrier takes from hand-over to the door, for one part of the world.
///
/// ```
/// use chrono::NaiveDate;
/// use shared::calendar::{Transit, WorkingDays};
///
/// let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
/// let thanksgiving = date("2026-11-26");
/// let ground = Transit {
///     zone: "us".into(),
///     days: 3,
///     delivery_days: WorkingDays::monday_to_friday().without([thanksgiving]),
/// };
/// // Handed over on Monday: Tuesday, Wednesday, and Friday after the holiday.
/// assert_eq!(ground.deliver_by(date("2026-11-23")), Some(date("2026-11-27")));
///
/// // Handed over on Saturday: the carrier's count begins with Monday.
/// assert_eq!(ground.deliver_by(date("2026-11-28")), Some(date("2026-12-03")));
///
/// // A courier of the same day still drives on the carrier's days only.
/// let courier = Transit { days: 0, ..ground };
/// assert_eq!(courier.deliver_by(date("2026-11-23")), Some(date("2026-11-23")));
/// assert_eq!(courier.deliver_by(thanksgiving), Some(date("2026-11-27")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transit {
    /// What the merchant calls the part of the world: `us`, `eu-1`.
    pub zone: Arc<str>,
    /// The carrier's days from hand-over to the door.
    pub days: u32,
    /// Days on which the carrier moves and delivers parcels.
    pub delivery_days: WorkingDays,
}

impl Transit {
    /// The date by which a parcel is at the door that is with the carrier by `ships_by`.
    ///
    /// Only the carrier's days count. What is handed over on another day is taken as handed over on
    /// the carrier's next one, so that a date is never too early. `None` where the carrier has no
    /// such day within [`CLOSED_DAYS_MAX`] days.
    pub fn deliver_by(&self, ships_by: NaiveDate) -> Option<NaiveDate> {
        let taken_on = self.delivery_days.on_or_after(ships_by)?;
        self.delivery_days.after(taken_on, self.days)
    }
}

/// Where a day stands in a week that begins with Monday.
fn index_of(day: Weekday) -> Option<usize> {
    usize::try_from(day.num_days_from_monday()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: Tz) -> DispatchCalendar {
        DispatchCalendar {
            zone,
            working_days: WorkingDays::monday_to_friday(),
            pickup_days: WorkingDays::every_day(),
            cut_offs: "14:00:00".parse().expect("14:00"),
            receiving_days: 1,
            processing_days: 1,
        }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    #[test]
    fn the_cut_off_follows_daylight_saving() {
        let new_york = calendar(chrono_tz::America::New_York);
        assert_eq!(
            new_york.cut_off_of(date("2027-03-12")),
            instant("2027-03-12T19:00:00Z")
        );
        assert_eq!(
            new_york.cut_off_of(date("2027-03-15")),
            instant("2027-03-15T18:00:00Z")
        );
    }

    #[test]
    fn a_civil_date_is_the_locations_own() {
        let tokyo = calendar(chrono_tz::Asia::Tokyo);
        assert_eq!(
            tokyo.today(instant("2027-01-13T23:00:00Z")),
            date("2027-01-14")
        );
        let los_angeles = calendar(chrono_tz::America::Los_Angeles);
        assert_eq!(
            los_angeles.today(instant("2027-01-14T00:00:00Z")),
            date("2027-01-13")
        );
    }

    #[test]
    fn hours_that_clocks_skip_or_repeat_have_an_instant() {
        let berlin = calendar(chrono_tz::Europe::Berlin);
        let half_past_two = NaiveTime::from_hms_opt(2, 30, 0).expect("02:30");
        assert_eq!(
            berlin.instant_of(date("2026-03-29"), half_past_two),
            instant("2026-03-29T01:30:00Z")
        );
        assert_eq!(
            berlin.instant_of(date("2026-10-25"), half_past_two),
            instant("2026-10-25T00:30:00Z")
        );
        let santiago = calendar(chrono_tz::America::Santiago);
        assert_eq!(
            santiago.start_of(date("2026-09-06")),
            instant("2026-09-06T04:00:00Z")
        );
        let apia = calendar(chrono_tz::Pacific::Apia);
        assert_eq!(
            apia.start_of(date("2011-12-30")),
            instant("2011-12-30T10:00:00Z")
        );
    }

    #[test]
    fn a_calendar_that_never_opens_has_no_working_day() {
        let closed = WorkingDays::on([]);
        assert_eq!(closed.on_or_after(date("2026-11-23")), None);
        assert_eq!(closed.after(date("2026-11-23"), 1), None);
    }

    #[test]
    fn no_zone_and_no_hour_of_a_change_of_clocks_panics_or_moves_a_date() {
        use chrono_tz::{Africa, America, Asia, Australia, Europe, Pacific};
        let zones = [
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
        for zone in zones {
            let calendar = calendar(zone);
            let mut day = date("2026-01-01");
            while day < date("2029-01-01") {
                let start = calendar.start_of(day);
                assert_eq!(
                    calendar.today(start),
                    day,
                    "{zone}: the first instant of {day}"
                );
                assert_eq!(
                    calendar.today(start - TimeDelta::seconds(1)),
                    day.pred_opt().expect("a day before"),
                    "{zone}"
                );
                let begun = calendar
                    .first_working_day(start)
                    .expect("open within a year");
                assert!(
                    day <= begun && calendar.working_days.includes(begun),
                    "{zone} {day}"
                );
                day = day.succ_opt().expect("a day after");
            }
        }
    }
}
