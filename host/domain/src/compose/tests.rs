//! Sections of the plan one by one. What holds for any answers is in `properties`.

mod claims;
mod properties;

use std::sync::Arc;

use super::*;
use crate::answer::{Achievement, Benefit, Card, Care, FollowUp, Grant, Offer, Proposal, Sentence, Subject};
use crate::coupon::Code;
use crate::manifest::Stage;
use crate::money::{BasisPoints, Money};
use crate::plan::{FactValue, Line, Piece, PlanHold, PlanPersona, RefundLine};
use crate::testing::{
    self, COAT, DRESS, LIPSTICK, NOTHING, NOW, SCARF, Shop, classification, offer, proposal, request,
    returning, say, shop, step,
};
use crate::time::{Duration, Instant, Utc};

/// What every strategy of these tests may say.
const TEMPLATES: [(&str, &str, &str); 6] = [
    ("odds", "en", "Odds of {odds}."),
    ("unused", "en", "{unused_benefits} to use."),
    ("hello", "en", "Hello."),
    ("item", "en", "About {item}."),
    ("stock", "en", "Only {stock_left} left."),
    ("coupon", "en", "Your {coupon_amount} coupon."),
];

struct Desk {
    shop: Shop,
    situation: Situation,
    request: ReturnRequest,
    policy: Policy,
    book: Book,
    timeline: Vec<CustodyEvent>,
    answers: Answers,
    unused_benefits: Money,
    secrets: Option<Known>,
}

/// Draws what the test says, and numbers codes as proposals are numbered.
struct Known(u128);

impl Secrets for Known {
    fn draw(&self, _proposal: usize) -> u128 {
        self.0
    }
    fn code(&self, proposal: usize) -> Code {
        Code::first_of([proposal as u64]).unwrap()
    }
}

impl Desk {
    fn new() -> Self {
        let shop = shop();
        let situation = returning(&shop, "en", &[DRESS, LIPSTICK]);
        let request = request(&situation);
        let (policy, timeline, answers) = (own(testing::policy()), Vec::new(), Answers::default());
        let (unused_benefits, secrets) = (Money::ZERO, Some(Known(0)));
        Self {
            shop,
            situation,
            request,
            policy,
            book: Book::default(),
            timeline,
            answers,
            unused_benefits,
            secrets,
        }
    }

    fn decision(&self) -> Decision<'_> {
        Decision {
            request: &self.request,
            situation: &self.situation,
            policy: &self.policy,
            book: &self.book,
            catalog: &self.shop,
            timeline: &self.timeline,
            answers: &self.answers,
            unused_benefits: self.unused_benefits,
            zone: &Utc,
            secrets: self.secrets.as_ref().map(|secrets| secrets as &dyn Secrets),
        }
    }

    fn plan(&self) -> Plan {
        plan(&self.decision(), Vec::new(), Vec::new())
    }

    fn recommend(&mut self, plugin: &str, slots: u32, offers: Vec<Offer>) -> &mut Self {
        let answer = Recommendations { offers, ..Recommendations::default() };
        self.answers.recommendation.push(answered(plugin, slots, answer));
        self
    }

    fn compensate(&mut self, plugin: &str, slots: u32, answer: Compensation) -> &mut Self {
        self.answers.coupon.push(answered(plugin, slots, answer));
        self
    }
}

/// The strategies of these tests are the operator's own.
fn own(policy: Policy) -> Policy {
    Policy { own_namespaces: vec!["a".to_owned()], ..policy }
}

fn answered<T>(plugin: &str, slots: u32, answer: T) -> Answered<T> {
    let manifest = testing::manifest(plugin, &TEMPLATES);
    let templates = Templates::new(&manifest).unwrap();
    let digest = Digest::of(plugin.as_bytes());
    let by = Published { manifest: Arc::new(manifest), templates: Arc::new(templates), digest };
    Answered { by, slots, answer }
}

