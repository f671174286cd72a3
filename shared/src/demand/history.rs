//! What was sold of one SKU, period by period.

use crate::quantity::Quantity;

/// Periods of a history that are looked at, newest first: ten years of weeks, or three of days.
pub const PERIODS_MAX: usize = 1_096;

/// What is known of one period.
///
/// Periods are of one length throughout a shop. Months and weeks suit goods that are sold now and then; what is learnt is forgotten
/// within some ten to thirty periods, so days suit only what is sold every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// Something was there to be sold all the time: so many units were wanted.
    Sold(Quantity),
    /// The shelf was empty for a while: at least so many units were wanted.
    SoldOut(Quantity),
}

/// After how many periods a year begins again, for goods that sell by the season: 12 of months, 52 of weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Season(u16);

/// A number of periods after which no year begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a year has 2 to 366 periods, {0} are none")]
pub struct SeasonError(pub u16);

impl Season {
    /// Twelve months.
    pub const MONTHS: Self = Self(12);

    /// A year of so many periods.
    ///
    /// # Errors
    ///
    /// [`SeasonError`] outside of 2 to 366.
    pub fn new(periods: u16) -> Result<Self, SeasonError> {
        match periods {
            2..=366 => Ok(Self(periods)),
            _ => Err(SeasonError(periods)),
        }
    }

    pub(super) fn periods(self) -> usize {
        usize::from(self.0)
    }
}

impl Period {
    /// Units that are known to have been wanted.
    pub fn units(self) -> Quantity {
        match self {
            Self::Sold(units) | Self::SoldOut(units) => units,
        }
    }
}

/// A history from its first sale on.
///
/// Whether the goods were offered before is not known, and a year of zeros before the first sale would drag a newcomer down for
/// years. The end of a product shows otherwise: zeros after a sale are counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct SinceFirstSale<'a>(&'a [Period]);

impl<'a> SinceFirstSale<'a> {
    pub(super) fn of(history: &'a [Period]) -> Self {
        let history = &history[history.len().saturating_sub(PERIODS_MAX)..];
        let first = history.iter().position(|one| !one.units().is_zero());
        Self(&history[first.unwrap_or(history.len())..])
    }

    /// As it was so many periods before its end.
    pub(super) fn before(self, periods: usize) -> Self {
        Self(&self.0[..self.0.len().saturating_sub(periods)])
    }

    /// The last periods.
    pub(super) fn last(self, periods: usize) -> &'a [Period] {
        &self.0[self.0.len().saturating_sub(periods)..]
    }

    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// How far each period lies before the end (the last one by 1), and what is known of it.
    pub(super) fn periods(self) -> impl Iterator<Item = (usize, Period)> {
        let count = self.0.len();
        self.0
            .iter()
            .enumerate()
            .map(move |(at, one)| (count - at, *one))
    }

    /// The most units of any period.
    pub(super) fn most(self) -> Quantity {
        let units = self.0.iter().map(|one| one.units());
        units.max().unwrap_or_default()
    }

    /// Mean units per period, where the shelf was not empty.
    pub(super) fn rate(self) -> Option<f64> {
        let (mut units, mut count) = (0.0, 0.0);
        for one in self.0 {
            if let Period::Sold(sold) = one {
                units += f64::from(sold.units());
                count += 1.0;
            }
        }
        (0.0 < count).then(|| units / count)
    }

    /// True where at least every other period has a sale: such goods may follow the season, or grow.
    pub(super) fn is_regular(self) -> bool {
        let with_sale = self.0.iter().filter(|one| !one.units().is_zero());
        self.0.len() <= 2 * with_sale.count() && 1 < self.0.len()
    }
}
