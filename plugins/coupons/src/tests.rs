use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Coupons;
use super::form::by_segment;

const ALL: [&str; 5] = ["amount-off", "percent-off", "store-credit", "free-shipping", "gift"];

/// A return of 10 000 whose policy allows a coupon of up to `max` minor units, once.
fn scene(max: i64) -> Scene {
    let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
    scene.context.policy.incentive_max = max;
    scene.context.policy.budgets = vec![budget("spring", &ALL, max)];
    scene.context.customer.reachable = vec!["sms".to_string(), "email".to_string()];
    scene
}

/// The same for a segment.
fn of(segment: &str, max: i64) -> Scene {
    let mut scene = scene(max);
    scene.segment.key = segment.to_string();
    scene
}

fn budget(id: &str, benefits: &[&str], max_value: i64) -> Allowance {
    let benefits = benefits.iter().map(ToString::to_string).collect();
    Allowance { budget: id.to_string(), benefits, max_value, left_for_customer: 1 }
}

fn grant(scene: &Scene) -> Option<Grant> {
    let proposals = scene.compensate::<Coupons>().unwrap().proposals;
    assert!(proposals.len() <= 1);
    proposals.into_iter().next().map(|proposal| proposal.grant)
}

fn terms(scene: &Scene) -> Option<Terms> {
    grant(scene).map(|grant| match grant {
        Grant::Fixed(terms) => terms,
        Grant::Surprise(prizes) => panic!("{prizes:?} is drawn"),
    })
}

/// What is taken off from which spend on.
#[track_caller]
fn check(scene: &Scene, want: Option<(i64, i64)>) {
    let off = terms(scene).map(|terms| match terms.benefit {
        Benefit::AmountOff(amount) => (amount, terms.min_spend),
        other => panic!("{other:?} is no amount off"),
    });
    assert_eq!(off, want);
}

#[track_caller]
fn gives(scene: &Scene, want: Option<Benefit>) {
    assert_eq!(terms(scene).map(|terms| terms.benefit), want);
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Coupons>(&["zh-CN", "en"]);
}

#[test]
fn each_segment_gets_its_own_form() {
    let with_gift = |segment| {
        let mut scene = of(segment, 10_000);
        scene.shop.add(Item::new(2, "Pouch", 1_900).tag("gift"));
        scene
    };
    gives(&with_gift("quality-sensitive"), Some(Benefit::AmountOff(10_000)));
    gives(&with_gift("fit"), Some(Benefit::FreeShipping));
    gives(&with_gift("style"), Some(Benefit::Gift(2)));
    gives(&with_gift("price-sensitive"), Some(Benefit::PercentOff(1_000)));
    assert!(matches!(grant(&with_gift("impulse")), Some(Grant::Surprise(_))));
    gives(&with_gift("loyal"), Some(Benefit::StoreCredit(1_000)));
    gives(&with_gift("first-timer"), Some(Benefit::FreeShipping));
    gives(&with_gift("serial-returner"), Some(Benefit::AmountOff(5_000)));
    gives(&with_gift("regular"), Some(Benefit::AmountOff(10_000)));
}

#[test]
fn a_form_that_no_budget_pays_for_gives_way_to_the_next() {
    for segment in by_segment().into_keys().filter(|segment| segment != "serial-returner") {
        let mut scene = of(&segment, 10_000);
        // A surprise is paid from the same benefit as a threshold, and none of its prizes may be too dear.
        scene.context.event.lines[0].paid = 1_000;
        scene.context.policy.budgets = vec![budget("spring", &["amount-off"], 10_000)];
        check(&scene, Some((10_000, 39_900)));
    }
}

