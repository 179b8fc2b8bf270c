//! The service's HTTP interface, as far as the demo needs it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Publishing compiles a component; everything else answers in milliseconds.
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) const JSON: &str = "application/json";
pub(crate) const NDJSON: &str = "application/x-ndjson";
pub(crate) const WASM: &str = "application/wasm";

/// Keeps its connection between calls; every thread has its own.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
}

/// What the service said, and how long it took from the first byte sent to the last received.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) took: Duration,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
        Self { agent: config.build().into(), url: url.to_owned() }
    }

    /// Another connection to the same service.
    pub(crate) fn another(&self) -> Self {
        Self::new(&self.url)
    }

    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Answer> {
        let started = Instant::now();
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", content_type);
        finish(request.send(body), started).with_context(|| format!("POST {path}"))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        let started = Instant::now();
        let request = self.agent.put(format!("{}{path}", self.url)).header("content-type", JSON);
        let body = serde_json::to_vec(body).expect("a JSON value is written as it was read");
        finish(request.send(&body), started).with_context(|| format!("PUT {path}"))
    }
}

impl Answer {
    /// The body of a success; the service's own words of anything else.
    pub(crate) fn success(self) -> Result<Value> {
        ensure!((200..300).contains(&self.status), "{}", self.problem());
        Ok(self.body)
    }

    /// What went wrong, in the service's words.
    pub(crate) fn problem(&self) -> String {
        let detail = self.body["detail"].as_str().map_or_else(|| self.body.to_string(), str::to_owned);
        format!("the service answered {}: {detail}", self.status)
    }
}

fn finish(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    started: Instant,
) -> Result<Answer> {
    let response = response?;
    let status = response.status().as_u16();
    let bytes = response.into_body().read_to_vec()?;
    let took = started.elapsed();
    let body = serde_json::from_slice(&bytes)
        .with_context(|| format!("the answer {status} is no JSON: {}", String::from_utf8_lossy(&bytes)))?;
    Ok(Answer { status, body, took })
}
