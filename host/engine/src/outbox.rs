//! What happened, for whoever will be told: records of the outbox, written in the same batch as what they tell of.
//!
//! Delivery reads them in order of time and deletes what was taken. They name customers and codes, so they are sealed
//! with the host's own key.

use rebound_domain::ids::Digest;
use rebound_domain::time::Instant;
use rebound_storage::{Batch, Key};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::identity::Seal;
use crate::keys;
use crate::records::seal;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutboxRecord {
    /// `rebound.hold.expired`: what happened, as CloudEvents name a type.
    pub(crate) kind: String,
    /// What it happened to: a return, a coupon, a plugin version.
    pub(crate) subject: String,
    /// When.
    pub(crate) at: Instant,
    /// What there is to know.
    pub(crate) data: Value,
}

impl OutboxRecord {
    pub(crate) fn new(kind: &str, subject: impl Into<String>, at: Instant, data: Value) -> Self {
        Self { kind: kind.to_owned(), subject: subject.into(), at, data }
    }

    /// Where it stands: the same event again stands in the same place, so nothing is told twice.
    fn key(&self) -> Key {
        let digest = Digest::of(format!("{}\0{}", self.kind, self.subject).as_bytes());
        keys::outbox(self.at, digest.as_bytes())
    }

    /// Adds it to what is about to land.
    pub(crate) fn write(&self, record_seal: &Seal, batch: &mut Batch) {
        let key = self.key();
        let sealed = seal(record_seal, &key.key, self);
        batch.put(key, sealed);
    }
}
