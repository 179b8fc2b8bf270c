//! A stored plan has a size limit. Beyond it, the stage that takes the most room has given invalid output.

use rebound_domain::compose::{self, Answers};
use rebound_domain::event::ReturnRequest;
use rebound_domain::limits::{Limits, PLAN_TRACE_BYTES};
use rebound_domain::manifest::Stage;
use rebound_domain::plan::{Plan, StageTrace};
use serde::Serialize;

use crate::records::encode;

/// Most bytes that a return's own lines may take, so that a plan without any answers fits.
pub(super) fn lines_bytes_max(limits: &Limits) -> usize {
    limits.plan_bytes.saturating_sub(PLAN_TRACE_BYTES) as usize
}

/// Bytes that a return's own lines take in its plan, whatever any strategy answers.
pub(super) fn lines_bytes(request: &ReturnRequest) -> usize {
    size(&compose::refund_lines(request))
}

/// The stage to blame when a plan is larger than `bytes_max`, and why; none when the plan fits, or when no answer is
/// left to take back (the request's lines are bounded by [`lines_bytes_max`]).
pub(super) fn culprit(plan: &Plan, bytes_max: usize) -> Option<(Stage, String)> {
    let size = encode(plan).len();
    if size <= bytes_max {
        return None;
    }
    let answered =
        |stage: &Stage| plan.trace.stages.iter().any(|call| call.stage == *stage && call.outcome == "value");
    let (stage, share) = Stage::ALL
        .into_iter()
        .filter(answered)
        .map(|stage| (stage, share(plan, stage)))
        .max_by_key(|(_, share)| *share)?;
    Some((stage, format!("plan has {size} bytes, over the limit of {bytes_max}; {share} are of this stage")))
}

/// Takes a stage's answers back.
pub(super) fn withdraw(stage: Stage, problem: &str, answers: &mut Answers, traces: &mut [StageTrace]) {
    match stage {
        Stage::Segmentation => answers.segmentation = None,
        Stage::Recommendation => answers.recommendation.clear(),
        Stage::Coupon => answers.coupon.clear(),
        Stage::Sharing => answers.sharing.clear(),
        Stage::Progress => answers.progress = None,
    }
    for call in traces.iter_mut().filter(|call| call.stage == stage && call.outcome == "value") {
        "invalid-output".clone_into(&mut call.outcome);
        call.detail = Some(problem.to_owned());
    }
}

/// Bytes that a stage's answers take in a plan.
fn share(plan: &Plan, stage: Stage) -> usize {
    let refused: Vec<_> = plan.trace.proposals.iter().filter(|it| it.stage == stage).collect();
    let dropped: Vec<_> = plan.dropped.iter().filter(|line| line.stage == stage).collect();
    let own = match stage {
        Stage::Segmentation => size(&(&plan.segment, &plan.acknowledgement, &plan.care)),
        Stage::Recommendation => size(&plan.offers),
        Stage::Coupon => size(&(&plan.follow_ups, &plan.coupons, &plan.draws)),
        Stage::Sharing => size(&plan.sharing),
        Stage::Progress => size(&plan.progress),
    };
    let shown: Vec<_> = plan.trace.violations.iter().filter(|line| line.stage == stage).collect();
    own + size(&dropped) + size(&refused) + size(&shown)
}

