//! The trait that every backend meets, and that everything outside this crate is written against.

use std::pin::Pin;

use bytes::Bytes;

use crate::{
    Batch, CommitError, Committed, Direction, Entry, Invalid, Key, KeyRange, Read, Sequence, StorageError,
    Tap, Unavailable,
};

/// Most keys in one [`Storage::get`].
pub const GET_KEYS_MAX: usize = 1024;

/// Most entries in one page of a scan; 64 MiB when all of them are as large as can be.
pub const SCAN_LIMIT_MAX: usize = 1024;

/// A future that can be sent, boxed so that the trait stays object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a read answers.
pub type Reading<T> = Result<Read<T>, StorageError>;

/// An ordered map of bytes with optimistic, atomic, durable batches.
///
/// Reads are not snapshots: two entries of one answer may come from either side of a commit, an earlier key's from
/// before it and a later key's from after it, never the other way round. What a decision rests on is protected by
/// the expectations of the batch that it leads to. Futures do nothing until polled;
/// every one but [`commit`](Storage::commit) may be dropped at any time without a trace.
pub trait Storage: Send + Sync {
    /// The entries under `keys`, read and answered in the order of `keys`; at most [`GET_KEYS_MAX`].
    fn get(&self, keys: Vec<Key>) -> BoxFuture<'_, Reading<Vec<Option<Entry>>>>;

    /// Up to `limit` (1 to [`SCAN_LIMIT_MAX`]) entries of `owner` inside `range`, in bytewise order of their
    /// keys, or backwards. A full page may have more behind it: go on with [`KeyRange::after`] or
    /// [`KeyRange::before`] and the last key.
    fn scan(
        &self,
        owner: Bytes,
        range: KeyRange,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Reading<Vec<(Bytes, Entry)>>>;

    /// Up to `limit` (1 to [`SCAN_LIMIT_MAX`]) entries of all owners, from the first after `after`. Owners come
    /// in an order of the backend's own that never changes; each owner's keys come together and sorted. For
    /// rebuilding what is kept in memory, not for requests: it reads everything.
    fn scan_all(&self, after: Option<Key>, limit: usize) -> BoxFuture<'_, Reading<Vec<(Key, Entry)>>>;

    /// Lands `batch` whole and returns once it is durable, or changes nothing.
    ///
    /// Dropping the future after its first poll does not take the batch back: it lands or not by itself.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, CommitError>>;

    /// Returns once everything up to `sequence` is durable, at once when it already is. A reply built on a read
    /// waits here, or a crash could take back what the reply said.
    fn durable(&self, sequence: Sequence) -> BoxFuture<'_, Result<(), StorageError>>;

    /// Everything that is committed from now on, for a copy made meanwhile ([`backup`](crate::backup)); at most
    /// `bytes_max` of it wait in memory. None when the backend cannot tell.
    fn tap(&self, bytes_max: usize) -> Option<Tap> {
        let _ = bytes_max;
        None
    }

    /// Whether it accepts writes. Does not block; what a readiness probe asks.
    fn health(&self) -> Health;

    /// Returns why once the storage fails, and never when it is only closed. The service ends then: after a
    /// failed write nothing but a fresh opening tells what is on disk.
    fn failure(&self) -> BoxFuture<'_, Unavailable>;

    /// Lands everything queued and makes it durable. Later commits answer [`Unavailable::Closed`], reads go on;
    /// closing again is no error. Files are let go when the storage is dropped, which closes it too, blocking.
    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>>;
}

/// Whether a storage accepts writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Reads and writes.
    Serving,
    /// Writes will not come back without reopening, or without room on the disk.
    Refusing(Unavailable),
}

pub(crate) fn check_get(keys: &[Key]) -> Result<(), Invalid> {
    if keys.len() > GET_KEYS_MAX {
        return Err(Invalid::TooManyKeys { count: keys.len() });
    }
    keys.iter().try_for_each(Key::check)
}

pub(crate) fn check_limit(limit: usize) -> Result<(), Invalid> {
    match limit {
        1..=SCAN_LIMIT_MAX => Ok(()),
        _ => Err(Invalid::ScanLimit { limit }),
    }
}
