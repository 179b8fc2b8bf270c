//! Reads from sled's tree, and what must be durable before a reply may be built on them.

use std::fs::File;
use std::ops::Bound;
use std::sync::Arc;

use ::sled::{Db, IVec};

use super::codec::{decode_entry, decode_key, encode_key};
use super::shared::Shared;
use crate::{Direction, Entry, Key, Read, Reading, Sequence, StorageError};

/// The open files and how far they are; kept by whatever reads, so that the lock outlives sled's last handle.
pub(super) struct Reader {
    pub(super) tree: Db,
    pub(super) shared: Arc<Shared>,
    /// Declared last: fields are dropped in order.
    pub(super) _lock: File,
}

impl Reader {
    pub(super) fn get(&self, keys: &[Key]) -> Reading<Vec<Option<Entry>>> {
        let mut seen = Sequence::DURABLE;
        let mut entry = |key: &Key| {
            let encoded_key = encode_key(key);
            match self.tree.get(&encoded_key).map_err(unreadable)? {
                Some(encoded) => {
                    let (entry, revision) = decode_entry(&encoded_key, &encoded)?;
                    seen = seen.max(Sequence::new(revision.number()));
                    Ok(Some(entry))
                }
                None => Ok(None),
            }
        };
        let entries = keys.iter().map(&mut entry).collect::<Result<_, StorageError>>()?;
        Ok(self.reading(entries, seen))
    }

    pub(super) fn scan(
        &self,
        bounds: (Bound<Vec<u8>>, Bound<Vec<u8>>),
        limit: usize,
        direction: Direction,
    ) -> Reading<Vec<(Key, Entry)>> {
        let mut seen = Sequence::DURABLE;
        let mut pair = |found: ::sled::Result<(IVec, IVec)>| {
            let (key, encoded) = found.map_err(unreadable)?;
            let (entry, revision) = decode_entry(&key, &encoded)?;
            seen = seen.max(Sequence::new(revision.number()));
            Ok((decode_key(&key)?, entry))
        };
        let range = self.tree.range(bounds);
        let entries = match direction {
            Direction::Forward => range.take(limit).map(&mut pair).collect::<Result<_, StorageError>>(),
            Direction::Backward => range.rev().take(limit).map(&mut pair).collect(),
        }?;
        Ok(self.reading(entries, seen))
    }

    /// What was found rests on the batches that wrote it, up to `seen`; what was not, on those that deleted.
    fn reading<T>(&self, value: T, seen: Sequence) -> Read<T> {
        Read { value, sequence: seen.max(self.shared.deleted()) }
    }
}

fn unreadable(error: ::sled::Error) -> StorageError {
    StorageError::Read(error.into())
}
