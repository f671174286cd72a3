//! Takes a file of days off in: for one location, all of it or, if the file is broken, none.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use shared::ids::{LocationId, StoreId};

use super::ActError;
use super::once::{Once, Outcome};
use super::running::{MayRace, Touched, detached, publish};
use crate::app::App;
use crate::import::holidays::{self, Found, Kind, Reader};
use crate::import::{Broken, Remark};
use crate::limits::HOLIDAYS_MAX;
use crate::store::writing::Note;
use crate::store::{Store, StoreError, Writing};

/// A file of days off, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddHolidays {
    /// The location that is closed.
    pub location: LocationId,
    /// True: forget the days off that are known.
    pub replace: bool,
    /// What kind of file it is.
    pub kind: Kind,
    /// The file.
    pub file: Arc<[u8]>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HolidaysAdded {
    /// Events or lines read, refused ones included.
    pub entries: u64,
    /// Days off that they name.
    pub days: usize,
    /// Days off that were not known.
    pub added: usize,
    /// Days off that are forgotten.
    pub removed: usize,
    /// The first lines that were refused.
    pub refused: Vec<Remark>,
    /// All that were.
    pub refused_count: u64,
    /// All days off of the location now.
    pub holidays: BTreeSet<NaiveDate>,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum HolidaysError {
    /// The file cannot be used as a whole.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// There is no such location, or the database did not do it.
    #[error(transparent)]
    Act(#[from] ActError),
}

impl MayRace for HolidaysError {
    fn has_raced(&self) -> bool {
        matches!(self, Self::Act(error) if error.has_raced())
    }
}

impl From<StoreError> for HolidaysError {
    fn from(error: StoreError) -> Self {
        Self::Act(error.into())
    }
}

/// Takes a file in, in a server that is running.
pub async fn add_holidays(
    app: &App,
    store: &StoreId,
    request: AddHolidays,
    once: Once<HolidaysAdded>,
) -> Result<Outcome<HolidaysAdded>, HolidaysError> {
    let with = (app.clone(), store.clone(), request, once);
    detached(with, |(app, store, request, once)| async move {
        let now = app.clock.now();
        let found = found(&app.store, &store, &request, now).await?;
        let mut writing = app.store.begin(&store, note(&request), now).await?;
        if let Some(answer) = once.before(&mut writing).await? {
            return Ok(Outcome::Before(answer));
        }
        let added = take_in(&mut writing, &request, found).await?;
        once.keep(&mut writing, &added);
        let revision = writing.commit().await?;
        publish(&app, &store, touched(&added), revision).await;
        Ok(Outcome::Done(added))
    })
    .await
}

/// Takes a file into a database, on the command line. A running server takes notice of it.
pub async fn add_holidays_into(
    database: &Store,
    store: &StoreId,
    request: &AddHolidays,
    now: DateTime<Utc>,
) -> Result<HolidaysAdded, HolidaysError> {
    let found = found(database, store, request, now).await?;
    let mut writing = database.begin(store, note(request), now).await?;
    let added = take_in(&mut writing, request, found).await?;
    match touched(&added) {
        Touched::Settings => drop(writing.commit().await?),
        _ => writing.undo().await?,
    }
    Ok(added)
}

fn note(request: &AddHolidays) -> Note {
    Note::new("add_holidays", request.location.as_str())
}

/// Reads the file before anything is locked.
async fn found(
    database: &Store,
    store: &StoreId,
    request: &AddHolidays,
    now: DateTime<Utc>,
) -> Result<Found, HolidaysError> {
    let location = database.location(store, &request.location).await?;
    let zone = location.ok_or(ActError::NotFound)?.time_zone;
    let reader = Reader {
        zone,
        today: now.with_timezone(&zone).date_naive(),
    };
    let (file, kind) = (Arc::clone(&request.file), request.kind);
    let reading = tokio::task::spawn_blocking(move || holidays::read(&file, kind, reader));
    match reading.await {
        Ok(found) => Ok(found?),
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}

async fn take_in(
    writing: &mut Writing,
    request: &AddHolidays,
    found: Found,
) -> Result<HolidaysAdded, HolidaysError> {
    let location = writing.location(&request.location).await?;
    let mut record = location.ok_or(ActError::NotFound)?;
    let before = record.holidays;
    let holidays = match request.replace {
        true => found.days.clone(),
        false => before.union(&found.days).copied().collect(),
    };
    if HOLIDAYS_MAX < holidays.len() {
        let detail = format!(
            "With those that it has, the location would have {} days off, {HOLIDAYS_MAX} at most. Replace them instead.",
            holidays.len()
        );
        return Err(Broken::new("too_many_days", detail).into());
    }
    record.holidays = holidays;
    let added = HolidaysAdded {
        entries: found.entries,
        days: found.days.len(),
        added: record.holidays.difference(&before).count(),
        removed: before.difference(&record.holidays).count(),
        refused: found.refused,
        refused_count: found.refused_count,
        holidays: record.holidays.clone(),
    };
    if touched(&added) == Touched::Settings {
        writing.put_location(&record).await?;
    }
    Ok(added)
}

/// A file that says what is known leaves everything as it is.
fn touched(added: &HolidaysAdded) -> Touched {
    match added.added + added.removed {
        0 => Touched::Skus(Vec::new()),
        _ => Touched::Settings,
    }
}
