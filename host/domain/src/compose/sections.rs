//! The plan's sections, each from its stage's answers.

use super::scribe::Scribe;
use super::{Answered, Decision, Merged, Published, recommendation_id};
use crate::answer::{
    Classification, CustodyEvent, Offer, Proposal, Recommendations, Segment, ShareKit, Step,
};
use crate::claims::Why;
use crate::coupon::{Minted, Minting, Reward};
use crate::event::{ReturnRequest, ReturnRequestLine};
use crate::ids::ReturnId;
use crate::manifest::Stage;
use crate::plan::{
    Line, PlanAchievement, PlanCard, PlanCare, PlanHold, PlanOffer, PlanReward, PlanSegment, PlanSharing,
    PlanStep, Refund, RefundLine,
};
use crate::situation::Situation;
use crate::time::Duration;

/// What is paid back line by line: all that a request itself puts into its plan but a few bounded words.
#[must_use]
pub fn refund_lines(request: &ReturnRequest) -> Vec<RefundLine> {
    let line = |line: &ReturnRequestLine| RefundLine {
        sku: line.sku.clone(),
        quantity: line.quantity,
        amount: line.paid,
        order_id: line.order_id.clone(),
    };
    request.lines.iter().map(line).collect()
}

/// What is paid back, from the request alone.
pub(super) fn refund(request: &ReturnRequest, situation: &Situation) -> Refund {
    Refund {
        amount: request.lines.iter().map(|line| line.paid).sum(),
        window_ends: situation.policy.window_ends,
        lines: refund_lines(request),
    }
}

pub(super) fn segment(scribe: &mut Scribe<'_>, answered: Option<&Answered<Classification>>) -> PlanSegment {
    let unknown = Segment::unknown();
    let segment = answered.map_or(&unknown, |answered| &answered.answer.segment);
    PlanSegment {
        key: segment.key.clone(),
        confidence: segment.confidence,
        evidence: answered.map_or_else(Vec::new, |answered| {
            scribe.copy(Stage::Segmentation, &answered.by, &segment.evidence)
        }),
        traits: segment.traits.clone(),
    }
}

pub(super) fn acknowledgement(
    scribe: &mut Scribe<'_>,
    answered: Option<&Answered<Classification>>,
) -> Vec<Line> {
    answered.map_or_else(Vec::new, |answered| {
        scribe.copy(Stage::Segmentation, &answered.by, &answered.answer.acknowledgement)
    })
}

/// A care action goes out whether or not there are words for it.
pub(super) fn care(
    scribe: &mut Scribe<'_>,
    answered: Option<&Answered<Classification>>,
    situation: &Situation,
) -> Vec<PlanCare> {
    let Some(Answered { by, answer, .. }) = answered else { return Vec::new() };
    let allowed = answer.care.iter().filter(|care| situation.policy.care.contains(&care.action));
    allowed
        .map(|care| PlanCare {
            action: care.action.clone(),
            line: care.line,
            due_at: situation.now + care.after,
            copy: scribe.copy(Stage::Segmentation, by, &care.copy),
        })
        .collect()
}

pub(super) fn offers(
    scribe: &mut Scribe<'_>,
    answers: &[Answered<Recommendations>],
    merged: &Merged<Offer>,
    return_id: &ReturnId,
    decision: &Decision<'_>,
) -> Vec<PlanOffer> {
    let mut offers = Vec::with_capacity(merged.items.len());
    for (offer, &by) in merged.items.iter().zip(&merged.by) {
        let by = &answers[by].by;
        let Some(product) = decision.catalog.get(offer.product) else { continue };
        // A strategy that asks for as long as the policy allows asks for nothing where it allows none.
        let hold = offer.price_hold.filter(|hold| *hold > Duration(0));
        offers.push(PlanOffer {
            recommendation_id: recommendation_id(return_id, by.plugin(), offer.product),
            plugin: by.plugin().clone(),
            kind: offer.kind.clone(),
            product: offer.product,
            sku: product.sku.clone(),
            title: product.title.clone(),
            price: product.price,
            resolution: offer.resolution.clone(),
            for_line: offer.for_line,
            quantity: offer.quantity,
            score: offer.score,
            copy: scribe.copy(Stage::Recommendation, by, &offer.copy),
            hold: hold.map(|hold| PlanHold { price: product.price, until: decision.situation.now + hold }),
        });
    }
    for left_out in &merged.left_out {
        scribe.left_out(Stage::Recommendation, &answers[left_out.by].by, &left_out.sentence);
    }
    offers
}

