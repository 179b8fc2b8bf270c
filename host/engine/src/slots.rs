//! What erasing throws away: for every customer 32 random bytes, outside the storage's log.
//!
//! A log-structured storage keeps what was deleted until it cleans up, and that may be never. So a customer's key in the
//! storage is wrapped by the host's key AND by a secret in a slot of this file, which is overwritten in place and synced
//! when the customer is erased. From then on no copy of the log opens anything of that person.
//!
//! Slots are numbered from 0 and never used twice. They are made in blocks ahead of need, so that a new customer costs
//! no sync of their own; every opening begins a new block, so that no crash makes two customers share a slot.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::erasures::ErasureList;
use crate::error::Damaged;
use crate::identity::{HostKey, Owner, Seal, random};

/// Bytes of a slot.
const SLOT_BYTES: u64 = 32;
/// Slots made at a time: 128 KiB, at most so much is left unused by a restart.
const BLOCK_BYTES: usize = 128 * 1024;
/// What stands where a secret was.
const GONE: [u8; 32] = [0; 32];
/// The slot's number, before the wrapped key.
const NUMBER_BYTES: usize = 8;

/// The file of slots. Cheap to clone; every clone is the same file.
#[derive(Debug, Clone)]
pub struct KeySlots(Arc<Slots>);

#[derive(Debug)]
struct Slots {
    /// What was overwritten, and why: it lies beside the file and is copied with it.
    erasures: ErasureList,
    /// For reading and overwriting in place.
    file: File,
    /// For growing; appending places a block whole even beside another process.
    end: Mutex<Unused>,
}

#[derive(Debug)]
struct Unused {
    appended: File,
    /// The next slot that nobody has.
    next: u64,
    /// The first that is not made yet.
    bound: u64,
}

impl KeySlots {
    /// Opens the file, or makes it, readable by its owner only; beside it, `.erasures` for its ending, the list of
    /// erasures.
    ///
    /// # Errors
    /// Whatever the system says; [`io::ErrorKind::InvalidData`] when the list is damaged.
    pub fn open(path: &Path) -> io::Result<Self> {
        let erasures = ErasureList::open(&path.with_extension("erasures"))?;
        let appended = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        // A name that a crash takes back would leave customers whose secrets were never there.
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let end = Mutex::new(Unused { appended, next: 0, bound: 0 });
        Ok(Self(Arc::new(Slots { erasures, file, end })))
    }

    /// A slot that nobody has, durable before it is given out.
    fn take(&self) -> io::Result<(u64, [u8; 32])> {
        let mut end = self.0.end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.next == end.bound {
            let mut block = vec![0; BLOCK_BYTES];
            for slot in block.chunks_exact_mut(GONE.len()) {
                slot.copy_from_slice(&random::<32>());
            }
            end.appended.write_all(&block)?;
            end.appended.sync_all()?;
            let bound = end.appended.stream_position()?;
            // A block that a crash cut off may leave the file's end within a slot: the first whole one is ours.
            end.next = (bound - BLOCK_BYTES as u64).div_ceil(SLOT_BYTES);
            end.bound = bound / SLOT_BYTES;
        }
        let number = end.next;
        end.next += 1;
        let secret = self.read(number)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((number, secret))
    }

