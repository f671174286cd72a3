//! What a rule did in the judged year.

/// Sums over the judged year. Promises are those to shoppers who asked for more than was on the shelf: whoever buys from the
/// shelf is told "today", by every rule, and it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// All shoppers, those served from the shelf too.
    pub shoppers: u32,
    /// Those who were told "no date".
    pub undated: u32,
    /// Those who were told a date.
    pub promised: u32,
    /// Of those, whose goods left by it.
    pub kept: u32,
    /// Days promised, summed up.
    pub days: u32,
    /// Units sold beyond all that was on the shelf and under way.
    pub oversold: u32,
}

impl Outcome {
    /// Sums several up.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        all.into_iter().fold(Self::default(), |sum, one| Self {
            shoppers: sum.shoppers + one.shoppers,
            undated: sum.undated + one.undated,
            promised: sum.promised + one.promised,
            kept: sum.kept + one.kept,
            days: sum.days + one.days,
            oversold: sum.oversold + one.oversold,
        })
    }

    /// Promises kept, in percent.
    pub fn kept_percent(&self) -> f64 {
        percent(self.kept, self.promised)
    }

    /// Mean days promised.
    pub fn mean_days(&self) -> f64 {
        f64::from(self.days) / f64::from(self.promised.max(1))
    }

    /// Shoppers who were told "no date", in percent of those who found too little on the shelf.
    pub fn undated_percent(&self) -> f64 {
        percent(self.undated, self.undated + self.promised)
    }

    /// Shoppers who found enough on the shelf, in percent.
    pub fn served_percent(&self) -> f64 {
        100.0 - percent(self.undated + self.promised, self.shoppers)
    }
}

fn percent(part: u32, whole: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(whole.max(1))
}
