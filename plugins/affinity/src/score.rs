//! Which products, and how well each fits: the score of `docs/strategies.md`.

use std::cmp::Ordering;

use rebound_sdk::prelude::*;

use super::{Affinity, Config};

/// A candidate, how well it fits, and the line it fits best.
pub(crate) struct Scored {
    pub(crate) candidate: Candidate,
    pub(crate) line: usize,
    /// 0 to 1.
    pub(crate) score: f32,
    /// Whether the customer bought it before and never sent a unit of it back.
    pub(crate) kept: bool,
}

/// The best candidates over all lines, each product once.
pub(crate) fn best(call: &Call<'_, Affinity>) -> Vec<Scored> {
    let slots = call.context.slots.min(call.config.offers_max) as usize;
    let purchases = &call.context.customer.purchases;
    let mut scored = Vec::new();
    for line in call.dearest_lines().into_iter().take(call.config.lines_max as usize) {
        for candidate in candidates(call, line, slots) {
            let of_it = || purchases.iter().filter(|purchase| purchase.product == candidate.id);
            let kept = of_it().filter(|purchase| purchase.returned == 0).count();
            let score = score(&call.config, &candidate, kept);
            if score > 0.0 {
                // A unit sent back, of whichever purchase, and "kept it" would not be the whole truth.
                let kept = kept > 0 && kept == of_it().count();
                scored.push(Scored { candidate, line, score, kept });
            }
        }
    }
    // Each product beside itself, its best line first, so that the others go.
    scored.sort_unstable_by(|a, b| a.candidate.id.cmp(&b.candidate.id).then(by_score(a, b)));
    scored.dedup_by_key(|scored| scored.candidate.id);
    scored.sort_by(by_score);
    scored.truncate(slots);
    scored
}

fn by_score(a: &Scored, b: &Scored) -> Ordering {
    b.score.total_cmp(&a.score).then(a.line.cmp(&b.line))
}

/// What is bought by the same customers; where too little is known of that, what is alike as well.
fn candidates(call: &Call<'_, Affinity>, line: usize, slots: usize) -> Vec<Candidate> {
    let lines = &call.context.event.lines;
    let mut query = Query {
        similar_to: Some(lines[line].product.id),
        exclude: lines.iter().map(|line| line.product.id).collect(),
        in_stock: true,
        order_by: "affinity".to_string(),
        limit: call.config.candidates,
        ..Query::default()
    };
    let mut candidates = call.search(&query);
    candidates.retain(|candidate| candidate.affinity.is_some_and(|affinity| affinity > 0.0));
    if candidates.len() < slots {
        query.exclude.extend(candidates.iter().map(|candidate| candidate.id));
        query.order_by = "similarity".to_string();
        candidates.extend(call.search(&query));
    }
    candidates
}

/// The weighted mean of three shares; unknown counts as nothing. Each further purchase adds less. Not a number,
/// and so not above 0 either, when every weight is 0.
fn score(config: &Config, candidate: &Candidate, kept: usize) -> f32 {
    let repurchase = kept as f32 / (kept + 1) as f32;
    let parts = [
        (config.affinity_weight, candidate.affinity.unwrap_or(0.0)),
        (config.repurchase_weight, repurchase),
        (config.similarity_weight, candidate.similarity.unwrap_or(0.0)),
    ];
    let weights: f32 = parts.iter().map(|(weight, _)| *weight as f32).sum();
    parts.iter().map(|(weight, share)| *weight as f32 * share).sum::<f32>() / weights
}
