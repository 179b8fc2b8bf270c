//! The process that is killed.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rebound_storage::{Entry, SledOptions, SledStorage, Storage};

use crate::ledger;

/// Commits from all tasks at once, and tells each acknowledged commit as `task number` on standard output.
pub(crate) fn write_until_killed(directory: &Path) {
    let storage = Arc::new(SledStorage::open(directory, SledOptions::default()).expect("opens"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let tasks: Vec<_> =
            (0..ledger::TASKS).map(|task| tokio::spawn(write(Arc::clone(&storage), task))).collect();
        for task in tasks {
            task.await.expect("writes until it is killed");
        }
    });
}

async fn write(storage: Arc<SledStorage>, task: u32) {
    let mut read = storage.get(vec![ledger::head(task)]).await.expect("reads");
    let (mut number, mut revision) = match read.value.remove(0) {
        Some(Entry::Value { revision, bytes }) => {
            (u64::from_be_bytes(bytes.as_ref().try_into().expect("a number")), Some(revision))
        }
        found => {
            assert_eq!(found, None, "no head is a counter");
            (0, None)
        }
    };
    loop {
        number += 1;
        let committed = storage.commit(ledger::batch(task, number, revision)).await.expect("lands");
        revision = Some(committed.revision);
        // One write of a short line: a pipe takes it whole or not at all.
        let line = format!("{task} {number}\n");
        std::io::stdout().lock().write_all(line.as_bytes()).expect("the parent reads");
    }
}
