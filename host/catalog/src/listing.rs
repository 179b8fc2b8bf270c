//! The products that have something in common, in each order a search can ask for.

use std::cmp::Reverse;

use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;

use crate::sorted::Sorted;

/// Which orders a listing keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orders {
    /// By id alone: words of titles, and styles.
    Id,
    /// By id, price and units sold: what searches filter by.
    All,
}

/// A set of products.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    pub(crate) by_id: Sorted<ProductId>,
    /// Empty where only [`Orders::Id`] is kept, as is the next one.
    pub(crate) by_price: Sorted<(Money, ProductId)>,
    pub(crate) by_units: Sorted<(Reverse<u32>, ProductId)>,
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
        if orders == Orders::All {
            self.by_price.insert((place.price, place.id));
            self.by_units.insert((Reverse(place.units), place.id));
        }
    }

    pub(crate) fn leave(&mut self, place: Place, orders: Orders) {
        self.by_id.remove(&place.id);
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