fn text(line: &Line) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal { literal } => literal.clone(),
        Piece::Fact { text, .. } => text.clone(),
    };
    line.iter().map(piece).collect()
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(text).collect()
}

/// Stage, plugin, template, subject, fact and reason.
type DroppedLine<'a> = (Stage, &'a str, &'a str, Subject, Option<&'a str>, &'a str);

fn dropped(plan: &Plan) -> Vec<DroppedLine<'_>> {
    let dropped = plan.dropped.iter();
    dropped
        .map(|it| {
            let plugin = it.plugin.name.as_str();
            (it.stage, plugin, it.template.as_str(), it.about, it.fact.as_deref(), it.reason.as_str())
        })
        .collect()
}

fn saying(product: ProductId, copy: &[Sentence]) -> Offer {
    Offer { copy: copy.to_vec(), ..offer(product) }
}

#[test]
fn without_any_answer_the_plan_is_the_plain_refund() {
    let desk = Desk::new();
    let plan = desk.plan();
    let line = |sku: &str, amount| RefundLine {
        sku: crate::ids::Sku::new(sku).unwrap(),
        quantity: 1,
        amount: Money(amount),
        order_id: desk.request.lines[0].order_id.clone(),
    };
    assert_eq!(plan.refund.amount, Money(59_800));
    assert_eq!(plan.refund.window_ends, Some(NOW + Duration::days(10)));
    assert_eq!(plan.refund.lines, [line("sku-1", 39_900), line("sku-4", 19_900)]);
    assert_eq!((plan.segment.key.as_str(), plan.segment.confidence), ("unknown", 0.0));
    assert_eq!((plan.decided_at, plan.locale.as_str(), plan.currency.as_str()), (NOW, "en", "CNY"));
    assert_eq!(plan.return_id, desk.request.return_id);
    assert_eq!((&plan.source, &plan.event_id), (&desk.request.source, &desk.request.id));
    assert_eq!(plan.customer_id, desk.request.customer_id);
    assert!(plan.offers.is_empty() && plan.coupons.is_empty() && plan.care.is_empty());
    assert!(plan.follow_ups.is_empty() && plan.progress.is_empty() && plan.dropped.is_empty());
    assert_eq!((plan.sharing, plan.trace), (Default::default(), Trace::default()));
}

#[test]
fn a_classification_becomes_segment_acknowledgement_and_care() {
    let mut desk = Desk::new();
    let mut answer = classification();
    answer.segment.evidence = vec![say("item", Subject::Returned(0)), say("item", Subject::Plan)];
    answer.segment.traits = vec!["organic-cotton".to_owned()];
    answer.acknowledgement = vec![say("item", Subject::Returned(1))];
    let care = |action: &str, copy| Care {
        action: action.to_owned(),
        line: Some(0),
        after: Duration::hours(2),
        copy: vec![copy],
    };
    answer.care = vec![
        care("priority-reship", say("stock", Subject::Returned(0))),
        care("not-allowed", say("hello", Subject::Plan)),
    ];
    desk.answers.segmentation = Some(answered("a/segments@1.0.0", 1, answer));
    let plan = desk.plan();
    assert_eq!((plan.segment.key.as_str(), plan.segment.confidence), ("quality-sensitive", 0.8));
    assert_eq!(plan.segment.traits, ["organic-cotton"]);
    assert_eq!(texts(&plan.segment.evidence), ["About Linen dress."]);
    assert_eq!(texts(&plan.acknowledgement), ["About 哑光口红."]);
    // A care action stands without words, and only if the policy allows it.
    let [care] = &plan.care[..] else { panic!("{:?}", plan.care) };
    assert_eq!((care.action.as_str(), care.line), ("priority-reship", Some(0)));
    assert_eq!((care.due_at, care.copy.len()), (NOW + Duration::hours(2), 0));
    assert_eq!(
        dropped(&plan),
        [
            (Stage::Segmentation, "a/segments", "item", Subject::Plan, Some("item"), "fact-unknown"),
            (
                Stage::Segmentation,
                "a/segments",
                "stock",
                Subject::Returned(0),
                Some("stock_left"),
                "fact-unknown"
            ),
        ]
    );
}

