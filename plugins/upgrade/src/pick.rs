//! Which products: the rule of `docs/strategies.md`.

use rebound_sdk::prelude::*;

use crate::Upgrade;

/// Lines searched at most: a return of hundreds of lines must not cost hundreds of searches.
const LINES_MAX: usize = 32;

/// A candidate, and the line that it would replace.
pub(crate) struct Pick {
    pub(crate) line: usize,
    pub(crate) candidate: Candidate,
}

impl Pick {
    /// As the contract counts lines.
    pub(crate) fn line_index(&self) -> u32 {
        u32::try_from(self.line).expect("the contract counts lines in u32")
    }

    /// 0 when nobody knows.
    pub(crate) fn similarity(&self) -> f32 {
        self.candidate.similarity.unwrap_or(0.0)
    }
}

/// Every line in turn, dearest first, gives its best candidate, then its second best, until the slots are
/// full; the picks stand by similarity.
pub(crate) fn all(call: &Call<'_, Upgrade>) -> Vec<Pick> {
    let slots = call.context.slots.min(call.config.offers_max) as usize;
    let mut picks: Vec<Pick> = Vec::with_capacity(slots);
    let mut rest = Vec::new();
    for line in call.dearest_lines().into_iter().take(LINES_MAX) {
        if picks.len() == slots {
            break;
        }
        let mut candidates = search(call, line).into_iter();
        if take(&mut candidates, line, &mut picks) {
            rest.push((line, candidates));
        }
    }
    while picks.len() < slots && !rest.is_empty() {
        rest.retain_mut(|(line, candidates)| picks.len() < slots && take(candidates, *line, &mut picks));
    }
    picks
}

/// Takes the next candidate that no other line has, if there is one.
fn take(candidates: &mut impl Iterator<Item = Candidate>, line: usize, picks: &mut Vec<Pick>) -> bool {
    let is_free = |candidate: &Candidate| picks.iter().all(|pick| pick.candidate.id != candidate.id);
    let Some(candidate) = candidates.find(is_free) else { return false };
    let pick = Pick { line, candidate };
    let rank = picks.partition_point(|other| other.similarity() >= pick.similarity());
    picks.insert(rank, pick);
    true
}

/// As many as there may be offers is enough: fewer than that are taken by other lines.
fn search(call: &Call<'_, Upgrade>, line: usize) -> Vec<Candidate> {
    let lines = &call.context.event.lines;
    let product = &lines[line].product;
    let mut candidates = call.search(&Query {
        categories: product.category.iter().cloned().collect(),
        price_min: Some(product.price + 1),
        price_max: Some(product.price * 6 / 5),
        similar_to: Some(product.id),
        exclude: lines.iter().map(|line| line.product.id).collect(),
        in_stock: true,
        order_by: "similarity".to_string(),
        limit: call.config.offers_max,
        ..Query::default()
    });
    if product.category.is_none() {
        let least = call.config.similarity_min_bp as f32 / 10_000.0;
        candidates.retain(|candidate| candidate.similarity.is_some_and(|similarity| similarity >= least));
    }
    candidates
}
