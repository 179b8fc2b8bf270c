//! The catalogue in memory: one writer, and a snapshot that every decision can take without waiting.

use std::sync::{Mutex, PoisonError};

use arc_swap::ArcSwap;
use rebound_catalog::{Catalogue, Former, Snapshot, Stats};

use crate::Engine;

/// The live catalogue.
pub(crate) struct Shelf {
    writer: Mutex<Catalogue>,
    snapshot: ArcSwap<Snapshot>,
    former: Former,
}

impl Shelf {
    pub(crate) fn new(catalogue: Catalogue) -> Self {
        let snapshot = ArcSwap::from_pointee(catalogue.snapshot());
        Self { writer: Mutex::new(catalogue), snapshot, former: Former::new() }
    }

    /// Applies a change and shows it to every decision that starts from now on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Catalogue)) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut writer);
        let former = self.snapshot.swap(writer.snapshot().into());
        self.former.retire(Snapshot::clone(&former));
    }

    /// The catalogue as it stands.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::clone(&self.snapshot.load())
    }
}

impl Engine {
    /// What the catalogue holds and has learned, in numbers.
    #[must_use]
    pub fn catalogue_stats(&self) -> Stats {
        self.shared.shelf.snapshot().stats()
    }
}
