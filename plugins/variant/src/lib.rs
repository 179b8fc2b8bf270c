//! The shipped variant strategy: the same style in the size or color that the reason asks for.
//! `docs/strategies.md` states the rule so that anyone can recompute it.

mod fit;
mod pick;
mod wording;

use rebound_sdk::prelude::*;

use fit::Change;
use pick::Pick;
use wording::{COLOR, HOLD, LARGER, SIZE, SMALLER, STOCK, TEMPLATES};

rebound_sdk::config! {
    /// Which options are sizes and colors, and how many variants are offered.
    pub struct Config {
        /// The most offers in one answer; the route's slots may allow fewer.
        #[schemars(range(min = 1, max = 8))]
        pub offers_max: u32 = 3,
        /// Names of options that are a size; the first that a product has counts.
        #[schemars(length(max = 8))]
        pub size_options: Vec<String> = vec!["size".to_string()],
        /// Names of options that are a color; the first that a product has counts.
        #[schemars(length(max = 8))]
        pub color_options: Vec<String> = ["color", "colour", "shade"].map(String::from).to_vec(),
        /// Named sizes from small to large, in any case. Sizes that begin with a number need no list.
        #[schemars(length(max = 32))]
        pub sizes: Vec<String> = ["XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL"].map(String::from).to_vec(),
        /// Returned products looked from, dearest first.
        #[schemars(range(min = 1, max = 8))]
        pub lines_max: u32 = 4,
        /// For how long an offer's price is held, milliseconds; the policy may allow less. 0 for no hold.
        pub price_hold_ms: u64 = 86_400_000,
    }
}

/// The strategy.
pub struct Variant;

impl Strategy for Variant {
    const NAME: &'static str = "rebound/variant";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    type State = ();
}

impl Recommendation for Variant {
    fn recommend(call: &Call<'_, Self>, _segment: &Segment) -> Result<Recommendations, Failure> {
        let picks = pick::all(call);
        let offers = (0..).zip(&picks).map(|(rank, pick)| offer(call, rank, pick)).collect();
        Ok(Recommendations { offers, state: StateChange::Keep })
    }
}

fn offer(call: &Call<'_, Variant>, rank: u32, Pick { line, candidate, fit }: &Pick) -> Offer {
    let Context { event, policy, .. } = call.context;
    let hold = call.config.price_hold_ms.min(policy.hold_max);
    let price_hold = (hold > 0).then_some(hold);
    let price = match fit.change {
        Change::Larger => LARGER,
        Change::Smaller => SMALLER,
        Change::Size => SIZE,
        Change::Color => COLOR,
    };
    let words = [Some(price), candidate.stock.map(|_| STOCK), price_hold.map(|_| HOLD)];
    Offer {
        product: candidate.id,
        kind: "variant".to_string(),
        resolution: policy.resolutions.iter().find(|word| *word == "exchange").cloned(),
        for_line: Some(u32::try_from(*line).expect("the contract counts lines in u32")),
        quantity: event.lines[*line].quantity.min(candidate.stock.unwrap_or(u32::MAX)),
        score: fit.score,
        copy: words.iter().flatten().map(|template| template.about(Subject::Offered(rank))).collect(),
        price_hold,
    }
}

rebound_sdk::export!(Variant: recommendation);

#[cfg(test)]
mod tests;
