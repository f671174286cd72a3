//! Transit: how long carriers take from where parcels leave to where shoppers are.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use shared::calendar::{Transit, WorkingDays};
use shared::ids::{LocationId, StoreId};

use super::engine::{Session, query, query_as};
use super::locations::{Week, read_holidays, stored_holidays};
use super::{StoreError, Writing};

/// How long carriers take to one part of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitRecord {
    /// What the merchant calls that part: 1 to 32 letters, digits and hyphens.
    pub zone: String,
    /// Where parcels leave; `None`: every location that has no line of its own for the zone.
    pub from: Option<LocationId>,
    /// The carrier's days from hand-over to the door.
    pub days: u32,
    /// Days on which the carrier moves and delivers.
    pub delivery_days: Week,
    /// Days on which it rests.
    pub holidays: BTreeSet<NaiveDate>,
}

#[derive(sqlx::FromRow)]
struct Row {
    zone: String,
    location: Option<String>,
    days: i64,
    delivery_days: String,
    holidays: String,
}

/// What of this counts for parcels from `location`: for each zone the location's own line, else
/// the one for all. Zones come in the order in which they are first named.
pub(super) fn transit_from(records: &[TransitRecord], location: &LocationId) -> Vec<Transit> {
    let mut found: Vec<&TransitRecord> = Vec::new();
    let mut zones: Vec<&str> = Vec::new();
    for record in records {
        if zones.contains(&record.zone.as_str()) {
            continue;
        }
        zones.push(&record.zone);
        let of_zone = || records.iter().filter(|other| other.zone == record.zone);
        let own = of_zone().find(|other| other.from.as_ref() == Some(location));
        found.extend(own.or_else(|| of_zone().find(|other| other.from.is_none())));
    }
    found.into_iter().map(TransitRecord::transit).collect()
}

/// The lines of a store, in their order.
pub(super) async fn transit(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<TransitRecord>, StoreError> {
    let rows: Vec<Row> = query_as(
        "
        SELECT zone
             , location
             , days
             , delivery_days
             , holidays
          FROM transit
         WHERE store_id = $1
         ORDER BY line",
    )
    .bind(store.as_str())
    .fetch_all(session)
    .await?;
    let records = rows.into_iter().map(Row::record);
    let records: Option<Vec<TransitRecord>> = records.collect();
    records.ok_or(StoreError::Unreadable("transit"))
}

impl TransitRecord {
    fn transit(&self) -> Transit {
        let week = WorkingDays::on(self.delivery_days.days());
        Transit {
            zone: Arc::from(self.zone.as_str()),
            days: self.days,
            delivery_days: week.without(self.holidays.iter().copied()),
        }
    }
}

impl Row {
    fn record(self) -> Option<TransitRecord> {
        let from = self.location.map(|from| from.parse()).transpose();
        Some(TransitRecord {
            zone: self.zone,
            from: from.ok()?,
            days: u32::try_from(self.days).ok()?,
            delivery_days: Week::read(&self.delivery_days)?,
            holidays: read_holidays(&self.holidays)?,
        })
    }
}

impl Writing {
    /// Replaces how long carriers take.
    pub(super) async fn put_transit(
        &mut self,
        records: &[TransitRecord],
    ) -> Result<(), StoreError> {
        query(
            "
            DELETE FROM transit
             WHERE store_id = $1",
        )
        .bind(self.store.as_str())
        .execute(&mut self.session)
        .await?;
        for (line, record) in (1_i64..).zip(records) {
            query(
                "
                INSERT INTO transit
                     ( store_id
                     , line
                     , zone
                     , location
                     , days
                     , delivery_days
                     , holidays
                     )
                VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(self.store.as_str())
            .bind(line)
            .bind(&record.zone)
            .bind(record.from.as_ref().map(LocationId::as_str))
            .bind(record.days)
            .bind(record.delivery_days.stored())
            .bind(stored_holidays(&record.holidays))
            .execute(&mut self.session)
            .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(zone: &str, from: Option<&str>, days: u32) -> TransitRecord {
        TransitRecord {
            zone: zone.into(),
            from: from.map(|from| from.parse().expect("an id")),
            days,
            delivery_days: Week::MONDAY_TO_FRIDAY,
            holidays: BTreeSet::new(),
        }
    }

    #[test]
    fn a_locations_own_line_comes_before_the_one_for_all() {
        let records = [
            line("us", None, 5),
            line("eu", Some("berlin"), 2),
            line("us", Some("reno"), 3),
            line("eu", None, 9),
        ];
        let from = |location: &str| {
            let found = transit_from(&records, &location.parse().expect("an id"));
            let pairs = found
                .into_iter()
                .map(|one| (one.zone.to_string(), one.days));
            pairs.collect::<Vec<_>>()
        };
        let expected = |us, eu| vec![("us".to_owned(), us), ("eu".to_owned(), eu)];
        assert_eq!(from("reno"), expected(3, 9));
        assert_eq!(from("berlin"), expected(5, 2));
        let own_only = [line("us", Some("reno"), 3)];
        assert_eq!(
            transit_from(&own_only, &"berlin".parse().expect("an id")),
            []
        );
    }
}
