//! Recorded decisions, and what came of running them again.

use rebound_engine as engine;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::scalar::{Instant, Stage};

/// A recording in a list. Names no person.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordingSummary {
    /// Its id.
    id: String,
    /// When it was decided.
    at: Instant,
    /// Why it is kept: failed or sampled.
    why: &'static str,
    /// Whether it holds what it needs to be run again.
    whole: bool,
    /// Its size.
    size_bytes: u64,
    /// The calls, in order.
    calls: Vec<RecordedCall>,
}

/// One call of a recording.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordedCall {
    /// The stage.
    stage: Stage,
    /// `namespace/name@version`.
    plugin: String,
    /// How it ended.
    outcome: String,
}

/// The latest recordings.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordingList {
    /// Newest first.
    pub(crate) recordings: Vec<RecordingSummary>,
}

/// A recording.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recording {
    /// What is kept, as it is kept; its shape may grow. `masked` stands for what is not shown.
    #[schema(value_type = Object)]
    pub(crate) recording: Value,
}

/// A recording, run again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replay {
    /// Which.
    id: String,
    /// Whether every call did what it had done, bit for bit.
    same: bool,
    /// What counted the recorded fuel.
    meter_recorded: String,
    /// What counts fuel now; where the two differ, fuel is not compared.
    meter: &'static str,
    /// The calls, in order.
    calls: Vec<Replayed>,
}

/// One call, run again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// The stage.
    stage: Stage,
    /// Which version had run: `namespace/name@version`.
    recorded: String,
    /// Which version ran now.
    plugin: String,
    /// Whether it stood in for one that failed.
    fallback: bool,
    /// How it had ended.
    outcome: String,
    /// Where it differs; empty when nothing does.
    differences: Vec<Difference>,
    /// What it asked the catalogue and had not asked when it was recorded; at most 32.
    unseen: Vec<String>,
}

/// One value that differs.
#[derive(Serialize, ToSchema)]
pub(crate) struct Difference {
    /// Where: `output.offers[0].score`.
    path: String,
    /// What was recorded; left out when there was nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Value>,
    /// What came out now; left out when there was nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    replayed: Option<Value>,
}

impl From<engine::RecordingSummary> for RecordingSummary {
    fn from(summary: engine::RecordingSummary) -> Self {
        let call = |(stage, plugin, outcome): (
            rebound_domain::manifest::Stage,
            rebound_domain::ids::PluginRef,
            String,
        )| { RecordedCall { stage: stage.into(), plugin: plugin.to_string(), outcome } };
        Self {
            id: summary.id.to_string(),
            at: summary.at.into(),
            why: summary.why,
            whole: summary.is_whole,
            size_bytes: summary.bytes,
            calls: summary.calls.into_iter().map(call).collect(),
        }
    }
}

impl From<engine::Replay> for Replay {
    fn from(replay: engine::Replay) -> Self {
        Self {
            id: replay.id.to_string(),
            same: replay.is_same,
            meter_recorded: replay.meter_recorded,
            meter: replay.meter,
            calls: replay.calls.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<engine::Replayed> for Replayed {
    fn from(call: engine::Replayed) -> Self {
        Self {
            stage: call.stage.into(),
            recorded: call.recorded.to_string(),
            plugin: call.plugin.to_string(),
            fallback: call.fallback,
            outcome: call.outcome,
            differences: call.differences.into_iter().map(Into::into).collect(),
            unseen: call.unseen,
        }
    }
}

impl From<engine::Difference> for Difference {
    fn from(difference: engine::Difference) -> Self {
        let engine::Difference { path, recorded, replayed } = difference;
        Self { path, recorded, replayed }
    }
}
