//! Who asks, and what they may do.

use std::fmt;

use super::{Grants, Reach, Scope, TokenId};
use crate::ids::Namespace;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The host itself: what it does without being asked.
    Host,
    /// Whoever has the admin token of the data directory.
    Admin,
    /// Whoever is on the machine of a development server.
    Dev,
    /// The holder of a token.
    Token {
        /// Which token.
        id: TokenId,
        /// What operators call it.
        name: String,
    },
}

/// Somebody, with what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// What they may do.
    pub grants: Grants,
}

impl Caller {
    /// The host itself.
    #[must_use]
    pub fn host() -> Self {
        Self { who: Who::Host, grants: Grants::everything() }
    }

    /// Whoever has the admin token.
    #[must_use]
    pub fn admin() -> Self {
        Self { who: Who::Admin, grants: Grants::everything() }
    }

    /// Whoever is on a development machine.
    #[must_use]
    pub fn dev() -> Self {
        Self { who: Who::Dev, grants: Grants::everything() }
    }

    /// Whether plugins of a namespace may be published.
    #[must_use]
    pub fn publishes(&self, namespace: &Namespace) -> bool {
        self.grants.allow(&Scope::Publish(Reach::Within(namespace.clone())))
    }
}

impl Who {
    /// A word for the kind: host, admin, dev or token.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Who::Host => "host",
            Who::Admin => "admin",
            Who::Dev => "dev",
            Who::Token { .. } => "token",
        }
    }
}

/// For a log line: a token's id, never its secret.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Token { id, name } => write!(f, "token {id} ({})", name.escape_debug()),
            other => f.write_str(other.kind()),
        }
    }
}
