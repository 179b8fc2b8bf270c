//! Which variants of which lines: the rule of `docs/strategies.md`.

use std::cmp::{Ordering, Reverse};

use rebound_sdk::prelude::*;

use crate::Variant;
use crate::fit::{self, Fit, Wish};

/// Variants looked at from one line; a style with more is a catalogue of its own.
const VARIANTS_MAX: u32 = 50;

/// A variant, and the line that it would replace.
pub(crate) struct Pick {
    pub(crate) line: usize,
    pub(crate) candidate: Candidate,
    pub(crate) fit: Fit,
}

/// Every line's best in turn, dearest first, then every line's second best, until the slots are full; the picks stand
/// by score.
pub(crate) fn all(call: &Call<'_, Variant>) -> Vec<Pick> {
    let slots = call.context.slots.min(call.config.offers_max) as usize;
    let mut lines = Vec::new();
    for line in call.dearest_lines() {
        if let Some(wish) = fit::wish(&call.context.event.lines[line]).filter(|_| slots > 0) {
            lines.push(variants(call, line, wish).into_iter());
        }
        if lines.len() == call.config.lines_max as usize {
            break;
        }
    }
    let mut picks: Vec<Pick> = Vec::new();
    while picks.len() < slots && !lines.is_empty() {
        lines.retain_mut(|variants| {
            // Two lines of one style may wish for the same variant.
            let is_free = |pick: &Pick| picks.iter().all(|other| other.candidate.id != pick.candidate.id);
            let found = variants.find(is_free);
            let is_found = found.is_some();
            picks.extend(found.filter(|_| picks.len() < slots));
            is_found
        });
    }
    picks.sort_by(|a, b| b.fit.score.total_cmp(&a.fit.score));
    picks
}

/// The variants that answer the line's wish, best first.
fn variants(call: &Call<'_, Variant>, line: usize, wish: Wish) -> Vec<Pick> {
    let lines = &call.context.event.lines;
    let returned = &lines[line].product;
    if returned.style.is_none() {
        return Vec::new();
    }
    let candidates = call.search(&Query {
        style_of: Some(returned.id),
        exclude: lines.iter().map(|line| line.product.id).collect(),
        in_stock: true,
        limit: VARIANTS_MAX,
        ..Query::default()
    });
    let ids: Vec<ProductId> = candidates.iter().map(|candidate| candidate.id).collect();
    let products = call.get(&ids);
    let found = candidates.into_iter().zip(products).filter_map(|(candidate, product)| {
        let fit = fit::fit(&call.config, wish, returned, &product?)?;
        Some(Pick { line, candidate, fit })
    });
    let mut picks: Vec<Pick> = found.collect();
    picks.sort_by(best_first);
    picks
}

/// Of equal fits what sells most, and then the lower id.
fn best_first(a: &Pick, b: &Pick) -> Ordering {
    let rest = |pick: &Pick| (Reverse(pick.candidate.units_sold), pick.candidate.id);
    b.fit.score.total_cmp(&a.fit.score).then_with(|| rest(a).cmp(&rest(b)))
}
