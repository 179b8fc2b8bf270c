use super::*;
use crate::answer::{
    Achievement, Benefit, Card, Care, FollowUp, Grant, Prize, Scope, Sentence, StateChange, Subject, Terms,
};
use crate::ids::ProductId;
use crate::money::{BasisPoints, INTEGER_MAX, Money};
use crate::testing::{
    self, COAT, DRESS, NOTHING, SCARF, Shop, classification as classified, offer, proposal, returning, say,
    shop, terms,
};
use crate::time::Duration;

mod coupons;

/// A dress comes back; the strategy has one template, `hello`.
struct Desk {
    shop: Shop,
    situation: Situation,
    manifest: Manifest,
    limits: Limits,
}

impl Desk {
    fn new() -> Self {
        let shop = shop();
        let situation = returning(&shop, "en", &[DRESS]);
        let manifest = testing::manifest("a/b@1.0.0", &[("hello", "en", "Hello.")]);
        Self { shop, situation, manifest, limits: Limits::default() }
    }

    fn classified(&self, change: impl FnOnce(&mut Classification)) -> Result<(), InvalidOutput> {
        let mut answer = classified();
        change(&mut answer);
        classification(&self.situation, &self.shop, &self.manifest, &self.limits, &answer)
    }

    fn offered(&self, offers: Vec<Offer>) -> Result<(), InvalidOutput> {
        let answer = Recommendations { offers, state: StateChange::Keep };
        recommendations(&self.situation, &self.shop, &self.manifest, &self.limits, &answer)
    }

    fn one_offer(&self, change: impl FnOnce(&mut Offer)) -> Result<(), InvalidOutput> {
        let mut coat = offer(COAT);
        change(&mut coat);
        self.offered(vec![coat])
    }

    fn compensated(&self, answer: &Compensation) -> Result<(), InvalidOutput> {
        let offers = [offer(COAT)];
        compensation(&self.situation, &self.shop, &self.manifest, &self.limits, &offers, answer)
    }

    fn proposed(&self, proposals: Vec<Proposal>) -> Result<(), InvalidOutput> {
        self.compensated(&Compensation { proposals, ..Compensation::default() })
    }

    fn one_coupon(&self, benefit: Benefit, change: impl FnOnce(&mut Terms)) -> Result<(), InvalidOutput> {
        let mut terms = terms(benefit);
        change(&mut terms);
        self.proposed(vec![Proposal { grant: Grant::Fixed(terms), copy: Vec::new() }])
    }

    fn followed_up(&self, change: impl FnOnce(&mut FollowUp)) -> Result<(), InvalidOutput> {
        let mut follow_up = FollowUp {
            after: Duration::hours(48),
            channel: "email".to_owned(),
            about: Subject::Plan,
            copy: vec![say("hello", Subject::Plan)],
        };
        change(&mut follow_up);
        self.compensated(&Compensation { follow_ups: vec![follow_up], ..Compensation::default() })
    }

    fn shared(&self, answer: &ShareKit) -> Result<(), InvalidOutput> {
        let (offers, proposals) = ([offer(COAT)], [proposal(Benefit::FreeShipping)]);
        share_kit(&self.situation, &self.shop, &self.manifest, &self.limits, &offers, &proposals, answer)
    }

    fn narrated(&self, answer: &[Step]) -> Result<(), InvalidOutput> {
        steps(&self.situation, &self.shop, &self.manifest, &self.limits, answer)
    }
}

#[track_caller]
fn refuses(result: Result<(), InvalidOutput>, field: &str, reason: &str) {
    let error = result.expect_err(field);
    assert_eq!((error.field.as_str(), error.reason.as_str()), (field, reason));
}

#[track_caller]
fn stands(result: Result<(), InvalidOutput>) {
    assert_eq!(result, Ok(()));
}

fn hello(count: usize) -> Vec<Sentence> {
    vec![say("hello", Subject::Plan); count]
}

fn card() -> Card {
    Card {
        title: say("hello", Subject::Plan),
        body: Vec::new(),
        talk_track: Vec::new(),
        hashtags: Vec::new(),
        reward: None,
    }
}

fn achievement() -> Achievement {
    Achievement {
        key: "first-share".to_owned(),
        title: say("hello", Subject::Plan),
        counts: "shares".to_owned(),
        target: 1,
        reward: None,
    }
}

#[test]
fn an_error_reads_as_a_sentence() {
    let error = Desk::new().one_offer(|it| it.score = f32::NAN).unwrap_err();
    assert_eq!(error.to_string(), "offers[0].score is NaN; give a finite number");
}

