//! Takes a file in, of stock, deliveries or sales: all of it or, if the file is broken, none.

use std::io::Read;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::ids::{LocationId, StoreId};
use tokio::sync::mpsc;

use super::ActError;
use super::import_deliveries;
use super::import_sales;
use super::once::{Once, Outcome};
use super::running::{MayRace, Touched, detached, publish};
use super::settle::{Cause, settle};
use super::turns::Turn;
use crate::app::App;
use crate::import::{self, Broken, Format, Known, Remark, Report};
use crate::store::import::Imported;
use crate::store::writing::Note;
use crate::store::{Store, StoreError, Writing};

/// Batches that are parsed ahead of the database.
pub(super) const BATCHES_AHEAD_MAX: usize = 2;

/// How a file is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportStock {
    /// Whose file it is.
    pub format: Format,
    /// Where goods are of a file that does not say; only lines of this location, of a file that
    /// does. An id or a name.
    pub location: Option<String>,
    /// True: say what would change, and change nothing.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StockImported {
    /// What was read, refused and warned of.
    pub report: Report,
    /// Rows that changed something.
    pub changed: u64,
    /// Rows that say what was known.
    pub unchanged: u64,
    /// True: nothing was changed in truth.
    pub dry_run: bool,
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be used as a whole.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// As many files as may be are being taken in.
    #[error("as many files as may be are being taken in")]
    TooMany,
    /// It is not known what to do with it, or the database did not do it.
    #[error(transparent)]
    Act(#[from] ActError),
}

impl MayRace for ImportError {
    fn has_raced(&self) -> bool {
        matches!(self, Self::Act(error) if error.has_raced())
    }
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Act(error.into())
    }
}

/// Takes a file in, in a server that is running.
///
/// `once` is for a file that is to change something: a dry run may be repeated as it is. The file is in memory, to be
/// read again where another change came between.
pub async fn import_stock(
    app: &App,
    turn: Turn,
    request: ImportStock,
    file: impl Read + Clone + Send + 'static,
    once: Option<Once<StockImported>>,
) -> Result<Outcome<StockImported>, ImportError> {
    let Some(place) = turn.place() else {
        return Err(ImportError::TooMany);
    };
    // The turn and the place are kept until the end, however often it is begun.
    let with = (app.clone(), Arc::new((turn, place)), request, file, once);
    detached(with, |(app, turn, request, file, once)| async move {
        let store = turn.0.store().clone();
        let known = known(&app.store, &store, &request).await?;
        let note = Note::new("import_stock", request.format.name());
        let now = app.clock.now();
        let mut writing = app.store.begin(&store, note, now).await?;
        if let Some(once) = &once
            && let Some(answer) = once.before(&mut writing).await?
        {
            return Ok(Outcome::Before(answer));
        }
        let imported = take_in(&mut writing, &request, known, file, now).await?;
        if request.dry_run {
            writing.undo().await?;
            return Ok(Outcome::Done(imported));
        }
        // What was sold moves no date.
        if request.format != Format::Sales
            && let Some(shop) = app.catalogue.shop(&store)
        {
            let settings = shop.settings();
            settle(&mut writing, &settings, None, Cause::StockImported, now).await?;
        }
        if let Some(once) = &once {
            once.keep(&mut writing, &imported);
        }
        let revision = writing.commit().await?;
        publish(&app, &store, Touched::Anything, revision).await;
        Ok(Outcome::Done(imported))
    })
    .await
}

/// Takes a file into a database, on the command line. A running server takes notice of it.
pub async fn import_into(
    database: &Store,
    store: &StoreId,
    request: ImportStock,
    file: impl Read + Send + 'static,
    at: DateTime<Utc>,
) -> Result<StockImported, ImportError> {
    let known = known(database, store, &request).await?;
    let note = Note::new("import_stock", request.format.name());
    let mut writing = database.begin(store, note, at).await?;
    let imported = take_in(&mut writing, &request, known, file, at).await?;
    if request.dry_run {
        writing.undo().await?;
    } else {
        writing.commit().await?;
    }
    Ok(imported)
}

