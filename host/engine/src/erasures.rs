//! The list of erasures that lies beside the customers' keys: `customer.erasures`.
//!
//! The storage has a list of its own, but a backup that is older than an erasure does not have that entry. This file
//! goes with the keys, of which only the newest copy is kept, so whoever restores an old backup has the newest list:
//! the next start makes good what the list says and the storage does not ([`crate::person`]).
//!
//! A line is the first 8 bytes of the SHA-256 of what follows, in hex, a space, and JSON. It names no person: an owner is an
//! HMAC, and so is every key in `left`. It tells nothing of what was bought, since that would tie single sales to
//! one person again.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rebound_domain::time::Instant;
use rebound_storage::{Bytes, Key};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::identity::Owner;

/// Of a line's checksum, in hex.
const SUM_DIGITS: usize = 16;

/// An erasure that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Erasure {
    /// Whose.
    #[serde(with = "hex")]
    pub(crate) owner: Owner,
    /// What their key was wrapped by.
    pub(crate) slot: u64,
    /// When.
    pub(crate) at: Instant,
    /// What stands in the storage since, besides sums.
    pub(crate) left: Vec<Left>,
}

/// What an erasure left under a key that is not the customer's: that an event, a return or an order id is taken, a
/// coupon that was issued and when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    #[serde(with = "hex")]
    owner: Vec<u8>,
    #[serde(with = "hex")]
    key: Vec<u8>,
    /// None where something was deleted.
    #[serde(with = "hex::option")]
    value: Option<Vec<u8>>,
}

impl Left {
    pub(crate) fn new(key: &Key, value: Option<&[u8]>) -> Self {
        Self { owner: key.owner.to_vec(), key: key.key.to_vec(), value: value.map(<[u8]>::to_vec) }
    }

    /// Under which key.
    pub(crate) fn key(&self) -> Key {
        Key::new(self.owner.clone(), self.key.clone())
    }

    /// What stands there; none where something was deleted.
    pub(crate) fn value(&self) -> Option<Bytes> {
        self.value.clone().map(Bytes::from)
    }
}

/// Where an erasure stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    offset: u64,
    /// Of its line, without the line's end.
    size: usize,
}

/// The file.
#[derive(Debug)]
pub(crate) struct ErasureList(Mutex<Listed>);

#[derive(Debug)]
struct Listed {
    file: File,
    /// What is in it: an erasure that is asked for again is listed once.
    known: HashSet<(Owner, u64)>,
}

