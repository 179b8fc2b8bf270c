//! The audit log: who changed what operators set, when, from what, to what; and who had a person's data shown or erased.
//!
//! An entry lands in the same batch as the change it tells of, so neither is ever there without the other. Each holds the
//! hash of the one before it: whoever changes, takes out or slips in one breaks the chain behind it ([`Chain`]). What
//! the chain cannot show is that its end was cut off and the head with it; for that, note the head elsewhere from time
//! to time.
//!
//! Values are told as they are stored. Secrets are no part of them; one that is large is told by its digest.

mod chain;
mod journal;

use rebound_domain::ids::Digest;
use rebound_storage::{Entry, Key, Revision};
use serde::Serialize;
use serde_json::{Value, json};

pub use self::chain::{AuditHead, AuditLink, AuditPage, BrokenLink, Chain, audit_hash, verify_stored_audit};
pub(crate) use self::journal::Journal;
use crate::Engine;
use crate::error::Fault;

/// Bytes of one value in an entry. A policy or a route has a few hundred.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// A change of what operators set.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    action: String,
    subject: String,
    before: Value,
    after: Value,
}

impl Change {
    /// `action` is `noun.verb`; `before` and `after` are null where there was or is nothing.
    pub(crate) fn new(
        action: impl Into<String>,
        subject: impl ToString,
        before: Value,
        after: Value,
    ) -> Self {
        let (before, after) = (bounded(before), bounded(after));
        Self { action: action.into(), subject: subject.to_string(), before, after }
    }

    /// A change under a key of the control plane: `route/coupon` is `route.set` of `coupon`.
    pub(crate) fn of_control(key: &Key, before: Value, after: &impl Serialize) -> Self {
        let place = String::from_utf8_lossy(&key.key);
        let (noun, subject) = place.split_once('/').unwrap_or((&place, &place));
        Self::new(format!("{noun}.set"), subject, before, to_value(after))
    }
}

/// A record as an entry tells it.
pub(crate) fn to_value(record: &impl Serialize) -> Value {
    serde_json::to_value(record).expect("a record has string keys and finite numbers only")
}

fn bounded(value: Value) -> Value {
    let text = value.to_string();
    match text.len() {
        size if size > VALUE_BYTES_MAX => json!({ "digest": Digest::of(text.as_bytes()), "bytes": size }),
        _ => value,
    }
}

impl Engine {
    /// What stands under a key that is about to be changed. The batch expects the same revision, so what is read here
    /// is what is replaced.
    pub(crate) async fn as_stored(&self, key: &Key, known: Option<Revision>) -> Result<Value, Fault> {
        if known.is_none() {
            return Ok(Value::Null);
        }
        let read = self.shared.storage.get(vec![key.clone()]).await?;
        let stored = read.value.into_iter().next().flatten();
        let stored = stored.as_ref().and_then(Entry::bytes);
        Ok(stored.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_value_is_told_by_its_digest() {
        let large = Change::new("policy.set", "policy", Value::Null, json!("x".repeat(VALUE_BYTES_MAX)));
        assert_eq!(large.after["bytes"], VALUE_BYTES_MAX + 2);
        assert!(large.after["digest"].as_str().unwrap().starts_with("sha256:"));
        let small = Change::new("policy.set", "policy", Value::Null, json!("x"));
        assert_eq!(small.after, "x");
    }
}
