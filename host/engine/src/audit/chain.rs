//! Entries as they are stored and told, and whether they hang together.

use rebound_storage::{Direction, Entry, KeyRange, SCAN_LIMIT_MAX, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::Engine;
use crate::error::Fault;
use crate::keys;

/// What the first entry names in the place of the one before it.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry as it is stored: its canonical JSON (RFC 8785) is what is hashed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuditEntry {
    /// From 1 on, without a gap.
    pub(crate) sequence: u64,
    /// When, RFC 3339 by the wall clock.
    pub(crate) at: String,
    pub(crate) who: AuditWho,
    /// `noun.verb`.
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
    /// Hash of the entry before this, lower-case hex.
    pub(crate) previous: String,
}

/// Who it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuditWho {
    /// host, admin, dev or token.
    pub(crate) kind: String,
    /// Which token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// What it was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// The latest entry: what the next one follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Its number; 0 when there is none.
    pub sequence: u64,
    /// Its hash; 64 zeros when there is none.
    pub hash: String,
}

/// An entry, by its place.
#[derive(Debug, Clone)]
pub struct AuditLink {
    /// Its number, by the key it is stored under.
    pub sequence: u64,
    /// SHA-256 of what is stored, lower-case hex.
    pub hash: String,
    /// What it says; none when it cannot be read any more.
    pub entry: Option<Value>,
}

/// Some entries, in their order.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The entries.
    pub links: Vec<AuditLink>,
    /// The latest of all; read after the entries.
    pub head: AuditHead,
}

