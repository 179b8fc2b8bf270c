//! One list from all of a route's entries, and where each entry's own items went in it.

use std::collections::HashMap;

use super::Answered;
use crate::answer::{Compensation, Offer, Proposal, Recommendations, Sentence, Subject};

/// The list that later stages and the customer see. List order is rank.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged<T> {
    /// The items; the indices of their own sentences refer to this list.
    pub items: Vec<T>,
    /// For each item, the index of the answer it comes from.
    pub by: Vec<usize>,
    /// Sentences that spoke of an item which found no place.
    pub left_out: Vec<LeftOut>,
    /// For each answer, where each of its own items went.
    places: Vec<Vec<Option<u32>>>,
}

/// A sentence whose subject found no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The index of the answer it comes from.
    pub by: usize,
    /// As the answer gave it, with its own index.
    pub sentence: Sentence,
}

impl<T> Merged<T> {
    fn empty(places: Vec<Vec<Option<u32>>>) -> Self {
        Self { items: Vec::new(), by: Vec::new(), left_out: Vec::new(), places }
    }

    /// Where an answer's own item went.
    #[must_use]
    pub fn place(&self, by: usize, index: u32) -> Option<u32> {
        *self.places.get(by)?.get(index as usize)?
    }
}

/// Merges a recommendation route's answers in order: each is cut to its slots, and of offers for one product the
/// earlier wins. A sentence about a later duplicate, or about an offer that was cut, is about the offer that has
/// that product, and left out if none has.
#[must_use]
pub fn merge_offers(answers: &[Answered<Recommendations>]) -> Merged<Offer> {
    let mut place_of = HashMap::new();
    let mut kept: Vec<(usize, &Offer)> = Vec::new();
    for (by, answered) in answers.iter().enumerate() {
        for offer in answered.answer.offers.iter().take(answered.slots as usize) {
            place_of.entry(offer.product).or_insert_with(|| {
                kept.push((by, offer));
                kept.len() - 1
            });
        }
    }
    let place = |offer: &Offer| place_of.get(&offer.product).map(|&place| index(place));
    let places = answers.iter().map(|answered| answered.answer.offers.iter().map(place).collect()).collect();

    let mut merged: Merged<Offer> = Merged::empty(places);
    let mut left_out = Vec::new();
    for (by, offer) in kept {
        let copy = placed(by, &offer.copy, |about| merged.subject(by, about), &mut left_out);
        merged.items.push(Offer { copy, ..offer.clone() });
        merged.by.push(by);
    }
    Merged { left_out, ..merged }
}

/// Merges a coupon route's answers in order, each cut to its slots. A sentence about a proposal that was cut is left
/// out.
#[must_use]
pub fn merge_proposals(answers: &[Answered<Compensation>]) -> Merged<Proposal> {
    let mut count = 0;
    let places = answers.iter().map(|answered| {
        let own = answered.answer.proposals.len();
        let (first, kept) = (count, own.min(answered.slots as usize));
        count += kept;
        (0..own).map(|own| (own < kept).then(|| index(first + own))).collect()
    });
    let mut merged: Merged<Proposal> = Merged::empty(places.collect());
    let mut left_out = Vec::new();
    for (by, answered) in answers.iter().enumerate() {
        for proposal in answered.answer.proposals.iter().take(answered.slots as usize) {
            let copy = placed(by, &proposal.copy, |about| merged.subject(by, about), &mut left_out);
            merged.items.push(Proposal { copy, ..proposal.clone() });
            merged.by.push(by);
        }
    }
    Merged { left_out, ..merged }
}

impl Merged<Offer> {
    /// The subject of an answer's own sentence, as this list counts; none when its offer found no place.
    fn subject(&self, by: usize, subject: Subject) -> Option<Subject> {
        match subject {
            Subject::Offered(index) => self.place(by, index).map(Subject::Offered),
            subject => Some(subject),
        }
    }
}

impl Merged<Proposal> {
    /// The subject of an answer's own sentence, as this list counts; none when its proposal found no place.
    pub(super) fn subject(&self, by: usize, subject: Subject) -> Option<Subject> {
        match subject {
            Subject::Proposed(index) => self.place(by, index).map(Subject::Proposed),
            subject => Some(subject),
        }
    }
}

/// Copy with its subjects placed; what finds no place goes to `left_out`.
fn placed(
    by: usize,
    copy: &[Sentence],
    place: impl Fn(Subject) -> Option<Subject>,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Sentence> {
    let mut placed = Vec::with_capacity(copy.len());
    for sentence in copy {
        match place(sentence.about) {
            Some(about) => placed.push(Sentence { about, ..sentence.clone() }),
            None => left_out.push(LeftOut { by, sentence: sentence.clone() }),
        }
    }
    placed
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a route's answers together hold far fewer than 2^32 items")
}
