//! Whether what a guest returned stands.
//!
//! Everything here is a guest's word and may be hostile. Each function checks one stage's answer whole and
//! names the first value that does not stand, so that a strategy's developer can go straight to it. Counts are
//! checked before what they count, and every look-up is by hash or over a list the host itself bounds.
//!
//! What holds for all of them:
//! - a list is within its limit ([`Limits::offers`], [`Limits::proposals`], [`Limits::copy_keys`], else
//!   [`Limits::list_items`]); the slots of a route only cut the list later, they make nothing invalid;
//! - numbers are finite and in range, money within 0 to 2^53 - 1, and nothing reaches further ahead than
//!   [`Limits::horizon`];
//! - a strategy's own words (segments, kinds, traits, step keys) are kebab-case and short;
//! - products are in the catalogue; resolutions, care actions, budgets, benefits and price holds are what the
//!   policy allows for this event;
//! - sentences name a template of the manifest, in at least one locale, and are about something that exists.
//!
//! See [`recommendations`] and [`compensation`] for their own rules.

mod at;
mod coupon;
mod manifest;
mod offer;
mod scene;

use crate::answer::{Classification, Compensation, Offer, Proposal, Recommendations, ShareKit, Step};
use crate::catalog::Catalog;
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::situation::Situation;
use crate::text::quoted;

use at::At;
use scene::Scene;

pub use manifest::manifest;

/// A value that does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct InvalidOutput {
    /// Where it is in the answer: `offers[3].score`.
    pub field: String,
    /// What is wrong with it and what to send instead, as the rest of a sentence: `is NaN; ...`.
    pub reason: String,
}

/// Checks segmentation's answer. Its sentences may be about the plan or a return line.
///
/// # Errors
/// [`InvalidOutput`] naming the first value that does not stand.
pub fn classification(
    situation: &Situation,
    catalog: &dyn Catalog,
    manifest: &Manifest,
    limits: &Limits,
    answer: &Classification,
) -> Result<(), InvalidOutput> {
    let scene = Scene::new(situation, catalog, manifest, limits);
    let at = At::answer("segment");
    let segment = &answer.segment;
    scene.word(at.field("key"), &segment.key)?;
    if !(0.0..=1.0).contains(&segment.confidence) {
        return at.field("confidence").fails(format!("is {}; give 0 to 1", segment.confidence));
    }
    scene.copy(at.field("evidence"), &segment.evidence)?;
    scene.words(at.field("traits"), &segment.traits)?;
    scene.copy(At::answer("acknowledgement"), &answer.acknowledgement)?;

    let at = At::answer("care");
    scene.count(at, answer.care.len(), limits.list_items)?;
    for (index, care) in answer.care.iter().enumerate() {
        let at = at.item(index);
        scene.one_of(at.field("action"), &care.action, "care actions", &situation.policy.care)?;
        scene.line(at.field("line"), care.line)?;
        scene.ahead(at.field("after"), care.after)?;
        scene.copy(at.field("copy"), &care.copy)?;
    }
    scene.state(&answer.state)
}

/// Checks recommendation's answer. Its sentences may be about the plan, a return line or one of its own offers.
///
/// A product that is being returned is offered only as an exchange of itself: the same style again, inspected,
/// for one that came damaged. In any other form the offer would ask the customer to buy what they sent back.
///
/// # Errors
/// [`InvalidOutput`] naming the first value that does not stand.
pub fn recommendations(
    situation: &Situation,
    catalog: &dyn Catalog,
    manifest: &Manifest,
    limits: &Limits,
    answer: &Recommendations,
) -> Result<(), InvalidOutput> {
    let mut scene = Scene::new(situation, catalog, manifest, limits);
    scene.offers = answer.offers.len();
    offer::offers(&scene, &answer.offers)?;
    scene.state(&answer.state)
}

