//! What others say of the same series, as `peers.py` wrote it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::data::AHEAD;

/// What one of the others says of a part.
pub struct Said {
    /// Mean units of each month.
    pub means: [f64; AHEAD],
    /// The 90 % quantile of each month.
    pub highs: [f64; AHEAD],
    /// The 90 % quantile of all months together, by how far off such sums were.
    pub high_sum: f64,
}

/// By peer, then by part.
pub type Peers = BTreeMap<String, BTreeMap<String, Said>>;

/// Reads what the script wrote.
pub fn read(path: &Path) -> anyhow::Result<Peers> {
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("{}", path.display()))?;
    let mut peers = Peers::new();
    for row in reader.records() {
        let row = row?;
        ensure!(row.len() == 3 + 2 * AHEAD, "a row of {} columns", row.len());
        let number = |at: usize| row[at].parse::<f64>().context("a number");
        let mut said = Said {
            means: [0.0; AHEAD],
            highs: [0.0; AHEAD],
            high_sum: number(2 + 2 * AHEAD)?,
        };
        for at in 0..AHEAD {
            said.means[at] = number(2 + at)?;
            said.highs[at] = number(2 + AHEAD + at)?;
        }
        let peer = peers.entry(row[1].to_owned()).or_default();
        peer.insert(row[0].to_owned(), said);
    }
    Ok(peers)
}