#[test]
fn entries_are_merged_in_order_each_cut_to_its_slots_and_a_product_is_offered_once() {
    let mut desk = Desk::new();
    desk.recommend("a/upgrade@1.0.0", 2, vec![offer(COAT), offer(SCARF), offer(DRESS)]);
    let bundle = Offer { kind: "bundle".to_owned(), ..offer(SCARF) };
    desk.recommend("a/bundle@2.0.0", 3, vec![bundle, offer(LIPSTICK)]);
    let plan = desk.plan();
    let offers: Vec<_> =
        plan.offers.iter().map(|it| (it.product, it.plugin.to_string(), it.kind.as_str())).collect();
    assert_eq!(
        offers,
        [
            (COAT, "a/upgrade@1.0.0".to_owned(), "upgrade"),
            (SCARF, "a/upgrade@1.0.0".to_owned(), "upgrade"),
            (LIPSTICK, "a/bundle@2.0.0".to_owned(), "upgrade"),
        ]
    );
    let lipstick = &plan.offers[2];
    assert_eq!(
        (lipstick.title.as_str(), lipstick.price, lipstick.sku.as_str()),
        ("哑光口红", Money(19_900), "sku-4")
    );
}

#[test]
fn a_sentence_follows_its_offer_to_its_new_place() {
    let mut desk = Desk::new();
    desk.recommend("a/upgrade@1.0.0", 3, vec![offer(COAT)]);
    // Its own first offer is a duplicate: the coat's place is 0, the scarf's is 1.
    let scarf = saying(SCARF, &[say("item", Subject::Offered(0)), say("item", Subject::Offered(1))]);
    desk.recommend("a/bundle@1.0.0", 3, vec![offer(COAT), scarf]);
    let merged = merge_offers(&desk.answers.recommendation);
    let about: Vec<_> = merged.items[1].copy.iter().map(|sentence| sentence.about).collect();
    assert_eq!(about, [Subject::Offered(0), Subject::Offered(1)]);
    assert_eq!((merged.place(0, 0), merged.place(1, 0), merged.place(1, 1)), (Some(0), Some(0), Some(1)));
    assert_eq!((merged.place(1, 2), merged.place(2, 0)), (None, None));
    assert_eq!(merged.by, [0, 1]);
    assert_eq!(texts(&desk.plan().offers[1].copy), ["About Wool coat.", "About Silk scarf."]);
}

#[test]
fn a_sentence_about_an_offer_that_was_cut_is_left_out_and_recorded() {
    let mut desk = Desk::new();
    let coat = saying(COAT, &[say("item", Subject::Offered(1)), say("hello", Subject::Plan)]);
    desk.recommend("a/upgrade@1.0.0", 1, vec![coat, offer(SCARF)]);
    let plan = desk.plan();
    assert_eq!(texts(&plan.offers[0].copy), ["Hello."]);
    assert_eq!(
        dropped(&plan),
        [(Stage::Recommendation, "a/upgrade", "item", Subject::Offered(1), None, "subject-left-out")]
    );
    // Where a later entry offers the same product, the sentence is about that offer.
    desk.recommend("a/bundle@1.0.0", 1, vec![offer(SCARF)]);
    assert_eq!(texts(&desk.plan().offers[0].copy), ["About Silk scarf.", "Hello."]);
}

#[test]
fn an_offer_that_the_catalogue_no_longer_holds_is_left_out() {
    let mut desk = Desk::new();
    desk.recommend("a/upgrade@1.0.0", 3, vec![offer(NOTHING), offer(COAT)]);
    let plan = desk.plan();
    assert_eq!(plan.offers.iter().map(|offer| offer.product).collect::<Vec<_>>(), [COAT]);
}

