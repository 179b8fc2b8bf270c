use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Share;
use super::wording::{BRAND, DISCLOSURE, LOOKING, REVIEW, TALK, TALK_SWITCHED, TEMPLATES, TITLE};

fn scene() -> Scene {
    Scene::returning(&Item::new(1, "Wool coat", 10_000))
}

fn offered(mut scene: Scene) -> Scene {
    scene.offers = vec![Offer {
        product: 2,
        kind: "upgrade".to_string(),
        resolution: None,
        for_line: Some(0),
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
    for (reason, written) in [("late", true), ("size-too-small", true), ("unwanted", false), ("other", false)]
    {
        let cards = cards(&offered(scene()).because(reason));
        assert_eq!(!cards[0].body.is_empty(), written, "{reason}");
    }
}

#[test]
fn a_card_tells_only_what_is_so_when_a_return_is_asked_for() {
    for (_, text) in TEMPLATES.iter().flat_map(|template| template.texts) {
        let later = ["退货之后", "很顺利", "退款", "sending", "sent", "easy", "every step", "refund"];
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
    let offer = Subject::Offered(0);
    let card = cards(&offered(scene())).remove(0);
    assert_eq!(card.talk_track, [TALK, TALK_SWITCHED].map(|words| words.about(offer)));
    assert_eq!(card.body, []);
    let mut beside = offered(scene());
    beside.offers[0].for_line = None;
    assert_eq!(cards(&beside)[0].talk_track, [TALK.about(offer)]);
}

#[test]
fn a_review_goes_on_with_what_was_found() {
    let card = cards(&offered(scene()).because("damaged")).remove(0);
    assert_eq!(card.body, [REVIEW.about(Subject::Returned(0)), LOOKING.about(Subject::Offered(0))]);
}

#[test]
fn without_reason_or_offer_there_is_no_card_but_something_to_collect() {
    let kit = scene().compose::<Share>().unwrap();
    assert_eq!(kit.cards, []);
    assert!(!kit.achievements.is_empty());
}

#[test]
fn achievements_name_the_ledger_that_counts_and_those_without_a_target_are_left_out() {
    let counted = |scene: &Scene| {
        let achievements = scene.compose::<Share>().unwrap().achievements;
        achievements.into_iter().map(|it| (it.counts, it.target)).collect::<Vec<_>>()
    };
    let each = |counts: &[(&str, u32)]| -> Vec<(String, u32)> {
        counts.iter().map(|(word, target)| (word.to_string(), *target)).collect()
    };
    assert_eq!(counted(&scene()), each(&[("exchanges", 3), ("shares", 3), ("orders", 10)]));
    let config = r#"{"exchanges": 5, "shares": 0, "referrals": 1, "orders": 0}"#;
    assert_eq!(counted(&scene().config(config)), each(&[("exchanges", 5), ("referrals", 1)]));
}

/// A return for which 1 000 may be given, twice, and a card that earns 400 when it is shared.
fn rewarding() -> Scene {
    let mut scene = offered(scene()).config(r#"{"reward": 400}"#);
    let benefits = ["store-credit", "gift", "amount-off"].map(String::from).to_vec();
    scene.context.policy.incentive_max = 1_000;
    scene.context.policy.budgets =
        vec![Allowance { budget: "spring".to_string(), benefits, max_value: 1_000, left_for_customer: 2 }];
    scene
}

fn proposal(benefit: Benefit) -> Proposal {
    let terms = Terms {
        benefit,
        min_spend: 0,
        max_discount: None,
        scope: Scope::WholeOrder,
        starts_after: 0,
        valid_for: 1,
        budget: "spring".to_string(),
    };
    Proposal { grant: Grant::Fixed(terms), copy: Vec::new() }
}

#[track_caller]
fn rewards(scene: &Scene, want: bool) {
    let card = cards(scene).remove(0);
    assert_eq!(card.reward.is_some(), want);
    let disclosed = card.body.first() == Some(&DISCLOSURE.about(Subject::Plan));
    assert_eq!(disclosed, want, "a reward is disclosed, and only a reward: {:?}", card.body);
}

#[test]
fn a_reward_is_disclosed_before_anything_else_is_said() {
    rewards(&rewarding(), true);
    rewards(&rewarding().because("damaged"), true);
    rewards(&rewarding().config("{}"), false);
}

#[test]
fn a_reward_stays_within_what_this_return_may_still_earn() {
    let mut dear = rewarding();
    dear.context.policy.incentive_max = 399;
    rewards(&dear, false);
    let mut beside = |grant: Proposal| {
        dear = rewarding();
        dear.shop.add(Item::new(3, "Pouch", 601)).add(Item::new(4, "Sachet", 600));
        dear.proposals = vec![grant];
        dear.clone()
    };
    rewards(&beside(proposal(Benefit::AmountOff(600))), true);
    rewards(&beside(proposal(Benefit::AmountOff(601))), false);
    rewards(&beside(proposal(Benefit::Gift(4))), true);
    rewards(&beside(proposal(Benefit::Gift(3))), false);
    let Grant::Fixed(prize) = proposal(Benefit::AmountOff(601)).grant else { unreachable!("it is fixed") };
    let prizes = vec![Prize { terms: None, weight: 9 }, Prize { terms: Some(prize), weight: 1 }];
    rewards(&beside(Proposal { grant: Grant::Surprise(prizes), copy: Vec::new() }), false);
}

#[test]
fn a_reward_draws_on_a_budget_that_pays_for_it_and_is_not_used_up() {
    let altered = |alter: &dyn Fn(&mut Scene)| {
        let mut scene = rewarding();
        alter(&mut scene);
        scene
    };
    rewards(&altered(&|scene| scene.context.policy.budgets[0].benefits.remove(0).clear()), false);
    rewards(&altered(&|scene| scene.context.policy.budgets[0].max_value = 399), false);
    rewards(&altered(&|scene| scene.context.policy.budgets[0].left_for_customer = 0), false);
    let used = |left: u32| {
        altered(&|scene| {
            scene.context.policy.budgets[0].left_for_customer = left;
            scene.proposals = vec![proposal(Benefit::AmountOff(1))];
        })
    };
    rewards(&used(2), true);
    rewards(&used(1), false);
}
