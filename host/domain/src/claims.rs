//! Sentences that are true: declared templates, the facts they may name, and how a fact is said.
//!
//! A strategy answers with template keys. [`Templates`] holds a manifest's templates, compiled once per published
//! version; a [`Speaker`] fills them for one decision, from the host's own [`Ledger`], in the customer's locale.
//! A line with a fact that is unknown, or not true enough to say, is not said at all: [`Unsaid`] tells why.
//!
//! The rules in prose, fact by fact, are in `docs/claims.md`.

mod book;
mod constant;
mod currency;
mod fact;
mod format;
mod ledger;
pub mod literal;
mod locale;
mod moment;
mod reason;
mod speaker;
mod template;
mod templates;
mod violation;

pub use book::{Approval, Book, Standing};
pub use constant::{Constant, ConstantError};
pub use fact::{Fact, Value};
pub use format::Format;
pub use ledger::Ledger;
pub use locale::Locale;
pub use speaker::Speaker;
pub use template::{Part, Problem, Template, TemplateError};
pub use templates::Templates;
pub use violation::{Rule, Violation};

/// Why a line is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsaid {
    /// The fact that stands in its way, if one does.
    pub fact: Option<Fact>,
    /// Why.
    pub why: Why,
}

/// Why a line is not said, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No ledger of the host holds the fact for this subject.
    FactUnknown,
    /// More is in stock than the policy's low-stock mark.
    NotLowStock,
    /// Nothing is in stock.
    SoldOut,
    /// The share comes from fewer returns than say anything.
    TooFewReturns,
    /// The share rounds down to nothing.
    ZeroShare,
    /// The template, or a word it needs, is not in the customer's language.
    NoTranslation,
    /// What the line is about was left out of the plan.
    SubjectLeftOut,
    /// The line is about a coupon that was proposed and does not exist.
    NotMinted,
    /// The line is about a surprise that ended without a prize.
    NoPrize,
    /// It would be said after the coupon it is about has ended.
    CouponOver,
    /// The host does not count it.
    NotCounted,
    /// The template's own words break a rule, and the policy enforces the rules.
    ClaimsViolated,
    /// The texts of this version need an operator's approval and have none.
    TemplatesUnapproved,
    /// The line names a constant that nobody declared.
    ConstantUnknown,
    /// The line names a constant that does not hold yet.
    ConstantNotStarted,
    /// The line names a constant that holds no more.
    ConstantEnded,
    /// The line names a constant that is not declared in the customer's language.
    ConstantNotTranslated,
}

impl Why {
    /// The stable word that is recorded.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Why::FactUnknown => "fact-unknown",
            Why::NotLowStock => "not-low-stock",
            Why::SoldOut => "sold-out",
            Why::TooFewReturns => "too-few-returns",
            Why::ZeroShare => "zero-share",
            Why::NoTranslation => "no-translation",
            Why::SubjectLeftOut => "subject-left-out",
            Why::NotMinted => "not-minted",
            Why::NoPrize => "no-prize",
            Why::CouponOver => "coupon-over",
            Why::NotCounted => "not-counted",
            Why::ClaimsViolated => "claims-violated",
            Why::TemplatesUnapproved => "templates-unapproved",
            Why::ConstantUnknown => "constant-unknown",
            Why::ConstantNotStarted => "constant-not-started",
            Why::ConstantEnded => "constant-ended",
            Why::ConstantNotTranslated => "constant-not-translated",
        }
    }
}

#[cfg(test)]
mod tests;
