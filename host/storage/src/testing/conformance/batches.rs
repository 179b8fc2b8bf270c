use super::{Fixture, key, put, read, value};
use crate::{Add, Batch, CommitError, Entry, Invalid, Key, Revision, Storage, VALUE_BYTES_MAX};

/// A value comes back byte for byte with the revision its commit told; a counter comes back as a number.
pub async fn what_was_put_is_read_back(fixture: &dyn Fixture) {
    let storage = fixture.open();
    for size in [0, 1, 22, 23, 4096, VALUE_BYTES_MAX] {
        let bytes = vec![7; size];
        let committed = put(&*storage, key("v"), bytes.clone()).await;
        assert_eq!(read(&*storage, key("v")).await, value(committed.revision, bytes), "{size} bytes");
    }
    let mut batch = Batch::new();
    batch.put(key("other"), "x").expect_absent(key("other")).add(key("n"), Add::by(-3));
    storage.commit(batch).await.expect("lands");
    assert_eq!(read(&*storage, key("n")).await, Some(Entry::Counter(-3)));
}

/// Answers stand where their keys stood, absent and repeated keys too.
pub async fn keys_are_read_in_the_order_asked(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let a = put(&*storage, key("a"), "1").await.revision;
    let b = put(&*storage, key("b"), "2").await.revision;
    assert!(a < b);
    let keys = ["b", "none", "a", "b"].map(key).to_vec();
    let found = storage.get(keys).await.expect("reads").value;
    assert_eq!(found, [value(b, "2"), None, value(a, "1"), value(b, "2")]);
    assert!(storage.get(Vec::new()).await.expect("reads").value.is_empty());
}

/// One expectation that fails takes the whole batch with it.
pub async fn a_conflict_names_the_key_and_changes_nothing(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let first = put(&*storage, key("a"), "1").await.revision;
    let second = put(&*storage, key("a"), "2").await.revision;

    let mut taken = Batch::new();
    taken.put(key("z"), "z").expect_absent(key("a")).put(key("a"), "3");
    expect_conflict(&*storage, taken, key("a")).await;

    let mut stale = Batch::new();
    stale.put(key("z"), "z").expect_revision(key("a"), first).delete(key("a"));
    expect_conflict(&*storage, stale, key("a")).await;

    let mut missing = Batch::new();
    missing.put(key("z"), "z").expect_revision(key("b"), second);
    expect_conflict(&*storage, missing, key("b")).await;

    assert_eq!(read(&*storage, key("a")).await, value(second, "2"));
    assert_eq!(read(&*storage, key("z")).await, None);

    let mut current = Batch::new();
    current.put(key("z"), "z").expect_revision(key("a"), second);
    storage.commit(current).await.expect("an expectation of a key that is not written holds");
}

/// A delete takes values and counters, and nothing at all without complaint.
pub async fn a_deleted_value_is_no_longer_expected(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let revision = put(&*storage, key("a"), "1").await.revision;
    add(&*storage, "n", Add::by(5)).await.expect("lands");

    let mut batch = Batch::new();
    batch.delete(key("a")).delete(key("n")).delete(key("never"));
    storage.commit(batch).await.expect("deletes are unguarded");
    assert_eq!(read(&*storage, key("a")).await, None);
    assert_eq!(read(&*storage, key("n")).await, None);

    let mut batch = Batch::new();
    batch.expect_revision(key("a"), revision).put(key("a"), "2");
    expect_conflict(&*storage, batch, key("a")).await;
    add(&*storage, "n", Add::by(1)).await.expect("lands");
    assert_eq!(read(&*storage, key("n")).await, Some(Entry::Counter(1)), "a deleted counter starts at 0");
}

/// Even where the data would be a conflict, so that a mistake shows in the first test that makes it.
pub async fn a_broken_rule_is_refused_before_anything_is_looked_at(fixture: &dyn Fixture) {
    let storage = fixture.open();
    put(&*storage, key("a"), "1").await;
    let mut batch = Batch::new();
    batch.expect_absent(key("a")).put(key("b"), "1");
    expect_invalid(&*storage, batch, Invalid::AbsentNotPut { key: key("a") }).await;
    expect_invalid(&*storage, Batch::new(), Invalid::WritesNothing).await;
    let mut batch = Batch::new();
    batch.put(Key::new("", "a"), "1");
    expect_invalid(&*storage, batch, Invalid::OwnerEmpty).await;
    assert_eq!(read(&*storage, key("b")).await, None);
}

