use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::Coupons;

/// A return whose policy allows a coupon of up to `max` minor units, once.
fn scene(max: i64) -> Scene {
    let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
    scene.context.policy.incentive_max = max;
    scene.context.policy.budgets = vec![budget("spring", max)];
    scene.context.customer.reachable = vec!["sms".to_string(), "email".to_string()];
    scene
}

fn budget(id: &str, max_value: i64) -> Allowance {
    let benefits = ["free-shipping", "amount-off"].map(String::from).to_vec();
    Allowance { budget: id.to_string(), benefits, max_value, left_for_customer: 1 }
}

fn terms(scene: &Scene) -> Option<Terms> {
    let proposals = scene.compensate::<Coupons>().unwrap().proposals;
    assert!(proposals.len() <= 1);
    proposals.into_iter().next().map(|proposal| match proposal.grant {
        Grant::Fixed(terms) => terms,
        Grant::Surprise(_) => panic!("a threshold coupon is never drawn"),
    })
}

#[track_caller]
fn check(scene: &Scene, want: Option<(i64, i64)>) {
    let off = terms(scene).map(|terms| match terms.benefit {
        Benefit::AmountOff(amount) => (amount, terms.min_spend),
        other => panic!("{other:?} is no amount off"),
    });
    assert_eq!(off, want);
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Coupons>(&["zh-CN", "en"]);
}

#[test]
fn the_dearest_step_within_the_cap_is_proposed() {
    check(&scene(10_000), Some((10_000, 39_900)));
    check(&scene(9_999), Some((5_000, 19_900)));
    check(&scene(2_000), Some((2_000, 9_900)));
    check(&scene(1_999), None);
    let config = r#"{"steps": [{"amount": 300, "min_spend": 900}]}"#;
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
    let mut shipping = budget("shipping", 10_000);
    shipping.benefits.pop();
    let mut used_up = budget("used-up", 10_000);
    used_up.left_for_customer = 0;
    scene.context.policy.budgets = vec![shipping, used_up];
    check(&scene, None);
    scene.context.policy.budgets.push(budget("autumn", 10_000));
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
    let config = r#"{"steps": [{"amount": 300, "min_spend": 900}]}"#;
    check(&serial.config(config), Some((300, 900)));
    check(&scene(10_000).config(r#"{"steps": []}"#), None);
}

#[test]
fn the_reminder_goes_to_the_first_channel_two_days_on() {
    let answer = scene(10_000).compensate::<Coupons>().unwrap();
    let reminders: Vec<_> =
        answer.follow_ups.iter().map(|f| (f.after, f.channel.as_str(), f.about)).collect();
    assert_eq!(reminders, [(48 * 60 * 60 * 1_000, "sms", Subject::Proposed(0))]);
}

#[test]
fn nobody_is_reminded_without_a_channel_a_coupon_or_time_left() {
    let reminders = |scene: &Scene| scene.compensate::<Coupons>().unwrap().follow_ups.len();
    let mut unreachable = scene(10_000);
    unreachable.context.customer.reachable.clear();
    assert_eq!(reminders(&unreachable), 0);
    assert_eq!(reminders(&scene(0)), 0);
    assert_eq!(reminders(&scene(10_000).config(r#"{"follow_up_ms": 0}"#)), 0);
    assert_eq!(reminders(&scene(10_000).config(r#"{"valid_for_ms": 172800000}"#)), 0);
    assert_eq!(reminders(&scene(10_000).config(r#"{"valid_for_ms": 172800001}"#)), 1);
}
