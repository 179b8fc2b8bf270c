//! Which of a plan's proposals become coupons.
//!
//! The checks of one answer ([`crate::check`]) look at each proposal by itself. Here a plan's proposals, of all
//! strategies and rewards included, are taken together, in order: whoever comes first is served first, and what no
//! longer fits is refused with its reason. A surprise needs room for its dearest prize before it is drawn, else its
//! published odds would not be the real ones.

use std::collections::HashMap;

use super::{Code, Coupon, Odds, worth};
use crate::answer::{Grant, Proposal, Terms};
use crate::catalog::Catalog;
use crate::money::Money;
use crate::policy::Counts;
use crate::situation::{Allowance, Situation};

/// Coupons of one plan. Each takes six operations of a commit, which holds 1,024; no page shows as many.
pub const COUPONS_MAX: usize = 32;

/// What only the host knows: the same for the same plan and proposal, and for nobody to guess.
pub trait Secrets {
    /// A number drawn evenly from all of 128 bits.
    fn draw(&self, proposal: usize) -> u128;
    /// The code of the coupon that a proposal becomes.
    fn code(&self, proposal: usize) -> Code;
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Minted {
    /// A coupon with these terms; of a surprise, the outcome that was drawn.
    Coupon {
        /// The coupon.
        coupon: Coupon,
        /// Which outcome of a surprise it is.
        drawn: Option<usize>,
    },
    /// A surprise that ended without a prize.
    Nothing {
        /// Which outcome that is.
        drawn: usize,
    },
    /// A surprise in a dry run, which draws nothing: whoever may run dry could draw until they win.
    Undrawn,
    /// No coupon.
    Refused(Refusal),
}

/// Why a proposal became no coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// With those before it, it is worth more than the policy gives for this return.
    OverIncentiveMax,
    /// This customer has had all that a budget gives to one customer.
    CustomerLimit,
    /// A budget has too little left.
    BudgetSpent,
    /// Nobody can say what it costs: free shipping without a `max_discount` on a budget that counts money.
    Unpriced,
    /// One plan makes no more coupons than fit into one commit.
    TooMany,
    /// A reward is promised before it is earned, so there is nothing to draw yet.
    RewardNotFixed,
}

impl Refusal {
    /// The stable word that is recorded.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OverIncentiveMax => "over-incentive-max",
            Self::CustomerLimit => "customer-limit",
            Self::BudgetSpent => "budget-spent",
            Self::Unpriced => "unpriced",
            Self::TooMany => "too-many",
            Self::RewardNotFixed => "reward-not-fixed",
        }
    }
}

/// A coupon proposed for something still to be done.
#[derive(Debug, Clone, Copy)]
pub struct Reward<'a>(pub &'a Proposal);

/// What became of all proposals of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Minting {
    /// One per proposal of the coupon stage, in their order.
    pub proposals: Vec<Minted>,
    /// One per reward, in their order. A reward's coupon is promised: its budget is charged, and its code is told
    /// once it is earned.
    pub rewards: Vec<Minted>,
}

impl Minting {
    /// Every coupon that was made, with its number: proposals first, rewards after them.
    pub fn coupons(&self) -> impl Iterator<Item = (usize, &Coupon)> {
        self.proposals.iter().chain(&self.rewards).enumerate().filter_map(|(number, minted)| match minted {
            Minted::Coupon { coupon, .. } => Some((number, coupon)),
            Minted::Nothing { .. } | Minted::Undrawn | Minted::Refused(_) => None,
        })
    }
}

