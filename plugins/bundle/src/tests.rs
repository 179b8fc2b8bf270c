use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Bundle;

/// A lipstick comes back; foundations (2, 3), a brush (4) and another lipstick (5) are in the shop.
fn scene() -> Scene {
    let mut scene = Scene::returning(&Item::new(1, "Lipstick", 10_000).category("lipstick"));
    let shop = &mut scene.shop;
    shop.add(Item::new(2, "Foundation", 15_000).category("foundation").units_sold(100));
    shop.add(Item::new(3, "Cushion", 20_000).category("foundation").units_sold(80));
    shop.add(Item::new(4, "Brush", 5_000).category("brush").units_sold(50).stock(4));
    shop.add(Item::new(5, "Other lipstick", 11_000).category("lipstick").units_sold(500));
    scene
}

const COMPLEMENTS: &str = r#"{"complements": {"lipstick": ["foundation", "brush"]}}"#;

fn offers(scene: &Scene) -> Vec<Offer> {
    scene.recommend::<Bundle>().unwrap().offers
}

#[track_caller]
fn check(scene: &Scene, want: &[u32]) {
    let found: Vec<u32> = offers(scene).iter().map(|offer| offer.product).collect();
    assert_eq!(found, want);
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Bundle>(&["zh-CN", "en"]);
}

#[test]
fn configured_categories_are_looked_at_and_no_others() {
    check(&scene().config(COMPLEMENTS), &[2, 4]);
    check(&scene().config(r#"{"complements": {"lipstick": ["brush"]}}"#), &[4]);
    check(&scene().config(r#"{"complements": {"lipstick": []}}"#), &[]);
    check(&scene().config(r#"{"complements": {"lipstick": ["lipstick"]}}"#), &[]);
}

#[test]
fn without_a_word_on_it_what_is_bought_together_counts() {
    let mut scene = scene();
    check(&scene, &[]);
    scene.shop.together(1, 3, 0.05).together(1, 4, 0.0499).together(1, 5, 0.9);
    check(&scene, &[3]);
    check(&scene.clone().config(r#"{"affinity_min_bp": 499}"#), &[3, 4]);
    // Without categories of their own nobody can tell that they are others.
    scene.shop.add(Item::new(3, "Cushion", 20_000));
    check(&scene, &[]);
}

#[test]
fn a_wanted_tag_comes_first_however_little_it_sells() {
    let mut scene =
        scene().config(r#"{"complements": {"lipstick": ["foundation", "brush"]}, "candidates": 1}"#);
    let tagged = Item::new(6, "Stage brush", 9_000).category("brush").tag("celebrity-style");
    scene.shop.add(tagged.units_sold(1));
    check(&scene, &[6, 2]);
    let plain = r#"{"complements": {"lipstick": ["brush"]}, "wanted_tags": []}"#;
    check(&scene.config(plain), &[4]);
}

#[test]
fn what_comes_back_or_is_sold_out_is_never_offered() {
    let mut scene = scene().config(COMPLEMENTS).and(&Item::new(4, "Brush", 5_000).category("brush"));
    check(&scene, &[2]);
    scene.shop.add(Item::new(2, "Foundation", 15_000).category("foundation").units_sold(100).stock(0));
    check(&scene, &[3]);
}

#[test]
fn lines_together_show_each_product_once() {
    let mut scene = scene().and(&Item::new(7, "Balm", 9_000).category("lip-care"));
    scene.shop.together(1, 2, 0.5).together(7, 2, 0.5).together(7, 4, 0.5);
    check(&scene, &[2, 4]);
    check(&scene.config(r#"{"lines_max": 1}"#), &[2]);
}

#[test]
fn slots_and_config_bound_the_offers() {
    let mut scene = scene().config(COMPLEMENTS);
    scene.context.slots = 1;
    check(&scene, &[2]);
    scene.context.slots = 0;
    check(&scene, &[]);
}

#[test]
fn an_offer_stands_beside_the_return_and_says_what_may_be_known() {
    let mut scene = scene().config(COMPLEMENTS);
    scene.context.policy.hold_max = 1_000;
    let offers = offers(&scene);
    let words = |offer: &Offer| offer.copy.iter().map(|words| words.template.clone()).collect::<Vec<_>>();
    assert_eq!(words(&offers[0]), ["bundle.price", "bundle.hold"]);
    assert_eq!(words(&offers[1]), ["bundle.price", "bundle.stock", "bundle.hold"]);
    assert!(offers[1].copy.iter().all(|words| words.about == Subject::Offered(1)));
    for offer in &offers {
        assert_eq!((offer.for_line, &offer.resolution, offer.price_hold), (None, &None, Some(1_000)));
    }
}

/// A search may name 32 categories and tags; the host ends the call of who names more.
#[test]
fn a_long_list_of_categories_is_searched_for_by_its_beginning() {
    let many: Vec<String> = (0..40).map(|number| format!("\"category-{number}\"")).collect();
    let config = |categories: &str| format!(r#"{{"complements": {{"lipstick": [{categories}]}}}}"#);
    check(&scene().config(&config(&many.join(","))), &[]);
    check(&scene().config(&config(&format!("\"brush\",{}", many.join(",")))), &[4]);
}
