//! The embedded default: sled 0.34.7, with what it lacks around it. `docs/storage.md` lists the traps.

mod codec;
mod committer;
mod open;
mod reads;
mod restore;
mod room;
mod shared;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;

pub use self::codec::FORMAT;
use self::codec::{encode_all, encode_range};
use self::committer::{Committer, Sync};
use self::reads::Reader;
pub use self::restore::SledRestore;
use self::room::{Probe, RESERVE_BYTES, Room, disk};
use self::shared::Shared;
use crate::key::check_owner;
use crate::storage::{check_get, check_limit};
use crate::{
    Batch, BoxFuture, CommitError, Committed, Direction, Entry, Health, Invalid, Key, KeyRange, OpenError,
    Read, Reading, Sequence, Storage, StorageError, Tap, Unavailable,
};

/// A scan for no more entries than this is made in place, like a get.
const SHORT_SCAN_LIMIT: usize = 64;

/// What an operator may tune.
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// Memory for sled's pages, in bytes; 256 MiB by default, at least 1 MiB is used.
    pub cache_bytes: u64,
    /// Bytes of batches that may wait for the committer before [`CommitError::Overloaded`]; 16 MiB by default,
    /// some 1,000 decisions.
    pub queued_bytes_max: usize,
    /// Bytes that stay free on the disk: with less, commits answer [`Unavailable::Full`] before anything is written. 64 MiB
    /// by default. 0 never refuses.
    pub reserve_bytes: u64,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 256 * 1024 * 1024,
            queued_bytes_max: 16 * 1024 * 1024,
            reserve_bytes: RESERVE_BYTES,
        }
    }
}

/// A [`Storage`] in a directory of its own on a local disk.
///
/// Dropping it closes it and blocks until the committer thread has ended.
pub struct SledStorage {
    reader: Arc<Reader>,
    shared: Arc<Shared>,
    committer: Option<JoinHandle<()>>,
}

impl SledStorage {
    /// Opens or makes the storage in `directory`, and starts its committer thread. Blocks; recovery reads the
    /// tail of the log.
    ///
    /// # Errors
    /// [`OpenError`]: each variant is something else for an operator to do.
    pub fn open(directory: &Path, options: SledOptions) -> Result<Self, OpenError> {
        Self::open_with(directory, options, disk(directory), |data_file| {
            Box::new(move || data_file.sync_data())
        })
    }

    /// As `open`, with the look at the disk and the sync of the data file in the hands of the caller, which a test uses
    /// to fail them.
    fn open_with(
        directory: &Path,
        options: SledOptions,
        probe: Probe,
        sync: impl FnOnce(File) -> Sync,
    ) -> Result<Self, OpenError> {
        let opened = open::open(directory, options.cache_bytes)?;
        let shared = Arc::new(Shared::new(
            opened.last.number(),
            options.queued_bytes_max,
            Room::new(probe, options.reserve_bytes),
        ));
        let committer = Committer {
            tree: opened.tree.clone(),
            sync: sync(opened.data_file),
            shared: Arc::clone(&shared),
            last: opened.last,
        };
        let reader = Reader { tree: opened.tree, shared: Arc::clone(&shared), _lock: opened.lock };
        let committer = thread::Builder::new()
            .name("storage-committer".into())
            .spawn(move || committer.run())
            .map_err(|source| OpenError::Directory { path: directory.to_path_buf(), source })?;
        Ok(Self { reader: Arc::new(reader), shared, committer: Some(committer) })
    }

    /// Runs `read` where it may take long: a page of a thousand entries can be cold, and 64 MiB.
    ///
    /// Gets and short scans do without. sled's reads block, but ten cached keys take 11 us where the hop alone
    /// takes 20 us on an idle machine of two cores, and beside 64 committers the hop halved the rate (12,000 to
    /// 6,500 gets a second). The price: a worker may wait for as long as sled applies a group, which is why
    /// groups are bounded.
    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Reading<T> + Send + 'static,
    ) -> Reading<T> {
        let reader = Arc::clone(&self.reader);
        let read = tokio::task::spawn_blocking(move || read(&reader));
        read.await.map_err(|panicked| StorageError::Read(panicked.into()))?
    }
}

impl Storage for SledStorage {
    fn get(&self, keys: Vec<Key>) -> BoxFuture<'_, Reading<Vec<Option<Entry>>>> {
        Box::pin(async move {
            check_get(&keys)?;
            self.reader.get(&keys)
        })
    }

    fn scan(
        &self,
        owner: Bytes,
        range: KeyRange,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Reading<Vec<(Bytes, Entry)>>> {
        Box::pin(async move {
            check_owner(&owner)?;
            range.check()?;
            check_limit(limit)?;
            if range.is_empty() {
                return Ok(Read { value: Vec::new(), sequence: Sequence::DURABLE });
            }
            let bounds = encode_range(&owner, &range);
            let read = match limit {
                ..=SHORT_SCAN_LIMIT => self.reader.scan(bounds, limit, direction)?,
                _ => self.blocking(move |reader| reader.scan(bounds, limit, direction)).await?,
            };
            let value = read.value.into_iter().map(|(key, entry)| (key.key, entry)).collect();
            Ok(Read { value, sequence: read.sequence })
        })
    }

    fn scan_all(&self, after: Option<Key>, limit: usize) -> BoxFuture<'_, Reading<Vec<(Key, Entry)>>> {
        Box::pin(async move {
            check_limit(limit)?;
            after.as_ref().map_or(Ok(()), Key::check)?;
            let bounds = encode_all(after.as_ref());
            self.blocking(move |reader| reader.scan(bounds, limit, Direction::Forward)).await
        })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            batch.validate()?;
            match self.shared.submit(batch)?.await {
                Ok(answer) => answer,
                // Dropped unanswered: the committer failed with the batch in its hands.
                Err(_) => Err(CommitError::Unknown(self.shared.ended().await)),
            }
        })
    }

    fn durable(&self, sequence: Sequence) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            let wanted = sequence.number();
            if wanted > self.shared.visible() {
                return Err(Invalid::SequenceUnknown { sequence: wanted }.into());
            }
            let progress = self.shared.progress(|p| p.durable >= wanted || p.ended.is_some()).await;
            match progress.ended {
                Some(why) if progress.durable < wanted => Err(why.into()),
                _ => Ok(()),
            }
        })
    }

    fn tap(&self, bytes_max: usize) -> Option<Tap> {
        Some(self.shared.taps.tap(bytes_max, || self.shared.visible()))
    }

    fn health(&self) -> Health {
        match self.shared.stopped() {
            None => self.shared.room.refusing().map_or(Health::Serving, Health::Refusing),
            Some(why) => Health::Refusing(why),
        }
    }

    fn failure(&self) -> BoxFuture<'_, Unavailable> {
        Box::pin(async move {
            match self.shared.ended().await {
                Unavailable::Closed => std::future::pending().await,
                failed => failed,
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.shared.stop(Unavailable::Closed);
            match self.shared.ended().await {
                Unavailable::Closed => Ok(()),
                failed => Err(failed.into()),
            }
        })
    }
}

impl Drop for SledStorage {
    fn drop(&mut self) {
        self.shared.stop(Unavailable::Closed);
        if let Some(committer) = self.committer.take() {
            // A panic of it was reported when it ended, by `Shared::end`.
            let _ = committer.join();
        }
    }
}

#[cfg(test)]
mod tests;
