//! What the committer thread and everyone who waits for it share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};

use super::room::Room;
use crate::tap::Taps;
use crate::{Batch, CommitError, Committed, Sequence, Unavailable};

/// A group takes batches up to this size, and always one. Readers wait while sled applies a group.
const GROUP_BYTES_MAX: usize = 1024 * 1024;

/// A batch in the queue, and whom to tell. That nobody listens any more changes nothing.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<Committed, CommitError>>,
    size_bytes: usize,
}

pub(super) struct Shared {
    queue: Mutex<Queue>,
    /// Signalled when a batch comes or the queue stops taking any.
    arrived: Condvar,
    queued_bytes_max: usize,
    /// The greatest sequence whose writes a reader may have seen; set before they are applied.
    visible: AtomicU64,
    /// The same, of batches that deleted: what an absence that was read may rest on.
    deleted: AtomicU64,
    progress: watch::Sender<Progress>,
    pub(super) taps: Taps,
    pub(super) room: Room,
}

#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Request>,
    /// Sum over `waiting`.
    size_bytes: usize,
    /// Once set, nothing more is taken in.
    stopped: Option<Unavailable>,
}

/// How far the committer has come.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) durable: u64,
    /// Set when the thread is at its end; `durable` does not change after that.
    pub(super) ended: Option<Unavailable>,
}

impl Shared {
    /// For a storage in which everything up to `last` is durable.
    pub(super) fn new(last: u64, queued_bytes_max: usize, room: Room) -> Self {
        Self {
            queue: Mutex::new(Queue { waiting: VecDeque::new(), size_bytes: 0, stopped: None }),
            arrived: Condvar::new(),
            queued_bytes_max,
            visible: AtomicU64::new(last),
            deleted: AtomicU64::new(0),
            progress: watch::Sender::new(Progress { durable: last, ended: None }),
            taps: Taps::default(),
            room,
        }
    }

    /// Queues `batch`; it lands or not whether or not the receiver is kept.
    pub(super) fn submit(
        &self,
        batch: Batch,
    ) -> Result<oneshot::Receiver<Result<Committed, CommitError>>, CommitError> {
        let size_bytes = batch.size_bytes();
        let (reply, answer) = oneshot::channel();
        let mut queue = self.lock();
        if let Some(why) = &queue.stopped {
            return Err(why.clone().into());
        }
        if queue.size_bytes + size_bytes > self.queued_bytes_max {
            let queued_bytes = queue.size_bytes;
            return Err(CommitError::Overloaded { queued_bytes, queued_bytes_max: self.queued_bytes_max });
        }
        queue.size_bytes += size_bytes;
        queue.waiting.push_back(Request { batch, reply, size_bytes });
        drop(queue);
        self.arrived.notify_one();
        Ok(answer)
    }

    /// Blocks until there are batches; none once the queue is stopped and empty.
    pub(super) fn next_group(&self) -> Option<Vec<Request>> {
        let mut queue = self
            .arrived
            .wait_while(self.lock(), |queue| queue.waiting.is_empty() && queue.stopped.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let mut group = Vec::new();
        let mut size_bytes = 0;
        while let Some(request) = queue.waiting.pop_front_if(|request| {
            size_bytes += request.size_bytes;
            group.is_empty() || size_bytes <= GROUP_BYTES_MAX
        }) {
            queue.size_bytes -= request.size_bytes;
            group.push(request);
        }
        (!group.is_empty()).then_some(group)
    }

    /// Takes nothing more in; what is queued still lands. The first reason given stays.
    pub(super) fn stop(&self, why: Unavailable) {
        self.lock().stopped.get_or_insert(why);
        self.arrived.notify_all();
    }

    /// The committer's last words: refuses what is still queued and lets everyone who waits go.
    pub(super) fn end(&self, why: Unavailable) {
        let mut queue = self.lock();
        // A failure after an orderly stop is still a failure.
        queue.stopped = Some(why.clone());
        let refused = std::mem::take(&mut queue.waiting);
        queue.size_bytes = 0;
        drop(queue);
        self.progress.send_modify(|progress| progress.ended = Some(why.clone()));
        for request in refused {
            // An error means that nobody listens.
            let _ = request.reply.send(Err(why.clone().into()));
        }
    }

    /// Readers may see the writes up to `sequence` from now on.
    pub(super) fn becomes_visible(&self, sequence: u64, deletes: bool) {
        self.visible.store(sequence, Ordering::SeqCst);
        if deletes {
            self.deleted.store(sequence, Ordering::SeqCst);
        }
    }

    pub(super) fn becomes_durable(&self, sequence: u64) {
        self.progress.send_modify(|progress| progress.durable = sequence);
    }

    pub(super) fn visible(&self) -> u64 {
        self.visible.load(Ordering::SeqCst)
    }

    pub(super) fn deleted(&self) -> Sequence {
        Sequence::new(self.deleted.load(Ordering::SeqCst))
    }

    pub(super) fn stopped(&self) -> Option<Unavailable> {
        self.lock().stopped.clone()
    }

    /// Waits until `done` holds of the progress.
    pub(super) async fn progress(&self, done: impl FnMut(&Progress) -> bool) -> Progress {
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(done).await.expect("self holds the sender");
        reached.clone()
    }

    /// Waits until the committer has said its last words.
    pub(super) async fn ended(&self) -> Unavailable {
        self.progress(|progress| progress.ended.is_some()).await.ended.expect("waited for just that")
    }

    /// A panic while the lock is held leaves a queue that is whole: each change of it is one step.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
