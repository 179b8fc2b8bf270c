//! The bytes of a backup: frames, each with a checksum over everything up to and with itself.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::tap::Change;
use crate::{Entry, Key, Revision};

/// Version of the layout of the file, apart from what the entries say.
pub const FILE_FORMAT: u32 = 1;

pub(super) const MAGIC: &[u8; 8] = b"REBOUND\x1a";
pub(super) const HEADER: u8 = b'H';
pub(super) const SCANNED: u8 = b'S';
pub(super) const JOURNAL: u8 = b'J';
pub(super) const TRAILER: u8 = b'T';

/// Tag and size.
pub(super) const FRAME_HEAD_BYTES: usize = 5;
/// Of the running SHA-256, after each frame.
pub(super) const CHECK_BYTES: usize = 8;
/// The whole SHA-256, after the trailer.
pub(super) const SUM_BYTES: usize = 32;
/// A frame of entries is closed once it has this many bytes.
pub(super) const FRAME_BYTES: usize = 1024 * 1024;
/// What a reader takes: a frame is closed after the entry that fills it.
pub(super) const FRAME_BYTES_MAX: usize = 2 * FRAME_BYTES;

const VALUE: u8 = 1;
const COUNTER: u8 = 2;
const DELETED: u8 = 3;

/// What stands in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// [`FILE_FORMAT`] of whoever wrote it.
    pub file_format: u32,
    /// [`FORMAT`](crate::FORMAT) of the storage that it was made from.
    pub storage_format: u32,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
    /// What tells, without telling the key, which key the records were sealed with.
    pub key_mark: [u8; 8],
    /// The version of the host that wrote it.
    pub host_version: String,
}

/// What is in a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entries that the scan found.
    pub scanned: u64,
    /// Changes made while it went on.
    pub journal: u64,
    /// The greatest revision that was ever given out.
    pub last: u64,
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.file_format.to_be_bytes());
        bytes.extend(self.storage_format.to_be_bytes());
        bytes.extend(self.created_at_ms.to_be_bytes());
        bytes.extend(self.key_mark);
        bytes.extend(self.host_version.as_bytes());
        bytes
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        Some(Self {
            file_format: u32::from_be_bytes(take(&mut bytes)?),
            storage_format: u32::from_be_bytes(take(&mut bytes)?),
            created_at_ms: u64::from_be_bytes(take(&mut bytes)?),
            key_mark: take(&mut bytes)?,
            host_version: String::from_utf8(bytes.to_vec()).ok()?,
        })
    }
}

impl Totals {
    pub(super) fn encode(self) -> Vec<u8> {
        [self.scanned, self.journal, self.last].map(u64::to_be_bytes).concat()
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut number = || Some(u64::from_be_bytes(take(&mut bytes)?));
        let totals = Self { scanned: number()?, journal: number()?, last: number()? };
        bytes.is_empty().then_some(totals)
    }
}

pub(super) fn encode_change(frame: &mut Vec<u8>, key: &Key, entry: Option<&Entry>) {
    let tag = match entry {
        Some(Entry::Value { .. }) => VALUE,
        Some(Entry::Counter(_)) => COUNTER,
        None => DELETED,
    };
    frame.push(tag);
    // Keys are checked before they are stored: 128 and 1,024 bytes.
    frame.push(u8::try_from(key.owner.len()).expect("an owner fits a byte"));
    frame.extend(u16::try_from(key.key.len()).expect("a key fits two bytes").to_be_bytes());
    frame.extend(&key.owner[..]);
    frame.extend(&key.key[..]);
    match entry {
        Some(Entry::Value { revision, bytes }) => {
            frame.extend(revision.number().to_be_bytes());
            frame.extend(u32::try_from(bytes.len()).expect("a value has at most 64 KiB").to_be_bytes());
            frame.extend(&bytes[..]);
        }
        Some(Entry::Counter(number)) => frame.extend(number.to_be_bytes()),
        None => {}
    }
}

pub(super) fn decode_changes(mut frame: &[u8]) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    while !frame.is_empty() {
        let [tag, owner_size] = take(&mut frame)?;
        let key_size = u16::from_be_bytes(take(&mut frame)?);
        let owner = Bytes::copy_from_slice(take_slice(&mut frame, owner_size.into())?);
        let key = Bytes::copy_from_slice(take_slice(&mut frame, key_size.into())?);
        let entry = match tag {
            VALUE => {
                let revision = Revision::new(u64::from_be_bytes(take(&mut frame)?));
                let size = usize::try_from(u32::from_be_bytes(take(&mut frame)?)).ok()?;
                Some(Entry::Value { revision, bytes: Bytes::copy_from_slice(take_slice(&mut frame, size)?) })
            }
            COUNTER => Some(Entry::Counter(i128::from_be_bytes(take(&mut frame)?))),
            DELETED => None,
            _ => return None,
        };
        let key = Key { owner, key };
        key.check().ok()?;
        changes.push((key, entry));
    }
    Some(changes)
}

fn take<const SIZE: usize>(bytes: &mut &[u8]) -> Option<[u8; SIZE]> {
    let (taken, rest) = bytes.split_first_chunk::<SIZE>()?;
    *bytes = rest;
    Some(*taken)
}

fn take_slice<'a>(bytes: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(size)?;
    *bytes = rest;
    Some(taken)
}

/// A sum over everything so far.
#[derive(Clone)]
pub(super) struct Sum(Sha256);

impl Sum {
    pub(super) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn whole(&self) -> [u8; SUM_BYTES] {
        self.0.clone().finalize().into()
    }

    pub(super) fn check(&self) -> [u8; CHECK_BYTES] {
        let whole = self.whole();
        std::array::from_fn(|index| whole[index])
    }
}
