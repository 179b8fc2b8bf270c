//! For each product, how many of another one's buyers bought it too.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use rebound_domain::ids::ProductId;

use crate::document::NumberHasher;

/// A slot for every product is quicker than hashing once a sixteenth of them may be met; tests meet few.
const PRODUCTS_PER_ENTRY: usize = if cfg!(test) { 1 } else { 16 };

#[derive(Debug)]
pub(crate) enum Together {
    Few(HashMap<ProductId, u32, BuildHasherDefault<NumberHasher>>),
    /// A count for each product below the catalogue's end, and those counted at all.
    Many(Vec<u32>, Vec<ProductId>),
}

impl Together {
    /// For so many entries, of products below `end`; others are not in the catalogue and are left out.
    pub(crate) fn new(entries: usize, end: usize) -> Self {
        if entries.saturating_mul(PRODUCTS_PER_ENTRY) < end {
            Self::Few(HashMap::default())
        } else {
            Self::Many(vec![0; end], Vec::new())
        }
    }

    pub(crate) fn count(&mut self, id: ProductId) {
        match self {
            Self::Few(counts) => *counts.entry(id).or_default() += 1,
            Self::Many(counts, met) => {
                let Some(count) = counts.get_mut(id.0 as usize) else { return };
                if *count == 0 {
                    met.push(id);
                }
                *count += 1;
            }
        }
    }

    pub(crate) fn of(&self, id: ProductId) -> u32 {
        match self {
            Self::Few(counts) => counts.get(&id).copied(),
            Self::Many(counts, _) => counts.get(id.0 as usize).copied(),
        }
        .unwrap_or(0)
    }

    /// What was counted and is `wanted`, with its count, highest first: by counting, since no count exceeds a sample's buyers.
    pub(crate) fn highest_first(&self, wanted: impl Fn(ProductId) -> bool) -> Vec<(u32, ProductId)> {
        let mut met: Vec<(u32, ProductId)> = match self {
            Self::Few(counts) => counts.iter().map(|(&id, &count)| (count, id)).collect(),
            Self::Many(_, met) => met.iter().map(|&id| (self.of(id), id)).collect(),
        };
        met.retain(|it| wanted(it.1));
        let most = met.iter().map(|it| it.0).max().unwrap_or(0) as usize;
        let mut places = vec![0; most + 1];
        met.iter().for_each(|it| places[most - it.0 as usize] += 1);
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        let mut sorted = met.clone();
        for it in met {
            let place = &mut places[most - it.0 as usize];
            sorted[*place] = it;
            *place += 1;
        }
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_count_alike_and_tell_the_highest_first() {
        let met = [4, 7, 4, 1, 4, 1, 900].map(ProductId);
        for (entries, end, unknown) in [(7, 1_000, 1), (1_000, 100, 0)] {
            let mut together = Together::new(entries, end);
            met.iter().for_each(|id| together.count(*id));
            assert_eq!(matches!(together, Together::Few(_)), unknown == 1);
            assert_eq!([4, 1, 7, 900, 2].map(|id| together.of(ProductId(id))), [3, 2, 1, unknown, 0]);
            let counts: Vec<u32> = together.highest_first(|_| true).into_iter().map(|it| it.0).collect();
            assert_eq!(counts, [3, 2, 1, 1][..3 + unknown as usize]);
            assert_eq!(together.highest_first(|id| id.0 == 1), [(2, ProductId(1))]);
        }
    }
}
