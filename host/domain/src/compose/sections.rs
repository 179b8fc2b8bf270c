//! The plan's sections, each from its stage's answers.

use super::scribe::Scribe;
use super::{Answered, Answers, Merged, recommendation_id};
use crate::answer::{
    Classification, Compensation, CustodyEvent, FollowUp, Offer, Proposal, Recommendations, Segment,
    Sentence, ShareKit, Step, Subject,
};
use crate::catalog::Catalog;
use crate::event::{ReturnRequest, ReturnRequestLine};
use crate::ids::ReturnId;
use crate::manifest::Stage;
use crate::plan::{
    HoldTrace, Line, PlanAchievement, PlanCard, PlanCare, PlanFollowUp, PlanOffer, PlanSegment, PlanSharing,
    PlanStep, ProposalTrace, Refund, RefundLine,
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
    catalog: &dyn Catalog,
) -> (Vec<PlanOffer>, Vec<HoldTrace>) {
    let mut holds = Vec::new();
    let mut offers = Vec::with_capacity(merged.items.len());
    for (offer, &by) in merged.items.iter().zip(&merged.by) {
        let by = &answers[by].by;
        let Some(product) = catalog.get(offer.product) else { continue };
        let recommendation_id = recommendation_id(return_id, by.plugin(), offer.product);
        // A strategy that asks for as long as the policy allows asks for nothing where it allows none.
        if let Some(duration) = offer.price_hold.filter(|&hold| hold > Duration(0)) {
            holds.push(HoldTrace {
                recommendation_id: recommendation_id.clone(),
                product: offer.product,
                price: product.price,
                duration,
            });
        }
        offers.push(PlanOffer {
            recommendation_id,
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
        });
    }
    for left_out in &merged.left_out {
        scribe.left_out(Stage::Recommendation, &answers[left_out.by].by, &left_out.sentence);
    }
    (offers, holds)
}

/// A contact without a sentence is none, and neither is one about a coupon that does not exist yet.
pub(super) fn follow_ups(
    scribe: &mut Scribe<'_>,
    answers: &[Answered<Compensation>],
    proposals: &Merged<Proposal>,
    situation: &Situation,
) -> Vec<PlanFollowUp> {
    let mut follow_ups = Vec::new();
    for (index, Answered { by, answer, .. }) in answers.iter().enumerate() {
        for FollowUp { after, channel, about, copy } in &answer.follow_ups {
            let mut lines = Vec::with_capacity(copy.len());
            for sentence in copy {
                let subjects = (proposals.subject(index, *about), proposals.subject(index, sentence.about));
                match subjects {
                    (Some(Subject::Proposed(_)), Some(_)) => scribe.not_minted(Stage::Coupon, by, sentence),
                    (Some(_), Some(about)) => {
                        let sentence = Sentence { about, ..sentence.clone() };
                        lines.extend(scribe.line(Stage::Coupon, by, &sentence));
                    }
                    _ => scribe.left_out(Stage::Coupon, by, sentence),
                }
            }
            if !lines.is_empty() {
                let (due_at, channel) = (situation.now + *after, channel.clone());
                follow_ups.push(PlanFollowUp { due_at, channel, copy: lines });
            }
        }
    }
    follow_ups
}

/// Cards and achievements of all entries in order, of each as many as its entry has slots.
pub(super) fn sharing(scribe: &mut Scribe<'_>, answers: &[Answered<ShareKit>]) -> PlanSharing {
    const STAGE: Stage = Stage::Sharing;
    let mut sharing = PlanSharing::default();
    for Answered { by, slots, answer } in answers {
        let slots = *slots as usize;
        for card in answer.cards.iter().take(slots) {
            let Some(title) = scribe.line(STAGE, by, &card.title) else { continue };
            sharing.cards.push(PlanCard {
                title,
                body: scribe.copy(STAGE, by, &card.body),
                talk_track: scribe.copy(STAGE, by, &card.talk_track),
                hashtags: scribe.copy(STAGE, by, &card.hashtags),
            });
        }
        for achievement in answer.achievements.iter().take(slots) {
            let Some(title) = scribe.line(STAGE, by, &achievement.title) else { continue };
            sharing.achievements.push(PlanAchievement {
                key: achievement.key.clone(),
                title,
                counts: achievement.counts.clone(),
                target: achievement.target,
            });
        }
    }
    sharing
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

/// Every coupon that was proposed, rewards included, in the order they were.
pub(super) fn proposals(answers: &Answers, merged: &Merged<Proposal>) -> Vec<ProposalTrace> {
    let coupons =
        merged.items.iter().zip(&merged.by).map(|(proposal, &by)| (&answers.coupon[by].by, proposal));
    let rewards = answers.sharing.iter().flat_map(|Answered { by, slots, answer }| {
        let slots = *slots as usize;
        let cards = answer.cards.iter().take(slots).filter_map(|card| card.reward.as_ref());
        let achievements = answer.achievements.iter().take(slots).filter_map(|a| a.reward.as_ref());
        cards.chain(achievements).map(move |reward| (by, reward))
    });
    coupons
        .chain(rewards)
        .map(|(by, proposal)| ProposalTrace { plugin: by.plugin().clone(), grant: proposal.grant.clone() })
        .collect()
}