#[test]
fn a_recommendation_id_depends_on_return_version_and_product_alone() {
    let id = |return_id: &str, plugin: &str, product| {
        recommendation_id(&ReturnId::new(return_id).unwrap(), &plugin.parse().unwrap(), product)
    };
    let first = id("r-1", "a/b@1.0.0", COAT);
    assert_eq!(first, "r-b12634884ce8e6a0", "ids are stored: they never change");
    assert_eq!(first, id("r-1", "a/b@1.0.0", COAT));
    for other in [id("r-2", "a/b@1.0.0", COAT), id("r-1", "a/b@1.0.1", COAT), id("r-1", "a/b@1.0.0", SCARF)] {
        assert_ne!(first, other);
    }
    let mut desk = Desk::new();
    desk.recommend("a/b@1.0.0", 3, vec![offer(COAT)]);
    assert_eq!(desk.plan().offers[0].recommendation_id, first);
}

#[test]
fn a_price_hold_stands_with_its_offer() {
    let mut desk = Desk::new();
    let hold = |hold, product| Offer { price_hold: Some(hold), ..offer(product) };
    let offers = vec![hold(Duration::hours(24), COAT), hold(Duration(0), SCARF), offer(LIPSTICK)];
    desk.recommend("a/b@1.0.0", 3, offers);
    let holds: Vec<_> = desk.plan().offers.iter().map(|offer| offer.hold).collect();
    let held = PlanHold { price: Money(129_900), until: NOW + Duration::hours(24) };
    assert_eq!(holds, [Some(held), None, None]);
}

fn reminder(about: Subject, copy: &[Sentence]) -> FollowUp {
    let (after, channel) = (Duration::hours(48), "email".to_owned());
    FollowUp { after, channel, about, copy: copy.to_vec() }
}

fn compensation(proposals: Vec<Proposal>, follow_ups: Vec<FollowUp>) -> Compensation {
    Compensation { proposals, follow_ups, ..Compensation::default() }
}

#[test]
fn a_proposal_becomes_a_coupon_and_the_plan_speaks_of_it() {
    let mut desk = Desk::new();
    let about = Subject::Proposed(0);
    let said = Proposal { copy: vec![say("coupon", about)], ..proposal(Benefit::AmountOff(Money(5_000))) };
    let follow_up = reminder(about, &[say("hello", Subject::Plan), say("coupon", about)]);
    desk.compensate("a/coupons@1.0.0", 1, compensation(vec![said], vec![follow_up]));
    desk.unused_benefits = Money(700);
    desk.answers.progress = Some(answered("a/progress@1.0.0", 1, vec![step("refunded", "unused")]));
    let plan = desk.plan();
    let [coupon] = &plan.coupons[..] else { panic!("{:?}", plan.coupons) };
    assert_eq!((coupon.plugin.to_string().as_str(), coupon.draw), ("a/coupons@1.0.0", None));
    assert_eq!(coupon.coupon.code, Some("0000-0000-0000-0".parse().unwrap()));
    assert_eq!(texts(&coupon.copy), ["Your CN¥50.00 coupon."]);
    assert_eq!(texts(&plan.follow_ups[0].copy), ["Hello.", "Your CN¥50.00 coupon."]);
    assert_eq!(text(&plan.progress[0].title), "CN¥57.00 to use.", "those of this plan included");
    assert!(plan.draws.is_empty() && plan.trace.proposals.is_empty() && plan.dropped.is_empty());
}

#[test]
fn nothing_is_said_of_a_coupon_after_its_end() {
    let mut desk = Desk::new();
    let about = Subject::Proposed(0);
    let mut short = testing::terms(Benefit::AmountOff(Money(5_000)));
    short.valid_for = Duration::hours(48);
    let proposals = vec![Proposal { grant: Grant::Fixed(short), copy: Vec::new() }];
    let contact = reminder(about, &[say("hello", Subject::Plan)]);
    let sentence = reminder(Subject::Plan, &[say("hello", about)]);
    desk.compensate("a/coupons@1.0.0", 1, compensation(proposals, vec![contact, sentence]));
    let plan = desk.plan();
    assert!(plan.follow_ups.is_empty());
    let reasons: Vec<_> = plan.dropped.iter().map(|line| line.reason.as_str()).collect();
    assert_eq!(reasons, ["coupon-over", "coupon-over"]);
}

