//! Whether a storage hangs together: every record is read once, and held against those that it names, against those
//! that count it, and against what is told of it elsewhere.
//!
//! It changes nothing, and it is for a storage that nobody writes to: of one that is written to, a page read now and
//! another read later say different things. What the catalogue learns (sales, affinity, switched shares) is stored
//! nowhere: every start learns it anew from orders and plans, which are read here.
//!
//! Start reading at [`examine`]; [`rounds`] takes record by record, [`chart`] a customer as a whole, [`house`] what
//! operators set.

mod chart;
mod finding;
mod house;
mod lookups;
mod rounds;

use std::collections::BTreeMap;
use std::sync::Arc;

use rebound_storage::Storage;

pub use self::finding::{Finding, FindingKind};
use self::rounds::Rounds;
use crate::error::Fault;
use crate::identity::{HostKey, Seal};
use crate::slots::{KeyRing, KeySlots};

/// What is told while a storage is examined.
#[derive(Debug)]
pub enum Examined {
    /// So many records were read.
    Records(u64),
    /// Something is not as it should be.
    Found(Finding),
}

/// What an examination comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Records that were read.
    pub records: u64,
    /// Customers among them.
    pub customers: u64,
    /// How much of each kind was found; empty when all is sound.
    pub found: BTreeMap<FindingKind, u64>,
    /// Records of kinds that this version has no check for, by the name of their owner.
    pub unchecked: BTreeMap<String, u64>,
}

/// Examines a storage, and tells of everything that it finds as it goes on.
///
/// # Errors
/// [`Fault`] when the storage or the file of key slots cannot be read any further. A record that does not stand is no
/// error but a finding.
pub async fn examine(
    storage: Arc<dyn Storage>,
    host_key: HostKey,
    slots: KeySlots,
    tell: &mut dyn FnMut(Examined),
) -> Result<Diagnosis, Fault> {
    let record_seal = Seal::new(&host_key.derive("records"));
    let ring = KeyRing::new(host_key.clone(), slots);
    Rounds::new(storage, host_key, ring, record_seal, tell).make().await
}