/// What the store knows of what a stock file names; `None` for a file that is not about stock.
async fn known(
    database: &Store,
    store: &StoreId,
    request: &ImportStock,
) -> Result<Option<Known>, ImportError> {
    if matches!(request.format, Format::SupplierDeliveries | Format::Sales) {
        return match request.location {
            None => Ok(None),
            Some(_) => {
                let detail = "a history of deliveries or sales is of no location; leave it out";
                Err(ActError::field("?location", "invalid_parameter", detail).into())
            }
        };
    }
    let locations: Vec<(LocationId, String)> = database
        .locations(store)
        .await?
        .into_iter()
        .map(|location| (location.id, location.name))
        .collect();
    let ships_from = database.ships_from(store).await?;
    let (default_location, only_location) = match (&request.location, request.format) {
        (None, _) => (ships_from, None),
        (Some(name), Format::ShopifyInventory) => (ships_from, Some(name.clone())),
        (Some(name), _) => {
            let is_it = |(id, known): &&(LocationId, String)| known == name || id.as_str() == name;
            let found = locations.iter().find(is_it).map(|(id, _)| id.clone());
            let location = found.ok_or_else(|| {
                let detail = format!(
                    "there is no location `{name}`; create it first with PUT /v1/locations/{{id}}"
                );
                ActError::field("?location", "unknown_location", detail)
            })?;
            (location, None)
        }
    };
    let suppliers = database.suppliers(store).await?;
    Ok(Some(Known {
        default_location,
        only_location,
        locations,
        suppliers: suppliers.into_iter().map(|supplier| supplier.id).collect(),
    }))
}

async fn take_in(
    writing: &mut Writing,
    request: &ImportStock,
    known: Option<Known>,
    file: impl Read + Send + 'static,
    at: DateTime<Utc>,
) -> Result<StockImported, ImportError> {
    let (dry_run, today) = (request.dry_run, at.date_naive());
    match known {
        Some(known) => take_stock_in(writing, request, known, file).await,
        None if request.format == Format::Sales => {
            import_sales::take_in(writing, dry_run, today, file).await
        }
        None => import_deliveries::take_in(writing, dry_run, today, file).await,
    }
}

/// Parses in a thread of its own, a little ahead of the database.
async fn take_stock_in(
    writing: &mut Writing,
    request: &ImportStock,
    known: Known,
    file: impl Read + Send + 'static,
) -> Result<StockImported, ImportError> {
    let (batches, mut taken) = mpsc::channel(BATCHES_AHEAD_MAX);
    let format = request.format;
    let parsing = tokio::task::spawn_blocking(move || {
        // A batch that nobody takes any more: the database has failed, and says so itself.
        import::read(file, format, known, |batch| {
            batches.blocking_send(batch).is_ok()
        })
    });
    writing.begin_import().await?;
    let mut sum = Imported::default();
    let mut first_new: Option<(LocationId, String)> = None;
    while let Some(batch) = taken.recv().await {
        let imported = writing.import(&batch).await?;
        sum.changed += imported.changed;
        sum.unchanged += imported.unchanged;
        first_new = first_new.or_else(|| batch.new_locations.into_iter().next());
    }
    writing.end_import().await?;
    let mut report = match parsing.await {
        Ok(read) => read?,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    };
    if let Some((id, name)) = first_new
        && writing.ship_from_if_new(&id).await?
    {
        report.warnings_count += 1;
        report.warnings.push(Remark {
            line: 1,
            code: "ships_from_new_location",
            detail: format!(
                "the store ships from \"{name}\" now; set its time zone and hours with PUT /v1/locations/{id}"
            ),
        });
    }
    Ok(StockImported {
        report,
        changed: sum.changed,
        unchanged: sum.unchanged,
        dry_run: request.dry_run,
    })
}