/// Checks the coupon stage's answer. Its sentences may be about the plan, a return line, one of the offers
/// handed in or one of its own proposals.
///
/// Each proposal by itself stays within its budget's dearest coupon and the policy's dearest incentive for this
/// return: a percentage counts at its `max_discount` (required), a gift at its catalogue price, a surprise at
/// its dearest prize, free shipping at its `max_discount` if it has one (it is charged by use otherwise). No
/// budget is drawn on more often than this customer may still get from it.
///
/// # Errors
/// [`InvalidOutput`] naming the first value that does not stand.
pub fn compensation(
    situation: &Situation,
    catalog: &dyn Catalog,
    manifest: &Manifest,
    limits: &Limits,
    offers: &[Offer],
    answer: &Compensation,
) -> Result<(), InvalidOutput> {
    let mut scene = Scene::new(situation, catalog, manifest, limits);
    scene.offers = offers.len();
    scene.proposals = answer.proposals.len();
    let at = At::answer("proposals");
    scene.count(at, answer.proposals.len(), limits.proposals)?;
    let mut uses = coupon::Uses::default();
    for (index, proposal) in answer.proposals.iter().enumerate() {
        coupon::proposal(&scene, at.item(index), proposal, &mut uses)?;
    }

    let at = At::answer("follow_ups");
    scene.count(at, answer.follow_ups.len(), limits.list_items)?;
    for (index, follow_up) in answer.follow_ups.iter().enumerate() {
        let at = at.item(index);
        let channel = at.field("channel");
        scene.one_of(channel, &follow_up.channel, "reachable channels", &situation.customer.reachable)?;
        scene.ahead(at.field("after"), follow_up.after)?;
        scene.subject(at.field("about"), follow_up.about)?;
        scene.copy(at.field("copy"), &follow_up.copy)?;
    }
    scene.state(&answer.state)
}

/// Checks sharing's answer. Its sentences may be about the plan, a return line, or one of the offers and
/// proposals handed in. A reward is a proposal like any other: see [`compensation`].
///
/// # Errors
/// [`InvalidOutput`] naming the first value that does not stand.
pub fn share_kit(
    situation: &Situation,
    catalog: &dyn Catalog,
    manifest: &Manifest,
    limits: &Limits,
    offers: &[Offer],
    proposals: &[Proposal],
    answer: &ShareKit,
) -> Result<(), InvalidOutput> {
    let mut scene = Scene::new(situation, catalog, manifest, limits);
    scene.offers = offers.len();
    scene.proposals = proposals.len();
    let mut uses = coupon::Uses::default();

    let at = At::answer("cards");
    scene.count(at, answer.cards.len(), limits.list_items)?;
    for (index, card) in answer.cards.iter().enumerate() {
        let at = at.item(index);
        scene.sentence(at.field("title"), &card.title)?;
        scene.copy(at.field("body"), &card.body)?;
        scene.copy(at.field("talk_track"), &card.talk_track)?;
        scene.copy(at.field("hashtags"), &card.hashtags)?;
        if let Some(reward) = &card.reward {
            coupon::proposal(&scene, at.field("reward"), reward, &mut uses)?;
        }
    }

    let at = At::answer("achievements");
    scene.count(at, answer.achievements.len(), limits.list_items)?;
    for (index, achievement) in answer.achievements.iter().enumerate() {
        let at = at.item(index);
        scene.word(at.field("key"), &achievement.key)?;
        scene.sentence(at.field("title"), &achievement.title)?;
        scene.word(at.field("counts"), &achievement.counts)?;
        if achievement.target == 0 {
            return at.field("target").fails("is 0; an achievement needs at least 1");
        }
        if let Some(reward) = &achievement.reward {
            coupon::proposal(&scene, at.field("reward"), reward, &mut uses)?;
        }
    }
    scene.state(&answer.state)
}

/// Checks progress's answer. Its sentences may be about the plan or a return line.
///
/// # Errors
/// [`InvalidOutput`] naming the first value that does not stand.
pub fn steps(
    situation: &Situation,
    catalog: &dyn Catalog,
    manifest: &Manifest,
    limits: &Limits,
    answer: &[Step],
) -> Result<(), InvalidOutput> {
    let scene = Scene::new(situation, catalog, manifest, limits);
    let at = At::answer("steps");
    scene.count(at, answer.len(), limits.list_items)?;
    for (index, step) in answer.iter().enumerate() {
        let at = at.item(index);
        scene.word(at.field("key"), &step.key)?;
        scene.sentence(at.field("title"), &step.title)?;
        scene.words(at.field("stands_for"), &step.stands_for)?;
        scene.copy(at.field("copy"), &step.copy)?;
        if let Some(persona) = &step.persona
            && !manifest.personas.iter().any(|declared| declared.key == *persona)
        {
            return at.field("persona").fails(format!(
                "names {}, which the manifest does not declare; declare it",
                quoted(persona)
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
