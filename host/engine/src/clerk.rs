//! Writes what decisions leave behind and do not wait for: changed quarantines, recordings.
//!
//! One task. Changes of quarantines come seldom (at most one per version and backoff), so their queue has no bound;
//! recordings come with any decision, so theirs has one, and what does not fit is dropped and counted.

use std::sync::Arc;
use std::time::Duration;

use rebound_domain::quarantine::Change;
use rebound_domain::time::Instant;
use rebound_storage::{Batch, CommitError, Storage};
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use crate::figures::AfterFigures;
use crate::identity::Seal;
use crate::recorder::{Draft, Ring};
use crate::wards::WardRecord;

/// Recordings that may wait. Each holds one decision's inputs, some 50 KiB.
const DRAFTS_MAX: usize = 64;
/// Tries while the storage has more to write than it takes on.
const ATTEMPTS_MAX: u32 = 20;
/// Between two of them.
const ATTEMPT_WAIT: Duration = Duration::from_millis(50);

/// Something to be written.
pub(crate) enum Note {
    /// A version's quarantine changed.
    Quarantine { record: Box<WardRecord>, change: Change, at: Instant },
    /// Everything before this is to be written; then whoever asks is told.
    Settle(oneshot::Sender<()>),
}

/// The way to the task. It ends, once all is written, when this and every sender of notes is gone.
pub(crate) struct Clerk {
    notes: UnboundedSender<Note>,
    drafts: Sender<Draft>,
    figures: AfterFigures,
}

/// Where notes come in, before the task runs.
pub(crate) struct Inbox {
    pub(crate) sender: UnboundedSender<Note>,
    receiver: UnboundedReceiver<Note>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver }
    }
}

impl Clerk {
    /// Starts the task on the current runtime.
    pub(crate) fn start(
        inbox: Inbox,
        storage: Arc<dyn Storage>,
        record_seal: Seal,
        ring: Ring,
        figures: AfterFigures,
    ) -> Self {
        let (drafts, waiting) = mpsc::channel(DRAFTS_MAX);
        let task = Task { storage, record_seal, ring, figures: figures.clone() };
        tokio::spawn(task.run(inbox.receiver, waiting));
        Self { notes: inbox.sender, drafts, figures }
    }

    /// Hands over a decision to be recorded; drops it when too many wait.
    pub(crate) fn record(&self, draft: Draft) {
        if self.drafts.try_send(draft).is_err() {
            self.figures.recorded("dropped");
        }
    }

    /// Returns once everything handed over before is written, or given up.
    pub(crate) async fn settled(&self) {
        let (told, settled) = oneshot::channel();
        // Without a task there is nothing to wait for.
        if self.notes.send(Note::Settle(told)).is_ok() {
            settled.await.ok();
        }
    }
}

struct Task {
    storage: Arc<dyn Storage>,
    record_seal: Seal,
    ring: Ring,
    figures: AfterFigures,
}

impl Task {
    async fn run(mut self, mut notes: UnboundedReceiver<Note>, mut drafts: Receiver<Draft>) {
        let mut is_recording = true;
        loop {
            tokio::select! {
                note = notes.recv() => match note {
                    None => break,
                    Some(Note::Quarantine { record, change, at }) => self.change(&record, change, at).await,
                    Some(Note::Settle(told)) => {
                        while let Ok(draft) = drafts.try_recv() {
                            self.record(draft).await;
                        }
                        // Whoever asked may have gone.
                        told.send(()).ok();
                    }
                },
                draft = drafts.recv(), if is_recording => match draft {
                    Some(draft) => self.record(draft).await,
                    None => is_recording = false,
                },
            }
        }
        while let Some(draft) = drafts.recv().await {
            self.record(draft).await;
        }
    }

    async fn change(&self, record: &WardRecord, change: Change, at: Instant) {
        self.figures.changed(record, change);
        let mut batch = Batch::new();
        record.write(&self.record_seal, &mut batch, change, at, None);
        if let Err(error) = self.commit(&batch).await {
            tracing::error!(plugin = %record.plugin, stage = %record.stage, %error, "a version's quarantine is not stored; it holds until the next start");
        }
    }