#[test]
fn a_full_classification_stands() {
    stands(Desk::new().classified(|it| {
        it.segment.confidence = 1.0;
        it.segment.evidence = hello(16);
        it.segment.traits = vec!["organic-cotton".to_owned(); 32];
        it.acknowledgement = vec![say("hello", Subject::Returned(0))];
        it.care = vec![care(); 32];
        it.state = StateChange::Put(vec![0; 4096]);
    }));
}

fn care() -> Care {
    Care { action: "priority-reship".to_owned(), line: Some(0), after: Duration::days(366), copy: hello(16) }
}

#[test]
fn words_are_kebab_case_and_short() {
    let desk = Desk::new();
    let reason = |word: &str| {
        format!("is {}; give lower-case words joined by hyphens, at most 64 bytes", quoted(word))
    };
    for bad in ["", "Loyal", "very loyal", "loyal\n", "a--b", &"a".repeat(65)] {
        refuses(desk.classified(|it| it.segment.key = bad.to_owned()), "segment.key", &reason(bad));
    }
    stands(desk.classified(|it| it.segment.key = "a".repeat(64)));
    refuses(
        desk.classified(|it| it.segment.traits = vec!["ok".to_owned(), "Not".to_owned()]),
        "segment.traits[1]",
        &reason("Not"),
    );
    refuses(desk.one_offer(|it| it.kind = "up_grade".to_owned()), "offers[0].kind", &reason("up_grade"));
}

#[test]
fn confidence_is_a_share() {
    let desk = Desk::new();
    for bad in [f32::NAN, f32::INFINITY, -0.001, 1.001] {
        let reason = format!("is {bad}; give 0 to 1");
        refuses(desk.classified(|it| it.segment.confidence = bad), "segment.confidence", &reason);
    }
    stands(desk.classified(|it| it.segment.confidence = 0.0));
}

#[test]
fn every_list_has_a_limit() {
    let desk = Desk::new();
    let (seventeen, thirty_three) =
        ("holds 17 entries; send at most 16", "holds 33 entries; send at most 32");
    refuses(desk.classified(|it| it.segment.evidence = hello(17)), "segment.evidence", seventeen);
    refuses(
        desk.classified(|it| it.segment.traits = vec!["a".to_owned(); 33]),
        "segment.traits",
        thirty_three,
    );
    refuses(desk.classified(|it| it.acknowledgement = hello(17)), "acknowledgement", seventeen);
    refuses(desk.classified(|it| it.care = vec![care(); 33]), "care", thirty_three);
    refuses(desk.offered(vec![offer(COAT); 33]), "offers", thirty_three);
    stands(desk.offered(vec![offer(COAT); 32]));
    refuses(desk.one_offer(|it| it.copy = hello(17)), "offers[0].copy", seventeen);
    refuses(
        desk.proposed(vec![proposal(Benefit::FreeShipping); 9]),
        "proposals",
        "holds 9 entries; send at most 8",
    );
    let follow_up =
        FollowUp { after: Duration(0), channel: "email".to_owned(), about: Subject::Plan, copy: Vec::new() };
    refuses(
        desk.compensated(&Compensation { follow_ups: vec![follow_up; 33], ..Compensation::default() }),
        "follow_ups",
        thirty_three,
    );
    refuses(desk.shared(&ShareKit { cards: vec![card(); 33], ..ShareKit::default() }), "cards", thirty_three);
    for (field, card) in [
        ("cards[0].body", Card { body: hello(17), ..card() }),
        ("cards[0].talk_track", Card { talk_track: hello(17), ..card() }),
        ("cards[0].hashtags", Card { hashtags: hello(17), ..card() }),
    ] {
        refuses(desk.shared(&ShareKit { cards: vec![card], ..ShareKit::default() }), field, seventeen);
    }
    refuses(
        desk.shared(&ShareKit { achievements: vec![achievement(); 33], ..ShareKit::default() }),
        "achievements",
        thirty_three,
    );
    let step = testing::step("received", "hello");
    refuses(desk.narrated(&vec![step.clone(); 33]), "steps", thirty_three);
    let stands_for = vec!["received".to_owned(); 33];
    refuses(desk.narrated(&[Step { stands_for, ..step }]), "steps[0].stands_for", thirty_three);
}

#[test]
fn state_is_small() {
    let reason = "has 4097 bytes, over the limit of 4096; keep less";
    let state = StateChange::Put(vec![0; 4097]);
    let desk = Desk::new();
    refuses(desk.classified(|it| it.state = state.clone()), "state", reason);
    refuses(
        desk.compensated(&Compensation { state: state.clone(), ..Compensation::default() }),
        "state",
        reason,
    );
    refuses(desk.shared(&ShareKit { state: state.clone(), ..ShareKit::default() }), "state", reason);
    let answer = Recommendations { offers: Vec::new(), state };
    refuses(
        recommendations(&desk.situation, &desk.shop, &desk.manifest, &desk.limits, &answer),
        "state",
        reason,
    );
}

