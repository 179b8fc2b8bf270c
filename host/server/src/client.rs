//! Talking to a service over HTTP.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::http::{Response, Uri, header};

use crate::exit::Exit;
use crate::failure::{Failure, chain};

/// Compiling a large component takes a minute of CPU time, and the host may be busy.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Bounds what a client takes from a service that is not one.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Tries while the service is busy. Everything that is sent may be sent again: nothing is done twice.
const ATTEMPTS_MAX: u32 = 8;
/// However long the service asks to wait.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Which service.
#[derive(Debug, Clone, Args)]
pub(crate) struct Remote {
    /// Where the service answers.
    #[arg(long, env = "REBOUND_URL", default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
    /// File with the admin token; without it the variable REBOUND_TOKEN is the token.
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
}

/// A connection to a service, kept open between requests.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    authorization: Option<String>,
}

/// What the service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer to go on with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The service says no.
    #[error("{0}")]
    Problem(Problem),
    /// Nobody answers.
    #[error(
        "no service answers at {url}; start one with `rebound serve`, or set REBOUND_URL to where it listens"
    )]
    Unreachable {
        /// Where.
        url: String,
        /// Why not.
        #[source]
        source: Box<ureq::Error>,
    },
    /// Something answers that is no rebound service, or another version of it.
    #[error("what answers at {url} is not understood ({reason}); is it a rebound service of this version?")]
    Answer {
        /// Where.
        url: String,
        /// What is wrong.
        reason: String,
    },
}

/// A problem document (RFC 9457), as far as a client shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) field: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Problem { status, code, detail, field } = self;
        f.write_str(detail)?;
        if let Some(field) = field.as_deref().filter(|field| !field.is_empty() && !detail.contains(field)) {
            write!(f, ", at {field}")?;
        }
        if code == "unauthorized" {
            f.write_str("; set REBOUND_TOKEN to what admin.token in the service's data directory says")?;
        }
        write!(f, " ({status} {code})")
    }
}

impl ClientError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            ClientError::Problem(problem) if problem.status < 500 => Exit::No,
            _ => Exit::Unreachable,
        }
    }

    /// As `--json` answers it.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            ClientError::Problem(Problem { code, detail, field, .. }) => {
                let mut error = json!({ "code": code, "detail": detail });
                if let Some(field) = field {
                    error["field"] = json!(field);
                }
                error
            }
            ClientError::Unreachable { .. } => json!({ "code": "unreachable", "detail": chain(self) }),
            ClientError::Answer { .. } => json!({ "code": "not_understood", "detail": chain(self) }),
        }
    }
}

impl Remote {
    /// A client of this service. Nothing is sent yet.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.client_within(ANSWER_TIMEOUT)
    }

    /// A client that waits so long for an answer.
    pub(crate) fn client_within(&self, timeout: Duration) -> Result<Client, Failure> {
        let url = self.url.trim_end_matches('/').to_owned();
        let uri = url.parse::<Uri>().ok().filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
        let host = uri.as_ref().and_then(|uri| uri.host()).ok_or_else(|| {
            Failure::Usage(format!(
                "{} is no address of a service; write http://host:port",
                self.url.escape_debug()
            ))
        })?;
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .timeout_global(Some(timeout));
        if is_loopback(host) {
            // A proxy of the environment is for the world outside.
            config = config.proxy(None);
        }
        let authorization = self.token()?.map(|token| format!("Bearer {token}"));
        Ok(Client { agent: config.build().into(), url, authorization })
    }

    fn token(&self) -> Result<Option<String>, Failure> {
        let token = match &self.token_file {
            Some(path) => std::fs::read_to_string(path).map_err(|source| Failure::File {
                path: path.clone(),
                verb: "read",
                source,
            })?,
            None => std::env::var("REBOUND_TOKEN").unwrap_or_default(),
        };
        let token = token.trim();
        match token.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Some(token.to_owned()).filter(|token| !token.is_empty())),
            false => Err(Failure::Usage("the token holds characters that no token has".to_owned())),
        }
    }
}

impl Client {
    /// Where the service answers.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.patiently(|| {
            let mut request = self.agent.get(self.address(path));
            if let Some(authorization) = &self.authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            request.call()
        })
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Answer, ClientError> {
        self.patiently(|| {
            let mut request = self.agent.delete(self.address(path));
            if let Some(authorization) = &self.authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            request.call()
        })
    }

    pub(crate) fn put_json(&self, path: &str, body: &[u8]) -> Result<Answer, ClientError> {
        self.patiently(|| self.body(self.agent.put(self.address(path)), "application/json").send(body))
    }

    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Answer, ClientError> {
        self.patiently(|| self.body(self.agent.post(self.address(path)), content_type).send(body))
    }

    /// Posts nothing, and hands the answer's body out as it comes, however long that takes.
    pub(crate) fn post_for_stream(&self, path: &str) -> Result<impl io::Read + use<>, ClientError> {
        let mut request = self.agent.post(self.address(path));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request =
            request.config().timeout_global(None).timeout_recv_response(Some(ANSWER_TIMEOUT)).build();
        let response = request.send_empty().map_err(|error| self.unreachable(error))?;
        match response.status().is_success() {
            true => Ok(response.into_body().into_with_config().limit(u64::MAX).reader()),
            false => Err(match self.read(response) {
                Err(error) => error,
                Ok(answer) => self.misunderstood(answer.status, &"a success that is none"),
            }),
        }
    }

    /// Reads an answer.
    pub(crate) fn parse<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ClientError> {
        serde_json::from_slice(&answer.body).map_err(|error| self.misunderstood(answer.status, &error))
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn body(
        &self,
        mut request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        content_type: &str,
    ) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.header(header::CONTENT_TYPE, content_type)
    }

    /// Asks again while the service says that it is busy.
    fn patiently(
        &self,
        ask: impl Fn() -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, ClientError> {
        let mut attempt = 1;
        loop {
            let response = ask().map_err(|error| self.unreachable(error))?;
            let wait = retry_after(&response);
            match self.read(response) {
                Err(ClientError::Problem(problem)) if problem.code == "busy" && attempt < ATTEMPTS_MAX => {
                    std::thread::sleep(wait);
                    attempt += 1;
                }
                read => return read,
            }
        }
    }

    fn read(&self, response: Response<ureq::Body>) -> Result<Answer, ClientError> {
        let status = response.status().as_u16();
        let body = response.into_body().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| self.unreachable(error))?;
        if (200..300).contains(&status) {
            return Ok(Answer { status, body });
        }
        Err(match serde_json::from_slice(&body) {
            Ok(problem) => ClientError::Problem(problem),
            Err(error) => self.misunderstood(status, &error),
        })
    }

    fn unreachable(&self, error: ureq::Error) -> ClientError {
        ClientError::Unreachable { url: self.url.clone(), source: Box::new(error) }
    }

    pub(crate) fn misunderstood(&self, status: u16, reason: &dyn std::fmt::Display) -> ClientError {
        ClientError::Answer { url: self.url.clone(), reason: format!("status {status}, {reason}") }
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn retry_after(response: &Response<ureq::Body>) -> Duration {
    let seconds =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(Duration::from_secs(1), Duration::from_secs).min(WAIT_MAX)
}

/// Reads a file that an argument names; `-` is standard input.
pub(crate) fn read_file(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let read = match path.as_os_str() == "-" {
        true => {
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes).map(|_| bytes)
        }
        false => std::fs::read(path),
    };
    read.map_err(|source| Failure::File { path: path.to_path_buf(), verb: "read", source })
}
