//! One file of everything in the storage, made while events are decided.
//!
//! It has no key in it: what is sealed in the storage is sealed in the file. With `customer.keys` in it, an old backup
//! would open what was erased since.

use bytes::Bytes;
use rebound_storage::backup::{BackupError, FILE_FORMAT, Header, Totals, write};
use rebound_storage::{Entry, FORMAT, Key};
use tokio::sync::mpsc::Sender;

use crate::Engine;
use crate::identity::HostKey;
use crate::keys;
use crate::slots::slot_of;

impl Engine {
    /// Sends a backup in pieces. Decisions go on, and it holds everything that was answered before it began.
    ///
    /// # Errors
    /// [`BackupError`]; what was sent is then no backup.
    pub async fn back_up<E>(&self, to: &Sender<Result<Bytes, E>>) -> Result<Totals, BackupError> {
        let header = Header {
            file_format: FILE_FORMAT,
            storage_format: FORMAT,
            created_at_ms: self.wall_clock().0,
            key_mark: self.shared.host_key.mark(),
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        write(self.shared.storage.as_ref(), &header, to).await
    }
}

impl HostKey {
    /// Tells keys apart, and tells nothing of the key.
    #[must_use]
    pub fn mark(&self) -> [u8; 8] {
        let derived = self.derive("mark of a backup");
        std::array::from_fn(|index| derived[index])
    }
}

/// The slot of `customer.keys` that an entry of a backup cannot be read without; none when it needs none.
#[must_use]
pub fn slot_needed(key: &Key, entry: &Entry) -> Option<u64> {
    let is_data_key = keys::customer_of(&key.owner).is_some() && key.key == "key";
    entry.bytes().filter(|_| is_data_key).and_then(|wrapped| slot_of(wrapped).ok())
}
