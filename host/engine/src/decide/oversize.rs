//! A stored plan has a size limit. Beyond it, the stage that takes the most room has given invalid output.

use rebound_domain::compose::{self, Answers};
use rebound_domain::event::ReturnRequest;
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::plan::{Plan, StageTrace};
use serde::Serialize;

use crate::records::encode;

/// What a plan holds beside its request and its answers: the calls that were made, and where experiments chose.
const TRACE_BYTES: usize = 16 * 1024;

/// Most bytes that a return's own lines may take, so that a plan without any answers fits.
pub(super) fn lines_bytes_max(limits: &Limits) -> usize {
    (limits.plan_bytes as usize).saturating_sub(TRACE_BYTES)
}

/// Bytes that a return's own lines take in its plan, whatever any strategy answers.
pub(super) fn lines_bytes(request: &ReturnRequest) -> usize {
    size(&compose::refund_lines(request))
}

/// The stage to blame when a plan is larger than `bytes_max`, and why; none when the plan fits, or when no answer is
/// left to take back (the request's lines are bounded by [`lines_bytes_max`]).
pub(super) fn culprit(plan: &Plan, answers: &Answers, bytes_max: usize) -> Option<(Stage, String)> {
    let size = encode(plan).len();
    if size <= bytes_max {
        return None;
    }
    let answered =
        |stage: &Stage| plan.trace.stages.iter().any(|call| call.stage == *stage && call.outcome == "value");
    let (stage, share) = Stage::ALL
        .into_iter()
        .filter(answered)
        .map(|stage| (stage, share(plan, answers, stage)))
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
fn share(plan: &Plan, answers: &Answers, stage: Stage) -> usize {
    // Rewards follow the coupon stage's own proposals in one list.
    let coupons = compose::merge_proposals(&answers.coupon).items.len();
    let (coupons, rewards) = plan.trace.proposals.split_at(coupons.min(plan.trace.proposals.len()));
    let dropped: Vec<_> = plan.dropped.iter().filter(|line| line.stage == stage).collect();
    let own = match stage {
        Stage::Segmentation => size(&(&plan.segment, &plan.acknowledgement, &plan.care)),
        Stage::Recommendation => size(&(&plan.offers, &plan.trace.holds)),
        Stage::Coupon => size(&(&plan.follow_ups, coupons)),
        Stage::Sharing => size(&(&plan.sharing, rewards)),
        Stage::Progress => size(&plan.progress),
    };
    own + size(&dropped)
}

fn size(part: &impl Serialize) -> usize {
    encode(part).len()
}