#[test]
fn a_surprise_is_shown_with_its_odds_whatever_was_drawn() {
    let prize = |amount: Option<i64>, weight| crate::answer::Prize {
        terms: amount.map(|amount| testing::terms(Benefit::AmountOff(Money(amount)))),
        weight,
    };
    let prizes = vec![prize(None, 3), prize(Some(500), 1)];
    let about = Subject::Proposed(0);
    let copy = vec![say("odds", about), say("coupon", about)];
    let drawing = |secrets: Option<Known>| {
        let mut desk = Desk::new();
        desk.secrets = secrets;
        let proposals = vec![Proposal { grant: Grant::Surprise(prizes.clone()), copy: copy.clone() }];
        desk.compensate("a/coupons@1.0.0", 1, compensation(proposals, Vec::new()));
        desk.plan()
    };
    let odds = || "Odds of 25%.".to_owned();
    let lost = drawing(Some(Known(0)));
    assert!(lost.coupons.is_empty());
    assert_eq!((lost.draws[0].drawn, &lost.draws[0].prizes), (Some(0), &prizes));
    assert_eq!(texts(&lost.draws[0].copy), [odds()]);
    assert_eq!(lost.dropped[0].reason, "no-prize");
    let won = drawing(Some(Known(3)));
    assert_eq!((won.draws[0].drawn, won.coupons[0].draw, won.draws[0].copy.len()), (Some(1), Some(0), 0));
    assert_eq!(texts(&won.coupons[0].copy), [odds(), "Your CN¥5.00 coupon.".to_owned()]);
    let dry = drawing(None);
    assert_eq!((dry.draws[0].drawn, dry.coupons.len()), (None, 0));
    assert_eq!(texts(&dry.draws[0].copy), [odds()]);
}

#[test]
fn a_refused_proposal_is_recorded_and_nothing_is_said_of_it() {
    let mut desk = Desk::new();
    let said = Proposal { copy: vec![say("hello", Subject::Proposed(0))], ..proposal(Benefit::FreeShipping) };
    let cut = proposal(Benefit::PercentOff(BasisPoints(500)));
    let follow_ups = vec![
        reminder(Subject::Proposed(0), &[say("hello", Subject::Proposed(0))]),
        reminder(Subject::Plan, &[say("coupon", Subject::Plan)]),
        reminder(Subject::Plan, &[say("coupon", Subject::Plan), say("hello", Subject::Plan)]),
        reminder(Subject::Proposed(1), &[say("hello", Subject::Plan)]),
        reminder(Subject::Plan, &[say("item", Subject::Proposed(1))]),
        reminder(Subject::Plan, &[]),
        reminder(Subject::Proposed(0), &[say("hello", Subject::Plan)]),
    ];
    desk.compensate("a/coupons@1.0.0", 1, compensation(vec![said.clone(), cut], follow_ups));
    let plan = desk.plan();
    assert!(plan.coupons.is_empty());
    let refused = plan.trace.proposals.iter();
    let refused = refused.map(|it| (it.plugin.to_string(), it.stage, &it.grant, it.reason.as_str()));
    let want = [("a/coupons@1.0.0".to_owned(), Stage::Coupon, &said.grant, "unpriced")];
    assert_eq!(refused.collect::<Vec<_>>(), want);
    let [follow_up] = &plan.follow_ups[..] else { panic!("{:?}", plan.follow_ups) };
    assert_eq!((follow_up.due_at, follow_up.channel.as_str()), (NOW + Duration::hours(48), "email"));
    assert_eq!(texts(&follow_up.copy), ["Hello."]);
    const COUPON: Stage = Stage::Coupon;
    assert_eq!(
        dropped(&plan),
        [
            (COUPON, "a/coupons", "hello", Subject::Proposed(0), None, "not-minted"),
            (COUPON, "a/coupons", "hello", Subject::Proposed(0), None, "not-minted"),
            (COUPON, "a/coupons", "coupon", Subject::Plan, Some("coupon_amount"), "fact-unknown"),
            (COUPON, "a/coupons", "coupon", Subject::Plan, Some("coupon_amount"), "fact-unknown"),
            (COUPON, "a/coupons", "hello", Subject::Plan, None, "subject-left-out"),
            (COUPON, "a/coupons", "item", Subject::Proposed(1), None, "subject-left-out"),
            (COUPON, "a/coupons", "hello", Subject::Plan, None, "not-minted"),
        ]
    );
}

