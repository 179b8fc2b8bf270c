//! What a strategy says, as it is lifted, and how it becomes the domain's.

use rebound_domain::answer;
use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;
use rebound_domain::time::Duration;
use wasmtime::component::{ComponentType, Lift};

use super::shared::{Benefit, Subject};
use super::size::Size;

/// A record that is lifted, counted, and turned into the domain's.
macro_rules! lifted {
    ($(struct $name:ident { $( $(#[$attribute:meta])* $field:ident: $type:ty,)* })*) => { $(
        #[derive(ComponentType, Lift)]
        #[component(record)]
        pub(crate) struct $name { $( $(#[$attribute])* pub(crate) $field: $type,)* }

        impl Size for $name {
            fn outside(&self) -> u64 {
                0 $(+ self.$field.outside())*
            }
        }
    )* };
}
pub(crate) use lifted;

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Failure {
    #[component(name = "declined")]
    Declined(String),
    #[component(name = "invalid-config")]
    InvalidConfig(String),
    #[component(name = "internal")]
    Internal(String),
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum StateChange {
    #[component(name = "keep")]
    Keep,
    #[component(name = "clear")]
    Clear,
    #[component(name = "put")]
    Put(Vec<u8>),
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Scope {
    #[component(name = "whole-order")]
    WholeOrder,
    #[component(name = "categories")]
    Categories(Vec<String>),
    #[component(name = "products")]
    Products(Vec<u32>),
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Grant {
    #[component(name = "fixed")]
    Fixed(Terms),
    #[component(name = "surprise")]
    Surprise(Vec<Prize>),
}

lifted! {
    struct Sentence {
        template: String,
        about: Subject,
    }
    struct Segment {
        key: String,
        confidence: f32,
        evidence: Vec<Sentence>,
        traits: Vec<String>,
    }
    struct Care {
        action: String,
        line: Option<u32>,
        after: u64,
        copy: Vec<Sentence>,
    }
    struct Classification {
        segment: Segment,
        acknowledgement: Vec<Sentence>,
        care: Vec<Care>,
        state: StateChange,
    }
    struct Offer {
        product: u32,
        kind: String,
        resolution: Option<String>,
        #[component(name = "for-line")]
        for_line: Option<u32>,
        quantity: u32,
        score: f32,
        copy: Vec<Sentence>,
        #[component(name = "price-hold")]
        price_hold: Option<u64>,
    }
    struct Recommendations {
        offers: Vec<Offer>,
        state: StateChange,
    }
    struct Terms {
        benefit: Benefit,
        #[component(name = "min-spend")]
        min_spend: i64,
        #[component(name = "max-discount")]
        max_discount: Option<i64>,
        scope: Scope,
        #[component(name = "starts-after")]
        starts_after: u64,
        #[component(name = "valid-for")]
        valid_for: u64,
        budget: String,
    }
    struct Prize {
        terms: Option<Terms>,
        weight: u32,
    }
    struct Proposal {
        grant: Grant,
        copy: Vec<Sentence>,
    }
    struct FollowUp {
        after: u64,
        channel: String,
        about: Subject,
        copy: Vec<Sentence>,
    }
    struct Compensation {
        proposals: Vec<Proposal>,
        #[component(name = "follow-ups")]
        follow_ups: Vec<FollowUp>,
        state: StateChange,
    }
    struct Card {
        title: Sentence,
        body: Vec<Sentence>,
        #[component(name = "talk-track")]
        talk_track: Vec<Sentence>,
        hashtags: Vec<Sentence>,
        reward: Option<Proposal>,
    }
    struct Achievement {
        key: String,
        title: Sentence,
        counts: String,
        target: u32,
        reward: Option<Proposal>,
    }
    struct ShareKit {
        cards: Vec<Card>,
        achievements: Vec<Achievement>,
        state: StateChange,
    }
    struct Step {
        key: String,
        title: Sentence,
        #[component(name = "stands-for")]
        stands_for: Vec<String>,
        copy: Vec<Sentence>,
        persona: Option<String>,
    }
}

impl Size for Failure {
    fn outside(&self) -> u64 {
        let (Failure::Declined(reason) | Failure::InvalidConfig(reason) | Failure::Internal(reason)) = self;
        reason.outside()
    }
}

impl Size for StateChange {
    fn outside(&self) -> u64 {
        match self {
            StateChange::Keep | StateChange::Clear => 0,
            StateChange::Put(state) => state.len() as u64,
        }
    }
}

impl Size for Scope {
    fn outside(&self) -> u64 {
        match self {
            Scope::WholeOrder => 0,
            Scope::Categories(categories) => categories.outside(),
            Scope::Products(products) => products.outside(),
        }
    }
}

impl Size for Grant {
    fn outside(&self) -> u64 {
        match self {
            Grant::Fixed(terms) => terms.outside(),
            Grant::Surprise(prizes) => prizes.outside(),
        }
    }
}

impl<T: Size, E: Size> Size for Result<T, E> {
    fn outside(&self) -> u64 {
        match self {
            Ok(value) => value.outside(),
            Err(error) => error.outside(),
        }
    }
}

impl From<Classification> for answer::Classification {
    fn from(classification: Classification) -> Self {
        Self {
            segment: classification.segment.into(),
            acknowledgement: all(classification.acknowledgement),
            care: all(classification.care),
            state: classification.state.into(),
        }
    }
}

impl From<Recommendations> for answer::Recommendations {
    fn from(recommendations: Recommendations) -> Self {
        Self { offers: all(recommendations.offers), state: recommendations.state.into() }
    }
}

impl From<Compensation> for answer::Compensation {
    fn from(compensation: Compensation) -> Self {
        Self {
            proposals: all(compensation.proposals),
            follow_ups: all(compensation.follow_ups),
            state: compensation.state.into(),
        }
    }
}

impl From<ShareKit> for answer::ShareKit {
    fn from(kit: ShareKit) -> Self {
        Self { cards: all(kit.cards), achievements: all(kit.achievements), state: kit.state.into() }
    }
}

impl From<Step> for answer::Step {
    fn from(step: Step) -> Self {
        Self {
            key: step.key,
            title: step.title.into(),
            stands_for: step.stands_for,
            copy: all(step.copy),
            persona: step.persona,
        }
    }
}

impl From<StateChange> for answer::StateChange {
    fn from(state: StateChange) -> Self {
        match state {
            StateChange::Keep => Self::Keep,
            StateChange::Clear => Self::Clear,
            StateChange::Put(state) => Self::Put(state),
        }
    }
}

impl From<Sentence> for answer::Sentence {
    fn from(sentence: Sentence) -> Self {
        Self { template: sentence.template, about: sentence.about.into() }
    }
}

impl From<Segment> for answer::Segment {
    fn from(segment: Segment) -> Self {
        Self {
            key: segment.key,
            confidence: segment.confidence,
            evidence: all(segment.evidence),
            traits: segment.traits,
        }
    }
}

impl From<Care> for answer::Care {
    fn from(care: Care) -> Self {
        Self { action: care.action, line: care.line, after: Duration(care.after), copy: all(care.copy) }
    }
}

impl From<Offer> for answer::Offer {
    fn from(offer: Offer) -> Self {
        Self {
            product: ProductId(offer.product),
            kind: offer.kind,
            resolution: offer.resolution,
            for_line: offer.for_line,
            quantity: offer.quantity,
            score: offer.score,
            copy: all(offer.copy),
            price_hold: offer.price_hold.map(Duration),
        }
    }
}

impl From<Terms> for answer::Terms {
    fn from(terms: Terms) -> Self {
        Self {
            benefit: terms.benefit.into(),
            min_spend: Money(terms.min_spend),
            max_discount: terms.max_discount.map(Money),
            scope: match terms.scope {
                Scope::WholeOrder => answer::Scope::WholeOrder,
                Scope::Categories(categories) => answer::Scope::Categories(categories),
                Scope::Products(products) => {
                    answer::Scope::Products(products.into_iter().map(ProductId).collect())
                }
            },
            starts_after: Duration(terms.starts_after),
            valid_for: Duration(terms.valid_for),
            budget: terms.budget,
        }
    }
}

impl From<Prize> for answer::Prize {
    fn from(prize: Prize) -> Self {
        Self { terms: prize.terms.map(Into::into), weight: prize.weight }
    }
}

impl From<Proposal> for answer::Proposal {
    fn from(proposal: Proposal) -> Self {
        let grant = match proposal.grant {
            Grant::Fixed(terms) => answer::Grant::Fixed(terms.into()),
            Grant::Surprise(prizes) => answer::Grant::Surprise(all(prizes)),
        };
        Self { grant, copy: all(proposal.copy) }
    }
}

impl From<FollowUp> for answer::FollowUp {
    fn from(follow_up: FollowUp) -> Self {
        Self {
            after: Duration(follow_up.after),
            channel: follow_up.channel,
            about: follow_up.about.into(),
            copy: all(follow_up.copy),
        }
    }
}

impl From<Card> for answer::Card {
    fn from(card: Card) -> Self {
        Self {
            title: card.title.into(),
            body: all(card.body),
            talk_track: all(card.talk_track),
            hashtags: all(card.hashtags),
            reward: card.reward.map(Into::into),
        }
    }
}

impl From<Achievement> for answer::Achievement {
    fn from(achievement: Achievement) -> Self {
        Self {
            key: achievement.key,
            title: achievement.title.into(),
            counts: achievement.counts,
            target: achievement.target,
            reward: achievement.reward.map(Into::into),
        }
    }
}

/// Every element, turned into the domain's.
pub(crate) fn all<T, U: From<T>>(values: Vec<T>) -> Vec<U> {
    values.into_iter().map(U::from).collect()
}
