//! What the house has against a sentence before any ledger is asked.

use std::collections::BTreeMap;

use super::*;
use crate::claims::Constant;
use crate::ids::ConstantKey;
use crate::manifest::Persona;
use crate::plan::Dropped;
use crate::policy::ClaimsMode;

const LYING: [(&str, &str, &str); 2] = [("lie", "en", "Only 3 left."), ("hello", "en", "Hello.")];

/// A desk at which a version of a plugin says these templates, each once.
fn saying(plugin: &str, texts: &[(&str, &str, &str)], personas: Vec<Persona>) -> Desk {
    let mut manifest = testing::manifest(plugin, texts);
    manifest.personas = personas;
    let templates = Arc::new(Templates::new(&manifest).unwrap());
    let by = Published { manifest: Arc::new(manifest), templates, digest: Digest::of(b"") };
    let acknowledgement = texts.iter().map(|(key, ..)| say(key, Subject::Plan)).collect();
    let answer = Classification { acknowledgement, ..classification() };
    let mut desk = Desk::new();
    desk.answers.segmentation = Some(Answered { by, slots: 1, answer });
    desk
}

fn reasons(dropped: &[Dropped]) -> Vec<(&str, &str)> {
    dropped
        .iter()
        .filter(|it| it.about == Subject::Plan)
        .map(|it| (it.template.as_str(), it.reason.as_str()))
        .collect()
}

#[test]
fn enforced_a_violating_line_is_dropped_and_reported_it_is_said_and_told() {
    let mut desk = saying("a/liar@1.0.0", &LYING, Vec::new());
    let plan = desk.plan();
    assert_eq!(plan.acknowledgement.len(), 1);
    assert!(reasons(&plan.dropped).contains(&("lie", "claims-violated")), "{:?}", plan.dropped);
    assert_eq!(plan.trace.violations, []);

    desk.policy.claims = ClaimsMode::Report;
    let acknowledgement =
        vec![say("lie", Subject::Plan), say("hello", Subject::Plan), say("lie", Subject::Plan)];
    desk.answers.segmentation.as_mut().unwrap().answer.acknowledgement = acknowledgement;
    let plan = desk.plan();
    assert_eq!(plan.acknowledgement.len(), 3);
    let told: Vec<_> =
        plan.trace.violations.iter().map(|it| (it.rule.as_str(), it.excerpt.as_str(), it.lines)).collect();
    assert_eq!(told, [("figure", "3", 2), ("stock-claim", "left", 2)]);
}

#[test]
fn a_line_that_is_dropped_for_its_facts_violates_nothing() {
    let mut desk = saying("a/liar@1.0.0", &[("lie", "en", "Only 3 of {item}.")], Vec::new());
    desk.policy.claims = ClaimsMode::Report;
    let plan = desk.plan();
    assert_eq!(plan.acknowledgement, Vec::<Line>::new());
    assert_eq!(plan.trace.violations, [], "two items come back, so none is named");
}

#[test]
fn unapproved_texts_are_not_said_in_either_mode() {
    for mode in [ClaimsMode::Enforce, ClaimsMode::Report] {
        let mut desk = saying("partner/first@1.0.0", &[("hello", "en", "Hello.")], Vec::new());
        desk.policy.claims = mode;
        assert_eq!(reasons(&desk.plan().dropped), [("hello", "templates-unapproved")]);
        let texts = desk.answers.segmentation.as_ref().unwrap().by.templates.texts();
        desk.book.approve(&"partner/first".parse().unwrap(), texts);
        assert_eq!(reasons(&desk.plan().dropped), []);
    }
}

#[test]
fn a_constant_that_nobody_declared_silences_its_line() {
    let mut desk = saying("a/promise@1.0.0", &[("hello", "en", "{const.care} here.")], Vec::new());
    let plan = desk.plan();
    assert_eq!(reasons(&plan.dropped), [("hello", "constant-unknown")]);
    assert_eq!(plan.dropped[0].fact.as_deref(), Some("const.care"));
    desk.book.declare(Constant {
        key: ConstantKey::new("care").unwrap(),
        texts: BTreeMap::from([("en".to_owned(), "24-hour care".to_owned())]),
        owner: "Mei".to_owned(),
        starts: None,
        ends: NOW + Duration::hours(1),
    });
    let text = "24-hour care".to_owned();
    let fact = Piece::Fact { fact: "const.care".to_owned(), value: FactValue::Text(text.clone()), text };
    assert_eq!(desk.plan().acknowledgement[0][0], fact);
}

#[test]
fn a_persona_is_held_to_the_same_rules() {
    let persona = |name: &str| Persona {
        key: "mei".to_owned(),
        locale: "en".to_owned(),
        name: name.to_owned(),
        role: "Desk".to_owned(),
    };
    let introduced = |plugin: &str, name: &str, mode| {
        let mut desk = saying(plugin, &[("hello", "en", "Hello.")], vec![persona(name)]);
        desk.policy.claims = mode;
        let by = desk.answers.segmentation.as_ref().unwrap().by.clone();
        let answer = vec![Step { persona: Some("mei".to_owned()), ..step("a", "hello") }];
        desk.answers.progress = Some(Answered { by, slots: 1, answer });
        let plan = desk.plan();
        (plan.progress.first().is_some_and(|step| step.persona.is_some()), plan.trace.violations.len())
    };
    assert_eq!(introduced("a/b@1.0.0", "Mei", ClaimsMode::Enforce), (true, 0));
    assert_eq!(introduced("a/b@1.0.0", "Mei, last chance", ClaimsMode::Enforce), (false, 0));
    assert_eq!(introduced("a/b@1.0.0", "Mei, last chance", ClaimsMode::Report), (true, 1));
    assert_eq!(introduced("partner/b@1.0.0", "Mei", ClaimsMode::Enforce), (false, 0));
}
