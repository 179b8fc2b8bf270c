//! An ordered map of bytes with optimistic, atomic, durable batches; sled behind it.
//!
//! Start with [`Storage`] and [`Batch`]; `docs/storage.md` has the byte layout and the traps. What this crate
//! leaves out: meaning. It knows no customer, plan or coupon, only owners, keys, values and counters; and
//! nothing outside it knows sled.

pub mod backup;
mod batch;
mod entry;
mod error;
mod group;
mod key;
mod memory;
mod sled;
mod storage;
mod tap;
#[cfg(feature = "testing")]
pub mod testing;

pub use batch::{Add, BATCH_BYTES_MAX, BATCH_OPERATIONS_MAX, Batch, Expect, VALUE_BYTES_MAX, Write};
pub use bytes::Bytes;
pub use entry::{Committed, Entry, Read, Revision, Sequence};
pub use error::{Cause, CommitError, Invalid, OpenError, StorageError, Unavailable};
pub use key::{Direction, KEY_BYTES_MAX, Key, KeyRange, OWNER_BYTES_MAX};
pub use memory::MemoryStorage;
pub use sled::{FORMAT, SledOptions, SledRestore, SledStorage};
pub use storage::{BoxFuture, GET_KEYS_MAX, Health, Reading, SCAN_LIMIT_MAX, Storage};
pub use tap::{Change, Drained, Overrun, Tap};
