//! The merchant's clock, by the IANA time zone database.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rebound_domain::time::{Instant, Zone};

/// A place of the IANA database.
#[derive(Debug, Clone)]
pub(crate) struct MerchantZone(TimeZone);

impl MerchantZone {
    /// The zone of this name; UTC for one that the database does not have (a policy names only those it has, but the
    /// database may lose one).
    pub(crate) fn named(name: &str) -> Self {
        Self(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }
}

impl Zone for MerchantZone {
    fn offset_seconds(&self, at: Instant) -> i32 {
        let milliseconds = i64::try_from(at.0).unwrap_or(i64::MAX);
        let timestamp = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
        self.0.to_offset(timestamp).seconds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_and_winter_have_their_own_offsets() {
        let (winter, summer) = (Instant(1_705_320_000_000), Instant(1_721_044_800_000));
        let offsets = |name| [winter, summer].map(|at| MerchantZone::named(name).offset_seconds(at));
        assert_eq!(offsets("Europe/London"), [0, 3_600]);
        assert_eq!(offsets("Asia/Shanghai"), [28_800, 28_800]);
        assert_eq!(offsets("Nowhere/Atlantis"), [0, 0]);
        assert_eq!(MerchantZone::named("UTC").offset_seconds(Instant(u64::MAX)), 0);
    }
}
