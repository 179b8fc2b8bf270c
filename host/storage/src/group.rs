//! One group of batches against what stands stored: which land, and what is written in the end.
//!
//! Pure: the backend hands in how to look a key up, and afterwards writes the result in one go.

use std::collections::HashMap;

use bytes::Bytes;

use crate::{Batch, CommitError, Expect, Invalid, Key, Revision, StorageError, Write};

/// As much of a stored entry as a batch can depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Value(Revision),
    Counter(i128),
}

/// What stands under a key once the group has landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Absent,
    Value { revision: Revision, bytes: Bytes },
    Counter { revision: Revision, number: i128 },
}

/// Batches that land together, each seeing what the ones before it did.
pub(crate) struct Group {
    outcomes: HashMap<Key, Outcome>,
    last: Revision,
}

impl Group {
    /// A group whose batches get the revisions after `last`.
    pub(crate) fn after(last: Revision) -> Self {
        Self { outcomes: HashMap::new(), last }
    }

    /// Takes `batch` in and answers with its revision; a batch that is refused leaves no trace.
    pub(crate) fn admit(
        &mut self,
        batch: &Batch,
        look_up: impl Fn(&Key) -> Result<State, StorageError>,
    ) -> Result<Revision, CommitError> {
        let look_up = |key: &Key| match self.outcomes.get(key) {
            Some(outcome) => Ok(outcome.state()),
            None => look_up(key),
        };
        let revision = Revision::new(self.last.number() + 1);
        for (key, expect) in batch.expects() {
            check(key, expect, look_up(key)?)?;
        }
        let outcomes = batch
            .writes()
            .map(|(key, write)| Ok((key.clone(), outcome(key, write, revision, look_up)?)))
            .collect::<Result<Vec<_>, CommitError>>()?;
        self.outcomes.extend(outcomes);
        self.last = revision;
        Ok(revision)
    }

    /// The revision of the batch admitted last.
    pub(crate) fn last(&self) -> Revision {
        self.last
    }

    /// What to write, each key once, however many batches of the group wrote it.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&Key, &Outcome)> {
        self.outcomes.iter()
    }
}

impl Outcome {
    fn state(&self) -> State {
        match self {
            Self::Absent => State::Absent,
            Self::Value { revision, .. } => State::Value(*revision),
            Self::Counter { number, .. } => State::Counter(*number),
        }
    }
}

fn check(key: &Key, expect: Expect, state: State) -> Result<(), CommitError> {
    match (expect, state) {
        (Expect::Absent, State::Absent) => Ok(()),
        (Expect::Revision(expected), State::Value(found)) if expected == found => Ok(()),
        // Not a conflict: reading again and retrying would never end.
        (Expect::Revision(_), State::Counter(_)) => Err(wrong_kind(key)),
        _ => Err(CommitError::Conflict { key: key.clone() }),
    }
}

fn outcome(
    key: &Key,
    write: &Write,
    revision: Revision,
    look_up: impl Fn(&Key) -> Result<State, StorageError>,
) -> Result<Outcome, CommitError> {
    match write {
        Write::Delete => Ok(Outcome::Absent),
        Write::Put(bytes) => match look_up(key)? {
            State::Counter(_) => Err(wrong_kind(key)),
            State::Absent | State::Value(_) => Ok(Outcome::Value { revision, bytes: bytes.clone() }),
        },
        Write::Add(add) => {
            let counter = match look_up(key)? {
                State::Absent => 0,
                State::Counter(number) => number,
                State::Value(_) => return Err(wrong_kind(key)),
            };
            let number = add.apply(counter).map_err(|bound| CommitError::BoundExceeded {
                key: key.clone(),
                counter,
                delta: add.delta,
                bound,
            })?;
            Ok(Outcome::Counter { revision, number })
        }
    }
}

fn wrong_kind(key: &Key) -> CommitError {
    CommitError::Invalid(Invalid::WrongKind { key: key.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Add;

    const NOTHING: fn(&Key) -> Result<State, StorageError> = |_| Ok(State::Absent);

    fn key(name: &'static str) -> Key {
        Key::new("o", name)
    }

    #[test]
    fn a_batch_sees_what_the_group_did_before_it() {
        let mut group = Group::after(Revision::new(7));
        let mut create = Batch::new();
        create.expect_absent(key("a")).put(key("a"), "1").add(key("n"), Add::by(3).at_most(5));
        assert_eq!(group.admit(&create, NOTHING).expect("lands"), Revision::new(8));
        assert!(
            matches!(group.admit(&create, NOTHING), Err(CommitError::Conflict { key: k }) if k == key("a"))
        );

        let mut change = Batch::new();
        change
            .expect_revision(key("a"), Revision::new(8))
            .delete(key("a"))
            .add(key("n"), Add::by(2).at_most(5));
        assert_eq!(group.admit(&change, NOTHING).expect("lands"), Revision::new(9));
        let outcomes: HashMap<_, _> = group.outcomes().map(|(k, o)| (k.clone(), o.clone())).collect();
        let counter = Outcome::Counter { revision: Revision::new(9), number: 5 };
        assert_eq!(outcomes, HashMap::from([(key("a"), Outcome::Absent), (key("n"), counter)]));
    }

    #[test]
    fn a_refused_batch_leaves_no_trace_and_uses_no_revision() {
        let mut group = Group::after(Revision::new(0));
        let mut batch = Batch::new();
        batch
            .expect_absent(key("a"))
            .put(key("a"), "1")
            .add(key("m"), Add::by(1))
            .add(key("n"), Add::by(6).at_most(5));
        let refused = group.admit(&batch, NOTHING);
        assert!(matches!(refused, Err(CommitError::BoundExceeded { counter: 0, delta: 6, bound: 5, .. })));
        assert_eq!(group.outcomes().count(), 0);
        assert_eq!(group.last(), Revision::new(0));
    }
}