#[test]
fn a_percentage_takes_off_at_most_a_share_of_what_was_paid_and_the_caps() {
    let most = |paid: i64, max: i64| {
        let mut scene = of("price-sensitive", max).config(r#"{"thresholds": []}"#);
        scene.context.event.lines[0].paid = paid;
        terms(&scene).map(|terms| terms.max_discount.unwrap())
    };
    assert_eq!(most(10_000, 10_000), Some(2_000));
    assert_eq!(most(10_990, 10_000), Some(2_100));
    assert_eq!(most(10_000, 1_250), Some(1_200));
    assert_eq!(most(10_000, 500), Some(500));
    assert_eq!(most(10_000, 499), None);
    assert_eq!(most(2_400, 10_000), None);
    let odd = r#"{"thresholds": [], "least": 550, "round_to": 500}"#;
    gives(&of("price-sensitive", 999).config(odd), None);
}

#[test]
fn store_credit_is_a_share_of_what_was_paid() {
    let credit = |paid: i64, max: i64| {
        let mut scene = of("loyal", max).config(r#"{"thresholds": []}"#);
        scene.context.event.lines[0].paid = paid;
        terms(&scene).map(|terms| terms.benefit)
    };
    assert_eq!(credit(25_990, 10_000), Some(Benefit::StoreCredit(2_500)));
    assert_eq!(credit(25_990, 2_500), Some(Benefit::StoreCredit(2_500)));
    assert_eq!(credit(25_990, 2_499), None);
    assert_eq!(credit(4_900, 10_000), None);
}

#[test]
fn shipping_is_paid_whole() {
    let terms = terms(&of("fit", 1)).unwrap();
    assert_eq!((terms.benefit, terms.max_discount, terms.min_spend), (Benefit::FreeShipping, None, 0));
    assert_eq!(grant(&of("fit", 0)), None, "nothing may be given");
    let from = of("fit", 1).config(r#"{"free_shipping_from": 9900}"#);
    assert_eq!(self::terms(&from).unwrap().min_spend, 9_900);
}

#[test]
fn a_gift_is_the_cheapest_that_can_be_had_and_paid_for() {
    let mut scene = of("style", 2_000).config(r#"{"thresholds": []}"#);
    gives(&scene, None);
    scene.shop.add(Item::new(2, "Mirror", 2_001).tag("gift"));
    gives(&scene, None);
    scene.shop.add(Item::new(3, "Pouch", 2_000).tag("gift")).add(Item::new(4, "Comb", 900));
    gives(&scene, Some(Benefit::Gift(3)));
    scene.shop.add(Item::new(5, "Sachet", 700).tag("gift"));
    gives(&scene, Some(Benefit::Gift(5)));
    assert_eq!(terms(&scene).unwrap().min_spend, 9_900);
    scene.shop.add(Item::new(5, "Sachet", 700).tag("gift").stock(0));
    gives(&scene, Some(Benefit::Gift(3)));
    let returned = scene.and(&Item::new(3, "Pouch", 2_000).tag("gift"));
    gives(&returned, None);
}

#[test]
fn a_surprise_has_every_prize_of_its_odds_or_is_none() {
    let drawn = |paid: i64, max: i64| {
        let mut scene = of("impulse", max).config(r#"{"thresholds": []}"#);
        scene.context.event.lines[0].paid = paid;
        let Some(Grant::Surprise(prizes)) = grant(&scene) else { return None };
        let prize = |prize: &Prize| {
            let amount = prize.terms.as_ref().map(|terms| match terms.benefit {
                Benefit::AmountOff(amount) => amount,
                _ => panic!("{terms:?}"),
            });
            (amount, prize.weight)
        };
        Some(prizes.iter().map(prize).collect::<Vec<_>>())
    };
    let all = |amounts: [i64; 3]| {
        let [dear, middle, small] = amounts.map(Some);
        Some(vec![(dear, 5), (middle, 15), (small, 30), (None, 50)])
    };
    assert_eq!(drawn(10_000, 10_000), all([2_000, 1_000, 500]));
    assert_eq!(drawn(21_990, 10_000), all([4_300, 2_100, 1_000]));
    assert_eq!(drawn(10_000, 2_000), all([2_000, 1_000, 500]));
    assert_eq!(drawn(10_000, 1_999), None);
    assert_eq!(drawn(9_990, 10_000), None);
    let nothing =
        of("impulse", 10_000).config(r#"{"thresholds": [], "surprise": [{"share_bp": 0, "weight": 1}]}"#);
    assert_eq!(grant(&nothing), None);
}

#[test]
fn of_a_surprise_the_odds_are_said_apart_from_what_was_won() {
    let copy = scene_words(&of("impulse", 10_000));
    assert_eq!(copy, ["coupons.odds", "coupons.won"]);
    assert_eq!(scene_words(&of("loyal", 10_000)), ["coupons.store-credit"]);
}

fn scene_words(scene: &Scene) -> Vec<String> {
    let proposal = scene.compensate::<Coupons>().unwrap().proposals.remove(0);
    assert!(proposal.copy.iter().all(|words| words.about == Subject::Proposed(0)));
    proposal.copy.into_iter().map(|words| words.template).collect()
}

#[test]
fn a_minimum_that_is_not_asked_for_is_not_spoken_of() {
    let said = |segment: &str, config: &str| {
        let mut scene = of(segment, 10_000).config(config);
        scene.shop.add(Item::new(2, "Pouch", 1_900).tag("gift"));
        let reminder = scene.compensate::<Coupons>().unwrap().follow_ups.remove(0).copy.remove(0).template;
        (scene_words(&scene).remove(0), reminder)
    };
    let (gift, threshold) = (r#"{"gift": {"tag": "gift", "min_spend": 0}}"#, r#"{"free_shipping_from": 1}"#);
    let none = r#"{"thresholds": [{"amount": 100, "min_spend": 0}]}"#;
    for (segment, config, words) in [
        ("style", "{}", ["gift-from", "remind-gift-from"]),
        ("style", gift, ["gift", "remind-gift"]),
        ("fit", "{}", ["free-shipping", "remind-free-shipping"]),
        ("fit", threshold, ["free-shipping-from", "remind-free-shipping-from"]),
        ("regular", "{}", ["threshold", "remind-threshold"]),
        ("regular", none, ["amount", "remind-amount"]),
    ] {
        let [copy, reminder] = words.map(|word| format!("coupons.{word}"));
        assert_eq!(said(segment, config), (copy, reminder));
    }
    for template in super::TEMPLATES {
        let names = template.texts[0].1.contains("{coupon_min_spend}");
        let asks = template.key.ends_with("-from") || template.key.ends_with("threshold");
        assert_eq!(names, asks, "{}", template.key);
    }
}

#[test]
fn a_route_may_say_which_form_is_whose() {
    let config = r#"{"by_segment": {"collector": ["gift", "store-credit"]}, "otherwise": ["free-shipping"]}"#;
    gives(&of("collector", 10_000).config(config), Some(Benefit::StoreCredit(1_000)));
    gives(&of("loyal", 10_000).config(config), Some(Benefit::FreeShipping));
    gives(&of("loyal", 10_000).config(r#"{"by_segment": {"loyal": []}}"#), None);
    let failure = scene(1).config(r#"{"otherwise": ["flowers"]}"#).compensate::<Coupons>();
    assert!(matches!(failure, Err(Failure::InvalidConfig(_))), "{failure:?}");
}

#[test]
fn the_dearest_step_within_the_cap_is_proposed() {
    check(&scene(10_000), Some((10_000, 39_900)));
    check(&scene(9_999), Some((5_000, 19_900)));
    check(&scene(2_000), Some((2_000, 9_900)));
    check(&scene(1_999), None);
    let config = r#"{"thresholds": [{"amount": 300, "min_spend": 900}]}"#;
    check(&scene(500).config(config), Some((300, 900)));
}

#[test]
fn both_the_budget_and_the_returns_own_cap_bound_it() {
    let mut capped = scene(10_000);
    capped.context.policy.incentive_max = 5_000;
    check(&capped, Some((5_000, 19_900)));
    let mut poor = scene(10_000);
    poor.context.policy.budgets[0].max_value = 5_000;
    check(&poor, Some((5_000, 19_900)));
}

#[test]
fn only_a_budget_that_pays_for_it_is_drawn_on() {
    let mut scene = scene(10_000);
    let shipping = budget("shipping", &["free-shipping"], 10_000);
    let mut used_up = budget("used-up", &ALL, 10_000);
    used_up.left_for_customer = 0;
    scene.context.policy.budgets = vec![shipping, used_up];
    check(&scene, None);
    scene.context.policy.budgets.push(budget("autumn", &ALL, 10_000));
    assert_eq!(terms(&scene).unwrap().budget, "autumn");
}

#[test]
fn an_open_coupon_or_probing_ends_the_giving() {
    let mut open = scene(10_000);
    open.context.customer.prior.coupons_open = 1;
    check(&open, None);
    let mut probing = scene(10_000);
    probing.context.customer.prior.plans_this_order = 1;
    check(&probing, Some((10_000, 39_900)));
    probing.context.customer.prior.plans_this_order = 2;
    check(&probing, None);
}

#[test]
fn a_serial_returner_is_offered_the_next_smaller_step() {
    let mut serial = scene(10_000);
    serial.segment.key = "serial-returner".to_string();
    check(&serial, Some((5_000, 19_900)));
    let mut broken = scene(10_000);
    broken.segment.traits = vec!["serial-returner".to_string()];
    check(&broken, Some((5_000, 19_900)));
    let config = r#"{"thresholds": [{"amount": 300, "min_spend": 900}]}"#;
    check(&serial.config(config), Some((300, 900)));
    // Only a threshold has steps; a share of what was paid is small where little was paid.
    let mut loyal = of("loyal", 10_000);
    loyal.segment.traits = vec!["serial-returner".to_string()];
    gives(&loyal, Some(Benefit::StoreCredit(1_000)));
    check(&scene(10_000).config(r#"{"thresholds": []}"#), None);
}

#[test]
fn the_reminder_goes_to_the_first_channel_two_days_on() {
    let answer = scene(10_000).compensate::<Coupons>().unwrap();
    let reminders: Vec<_> =
        answer.follow_ups.iter().map(|f| (f.after, f.channel.as_str(), f.about)).collect();
    assert_eq!(reminders, [(48 * 60 * 60 * 1_000, "sms", Subject::Proposed(0))]);
}

#[test]
fn a_reminder_speaks_of_its_own_form_and_says_when_it_ends() {
    for (segment, words) in [
        ("quality-sensitive", "coupons.remind-threshold"),
        ("price-sensitive", "coupons.remind-amount"),
        ("impulse", "coupons.remind-amount"),
        ("loyal", "coupons.remind-store-credit"),
        ("fit", "coupons.remind-free-shipping"),
        ("style", "coupons.remind-gift-from"),
    ] {
        let mut scene = of(segment, 10_000);
        scene.shop.add(Item::new(2, "Pouch", 1_900).tag("gift"));
        let reminder = scene.compensate::<Coupons>().unwrap().follow_ups.remove(0);
        assert_eq!(reminder.copy[0].template, words);
    }
    let reminders = super::TEMPLATES.iter().filter(|template| template.key.starts_with("coupons.remind"));
    assert!(reminders.flat_map(|template| template.texts).all(|(_, text)| text.contains("{coupon_expires}")));
}

#[test]
fn nobody_is_reminded_without_a_channel_a_coupon_or_time_left() {
    let reminders = |scene: &Scene| scene.compensate::<Coupons>().unwrap().follow_ups.len();
    let mut unreachable = scene(10_000);
    unreachable.context.customer.reachable.clear();
    assert_eq!(reminders(&unreachable), 0);
    assert_eq!(reminders(&scene(0)), 0);
    assert_eq!(reminders(&scene(10_000).config(r#"{"follow_up_after_ms": 0}"#)), 0);
    assert_eq!(reminders(&scene(10_000).config(r#"{"valid_for_ms": 172800000}"#)), 0);
    assert_eq!(reminders(&scene(10_000).config(r#"{"valid_for_ms": 172800001}"#)), 1);
}
