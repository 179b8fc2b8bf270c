//! What is wrong with the words of a template, for whoever wrote it.

use serde::{Deserialize, Serialize};

/// A rule of `docs/claims.md` that a template's own words break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A character of Unicode's category N, in any script and shape, or a picture of a number.
    Figure,
    /// A word that counts: half, twice, 一半, 三件.
    NumberWord,
    /// A Roman numeral.
    RomanNumeral,
    /// A letter or sign that joins a figure and changes it: `{stock_left}k`.
    JoinedFigure,
    /// %, ‰ and their like.
    PercentSign,
    /// A currency's sign, unit or code.
    Currency,
    /// A tag or an entity.
    Html,
    /// A character that nobody sees, or that turns the line.
    HiddenCharacter,
    /// More marks on one letter than any language writes.
    CombiningMarks,
    /// A letter of another script than the language's, which passes for one of its own.
    ForeignLetters,
    /// Speaks of stock without saying how much there is.
    StockClaim,
    /// Speaks of what others do without saying how many.
    ShareClaim,
    /// Presses for time without saying until when.
    TimeClaim,
    /// Compares prices, or promises money, without the amount.
    PriceClaim,
    /// Speaks of prizes without their odds.
    PrizeClaim,
    /// Promises something for nothing without saying what it is worth.
    GiftClaim,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 16] = [
        Rule::Figure,
        Rule::NumberWord,
        Rule::RomanNumeral,
        Rule::JoinedFigure,
        Rule::PercentSign,
        Rule::Currency,
        Rule::Html,
        Rule::HiddenCharacter,
        Rule::CombiningMarks,
        Rule::ForeignLetters,
        Rule::StockClaim,
        Rule::ShareClaim,
        Rule::TimeClaim,
        Rule::PriceClaim,
        Rule::PrizeClaim,
        Rule::GiftClaim,
    ];

    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Rule::Figure => "figure",
            Rule::NumberWord => "number-word",
            Rule::RomanNumeral => "roman-numeral",
            Rule::JoinedFigure => "joined-figure",
            Rule::PercentSign => "percent-sign",
            Rule::Currency => "currency",
            Rule::Html => "html",
            Rule::HiddenCharacter => "hidden-character",
            Rule::CombiningMarks => "combining-marks",
            Rule::ForeignLetters => "foreign-letters",
            Rule::StockClaim => "stock-claim",
            Rule::ShareClaim => "share-claim",
            Rule::TimeClaim => "time-claim",
            Rule::PriceClaim => "price-claim",
            Rule::PrizeClaim => "prize-claim",
            Rule::GiftClaim => "gift-claim",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }
}

/// A rule that a template breaks, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The template's key, or the persona's.
    pub template: String,
    /// Its locale, as declared.
    pub locale: String,
    /// Which rule.
    pub rule: Rule,
    /// The words at fault, escaped and cut to 64 characters.
    pub excerpt: String,
    /// What to do, as the rest of a sentence.
    pub remedy: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { template, locale, rule, excerpt, remedy } = self;
        write!(f, "{template} ({locale}): `{excerpt}` is a {}; {remedy}", rule.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_and_read_back() {
        for rule in Rule::ALL {
            assert_eq!(Rule::from_word(rule.word()), Some(rule));
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.word());
        }
        assert_eq!(Rule::from_word("rumour"), None);
    }
}
