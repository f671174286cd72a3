//! What will be wanted: every way in which it may go, as far as each is believed.

use super::bulk::{self, SizeTable};
use super::distribution::Distribution;
use super::history::SinceFirstSale;
use super::horizon::Horizon;
use super::model::{ALL, Learnt, Model, Trial};
use super::negative_binomial::NegativeBinomial;
use super::pool::Pool;

/// A way that is believed less is left out.
const BELIEF_MIN: f64 = 0.005;

/// What will be wanted of one SKU.
#[derive(Debug, Clone)]
pub struct Forecast<'a> {
    pool: &'a Pool,
    ways: Vec<(Model, f64, Learnt)>,
    sizes: Option<SizeTable>,
}

impl<'a> Forecast<'a> {
    pub(super) fn of(history: SinceFirstSale<'_>, pool: &'a Pool) -> Self {
        let trial = Trial::of(history, pool);
        let beliefs = trial.beliefs(pool.beliefs());
        let mut ways = Vec::new();
        let mut sum = 0.0;
        for (at, way) in trial.ways.into_iter().enumerate() {
            if let Some(learnt) = way
                && BELIEF_MIN <= beliefs[at]
            {
                ways.push((ALL[at].0, beliefs[at], learnt));
                sum += beliefs[at];
            }
        }
        for (_, belief, _) in &mut ways {
            *belief /= sum;
        }
        let sizes = trial.sizes.map(|sizes| sizes.table(pool));
        Self { pool, ways, sizes }
    }

    /// How much each model is believed, the most believed first; together 1.
    pub fn models(&self) -> Vec<(Model, f64)> {
        let mut models: Vec<(Model, f64)> = Vec::new();
        for (model, belief, _) in &self.ways {
            match models.iter_mut().find(|(known, _)| known == model) {
                Some((_, sum)) => *sum += belief,
                None => models.push((*model, *belief)),
            }
        }
        models.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        models
    }

    /// Mean units wanted over a horizon.
    pub fn mean(&self, horizon: Horizon) -> f64 {
        let ways = self.ways.iter();
        ways.map(|(_, belief, learnt)| belief * self.moments(learnt, horizon).0)
            .sum()
    }

    /// How many units are wanted over a horizon, all periods together.
    pub fn over(&self, horizon: Horizon) -> Distribution {
        self.over_either(&[(horizon, 1.0)])
    }

    /// The same where the horizon itself is not sure: each with its share of all.
    pub(super) fn over_either(&self, horizons: &[(Horizon, f64)]) -> Distribution {
        let mut levels: Vec<(NegativeBinomial, f64)> = Vec::new();
        let mut counts: Vec<f64> = Vec::new();
        let all: f64 = horizons.iter().map(|(_, share)| share).sum();
        let (mut far, mut asked) = (0.0_f64, 0.0);
        for (horizon, share) in horizons {
            for (_, belief, learnt) in &self.ways {
                let weight = belief * share / all;
                let (mean, variance) = self.moments(learnt, *horizon);
                far = far.max(Distribution::range(mean, variance));
                match learnt {
                    Learnt::Bulk(bulk) if horizon.whole().0 < bulk::PERIODS_MAX => {
                        let places = horizon.whole().0 as usize + 2;
                        if counts.len() < places {
                            counts.resize(places, 0.0);
                        }
                        bulk.add_counts(*horizon, self.pool.drift(), weight, &mut counts);
                        asked += weight;
                    }
                    _ => levels.push((NegativeBinomial::of_moments(mean, variance), weight)),
                }
            }
        }
        let mut found = Distribution::within(far);
        for (level, weight) in levels {
            found.add(level, weight);
        }
        if 0.0 < asked
            && let Some(table) = &self.sizes
        {
            found.add_sizes(&counts, table.probabilities());
        }
        found.finish()
    }

    fn moments(&self, learnt: &Learnt, horizon: Horizon) -> (f64, f64) {
        match (learnt, &self.sizes) {
            (Learnt::Bulk(bulk), Some(table)) => bulk.moments(horizon, self.pool.drift(), table),
            (Learnt::Bulk(_), None) => (0.0, 0.0),
            (Learnt::Level(level), _) => {
                let level = level.over(horizon, self.pool.drift());
                (level.mean, level.variance())
            }
        }
    }
}
