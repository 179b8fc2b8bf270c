//! The exact answer over the shortest way.
//!
//! Every condition has listings, and the source with the fewest products bounds what has to be looked at. An
//! order by a number walks listings kept in that order and stops at the limit; an order by a score ([`scores`]) looks
//! only at what can have one. Where that meets too few products that pass, the shortest source is scanned after all,
//! so no search looks at more than a few times its number of products.

mod scores;

#[cfg(test)]
pub(crate) use scores::{FEW_VALUES, listed_max};

use std::cmp::Reverse;

use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;

use crate::bits::Flat;
use crate::filter::{Filter, Source};
use crate::listing::Orders;
use crate::merge::{Falling, Merge};
use crate::state::{Row, State};
use crate::top::Top;

/// Below this many products a scan is quicker than setting up anything else.
const SCAN_MAX: usize = 64;
/// How many times the shortest source's products a walk may visit before it gives way to a scan.
const WALK_FACTOR: usize = 4;
/// From so many products in the shortest source on, conditions are intersected as bits before anything long is read.
/// Measured at a million products: 35 us for two listings, 700 us for thirty-two. Tests have few products.
const MATCH_MIN: usize = if cfg!(test) { 16 } else { 2_048 };
/// What a walk looks at, beyond its limit, before listings are intersected: for each of them about as long as
/// uniting it takes at a million products.
const VISITS_PER_LISTING: usize = if cfg!(test) { 1 } else { 16 };
/// Reading an id and finding its bit unset costs about a sixteenth of looking at the product.
const SKIPS_PER_VISIT: usize = 16;
/// The same from dear to cheap, where each price is looked up.
const FALLING_SKIPS_PER_VISIT: usize = 2;

/// A number that every product has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// The id itself: the order of what is otherwise equal.
    Id,
    Price,
    PriceFalling,
    UnitsFalling,
}

