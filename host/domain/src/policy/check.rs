//! Whether a policy and a budget stand, as an operator sets them.

use std::collections::HashSet;

use super::{Budget, Counts, Policy};
use crate::answer::Benefit;
use crate::event::RESOLUTIONS;
use crate::ids::PluginName;
use crate::money::{BasisPoints, INTEGER_MAX, Money};
use crate::text::{is_kebab_case, quoted};
use crate::time::Duration;

/// A care action's word, bytes; what [`crate::limits::Limits::word_bytes`] is by default.
const WORD_BYTES_MAX: usize = 64;

/// Far beyond any right to return, well inside 2^53 ms.
const DURATION_MAX: Duration = Duration::days(3_660);

impl Policy {
    /// Whether it stands.
    ///
    /// # Errors
    /// [`PolicyError`] naming what does not.
    pub fn check(&self) -> Result<(), PolicyError> {
        words("resolutions", &self.resolutions, &RESOLUTIONS)?;
        if !self.resolutions.iter().any(|resolution| resolution == "refund") {
            return Err(PolicyError::NoRefund);
        }
        distinct("care", &self.care)?;
        for (index, action) in self.care.iter().enumerate() {
            if action.len() > WORD_BYTES_MAX || !is_kebab_case(action) {
                return Err(PolicyError::Word { field: "care", index, word: action.clone() });
            }
        }
        at_most("return_window", self.return_window)?;
        at_most("hold_max", self.hold_max)?;
        if self.incentive_share_max > BasisPoints::WHOLE {
            return Err(PolicyError::Share { field: "incentive_share_max", share: self.incentive_share_max });
        }
        if self.diminishing.step > BasisPoints::WHOLE {
            return Err(PolicyError::Share { field: "diminishing.step", share: self.diminishing.step });
        }
        if self.hidden_from_probe == 0 {
            return Err(PolicyError::NeverShown);
        }
        if self.timezone.trim().is_empty() {
            return Err(PolicyError::NoTimezone);
        }
        distinct("own_namespaces", &self.own_namespaces)?;
        for (index, namespace) in self.own_namespaces.iter().enumerate() {
            if PluginName::new(format!("{namespace}/plugin")).is_err() {
                return Err(PolicyError::Namespace { index, namespace: namespace.clone() });
            }
        }
        Ok(())
    }
}

impl Budget {
    /// Whether it stands.
    ///
    /// # Errors
    /// [`PolicyError`] naming what does not.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.benefits.is_empty() {
            return Err(PolicyError::NoBenefits);
        }
        words("benefits", &self.benefits, &Benefit::WORDS)?;
        for (field, amount) in [("limit", self.limit), ("max_value", self.max_value)] {
            if !(0..=INTEGER_MAX).contains(&amount.0) {
                return Err(PolicyError::Amount { field, amount });
            }
        }
        if self.counts == Counts::Spend && self.max_value > self.limit {
            return Err(PolicyError::OverLimit { max_value: self.max_value, limit: self.limit });
        }
        if self.per_customer == 0 {
            return Err(PolicyError::NobodyMayHave);
        }
        Ok(())
    }
}

/// Why a policy or a budget does not stand, as the rest of a sentence about [`PolicyError::field`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The refund is always there (design D6).
    #[error("lack `refund`; it is always offered, add it")]
    NoRefund,
    /// Not a word of its closed list.
    #[error("is {}; use one of {}", quoted(.word), .allowed.join(", "))]
    UnknownWord {
        /// Of which list.
        field: &'static str,
        /// Where in it.
        index: usize,
        /// The word.
        word: String,
        /// The closed list.
        allowed: &'static [&'static str],
    },
    /// Not a word at all.
    #[error("is {}; give lower-case words joined by hyphens, at most {WORD_BYTES_MAX} bytes", quoted(.word))]
    Word {
        /// Of which list.
        field: &'static str,
        /// Where in it.
        index: usize,
        /// The word.
        word: String,
    },
    /// The same word again.
    #[error("is {} a second time; name each once", quoted(.word))]
    Twice {
        /// Of which list.
        field: &'static str,
        /// Where in it.
        index: usize,
        /// The word.
        word: String,
    },
    /// No namespace.
    #[error("is {}; give what stands before the slash of a plugin's name: a-z, 0-9, '-', '_' and '.'", quoted(.namespace))]
    Namespace {
        /// Where in the list.
        index: usize,
        /// What was given.
        namespace: String,
    },
    /// Too long a time.
    #[error("is {} ms; give at most {} ms", .duration.0, DURATION_MAX.0)]
    TooLong {
        /// Which.
        field: &'static str,
        /// How long.
        duration: Duration,
    },
    /// More than all.
    #[error("is {}; give at most 10000 basis points", .share.0)]
    Share {
        /// Which.
        field: &'static str,
        /// The share.
        share: BasisPoints,
    },
    /// No return is before the first.
    #[error("is 0; give 1 to hide incentives from every return, or a later one")]
    NeverShown,
    /// Days need a place.
    #[error("is empty; give an IANA name such as Asia/Shanghai, or UTC")]
    NoTimezone,
    /// Money out of range.
    #[error("is {}; give 0 to {INTEGER_MAX} minor units", .amount.0)]
    Amount {
        /// Which.
        field: &'static str,
        /// The amount.
        amount: Money,
    },
    /// One coupon would be dearer than the whole budget.
    #[error("is {}, over the whole budget of {}; lower it", .max_value.0, .limit.0)]
    OverLimit {
        /// The dearest coupon.
        max_value: Money,
        /// The budget.
        limit: Money,
    },
    /// It pays for nothing.
    #[error("are empty; name what this budget pays for: {}", Benefit::WORDS.join(", "))]
    NoBenefits,
    /// No customer may have any.
    #[error("is 0; give at least 1")]
    NobodyMayHave,
}

impl PolicyError {
    /// The path to what does not stand: `care[2]`.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::NoRefund => "resolutions".to_owned(),
            Self::UnknownWord { field, index, .. }
            | Self::Word { field, index, .. }
            | Self::Twice { field, index, .. } => format!("{field}[{index}]"),
            Self::Namespace { index, .. } => format!("own_namespaces[{index}]"),
            Self::TooLong { field, .. } | Self::Amount { field, .. } | Self::Share { field, .. } => {
                (*field).to_owned()
            }
            Self::NeverShown => "hidden_from_probe".to_owned(),
            Self::NoTimezone => "timezone".to_owned(),
            Self::OverLimit { .. } => "max_value".to_owned(),
            Self::NoBenefits => "benefits".to_owned(),
            Self::NobodyMayHave => "per_customer".to_owned(),
        }
    }
}

fn words(field: &'static str, given: &[String], allowed: &'static [&'static str]) -> Result<(), PolicyError> {
    distinct(field, given)?;
    match given.iter().position(|word| !allowed.contains(&word.as_str())) {
        Some(index) => Err(PolicyError::UnknownWord { field, index, word: given[index].clone(), allowed }),
        None => Ok(()),
    }
}

fn distinct(field: &'static str, given: &[String]) -> Result<(), PolicyError> {
    let mut seen = HashSet::new();
    match given.iter().position(|word| !seen.insert(word)) {
        Some(index) => Err(PolicyError::Twice { field, index, word: given[index].clone() }),
        None => Ok(()),
    }
}

fn at_most(field: &'static str, duration: Duration) -> Result<(), PolicyError> {
    if duration > DURATION_MAX {
        return Err(PolicyError::TooLong { field, duration });
    }
    Ok(())
}
