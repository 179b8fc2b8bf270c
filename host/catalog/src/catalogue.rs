//! The writer and its snapshots.

use std::sync::Arc;

use rebound_domain::catalog::{Candidate, Catalog, Query, Switched};
use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::product::Product;
use rebound_domain::route::Access;
use rebound_domain::time::Instant;

use crate::model::Model;

/// A product with what only the host knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What strategies may know.
    pub product: Arc<Product>,
    /// Units on hand; `None` is unknown.
    pub stock: Option<u32>,
    /// Basis points of the price, may be negative; `None` is unknown.
    pub margin: Option<i32>,
}

/// A customer, as the catalogue tells customers apart. Opaque: the host derives it from the customer id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerKey(pub [u8; 16]);

/// An order as the catalogue learns from it.
#[derive(Debug, Clone, Copy)]
pub struct Sale<'a> {
    /// Who bought; none for a guest.
    pub customer: Option<CustomerKey>,
    /// When it was placed.
    pub at: Instant,
    /// Products and units. A line of no units is no purchase.
    pub lines: &'a [(ProductId, u32)],
}

/// Sizes, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Products held.
    pub products: usize,
    /// Orders learned from.
    pub orders: u64,
}

/// The writer: owned by one task.
#[derive(Debug, Default)]
pub struct Catalogue(Arc<Model>);

/// The catalogue as it was when [`Catalogue::snapshot`] was called. Cloning it copies a pointer.
#[derive(Debug, Clone)]
pub struct Snapshot(Arc<Model>);

/// A snapshot at one moment, with or without margins: what one decision asks.
#[derive(Debug, Clone)]
pub struct View {
    snapshot: Snapshot,
    now: Instant,
    margin: Access,
}

impl Catalogue {
    /// An empty catalogue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the product, or replaces the one of the same id.
    pub fn upsert(&mut self, item: Item) {
        Arc::make_mut(&mut self.0).items.insert(item.product.id, item);
    }

    /// Learns from an order: units sold, affinity, and what customers who returned something bought instead.
    /// Orders may arrive in any order, and each exactly once.
    pub fn order(&mut self, sale: &Sale<'_>) {
        Arc::make_mut(&mut self.0).sales.push((sale.customer, sale.at, sale.lines.to_vec()));
    }

    /// Learns of one return document. Returns may arrive in any order, and each exactly once.
    pub fn returned(&mut self, customer: CustomerKey, at: Instant, products: &[ProductId]) {
        let products = products.iter().copied().collect();
        Arc::make_mut(&mut self.0).returns.push((customer, at, products));
    }

    /// The catalogue as it is now, for readers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Arc::clone(&self.0))
    }
}

impl Snapshot {
    /// This snapshot as a decision made at `now` sees it.
    #[must_use]
    pub fn at(&self, now: Instant, margin: Access) -> View {
        View { snapshot: self.clone(), now, margin }
    }

    /// The product of this sku.
    #[must_use]
    pub fn by_sku(&self, sku: &Sku) -> Option<Arc<Item>> {
        self.0.items.values().find(|item| item.product.sku == *sku).cloned().map(Arc::new)
    }

    /// The product of this id.
    #[must_use]
    pub fn get(&self, id: ProductId) -> Option<Arc<Item>> {
        self.0.items.get(&id).cloned().map(Arc::new)
    }

    /// Products held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.items.len()
    }

    /// Whether it holds no product.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.items.is_empty()
    }

    /// Sizes, for metrics.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { products: self.0.items.len(), orders: self.0.sales.len() as u64 }
    }
}

impl Catalog for View {
    fn search(&self, query: &Query) -> Vec<Candidate> {
        let mut found = self.snapshot.0.search(query, self.now);
        if self.margin == Access::Withheld {
            found.iter_mut().for_each(|candidate| candidate.margin = None);
        }
        found
    }

    fn get(&self, id: ProductId) -> Option<Arc<Product>> {
        self.snapshot.0.items.get(&id).map(|item| Arc::clone(&item.product))
    }

    fn stock(&self, id: ProductId) -> Option<u32> {
        self.snapshot.0.items.get(&id)?.stock
    }

    fn switched(&self, from: ProductId, to: ProductId) -> Option<Switched> {
        self.snapshot.0.switched(from, to, self.now)
    }
}
