//! Sets of products as bits: what crowded listings are intersected by.

use rebound_domain::ids::ProductId;

use crate::trie::Trie;

const WORD_BITS: u32 = u64::BITS;
/// Words that stand together: with 32 such slots a leaf is a kilobyte, which is read in one go.
const WORDS: usize = 4;
const SLOT_BITS: u32 = WORD_BITS * 4;

/// A persistent set of products. Cloning it is O(1). A leaf covers 8,192 products, so it suits crowded sets only.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits(Trie<[u64; WORDS]>);

impl Bits {
    pub(crate) fn insert(&mut self, id: ProductId) {
        *self.word(id) |= bit(id);
    }

    pub(crate) fn remove(&mut self, id: ProductId) {
        *self.word(id) &= !bit(id);
    }

    fn word(&mut self, id: ProductId) -> &mut u64 {
        &mut self.0.slot(id.0 / SLOT_BITS)[(id.0 % SLOT_BITS / WORD_BITS) as usize]
    }
}

impl FromIterator<ProductId> for Bits {
    fn from_iter<I: IntoIterator<Item = ProductId>>(ids: I) -> Self {
        let mut bits = Self::default();
        ids.into_iter().for_each(|id| bits.insert(id));
        bits
    }
}

/// A set of products below an end, in one piece, for the time of one search.
#[derive(Debug)]
pub(crate) struct Flat(Vec<u64>);

impl Flat {
    /// The empty set of products up to `last`.
    pub(crate) fn new(last: ProductId) -> Self {
        Self(vec![0; (last.0 / WORD_BITS) as usize + 1])
    }

    pub(crate) fn insert(&mut self, id: ProductId) {
        if let Some(word) = self.0.get_mut((id.0 / WORD_BITS) as usize) {
            *word |= bit(id);
        }
    }

    pub(crate) fn unite(&mut self, bits: &Bits) {
        bits.0.each_leaf(&mut |first, slots| {
            let own = self.0.get_mut(first as usize * WORDS..).unwrap_or_default();
            own.iter_mut().zip(slots.as_flattened()).for_each(|(own, word)| *own |= word);
        });
    }

    pub(crate) fn intersect(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, word)| *own &= word);
    }

    pub(crate) fn holds(&self, id: ProductId) -> bool {
        self.0.get((id.0 / WORD_BITS) as usize).is_some_and(|word| word & bit(id) != 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ProductId> {
        (0..).zip(&self.0).flat_map(|(index, &word): (u32, _)| {
            let next = |rest: &u64| Some(rest & (rest - 1)).filter(|rest| *rest != 0);
            let rests = std::iter::successors(Some(word).filter(|word| *word != 0), next);
            rests.map(move |rest| ProductId(index * WORD_BITS + rest.trailing_zeros()))
        })
    }
}

fn bit(id: ProductId) -> u64 {
    1 << (id.0 % WORD_BITS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn ids() -> impl Strategy<Value = BTreeSet<ProductId>> {
        prop::collection::btree_set((0..5_000_u32).prop_map(ProductId), 0..300)
    }

    proptest! {
        #[test]
        fn bits_are_sets(a in ids(), b in ids(), gone in ids(), extra in 0..6_000_u32) {
            let mut bits: Bits = a.iter().copied().collect();
            let before = bits.clone();
            gone.iter().for_each(|id| bits.remove(*id));
            let flat = |bits: &Bits| {
                let mut flat = Flat::new(ProductId(5_000));
                flat.unite(bits);
                flat
            };
            let left: BTreeSet<_> = a.difference(&gone).copied().collect();
            prop_assert!(flat(&bits).iter().eq(left.iter().copied()));
            let mut both = flat(&before);
            both.intersect(&flat(&b.iter().copied().collect()));
            let want: BTreeSet<_> = a.intersection(&b).copied().collect();
            prop_assert!(both.iter().eq(want.iter().copied()));
            prop_assert_eq!(both.count(), want.len());
            prop_assert_eq!(both.holds(ProductId(extra)), want.contains(&ProductId(extra)));
            let mut united = flat(&before);
            b.iter().for_each(|id| united.insert(*id));
            prop_assert!(united.iter().eq(a.union(&b).copied()));
        }
    }
}
