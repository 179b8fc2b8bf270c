//! What happened, for whoever will be told: events in the outbox, written in the same batch as what they tell of.
//!
//! A record's key sorts by time. Nothing delivers them yet. They name customers and codes, so they are sealed with a key of
//! the host's.

use rebound_domain::time::Instant;
use rebound_storage::{Batch, Direction, KeyRange};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Engine;
use crate::error::Fault;
use crate::identity::{Seal, random};
use crate::keys;
use crate::records::{open, seal};

/// A return has its plan.
pub(crate) const DECIDED: &str = "rebound.return.decided";
/// A coupon can be used.
pub(crate) const COUPON_ISSUED: &str = "rebound.coupon.issued";
/// A coupon ended unused.
pub(crate) const COUPON_EXPIRED: &str = "rebound.coupon.expired";
/// A price is held no longer.
pub(crate) const HOLD_EXPIRED: &str = "rebound.hold.expired";
/// A version is left out from now on: it failed too often, or an operator holds it.
pub(crate) const QUARANTINED: &str = "rebound.version.quarantined";
/// A version runs again.
pub(crate) const RELEASED: &str = "rebound.version.released";
/// Somebody was shown the personal data of a recording.
pub(crate) const UNMASKED: &str = "rebound.recording.unmasked";

/// Events of one bucket that a reader is handed at a time.
const PAGE: usize = 256;

/// An event for others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxEvent {
    /// What happened, as CloudEvents name a type: `rebound.hold.expired`.
    pub kind: String,
    /// What it happened to: a return, a coupon, a plugin version.
    pub subject: String,
    /// When.
    pub at: Instant,
    /// What there is to know.
    pub data: Value,
}

impl OutboxEvent {
    pub(crate) fn new(kind: &str, subject: impl ToString, at: Instant, data: Value) -> Self {
        Self { kind: kind.to_owned(), subject: subject.to_string(), at, data }
    }

    /// Adds it to what is about to land.
    pub(crate) fn write(&self, record_seal: &Seal, batch: &mut Batch) {
        let key = keys::outbox(self.at, &random());
        let sealed = seal(record_seal, &key.key, self);
        batch.expect_absent(key.clone()).put(key, sealed);
    }
}

impl Engine {
    /// The oldest events that wait to be told, in order of time.
    ///
    /// # Errors
    /// [`Fault`] when the storage cannot answer.
    pub async fn outbox(&self) -> Result<Vec<OutboxEvent>, Fault> {
        let mut events: Vec<OutboxEvent> = Vec::new();
        for bucket in 0..keys::DUE_BUCKETS {
            let owner = keys::outbox_owner(bucket);
            let read = self.shared.storage.scan(owner, KeyRange::all(), PAGE, Direction::Forward).await?;
            self.shared.storage.durable(read.sequence).await?;
            for (key, entry) in &read.value {
                let Some(sealed) = entry.bytes() else { continue };
                events.push(open(&self.shared.record_seal, "event", key, sealed)?);
            }
        }
        events.sort_by_key(|event| event.at);
        Ok(events)
    }
}
