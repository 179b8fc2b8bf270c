//! Tokens.

use rebound_domain::access::{Rate as DomainRate, Scope, Terms};
use rebound_domain::time::Duration;
use rebound_engine::TokenState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read::optional_object;
use super::scalar::{Count, Instant, Millis};

/// How long the old secret goes on when nobody says: time to bring the new one everywhere.
const OVERLAP: Duration = Duration::days(1);

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenDraft {
    /// What operators call it, at most 128 bytes.
    name: String,
    /// What its holder may do: events, catalogue, publish, publish:NAMESPACE/*, read, read:NAMESPACE/*, operate, admin,
    /// personal-data.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// From when on it is refused; never when left out.
    #[serde(default)]
    expires_at: Option<Instant>,
    /// How often its holder may ask; 1,000 a second and 2,000 at once when left out.
    #[serde(default, deserialize_with = "optional_object")]
    rate: Option<Rate>,
}

/// How often a token may ask.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    /// Requests a second, in the long run; 1 to 1,000,000.
    per_second: Count,
    /// Requests at once, after a silence; 1 to 10,000,000.
    burst: Count,
}

/// How a token gets a new secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// How long the old secret opens beside the new one, at most 30 days; one day when left out, 0 ends it at once.
    #[serde(default)]
    overlap_ms: Option<Millis>,
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    /// Its id: what stands between `rbt_` and the next `_` of its secret.
    id: String,
    /// What operators call it.
    name: String,
    /// What its holder may do.
    scopes: Vec<String>,
    /// How often its holder may ask.
    rate: Rate,
    /// When it was made.
    created_at: Instant,
    /// By whom.
    created_by: String,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Instant>,
    /// Until when the secret before the last rotation opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_until: Option<Instant>,
    /// When it was last used; after a restart, up to an hour too early.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Instant>,
}

/// A token with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewToken {
    /// The token.
    pub(crate) token: Token,
    /// What its holder sends; shown this once.
    pub(crate) secret: String,
}

/// Every token, the oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// The tokens.
    pub(crate) tokens: Vec<Token>,
}

impl Rotation {
    pub(crate) fn overlap(&self) -> Duration {
        self.overlap_ms.map_or(OVERLAP, Duration::from)
    }
}

impl From<TokenDraft> for Terms {
    fn from(draft: TokenDraft) -> Self {
        let TokenDraft { name, scopes, expires_at, rate } = draft;
        let rate =
            rate.map(|Rate { per_second, burst }| DomainRate { per_second: per_second.0, burst: burst.0 });
        Self { name, scopes, expires_at: expires_at.map(|it| it.0), rate: rate.unwrap_or_default() }
    }
}

impl From<TokenState> for Token {
    fn from(state: TokenState) -> Self {
        let TokenState { id, terms, created_at, created_by, revoked_at, previous_until, last_used_at } =
            state;
        let Terms { name, scopes, expires_at, rate } = terms;
        Self {
            id: id.to_string(),
            name,
            scopes: scopes.iter().map(Scope::to_string).collect(),
            rate: Rate { per_second: Count(rate.per_second), burst: Count(rate.burst) },
            created_at: created_at.into(),
            created_by,
            expires_at: expires_at.map(Into::into),
            revoked_at: revoked_at.map(Into::into),
            previous_until: previous_until.map(Into::into),
            last_used_at: last_used_at.map(Into::into),
        }
    }
}
