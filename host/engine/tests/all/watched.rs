//! A storage whose commits can be held up, and whose reads are not durable yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rebound_storage::{
    Batch, BoxFuture, Bytes, CommitError, Committed, Direction, Entry, Health, Key, KeyRange, Read, Reading,
    Sequence, Storage, StorageError, Unavailable,
};
use tokio::sync::Notify;

pub(crate) struct Watched {
    inner: Arc<dyn Storage>,
    /// The sequence of the latest read; every read has a greater one.
    read: AtomicU64,
    /// The greatest sequence that somebody waited for.
    awaited: AtomicU64,
    holds: AtomicBool,
    pub(crate) held: Notify,
    pub(crate) release: Arc<Notify>,
}

impl Watched {
    pub(crate) fn new(inner: Arc<dyn Storage>) -> Self {
        Self {
            inner,
            read: AtomicU64::new(0),
            awaited: AtomicU64::new(0),
            holds: AtomicBool::new(false),
            held: Notify::new(),
            release: Arc::default(),
        }
    }

    /// The next commit says so in `held` and waits for `release`. It lands even when nobody waits for it any more,
    /// as a queued batch does.
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::SeqCst);
    }

    /// How many reads nobody has waited for since the last that somebody did.
    pub(crate) fn unawaited_reads(&self) -> u64 {
        self.read.load(Ordering::SeqCst) - self.awaited.load(Ordering::SeqCst)
    }
}

impl Storage for Watched {
    fn get(&self, keys: Vec<Key>) -> BoxFuture<'_, Reading<Vec<Option<Entry>>>> {
        Box::pin(async move {
            let value = self.inner.get(keys).await?.value;
            let sequence = Sequence::new(self.read.fetch_add(1, Ordering::SeqCst) + 1);
            Ok(Read { value, sequence })
        })
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
            if !self.holds.swap(false, Ordering::SeqCst) {
                return self.inner.commit(batch).await;
            }
            let (inner, release) = (Arc::clone(&self.inner), Arc::clone(&self.release));
            let queued = tokio::spawn(async move {
                release.notified().await;
                inner.commit(batch).await
            });
            self.held.notify_one();
            queued.await.unwrap()
        })
    }

    fn durable(&self, sequence: Sequence) -> BoxFuture<'_, Result<(), StorageError>> {
        self.awaited.fetch_max(sequence.number(), Ordering::SeqCst);
        Box::pin(async { Ok(()) })
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
