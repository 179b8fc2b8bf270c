//! Orders by a score: which products are compared, and the best of them.
//!
//! Where few products match, all of them are. Otherwise candidates are found by what they share with the returned
//! product, terms or buyers, and those that share most are compared: a bounded part of any catalogue.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use rebound_domain::ids::ProductId;

use super::{Number, Plan, SCAN_MAX, SKIPS_PER_VISIT};
use crate::buyers::Circle;
use crate::document::{NumberHasher, Vector};
use crate::state::Row;
use crate::tally::Tally;
use crate::top::Top;

/// Comparing one product's buyers costs about as much as counting so many entries of baskets.
const ENTRIES_PER_COMPARISON: usize = if cfg!(test) { 16 } else { 8 };
/// A source of at most so many products is turned into bits by reading it; a longer one only from bits, which there are
/// none of for prices.
const LISTED_MAX: usize = if cfg!(test) { 40 } else { 16_384 };
const LISTED_BY_PRICE_MAX: usize = if cfg!(test) { 60 } else { 65_536 };
/// A condition of more values narrows nothing where candidates are looked for.
pub(crate) const FEW_VALUES: usize = if cfg!(test) { 2 } else { 8 };
/// After looking at so many candidates of which few match, it is worth knowing as bits which may.
const LOOKS: usize = if cfg!(test) { 8 } else { 256 };
/// Few: less than one of so many.
const LOOKS_PER_MATCH: usize = 12;

/// What follows the products that scored.
#[derive(Debug)]
struct Rest {
    /// Those that did, sorted.
    scored: Vec<ProductId>,
    room: usize,
    known: Vec<ProductId>,
    unknown: Vec<ProductId>,
}

impl Rest {
    fn new(scored: &[ProductId], limit: usize) -> Self {
        let room = limit - scored.len();
        let mut scored = scored.to_vec();
        scored.sort_unstable();
        Self { scored, room, known: Vec::new(), unknown: Vec::new() }
    }

    /// Whether there is room for more.
    fn sort_in(&mut self, id: ProductId, score: Option<f32>) -> bool {
        if self.scored.binary_search(&id).is_err() {
            score.map_or(&mut self.unknown, |_| &mut self.known).push(id);
        }
        self.known.len() < self.room
    }

    fn into_ids(self) -> impl Iterator<Item = ProductId> {
        self.known.into_iter().chain(self.unknown).take(self.room)
    }
}

