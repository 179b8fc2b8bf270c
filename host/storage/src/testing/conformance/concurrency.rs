use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Fixture, key, read};
use crate::{Add, Batch, CommitError, Entry, Storage};

const TASKS: usize = 64;

/// N callers of a limit L: exactly L succeed, and the rest hear which counter was in the way.
pub async fn a_bounded_counter_takes_exactly_its_limit(fixture: &dyn Fixture) {
    const LIMIT: i128 = 100;
    let storage = fixture.open();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let storage = Arc::clone(&storage);
        tasks.spawn(async move {
            let mut landed = 0;
            for attempt in 0..8 {
                let guard = key(format!("{task}/{attempt}"));
                let mut batch = Batch::new();
                batch.expect_absent(guard.clone()).put(guard, "").add(key("n"), Add::by(1).at_most(LIMIT));
                match storage.commit(batch).await {
                    Ok(_) => landed += 1,
                    Err(CommitError::BoundExceeded { counter: LIMIT, bound: LIMIT, .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            landed
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<i128>(), LIMIT);
    assert_eq!(read(&*storage, key("n")).await, Some(Entry::Counter(LIMIT)));
}

/// Read, change, write under the revision read: every one of the changes counts.
pub async fn no_update_is_lost(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let storage = Arc::clone(&storage);
        tasks.spawn(async move {
            for _ in 0..4 {
                while !increment(&*storage).await {}
            }
        });
    }
    tasks.join_all().await;
    let stands = read(&*storage, key("v")).await.expect("was put");
    assert_eq!(stands.bytes().expect("a value"), "64");
}

/// Winners, ordered by sequence, form a history in which each found what the one before had left.
pub async fn concurrent_batches_land_as_if_one_after_another(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let storage = Arc::clone(&storage);
        tasks.spawn(async move {
            let mut landed = Vec::new();
            for attempt in 0..8 {
                let found = read(&*storage, key("head")).await;
                let expected = found.as_ref().and_then(Entry::revision);
                let mut batch = Batch::new();
                match expected {
                    Some(revision) => batch.expect_revision(key("head"), revision),
                    None => batch.expect_absent(key("head")),
                };
                batch.put(key("head"), format!("{task}/{attempt}")).add(key("n"), Add::by(1));
                match storage.commit(batch).await {
                    Ok(committed) => landed.push((committed, expected)),
                    Err(CommitError::Conflict { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            landed
        });
    }
    let mut history: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    history.sort_by_key(|(committed, _)| committed.sequence);
    let mut head = None;
    for (committed, expected) in &history {
        assert_eq!(*expected, head);
        head = Some(committed.revision);
    }
    assert_eq!(read(&*storage, key("head")).await.expect("was put").revision(), head);
    let landed = i128::try_from(history.len()).expect("few");
    assert_eq!(read(&*storage, key("n")).await, Some(Entry::Counter(landed)));
}

async fn increment(storage: &dyn Storage) -> bool {
    let found = read(storage, key("v")).await;
    let mut batch = Batch::new();
    let number = match &found {
        None => {
            batch.expect_absent(key("v"));
            0
        }
        Some(entry) => {
            batch.expect_revision(key("v"), entry.revision().expect("a value"));
            let text = str::from_utf8(entry.bytes().expect("a value")).expect("text");
            text.parse::<u32>().expect("a number")
        }
    };
    batch.put(key("v"), (number + 1).to_string());
    match storage.commit(batch).await {
        Ok(_) => true,
        Err(CommitError::Conflict { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}
