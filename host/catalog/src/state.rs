//! What a snapshot holds: persistent structures, all of one moment.

use std::sync::Arc;

use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::money::Money;
use rebound_domain::product::Product;

use crate::buyers::{Buyers, Circle};
use crate::dictionary::{Dictionary, hash};
use crate::document::{Document, Vector};
use crate::listing::Listing;
use crate::sorted::Sorted;
use crate::switching::Switching;
use crate::together::Together;
use crate::trie::Trie;

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

/// Cloning it is O(1).
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) rows: Trie<Option<Row>>,
    /// By hash of the sku; equal hashes are told apart by the sku.
    pub(crate) skus: Sorted<(u64, ProductId)>,
    /// Every product.
    pub(crate) all: Listing,
    /// Those not known to be sold out.
    pub(crate) in_stock: Listing,
    pub(crate) dictionary: Dictionary,
    pub(crate) sales: Trie<Sales>,
    /// The products of each buyer, by the buyer's number, sorted.
    pub(crate) baskets: Trie<Arc<[ProductId]>>,
    pub(crate) switching: Switching,
    pub(crate) orders: u64,
    pub(crate) buyers: u32,
}

/// A product. What filters look at stands in the row itself.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) item: Arc<Item>,
    pub(crate) document: Arc<Document>,
    pub(crate) price: Money,
    pub(crate) sold_out: bool,
}

/// What orders tell of a product.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sales {
    /// Saturating, so that the order of arrival does not matter.
    pub(crate) units: u32,
    pub(crate) buyers: Buyers,
}

impl State {
    pub(crate) fn row(&self, id: ProductId) -> Option<&Row> {
        self.rows.get(id.0)?.as_ref()
    }

    pub(crate) fn by_sku(&self, sku: &Sku) -> Option<&Row> {
        let hash = hash((), sku.as_str());
        let same_hash = self.skus.from(&(hash, ProductId(0))).take_while(|entry| entry.0 == hash);
        same_hash.filter_map(|entry| self.row(entry.1)).find(|row| row.item.product.sku == *sku)
    }

    /// None before the first order: nothing is known of any product's sales then. After it, a product without
    /// an order is known to have sold none.
    pub(crate) fn units_sold(&self, id: ProductId) -> Option<u32> {
        (self.orders > 0).then(|| self.sales.get(id.0).map_or(0, |sales| sales.units))
    }

    pub(crate) fn vector(&self, id: ProductId) -> Option<Vector<'_>> {
        Vector::new(&self.dictionary, self.all.by_id.count(), &self.row(id)?.document)
    }

    pub(crate) fn circle(&self, id: ProductId) -> Option<Circle<'_>> {
        Circle::new(&self.sales.get(id.0)?.buyers)
    }

    pub(crate) fn affinity(&self, circle: &Circle<'_>, id: ProductId) -> Option<f32> {
        circle.affinity(&self.sales.get(id.0)?.buyers)
    }

    /// How many products [`State::together`] would count.
    pub(crate) fn entries_together(&self, circle: &Circle<'_>) -> usize {
        let baskets = circle.buyers().sample().iter().filter_map(|buyer| self.baskets.get(buyer.number()));
        baskets.map(|basket| basket.len()).sum()
    }

    /// Counts, over the sample of one product's buyers, what else they bought.
    pub(crate) fn together(&self, circle: &Circle<'_>, entries: usize) -> Together {
        let end = self.all.by_id.last().map_or(0, |last| last.0 as usize + 1);
        let mut together = Together::new(entries, end);
        for buyer in circle.buyers().sample() {
            for &product in self.baskets.get(buyer.number()).into_iter().flat_map(|basket| basket.iter()) {
                together.count(product);
            }
        }
        together
    }

    /// Affinity from [`State::together`]'s counts. They cover the circle's sample, so a product whose own
    /// sample is narrower is compared anew.
    pub(crate) fn affinity_together(
        &self,
        circle: &Circle<'_>,
        together: &Together,
        id: ProductId,
    ) -> Option<f32> {
        let buyers = &self.sales.get(id.0)?.buyers;
        if !circle.is_covered_by(buyers) {
            return circle.affinity(buyers);
        }
        circle.affinity_of(together.of(id) as usize, buyers)
    }
}
