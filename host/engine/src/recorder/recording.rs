//! A recorded decision, as it is stored: JSON, so that a later version reads what an earlier one wrote.

use std::fmt;
use std::str::FromStr;

use rebound_domain::answer::{Offer, Proposal, Segment};
use rebound_domain::event::ReturnRequest;
use rebound_domain::ids::{Digest, PluginRef};
use rebound_domain::manifest::Stage;
use rebound_domain::route::Access;
use rebound_domain::situation::Situation;
use rebound_domain::time::Instant;
use rebound_sandbox::{Outcome, Report};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::draft::Why;
use super::overheard::Asked;
use crate::identity::random;

const ID_DIGITS: usize = 32;

/// A recording's name: 32 hex digits that sort by time (the instant, then random ones) and name no person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordingId(String);

impl RecordingId {
    pub(crate) fn new(at: Instant) -> Self {
        Self(format!("{:016x}{:016x}", at.0, u64::from_be_bytes(random())))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no recording's name.
#[derive(Debug, thiserror::Error)]
#[error("a recording's id has 32 hex digits, in lower case")]
pub struct NoRecordingId;

impl FromStr for RecordingId {
    type Err = NoRecordingId;

    fn from_str(text: &str) -> Result<Self, NoRecordingId> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match text.len() == ID_DIGITS && text.bytes().all(is_digit) {
            true => Ok(Self(text.to_owned())),
            false => Err(NoRecordingId),
        }
    }
}

/// A recorded decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recording {
    pub(crate) id: RecordingId,
    /// When it was decided.
    pub(crate) at: Instant,
    pub(crate) why: Why,
    /// What its fuel was counted with; see [`rebound_sandbox::METER`].
    pub(crate) meter: String,
    /// Why the inputs are missing, when they are.
    pub(crate) truncated: Option<String>,
    /// None when it is truncated.
    pub(crate) inputs: Option<Inputs>,
    /// In the order they ran.
    pub(crate) calls: Vec<RecordedCall>,
}

/// What all calls of a decision share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Inputs {
    pub(crate) request: ReturnRequest,
    pub(crate) situation: Situation,
    #[serde(flatten)]
    pub(crate) given: Given,
}

/// What earlier stages gave later ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) segment: Segment,
    pub(crate) offers: Vec<Offer>,
    pub(crate) proposals: Vec<Proposal>,
}

/// One call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RecordedCall {
    pub(crate) stage: Stage,
    pub(crate) plugin: PluginRef,
    pub(crate) digest: Digest,
    pub(crate) fallback: bool,
    pub(crate) slots: u32,
    pub(crate) margin: Access,
    /// JSON text.
    pub(crate) config: String,
    pub(crate) state: Option<Vec<u8>>,
    /// What it, and the check of its answer, asked the catalogue; each question once.
    pub(crate) asked: Vec<Asked>,
    /// Whether it asked more than is kept.
    pub(crate) is_cut: bool,
    pub(crate) ended: Ended,
}

/// How a call ended: everything that is the same whenever the inputs are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) outcome: String,
    pub(crate) detail: Option<String>,
    pub(crate) output: Option<Value>,
    pub(crate) fuel: u64,
    pub(crate) fuel_max: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) output_bytes: u64,
    pub(crate) log_lines: u32,
    pub(crate) log: Vec<Line>,
}

/// One line that the strategy logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) level: String,
    pub(crate) message: String,
}

impl Ended {
    /// Without its output, which is written out only when it is kept.
    pub(crate) fn of<T>(report: &Report<T>) -> Self {
        let Report { outcome, usage, log } = report;
        let line = |line: &rebound_sandbox::LogLine| Line {
            level: line.level.word().to_owned(),
            message: line.message.clone(),
        };
        Self {
            outcome: outcome.word().to_owned(),
            detail: outcome.detail(),
            output: None,
            fuel: usage.fuel,
            fuel_max: usage.fuel_max,
            memory_bytes: usage.memory_bytes,
            output_bytes: usage.output_bytes,
            log_lines: usage.log_lines,
            log: log.iter().map(line).collect(),
        }
    }

    /// With its output.
    pub(crate) fn whole<T: Serialize>(report: &Report<T>) -> Self {
        let output = match &report.outcome {
            Outcome::Value(value) => Some(written(value)),
            _ => None,
        };
        Self { output, ..Self::of(report) }
    }
}

/// A value as its JSON text reads. Through the text, so that a fraction is the same number here as in what was stored:
/// it is written with the digits that name it exactly, and those are read back.
pub(crate) fn written(value: &impl Serialize) -> Value {
    let text = serde_json::to_vec(value).expect("an answer has string keys and finite numbers only");
    serde_json::from_slice(&text).expect("JSON reads back")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_recorded_bit_for_bit() {
        // Neighbours of what has no short decimal, the smallest and the largest.
        for bits in (0..0x7f80_0000_u32).step_by(9_973).chain([1, 0x3dcc_cccd, 0x3dcc_ccce, 0x7f7f_ffff]) {
            let number = f32::from_bits(bits);
            let back: f32 = serde_json::from_str(&serde_json::to_string(&number).unwrap()).unwrap();
            assert_eq!(back.to_bits(), bits);
            assert_eq!(written(&number), written(&back));
        }
        assert_ne!(written(&f32::from_bits(0x3dcc_cccd)), written(&f32::from_bits(0x3dcc_ccce)));
    }

    #[test]
    fn only_32_hex_digits_name_a_recording() {
        let id = RecordingId::new(Instant(7));
        assert_eq!(id.to_string().parse::<RecordingId>().unwrap(), id);
        assert!(RecordingId::new(Instant(8)) > id, "they sort by time");
        for bad in
            ["", "0", &"0".repeat(33), &"A".repeat(32), &"g".repeat(32), "../../../../../../../../../../etc"]
        {
            assert!(bad.parse::<RecordingId>().is_err(), "{bad}");
        }
    }
}
