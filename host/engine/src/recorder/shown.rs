//! Recordings as operators are shown them.

use rebound_domain::ids::PluginRef;
use rebound_domain::manifest::Stage;
use rebound_domain::time::Instant;
use rebound_storage::{Batch, Direction, Entry, KeyRange};
use serde_json::{Value, json};

use super::draft::{IndexRecord, Why};
use super::mask;
use super::recording::{Recording, RecordingId, written};
use super::ring::{entry_of, is_expired};
use crate::Engine;
use crate::audit::Change;
use crate::customer::open_data_key;
use crate::error::{Damaged, Fault};
use crate::keys::{self, CustomerKeys};
use crate::outbox::{OutboxEvent, UNMASKED};
use crate::records::decode;

/// Most recordings in one list.
const LISTED_MAX: usize = 100;

/// Whether what tells of a person is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// It is not.
    Masked,
    /// It is, and that is announced first.
    Shown,
}

/// A recording in a list. Names no person.
#[derive(Debug, Clone)]
pub struct RecordingSummary {
    /// Its id.
    pub id: RecordingId,
    /// When it was decided.
    pub at: Instant,
    /// Why it is kept: failed or sampled.
    pub why: &'static str,
    /// Whether it holds what it needs to be run again.
    pub is_whole: bool,
    /// Size of its text.
    pub bytes: u64,
    /// Stage, version and outcome of each call.
    pub calls: Vec<(Stage, PluginRef, String)>,
}

/// Why there is no recording to be shown.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is none of this id, or it has gone.
    #[error("there is no recording {id}; it may have given way to newer ones")]
    Unknown {
        /// Which.
        id: RecordingId,
    },
    /// Its customer was erased, and what it said with them.
    #[error("recording {id} cannot be read any more: its customer's key was thrown away")]
    Erased {
        /// Which.
        id: RecordingId,
    },
    /// The host's own trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<rebound_storage::StorageError> for RecordingError {
    fn from(error: rebound_storage::StorageError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Damaged> for RecordingError {
    fn from(error: Damaged) -> Self {
        Self::Fault(error.into())
    }
}

impl Engine {
    /// The latest recordings, newest first; at most 100.
    ///
    /// # Errors
    /// [`Fault`] when the storage cannot answer.
    pub async fn recordings(&self) -> Result<Vec<RecordingSummary>, Fault> {
        let scan =
            self.shared.storage.scan(keys::RECORDING, KeyRange::all(), LISTED_MAX, Direction::Backward);
        let read = scan.await?;
        let mut list = Vec::new();
        for (key, entry) in &read.value {
            let (id, record) = entry_of(key, entry)?;
            if self.has_expired(record.at) {
                continue;
            }
            let IndexRecord { at, why, is_whole, bytes, calls, .. } = record;
            list.push(RecordingSummary { id, at, why: Why::word(why), is_whole, bytes, calls });
        }
        self.shared.storage.durable(read.sequence).await?;
        Ok(list)
    }

    /// One recording as JSON. Shown unmasked, that it was is in the outbox before it is answered.
    ///
    /// # Errors
    /// [`RecordingError`].
    pub async fn recording(&self, id: &RecordingId, personal: Personal) -> Result<Value, RecordingError> {
        let mut shown = written(&self.read_recording(id).await?);
        match personal {
            Personal::Masked => mask::document(&mut shown),
            Personal::Shown => self.announce_unmasked(id).await?,
        }
        Ok(shown)
    }

    pub(super) async fn announce_unmasked(&self, id: &RecordingId) -> Result<(), RecordingError> {
        tracing::warn!(recording = %id, "the personal data of a recording is shown");
        let mut batch = Batch::new();
        let unmasked = OutboxEvent::new(UNMASKED, id, self.now(), json!({ "recording": id }));
        unmasked.write(&self.shared.record_seal, &mut batch);
        self.commit_audited(batch, Change::new("recording.unmask", id, Value::Null, Value::Null)).await?;
        Ok(())
    }

    pub(super) fn has_expired(&self, at: Instant) -> bool {
        is_expired(at, self.now(), self.shared.limits.recording_age)
    }

    pub(super) async fn read_recording(&self, id: &RecordingId) -> Result<Recording, RecordingError> {
        let unknown = || RecordingError::Unknown { id: id.clone() };
        let index_key = keys::recording(id);
        let read = self.shared.storage.get(vec![index_key.clone()]).await?;
        let entry = read.value.into_iter().next().flatten().ok_or_else(unknown)?;
        let (_, IndexRecord { owner, chunks, at, .. }) = entry_of(&index_key.key, &entry)?;
        if self.has_expired(at) {
            return Err(unknown());
        }
        let keys = CustomerKeys::new(&owner);
        let places: Vec<_> = (0..chunks).map(|index| keys.recording(id, index)).collect();
        let wanted = places.iter().cloned().chain([keys.data_key()]).collect();
        let mut read = self.shared.storage.get(wanted).await?;
        let data_key = read.value.pop().flatten();
        let data_key = data_key.as_ref().and_then(Entry::bytes);
        let data_key = data_key.ok_or_else(|| RecordingError::Erased { id: id.clone() })?;
        let seal = match open_data_key(&self.shared, &owner, data_key) {
            Err(Damaged::Keyless) => return Err(RecordingError::Erased { id: id.clone() }),
            opened => opened?,
        };
        let mut text = Vec::new();
        for (place, entry) in places.iter().zip(&read.value) {
            // It gave way between the two reads.
            let sealed = entry.as_ref().and_then(Entry::bytes).ok_or_else(unknown)?;
            let what = "recording";
            let opened = seal.open(&place.key, sealed);
            text.extend(opened.map_err(|source| Damaged::Sealed { what, source })?);
        }
        self.shared.storage.durable(read.sequence).await?;
        Ok(decode("recording", &text)?)
    }
}
