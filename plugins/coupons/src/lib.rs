//! The shipped compensation: one threshold coupon ("100 off from 399"), as dear as policy and budget allow, and a
//! reminder two days later. `docs/strategies.md` states the rule.

use rebound_sdk::prelude::*;
use rebound_sdk::{schemars, serde};

rebound_sdk::config! {
    /// Which coupon, and when it is brought to mind.
    pub struct Config {
        /// What a coupon takes off and from which spend on; the first that fits is proposed.
        #[schemars(length(min = 1, max = 8))]
        pub steps: Vec<Threshold> = vec![
            Threshold { amount: 10_000, min_spend: 39_900 },
            Threshold { amount: 5_000, min_spend: 19_900 },
            Threshold { amount: 2_000, min_spend: 9_900 },
        ],
        /// How long a coupon can be used, milliseconds.
        #[schemars(range(min = 1))]
        pub valid_for_ms: u64 = 604_800_000,
        /// The reminder, milliseconds from now; 0 for none. Left out when the coupon has ended by then.
        pub follow_up_ms: u64 = 172_800_000,
        /// Plans already made for this return's orders from which on there is no coupon: probing does not pay.
        pub probes_max: u32 = 2,
    }
}

/// "100 off from 399", minor units.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "rebound_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rebound_sdk::schemars")]
pub struct Threshold {
    /// Taken off.
    #[schemars(range(min = 1))]
    pub amount: i64,
    /// Goods must reach this, before shipping.
    #[schemars(range(min = 0))]
    pub min_spend: i64,
}

templates! {
    COUPON = "coupons.threshold" {
        "zh-CN": "送你{coupon_amount}优惠，购物满{coupon_min_spend}可用，有效期至{coupon_expires}。",
        "en": "{coupon_amount} off when you spend {coupon_min_spend} or more, until {coupon_expires}.",
    }
    REMINDER = "coupons.reminder" {
        "zh-CN": "为你保留的{coupon_amount}优惠{coupon_expires}到期，购物满{coupon_min_spend}可用。",
        "en": "Your {coupon_amount} off from {coupon_min_spend} is kept for you until {coupon_expires}.",
    }
}

/// The strategy.
pub struct Coupons;

impl Strategy for Coupons {
    const NAME: &'static str = "rebound/coupons";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    type State = ();
}

impl Coupon for Coupons {
    fn compensate(
        call: &Call<'_, Self>,
        segment: &Segment,
        _offers: &[Offer],
    ) -> Result<Compensation, Failure> {
        let terms = terms(call.context, &call.config, segment);
        let follow_ups =
            terms.iter().filter_map(|terms| reminder(call.context, &call.config, terms)).collect();
        let proposals = terms.into_iter().map(|terms| Proposal {
            grant: Grant::Fixed(terms),
            copy: vec![COUPON.about(Subject::Proposed(0))],
        });
        Ok(Compensation { proposals: proposals.collect(), follow_ups, state: StateChange::Keep })
    }
}

/// The first step that this return's cap and a budget both allow.
fn terms(context: &Context, config: &Config, segment: &Segment) -> Option<Terms> {
    let prior = &context.customer.prior;
    // One open coupon at a time: a second return must not be the way to a second coupon.
    if prior.coupons_open > 0 || prior.plans_this_order >= config.probes_max {
        return None;
    }
    // Whoever returns much is offered less, never nothing.
    let is_serial =
        segment.key == "serial-returner" || segment.traits.iter().any(|word| word == "serial-returner");
    let skipped = if is_serial { config.steps.len().saturating_sub(1).min(1) } else { 0 };
    let affordable =
        config.steps[skipped..].iter().filter(|step| step.amount <= context.policy.incentive_max);
    affordable.into_iter().find_map(|step| {
        let budget = context.policy.budgets.iter().find(|budget| pays(budget, step))?;
        Some(Terms {
            benefit: Benefit::AmountOff(step.amount),
            min_spend: step.min_spend,
            max_discount: None,
            scope: Scope::WholeOrder,
            starts_after: 0,
            valid_for: config.valid_for_ms,
            budget: budget.budget.clone(),
        })
    })
}

fn pays(budget: &Allowance, step: &Threshold) -> bool {
    budget.left_for_customer > 0
        && budget.max_value >= step.amount
        && budget.benefits.iter().any(|benefit| benefit == "amount-off")
}

/// On the first channel that reaches the customer, while the coupon can still be used.
fn reminder(context: &Context, config: &Config, terms: &Terms) -> Option<FollowUp> {
    let after = config.follow_up_ms;
    let channel = context.customer.reachable.first()?.clone();
    let about = Subject::Proposed(0);
    (after > 0 && after < terms.valid_for).then(|| FollowUp {
        after,
        channel,
        about,
        copy: vec![REMINDER.about(about)],
    })
}

rebound_sdk::export!(Coupons: coupon);

#[cfg(test)]
mod tests;
