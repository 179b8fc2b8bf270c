//! What a read finds and what a commit answers with.

use bytes::Bytes;

/// Which write of a key a value is. Greater is later; never used again, even after a delete and a reopening.
///
/// All values that one batch puts share its revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The revision numbered `number`, as kept in an ETag or a cursor.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number, to be shown as an ETag.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// How far the storage must be durable for a reply to be safe. Means nothing to another process or storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(u64);

impl Sequence {
    /// Durable already: what a backend without a window between visible and durable hands out.
    pub const DURABLE: Self = Self(0);

    /// For backends only: the sequence of a commit.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// For backends only: its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// What stands under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Bytes, replaced whole and guarded by their revision.
    Value {
        /// Which write of the key this is; what `expect_revision` compares.
        revision: Revision,
        /// At most [`VALUE_BYTES_MAX`](crate::VALUE_BYTES_MAX).
        bytes: Bytes,
    },
    /// A number that only bounded adds change; adds of concurrent batches commute.
    Counter(i128),
}

impl Entry {
    /// The bytes of a value; none for a counter.
    pub fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Value { bytes, .. } => Some(bytes),
            Self::Counter(_) => None,
        }
    }

    /// The revision of a value; none for a counter.
    pub fn revision(&self) -> Option<Revision> {
        match self {
            Self::Value { revision, .. } => Some(*revision),
            Self::Counter(_) => None,
        }
    }

    /// The number of a counter; none for a value.
    pub fn counter(&self) -> Option<i128> {
        match self {
            Self::Value { .. } => None,
            Self::Counter(number) => Some(*number),
        }
    }
}

/// What was read, and what must be durable before a reply built on it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// What was found.
    pub value: T,
    /// Wait for this with [`Storage::durable`](crate::Storage::durable). A reply that follows a commit made
    /// after the read needs no wait of its own: that commit is durable, and so is everything before it.
    pub sequence: Sequence,
}

/// A batch that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The revision of everything the batch put.
    pub revision: Revision,
    /// Already durable; greater than that of every commit before it.
    pub sequence: Sequence,
}
