//! Affinity: the cosine of two products' sets of buyers, from samples that fit each other.

use std::sync::Arc;

use rebound_domain::ids::ProductId;
use rebound_domain::time::Instant;

/// A customer, as the catalogue tells customers apart. Opaque: the host derives it from the customer id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerKey(pub [u8; 16]);

/// Buyers kept per product. Affinity is exact between products of at most so many; beyond that it is the
/// cosine within a sample. It bounds a product's memory (8 KiB) and the time of one comparison.
pub(crate) const BUYERS_MAX: usize = 1024;

/// A buyer: a customer, or one order of a guest. Its number, and a hash that decides which samples it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Buyer(u64);

impl Buyer {
    pub(crate) fn new(hash: u32, number: u32) -> Self {
        Self(u64::from(hash) << 32 | u64::from(number))
    }

    fn hash(self) -> u32 {
        upper_half(self.0)
    }

    pub(crate) fn number(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).expect("the lower half has 32 bits")
    }
}

/// The buyers of one product whose hash is at most `hash_max`: all of them, or, past [`BUYERS_MAX`], those with
/// the smallest hashes (a bottom-k sketch). Which buyers these are depends on who bought, never on the order in
/// which it was learned. All sketches sample by the same hash, so within the smaller of two bounds both are
/// complete and can be compared.
#[derive(Debug, Clone)]
pub(crate) struct Buyers {
    /// Sorted, each once.
    sample: Arc<[Buyer]>,
    hash_max: u32,
}

impl Default for Buyers {
    fn default() -> Self {
        Self { sample: Arc::default(), hash_max: u32::MAX }
    }
}

impl Buyers {
    pub(crate) fn insert(&mut self, buyer: Buyer, count_max: usize) {
        if buyer.hash() > self.hash_max {
            return;
        }
        let Err(index) = self.sample.binary_search(&buyer) else { return };
        let (below, above) = self.sample.split_at(index);
        let mut sample = [below, &[buyer], above].concat();
        if sample.len() > count_max {
            self.hash_max = sample[count_max - 1].hash();
            sample.truncate(sample.partition_point(|it| it.hash() <= self.hash_max));
        }
        self.sample = sample.into();
    }

    pub(crate) fn sample(&self) -> &[Buyer] {
        &self.sample
    }

    /// Whether these are all buyers.
    pub(crate) fn is_complete(&self) -> bool {
        self.hash_max == u32::MAX
    }

    /// The number of buyers here, or, when they are a sample, a number that no sample of the same bound falls below:
    /// ties at the greatest hash may make one sample larger than another.
    fn full_at_least(&self) -> usize {
        if self.is_complete() {
            return self.sample.len();
        }
        self.sample.partition_point(|it| it.hash() < self.hash_max) + 1
    }

    fn within(&self, hash_max: u32) -> &[Buyer] {
        if hash_max >= self.hash_max {
            return &self.sample;
        }
        &self.sample[..self.sample.partition_point(|it| it.hash() <= hash_max)]
    }
}

/// One product's buyers, ready to be compared with others'.
#[derive(Debug)]
pub(crate) struct Circle<'a> {
    buyers: &'a Buyers,
    /// A bit for each of the buyers, at the lower bits of its hash: most others' buyers are told apart by it
    /// without searching.
    bits: Box<[u64; BITS / 64]>,
}

const BITS: usize = 1 << 14;

impl<'a> Circle<'a> {
    /// None without buyers.
    pub(crate) fn new(buyers: &'a Buyers) -> Option<Self> {
        let mut bits = Box::new([0; BITS / 64]);
        for buyer in buyers.sample() {
            let bit = buyer.hash() as usize % BITS;
            bits[bit / 64] |= 1 << (bit % 64);
        }
        (!buyers.sample().is_empty()).then_some(Self { buyers, bits })
    }

