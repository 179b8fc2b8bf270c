//! A storage that fails on command, for the tests of whoever must live with a failing one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::{
    Batch, BoxFuture, CommitError, Committed, Direction, Entry, Health, Key, KeyRange, Reading, Sequence,
    Storage, StorageError, Tap, Unavailable,
};

/// What happens to one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// None: it goes through to the storage behind.
    Pass,
    /// The queue is full; nothing is written.
    Overloaded,
    /// The storage refuses; nothing is written.
    Refused,
    /// It lands, and its answer is lost.
    LandsUnknown,
    /// It does not land, and its answer is lost.
    LostUnknown,
}

/// Another storage, whose commits meet the faults of a plan in turn and then go through.
pub struct FaultyStorage {
    inner: Arc<dyn Storage>,
    plan: Mutex<VecDeque<Fault>>,
}

impl FaultyStorage {
    /// `inner` behind `plan`, one fault for each commit to come.
    pub fn new(inner: Arc<dyn Storage>, plan: impl IntoIterator<Item = Fault>) -> Self {
        Self { inner, plan: Mutex::new(plan.into_iter().collect()) }
    }

    fn next_fault(&self) -> Fault {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Fault::Pass)
    }
}

impl Storage for FaultyStorage {
    fn get(&self, keys: Vec<Key>) -> BoxFuture<'_, Reading<Vec<Option<Entry>>>> {
        self.inner.get(keys)
    }

    fn scan(
        &self,
        owner: Bytes,
        range: KeyRange,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Reading<Vec<(Bytes, Entry)>>> {
        self.inner.scan(owner, range, limit, direction)
    }

    fn scan_all(&self, after: Option<Key>, limit: usize) -> BoxFuture<'_, Reading<Vec<(Key, Entry)>>> {
        self.inner.scan_all(after, limit)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            match self.next_fault() {
                Fault::Pass => self.inner.commit(batch).await,
                Fault::Overloaded => Err(CommitError::Overloaded { queued_bytes: 1, queued_bytes_max: 1 }),
                Fault::Refused => Err(planned().into()),
                Fault::LandsUnknown => {
                    self.inner.commit(batch).await?;
                    Err(CommitError::Unknown(planned()))
                }
                Fault::LostUnknown => Err(CommitError::Unknown(planned())),
            }
        })
    }

    fn durable(&self, sequence: Sequence) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner.durable(sequence)
    }

    fn tap(&self, bytes_max: usize) -> Option<Tap> {
        self.inner.tap(bytes_max)
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn failure(&self) -> BoxFuture<'_, Unavailable> {
        self.inner.failure()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        self.inner.close()
    }
}

fn planned() -> Unavailable {
    Unavailable::Failed { reason: "a test planned it".into() }
}
