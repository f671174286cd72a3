//! Traces over OTLP, where the environment says where to (`OTEL_EXPORTER_OTLP_ENDPOINT`). Only with the feature `otel`.

use anyhow::Context;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

/// Variables of which one must be set, or nothing is sent to anybody.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
/// What the traces are said to be of, unless `OTEL_SERVICE_NAME` says otherwise.
const SERVICE: &str = "ships-by";

/// Traces that are being sent. To be ended, or the last ones are lost.
#[derive(Debug, Default)]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Begins to send, if somebody is to be sent to. Batches, times and headers are those of the standard
    /// variables; the network is used by a thread of its own.
    pub fn begin() -> anyhow::Result<Self> {
        let is_wanted = |name: &str| std::env::var_os(name).is_some_and(|url| !url.is_empty());
        if !ENDPOINTS.iter().any(|name| is_wanted(name)) {
            return Ok(Self(None));
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .build()
            .context("cannot send traces: see the variables OTEL_EXPORTER_OTLP_...")?;
        let resource = Resource::builder();
        let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
            Some(_) => resource,
            None => resource.with_service_name(SERVICE),
        };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Self(Some(provider)))
    }

    /// What passes spans on.
    pub fn layer<S>(&self) -> Option<OpenTelemetryLayer<S, SdkTracer>>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let provider = self.0.as_ref()?;
        Some(tracing_opentelemetry::layer().with_tracer(provider.tracer(SERVICE)))
    }

    /// Sends what is left. Waits for the network, at most as long as an export may take.
    pub fn end(self) {
        let Some(provider) = self.0 else {
            return;
        };
        if let Err(error) = provider.shutdown() {
            tracing::warn!(%error, "The last traces were not sent: {error}");
        }
    }
}