    pub(crate) fn buyers(&self) -> &'a Buyers {
        self.buyers
    }

    /// `|A and B| / sqrt(|A| |B|)`, 0 to 1; none when either has no buyer within the common sample.
    pub(crate) fn affinity(&self, other: &Buyers) -> Option<f32> {
        let (own, theirs) = self.common(other);
        let both = if own.len() * 16 < theirs.len() {
            own.iter().filter(|buyer| theirs.binary_search(buyer).is_ok()).count()
        } else {
            theirs.iter().filter(|buyer| self.may_hold(**buyer) && own.binary_search(buyer).is_ok()).count()
        };
        cosine(both, own.len(), theirs.len())
    }

    /// The same, when the number of buyers of both is known already.
    pub(crate) fn affinity_of(&self, both: usize, other: &Buyers) -> Option<f32> {
        let (own, theirs) = self.common(other);
        cosine(both, own.len(), theirs.len())
    }

    /// Whether the other's sample misses no buyer of this one's, so that counting over this one's is enough.
    pub(crate) fn is_covered_by(&self, other: &Buyers) -> bool {
        other.hash_max >= self.buyers.hash_max
    }

    /// What no product exceeds that so many of this one's sampled buyers bought. Where its sample covers this one's,
    /// it has at least as many buyers as there are in common, so `both / sqrt(|A| |B|) <= sqrt(both / |A|)`. Where
    /// its sample is narrower, that sample is full, so it holds at least as many as [`Buyers::full_at_least`] says
    /// of this one, and with `both <= |A|` within the common sample, `both / sqrt(|A| |B|) <= sqrt(both / |B|)`.
    pub(crate) fn affinity_max(&self, both: u32) -> f32 {
        // The margin covers the rounding of scores to f32, so that ties by id stay exact.
        #[allow(clippy::cast_possible_truncation, reason = "rounded up on purpose")]
        let bound = ((f64::from(both) / self.buyers.full_at_least() as f64).sqrt() * (1.0 + 1e-6)) as f32;
        bound
    }

    fn common<'b>(&self, other: &'b Buyers) -> (&'a [Buyer], &'b [Buyer]) {
        let hash_max = self.buyers.hash_max.min(other.hash_max);
        (self.buyers.within(hash_max), other.within(hash_max))
    }

    fn may_hold(&self, buyer: Buyer) -> bool {
        let bit = buyer.hash() as usize % BITS;
        self.bits[bit / 64] >> (bit % 64) & 1 != 0
    }
}

fn cosine(both: usize, own: usize, theirs: usize) -> Option<f32> {
    let sizes = (own as f64 * theirs as f64).sqrt();
    #[allow(clippy::cast_possible_truncation, reason = "the nearest f32 is meant")]
    (sizes > 0.0).then(|| (both as f64 / sizes) as f32)
}

/// What a customer is sampled by.
pub(crate) fn customer_hash(key: CustomerKey) -> u32 {
    let bits = u128::from_be_bytes(key.0);
    let halves = [bits >> 64, bits & u128::from(u64::MAX)];
    let hash = halves
        .into_iter()
        .fold(0, |hash, half| mix(hash, u64::try_from(half).expect("each half has 64 bits")));
    upper_half(hash)
}

/// What a guest's order is told apart by: its lines, each product once and sorted, and when it was placed.
pub(crate) fn basket_hash(at: Instant, lines: &[(ProductId, u32)]) -> u64 {
    lines.iter().fold(mix(0, at.0), |hash, (product, units)| {
        mix(hash, u64::from(product.0) << 32 | u64::from(*units))
    })
}

/// What a guest is sampled by; `twin` guests bought the same at the same instant before.
pub(crate) fn guest_hash(basket: u64, twin: u32) -> u32 {
    upper_half(mix(basket, u64::from(twin)))
}

fn upper_half(bits: u64) -> u32 {
    u32::try_from(bits >> 32).expect("the upper half has 32 bits")
}

