//! The answer to a return. Borrows from the domain's plan: it is built, written once and dropped.

use rebound_domain::plan as domain;
use serde::Serialize;
use utoipa::ToSchema;

use super::coupon::{Coupon, Draw, Reward};
use super::scalar::{Amount, Instant, Stage};
use super::trace::Trace;

/// A sentence: literals of a declared template, and facts that the host filled.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Line<'a>(Vec<Segment<'a>>);

/// A part of a sentence.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Segment<'a> {
    /// The strategy's own words, as declared.
    Literal {
        /// The words.
        literal: &'a str,
    },
    /// A fact of the host.
    Fact {
        /// Its name: `stock_left`.
        fact: &'a str,
        /// The bare value: a number (money in minor units, shares in basis points), or a text.
        value: FactValue<'a>,
        /// The value as the customer reads it.
        text: &'a str,
    },
}

/// A fact's bare value.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum FactValue<'a> {
    /// A count, an amount in minor units, a share in basis points, an instant in milliseconds.
    Integer(i64),
    /// A title, a brand, a reason.
    Text(&'a str),
}

/// The plan of a return.
#[derive(Serialize, ToSchema)]
pub(crate) struct Plan<'a> {
    /// Which return.
    return_id: &'a str,
    /// Which event asked for it.
    source: &'a str,
    /// Which event asked for it.
    event_id: &'a str,
    /// When it was made.
    decided_at: Instant,
    /// BCP 47.
    locale: &'a str,
    /// ISO 4217, of every amount here.
    currency: &'a str,
    /// The refund path: unconditional, whatever stands beside it.
    refund: Refund<'a>,
    /// Who the customer is in this return.
    segment: PlanSegment<'a>,
    /// What is said at once.
    acknowledgement: Vec<Line<'a>>,
    /// What to take instead, best first.
    offers: Vec<Offer<'a>>,
    /// Coupons that exist.
    coupons: Vec<Coupon<'a>>,
    /// Surprises, with their published odds.
    draws: Vec<Draw<'a>>,
    /// What the merchant does.
    care: Vec<Care<'a>>,
    /// Contacts to come.
    follow_ups: Vec<FollowUp<'a>>,
    /// What to share.
    sharing: Sharing<'a>,
    /// How far the return is.
    progress: Progress<'a>,
    /// Lines that were not true enough to say.
    dropped: Vec<Dropped<'a>>,
    /// How it came about.
    trace: Trace<'a>,
}

/// The refund path.
#[derive(Serialize, ToSchema)]
pub(crate) struct Refund<'a> {
    /// Sum of the lines.
    amount: Amount,
    /// When the right to return ends, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_ends: Option<Instant>,
    /// One per line of the return, in their order.
    lines: Vec<RefundLine<'a>>,
}

/// One line of a refund.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefundLine<'a> {
    /// What comes back.
    sku: &'a str,
    /// Units.
    quantity: u32,
    /// What is paid back for them.
    amount: Amount,
    /// The order they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
}

/// Who the customer is in this return.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanSegment<'a> {
    /// The segmentation strategy's word; `unknown` without one.
    key: &'a str,
    /// 0 to 1.
    confidence: f32,
    /// Why, in words the customer could contest.
    evidence: Vec<Line<'a>>,
    /// The strategy's own words.
    traits: &'a [String],
}

/// One offer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Offer<'a> {
    /// What an acceptance names.
    recommendation_id: &'a str,
    /// Who recommends it: `namespace/name@version`.
    plugin: String,
    /// upgrade, affinity, bundle...: the strategy's own word.
    kind: &'a str,
    /// The host's number for the product.
    product_id: u32,
    /// The merchant's.
    sku: &'a str,
    /// As the catalogue says.
    title: &'a str,
    /// As the catalogue says.
    price: Amount,
    /// What taking it resolves the return to.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<&'a str>,
    /// Which line of the return it replaces, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    for_line: Option<u32>,
    /// Units.
    quantity: u32,
    /// The strategy's own scale.
    score: f32,
    /// The price it can be had for, whatever the catalogue says later.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<PriceHold>,
    /// What the customer reads.
    copy: Vec<Line<'a>>,
}

/// A price that is held: made with the plan, and told to checkouts by `GET /v1/holds`.
#[derive(Serialize, ToSchema)]
pub(crate) struct PriceHold {
    /// Per unit.
    price: Amount,
    /// From then on the catalogue's price counts again.
    until: Instant,
}

