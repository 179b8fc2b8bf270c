//! The odds of a surprise, as they are published.

use serde::{Deserialize, Serialize};

use crate::answer::Prize;

/// How likely some prize is: `prized` of `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odds {
    /// Weights of the outcomes that give something.
    pub prized: u64,
    /// Weights of all outcomes.
    pub total: u64,
}

impl Odds {
    /// The odds of winning anything among some outcomes.
    #[must_use]
    pub fn of(prizes: &[Prize]) -> Self {
        let sum = |prized: bool| {
            let counted = prizes.iter().filter(|prize| !prized || prize.terms.is_some());
            counted.map(|prize| u64::from(prize.weight)).sum()
        };
        Self { prized: sum(true), total: sum(false) }
    }

    /// In basis points, where that is exact; rounded odds would not be the real ones.
    #[must_use]
    pub fn basis_points(self) -> Option<u32> {
        let scaled = u128::from(self.prized) * 10_000;
        let total = u128::from(self.total);
        (total > 0 && scaled.is_multiple_of(total)).then(|| u32::try_from(scaled / total).ok()).flatten()
    }

    /// The same odds in the smallest numbers.
    #[must_use]
    pub fn reduced(self) -> Self {
        let (mut divisor, mut rest) = (self.prized, self.total);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        // Only of no outcomes at all is there no divisor.
        let part = |number: u64| number.checked_div(divisor).unwrap_or(number);
        Self { prized: part(self.prized), total: part(self.total) }
    }

    /// Which outcome a number drawn evenly from all of 128 bits stands for. The remainder favours no outcome by more
    /// than 2^-64 of its weight.
    #[must_use]
    pub fn outcome(prizes: &[Prize], drawn: u128) -> Option<usize> {
        let total = u128::from(Self::of(prizes).total);
        let mut left = drawn.checked_rem(total)?;
        prizes.iter().position(|prize| {
            let weight = u128::from(prize.weight);
            let here = left < weight;
            left = left.saturating_sub(weight);
            here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn prizes(weights: &[(u32, bool)]) -> Vec<Prize> {
        let terms = testing::terms(crate::answer::Benefit::AmountOff(crate::money::Money(100)));
        weights
            .iter()
            .map(|&(weight, prized)| Prize { terms: prized.then(|| terms.clone()), weight })
            .collect()
    }

    #[test]
    fn odds_are_exact_or_a_fraction() {
        let odds = |weights: &[(u32, bool)]| Odds::of(&prizes(weights));
        assert_eq!(odds(&[(1, true), (9, false)]).basis_points(), Some(1_000));
        assert_eq!(odds(&[(1, true), (2, false)]).basis_points(), None);
        assert_eq!(odds(&[(2, true), (4, false)]).reduced(), Odds { prized: 1, total: 3 });
        assert_eq!(odds(&[(5, true)]).basis_points(), Some(10_000));
        assert_eq!(odds(&[]).basis_points(), None);
    }

    #[test]
    fn every_number_of_one_round_draws_each_outcome_as_often_as_its_weight() {
        let prizes = prizes(&[(3, true), (1, true), (6, false)]);
        let mut drawn = [0_u32; 3];
        for number in 0..10 {
            drawn[Odds::outcome(&prizes, number).unwrap()] += 1;
        }
        assert_eq!(drawn, [3, 1, 6]);
        assert_eq!(Odds::outcome(&prizes, 10), Odds::outcome(&prizes, 0));
        assert_eq!(Odds::outcome(&[], 7), None);
        let edge = self::prizes(&[(u32::MAX, true), (u32::MAX, false)]);
        assert!(Odds::outcome(&edge, u128::MAX).is_some());
    }
}
