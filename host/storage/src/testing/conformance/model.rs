use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::Fixture;
use crate::{Add, Batch, Bytes, CommitError, Direction, Entry, Key, KeyRange, Revision, Storage};

const CASES: u32 = 48;
const STEPS: usize = 60;

/// Random batches, valid or not, get the answer that a plain map gives, and leave what the map holds; scans
/// and reopenings in between.
pub async fn random_batches_do_what_the_model_does(fixture: &dyn Fixture) {
    // One storage for all cases, each under owners of its own: opening is slow, and neighbours should not matter.
    let storage = Mutex::new(Some(fixture.open()));
    let case = std::sync::atomic::AtomicU32::new(0);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let outcome = block_in_place(|| {
        TestRunner::new(config).run(&vec(step(), 1..STEPS), |steps| {
            let case = case.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let mut slot = storage.lock().expect("one case at a time");
            let mut model = Model { case, ..Model::default() };
            for step in &steps {
                let open = match (step, slot.take()) {
                    (Step::Reopen, open) => {
                        drop(open);
                        fixture.open()
                    }
                    (_, open) => open.unwrap_or_else(|| fixture.open()),
                };
                let checked = Handle::current().block_on(model.check(&open, step));
                *slot = Some(open);
                checked?;
            }
            Ok(())
        })
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Operation>),
    Scan(u8, usize, Direction),
    Reopen,
}

#[derive(Clone, Debug)]
enum Operation {
    ExpectAbsent(Spot),
    ExpectCurrent(Spot),
    ExpectStale(Spot),
    Put(Spot, u8),
    Delete(Spot),
    Add(Spot, Add),
}

/// Few owners and keys, so that batches meet; the keys are bytes that an encoding could stumble over.
#[derive(Clone, Copy, Debug)]
struct Spot {
    owner: u8,
    key: &'static [u8],
}

const OWNERS: u8 = 2;
const KEYS: [&[u8]; 8] = [b"", b"\0", b"v", b"v\0", b"\xfe", b"\xff\xff\xff\xff", b"n", b"n\xff"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => vec(operation(), 1..6).prop_map(Step::Commit),
        4 => (0..OWNERS, 1..6_usize, select(vec![Direction::Forward, Direction::Backward]))
            .prop_map(|(owner, limit, direction)| Step::Scan(owner, limit, direction)),
        1 => Just(Step::Reopen),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let spot = || (0..OWNERS, select(&KEYS[..])).prop_map(|(owner, key)| Spot { owner, key });
    let bound = || proptest::option::of(-4..5_i128);
    prop_oneof![
        2 => spot().prop_map(Operation::ExpectAbsent),
        3 => spot().prop_map(Operation::ExpectCurrent),
        1 => spot().prop_map(Operation::ExpectStale),
        4 => (spot(), any::<u8>()).prop_map(|(spot, fill)| Operation::Put(spot, fill)),
        2 => spot().prop_map(Operation::Delete),
        2 => (spot(), -3..4_i128, bound(), bound())
            .prop_map(|(spot, delta, floor, ceiling)| Operation::Add(spot, Add { delta, floor, ceiling })),
    ]
}

#[derive(Default)]
struct Model {
    case: u32,
    entries: BTreeMap<Key, Entry>,
    last: Option<Revision>,
}

/// What a batch comes to.
#[derive(Debug, PartialEq)]
enum Verdict {
    Lands,
    Conflicts(Key),
    Exceeds(Key),
    Invalid,
}

impl Model {
    async fn check(&mut self, storage: &Arc<dyn Storage>, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Commit(operations) => self.check_commit(storage, operations).await,
            Step::Scan(owner, limit, direction) => self.check_scan(storage, *owner, *limit, *direction).await,
            Step::Reopen => self.check_all(storage).await,
        }
    }

    async fn check_commit(
        &mut self,
        storage: &Arc<dyn Storage>,
        operations: &[Operation],
    ) -> Result<(), TestCaseError> {
        let batch = self.batch(operations);
        let mut after = self.entries.clone();
        let want = verdict(&batch, &mut after);
        let answer = storage.commit(batch).await;
        let got = match &answer {
            Ok(_) => Verdict::Lands,
            Err(CommitError::Conflict { key }) => Verdict::Conflicts(key.clone()),
            Err(CommitError::BoundExceeded { key, .. }) => Verdict::Exceeds(key.clone()),
            Err(CommitError::Invalid(_)) => Verdict::Invalid,
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(got, want);
        if let Ok(committed) = answer {
            prop_assert!(Some(committed.revision) > self.last);
            self.last = Some(committed.revision);
            for entry in after.values_mut() {
                if let Entry::Value { revision, .. } = entry
                    && *revision == PENDING
                {
                    *revision = committed.revision;
                }
            }
            self.entries = after;
        }
        self.check_all(storage).await
    }

    async fn check_scan(
        &self,
        storage: &Arc<dyn Storage>,
        owner: u8,
        limit: usize,
        direction: Direction,
    ) -> Result<(), TestCaseError> {
        let owner = self.owner(owner);
        let mine = self.entries.iter().filter(|(key, _)| key.owner == owner);
        let mine = mine.map(|(key, entry)| (key.key.clone(), entry.clone()));
        let want: Vec<_> = match direction {
            Direction::Forward => mine.take(limit).collect(),
            Direction::Backward => mine.rev().take(limit).collect(),
        };
        let found = storage.scan(owner, KeyRange::all(), limit, direction).await;
        prop_assert_eq!(found.expect("scans").value, want);
        Ok(())
    }

    async fn check_all(&self, storage: &Arc<dyn Storage>) -> Result<(), TestCaseError> {
        let spots = (0..OWNERS).flat_map(|owner| KEYS.map(|key| self.key(Spot { owner, key })));
        let keys: Vec<Key> = spots.collect();
        let want: Vec<_> = keys.iter().map(|key| self.entries.get(key).cloned()).collect();
        prop_assert_eq!(storage.get(keys).await.expect("reads").value, want);
        Ok(())
    }

    fn batch(&self, operations: &[Operation]) -> Batch {
        let mut batch = Batch::new();
        let current = |spot: &Spot| self.entries.get(&self.key(*spot)).and_then(Entry::revision);
        for operation in operations {
            match operation {
                Operation::ExpectAbsent(spot) => batch.expect_absent(self.key(*spot)),
                Operation::ExpectCurrent(spot) => {
                    batch.expect_revision(self.key(*spot), current(spot).unwrap_or(Revision::new(0)))
                }
                Operation::ExpectStale(spot) => {
                    let stale = current(spot).map_or(0, |revision| revision.number() - 1);
                    batch.expect_revision(self.key(*spot), Revision::new(stale))
                }
                Operation::Put(spot, fill) => batch.put(self.key(*spot), vec![*fill; usize::from(*fill) * 9]),
                Operation::Delete(spot) => batch.delete(self.key(*spot)),
                Operation::Add(spot, add) => batch.add(self.key(*spot), *add),
            };
        }
        batch
    }

    fn owner(&self, owner: u8) -> Bytes {
        [&self.case.to_be_bytes()[..], &[owner]].concat().into()
    }

    fn key(&self, spot: Spot) -> Key {
        Key::new(self.owner(spot.owner), spot.key)
    }
}

/// Stands in for the revision that the commit will tell.
const PENDING: Revision = Revision::new(u64::MAX);

/// What `batch` comes to on `entries`, which it changes when it lands; written apart from any backend's code.
fn verdict(batch: &Batch, entries: &mut BTreeMap<Key, Entry>) -> Verdict {
    use crate::{Expect, Write};
    if batch.validate().is_err() {
        return Verdict::Invalid;
    }
    let before = entries.clone();
    for (key, expect) in batch.expects() {
        match (expect, before.get(key)) {
            (Expect::Absent, None) => {}
            (Expect::Revision(_), Some(Entry::Counter(_))) => return Verdict::Invalid,
            (Expect::Revision(want), Some(Entry::Value { revision, .. })) if *revision == want => {}
            _ => return Verdict::Conflicts(key.clone()),
        }
    }
    for (key, write) in batch.writes() {
        match (write, before.get(key)) {
            (Write::Delete, _) => {
                entries.remove(key);
            }
            (Write::Put(_), Some(Entry::Counter(_))) | (Write::Add(_), Some(Entry::Value { .. })) => {
                return Verdict::Invalid;
            }
            (Write::Put(bytes), _) => {
                entries.insert(key.clone(), Entry::Value { revision: PENDING, bytes: bytes.clone() });
            }
            (Write::Add(add), found) => {
                let moved = found.and_then(Entry::counter).unwrap_or(0) + add.delta;
                let over = add.delta > 0 && add.ceiling.is_some_and(|ceiling| moved > ceiling);
                let under = add.delta < 0 && add.floor.is_some_and(|floor| moved < floor);
                if over || under {
                    return Verdict::Exceeds(key.clone());
                }
                entries.insert(key.clone(), Entry::Counter(moved));
            }
        }
    }
    Verdict::Lands
}
