//! Locations: where goods are, and when people work there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;
use shared::calendar::{CutOffs, DispatchCalendar, WorkingDays};
use shared::ids::{LocationId, StoreId};

use super::engine::stored;
use super::engine::{Session, query, query_as, query_scalar};
use super::skus::{json_list, read};
use super::{Store, StoreError, Writing};

/// A place that holds stock and hands parcels to a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationRecord {
    /// Its id.
    pub id: LocationId,
    /// What people call it.
    pub name: String,
    /// IANA time zone.
    pub time_zone: Tz,
    /// Days on which goods are received and orders are worked on.
    pub working_days: Week,
    /// Days on which the carrier picks up.
    pub pickup_days: Week,
    /// Days off, for work and for the carrier.
    pub holidays: BTreeSet<NaiveDate>,
    /// An order strictly before this local time is begun the same day. Whole minutes.
    pub cut_off: NaiveTime,
    /// Days of the week with another cut-off than that.
    pub cut_offs: WeekTimes,
    /// Working days from the day an order is begun to hand-over.
    pub processing_days: u32,
    /// Working days from arrival of goods to when they may be picked.
    pub receiving_days: u32,
    /// True if its stock may be promised to shoppers.
    pub fulfils: bool,
    /// What a parcel from here costs, in minor units: only chooses between locations.
    pub parcel_cost: u32,
    /// The commit that last changed it; a change that is under way sets its own.
    pub revision: u64,
}

/// Days of the week, Monday first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week(pub [bool; 7]);

/// The days of the week in the order of [`Week`].
pub const WEEKDAYS: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// The word for a day of the week.
pub fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    }
}

/// The day of the week that this word is for.
pub fn day_named(name: &str) -> Option<Weekday> {
    WEEKDAYS.into_iter().find(|day| day_name(*day) == name)
}

/// Local times of some days of the week. Whole minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WeekTimes(Vec<(Weekday, NaiveTime)>);

impl WeekTimes {
    /// These times; of a day that is there twice, the last. In the order of the week.
    pub fn new(times: impl IntoIterator<Item = (Weekday, NaiveTime)>) -> Self {
        let by_day: BTreeMap<u32, (Weekday, NaiveTime)> = times
            .into_iter()
            .map(|(day, time)| (day.num_days_from_monday(), (day, time)))
            .collect();
        Self(by_day.into_values().collect())
    }

    /// The days that have a time, Monday first.
    pub fn times(&self) -> impl Iterator<Item = (Weekday, NaiveTime)> {
        self.0.iter().copied()
    }

    fn stored(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let times: BTreeMap<&str, String> = self
            .times()
            .map(|(day, time)| (day_name(day), time.format("%H:%M").to_string()))
            .collect();
        Some(serde_json::to_string(&times).expect("times have only text keys"))
    }

    fn read(stored: Option<&str>) -> Option<Self> {
        let Some(stored) = stored else {
            return Some(Self::default());
        };
        let times: BTreeMap<String, String> = serde_json::from_str(stored).ok()?;
        let times: Option<Vec<_>> = times
            .iter()
            .map(|(day, time)| {
                let time = NaiveTime::parse_from_str(time, "%H:%M").ok()?;
                Some((day_named(day)?, time))
            })
            .collect();
        times.map(Self::new)
    }
}

impl Week {
    /// Monday to Friday.
    pub const MONDAY_TO_FRIDAY: Self = Self([true, true, true, true, true, false, false]);

    /// The days in words of chrono.
    pub fn days(self) -> impl Iterator<Item = Weekday> {
        WEEKDAYS
            .into_iter()
            .zip(self.0)
            .filter_map(|(day, open)| open.then_some(day))
    }

    pub(super) fn stored(self) -> String {
        self.0
            .iter()
            .map(|open| if *open { '1' } else { '0' })
            .collect()
    }

    pub(super) fn read(stored: &str) -> Option<Self> {
        let open: Vec<bool> = stored.bytes().map(|byte| byte == b'1').collect();
        Some(Self(open.try_into().ok()?))
    }
}

