//! What a namespace may use.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::Namespace;
use crate::money::BasisPoints;

/// What one namespace may use; none is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Published versions.
    pub versions: Option<u64>,
    /// Of their components together, bytes.
    pub bytes: Option<u64>,
    /// Fuel a second, of all its versions together.
    pub fuel_per_second: Option<u64>,
    /// Share of the compute threads that may run its calls at a time.
    pub compute_share: Option<BasisPoints>,
    /// Of its log lines, bytes a second; what is beyond is counted and not written.
    pub log_bytes_per_second: Option<u64>,
}

impl Quota {
    /// No bound at all.
    pub const UNLIMITED: Self = Self {
        versions: None,
        bytes: None,
        fuel_per_second: None,
        compute_share: None,
        log_bytes_per_second: None,
    };

    /// How many of `threads` may run its calls at a time. A share that is not nothing is one thread at least.
    #[must_use]
    pub fn threads(&self, threads: u32) -> u32 {
        let Some(BasisPoints(share)) = self.compute_share else { return threads };
        let whole = u64::from(threads) * u64::from(share) / u64::from(BasisPoints::WHOLE.0);
        u32::try_from(whole).unwrap_or(threads).max(share.min(1)).min(threads)
    }
}

impl Default for Quota {
    /// What a partner gets of whom nobody has said anything else.
    ///
    /// A hundred versions are two a week for a year; 64 MiB are hundreds of Rust components, or a few that carry an
    /// interpreter. 500,000,000 fuel are a tenth of a compute thread in a tight loop and most of one in Python: 12,000
    /// recommendations in Rust, 130 in JavaScript, 300 in Python. Half of the threads leave the other half to everybody
    /// else. 64 KiB of log a second are some 600 lines.
    fn default() -> Self {
        Self {
            versions: Some(100),
            bytes: Some(64 * 1024 * 1024),
            fuel_per_second: Some(500_000_000),
            compute_share: Some(BasisPoints(5_000)),
            log_bytes_per_second: Some(64 * 1024),
        }
    }
}

/// How no bound is written.
const UNLIMITED: &str = "unlimited";

/// A bound, or the word that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// As much as there is.
    Unlimited,
    /// So much.
    AtMost(u64),
}

impl Bound {
    fn limit(self) -> Option<u64> {
        match self {
            Bound::Unlimited => None,
            Bound::AtMost(limit) => Some(limit),
        }
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Bound::Unlimited => serializer.serialize_str(UNLIMITED),
            Bound::AtMost(limit) => serializer.serialize_u64(*limit),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundVisitor)
    }
}

struct BoundVisitor;

impl de::Visitor<'_> for BoundVisitor {
    type Value = Bound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number, or \"{UNLIMITED}\"")
    }

    fn visit_u64<E: de::Error>(self, limit: u64) -> Result<Bound, E> {
        Ok(Bound::AtMost(limit))
    }

    fn visit_i64<E: de::Error>(self, limit: i64) -> Result<Bound, E> {
        let unexpected = || E::invalid_value(de::Unexpected::Signed(limit), &self);
        u64::try_from(limit).map(Bound::AtMost).map_err(|_| unexpected())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Bound, E> {
        match word {
            UNLIMITED => Ok(Bound::Unlimited),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }
}

/// What an operator says of one namespace; the rest is as it is for all others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaSettings {
    /// Published versions.
    pub versions: Option<Bound>,
    /// Of their components together, bytes.
    pub bytes: Option<Bound>,
    /// Fuel a second.
    pub fuel_per_second: Option<Bound>,
    /// Share of the compute threads, basis points.
    pub compute_share_bp: Option<Bound>,
    /// Of log lines, bytes a second.
    pub log_bytes_per_second: Option<Bound>,
}

impl QuotaSettings {
    fn over(&self, quota: Quota) -> Quota {
        let said = |bound: Option<Bound>, other: Option<u64>| bound.map_or(other, Bound::limit);
        let share = said(self.compute_share_bp, quota.compute_share.map(|share| share.0.into()));
        Quota {
            versions: said(self.versions, quota.versions),
            bytes: said(self.bytes, quota.bytes),
            fuel_per_second: said(self.fuel_per_second, quota.fuel_per_second),
            compute_share: share.map(|share| {
                let whole = BasisPoints::WHOLE.0;
                BasisPoints(u32::try_from(share).unwrap_or(whole).min(whole))
            }),
            log_bytes_per_second: said(self.log_bytes_per_second, quota.log_bytes_per_second),
        }
    }
}

/// What every namespace may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quotas {
    /// For partners that are not named.
    pub partners: QuotaSettings,
    /// By name.
    pub named: BTreeMap<Namespace, QuotaSettings>,
}

impl Quotas {
    /// What a namespace may use. The operator's own are bounded only where they are named: what an operator's own
    /// strategies take from one another is the operator's to decide.
    #[must_use]
    pub fn of(&self, namespace: &Namespace, is_own: bool) -> Quota {
        let base = if is_own { Quota::UNLIMITED } else { self.partners.over(Quota::default()) };
        self.named.get(namespace).map_or(base, |named| named.over(base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(name: &str) -> Namespace {
        Namespace::new(name).unwrap()
    }

    #[test]
    fn own_namespaces_are_bounded_only_where_they_are_named() {
        let named = QuotaSettings { versions: Some(Bound::AtMost(3)), ..QuotaSettings::default() };
        let quotas = Quotas {
            named: BTreeMap::from([(namespace("shop"), named)]),
            partners: QuotaSettings::default(),
        };
        assert_eq!(quotas.of(&namespace("rebound"), true), Quota::UNLIMITED);
        assert_eq!(quotas.of(&namespace("shop"), true), Quota { versions: Some(3), ..Quota::UNLIMITED });
        assert_eq!(quotas.of(&namespace("shop"), false), Quota { versions: Some(3), ..Quota::default() });
        assert_eq!(quotas.of(&namespace("acme"), false), Quota::default());
    }

    #[test]
    fn what_is_said_of_one_stands_over_what_is_said_of_all() {
        let partners = QuotaSettings {
            bytes: Some(Bound::AtMost(5)),
            fuel_per_second: Some(Bound::AtMost(7)),
            ..QuotaSettings::default()
        };
        let acme = QuotaSettings { bytes: Some(Bound::Unlimited), ..QuotaSettings::default() };
        let quotas = Quotas { partners, named: BTreeMap::from([(namespace("acme"), acme)]) };
        let (acme, other) = (quotas.of(&namespace("acme"), false), quotas.of(&namespace("other"), false));
        assert_eq!((acme.bytes, acme.fuel_per_second), (None, Some(7)));
        assert_eq!((other.bytes, other.fuel_per_second), (Some(5), Some(7)));
    }

    #[test]
    fn a_share_is_whole_threads_and_one_at_least() {
        for (share, threads, want) in [
            (Some(5_000), 8, 4),
            (Some(5_000), 3, 1),
            (Some(5_000), 1, 1),
            (Some(1), 64, 1),
            (Some(0), 64, 0),
            (Some(10_000), 8, 8),
            (None, 8, 8),
        ] {
            let quota = Quota { compute_share: share.map(BasisPoints), ..Quota::UNLIMITED };
            assert_eq!(quota.threads(threads), want, "{share:?} of {threads}");
        }
    }
}
