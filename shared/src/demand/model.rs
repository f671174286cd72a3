//! The ways in which goods may be wanted, each learnt from a history and judged by it.

use super::bulk::{self, Bulk, LearntBulk, Sizes};
use super::history::SinceFirstSale;
use super::level::{LearntLevel, Level};
use super::pool::Pool;

/// A way in which goods may be wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Model {
    /// Around a level that moves slowly or fast; most periods of slow movers have no sale.
    Level,
    /// Rarely, and then in the sizes of a box.
    Bulk,
    /// Nearly always, around a level.
    Steady,
    /// Nearly always, by the season.
    Seasonal,
    /// Nearly always, more or less from period to period.
    Growing,
}

/// What was so improbable is as improbable as anything: no number is lost in sums.
const SCORE_MIN: f64 = -1e9;

/// How many ways are tried.
pub(super) const TRIED: usize = 13;

/// The ways that are tried. What is only for goods with a sale in at least every other period stands last.
pub(super) const ALL: [(Model, Way); TRIED] = [
    (Model::Level, shared(0.8, Some(2.0))),
    (Model::Level, shared(0.9, Some(2.0))),
    (Model::Level, shared(0.9, None)),
    (Model::Level, own(0.85, 1.2, 60.0)),
    (Model::Level, own(0.95, 1.2, 60.0)),
    (Model::Bulk, Way::Bulk(Bulk { forgetting: 0.85 })),
    (Model::Bulk, Way::Bulk(Bulk { forgetting: 0.95 })),
    (Model::Steady, own(0.7, 1.5, 6.0)),
    (Model::Steady, own(0.9, 1.5, 6.0)),
    (Model::Steady, own(0.97, 1.5, 6.0)),
    (Model::Growing, regular(0.8, false, true)),
    (Model::Seasonal, regular(0.85, true, false)),
    (Model::Seasonal, regular(0.8, true, true)),
];

/// One way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    Level(Level),
    Bulk(Bulk),
}

/// What a way had learnt.
#[derive(Debug, Clone)]
pub(super) enum Learnt {
    Level(LearntLevel),
    Bulk(LearntBulk),
}

/// All ways that fit a history.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    /// What each way in [`ALL`] had learnt.
    pub(super) ways: [Option<Learnt>; TRIED],
    /// How probable each made the past before it was seen, over that of the best one; 0 where a way does not fit.
    likelihoods: [f64; TRIED],
    pub(super) sizes: Option<Sizes>,
}

impl Trial {
    pub(super) fn of(history: SinceFirstSale<'_>, pool: &Pool) -> Self {
        let regular = history.is_regular();
        let in_boxes = history.most().units() <= bulk::SIZE_MAX;
        let sizes = in_boxes.then(|| Sizes::learn(history, pool));
        let mut scores = [f64::NEG_INFINITY; TRIED];
        let mut tried = scores.iter_mut();
        let ways = ALL.map(|(model, way)| {
            let score = tried.next()?;
            match (way, &sizes) {
                (Way::Bulk(bulk), Some((sizes, _))) => {
                    let (found, learnt) = bulk.learn(history, sizes);
                    *score = found.max(SCORE_MIN);
                    Some(Learnt::Bulk(learnt))
                }
                (Way::Level(level), _) if model == Model::Level || regular => {
                    let unknown = pool.season().is_empty() || history.len() <= pool.season().len();
                    if level.seasonal && unknown {
                        return None;
                    }
                    let (found, learnt) = level.learn(history, pool);
                    *score = found.max(SCORE_MIN);
                    Some(Learnt::Level(learnt))
                }
                _ => None,
            }
        });
        let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self {
            ways,
            likelihoods: scores.map(|score| (score - best).exp()),
            sizes: sizes.map(|(_, sizes)| sizes),
        }
    }

    /// How much each way is believed: as the shop's other goods are, times how probable it made the past of this one.
    pub(super) fn beliefs(&self, before: &[f64; TRIED]) -> [f64; TRIED] {
        let mut beliefs = *before;
        for (belief, likelihood) in beliefs.iter_mut().zip(self.likelihoods) {
            *belief *= likelihood;
        }
        let sum: f64 = beliefs.iter().sum();
        beliefs.map(|belief| belief / sum)
    }
}

/// A level whose variance is that of the whole shop.
const fn shared(forgetting: f64, swing: Option<f64>) -> Way {
    Way::Level(Level {
        forgetting,
        spread: 1.3,
        spread_weight: None,
        swing,
        seasonal: false,
        growing: false,
    })
}

/// A level with a variance of its own, learnt from a start.
const fn own(forgetting: f64, spread: f64, weight: f64) -> Way {
    Way::Level(Level {
        forgetting,
        spread,
        spread_weight: Some(weight),
        swing: None,
        seasonal: false,
        growing: false,
    })
}

const fn regular(forgetting: f64, seasonal: bool, growing: bool) -> Way {
    Way::Level(Level {
        forgetting,
        spread: 1.5,
        spread_weight: Some(6.0),
        swing: None,
        seasonal,
        growing,
    })
}
