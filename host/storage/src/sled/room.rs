//! Room on the disk, asked for before a group is written.
//!
//! A write that fails half-way ends the storage for good, because after a failed sync nobody knows what is on disk. So a
//! disk that is nearly full, or has become read-only, is found before anything is written, and that passes: nothing has
//! happened, reads go on, and the next commit finds out whether there is room again.

use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::Unavailable;

/// Bytes that stay free unless an operator says otherwise: sled writes in segments of 8 MiB, and moves some of them while it
/// cleans up.
pub(super) const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// How the disk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) free_bytes: u64,
    pub(super) is_read_only: bool,
}

/// Looks at the disk.
pub(super) type Probe = Box<dyn Fn() -> io::Result<Space> + Send + Sync>;

/// Whether there is room, as it was found last.
pub(super) struct Room {
    probe: Probe,
    reserve_bytes: u64,
    refusing: Mutex<Option<Unavailable>>,
}

impl Room {
    pub(super) fn new(probe: Probe, reserve_bytes: u64) -> Self {
        Self { probe, reserve_bytes, refusing: Mutex::default() }
    }

    /// Looks whether a group may be written.
    pub(super) fn check(&self) -> Result<(), Unavailable> {
        let found = match (self.probe)() {
            Ok(Space { is_read_only: true, .. }) => Some(Unavailable::ReadOnly),
            Ok(Space { free_bytes, .. }) if free_bytes < self.reserve_bytes => {
                Some(Unavailable::Full { free_bytes, reserve_bytes: self.reserve_bytes })
            }
            // A look that fails says nothing of the disk; the write itself will.
            Ok(_) | Err(_) => None,
        };
        let mut refusing = self.refusing.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*refusing, &found) {
            (None, Some(why)) => tracing::error!(%why, "commits are refused until there is room"),
            (Some(_), None) => tracing::info!("there is room again, commits are taken"),
            _ => {}
        }
        refusing.clone_from(&found);
        drop(refusing);
        found.map_or(Ok(()), Err)
    }

    /// Why commits are refused, when they are. Looks again then, so that readiness returns without a commit.
    pub(super) fn refusing(&self) -> Option<Unavailable> {
        let refuses = self.refusing.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if refuses { self.check().err() } else { None }
    }
}

/// The disk that `directory` lies on.
pub(super) fn disk(directory: &Path) -> Probe {
    let directory = directory.to_path_buf();
    Box::new(move || {
        let disk = rustix::fs::statvfs(&directory)?;
        Ok(Space {
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            is_read_only: disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        })
    })
}