/// How one query is answered.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    state: &'a State,
    filter: &'a Filter<'a>,
    limit: usize,
    sources: Vec<Source<'a>>,
    /// The source with the fewest products to scan.
    shortest: Source<'a>,
    /// The source with the fewest products that is kept in every order.
    ordered: Source<'a>,
    /// The products that satisfy the conditions together, where that is worth knowing, and how many they are.
    matches: Option<(Flat, usize)>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(state: &'a State, filter: &'a Filter<'a>, limit: usize) -> Self {
        let sources = filter.sources();
        let shortest = |orders: Option<Orders>| {
            let fitting = sources.iter().filter(|source| orders.is_none_or(|it| it == source.orders));
            fitting
                .min_by_key(|source| source.count)
                .cloned()
                .expect("all products are a source in every order")
        };
        let (shortest, ordered) = (shortest(None), shortest(Some(Orders::All)));
        Self { state, filter, limit, sources, shortest, ordered, matches: None }
    }

    /// How many listings there are to intersect, where that is worth it; else none.
    fn listings_to_intersect(&self) -> usize {
        let conditions = self.sources.iter().skip(1).filter(|source| source.orders == Orders::All);
        let listings: usize = conditions.clone().map(|source| source.listings.len()).sum();
        let narrows = self.shortest.listings.len() > 1 || conditions.count() > 1;
        if narrows && self.shortest.count > MATCH_MIN { listings } else { 0 }
    }

    /// Learns what satisfies the conditions together, where that is worth knowing.
    fn intersect(&mut self) {
        if self.listings_to_intersect() == 0 {
            return;
        }
        let matches = self.filter.matches(&self.sources);
        self.matches = matches.map(|it| (it.count(), it)).map(|(count, it)| (it, count));
        // Where most products match, skipping those that do not is quicker than merging many listings.
        if let Some((_, count)) = self.matches
            && self.ordered.listings.len() > 1
            && self.sources[0].count < count.saturating_mul(4 * self.ordered.listings.len())
        {
            self.ordered = self.sources[0].clone();
        }
    }

    /// How many products a scan looks at.
    fn count(&self) -> usize {
        self.matches.as_ref().map_or(self.shortest.count, |it| it.1.min(self.shortest.count))
    }

    fn may_match(&self, id: ProductId) -> bool {
        self.matches.as_ref().is_none_or(|it| it.0.holds(id))
    }

    /// The product's row, when it satisfies every condition.
    fn accept(&self, id: ProductId) -> Option<&'a Row> {
        self.may_match(id).then(|| self.filter.accept(id)).flatten()
    }

    pub(crate) fn by_number(mut self, number: Number) -> Vec<ProductId> {
        if let Some(found) = self.walk_before_intersecting(number) {
            return found;
        }
        self.intersect();
        if self.count() > SCAN_MAX.max(self.limit)
            && let Some(found) = self.walk_to_limit(number, self.room(number))
        {
            return found;
        }
        let mut top = Top::new(self.limit);
        self.scan(|id, row| top.offer(self.rank(number, id, row), id));
        top.into_ids()
    }

    /// Where most of what a walk meets passes, it is over before the listings are intersected; where it is not
    /// over after looking at a few products more than the limit, it has cost little.
    fn walk_before_intersecting(&self, number: Number) -> Option<Vec<ProductId>> {
        let listings = Some(self.listings_to_intersect()).filter(|listings| *listings > 0)?;
        self.walk_to_limit(number, self.limit + VISITS_PER_LISTING * listings)
    }

    fn walk_to_limit(&self, number: Number, room: usize) -> Option<Vec<ProductId>> {
        let mut found = Vec::with_capacity(self.limit);
        self.walk(number, room, |id, _| {
            found.push(id);
            found.len() < self.limit
        })?;
        Some(found)
    }

    /// What a walk may cost before a scan is quicker, where one product looked at costs `visit_cost`.
    fn room(&self, number: Number) -> usize {
        let factor = self.matches.as_ref().map_or(WALK_FACTOR, |_| self.visit_cost(number));
        self.count().max(self.limit) * factor
    }

    fn visit_cost(&self, number: Number) -> usize {
        match (&self.matches, number) {
            (None, _) => 1,
            (Some(_), Number::PriceFalling) => FALLING_SKIPS_PER_VISIT,
            (Some(_), _) => SKIPS_PER_VISIT,
        }
    }

    /// Visits the products that pass in the order of a number, for as long as `visit` says. None when it was
    /// given up because too few passed.
    fn walk(
        &self,
        number: Number,
        mut room: usize,
        mut visit: impl FnMut(ProductId, &Row) -> bool,
    ) -> Option<()> {
        let visit_cost = self.visit_cost(number);
        for id in self.ordered(number) {
            room = room.checked_sub(if self.may_match(id) { visit_cost } else { 1 })?;
            if let Some(row) = self.accept(id)
                && !visit(id, row)
            {
                break;
            }
        }
        Some(())
    }

    fn ordered(&self, number: Number) -> Box<dyn Iterator<Item = ProductId> + '_> {
        let (min, max) = (self.filter.price_min, self.filter.price_max);
        let listings = self.ordered.listings.iter();
        match number {
            Number::Id => Box::new(Merge::of(listings.map(|it| it.by_id.iter()))),
            Number::Price => {
                let from = (min, ProductId(0));
                let rising = Merge::of(listings.map(|it| it.by_price.from(&from)));
                Box::new(rising.take_while(move |key| key.0 <= max).map(|key| key.1))
            }
            Number::PriceFalling => Box::new(Falling::new(self.ordered.listings.clone(), min, max)),
            Number::UnitsFalling => {
                Box::new(Merge::of(listings.map(|it| it.by_units.iter())).map(|key: (Reverse<u32>, _)| key.1))
            }
        }
    }

    fn scan(&self, mut visit: impl FnMut(ProductId, &'a Row)) {
        let mut look = |id| {
            if let Some(row) = self.accept(id) {
                visit(id, row);
            }
        };
        match &self.matches {
            Some((matches, count)) if *count <= self.shortest.count => matches.iter().for_each(look),
            _ => self.filter.ids(&self.shortest).into_iter().for_each(&mut look),
        }
    }

    fn rank(&self, number: Number, id: ProductId, row: &Row) -> u64 {
        match number {
            Number::Id => 0,
            Number::Price => ascending(row.price),
            Number::PriceFalling => !ascending(row.price),
            Number::UnitsFalling => !u64::from(self.state.units_sold(id).unwrap_or_default()),
        }
    }
}

/// Signed numbers in the order of unsigned ones.
fn ascending(price: Money) -> u64 {
    price.0.cast_unsigned() ^ (1 << 63)
}
