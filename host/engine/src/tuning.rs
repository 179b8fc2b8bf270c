//! What of the limits can change while the engine runs.

use std::sync::atomic::{AtomicU32, Ordering};

use rebound_domain::limits::Limits;
use rebound_domain::quarantine::Rules;

use crate::Engine;

/// Limits that each decision reads anew.
#[derive(Debug)]
pub(crate) struct Tuning {
    record_share_bp: AtomicU32,
    recording_bytes: AtomicU32,
}

impl Tuning {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            record_share_bp: limits.record_share_bp.into(),
            recording_bytes: limits.recording_bytes.into(),
        }
    }

    pub(crate) fn record_share_bp(&self) -> u32 {
        self.record_share_bp.load(Ordering::Relaxed)
    }

    pub(crate) fn recording_bytes(&self) -> u32 {
        self.recording_bytes.load(Ordering::Relaxed)
    }
}

impl Engine {
    /// From now on these count: how much is recorded, and the rules of quarantine. Every other limit stays as it was at the
    /// start. A quarantine that goes on ends when it would have.
    pub fn tune(&self, limits: &Limits) {
        let tuning = &self.shared.tuning;
        tuning.record_share_bp.store(limits.record_share_bp, Ordering::Relaxed);
        tuning.recording_bytes.store(limits.recording_bytes, Ordering::Relaxed);
        self.shared.wards.set_rules(Rules::from(limits));
    }
}
