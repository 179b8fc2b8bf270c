//! Numbers that look random and are the same on every machine and at every run.

/// SplitMix64 (Steele, Lea and Flood, 2014): enough for sample data, and nothing else.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to `bound`, which is left out; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The upper half of the product: no modulo bias worth the name for bounds this small.
        let product = u128::from(self.next()) * u128::from(bound);
        u64::try_from(product >> 64).expect("the upper half of a product of two u64 is a u64")
    }

    /// From `from` to `to`, both included.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, each as likely.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }

    /// An index of a list of `count` items.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).expect("below a usize")
    }

    /// One of `items`, as likely as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, items: &[(T, u64)]) -> T {
        let mut rest = self.below(items.iter().map(|(_, weight)| weight).sum());
        for &(item, weight) in items {
            match rest.checked_sub(weight) {
                Some(left) => rest = left,
                None => return item,
            }
        }
        unreachable!("a draw is below the sum of the weights")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_numbers_of_the_published_generator() {
        let mut random = Random::new(1_234_567);
        // Reference values: https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
        assert_eq!(
            [random.next(), random.next(), random.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn draws_stay_in_their_range_and_reach_both_ends() {
        let mut random = Random::new(7);
        let draws: Vec<u64> = (0..1000).map(|_| random.between(3, 6)).collect();
        for value in 3..=6 {
            assert!(draws.contains(&value), "{value} never came");
        }
        assert!(draws.iter().all(|draw| (3..=6).contains(draw)));
        assert!((0..1000).all(|_| random.weighted(&[("never", 0), ("always", 5)]) == "always"));
    }
}
