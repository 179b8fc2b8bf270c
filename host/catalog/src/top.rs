//! The best few of many, exactly.

use std::collections::BinaryHeap;

use rebound_domain::ids::ProductId;

/// The `limit` entries of lowest rank, ties by id; in bounded memory.
#[derive(Debug)]
pub(crate) struct Top {
    limit: usize,
    /// The worst of them on top.
    heap: BinaryHeap<(u64, ProductId)>,
}

impl Top {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, heap: BinaryHeap::with_capacity(limit) }
    }

    pub(crate) fn offer(&mut self, rank: u64, id: ProductId) {
        if self.heap.len() < self.limit {
            self.heap.push((rank, id));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && (rank, id) < *worst
        {
            *worst = (rank, id);
        }
    }

    /// Whether offering this would keep it.
    pub(crate) fn admits(&self, rank: u64, id: ProductId) -> bool {
        self.room() > 0 || self.heap.peek().is_some_and(|worst| (rank, id) < *worst)
    }

    /// How many more fit before one has to go.
    pub(crate) fn room(&self) -> usize {
        self.limit - self.heap.len()
    }

    /// The rank that an entry has to beat, once there is no room.
    pub(crate) fn worst(&self) -> Option<u64> {
        if self.room() > 0 { None } else { self.heap.peek().map(|worst| worst.0) }
    }

    /// Best first.
    pub(crate) fn into_ids(self) -> Vec<ProductId> {
        self.heap.into_sorted_vec().into_iter().map(|(_, id)| id).collect()
    }
}