/// Spreads 64 bits so that each bit of the answer depends on all of them (SplitMix64's finalizer). Samples
/// depend on it: the same on every host and in every version.
pub(crate) fn mix(seed: u64, value: u64) -> u64 {
    let mut bits = (seed ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sketch(numbers: impl IntoIterator<Item = u32>, count_max: usize) -> Buyers {
        let mut buyers = Buyers::default();
        for number in numbers {
            // Few hashes, so that bounds fall among equals.
            buyers.insert(Buyer::new(number / 3 % 40, number), count_max);
        }
        buyers
    }

    fn numbers() -> impl Strategy<Value = Vec<u32>> {
        prop::collection::vec(0..200_u32, 0..60)
    }

    proptest! {
        #[test]
        fn a_sample_does_not_depend_on_the_order_of_arrival(numbers in numbers(), count_max in 1..20_usize) {
            let mut sorted = numbers.clone();
            sorted.sort_by_key(|number| std::cmp::Reverse(number % 7));
            let (one, other) = (sketch(numbers, count_max), sketch(sorted, count_max));
            prop_assert_eq!(one.sample(), other.sample());
            prop_assert_eq!(one.hash_max, other.hash_max);
        }

        #[test]
        fn affinity_is_the_cosine_within_the_common_sample(a in numbers(), b in numbers(), count_max in 1..80_usize) {
            let (sample_a, sample_b) = (sketch(a.clone(), count_max), sketch(b.clone(), count_max));
            let hash_max = sample_a.hash_max.min(sample_b.hash_max);
            let within = |numbers: Vec<u32>| -> BTreeSet<u32> {
                numbers.into_iter().filter(|number| number / 3 % 40 <= hash_max).collect()
            };
            let (a, b) = (within(a), within(b));
            let want = cosine(a.intersection(&b).count(), a.len(), b.len());
            let affinity = |a: &Buyers, b| Circle::new(a).and_then(|circle| circle.affinity(b));
            prop_assert_eq!(affinity(&sample_a, &sample_b), want);
            prop_assert_eq!(affinity(&sample_b, &sample_a), want);
        }
    }

    proptest! {
        /// Of a popular product only a sample is kept, narrower than the other's; the bound must hold there too.
        #[test]
        fn no_affinity_exceeds_its_bound(a in numbers(), b in numbers(), count_max in 1..20_usize) {
            let (a, b) = (sketch(a, count_max), sketch(b, count_max));
            let Some(circle) = Circle::new(&a) else { return Ok(()) };
            let met = a.sample().iter().filter(|buyer| b.sample().contains(buyer)).count();
            let met = u32::try_from(met).unwrap();
            prop_assert!(circle.affinity(&b).is_none_or(|affinity| affinity <= circle.affinity_max(met)));
        }

        /// Counting what a sample's buyers bought replaces a comparison exactly where this holds.
        #[test]
        fn a_covering_sample_holds_every_sampled_buyer_who_bought(
            a in numbers(),
            b in numbers(),
            count_max in 1..20_usize,
        ) {
            let (a, kept) = (sketch(a, count_max), sketch(b.clone(), count_max));
            let Some(circle) = Circle::new(&a) else { return Ok(()) };
            if circle.is_covered_by(&kept) {
                let met = a.sample().iter().filter(|buyer| b.contains(&buyer.number())).count();
                prop_assert_eq!(circle.affinity_of(met, &kept), circle.affinity(&kept));
            }
        }
    }

    #[test]
    fn a_sample_is_bounded_and_keeps_the_smallest_hashes() {
        let mut buyers = Buyers::default();
        for number in (0..5_000_u32).rev() {
            buyers.insert(Buyer::new(number, number), 100);
        }
        assert!(!buyers.is_complete());
        assert!(buyers.sample().iter().map(|buyer| buyer.number()).eq(0..100));
    }

    #[test]
    fn a_small_product_is_compared_with_a_popular_one_by_search() {
        let popular = sketch(0..200, 200);
        let rare = sketch([7, 199], 200);
        let circle = Circle::new(&rare).unwrap();
        assert_eq!(circle.affinity(&popular), Some(2.0 / f32::sqrt(400.0)));
    }
}
