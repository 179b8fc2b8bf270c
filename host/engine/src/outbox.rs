//! What happened, for whoever will be told: events in the outbox, written in the same batch as what they tell of.
//!
//! A record's key sorts by time. Nothing delivers them yet. They name customers and codes, so
//! they are sealed with the customer's key; one that tells of no customer, with a key of the host's.

use rebound_domain::time::Instant;
use rebound_storage::{Batch, Direction, Entry, KeyRange};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Engine;
use crate::customer::open_data_key;
use crate::error::{Damaged, Fault};
use crate::identity::{NOBODY, Owner, Seal, random};
use crate::keys::{self, CustomerKeys};
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

    /// Adds it to what is about to land. It tells of no customer.
    pub(crate) fn write(&self, record_seal: &Seal, batch: &mut Batch) {
        self.write_as(&NOBODY, record_seal, batch);
    }

    /// Adds it to what is about to land; sealed with the customer's key, so that nobody is told of an erased one.
    pub(crate) fn write_of(&self, customer: &Owner, customer_seal: &Seal, batch: &mut Batch) {
        self.write_as(customer, customer_seal, batch);
    }

    fn write_as(&self, owner: &Owner, with: &Seal, batch: &mut Batch) {
        let key = keys::outbox(self.at, &random());
        let sealed = [owner.as_slice(), &seal(with, &key.key, self)].concat();
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
                events.extend(self.open_event(key, sealed).await?);
            }
        }
        events.sort_by_key(|event| event.at);
        Ok(events)
    }

    /// None when it told of a customer who was erased since.
    async fn open_event(&self, key: &[u8], stored: &[u8]) -> Result<Option<OutboxEvent>, Fault> {
        let what = "event";
        let (owner, sealed) =
            stored.split_first_chunk::<{ size_of::<Owner>() }>().ok_or(Damaged::Missing { what })?;
        if *owner == NOBODY {
            return Ok(Some(open(&self.shared.record_seal, what, key, sealed)?));
        }
        let read = self.shared.storage.get(vec![CustomerKeys::new(owner).data_key()]).await?;
        let Some(data_key) = read.value.first().and_then(Option::as_ref).and_then(Entry::bytes) else {
            return Ok(None);
        };
        let opened =
            open_data_key(&self.shared, owner, data_key).and_then(|seal| open(&seal, what, key, sealed));
        match opened {
            Ok(event) => Ok(Some(event)),
            // Erased; or a customer of the same id came since, with another key.
            Err(Damaged::Keyless | Damaged::Sealed { .. }) => Ok(None),
            Err(damaged) => Err(damaged.into()),
        }
    }
}
