use std::sync::Arc;

use rebound_storage::testing::conformance::Fixture;
use rebound_storage::{MemoryStorage, Storage};

struct Memory(MemoryStorage);

impl Fixture for Memory {
    fn open(&self) -> Arc<dyn Storage> {
        Arc::new(self.0.reopen())
    }
}

rebound_storage::conformance!(fresh);

fn fresh() -> Memory {
    Memory(MemoryStorage::new())
}
