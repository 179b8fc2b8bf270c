//! A column keyed by dense numbers that shares what did not change with its clones.

use std::sync::Arc;

/// Slots per node. 32 keeps a copied leaf near a kilobyte and a million slots four levels deep.
const BITS: u32 = 5;
const FAN_OUT: usize = 1 << BITS;

/// A persistent array of `T`, default where nothing was written. Cloning it is O(1); a write after that copies
/// one path of nodes, at most `32 * levels` slots. Memory follows the numbers used, so they should be dense.
#[derive(Debug, Clone)]
pub(crate) struct Trie<T> {
    root: Node<T>,
    /// Bits of the number decided below the root; a multiple of `BITS`.
    shift: u32,
}

#[derive(Debug, Clone)]
enum Node<T> {
    Empty,
    Branch(Arc<[Node<T>; FAN_OUT]>),
    Leaf(Arc<[T; FAN_OUT]>),
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self { root: Node::Empty, shift: 0 }
    }
}

impl<T> Trie<T> {
    /// The slot, or none when no slot near it was ever written.
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        let mut node = &self.root;
        let mut shift = self.shift;
        if !self.reaches(number) {
            return None;
        }
        loop {
            match node {
                Node::Empty => return None,
                Node::Branch(children) => node = &children[digit(number, shift)],
                Node::Leaf(slots) => return Some(&slots[digit(number, 0)]),
            }
            shift -= BITS;
        }
    }

    /// Visits the leaves that were ever written, ascending, each with its first slot's number.
    pub(crate) fn each_leaf(&self, visit: &mut impl FnMut(u32, &[T; FAN_OUT])) {
        self.root.each_leaf(0, self.shift, visit);
    }

    fn reaches(&self, number: u32) -> bool {
        u64::from(number) >> (self.shift + BITS) == 0
    }
}

impl<T: Clone + Default> Trie<T> {
    /// The slot, for writing.
    pub(crate) fn slot(&mut self, number: u32) -> &mut T {
        while !self.reaches(number) {
            self.shift += BITS;
            if !matches!(self.root, Node::Empty) {
                let mut children = [const { Node::Empty }; FAN_OUT];
                children[0] = std::mem::replace(&mut self.root, Node::Empty);
                self.root = Node::Branch(Arc::new(children));
            }
        }
        self.root.slot(number, self.shift)
    }
}

impl<T> Node<T> {
    fn each_leaf(&self, first: u32, shift: u32, visit: &mut impl FnMut(u32, &[T; FAN_OUT])) {
        match self {
            Self::Empty => {}
            Self::Leaf(slots) => visit(first, slots),
            Self::Branch(children) => {
                for (digit, child) in (0..).zip(children.iter()) {
                    // A number's upper digits are zero where its 32 bits end, so nothing is shifted out.
                    if !matches!(child, Self::Empty) {
                        child.each_leaf(first | digit << shift, shift - BITS, visit);
                    }
                }
            }
        }
    }
}

impl<T: Clone + Default> Node<T> {
    fn slot(&mut self, number: u32, shift: u32) -> &mut T {
        if let Node::Empty = self {
            *self = match shift {
                0 => Node::Leaf(Arc::new(std::array::from_fn(|_| T::default()))),
                _ => Node::Branch(Arc::new([const { Node::Empty }; FAN_OUT])),
            };
        }
        match self {
            Node::Branch(children) => {
                Arc::make_mut(children)[digit(number, shift)].slot(number, shift - BITS)
            }
            Node::Leaf(slots) => &mut Arc::make_mut(slots)[digit(number, 0)],
            Node::Empty => unreachable!("filled above"),
        }
    }
}

fn digit(number: u32, shift: u32) -> usize {
    (number >> shift) as usize % FAN_OUT
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0..80_u32, 0..3000_u32, any::<u32>(), Just(u32::MAX)]
    }

    proptest! {
        #[test]
        fn a_trie_is_a_map_and_its_clones_never_change(
            before in prop::collection::vec((number(), 1..100_u32), 0..60),
            after in prop::collection::vec((number(), 1..100_u32), 0..60),
            absent in number(),
        ) {
            let (mut trie, mut map) = (Trie::default(), BTreeMap::new());
            let mut write = |trie: &mut Trie<u32>, (number, value)| {
                *trie.slot(number) = value;
                map.insert(number, value);
                map.clone()
            };
            let frozen = before.into_iter().map(|it| write(&mut trie, it)).last().unwrap_or_default();
            let clone = trie.clone();
            let all = after.into_iter().map(|it| write(&mut trie, it)).last().unwrap_or(frozen.clone());
            for number in all.keys().copied().chain([absent, 0]) {
                let value = |map: &BTreeMap<u32, u32>| map.get(&number).copied().unwrap_or(0);
                prop_assert_eq!(clone.get(number).copied().unwrap_or(0), value(&frozen), "{}", number);
                prop_assert_eq!(trie.get(number).copied().unwrap_or(0), value(&all), "{}", number);
            }
        }
    }
}
