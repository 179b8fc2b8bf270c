//! Whether a proposed coupon stands: its terms, its value against the caps, and how often a budget is drawn on.

use std::collections::{HashMap, HashSet};

use super::{At, InvalidOutput, Scene};
use crate::answer::{Benefit, Grant, Prize, Proposal, Scope, Terms};
use crate::money::{BasisPoints, Money};
use crate::situation::Allowance;
use crate::text::quoted;
use crate::time::Duration;

/// How often an answer draws on each budget.
#[derive(Default)]
pub(super) struct Uses<'a>(HashMap<&'a str, u32>);

pub(super) fn proposal<'a>(
    scene: &Scene<'a>,
    at: At<'_>,
    proposal: &'a Proposal,
    uses: &mut Uses<'a>,
) -> Result<(), InvalidOutput> {
    let grant = at.field("grant");
    let mut drawn = HashSet::new();
    match &proposal.grant {
        Grant::Fixed(fixed) => {
            terms(scene, grant, fixed)?;
            drawn.insert(fixed.budget.as_str());
        }
        Grant::Surprise(prizes) => {
            surprise(scene, grant, prizes)?;
            drawn.extend(prizes.iter().filter_map(|prize| Some(prize.terms.as_ref()?.budget.as_str())));
        }
    }
    // A surprise ends in one prize, so it uses each of its budgets once at most.
    for budget in drawn {
        let used = uses.0.entry(budget).or_default();
        *used += 1;
        let left = allowance(scene, budget).map_or(0, |allowance| allowance.left_for_customer);
        if *used > left {
            return grant.fails(format!(
                "draws on budget {} {used} times; this customer may get {left} more",
                quoted(budget)
            ));
        }
    }
    scene.copy(at.field("copy"), &proposal.copy)
}

fn surprise(scene: &Scene<'_>, at: At<'_>, prizes: &[Prize]) -> Result<(), InvalidOutput> {
    scene.count(at, prizes.len(), scene.limits.list_items)?;
    if prizes.iter().all(|prize| prize.terms.is_none()) {
        return at.fails("has nothing to win; give at least one prize with terms");
    }
    for (index, prize) in prizes.iter().enumerate() {
        let at = at.item(index);
        // The odds are published: a prize that nobody can draw would be a false promise.
        if prize.weight == 0 {
            return at.field("weight").fails("is 0; leave out what cannot be drawn");
        }
        if let Some(prize) = &prize.terms {
            terms(scene, at.field("terms"), prize)?;
        }
    }
    Ok(())
}

fn allowance<'a>(scene: &Scene<'a>, budget: &str) -> Option<&'a Allowance> {
    scene.situation.policy.budgets.iter().find(|allowance| allowance.budget.as_str() == budget)
}

fn terms(scene: &Scene<'_>, at: At<'_>, terms: &Terms) -> Result<(), InvalidOutput> {
    let Some(allowance) = allowance(scene, &terms.budget) else {
        return at
            .field("budget")
            .fails(format!("is {}, none of this event's budgets", quoted(&terms.budget)));
    };
    let benefit = at.field("benefit");
    scene.one_of(benefit, terms.benefit.word(), "benefits of its budget", &allowance.benefits)?;
    scene.money(at.field("min_spend"), terms.min_spend, Money::ZERO)?;
    if let Some(max_discount) = terms.max_discount {
        scene.money(at.field("max_discount"), max_discount, Money(1))?;
    }
    let value = value(scene, at, terms)?;
    let cap = allowance.max_value.min(scene.situation.policy.incentive_max);
    if value > cap {
        return benefit.fails(format!("is worth {} minor units; this event allows {}", value.0, cap.0));
    }
    scene.ahead(at.field("starts_after"), terms.starts_after)?;
    scene.ahead(at.field("valid_for"), terms.valid_for)?;
    if terms.valid_for == Duration(0) {
        return at.field("valid_for").fails("is 0; a coupon must be redeemable for some time");
    }
    scope(scene, at.field("scope"), &terms.scope)
}

/// The most a coupon can be worth, for the caps.
fn value(scene: &Scene<'_>, at: At<'_>, terms: &Terms) -> Result<Money, InvalidOutput> {
    let benefit = at.field("benefit");
    match terms.benefit {
        Benefit::AmountOff(amount) | Benefit::StoreCredit(amount) => {
            scene.money(benefit, amount, Money(1))?;
            Ok(amount)
        }
        Benefit::PercentOff(share) => {
            if !(1..=BasisPoints::WHOLE.0).contains(&share.0) {
                return benefit.fails(format!("is {} basis points; give 1 to 10000", share.0));
            }
            match terms.max_discount {
                Some(max_discount) => Ok(max_discount),
                None => at.field("max_discount").fails("is missing; a percentage needs it"),
            }
        }
        Benefit::FreeShipping => Ok(terms.max_discount.unwrap_or(Money::ZERO)),
        Benefit::Gift(product) => Ok(scene.product(benefit, product)?.price),
    }
}

fn scope(scene: &Scene<'_>, at: At<'_>, scope: &Scope) -> Result<(), InvalidOutput> {
    /// As long as any id from outside may be.
    const CATEGORY_BYTES_MAX: usize = 256;
    let count = match scope {
        Scope::WholeOrder => return Ok(()),
        Scope::Categories(categories) => categories.len(),
        Scope::Products(products) => products.len(),
    };
    scene.count(at, count, scene.limits.list_items)?;
    if count == 0 {
        return at.fails("is empty; a coupon must be usable on something");
    }
    match scope {
        Scope::WholeOrder => Ok(()),
        Scope::Categories(categories) => categories.iter().enumerate().try_for_each(|(index, category)| {
            if category.trim().is_empty() || category.len() > CATEGORY_BYTES_MAX {
                return at.item(index).fails(format!(
                    "is {}; give a category of at most {CATEGORY_BYTES_MAX} bytes",
                    quoted(category)
                ));
            }
            Ok(())
        }),
        Scope::Products(products) => products
            .iter()
            .enumerate()
            .try_for_each(|(index, &product)| scene.product(at.item(index), product).map(|_| ())),
    }
}
