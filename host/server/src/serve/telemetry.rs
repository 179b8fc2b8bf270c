//! Spans and figures for a collector, over HTTP.

use std::io;
use std::time::Duration;

use rebound_engine::{Engine, random};
use rebound_telemetry::{Exporter, ExporterOptions, Refused, Tracer, Transport};
use ureq::http::header;

use crate::config::{OtlpSettings, Settings};

/// How long the end waits for what is left.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// What a collector answers is a few bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Starts following requests and sending, when the configuration names a collector.
pub(super) fn start(settings: &Settings, engine: &Engine) -> io::Result<(Tracer, Option<Exporter>)> {
    let Some(otlp) = &settings.otlp else { return Ok((Tracer::off(), None)) };
    let tracer = Tracer::new(settings.trace_share_bp, settings.trace_queue);
    let options = ExporterOptions {
        service: otlp.service.clone(),
        version: env!("CARGO_PKG_VERSION"),
        instance: format!("{:016x}", u64::from_ne_bytes(random())),
        spans: true,
        span_interval: Duration::from_secs(1),
        figures_interval: otlp.metrics_interval,
        attempts_max: 5,
        backoff: Duration::from_millis(500),
    };
    let figures = {
        let (engine, tracer) = (engine.clone(), tracer.clone());
        move || rebound_telemetry::joined(&engine.figures(), &tracer.figures())
    };
    let exporter = Exporter::start(options, tracer.clone(), figures, Http::new(otlp))?;
    tracing::info!(endpoint = otlp.endpoint, share_bp = settings.trace_share_bp, "telemetry is sent");
    Ok((tracer, Some(exporter)))
}

/// Sends what is left.
pub(super) async fn end(exporter: Option<Exporter>) {
    let Some(exporter) = exporter else { return };
    let ended = tokio::task::spawn_blocking(move || exporter.end(END_PATIENCE)).await;
    if !ended.unwrap_or(false) {
        tracing::warn!("the collector did not take the last telemetry in time");
    }
}

struct Http {
    agent: ureq::Agent,
    endpoint: String,
    headers: Vec<(String, String)>,
}

impl Http {
    fn new(otlp: &OtlpSettings) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(otlp.timeout))
            // A collector is inside; a proxy of the environment is for the world outside.
            .proxy(None)
            .build();
        Self { agent: config.into(), endpoint: otlp.endpoint.clone(), headers: otlp.headers.clone() }
    }
}

impl Transport for Http {
    fn post(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let later = |error: ureq::Error| Refused::Later { reason: error.to_string(), wait: None };
        let mut request = self.agent.post(format!("{}{path}", self.endpoint));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response =
            request.header(header::CONTENT_TYPE, "application/x-protobuf").send(body).map_err(later)?;
        let status = response.status().as_u16();
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let answer = response.into_body().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        match status {
            200..=299 => answer.map_err(later),
            429 | 502 | 503 | 504 => Err(Refused::Later { reason: format!("status {status}"), wait }),
            _ => Err(Refused::Never { reason: format!("status {status}") }),
        }
    }
}
