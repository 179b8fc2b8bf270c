//! The exact answer over the shortest way.
//!
//! Every condition has listings, and the source with the fewest products bounds what has to be looked at. An
//! order by a number walks listings kept in that order and stops at the limit; an order by a score looks only
//! at what can have one. Where that meets too few products that pass, the shortest source is scanned after all,
//! so no search looks at more than a few times its number of products.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;

use crate::bits::Flat;
use crate::buyers::Circle;
use crate::document::{NumberHasher, Vector};
use crate::filter::{Filter, Source};
use crate::listing::Orders;
use crate::merge::{Falling, Merge};
use crate::state::{Row, State};
use crate::top::Top;

/// Below this many products a scan is quicker than setting up anything else.
const SCAN_MAX: usize = 64;
/// How many times the shortest source's products a walk may visit before it gives way to a scan.
const WALK_FACTOR: usize = 4;
/// Comparing one product's buyers costs about as much as counting so many entries of baskets.
const ENTRIES_PER_COMPARISON: usize = if cfg!(test) { 16 } else { 128 };
/// A source of at most so many products is turned into bits by reading it; a longer one only from bits.
const LISTED_MAX: usize = if cfg!(test) { 40 } else { 16_384 };

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

    /// Learns what may satisfy the conditions, before many products are read that mostly do not.
    fn intersect_for_scores(&mut self) {
        let narrows = self.sources.len() > 1 || self.filter.is_banded();
        let matches = if self.shortest.count > LISTED_MAX {
            self.filter.matches(&self.sources)
        } else if narrows {
            self.filter.listed(&self.shortest)
        } else {
            None
        };
        self.matches = matches.map(|it| (it.count(), it)).map(|(count, it)| (it, count));
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

    pub(crate) fn by_similarity(mut self, vector: &Vector<'_>) -> Vec<ProductId> {
        let score = |_: ProductId, row: &Row| vector.cosine(&row.document);
        if self.count() > SCAN_MAX {
            // Reading a few listed products is no reason to list them all first.
            if self.shortest.count > LISTED_MAX {
                self.intersect_for_scores();
            } else {
                self.intersect();
            }
            if let Some(top) = self.sharing_terms(vector)
                && let Some(found) = self.fill(top, score)
            {
                return found;
            }
        }
        self.scan_scores(score)
    }

    pub(crate) fn by_affinity(mut self, circle: &Circle<'_>) -> Vec<ProductId> {
        self.intersect();
        let entries = self.state.entries_together(circle);
        if self.count() * ENTRIES_PER_COMPARISON <= entries {
            return self.scan_scores(|id, _| self.state.affinity(circle, id));
        }
        if self.matches.is_none() {
            self.intersect_for_scores();
        }
        let together = self.state.together(circle, entries);
        let score = |id: ProductId| self.state.affinity_together(circle, &together, id);
        let mut top = Top::new(self.limit);
        for (both, id) in together.highest_first(|id| self.may_match(id)) {
            if top.worst().is_some_and(|worst| worst < rank_of(Some(circle.affinity_max(both)))) {
                break;
            }
            // The score is at hand, the product is not: it is looked at only where the score would enter it.
            if let known @ Some(above_zero) = score(id)
                && above_zero > 0.0
                && top.admits(rank_of(known), id)
                && self.filter.accept(id).is_some()
            {
                top.offer(rank_of(known), id);
            }
        }
        self.fill(top, |id, _| score(id)).unwrap_or_else(|| self.scan_scores(|id, _| score(id)))
    }

    /// The best of the products that share a term with the vector: all of them, or enough to know that no other
    /// is better. None when reading the terms' products would take longer than a scan.
    fn sharing_terms(&self, vector: &Vector<'_>) -> Option<Top> {
        let mut top = Top::new(self.limit);
        let mut seen = HashSet::<ProductId, BuildHasherDefault<NumberHasher>>::default();
        let skips = self.matches.as_ref().map_or(1, |_| SKIPS_PER_VISIT / 2);
        let mut room = self.count() * skips;
        for (term, bound_after) in vector.terms() {
            let listing = self.state.dictionary.listing(term)?;
            room = room.checked_sub(listing.by_id.count())?;
            for id in listing.by_id.iter().filter(|id| self.may_match(*id) && seen.insert(*id)) {
                self.offer(&mut top, id, |_, row| vector.cosine(&row.document));
            }
            // The margin covers the rounding of scores to f32, so that ties by id stay exact.
            #[allow(clippy::cast_possible_truncation, reason = "rounded up on purpose")]
            let bound = (bound_after * (1.0 + 1e-6)) as f32;
            if top.worst().is_some_and(|worst| worst < rank_of(Some(bound))) {
                break;
            }
        }
        Some(top)
    }

    /// Enters a product that passes and whose score is above zero.
    fn offer(&self, top: &mut Top, id: ProductId, score: impl Fn(ProductId, &Row) -> Option<f32>) {
        if let Some(row) = self.accept(id)
            && let known @ Some(above_zero) = score(id, row)
            && above_zero > 0.0
        {
            top.offer(rank_of(known), id);
        }
    }

    /// Puts behind every product whose score is above zero those that score zero, then the unknown, by id.
    fn fill(&self, top: Top, score: impl Fn(ProductId, &Row) -> Option<f32>) -> Option<Vec<ProductId>> {
        let room = top.room();
        let (mut zero, mut unknown) = (Vec::new(), Vec::new());
        if room > 0 {
            self.walk(Number::Id, self.room(Number::Id), |id, row| {
                match score(id, row) {
                    Some(above_zero) if above_zero > 0.0 => {}
                    Some(_) => zero.push(id),
                    None => unknown.push(id),
                }
                zero.len() < room
            })?;
        }
        let mut found = top.into_ids();
        found.extend(zero.into_iter().chain(unknown).take(room));
        Some(found)
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

    fn scan(&self, mut visit: impl FnMut(ProductId, &Row)) {
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

    fn scan_scores(&self, score: impl Fn(ProductId, &Row) -> Option<f32>) -> Vec<ProductId> {
        let mut top = Top::new(self.limit);
        self.scan(|id, row| top.offer(rank_of(score(id, row)), id));
        top.into_ids()
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

/// Highest first, unknown last: the bits of numbers that are not negative are in the numbers' order.
fn rank_of(score: Option<f32>) -> u64 {
    score.map_or(u64::MAX, |score| u64::from(!score.to_bits()))
}
