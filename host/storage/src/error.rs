//! What can go wrong, by what a caller can do about it.

use std::path::PathBuf;

use crate::{
    BATCH_BYTES_MAX, BATCH_OPERATIONS_MAX, GET_KEYS_MAX, KEY_BYTES_MAX, Key, OWNER_BYTES_MAX, SCAN_LIMIT_MAX,
    VALUE_BYTES_MAX,
};

/// What a backend's own library reported.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A read that could not be answered, or something read that will not become durable.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The caller broke a rule; the same call fails again.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Closed, or failed and refusing; a restart of the service is the remedy.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The backend failed to read.
    #[error("storage cannot be read; look at the disk, then restart the service")]
    Read(#[source] Cause),
    /// Bytes stand in the storage that no version of this code wrote.
    #[error("entry {key} cannot be decoded ({why}); restore the data directory from a backup")]
    Corrupt {
        /// Which entry, escaped.
        key: String,
        /// What about it.
        why: &'static str,
    },
}

/// A batch that did not land, except for [`CommitError::Unknown`].
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An expectation does not hold: read again, decide again.
    #[error("{key} was changed by someone else; read it again and retry")]
    Conflict {
        /// The first key, in key order, that is not as expected.
        key: Key,
    },
    /// A counter would pass its bound: decide without it.
    #[error("counter {key} stands at {counter} and cannot move by {delta} past {bound}")]
    BoundExceeded {
        /// The first counter, in key order, whose bound is in the way.
        key: Key,
        /// Where it stands.
        counter: i128,
        /// The move that was asked for.
        delta: i128,
        /// The floor or ceiling in the way; the end of i128 when none was given.
        bound: i128,
    },
    /// The queue in front of the committer is full: answer 503, retry after a moment. Nothing was written.
    #[error(
        "{queued_bytes} bytes wait to be committed, at most {queued_bytes_max} may; retry after a moment or slow down"
    )]
    Overloaded {
        /// Bytes waiting when the batch came.
        queued_bytes: usize,
        /// The configured bound.
        queued_bytes_max: usize,
    },
    /// The caller broke a rule; the same batch fails again.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// What the batch depends on cannot be read. Nothing was written.
    #[error(transparent)]
    Unreadable(#[from] StorageError),
    /// Nothing was written; a restart of the service is the remedy.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The storage failed while committing: the batch may or may not be found later. Read again before doing
    /// anything; never send it again blindly.
    #[error("the batch may or may not have been written ({0}); read again before retrying")]
    Unknown(Unavailable),
}

/// Why a storage refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It was closed in an orderly way.
    #[error("storage is closed; the service is shutting down")]
    Closed,
    /// A write failed, and nothing written after that could be trusted.
    #[error("storage failed and refuses writes until it is reopened: {reason}")]
    Failed {
        /// What failed, for the operator's log.
        reason: String,
    },
    /// The disk has less room than is kept free. Nothing was written, and it passes: see
    /// [`SledOptions::reserve_bytes`](crate::SledOptions::reserve_bytes).
    #[error(
        "the disk of the storage has {free_bytes} bytes free, under the {reserve_bytes} that stay in reserve; free some space, commits are then taken again"
    )]
    Full {
        /// What is free.
        free_bytes: u64,
        /// What stays free.
        reserve_bytes: u64,
    },
    /// The file system takes no writes. Nothing was written, and it passes.
    #[error("the disk of the storage is read-only; make it writable, commits are then taken again")]
    ReadOnly,
}

