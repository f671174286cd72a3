//! Days, weeks and zones, counted off one by one. Nothing here is shared with the code under judgement.

/// Days since 1 January 1970, in the civil calendar.
pub type Day = i64;

const DAY_S: i64 = 86_400;

/// How far a working day is looked for. A week that is open on any day opens long before.
const SEARCHED_DAYS: i64 = 360;

/// A time zone, by the rule that its law states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Utc,
    NewYork,
    LosAngeles,
    Berlin,
    Tokyo,
    Kathmandu,
    Kiritimati,
    Niue,
}

impl Zone {
    pub const ALL: [Self; 8] = [
        Self::Utc,
        Self::NewYork,
        Self::LosAngeles,
        Self::Berlin,
        Self::Tokyo,
        Self::Kathmandu,
        Self::Kiritimati,
        Self::Niue,
    ];

    /// What the zone's clocks show more than UTC's, at a second since 1970 in UTC.
    pub fn ahead_s(self, utc_s: i64) -> i64 {
        let hour = 3_600;
        match self {
            Self::Utc => 0,
            Self::NewYork => american(utc_s, -5 * hour),
            Self::LosAngeles => american(utc_s, -8 * hour),
            Self::Berlin => {
                let (year, ..) = date_of(utc_s.div_euclid(DAY_S));
                let from = sunday_until(day_of(year, 3, 31)) * DAY_S + hour;
                let until = sunday_until(day_of(year, 10, 31)) * DAY_S + hour;
                match (from..until).contains(&utc_s) {
                    true => 2 * hour,
                    false => hour,
                }
            }
            Self::Tokyo => 9 * hour,
            Self::Kathmandu => 5 * hour + 45 * 60,
            Self::Kiritimati => 14 * hour,
            Self::Niue => -11 * hour,
        }
    }

    /// The day and the second of the day that the zone's clocks show.
    pub fn local(self, utc_s: i64) -> (Day, i64) {
        let local = utc_s + self.ahead_s(utc_s);
        (local.div_euclid(DAY_S), local.rem_euclid(DAY_S))
    }

    /// A moment at which the zone's clocks show this, or where they skip it, one close by.
    pub fn moment(self, day: Day, second: i64) -> i64 {
        let shown = day * DAY_S + second;
        shown - self.ahead_s(shown - self.ahead_s(shown))
    }
}

/// Second Sunday of March to first Sunday of November, at two by the clocks before.
fn american(utc_s: i64, standard_s: i64) -> i64 {
    let (year, ..) = date_of((utc_s + standard_s).div_euclid(DAY_S));
    let two = 2 * 3_600;
    let from = sunday_until(day_of(year, 3, 14)) * DAY_S + two - standard_s;
    let until = sunday_until(day_of(year, 11, 7)) * DAY_S + two - standard_s - 3_600;
    match (from..until).contains(&utc_s) {
        true => standard_s + 3_600,
        false => standard_s,
    }
}

/// Monday is 0; 1 January 1970 was a Thursday.
pub fn weekday(day: Day) -> usize {
    (day + 3).rem_euclid(7) as usize
}

fn sunday_until(day: Day) -> Day {
    day - (day + 4).rem_euclid(7)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of a date after 1970, by adding up years and months.
pub fn day_of(year: i64, month: i64, day: i64) -> Day {
    let years: i64 = (1970..year)
        .map(|year| 365 + i64::from(is_leap(year)))
        .sum();
    let months: i64 = (1..month).map(|month| month_days(year, month)).sum();
    years + months + day - 1
}

/// Year, month and day of a date after 1970.
pub fn date_of(day: Day) -> (i64, i64, i64) {
    let (mut year, mut left) = (1970, day);
    while 365 + i64::from(is_leap(year)) <= left {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while month_days(year, month) <= left {
        left -= month_days(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// The days on which somebody works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Monday first.
    pub open: [bool; 7],
    pub holidays: Vec<Day>,
}

impl Week {
    pub fn works(&self, day: Day) -> bool {
        self.open[weekday(day)] && !self.holidays.contains(&day)
    }

    /// The first working day from `day` on.
    pub fn from(&self, day: Day) -> Option<Day> {
        (day..day + SEARCHED_DAYS).find(|day| self.works(*day))
    }

    /// `count` working days after `day`.
    pub fn later(&self, day: Day, count: u32) -> Option<Day> {
        let mut at = day;
        for _ in 0..count {
            at = self.from(at + 1)?;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        assert_eq!(day_of(1970, 1, 1), 0);
        assert_eq!(day_of(2027, 1, 4), 20_822);
        assert_eq!(date_of(day_of(2028, 2, 29)), (2028, 2, 29));
        assert_eq!(weekday(day_of(2026, 11, 23)), 0);
    }

    #[test]
    fn clocks_change_when_the_law_says() {
        let at = |zone: Zone, year, month, day, hour: i64| {
            zone.ahead_s(day_of(year, month, day) * DAY_S + hour * 3_600) / 3_600
        };
        assert_eq!(at(Zone::NewYork, 2027, 3, 14, 6), -5);
        assert_eq!(at(Zone::NewYork, 2027, 3, 14, 7), -4);
        assert_eq!(at(Zone::NewYork, 2026, 11, 1, 5), -4);
        assert_eq!(at(Zone::NewYork, 2026, 11, 1, 6), -5);
        assert_eq!(at(Zone::Berlin, 2027, 3, 28, 0), 1);
        assert_eq!(at(Zone::Berlin, 2027, 3, 28, 1), 2);
    }
}
