//! Keys: an owner, which is what a sharded backend shards by, and a key in that owner's ordered map.

use std::fmt;
use std::ops::Bound;

use bytes::Bytes;

use crate::Invalid;

/// Longest owner in bytes; an owner has at least one byte. The sled encoding holds the size in one byte, which
/// must stay below 0xFE.
pub const OWNER_BYTES_MAX: usize = 128;

/// Longest key in bytes. Well under the 2,704 bytes that a PostgreSQL B-tree entry may have.
pub const KEY_BYTES_MAX: usize = 1024;

/// Where an entry lives. Keys of one owner are ordered bytewise; the order between owners is the backend's.
///
/// Lengths are checked where a key is used, so that building one cannot fail.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Whose entry it is: a customer, or a bucket of timers or control data. 1 to [`OWNER_BYTES_MAX`] bytes.
    pub owner: Bytes,
    /// Which of the owner's entries. 0 to [`KEY_BYTES_MAX`] bytes.
    pub key: Bytes,
}

impl Key {
    /// The entry `key` of `owner`.
    pub fn new(owner: impl Into<Bytes>, key: impl Into<Bytes>) -> Self {
        Self { owner: owner.into(), key: key.into() }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        check_owner(&self.owner)?;
        check_key_part(&self.key)
    }

    pub(crate) fn size_bytes(&self) -> usize {
        self.owner.len() + self.key.len()
    }
}

/// `owner/key`, printable bytes as they are and the others escaped, so that an error names its key readably.
impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner.escape_ascii(), self.key.escape_ascii())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({self})")
    }
}

/// A stretch of one owner's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// Where it begins.
    pub start: Bound<Bytes>,
    /// Where it ends.
    pub end: Bound<Bytes>,
}

impl KeyRange {
    /// Every key of the owner.
    pub fn all() -> Self {
        Self { start: Bound::Unbounded, end: Bound::Unbounded }
    }

    /// Keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Bytes>) -> Self {
        let prefix = prefix.into();
        let end = match successor(&prefix) {
            Some(end) => Bound::Excluded(end),
            None => Bound::Unbounded,
        };
        Self { start: Bound::Included(prefix), end }
    }

    /// Keys in `[start, end)`; none when `end` is not after `start`.
    pub fn between(start: impl Into<Bytes>, end: impl Into<Bytes>) -> Self {
        Self { start: Bound::Included(start.into()), end: Bound::Excluded(end.into()) }
    }

    /// The rest of this range after `key`: the next page of a forward scan that ended with `key`.
    pub fn after(self, key: impl Into<Bytes>) -> Self {
        Self { start: Bound::Excluded(key.into()), ..self }
    }

    /// The rest of this range before `key`: the next page of a backward scan that ended with `key`.
    pub fn before(self, key: impl Into<Bytes>) -> Self {
        Self { end: Bound::Excluded(key.into()), ..self }
    }

    /// Whether no key can lie inside. Ordered maps panic on such bounds, so every backend asks first.
    pub(crate) fn is_empty(&self) -> bool {
        match (&self.start, &self.end) {
            (Bound::Unbounded, Bound::Excluded(end)) => end.is_empty(),
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
            (Bound::Included(start), Bound::Included(end)) => start > end,
            (
                Bound::Included(start) | Bound::Excluded(start),
                Bound::Included(end) | Bound::Excluded(end),
            ) => start >= end,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        for bound in [&self.start, &self.end] {
            if let Bound::Included(key) | Bound::Excluded(key) = bound {
                check_key_part(key)?;
            }
        }
        Ok(())
    }
}

/// Which end of a range a scan begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Forward,
    /// Greatest key first.
    Backward,
}

pub(crate) fn check_owner(owner: &Bytes) -> Result<(), Invalid> {
    match owner.len() {
        0 => Err(Invalid::OwnerEmpty),
        size if size > OWNER_BYTES_MAX => Err(Invalid::OwnerTooLong { size }),
        _ => Ok(()),
    }
}

fn check_key_part(key: &Bytes) -> Result<(), Invalid> {
    match key.len() {
        size if size > KEY_BYTES_MAX => Err(Invalid::KeyTooLong { size }),
        _ => Ok(()),
    }
}

/// The smallest byte string greater than every one that begins with `prefix`.
fn successor(prefix: &[u8]) -> Option<Bytes> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_byte_string() {
        let end = |prefix: &'static [u8]| KeyRange::prefix(prefix).end;
        assert_eq!(end(b"ab"), Bound::Excluded(Bytes::from_static(b"ac")));
        assert_eq!(end(b"a\xff\xff"), Bound::Excluded(Bytes::from_static(b"b")));
        assert_eq!(end(b"\xff\xff"), Bound::Unbounded);
        assert_eq!(end(b""), Bound::Unbounded);
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_empty() {
        assert!(KeyRange::between("b", "a").is_empty());
        assert!(KeyRange::between("a", "a").is_empty());
        assert!(KeyRange::prefix("a").after("b").is_empty());
        assert!(KeyRange::all().before("").is_empty());
        assert!(!KeyRange::between("a", "b").is_empty());
        assert!(
            !KeyRange { start: Bound::Included("a".into()), end: Bound::Included("a".into()) }.is_empty()
        );
    }

    #[test]
    fn a_key_is_shown_with_unprintable_bytes_escaped() {
        assert_eq!(Key::new("c-1", &b"plan\x00\xff"[..]).to_string(), "c-1/plan\\x00\\xff");
    }
}
