//! Who a record belongs to, and who can read it.
//!
//! A customer's id never reaches the storage: records live under an HMAC of it, and what they say is sealed with
//! a key of that customer's own. Erasing a customer is throwing that key away.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rebound_domain::ids::CustomerId;
use sha2::Sha256;

/// An owner key: 16 bytes of an HMAC-SHA256.
pub(crate) type Owner = [u8; 16];

/// The owner of what outlives an erased customer: no HMAC is all zeros but once in 2^128.
pub(crate) const NOBODY: Owner = [0; 16];

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// What sealing adds to a value.
pub(crate) const SEAL_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// A sealed record that cannot be opened: wrong key, or bytes changed on disk.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a sealed record cannot be opened; the host key is not the one it was written with, or the record is damaged"
)]
pub struct Unsealable;

/// The host's secret, from which every other key comes.
#[derive(Clone)]
pub struct HostKey([u8; 32]);

impl HostKey {
    /// Takes 32 random bytes, kept by the operator as long as the data.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.mac("derive", &[purpose.as_bytes()])
    }

    /// Under which owner a customer's records live.
    pub(crate) fn owner(&self, customer: &CustomerId) -> Owner {
        self.short("customer", &[customer.as_str().as_bytes()])
    }

    /// 16 bytes that stand for `parts`; the sizes are hashed too, so no two lists of parts meet.
    pub(crate) fn short(&self, purpose: &str, parts: &[&[u8]]) -> Owner {
        let mac = self.mac(purpose, parts);
        std::array::from_fn(|index| mac[index])
    }

    /// A number below 2^53 that stands for `parts`.
    pub(crate) fn seed(&self, parts: &[&[u8]]) -> u64 {
        let mac = self.mac("seed", parts);
        u64::from_be_bytes(std::array::from_fn(|index| mac[index])) >> 11
    }

    pub(crate) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes a key of any size");
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HostKey(..)")
    }
}

/// Seals and opens values under one key. The place of a value is bound into its seal, so a value moved to another
/// place does not open.
#[derive(Clone)]
pub(crate) struct Seal(XChaCha20Poly1305);

impl Seal {
    /// A seal with this key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Seals `value` for `place`: nonce, then ciphertext and tag ([`SEAL_BYTES`] more than the value).
    pub(crate) fn seal(&self, place: &[u8], value: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random();
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), Payload { msg: value, aad: place })
            .expect("a value of at most 64 KiB is far below the cipher's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// [`Unsealable`] when key, place or bytes are not those it was sealed with.
    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Unsealable)?;
        self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: place }).map_err(|_| Unsealable)
    }
}

/// Random bytes of the operating system.
///
/// # Panics
/// When the operating system has none: nothing can be kept secret then.
#[must_use]
pub fn random<const SIZE: usize>() -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_place_and_unchanged() {
        let seal = Seal::new(&[7; 32]);
        let sealed = seal.seal(b"profile", b"secret");
        assert_eq!(seal.open(b"profile", &sealed).unwrap(), b"secret");
        assert_eq!(sealed.len(), b"secret".len() + SEAL_BYTES);
        assert_eq!(seal.open(b"plan", &sealed), Err(Unsealable));
        assert_eq!(Seal::new(&[8; 32]).open(b"profile", &sealed), Err(Unsealable));
        assert_eq!(seal.open(b"profile", &sealed[..10]), Err(Unsealable));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(seal.open(b"profile", &changed), Err(Unsealable), "byte {index}");
        }
    }

    #[test]
    fn parts_that_join_alike_stand_for_different_things() {
        let key = HostKey::new([1; 32]);
        assert_ne!(key.short("event", &[b"a", b"bc"]), key.short("event", &[b"ab", b"c"]));
        assert_ne!(key.short("event", &[b"a"]), key.short("return", &[b"a"]));
        assert!(key.seed(&[b"r-1"]) < 1 << 53);
    }

    #[test]
    fn a_host_key_never_prints_itself() {
        assert_eq!(format!("{:?}", HostKey::new([1; 32])), "HostKey(..)");
    }
}
