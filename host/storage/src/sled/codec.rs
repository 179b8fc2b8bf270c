//! Bytes in sled's tree. The layout is described in `docs/storage.md`; change one only with the other and with
//! [`FORMAT`].

use std::ops::Bound;

use bytes::Bytes;

use crate::group::{Outcome, State};
use crate::{Entry, Key, KeyRange, Revision, StorageError};

/// Version of the layout below and of sled's own settings.
pub const FORMAT: u32 = 1;

/// Holds the format, a big-endian u32. No owner is empty, so nothing else begins with a zero byte.
pub(super) const FORMAT_KEY: &[u8] = b"\0format";

/// Holds the greatest revision ever given out, a big-endian u64.
pub(super) const LAST_KEY: &[u8] = b"\0last";

const VALUE_TAG: u8 = 1;
const COUNTER_TAG: u8 = 2;
const HEADER_BYTES: usize = 9;

/// The first of two bytes that stand for one.
const ESCAPE: u8 = 0xFE;

/// Owner size, owner, key. The order of an owner's keys is kept.
pub(super) fn encode_key(key: &Key) -> Vec<u8> {
    let mut encoded = encode_owner(&key.owner);
    escape_into(&mut encoded, &key.key);
    encoded
}

/// An encoded key is made by [`encode_key`] or stands in no tree of ours.
pub(super) fn decode_key(encoded: &[u8]) -> Result<Key, StorageError> {
    let corrupt = || corrupt(encoded, "its key is not escaped as it should be");
    let (&owner_size, escaped) = encoded.split_first().ok_or_else(corrupt)?;
    let plain = unescape(escaped).ok_or_else(corrupt)?;
    let owner_size = usize::from(owner_size);
    if plain.len() < owner_size {
        return Err(corrupt());
    }
    let plain = Bytes::from(plain);
    Ok(Key { owner: plain.slice(..owner_size), key: plain.slice(owner_size..) })
}

/// `range` of `owner`, as bounds in the tree. The range is not empty.
pub(super) fn encode_range(owner: &Bytes, range: &KeyRange) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let prefix = encode_owner(owner);
    let within_owner = |key: &Bytes| {
        let mut encoded = prefix.clone();
        escape_into(&mut encoded, key);
        encoded
    };
    let start = match &range.start {
        Bound::Unbounded => Bound::Included(prefix.clone()),
        bound => bound.as_ref().map(within_owner),
    };
    let end = match &range.end {
        // Greater than every encoded key of the owner, because 0xFF stands in none.
        Bound::Unbounded => Bound::Excluded([&prefix[..], &[u8::MAX]].concat()),
        bound => bound.as_ref().map(within_owner),
    };
    (start, end)
}

/// Everything after `after`, or everything but the keys that hold no entries.
pub(super) fn encode_all(after: Option<&Key>) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let start = match after {
        Some(key) => Bound::Excluded(encode_key(key)),
        None => Bound::Included(vec![1]),
    };
    (start, Bound::Unbounded)
}

/// Tag, revision, then the bytes or the number; none when nothing is to stand there.
pub(super) fn encode_outcome(outcome: &Outcome) -> Option<Vec<u8>> {
    let with_header = |tag: u8, revision: &Revision, payload: &[u8]| {
        [&[tag][..], &revision.number().to_be_bytes(), payload].concat()
    };
    match outcome {
        Outcome::Absent => None,
        Outcome::Value { revision, bytes } => Some(with_header(VALUE_TAG, revision, bytes)),
        Outcome::Counter { revision, number } => {
            Some(with_header(COUNTER_TAG, revision, &number.to_be_bytes()))
        }
    }
}

/// The entry, and the revision of the batch that wrote it: for a counter, of the last one that added to it.
pub(super) fn decode_entry(key: &[u8], encoded: &[u8]) -> Result<(Entry, Revision), StorageError> {
    let (tag, revision, payload) = split(key, encoded)?;
    let entry = match tag {
        // A copy, so that a small value does not keep the whole page it was read with.
        VALUE_TAG => Entry::Value { revision, bytes: Bytes::copy_from_slice(payload) },
        _ => Entry::Counter(decode_number(key, payload)?),
    };
    Ok((entry, revision))
}