/// What the merchant does.
#[derive(Serialize, ToSchema)]
pub(crate) struct Care<'a> {
    /// The policy's word.
    action: &'a str,
    /// Which line of the return, from 0; left out for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Not before.
    due_at: Instant,
    /// What the customer reads.
    copy: Vec<Line<'a>>,
}

/// A contact to come.
#[derive(Serialize, ToSchema)]
pub(crate) struct FollowUp<'a> {
    /// Not before.
    due_at: Instant,
    /// Over which channel.
    channel: &'a str,
    /// What the customer reads.
    copy: Vec<Line<'a>>,
}

/// What to share.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sharing<'a> {
    /// Cards.
    cards: Vec<Card<'a>>,
    /// Achievements.
    achievements: Vec<Achievement<'a>>,
}

/// A card to share.
#[derive(Serialize, ToSchema)]
pub(crate) struct Card<'a> {
    /// Its title.
    title: Line<'a>,
    /// Its text.
    body: Vec<Line<'a>>,
    /// What to say when asked.
    talk_track: Vec<Line<'a>>,
    /// Hashtags.
    hashtags: Vec<Line<'a>>,
    /// What sharing it earns; disclosed on the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Reward<'a>>,
}

/// Something to reach; the host counts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Achievement<'a> {
    /// The strategy's word.
    key: &'a str,
    /// What the customer reads.
    title: Line<'a>,
    /// The host's ledger.
    counts: &'a str,
    /// How many are needed.
    target: u32,
    /// How many there are, as the host counts.
    reached: u32,
    /// What reaching it earns.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Reward<'a>>,
}

/// How far the return is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Progress<'a> {
    /// In their order.
    steps: Vec<Step<'a>>,
}

/// One step of the progress.
#[derive(Serialize, ToSchema)]
pub(crate) struct Step<'a> {
    /// The strategy's word.
    key: &'a str,
    /// What the customer reads.
    title: Line<'a>,
    /// Custody words that make it done.
    stands_for: &'a [String],
    /// When the first of them happened; left out while it is not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<Instant>,
    /// What the customer reads beside it.
    copy: Vec<Line<'a>>,
    /// Who tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    persona: Option<Persona<'a>>,
}

/// Who tells the progress.
#[derive(Serialize, ToSchema)]
pub(crate) struct Persona<'a> {
    /// Its name.
    name: &'a str,
    /// What it does.
    role: &'a str,
    /// Always true: it is never passed off as a person.
    assistant: bool,
}

/// A line that was not said, and why.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dropped<'a> {
    /// In which stage.
    stage: Stage,
    /// Whose line: `namespace/name@version`.
    plugin: String,
    /// Which template.
    template: &'a str,
    /// What it was about: plan, returned, offered or proposed.
    about: &'static str,
    /// Which of them, from 0; left out for the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    /// The fact that was missing, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<&'a str>,
    /// fact-unknown, not-low-stock, too-few-returns...: a stable word.
    reason: &'a str,
}

/// `lines` as they cross the wire.
pub(super) fn lines(lines: &[domain::Line]) -> Vec<Line<'_>> {
    lines.iter().map(|it| line(it)).collect()
}

fn line(line: &[domain::Piece]) -> Line<'_> {
    Line(line.iter().map(Into::into).collect())
}

impl<'a> From<&'a domain::Piece> for Segment<'a> {
    fn from(piece: &'a domain::Piece) -> Self {
        match piece {
            domain::Piece::Literal { literal } => Self::Literal { literal },
            domain::Piece::Fact { fact, value, text } => {
                let value = match value {
                    domain::FactValue::Integer(number) => FactValue::Integer(*number),
                    domain::FactValue::Text(text) => FactValue::Text(text),
                };
                Self::Fact { fact, value, text }
            }
        }
    }
}

impl<'a> From<&'a domain::Plan> for Plan<'a> {
    fn from(plan: &'a domain::Plan) -> Self {
        Self {
            return_id: plan.return_id.as_str(),
            source: plan.source.as_str(),
            event_id: plan.event_id.as_str(),
            decided_at: plan.decided_at.into(),
            locale: &plan.locale,
            currency: plan.currency.as_str(),
            refund: (&plan.refund).into(),
            segment: (&plan.segment).into(),
            acknowledgement: lines(&plan.acknowledgement),
            offers: plan.offers.iter().map(Into::into).collect(),
            coupons: plan.coupons.iter().map(Into::into).collect(),
            draws: plan.draws.iter().map(Into::into).collect(),
            care: plan.care.iter().map(Into::into).collect(),
            follow_ups: plan.follow_ups.iter().map(Into::into).collect(),
            sharing: (&plan.sharing).into(),
            progress: Progress { steps: plan.progress.iter().map(Into::into).collect() },
            dropped: plan.dropped.iter().map(Into::into).collect(),
            trace: (&plan.trace).into(),
        }
    }
}