/// Every reward that is proposed, in the order that [`sharing`] tells them.
pub(super) fn rewards(answers: &[Answered<ShareKit>]) -> Vec<Reward<'_>> {
    answers.iter().flat_map(rewards_of).collect()
}

fn rewards_of(Answered { slots, answer, .. }: &Answered<ShareKit>) -> impl Iterator<Item = Reward<'_>> {
    let slots = *slots as usize;
    let cards = answer.cards.iter().take(slots).filter_map(|card| card.reward.as_ref());
    let achievements = answer.achievements.iter().take(slots).filter_map(|it| it.reward.as_ref());
    cards.chain(achievements).map(Reward)
}

/// Cards and achievements of all entries in order, of each as many as its entry has slots.
pub(super) fn sharing(
    scribe: &mut Scribe<'_>,
    answers: &[Answered<ShareKit>],
    situation: &Situation,
    minting: &Minting,
) -> PlanSharing {
    const STAGE: Stage = Stage::Sharing;
    let mut rewards = minting.rewards.iter();
    let mut promised = |by: &Published, reward: &Option<Proposal>| {
        reward.as_ref()?;
        match rewards.next() {
            Some(Minted::Coupon { coupon, .. }) => {
                Some(PlanReward { plugin: by.plugin().clone(), coupon: coupon.clone() })
            }
            _ => None,
        }
    };
    let mut sharing = PlanSharing::default();
    for Answered { by, slots, answer } in answers {
        let slots = *slots as usize;
        for card in answer.cards.iter().take(slots) {
            let reward = promised(by, &card.reward);
            let Some(title) = scribe.line(STAGE, by, &card.title) else { continue };
            sharing.cards.push(PlanCard {
                title,
                body: scribe.copy(STAGE, by, &card.body),
                talk_track: scribe.copy(STAGE, by, &card.talk_track),
                hashtags: scribe.copy(STAGE, by, &card.hashtags),
                reward,
            });
        }
        for achievement in answer.achievements.iter().take(slots) {
            let reward = promised(by, &achievement.reward);
            // What nobody counts is never reached: to show it would be an empty promise.
            let Some(reached) = reached(situation, &achievement.counts) else {
                scribe.unsaid(STAGE, by, &achievement.title, Why::NotCounted);
                continue;
            };
            let Some(title) = scribe.line(STAGE, by, &achievement.title) else { continue };
            sharing.achievements.push(PlanAchievement {
                key: achievement.key.clone(),
                title,
                counts: achievement.counts.clone(),
                target: achievement.target,
                reached,
                reward,
            });
        }
    }
    sharing
}

/// What the host has counted of a customer; none for what it does not count.
fn reached(situation: &Situation, counts: &str) -> Option<u32> {
    let customer = &situation.customer;
    match counts {
        "orders" => Some(customer.orders),
        "returns" => Some(customer.returns),
        "exchanges" => Some(customer.exchanges),
        _ => None,
    }
}

/// A step is done since the first custody event that it stands for: the timeline says so, not the strategy.
pub(super) fn progress(
    scribe: &mut Scribe<'_>,
    Answered { by, answer, .. }: &Answered<Vec<Step>>,
    timeline: &[CustodyEvent],
) -> Vec<PlanStep> {
    let mut steps = Vec::with_capacity(answer.len());
    for step in answer {
        let Some(title) = scribe.line(Stage::Progress, by, &step.title) else { continue };
        let done = timeline.iter().filter(|event| step.stands_for.contains(&event.custody));
        steps.push(PlanStep {
            key: step.key.clone(),
            title,
            stands_for: step.stands_for.clone(),
            done_at: done.map(|event| event.at).min(),
            copy: scribe.copy(Stage::Progress, by, &step.copy),
            persona: step.persona.as_deref().and_then(|persona| scribe.persona(by, persona)),
        });
    }
    steps
}