/// As [`decode_entry`], without touching a value's bytes.
pub(super) fn decode_state(key: &[u8], encoded: &[u8]) -> Result<State, StorageError> {
    let (tag, revision, payload) = split(key, encoded)?;
    match tag {
        VALUE_TAG => Ok(State::Value(revision)),
        _ => Ok(State::Counter(decode_number(key, payload)?)),
    }
}

fn split<'a>(key: &[u8], encoded: &'a [u8]) -> Result<(u8, Revision, &'a [u8]), StorageError> {
    let (header, payload) =
        encoded.split_first_chunk::<HEADER_BYTES>().ok_or_else(|| corrupt(key, "it is too short"))?;
    let [tag @ (VALUE_TAG | COUNTER_TAG), revision @ ..] = *header else {
        return Err(corrupt(key, "it has an unknown tag"));
    };
    Ok((tag, Revision::new(u64::from_be_bytes(revision)), payload))
}

fn decode_number(key: &[u8], payload: &[u8]) -> Result<i128, StorageError> {
    let number = payload.try_into().map_err(|_| corrupt(key, "its counter has not 16 bytes"))?;
    Ok(i128::from_be_bytes(number))
}

fn corrupt(key: &[u8], why: &'static str) -> StorageError {
    StorageError::Corrupt { key: key.escape_ascii().to_string(), why }
}

fn encode_owner(owner: &Bytes) -> Vec<u8> {
    let size = u8::try_from(owner.len()).expect("OWNER_BYTES_MAX fits a byte, and keys are checked first");
    let mut encoded = Vec::with_capacity(64);
    encoded.push(size);
    escape_into(&mut encoded, owner);
    encoded
}

/// 0xFE becomes FE 00 and 0xFF becomes FE 01, which keeps the order. sled's backward iteration takes
/// `.. FF FF FF FF` for greater than every key that begins with `..`, and panics where one is not.
fn escape_into(encoded: &mut Vec<u8>, plain: &[u8]) {
    for byte in plain {
        match byte {
            ESCAPE.. => encoded.extend([ESCAPE, byte - ESCAPE]),
            _ => encoded.push(*byte),
        }
    }
}

fn unescape(escaped: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match *byte {
            ESCAPE => ESCAPE + bytes.next().filter(|offset| **offset <= 1)?,
            u8::MAX => return None,
            byte => byte,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Bytes> {
        let byte = prop_oneof![Just(0), Just(1), Just(0xFD), Just(0xFE), Just(0xFF), any::<u8>()];
        prop::collection::vec(byte, sizes).prop_map(Bytes::from)
    }

    proptest! {
        #[test]
        fn a_key_comes_back_as_it_was(owner in bytes(1..9), key in bytes(0..9)) {
            let key = Key { owner, key };
            prop_assert_eq!(decode_key(&encode_key(&key)).expect("decodes"), key);
        }

        #[test]
        fn the_order_of_an_owners_keys_is_kept(owner in bytes(1..5), one in bytes(0..5), other in bytes(0..5)) {
            let encoded = |key: &Bytes| encode_key(&Key::new(owner.clone(), key.clone()));
            prop_assert_eq!(encoded(&one).cmp(&encoded(&other)), one.cmp(&other));
        }

        #[test]
        fn a_range_holds_exactly_its_owners_keys(owner in bytes(1..4), other in bytes(1..4), key in bytes(0..4)) {
            let range = encode_range(&owner, &KeyRange::all());
            let encoded = encode_key(&Key::new(other.clone(), key));
            prop_assert_eq!(std::ops::RangeBounds::contains(&range, &encoded), owner == other);
        }

        #[test]
        fn no_encoded_key_looks_greater_than_all_others(owner in bytes(1..5), key in bytes(0..5)) {
            let encoded = encode_key(&Key { owner, key });
            prop_assert!(!encoded.contains(&u8::MAX));
        }
    }

    #[test]
    fn foreign_bytes_are_refused_and_named() {
        let why = |encoded: &[u8]| decode_entry(b"\x01ok", encoded).expect_err("refused").to_string();
        assert!(why(b"\x01short").contains("\\x01ok cannot be decoded (it is too short)"));
        assert!(why(b"\x0312345678").contains("it has an unknown tag"));
        assert!(why(b"\x021234567812345").contains("its counter has not 16 bytes"));
        for key in [&b""[..], b"\x05ab", b"\x01\xfe\x02", b"\x01\xfe", b"\x01\xff"] {
            assert!(decode_key(key).is_err(), "{key:?}");
        }
    }
}
