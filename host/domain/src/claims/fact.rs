//! The closed list of facts, and what a fact's value is.

use crate::coupon::{Code, Odds};
use crate::money::{BasisPoints, Money};
use crate::plan::FactValue;
use crate::time::Instant;

/// A fact that a template may name. [`super::Ledger`] says when each is known and true enough to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A product's title.
    Item,
    /// A product's brand.
    Brand,
    /// Why a line comes back, in words that complete "it was ...".
    Reason,
    /// A product's current catalogue price.
    Price,
    /// Units on hand, when they are few.
    StockLeft,
    /// How many of those who returned the one product bought the other.
    SwitchedShare,
    /// When a price hold ends.
    PriceHoldUntil,
    /// What a coupon gives.
    CouponAmount,
    /// What must be spent to use a coupon.
    CouponMinSpend,
    /// When a coupon ends.
    CouponExpires,
    /// The odds of a prize.
    Odds,
    /// The value of coupons and credit not yet used.
    UnusedBenefits,
    /// What the customer types to use a coupon.
    CouponCode,
    /// What is paid back.
    RefundAmount,
    /// When the right to return ends.
    ReturnUntil,
    /// Orders this customer has placed.
    OrdersCount,
    /// Returns this customer has asked for, this one not counted.
    ReturnsCount,
}

impl Fact {
    /// All that a template may name.
    pub const ALL: [Fact; 17] = [
        Fact::Item,
        Fact::Brand,
        Fact::Reason,
        Fact::Price,
        Fact::StockLeft,
        Fact::SwitchedShare,
        Fact::PriceHoldUntil,
        Fact::CouponAmount,
        Fact::CouponMinSpend,
        Fact::CouponExpires,
        Fact::Odds,
        Fact::UnusedBenefits,
        Fact::CouponCode,
        Fact::RefundAmount,
        Fact::ReturnUntil,
        Fact::OrdersCount,
        Fact::ReturnsCount,
    ];

    /// The word between the braces.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Fact::Item => "item",
            Fact::Brand => "brand",
            Fact::Reason => "reason",
            Fact::Price => "price",
            Fact::StockLeft => "stock_left",
            Fact::SwitchedShare => "switched_share",
            Fact::PriceHoldUntil => "price_hold_until",
            Fact::CouponAmount => "coupon_amount",
            Fact::CouponMinSpend => "coupon_min_spend",
            Fact::CouponExpires => "coupon_expires",
            Fact::Odds => "odds",
            Fact::UnusedBenefits => "unused_benefits",
            Fact::CouponCode => "coupon_code",
            Fact::RefundAmount => "refund_amount",
            Fact::ReturnUntil => "return_until",
            Fact::OrdersCount => "orders_count",
            Fact::ReturnsCount => "returns_count",
        }
    }

    /// Reads the word between the braces.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.word() == word)
    }
}

/// A fact's value, before it is said in a locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A title or a brand: said as it is.
    Text(String),
    /// A return reason of the closed list.
    Reason(String),
    /// Units.
    Count(u32),
    /// An amount of the deployment's currency.
    Money(Money),
    /// Whole percent.
    Percent(u32),
    /// A share, exact to the basis point.
    Share(BasisPoints),
    /// Odds that no percentage tells exactly.
    Odds(Odds),
    /// A moment.
    Moment(Instant),
    /// What a customer types.
    Code(Code),
}

impl Value {
    /// The bare value, as a plan records it: a percentage in basis points, money in minor units, a moment in
    /// milliseconds since 1970.
    #[must_use]
    pub fn bare(&self) -> FactValue {
        match self {
            Value::Text(text) | Value::Reason(text) => FactValue::Text(text.clone()),
            Value::Count(count) => FactValue::Integer((*count).into()),
            Value::Money(amount) => FactValue::Integer(amount.0),
            Value::Percent(percent) => FactValue::Integer(i64::from(*percent) * 100),
            Value::Share(share) => FactValue::Integer(share.0.into()),
            Value::Odds(Odds { prized, total }) => FactValue::Text(format!("{prized}/{total}")),
            Value::Moment(at) => FactValue::Integer(i64::try_from(at.0).unwrap_or(i64::MAX)),
            Value::Code(code) => FactValue::Text(code.to_string()),
        }
    }
}
