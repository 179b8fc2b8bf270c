//! How a plan came about, for operators: calls, assignments, and what was proposed and not made.

use rebound_domain::answer::{Benefit as DomainBenefit, Grant, Scope as DomainScope, Terms as DomainTerms};
use rebound_domain::plan as domain;
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::{Amount, Millis, Share, Stage};

/// How a plan came about.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trace<'a> {
    /// One per stage that an experiment ran on, whether or not its arm calls anything.
    assignments: Vec<Assignment<'a>>,
    /// One per call that was made, in order.
    stages: Vec<StageTrace<'a>>,
    /// Coupons proposed and not minted.
    proposals: Vec<Proposal<'a>>,
    /// Price holds proposed and not made.
    holds: Vec<Hold<'a>>,
    /// Lines that were said though their texts break a rule of claims: the policy reports instead of enforcing.
    violations: Vec<ShownViolation<'a>>,
}

/// A rule of claims that a line of the plan breaks.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownViolation<'a> {
    /// In which stage.
    stage: Stage,
    /// Whose line: `namespace/name@version`.
    plugin: String,
    /// Which template, or persona.
    template: &'a str,
    /// Its locale.
    locale: &'a str,
    /// Which rule: figure, number-word, stock-claim...
    rule: &'a str,
    /// The words at fault.
    excerpt: &'a str,
    /// How many lines of the plan say it.
    lines: u32,
}

/// Why the customer got this route at a stage.
#[derive(Serialize, ToSchema)]
pub(crate) struct Assignment<'a> {
    /// Which stage.
    stage: Stage,
    /// Which experiment.
    experiment: &'a str,
    /// Which phase of it.
    phase: u32,
    /// Which arm; left out when the customer is not in.
    #[serde(skip_serializing_if = "Option::is_none")]
    arm: Option<&'a str>,
    /// 0 to 1, in steps of 1 / 10,000.
    bucket: f64,
    /// The probability with which a covered customer gets this arm.
    #[serde(skip_serializing_if = "Option::is_none")]
    propensity: Option<f64>,
    /// running, not-covered...
    reason: &'a str,
}

/// One strategy's call.
#[derive(Serialize, ToSchema)]
pub(crate) struct StageTrace<'a> {
    /// Which stage.
    stage: Stage,
    /// Which version: `namespace/name@version`.
    plugin: String,
    /// SHA-256 of its component.
    digest: String,
    /// The experiment that ran on the stage, if one did; the next five fields are its assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    experiment: Option<&'a str>,
    /// Which phase of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<u32>,
    /// Which arm; left out when the customer is not in.
    #[serde(skip_serializing_if = "Option::is_none")]
    arm: Option<&'a str>,
    /// 0 to 1, in steps of 1 / 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<f64>,
    /// The probability with which a covered customer gets this arm.
    #[serde(skip_serializing_if = "Option::is_none")]
    propensity: Option<f64>,
    /// Why this assignment: running, not-covered...
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// value, declined, invalid-output, out-of-fuel, deadline...: a stable word.
    outcome: &'a str,
    /// What went wrong, for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// Whether this call stood in for one that failed.
    fallback: bool,
    /// Fuel used.
    fuel: u64,
    /// Fuel that it might have used.
    fuel_max: u64,
    /// Microseconds of wall clock.
    micros: u64,
    /// Peak of linear memories and tables.
    memory_bytes: u64,
    /// What it might have been.
    memory_bytes_max: u64,
    /// Size of the answer.
    output_bytes: u64,
    /// Lines logged.
    log_lines: u32,
}

/// A coupon that was proposed and not minted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Proposal<'a> {
    /// By whom: `namespace/name@version`.
    plugin: String,
    /// With these terms; left out for a surprise.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<Terms<'a>>,
    /// What a surprise draws from; left out for fixed terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    prizes: Option<Vec<Prize<'a>>>,
}

/// One outcome of a surprise.
#[derive(Serialize, ToSchema)]
pub(crate) struct Prize<'a> {
    /// Its odds are this through the sum of all weights.
    weight: u32,
    /// Left out where nothing is won.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<Terms<'a>>,
}

/// A coupon's terms.
#[derive(Serialize, ToSchema)]
pub(crate) struct Terms<'a> {
    /// What it gives.
    benefit: Benefit,
    /// Eligible goods must reach this.
    min_spend: Amount,
    /// The most it takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_discount: Option<Amount>,
    /// What it may be used on.
    scope: Scope<'a>,
    /// After it is minted.
    starts_after_ms: Millis,
    /// From its start.
    valid_for_ms: Millis,
    /// The budget that pays.
    budget: &'a str,
}

/// What a coupon gives.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub(crate) enum Benefit {
    /// A fixed amount.
    AmountOff {
        /// How much.
        amount: Amount,
    },
    /// A share; the terms cap it.
    PercentOff {
        /// How much.
        share: Share,
    },
    /// Credit with the merchant.
    StoreCredit {
        /// How much.
        amount: Amount,
    },
    /// Shipping paid.
    FreeShipping,
    /// A product, counted at its catalogue price.
    Gift {
        /// The host's number for it.
        product_id: u32,
    },
}

/// What a coupon may be used on.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub(crate) enum Scope<'a> {
    /// Everything.
    WholeOrder,
    /// Any of these categories.
    Categories {
        /// The merchant's words.
        categories: &'a [String],
    },
    /// Any of these products.
    Products {
        /// The host's numbers for them.
        product_ids: Vec<u32>,
    },
}

