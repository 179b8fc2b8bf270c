//! The shipped sharing: a review to start from, what to say of the offer, and something to collect.
//! `docs/strategies.md` states when each is there. Nothing is promised for a post, so nothing must be disclosed.

use rebound_sdk::prelude::*;

rebound_sdk::config! {
    /// What there is to collect.
    pub struct Config {
        /// Exchanges that complete the achievement.
        #[schemars(range(min = 1))]
        pub exchanges: u32 = 3,
    }
}

// A card is written when a return is asked for: nothing was sent, looked at or paid back yet, and no sentence here may say
// that it was.
templates! {
    TITLE = "share.title" {
        "zh-CN": "我和{item}的故事",
        "en": "My story with {item}",
    }
    REVIEW = "share.review" {
        "zh-CN": "没想到{item}{reason}，不过退货申请已经登记好了。",
        "en": "I did not expect {item} to be {reason}, but my return is already registered.",
    }
    TALK = "share.talk" {
        "zh-CN": "申请退货的时候，我看上了{item}，现价{price}。",
        "en": "While asking for a return I found {item}, now at {price}.",
    }
    BRAND = "share.brand" {
        "zh-CN": "#{brand}",
        "en": "#{brand}",
    }
    EXCHANGER = "share.exchanger" {
        "zh-CN": "换货达人：用换货找到更合适的商品",
        "en": "Exchange explorer: find what suits you better by exchanging",
    }
}

/// Reasons that complete "did not expect it to be ...".
const SURPRISES: [&str; 6] =
    ["size-too-small", "size-too-large", "not-as-described", "defective", "damaged", "late"];

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
        _proposals: &[Proposal],
    ) -> Result<ShareKit, Failure> {
        let cards = card(&call.context.event.lines, offers).into_iter().collect();
        let achievement = Achievement {
            key: "exchanger".to_string(),
            title: EXCHANGER.about(Subject::Plan),
            counts: "exchanges".to_string(),
            target: call.config.exchanges,
            reward: None,
        };
        Ok(ShareKit { cards, achievements: vec![achievement], state: StateChange::Keep })
    }
}

/// About the first line whose reason surprises, else about the first; none when there is nothing to say.
fn card(lines: &[ReturnLine], offers: &[Offer]) -> Option<Card> {
    let surprise = (0..).zip(lines).find(|(_, line)| is_surprise(line));
    let about = Subject::Returned(surprise.map_or(0, |(index, _)| index));
    let body: Vec<Sentence> = surprise.iter().map(|_| REVIEW.about(about)).collect();
    let talk_track: Vec<Sentence> = offers.iter().take(1).map(|_| TALK.about(Subject::Offered(0))).collect();
    (!body.is_empty() || !talk_track.is_empty()).then(|| Card {
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
mod tests {
    use super::*;
    use rebound_sdk::testing::{Item, Scene, assert_templates};

    fn scene() -> Scene {
        Scene::returning(&Item::new(1, "Wool coat", 10_000))
    }

    fn offered(mut scene: Scene) -> Scene {
        scene.offers = vec![Offer {
            product: 2,
            kind: "upgrade".to_string(),
            resolution: None,
            for_line: None,
            quantity: 1,
            score: 1.0,
            copy: Vec::new(),
            price_hold: None,
        }];
        scene
    }

    fn cards(scene: &Scene) -> Vec<Card> {
        scene.compose::<Share>().unwrap().cards
    }

    #[test]
    fn every_sentence_exists_in_both_locales_and_claims_nothing() {
        assert_templates::<Share>(&["zh-CN", "en"]);
    }

    #[test]
    fn a_review_is_written_only_for_a_reason_that_surprises() {
        for (reason, written) in
            [("late", true), ("size-too-small", true), ("unwanted", false), ("other", false)]
        {
            let cards = cards(&offered(scene()).because(reason));
            assert_eq!(!cards[0].body.is_empty(), written, "{reason}");
        }
    }

    #[test]
    fn a_card_tells_only_what_is_so_when_a_return_is_asked_for() {
        for (_, text) in TEMPLATES.iter().flat_map(|template| template.texts) {
            let later =
                ["退货之后", "很顺利", "退款", "sending", "sent", "easy", "every step", "refund", "After"];
            assert!(later.iter().all(|word| !text.contains(word)), "{text}");
        }
    }

    #[test]
    fn the_card_is_about_the_line_that_surprised() {
        let scene = scene().because("unwanted").and(&Item::new(2, "Hat", 100)).because("damaged");
        let card = cards(&scene).remove(0);
        let line = Subject::Returned(1);
        assert_eq!((card.title, card.body), (TITLE.about(line), vec![REVIEW.about(line)]));
        assert_eq!((card.talk_track, card.hashtags), (vec![], vec![BRAND.about(line)]));
    }

    #[test]
    fn the_talk_track_speaks_of_the_best_offer() {
        let card = cards(&offered(scene())).remove(0);
        assert_eq!((card.talk_track, card.body), (vec![TALK.about(Subject::Offered(0))], vec![]));
    }

    #[test]
    fn without_reason_or_offer_there_is_no_card_but_something_to_collect() {
        let kit = scene().config(r#"{"exchanges": 5}"#).compose::<Share>().unwrap();
        assert_eq!(kit.cards, []);
        let achievement = &kit.achievements[0];
        assert_eq!((&*achievement.counts, achievement.target, &achievement.reward), ("exchanges", 5, &None));
    }
}
