//! How often a token may ask: a bucket that fills steadily and is emptied by requests.

/// Most requests a second.
const PER_SECOND_MAX: u32 = 1_000_000;
/// Most requests at once.
const BURST_MAX: u32 = 10_000_000;
const MICROS: u64 = 1_000_000;

use serde::{Deserialize, Serialize};

/// How often somebody may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Requests a second, in the long run; 1 to 1,000,000.
    pub per_second: u32,
    /// Requests at once, after a silence; 1 to 10,000,000.
    pub burst: u32,
}

/// A rate that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value}; give 1 to {max}")]
pub struct RateError {
    /// Which number.
    pub field: &'static str,
    /// What was given.
    pub value: u32,
    /// The most it may be.
    pub max: u32,
}

/// Far more than a shop sends, and far less than what would starve the others.
impl Default for Rate {
    fn default() -> Self {
        Self { per_second: 1_000, burst: 2_000 }
    }
}

impl Rate {
    /// Checks both numbers.
    ///
    /// # Errors
    /// [`RateError`] naming the one that does not stand.
    pub fn check(&self) -> Result<(), RateError> {
        for (field, value, max) in
            [("per_second", self.per_second, PER_SECOND_MAX), ("burst", self.burst, BURST_MAX)]
        {
            if !(1..=max).contains(&value) {
                return Err(RateError { field, value, max });
            }
        }
        Ok(())
    }
}

/// What is left of a rate. Times are microseconds of any clock that does not go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    /// A millionth of a request each, so that nothing is lost between two moments.
    left: u64,
    at: u64,
}

impl Meter {
    /// A full bucket.
    #[must_use]
    pub fn full(rate: Rate, now_micros: u64) -> Self {
        Self { left: u64::from(rate.burst) * MICROS, at: now_micros }
    }

    /// Whether nothing would be missing at this time: as if nobody had asked.
    #[must_use]
    pub fn is_full(&self, rate: Rate, now_micros: u64) -> bool {
        let gained = now_micros.saturating_sub(self.at).saturating_mul(rate.per_second.into());
        self.left.saturating_add(gained) >= u64::from(rate.burst) * MICROS
    }

    /// Takes one request out.
    ///
    /// # Errors
    /// Microseconds until there is one, when there is none. Nothing is taken then: whoever asks too often is not kept
    /// out for longer.
    pub fn take(&mut self, rate: Rate, now_micros: u64) -> Result<(), u64> {
        let since = now_micros.saturating_sub(self.at);
        let gained = since.saturating_mul(rate.per_second.into());
        self.left = self.left.saturating_add(gained).min(u64::from(rate.burst) * MICROS);
        self.at = self.at.max(now_micros);
        match self.left.checked_sub(MICROS) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err((MICROS - self.left).div_ceil(rate.per_second.max(1).into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2, burst: 3 };

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let mut meter = Meter::full(RATE, 0);
        for _ in 0..3 {
            meter.take(RATE, 0).unwrap();
        }
        assert_eq!(meter.take(RATE, 0), Err(500_000));
        assert_eq!(meter.take(RATE, 300_000), Err(200_000), "refusals cost nothing");
        meter.take(RATE, 500_000).unwrap();
        assert_eq!(meter.take(RATE, 500_000), Err(500_000));
        assert!(!meter.is_full(RATE, 1_999_999) && meter.is_full(RATE, 2_000_000));
    }

    #[test]
    fn a_long_silence_fills_the_bucket_and_no_more() {
        let mut meter = Meter::full(RATE, 0);
        for _ in 0..3 {
            meter.take(RATE, 0).unwrap();
        }
        let later = u64::MAX / 2;
        assert_eq!((0..10).filter(|_| meter.take(RATE, later).is_ok()).count(), 3);
        assert!(meter.take(RATE, 0).is_err(), "a clock that goes back gives nothing");
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        assert!(Rate::default().check().is_ok());
        let error = Rate { per_second: 0, burst: 1 }.check().unwrap_err();
        assert_eq!(error.to_string(), "per_second is 0; give 1 to 1000000");
        assert!(Rate { per_second: 1, burst: 0 }.check().is_err());
    }
}
