//! How values lie: counts in buckets that grow with the value, for percentiles in constant memory.

/// Buckets for each doubling: a percentile is at most an eighth above the value.
const STEPS: usize = 8;
const STEP_BITS: u32 = STEPS.ilog2();
const BUCKETS: usize = STEPS + (u64::BITS - STEP_BITS) as usize * STEPS;

/// How many values there were, and how they lie. 4 KiB.
#[derive(Debug, Clone)]
pub struct Spread {
    counts: Box<[u64]>,
    count: u64,
    sum: u64,
    most: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into(), count: 0, sum: 0, most: 0 }
    }
}

impl Spread {
    /// Takes in a value.
    pub fn add(&mut self, value: u64) {
        self.counts[bucket(value)] += 1;
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.most = self.most.max(value);
    }

    /// How many values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All values together.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The value that `percent` of all values do not exceed, up to an eighth too high and never above the highest; 0
    /// without values.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> u64 {
        let wanted = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found.map_or(0, |bucket| highest(bucket).min(self.most))
    }
}

fn bucket(value: u64) -> usize {
    if value < STEPS as u64 {
        return usize::try_from(value).expect("it is less than eight");
    }
    let shift = value.ilog2() - STEP_BITS;
    let step = usize::try_from(value >> shift).expect("it is less than sixteen");
    shift as usize * STEPS + step
}

/// The highest value of a bucket.
fn highest(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let shift = bucket / STEPS - 1;
    let next = (bucket % STEPS + STEPS + 1) as u128;
    u64::try_from((next << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_bucket_whose_highest_is_at_most_an_eighth_above() {
        let mut values: Vec<u64> = (0..200).collect();
        values.extend((3..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]));
        values.push(u64::MAX);
        for value in values {
            let top = highest(bucket(value));
            assert!(top >= value && top - value <= value / 8, "{value} in a bucket up to {top}");
        }
    }

    #[test]
    fn percentiles_stand_where_the_values_do() {
        let mut spread = Spread::default();
        assert_eq!((spread.percentile(50), spread.percentile(99)), (0, 0));
        (1..=100).for_each(|value| spread.add(value * 1_000));
        let (middle, high) = (spread.percentile(50), spread.percentile(99));
        assert!((50_000..=56_250).contains(&middle), "{middle}");
        assert!((99_000..=111_375).contains(&high), "{high}");
        assert_eq!((spread.count(), spread.sum()), (100, 5_050_000));
    }

    #[test]
    fn one_value_is_every_percentile() {
        let mut spread = Spread::default();
        spread.add(20_000_000);
        for percent in [1, 50, 100] {
            assert_eq!(spread.percentile(percent), 20_000_000);
        }
    }
}
