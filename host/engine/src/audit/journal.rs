//! Writing entries: one after the other, each in the batch of its change.

use jiff::Timestamp;
use rebound_domain::access::{Caller, Who};
use rebound_domain::time::Instant;
use rebound_storage::{Batch, CommitError, Committed, Entry, Revision, Storage};

use super::Change;
use super::chain::{AuditEntry, AuditHead, AuditWho, canonical, hash};
use crate::Engine;
use crate::error::{Damaged, Fault};
use crate::keys;
use crate::records::{decode, encode};

/// Tries while somebody else appends at the same time; here that is a commit whose answer was lost, elsewhere another
/// host on the same storage.
const ATTEMPTS_MAX: u32 = 16;

/// The end of the log, as far as this process knows.
pub(crate) struct Journal {
    /// Held while an entry lands: the next one needs its hash.
    end: tokio::sync::Mutex<End>,
}

struct End {
    head: AuditHead,
    /// Which write the head is; none before the first entry.
    revision: Option<Revision>,
}

impl Journal {
    pub(crate) async fn restore(storage: &dyn Storage) -> Result<Self, Fault> {
        Ok(Self { end: tokio::sync::Mutex::new(End::read(storage).await?) })
    }
}

impl End {
    async fn read(storage: &dyn Storage) -> Result<Self, Fault> {
        let read = storage.get(vec![keys::audit_head()]).await?;
        let entry = read.value.into_iter().next().flatten();
        let Some(entry) = entry else { return Ok(Self { head: AuditHead::none(), revision: None }) };
        let bytes = entry.bytes().ok_or(Damaged::Missing { what: "head of the audit log" })?;
        Ok(Self { head: decode("head of the audit log", bytes)?, revision: Entry::revision(&entry) })
    }
}

impl Engine {
    /// Lands a change of what operators set together with the entry that tells of it, in the name of whoever asked.
    ///
    /// # Errors
    /// [`Fault`]; nothing changed then, or, where the storage cannot tell, both or neither did.
    pub(crate) async fn commit_audited(&self, batch: Batch, change: Change) -> Result<Committed, Fault> {
        let mut end = self.shared.journal.end.lock().await;
        for _ in 0..ATTEMPTS_MAX {
            let sequence = end.head.sequence + 1;
            let entry = entry(sequence, self.wall_clock(), &self.caller, &change, &end.head.hash);
            let bytes = canonical(&entry);
            let head = AuditHead { sequence, hash: hash(&bytes) };
            let mut batch = batch.clone();
            match end.revision {
                Some(revision) => batch.expect_revision(keys::audit_head(), revision),
                None => batch.expect_absent(keys::audit_head()),
            };
            batch.put(keys::audit_head(), encode(&head));
            batch.expect_absent(keys::audit_entry(sequence)).put(keys::audit_entry(sequence), bytes);
            match self.shared.storage.commit(batch).await {
                Ok(committed) => {
                    *end = End { head, revision: Some(committed.revision) };
                    let (who, action, subject) = (&self.caller.who, &change.action, &change.subject);
                    tracing::info!(%who, action, subject, sequence, "noted in the audit log");
                    return Ok(committed);
                }
                Err(CommitError::Conflict { key }) if key.owner == keys::AUDIT => {
                    *end = End::read(self.shared.storage.as_ref()).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Fault::Busy)
    }
}

fn entry(sequence: u64, at: Instant, caller: &Caller, change: &Change, previous: &str) -> AuditEntry {
    let (token, name) = match &caller.who {
        Who::Token { id, name } => (Some(id.to_string()), Some(name.clone())),
        Who::Host | Who::Admin | Who::Dev => (None, None),
    };
    let at = i64::try_from(at.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    AuditEntry {
        sequence,
        at: at.unwrap_or(Timestamp::MAX).to_string(),
        who: AuditWho { kind: caller.who.kind().to_owned(), token, name },
        action: change.action.clone(),
        subject: change.subject.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        previous: previous.to_owned(),
    }
}
