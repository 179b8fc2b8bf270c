use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Variant;

fn coat(id: u32, size: &str, color: &str) -> Item {
    Item::new(id, "Coat", 10_000).style("coat").option("size", size).option("color", color)
}

/// A red coat in M comes back; 2 is red in L, 3 red in S, 4 red in XL, 5 blue in M.
fn scene(reason: &str) -> Scene {
    let mut scene = Scene::returning(&coat(1, "M", "red")).because(reason);
    for (id, size, color) in [(2, "L", "red"), (3, "S", "red"), (4, "XL", "red"), (5, "M", "blue")] {
        scene.shop.add(coat(id, size, color));
    }
    scene.shop.add(Item::new(6, "Other coat", 10_000).style("other").option("size", "L"));
    scene
}

fn offers(scene: &Scene) -> Vec<Offer> {
    scene.recommend::<Variant>().unwrap().offers
}

#[track_caller]
fn check(scene: &Scene, want: &[(u32, &str)]) {
    let offers = offers(scene);
    let words = |offer: &Offer| offer.copy[0].template.strip_prefix("variant.").unwrap().to_string();
    let found: Vec<_> = offers.iter().map(|offer| (offer.product, words(offer))).collect();
    let want: Vec<_> = want.iter().map(|(product, words)| (*product, words.to_string())).collect();
    assert_eq!(found, want);
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Variant>(&["zh-CN", "en"]);
}

#[test]
fn the_reason_says_which_variants_are_offered() {
    check(&scene("size-too-small"), &[(2, "larger"), (4, "larger")]);
    check(&scene("size-too-large"), &[(3, "smaller")]);
    check(&scene("color"), &[(5, "color")]);
    for reason in ["style", "defective", "unwanted", "unknown"] {
        check(&scene(reason), &[]);
    }
    check(&Scene::returning(&coat(1, "M", "red")), &[]);
}

#[test]
fn only_the_same_style_counts_and_only_what_may_be_there() {
    let mut without = scene("size-too-small");
    without.context.event.lines[0].product.style = None;
    check(&without, &[]);
    let mut gone = scene("size-too-small");
    gone.shop.add(coat(2, "L", "red").stock(0));
    check(&gone, &[(4, "larger")]);
}

#[test]
fn of_equal_fits_what_sells_most_comes_first() {
    let mut scene = scene("color");
    scene.shop.add(coat(7, "M", "green").units_sold(9)).add(coat(8, "M", "grey").units_sold(3));
    check(&scene, &[(7, "color"), (8, "color"), (5, "color")]);
    scene.context.slots = 1;
    check(&scene, &[(7, "color")]);
    scene.context.slots = 0;
    check(&scene, &[]);
}

#[test]
fn every_line_is_served_before_any_is_served_twice() {
    let tee = |id, size: &str| Item::new(id, "Tee", 5_000).style("tee").option("size", size);
    let mut scene = scene("size-too-small").and(&tee(10, "S")).because("size-too-small");
    scene.shop.add(tee(11, "M"));
    check(&scene, &[(2, "larger"), (11, "larger"), (4, "larger")]);
    scene.context.slots = 2;
    check(&scene, &[(2, "larger"), (11, "larger")]);
    assert_eq!(offers(&scene)[1].for_line, Some(1));
    check(&scene.config(r#"{"lines_max": 1}"#), &[(2, "larger"), (4, "larger")]);
}

#[test]
fn two_lines_of_a_style_do_not_offer_the_same_variant_twice() {
    // The coat in S would take the red one in L as well, and gets the blue one in M.
    let scene = scene("size-too-small").and(&coat(3, "S", "red")).because("size-too-small");
    check(&scene, &[(2, "larger"), (5, "larger"), (4, "larger")]);
}

#[test]
fn an_offer_replaces_the_returned_units_as_far_as_stock_and_policy_go() {
    let mut scene = scene("size-too-large");
    scene.shop.add(coat(3, "S", "red").stock(2));
    scene.context.event.lines[0].quantity = 3;
    scene.context.policy.hold_max = 1_000;
    let offer = offers(&scene).remove(0);
    assert_eq!((offer.quantity, offer.resolution.as_deref(), offer.for_line), (2, Some("exchange"), Some(0)));
    let words: Vec<_> = offer.copy.iter().map(|words| words.template.as_str()).collect();
    assert_eq!(words, ["variant.smaller", "variant.stock", "variant.hold"]);
    scene.context.policy.resolutions = vec!["refund".to_string()];
    assert_eq!(offers(&scene)[0].resolution, None);
}