impl<'a> From<&'a domain::Refund> for Refund<'a> {
    fn from(refund: &'a domain::Refund) -> Self {
        Self {
            amount: refund.amount.into(),
            window_ends: refund.window_ends.map(Into::into),
            lines: refund.lines.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a domain::RefundLine> for RefundLine<'a> {
    fn from(line: &'a domain::RefundLine) -> Self {
        Self {
            sku: line.sku.as_str(),
            quantity: line.quantity,
            amount: line.amount.into(),
            order_id: line.order_id.as_ref().map(|id| id.as_str()),
        }
    }
}

impl<'a> From<&'a domain::PlanSegment> for PlanSegment<'a> {
    fn from(segment: &'a domain::PlanSegment) -> Self {
        Self {
            key: &segment.key,
            confidence: segment.confidence,
            evidence: lines(&segment.evidence),
            traits: &segment.traits,
        }
    }
}

impl<'a> From<&'a domain::PlanOffer> for Offer<'a> {
    fn from(offer: &'a domain::PlanOffer) -> Self {
        Self {
            recommendation_id: &offer.recommendation_id,
            plugin: offer.plugin.to_string(),
            kind: &offer.kind,
            product_id: offer.product.0,
            sku: offer.sku.as_str(),
            title: &offer.title,
            price: offer.price.into(),
            resolution: offer.resolution.as_deref(),
            for_line: offer.for_line,
            quantity: offer.quantity,
            score: offer.score,
            hold: offer.hold.map(|hold| PriceHold { price: hold.price.into(), until: hold.until.into() }),
            copy: lines(&offer.copy),
        }
    }
}

impl<'a> From<&'a domain::PlanCare> for Care<'a> {
    fn from(care: &'a domain::PlanCare) -> Self {
        Self { action: &care.action, line: care.line, due_at: care.due_at.into(), copy: lines(&care.copy) }
    }
}

impl<'a> From<&'a domain::PlanFollowUp> for FollowUp<'a> {
    fn from(follow_up: &'a domain::PlanFollowUp) -> Self {
        Self { due_at: follow_up.due_at.into(), channel: &follow_up.channel, copy: lines(&follow_up.copy) }
    }
}

impl<'a> From<&'a domain::PlanSharing> for Sharing<'a> {
    fn from(sharing: &'a domain::PlanSharing) -> Self {
        Self {
            cards: sharing.cards.iter().map(Into::into).collect(),
            achievements: sharing.achievements.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a domain::PlanCard> for Card<'a> {
    fn from(card: &'a domain::PlanCard) -> Self {
        Self {
            title: line(&card.title),
            body: lines(&card.body),
            talk_track: lines(&card.talk_track),
            hashtags: lines(&card.hashtags),
            reward: card.reward.as_ref().map(Into::into),
        }
    }
}

impl<'a> From<&'a domain::PlanAchievement> for Achievement<'a> {
    fn from(achievement: &'a domain::PlanAchievement) -> Self {
        Self {
            key: &achievement.key,
            title: line(&achievement.title),
            counts: &achievement.counts,
            target: achievement.target,
            reached: achievement.reached,
            reward: achievement.reward.as_ref().map(Into::into),
        }
    }
}

impl<'a> From<&'a domain::PlanStep> for Step<'a> {
    fn from(step: &'a domain::PlanStep) -> Self {
        let persona = step.persona.as_ref();
        Self {
            key: &step.key,
            title: line(&step.title),
            stands_for: &step.stands_for,
            done_at: step.done_at.map(Into::into),
            copy: lines(&step.copy),
            persona: persona.map(|it| Persona { name: &it.name, role: &it.role, assistant: it.assistant }),
        }
    }
}

impl<'a> From<&'a domain::Dropped> for Dropped<'a> {
    fn from(dropped: &'a domain::Dropped) -> Self {
        use rebound_domain::answer::Subject;
        let (about, index) = match dropped.about {
            Subject::Plan => ("plan", None),
            Subject::Returned(index) => ("returned", Some(index)),
            Subject::Offered(index) => ("offered", Some(index)),
            Subject::Proposed(index) => ("proposed", Some(index)),
        };
        Self {
            stage: dropped.stage.into(),
            plugin: dropped.plugin.to_string(),
            template: &dropped.template,
            about,
            index,
            fact: dropped.fact.as_deref(),
            reason: &dropped.reason,
        }
    }
}