#[test]
fn proposals_are_merged_in_order_and_their_sentences_follow() {
    let about = |index| Proposal {
        copy: vec![say("hello", Subject::Proposed(index))],
        ..proposal(Benefit::AmountOff(Money(100)))
    };
    let answer = |proposals| Compensation { proposals, ..Compensation::default() };
    let mut desk = Desk::new();
    desk.compensate("a/b@1.0.0", 1, answer(vec![about(1), about(0)]));
    desk.compensate("a/c@1.0.0", 2, answer(vec![about(1), about(0)]));
    let merged = merge_proposals(&desk.answers.coupon);
    let subjects: Vec<Vec<_>> =
        merged.items.iter().map(|it| it.copy.iter().map(|sentence| sentence.about).collect()).collect();
    assert_eq!(subjects, [vec![], vec![Subject::Proposed(2)], vec![Subject::Proposed(1)]]);
    assert_eq!(merged.by, [0, 1, 1]);
    assert_eq!(merged.left_out, [LeftOut { by: 0, sentence: say("hello", Subject::Proposed(1)) }]);
}

#[test]
fn a_coupon_stage_s_sentences_about_offers_are_about_the_list_handed_in() {
    let mut desk = Desk::new();
    desk.recommend("a/upgrade@1.0.0", 1, vec![offer(COAT)]);
    desk.recommend("a/bundle@1.0.0", 1, vec![offer(SCARF)]);
    let follow_up = FollowUp {
        after: Duration::hours(1),
        channel: "email".to_owned(),
        about: Subject::Offered(1),
        copy: vec![say("item", Subject::Offered(1))],
    };
    desk.compensate("a/c@1.0.0", 1, Compensation { follow_ups: vec![follow_up], ..Compensation::default() });
    assert_eq!(texts(&desk.plan().follow_ups[0].copy), ["About Silk scarf."]);
}

fn card(title: Sentence) -> Card {
    Card {
        title,
        body: vec![say("item", Subject::Returned(0))],
        talk_track: vec![say("item", Subject::Offered(0))],
        hashtags: vec![say("hello", Subject::Plan)],
        reward: Some(proposal(Benefit::FreeShipping)),
    }
}