#[test]
fn care_actions_are_the_policy_s() {
    let desk = Desk::new();
    refuses(
        desk.classified(|it| it.care = vec![Care { action: "free-holiday".to_owned(), ..care() }]),
        "care[0].action",
        "is `free-holiday`, none of this event's care actions; they are priority-reship",
    );
    refuses(
        desk.classified(|it| it.care = vec![care(), Care { line: Some(1), ..care() }]),
        "care[1].line",
        "is return line 1; there are 1, counted from 0",
    );
    refuses(
        desk.classified(|it| it.care = vec![Care { after: Duration(31_622_400_001), ..care() }]),
        "care[0].after",
        "is 31622400001 ms; give at most 31622400000 ms",
    );
}

#[test]
fn sentences_name_declared_templates_about_what_there_is() {
    let desk = Desk::new();
    let undeclared = "is `goodbye`, which the manifest does not declare; declare it in at least one locale";
    let copy = |template, about| vec![say(template, about)];
    refuses(
        desk.classified(|it| it.acknowledgement = copy("goodbye", Subject::Plan)),
        "acknowledgement[0].template",
        undeclared,
    );
    refuses(
        desk.classified(|it| it.acknowledgement = copy("hello", Subject::Returned(1))),
        "acknowledgement[0].about",
        "is return line 1; there are 1, counted from 0",
    );
    let none = "is offer 0; there are 0, counted from 0";
    refuses(
        desk.classified(|it| it.acknowledgement = copy("hello", Subject::Offered(0))),
        "acknowledgement[0].about",
        none,
    );
    stands(desk.one_offer(|it| it.copy = copy("hello", Subject::Offered(0))));
    refuses(
        desk.one_offer(|it| it.copy = copy("hello", Subject::Offered(1))),
        "offers[0].copy[0].about",
        "is offer 1; there are 1, counted from 0",
    );
    refuses(
        desk.one_offer(|it| it.copy = copy("hello", Subject::Proposed(0))),
        "offers[0].copy[0].about",
        "is proposal 0; there are 0, counted from 0",
    );
    let said = |about| Proposal { copy: copy("hello", about), ..proposal(Benefit::FreeShipping) };
    stands(desk.proposed(vec![said(Subject::Offered(0)), said(Subject::Proposed(1))]));
    refuses(
        desk.proposed(vec![said(Subject::Proposed(1))]),
        "proposals[0].copy[0].about",
        "is proposal 1; there are 1, counted from 0",
    );
    let title = |about| ShareKit {
        cards: vec![Card { title: say("hello", about), ..card() }],
        ..ShareKit::default()
    };
    stands(desk.shared(&title(Subject::Offered(0))));
    stands(desk.shared(&title(Subject::Proposed(0))));
    refuses(
        desk.shared(&title(Subject::Proposed(1))),
        "cards[0].title.about",
        "is proposal 1; there are 1, counted from 0",
    );
    let step = Step { title: say("goodbye", Subject::Plan), ..testing::step("received", "hello") };
    refuses(desk.narrated(&[step]), "steps[0].title.template", undeclared);
    let achievements = vec![Achievement { title: say("goodbye", Subject::Plan), ..achievement() }];
    refuses(
        desk.shared(&ShareKit { achievements, ..ShareKit::default() }),
        "achievements[0].title.template",
        undeclared,
    );
    refuses(
        desk.classified(|it| it.care = vec![Care { copy: copy("goodbye", Subject::Plan), ..care() }]),
        "care[0].copy[0].template",
        undeclared,
    );
}

#[test]
fn offers_are_of_the_catalogue_and_within_the_policy() {
    let desk = Desk::new();
    refuses(
        desk.one_offer(|it| it.product = NOTHING),
        "offers[0].product",
        "is 99, which the catalogue does not hold; use ids it gave",
    );
    refuses(
        desk.one_offer(|it| it.resolution = Some("repair".to_owned())),
        "offers[0].resolution",
        "is `repair`, none of this event's resolutions; they are refund, exchange, store-credit",
    );
    refuses(
        desk.one_offer(|it| it.for_line = Some(1)),
        "offers[0].for_line",
        "is return line 1; there are 1, counted from 0",
    );
    refuses(desk.one_offer(|it| it.quantity = 0), "offers[0].quantity", "is 0; offer at least 1");
    for score in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let reason = format!("is {score}; give a finite number");
        refuses(desk.one_offer(|it| it.score = score), "offers[0].score", &reason);
    }
    refuses(
        desk.one_offer(|it| it.price_hold = Some(Duration(86_400_001))),
        "offers[0].price_hold",
        "is 86400001 ms; give at most 86400000 ms",
    );
    stands(desk.one_offer(|it| {
        it.resolution = Some("store-credit".to_owned());
        it.for_line = Some(0);
        it.score = f32::MIN;
        it.price_hold = Some(Duration::hours(24));
    }));
}

