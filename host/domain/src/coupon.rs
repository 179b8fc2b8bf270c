//! Coupons: from what a strategy proposes to what a customer can use.
//!
//! A strategy proposes; [`mint()`] takes every proposal of a plan together, against what the merchant allows,
//! lets surprises be drawn, and says what became of each. A coupon is a promise: its worth is charged to its budget in the same commit
//! as the plan that shows it, so that redeeming it never fails for lack of budget.

mod code;
mod mint;
mod odds;

use serde::{Deserialize, Serialize};

use crate::answer::{Benefit, Terms};
use crate::catalog::Catalog;
use crate::ids::BudgetId;
use crate::money::Money;
use crate::policy::Stacking;
use crate::time::Instant;

pub use code::{Code, CodeError};
pub use mint::{COUPONS_MAX, Minted, Minting, Refusal, Reward, Secrets, mint};
pub use odds::Odds;

/// A coupon that a plan makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// What the customer types; none in a dry run, where no coupon is made.
    pub code: Option<Code>,
    /// What it gives, and where.
    pub terms: Terms,
    /// The budget that pays.
    pub budget: BudgetId,
    /// What its budget was charged: minor units, or 1 where the budget counts uses.
    pub charge: i64,
    /// What it is worth at most, minor units.
    pub value: Money,
    /// Whether it combines with others.
    pub stacking: Stacking,
    /// From when it can be used.
    pub starts_at: Instant,
    /// From when it can no longer be used.
    pub expires_at: Instant,
}

impl Coupon {
    /// What it gives, where that is an amount of money that does not depend on what is bought.
    #[must_use]
    pub fn fixed_amount(&self) -> Money {
        match self.terms.benefit {
            Benefit::AmountOff(amount) | Benefit::StoreCredit(amount) => amount,
            Benefit::PercentOff(_) | Benefit::FreeShipping | Benefit::Gift(_) => Money::ZERO,
        }
    }
}

/// The most that terms are worth: a gift its catalogue price, a percentage its `max_discount`, free shipping its
/// `max_discount` too. None where that is not known.
#[must_use]
pub fn worth(terms: &Terms, catalog: &dyn Catalog) -> Option<Money> {
    match terms.benefit {
        Benefit::AmountOff(amount) | Benefit::StoreCredit(amount) => Some(amount),
        Benefit::PercentOff(_) | Benefit::FreeShipping => terms.max_discount,
        Benefit::Gift(product) => Some(catalog.get(product)?.price),
    }
}