fn size(part: &impl Serialize) -> usize {
    encode(part).len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rebound_catalog::Catalogue;
    use rebound_domain::answer::{
        Achievement, Benefit, Compensation, Grant, Proposal, Scope, Sentence, ShareKit, Subject, Terms,
    };
    use rebound_domain::claims::{Book, Templates};
    use rebound_domain::compose::{Answered, Decision, Published};
    use rebound_domain::ids::Digest;
    use rebound_domain::manifest::{Manifest, Template};
    use rebound_domain::money::{Currency, Money};
    use rebound_domain::policy::Policy;
    use rebound_domain::route::Access;
    use rebound_domain::situation::{Allowed, Customer, ReturnEvent, Situation};
    use rebound_domain::time::{Duration, Instant};

    use super::*;

    fn answered<T>(answer: T) -> Answered<T> {
        let template =
            Template { key: "line".to_owned(), locale: "en".to_owned(), text: "A line.".to_owned() };
        let manifest = Manifest {
            plugin: "tests/both@1.0.0".parse().unwrap(),
            summary: String::new(),
            config_schema: "{}".to_owned(),
            state_version: 1,
            templates: vec![template],
            personas: Vec::new(),
            stages: vec![Stage::Coupon, Stage::Sharing],
        };
        let templates = Arc::new(Templates::new(&manifest).unwrap());
        let by = Published { manifest: Arc::new(manifest), templates, digest: Digest::of(b"") };
        Answered { by, slots: 32, answer }
    }

    fn proposal() -> Proposal {
        let terms = Terms {
            benefit: Benefit::AmountOff(Money(100)),
            min_spend: Money(0),
            max_discount: None,
            scope: Scope::WholeOrder,
            starts_after: Duration(0),
            valid_for: Duration::days(1),
            budget: "spring".to_owned(),
        };
        Proposal { grant: Grant::Fixed(terms), copy: Vec::new() }
    }

    /// A plan with as many coupons proposed, and achievements with a reward each.
    fn plan(coupons: usize, rewards: usize) -> (Plan, Answers) {
        let achievement = Achievement {
            key: "k".to_owned(),
            title: Sentence { template: "line".to_owned(), about: Subject::Plan },
            counts: "returns".to_owned(),
            target: 1,
            reward: Some(proposal()),
        };
        let coupon = Compensation { proposals: vec![proposal(); coupons], ..Compensation::default() };
        let sharing = ShareKit { achievements: vec![achievement; rewards], ..ShareKit::default() };
        let answers = Answers {
            coupon: vec![answered(coupon)],
            sharing: vec![answered(sharing)],
            ..Answers::default()
        };
        let (request, currency) = (super::super::check::tests::fine(), Currency::new("CNY").unwrap());
        let situation = Situation {
            now: Instant(1),
            seed: 0,
            locale: "en".to_owned(),
            currency,
            event: ReturnEvent {
                id: request.id.clone(),
                requested_at: Instant(1),
                requested_resolution: None,
                lines: Vec::new(),
                orders: Vec::new(),
                channel: "web".to_owned(),
            },
            customer: Customer::default(),
            policy: Allowed::default(),
        };
        let catalog = Catalogue::new().snapshot().at(Instant(1), Access::Withheld);
        let decision = Decision {
            request: &request,
            situation: &situation,
            policy: &Policy { own_namespaces: vec!["tests".to_owned()], ..Policy::standard(currency) },
            book: &Book::default(),
            catalog: &catalog,
            timeline: &[],
            answers: &answers,
            unused_benefits: Money::ZERO,
            zone: &rebound_domain::time::Utc,
            secrets: None,
        };
        let call = |stage| StageTrace {
            stage,
            plugin: "tests/both@1.0.0".parse().unwrap(),
            digest: Digest::of(b""),
            assignment: None,
            outcome: "value".to_owned(),
            detail: None,
            fallback: false,
            fuel: 0,
            fuel_max: 0,
            micros: 0,
            memory_bytes: 0,
            memory_bytes_max: 0,
            output_bytes: 0,
            log_lines: 0,
        };
        let plan = compose::plan(&decision, Vec::new(), vec![call(Stage::Coupon), call(Stage::Sharing)]);
        (plan, answers)
    }

    #[test]
    fn a_plan_may_take_every_byte_of_the_limit_and_none_more() {
        let (plan, _) = plan(3, 0);
        let size = encode(&plan).len();
        assert_eq!(culprit(&plan, size), None);
        let (stage, problem) = culprit(&plan, size - 1).unwrap();
        assert_eq!(stage, Stage::Coupon);
        assert!(problem.contains(&format!("{size} bytes, over the limit of {}", size - 1)), "{problem}");
    }

    #[test]
    fn a_reward_counts_against_the_stage_that_proposes_it() {
        for (coupons, rewards, want) in
            [(4, 3, Stage::Sharing), (12, 2, Stage::Coupon), (1, 9, Stage::Sharing)]
        {
            let (plan, _) = plan(coupons, rewards);
            assert_eq!(plan.trace.proposals.len(), coupons + rewards);
            assert_eq!(culprit(&plan, 1).unwrap().0, want, "{coupons} and {rewards}");
        }
    }

    #[test]
    fn what_is_taken_back_is_not_blamed_again() {
        let (mut plan, mut answers) = plan(1, 1);
        for _ in 0..2 {
            let (stage, problem) = culprit(&plan, 1).unwrap();
            withdraw(stage, &problem, &mut answers, &mut plan.trace.stages);
        }
        assert!(answers.coupon.is_empty() && answers.sharing.is_empty());
        assert!(plan.trace.stages.iter().all(|call| call.outcome == "invalid-output"));
        assert_eq!(culprit(&plan, 1), None, "nothing is left to take back");
    }
}
