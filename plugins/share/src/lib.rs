//! The shipped sharing: a review to start from, what to say of the offer, and something to collect.
//! `docs/strategies.md` states when each is there.

mod achievement;
mod reward;
mod wording;

use rebound_sdk::prelude::*;

use wording::{BRAND, DISCLOSURE, LOOKING, REVIEW, TALK, TALK_SWITCHED, TEMPLATES, TITLE};

rebound_sdk::config! {
    /// What there is to collect, and what a shared card earns. A target of 0 leaves the achievement out.
    pub struct Config {
        /// Exchanges that complete the achievement.
        pub exchanges: u32 = 3,
        /// Shared cards that complete it.
        pub shares: u32 = 3,
        /// Friends who placed an order that complete it.
        pub referrals: u32 = 0,
        /// Orders that complete it.
        pub orders: u32 = 10,
        /// Store credit for sharing the card, minor units; 0 for none. A card that earns it says so.
        #[schemars(range(min = 0))]
        pub reward: i64 = 0,
        /// How long that credit can be used, milliseconds.
        #[schemars(range(min = 1, max = 31_622_400_000_u64))]
        pub reward_valid_for_ms: u64 = 2_592_000_000,
    }
}

/// The strategy.
pub struct Share;

impl Strategy for Share {
    const NAME: &'static str = "rebound/share";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    type State = ();
}

impl Sharing for Share {
    fn compose(
        call: &Call<'_, Self>,
        _segment: &Segment,
        offers: &[Offer],
        proposals: &[Proposal],
    ) -> Result<ShareKit, Failure> {
        let mut cards: Vec<Card> = card(&call.context.event.lines, offers).into_iter().collect();
        for card in &mut cards {
            card.reward = reward::reward(call, proposals);
            if card.reward.is_some() {
                // First, where it cannot be overlooked.
                card.body.insert(0, DISCLOSURE.about(Subject::Plan));
            }
        }
        let achievements = achievement::all(&call.config);
        Ok(ShareKit { cards, achievements, state: StateChange::Keep })
    }
}

/// Reasons that complete "did not expect it to be ...".
const SURPRISES: [&str; 6] =
    ["size-too-small", "size-too-large", "not-as-described", "defective", "damaged", "late"];

/// About the first line whose reason surprises, else about the first; none when there is nothing to say.
fn card(lines: &[ReturnLine], offers: &[Offer]) -> Option<Card> {
    let surprise = (0..).zip(lines).find(|(_, line)| is_surprise(line));
    let about = Subject::Returned(surprise.map_or(0, |(index, _)| index));
    if surprise.is_none() && offers.is_empty() {
        return None;
    }
    let offered = Subject::Offered(0);
    let mut body = Vec::new();
    let mut talk_track = Vec::new();
    if surprise.is_some() {
        body.push(REVIEW.about(about));
    }
    if let Some(offer) = offers.first() {
        if surprise.is_some() {
            body.push(LOOKING.about(offered));
        }
        // A share is told of the line that the offer would replace.
        let switched = offer.for_line.map(|_| TALK_SWITCHED);
        let words = [Some(TALK), switched];
        talk_track.extend(words.iter().flatten().map(|template| template.about(offered)));
    }
    Some(Card {
        title: TITLE.about(about),
        body,
        talk_track,
        hashtags: vec![BRAND.about(about)],
        reward: None,
    })
}

fn is_surprise(line: &ReturnLine) -> bool {
    line.reason.as_deref().is_some_and(|reason| SURPRISES.contains(&reason))
}

rebound_sdk::export!(Share: sharing);

#[cfg(test)]
mod tests;
