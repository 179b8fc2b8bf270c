//! Versions that are left out.

use rebound_domain::quarantine::State;
use rebound_engine::{QuarantineStatus, Said};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scalar::{Instant, Stage};
use crate::code::Code;
use crate::problem::Problem;

/// Longest name of who says something, bytes.
const WHO_BYTES_MAX: usize = 256;
/// Longest reason, bytes: a sentence or two, not a report.
const REASON_BYTES_MAX: usize = 1_024;

/// Who changes a version's quarantine, and why. Both are kept, and told to whoever hears of the change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuarantineChange {
    /// Who says so.
    #[schema(min_length = 1, max_length = 256)]
    who: String,
    /// Why.
    #[schema(min_length = 1, max_length = 1024)]
    reason: String,
}

impl QuarantineChange {
    /// Checks both texts.
    ///
    /// # Errors
    /// A problem naming the one that is empty or too long.
    pub(crate) fn said(self) -> Result<Said, Problem> {
        let checked = |field: &str, text: String, bytes_max: usize| {
            if !text.trim().is_empty() && text.len() <= bytes_max {
                return Ok(text);
            }
            let detail = format!("`{field}` has {} bytes; give 1 to {bytes_max}", text.trim().len());
            Err(Problem::new(Code::InvalidField, detail).field(field))
        };
        Ok(Said {
            who: checked("who", self.who, WHO_BYTES_MAX)?,
            reason: checked("reason", self.reason, REASON_BYTES_MAX)?,
        })
    }
}

/// Whether a version runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum QuarantineState {
    /// It does.
    Closed,
    /// It failed too often and is left out.
    Open,
    /// It is tried again, one call at a time.
    HalfOpen,
    /// An operator holds it.
    Held,
}

/// An operator's hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hold {
    /// Who says so.
    who: String,
    /// Why.
    reason: String,
    /// Since when.
    at: Instant,
}

/// One version at one stage.
#[derive(Serialize, ToSchema)]
pub(crate) struct Quarantined {
    /// `namespace/name@version`.
    plugin: String,
    /// The stage.
    stage: Stage,
    /// Whether it runs.
    state: QuarantineState,
    /// Since when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Instant>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    /// The operator's hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Hold>,
    /// Calls in the window.
    calls: u32,
    /// Failures among them.
    failures: u32,
    /// How often it was left out, failed probes included.
    trips: u32,
    /// The latest failure that counted: its outcome's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure_at: Option<Instant>,
}

/// Every version that was called since the start, or is or was left out.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuarantineList {
    /// By version and stage.
    pub(crate) versions: Vec<Quarantined>,
}

impl From<QuarantineStatus> for Quarantined {
    fn from(status: QuarantineStatus) -> Self {
        let QuarantineStatus { plugin, stage, quarantine, calls, failures } = status;
        let (state, since, until) = match quarantine.state {
            State::Closed => (QuarantineState::Closed, None, None),
            State::Open { since, until, .. } => (QuarantineState::Open, Some(since), Some(until)),
            State::HalfOpen { since, .. } => (QuarantineState::HalfOpen, Some(since), None),
        };
        let since = quarantine.hold.as_ref().map(|hold| hold.at).or(since);
        Self {
            plugin: plugin.to_string(),
            stage: stage.into(),
            state: if quarantine.hold.is_some() { QuarantineState::Held } else { state },
            since: since.map(Into::into),
            until: until.map(Into::into),
            hold: quarantine.hold.map(|hold| Hold { who: hold.who, reason: hold.reason, at: hold.at.into() }),
            calls,
            failures,
            trips: quarantine.trips,
            last_failure_at: quarantine.last.as_ref().map(|last| last.at.into()),
            last_failure: quarantine.last.map(|last| last.outcome),
        }
    }
}
