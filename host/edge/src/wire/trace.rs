//! How a plan came about, for operators: calls, assignments, and what was proposed and not made.

use rebound_domain::answer::Grant;
use rebound_domain::plan as domain;
use serde::Serialize;
use utoipa::ToSchema;

use super::coupon::{Prize, Terms};
use super::scalar::Stage;

/// How a plan came about.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trace<'a> {
    /// One per stage that an experiment ran on, whether or not its arm calls anything.
    assignments: Vec<Assignment<'a>>,
    /// One per call that was made, in order.
    stages: Vec<StageTrace<'a>>,
    /// Coupons proposed and not minted.
    proposals: Vec<Proposal<'a>>,
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
    /// In which stage.
    stage: Stage,
    /// Why there is no coupon: over-incentive-max, customer-limit, budget-spent...: a stable word.
    reason: &'a str,
    /// With these terms; left out for a surprise.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<Terms<'a>>,
    /// What a surprise draws from; left out for fixed terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    prizes: Option<Vec<Prize<'a>>>,
}

impl<'a> From<&'a domain::Trace> for Trace<'a> {
    fn from(trace: &'a domain::Trace) -> Self {
        Self {
            assignments: trace.assignments.iter().map(Into::into).collect(),
            stages: trace.stages.iter().map(Into::into).collect(),
            proposals: trace.proposals.iter().map(Into::into).collect(),
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
        let (terms, prizes) = match &proposal.grant {
            Grant::Fixed(terms) => (Some(terms.into()), None),
            Grant::Surprise(prizes) => (None, Some(prizes.iter().map(Into::into).collect())),
        };
        Self {
            plugin: proposal.plugin.to_string(),
            stage: proposal.stage.into(),
            reason: &proposal.reason,
            terms,
            prizes,
        }
    }
}
