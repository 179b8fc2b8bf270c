use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Segments;

fn coat() -> Item {
    Item::new(1, "Wool coat", 10_000)
}

/// A customer with `orders` orders, and nothing else that tells anything.
fn customer(mut scene: Scene, orders: u32) -> Scene {
    scene.context.customer.orders = orders;
    scene.context.customer.spent = 100_000;
    scene.context.customer.refunded = 20_000;
    scene
}

fn plain() -> Scene {
    customer(Scene::returning(&coat()), 3)
}

fn templates(sentences: &[Sentence]) -> Vec<&str> {
    sentences.iter().map(|sentence| sentence.template.as_str()).collect()
}

#[track_caller]
fn check(scene: &Scene, key: &str, evidence: &[&str]) {
    let segment = scene.classify::<Segments>().unwrap().segment;
    assert_eq!((segment.key.as_str(), templates(&segment.evidence)), (key, evidence.to_vec()));
    assert!((0.0..=1.0).contains(&segment.confidence), "{}", segment.confidence);
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Segments>(&["zh-CN", "en"]);
}

#[test]
fn a_reason_names_the_segment_and_is_its_evidence() {
    for (reason, key) in [
        ("defective", "quality-sensitive"),
        ("damaged", "quality-sensitive"),
        ("not-as-described", "quality-sensitive"),
        ("missing-parts", "quality-sensitive"),
        ("counterfeit", "quality-sensitive"),
        ("size-too-small", "fit"),
        ("size-too-large", "fit"),
        ("color", "style"),
        ("style", "style"),
        ("ordered-for-comparison", "style"),
        ("price-dropped", "price-sensitive"),
        ("unwanted", "impulse"),
    ] {
        check(&plain().because(reason), key, &["segments.told"]);
    }
}

#[test]
fn a_reason_that_tells_nothing_of_the_customer_leaves_it_to_the_history() {
    for reason in ["unknown", "other", "late", "wrong-item", "not-received", "a-word-of-tomorrow"] {
        check(&plain().because(reason), "regular", &["segments.regular"]);
    }
}

#[test]
fn the_reason_that_stands_for_most_of_what_was_paid_wins() {
    let hat = Item::new(2, "Hat", 9_000);
    let mut scene = customer(Scene::returning(&coat()).because("style").and(&hat).because("defective"), 3);
    check(&scene, "style", &["segments.told"]);
    scene.context.event.lines[1].paid = 11_000;
    check(&scene, "quality-sensitive", &["segments.told"]);
    let segment = scene.classify::<Segments>().unwrap().segment;
    assert_eq!(segment.evidence[0].about, Subject::Returned(1));
    assert_eq!(segment.traits, ["style"]);
}

#[test]
fn lines_nobody_paid_for_count_alike() {
    let hat = Item::new(2, "Hat", 0);
    let mut scene = Scene::returning(&hat).because("style").and(&Item::new(3, "Cap", 0)).and(&coat());
    scene.context.event.lines[2].paid = 0;
    let mut scene = customer(scene.because("defective"), 3);
    check(&scene, "quality-sensitive", &["segments.told", "segments.told"]);
    scene.context.event.lines[1].reason = Some("style".to_string());
    check(&scene, "style", &["segments.told", "segments.told"]);
}

#[test]
fn a_line_paid_less_than_nothing_leaves_confidence_within_bounds() {
    let mut scene = customer(
        Scene::returning(&coat()).because("style").and(&Item::new(2, "Hat", 1)).because("defective"),
        3,
    );
    scene.context.event.lines[1].paid = -9_000;
    check(&scene, "style", &["segments.told"]);
    assert!(scene.classify::<Segments>().unwrap().segment.confidence < 0.96);
}

