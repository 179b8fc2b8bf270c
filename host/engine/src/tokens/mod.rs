//! Tokens: made, rotated, revoked, and told apart from what is none.
//!
//! A secret is shown once, to whoever made it. What is kept is an HMAC of it under the host's key, in memory and stored;
//! every request asks the memory only.

mod check;
mod held;

use rebound_domain::access::{Caller, Scope, Terms, TermsError, TokenId, TokenText, Who};
use rebound_domain::time::{Duration, Instant};
use rebound_storage::{Batch, Revision};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::check::Refused;
pub(crate) use self::held::Tokens;
use crate::Engine;
use crate::audit::{Change, to_value};
use crate::error::Fault;
use crate::identity::random;
use crate::keys;
use crate::records::encode;

/// Tokens of one deployment, those that ended included; the one that ended longest ago makes room.
const TOKENS_MAX: usize = 1_024;
/// How long the old secret may go on beside the new one.
const OVERLAP_MAX: Duration = Duration::days(30);

/// A token as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TokenRecord {
    id: TokenId,
    terms: Terms,
    created_at: Instant,
    created_by: String,
    revoked_at: Option<Instant>,
    /// HMAC of the secret.
    secret: [u8; 32],
    /// The one before, as long as it still opens.
    previous: Option<Previous>,
}

/// A secret that was rotated out.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Previous {
    secret: [u8; 32],
    until: Instant,
}

/// A token as operators see it: everything but its secret.
#[derive(Debug, Clone)]
pub struct TokenState {
    /// Its id.
    pub id: TokenId,
    /// What it is for, and until when.
    pub terms: Terms,
    /// When it was made.
    pub created_at: Instant,
    /// By whom.
    pub created_by: String,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// Until when the secret before the last rotation still opens.
    pub previous_until: Option<Instant>,
    /// When it was last used, to the hour across restarts.
    pub last_used_at: Option<Instant>,
}

/// Why a token was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its terms do not stand.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// It would do what its maker may not.
    #[error("a token cannot be given the scope {scope} by a caller that does not have it; ask one that does")]
    Beyond {
        /// Which scope.
        scope: Scope,
    },
    /// There is none of this id.
    #[error("there is no token {id}; list them with `rebound token list`")]
    Unknown {
        /// Which.
        id: TokenId,
    },
    /// It was revoked, or its time is over.
    #[error("token {id} has ended; make a new one with `rebound token create`")]
    Ended {
        /// Which.
        id: TokenId,
    },
    /// There are as many as there may be, and none of them has ended.
    #[error("there are {TOKENS_MAX} tokens that have not ended, as many as there may be; revoke one first")]
    TooMany,
    /// The old secret would go on for very long.
    #[error("overlap_ms is {}; give at most {} (30 days)", .overlap.0, OVERLAP_MAX.0)]
    Overlap {
        /// What was asked for.
        overlap: Duration,
    },
    /// The host's own trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl TokenRecord {
    fn has_ended(&self, now: Instant) -> bool {
        self.revoked_at.is_some() || self.terms.has_expired(now)
    }

    /// When it ended, or will.
    fn end(&self) -> Instant {
        let never = Instant(u64::MAX);
        self.revoked_at.unwrap_or(never).min(self.terms.expires_at.unwrap_or(never))
    }

    /// As the audit log tells it: nothing of a secret, not even its HMAC.
    fn told(&self) -> Value {
        json!({
            "name": self.terms.name, "scopes": self.terms.scopes, "rate": self.terms.rate,
            "expires_at": self.terms.expires_at, "revoked_at": self.revoked_at,
            "previous_until": self.previous.as_ref().map(|previous| previous.until),
        })
    }
}

impl Engine {
    /// Makes a token. Its text is told here and never again.
    ///
    /// # Errors
    /// [`TokenError`]: terms that do not stand, or a scope that whoever asks does not have.
    pub async fn create_token(&self, terms: Terms) -> Result<(TokenState, TokenText), TokenError> {
        let now = self.wall_clock();
        terms.check(now)?;
        self.check_handed_on(&terms)?;
        let text = TokenText::new(TokenId::new(random()), random());
        let record = TokenRecord {
            id: text.id(),
            terms,
            created_at: now,
            created_by: self.caller.who.to_string(),
            revoked_at: None,
            secret: self.secret_mac(&text),
            previous: None,
        };
        let _writing = self.shared.control_writer.lock().await;
        let mut batch = Batch::new();
        let mut given_up = None;
        if self.shared.tokens.count() >= TOKENS_MAX {
            let ended = self.shared.tokens.records().into_iter().filter(|it| it.has_ended(now));
            let oldest = ended.min_by_key(TokenRecord::end).ok_or(TokenError::TooMany)?;
            batch.delete(keys::token(oldest.id)).delete(keys::token_use(oldest.id));
            given_up = Some(oldest.id);
        }
        batch.expect_absent(keys::token(record.id));
        self.land_token(batch, "token.create", Value::Null, record.clone()).await?;
        if let Some(id) = given_up {
            self.shared.tokens.forget(id);
        }
        Ok((self.shared.tokens.state(record.id).ok_or(TokenError::Unknown { id: record.id })?, text))
    }