#[test]
fn sharing_keeps_what_has_a_title_within_its_slots_and_promises_rewards() {
    let mut desk = Desk::new();
    desk.situation.customer.exchanges = 1;
    desk.situation.policy.budgets[0].left_for_customer = 9;
    desk.recommend("a/upgrade@1.0.0", 1, vec![offer(COAT)]);
    let achievement = |title: &str, counts: &str| Achievement {
        key: "collector".to_owned(),
        title: say(title, Subject::Plan),
        counts: counts.to_owned(),
        target: 3,
        reward: Some(proposal(Benefit::AmountOff(Money(500)))),
    };
    let hello = || say("hello", Subject::Plan);
    let kit = ShareKit {
        cards: vec![card(say("coupon", Subject::Plan)), card(hello()), card(hello())],
        achievements: vec![
            achievement("hello", "exchanges"),
            achievement("coupon", "exchanges"),
            achievement("hello", "likes"),
            achievement("hello", "returns"),
        ],
        ..ShareKit::default()
    };
    desk.answers.sharing = vec![answered("a/share@1.0.0", 3, kit)];
    let plan = desk.plan();
    let [card, _] = &plan.sharing.cards[..] else { panic!("{:?}", plan.sharing) };
    assert_eq!(text(&card.title), "Hello.");
    assert_eq!(texts(&card.body), ["About Linen dress."]);
    assert_eq!(texts(&card.talk_track), ["About Wool coat."]);
    assert_eq!(texts(&card.hashtags), ["Hello."]);
    assert_eq!(card.reward, None, "nobody knows what free shipping costs");
    let [achievement] = &plan.sharing.achievements[..] else { panic!("{:?}", plan.sharing) };
    assert_eq!((achievement.key.as_str(), achievement.counts.as_str()), ("collector", "exchanges"));
    let title = text(&achievement.title);
    assert_eq!((title.as_str(), achievement.target, achievement.reached), ("Hello.", 3, 1));
    let reward =
        achievement.reward.as_ref().map(|reward| (reward.coupon.charge, reward.coupon.terms.benefit));
    assert_eq!(reward, Some((500, Benefit::AmountOff(Money(500)))));
    let refused: Vec<_> = plan.trace.proposals.iter().map(|it| (it.stage, it.reason.as_str())).collect();
    assert_eq!(refused, [(Stage::Sharing, "unpriced"); 3]);
    let reasons: Vec<_> = plan.dropped.iter().map(|line| line.reason.as_str()).collect();
    assert_eq!(reasons, ["fact-unknown", "fact-unknown", "not-counted"]);
}

#[test]
fn a_step_is_done_when_custody_says_so_and_at_the_first_time_it_does() {
    let mut desk = Desk::new();
    let event = |custody: &str, at| CustodyEvent { custody: custody.to_owned(), at: Instant(at), line: None };
    desk.timeline = vec![event("received", 30), event("in-transit", 10), event("received", 20)];
    let told = Step {
        persona: Some("mei".to_owned()),
        copy: vec![say("hello", Subject::Plan)],
        ..step("received", "hello")
    };
    let steps = vec![told, step("inspected", "hello"), step("in-transit", "coupon")];
    desk.answers.progress = Some(answered("a/progress@1.0.0", 1, steps));
    let plan = desk.plan();
    let done: Vec<_> = plan.progress.iter().map(|step| (step.key.as_str(), step.done_at)).collect();
    assert_eq!(done, [("received", Some(Instant(20))), ("inspected", None)]);
    assert_eq!(
        (text(&plan.progress[0].title).as_str(), texts(&plan.progress[0].copy)),
        ("Hello.", vec!["Hello.".to_owned()])
    );
    assert_eq!(plan.progress[0].stands_for, ["received"]);
    let (name, role) = ("Mei".to_owned(), "Returns desk".to_owned());
    assert_eq!(plan.progress[0].persona, Some(PlanPersona { name, role, assistant: true }));
    assert_eq!(plan.progress[1].persona, None);

    let steps = desk.answers.progress.take().unwrap();
    assert_eq!(progress(&desk.decision(), &steps), (plan.progress, plan.dropped));
}

#[test]
fn the_low_stock_mark_is_the_policy_s() {
    let mut desk = Desk::new();
    desk.shop.stock.insert(COAT, 3);
    desk.recommend("a/b@1.0.0", 1, vec![saying(COAT, &[say("stock", Subject::Offered(0))])]);
    let three =
        Piece::Fact { fact: "stock_left".to_owned(), value: FactValue::Integer(3), text: "3".to_owned() };
    assert_eq!(desk.plan().offers[0].copy[0][1], three);
    desk.policy.low_stock = 2;
    let plan = desk.plan();
    assert!(plan.offers[0].copy.is_empty());
    assert_eq!(plan.dropped[0].reason, "not-low-stock");
}
