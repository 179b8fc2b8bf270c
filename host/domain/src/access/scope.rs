//! Scopes: what a token may do, and which of them contain which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::Namespace;

/// Whose plugins a scope is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Everybody's.
    Everywhere,
    /// One namespace's.
    Within(Namespace),
}

/// One thing that a token may do.
///
/// | word | what it allows |
/// |---|---|
/// | `events` | send returns, orders and customers; read plans and price holds |
/// | `catalogue` | import products |
/// | `publish`, `publish:acme/*` | publish plugins, of every namespace or of one, and see them |
/// | `read`, `read:acme/*` | see what operators set and what plugins did, all of it or of one namespace |
/// | `operate` | change what operators set; contains `read` |
/// | `admin` | tokens, and everything above; not `personal-data` |
/// | `personal-data` | see who a customer is: unmasked recordings, the text of log lines |
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Send what happens to customers, and read what they were promised.
    Events,
    /// Import products.
    Catalogue,
    /// Publish plugins, and see those of the same reach.
    Publish(Reach),
    /// See what operators set and what plugins did.
    Read(Reach),
    /// Change what operators set.
    Operate,
    /// Tokens, and everything else but personal data.
    Admin,
    /// See who a customer is.
    PersonalData,
}

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{word}` is no scope; use events, catalogue, publish, publish:NAMESPACE/*, read, read:NAMESPACE/*, operate, admin or personal-data"
)]
pub struct ScopeError {
    /// What was given, control characters escaped.
    pub word: String,
}

impl Reach {
    /// Whether a namespace is within it.
    #[must_use]
    pub fn has(&self, namespace: &Namespace) -> bool {
        match self {
            Reach::Everywhere => true,
            Reach::Within(own) => own == namespace,
        }
    }

    fn contains(&self, other: &Reach) -> bool {
        match other {
            Reach::Everywhere => *self == Reach::Everywhere,
            Reach::Within(namespace) => self.has(namespace),
        }
    }
}

impl Scope {
    /// Whether whoever has this scope may do what `wanted` is about.
    #[must_use]
    pub fn contains(&self, wanted: &Scope) -> bool {
        match (self, wanted) {
            (Scope::Admin, wanted) => *wanted != Scope::PersonalData,
            (Scope::Operate, Scope::Read(_)) => true,
            // Whoever publishes sees what became of it.
            (Scope::Publish(own) | Scope::Read(own), Scope::Read(wanted)) => match self {
                Scope::Publish(Reach::Everywhere) => *wanted != Reach::Everywhere,
                _ => own.contains(wanted),
            },
            (Scope::Publish(own), Scope::Publish(wanted)) => own.contains(wanted),
            (own, wanted) => own == wanted,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, reach) = match self {
            Scope::Events => ("events", None),
            Scope::Catalogue => ("catalogue", None),
            Scope::Publish(reach) => ("publish", Some(reach)),
            Scope::Read(reach) => ("read", Some(reach)),
            Scope::Operate => ("operate", None),
            Scope::Admin => ("admin", None),
            Scope::PersonalData => ("personal-data", None),
        };
        f.write_str(word)?;
        match reach {
            Some(Reach::Within(namespace)) => write!(f, ":{namespace}/*"),
            Some(Reach::Everywhere) | None => Ok(()),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(word: &str) -> Result<Self, ScopeError> {
        let error = || ScopeError { word: word.escape_debug().to_string() };
        let (name, reach) = match word.split_once(':') {
            None => (word, Reach::Everywhere),
            Some((name, pattern)) => {
                let namespace = pattern.strip_suffix("/*").and_then(|name| Namespace::new(name).ok());
                (name, Reach::Within(namespace.ok_or_else(error)?))
            }
        };
        match (name, reach) {
            ("publish", reach) => Ok(Scope::Publish(reach)),
            ("read", reach) => Ok(Scope::Read(reach)),
            ("events", Reach::Everywhere) => Ok(Scope::Events),
            ("catalogue", Reach::Everywhere) => Ok(Scope::Catalogue),
            ("operate", Reach::Everywhere) => Ok(Scope::Operate),
            ("admin", Reach::Everywhere) => Ok(Scope::Admin),
            ("personal-data", Reach::Everywhere) => Ok(Scope::PersonalData),
            _ => Err(error()),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(word: String) -> Result<Self, ScopeError> {
        word.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.to_string()
    }
}

/// Everything that somebody may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants(Vec<Scope>);

impl Grants {
    /// What these scopes allow.
    #[must_use]
    pub fn new(scopes: Vec<Scope>) -> Self {
        Self(scopes)
    }

    /// Everything, personal data included: whoever holds the data directory has that anyway.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![Scope::Admin, Scope::PersonalData])
    }

    /// Whether a scope is granted, by itself or within another.
    #[must_use]
    pub fn allow(&self, wanted: &Scope) -> bool {
        self.0.iter().any(|scope| scope.contains(wanted))
    }

    /// The first of `wanted` that is not granted. Nobody hands on what they do not have.
    #[must_use]
    pub fn lacks<'a>(&self, wanted: &'a [Scope]) -> Option<&'a Scope> {
        wanted.iter().find(|wanted| !self.allow(wanted))
    }

    /// Whether what a namespace's plugins did may be seen.
    #[must_use]
    pub fn sees(&self, namespace: &Namespace) -> bool {
        self.allow(&Scope::Read(Reach::Within(namespace.clone())))
    }

    /// Whether some namespace's plugins may be seen, whichever.
    #[must_use]
    pub fn see_some(&self) -> bool {
        let seen = |scope: &Scope| matches!(scope, Scope::Read(_) | Scope::Publish(_));
        self.allow(&Scope::Read(Reach::Everywhere)) || self.0.iter().any(seen)
    }

    /// Whether plugins of some namespace may be published, whichever.
    #[must_use]
    pub fn publish_some(&self) -> bool {
        self.allow(&Scope::Publish(Reach::Everywhere))
            || self.0.iter().any(|scope| matches!(scope, Scope::Publish(_)))
    }

    /// The scopes as they were given.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.0
    }
}

/// The scopes' words, for a sentence.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 9] = [
        "events",
        "catalogue",
        "publish",
        "publish:acme/*",
        "read",
        "read:acme/*",
        "operate",
        "admin",
        "personal-data",
    ];

    fn scope(word: &str) -> Scope {
        word.parse().unwrap()
    }

    #[test]
    fn a_scope_reads_back_what_it_prints() {
        for word in WORDS {
            assert_eq!(scope(word).to_string(), word);
        }
        for bad in [
            "",
            "Events",
            "events:acme/*",
            "publish:",
            "publish:acme",
            "publish:*",
            "publish:*/*",
            "publish:a/b/*",
            "publish:/*",
            "read:acme/* ",
            "admin:acme/*",
            "root",
            "publish:ACME/*",
        ] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }

    /// The whole relation: for each scope, which it contains, itself included.
    #[test]
    fn which_scope_contains_which() {
        let contained = |of: &str| -> Vec<&str> {
            WORDS.iter().copied().filter(|word| scope(of).contains(&scope(word))).collect()
        };
        assert_eq!(contained("events"), ["events"]);
        assert_eq!(contained("catalogue"), ["catalogue"]);
        assert_eq!(contained("publish"), ["publish", "publish:acme/*", "read:acme/*"]);
        assert_eq!(contained("publish:acme/*"), ["publish:acme/*", "read:acme/*"]);
        assert_eq!(contained("publish:other/*"), [""; 0]);
        assert_eq!(contained("read"), ["read", "read:acme/*"]);
        assert_eq!(contained("read:acme/*"), ["read:acme/*"]);
        assert_eq!(contained("operate"), ["read", "read:acme/*", "operate"]);
        let all_but_personal: Vec<_> = WORDS.into_iter().filter(|word| *word != "personal-data").collect();
        assert_eq!(contained("admin"), all_but_personal);
        assert_eq!(contained("personal-data"), ["personal-data"]);
    }

    #[test]
    fn nobody_hands_on_what_they_do_not_have() {
        let admin = Grants::new(vec![Scope::Admin]);
        let wanted = [scope("publish:acme/*"), Scope::PersonalData];
        assert_eq!(admin.lacks(&wanted), Some(&Scope::PersonalData));
        assert_eq!(Grants::everything().lacks(&wanted), None);
    }

    #[test]
    fn a_namespace_sees_itself_only() {
        let own = Grants::new(vec![scope("publish:acme/*")]);
        let namespace = |name: &str| crate::ids::PluginName::new(name).unwrap().namespace();
        assert!(own.sees(&namespace("acme/first")));
        for other in ["acm/first", "acme2/first", "rebound/acme"] {
            assert!(!own.sees(&namespace(other)), "{other}");
        }
        assert!(own.see_some() && own.publish_some());
        let events = Grants::new(vec![Scope::Events, Scope::Catalogue, Scope::PersonalData]);
        assert!(!events.see_some() && !events.publish_some());
        assert!(!Grants::new(vec![Scope::Operate]).publish_some());
    }
}