/// The first place where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {sequence} of the audit log {problem}")]
pub struct BrokenLink {
    /// Which entry.
    pub sequence: u64,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// SHA-256 of an entry's canonical form (RFC 8785), lower-case hex.
#[must_use]
pub fn audit_hash(entry: &Value) -> String {
    hash(&canonical(entry))
}

pub(crate) fn canonical(entry: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(entry).expect("an entry has string keys and finite numbers only")
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Follows a chain from its first entry on.
#[derive(Debug, Clone)]
pub struct Chain {
    last: AuditHead,
}

impl Default for Chain {
    fn default() -> Self {
        Self { last: AuditHead::none() }
    }
}

impl AuditHead {
    pub(crate) fn none() -> Self {
        Self { sequence: 0, hash: NOTHING.to_owned() }
    }
}

impl Chain {
    /// Takes the next entry.
    ///
    /// # Errors
    /// [`BrokenLink`] when it is not the one that follows, or not what was written.
    pub fn follow(&mut self, link: &AuditLink) -> Result<(), BrokenLink> {
        let wanted = self.last.sequence + 1;
        let broken = |problem| Err(BrokenLink { sequence: wanted, problem });
        if link.sequence != wanted {
            return broken("is missing");
        }
        let Some(entry) = &link.entry else {
            return broken("cannot be read; its bytes were changed");
        };
        if entry["sequence"] != wanted {
            return broken("says that it is another one; it was changed or moved");
        }
        if entry["previous"] != self.last.hash {
            return match wanted {
                1 => broken("does not begin the chain; it was changed, or the beginning was cut off"),
                _ => broken("does not follow from the one before; one of the two was changed"),
            };
        }
        if audit_hash(entry) != link.hash {
            return broken("does not have the hash it is stored with; its bytes were changed");
        }
        self.last = AuditHead { sequence: wanted, hash: link.hash.clone() };
        Ok(())
    }

    /// The entry that was taken last.
    #[must_use]
    pub fn last(&self) -> &AuditHead {
        &self.last
    }

    /// Ends at the head.
    ///
    /// # Errors
    /// [`BrokenLink`] when entries are missing before it, or the last one is not the one it names.
    pub fn end(&self, head: &AuditHead) -> Result<(), BrokenLink> {
        match self.last.sequence {
            sequence if sequence < head.sequence => {
                Err(BrokenLink { sequence: sequence + 1, problem: "is missing" })
            }
            sequence if sequence > head.sequence => Err(BrokenLink {
                sequence: head.sequence + 1,
                problem: "is newer than the head; the head was changed",
            }),
            sequence if self.last.hash != head.hash => Err(BrokenLink {
                sequence,
                problem: "is not the one that the head names; one of the two was changed",
            }),
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// Entries after a number, at most `limit` (up to 1,024), oldest first.
    ///
    /// # Errors
    /// [`Fault`] when the storage cannot answer.
    pub async fn audit(&self, after: u64, limit: usize) -> Result<AuditPage, Fault> {
        let storage = self.shared.storage.as_ref();
        let links = page(storage, after, limit).await?;
        Ok(AuditPage { links, head: stored_head(storage).await? })
    }
}

/// Follows the whole chain of a storage that nobody else writes to.
///
/// # Errors
/// [`Fault`] when the storage cannot be read. Inside, [`BrokenLink`] when the chain does not hold, else its head.
pub async fn verify_stored_audit(storage: &dyn Storage) -> Result<Result<AuditHead, BrokenLink>, Fault> {
    let mut chain = Chain::default();
    loop {
        let links = page(storage, chain.last.sequence, SCAN_LIMIT_MAX).await?;
        if links.is_empty() {
            let head = stored_head(storage).await?;
            return Ok(chain.end(&head).map(|()| head));
        }
        for link in &links {
            if let Err(broken) = chain.follow(link) {
                return Ok(Err(broken));
            }
        }
    }
}

async fn page(storage: &dyn Storage, after: u64, limit: usize) -> Result<Vec<AuditLink>, Fault> {
    let range = KeyRange::prefix(keys::AUDIT_ENTRY_PREFIX).after(keys::audit_place(after));
    let limit = limit.clamp(1, SCAN_LIMIT_MAX);
    let read = storage.scan(keys::AUDIT, range, limit, Direction::Forward).await?;
    storage.durable(read.sequence).await?;
    let link = |(key, entry): &(rebound_storage::Bytes, Entry)| {
        let number = key.strip_prefix(keys::AUDIT_ENTRY_PREFIX.as_bytes()).unwrap_or_default();
        let bytes = entry.bytes().map(AsRef::as_ref).unwrap_or_default();
        AuditLink {
            sequence: number.try_into().map(u64::from_be_bytes).unwrap_or_default(),
            hash: hash(bytes),
            entry: serde_json::from_slice(bytes).ok().filter(is_told),
        }
    };
    Ok(read.value.iter().map(link).collect())
}

/// Whether it still has the shape that it was written in.
fn is_told(entry: &Value) -> bool {
    AuditEntry::deserialize(entry).is_ok()
}

/// A head that cannot be read is one that nothing leads up to.
pub(crate) async fn stored_head(storage: &dyn Storage) -> Result<AuditHead, Fault> {
    let read = storage.get(vec![keys::audit_head()]).await?;
    storage.durable(read.sequence).await?;
    let entry = read.value.into_iter().next().flatten();
    let Some(bytes) = entry.as_ref().and_then(Entry::bytes) else { return Ok(AuditHead::none()) };
    let unreadable = || AuditHead { sequence: 0, hash: String::new() };
    Ok(serde_json::from_slice(bytes).unwrap_or_else(|_| unreadable()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn links(count: u64) -> Vec<AuditLink> {
        let mut previous = NOTHING.to_owned();
        (1..=count)
            .map(|sequence| {
                let entry = json!({
                    "sequence": sequence, "at": "2026-03-01T09:30:00Z", "who": {"kind": "admin"},
                    "action": "policy.set", "subject": "policy", "before": null, "after": {"low_stock": sequence},
                    "previous": previous,
                });
                previous = audit_hash(&entry);
                AuditLink { sequence, hash: previous.clone(), entry: Some(entry) }
            })
            .collect()
    }

    fn followed(links: &[AuditLink]) -> Result<Chain, BrokenLink> {
        let mut chain = Chain::default();
        links.iter().try_for_each(|link| chain.follow(link)).map(|()| chain)
    }

    fn head_of(link: &AuditLink) -> AuditHead {
        AuditHead { sequence: link.sequence, hash: link.hash.clone() }
    }

    #[test]
    fn a_whole_chain_is_followed_to_its_head() {
        let links = links(3);
        followed(&links).unwrap().end(&head_of(&links[2])).unwrap();
        Chain::default().end(&AuditHead::none()).unwrap();
    }

    #[test]
    fn whatever_is_changed_breaks_the_chain_where_it_was() {
        let whole = links(4);
        let changed = |change: &dyn Fn(&mut Vec<AuditLink>)| {
            let mut links = whole.clone();
            change(&mut links);
            followed(&links).and_then(|chain| chain.end(&head_of(&whole[3]))).unwrap_err().sequence
        };
        assert_eq!(changed(&|links| drop(links.remove(1))), 2, "one is taken out");
        assert_eq!(changed(&|links| drop(links.remove(0))), 1, "the first is taken out");
        assert_eq!(changed(&|links| drop(links.pop())), 4, "the last is taken out");
        assert_eq!(changed(&|links| links.swap(1, 2)), 2, "two change places");
        let say = |links: &mut Vec<AuditLink>, index: usize| {
            links[index].entry.as_mut().unwrap()["after"]["low_stock"] = json!(99);
        };
        assert_eq!(changed(&|links| say(links, 1)), 2, "one says something else");
        let rehashed = |links: &mut Vec<AuditLink>, index: usize| {
            say(links, index);
            links[index].hash = audit_hash(links[index].entry.as_ref().unwrap());
        };
        assert_eq!(changed(&|links| rehashed(links, 1)), 3, "with a hash that fits: the next one tells");
        assert_eq!(changed(&|links| rehashed(links, 3)), 4, "the last one: the head tells");
        assert_eq!(changed(&|links| links[2].entry = None), 3, "one is unreadable");
    }

    #[test]
    fn an_end_that_was_cut_off_with_its_head_is_found_by_whoever_noted_the_head() {
        let links = links(4);
        let noted = head_of(&links[3]);
        let chain = followed(&links[..2]).unwrap();
        chain.end(&head_of(&links[1])).unwrap();
        assert_eq!(chain.end(&noted).unwrap_err().sequence, 3);
    }
}
