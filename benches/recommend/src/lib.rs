//! The recommendation that every contestant makes: the rule of `rebound/affinity` over candidates that come with the
//! question, because a rival's host has no catalogue to ask.
//!
//! That spares rivals the calls out of the sandbox that Rebound's strategy makes, and costs them the reading of 50
//! candidates from JSON, which is how they are handed anything.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// What a contestant is asked.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Question {
    /// Most offers wanted.
    pub slots: u32,
    /// How much each signal weighs.
    pub weights: Weights,
    /// For how long an offer's price is held, milliseconds.
    pub price_hold_ms: u64,
    /// How the merchant may settle: `refund`, `exchange`...
    pub resolutions: Vec<String>,
    /// The customer's latest purchases.
    pub purchases: Vec<Purchase>,
    /// What may be recommended.
    pub candidates: Vec<Candidate>,
}

/// How much each signal weighs.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub struct Weights {
    /// Bought by the same customers.
    pub affinity: u32,
    /// Bought and kept by this customer.
    pub repurchase: u32,
    /// Alike.
    pub similarity: u32,
}

/// One purchase.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub struct Purchase {
    /// What was bought.
    pub product: u32,
    /// Units sent back.
    pub returned: u32,
}

/// A product that may be recommended.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub struct Candidate {
    /// Which product.
    pub id: u32,
    /// Minor units.
    pub price: i64,
    /// 0 to 1.
    pub similarity: Option<f32>,
    /// 0 to 1.
    pub affinity: Option<f32>,
    /// Basis points.
    pub switched_share: Option<u32>,
    /// Units.
    pub stock: Option<u32>,
}

/// What a contestant answers.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Answer {
    /// Best first.
    pub offers: Vec<Offer>,
}

/// One offer.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Offer {
    /// What is offered.
    pub product: u32,
    /// Why: `affinity`.
    pub kind: String,
    /// `exchange` where the merchant allows it.
    pub resolution: Option<String>,
    /// 0 to 1.
    pub score: f32,
    /// Keys of the templates to say about it.
    pub copy: Vec<String>,
    /// Milliseconds; none for no hold.
    pub price_hold_ms: Option<u64>,
}

/// Answers a question.
#[must_use]
pub fn recommend(question: &Question) -> Answer {
    let scored = |candidate: &Candidate| {
        let bought = question.purchases.iter().filter(|purchase| purchase.product == candidate.id);
        let (count, kept) = bought.fold((0_u32, 0_u32), |(count, kept), purchase| {
            (count + 1, kept + u32::from(purchase.returned == 0))
        });
        (*candidate, score(question.weights, candidate, kept), kept > 0 && kept == count)
    };
    let mut scored: Vec<_> =
        question.candidates.iter().map(scored).filter(|(_, score, _)| *score > 0.0).collect();
    scored.sort_by(|(a, by_a, _), (b, by_b, _)| order(*by_a, a.id, *by_b, b.id));
    scored.truncate(question.slots as usize);
    Answer { offers: scored.into_iter().map(|(it, score, kept)| offer(question, &it, score, kept)).collect() }
}

/// Answers a question in JSON with JSON, as the sandboxed contestants are asked.
///
/// # Errors
/// What is not a question.
pub fn recommend_json(question: &[u8]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&recommend(&serde_json::from_slice(question)?))
}

fn order(score_a: f32, a: u32, score_b: f32, b: u32) -> Ordering {
    score_b.total_cmp(&score_a).then(a.cmp(&b))
}

/// The weighted mean of three shares; unknown counts as nothing. Each further purchase adds less.
fn score(weights: Weights, candidate: &Candidate, kept: u32) -> f32 {
    let repurchase = kept as f32 / (kept + 1) as f32;
    let parts = [
        (weights.affinity, candidate.affinity.unwrap_or(0.0)),
        (weights.repurchase, repurchase),
        (weights.similarity, candidate.similarity.unwrap_or(0.0)),
    ];
    let sum: f32 = parts.iter().map(|(weight, _)| *weight as f32).sum();
    parts.iter().map(|(weight, share)| *weight as f32 * share).sum::<f32>() / sum
}

fn offer(question: &Question, candidate: &Candidate, score: f32, kept: bool) -> Offer {
    let hold = (question.price_hold_ms > 0).then_some(question.price_hold_ms);
    let copy = [
        Some("affinity.price"),
        kept.then_some("affinity.again"),
        candidate.switched_share.map(|_| "affinity.switched"),
        candidate.stock.map(|_| "affinity.stock"),
        hold.map(|_| "affinity.hold"),
    ];
    Offer {
        product: candidate.id,
        kind: "affinity".to_owned(),
        resolution: question.resolutions.iter().find(|word| *word == "exchange").cloned(),
        score,
        copy: copy.into_iter().flatten().map(str::to_owned).collect(),
        price_hold_ms: hold,
    }
}
