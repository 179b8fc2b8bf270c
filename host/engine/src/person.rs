//! A person's rights over what is held of them: to have it ([`mod@export`]) and to have it gone ([`mod@erase`]). Who used
//! them is in the audit log, where a person is a keyed hash.

mod erase;
mod export;

pub use erase::Erased;
pub(crate) use erase::Eraser;

use crate::Engine;
use crate::identity::Owner;

impl Engine {
    /// How the audit log names a person: a hash under the host's key, and another one than their records lie under, so that
    /// whoever is given the log cannot find their way from it into a copy of the storage.
    pub(crate) fn person(&self, owner: &Owner) -> String {
        let hash = self.shared.host_key.short("audited person", &[owner]);
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("customer/{hex}")
    }
}
