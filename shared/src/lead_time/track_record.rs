//! What a supplier did so far: its lead times and slips as they were, for a person to judge by.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::kept::{Share, Tally};

/// What is looked at of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// The day of the order.
    pub ordered_on: NaiveDate,
    /// The first date that the supplier told, if it told one.
    pub promised_on: Option<NaiveDate>,
    /// The day on which the last of it came.
    pub received_on: NaiveDate,
}

/// How days spread: quantiles by nearest rank, each a value that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Values behind them.
    pub count: usize,
    /// The least that a tenth does not exceed.
    pub p10: i64,
    /// Half.
    pub p50: i64,
    /// Four fifths.
    pub p80: i64,
    /// Nine tenths.
    pub p90: i64,
}

/// What came in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub begins_on: NaiveDate,
    /// Days from order to arrival.
    pub lead_time: Spread,
}

/// What a supplier did.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackRecord {
    /// Days from order to arrival.
    pub lead_time: Spread,
    /// Days from order to the date that was told first, of those that had one: what it promises.
    pub promised: Option<Spread>,
    /// Days from the date that was told first to the arrival; negative where it was early.
    pub slip: Option<Spread>,
    /// Dates that were kept, and not.
    pub dates: Tally,
    /// The share of dates that were kept; `None` where none was told.
    pub kept: Option<Share>,
    /// Months in which something came, the oldest first.
    pub months: Vec<Month>,
}

impl Spread {
    /// How values spread; `None` where there are none.
    ///
    /// ```
    /// use shared::lead_time::Spread;
    ///
    /// let spread = Spread::of((1..=10).collect()).expect("values");
    /// assert_eq!((spread.count, spread.p10, spread.p50, spread.p80, spread.p90), (10, 1, 5, 8, 9));
    /// assert_eq!(Spread::of(vec![7]).map(|one| (one.p10, one.p90)), Some((7, 7)));
    /// assert_eq!(Spread::of(Vec::new()), None);
    /// ```
    pub fn of(mut days: Vec<i64>) -> Option<Self> {
        days.sort_unstable();
        let count = days.len();
        let at = |percent: usize| {
            days.get((count * percent).div_ceil(100).max(1) - 1)
                .copied()
        };
        Some(Self {
            count,
            p10: at(10)?,
            p50: at(50)?,
            p80: at(80)?,
            p90: at(90)?,
        })
    }
}

impl TrackRecord {
    /// What deliveries of one supplier say of it; `None` without any.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use shared::lead_time::{Came, TrackRecord};
    ///
    /// let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).expect("a day");
    /// let came = [(12, 10), (9, 10), (10, 10)].map(|(received, promised)| Came {
    ///     ordered_on: day(1),
    ///     promised_on: Some(day(promised)),
    ///     received_on: day(received),
    /// });
    /// let record = TrackRecord::of(&came).expect("deliveries");
    /// assert_eq!((record.lead_time.p50, record.dates.kept, record.dates.broken), (9, 2, 1));
    /// assert_eq!(record.slip.map(|slip| (slip.p10, slip.p90)), Some((-1, 2)));
    /// assert_eq!(TrackRecord::of(&[]), None);
    /// ```
    pub fn of(came: &[Came]) -> Option<Self> {
        let spread =
            |days: fn(&Came) -> Option<i64>| Spread::of(came.iter().filter_map(days).collect());
        let mut dates = Tally::default();
        for slip in came.iter().filter_map(Came::slip) {
            match slip <= 0 {
                true => dates.kept += 1,
                false => dates.broken += 1,
            }
        }
        let mut by_month: BTreeMap<NaiveDate, Vec<i64>> = BTreeMap::new();
        for one in came {
            let month = one.received_on.with_day(1).unwrap_or(one.received_on);
            by_month.entry(month).or_default().push(one.days());
        }
        let month = |(begins_on, days): (NaiveDate, Vec<i64>)| {
            Spread::of(days).map(|lead_time| Month {
                begins_on,
                lead_time,
            })
        };
        Some(Self {
            lead_time: spread(|one| Some(one.days()))?,
            promised: spread(Came::promised_days),
            slip: spread(Came::slip),
            kept: dates.share(),
            dates,
            months: by_month.into_iter().filter_map(month).collect(),
        })
    }
}

impl Came {
    /// Days from order to arrival. What came before it was ordered, on paper, took none.
    fn days(&self) -> i64 {
        (self.received_on - self.ordered_on).num_days().max(0)
    }

    fn promised_days(&self) -> Option<i64> {
        let promised = self.promised_on?;
        Some((promised - self.ordered_on).num_days().max(0))
    }

    fn slip(&self) -> Option<i64> {
        Some((self.received_on - self.promised_on?).num_days())
    }
}
