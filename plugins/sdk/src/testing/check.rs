//! Whether the host would take an answer.
//!
//! A guest's copy of the host's rules, so that a strategy's tests fail where a live call would: the host refuses an
//! answer whole, and with it everything in it that was right. The host's own check decides; here stand its default
//! limits. What the host cuts without refusing (the slots of a route, the sum of a plan's incentives, sentences whose
//! fact is unknown) is no fault of an answer and is not looked at.

mod coupon;

use super::Scene;
use crate::prelude::{Classification, Compensation, Recommendations, ShareKit, Step};
use crate::types::{Offer, Product, ProductId, Sentence, StateChange, Subject};
use crate::{Catalogue, Strategy};
use coupon::Uses;

/// Offers in one answer.
const OFFERS_MAX: usize = 32;
/// Proposals in one answer.
const PROPOSALS_MAX: usize = 8;
/// Sentences in one piece of copy.
const COPY_MAX: usize = 16;
/// Members of any other list.
const ITEMS_MAX: usize = 32;
/// A strategy's own word, bytes.
const WORD_BYTES_MAX: usize = 64;
/// A strategy's state for one customer, bytes.
const STATE_BYTES_MAX: usize = 4 * 1024;
/// How far ahead an answer may reach, milliseconds: 366 days.
const HORIZON: u64 = 366 * 24 * 60 * 60 * 1_000;
/// The dearest amount and the longest span that JavaScript reads exactly.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// `Err` says where in the answer the first value stands that the host refuses, and why.
pub(super) type Checked = Result<(), String>;

/// What one answer is held against.
pub(super) struct Check<'a> {
    scene: &'a Scene,
    templates: Vec<&'static str>,
    personas: Vec<&'static str>,
    /// How many offers and how many proposals a sentence may be about.
    offers: usize,
    proposals: usize,
}

