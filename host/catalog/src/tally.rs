//! Points for products: how many of another one's buyers bought it, or how much it shares with another.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use rebound_domain::ids::ProductId;

use crate::document::NumberHasher;

/// A slot for every product is quicker than hashing once a sixteenth of them may be met; tests meet few.
const PRODUCTS_PER_ENTRY: usize = if cfg!(test) { 1 } else { 16 };

/// So many are sorted before the rest.
const FIRST: usize = if cfg!(test) { 2 } else { 2_048 };

#[derive(Debug)]
pub(crate) enum Tally {
    Few(HashMap<ProductId, u32, BuildHasherDefault<NumberHasher>>),
    /// Points for each product below the catalogue's end, and those that have any.
    Many(Vec<u32>, Vec<ProductId>),
}

impl Tally {
    /// For so many entries, of products below `end`; others are not in the catalogue and are left out.
    pub(crate) fn new(entries: usize, end: usize) -> Self {
        if entries.saturating_mul(PRODUCTS_PER_ENTRY) < end {
            Self::Few(HashMap::with_capacity_and_hasher(entries, BuildHasherDefault::default()))
        } else {
            Self::Many(vec![0; end], Vec::new())
        }
    }

    /// Gives a product points, at least one; never more than 4 billion in all.
    pub(crate) fn add(&mut self, id: ProductId, points: u32) {
        match self {
            Self::Few(tally) => *tally.entry(id).or_default() += points,
            Self::Many(tally, met) => {
                let Some(own) = tally.get_mut(id.0 as usize) else { return };
                if *own == 0 {
                    met.push(id);
                }
                *own += points;
            }
        }
    }

    /// How many products have points.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Few(tally) => tally.len(),
            Self::Many(_, met) => met.len(),
        }
    }

    pub(crate) fn of(&self, id: ProductId) -> u32 {
        match self {
            Self::Few(tally) => tally.get(&id).copied(),
            Self::Many(tally, _) => tally.get(id.0 as usize).copied(),
        }
        .unwrap_or(0)
    }

    /// What has points, with what its points are worth: highest first, equals by id.
    pub(crate) fn highest_first(
        &self,
        worth: impl Fn(ProductId, u32) -> u32,
    ) -> impl Iterator<Item = (u32, ProductId)> {
        let key = |points: u32, id: ProductId| u64::from(!worth(id, points)) << 32 | u64::from(id.0);
        let mut keys: Vec<u64> = match self {
            Self::Few(tally) => tally.iter().map(|(&id, &points)| key(points, id)).collect(),
            Self::Many(_, met) => met.iter().map(|&id| key(self.of(id), id)).collect(),
        };
        // Who compares the best of many seldom asks for the rest, so that is sorted when it is.
        let mut rest = Vec::new();
        if keys.len() > FIRST {
            keys.select_nth_unstable(FIRST);
            rest = keys.split_off(FIRST);
        }
        keys.sort_unstable();
        let rest = std::iter::once_with(move || {
            rest.sort_unstable();
            rest
        });
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).expect("half of the bits");
        keys.into_iter().chain(rest.flatten()).map(move |key| (!half(key >> 32), ProductId(half(key))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_count_alike_and_tell_the_highest_first_and_equals_by_id() {
        let met = [4, 9, 7, 4, 1, 8, 4, 1, 900].map(ProductId);
        for (entries, end, unknown) in [(9, 1_000, 1), (1_000, 100, 0)] {
            let mut tally = Tally::new(entries, end);
            met.iter().for_each(|id| tally.add(*id, 1));
            tally.add(ProductId(1), 1);
            assert_eq!(matches!(tally, Tally::Few(_)), unknown == 1);
            assert_eq!([4, 1, 7, 900, 2].map(|id| tally.of(ProductId(id))), [3, 3, 1, unknown, 0]);
            assert_eq!(tally.count(), 5 + unknown as usize);
            let ranked: Vec<(u32, u32)> =
                tally.highest_first(|_, points| points).map(|it| (it.0, it.1.0)).collect();
            let want = [(3, 1), (3, 4), (1, 7), (1, 8), (1, 9), (1, 900)];
            assert_eq!(ranked, want[..5 + unknown as usize]);
            // A worth of its own turns the order around.
            let worth: Vec<u32> = tally.highest_first(|id, _| id.0).map(|it| it.1.0).collect();
            assert!(worth.is_sorted_by(|one, next| one > next));
        }
    }
}
