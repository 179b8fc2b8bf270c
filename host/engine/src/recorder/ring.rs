//! The latest recordings, as many and as long as the limits allow. Each new one takes the place of what is too old.

use std::collections::VecDeque;

use rebound_domain::limits::Limits;
use rebound_domain::time::{Duration, Instant};
use rebound_storage::{Batch, Direction, Entry, KeyRange, SCAN_LIMIT_MAX, Storage};

use super::draft::{IndexRecord, Written};
use super::recording::RecordingId;
use crate::engine::StartError;
use crate::error::Damaged;
use crate::identity::Owner;
use crate::keys::{self, CustomerKeys};
use crate::records::{decode, encode};

/// Most old recordings that one new one removes: a batch has a bound, and a limit that was lowered is reached a few
/// recordings later.
const EVICTIONS_MAX: usize = 8;

/// Where the recordings are, oldest first.
pub(crate) struct Ring {
    slots: VecDeque<Slot>,
    count_max: usize,
    age_max: Duration,
}

struct Slot {
    id: RecordingId,
    at: Instant,
    owner: Owner,
    chunks: u32,
}

/// A recording whose batch is under way, and how many go with it.
pub(crate) struct Kept {
    slot: Slot,
    evicted: usize,
    pub(crate) is_whole: bool,
}

impl Ring {
    /// Reads what is there.
    pub(crate) async fn restore(storage: &dyn Storage, limits: &Limits) -> Result<Self, StartError> {
        let (mut slots, mut range) = (VecDeque::new(), KeyRange::all());
        loop {
            let page = storage.scan(keys::RECORDING, range, SCAN_LIMIT_MAX, Direction::Forward).await?.value;
            let Some((last, _)) = page.last() else { break };
            range = KeyRange::all().after(last.clone());
            for (key, entry) in &page {
                let (id, record) = entry_of(key, entry)?;
                slots.push_back(Slot { id, at: record.at, owner: record.owner, chunks: record.chunks });
            }
        }
        Ok(Self { slots, count_max: limits.recordings as usize, age_max: limits.recording_age })
    }

    /// The batch that stores a recording and removes what it replaces.
    pub(crate) fn plan(&self, written: Written) -> (Batch, Kept) {
        let Written { id, index, chunks } = written;
        let mut batch = Batch::new();
        let keys = CustomerKeys::new(&index.owner);
        for (chunk, number) in chunks.into_iter().zip(0..) {
            batch.put(keys.recording(&id, number), chunk);
        }
        batch.put(keys::recording(&id), encode(&index));
        let mut evicted = 0;
        for slot in self.slots.iter().take(EVICTIONS_MAX) {
            let is_over = self.slots.len() - evicted >= self.count_max.max(1);
            if !is_over && !is_expired(slot.at, index.at, self.age_max) {
                break;
            }
            let keys = CustomerKeys::new(&slot.owner);
            for number in 0..slot.chunks {
                batch.delete(keys.recording(&slot.id, number));
            }
            batch.delete(keys::recording(&slot.id));
            evicted += 1;
        }
        let slot = Slot { id, at: index.at, owner: index.owner, chunks: index.chunks };
        (batch, Kept { slot, evicted, is_whole: index.is_whole })
    }

    /// The batch landed.
    pub(crate) fn landed(&mut self, kept: Kept) {
        self.slots.drain(..kept.evicted);
        self.slots.push_back(kept.slot);
    }
}

/// Whether a recording is older than one is kept. It may still be stored: it goes with the next one, and is shown to
/// nobody meanwhile.
pub(crate) fn is_expired(at: Instant, now: Instant, age_max: Duration) -> bool {
    now.since(at) >= age_max
}

/// Reads an entry of the index.
pub(crate) fn entry_of(key: &[u8], entry: &Entry) -> Result<(RecordingId, IndexRecord), Damaged> {
    let missing = || Damaged::Missing { what: "recording's index" };
    let id = std::str::from_utf8(key).ok().and_then(|text| text.parse().ok()).ok_or_else(missing)?;
    Ok((id, decode("recording's index", entry.bytes().ok_or_else(missing)?)?))
}
