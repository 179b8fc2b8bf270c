//! Whether a proposed coupon stands: its terms, its value against the caps, and how often a budget is drawn on.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Checked, HORIZON, INTEGER_MAX, ITEMS_MAX, count, holds, one_of, span};
use crate::types::{Allowance, Benefit, Grant, Prize, Proposal, Scope, Terms};

/// A category that a coupon may be used on, bytes.
const CATEGORY_BYTES_MAX: usize = 256;

/// How often an answer draws on each budget.
#[derive(Default)]
pub(super) struct Uses(BTreeMap<String, u32>);

impl Check<'_> {
    pub(super) fn proposal(&self, at: &str, proposal: &Proposal, uses: &mut Uses) -> Checked {
        let grant = format!("{at}.grant");
        let drawn: BTreeSet<&str> = match &proposal.grant {
            Grant::Fixed(terms) => {
                self.terms(&grant, terms)?;
                [terms.budget.as_str()].into()
            }
            Grant::Surprise(prizes) => {
                self.surprise(&grant, prizes)?;
                prizes.iter().filter_map(|prize| Some(prize.terms.as_ref()?.budget.as_str())).collect()
            }
        };
        for budget in drawn {
            let used = uses.0.entry(budget.to_string()).or_default();
            *used += 1;
            let left = self.allowance(budget).map_or(0, |allowance| allowance.left_for_customer);
            holds(*used <= left, || {
                format!("{grant} draws on budget {budget:?} {used} times; this customer may get {left} more")
            })?;
        }
        self.copy(&format!("{at}.copy"), &proposal.copy)
    }

    fn surprise(&self, at: &str, prizes: &[Prize]) -> Checked {
        count(at, prizes.len(), ITEMS_MAX)?;
        holds(prizes.iter().any(|prize| prize.terms.is_some()), || format!("{at} has nothing to win"))?;
        for (index, prize) in prizes.iter().enumerate() {
            let at = format!("{at}[{index}]");
            // The odds are published: a prize that nobody can draw would be a false promise.
            holds(prize.weight > 0, || format!("{at}.weight is 0; leave out what cannot be drawn"))?;
            prize.terms.iter().try_for_each(|terms| self.terms(&at, terms))?;
        }
        Ok(())
    }

    fn allowance(&self, budget: &str) -> Option<&Allowance> {
        self.scene.context.policy.budgets.iter().find(|allowance| allowance.budget == budget)
    }

    fn terms(&self, at: &str, terms: &Terms) -> Checked {
        let Some(allowance) = self.allowance(&terms.budget) else {
            return Err(format!("{at}.budget is {:?}, none of this event's budgets", terms.budget));
        };
        one_of(&format!("{at}.benefit"), word(&terms.benefit), &allowance.benefits)?;
        money(&format!("{at}.min_spend"), terms.min_spend, 0)?;
        terms.max_discount.map_or(Ok(()), |most| money(&format!("{at}.max_discount"), most, 1))?;
        let value = self.value(at, terms)?;
        let cap = allowance.max_value.min(self.scene.context.policy.incentive_max);
        holds(value <= cap, || {
            format!("{at}.benefit is worth {value} minor units; this event allows {cap}")
        })?;
        span(&format!("{at}.starts_after"), terms.starts_after, HORIZON)?;
        span(&format!("{at}.valid_for"), terms.valid_for, HORIZON)?;
        holds(terms.valid_for > 0, || format!("{at}.valid_for is 0; a coupon must be usable for some time"))?;
        self.scope(&format!("{at}.scope"), &terms.scope)
    }

    /// The most a coupon can be worth, as the host counts it against the caps.
    fn value(&self, at: &str, terms: &Terms) -> Result<i64, String> {
        let benefit = format!("{at}.benefit");
        match terms.benefit {
            Benefit::AmountOff(amount) | Benefit::StoreCredit(amount) => {
                money(&benefit, amount, 1)?;
                Ok(amount)
            }
            Benefit::PercentOff(share) => {
                holds((1..=10_000).contains(&share), || format!("{benefit} is {share} basis points"))?;
                terms
                    .max_discount
                    .ok_or_else(|| format!("{at}.max_discount is missing; a percentage needs it"))
            }
            Benefit::FreeShipping => Ok(terms.max_discount.unwrap_or(0)),
            Benefit::Gift(product) => Ok(self.product(&benefit, product)?.price),
        }
    }

    fn scope(&self, at: &str, scope: &Scope) -> Checked {
        let members = match scope {
            Scope::WholeOrder => return Ok(()),
            Scope::Categories(categories) => categories.len(),
            Scope::Products(products) => products.len(),
        };
        count(at, members, ITEMS_MAX)?;
        holds(members > 0, || format!("{at} is empty; a coupon must be usable on something"))?;
        match scope {
            Scope::WholeOrder => Ok(()),
            Scope::Categories(categories) => categories.iter().try_for_each(|category| {
                let fits = !category.trim().is_empty() && category.len() <= CATEGORY_BYTES_MAX;
                holds(fits, || format!("{at} holds {category:?}; give 1 to {CATEGORY_BYTES_MAX} bytes"))
            }),
            Scope::Products(products) => {
                products.iter().try_for_each(|product| self.product(at, *product).map(|_| ()))
            }
        }
    }
}

fn money(at: &str, amount: i64, least: i64) -> Checked {
    let fits = (least..=INTEGER_MAX).contains(&amount);
    holds(fits, || format!("{at} is {amount}; give {least} to {INTEGER_MAX} minor units"))
}

/// As `allowance.benefits` names it.
fn word(benefit: &Benefit) -> &'static str {
    match benefit {
        Benefit::AmountOff(_) => "amount-off",
        Benefit::PercentOff(_) => "percent-off",
        Benefit::StoreCredit(_) => "store-credit",
        Benefit::FreeShipping => "free-shipping",
        Benefit::Gift(_) => "gift",
    }
}
