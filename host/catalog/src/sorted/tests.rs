use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

impl<K: Ord + Copy + std::fmt::Debug> Sorted<K> {
    /// Every promise of the types above, checked over the whole tree.
    fn check(&self) {
        let counted = self.root.as_ref().map_or(0, |root| root.check(true).0);
        assert_eq!(counted, self.count);
    }
}

impl<K: Ord + Copy + std::fmt::Debug> Node<K> {
    fn check(&self, root: bool) -> (usize, usize) {
        match self {
            Node::Leaf(keys) => {
                assert!(!keys.is_empty() && keys.len() <= LEAF_MAX && keys.is_sorted_by(|a, b| a < b));
                (keys.len(), 1)
            }
            Node::Branch(children) => {
                assert!(children.len() > usize::from(root) && children.len() <= BRANCH_MAX);
                assert!(children.is_sorted_by(|a, b| a.first < b.first));
                let below: Vec<_> = children.iter().map(|it| (it, it.node.check(false))).collect();
                assert!(
                    below.iter().all(|(it, (count, _))| it.first == it.node.first() && it.count == *count)
                );
                assert!(below.iter().all(|(_, (_, depth))| *depth == below[0].1.1));
                (below.iter().map(|(_, (count, _))| count).sum(), below[0].1.1 + 1)
            }
        }
    }
}

/// Runs of inserts and removals that grow the tree to several levels and empty it again.
fn changes() -> impl Strategy<Value = Vec<(bool, u32, u32)>> {
    prop::collection::vec((prop::bool::weighted(0.6), 0..20_000_u32, 1..3_000_u32), 0..12)
}

fn apply(sorted: &mut Sorted<u32>, set: &mut BTreeSet<u32>, (add, start, count): (bool, u32, u32)) {
    // A stride that visits the run's numbers out of order.
    for number in (0..count).map(|it| start + it * 1_021 % count) {
        let changed = if add { sorted.insert(number) } else { sorted.remove(&number) };
        assert_eq!(changed, if add { set.insert(number) } else { set.remove(&number) });
    }
    sorted.check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_an_ordered_set_that_counts(changes in changes(), probes in prop::collection::vec(0..24_000_u32, 20)) {
        let (mut sorted, mut set) = (Sorted::default(), BTreeSet::new());
        changes.into_iter().for_each(|change| apply(&mut sorted, &mut set, change));
        prop_assert_eq!(sorted.count(), set.len());
        prop_assert_eq!(sorted.first(), set.first().copied());
        prop_assert_eq!(sorted.last(), set.last().copied());
        prop_assert!(sorted.iter().eq(set.iter().copied()));
        for probe in probes {
            prop_assert!(sorted.from(&probe).eq(set.range(probe..).copied()));
            prop_assert_eq!(sorted.before(&probe), set.range(..probe).next_back().copied());
            prop_assert_eq!(sorted.rank(&probe), set.range(..probe).count());
        }
    }

    #[test]
    fn a_clone_never_changes(before in changes(), after in changes()) {
        let (mut sorted, mut set) = (Sorted::default(), BTreeSet::new());
        before.into_iter().for_each(|change| apply(&mut sorted, &mut set, change));
        let (clone, frozen) = (sorted.clone(), set.clone());
        after.into_iter().for_each(|change| apply(&mut sorted, &mut set, change));
        clone.check();
        prop_assert!(clone.iter().eq(frozen.iter().copied()));
    }
}

#[test]
fn keys_given_in_order_fill_their_leaves() {
    let mut sorted = Sorted::default();
    (0..10_000_u32).for_each(|key| assert!(sorted.insert(key)));
    fn leaves(node: &Node<u32>) -> usize {
        match node {
            Node::Leaf(_) => 1,
            Node::Branch(children) => children.iter().map(|it| leaves(&it.node)).sum(),
        }
    }
    assert_eq!(leaves(sorted.root.as_ref().unwrap()), 10_000_usize.div_ceil(LEAF_MAX));
}
