//! What a snapshot holds: persistent structures, all of one moment.

use std::sync::Arc;

use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::money::Money;
use rebound_domain::product::Product;

use crate::bits::Flat;
use crate::bounds::Bounds;
use crate::buyers::{Buyers, Circle};
use crate::dictionary::{Dictionary, hash};
use crate::document::{Document, Vector};
use crate::listing::Listing;
use crate::sorted::Sorted;
use crate::switching::Switching;
use crate::tally::Tally;
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
    /// How many buyers are kept of each product: a column of its own, because candidates by affinity are all asked.
    pub(crate) kept: Trie<u32>,
    /// Sum of squares of each product's weights before idf.
    pub(crate) lengths: Trie<f32>,
    /// The products of each buyer, by the buyer's number, sorted.
    pub(crate) baskets: Trie<Arc<[ProductId]>>,
    pub(crate) switching: Switching,
    pub(crate) orders: u64,
    pub(crate) buyers: u32,
    pub(crate) bounds: Bounds,
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

    /// How many entries the baskets of one product's sampled buyers have; counted until they are more than `enough`.
    pub(crate) fn entries_together(&self, circle: &Circle<'_>, enough: usize) -> usize {
        let mut entries = 0;
        for basket in circle.buyers().sample().iter().filter_map(|buyer| self.baskets.get(buyer.number())) {
            entries += basket.len();
            if entries > enough {
                break;
            }
        }
        entries
    }

    /// Counts what else one product's sampled buyers bought, over so many entries of their baskets: buyers in the
    /// order of their hashes, each one's products by id. With the number of buyers to each whose basket was read.
    pub(crate) fn together(&self, circle: &Circle<'_>, entries: usize) -> (Tally, f64) {
        let mut tally = Tally::new(entries, self.end());
        let buyers = circle.buyers().sample();
        let (mut left, mut read) = (entries, 0);
        for basket in buyers.iter().filter_map(|buyer| self.baskets.get(buyer.number())) {
            if left == 0 {
                break;
            }
            read += 1;
            basket.iter().take(left).for_each(|id| tally.add(*id, 1));
            left -= left.min(basket.len());
        }
        (tally, buyers.len() as f64 / f64::from(read.max(1)))
    }

    /// What so many shared points are worth: their square, over the sum of the squares of all the product's weights
    /// before idf, so that few terms in common count more with a product that has no others. As bits, as below.
    pub(crate) fn worth_of_terms(&self, id: ProductId, points: u32) -> u32 {
        let length = f64::from(self.lengths.get(id.0).copied().unwrap_or_default()).max(1.0);
        #[allow(clippy::cast_possible_truncation, reason = "the nearest f32 is meant")]
        let square = (f64::from(points) * f64::from(points) / length) as f32;
        square.to_bits()
    }

    /// What so many buyers in common are worth: the square of the affinity that they make, times the buyers of the
    /// other, when each stands for `scale` buyers, though never for more than the product has. As the bits of an `f32`
    /// that is not negative, which are in the order of their numbers.
    pub(crate) fn worth_of_buyers(&self, id: ProductId, both: u32, scale: f64) -> u32 {
        let kept = f64::from(self.kept.get(id.0).copied().unwrap_or_default().max(1));
        let both = (f64::from(both) * scale).min(kept);
        #[allow(clippy::cast_possible_truncation, reason = "the nearest f32 is meant")]
        let square = (both * both / kept) as f32;
        square.to_bits()
    }

    /// What shares terms with a product, and how much. The terms are read that fit into the bounds, the telling ones
    /// first; where few products are met that way, also those that have the others together.
    pub(crate) fn sharing(&self, vector: &Vector<'_>, scope: Option<&Flat>) -> Tally {
        let Bounds { read_max, terms_max, compared_max, .. } = self.bounds;
        let mut tally = Tally::new(terms_max, self.end());
        let mut left = if scope.is_some() { read_max } else { terms_max };
        let (mut read, mut others) = (Vec::new(), Vec::new());
        for (term, points) in vector.telling() {
            let Some(listing) = self.dictionary.listing(term) else { continue };
            let fits = listing.by_id.count() <= left;
            left -= if fits { listing.by_id.count() } else { 0 };
            if fits { &mut read } else { &mut others }.push((listing, points));
        }
        let entries =
            read.iter().flat_map(|&(listing, points)| listing.by_id.iter().map(move |id| (id, points)));
        let in_scope = entries.filter(|it| scope.is_none_or(|scope| scope.holds(it.0)));
        in_scope.take(terms_max).for_each(|(id, points)| tally.add(id, points));
        if tally.count() < compared_max {
            self.have_together(&others, scope, &mut tally);
        }
        tally
    }

    /// Counts what has the first of the terms together, as many of them as it takes until few products do; at most as
    /// many as one search compares, by id.
    fn have_together(&self, terms: &[(&Listing, u32)], scope: Option<&Flat>, tally: &mut Tally) {
        let Some(last) = self.last_of_dense() else { return };
        let few = self.bounds.compared_max;
        let mut together: Option<Flat> = None;
        let mut points = 0;
        for (listing, more) in terms {
            let mut next = Flat::new(last);
            listing.unite_with(&mut next);
            together.as_ref().or(scope).into_iter().for_each(|it| next.intersect(it));
            let count = next.count();
            if count > 0 {
                points += more;
                together = Some(next);
            }
            if (1..=few).contains(&count) {
                break;
            }
        }
        together.iter().flat_map(Flat::iter).take(few).for_each(|id| tally.add(id, points));
    }

    /// The greatest number, unless numbers are so sparse that bits would be longer than lists.
    pub(crate) fn last_of_dense(&self) -> Option<ProductId> {
        self.all.by_id.last().filter(|last| last.0 as usize / 64 <= self.all.by_id.count())
    }

    fn end(&self) -> usize {
        self.all.by_id.last().map_or(0, |last| last.0 as usize + 1)
    }

    /// Affinity from [`State::together`]'s counts over all entries. They cover the circle's sample, so a product whose own
    /// sample is narrower is compared anew.
    pub(crate) fn affinity_together(
        &self,
        circle: &Circle<'_>,
        together: &Tally,
        id: ProductId,
    ) -> Option<f32> {
        let buyers = &self.sales.get(id.0)?.buyers;
        if !circle.is_covered_by(buyers) {
            return circle.affinity(buyers);
        }
        circle.affinity_of(together.of(id) as usize, buyers)
    }
}
