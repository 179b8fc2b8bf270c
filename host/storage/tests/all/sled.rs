use std::sync::Arc;

use rebound_storage::testing::conformance::Fixture;
use rebound_storage::{SledOptions, SledStorage, Storage};
use tempfile::TempDir;

struct Directory(TempDir);

impl Fixture for Directory {
    fn open(&self) -> Arc<dyn Storage> {
        Arc::new(SledStorage::open(self.0.path(), SledOptions::default()).expect("opens"))
    }
}

rebound_storage::conformance!(fresh);

fn fresh() -> Directory {
    Directory(tempfile::tempdir().expect("a temporary directory"))
}
