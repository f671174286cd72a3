//! Says what was sold of a SKU month by month, and what would have been forecast of each of its last months before that was known.

use chrono::{Months, NaiveDate};
use shared::demand::{Horizon, Period, Pool, Season};
use shared::ids::{Sku, StoreId};
use shared::quantity::Quantity;

use super::ActError;
use super::forecast_inputs::{Learner, wanted};
use super::records::Wanted;
use super::reserve::as_kept;
use crate::app::App;
use crate::limits::{JUDGED_LEARNT_FROM, JUDGED_MONTHS_MAX};

/// Fewest months since the first sale from which a month is forecast here: fewer say only what all goods do.
const KNOWN_MONTHS_MIN: usize = 3;

/// A month of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct PastMonth {
    /// Its first day.
    pub month: NaiveDate,
    /// Units that were sold, within kits too.
    pub sold: Quantity,
    /// The shelf was empty for a while: at least so many were wanted.
    pub was_empty: bool,
    /// What would have been forecast of it a month before; `None` for months too long ago, or too soon after the first sale.
    pub forecast: Option<Wanted>,
}

/// How far off forecasts were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Months that were looked at.
    pub months: u32,
    /// Units that were sold in one of them, on the mean.
    pub sold: f64,
    /// Units by which the mean that was forecast was off, up or down, on the mean.
    pub off: f64,
    /// Months in which at most as many were sold as are enough in 80 of 100 cases, and in 95.
    pub within: [u32; 2],
}

impl Judged {
    /// Of months in which the shelf was never empty; `None` where none of them was forecast.
    pub fn of(months: &[PastMonth]) -> Option<Self> {
        let looked_at = months.iter().filter(|past| !past.was_empty);
        let looked_at: Vec<(u32, &Wanted)> = looked_at
            .filter_map(|past| Some((past.sold.units(), past.forecast.as_ref()?)))
            .collect();
        if looked_at.is_empty() {
            return None;
        }
        let mut judged = Self {
            months: 0,
            sold: 0.0,
            off: 0.0,
            within: [0; 2],
        };
        let share = 1.0 / looked_at.len() as f64;
        for (sold, forecast) in looked_at {
            judged.months += 1;
            judged.sold += share * f64::from(sold);
            judged.off += share * (f64::from(sold) - forecast.mean).abs();
            judged.within[0] += u32::from(sold <= forecast.p80);
            judged.within[1] += u32::from(sold <= forecast.p95);
        }
        Some(judged)
    }
}

/// The months since the first sale, oldest first; none where it never sold.
///
/// Each forecast knows what was over before its month, of this SKU and of the others that the shop is learnt from.
///
/// # Errors
///
/// [`ActError::NotFound`] for a SKU that the store does not have.
pub async fn past_forecasts(
    app: &App,
    store: &StoreId,
    sku: &Sku,
) -> Result<Vec<PastMonth>, ActError> {
    let shop = app.catalogue.shop(store).ok_or(ActError::NotFound)?;
    if shop.entry(sku.as_str()).is_none() {
        return Err(ActError::NotFound);
    }
    let learner = Learner::new(app, &shop, as_kept(app.clock.now())).await?;
    let own = learner.histories(app, std::slice::from_ref(sku)).await?;
    let own: Vec<Period> = own.into_iter().flat_map(|(_, history)| history).collect();
    let some = learner.some_skus(app, JUDGED_LEARNT_FROM).await?;
    let some = learner.histories(app, &some).await?.into_iter();
    let sample: Vec<Vec<Period>> = some.map(|(_, history)| history).collect();
    let last = learner.last;
    let working = tokio::task::spawn_blocking(move || months(&own, &sample, last));
    match working.await {
        Ok(months) => Ok(months),
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}

fn months(own: &[Period], sample: &[Vec<Period>], last: NaiveDate) -> Vec<PastMonth> {
    let first = own.iter().position(|period| !period.units().is_zero());
    let first = first.unwrap_or(own.len());
    let month = |at: usize| {
        let period = own[at];
        let is_known = first + KNOWN_MONTHS_MIN <= at && own.len() - at <= JUDGED_MONTHS_MAX;
        PastMonth {
            month: last - Months::new((own.len() - 1 - at) as u32),
            sold: period.units(),
            was_empty: matches!(period, Period::SoldOut(_)),
            forecast: is_known.then(|| forecast(&own[..at], sample)).flatten(),
        }
    };
    (first..own.len()).map(month).collect()
}

/// What is forecast of the month after this history, where the others are known as long.
fn forecast(known: &[Period], sample: &[Vec<Period>]) -> Option<Wanted> {
    let others: Vec<&[Period]> = sample.iter().map(|one| &one[..known.len()]).collect();
    let pool = Pool::learn(&others, Some(Season::MONTHS));
    let month = Horizon::of_periods(1.0).ok()?;
    Some(wanted(&pool.forecast(known).over(month)))
}
