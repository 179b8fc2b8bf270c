//! Numbers with their units, instants and words.

use std::fmt;

use jiff::Timestamp;
use rebound_domain::manifest::Stage as DomainStage;
use rebound_domain::money::{BasisPoints, INTEGER_MAX, Money};
use rebound_domain::time::{Duration, Instant as DomainInstant};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// JSON has one kind of number: `2`, `2.0` and `2e0` are the same body (RFC 8785), so all of them are read.
struct Whole {
    min: i64,
    max: i64,
}

impl Visitor<'_> for Whole {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}", self.min, self.max)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        match number {
            number if (self.min..=self.max).contains(&number) => Ok(number),
            number => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        // Every whole f64 within the contract's integers is exactly an i64.
        #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 is exact")]
        let exact = number.fract() == 0.0 && number.abs() <= INTEGER_MAX as f64;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        match exact {
            true => self.visit_i64(number as i64),
            false => Err(E::invalid_value(Unexpected::Float(number), &self)),
        }
    }
}

macro_rules! whole {
    ($(#[$doc:meta])* $name:ident: $inner:ty, $min:expr, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserializer.deserialize_any(Whole { min: $min, max: $max })?;
                Ok(Self(<$inner>::try_from(number).expect("the visitor keeps to the type's range")))
            }
        }
    };
}

whole! {
    /// Minor units (cents, fen) of the currency.
    Amount: i64, -INTEGER_MAX, INTEGER_MAX
}
whole! {
    /// 1 / 10,000: 250 is 2.5 %.
    Share: u32, 0, i64::from(u32::MAX)
}
whole! {
    /// Basis points that may be negative.
    Margin: i32, i64::from(i32::MIN), i64::from(i32::MAX)
}
whole! {
    /// How many.
    Count: u32, 0, i64::from(u32::MAX)
}
whole! {
    /// Milliseconds.
    Millis: u64, 0, INTEGER_MAX
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        Self(amount.0)
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money.0)
    }
}

impl From<Share> for BasisPoints {
    fn from(share: Share) -> Self {
        Self(share.0)
    }
}

impl From<BasisPoints> for Share {
    fn from(share: BasisPoints) -> Self {
        Self(share.0)
    }
}

impl From<Millis> for Duration {
    fn from(millis: Millis) -> Self {
        Self(millis.0)
    }
}

impl From<Duration> for Millis {
    fn from(duration: Duration) -> Self {
        Self(duration.0)
    }
}

/// RFC 3339 with an offset; written in UTC, with milliseconds where there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-03-01T09:30:00Z")]
pub(crate) struct Instant(pub(crate) DomainInstant);

impl Instant {
    fn parse(text: &str) -> Option<Self> {
        // The library reads more of ISO 8601 than RFC 3339 has: date and time without separators, annotations.
        let bytes = text.as_bytes();
        let shaped = bytes.len() >= 20
            && [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')]
                .iter()
                .all(|&(index, byte)| bytes[index] == byte)
            && matches!(bytes[10], b'T' | b't' | b' ')
            && !text.contains('[');
        let timestamp: Timestamp = shaped.then(|| text.parse().ok())??;
        u64::try_from(timestamp.as_millisecond()).ok().map(|millis| Self(DomainInstant(millis)))
    }
}

impl From<DomainInstant> for Instant {
    fn from(instant: DomainInstant) -> Self {
        Self(instant)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant from 1970 on as RFC 3339 writes it, such as \"2026-03-01T09:30:00Z\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                Instant::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An instant past the calendar's end is a sum that saturated: the last moment stands for it.
        let millis = i64::try_from(self.0.0).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).fmt(f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The five stages, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    Segmentation,
    Recommendation,
    Coupon,
    Sharing,
    Progress,
}

impl From<DomainStage> for Stage {
    fn from(stage: DomainStage) -> Self {
        match stage {
            DomainStage::Segmentation => Self::Segmentation,
            DomainStage::Recommendation => Self::Recommendation,
            DomainStage::Coupon => Self::Coupon,
            DomainStage::Sharing => Self::Sharing,
            DomainStage::Progress => Self::Progress,
        }
    }
}

impl From<Stage> for DomainStage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Segmentation => Self::Segmentation,
            Stage::Recommendation => Self::Recommendation,
            Stage::Coupon => Self::Coupon,
            Stage::Sharing => Self::Sharing,
            Stage::Progress => Self::Progress,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_read_however_it_is_written() {
        for (text, want) in [("2", 2), ("2.0", 2), ("2e0", 2), ("-0", 0), ("4294967295", u32::MAX)] {
            assert_eq!(serde_json::from_str::<Count>(text).unwrap(), Count(want), "{text}");
        }
        assert_eq!(serde_json::from_str::<Amount>("-9007199254740991.0").unwrap(), Amount(-INTEGER_MAX));
    }

    #[test]
    fn a_number_that_is_not_whole_or_out_of_range_is_refused_with_its_range() {
        for bad in ["2.5", "-1", "4294967296", "1e300", "\"2\"", "true", "null", "18446744073709551615"] {
            let error = serde_json::from_str::<Count>(bad).unwrap_err().to_string();
            assert!(error.contains("a whole number from 0 to 4294967295"), "{bad}: {error}");
        }
        assert!(serde_json::from_str::<Amount>("9007199254740992").is_err());
    }

    #[test]
    fn an_instant_is_read_with_any_offset_and_written_in_utc() {
        for (text, want) in [
            ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
            ("2026-03-01T17:30:00+08:00", "2026-03-01T09:30:00Z"),
            ("2026-03-01t09:30:00z", "2026-03-01T09:30:00Z"),
            ("2026-03-01 09:30:00.25Z", "2026-03-01T09:30:00.25Z"),
            ("2026-03-01T09:30:00.1239Z", "2026-03-01T09:30:00.123Z"),
        ] {
            let instant: Instant = serde_json::from_value(text.into()).unwrap();
            assert_eq!(serde_json::to_value(instant).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn what_rfc_3339_does_not_write_is_no_instant() {
        for bad in [
            "",
            "2026-03-01",
            "2026-03-01T09:30:00",
            "20260301T093000Z",
            "2026-03-01T09:30Z",
            "2026-03-01T09:30:00Z[UTC]",
            "2026-02-30T09:30:00Z",
            "1969-12-31T23:59:59Z",
            "2026-03-01T09:30:00 UTC",
            "退退退退退退退退退退",
        ] {
            assert!(serde_json::from_value::<Instant>(bad.into()).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Instant>("1767225600000").is_err());
    }

    #[test]
    fn an_instant_past_the_calendar_is_written_as_its_last_moment() {
        let text = serde_json::to_string(&Instant(DomainInstant(u64::MAX))).unwrap();
        assert!(text.starts_with("\"9999-12-"), "{text}");
    }

    #[test]
    fn stages_have_the_words_of_the_contract() {
        for stage in DomainStage::ALL {
            assert_eq!(serde_json::to_value(Stage::from(stage)).unwrap(), stage.word());
            assert_eq!(DomainStage::from(Stage::from(stage)), stage);
        }
    }
}
