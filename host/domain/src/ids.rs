//! Names and numbers that identify things. Each is a type of its own, checked when it is made.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing, or nothing but white space.
    #[error("{kind} is empty; give it a value")]
    Empty {
        /// What was being read.
        kind: &'static str,
    },
    /// Longer than the limit.
    #[error("{kind} has {size} bytes, over the limit of {size_max}; shorten it")]
    TooLong {
        /// What was being read.
        kind: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        size_max: usize,
    },
    /// A character that this kind of identifier cannot hold.
    #[error("{kind} `{value}` holds a character that is not allowed; use {allowed}")]
    Character {
        /// What was being read.
        kind: &'static str,
        /// The text as given, control characters escaped.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Not of the form it must have.
    #[error("{kind} `{value}` is not of the form {form}")]
    Form {
        /// What was being read.
        kind: &'static str,
        /// The text as given.
        value: String,
        /// The form it must have.
        form: &'static str,
    },
}

const TEXT_BYTES_MAX: usize = 256;

fn text(kind: &'static str, value: &str) -> Result<(), IdError> {
    if value.trim().is_empty() {
        return Err(IdError::Empty { kind });
    }
    if value.len() > TEXT_BYTES_MAX {
        return Err(IdError::TooLong { kind, size: value.len(), size_max: TEXT_BYTES_MAX });
    }
    if value.chars().any(char::is_control) {
        let value = value.escape_debug().to_string();
        return Err(IdError::Character { kind, value, allowed: "printable characters" });
    }
    Ok(())
}

fn slug(kind: &'static str, value: &str) -> Result<(), IdError> {
    text(kind, value)?;
    if !value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b)) {
        let value = value.escape_debug().to_string();
        return Err(IdError::Character { kind, value, allowed: "a-z, 0-9, '-', '_' and '.'" });
    }
    Ok(())
}

fn namespaced(kind: &'static str, value: &str) -> Result<(), IdError> {
    text(kind, value)?;
    let mut parts = value.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(namespace), Some(name), None) if !namespace.is_empty() && !name.is_empty() => {
            slug(kind, namespace)?;
            slug(kind, name)
        }
        _ => Err(IdError::Form { kind, value: value.escape_debug().to_string(), form: "namespace/name" }),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Checks a text and makes it a ", $kind, ".")]
            ///
            /// # Errors
            /// An [`IdError`] naming what is wrong with it.
            pub fn new(value: impl Into<String>) -> Result<Self, IdError> {
                let value = value.into();
                $check($kind, &value)?;
                Ok(Self(value))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(value: String) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(value: &str) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The merchant's name for a customer. Personal: never a key in storage, never in a log.
    CustomerId, "customer id", text
);
id!(
    /// The merchant's name for a return. One plan each.
    ReturnId, "return id", text
);
id!(
    /// The merchant's name for an order.
    OrderId, "order id", text
);
id!(
    /// The system an event comes from; with the event id it identifies the event.
    Source, "event source", text
);
id!(
    /// An event's id, unique within its source.
    EventId, "event id", text
);
id!(
    /// The merchant's stock-keeping unit.
    Sku, "sku", text
);
id!(
    /// A plugin's `namespace/name`.
    PluginName, "plugin name", namespaced
);
id!(
    /// What stands before the slash of a plugin's name: a partner's, or the operator's own.
    Namespace, "namespace", slug
);
id!(
    /// An experiment's key.
    ExperimentKey, "experiment key", slug
);
id!(
    /// An arm's key within its experiment.
    ArmKey, "arm key", slug
);
id!(
    /// A coupon budget's id.
    BudgetId, "budget id", slug
);
id!(
    /// A declared constant's key: what a template names as `{const.key}`.
    ConstantKey, "constant key", slug
);

impl PluginName {
    /// What stands before the slash.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        Namespace(self.0.split('/').next().unwrap_or_default().to_owned())
    }
}

/// A product of the catalogue. Assigned once by the host, never reused, the same on every host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductId(pub u32);

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of a component's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = IdError;

    fn try_from(value: String) -> Result<Self, IdError> {
        let form =
            || IdError::Form { kind: "digest", value: value.clone(), form: "sha256: and 64 hex digits" };
        let hex =
            value.strip_prefix("sha256:").filter(|hex| hex.len() == 64 && hex.is_ascii()).ok_or_else(form)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| form())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| form())?;
        }
        Ok(Self(bytes))
    }
}

/// One published version of a plugin: `namespace/name@1.2.3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginRef {
    /// Its name.
    pub name: PluginName,
    /// Its version.
    pub version: semver::Version,
}

impl fmt::Display for PluginRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl From<PluginRef> for String {
    fn from(plugin: PluginRef) -> String {
        plugin.to_string()
    }
}

impl std::str::FromStr for PluginRef {
    type Err = IdError;

    fn from_str(value: &str) -> Result<Self, IdError> {
        let form = || IdError::Form {
            kind: "plugin",
            value: value.escape_debug().to_string(),
            form: "namespace/name@1.2.3",
        };
        let (name, version) = value.split_once('@').ok_or_else(form)?;
        let version = semver::Version::parse(version).map_err(|_| form())?;
        Ok(Self { name: PluginName::new(name)?, version })
    }
}

impl TryFrom<String> for PluginRef {
    type Error = IdError;
    fn try_from(value: String) -> Result<Self, IdError> {
        value.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_refuse_what_could_confuse_a_key_or_a_log() {
        for bad in ["", "   ", "a\nb", "a\u{0}b", "\u{7f}"] {
            assert!(ReturnId::new(bad).is_err(), "{bad:?}");
        }
        assert!(ReturnId::new("x".repeat(257)).is_err());
        assert_eq!(ReturnId::new("退货-1 a").unwrap().as_str(), "退货-1 a");
    }

    #[test]
    fn plugin_names_are_namespaced_lower_case() {
        for bad in ["upgrade", "a/b/c", "/b", "a/", "A/b", "a b/c", "a/b@1.0.0"] {
            assert!(PluginName::new(bad).is_err(), "{bad:?}");
        }
        let plugin: PluginRef = "rebound/upgrade@0.1.0-rc.1".parse().unwrap();
        assert_eq!(plugin.to_string(), "rebound/upgrade@0.1.0-rc.1");
        assert!("rebound/upgrade".parse::<PluginRef>().is_err());
        assert!("rebound/upgrade@1".parse::<PluginRef>().is_err());
    }

    #[test]
    fn a_namespace_is_what_stands_before_the_slash() {
        let namespace = PluginName::new("acme/first").unwrap().namespace();
        assert_eq!(Namespace::new("acme").unwrap(), namespace);
        for bad in ["", "acme/", "Acme", "*", "a b"] {
            assert!(Namespace::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_digest_reads_back_what_it_prints() {
        let digest = Digest::of(b"component");
        assert_eq!(Digest::try_from(digest.to_string()).unwrap(), digest);
        for bad in ["", "sha256:", "sha256:zz", &digest.to_string()[1..]] {
            assert!(Digest::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
