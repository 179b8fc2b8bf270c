//! What a shared card earns, when the route gives something for it and this return leaves room.

use rebound_sdk::prelude::*;

use crate::Share;

/// Store credit of the configured amount, if with all that was proposed before it stays within what policy and budget
/// allow for this return: the host would cut it, and the card's disclosure would tell of what nobody gets.
pub(crate) fn reward(call: &Call<'_, Share>, proposals: &[Proposal]) -> Option<Proposal> {
    let (amount, policy) = (call.config.reward, &call.context.policy);
    let worth: i64 = proposals.iter().map(|proposal| worth(call, &proposal.grant)).sum();
    if amount <= 0 || worth.saturating_add(amount) > policy.incentive_max {
        return None;
    }
    let uses = |budget: &str| proposals.iter().filter(|proposal| draws_on(&proposal.grant, budget)).count();
    let fits = |allowance: &&Allowance| {
        allowance.benefits.iter().any(|benefit| benefit == "store-credit")
            && allowance.max_value >= amount
            && allowance.left_for_customer as usize > uses(&allowance.budget)
    };
    let budget = policy.budgets.iter().find(fits)?.budget.clone();
    let terms = Terms {
        benefit: Benefit::StoreCredit(amount),
        min_spend: 0,
        max_discount: None,
        scope: Scope::WholeOrder,
        starts_after: 0,
        valid_for: call.config.reward_valid_for_ms,
        budget,
    };
    Some(Proposal { grant: Grant::Fixed(terms), copy: Vec::new() })
}

fn outcomes(grant: &Grant) -> Vec<&Terms> {
    match grant {
        Grant::Fixed(terms) => vec![terms],
        Grant::Surprise(prizes) => prizes.iter().filter_map(|prize| prize.terms.as_ref()).collect(),
    }
}

fn draws_on(grant: &Grant, budget: &str) -> bool {
    outcomes(grant).iter().any(|terms| terms.budget == budget)
}

/// As the host counts it against the caps: a surprise at its dearest prize, a gift at its catalogue price.
fn worth(call: &Call<'_, Share>, grant: &Grant) -> i64 {
    let worth = |terms: &Terms| match terms.benefit {
        Benefit::AmountOff(amount) | Benefit::StoreCredit(amount) => amount,
        Benefit::PercentOff(_) | Benefit::FreeShipping => terms.max_discount.unwrap_or(0),
        Benefit::Gift(product) => call.get(&[product]).pop().flatten().map_or(0, |product| product.price),
    };
    outcomes(grant).into_iter().map(worth).max().unwrap_or(0)
}
