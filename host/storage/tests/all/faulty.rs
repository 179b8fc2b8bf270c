use std::sync::Arc;

use rebound_storage::testing::{Fault, FaultyStorage};
use rebound_storage::{Batch, CommitError, Key, MemoryStorage, Storage};

#[tokio::test]
async fn each_commit_meets_the_fault_planned_for_it() {
    let plan = [Fault::Overloaded, Fault::Refused, Fault::LostUnknown, Fault::Pass, Fault::LandsUnknown];
    let storage = FaultyStorage::new(Arc::new(MemoryStorage::new()), plan);
    let key = |number: usize| Key::new("o", number.to_string());
    let mut answers = Vec::new();
    for number in 0..6 {
        let mut batch = Batch::new();
        batch.put(key(number), "");
        answers.push(storage.commit(batch).await);
    }
    assert!(matches!(answers[0], Err(CommitError::Overloaded { .. })));
    assert!(matches!(answers[1], Err(CommitError::Unavailable(_))));
    assert!(matches!(answers[2], Err(CommitError::Unknown(_))));
    assert!(answers[3].is_ok());
    assert!(matches!(answers[4], Err(CommitError::Unknown(_))));
    assert!(answers[5].is_ok());
    let found = storage.get((0..6).map(key).collect()).await.expect("reads").value;
    assert_eq!(
        found.iter().map(Option::is_some).collect::<Vec<_>>(),
        [false, false, false, true, true, true]
    );
}
