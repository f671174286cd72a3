//! The log, on standard error.

use std::io::{IsTerminal, stderr};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Log {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Begins to log. `RUST_LOG` says how much; by default what an operator wants to know.
pub fn begin(log: Log) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    match log {
        Log::Text => lines.with_target(false).init(),
        Log::Json => lines.json().init(),
    }
}
