//! The shipped compensation: one coupon, its form chosen by who returns, and a reminder two days later.
//! `docs/strategies.md` states the rule.

mod form;
mod terms;
mod wording;

use std::collections::BTreeMap;

use rebound_sdk::prelude::*;

use form::{Form, Gift, Percent, Prize, Share, Threshold};
use wording::TEMPLATES;

rebound_sdk::config! {
    /// Which coupon for whom, and when it is brought to mind. Amounts are minor units; shares are basis points of what
    /// was paid for this return.
    pub struct Config {
        /// For each segment the forms to try, the first that fits; a segment that is not named tries `otherwise`.
        pub by_segment: BTreeMap<String, Vec<Form>> = form::by_segment(),
        /// For everyone else.
        #[schemars(length(max = 6))]
        pub otherwise: Vec<Form> = vec![Form::Threshold],
        /// Off from a minimum spend, dearest first; the first that fits.
        #[schemars(length(max = 8))]
        pub thresholds: Vec<Threshold> = vec![
            Threshold { amount: 10_000, min_spend: 39_900 },
            Threshold { amount: 5_000, min_spend: 19_900 },
            Threshold { amount: 2_000, min_spend: 9_900 },
        ],
        /// Off the next order, bounded by a share of what was paid.
        pub percent: Percent = Percent { share_bp: 1_000, max_discount_bp: 2_000 },
        /// On top of the refund, for the next order.
        pub store_credit: Share = Share { share_bp: 1_000 },
        /// Goods of the next order must reach this for free shipping.
        #[schemars(range(min = 0))]
        pub free_shipping_from: i64 = 0,
        /// The cheapest product of this tag that fits.
        pub gift: Gift = Gift { tag: "gift".to_string(), min_spend: 9_900 },
        /// What can be drawn, with published odds: weight / sum of weights. A share of 0 is no prize.
        #[schemars(length(max = 8))]
        pub surprise: Vec<Prize> = vec![
            Prize { share_bp: 2_000, weight: 5 },
            Prize { share_bp: 1_000, weight: 15 },
            Prize { share_bp: 500, weight: 30 },
            Prize { share_bp: 0, weight: 50 },
        ],
        /// Shares become amounts that are a multiple of this, rounded down.
        #[schemars(range(min = 1))]
        pub round_to: i64 = 100,
        /// A coupon of a share that comes to less than this is not worth a customer's time.
        #[schemars(range(min = 1))]
        pub least: i64 = 500,
        /// How long a coupon can be used, milliseconds.
        #[schemars(range(min = 1, max = 31_622_400_000_u64))]
        pub valid_for_ms: u64 = 604_800_000,
        /// The reminder, milliseconds from now; 0 for none. Left out when the coupon has ended by then.
        pub follow_up_after_ms: u64 = 172_800_000,
        /// Plans already made for this return's orders from which on there is no coupon: probing does not pay.
        pub probes_max: u32 = 2,
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
        let chosen = choose(call, segment);
        let follow_ups = chosen.iter().filter_map(|grant| reminder(call, grant)).collect();
        let proposals = chosen.into_iter().map(|grant| Proposal { copy: said(wording::of(&grant)), grant });
        Ok(Compensation { proposals: proposals.collect(), follow_ups, state: StateChange::Keep })
    }
}

/// The first form for this customer that policy and a budget allow. One coupon at a time: a second return must not be
/// the way to a second coupon.
fn choose(call: &Call<'_, Coupons>, segment: &Segment) -> Option<Grant> {
    let prior = &call.context.customer.prior;
    if prior.coupons_open > 0 || prior.plans_this_order >= call.config.probes_max {
        return None;
    }
    // Free shipping has no value that a cap could hold: where nothing may be given, nothing is.
    if call.context.policy.incentive_max <= 0 {
        return None;
    }
    let forms = call.config.by_segment.get(&segment.key).unwrap_or(&call.config.otherwise);
    // A segment known only by a trait is offered less all the same, and never nothing.
    let is_serial = [&segment.key].into_iter().chain(&segment.traits).any(|word| word == SERIAL_RETURNER);
    forms.iter().find_map(|form| terms::grant(call, *form, is_serial))
}

const SERIAL_RETURNER: &str = "serial-returner";

/// On the first channel that reaches the customer, while the coupon can still be used.
fn reminder(call: &Call<'_, Coupons>, grant: &Grant) -> Option<FollowUp> {
    let Config { follow_up_after_ms: after, valid_for_ms, .. } = call.config;
    let channel = call.context.customer.reachable.first()?.clone();
    (after > 0 && after < valid_for_ms).then(|| FollowUp {
        after,
        channel,
        about: PROPOSED,
        copy: said(&[wording::reminder(grant)]),
    })
}

/// There is one proposal.
const PROPOSED: Subject = Subject::Proposed(0);

fn said(words: &[Template]) -> Vec<Sentence> {
    words.iter().map(|template| template.about(PROPOSED)).collect()
}

rebound_sdk::export!(Coupons: coupon);

#[cfg(test)]
mod tests;
