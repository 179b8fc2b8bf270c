//! The products that have something in common, in each order a search can ask for.

use std::cmp::Reverse;

use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;

use crate::bits::{Bits, Flat};
use crate::sorted::Sorted;

/// Which orders a listing keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orders {
    /// By id alone: words of titles, and styles.
    Id,
    /// By id, price and units sold: what searches filter by.
    All,
}

/// From so many products on, a listing also keeps them as bits, until it has less than half of that: a leaf of
/// bits may hold a single product, and at this size costs at most 32 bytes for each up to a million products.
/// Tests have few products and would otherwise never see it.
const CROWDED: usize = if cfg!(test) { 24 } else { 4_096 };

/// A set of products.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) by_id: Sorted<ProductId>,
    /// Empty where only [`Orders::Id`] is kept, as is the next one.
    pub(crate) by_price: Sorted<(Money, ProductId)>,
    pub(crate) by_units: Sorted<(Reverse<u32>, ProductId)>,
    /// The same products, when they are many.
    pub(crate) bits: Option<Bits>,
}

/// What a product's places in a listing depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) id: ProductId,
    pub(crate) price: Money,
    pub(crate) units: u32,
}

impl Listing {
    pub(crate) fn join(&mut self, place: Place, orders: Orders) {
        self.by_id.insert(place.id);
        match &mut self.bits {
            Some(bits) => bits.insert(place.id),
            None if self.by_id.count() >= CROWDED => self.bits = Some(self.by_id.iter().collect()),
            None => {}
        }
        if orders == Orders::All {
            self.by_price.insert((place.price, place.id));
            self.by_units.insert((Reverse(place.units), place.id));
        }
    }

    /// Adds its products to a set.
    pub(crate) fn unite_with(&self, flat: &mut Flat) {
        match &self.bits {
            Some(bits) => flat.unite(bits),
            None => self.by_id.iter().for_each(|id| flat.insert(id)),
        }
    }

    pub(crate) fn leave(&mut self, place: Place, orders: Orders) {
        self.by_id.remove(&place.id);
        self.bits = self.bits.take().filter(|_| self.by_id.count() >= CROWDED / 2);
        self.bits.iter_mut().for_each(|bits| bits.remove(place.id));
        if orders == Orders::All {
            self.by_price.remove(&(place.price, place.id));
            self.by_units.remove(&(Reverse(place.units), place.id));
        }
    }

    /// Moves a product within the listing, which must keep all orders.
    pub(crate) fn shift(&mut self, from: Place, to: Place) {
        if from.price != to.price {
            self.by_price.remove(&(from.price, from.id));
            self.by_price.insert((to.price, to.id));
        }
        if from.units != to.units {
            self.by_units.remove(&(Reverse(from.units), from.id));
            self.by_units.insert((Reverse(to.units), to.id));
        }
    }
}
