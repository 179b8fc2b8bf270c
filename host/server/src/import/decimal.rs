//! Decimal numbers as feeds write them, exactly: no amount ever passes through a binary fraction.

use std::fmt;

/// Digits kept after the point; a binary fraction printed in full has 17 at most.
const DIGITS: u32 = 18;
const ONE: i128 = 10_i128.pow(DIGITS);
/// Digits before the point: far more than any price, and products of two stay within `i128`.
const WHOLE_DIGITS_MAX: usize = 15;

/// A number in steps of 10^-18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal(i128);

/// A whole number of minor units, and whether it had to be rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rounded {
    pub(super) units: i64,
    pub(super) was_exact: bool,
}

impl Decimal {
    /// Reads `-12.50`: an optional sign, digits, at most one point. No exponent, no thousands separator.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.as_bytes().first()? {
            b'-' => (-1, &text[1..]),
            b'+' => (1, &text[1..]),
            _ => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        if whole.len() > WHOLE_DIGITS_MAX || fraction.len() > DIGITS as usize {
            return None;
        }
        let read = |part: &str| if part.is_empty() { Some(0) } else { part.parse::<i128>().ok() };
        let scale = 10_i128.pow(DIGITS - u32::try_from(fraction.len()).ok()?);
        Some(Self(sign * (read(whole)? * ONE + read(fraction)? * scale)))
    }

    pub(super) fn from_integer(number: i64) -> Self {
        Self(i128::from(number) * ONE)
    }

    /// This times a whole number; none when it is larger than any price.
    pub(super) fn times(self, factor: i64) -> Option<Self> {
        self.0.checked_mul(i128::from(factor)).map(Self)
    }

    /// In units of 10^-`exponent`, rounded half to even; none beyond `i64`.
    pub(super) fn minor_units(self, exponent: u32) -> Option<Rounded> {
        let step = 10_i128.pow(DIGITS.checked_sub(exponent)?);
        let (quotient, remainder) = (self.0.div_euclid(step), self.0.rem_euclid(step));
        let up = remainder * 2 > step || (remainder * 2 == step && quotient % 2 != 0);
        let units = i64::try_from(quotient + i128::from(up)).ok()?;
        Some(Rounded { units, was_exact: remainder == 0 })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) =
            (self.0.unsigned_abs() / ONE.unsigned_abs(), self.0.unsigned_abs() % ONE.unsigned_abs());
        let digits = format!("{fraction:018}");
        match digits.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(price: &str, quantity: i64, want: i64, was_exact: bool) {
        let rounded = Decimal::parse(price).unwrap().times(quantity).unwrap().minor_units(2).unwrap();
        assert_eq!(rounded, Rounded { units: want, was_exact }, "{price} x {quantity}");
    }

    #[test]
    fn amounts_round_half_to_even_once_after_multiplying() {
        check("2.55", 6, 1530, true);
        check("0.625", 1, 62, false);
        check("0.635", 1, 64, false);
        check("-0.625", 1, -62, false);
        check("-0.635", 1, -64, false);
        check("0.001", 5, 0, false);
        check("0.001", 15, 2, false);
        check("0.625", 2, 125, true);
        check("2.4699999999999998", 1, 247, false);
        check("5.6850000000000005", 1, 569, false);
        check("100", 1, 10_000, true);
        check(".5", 1, 50, true);
        check("5.", 1, 500, true);
    }

    #[test]
    fn minor_units_have_as_many_digits_as_their_currency() {
        let price = Decimal::parse("12.3456").unwrap();
        for (exponent, want) in [(0, 12), (2, 1235), (3, 12_346), (4, 123_456)] {
            assert_eq!(price.minor_units(exponent).unwrap().units, want);
        }
    }

    #[test]
    fn what_is_no_plain_decimal_is_none() {
        for bad in [
            "",
            "-",
            ".",
            "1,000.00",
            "£5",
            "1e3",
            "1.2.3",
            " 1",
            "0x1",
            "١",
            "1234567890123456",
            "0.1234567890123456789",
        ] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
        assert_eq!(Decimal::parse("999999999999999").unwrap().times(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(units in -1_000_000_000_000_i64..1_000_000_000_000, digits in 0_usize..6) {
            let text = format!("{}{}.{:0width$}", if units < 0 { "-" } else { "" }, units.unsigned_abs(), 7, width = digits);
            let decimal = Decimal::parse(&text).unwrap();
            prop_assert_eq!(Decimal::parse(&decimal.to_string()), Some(decimal));
        }

        #[test]
        fn rounding_moves_at_most_half_a_unit(text in "-?[0-9]{1,9}\\.[0-9]{1,17}") {
            let decimal = Decimal::parse(&text).unwrap();
            let rounded = decimal.minor_units(2).unwrap();
            let distance = (i128::from(rounded.units) * (ONE / 100) - decimal.0).abs();
            prop_assert!(distance * 2 <= ONE / 100);
            prop_assert_eq!(rounded.was_exact, distance == 0);
        }
    }
}
