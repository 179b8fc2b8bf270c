use std::collections::HashSet;

use super::{Fixture, key, put, read, value};
use crate::{Add, Batch, CommitError, Entry, Health, Key, KeyRange, Unavailable};

/// Values, revisions and counters of every size outlive the storage that took them.
pub async fn what_was_committed_is_there_after_reopening(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let mut revisions = Vec::new();
    for number in 0..100_usize {
        let bytes = vec![b'x'; number * number * 6];
        let mut batch = Batch::new();
        batch.expect_absent(key(number.to_string())).put(key(number.to_string()), bytes);
        batch.add(Key::new("counters", "n"), Add::by(1_i128 << 100));
        revisions.push(storage.commit(batch).await.expect("lands").revision);
    }
    drop(storage);
    let storage = fixture.open();
    for (number, revision) in revisions.into_iter().enumerate() {
        let want = value(revision, vec![b'x'; number * number * 6]);
        assert_eq!(read(&*storage, key(number.to_string())).await, want, "{number}");
    }
    let counter = read(&*storage, Key::new("counters", "n")).await;
    assert_eq!(counter, Some(Entry::Counter(100 * (1 << 100))));
}

/// Not after a delete, not after a reopening, not after both.
pub async fn a_revision_is_never_used_again(fixture: &dyn Fixture) {
    let mut used = HashSet::new();
    for _ in 0..4 {
        let storage = fixture.open();
        for _ in 0..3 {
            assert!(used.insert(put(&*storage, key("a"), "1").await.revision));
            let mut batch = Batch::new();
            batch.delete(key("a"));
            assert!(used.insert(storage.commit(batch).await.expect("lands").revision));
        }
    }
}

/// Closing is orderly: what was said stays readable, and closing twice is closing.
pub async fn a_closed_storage_refuses_writes_and_reads_on(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let revision = put(&*storage, key("a"), "1").await.revision;
    assert_eq!(storage.health(), Health::Serving);
    storage.close().await.expect("closes");
    storage.close().await.expect("is closed");
    assert_eq!(storage.health(), Health::Refusing(Unavailable::Closed));
    let mut batch = Batch::new();
    batch.put(key("a"), "2");
    let refused = storage.commit(batch).await;
    assert!(matches!(refused, Err(CommitError::Unavailable(Unavailable::Closed))), "{refused:?}");
    assert_eq!(read(&*storage, key("a")).await, value(revision, "1"));
    drop(storage);
    assert_eq!(read(&*fixture.open(), key("a")).await, value(revision, "1"));
}

/// Every read hands out something that can be waited for: of values, counters, absences, scans.
pub async fn what_was_read_becomes_durable(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let before = storage.get(vec![key("a")]).await.expect("reads").sequence;
    storage.durable(before).await.expect("nothing is durable from the start");
    let committed = put(&*storage, key("a"), "1").await;
    let mut batch = Batch::new();
    batch.delete(key("a")).put(key("b"), "1").expect_absent(key("b")).add(key("n"), Add::by(1));
    let last = storage.commit(batch).await.expect("lands");
    assert!(committed.sequence < last.sequence);
    let get = storage.get(["a", "b", "n"].map(key).to_vec()).await.expect("reads").sequence;
    let scan = storage.scan(super::OWNER.into(), KeyRange::all(), 9, crate::Direction::Forward).await;
    let all = storage.scan_all(None, 9).await.expect("scans").sequence;
    for sequence in [committed.sequence, last.sequence, get, scan.expect("scans").sequence, all] {
        storage.durable(sequence).await.expect("becomes durable");
    }
}
