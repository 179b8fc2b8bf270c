//! Batches: what must hold, and what is then written, all or nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use bytes::Bytes;

use crate::{Invalid, Key, Revision};

/// Largest value in bytes; larger content is chunked by the caller.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// Most expectations and writes in one batch, together.
pub const BATCH_OPERATIONS_MAX: usize = 1024;

/// Most bytes in one batch, see [`Batch::size_bytes`]. Readers wait while a group of batches is applied, so a
/// batch stays within what one group may hold.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// What an operation counts on top of its bytes: many tiny ones take long too.
const OPERATION_BYTES: usize = 128;

/// Expectations and writes that land together or not at all.
///
/// Rules, checked by every backend before anything else ([`Invalid`] names the broken one):
/// - it writes something, and a key once;
/// - only a key that it also puts may be expected absent (a backend cannot lock what is not there);
/// - counters take adds only, never expectations or puts; a delete takes values and counters;
/// - with adds, it also expects a value that it puts or deletes, so that the same batch sent again conflicts
///   instead of adding twice.
///
/// ```
/// use rebound_storage::{Add, Batch, Key};
/// let mut batch = Batch::new();
/// batch
///     .expect_absent(Key::new("c-1", "plan/r-1"))
///     .put(Key::new("c-1", "plan/r-1"), "{}")
///     .add(Key::new("budgets", "spring"), Add::by(500).at_most(100_000));
/// assert!(batch.validate().is_ok());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Sorted, like `writes`: a backend that locks rows takes its locks in one order.
    expects: BTreeMap<Key, Expect>,
    writes: BTreeMap<Key, Write>,
    /// The first broken rule that the maps cannot hold; reported by `validate`.
    misuse: Option<Invalid>,
}

/// What must hold for a key when the batch lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing stands under it.
    Absent,
    /// A value with exactly this revision stands under it.
    Revision(Revision),
}

/// What a batch does to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// The value becomes these bytes.
    Put(Bytes),
    /// Nothing stands under it afterwards, whatever did before.
    Delete,
    /// The counter moves.
    Add(Add),
}

/// A bounded move of a counter. A counter that does not exist yet counts as 0.
///
/// A rise is checked against the ceiling only and a fall against the floor only: giving a budget back must
/// succeed even after its limit was lowered below what is spent. Beyond i128 is beyond the bound, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Add {
    /// By how much; negative to lower.
    pub delta: i128,
    /// The least the counter may fall to, inclusive.
    pub floor: Option<i128>,
    /// The most the counter may rise to, inclusive.
    pub ceiling: Option<i128>,
}

impl Add {
    /// An unbounded move by `delta`.
    pub fn by(delta: i128) -> Self {
        Self { delta, floor: None, ceiling: None }
    }

    /// The same, never falling below `floor`.
    pub fn at_least(self, floor: i128) -> Self {
        Self { floor: Some(floor), ..self }
    }

    /// The same, never rising above `ceiling`.
    pub fn at_most(self, ceiling: i128) -> Self {
        Self { ceiling: Some(ceiling), ..self }
    }

    /// Where `counter` ends up.
    ///
    /// # Errors
    /// The bound it would pass.
    pub fn apply(self, counter: i128) -> Result<i128, i128> {
        let (least, most) = match self.delta {
            ..0 => (self.floor.unwrap_or(i128::MIN), i128::MAX),
            0.. => (i128::MIN, self.ceiling.unwrap_or(i128::MAX)),
        };
        match counter.checked_add(self.delta) {
            _ if self.delta == 0 => Ok(counter),
            Some(moved) if (least..=most).contains(&moved) => Ok(moved),
            _ if self.delta < 0 => Err(least),
            _ => Err(most),
        }
    }
}

impl Batch {
    /// A batch that expects and writes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lands only if nothing stands under `key`, which the batch must also put.
    pub fn expect_absent(&mut self, key: Key) -> &mut Self {
        self.expect(key, Expect::Absent)
    }

    /// Lands only if the value under `key` still is the one read with `revision`.
    pub fn expect_revision(&mut self, key: Key, revision: Revision) -> &mut Self {
        self.expect(key, Expect::Revision(revision))
    }

