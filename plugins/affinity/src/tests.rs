use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Affinity;
use super::wording::SWITCHED;

/// Product 1 comes back; products 2 to 6 are in the shop.
fn scene() -> Scene {
    let mut scene = Scene::returning(&Item::new(1, "Lipstick", 10_000));
    for id in 2..=6 {
        scene.shop.add(Item::new(id, "Other", 20_000));
    }
    scene
}

fn offers(scene: &Scene) -> Vec<Offer> {
    scene.recommend::<Affinity>().unwrap().offers
}

#[track_caller]
fn check(scene: &Scene, want: &[(u32, f32)]) {
    let found: Vec<_> = offers(scene).iter().map(|offer| (offer.product, offer.score)).collect();
    assert_eq!(found.len(), want.len(), "{found:?}");
    for (found, want) in found.iter().zip(want) {
        assert!(found.0 == want.0 && (found.1 - want.1).abs() < 1e-6, "{found:?} is not {want:?}");
    }
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Affinity>(&["zh-CN", "en"]);
}

#[test]
fn the_switched_share_is_said_of_returns_and_not_of_customers() {
    for (locale, text) in SWITCHED.texts {
        let (returns, people) = match *locale {
            "en" => ("of earlier returns", "of the customers"),
            _ => ("以往的退货里有{switched_share}", "顾客中"),
        };
        assert!(text.contains(returns) && !text.contains(people), "{text}");
    }
}

#[test]
fn the_score_weighs_affinity_repurchase_and_similarity() {
    let mut scene = scene().bought(3, 1, 20_000, 0);
    scene.shop.together(1, 2, 0.4).together(1, 3, 0.2).together(1, 4, 0.1).alike(1, 2, 0.5);
    check(&scene, &[(2, 0.5 * 0.4 + 0.2 * 0.5), (3, 0.5 * 0.2 + 0.3 * 0.5), (4, 0.05)]);
    let config = r#"{"affinity_weight": 0, "repurchase_weight": 1, "similarity_weight": 0}"#;
    check(&scene.clone().config(config), &[(3, 0.5)]);
    let config = r#"{"affinity_weight": 0, "repurchase_weight": 0, "similarity_weight": 0}"#;
    check(&scene.config(config), &[]);
}

#[test]
fn each_purchase_that_was_kept_counts_and_each_further_one_less() {
    let weights = r#"{"affinity_weight": 0, "repurchase_weight": 1, "similarity_weight": 0}"#;
    let mut scene =
        scene().config(weights).bought(2, 2, 40_000, 0).bought(2, 1, 20_000, 0).bought(3, 1, 20_000, 1);
    scene.shop.together(1, 2, 0.1).together(1, 3, 0.9).together(1, 4, 0.1);
    check(&scene, &[(2, 2.0 / 3.0)]);
    assert!(says_again(&scene));
}

fn says_again(scene: &Scene) -> bool {
    offers(scene)[0].copy.iter().any(|words| words.template == "affinity.again")
}

#[test]
fn what_was_never_kept_is_not_said_to_have_been() {
    let bought = |returned: &[u32]| {
        let mut scene = returned.iter().fold(scene(), |scene, &back| scene.bought(2, 12, 240_000, back));
        scene.shop.together(1, 2, 0.5);
        scene
    };
    assert!(!says_again(&bought(&[])));
    assert!(!says_again(&bought(&[12])));
    assert!(!says_again(&bought(&[11])));
    assert!(!says_again(&bought(&[1])));
    assert!(!says_again(&bought(&[0, 1])));
    assert!(says_again(&bought(&[0, 0])));
}

#[test]
fn where_little_is_bought_together_what_is_alike_fills_up() {
    let mut scene = scene();
    scene.shop.together(1, 2, 0.1).alike(1, 3, 0.9).alike(1, 4, 0.8);
    check(&scene, &[(3, 0.18), (4, 0.16), (2, 0.05)]);
    scene.shop.together(1, 5, 0.2).together(1, 6, 0.3);
    check(&scene, &[(6, 0.15), (5, 0.1), (2, 0.05)]);
}

#[test]
fn what_is_alike_is_looked_for_beyond_what_was_already_found() {
    let mut scene = scene().config(r#"{"candidates": 1}"#);
    scene.shop.together(1, 2, 0.1).alike(1, 2, 0.9).alike(1, 3, 0.8);
    check(&scene, &[(2, 0.05 + 0.18), (3, 0.16)]);
}

#[test]
fn what_comes_back_or_is_sold_out_is_never_offered() {
    let mut scene = scene().and(&Item::new(7, "Brush", 9_000));
    scene.shop.together(1, 7, 0.9).together(7, 1, 0.9).together(1, 2, 0.9);
    scene.shop.add(Item::new(2, "Other", 20_000).stock(0));
    check(&scene, &[]);
}

#[test]
fn a_product_that_fits_two_lines_is_offered_once_for_the_better() {
    let mut scene = scene().and(&Item::new(7, "Brush", 9_000));
    scene.shop.together(1, 2, 0.2).together(7, 2, 0.6).together(7, 3, 0.4);
    check(&scene, &[(2, 0.3), (3, 0.2)]);
    assert_eq!(offers(&scene)[0].for_line, Some(1));
}

#[test]
fn only_the_dearest_lines_are_looked_from() {
    let mut scene = scene().config(r#"{"lines_max": 1}"#).and(&Item::new(7, "Brush", 9_000));
    scene.shop.together(7, 2, 0.6);
    check(&scene, &[]);
    check(&scene.config(r#"{"lines_max": 2}"#), &[(2, 0.3)]);
}

#[test]
fn slots_and_config_bound_the_offers() {
    let mut scene = scene();
    for id in 2..=6 {
        scene.shop.together(1, id, 0.5);
    }
    assert_eq!(offers(&scene).len(), 3);
    scene.context.slots = 2;
    assert_eq!(offers(&scene).len(), 2);
    assert_eq!(offers(&scene.config(r#"{"offers_max": 1}"#)).len(), 1);
}

#[test]
fn a_price_is_held_only_where_the_policy_allows_it() {
    let mut scene = scene();
    scene.shop.together(1, 2, 0.5);
    assert_eq!(offers(&scene)[0].price_hold, None);
    scene.context.policy.hold_max = 1_000;
    let offer = offers(&scene).remove(0);
    assert_eq!(offer.price_hold, Some(1_000));
    assert_eq!(offer.copy.last().unwrap().template, "affinity.hold");
}
