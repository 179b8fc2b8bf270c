//! How long it usually takes, and when this return takes longer.

use rebound_sdk::prelude::*;

use crate::Steps;
use crate::wording::{SLOW, USUAL_FEW_DAYS, USUAL_NEXT_DAY};

/// Milliseconds: within these of the request it is "by the day after", wherever midnight falls.
const NEXT_DAY: u64 = 24 * 60 * 60 * 1_000;
/// More than this is no longer "a few days".
const FEW_DAYS: u64 = 5 * NEXT_DAY;

/// What can be said of the step that the return has not reached. Nine of ten returns are "usually" and "most"; from too
/// few of them nothing follows.
pub(crate) fn told(call: &Call<'_, Steps>, custody: &str, usual: &[Usual]) -> Option<Template> {
    let usual = usual.iter().find(|usual| usual.custody == custody)?;
    if usual.count < call.config.usual_returns {
        return None;
    }
    let elapsed = call.context.now.saturating_sub(call.context.event.requested_at);
    match usual.p90 {
        p90 if elapsed > p90 => Some(SLOW),
        p90 if p90 <= NEXT_DAY => Some(USUAL_NEXT_DAY),
        p90 if p90 <= FEW_DAYS => Some(USUAL_FEW_DAYS),
        _ => None,
    }
}
