//! Figures of where a decision's time goes, and of who served whom.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use rebound_domain::plan::{Plan, StageAssignment, StageTrace};

/// Arms that have a figure of their own. Operators name them, and may name many; what comes later counts under `other`.
const ARM_COUNT_MAX: usize = 500;
const OTHER: &str = "other";

pub(crate) struct Timings {
    calls: Family<Stage, Histogram, fn() -> Histogram>,
    fallbacks: Family<Stage, Counter>,
    arms: Family<Arm, Counter>,
    known_arms: Mutex<BTreeSet<Arm>>,
    commit: Histogram,
    commits: Family<Outcome, Counter>,
    waiting: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
struct Arm {
    stage: &'static str,
    experiment: String,
    arm: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl Timings {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let calls: Family<Stage, Histogram, fn() -> Histogram> = Family::new_with_constructor(call_buckets);
        let help = "One call of a strategy, by stage";
        registry.register_with_unit("call_duration", help, Unit::Seconds, calls.clone());
        let fallbacks = Family::default();
        registry.register(
            "fallbacks",
            "Calls of a fallback, because what it stands in for failed",
            fallbacks.clone(),
        );
        let arms = Family::default();
        registry.register("arm_events", "Decisions by the arm that served them", arms.clone());
        // 0.5 ms to about 8 s: a commit waits for the disk.
        let commit = Histogram::new(exponential_buckets(0.000_5, 2.0, 15));
        let help = "From the batch of a decision to its being durable";
        registry.register_with_unit("commit_duration", help, Unit::Seconds, commit.clone());
        let commits = Family::default();
        registry.register("commits", "Batches of decisions by whether they landed", commits.clone());
        let waiting = Gauge::default();
        registry.register("compute_waiting", "Decisions that wait for a compute thread", waiting.clone());
        Self { calls, fallbacks, arms, known_arms: Mutex::default(), commit, commits, waiting }
    }

    pub(crate) fn committed(&self, landed: bool, took: Duration) {
        self.commit.observe(took.as_secs_f64());
        let outcome = if landed { "landed" } else { "refused" };
        self.commits.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn waiting(&self, count: usize) {
        self.waiting.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn ran(&self, plan: &Plan) {
        plan.trace.stages.iter().for_each(|call| self.called(call));
        plan.trace.assignments.iter().for_each(|assigned| self.served(assigned));
    }

    fn called(&self, call: &StageTrace) {
        let stage = Stage { stage: call.stage.word() };
        self.calls.get_or_create(&stage).observe(Duration::from_micros(call.micros).as_secs_f64());
        if call.fallback {
            self.fallbacks.get_or_create(&stage).inc();
        }
    }

    fn served(&self, StageAssignment { stage, assignment }: &StageAssignment) {
        let Some(arm) = &assignment.arm else { return };
        let (stage, experiment) = (stage.word(), assignment.experiment.to_string());
        let arm = Arm { stage, experiment, arm: arm.to_string() };
        let mut known = self.known_arms.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = known.contains(&arm) || known.len() < ARM_COUNT_MAX && known.insert(arm.clone());
        drop(known);
        let other = || Arm { stage, experiment: OTHER.to_owned(), arm: OTHER.to_owned() };
        self.arms.get_or_create(&if is_known { arm } else { other() }).inc();
    }
}

/// 16 us to about 0.5 s: a call of a compiled strategy takes tens of microseconds, and has 50 ms.
fn call_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.000_016, 2.0, 16))
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use rebound_domain::manifest;
    use rebound_domain::plan::Assignment;

    use super::*;

    #[test]
    fn arms_past_the_bound_share_a_figure() {
        let mut registry = Registry::default();
        let timings = Timings::register(&mut registry);
        for index in 0..ARM_COUNT_MAX + 3 {
            timings.served(&StageAssignment {
                stage: manifest::Stage::Coupon,
                assignment: Assignment {
                    experiment: "x".parse().unwrap(),
                    phase: 1,
                    arm: Some(format!("a{index}").parse().unwrap()),
                    bucket: 0.0,
                    propensity: None,
                    reason: "running".to_owned(),
                },
            });
        }
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert_eq!(text.matches("arm_events_total{").count(), ARM_COUNT_MAX + 1);
        assert!(text.contains("experiment=\"other\",arm=\"other\"} 3\n"), "{text}");
    }
}
