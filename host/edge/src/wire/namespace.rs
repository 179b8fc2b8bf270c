//! A namespace: what it may use and uses, and what its versions did. Counts and sizes only: no line's text, no
//! outcome's detail, nothing of a customer.

use std::collections::BTreeMap;

use rebound_engine::{LogCounts, NamespaceStatus, SpreadSummary, VersionFigures as DomainVersionFigures};
use serde::Serialize;
use utoipa::ToSchema;

use super::plugin::Plugin;
use super::scalar::Stage;

/// What a namespace may use. Null is no bound.
#[derive(Serialize, ToSchema)]
pub(crate) struct Quota {
    /// Published versions.
    versions: Option<u64>,
    /// Of their components together.
    bytes: Option<u64>,
    /// Of all its versions together.
    fuel_per_second: Option<u64>,
    /// Share of the compute threads, basis points.
    compute_share_bp: Option<u32>,
    /// Compute threads that may run its calls at a time: the share of those there are.
    compute_threads: Option<u32>,
    /// Of its log lines.
    log_bytes_per_second: Option<u64>,
}

/// What a namespace uses.
#[derive(Serialize, ToSchema)]
pub(crate) struct Used {
    /// Published versions.
    versions: u64,
    /// Of their components together.
    bytes: u64,
    /// Fuel since the start.
    fuel: u64,
    /// Fuel that is left now, one second's worth at most; below zero what is owed, and its calls fall back until that
    /// is paid back. Null without a bound.
    fuel_left: Option<i64>,
    /// Decisions that hold one of its compute threads now; 0 without a bound.
    compute_threads: u32,
    /// Bytes of the log lines that were kept since the start.
    log_bytes: u64,
    /// Bytes of log lines that are left now. Null without a bound.
    log_bytes_left: Option<i64>,
}

/// A namespace: a partner's, or the operator's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct Namespace {
    /// What stands before the slash of its plugins' names.
    namespace: String,
    /// Whether the policy names it as the operator's own.
    is_own: bool,
    /// What it may use.
    quota: Quota,
    /// What it uses.
    used: Used,
    /// Its published versions, by name and version.
    plugins: Vec<Plugin>,
}

impl From<NamespaceStatus> for Namespace {
    fn from(status: NamespaceStatus) -> Self {
        let quota = status.quota;
        Self {
            namespace: status.namespace.to_string(),
            is_own: status.is_own,
            quota: Quota {
                versions: quota.versions,
                bytes: quota.bytes,
                fuel_per_second: quota.fuel_per_second,
                compute_share_bp: quota.compute_share.map(|share| share.0),
                compute_threads: status.threads_max,
                log_bytes_per_second: quota.log_bytes_per_second,
            },
            used: Used {
                versions: status.publications.len() as u64,
                bytes: status.bytes,
                fuel: status.fuel,
                fuel_left: status.fuel_left,
                compute_threads: status.threads,
                log_bytes: status.log_bytes,
                log_bytes_left: status.log_bytes_left,
            },
            plugins: status.publications.into_iter().map(Into::into).collect(),
        }
    }
}

/// How values lie.
#[derive(Serialize, ToSchema)]
pub(crate) struct Spread {
    /// All together.
    total: u64,
    /// What half of all calls do not exceed, up to an eighth too high.
    p50: u64,
    /// What 99 of 100 calls do not exceed, up to an eighth too high.
    p99: u64,
}

impl From<SpreadSummary> for Spread {
    fn from(spread: SpreadSummary) -> Self {
        Self { total: spread.total, p50: spread.p50, p99: spread.p99 }
    }
}

/// Log lines: how many, never what they say.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogLines {
    /// Of use while developing.
    debug: u64,
    /// Of interest.
    info: u64,
    /// Suspicious.
    warn: u64,
    /// Wrong; a panic is reported so.
    error: u64,
    /// Beyond what one call, or the namespace in a second, may log; their levels are not known.
    dropped: u64,
}

impl From<LogCounts> for LogLines {
    fn from(counts: LogCounts) -> Self {
        let LogCounts { debug, info, warn, error, dropped } = counts;
        Self { debug, info, warn, error, dropped }
    }
}

/// What one version did at one stage since the start.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionFigures {
    /// `namespace/name@version`.
    plugin: String,
    /// The stage.
    stage: Stage,
    /// Calls that ran, dry runs and decisions that were made again included.
    calls: u64,
    /// What became of them by outcome; `over-quota`, `quarantined` and `not-loaded` did not run.
    outcomes: BTreeMap<String, u64>,
    /// Of the calls that ran.
    fuel: Spread,
    /// Wall clock of the calls that ran, microseconds.
    micros: Spread,
    /// What they logged.
    log_lines: LogLines,
}

/// What a namespace's versions did since the start.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamespaceFigures {
    /// What stands before the slash of its plugins' names.
    namespace: String,
    /// By version and stage; those that were called, or left out.
    versions: Vec<VersionFigures>,
}

impl NamespaceFigures {
    pub(crate) fn new(namespace: String, figures: Vec<DomainVersionFigures>) -> Self {
        let version = |it: DomainVersionFigures| VersionFigures {
            plugin: it.plugin.to_string(),
            stage: it.stage.into(),
            calls: it.calls,
            outcomes: it.outcomes,
            fuel: it.fuel.into(),
            micros: it.micros.into(),
            log_lines: it.log.into(),
        };
        Self { namespace, versions: figures.into_iter().map(version).collect() }
    }
}
