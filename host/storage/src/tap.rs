//! What commits write from some moment on, for whoever copies a storage while it is written to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::group::{Group, Outcome};
use crate::{Entry, Key, Revision};

/// What one entry became; none when it was deleted.
pub type Change = (Key, Option<Entry>);

/// What a change counts on top of its key and value.
const CHANGE_BYTES: usize = 128;

/// Everything that is committed after it was made, in order. Made by [`Storage::tap`](crate::Storage::tap).
///
/// Changes wait in memory up to a bound. Past it the tap is cut, never the storage held up: decisions go on, and
/// whoever copies learns of it with the next [`drain`](Tap::drain).
#[derive(Debug)]
pub struct Tap {
    start: Revision,
    queue: Arc<Mutex<Queue>>,
}

/// Changes came faster than they were taken; some are lost to this tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "more than {bytes_max} bytes of commits waited to be copied; copy to something faster, or when there is less to do"
)]
pub struct Overrun {
    /// The bound that was passed.
    pub bytes_max: usize,
}

/// Changes that became durable, and the revision of the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// In the order in which they were made.
    pub changes: Vec<Change>,
    /// None when there was none.
    pub last: Option<Revision>,
}

#[derive(Debug)]
struct Queue {
    changes: VecDeque<Change>,
    last: Option<Revision>,
    size_bytes: usize,
    size_bytes_max: usize,
    is_cut: bool,
}

impl Tap {
    /// The greatest revision that had been given out when the tap was made.
    pub fn start(&self) -> Revision {
        self.start
    }

    /// Takes out what became durable since the last time, whole commits only.
    ///
    /// # Errors
    /// [`Overrun`] once changes were lost, and ever after.
    pub fn drain(&self) -> Result<Drained, Overrun> {
        let mut queue = lock(&self.queue);
        if queue.is_cut {
            return Err(Overrun { bytes_max: queue.size_bytes_max });
        }
        queue.size_bytes = 0;
        Ok(Drained { changes: std::mem::take(&mut queue.changes).into(), last: queue.last.take() })
    }
}

/// The taps of one storage. One that nobody holds any more is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Taps(Mutex<Vec<Weak<Mutex<Queue>>>>);

impl Taps {
    /// A tap on what is committed from now on; `start` is asked for once nothing can pass the tap by.
    pub(crate) fn tap(&self, size_bytes_max: usize, start: impl FnOnce() -> u64) -> Tap {
        let queue =
            Queue { changes: VecDeque::new(), last: None, size_bytes: 0, size_bytes_max, is_cut: false };
        let queue = Arc::new(Mutex::new(queue));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&queue));
        Tap { start: Revision::new(start()), queue }
    }

    /// Hands a durable group on. Called before anybody is told that it is durable.
    pub(crate) fn hand_on(&self, group: &Group) {
        let mut taps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taps.retain(|tap| match tap.upgrade() {
            Some(queue) => lock(&queue).take(group),
            None => false,
        });
    }
}

impl Queue {
    /// Whether the tap goes on.
    fn take(&mut self, group: &Group) -> bool {
        for (key, outcome) in group.outcomes() {
            let entry = match outcome {
                Outcome::Absent => None,
                Outcome::Value { revision, bytes } => {
                    Some(Entry::Value { revision: *revision, bytes: bytes.clone() })
                }
                Outcome::Counter { number, .. } => Some(Entry::Counter(*number)),
            };
            let value_bytes = entry.as_ref().and_then(Entry::bytes).map_or(0, |bytes| bytes.len());
            self.size_bytes += CHANGE_BYTES + key.size_bytes() + value_bytes;
            self.changes.push_back((key.clone(), entry));
        }
        self.last = Some(group.last());
        if self.size_bytes > self.size_bytes_max {
            self.is_cut = true;
            // Nobody can use them any more.
            self.changes = VecDeque::new();
        }
        !self.is_cut
    }
}

/// A panic while the lock is held leaves a queue that is whole or cut.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
