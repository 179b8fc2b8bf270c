//! What the host tells others: event records in the outbox, in the same batch as what they tell of.
//!
//! A record's key sorts by time, so whoever delivers them reads from the oldest. Nothing delivers them yet.

use rebound_domain::time::Instant;
use rebound_storage::Batch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::identity::random;
use crate::keys;

/// A version is left out from now on: it failed too often, or an operator holds it.
pub(crate) const QUARANTINED: &str = "rebound.version.quarantined";
/// A version runs again.
pub(crate) const RELEASED: &str = "rebound.version.released";
/// Somebody was shown the personal data of a recording.
pub(crate) const UNMASKED: &str = "rebound.recording.unmasked";

/// One event for others. Names no person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OutboxRecord {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) at: Instant,
    pub(crate) data: Value,
}

/// Adds an event to a batch.
pub(crate) fn announce(batch: &mut Batch, kind: &str, at: Instant, data: Value) {
    let id = ordered_id(at);
    let key = keys::outbox(&id);
    let record = OutboxRecord { id, kind: kind.to_owned(), at, data };
    batch.expect_absent(key.clone()).put(key, crate::records::encode(&record));
}

/// 32 hex digits that sort by time: the instant, then random ones.
pub(crate) fn ordered_id(at: Instant) -> String {
    format!("{:016x}{:016x}", at.0, u64::from_be_bytes(random()))
}
