//! What is counted, for Prometheus.

/// The counters.
#[derive(Debug, Default)]
pub struct Metrics {}