#[test]
fn what_comes_back_is_offered_only_as_an_exchange_of_itself() {
    let desk = Desk::new();
    let reason = "is 1, which is being returned; offer it only as an exchange";
    for resolution in [None, Some("store-credit".to_owned())] {
        refuses(desk.offered(vec![Offer { resolution, ..offer(DRESS) }]), "offers[0].product", reason);
    }
    stands(desk.offered(vec![Offer { resolution: Some("exchange".to_owned()), ..offer(DRESS) }]));
}

#[test]
fn follow_ups_reach_who_agreed_within_the_horizon() {
    let mut desk = Desk::new();
    stands(desk.followed_up(|it| it.about = Subject::Offered(0)));
    refuses(
        desk.followed_up(|it| it.channel = "sms".to_owned()),
        "follow_ups[0].channel",
        "is `sms`, none of this event's reachable channels; they are email",
    );
    refuses(
        desk.followed_up(|it| it.after = Duration(u64::MAX)),
        "follow_ups[0].after",
        "is 18446744073709551615 ms; give at most 31622400000 ms",
    );
    refuses(
        desk.followed_up(|it| it.about = Subject::Proposed(0)),
        "follow_ups[0].about",
        "is proposal 0; there are 0, counted from 0",
    );
    refuses(
        desk.followed_up(|it| it.copy = vec![say("goodbye", Subject::Plan)]),
        "follow_ups[0].copy[0].template",
        "is `goodbye`, which the manifest does not declare; declare it in at least one locale",
    );
    desk.situation.customer.reachable.clear();
    refuses(
        desk.followed_up(|_| {}),
        "follow_ups[0].channel",
        "is `email`, none of this event's reachable channels; there are none",
    );
}

#[test]
fn achievements_can_be_reached_and_rewards_are_checked() {
    let desk = Desk::new();
    let kit = |achievement| ShareKit { achievements: vec![achievement], ..ShareKit::default() };
    refuses(
        desk.shared(&kit(Achievement { target: 0, ..achievement() })),
        "achievements[0].target",
        "is 0; an achievement needs at least 1",
    );
    let word = "is `All Of Them`; give lower-case words joined by hyphens, at most 64 bytes";
    refuses(
        desk.shared(&kit(Achievement { counts: "All Of Them".to_owned(), ..achievement() })),
        "achievements[0].counts",
        word,
    );
    refuses(
        desk.shared(&kit(Achievement { key: "All Of Them".to_owned(), ..achievement() })),
        "achievements[0].key",
        word,
    );
    let dear = Some(proposal(Benefit::AmountOff(Money(8_001))));
    let over = "is worth 8001 minor units; this event allows 8000";
    refuses(
        desk.shared(&kit(Achievement { reward: dear.clone(), ..achievement() })),
        "achievements[0].reward.grant.benefit",
        over,
    );
    let cards = vec![Card { reward: dear, ..card() }];
    refuses(desk.shared(&ShareKit { cards, ..ShareKit::default() }), "cards[0].reward.grant.benefit", over);
}

#[test]
fn steps_name_declared_personas_and_plain_words() {
    let desk = Desk::new();
    let step = testing::step("received", "hello");
    stands(desk.narrated(&[Step { persona: Some("mei".to_owned()), ..step.clone() }]));
    refuses(
        desk.narrated(&[Step { persona: Some("bot".to_owned()), ..step.clone() }]),
        "steps[0].persona",
        "names `bot`, which the manifest does not declare; declare it",
    );
    let word = "is `In Transit`; give lower-case words joined by hyphens, at most 64 bytes";
    refuses(
        desk.narrated(&[Step { stands_for: vec!["In Transit".to_owned()], ..step.clone() }]),
        "steps[0].stands_for[0]",
        word,
    );
    refuses(
        desk.narrated(&[step.clone(), Step { key: "In Transit".to_owned(), ..step.clone() }]),
        "steps[1].key",
        word,
    );
    refuses(
        desk.narrated(&[Step { copy: vec![say("hello", Subject::Offered(0))], ..step }]),
        "steps[0].copy[0].about",
        "is offer 0; there are 0, counted from 0",
    );
}

#[test]
fn hostile_text_is_cut_in_an_error() {
    let error = Desk::new().classified(|it| it.segment.key = "x\u{202e}".repeat(30_000)).unwrap_err();
    assert!(error.reason.len() < 1_024, "{}", error.reason.len());
    assert!(!error.reason.contains('\u{202e}'));
}