    async fn record(&mut self, draft: Draft) {
        // Writing it out takes some milliseconds of work.
        let Ok(written) = tokio::task::spawn_blocking(move || draft.write()).await else {
            self.figures.recorded("failed");
            return;
        };
        let (batch, kept) = self.ring.plan(written);
        let outcome = match self.commit(&batch).await {
            Ok(()) if kept.is_whole => "kept",
            Ok(()) => "truncated",
            Err(error) => {
                tracing::warn!(%error, "a recording is not stored");
                self.figures.recorded("failed");
                return;
            }
        };
        self.ring.landed(kept);
        self.figures.recorded(outcome);
    }

    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut attempt = 1;
        loop {
            match self.storage.commit(batch.clone()).await {
                Err(CommitError::Overloaded { .. }) if attempt < ATTEMPTS_MAX => {
                    attempt += 1;
                    tokio::time::sleep(ATTEMPT_WAIT).await;
                }
                result => return result.map(drop),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rebound_catalog::Catalogue;
    use rebound_domain::answer::Segment;
    use rebound_domain::limits::Limits;
    use rebound_storage::{Direction, KeyRange, MemoryStorage, SCAN_LIMIT_MAX};
    use serde_json::json;

    use super::*;
    use crate::figures::Figures;
    use crate::keys;
    use crate::recorder::{Capture, Given, Why};
    use crate::shelf::Shelf;

    fn draft() -> Draft {
        let request = json!({
            "source": "shop", "id": "e", "return_id": "r", "customer_id": "c", "requested_at": 1, "locale": "en",
            "currency": "CNY", "channel": null, "lines": [], "requested_resolution": null,
        });
        let situation = json!({
            "now": 1, "seed": 1, "locale": "en", "currency": "CNY",
            "event": {"id": "e", "requested_at": 1, "requested_resolution": null, "lines": [], "orders": [], "channel": ""},
            "customer": {"orders": 0, "returns": 0, "exchanges": 0, "spent": 0, "refunded": 0, "first_order_at": null,
                "last_order_at": null, "traits": [], "purchases": [], "reachable": [],
                "prior": {"plans_30d": 0, "plans_this_order": 0, "offers_shown": [], "coupons_open": 0,
                    "coupons_redeemed": 0, "last_plan_at": null}},
            "policy": {"resolutions": [], "window_ends": null, "partial_discount": "", "care": [], "budgets": [],
                "incentive_max": 0, "hold_max": 0, "extra": []},
        });
        let capture = Capture {
            request: Arc::new(serde_json::from_value(request).unwrap()),
            situation: serde_json::from_value(situation).unwrap(),
            snapshot: Shelf::new(Catalogue::new()).snapshot(),
            given: Given { segment: Segment::unknown(), offers: Vec::new(), proposals: Vec::new() },
            calls: Vec::new(),
        };
        Draft { capture, why: Why::Sampled, owner: [1; 16], seal: Seal::new(&[2; 32]), bytes_max: 4096 }
    }

    #[tokio::test]
    async fn what_does_not_fit_into_the_queue_is_dropped_and_counted_and_the_rest_is_written() {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        let ring = Ring::restore(storage.as_ref(), &Limits::default()).await.unwrap();
        let (figures, inbox) = (Figures::new(), Inbox::new());
        let clerk = Clerk::start(inbox, Arc::clone(&storage), Seal::new(&[3; 32]), ring, figures.after());
        // On this runtime of one thread the task does not run before somebody waits.
        (0..DRAFTS_MAX + 3).for_each(|_| clerk.record(draft()));
        clerk.settled().await;
        let text = figures.text(&[]);
        for (outcome, count) in [("kept", DRAFTS_MAX), ("dropped", 3)] {
            let line = format!("rebound_recordings_total{{outcome=\"{outcome}\"}} {count}\n");
            assert!(text.contains(&line), "{text}");
        }
        let listed = storage.scan(keys::RECORDING, KeyRange::all(), SCAN_LIMIT_MAX, Direction::Forward);
        assert_eq!(listed.await.unwrap().value.len(), DRAFTS_MAX);
    }
}
