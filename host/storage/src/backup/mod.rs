//! One file that holds a storage as it stood at one moment, made while the storage is written to.
//!
//! A scan of everything is no snapshot, so a [`Tap`](crate::Tap) runs beside it: the file has what the scan found and,
//! in the order they were made, the changes of every commit made meanwhile. Whoever reads it applies one after the other
//! and ends with the state after the last of those commits. [`write()`] makes one, [`BackupReader`] reads one, and
//! `docs/backup.md` has its bytes.

mod file;
mod read;
mod write;

pub use file::{FILE_FORMAT, Header, Totals};
pub use read::{BackupReader, Piece, ReadError};
pub use write::{BackupError, JOURNAL_BYTES_MAX, write};
