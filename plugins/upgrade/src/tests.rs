use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Upgrade;
use super::wording::SWITCHED;

fn coat(id: u32, price: i64) -> Item {
    Item::new(id, "Wool coat", price).category("coats")
}

/// Product 1 comes back, at 10 000; `others` are in the shop, each this similar to it.
fn scene(others: &[(Item, f32)]) -> Scene {
    let mut scene = Scene::returning(&coat(1, 10_000));
    for (item, similarity) in others {
        scene.shop.alike(1, item.product.id, *similarity).add(item.clone());
    }
    scene
}

fn offers(scene: &Scene) -> Vec<Offer> {
    scene.recommend::<Upgrade>().unwrap().offers
}

#[track_caller]
fn check(scene: &Scene, want: &[(u32, u32)]) {
    let found: Vec<_> = offers(scene).iter().map(|offer| (offer.product, offer.for_line.unwrap())).collect();
    assert_eq!(found, want, "(product, line)");
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Upgrade>(&["zh-CN", "en"]);
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
fn an_upgrade_costs_more_and_at_most_six_fifths_rounded_down() {
    let at = |price| scene(&[(coat(2, price), 0.5)]);
    check(&at(10_000), &[]);
    check(&at(10_001), &[(2, 0)]);
    check(&at(12_000), &[(2, 0)]);
    check(&at(12_001), &[]);
    let mut odd = Scene::returning(&coat(1, 9));
    odd.shop.add(coat(2, 10)).add(coat(3, 11));
    check(&odd, &[(2, 0)]);
    let mut free = Scene::returning(&coat(1, 0));
    free.shop.add(coat(2, 0)).add(coat(3, 1));
    check(&free, &[]);
}

#[test]
fn an_upgrade_is_of_the_same_category_and_not_known_to_be_sold_out() {
    check(&scene(&[(Item::new(2, "Hat", 11_000).category("hats"), 0.9)]), &[]);
    check(&scene(&[(coat(2, 11_000).stock(0), 0.9)]), &[]);
    check(&scene(&[(coat(2, 11_000).stock(1), 0.9)]), &[(2, 0)]);
    check(&scene(&[(coat(2, 11_000), 0.9)]), &[(2, 0)]);
}

#[test]
fn the_most_alike_come_first_and_fill_the_slots() {
    let four = [(2, 0.2), (3, 0.8), (4, 0.5), (5, 0.6)].map(|(id, alike)| (coat(id, 11_000), alike));
    let mut scene = scene(&four);
    scene.context.slots = 8;
    check(&scene, &[(3, 0), (5, 0), (4, 0)]);
    let scores: Vec<f32> = offers(&scene).iter().map(|offer| offer.score).collect();
    assert_eq!(scores, [0.8, 0.6, 0.5]);
    check(&scene.clone().config(r#"{"offers_max": 1}"#), &[(3, 0)]);
    scene.context.slots = 2;
    check(&scene, &[(3, 0), (5, 0)]);
    scene.context.slots = 0;
    check(&scene, &[]);
}

#[test]
fn without_a_category_only_what_is_alike_enough_counts() {
    let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
    scene.shop.add(coat(2, 11_000)).add(Item::new(3, "Coat", 11_000)).add(Item::new(4, "Pan", 11_000));
    scene.shop.alike(1, 2, 0.21).alike(1, 3, 0.19);
    check(&scene, &[(2, 0)]);
    check(&scene.clone().config(r#"{"similarity_min_bp": 1900}"#), &[(2, 0), (3, 0)]);
    check(&scene.config(r#"{"similarity_min_bp": 0}"#), &[(2, 0), (3, 0)]);
}

#[test]
fn what_comes_back_is_never_offered() {
    let mut scene = scene(&[]).and(&coat(2, 11_000));
    check(&scene, &[]);
    scene.shop.add(coat(3, 11_500));
    check(&scene, &[(3, 1)]);
}

#[test]
fn every_line_is_served_before_any_is_served_twice_dearest_first() {
    // Line 0 at 10 000 has three candidates, line 1 at 50 000 has one, line 2 at 30 000 has none.
    let mut scene = scene(&[(coat(4, 11_000), 0.9), (coat(5, 11_000), 0.8), (coat(6, 11_000), 0.7)])
        .and(&coat(2, 50_000))
        .and(&coat(3, 30_000));
    scene.shop.add(coat(7, 55_000)).alike(2, 7, 0.1);
    check(&scene, &[(4, 0), (5, 0), (7, 1)]);
    scene.context.slots = 2;
    check(&scene, &[(4, 0), (7, 1)]);
    scene.context.slots = 1;
    check(&scene, &[(7, 1)]);
}

#[test]
fn a_round_ends_with_the_last_slot() {
    let mut scene = scene(&[(coat(4, 11_000), 0.9), (coat(5, 11_000), 0.8)]).and(&coat(2, 50_000));
    scene.shop.add(coat(6, 55_000)).add(coat(7, 55_000)).alike(2, 6, 0.3).alike(2, 7, 0.2);
    // Third is the dearer line's second best, and then there is no room for the other's.
    check(&scene, &[(4, 0), (6, 1), (7, 1)]);
}

#[test]
fn lines_that_share_a_candidate_do_not_offer_it_twice() {
    let mut scene = scene(&[]).and(&coat(2, 10_500));
    scene.shop.add(coat(3, 11_000)).add(coat(4, 11_500));
    scene.shop.alike(1, 3, 0.9).alike(1, 4, 0.2).alike(2, 3, 0.8).alike(2, 4, 0.1);
    check(&scene, &[(3, 1), (4, 0)]);
}

#[test]
fn a_line_beyond_the_thirty_second_dearest_is_not_searched_for() {
    let returning = |count: u32| {
        let lines = (2..=count).map(|id| Item::new(id, "Pan", 90_000).category("pans"));
        let mut scene = lines.fold(scene(&[]), |scene, item| scene.and(&item));
        scene.shop.add(coat(99, 11_000));
        scene
    };
    check(&returning(32), &[(99, 0)]);
    check(&returning(33), &[]);
}

#[test]
fn a_sentence_is_asked_for_only_when_its_fact_may_be_known() {
    let words = |scene: &Scene| {
        let copy = offers(scene).remove(0).copy;
        assert!(copy.iter().all(|sentence| sentence.about == Subject::Offered(0)));
        copy.into_iter().map(|sentence| sentence.template).collect::<Vec<_>>()
    };
    assert_eq!(words(&scene(&[(coat(2, 11_000), 0.5)])), ["upgrade.price"]);
    let mut rich = scene(&[(coat(2, 11_000).stock(3), 0.5)]);
    rich.shop.switched(1, 2, 1_500);
    rich.context.policy.hold_max = 1_000;
    assert_eq!(words(&rich), ["upgrade.price", "upgrade.switched", "upgrade.stock", "upgrade.hold"]);
}

#[test]
fn the_price_is_held_as_long_as_config_and_policy_allow() {
    let hold = |policy: u64, config: &str| {
        let mut scene = scene(&[(coat(2, 11_000), 0.5)]).config(config);
        scene.context.policy.hold_max = policy;
        offers(&scene)[0].price_hold
    };
    let day = 24 * 60 * 60 * 1_000;
    assert_eq!(hold(0, "{}"), None);
    assert_eq!(hold(1_000, "{}"), Some(1_000));
    assert_eq!(hold(2 * day, "{}"), Some(day));
    assert_eq!(hold(day, r#"{"price_hold_ms": 0}"#), None);
}

#[test]
fn an_offer_replaces_the_returned_units_as_far_as_stock_and_policy_go() {
    let mut scene = scene(&[(coat(2, 11_000).stock(3), 0.5)]);
    scene.context.event.lines[0].quantity = 5;
    let offer = offers(&scene).remove(0);
    assert_eq!((offer.quantity, offer.resolution.as_deref()), (3, Some("exchange")));
    scene.context.event.lines[0].quantity = 2;
    scene.context.policy.resolutions = vec!["refund".to_string()];
    let offer = offers(&scene).remove(0);
    assert_eq!((offer.quantity, offer.resolution), (2, None));
}
