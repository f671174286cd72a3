//! The log, on standard error, and traces where they are built in.

use std::io::{IsTerminal, stderr};

use clap::ValueEnum;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

#[cfg(feature = "otel")]
use super::traces::Traces;

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Log {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// What was begun. To be ended when the program ends.
#[derive(Debug)]
#[must_use]
pub struct Begun {
    #[cfg(feature = "otel")]
    traces: Traces,
}

/// Begins to log. `RUST_LOG` says how much; by default what an operator wants to know.
pub fn begin(log: Log) -> anyhow::Result<Begun> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    let lines = match log {
        Log::Text => lines.with_target(false).boxed(),
        Log::Json => lines.json().boxed(),
    };
    let all = tracing_subscriber::registry().with(filter).with(lines);
    #[cfg(feature = "otel")]
    {
        let traces = Traces::begin()?;
        all.with(traces.layer()).init();
        Ok(Begun { traces })
    }
    #[cfg(not(feature = "otel"))]
    {
        all.init();
        Ok(Begun {})
    }
}

impl Begun {
    /// Sends what is left to be sent.
    pub async fn end(self) {
        #[cfg(feature = "otel")]
        if let Err(error) = tokio::task::spawn_blocking(|| self.traces.end()).await {
            tracing::warn!(%error, "The last traces were not sent: {error}");
        }
    }
}
