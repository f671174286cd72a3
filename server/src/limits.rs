//! Every limit of the server, each with a name, a unit and a default (docs: operators).

/// What is allowed how often and how large.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// False turns the rate limits off: for the demo and for benchmarks.
    pub rate_limited: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rate_limited: true }
    }
}
