//! Filling a new directory from a backup.

use std::path::{Path, PathBuf};

use ::sled::Db;

use super::codec::{LAST_KEY, encode_key, encode_outcome};
use super::open;
use super::room::{Probe, RESERVE_BYTES, Space, disk};
use crate::group::Outcome;
use crate::tap::Change;
use crate::{Entry, OpenError, Revision};

/// A storage that is being filled. It is none before [`finish`](SledRestore::finish): until then nothing is synced.
pub struct SledRestore {
    opened: open::Opened,
    path: PathBuf,
    probe: Probe,
}

impl SledRestore {
    /// Makes a storage in `directory`, which must not hold one.
    ///
    /// # Errors
    /// [`OpenError::NotEmpty`] when there are entries; else as for an opening.
    pub fn create(directory: &Path, cache_bytes: u64) -> Result<Self, OpenError> {
        Self::create_with(directory, cache_bytes, disk(directory))
    }

    /// As `create`, with the look at the disk in the hands of the caller, which a test uses to fill it.
    pub(super) fn create_with(directory: &Path, cache_bytes: u64, probe: Probe) -> Result<Self, OpenError> {
        let path = directory.to_path_buf();
        let opened = open::open(directory, cache_bytes)?;
        // One key is the format's.
        if opened.last > Revision::new(0) || opened.tree.len() > 1 {
            return Err(OpenError::NotEmpty { path });
        }
        Ok(Self { opened, path, probe })
    }

    /// Applies changes in order; revisions are kept as they are.
    ///
    /// # Errors
    /// [`OpenError::Full`] before anything of `changes` is written; [`OpenError::Backend`].
    pub fn apply(&mut self, changes: &[Change]) -> Result<(), OpenError> {
        self.check_room()?;
        let mut batch = ::sled::Batch::default();
        for (key, entry) in changes {
            let outcome = match entry {
                None => Outcome::Absent,
                Some(Entry::Value { revision, bytes }) => {
                    Outcome::Value { revision: *revision, bytes: bytes.clone() }
                }
                // A counter's revision says which commit must be durable before it is shown; all of these are.
                Some(Entry::Counter(number)) => {
                    Outcome::Counter { revision: Revision::new(0), number: *number }
                }
            };
            match encode_outcome(&outcome) {
                Some(encoded) => batch.insert(encode_key(key), encoded),
                None => batch.remove(encode_key(key)),
            }
        }
        self.tree().apply_batch(batch).map_err(open::backend(&self.path))
    }

    /// Makes everything durable; revisions go on after `last`.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot be.
    pub fn finish(self, last: Revision) -> Result<(), OpenError> {
        let backend = open::backend(&self.path);
        self.tree().insert(LAST_KEY, &last.number().to_be_bytes()).map_err(&backend)?;
        self.tree().flush().map_err(&backend)?;
        open::sync_directory(&self.path)
            .map_err(|source| OpenError::Directory { path: self.path.clone(), source })
    }

    /// A look that fails says nothing of the disk; the write itself will.
    fn check_room(&self) -> Result<(), OpenError> {
        match (self.probe)() {
            Ok(Space { free_bytes, .. }) if free_bytes < RESERVE_BYTES => {
                Err(OpenError::Full { path: self.path.clone(), free_bytes, reserve_bytes: RESERVE_BYTES })
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn tree(&self) -> &Db {
        &self.opened.tree
    }
}
