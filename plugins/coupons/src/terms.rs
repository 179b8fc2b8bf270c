//! From a form to terms that stand: the arithmetic of `docs/strategies.md`.

use rebound_sdk::prelude::*;

use crate::form::{Form, Prize as Outcome};
use crate::{Config, Coupons};

/// The grant of a form, when policy and some budget allow it.
pub(crate) fn grant(call: &Call<'_, Coupons>, form: Form, is_serial: bool) -> Option<Grant> {
    let (config, policy) = (&call.config, &call.context.policy);
    let paid: i64 = call.context.event.lines.iter().map(|line| line.paid).sum();
    let fixed =
        |benefit, min_spend, value| Some(Grant::Fixed(terms(config, policy, benefit, min_spend, value)?));
    match form {
        Form::Threshold => {
            let steps = &config.thresholds;
            // Whoever sends much back is offered the next smaller step, if there is one.
            let skipped = usize::from(is_serial && steps.len() > 1);
            let mut steps = steps.iter().skip(skipped);
            steps.find_map(|step| fixed(Benefit::AmountOff(step.amount), step.min_spend, step.amount))
        }
        Form::Percent => {
            let percent = &config.percent;
            let cap = cap(policy, "percent-off");
            let most = worth(config, paid, percent.max_discount_bp).filter(|_| cap >= config.least)?;
            let max_discount = round_down(most.min(cap), config.round_to);
            let grant = fixed(Benefit::PercentOff(percent.share_bp), 0, max_discount)?;
            (max_discount >= config.least).then_some(grant)
        }
        Form::StoreCredit => {
            let amount = worth(config, paid, config.store_credit.share_bp)?;
            fixed(Benefit::StoreCredit(amount), 0, amount)
        }
        // Without a bound of its own, or "shipping is on us" would be true of cheap parcels only.
        Form::FreeShipping => fixed(Benefit::FreeShipping, config.free_shipping_from, 0),
        Form::Gift => {
            let gift = gift(call)?;
            fixed(Benefit::Gift(gift.id), config.gift.min_spend, gift.price)
        }
        Form::Surprise => surprise(config, policy, paid),
    }
}

/// Every prize must be one that the host would mint: to leave one out would change the odds of the others.
fn surprise(config: &Config, policy: &Policy, paid: i64) -> Option<Grant> {
    let prize = |outcome: &Outcome| {
        let terms = match outcome.share_bp {
            0 => None,
            share => {
                let amount = worth(config, paid, share)?;
                Some(terms(config, policy, Benefit::AmountOff(amount), 0, amount)?)
            }
        };
        Some(Prize { terms, weight: outcome.weight })
    };
    let prizes: Vec<Prize> = config.surprise.iter().map(prize).collect::<Option<_>>()?;
    prizes.iter().any(|prize| prize.terms.is_some()).then_some(Grant::Surprise(prizes))
}

/// The cheapest gift that can be had and paid for, never what comes back.
fn gift(call: &Call<'_, Coupons>) -> Option<Candidate> {
    let found = call.search(&Query {
        any_tag: vec![call.config.gift.tag.clone()],
        price_min: Some(1),
        price_max: Some(cap(&call.context.policy, "gift")),
        exclude: call.context.event.lines.iter().map(|line| line.product.id).collect(),
        in_stock: true,
        order_by: "price-asc".to_string(),
        limit: 1,
        ..Query::default()
    });
    found.into_iter().next()
}

/// A share of what was paid as an amount that is said without odd cents; none when it is not worth saying.
fn worth(config: &Config, paid: i64, share_bp: u32) -> Option<i64> {
    // A sum of money times 10,000 may be more than an i64 holds.
    let amount = i128::from(paid) * i128::from(share_bp) / 10_000;
    let amount = round_down(i64::try_from(amount).ok()?, config.round_to);
    (amount >= config.least).then_some(amount)
}

fn round_down(amount: i64, to: i64) -> i64 {
    amount - amount % to.max(1)
}

/// The dearest coupon of a benefit that policy and any budget allow; 0 when none does.
fn cap(policy: &Policy, benefit: &str) -> i64 {
    let budgets = policy.budgets.iter().filter(|budget| pays(budget, benefit));
    budgets.map(|budget| budget.max_value).max().unwrap_or(0).min(policy.incentive_max)
}

fn pays(budget: &Allowance, benefit: &str) -> bool {
    budget.left_for_customer > 0 && budget.benefits.iter().any(|word| word == benefit)
}

/// Drawn on the first budget, in policy's order, that pays for it and is not too small.
fn terms(config: &Config, policy: &Policy, benefit: Benefit, min_spend: i64, value: i64) -> Option<Terms> {
    let (word, max_discount) = match &benefit {
        Benefit::AmountOff(_) => ("amount-off", None),
        Benefit::PercentOff(_) => ("percent-off", Some(value)),
        Benefit::StoreCredit(_) => ("store-credit", None),
        Benefit::FreeShipping => ("free-shipping", None),
        Benefit::Gift(_) => ("gift", None),
    };
    let fits =
        |budget: &&Allowance| pays(budget, word) && value <= budget.max_value.min(policy.incentive_max);
    let budget = policy.budgets.iter().find(fits)?;
    Some(Terms {
        benefit,
        min_spend,
        max_discount,
        scope: Scope::WholeOrder,
        starts_after: 0,
        valid_for: config.valid_for_ms,
        budget: budget.budget.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_becomes_an_amount_without_odd_cents() {
        let config = Config::default();
        for (paid, share_bp, want) in [
            (10_000, 1_000, Some(1_000)),
            (10_990, 1_000, Some(1_000)),
            (5_000, 1_000, Some(500)),
            (4_990, 1_000, None),
            (0, 1_000, None),
            (-10_000, 1_000, None),
            ((1 << 53) - 1, 10_000, Some(((1 << 53) - 1) / 100 * 100)),
        ] {
            assert_eq!(worth(&config, paid, share_bp), want, "{share_bp} of {paid}");
        }
        let exact = Config { round_to: 1, least: 1, ..Config::default() };
        assert_eq!(worth(&exact, 999, 1_000), Some(99));
    }
}
