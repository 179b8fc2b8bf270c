//! What a config makes of a stage's honest answer: one value that does not stand, or as many as a list must not hold.

use super::bindings::exports::rebound::strategy::{coupon, progress, recommendation, segmentation, sharing};
use super::bindings::rebound::strategy::types::{
    Benefit, Failure, Grant, Prize, Proposal, Scope, Sentence, Subject, Terms,
};
use super::sentence;

/// What is to be spoiled, and by how much.
pub(super) struct Spoil {
    pub(super) word: String,
    pub(super) count: i64,
}

impl Spoil {
    /// As many of something; nothing below zero.
    fn many(&self) -> usize {
        usize::try_from(self.count).unwrap_or(0)
    }

    /// As an index or a quantity: what does not fit is the most there is.
    fn index(&self) -> u32 {
        u32::try_from(self.count).unwrap_or(u32::MAX)
    }

    /// As a duration: -1 is the longest there is.
    fn duration(&self) -> u64 {
        self.count.cast_unsigned()
    }

    fn copies(&self) -> Vec<Sentence> {
        (0..self.many()).map(|_| sentence()).collect()
    }

    /// A sentence that the manifest does not hold, or that is about something that is not there.
    fn sentence(&self) -> Option<Sentence> {
        let about = |about| Some(Sentence { about, ..sentence() });
        match self.word.as_str() {
            "template" => Some(Sentence { template: "no-such-template".into(), ..sentence() }),
            "about-line" => about(Subject::Returned(self.index())),
            "about-offer" => about(Subject::Offered(self.index())),
            "about-proposal" => about(Subject::Proposed(self.index())),
            _ => None,
        }
    }

    fn unknown(&self) -> Failure {
        Failure::InvalidConfig(self.word.clone())
    }
}

pub(super) fn classification(
    spoil: &Spoil,
    answer: &mut segmentation::Classification,
) -> Result<(), Failure> {
    let care =
        || segmentation::Care { action: "priority-reship".into(), line: Some(0), after: 0, copy: Vec::new() };
    let segment = &mut answer.segment;
    match spoil.word.as_str() {
        "key" => segment.key = "x".repeat(spoil.many()),
        "copy" => segment.evidence = spoil.copies(),
        "traits" => segment.traits = (0..spoil.many()).map(|_| "loyal".into()).collect(),
        "trait" => segment.traits = vec!["Loyal Customer".into()],
        "acknowledge" => answer.acknowledgement = spoil.copies(),
        "care" => answer.care = vec![segmentation::Care { action: "send-cash".into(), ..care() }],
        "cares" => answer.care = (0..spoil.many()).map(|_| care()).collect(),
        "care-line" => answer.care = vec![segmentation::Care { line: Some(spoil.index()), ..care() }],
        "care-after" => answer.care = vec![segmentation::Care { after: spoil.duration(), ..care() }],
        _ => segment.evidence = vec![spoil.sentence().ok_or_else(|| spoil.unknown())?],
    }
    Ok(())
}

/// The returned product's id is what `returned` offers again.
pub(super) fn recommendations(
    spoil: &Spoil,
    returned: u32,
    answer: &mut recommendation::Recommendations,
) -> Result<(), Failure> {
    let Some(offer) = answer.offers.first_mut() else {
        return Err(Failure::Internal("the catalogue recommends nothing to spoil".into()));
    };
    match spoil.word.as_str() {
        "score-lowest" => offer.score = f32::MIN,
        "resolution" => offer.resolution = Some("keep-item".into()),
        "returned" => offer.product = returned,
        "quantity" => offer.quantity = spoil.index(),
        "hold" => offer.price_hold = Some(spoil.duration()),
        "line" => offer.for_line = Some(spoil.index()),
        "kind" => offer.kind = "x".repeat(spoil.many()),
        "copy" => offer.copy = spoil.copies(),
        _ => offer.copy = vec![spoil.sentence().ok_or_else(|| spoil.unknown())?],
    }
    Ok(())
}

pub(super) fn compensation(
    spoil: &Spoil,
    honest: impl Fn() -> Terms,
    answer: &mut coupon::Compensation,
) -> Result<(), Failure> {
    let follow_up = |channel: &str| coupon::FollowUp {
        after: 0,
        channel: channel.into(),
        about: Subject::Plan,
        copy: Vec::new(),
    };
    match spoil.word.as_str() {
        "follow-up" => answer.follow_ups = vec![follow_up("pigeon")],
        "follow-ups" => answer.follow_ups = (0..spoil.many()).map(|_| follow_up("pigeon")).collect(),
        "proposals" => {
            answer.proposals = (0..spoil.many()).map(|_| proposal(Grant::Fixed(honest()))).collect();
        }
        "copy" => {
            let copy = spoil.copies();
            answer.proposals = vec![Proposal { copy, ..proposal(Grant::Fixed(honest())) }];
        }
        _ => {
            let spoiled = match spoil.sentence() {
                Some(sentence) => Proposal { copy: vec![sentence], ..proposal(Grant::Fixed(honest())) },
                None => proposal(grant(spoil, honest)?),
            };
            answer.proposals = vec![spoiled];
        }
    }
    Ok(())
}

