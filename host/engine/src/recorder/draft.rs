//! A decision that is to be recorded, from the compute thread to the batch it is stored with.

use std::sync::Arc;

use rebound_catalog::Snapshot;
use rebound_domain::event::ReturnRequest;
use rebound_domain::ids::{Digest, PluginRef};
use rebound_domain::manifest::Stage;
use rebound_domain::route::Access;
use rebound_domain::situation::Situation;
use rebound_domain::time::Instant;
use rebound_sandbox::METER;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::overheard::Questions;
use super::recording::{Ended, Given, Inputs, RecordedCall, Recording, RecordingId};
use crate::identity::{Owner, Seal};
use crate::keys::CustomerKeys;
use crate::records::encode;

/// Bytes of a recording in one stored value; values are at most 64 KiB.
const CHUNK_BYTES: usize = 48 * 1024;

/// Why a decision is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    /// A call failed.
    Failed,
    /// It is one of the share that is recorded anyway.
    Sampled,
}

impl Why {
    /// The stable word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Why::Failed => "failed",
            Why::Sampled => "sampled",
        }
    }
}

/// What a decision noted of itself: cheap, because most are never recorded.
pub(crate) struct Capture {
    pub(crate) request: Arc<ReturnRequest>,
    pub(crate) situation: Situation,
    pub(crate) snapshot: Snapshot,
    pub(crate) given: Given,
    pub(crate) calls: Vec<CapturedCall>,
}

/// One call of it.
pub(crate) struct CapturedCall {
    pub(crate) stage: Stage,
    pub(crate) plugin: PluginRef,
    pub(crate) digest: Digest,
    pub(crate) fallback: bool,
    pub(crate) slots: u32,
    pub(crate) margin: Access,
    pub(crate) config: String,
    pub(crate) state: Option<Vec<u8>>,
    pub(crate) questions: Questions,
    pub(crate) ended: Ended,
    /// Writes the answer out.
    pub(crate) output: Option<Box<dyn FnOnce() -> Value + Send>>,
}

impl Capture {
    /// Whether a call failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.calls.iter().any(|call| !matches!(call.ended.outcome.as_str(), "value" | "declined"))
    }
}

/// A decision to be recorded, with the seal of its customer.
pub(crate) struct Draft {
    pub(crate) capture: Capture,
    pub(crate) why: Why,
    pub(crate) owner: Owner,
    pub(crate) seal: Seal,
    pub(crate) bytes_max: usize,
}

/// A recording ready to be stored.
pub(crate) struct Written {
    pub(crate) id: RecordingId,
    pub(crate) index: IndexRecord,
    /// Sealed, in order.
    pub(crate) chunks: Vec<Vec<u8>>,
}

/// What lists a recording. Names no person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IndexRecord {
    /// Under whose records it is.
    pub(crate) owner: Owner,
    pub(crate) chunks: u32,
    pub(crate) at: Instant,
    pub(crate) why: Why,
    /// Of its text.
    pub(crate) bytes: u64,
    /// Whether it holds what it needs to be run again.
    pub(crate) is_whole: bool,
    /// Stage, version and outcome of each call.
    pub(crate) calls: Vec<(Stage, PluginRef, String)>,
}

impl Draft {
    /// Answers the questions once more, writes the recording out, cuts it when it is too large, and seals it.
    pub(crate) fn write(self) -> Written {
        let Self { capture, why, owner, seal: of, bytes_max } = self;
        let at = capture.situation.now;
        let id = RecordingId::new(at);
        let mut recording = recording(id.clone(), why, capture);
        let mut text = encode(&recording);
        if text.len() > bytes_max {
            let size = text.len();
            cut(
                &mut recording,
                format!("has {size} bytes, over the limit of {bytes_max}; raise recording_bytes"),
            );
            text = encode(&recording);
        }
        let keys = CustomerKeys::new(&owner);
        let chunks = text.chunks(CHUNK_BYTES).zip(0..);
        let sealed = |(chunk, index): (&[u8], u32)| of.seal(&keys.recording(&id, index).key, chunk);
        let chunks: Vec<Vec<u8>> = chunks.map(sealed).collect();
        let call = |call: &RecordedCall| (call.stage, call.plugin.clone(), call.ended.outcome.clone());
        let index = IndexRecord {
            owner,
            chunks: u32::try_from(chunks.len()).expect("a recording fits into one batch"),
            at,
            why,
            bytes: text.len() as u64,
            is_whole: recording.truncated.is_none(),
            calls: recording.calls.iter().map(call).collect(),
        };
        Written { id, index, chunks }
    }
}

fn recording(id: RecordingId, why: Why, capture: Capture) -> Recording {
    let Capture { request, situation, snapshot, given, calls } = capture;
    let recorded = |call: CapturedCall| {
        let view = snapshot.at(situation.now, call.margin);
        RecordedCall {
            stage: call.stage,
            plugin: call.plugin,
            digest: call.digest,
            fallback: call.fallback,
            slots: call.slots,
            margin: call.margin,
            config: call.config,
            state: call.state,
            asked: call.questions.answered(&view),
            is_cut: call.questions.is_cut,
            ended: Ended { output: call.output.map(|write| write()), ..call.ended },
        }
    };
    let calls: Vec<RecordedCall> = calls.into_iter().map(recorded).collect();
    let request = Arc::unwrap_or_clone(request);
    let at = situation.now;
    let inputs = Some(Inputs { request, situation, given });
    let mut recording = Recording { id, at, why, meter: METER.to_owned(), truncated: None, inputs, calls };
    if recording.calls.iter().any(|call| call.is_cut) {
        cut(&mut recording, "a call asked the catalogue more than is kept".to_owned());
    }
    recording
}

/// Leaves the outcomes, and nothing of any size.
fn cut(recording: &mut Recording, reason: String) {
    recording.truncated = Some(reason);
    recording.inputs = None;
    for call in &mut recording.calls {
        call.config.clear();
        call.state = None;
        call.asked.clear();
        call.ended.output = None;
        call.ended.log.clear();
    }
}
