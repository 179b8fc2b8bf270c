//! The answer to a return: one durable plan.
//!
//! Every text a customer may read is a [`Line`]: literals of a declared template, and facts that the host filled
//! from its own ledgers.

use serde::{Deserialize, Serialize};

use crate::answer::{Grant, Prize, Subject};
use crate::coupon::Coupon;
use crate::ids::{
    ArmKey, CustomerId, Digest, EventId, ExperimentKey, OrderId, PluginRef, ProductId, ReturnId, Sku, Source,
};
use crate::manifest::Stage;
use crate::money::{Currency, Money};
use crate::time::Instant;

/// A rendered sentence.
pub type Line = Vec<Piece>;

/// A part of a rendered sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Piece {
    /// The strategy's own words, as declared.
    Literal {
        /// The words.
        literal: String,
    },
    /// A fact of the host.
    Fact {
        /// Its name: `stock_left`.
        fact: String,
        /// The bare value: a number (money in minor units, shares in basis points), or a text.
        value: FactValue,
        /// The value as the customer reads it.
        text: String,
    },
}

/// A fact's bare value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// A count, an amount in minor units, a share in basis points, an instant in milliseconds.
    Integer(i64),
    /// A title, a brand, a reason.
    Text(String),
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Which return.
    pub return_id: ReturnId,
    /// Which event asked.
    pub source: Source,
    /// Which event asked.
    pub event_id: EventId,
    /// Whose.
    pub customer_id: CustomerId,
    /// When it was made.
    pub decided_at: Instant,
    /// BCP 47.
    pub locale: String,
    /// Of every amount here.
    pub currency: Currency,
    /// First-class, unconditional.
    pub refund: Refund,
    /// Who the customer is in this return.
    pub segment: PlanSegment,
    /// What is said at once.
    pub acknowledgement: Vec<Line>,
    /// What to take instead.
    pub offers: Vec<PlanOffer>,
    /// Coupons that exist. A proposal is no coupon: see [`Trace::proposals`].
    pub coupons: Vec<PlanCoupon>,
    /// Surprises, with their published odds.
    pub draws: Vec<PlanDraw>,
    /// What the merchant does.
    pub care: Vec<PlanCare>,
    /// Contacts to come.
    pub follow_ups: Vec<PlanFollowUp>,
    /// What to share.
    pub sharing: PlanSharing,
    /// How far the return is.
    pub progress: Vec<PlanStep>,
    /// Lines that were not true enough to say.
    pub dropped: Vec<Dropped>,
    /// How it came about.
    pub trace: Trace,
}

/// The refund path: no strategy can remove, delay or condition it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Sum of the lines.
    pub amount: Money,
    /// When the right to return ends, if known.
    pub window_ends: Option<Instant>,
    /// Per return line, in their order.
    pub lines: Vec<RefundLine>,
}

/// One line of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// What comes back.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
    /// What is paid back for them.
    pub amount: Money,
    /// The order they come from.
    pub order_id: Option<OrderId>,
}

/// Who the customer is in this return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanSegment {
    /// The segmentation strategy's word; `unknown` without one.
    pub key: String,
    /// 0 to 1.
    pub confidence: f32,
    /// Why.
    pub evidence: Vec<Line>,
    /// The strategy's own words.
    pub traits: Vec<String>,
}

/// One offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanOffer {
    /// What an acceptance names.
    pub recommendation_id: String,
    /// Who recommends it.
    pub plugin: PluginRef,
    /// The strategy's word.
    pub kind: String,
    /// What.
    pub product: ProductId,
    /// The merchant's number for it.
    pub sku: Sku,
    /// As the catalogue says.
    pub title: String,
    /// As the catalogue says.
    pub price: Money,
    /// What taking it resolves the return to.
    pub resolution: Option<String>,
    /// Which return line it replaces.
    pub for_line: Option<u32>,
    /// Units.
    pub quantity: u32,
    /// The strategy's own scale.
    pub score: f32,
    /// What the customer reads.
    pub copy: Vec<Line>,
    /// The price it can be had for, whatever the catalogue says later.
    pub hold: Option<PlanHold>,
}

/// A price hold: made in the plan's own commit, and honoured at checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHold {
    /// Per unit.
    pub price: Money,
    /// From then on the catalogue's price counts again.
    pub until: Instant,
}

/// A coupon that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanCoupon {
    /// Who proposed it.
    pub plugin: PluginRef,
    /// The coupon.
    pub coupon: Coupon,
    /// Of a coupon that was drawn: which of [`Plan::draws`].
    pub draw: Option<u32>,
    /// What the customer reads.
    pub copy: Vec<Line>,
}

/// A surprise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanDraw {
    /// Who proposed it.
    pub plugin: PluginRef,
    /// What it was drawn from; the odds of each are its weight through the sum of weights.
    pub prizes: Vec<Prize>,
    /// Which of them was drawn; none in a dry run.
    pub drawn: Option<u32>,
    /// What the customer reads where it was no coupon; else that stands with the coupon.
    pub copy: Vec<Line>,
}

/// What is promised for something still to be done. Its budget is charged, so it can be given when it is earned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanReward {
    /// Who proposed it.
    pub plugin: PluginRef,
    /// The coupon; its code is told once it is earned.
    pub coupon: Coupon,
}

/// What the merchant does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanCare {
    /// The policy's word.
    pub action: String,
    /// Which return line.
    pub line: Option<u32>,
    /// Not before.
    pub due_at: Instant,
    /// What the customer reads.
    pub copy: Vec<Line>,
}