/// Taking a counter for a value, or the other way round, is a mistake and no conflict to be retried.
pub async fn an_entry_keeps_its_kind(fixture: &dyn Fixture) {
    let storage = fixture.open();
    put(&*storage, key("v"), "1").await;
    add(&*storage, "n", Add::by(1)).await.expect("lands");

    let mut batch = Batch::new();
    batch.put(key("n"), "1");
    expect_invalid(&*storage, batch, Invalid::WrongKind { key: key("n") }).await;
    let mut batch = Batch::new();
    batch.expect_revision(key("n"), Revision::new(1)).put(key("x"), "1");
    expect_invalid(&*storage, batch, Invalid::WrongKind { key: key("n") }).await;
    let refused = add(&*storage, "v", Add::by(1)).await;
    assert!(matches!(refused, Err(CommitError::Invalid(Invalid::WrongKind { key: k })) if k == key("v")));
    assert_eq!(read(&*storage, key("n")).await, Some(Entry::Counter(1)));
}

/// The whole of i128, both bounds inclusive; what is refused leaves the batch's puts unwritten.
pub async fn a_counter_stops_at_its_bounds(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let steps = [
        (Add::by(10).at_most(10), Ok(10)),
        (Add::by(1).at_most(10), Err((10, 10))),
        (Add::by(-10).at_least(0), Ok(0)),
        (Add::by(-1).at_least(0), Err((0, 0))),
        (Add::by(i128::MAX), Ok(i128::MAX)),
        (Add::by(1), Err((i128::MAX, i128::MAX))),
        (Add::by(-1).at_most(5), Ok(i128::MAX - 1)),
        (Add::by(i128::MIN), Ok(-2)),
        (Add::by(i128::MIN + 2), Ok(i128::MIN)),
        (Add::by(-1), Err((i128::MIN, i128::MIN))),
        (Add::by(1).at_least(5), Ok(i128::MIN + 1)),
        (Add::by(0).at_least(5).at_most(5), Ok(i128::MIN + 1)),
    ];
    let mut stands = None;
    for (step, (move_by, want)) in steps.into_iter().enumerate() {
        let answer = add(&*storage, "n", move_by).await;
        match (want, answer) {
            (Ok(now), Ok(_)) => stands = Some(Entry::Counter(now)),
            (Err((at, past)), Err(CommitError::BoundExceeded { key: k, counter, delta, bound })) => {
                assert_eq!((k, counter, delta, bound), (key("n"), at, move_by.delta, past), "step {step}");
            }
            (want, answer) => panic!("step {step} wants {want:?} and got {answer:?}"),
        }
        assert_eq!(read(&*storage, key("n")).await, stands, "step {step}");
    }
    assert!(add(&*storage, "fresh", Add::by(1).at_most(0)).await.is_err());
    assert_eq!(read(&*storage, key("guard/fresh")).await, None, "the rest of a refused batch is not written");
}

/// A client that lost the answer may send a batch again without counting twice.
pub async fn a_batch_with_an_add_conflicts_when_sent_again(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let revision = put(&*storage, key("guard"), "1").await.revision;
    let mut batch = Batch::new();
    batch.expect_revision(key("guard"), revision).put(key("guard"), "2").add(key("n"), Add::by(1));
    storage.commit(batch.clone()).await.expect("lands");
    expect_conflict(&*storage, batch, key("guard")).await;
    assert_eq!(read(&*storage, key("n")).await, Some(Entry::Counter(1)));
}

/// An add with the guard the rules ask for: a key of its own, put anew each time.
async fn add(storage: &dyn Storage, name: &'static str, add: Add) -> Result<(), CommitError> {
    let guard = key(format!("guard/{name}"));
    let mut batch = Batch::new();
    match read(storage, guard.clone()).await.and_then(|entry| entry.revision()) {
        Some(revision) => batch.expect_revision(guard.clone(), revision),
        None => batch.expect_absent(guard.clone()),
    };
    batch.put(guard, "").add(key(name), add);
    storage.commit(batch).await.map(drop)
}

async fn expect_conflict(storage: &dyn Storage, batch: Batch, want: Key) {
    let refused = storage.commit(batch).await;
    assert!(matches!(&refused, Err(CommitError::Conflict { key }) if *key == want), "{refused:?}");
}

async fn expect_invalid(storage: &dyn Storage, batch: Batch, want: Invalid) {
    let refused = storage.commit(batch).await;
    assert!(matches!(&refused, Err(CommitError::Invalid(rule)) if *rule == want), "{refused:?}");
}