impl Plan<'_> {
    pub(crate) fn by_similarity(mut self, vector: &Vector<'_>) -> Vec<ProductId> {
        let score = |_: ProductId, row: &Row| vector.cosine(&row.document);
        if !self.compares_all() {
            self.learn_matches(FEW_VALUES);
            let candidates = self.state.sharing(vector, self.matches.as_ref().map(|it| &it.0));
            let state = self.state;
            return self
                .best_of(candidates.highest_first(|id, points| state.worth_of_terms(id, points)), score);
        }
        if self.count() > SCAN_MAX {
            self.learn_matches(usize::MAX);
        }
        let sharing = if self.count() > SCAN_MAX { self.sharing_terms(vector) } else { None };
        match sharing {
            Some(top) => self.fill(top, score),
            None => self.scan_scores(score),
        }
    }

    pub(crate) fn by_affinity(mut self, circle: &Circle<'_>) -> Vec<ProductId> {
        let (state, baskets_max) = (self.state, self.state.bounds.baskets_max);
        let compared = |id: ProductId, _: &Row| state.affinity(circle, id);
        let enough = if self.compares_all() { self.count() * ENTRIES_PER_COMPARISON } else { baskets_max };
        let entries = state.entries_together(circle, enough);
        if entries > enough && self.compares_all() {
            return self.scan_scores(compared);
        }
        let (together, scale) = state.together(circle, entries.min(enough));
        let counted = |id: ProductId, _: &Row| state.affinity_together(circle, &together, id);
        if self.compares_all() {
            let top = self.sharing_buyers(circle, &together);
            return self.fill(top, counted);
        }
        let candidates = together.highest_first(|id, both| state.worth_of_buyers(id, both, scale));
        if entries > enough { self.best_of(candidates, compared) } else { self.best_of(candidates, counted) }
    }

    /// Whether few enough products match for all of them to be compared.
    fn compares_all(&self) -> bool {
        let bounds = &self.state.bounds;
        self.state.all.by_id.count() <= bounds.catalogue_max || self.shortest.count <= bounds.source_max
    }

    /// Compares as many of the candidates that match as the bounds say, in their order.
    fn best_of(
        &mut self,
        candidates: impl Iterator<Item = (u32, ProductId)>,
        score: impl Fn(ProductId, &Row) -> Option<f32>,
    ) -> Vec<ProductId> {
        let mut top = Top::new(self.limit);
        let mut left = self.state.bounds.compared_max;
        for (looks, (_, id)) in candidates.enumerate() {
            if left == 0 {
                break;
            }
            if looks == LOOKS
                && (self.matches.is_none() || self.sources.iter().any(|it| it.listings.len() > FEW_VALUES))
                && (self.state.bounds.compared_max - left) * LOOKS_PER_MATCH < looks
            {
                self.learn_matches(usize::MAX);
            }
            if let Some(row) = self.accept(id) {
                left -= 1;
                if let known @ Some(above_zero) = score(id, row)
                    && above_zero > 0.0
                {
                    top.offer(rank_of(known), id);
                }
            }
        }
        self.fill(top, score)
    }

    /// Learns what may satisfy the conditions, before many products are looked at that mostly do not.
    /// Conditions of more than so many values are left out: uniting their listings takes long, and excludes little.
    fn learn_matches(&mut self, values_max: usize) {
        let narrows = self.sources.len() > 1 || self.filter.is_banded();
        let matches = if self.shortest.count > listed_max(self.filter.is_banded()) {
            let mut sources = self.sources.clone();
            sources.retain(|source| source.listings.len() <= values_max);
            self.filter.matches(&sources)
        } else if narrows {
            self.filter.listed(&self.shortest)
        } else {
            None
        };
        self.matches = matches.map(|it| (it.count(), it)).map(|(count, it)| (it, count));
    }

    /// The best of the products that share a term with the vector: all of them, or enough to know that no other
    /// is better. None when reading the terms' products would take longer than a scan.
    fn sharing_terms(&self, vector: &Vector<'_>) -> Option<Top> {
        let mut top = Top::new(self.limit);
        let mut seen = HashSet::<ProductId, BuildHasherDefault<NumberHasher>>::default();
        // To read an entry that cannot match costs a fraction of looking at a product.
        let mut room = self.count() * self.matches.as_ref().map_or(1, |_| SKIPS_PER_VISIT / 2);
        for (term, bound_after) in vector.terms() {
            let listing = self.state.dictionary.listing(term)?;
            room = room.checked_sub(listing.by_id.count())?;
            for id in listing.by_id.iter().filter(|id| self.may_match(*id) && seen.insert(*id)) {
                if let Some(row) = self.accept(id)
                    && let known @ Some(above_zero) = vector.cosine(&row.document)
                    && above_zero > 0.0
                {
                    top.offer(rank_of(known), id);
                }
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

    /// The best of the products that share a buyer with the circle, where all buyers' baskets were counted.
    fn sharing_buyers(&mut self, circle: &Circle<'_>, together: &Tally) -> Top {
        if self.count() > SCAN_MAX {
            self.learn_matches(usize::MAX);
        }
        let mut top = Top::new(self.limit);
        for (both, id) in together.highest_first(|_, both| both).filter(|it| self.may_match(it.1)) {
            if top.worst().is_some_and(|worst| worst < rank_of(Some(circle.affinity_max(both)))) {
                break;
            }
            // The score is at hand, the product is not: it is looked at only where the score would enter it.
            if let known @ Some(above_zero) = self.state.affinity_together(circle, together, id)
                && above_zero > 0.0
                && top.admits(rank_of(known), id)
                && self.filter.accept(id).is_some()
            {
                top.offer(rank_of(known), id);
            }
        }
        top
    }

    /// Puts behind what scored the rest of what matches, by id: what has a score, whether it was compared or not,
    /// then what has none.
    fn fill(&mut self, top: Top, score: impl Fn(ProductId, &Row) -> Option<f32>) -> Vec<ProductId> {
        let mut found = top.into_ids();
        if found.len() == self.limit {
            return found;
        }
        let walk = |plan: &Self, visits: usize| {
            let mut rest = Rest::new(&found, plan.limit);
            plan.walk(Number::Id, visits, |id, row| rest.sort_in(id, score(id, row)))?;
            Some(rest)
        };
        let mut rest = walk(self, LOOKS.max(LOOKS_PER_MATCH * self.limit));
        if rest.is_none() {
            if self.matches.is_none() {
                self.learn_matches(usize::MAX);
            }
            rest = walk(self, self.room(Number::Id));
        }
        let rest = rest.unwrap_or_else(|| {
            let mut rest = Rest::new(&found, self.limit);
            let mut rows = Vec::new();
            self.scan(|id, row| rows.push((id, row)));
            rows.sort_unstable_by_key(|it| it.0);
            rows.into_iter().all(|(id, row)| rest.sort_in(id, score(id, row)));
            rest
        });
        found.extend(rest.into_ids());
        found
    }

    fn scan_scores(&self, score: impl Fn(ProductId, &Row) -> Option<f32>) -> Vec<ProductId> {
        let mut top = Top::new(self.limit);
        self.scan(|id, row| top.offer(rank_of(score(id, row)), id));
        top.into_ids()
    }
}

pub(crate) fn listed_max(is_banded: bool) -> usize {
    if is_banded { LISTED_BY_PRICE_MAX } else { LISTED_MAX }
}

/// Highest first, unknown last: the bits of numbers that are not negative are in the numbers' order.
fn rank_of(score: Option<f32>) -> u64 {
    score.map_or(u64::MAX, |score| u64::from(!score.to_bits()))
}
