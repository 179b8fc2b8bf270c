//! The plan's coupons and surprises, the contacts about them, and what was proposed and came to nothing.

use super::scribe::Scribe;
use super::{Answered, Answers, Merged};
use crate::answer::{Compensation, FollowUp, Grant, Proposal, Sentence, Subject};
use crate::claims::Why;
use crate::coupon::{Minted, Minting};
use crate::manifest::Stage;
use crate::plan::{PlanCoupon, PlanDraw, PlanFollowUp, ProposalTrace};
use crate::situation::Situation;
use crate::time::Instant;

/// Coupons that exist, and surprises with their odds, each in the order they were proposed.
pub(super) fn coupons(
    scribe: &mut Scribe<'_>,
    answers: &[Answered<Compensation>],
    merged: &Merged<Proposal>,
    minting: &Minting,
) -> (Vec<PlanCoupon>, Vec<PlanDraw>) {
    let (mut coupons, mut draws) = (Vec::new(), Vec::new());
    for ((proposal, &by), minted) in merged.items.iter().zip(&merged.by).zip(&minting.proposals) {
        let by = &answers[by].by;
        let copy = scribe.copy(Stage::Coupon, by, &proposal.copy);
        let plugin = || by.plugin().clone();
        let (outcome, coupon) = match minted {
            Minted::Coupon { coupon, drawn } => (*drawn, Some(coupon)),
            Minted::Nothing { drawn } => (Some(*drawn), None),
            Minted::Undrawn => (None, None),
            Minted::Refused(_) => continue,
        };
        let draw = match &proposal.grant {
            Grant::Fixed(_) => None,
            Grant::Surprise(prizes) => {
                let copy = if coupon.is_some() { Vec::new() } else { copy.clone() };
                let drawn = outcome.map(index);
                draws.push(PlanDraw { plugin: plugin(), prizes: prizes.clone(), drawn, copy });
                Some(index(draws.len() - 1))
            }
        };
        if let Some(coupon) = coupon {
            coupons.push(PlanCoupon { plugin: plugin(), coupon: coupon.clone(), draw, copy });
        }
    }
    for left_out in &merged.left_out {
        scribe.left_out(Stage::Coupon, &answers[left_out.by].by, &left_out.sentence);
    }
    (coupons, draws)
}

/// A contact without a sentence is none, and neither is one about a coupon that does not exist or has ended by then.
pub(super) fn follow_ups(
    scribe: &mut Scribe<'_>,
    answers: &[Answered<Compensation>],
    proposals: &Merged<Proposal>,
    minting: &Minting,
    situation: &Situation,
) -> Vec<PlanFollowUp> {
    let mut follow_ups = Vec::new();
    for (index, Answered { by, answer, .. }) in answers.iter().enumerate() {
        for FollowUp { after, channel, about, copy } in &answer.follow_ups {
            let due_at = situation.now + *after;
            let mut lines = Vec::with_capacity(copy.len());
            for sentence in copy {
                let subjects = (proposals.subject(index, *about), proposals.subject(index, sentence.about));
                let (Some(contact), Some(about)) = subjects else {
                    scribe.left_out(Stage::Coupon, by, sentence);
                    continue;
                };
                let sentence = Sentence { about, ..sentence.clone() };
                match unready(minting, contact, due_at).or_else(|| unready(minting, about, due_at)) {
                    Some(why) => scribe.unsaid(Stage::Coupon, by, &sentence, why),
                    None => lines.extend(scribe.line(Stage::Coupon, by, &sentence)),
                }
            }
            if !lines.is_empty() {
                follow_ups.push(PlanFollowUp { due_at, channel: channel.clone(), copy: lines });
            }
        }
    }
    follow_ups
}

/// Why nothing can be said of a coupon at `due_at`.
fn unready(minting: &Minting, about: Subject, due_at: Instant) -> Option<Why> {
    let Subject::Proposed(index) = about else { return None };
    match minting.proposals.get(index as usize) {
        Some(Minted::Coupon { coupon, .. }) => (coupon.expires_at <= due_at).then_some(Why::CouponOver),
        Some(Minted::Nothing { .. }) => Some(Why::NoPrize),
        Some(Minted::Undrawn | Minted::Refused(_)) | None => Some(Why::NotMinted),
    }
}

/// Every coupon that was proposed and refused, rewards included, in the order they were.
pub(super) fn refused(answers: &Answers, merged: &Merged<Proposal>, minting: &Minting) -> Vec<ProposalTrace> {
    let coupons = merged
        .items
        .iter()
        .zip(&merged.by)
        .map(|(proposal, &by)| (Stage::Coupon, &answers.coupon[by].by, proposal));
    let rewards = answers.sharing.iter().flat_map(|answered| {
        let rewards = super::sections::rewards(std::slice::from_ref(answered));
        rewards.into_iter().map(move |reward| (Stage::Sharing, &answered.by, reward.0))
    });
    let outcomes = minting.proposals.iter().chain(&minting.rewards);
    coupons
        .chain(rewards)
        .zip(outcomes)
        .filter_map(|((stage, by, proposal), minted)| match minted {
            Minted::Refused(refusal) => Some(ProposalTrace {
                plugin: by.plugin().clone(),
                stage,
                grant: proposal.grant.clone(),
                reason: refusal.word().to_owned(),
            }),
            Minted::Coupon { .. } | Minted::Nothing { .. } | Minted::Undrawn => None,
        })
        .collect()
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("an answer holds far fewer than 2^32 outcomes")
}
