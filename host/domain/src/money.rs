//! Money in minor units of the deployment's one currency, and shares in basis points.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

use crate::ids::IdError;

/// The largest magnitude that may cross the contract: JavaScript reads integers exactly up to 2^53.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// An amount in minor units (cents, fen). Sums saturate: inputs are at most 2^53, so a sum that saturates is
/// one no merchant can owe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// `share` of this amount, rounded half to even.
    #[must_use]
    pub fn share(self, share: BasisPoints) -> Money {
        const WHOLE: i128 = 10_000;
        let product = i128::from(self.0) * i128::from(share.0);
        let (quotient, remainder) = (product.div_euclid(WHOLE), product.rem_euclid(WHOLE));
        let up = remainder * 2 > WHOLE || (remainder * 2 == WHOLE && quotient % 2 != 0);
        let rounded = quotient + i128::from(up);
        Money(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }

    /// The upgrade rule's upper bound for a product at this price: floor(6p / 5).
    #[must_use]
    pub fn upgrade_bound(self) -> Money {
        let bound = (i128::from(self.0) * 6).div_euclid(5);
        Money(i64::try_from(bound).unwrap_or(i64::MAX))
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

/// 1 / 10,000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(pub u32);

impl BasisPoints {
    /// All of it.
    pub const WHOLE: BasisPoints = BasisPoints(10_000);

    /// As a fraction: 0.025 for 250.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

/// An ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Checks the form of a code: three capital letters.
    ///
    /// # Errors
    /// [`IdError::Form`] otherwise.
    pub fn new(code: &str) -> Result<Self, IdError> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(IdError::Form {
                kind: "currency",
                value: code.escape_debug().to_string(),
                form: "three capital letters (ISO 4217)",
            }),
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three capital letters")
    }

    /// How many decimal digits its minor unit has (ISO 4217, list one): 2 for CNY, 0 for JPY.
    #[must_use]
    pub fn exponent(self) -> i16 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
            | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = IdError;
    fn try_from(code: String) -> Result<Self, IdError> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_to_even() {
        for (amount, share, want) in [
            (5, 1_000, 0),
            (15, 1_000, 2),
            (25, 1_000, 2),
            (35, 1_000, 4),
            (-5, 1_000, 0),
            (-15, 1_000, -2),
            (999, 10_000, 999),
        ] {
            assert_eq!(Money(amount).share(BasisPoints(share)), Money(want), "{amount} at {share}");
        }
    }

    #[test]
    fn the_upgrade_bound_is_six_fifths_rounded_down() {
        for (price, want) in [(0, 0), (1, 1), (4, 4), (5, 6), (99, 118), (100, 120), (i64::MAX, i64::MAX)] {
            assert_eq!(Money(price).upgrade_bound(), Money(want), "{price}");
        }
    }

    #[test]
    fn currency_is_three_capitals() {
        assert_eq!(Currency::new("CNY").unwrap().to_string(), "CNY");
        for bad in ["", "cny", "CN", "CNYY", "元"] {
            assert!(Currency::new(bad).is_err(), "{bad}");
        }
    }
}
