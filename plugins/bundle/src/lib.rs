//! The shipped bundle strategy: what goes with a returned product, from other categories.
//! `docs/strategies.md` states the rule so that anyone can recompute it.

mod pool;
mod score;
mod wording;

use std::collections::BTreeMap;

use rebound_sdk::prelude::*;

use score::Scored;
use wording::{HOLD, PRICE, STOCK, TEMPLATES};

rebound_sdk::config! {
    /// What goes with what, and how it is ranked.
    pub struct Config {
        /// The most offers in one answer; the route's slots may allow fewer.
        #[schemars(range(min = 1, max = 8))]
        pub offers_max: u32 = 2,
        /// For a returned product's category, the categories that go with it: `{"lipstick": ["foundation", "brush"]}`;
        /// the first 16 count. For any other category they are learned from what is bought together.
        pub complements: BTreeMap<String, Vec<String>> = BTreeMap::new(),
        /// Least affinity of what counts as bought together, basis points.
        #[schemars(range(min = 1, max = 10_000))]
        pub affinity_min_bp: u32 = 500,
        /// Products with any of these tags come before all others.
        #[schemars(length(max = 8))]
        pub wanted_tags: Vec<String> = vec!["celebrity-style".to_string()],
        /// Weight of the units sold, as a share of the best seller looked at.
        #[schemars(range(max = 10_000))]
        pub units_weight: u32 = 70,
        /// Weight of the margin, as a share of the price.
        #[schemars(range(max = 10_000))]
        pub margin_weight: u32 = 30,
        /// Returned products looked from, dearest first.
        #[schemars(range(min = 1, max = 8))]
        pub lines_max: u32 = 2,
        /// Candidates looked at from each of them, of those with a wanted tag and of all.
        #[schemars(range(min = 1, max = 50))]
        pub candidates: u32 = 20,
        /// For how long an offer's price is held, milliseconds; the policy may allow less. 0 for no hold.
        pub price_hold_ms: u64 = 86_400_000,
    }
}

/// The strategy.
pub struct Bundle;

impl Strategy for Bundle {
    const NAME: &'static str = "rebound/bundle";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    type State = ();
}

impl Recommendation for Bundle {
    fn recommend(call: &Call<'_, Self>, _segment: &Segment) -> Result<Recommendations, Failure> {
        let slots = call.context.slots.min(call.config.offers_max) as usize;
        let best = score::best(pool::all(call), &call.config, slots);
        let offers = (0..).zip(&best).map(|(rank, scored)| offer(call, rank, scored)).collect();
        Ok(Recommendations { offers, state: StateChange::Keep })
    }
}

/// It stands beside what comes back and resolves nothing: it replaces no line.
fn offer(call: &Call<'_, Bundle>, rank: u32, Scored { candidate, score }: &Scored) -> Offer {
    let hold = call.config.price_hold_ms.min(call.context.policy.hold_max);
    let price_hold = (hold > 0).then_some(hold);
    let words = [Some(PRICE), candidate.stock.map(|_| STOCK), price_hold.map(|_| HOLD)];
    Offer {
        product: candidate.id,
        kind: "bundle".to_string(),
        resolution: None,
        for_line: None,
        quantity: 1,
        score: *score,
        copy: words.iter().flatten().map(|template| template.about(Subject::Offered(rank))).collect(),
        price_hold,
    }
}

rebound_sdk::export!(Bundle: recommendation);

#[cfg(test)]
mod tests;
