//! A stored plan has a size limit. Beyond it, the stage that takes the most room has given invalid output.

use rebound_domain::compose::Answers;
use rebound_domain::manifest::Stage;
use rebound_domain::plan::{Plan, StageTrace};
use serde::Serialize;

use crate::records::encode;

/// The stage to blame when a plan is larger than `bytes_max`, and why; none when the plan fits. A plan without any
/// answers fits: its lines are bounded.
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
    let dropped: Vec<_> = plan.dropped.iter().filter(|line| line.stage == stage).collect();
    let own = match stage {
        Stage::Segmentation => size(&(&plan.segment, &plan.acknowledgement, &plan.care)),
        Stage::Recommendation => size(&(&plan.offers, &plan.trace.holds)),
        Stage::Coupon => size(&(&plan.follow_ups, &plan.trace.proposals)),
        Stage::Sharing => size(&plan.sharing),
        Stage::Progress => size(&plan.progress),
    };
    own + size(&dropped)
}

fn size(part: &impl Serialize) -> usize {
    encode(part).len()
}
