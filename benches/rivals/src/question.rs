//! The same question for everybody: what `rebound/affinity` finds when it asks the catalogue.

use rebound_domain::answer::Recommendations;
use rebound_domain::catalog::{OrderBy, Query};
use rebound_domain::ids::ProductId;
use rebound_domain::situation::Situation;
use recommend::{Answer, Candidate, Offer, Purchase, Question, Weights};

use crate::shop;

/// The question that the shop's return comes to.
pub(crate) fn question(situation: &Situation) -> Question {
    let returned: Vec<ProductId> = situation.event.lines.iter().map(|line| line.product.id).collect();
    let query = Query {
        similar_to: returned.first().copied(),
        exclude: returned,
        in_stock: true,
        order_by: OrderBy::from_word("affinity"),
        limit: 50,
        ..Query::default()
    };
    let mut candidates = shop::catalog().search(&query);
    candidates.truncate(50);
    Question {
        slots: 3,
        weights: Weights { affinity: 50, repurchase: 30, similarity: 20 },
        price_hold_ms: situation.policy.hold_max.0.min(86_400_000),
        resolutions: situation.policy.resolutions.clone(),
        purchases: situation
            .customer
            .purchases
            .iter()
            .map(|it| Purchase { product: it.product.0, returned: it.returned })
            .collect(),
        candidates: candidates
            .iter()
            .map(|it| Candidate {
                id: it.id.0,
                price: it.price.0,
                similarity: it.similarity,
                affinity: it.affinity,
                switched_share: it.switched_share.map(|share| share.0),
                stock: it.stock,
            })
            .collect(),
    }
}

/// What the strategy answered, in everybody's words.
pub(crate) fn answer(recommendations: &Recommendations) -> Answer {
    let offer = |offer: &rebound_domain::answer::Offer| Offer {
        product: offer.product.0,
        kind: offer.kind.clone(),
        resolution: offer.resolution.clone(),
        score: offer.score,
        copy: offer.copy.iter().map(|line| line.template.clone()).collect(),
        price_hold_ms: offer.price_hold.map(|hold| hold.0),
    };
    Answer { offers: recommendations.offers.iter().map(offer).collect() }
}
