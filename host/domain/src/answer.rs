//! What a strategy may say, in the host's own types. Meanings and units are those of `wit/0.1.0`.
//!
//! Values of these types come out of the sandbox unchecked; [`crate::check`] decides whether they stand.

use serde::{Deserialize, Serialize};

use crate::ids::ProductId;
use crate::money::{BasisPoints, Money};
use crate::time::Duration;

/// What becomes of a plugin's state for this customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateChange {
    /// Nothing.
    #[default]
    Keep,
    /// It is forgotten.
    Clear,
    /// It becomes this.
    Put(Vec<u8>),
}

/// What a sentence's facts are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The plan as a whole.
    Plan,
    /// A return line, by index.
    Returned(u32),
    /// An offer, by index.
    Offered(u32),
    /// A proposal, by index.
    Proposed(u32),
}

/// A declared template and what its facts are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The template's key.
    pub template: String,
    /// What its facts are about.
    pub about: Subject,
}

/// Who the customer is in this return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The segmentation strategy's own word.
    pub key: String,
    /// 0 to 1.
    pub confidence: f32,
    /// Why, in words the customer could read.
    pub evidence: Vec<Sentence>,
    /// The strategy's own words.
    pub traits: Vec<String>,
}

impl Segment {
    /// What stands where segmentation gave no answer.
    #[must_use]
    pub fn unknown() -> Self {
        Self { key: "unknown".to_owned(), confidence: 0.0, evidence: Vec::new(), traits: Vec::new() }
    }
}

/// What the merchant does once the customer accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Care {
    /// One of the policy's care actions.
    pub action: String,
    /// Which return line; none = the whole return.
    pub line: Option<u32>,
    /// From now.
    pub after: Duration,
    /// What the customer reads.
    pub copy: Vec<Sentence>,
}

/// Segmentation's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// Who.
    pub segment: Segment,
    /// Names this item and this reason.
    pub acknowledgement: Vec<Sentence>,
    /// What the merchant does.
    pub care: Vec<Care>,
    /// State.
    pub state: StateChange,
}

/// One product offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What.
    pub product: ProductId,
    /// The strategy's own word.
    pub kind: String,
    /// What taking it resolves the return to.
    pub resolution: Option<String>,
    /// Which return line it replaces.
    pub for_line: Option<u32>,
    /// Units, at least 1.
    pub quantity: u32,
    /// Finite.
    pub score: f32,
    /// What the customer reads.
    pub copy: Vec<Sentence>,
    /// Hold the price for this long.
    pub price_hold: Option<Duration>,
}

/// Recommendation's answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recommendations {
    /// Best first.
    pub offers: Vec<Offer>,
    /// State.
    pub state: StateChange,
}

/// What a coupon gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Benefit {
    /// A fixed amount.
    AmountOff(Money),
    /// A share; the terms cap it.
    PercentOff(BasisPoints),
    /// Credit with the merchant.
    StoreCredit(Money),
    /// Shipping paid.
    FreeShipping,
    /// A product, counted at its catalogue price.
    Gift(ProductId),
}

impl Benefit {
    /// All words of the contract.
    pub const WORDS: [&'static str; 5] =
        ["amount-off", "percent-off", "store-credit", "free-shipping", "gift"];

    /// The contract's word, as an allowance lists it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Benefit::AmountOff(_) => "amount-off",
            Benefit::PercentOff(_) => "percent-off",
            Benefit::StoreCredit(_) => "store-credit",
            Benefit::FreeShipping => "free-shipping",
            Benefit::Gift(_) => "gift",
        }
    }
}

/// What a coupon may be used on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everything.
    WholeOrder,
    /// Any of these categories.
    Categories(Vec<String>),
    /// Any of these products.
    Products(Vec<ProductId>),
}

/// A coupon's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it gives.
    pub benefit: Benefit,
    /// Eligible goods must reach this; 0 for none.
    pub min_spend: Money,
    /// Required with a percentage.
    pub max_discount: Option<Money>,
    /// What it may be used on.
    pub scope: Scope,
    /// After it is minted.
    pub starts_after: Duration,
    /// From its start.
    pub valid_for: Duration,
    /// The budget that pays. A guest's text: it names a budget only after the check.
    pub budget: String,
}

/// One outcome of a surprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prize {
    /// None = no prize.
    pub terms: Option<Terms>,
    /// Its odds are weight / sum of weights.
    pub weight: u32,
}

/// A fixed coupon or a drawn one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// These terms.
    Fixed(Terms),
    /// Drawn by the host.
    Surprise(Vec<Prize>),
}

/// A coupon the strategy proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What.
    pub grant: Grant,
    /// What the customer reads.
    pub copy: Vec<Sentence>,
}

/// A timed contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// From now.
    pub after: Duration,
    /// One of the customer's reachable channels.
    pub channel: String,
    /// What its facts are about.
    pub about: Subject,
    /// What the customer reads.
    pub copy: Vec<Sentence>,
}

/// The coupon stage's answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Compensation {
    /// Coupons.
    pub proposals: Vec<Proposal>,
    /// Contacts.
    pub follow_ups: Vec<FollowUp>,
    /// State.
    pub state: StateChange,
}

/// A card to share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its title.
    pub title: Sentence,
    /// Its text.
    pub body: Vec<Sentence>,
    /// What to say when asked.
    pub talk_track: Vec<Sentence>,
    /// Hashtags.
    pub hashtags: Vec<Sentence>,
    /// Disclosed on the card.
    pub reward: Option<Proposal>,
}

/// Something to reach; the host counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Achievement {
    /// The strategy's own word.
    pub key: String,
    /// What the customer reads.
    pub title: Sentence,
    /// The host's ledger.
    pub counts: String,
    /// How many are needed.
    pub target: u32,
    /// Granted once.
    pub reward: Option<Proposal>,
}

/// Sharing's answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShareKit {
    /// Cards.
    pub cards: Vec<Card>,
    /// Achievements.
    pub achievements: Vec<Achievement>,
    /// State.
    pub state: StateChange,
}

/// One step of the return's progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The strategy's own word.
    pub key: String,
    /// What the customer reads.
    pub title: Sentence,
    /// Custody words that make it done.
    pub stands_for: Vec<String>,
    /// What the customer reads beside it.
    pub copy: Vec<Sentence>,
    /// Who tells it.
    pub persona: Option<String>,
}

/// Something that happened to the parcel or the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyEvent {
    /// label-issued, in-transit, received...
    pub custody: String,
    /// When.
    pub at: crate::time::Instant,
    /// Which return line; none = the whole return.
    pub line: Option<u32>,
}

/// The merchant's own past durations until a custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usual {
    /// Until this.
    pub custody: String,
    /// Half of them were quicker.
    pub median: Duration,
    /// Nine of ten were quicker.
    pub p90: Duration,
    /// Returns these come from.
    pub count: u32,
}