#[test]
fn without_another_order_the_customer_is_new() {
    let scene = Scene::returning(&coat());
    check(&customer(scene.clone(), 0), "first-timer", &["segments.few-orders"]);
    check(&customer(scene.clone(), 1), "first-timer", &["segments.few-orders"]);
    check(&customer(scene.clone(), 2), "regular", &["segments.regular"]);
    let long_ago = customer(scene.ordered(90), 1);
    check(&long_ago, "first-timer", &["segments.new-here"]);
    // Of a second line nobody knows the order.
    check(&long_ago.and(&coat()), "first-timer", &["segments.few-orders"]);
}

#[test]
fn a_share_too_large_for_nearly_everything_is_no_config() {
    let classify = |bp: u32| {
        plain().config(&format!(r#"{{"loyal_returned_bp": {bp}}}"#)).classify::<Segments>().map(|_| ())
    };
    assert_eq!(classify(2_000), Ok(()));
    let refused = classify(2_001);
    assert!(matches!(&refused, Err(Failure::InvalidConfig(why)) if why.contains("2001")), "{refused:?}");
    let schema = rebound_sdk::testing::describe::<Segments>().config_schema;
    assert!(schema.contains(r#""maximum":2000"#), "{schema}");
}

#[test]
fn loyalty_takes_many_orders_and_little_sent_back() {
    let mut scene = customer(Scene::returning(&coat()), 6);
    scene.context.customer.refunded = 10_000;
    check(&scene, "loyal", &["segments.loyal"]);
    scene.context.customer.orders = 5;
    check(&scene, "regular", &["segments.regular"]);
    scene.context.customer.orders = 6;
    scene.context.customer.refunded = 10_010;
    check(&scene, "regular", &["segments.regular"]);
    scene.context.customer.spent = 0;
    scene.context.customer.refunded = 0;
    check(&scene, "regular", &["segments.regular"]);
}

/// Ten purchases, so many of them sent back.
fn returner(returned: u32) -> Scene {
    let scene = (0..10).fold(plain(), |scene, line| scene.bought(9, 1, 10_000, (line < returned).into()));
    let mut scene = scene;
    scene.context.customer.returns = 5;
    scene.context.customer.refunded = 0;
    scene
}

#[test]
fn a_serial_returner_has_both_many_returns_and_a_large_share_sent_back() {
    check(&returner(2), "serial-returner", &["segments.sent-back"]);
    check(&returner(1), "regular", &["segments.regular"]);
    let mut few_returns = returner(2);
    few_returns.context.customer.returns = 4;
    check(&few_returns, "regular", &["segments.regular"]);
    let mut few_purchases = returner(2);
    few_purchases.context.customer.purchases.pop();
    check(&few_purchases, "regular", &["segments.regular"]);
    let mut by_value = returner(0);
    by_value.context.customer.refunded = 20_000;
    check(&by_value, "serial-returner", &["segments.sent-back"]);
}

#[test]
fn a_serial_returner_with_a_broken_product_is_heard_first() {
    let scene = returner(9).because("defective");
    check(&scene, "quality-sensitive", &["segments.told"]);
    assert_eq!(scene.classify::<Segments>().unwrap().segment.traits, ["serial-returner"]);
}

#[test]
fn a_return_soon_after_the_order_is_an_impulse() {
    check(&plain().ordered(3), "impulse", &["segments.soon"]);
    check(&plain().ordered(4), "regular", &["segments.regular"]);
    let mut later_order = plain().ordered(3);
    later_order.context.event.orders[0].ordered_at = Some(later_order.context.event.requested_at + 1);
    check(&later_order, "regular", &["segments.regular"]);
}

#[test]
fn a_discount_or_an_unusually_dear_product_is_a_matter_of_price() {
    let mut coupon = plain().ordered(30);
    coupon.context.event.orders[0].coupon = Some("SPRING".to_string());
    check(&coupon, "price-sensitive", &["segments.discounted"]);
    let mut discount = plain().ordered(30);
    discount.context.event.orders[0].discount = 1;
    check(&discount, "price-sensitive", &["segments.discounted"]);

    let habit = |unit: i64, count| (0..count).fold(plain(), |scene, _| scene.bought(9, 2, 2 * unit, 0));
    check(&habit(5_000, 5), "price-sensitive", &["segments.dear"]);
    check(&habit(5_001, 5), "regular", &["segments.regular"]);
    check(&habit(5_000, 4), "regular", &["segments.regular"]);
    check(&habit(0, 5), "regular", &["segments.regular"]);
}

#[test]
fn the_acknowledgement_names_the_item_and_a_reason_only_when_there_is_one() {
    let acknowledged = |scene: &Scene| {
        let sentences = scene.classify::<Segments>().unwrap().acknowledgement;
        sentences.iter().map(|s| (s.template.clone(), s.about)).collect::<Vec<_>>()
    };
    let said = |template: &str, about| (format!("segments.{template}"), about);
    let next = said("next", Subject::Plan);
    let line = Subject::Returned;
    assert_eq!(acknowledged(&plain()), [said("acknowledged", line(0)), next.clone()]);
    for silent in ["unknown", "other"] {
        assert_eq!(acknowledged(&plain().because(silent)), [said("acknowledged", line(0)), next.clone()]);
    }
    for (reason, words) in
        [("price-dropped", "acknowledged-reason"), ("late", "sorry"), ("defective", "sorry")]
    {
        assert_eq!(acknowledged(&plain().because(reason)), [said(words, line(0)), next.clone()]);
    }

    let many = (2..6).fold(plain(), |scene, id| scene.and(&Item::new(id, "More", 10_000 + i64::from(id))));
    let dearest = [4, 3, 2].map(|index| said("acknowledged", line(index)));
    assert_eq!(acknowledged(&many), [dearest.as_slice(), &[next]].concat());
}

#[test]
fn care_is_offered_for_quality_and_within_the_policy() {
    let care = |scene: &Scene| {
        let care = scene.classify::<Segments>().unwrap().care;
        care.into_iter().map(|care| (care.action, care.line)).collect::<Vec<_>>()
    };
    let allow = |mut scene: Scene, actions: &[&str]| {
        scene.context.policy.care = actions.iter().map(ToString::to_string).collect();
        scene
    };
    let both = ["inspection-report", "priority-reship"];
    let broken = || plain().because("defective");
    let reship = ("priority-reship".to_string(), Some(0));
    assert_eq!(care(&allow(broken(), &both)), [reship.clone(), ("inspection-report".to_string(), Some(0))]);
    assert_eq!(care(&allow(broken(), &["priority-reship"])), [reship]);
    assert_eq!(care(&broken()), []);
    assert_eq!(care(&allow(plain().because("style"), &both)), []);
}

#[test]
fn a_reship_is_promised_only_of_what_is_on_hand() {
    let care = |stock: Option<u32>, quantity: u32| {
        let item = stock.into_iter().fold(coat().category("coats").tag("winter"), Item::stock);
        let mut scene = customer(Scene::returning(&item).because("defective"), 3);
        scene.shop.add(Item::new(2, "Other coat", 10_000).category("coats").tag("winter").stock(9));
        scene.context.event.lines[0].quantity = quantity;
        scene.context.policy.care = ["priority-reship", "inspection-report"].map(String::from).to_vec();
        let care = scene.classify::<Segments>().unwrap().care;
        care.iter().map(|care| care.copy[0].template.clone()).collect::<Vec<_>>()
    };
    assert_eq!(care(Some(2), 2), ["segments.priority-reship", "segments.inspection-report"]);
    assert_eq!(care(Some(1), 2), [""; 0]);
    assert_eq!(care(Some(0), 1), [""; 0]);
    assert_eq!(care(None, 1), ["segments.priority-reship-if", "segments.inspection-report"]);
}

#[test]
fn an_inspection_report_alone_promises_no_reship() {
    let mut scene = plain().because("defective");
    scene.context.policy.care = vec!["inspection-report".to_string()];
    let care = scene.classify::<Segments>().unwrap().care;
    assert_eq!(templates(&care[0].copy), ["segments.inspection-report"]);
    for (_, text) in crate::wording::INSPECTION_REPORT.texts {
        assert!(text.starts_with("如果") || text.starts_with("Should"), "{text}");
    }
}

#[test]
fn quality_tags_of_what_comes_back_become_traits() {
    let item = coat().tag("organic-cotton").tag("winter").tag("有机棉");
    let segment = Scene::returning(&item).classify::<Segments>().unwrap().segment;
    assert_eq!(segment.traits, ["prefers-organic-cotton"]);
    // The host refuses an answer with a trait that is no word, and with it everything else in the answer.
    let scene = Scene::returning(&item).config(r#"{"quality_tags":["有机棉","winter"]}"#);
    assert_eq!(scene.classify::<Segments>().unwrap().segment.traits, ["prefers-winter"]);
}

/// A search may name 32 categories and tags, a product may have 64 tags: the host ended such calls.
#[test]
fn a_product_of_many_tags_is_searched_for_by_some_of_them() {
    let item = (0..40).fold(coat().stock(5), |item, number| item.tag(&format!("tag-{number}")));
    let mut scene = Scene::returning(&item).because("defective");
    scene.context.policy.care = vec!["priority-reship".to_string()];
    assert_eq!(scene.classify::<Segments>().unwrap().care.len(), 1);
}

/// Ten products bought and kept, so many of them organic cotton.
fn keeper(organic: u32) -> Scene {
    let mut scene = (10..20).fold(plain(), |scene, id| scene.bought(id, 1, 10_000, 0));
    for id in 10..20 {
        let item = Item::new(id, "Shirt", 10_000);
        scene.shop.add(if id < 10 + organic { item.tag("organic-cotton") } else { item });
    }
    scene
}

#[test]
fn what_is_bought_and_kept_shows_a_preference() {
    check(&keeper(3), "quality-sensitive", &["segments.organic-cotton"]);
    check(&keeper(2), "regular", &["segments.regular"]);
    let traits = |scene: &Scene| scene.classify::<Segments>().unwrap().segment.traits;
    assert_eq!(traits(&keeper(3)), ["prefers-organic-cotton"]);
    assert_eq!(traits(&keeper(2)), [""; 0]);
    let mut sent_back = keeper(3);
    sent_back.context.customer.purchases[0].returned = 1;
    check(&sent_back, "regular", &["segments.regular"]);
    let mut few = keeper(3);
    few.context.customer.purchases.truncate(2);
    check(&few, "regular", &["segments.regular"]);
    check(&keeper(3).config(r#"{"quality_tags": []}"#), "regular", &["segments.regular"]);
}

#[test]
fn a_preference_stands_beside_the_reason_and_is_words_of_its_own() {
    check(
        &keeper(3).because("defective"),
        "quality-sensitive",
        &["segments.told", "segments.organic-cotton"],
    );
    check(&keeper(3).because("size-too-small"), "fit", &["segments.told"]);
    let segment = keeper(3).because("size-too-small").classify::<Segments>().unwrap().segment;
    assert_eq!(segment.traits, ["prefers-organic-cotton", "quality-sensitive"]);
    let mut other = keeper(0).config(r#"{"quality_tags": ["no-fluorescent-agent", "handmade"]}"#);
    for id in 10..20 {
        other.shop.add(Item::new(id, "Shirt", 10_000).tag("handmade").tag("no-fluorescent-agent"));
    }
    check(&other, "quality-sensitive", &["segments.no-fluorescent-agent", "segments.materials"]);
}

#[test]
fn a_preference_alone_sends_nothing_again() {
    let mut scene = keeper(3);
    scene.context.policy.care = vec!["priority-reship".to_string()];
    assert_eq!(scene.classify::<Segments>().unwrap().care, []);
}

#[test]
fn a_share_too_small_for_much_is_no_config() {
    let classify =
        |bp: u32| plain().config(&format!(r#"{{"preference_bp": {bp}}}"#)).classify::<Segments>().map(|_| ());
    assert_eq!(classify(2_500), Ok(()));
    let refused = classify(2_499);
    assert!(matches!(&refused, Err(Failure::InvalidConfig(why)) if why.contains("2499")), "{refused:?}");
}
