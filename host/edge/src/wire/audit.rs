//! The audit log.

use rebound_engine::{AuditHead as DomainHead, AuditPage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::code::Code;
use crate::problem::Problem;

/// Entries of a page, when nobody says how many.
const PAGE: u32 = 100;
const PAGE_MAX: u32 = 1000;

/// Which part of the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// Only entries behind this number; all when left out.
    after: Option<u64>,
    /// At most so many; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl AuditParams {
    /// After which number, and how many.
    ///
    /// # Errors
    /// A problem naming the parameter.
    pub(crate) fn page(&self) -> Result<(u64, usize), Problem> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            let detail = format!("`limit` is {limit}; use 1 to {PAGE_MAX}");
            return Err(Problem::new(Code::InvalidField, detail).field("limit"));
        }
        Ok((self.after.unwrap_or(0), limit as usize))
    }
}

/// Who changed something.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AuditWho {
    /// admin (the admin token), token, dev (a development server) or host (the service itself).
    kind: String,
    /// The token's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// What it was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A change of what operators set.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// From 1 on, without a gap.
    sequence: u64,
    /// When, by the host's clock.
    at: String,
    /// Who.
    who: AuditWho,
    /// What was done: `policy.set`, `token.revoke`.
    action: String,
    /// What it was done to.
    subject: String,
    /// What stood there, as the host keeps it; null for nothing. A large value is told by its digest and size.
    before: Value,
    /// What stands there now.
    after: Value,
    /// Hash of the entry before it; 64 zeros in the first.
    previous: String,
}

/// An entry with its hash.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLink {
    /// By where it is stored.
    sequence: u64,
    /// SHA-256 of what is stored, which is the entry's canonical JSON (RFC 8785); lower-case hex.
    hash: String,
    /// The entry; null when it cannot be read any more.
    entry: Option<AuditEntry>,
}

/// The latest entry of all.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditHead {
    /// Its number; 0 when there is none.
    sequence: u64,
    /// Its hash; 64 zeros when there is none.
    hash: String,
}

/// Entries, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditList {
    /// The entries.
    entries: Vec<AuditLink>,
    /// The latest entry of all, read after these.
    head: AuditHead,
    /// What `after` of the next page is; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

impl From<AuditPage> for AuditList {
    fn from(page: AuditPage) -> Self {
        let AuditPage { links, head: DomainHead { sequence, hash } } = page;
        let next = links.last().map(|link| link.sequence).filter(|last| *last < sequence);
        let link = |link: rebound_engine::AuditLink| AuditLink {
            sequence: link.sequence,
            hash: link.hash,
            // What has another shape than was written is as good as unreadable.
            entry: link.entry.and_then(|entry| serde_json::from_value(entry).ok()),
        };
        Self { entries: links.into_iter().map(link).collect(), head: AuditHead { sequence, hash }, next }
    }
}
