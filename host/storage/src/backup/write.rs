//! Making a backup of a storage that goes on being written to.

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::file::{
    FRAME_BYTES, HEADER, Header, JOURNAL, MAGIC, SCANNED, Sum, TRAILER, Totals, encode_change,
};
use crate::{Entry, Key, Overrun, Sequence, Storage, StorageError, Unavailable};

/// Changes that may wait in memory while the file is written elsewhere: at 1 KiB each, a minute of 4,000 changes a second
/// in which the receiver takes nothing.
pub const JOURNAL_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Entries that are read at a time: small, so that changes are taken out of memory often.
const PAGE: usize = 256;

/// Why there is no backup. What was written of it passes for none: it has no trailer.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The storage cannot be read, or failed meanwhile.
    #[error("the storage cannot be copied")]
    Storage(#[from] StorageError),
    /// The receiver is too slow for what is written meanwhile.
    #[error(transparent)]
    Overrun(#[from] Overrun),
    /// This backend has no taps; back it up with its own tools.
    #[error("this storage cannot be copied while it is written to; use the backup of its database")]
    Unsupported,
    /// Whoever took the file has gone.
    #[error("the receiver of the backup has gone")]
    Gone,
}

/// Sends a backup of `storage` in pieces: the header, what a scan finds, and every change made
/// meanwhile. It holds the state after the last of those changes, and everything in it is durable.
///
/// At most [`JOURNAL_BYTES_MAX`] and a few MiB are held in memory. Commits never wait for it.
///
/// # Errors
/// [`BackupError`]; the pieces sent so far are then no backup.
pub async fn write<E>(
    storage: &dyn Storage,
    header: &Header,
    to: &Sender<Result<Bytes, E>>,
) -> Result<Totals, BackupError> {
    write_bounded(storage, header, to, JOURNAL_BYTES_MAX).await
}

async fn write_bounded<E>(
    storage: &dyn Storage,
    header: &Header,
    to: &Sender<Result<Bytes, E>>,
    journal_bytes_max: usize,
) -> Result<Totals, BackupError> {
    // Before the first read: whatever the scan misses is a change that the tap has.
    let tap = storage.tap(journal_bytes_max).ok_or(BackupError::Unsupported)?;
    let mut file = File { sum: Sum::new(), to };
    let mut totals = Totals { last: tap.start().number(), ..Totals::default() };
    file.send(MAGIC.to_vec()).await?;
    file.frame(HEADER, &header.encode()).await?;
    let mut seen = Sequence::DURABLE;
    let mut after: Option<Key> = None;
    loop {
        let page = storage.scan_all(after.take(), PAGE).await?;
        seen = seen.max(page.sequence);
        let is_last = page.value.len() < PAGE;
        after = page.value.last().map(|(key, _)| key.clone());
        totals.scanned += count(&page.value);
        file.changes(SCANNED, page.value.iter().map(|(key, entry)| (key, Some(entry)))).await?;
        // After the page, never before it: a change must not be followed by what stood there earlier.
        journal(&tap, &mut file, &mut totals).await?;
        if is_last {
            break;
        }
    }
    // What the scan saw may come from commits that are not in the journal yet: part of one would be none.
    storage.durable(seen).await?;
    journal(&tap, &mut file, &mut totals).await?;
    if let crate::Health::Refusing(why @ Unavailable::Failed { .. }) = storage.health() {
        return Err(StorageError::Unavailable(why).into());
    }
    file.frame(TRAILER, &totals.encode()).await?;
    let whole = file.sum.whole();
    file.send(whole.to_vec()).await?;
    Ok(totals)
}

async fn journal<E>(
    tap: &crate::Tap,
    file: &mut File<'_, E>,
    totals: &mut Totals,
) -> Result<(), BackupError> {
    let drained = tap.drain()?;
    totals.journal += count(&drained.changes);
    totals.last = drained.last.map_or(totals.last, |last| totals.last.max(last.number()));
    file.changes(JOURNAL, drained.changes.iter().map(|(key, entry)| (key, entry.as_ref()))).await
}

fn count<T>(entries: &[T]) -> u64 {
    u64::try_from(entries.len()).expect("a count fits 64 bits")
}

/// What was sent so far.
struct File<'a, E> {
    sum: Sum,
    to: &'a Sender<Result<Bytes, E>>,
}

impl<E> File<'_, E> {
    async fn changes<'a>(
        &mut self,
        tag: u8,
        changes: impl Iterator<Item = (&'a Key, Option<&'a Entry>)>,
    ) -> Result<(), BackupError> {
        let mut payload = Vec::new();
        for (key, entry) in changes {
            encode_change(&mut payload, key, entry);
            if payload.len() >= FRAME_BYTES {
                self.frame(tag, &payload).await?;
                payload.clear();
            }
        }
        if payload.is_empty() { Ok(()) } else { self.frame(tag, &payload).await }
    }

    async fn frame(&mut self, tag: u8, payload: &[u8]) -> Result<(), BackupError> {
        let size = u32::try_from(payload.len()).expect("a frame is closed long before");
        self.send([&[tag][..], &size.to_be_bytes(), payload].concat()).await?;
        let check = self.sum.check();
        self.send(check.to_vec()).await
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), BackupError> {
        self.sum.update(&bytes);
        self.to.send(Ok(bytes.into())).await.map_err(|_| BackupError::Gone)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Batch, MemoryStorage};

    #[tokio::test]
    async fn a_receiver_that_is_too_slow_ends_the_backup_and_not_the_commits() {
        let storage = Arc::new(MemoryStorage::new());
        let (to, mut from) = tokio::sync::mpsc::channel::<Result<Bytes, ()>>(1);
        let header = Header {
            file_format: 1,
            storage_format: 1,
            created_at_ms: 0,
            key_mark: [0; 8],
            host_version: String::new(),
        };
        let copied = Arc::clone(&storage);
        let backup = tokio::spawn(async move { write_bounded(&*copied, &header, &to, 1000).await });
        // The first piece is there, so the tap is; nothing more is taken meanwhile.
        from.recv().await.unwrap().unwrap();
        for number in 0..9 {
            let mut batch = Batch::new();
            batch.put(Key::new("a", number.to_string()), vec![0; 200]);
            storage.commit(batch).await.unwrap();
        }
        while from.recv().await.is_some() {}
        let error = backup.await.unwrap().unwrap_err();
        assert!(matches!(error, BackupError::Overrun(Overrun { bytes_max: 1000 })), "{error}");
    }
}