    /// Replaces the value under `key`, or creates it.
    pub fn put(&mut self, key: Key, bytes: impl Into<Bytes>) -> &mut Self {
        self.write(key, Write::Put(bytes.into()))
    }

    /// Removes what stands under `key`; nothing standing there is no error.
    pub fn delete(&mut self, key: Key) -> &mut Self {
        self.write(key, Write::Delete)
    }

    /// Moves the counter under `key`.
    pub fn add(&mut self, key: Key, add: Add) -> &mut Self {
        self.write(key, Write::Add(add))
    }

    /// What must hold, in key order.
    pub fn expects(&self) -> impl Iterator<Item = (&Key, Expect)> {
        self.expects.iter().map(|(key, expect)| (key, *expect))
    }

    /// What is written, in key order.
    pub fn writes(&self) -> impl Iterator<Item = (&Key, &Write)> {
        self.writes.iter()
    }

    /// Whether nothing is written yet.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Bytes of all keys and values, and 128 more for each operation: what [`BATCH_BYTES_MAX`] and the queue in
    /// front of the committer bound.
    pub fn size_bytes(&self) -> usize {
        let keys = self.expects.keys().chain(self.writes.keys());
        let values = self.writes.values().map(Write::size_bytes);
        keys.map(|key| key.size_bytes() + OPERATION_BYTES).chain(values).sum()
    }

    /// Checks the rules that need no data.
    ///
    /// # Errors
    /// The first broken rule, with the key and the remedy.
    pub fn validate(&self) -> Result<(), Invalid> {
        if let Some(misuse) = &self.misuse {
            return Err(misuse.clone());
        }
        self.check_sizes()?;
        self.check_expects()?;
        self.check_adds()
    }

    fn expect(&mut self, key: Key, expect: Expect) -> &mut Self {
        match self.expects.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(expect);
            }
            Slot::Occupied(slot) if *slot.get() == expect => {}
            Slot::Occupied(slot) => {
                self.misuse.get_or_insert(Invalid::ExpectedTwice { key: slot.key().clone() });
            }
        }
        self
    }

    fn write(&mut self, key: Key, write: Write) -> &mut Self {
        match self.writes.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(write);
            }
            Slot::Occupied(slot) => {
                self.misuse.get_or_insert(Invalid::WrittenTwice { key: slot.key().clone() });
            }
        }
        self
    }

    fn check_sizes(&self) -> Result<(), Invalid> {
        if self.writes.is_empty() {
            return Err(Invalid::WritesNothing);
        }
        let count = self.expects.len() + self.writes.len();
        if count > BATCH_OPERATIONS_MAX {
            return Err(Invalid::TooManyOperations { count });
        }
        for key in self.expects.keys().chain(self.writes.keys()) {
            key.check()?;
        }
        for (key, write) in &self.writes {
            if write.size_bytes() > VALUE_BYTES_MAX {
                return Err(Invalid::ValueTooLarge { key: key.clone(), size: write.size_bytes() });
            }
        }
        match self.size_bytes() {
            size if size > BATCH_BYTES_MAX => Err(Invalid::BatchTooLarge { size }),
            _ => Ok(()),
        }
    }

    fn check_expects(&self) -> Result<(), Invalid> {
        for (key, expect) in &self.expects {
            match (expect, self.writes.get(key)) {
                (_, Some(Write::Add(_))) => return Err(Invalid::CounterExpected { key: key.clone() }),
                (Expect::Absent, Some(Write::Put(_))) | (Expect::Revision(_), _) => {}
                (Expect::Absent, _) => return Err(Invalid::AbsentNotPut { key: key.clone() }),
            }
        }
        Ok(())
    }

    fn check_adds(&self) -> Result<(), Invalid> {
        let added = self.writes.iter().find(|(_, write)| matches!(write, Write::Add(_)));
        let guarded = self.expects.keys().any(|key| self.writes.contains_key(key));
        match added {
            Some((key, _)) if !guarded => Err(Invalid::AddUnguarded { key: key.clone() }),
            _ => Ok(()),
        }
    }
}

impl Write {
    fn size_bytes(&self) -> usize {
        match self {
            Self::Put(bytes) => bytes.len(),
            Self::Delete => 0,
            Self::Add(_) => size_of::<Add>(),
        }
    }
}

#[cfg(test)]
mod tests;
