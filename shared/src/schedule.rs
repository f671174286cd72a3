//! What is done by itself on certain days of the week: once on each, whatever clocks and servers do.
//!
//! A schedule fires on civil dates of a location. Whoever acts on one writes its date down in the same transaction, so nothing is
//! done twice for a date, however often clocks show its time, and however many servers look.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc, Weekday};

use crate::calendar::{DispatchCalendar, WorkingDays};

/// Days back from today on which a firing that was missed is still made up for.
pub const MISSED_DAYS_MAX: u64 = 7;
/// Days ahead in which the next firing is looked for.
pub const AHEAD_DAYS_MAX: u64 = 60;

/// What becomes of a firing whose day is a day off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnHoliday {
    /// It does not come.
    Skip,
    /// It comes on the next day that is none. Several that move to one day are one.
    Next,
}

/// On which days of the week something is done, and when.
///
/// ```
/// use chrono::{NaiveDate, Weekday};
/// use shared::calendar::{DispatchCalendar, WorkingDays};
/// use shared::schedule::{OnHoliday, Schedule};
///
/// let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
/// let thanksgiving = date("2026-11-26");
/// let calendar = DispatchCalendar {
///     zone: chrono_tz::America::New_York,
///     working_days: WorkingDays::monday_to_friday().without([thanksgiving]),
///     pickup_days: WorkingDays::every_day(),
///     cut_offs: "14:00:00".parse()?,
///     receiving_days: 0,
///     processing_days: 0,
/// };
/// let supplier = WorkingDays::monday_to_friday();
/// let schedule = Schedule::new([Weekday::Mon, Weekday::Thu], "08:00:00".parse()?, OnHoliday::Next);
/// let since = "2026-11-01T00:00:00Z".parse()?;
/// let last = |now: &str| schedule.last_due(&calendar, &supplier, since, now.parse().expect("an instant"));
///
/// // On the Monday at eight, not before.
/// assert_eq!(last("2026-11-23T12:59:59Z"), Some(date("2026-11-19")));
/// assert_eq!(last("2026-11-23T13:00:00Z"), Some(date("2026-11-23")));
/// // The Thursday is a day off: on Friday.
/// assert_eq!(last("2026-11-26T20:00:00Z"), Some(date("2026-11-23")));
/// assert_eq!(last("2026-11-27T13:00:00Z"), Some(date("2026-11-27")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Monday first.
    days: [bool; 7],
    /// When, on the location's clocks.
    time: NaiveTime,
    on_holiday: OnHoliday,
}

impl Schedule {
    /// These days at this time.
    pub fn new(
        days: impl IntoIterator<Item = Weekday>,
        time: NaiveTime,
        on_holiday: OnHoliday,
    ) -> Self {
        let mut known = [false; 7];
        for day in days {
            known[place(day)] = true;
        }
        Self {
            days: known,
            time,
            on_holiday,
        }
    }

    /// True if it fires on a date: it is one of its days, or days off have moved one of them there. Days off are those on which
    /// the location or the supplier does not work.
    pub fn fires_on(
        &self,
        date: NaiveDate,
        calendar: &DispatchCalendar,
        supplier: &WorkingDays,
    ) -> bool {
        let is_open =
            |date: NaiveDate| calendar.working_days.includes(date) && supplier.includes(date);
        if !is_open(date) {
            return false;
        }
        if self.includes(date) {
            return true;
        }
        if self.on_holiday == OnHoliday::Skip {
            return false;
        }
        let before = (1..=MISSED_DAYS_MAX).map_while(|days| date.checked_sub_days(Days::new(days)));
        before
            .take_while(|before| !is_open(*before))
            .any(|before| self.includes(before))
    }

