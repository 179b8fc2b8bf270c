//! The smallest client that can tell what the service answered, byte for byte.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Talks to one service.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    token: Option<String>,
}

/// An answer as it came.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// From the first byte sent to the last received.
    pub took: Duration,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} with {}", self.status, String::from_utf8_lossy(&self.body)))
    }
}

impl Client {
    /// A client of the service at `url`.
    #[must_use]
    pub fn new(url: &str, token: Option<String>) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { agent: config.into(), url: url.to_owned(), token }
    }

    /// Reads.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn get(&self, path: &str) -> Result<Answer> {
        let started = Instant::now();
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        finish(request.call().with_context(|| format!("GET {path}"))?, started)
    }

    /// Sends a body.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn send(&self, method: Method, path: &str, content_type: &str, body: &[u8]) -> Result<Answer> {
        let url = format!("{}{path}", self.url);
        let mut request = match method {
            Method::Post => self.agent.post(url),
            Method::Put => self.agent.put(url),
        };
        request = request.header("content-type", content_type);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let started = Instant::now();
        finish(request.send(body).with_context(|| format!("{method:?} {path}"))?, started)
    }

    /// Sends JSON and expects success.
    ///
    /// # Errors
    /// When the answer is no success; its problem document is in the message.
    pub fn ok(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let answer = self.send(method, path, "application/json", &serde_json::to_vec(body)?)?;
        let json = answer.json()?;
        anyhow::ensure!((200..300).contains(&answer.status), "{method:?} {path}: {} {json}", answer.status);
        Ok(json)
    }
}

/// How a body is sent.
#[derive(Debug, Clone, Copy)]
pub enum Method {
    /// POST.
    Post,
    /// PUT.
    Put,
}

fn finish(response: ureq::http::Response<ureq::Body>, started: Instant) -> Result<Answer> {
    let status = response.status().as_u16();
    let body = response.into_body().with_config().limit(64 << 20).read_to_vec()?;
    Ok(Answer { status, body, took: started.elapsed() })
}
