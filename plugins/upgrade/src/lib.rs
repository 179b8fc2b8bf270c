//! The shipped upgrade strategy: the same kind of product, at most a fifth dearer, most alike first.
//! `docs/strategies.md` states the rule so that anyone can recompute it.

mod pick;
mod wording;

use rebound_sdk::prelude::*;

use pick::Pick;
use wording::{HOLD, PRICE, STOCK, SWITCHED, TEMPLATES};

rebound_sdk::config! {
    /// How upgrades are picked.
    pub struct Config {
        /// The most offers in one answer; the route's slots may allow fewer.
        #[schemars(range(min = 1, max = 3))]
        pub offers_max: u32 = 3,
        /// For a product without a category: how alike its upgrade must be at least, basis points.
        #[schemars(range(max = 10_000))]
        pub similarity_min_bp: u32 = 2_000,
        /// For how long an offer's price is held, milliseconds; the policy may allow less. 0 for no hold.
        pub price_hold_ms: u64 = 86_400_000,
    }
}

/// The strategy.
pub struct Upgrade;

impl Strategy for Upgrade {
    const NAME: &'static str = "rebound/upgrade";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    type State = ();
}

impl Recommendation for Upgrade {
    fn recommend(call: &Call<'_, Self>, _segment: &Segment) -> Result<Recommendations, Failure> {
        let picks = pick::all(call);
        let offers = (0..).zip(&picks).map(|(rank, pick)| offer(call, rank, pick)).collect();
        Ok(Recommendations { offers, state: StateChange::Keep })
    }
}

fn offer(call: &Call<'_, Upgrade>, rank: u32, pick: &Pick) -> Offer {
    let Context { event, policy, .. } = call.context;
    let Pick { line, candidate } = pick;
    let hold = call.config.price_hold_ms.min(policy.hold_max);
    let price_hold = (hold > 0).then_some(hold);
    // The host leaves out what is not true enough to say; what it cannot know is not worth asking.
    let words = [
        Some(PRICE),
        candidate.switched_share.map(|_| SWITCHED),
        candidate.stock.map(|_| STOCK),
        price_hold.map(|_| HOLD),
    ];
    Offer {
        product: candidate.id,
        kind: "upgrade".to_string(),
        resolution: policy.resolutions.iter().find(|word| *word == "exchange").cloned(),
        for_line: Some(pick.line_index()),
        quantity: event.lines[*line].quantity.min(candidate.stock.unwrap_or(u32::MAX)),
        score: pick.similarity(),
        copy: words.iter().flatten().map(|template| template.about(Subject::Offered(rank))).collect(),
        price_hold,
    }
}

rebound_sdk::export!(Upgrade: recommendation);

#[cfg(test)]
mod tests;