    /// A slot's secret; none when it was overwritten or never made.
    fn read(&self, number: u64) -> io::Result<Option<[u8; 32]>> {
        let mut secret = GONE;
        let Some(offset) = number.checked_mul(SLOT_BYTES) else { return Ok(None) };
        match self.0.file.read_exact_at(&mut secret, offset) {
            Ok(()) => Ok((secret != GONE).then_some(secret)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The list of erasures.
    pub(crate) fn erasures(&self) -> &ErasureList {
        &self.0.erasures
    }

    /// Whether a slot still has its secret.
    pub(crate) fn is_readable(&self, number: u64) -> Result<bool, Damaged> {
        self.read(number).map(|secret| secret.is_some()).map_err(|source| Damaged::Slots { source })
    }

    /// Overwrites the secrets of slots; they are gone from the file once this returns. A slot that was never made is
    /// left alone. Blocks until the disk has it.
    pub(crate) fn destroy(&self, numbers: &[u64]) -> io::Result<()> {
        for number in numbers {
            if self.read(*number)?.is_some() {
                self.0.file.write_all_at(&GONE, number * SLOT_BYTES)?;
            }
        }
        // Synced even when another erasure wrote it: what it wrote may not be on the disk yet.
        self.0.file.sync_data()
    }
}

/// Wraps and opens customers' keys.
#[derive(Clone)]
pub(crate) struct KeyRing {
    host_key: HostKey,
    pub(crate) slots: KeySlots,
}

impl KeyRing {
    pub(crate) fn new(host_key: HostKey, slots: KeySlots) -> Self {
        Self { host_key, slots }
    }

    /// A new customer's key as it is stored: the slot's number, then the key sealed by host and slot.
    pub(crate) fn wrap(&self, owner: &Owner, data_key: &[u8; 32]) -> io::Result<Vec<u8>> {
        let (number, secret) = self.slots.take()?;
        let sealed = self.seal(owner, &secret).seal(owner, data_key);
        Ok([number.to_be_bytes().as_slice(), &sealed].concat())
    }

    /// Opens a customer's key.
    ///
    /// # Errors
    /// [`Damaged::Keyless`] when its slot was overwritten: the customer was erased.
    pub(crate) fn open(&self, owner: &Owner, wrapped: &[u8]) -> Result<Seal, Damaged> {
        let what = "customer key";
        let (number, sealed) = split(wrapped)?;
        let secret = self.slots.read(number).map_err(|source| Damaged::Slots { source })?;
        let secret = secret.ok_or(Damaged::Keyless)?;
        let key = self.seal(owner, &secret).open(owner, sealed);
        let key = key.map_err(|source| Damaged::Sealed { what, source })?;
        let key: [u8; 32] = key.try_into().map_err(|_| Damaged::Missing { what })?;
        Ok(Seal::new(&key))
    }

    fn seal(&self, owner: &Owner, secret: &[u8; 32]) -> Seal {
        Seal::new(&self.host_key.mac("customer key", &[owner, secret]))
    }
}

/// Which slot a stored customer's key is wrapped by.
pub(crate) fn slot_of(wrapped: &[u8]) -> Result<u64, Damaged> {
    split(wrapped).map(|(number, _)| number)
}

fn split(wrapped: &[u8]) -> Result<(u64, &[u8]), Damaged> {
    let (number, sealed) =
        wrapped.split_first_chunk::<NUMBER_BYTES>().ok_or(Damaged::Missing { what: "customer key" })?;
    Ok((u64::from_be_bytes(*number), sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destroyed_slot_opens_nothing_and_its_neighbour_still_does() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("customer.keys");
        let ring = KeyRing::new(HostKey::new([1; 32]), KeySlots::open(&path).unwrap());
        let wrapped = [ring.wrap(&[1; 16], &[7; 32]).unwrap(), ring.wrap(&[2; 16], &[8; 32]).unwrap()];
        let sealed = ring.open(&[1; 16], &wrapped[0]).unwrap().seal(b"place", b"words");
        assert_eq!(Seal::new(&[7; 32]).open(b"place", &sealed).unwrap(), b"words");
        ring.slots.destroy(&[slot_of(&wrapped[0]).unwrap()]).unwrap();
        for ring in [&ring, &KeyRing::new(HostKey::new([1; 32]), KeySlots::open(&path).unwrap())] {
            assert!(matches!(ring.open(&[1; 16], &wrapped[0]), Err(Damaged::Keyless)));
            assert!(ring.open(&[2; 16], &wrapped[1]).is_ok());
        }
    }

    #[test]
    fn no_slot_is_given_out_twice_by_a_reopened_or_a_torn_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("customer.keys");
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..3 {
            let (one, other) = (KeySlots::open(&path).unwrap(), KeySlots::open(&path).unwrap());
            for slots in [&one, &other, &one] {
                let (number, secret) = slots.take().unwrap();
                assert_eq!(seen.insert(number, secret), None, "slot {number}");
            }
            OpenOptions::new().append(true).open(&path).unwrap().write_all(b"torn").unwrap();
        }
        let slots = KeySlots::open(&path).unwrap();
        for (number, secret) in seen {
            assert_eq!(slots.read(number).unwrap(), Some(secret));
        }
        assert_eq!(slots.read(u64::MAX).unwrap(), None);
    }
}
