//! What of a rate is left: a token bucket.

const MICROS_PER_SECOND: i128 = 1_000_000;

/// What of so much a second is left. It holds at most one second's worth, and starts with that.
///
/// What something takes is known only afterwards, so it is let in while anything is left and charged what it took:
/// the allowance may then owe, and nothing more is let in until that is paid back. Over any span at most the rate is
/// used, plus one second's worth and what was under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowance {
    /// In millionths, so that a low rate that is looked at often still grows. None until it is first looked at.
    level: Option<i128>,
    /// When the level was so, microseconds.
    at: u64,
}

impl Allowance {
    /// Whether anything is left.
    pub fn is_open(&mut self, rate: u64, now: u64) -> bool {
        self.refill(rate, now) > 0
    }

    /// Takes what something took.
    pub fn charge(&mut self, rate: u64, now: u64, amount: u64) {
        let level = self.refill(rate, now);
        self.level = Some(level - i128::from(amount) * MICROS_PER_SECOND);
    }

    /// What is left; below zero what is owed.
    pub fn left(&mut self, rate: u64, now: u64) -> i64 {
        let left = self.refill(rate, now).div_euclid(MICROS_PER_SECOND);
        i64::try_from(left).unwrap_or(if left < 0 { i64::MIN } else { i64::MAX })
    }

    /// A clock that was set back gives nothing and takes nothing.
    fn refill(&mut self, rate: u64, now: u64) -> i128 {
        let most = i128::from(rate) * MICROS_PER_SECOND;
        let level = match self.level {
            None => most,
            Some(level) => {
                let passed = i128::from(now.saturating_sub(self.at));
                level.saturating_add(i128::from(rate).saturating_mul(passed)).min(most)
            }
        };
        (self.level, self.at) = (Some(level), self.at.max(now));
        level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn one_seconds_worth_is_there_at_first_and_no_more_gathers() {
        let mut allowance = Allowance::default();
        assert_eq!(allowance.left(100, 5 * SECOND), 100);
        assert_eq!(allowance.left(100, 50 * SECOND), 100);
    }

    #[test]
    fn what_is_owed_is_paid_back_at_the_rate() {
        let mut allowance = Allowance::default();
        allowance.charge(100, 0, 350);
        assert_eq!(allowance.left(100, 0), -250);
        for (now, open) in [(SECOND, false), (2 * SECOND, false), (5 * SECOND / 2, false), (2_510_000, true)]
        {
            assert_eq!(allowance.is_open(100, now), open, "after {now} us");
        }
        assert_eq!(allowance.left(100, 3 * SECOND), 50);
    }

    #[test]
    fn a_low_rate_that_is_looked_at_often_grows() {
        let mut allowance = Allowance::default();
        allowance.charge(1, 0, 1);
        let opened = (0..=SECOND).step_by(1_000).find(|now| allowance.is_open(1, *now));
        assert_eq!(opened, Some(1_000), "anything left at all is enough");
        allowance.charge(1, SECOND, 1);
        assert!(!allowance.is_open(1, SECOND));
        assert_eq!(allowance.left(1, 2 * SECOND), 1);
    }

    #[test]
    fn a_rate_of_nothing_lets_nothing_in() {
        let mut allowance = Allowance::default();
        assert!(!allowance.is_open(0, 0));
        assert!(!allowance.is_open(0, u64::MAX));
    }

    #[test]
    fn a_clock_set_back_gives_nothing() {
        let mut allowance = Allowance::default();
        allowance.charge(100, 10 * SECOND, 100);
        assert!(!allowance.is_open(100, 0));
        assert!(!allowance.is_open(100, 10 * SECOND), "the time that was gone back is not given twice");
        assert!(allowance.is_open(100, 11 * SECOND));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let mut allowance = Allowance::default();
        allowance.charge(u64::MAX, 0, u64::MAX);
        allowance.charge(u64::MAX, 0, u64::MAX);
        assert_eq!(allowance.left(u64::MAX, 0), i64::MIN);
        assert_eq!(allowance.left(u64::MAX, u64::MAX), i64::MAX);
    }
}