/// Mints what may be minted. Without `secrets`, as in a dry run, coupons have no code and surprises no outcome.
///
/// Proposals are checked answers: their budgets are among the situation's and their values in range.
#[must_use]
pub fn mint(
    situation: &Situation,
    catalog: &dyn Catalog,
    proposals: &[Proposal],
    rewards: &[Reward<'_>],
    secrets: Option<&dyn Secrets>,
) -> Minting {
    let left = situation.policy.incentive_max;
    let mut purse = Purse { situation, catalog, left, spent: HashMap::new(), uses: HashMap::new() };
    let mut minted = Minting::default();
    for (number, Proposal { grant, .. }) in proposals.iter().enumerate() {
        minted.proposals.push(match grant {
            Grant::Fixed(terms) => purse.fixed(terms, secrets.map(|secrets| secrets.code(number))),
            Grant::Surprise(prizes) => {
                let outcomes = prizes.iter().filter_map(|prize| prize.terms.as_ref());
                match (purse.room(outcomes), secrets) {
                    (Err(refusal), _) => Minted::Refused(refusal),
                    (Ok(dearest), None) => {
                        purse.left = purse.left - dearest;
                        Minted::Undrawn
                    }
                    (Ok(dearest), Some(secrets)) => {
                        purse.left = purse.left - dearest;
                        let drawn = Odds::outcome(prizes, secrets.draw(number))
                            .expect("a checked surprise has an outcome with a weight");
                        match &prizes[drawn].terms {
                            None => Minted::Nothing { drawn },
                            Some(terms) => match purse.coupon(terms, Some(secrets.code(number))) {
                                Ok(coupon) => Minted::Coupon { coupon, drawn: Some(drawn) },
                                Err(refusal) => Minted::Refused(refusal),
                            },
                        }
                    }
                }
            }
        });
    }
    for (index, Reward(Proposal { grant, .. })) in rewards.iter().enumerate() {
        let number = proposals.len() + index;
        minted.rewards.push(match grant {
            Grant::Fixed(terms) => purse.fixed(terms, secrets.map(|secrets| secrets.code(number))),
            Grant::Surprise(_) => Minted::Refused(Refusal::RewardNotFixed),
        });
    }
    minted
}

/// What may still be given in this plan.
struct Purse<'a> {
    situation: &'a Situation,
    catalog: &'a dyn Catalog,
    /// Of the policy's incentive for this return.
    left: Money,
    /// What this plan has charged each budget so far.
    spent: HashMap<&'a str, i64>,
    /// How many coupons of each budget this plan has made so far.
    uses: HashMap<&'a str, u32>,
}

impl<'a> Purse<'a> {
    fn fixed(&mut self, terms: &Terms, code: Option<Code>) -> Minted {
        let minted = self.room([terms]).and_then(|value| {
            self.left = self.left - value;
            self.coupon(terms, code)
        });
        match minted {
            Ok(coupon) => Minted::Coupon { coupon, drawn: None },
            Err(refusal) => Minted::Refused(refusal),
        }
    }

    /// Whether any one of these outcomes could be paid; what the dearest is worth.
    fn room<'t>(&self, outcomes: impl IntoIterator<Item = &'t Terms>) -> Result<Money, Refusal> {
        if self.uses.values().map(|uses| *uses as usize).sum::<usize>() >= COUPONS_MAX {
            return Err(Refusal::TooMany);
        }
        let mut dearest = Money::ZERO;
        for terms in outcomes {
            let allowance = self.allowance(terms).ok_or(Refusal::BudgetSpent)?;
            let (value, charge) = self.price(terms, allowance)?;
            dearest = dearest.max(value);
            if self.uses.get(terms.budget.as_str()).copied().unwrap_or(0) >= allowance.left_for_customer {
                return Err(Refusal::CustomerLimit);
            }
            let spent = self.spent.get(terms.budget.as_str()).copied().unwrap_or(0);
            if spent.saturating_add(charge) > allowance.left {
                return Err(Refusal::BudgetSpent);
            }
        }
        if dearest > self.left { Err(Refusal::OverIncentiveMax) } else { Ok(dearest) }
    }

    /// Makes a coupon that there is room for.
    fn coupon(&mut self, terms: &Terms, code: Option<Code>) -> Result<Coupon, Refusal> {
        let allowance = self.allowance(terms).ok_or(Refusal::BudgetSpent)?;
        let (value, charge) = self.price(terms, allowance)?;
        let budget = allowance.budget.as_str();
        *self.spent.entry(budget).or_default() += charge;
        *self.uses.entry(budget).or_default() += 1;
        let starts_at = self.situation.now + terms.starts_after;
        Ok(Coupon {
            code,
            terms: terms.clone(),
            budget: allowance.budget.clone(),
            charge,
            value,
            stacking: allowance.stacking,
            starts_at,
            expires_at: starts_at + terms.valid_for,
        })
    }

    /// What a coupon is worth at most, and what its budget is charged.
    fn price(&self, terms: &Terms, allowance: &Allowance) -> Result<(Money, i64), Refusal> {
        let value = worth(terms, self.catalog);
        match allowance.counts {
            Counts::Uses => Ok((value.unwrap_or(Money::ZERO), 1)),
            Counts::Spend => {
                let value = value.ok_or(Refusal::Unpriced)?;
                Ok((value, value.0))
            }
        }
    }

    fn allowance(&self, terms: &Terms) -> Option<&'a Allowance> {
        self.situation.policy.budgets.iter().find(|allowance| allowance.budget.as_str() == terms.budget)
    }
}

#[cfg(test)]
mod tests;