/// A price hold that was proposed and not made.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hold<'a> {
    /// Of which offer.
    recommendation_id: &'a str,
    /// The host's number for the product.
    product_id: u32,
    /// At which price.
    price: Amount,
    /// For how long.
    duration_ms: Millis,
}

impl<'a> From<&'a domain::Trace> for Trace<'a> {
    fn from(trace: &'a domain::Trace) -> Self {
        Self {
            assignments: trace.assignments.iter().map(Into::into).collect(),
            stages: trace.stages.iter().map(Into::into).collect(),
            proposals: trace.proposals.iter().map(Into::into).collect(),
            holds: trace.holds.iter().map(Into::into).collect(),
            violations: trace.violations.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a domain::ShownViolation> for ShownViolation<'a> {
    fn from(shown: &'a domain::ShownViolation) -> Self {
        Self {
            stage: shown.stage.into(),
            plugin: shown.plugin.to_string(),
            template: &shown.template,
            locale: &shown.locale,
            rule: &shown.rule,
            excerpt: &shown.excerpt,
            lines: shown.lines,
        }
    }
}

impl<'a> From<&'a domain::StageAssignment> for Assignment<'a> {
    fn from(given: &'a domain::StageAssignment) -> Self {
        let domain::StageAssignment { stage, assignment } = given;
        Self {
            stage: (*stage).into(),
            experiment: assignment.experiment.as_str(),
            phase: assignment.phase,
            arm: assignment.arm.as_ref().map(|arm| arm.as_str()),
            bucket: assignment.bucket,
            propensity: assignment.propensity,
            reason: &assignment.reason,
        }
    }
}

impl<'a> From<&'a domain::StageTrace> for StageTrace<'a> {
    fn from(call: &'a domain::StageTrace) -> Self {
        let assignment = call.assignment.as_ref();
        Self {
            stage: call.stage.into(),
            plugin: call.plugin.to_string(),
            digest: call.digest.to_string(),
            experiment: assignment.map(|it| it.experiment.as_str()),
            phase: assignment.map(|it| it.phase),
            arm: assignment.and_then(|it| it.arm.as_ref()).map(|arm| arm.as_str()),
            bucket: assignment.map(|it| it.bucket),
            propensity: assignment.and_then(|it| it.propensity),
            reason: assignment.map(|it| it.reason.as_str()),
            outcome: &call.outcome,
            detail: call.detail.as_deref(),
            fallback: call.fallback,
            fuel: call.fuel,
            fuel_max: call.fuel_max,
            micros: call.micros,
            memory_bytes: call.memory_bytes,
            memory_bytes_max: call.memory_bytes_max,
            output_bytes: call.output_bytes,
            log_lines: call.log_lines,
        }
    }
}

impl<'a> From<&'a domain::ProposalTrace> for Proposal<'a> {
    fn from(proposal: &'a domain::ProposalTrace) -> Self {
        let plugin = proposal.plugin.to_string();
        match &proposal.grant {
            Grant::Fixed(terms) => Self { plugin, terms: Some(terms.into()), prizes: None },
            Grant::Surprise(prizes) => {
                let prize = |prize: &'a rebound_domain::answer::Prize| Prize {
                    weight: prize.weight,
                    terms: prize.terms.as_ref().map(Into::into),
                };
                Self { plugin, terms: None, prizes: Some(prizes.iter().map(prize).collect()) }
            }
        }
    }
}

impl<'a> From<&'a DomainTerms> for Terms<'a> {
    fn from(terms: &'a DomainTerms) -> Self {
        Self {
            benefit: terms.benefit.into(),
            min_spend: terms.min_spend.into(),
            max_discount: terms.max_discount.map(Into::into),
            scope: (&terms.scope).into(),
            starts_after_ms: terms.starts_after.into(),
            valid_for_ms: terms.valid_for.into(),
            budget: &terms.budget,
        }
    }
}

impl From<DomainBenefit> for Benefit {
    fn from(benefit: DomainBenefit) -> Self {
        match benefit {
            DomainBenefit::AmountOff(amount) => Self::AmountOff { amount: amount.into() },
            DomainBenefit::PercentOff(share) => Self::PercentOff { share: share.into() },
            DomainBenefit::StoreCredit(amount) => Self::StoreCredit { amount: amount.into() },
            DomainBenefit::FreeShipping => Self::FreeShipping,
            DomainBenefit::Gift(product) => Self::Gift { product_id: product.0 },
        }
    }
}

impl<'a> From<&'a DomainScope> for Scope<'a> {
    fn from(scope: &'a DomainScope) -> Self {
        match scope {
            DomainScope::WholeOrder => Self::WholeOrder,
            DomainScope::Categories(categories) => Self::Categories { categories },
            DomainScope::Products(products) => {
                Self::Products { product_ids: products.iter().map(|product| product.0).collect() }
            }
        }
    }
}

impl<'a> From<&'a domain::HoldTrace> for Hold<'a> {
    fn from(hold: &'a domain::HoldTrace) -> Self {
        Self {
            recommendation_id: &hold.recommendation_id,
            product_id: hold.product.0,
            price: hold.price.into(),
            duration_ms: hold.duration.into(),
        }
    }
}
