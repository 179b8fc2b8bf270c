//! The shipped challenger to `rebound/upgrade`: what goes with the customer's purchases, whatever it costs.
//! `docs/strategies.md` states the score.

mod score;
mod wording;

use rebound_sdk::prelude::*;

use score::Scored;
use wording::{AGAIN, HOLD, PRICE, STOCK, SWITCHED, TEMPLATES};

rebound_sdk::config! {
    /// How much each signal weighs, and how far to look.
    pub struct Config {
        /// The most offers in one answer; the route's slots may allow fewer.
        #[schemars(range(min = 1, max = 8))]
        pub offers_max: u32 = 3,
        /// Weight of being bought by the same customers.
        pub affinity_weight: u32 = 50,
        /// Weight of having been bought by this customer, nothing of it sent back.
        pub repurchase_weight: u32 = 30,
        /// Weight of being alike.
        pub similarity_weight: u32 = 20,
        /// Returned products looked from, dearest first.
        #[schemars(range(min = 1, max = 8))]
        pub lines_max: u32 = 3,
        /// Candidates looked at from each of them.
        #[schemars(range(min = 1, max = 200))]
        pub candidates: u32 = 50,
        /// For how long an offer's price is held, milliseconds; the policy may allow less. 0 for no hold.
        pub price_hold_ms: u64 = 86_400_000,
    }
}

/// The strategy.
pub struct Affinity;

impl Strategy for Affinity {
    const NAME: &'static str = "rebound/affinity";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    type State = ();
}

impl Recommendation for Affinity {
    fn recommend(call: &Call<'_, Self>, _segment: &Segment) -> Result<Recommendations, Failure> {
        let best = score::best(call);
        let offers = (0..).zip(&best).map(|(rank, scored)| offer(call, rank, scored)).collect();
        Ok(Recommendations { offers, state: StateChange::Keep })
    }
}

fn offer(call: &Call<'_, Affinity>, rank: u32, scored: &Scored) -> Offer {
    let policy = &call.context.policy;
    let Scored { candidate, line, score, kept } = scored;
    let hold = call.config.price_hold_ms.min(policy.hold_max);
    let price_hold = (hold > 0).then_some(hold);
    let words = [
        Some(PRICE),
        kept.then_some(AGAIN),
        candidate.switched_share.map(|_| SWITCHED),
        candidate.stock.map(|_| STOCK),
        price_hold.map(|_| HOLD),
    ];
    Offer {
        product: candidate.id,
        kind: "affinity".to_string(),
        resolution: policy.resolutions.iter().find(|word| *word == "exchange").cloned(),
        for_line: Some(u32::try_from(*line).expect("the contract counts lines in u32")),
        quantity: 1,
        score: *score,
        copy: words.iter().flatten().map(|template| template.about(Subject::Offered(rank))).collect(),
        price_hold,
    }
}

rebound_sdk::export!(Affinity: recommendation);

#[cfg(test)]
mod tests;
