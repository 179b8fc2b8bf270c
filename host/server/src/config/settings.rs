//! The configuration as the service uses it: checked as a whole, every value of its own type.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use rebound_domain::limits::Limits;
use rebound_domain::money::Currency;
use rebound_domain::namespace::Quotas;
use rebound_edge::{ServeOptions, Timeouts};
use rebound_engine::Clock;

use super::fault::{ConfigError, Fault};
use super::keys::split_headers;
use super::resolve::{Environment, Flags, Resolved};
use super::source::Source;
use crate::serve::{limits, quotas};

/// The configuration as the service uses it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) access: Access,
    pub(crate) clock: Clock,
    pub(crate) currency: Currency,
    pub(crate) compute_threads: NonZeroUsize,
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    pub(crate) serving: ServeOptions,
    pub(crate) timeouts: Timeouts,
    pub(crate) log_filter: String,
    pub(crate) log_format: LogFormat,
    /// Whether every answer is a line of the log.
    pub(crate) log_access: bool,
    /// Nothing is sent to anybody without one.
    pub(crate) otlp: Option<OtlpSettings>,
    pub(crate) trace_share_bp: u32,
    pub(crate) trace_queue: usize,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever has the admin token.
    Token,
    /// Whoever is on this machine.
    Open,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text at a terminal, JSON lines anywhere else.
    Auto,
    /// For people.
    Text,
    /// One document a line.
    Json,
}

/// A collector, and how it is sent to.
#[derive(Clone)]
pub(crate) struct OtlpSettings {
    pub(crate) endpoint: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) service: String,
    pub(crate) timeout: Duration,
    /// Zero: no figures are sent.
    pub(crate) metrics_interval: Duration,
}

impl std::fmt::Debug for OtlpSettings {
    /// Headers are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OtlpSettings({})", self.endpoint)
    }
}

impl Settings {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that does not stand.
    pub(crate) fn read(flags: &Flags, environment: &Environment) -> Result<(Self, Resolved), ConfigError> {
        let (resolved, mut faults) = Resolved::read(flags, environment)?;
        let settings = Self::of(&resolved, &mut faults);
        match settings.filter(|_| faults.is_empty()) {
            Some(settings) => Ok((settings, resolved)),
            None => {
                // In the order of the file: it is read by a person with an editor.
                faults.sort_by_key(|fault| match fault.source {
                    Source::File { line, column, .. } => (0, line, column),
                    _ => (1, 0, 0),
                });
                Err(ConfigError::Faults(faults))
            }
        }
    }

    /// Checks what must stand together. There are settings only without faults.
    fn of(resolved: &Resolved, faults: &mut Vec<Fault>) -> Option<Self> {
        let mut fault =
            |name: &str, problem: String| faults.push(Fault { source: resolved.source(name), problem });
        let dev = resolved.switch("dev");
        let listen = resolved.text("listen")?;
        let address = listen.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
        if let Some(address) = address.filter(|address| dev && !address.ip().is_loopback()) {
            fault(
                "listen",
                format!(
                    "--dev asks nobody for a token, so it listens on loopback only, not on {address}; listen on 127.0.0.1, or leave --dev out"
                ),
            );
        }
        let clock = match resolved.text("clock").as_deref() {
            Some("event") => Clock::Event,
            _ => Clock::System,
        };
        if clock == Clock::Event && !dev {
            fault("clock", "--clock event lets events say what time it is; it needs --dev".to_owned());
        }
        let data = resolved.text("data");
        if data.is_none() {
            faults.push(Fault {
                source: Source::Default,
                problem: "no data directory is named; give --data <DIR>, REBOUND_DATA, or data in the file"
                    .to_owned(),
            });
        }
        let limits = limits::read(resolved, faults);
        // What does not stand was told when the section was read.
        let quotas = resolved.section("namespaces").and_then(|section| quotas::read(section).ok());
        let seconds = |name: &str| Duration::from_secs(resolved.number(name));
        let count = |name: &str| usize::try_from(resolved.number(name)).unwrap_or(usize::MAX);
        let endpoint = resolved.text("otlp.endpoint");
        let headers = resolved.text("otlp.headers");
        Some(Self {
            data: data?.into(),
            address: address?,
            access: if dev { Access::Open } else { Access::Token },
            clock,
            currency: Currency::new(&resolved.text("currency")?).ok()?,
            compute_threads: NonZeroUsize::new(count("compute_threads"))?,
            limits: limits?,
            quotas: quotas.unwrap_or_default(),
            serving: ServeOptions {
                connections_max: count("http.connections"),
                head_timeout: seconds("http.head_timeout"),
                head_bytes_max: count("http.head_bytes"),
                stall_timeout: seconds("http.stall_timeout"),
                drain: seconds("shutdown.drain"),
                grace: seconds("shutdown.grace"),
            },
            timeouts: Timeouts { body: seconds("http.body_timeout"), idle: seconds("http.idle_timeout") },
            log_filter: resolved.text("log.filter")?,
            log_format: match resolved.text("log.format").as_deref() {
                Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                _ => LogFormat::Auto,
            },
            log_access: resolved.switch("log.access"),
            otlp: endpoint.map(|endpoint| OtlpSettings {
                endpoint: endpoint.trim_end_matches('/').to_owned(),
                headers: headers.and_then(|headers| split_headers(&headers)).unwrap_or_default(),
                service: resolved.text("otlp.service").unwrap_or_default(),
                timeout: seconds("otlp.timeout"),
                metrics_interval: seconds("otlp.metrics_interval"),
            }),
            trace_share_bp: u32::try_from(resolved.number("trace.share_bp")).unwrap_or(u32::MAX),
            trace_queue: count("trace.queue"),
        })
    }
}