    /// The last date on which it has fired by `now`, if it is not long ago and its time was not before `since`. What was missed
    /// before that is made up for by it.
    pub fn last_due(
        &self,
        calendar: &DispatchCalendar,
        supplier: &WorkingDays,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<NaiveDate> {
        let today = calendar.today(now);
        let days = (0..=MISSED_DAYS_MAX).map_while(|days| today.checked_sub_days(Days::new(days)));
        days.filter(|day| self.fires_on(*day, calendar, supplier))
            .find(|day| calendar.instant_of(*day, self.time) <= now)
            .filter(|day| since <= calendar.instant_of(*day, self.time))
    }

    /// The next date on which it fires after `now`, and the instant.
    pub fn next_after(
        &self,
        calendar: &DispatchCalendar,
        supplier: &WorkingDays,
        now: DateTime<Utc>,
    ) -> Option<(NaiveDate, DateTime<Utc>)> {
        let today = calendar.today(now);
        let days = (0..=AHEAD_DAYS_MAX).map_while(|days| today.checked_add_days(Days::new(days)));
        days.filter(|day| self.fires_on(*day, calendar, supplier))
            .map(|day| (day, calendar.instant_of(day, self.time)))
            .find(|(_, instant)| now < *instant)
    }

    fn includes(&self, date: NaiveDate) -> bool {
        use chrono::Datelike;
        self.days[place(date.weekday())]
    }
}

fn place(day: Weekday) -> usize {
    usize::try_from(day.num_days_from_monday()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn berlin() -> DispatchCalendar {
        DispatchCalendar {
            zone: chrono_tz::Europe::Berlin,
            working_days: WorkingDays::every_day(),
            pickup_days: WorkingDays::every_day(),
            cut_offs: "14:00:00".parse().expect("14:00"),
            receiving_days: 0,
            processing_days: 0,
        }
    }

    /// The dates on which it fires, looked at every ten minutes, each as often as it is due and not acted on before.
    fn fired(schedule: &Schedule, from: &str, until: &str) -> Vec<(NaiveDate, String)> {
        let (calendar, supplier) = (berlin(), WorkingDays::every_day());
        let since: DateTime<Utc> = from.parse().expect("an instant");
        let until: DateTime<Utc> = until.parse().expect("an instant");
        let (mut now, mut acted) = (since, Vec::new());
        while now <= until {
            if let Some(day) = schedule.last_due(&calendar, &supplier, since, now)
                && !acted.iter().any(|(known, _)| *known == day)
            {
                acted.push((day, now.to_rfc3339()));
            }
            now += TimeDelta::minutes(10);
        }
        acted
    }

    fn sundays(time: &str) -> Schedule {
        let time = time.parse().expect("a time");
        Schedule::new([Weekday::Sun], time, OnHoliday::Skip)
    }

    #[test]
    fn a_time_that_clocks_skip_fires_once() {
        // On 28 March 2027 clocks go from 02:00 to 03:00.
        let acted = fired(
            &sundays("02:30:00"),
            "2027-03-27T12:00:00Z",
            "2027-03-29T12:00:00Z",
        );
        assert_eq!(
            acted,
            [(date("2027-03-28"), "2027-03-28T01:30:00+00:00".into())]
        );
    }

    #[test]
    fn a_time_that_clocks_show_twice_fires_at_the_first() {
        // On 31 October 2027 clocks go from 03:00 back to 02:00.
        let acted = fired(
            &sundays("02:30:00"),
            "2027-10-30T12:00:00Z",
            "2027-11-01T12:00:00Z",
        );
        assert_eq!(
            acted,
            [(date("2027-10-31"), "2027-10-31T00:30:00+00:00".into())]
        );
    }

    #[test]
    fn what_was_missed_is_made_up_for_once_and_not_from_before_it_was_switched_on() {
        let daily = Schedule::new(
            [Weekday::Mon, Weekday::Tue, Weekday::Wed],
            "08:00:00".parse().expect("a time"),
            OnHoliday::Skip,
        );
        let (calendar, supplier) = (berlin(), WorkingDays::every_day());
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let last =
            |since: &str, now: &str| daily.last_due(&calendar, &supplier, at(since), at(now));
        // Down from Monday to Friday: Wednesday speaks for all three.
        assert_eq!(
            last("2026-11-01T00:00:00Z", "2026-11-27T09:00:00Z"),
            Some(date("2026-11-25"))
        );
        // Switched on on Wednesday at nine.
        assert_eq!(last("2026-11-25T08:00:00Z", "2026-11-27T09:00:00Z"), None);
        let next = daily.next_after(&calendar, &supplier, at("2026-11-27T09:00:00Z"));
        assert_eq!(next, Some((date("2026-11-30"), at("2026-11-30T07:00:00Z"))));
    }

    #[test]
    fn days_off_in_a_row_move_to_the_first_that_is_none_and_are_one() {
        let off = ["2026-12-24", "2026-12-25", "2026-12-26", "2026-12-27"].map(date);
        let calendar = DispatchCalendar {
            working_days: WorkingDays::every_day().without(off),
            ..berlin()
        };
        let supplier = WorkingDays::every_day();
        let days = [Weekday::Thu, Weekday::Fri, Weekday::Mon];
        let time = "08:00:00".parse().expect("a time");
        let fires = |rule| -> Vec<NaiveDate> {
            let schedule = Schedule::new(days, time, rule);
            let first = date("2026-12-24");
            first
                .iter_days()
                .take(7)
                .filter(|day| schedule.fires_on(*day, &calendar, &supplier))
                .collect()
        };
        assert_eq!(fires(OnHoliday::Next), [date("2026-12-28")]);
        assert_eq!(fires(OnHoliday::Skip), [date("2026-12-28")]);
        let thursday = Schedule::new([Weekday::Thu], time, OnHoliday::Next);
        assert!(thursday.fires_on(date("2026-12-28"), &calendar, &supplier));
        let thursday = Schedule::new([Weekday::Thu], time, OnHoliday::Skip);
        assert!(!thursday.fires_on(date("2026-12-28"), &calendar, &supplier));
    }
}
