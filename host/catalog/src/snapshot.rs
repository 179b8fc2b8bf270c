//! What readers hold.

use std::sync::Arc;

use rebound_domain::catalog::{Candidate, Catalog, Query, Switched};
use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::product::Product;
use rebound_domain::route::Access;
use rebound_domain::time::Instant;

use crate::search;
use crate::state::{Item, State};

/// The catalogue as it was when [`crate::Catalogue::snapshot`] was called; it never changes. Cloning it copies
/// a pointer.
#[derive(Debug, Clone)]
pub struct Snapshot(Arc<State>);

/// Sizes, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Products held.
    pub products: usize,
    /// Distinct words, tags, brands, categories and styles in use.
    pub terms: usize,
    /// Orders learned from.
    pub orders: u64,
    /// Customers, and orders of guests.
    pub buyers: u32,
    /// Products returned, counted once per return.
    pub returns: usize,
    /// Pairs of a return and a product its customer bought within 30 days.
    pub switches: usize,
}

/// A snapshot at one moment, with or without margins: what one decision asks. Cheap to make.
#[derive(Debug, Clone)]
pub struct View {
    state: Arc<State>,
    now: Instant,
    margin: Access,
}

impl Snapshot {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(state))
    }

    /// Whether nobody else holds it.
    pub(crate) fn is_last(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// This snapshot as a decision made at `now` sees it: switched shares count the returns whose 30 days are
    /// over by then. Everything else is as learned, whenever it occurred.
    #[must_use]
    pub fn at(&self, now: Instant, margin: Access) -> View {
        View { state: Arc::clone(&self.0), now, margin }
    }

    /// The product of this sku.
    #[must_use]
    pub fn by_sku(&self, sku: &Sku) -> Option<Arc<Item>> {
        self.0.by_sku(sku).map(|row| Arc::clone(&row.item))
    }

    /// The product of this id.
    #[must_use]
    pub fn get(&self, id: ProductId) -> Option<Arc<Item>> {
        self.0.row(id).map(|row| Arc::clone(&row.item))
    }

    /// Products held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.all.by_id.count()
    }

    /// Whether it holds no product.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sizes, for metrics.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            products: self.len(),
            terms: self.0.dictionary.count(),
            orders: self.0.orders,
            buyers: self.0.buyers,
            returns: self.0.switching.returns(),
            switches: self.0.switching.switches(),
        }
    }
}

impl Catalog for View {
    fn search(&self, query: &Query) -> Vec<Candidate> {
        let mut found = search::search(&self.state, query, self.now);
        if self.margin == Access::Withheld {
            found.iter_mut().for_each(|candidate| candidate.margin = None);
        }
        found
    }

    fn get(&self, id: ProductId) -> Option<Arc<Product>> {
        self.state.row(id).map(|row| Arc::clone(&row.item.product))
    }

    fn stock(&self, id: ProductId) -> Option<u32> {
        self.state.row(id)?.item.stock
    }

    fn switched(&self, from: ProductId, to: ProductId) -> Option<Switched> {
        self.state.switching.count(from, to, self.now)
    }
}