impl<'a> Check<'a> {
    pub(super) fn new<S: Strategy>(scene: &'a Scene) -> Check<'a> {
        let templates = S::TEMPLATES.iter().map(|template| template.key).collect();
        let personas = S::PERSONAS.iter().map(|persona| persona.key).collect();
        Check { scene, templates, personas, offers: 0, proposals: 0 }
    }

    pub(super) fn classification(&self, answer: &Classification) -> Checked {
        let segment = &answer.segment;
        word("segment.key", &segment.key)?;
        let confidence = segment.confidence;
        holds((0.0..=1.0).contains(&confidence), || {
            format!("segment.confidence is {confidence}; give 0 to 1")
        })?;
        self.copy("segment.evidence", &segment.evidence)?;
        words("segment.traits", &segment.traits)?;
        self.copy("acknowledgement", &answer.acknowledgement)?;
        count("care", answer.care.len(), ITEMS_MAX)?;
        for (index, care) in answer.care.iter().enumerate() {
            let at = format!("care[{index}]");
            one_of(&format!("{at}.action"), &care.action, &self.scene.context.policy.care)?;
            self.line(&format!("{at}.line"), care.line)?;
            span(&format!("{at}.after"), care.after, HORIZON)?;
            self.copy(&format!("{at}.copy"), &care.copy)?;
        }
        state(&answer.state)
    }

    pub(super) fn recommendations(mut self, answer: &Recommendations) -> Checked {
        self.offers = answer.offers.len();
        count("offers", self.offers, OFFERS_MAX)?;
        let numbered = answer.offers.iter().enumerate();
        numbered.into_iter().try_for_each(|(index, offer)| self.offer(&format!("offers[{index}]"), offer))?;
        state(&answer.state)
    }

    fn offer(&self, at: &str, offer: &Offer) -> Checked {
        let context = &self.scene.context;
        self.product(&format!("{at}.product"), offer.product)?;
        word(&format!("{at}.kind"), &offer.kind)?;
        if let Some(resolution) = &offer.resolution {
            one_of(&format!("{at}.resolution"), resolution, &context.policy.resolutions)?;
        }
        let is_returned = context.event.lines.iter().any(|line| line.product.id == offer.product);
        holds(!is_returned || offer.resolution.as_deref() == Some("exchange"), || {
            format!("{at}.product is being returned; offer it only as an exchange")
        })?;
        self.line(&format!("{at}.for_line"), offer.for_line)?;
        holds(offer.quantity > 0, || format!("{at}.quantity is 0; offer at least 1"))?;
        holds(offer.score.is_finite(), || format!("{at}.score is {}; give a finite number", offer.score))?;
        self.copy(&format!("{at}.copy"), &offer.copy)?;
        offer
            .price_hold
            .map_or(Ok(()), |hold| span(&format!("{at}.price_hold"), hold, context.policy.hold_max))
    }

    pub(super) fn compensation(mut self, answer: &Compensation) -> Checked {
        self.offers = self.scene.offers.len();
        self.proposals = answer.proposals.len();
        count("proposals", self.proposals, PROPOSALS_MAX)?;
        let mut uses = Uses::default();
        for (index, proposal) in answer.proposals.iter().enumerate() {
            self.proposal(&format!("proposals[{index}]"), proposal, &mut uses)?;
        }
        count("follow_ups", answer.follow_ups.len(), ITEMS_MAX)?;
        for (index, follow_up) in answer.follow_ups.iter().enumerate() {
            let at = format!("follow_ups[{index}]");
            one_of(&format!("{at}.channel"), &follow_up.channel, &self.scene.context.customer.reachable)?;
            span(&format!("{at}.after"), follow_up.after, HORIZON)?;
            self.subject(&format!("{at}.about"), follow_up.about)?;
            self.copy(&format!("{at}.copy"), &follow_up.copy)?;
        }
        state(&answer.state)
    }

    pub(super) fn share_kit(mut self, answer: &ShareKit) -> Checked {
        self.offers = self.scene.offers.len();
        self.proposals = self.scene.proposals.len();
        let mut uses = Uses::default();
        count("cards", answer.cards.len(), ITEMS_MAX)?;
        for (index, card) in answer.cards.iter().enumerate() {
            let at = format!("cards[{index}]");
            self.sentence(&format!("{at}.title"), &card.title)?;
            for (part, copy) in
                [("body", &card.body), ("talk_track", &card.talk_track), ("hashtags", &card.hashtags)]
            {
                self.copy(&format!("{at}.{part}"), copy)?;
            }
            let reward = card.reward.iter();
            reward
                .into_iter()
                .try_for_each(|reward| self.proposal(&format!("{at}.reward"), reward, &mut uses))?;
        }
        count("achievements", answer.achievements.len(), ITEMS_MAX)?;
        for (index, achievement) in answer.achievements.iter().enumerate() {
            let at = format!("achievements[{index}]");
            word(&format!("{at}.key"), &achievement.key)?;
            self.sentence(&format!("{at}.title"), &achievement.title)?;
            word(&format!("{at}.counts"), &achievement.counts)?;
            holds(achievement.target > 0, || format!("{at}.target is 0; an achievement needs at least 1"))?;
            let reward = achievement.reward.iter();
            reward
                .into_iter()
                .try_for_each(|reward| self.proposal(&format!("{at}.reward"), reward, &mut uses))?;
        }
        state(&answer.state)
    }

    pub(super) fn steps(&self, answer: &[Step]) -> Checked {
        count("steps", answer.len(), ITEMS_MAX)?;
        for (index, step) in answer.iter().enumerate() {
            let at = format!("steps[{index}]");
            word(&format!("{at}.key"), &step.key)?;
            self.sentence(&format!("{at}.title"), &step.title)?;
            words(&format!("{at}.stands_for"), &step.stands_for)?;
            self.copy(&format!("{at}.copy"), &step.copy)?;
            let declared = |key: &String| self.personas.contains(&key.as_str());
            holds(step.persona.as_ref().is_none_or(declared), || {
                format!("{at}.persona is {:?}, which the strategy does not declare", step.persona)
            })?;
        }
        Ok(())
    }

    fn copy(&self, at: &str, copy: &[Sentence]) -> Checked {
        count(at, copy.len(), COPY_MAX)?;
        let numbered = copy.iter().enumerate();
        numbered.into_iter().try_for_each(|(index, words)| self.sentence(&format!("{at}[{index}]"), words))
    }

    fn sentence(&self, at: &str, sentence: &Sentence) -> Checked {
        let template = sentence.template.as_str();
        holds(self.templates.contains(&template), || {
            format!("{at}.template is {template:?}, which the strategy does not declare")
        })?;
        self.subject(&format!("{at}.about"), sentence.about)
    }

    fn subject(&self, at: &str, subject: Subject) -> Checked {
        let (index, count) = match subject {
            Subject::Plan => return Ok(()),
            Subject::Returned(line) => return self.line(at, Some(line)),
            Subject::Offered(offer) => (offer, self.offers),
            Subject::Proposed(proposal) => (proposal, self.proposals),
        };
        holds((index as usize) < count, || format!("{at} is {subject:?}; there are {count}, counted from 0"))
    }

    fn line(&self, at: &str, line: Option<u32>) -> Checked {
        let count = self.scene.context.event.lines.len();
        holds(line.is_none_or(|line| (line as usize) < count), || {
            format!("{at} is return line {line:?}; there are {count}, counted from 0")
        })
    }

    fn product(&self, at: &str, id: ProductId) -> Result<Product, String> {
        let found = self.scene.shop.get(&[id]).pop().flatten();
        found.ok_or_else(|| format!("{at} is {id}, which the catalogue does not hold"))
    }
}

fn holds(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn count(at: &str, count: usize, count_max: usize) -> Checked {
    holds(count <= count_max, || format!("{at} holds {count} entries; give at most {count_max}"))
}

fn word(at: &str, word: &str) -> Checked {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    holds(word.len() <= WORD_BYTES_MAX && word.split('-').all(is_part), || {
        format!("{at} is {word:?}; give lower-case words joined by hyphens, at most {WORD_BYTES_MAX} bytes")
    })
}

fn words(at: &str, words: &[String]) -> Checked {
    count(at, words.len(), ITEMS_MAX)?;
    let numbered = words.iter().enumerate();
    numbered.into_iter().try_for_each(|(index, text)| word(&format!("{at}[{index}]"), text))
}

fn one_of(at: &str, word: &str, allowed: &[String]) -> Checked {
    let is_allowed = allowed.iter().any(|allowed| allowed == word);
    holds(is_allowed, || format!("{at} is {word:?}; this event allows {allowed:?}"))
}

fn span(at: &str, span: u64, span_max: u64) -> Checked {
    holds(span <= span_max, || format!("{at} is {span} ms; give at most {span_max} ms"))
}

fn state(change: &StateChange) -> Checked {
    let StateChange::Put(bytes) = change else { return Ok(()) };
    let size = bytes.len();
    holds(size <= STATE_BYTES_MAX, || format!("state has {size} bytes; keep at most {STATE_BYTES_MAX}"))
}

#[cfg(test)]
mod tests;
