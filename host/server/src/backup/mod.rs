//! `rebound backup` and `rebound restore`: a service's storage as one file, and a data directory from one.

mod make;
mod restore;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rebound_storage::OpenError;
use rebound_storage::backup::ReadError;

use crate::exit::Exit;

pub(crate) use self::make::Backup;
pub(crate) use self::restore::Restore;

/// Why there is no backup, or nothing restored from it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupFault {
    /// The file is not whole, damaged, or of another version.
    #[error("{} cannot be restored from", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: ReadError,
    },
    /// A backup never replaces a file.
    #[error("{} exists, and a backup replaces no file; name another one, or move it away", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// What the service sends is no backup, or ends early.
    #[error("no backup was made, and {} does not exist", path.display())]
    Received {
        /// What was to be made.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ReadError,
    },
    /// The new storage.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Erasures since the backup would be taken back.
    #[error("{} is missing: it lists who was erased since the backup; copy it beside customer.keys, or make an empty file of that name if nobody was", path.display())]
    NoErasures {
        /// Which.
        path: PathBuf,
    },
    /// It is damaged.
    #[error("{} cannot be read", path.display())]
    Erasures {
        /// Which.
        path: PathBuf,
        /// Where.
        #[source]
        source: io::Error,
    },
    /// The key is another one.
    #[error("{} is not the key that the backup's records are sealed with; nothing in it would open: name the directory that holds the right one with --keys", path.display())]
    OtherKey {
        /// Which.
        path: PathBuf,
    },
    /// The slots are older than the backup.
    #[error("{} is older than the backup: it holds {found} slots, and the backup's customers need {needed}; name a newer copy with --keys", path.display())]
    SlotsOlder {
        /// Which.
        path: PathBuf,
        /// Slots it holds.
        found: u64,
        /// Slots it should hold at least.
        needed: u64,
    },
}

impl BackupFault {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            BackupFault::Received { .. } => Exit::Unreachable,
            BackupFault::Read { source: ReadError::TooNew { .. }, .. } => Exit::Newer,
            BackupFault::Open(OpenError::AlreadyOpen { .. }) => Exit::Locked,
            BackupFault::Open(OpenError::Full { .. }) => Exit::Full,
            BackupFault::Open(_) => Exit::Data,
            BackupFault::Read { .. }
            | BackupFault::Exists { .. }
            | BackupFault::NoErasures { .. }
            | BackupFault::Erasures { .. }
            | BackupFault::OtherKey { .. }
            | BackupFault::SlotsOlder { .. } => Exit::Usage,
        }
    }
}

/// Makes what a folder lists durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// Bytes and seconds as people read them.
fn rate(bytes: u64, seconds: f64) -> String {
    let mib = |bytes: f64| bytes / (1024.0 * 1024.0);
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit after the point")]
    let bytes = bytes as f64;
    format!("{:.1} MiB in {seconds:.1} s, {:.1} MiB/s", mib(bytes), mib(bytes / seconds.max(0.001)))
}