pub(super) fn share_kit(
    spoil: &Spoil,
    honest: impl Fn() -> Terms,
    answer: &mut sharing::ShareKit,
) -> Result<(), Failure> {
    let card = || sharing::Card {
        title: sentence(),
        body: vec![],
        talk_track: vec![],
        hashtags: vec![],
        reward: None,
    };
    let achievement = || sharing::Achievement {
        key: "first-return".into(),
        title: sentence(),
        counts: "returns".into(),
        target: 1,
        reward: None,
    };
    match spoil.word.as_str() {
        "cards" => answer.cards = (0..spoil.many()).map(|_| card()).collect(),
        "copy" => answer.cards = vec![sharing::Card { body: spoil.copies(), ..card() }],
        "hashtags" => answer.cards = vec![sharing::Card { hashtags: spoil.copies(), ..card() }],
        "achievements" => answer.achievements = (0..spoil.many()).map(|_| achievement()).collect(),
        "target" => {
            answer.achievements = vec![sharing::Achievement { target: spoil.index(), ..achievement() }]
        }
        "counts" => {
            answer.achievements =
                vec![sharing::Achievement { counts: "Every Return".into(), ..achievement() }];
        }
        "key" => {
            let key = "x".repeat(spoil.many());
            answer.achievements = vec![sharing::Achievement { key, ..achievement() }];
        }
        _ => {
            answer.cards = vec![match spoil.sentence() {
                Some(title) => sharing::Card { title, ..card() },
                None => sharing::Card { reward: Some(proposal(grant(spoil, honest)?)), ..card() },
            }];
        }
    }
    Ok(())
}

pub(super) fn steps(spoil: &Spoil, answer: &mut Vec<progress::Step>) -> Result<(), Failure> {
    let step = || progress::Step {
        key: "received".into(),
        title: sentence(),
        stands_for: vec!["received".into()],
        copy: Vec::new(),
        persona: None,
    };
    *answer = match spoil.word.as_str() {
        "steps" => (0..spoil.many()).map(|_| step()).collect(),
        "persona" => vec![progress::Step { persona: Some("nobody".into()), ..step() }],
        "stands-for" => {
            let stands_for = (0..spoil.many()).map(|_| "received".into()).collect();
            vec![progress::Step { stands_for, ..step() }]
        }
        "key" => vec![progress::Step { key: "x".repeat(spoil.many()), ..step() }],
        "copy" => vec![progress::Step { copy: spoil.copies(), ..step() }],
        _ => {
            let title = spoil.sentence().ok_or_else(|| spoil.unknown())?;
            vec![progress::Step { title, ..step() }]
        }
    };
    Ok(())
}

fn proposal(grant: Grant) -> Proposal {
    Proposal { grant, copy: vec![sentence()] }
}

/// Terms, or prizes, with one thing wrong with them.
fn grant(spoil: &Spoil, honest: impl Fn() -> Terms) -> Result<Grant, Failure> {
    let terms = honest();
    let percent =
        |share, max_discount| Terms { benefit: Benefit::PercentOff(share), max_discount, ..honest() };
    let prize = |weight| Prize { terms: Some(honest()), weight };
    let products = |count: usize| Scope::Products(vec![1; count]);
    Ok(Grant::Fixed(match spoil.word.as_str() {
        "amount" => Terms { benefit: Benefit::AmountOff(spoil.count), ..terms },
        "credit" => Terms { benefit: Benefit::StoreCredit(spoil.count), ..terms },
        "percent" => percent(spoil.index(), Some(100)),
        "percent-uncapped" => percent(spoil.index(), None),
        "gift" => Terms { benefit: Benefit::Gift(spoil.index()), ..terms },
        "min-spend" => Terms { min_spend: spoil.count, ..terms },
        "max-discount" => percent_of(spoil.count, honest()),
        "starts" => Terms { starts_after: spoil.duration(), ..terms },
        "valid" => Terms { valid_for: spoil.duration(), ..terms },
        "budget" => Terms { budget: "someone-elses".into(), ..terms },
        "products" => Terms { scope: products(spoil.many()), ..terms },
        "scope-product" => Terms { scope: Scope::Products(vec![spoil.index()]), ..terms },
        "category" => Terms { scope: Scope::Categories(vec!["x".repeat(spoil.many())]), ..terms },
        "prizes" => return Ok(Grant::Surprise((0..spoil.many()).map(|_| prize(1)).collect())),
        "blanks" => {
            let blank = || Prize { terms: None, weight: 1 };
            return Ok(Grant::Surprise((0..spoil.many()).map(|_| blank()).collect()));
        }
        "weightless" => return Ok(Grant::Surprise(vec![prize(0)])),
        // Their sum does not fit into what each of them is.
        "heavy" => return Ok(Grant::Surprise((0..spoil.many()).map(|_| prize(u32::MAX)).collect())),
        _ => return Err(spoil.unknown()),
    }))
}

fn percent_of(max_discount: i64, terms: Terms) -> Terms {
    Terms { benefit: Benefit::PercentOff(1_000), max_discount: Some(max_discount), ..terms }
}