/// A broken rule of a call: a mistake of the caller, whatever the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// See [`OWNER_BYTES_MAX`].
    #[error("a key's owner is empty; name whose entry it is")]
    OwnerEmpty,
    /// See [`OWNER_BYTES_MAX`].
    #[error("a key's owner has {size} bytes, over {OWNER_BYTES_MAX}; use a digest of it")]
    OwnerTooLong {
        /// Bytes it has.
        size: usize,
    },
    /// See [`KEY_BYTES_MAX`].
    #[error("a key has {size} bytes, over {KEY_BYTES_MAX}; use a digest of it")]
    KeyTooLong {
        /// Bytes it has.
        size: usize,
    },
    /// See [`VALUE_BYTES_MAX`].
    #[error("the value of {key} has {size} bytes, over {VALUE_BYTES_MAX}; chunk it")]
    ValueTooLarge {
        /// Whose value.
        key: Key,
        /// Bytes it has.
        size: usize,
    },
    /// See [`BATCH_BYTES_MAX`].
    #[error("the batch has {size} bytes, over {BATCH_BYTES_MAX}; split it")]
    BatchTooLarge {
        /// Bytes it has.
        size: usize,
    },
    /// See [`BATCH_OPERATIONS_MAX`].
    #[error("the batch has {count} operations, over {BATCH_OPERATIONS_MAX}; split it")]
    TooManyOperations {
        /// Operations it has.
        count: usize,
    },
    /// A batch without puts, deletes or adds.
    #[error("the batch writes nothing; use a read instead")]
    WritesNothing,
    /// Two writes of one key in one batch.
    #[error("the batch writes {key} twice; merge the two writes")]
    WrittenTwice {
        /// The key.
        key: Key,
    },
    /// Two expectations of one key that cannot both hold.
    #[error("the batch expects two different things of {key}; keep one")]
    ExpectedTwice {
        /// The key.
        key: Key,
    },
    /// An expected absence without a put of that key.
    #[error("the batch expects {key} to be absent without putting it; put it too")]
    AbsentNotPut {
        /// The key.
        key: Key,
    },
    /// An expectation of a key that the batch adds to.
    #[error("the batch expects something of counter {key}; bound the add instead")]
    CounterExpected {
        /// The key.
        key: Key,
    },
    /// An add without an expectation that makes a second sending conflict.
    #[error(
        "the batch adds to {key} and expects nothing that it also puts or deletes; it would add twice when retried"
    )]
    AddUnguarded {
        /// The first added key.
        key: Key,
    },
    /// A put or an expected revision where a counter stands, or an add where a value stands.
    #[error(
        "{key} does not hold the kind of entry the batch takes it for; counters take adds, values take puts"
    )]
    WrongKind {
        /// The key.
        key: Key,
    },
    /// See [`GET_KEYS_MAX`].
    #[error("{count} keys are asked for at once, over {GET_KEYS_MAX}; ask in parts")]
    TooManyKeys {
        /// Keys asked for.
        count: usize,
    },
    /// See [`SCAN_LIMIT_MAX`].
    #[error("a scan asks for {limit} entries; ask for 1 to {SCAN_LIMIT_MAX} and page on")]
    ScanLimit {
        /// Entries asked for.
        limit: usize,
    },
    /// Waiting for a sequence that this storage never handed out would never end.
    #[error("sequence {sequence} is not from this storage; wait for what its own reads hand out")]
    SequenceUnknown {
        /// Its number.
        sequence: u64,
    },
}

/// A storage that could not be opened. No entry was changed in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another handle in this one, has it open.
    #[error("{path} is open in another process; stop that one, or choose another --data directory")]
    AlreadyOpen {
        /// The storage's directory.
        path: PathBuf,
    },
    /// Written by a newer version of this program.
    #[error(
        "{path} has format {found}, and this program knows up to {known}; start the newer program that wrote it"
    )]
    FormatTooNew {
        /// The storage's directory.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// It holds entries, and a backup would overwrite them.
    #[error("{path} holds entries; restore into an empty or a new directory")]
    NotEmpty {
        /// The storage's directory.
        path: PathBuf,
    },
    /// It is a sled database, but not one of ours.
    #[error("{path} holds a database that is not Rebound's; choose another --data directory")]
    NotOurs {
        /// The storage's directory.
        path: PathBuf,
    },
    /// A directory or file that cannot be made, opened, locked or synced.
    #[error("{path} cannot be used for storage; check that it is a writable directory on a local disk")]
    Directory {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Its disk has no room left while it is filled.
    #[error(
        "the disk of {path} has {free_bytes} bytes free, and {reserve_bytes} must stay free; make room and run the command again"
    )]
    Full {
        /// The storage's directory.
        path: PathBuf,
        /// Bytes that are free.
        free_bytes: u64,
        /// Bytes that stay free.
        reserve_bytes: u64,
    },
    /// The backend refused.
    #[error("the database in {path} cannot be opened; restore it from a backup if the disk is sound")]
    Backend {
        /// The storage's directory.
        path: PathBuf,
        /// What the backend said.
        #[source]
        source: Cause,
    },
}