impl LocationRecord {
    /// A location with the days and hours that most have.
    pub fn usual(id: LocationId, name: String, time_zone: Tz) -> Self {
        Self {
            id,
            name,
            time_zone,
            working_days: Week::MONDAY_TO_FRIDAY,
            pickup_days: Week::MONDAY_TO_FRIDAY,
            holidays: BTreeSet::new(),
            cut_off: NaiveTime::from_hms_opt(14, 0, 0).expect("two in the afternoon"),
            cut_offs: WeekTimes::default(),
            processing_days: 1,
            receiving_days: 1,
            fulfils: true,
            parcel_cost: 0,
            revision: 0,
        }
    }

    /// When it works.
    pub fn calendar(&self) -> DispatchCalendar {
        let open = |week: Week| WorkingDays::on(week.days()).without(self.holidays.iter().copied());
        let usual = CutOffs::daily(self.cut_off);
        DispatchCalendar {
            zone: self.time_zone,
            working_days: open(self.working_days),
            pickup_days: open(self.pickup_days),
            cut_offs: self
                .cut_offs
                .times()
                .fold(usual, |cut_offs, (day, time)| cut_offs.on(day, time)),
            receiving_days: self.receiving_days,
            processing_days: self.processing_days,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    location: String,
    name: String,
    time_zone: String,
    working_days: String,
    pickup_days: String,
    holidays: String,
    cut_off: String,
    cut_offs: Option<String>,
    processing_days: i64,
    receiving_days: i64,
    fulfils: bool,
    parcel_cost: i64,
    revision: i64,
}

impl Store {
    /// All locations of a store, by id.
    pub async fn locations(&self, store: &StoreId) -> Result<Vec<LocationRecord>, StoreError> {
        locations(&mut self.read(store).await?, store).await
    }

    /// One location.
    pub async fn location(
        &self,
        store: &StoreId,
        id: &LocationId,
    ) -> Result<Option<LocationRecord>, StoreError> {
        location(&mut self.read(store).await?, store, id).await
    }
}

impl Writing {
    /// All locations of the store, by id, as this change sees them.
    pub async fn locations(&mut self) -> Result<Vec<LocationRecord>, StoreError> {
        locations(&mut self.session, &self.store).await
    }

    /// One location, as this change sees it.
    pub async fn location(
        &mut self,
        id: &LocationId,
    ) -> Result<Option<LocationRecord>, StoreError> {
        location(&mut self.session, &self.store, id).await
    }

    /// Makes a location or replaces it.
    pub async fn put_location(&mut self, record: &LocationRecord) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO location
                 ( store_id
                 , location
                 , name
                 , time_zone
                 , working_days
                 , pickup_days
                 , holidays
                 , cut_off
                 , cut_offs
                 , processing_days
                 , receiving_days
                 , fulfils
                 , parcel_cost
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                ON CONFLICT (store_id, location) DO UPDATE
               SET name            = excluded.name
                 , time_zone       = excluded.time_zone
                 , working_days    = excluded.working_days
                 , pickup_days     = excluded.pickup_days
                 , holidays        = excluded.holidays
                 , cut_off         = excluded.cut_off
                 , cut_offs        = excluded.cut_offs
                 , processing_days = excluded.processing_days
                 , receiving_days  = excluded.receiving_days
                 , fulfils         = excluded.fulfils
                 , parcel_cost     = excluded.parcel_cost
                 , revision        = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(record.id.as_str())
        .bind(&record.name)
        .bind(record.time_zone.name())
        .bind(record.working_days.stored())
        .bind(record.pickup_days.stored())
        .bind(stored_holidays(&record.holidays))
        .bind(record.cut_off.format("%H:%M").to_string())
        .bind(record.cut_offs.stored())
        .bind(record.processing_days)
        .bind(record.receiving_days)
        .bind(record.fulfils)
        .bind(record.parcel_cost)
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        self.raise_settings_revision().await
    }

    /// Of `ids`, those that the store does not have.
    pub async fn unknown_locations(
        &mut self,
        ids: &[LocationId],
    ) -> Result<Vec<LocationId>, StoreError> {
        let unknown: Vec<String> = query_scalar(
            "
            SELECT asked.value
              FROM json_each($2) AS asked
             WHERE NOT EXISTS
                 ( SELECT 1
                     FROM location
                    WHERE store_id = $1
                      AND location = asked.value
                 )",
        )
        .bind(self.store.as_str())
        .bind(json_list(ids))
        .fetch_all(&mut self.session)
        .await?;
        unknown.iter().map(|id| read(id, "location")).collect()
    }

    /// True if the store has this location.
    pub async fn has_location(&mut self, id: &LocationId) -> Result<bool, StoreError> {
        let known: bool = query_scalar(
            "
            SELECT EXISTS
                 ( SELECT 1
                     FROM location
                    WHERE store_id = $1
                      AND location = $2
                 )",
        )
        .bind(self.store.as_str())
        .bind(id.as_str())
        .fetch_one(&mut self.session)
        .await?;
        Ok(known)
    }
}

pub(super) async fn locations(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<LocationRecord>, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT location
             , name
             , time_zone
             , working_days
             , pickup_days
             , holidays
             , cut_off
             , cut_offs
             , processing_days
             , receiving_days
             , fulfils
             , parcel_cost
             , revision
          FROM location
         WHERE store_id = $1
         ORDER BY location",
    )
    .bind(store.as_str())
    .fetch_all(session)
    .await?;
    rows.into_iter().map(Row::record).collect()
}

async fn location(
    session: &mut Session,
    store: &StoreId,
    id: &LocationId,
) -> Result<Option<LocationRecord>, StoreError> {
    let row: Option<Row> = query_as(
        "
        SELECT location
             , name
             , time_zone
             , working_days
             , pickup_days
             , holidays
             , cut_off
             , cut_offs
             , processing_days
             , receiving_days
             , fulfils
             , parcel_cost
             , revision
          FROM location
         WHERE store_id = $1
           AND location = $2",
    )
    .bind(store.as_str())
    .bind(id.as_str())
    .fetch_optional(session)
    .await?;
    row.map(Row::record).transpose()
}

impl Row {
    fn record(self) -> Result<LocationRecord, StoreError> {
        let unreadable = StoreError::Unreadable;
        let days =
            |days: i64| u32::try_from(days).map_err(|_| unreadable("location.processing_days"));
        Ok(LocationRecord {
            id: self
                .location
                .parse()
                .map_err(|_| unreadable("location.location"))?,
            name: self.name,
            time_zone: self
                .time_zone
                .parse()
                .map_err(|_| unreadable("location.time_zone"))?,
            working_days: Week::read(&self.working_days)
                .ok_or(unreadable("location.working_days"))?,
            pickup_days: Week::read(&self.pickup_days).ok_or(unreadable("location.pickup_days"))?,
            holidays: read_holidays(&self.holidays).ok_or(unreadable("location.holidays"))?,
            cut_off: NaiveTime::parse_from_str(&self.cut_off, "%H:%M")
                .map_err(|_| unreadable("location.cut_off"))?,
            cut_offs: WeekTimes::read(self.cut_offs.as_deref())
                .ok_or(unreadable("location.cut_offs"))?,
            processing_days: days(self.processing_days)?,
            receiving_days: days(self.receiving_days)?,
            fulfils: self.fulfils,
            parcel_cost: u32::try_from(self.parcel_cost)
                .map_err(|_| unreadable("location.parcel_cost"))?,
            revision: self.revision.unsigned_abs(),
        })
    }
}

pub(super) fn stored_holidays(holidays: &BTreeSet<NaiveDate>) -> String {
    let days: Vec<String> = holidays.iter().map(ToString::to_string).collect();
    serde_json::to_string(&days).expect("a list of strings is always JSON")
}

pub(super) fn read_holidays(stored: &str) -> Option<BTreeSet<NaiveDate>> {
    let days: Vec<String> = serde_json::from_str(stored).ok()?;
    days.iter().map(|day| day.parse().ok()).collect()
}