    /// Gives a token a new secret, told here and never again. The old one opens for `overlap` longer.
    ///
    /// # Errors
    /// [`TokenError`]: no such token, one that has ended, or one that may do more than whoever asks.
    pub async fn rotate_token(
        &self,
        id: TokenId,
        overlap: Duration,
    ) -> Result<(TokenState, TokenText), TokenError> {
        if overlap > OVERLAP_MAX {
            return Err(TokenError::Overlap { overlap });
        }
        let _writing = self.shared.control_writer.lock().await;
        let (record, revision) = self.shared.tokens.record(id).ok_or(TokenError::Unknown { id })?;
        let now = self.wall_clock();
        // Whoever is told the secret could do all that the token may.
        self.check_handed_on(&record.terms)?;
        if record.has_ended(now) {
            return Err(TokenError::Ended { id });
        }
        let text = TokenText::new(id, random());
        let previous = (overlap.0 > 0).then(|| Previous { secret: record.secret, until: now + overlap });
        let rotated = TokenRecord { secret: self.secret_mac(&text), previous, ..record.clone() };
        self.change_token("token.rotate", &record, revision, rotated).await.map(|state| (state, text))
    }

    /// Ends a token at once, its old secret included. One that was revoked before stays as it is.
    ///
    /// # Errors
    /// [`TokenError::Unknown`].
    pub async fn revoke_token(&self, id: TokenId) -> Result<TokenState, TokenError> {
        let _writing = self.shared.control_writer.lock().await;
        let (record, revision) = self.shared.tokens.record(id).ok_or(TokenError::Unknown { id })?;
        if record.revoked_at.is_some() {
            return self.shared.tokens.state(id).ok_or(TokenError::Unknown { id });
        }
        let revoked = TokenRecord { revoked_at: Some(self.wall_clock()), previous: None, ..record.clone() };
        self.change_token("token.revoke", &record, revision, revoked).await
    }

    /// Every token, the oldest first, those that have ended included.
    #[must_use]
    pub fn tokens(&self) -> Vec<TokenState> {
        self.shared.tokens.states()
    }

    /// In whose name this engine acts.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    fn check_handed_on(&self, terms: &Terms) -> Result<(), TokenError> {
        match self.caller.grants.lacks(&terms.scopes) {
            Some(scope) => Err(TokenError::Beyond { scope: scope.clone() }),
            None => Ok(()),
        }
    }

    async fn change_token(
        &self,
        action: &str,
        before: &TokenRecord,
        revision: Revision,
        after: TokenRecord,
    ) -> Result<TokenState, TokenError> {
        let (id, mut batch) = (after.id, Batch::new());
        batch.expect_revision(keys::token(id), revision);
        self.land_token(batch, action, to_value(&before.told()), after).await?;
        self.shared.tokens.state(id).ok_or(TokenError::Unknown { id })
    }

    /// The caller holds `control_writer`.
    async fn land_token(
        &self,
        mut batch: Batch,
        action: &str,
        before: Value,
        record: TokenRecord,
    ) -> Result<(), TokenError> {
        batch.put(keys::token(record.id), encode(&record));
        let change = Change::new(action, record.id, before, record.told());
        let committed = self.commit_audited(batch, change).await?;
        self.shared.tokens.set(record, committed.revision);
        Ok(())
    }

    /// What is kept of a secret. The id goes in, so that a stored one cannot be moved to a token that may do more.
    fn secret_mac(&self, text: &TokenText) -> [u8; 32] {
        self.shared.host_key.mac("token", &[text.id().to_string().as_bytes(), text.secret()])
    }

    /// Who the holder of a token is.
    pub(crate) fn token_caller(record: &TokenRecord) -> Caller {
        let who = Who::Token { id: record.id, name: record.terms.name.clone() };
        Caller { who, grants: rebound_domain::access::Grants::new(record.terms.scopes.clone()) }
    }
}
