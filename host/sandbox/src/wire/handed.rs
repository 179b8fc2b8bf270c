//! Earlier stages' answers, and the return's timeline, as they are handed to a later stage.

use rebound_domain::answer;
use wasmtime::component::{ComponentType, Lower};

use super::context::{Extra, NO_EXTRA};
use super::shared::{Benefit, Subject};

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Sentence<'a> {
    template: &'a str,
    about: Subject,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Segment<'a> {
    key: &'a str,
    confidence: f32,
    evidence: Vec<Sentence<'a>>,
    traits: &'a [String],
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Offer<'a> {
    product: u32,
    kind: &'a str,
    resolution: Option<&'a str>,
    #[component(name = "for-line")]
    for_line: Option<u32>,
    quantity: u32,
    score: f32,
    copy: Vec<Sentence<'a>>,
    #[component(name = "price-hold")]
    price_hold: Option<u64>,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum Scope<'a> {
    #[component(name = "whole-order")]
    WholeOrder,
    #[component(name = "categories")]
    Categories(&'a [String]),
    #[component(name = "products")]
    Products(Vec<u32>),
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Terms<'a> {
    benefit: Benefit,
    #[component(name = "min-spend")]
    min_spend: i64,
    #[component(name = "max-discount")]
    max_discount: Option<i64>,
    scope: Scope<'a>,
    #[component(name = "starts-after")]
    starts_after: u64,
    #[component(name = "valid-for")]
    valid_for: u64,
    budget: &'a str,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Prize<'a> {
    terms: Option<Terms<'a>>,
    weight: u32,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum Grant<'a> {
    #[component(name = "fixed")]
    Fixed(Terms<'a>),
    #[component(name = "surprise")]
    Surprise(Vec<Prize<'a>>),
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Proposal<'a> {
    grant: Grant<'a>,
    copy: Vec<Sentence<'a>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct CustodyEvent<'a> {
    custody: &'a str,
    at: u64,
    line: Option<u32>,
    extra: Extra,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Usual<'a> {
    custody: &'a str,
    median: u64,
    p90: u64,
    count: u32,
}

/// Every element, borrowed.
pub(crate) fn all<'a, T, U: From<&'a T>>(values: &'a [T]) -> Vec<U> {
    values.iter().map(U::from).collect()
}

impl<'a> From<&'a answer::Sentence> for Sentence<'a> {
    fn from(sentence: &'a answer::Sentence) -> Self {
        Self { template: &sentence.template, about: sentence.about.into() }
    }
}

impl<'a> From<&'a answer::Segment> for Segment<'a> {
    fn from(segment: &'a answer::Segment) -> Self {
        Self {
            key: &segment.key,
            confidence: segment.confidence,
            evidence: all(&segment.evidence),
            traits: &segment.traits,
        }
    }
}

impl<'a> From<&'a answer::Offer> for Offer<'a> {
    fn from(offer: &'a answer::Offer) -> Self {
        Self {
            product: offer.product.0,
            kind: &offer.kind,
            resolution: offer.resolution.as_deref(),
            for_line: offer.for_line,
            quantity: offer.quantity,
            score: offer.score,
            copy: all(&offer.copy),
            price_hold: offer.price_hold.map(|hold| hold.0),
        }
    }
}

impl<'a> From<&'a answer::Proposal> for Proposal<'a> {
    fn from(proposal: &'a answer::Proposal) -> Self {
        let grant = match &proposal.grant {
            answer::Grant::Fixed(terms) => Grant::Fixed(terms.into()),
            answer::Grant::Surprise(prizes) => Grant::Surprise(all(prizes)),
        };
        Self { grant, copy: all(&proposal.copy) }
    }
}

impl<'a> From<&'a answer::Prize> for Prize<'a> {
    fn from(prize: &'a answer::Prize) -> Self {
        Self { terms: prize.terms.as_ref().map(Terms::from), weight: prize.weight }
    }
}

impl<'a> From<&'a answer::Terms> for Terms<'a> {
    fn from(terms: &'a answer::Terms) -> Self {
        Self {
            benefit: terms.benefit.into(),
            min_spend: terms.min_spend.0,
            max_discount: terms.max_discount.map(|amount| amount.0),
            scope: match &terms.scope {
                answer::Scope::WholeOrder => Scope::WholeOrder,
                answer::Scope::Categories(categories) => Scope::Categories(categories),
                answer::Scope::Products(products) => {
                    Scope::Products(products.iter().map(|product| product.0).collect())
                }
            },
            starts_after: terms.starts_after.0,
            valid_for: terms.valid_for.0,
            budget: &terms.budget,
        }
    }
}

impl<'a> From<&'a answer::CustodyEvent> for CustodyEvent<'a> {
    fn from(event: &'a answer::CustodyEvent) -> Self {
        Self { custody: &event.custody, at: event.at.0, line: event.line, extra: NO_EXTRA }
    }
}

impl<'a> From<&'a answer::Usual> for Usual<'a> {
    fn from(usual: &'a answer::Usual) -> Self {
        Self { custody: &usual.custody, median: usual.median.0, p90: usual.p90.0, count: usual.count }
    }
}
