//! The one thread that writes: gathers batches, applies them as one, makes them durable, then answers.

use std::io;
use std::sync::Arc;

use ::sled::Db;

use super::codec::{LAST_KEY, decode_state, encode_key, encode_outcome};
use super::shared::{Request, Shared};
use crate::group::{Group, Outcome, State};
use crate::{Committed, Key, Revision, Sequence, StorageError, Unavailable};

/// Makes what sled handed to the system reach the disk.
pub(super) type Sync = Box<dyn FnMut() -> io::Result<()> + Send>;

pub(super) struct Committer {
    pub(super) tree: Db,
    pub(super) sync: Sync,
    pub(super) shared: Arc<Shared>,
    /// The revision given out last.
    pub(super) last: Revision,
}

/// What stopped the thread; nothing after it can be trusted.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("a group of batches could not be written: {0}")]
    Write(#[from] ::sled::Error),
    #[error("the data file could not be synced: {0}")]
    Sync(#[from] io::Error),
}

impl Committer {
    /// Commits until the queue is stopped and empty, or until something fails.
    pub(super) fn run(mut self) {
        let mut farewell =
            Farewell { shared: Arc::clone(&self.shared), why: failed("the committer panicked") };
        farewell.why = loop {
            let Some(requests) = self.shared.next_group() else { break Unavailable::Closed };
            if let Err(failure) = self.commit(requests) {
                tracing::error!(%failure, "storage refuses writes from now on");
                break failed(failure);
            }
        };
    }

    /// Requests that are dropped unanswered, here or by a panic, are of unknown outcome.
    fn commit(&mut self, requests: Vec<Request>) -> Result<(), Failure> {
        // Before anything is looked at: a group that has no room changes nothing, and the storage lives on.
        if let Err(why) = self.shared.room.check() {
            for request in requests {
                // An error means that nobody listens.
                let _ = request.reply.send(Err(why.clone().into()));
            }
            return Ok(());
        }
        let mut group = Group::after(self.last);
        let answers: Vec<_> =
            requests.iter().map(|request| group.admit(&request.batch, |key| self.state(key))).collect();
        if group.last() > self.last {
            self.write(&group)?;
            self.last = group.last();
        }
        // Refusals wait for the sync too: they may rest on a batch before them in the group.
        for (request, answer) in requests.into_iter().zip(answers) {
            let committed =
                |revision: Revision| Committed { revision, sequence: Sequence::new(revision.number()) };
            // An error means that nobody listens.
            let _ = request.reply.send(answer.map(committed));
        }
        Ok(())
    }

    fn write(&mut self, group: &Group) -> Result<(), Failure> {
        let last = group.last().number();
        let mut batch = ::sled::Batch::default();
        let mut deletes = false;
        for (key, outcome) in group.outcomes() {
            match encode_outcome(outcome) {
                Some(encoded) => batch.insert(encode_key(key), encoded),
                None => batch.remove(encode_key(key)),
            }
            deletes |= *outcome == Outcome::Absent;
        }
        batch.insert(LAST_KEY, &last.to_be_bytes());
        self.shared.becomes_visible(last, deletes);
        self.tree.apply_batch(batch)?;
        self.tree.flush()?;
        (self.sync)()?;
        // First: whoever waits for the group finds it in the tap afterwards.
        self.shared.taps.hand_on(group);
        self.shared.becomes_durable(last);
        Ok(())
    }

    fn state(&self, key: &Key) -> Result<State, StorageError> {
        let encoded_key = encode_key(key);
        match self.tree.get(&encoded_key) {
            Ok(Some(encoded)) => decode_state(&encoded_key, &encoded),
            Ok(None) => Ok(State::Absent),
            Err(error) => Err(StorageError::Read(error.into())),
        }
    }
}

/// Says why the thread ended, however it ends.
struct Farewell {
    shared: Arc<Shared>,
    why: Unavailable,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.shared.end(self.why.clone());
    }
}

fn failed(reason: impl ToString) -> Unavailable {
    Unavailable::Failed { reason: reason.to_string() }
}
