use rebound_sdk::prelude::*;
use rebound_sdk::testing::{Item, Scene, assert_templates};

use super::wording::UNUSED;
use super::{STAGES, Steps};

/// The first sentence of each step once these custodies were seen.
fn told(custodies: &[&str]) -> Vec<String> {
    let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
    scene.timeline = custodies
        .iter()
        .map(|custody| CustodyEvent { custody: custody.to_string(), at: 1, line: None, extra: Vec::new() })
        .collect();
    let steps = scene.narrate::<Steps>().unwrap();
    let words = |step: &Step| step.copy[0].template.strip_prefix("progress.").unwrap().to_string();
    steps.iter().map(words).collect()
}

#[test]
fn every_sentence_exists_in_both_locales_and_claims_nothing() {
    assert_templates::<Steps>(&["zh-CN", "en"]);
}

#[test]
fn five_steps_each_stand_for_one_custody() {
    let steps = Scene::returning(&Item::new(1, "Wool coat", 10_000)).narrate::<Steps>().unwrap();
    let stand_for: Vec<_> = steps.iter().map(|step| step.stands_for.join(",")).collect();
    assert_eq!(stand_for, ["label-issued", "in-transit", "received", "inspected", "refunded"]);
    assert!(steps.iter().all(|step| step.persona.as_deref() == Some("guide")));
}

#[test]
fn a_step_is_told_as_done_only_after_its_custody() {
    let ahead = ["label-ahead", "transit-ahead", "received-ahead", "inspected-ahead", "refunded-ahead"];
    assert_eq!(told(&[]), ahead);
    assert_eq!(told(&["a word of tomorrow"]), ahead);
    assert_eq!(
        told(&["label-issued", "in-transit"]),
        ["label-done", "transit-done", "received-ahead", "inspected-ahead", "refunded-ahead"]
    );
}

#[test]
fn before_anything_happened_nothing_is_said_to_have_begun_or_ended() {
    let texts = STAGES.iter().flat_map(|stage| [stage.title, stage.ahead]).flat_map(|words| words.texts);
    for (_, text) in texts {
        let untrue = ["已", "正在", "到账", "途中", "We are", "its way", "Received", "Refunded", "Looked"];
        assert!(untrue.iter().all(|word| !text.contains(word)), "{text}");
    }
}

#[test]
fn a_step_without_a_record_is_not_waited_for_once_the_return_is_further_on() {
    assert_eq!(
        told(&["received", "refunded"]),
        ["passed", "passed", "received-done", "passed", "refunded-done"]
    );
}

#[test]
fn unused_benefits_are_told_when_the_refund_has_landed_and_not_before() {
    let told = |custody: &str| {
        let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
        let custody = custody.to_string();
        scene.timeline = vec![CustodyEvent { custody, at: 1, line: None, extra: Vec::new() }];
        let steps = scene.narrate::<Steps>().unwrap();
        steps.iter().flat_map(|step| &step.copy).any(|words| *words == UNUSED.about(Subject::Plan))
    };
    assert!(told("refunded"));
    assert!(!told("inspected"));
}

const DAY: u64 = 24 * 60 * 60 * 1_000;

/// The sentences of each step beside its own, so long after the request and with these usual 90th percentiles.
fn pace(elapsed: u64, custodies: &[&str], usual: &[(&str, u64, u32)]) -> Vec<Vec<String>> {
    let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
    scene.context.now = scene.context.event.requested_at + elapsed;
    let seen =
        |custody: &&str| CustodyEvent { custody: custody.to_string(), at: 1, line: None, extra: Vec::new() };
    scene.timeline = custodies.iter().map(seen).collect();
    let usually = |(custody, p90, count): &(&str, u64, u32)| Usual {
        custody: custody.to_string(),
        median: p90 / 2,
        p90: *p90,
        count: *count,
    };
    scene.usual = usual.iter().map(usually).collect();
    let words = |words: &Sentence| words.template.strip_prefix("progress.").unwrap().to_string();
    let steps = scene.narrate::<Steps>().unwrap();
    steps.iter().map(|step| step.copy[1..].iter().map(words).collect()).collect()
}

#[test]
fn a_usual_duration_is_told_of_the_next_step_alone_and_from_enough_returns() {
    let usual = [("label-issued", DAY, 30), ("in-transit", DAY, 30)];
    let told = |step: usize, words: &str| {
        let mut steps = vec![Vec::new(); 5];
        steps[step] = vec![words.to_string()];
        steps
    };
    let silent = vec![Vec::<String>::new(); 5];
    assert_eq!(pace(0, &[], &usual), told(0, "usual-next-day"));
    assert_eq!(pace(0, &["label-issued"], &usual), told(1, "usual-next-day"));
    // A step that left no record is passed; the usual says nothing of it.
    assert_eq!(pace(0, &["in-transit"], &usual), silent);
    assert_eq!(pace(0, &[], &[("label-issued", DAY, 29)]), silent);
    assert_eq!(pace(0, &[], &[("received", DAY, 30)]), silent);
    assert_eq!(pace(0, &[], &[("label-issued", DAY + 1, 30)]), told(0, "usual-few-days"));
    assert_eq!(pace(0, &[], &[("label-issued", 5 * DAY, 30)]), told(0, "usual-few-days"));
    assert_eq!(pace(0, &[], &[("label-issued", 5 * DAY + 1, 30)]), silent);
}

#[test]
fn a_return_slower_than_most_is_told_so_and_not_what_is_usual() {
    let slow = |elapsed, p90| pace(elapsed, &[], &[("label-issued", p90, 30)])[0].clone();
    assert_eq!(slow(DAY, DAY), ["usual-next-day"]);
    assert_eq!(slow(DAY + 1, DAY), ["slow"]);
    // Slower than what is too long to tell is slow all the same.
    assert_eq!(slow(9 * DAY + 1, 9 * DAY), ["slow"]);
    assert_eq!(pace(2 * DAY, &[], &[("label-issued", DAY, 29)])[0], [""; 0]);
    // With the last step done there is nothing to wait for.
    assert!(pace(99 * DAY, &["refunded"], &[("refunded", DAY, 30)])[4].iter().all(|words| words == "unused"));
}

#[test]
fn the_one_who_tells_is_called_an_assistant() {
    let personas = rebound_sdk::testing::describe::<Steps>().personas;
    assert_eq!(personas.len(), 2);
    assert!(
        personas.iter().all(|it| it.role.contains("助手") || it.role.contains("assistant")),
        "{personas:?}"
    );
}