impl ErasureList {
    /// Opens the file, or makes it, readable by its owner only. What a crash cut off at its end is cut away: nobody was
    /// told of it.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidData`] with the number of a line that is damaged.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        let mut known = HashSet::new();
        let whole = read(&file, |erasure, _| {
            known.insert((erasure.owner, erasure.slot));
        })?;
        if file.metadata()?.len() > whole {
            file.set_len(whole)?;
        }
        Ok(Self(Mutex::new(Listed { file, known })))
    }

    /// Adds those that are not in it; durable when this returns. Blocks.
    pub(crate) fn add(&self, erasures: Vec<Erasure>) -> io::Result<()> {
        let mut listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        let mut added = Vec::new();
        for erasure in erasures {
            let id = (erasure.owner, erasure.slot);
            if !listed.known.contains(&id) && !added.contains(&id) {
                lines.extend(line(&erasure));
                added.push(id);
            }
        }
        if added.is_empty() {
            return Ok(());
        }
        let before = listed.file.metadata()?.len();
        let written = listed.file.write_all(&lines).and_then(|()| listed.file.sync_all());
        if let Err(error) = written {
            // Half a line in the middle would make the whole list unreadable. When this fails too, the next opening cuts
            // it away, unless a line is added behind it first.
            listed.file.set_len(before).ok();
            return Err(error);
        }
        listed.known.extend(added);
        Ok(())
    }

    /// Those that are not among `done`, oldest first: where they stand, since all of them may be more than fits into
    /// memory. Blocks.
    pub(crate) fn missing(&self, done: &HashSet<(Owner, u64)>) -> io::Result<Vec<Place>> {
        let listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = Vec::new();
        read(&listed.file, |erasure, place| {
            if !done.contains(&(erasure.owner, erasure.slot)) {
                missing.push(place);
            }
        })?;
        Ok(missing)
    }

    /// One of them. Blocks.
    pub(crate) fn at(&self, place: Place) -> io::Result<Erasure> {
        let mut line = vec![0; place.size];
        let listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listed.file.read_exact_at(&mut line, place.offset)?;
        drop(listed);
        parse(&line).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// How many erasures a file lists; it is only read.
///
/// # Errors
/// What the system says; [`io::ErrorKind::InvalidData`] with the number of a line that is damaged.
pub fn erasures_listed(path: &Path) -> io::Result<u64> {
    let mut count = 0;
    read(&File::open(path)?, |_, _| count += 1)?;
    Ok(count)
}

/// Hands out every erasure, and says how many bytes whole lines take.
fn read(mut file: &File, mut take: impl FnMut(Erasure, Place)) -> io::Result<u64> {
    file.rewind()?;
    let mut reader = BufReader::new(file);
    let (mut whole, mut number, mut text) = (0, 0_u64, Vec::new());
    loop {
        text.clear();
        let size = reader.read_until(b'\n', &mut text)?;
        if text.pop() != Some(b'\n') {
            return Ok(whole);
        }
        number += 1;
        let place = Place { offset: whole, size: text.len() };
        take(parse(&text).ok_or_else(|| damaged(number))?, place);
        whole += size as u64;
    }
}

fn damaged(number: u64) -> io::Error {
    let what = format!("line {number} of customer.erasures is damaged; put its newest copy in its place");
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn line(erasure: &Erasure) -> Vec<u8> {
    let json = serde_json::to_vec(erasure).expect("an erasure has string keys");
    [sum(&json).as_bytes(), b" ", &json, b"\n"].concat()
}

fn parse(line: &[u8]) -> Option<Erasure> {
    let (found, json) = line.split_at_checked(SUM_DIGITS)?;
    let json = json.strip_prefix(b" ")?;
    (found == sum(json).as_bytes()).then(|| serde_json::from_slice(json).ok()).flatten()
}

fn sum(json: &[u8]) -> String {
    hex::text(&Sha256::digest(json)[..SUM_DIGITS / 2])
}

/// Bytes as text.
mod hex {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn text(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn bytes(text: &str) -> Option<Vec<u8>> {
        let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        text.len().is_multiple_of(2).then(|| text.as_bytes().chunks(2).map(digits).collect())?
    }

    pub(super) fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(bytes.as_ref()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(
        from: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = bytes(&text).and_then(|bytes| T::try_from(bytes).ok());
        bytes.ok_or_else(|| D::Error::custom("these are no bytes in hex"))
    }

    pub(super) mod option {
        use serde::de::Error as _;
        use serde::{Deserialize as _, Deserializer, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(
            bytes: &Option<Vec<u8>>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match bytes {
                Some(bytes) => to.serialize_some(&super::text(bytes)),
                None => to.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Vec<u8>>, D::Error> {
            let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
            super::bytes(&text).map(Some).ok_or_else(|| D::Error::custom("these are no bytes in hex"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn erasure(number: u8) -> Erasure {
        let key = Key::new(vec![b'e', number], "event");
        let gone = Key::new(vec![b'k', number], "coupon");
        let left = vec![Left::new(&key, Some(b"erased")), Left::new(&gone, None)];
        Erasure { owner: [number; 16], slot: number.into(), at: Instant(7), left }
    }

    #[test]
    fn what_was_added_is_there_after_a_reopening_and_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("customer.erasures");
        let list = ErasureList::open(&path).unwrap();
        list.add(vec![erasure(1), erasure(2), erasure(1)]).unwrap();
        list.add(vec![erasure(2)]).unwrap();
        for list in [&list, &ErasureList::open(&path).unwrap()] {
            list.add(vec![erasure(1)]).unwrap();
            let missing = |done: &[(Owner, u64)]| -> Vec<Erasure> {
                let places = list.missing(&done.iter().copied().collect()).unwrap();
                places.into_iter().map(|place| list.at(place).unwrap()).collect()
            };
            assert_eq!(missing(&[]), [erasure(1), erasure(2)]);
            assert_eq!(missing(&[([1; 16], 1)]), [erasure(2)], "what is done is not handed out");
        }
    }

    #[test]
    fn what_a_crash_cut_off_is_cut_away_and_a_damaged_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("customer.erasures");
        ErasureList::open(&path).unwrap().add(vec![erasure(1)]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], &whole[..whole.len() / 2]].concat()).unwrap();
        let list = ErasureList::open(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        list.add(vec![erasure(2)]).unwrap();
        let two = std::fs::read(&path).unwrap();
        for index in 0..two.len() - 1 {
            let mut changed = two.clone();
            changed[index] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            let error = ErasureList::open(&path).expect_err(&format!("byte {index}"));
            assert!(error.to_string().contains("is damaged"), "{error}");
        }
    }
}