/// A contact to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanFollowUp {
    /// Not before.
    pub due_at: Instant,
    /// Over which channel.
    pub channel: String,
    /// What the customer reads.
    pub copy: Vec<Line>,
}

/// What to share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanSharing {
    /// Cards.
    pub cards: Vec<PlanCard>,
    /// Achievements.
    pub achievements: Vec<PlanAchievement>,
}

impl PlanSharing {
    /// Every reward, cards first.
    pub fn rewards(&self) -> impl Iterator<Item = &PlanReward> {
        let cards = self.cards.iter().filter_map(|card| card.reward.as_ref());
        cards.chain(self.achievements.iter().filter_map(|achievement| achievement.reward.as_ref()))
    }
}

/// A card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanCard {
    /// Its title.
    pub title: Line,
    /// Its text.
    pub body: Vec<Line>,
    /// What to say when asked.
    pub talk_track: Vec<Line>,
    /// Hashtags.
    pub hashtags: Vec<Line>,
    /// What sharing it earns; disclosed on the card.
    pub reward: Option<PlanReward>,
}

/// An achievement; the host counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanAchievement {
    /// The strategy's word.
    pub key: String,
    /// What the customer reads.
    pub title: Line,
    /// The host's ledger.
    pub counts: String,
    /// How many are needed.
    pub target: u32,
    /// How many there are, as the host counts.
    pub reached: u32,
    /// What reaching it earns.
    pub reward: Option<PlanReward>,
}

/// One step of the progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanStep {
    /// The strategy's word.
    pub key: String,
    /// What the customer reads.
    pub title: Line,
    /// Custody words that make it done.
    pub stands_for: Vec<String>,
    /// When the first of them happened; none = not done.
    pub done_at: Option<Instant>,
    /// What the customer reads beside it.
    pub copy: Vec<Line>,
    /// Who tells it.
    pub persona: Option<PlanPersona>,
}

/// Who tells the progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPersona {
    /// Its name.
    pub name: String,
    /// What it does.
    pub role: String,
    /// Always true: it is never passed off as a person.
    pub assistant: bool,
}

/// A line that was not said, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// In which stage.
    pub stage: Stage,
    /// Whose line.
    pub plugin: PluginRef,
    /// Which template.
    pub template: String,
    /// What it was about.
    pub about: Subject,
    /// The fact that was missing, if one was.
    pub fact: Option<String>,
    /// A stable word: fact-unknown, not-low-stock, too-few-returns, no-translation...
    pub reason: String,
}

/// How a plan came about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// One per stage that an experiment ran on, whatever was called: an arm may hold no entries.
    #[serde(default)]
    pub assignments: Vec<StageAssignment>,
    /// One per call that was made, in order.
    pub stages: Vec<StageTrace>,
    /// Coupons proposed and not minted.
    pub proposals: Vec<ProposalTrace>,
    /// Lines that were said though their templates break a rule: the policy reports instead of enforcing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<ShownViolation>,
}

/// A rule that a line of the plan breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownViolation {
    /// In which stage.
    pub stage: Stage,
    /// Whose line.
    pub plugin: PluginRef,
    /// Which template, or persona.
    pub template: String,
    /// Its locale, as declared.
    pub locale: String,
    /// Which rule, as its stable word.
    pub rule: String,
    /// The words at fault.
    pub excerpt: String,
    /// How many lines of the plan say it.
    pub lines: u32,
}

/// Why this customer got this route at a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageAssignment {
    /// Which stage.
    pub stage: Stage,
    /// Why.
    pub assignment: Assignment,
}

/// One strategy's call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageTrace {
    /// Which stage.
    pub stage: Stage,
    /// Which version.
    pub plugin: PluginRef,
    /// Its component.
    pub digest: Digest,
    /// The assignment, where an experiment ran on the stage.
    pub assignment: Option<Assignment>,
    /// A stable word: value, declined, invalid-config, internal, invalid-output, out-of-fuel, deadline, stack,
    /// unreachable, memory, link-error...
    pub outcome: String,
    /// What went wrong, for the operator.
    pub detail: Option<String>,
    /// Whether this call stood in for one that failed.
    pub fallback: bool,
    /// Fuel used.
    pub fuel: u64,
    /// Fuel that it might have used.
    pub fuel_max: u64,
    /// Microseconds of wall clock.
    pub micros: u64,
    /// Peak of linear memory and tables, bytes.
    pub memory_bytes: u64,
    /// What it might have been, bytes.
    pub memory_bytes_max: u64,
    /// Size of the answer, bytes.
    pub output_bytes: u64,
    /// Lines logged.
    pub log_lines: u32,
}

/// Why this customer got this route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Which experiment.
    pub experiment: ExperimentKey,
    /// Which phase of it.
    pub phase: u32,
    /// Which arm; none when the customer is not in.
    pub arm: Option<ArmKey>,
    /// 0 to 1, in steps of 1 / 10,000.
    pub bucket: f64,
    /// The probability with which a covered customer gets this arm.
    pub propensity: Option<f64>,
    /// running or not-covered.
    pub reason: String,
}

/// A coupon that was proposed and not minted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalTrace {
    /// By whom.
    pub plugin: PluginRef,
    /// In which stage.
    pub stage: Stage,
    /// What.
    pub grant: Grant,
    /// A stable word: over-incentive-max, customer-limit, budget-spent...
    pub reason: String,
}
