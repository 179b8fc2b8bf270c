//! The shipped progress: five steps, each standing for a custody that the host has seen or not. `docs/strategies.md`
//! states them.

mod pace;
mod wording;

use rebound_sdk::prelude::*;

use wording::{
    INSPECTED, INSPECTED_AHEAD, INSPECTED_DONE, LABEL, LABEL_AHEAD, LABEL_DONE, PASSED, RECEIVED,
    RECEIVED_AHEAD, RECEIVED_DONE, REFUNDED, REFUNDED_AHEAD, REFUNDED_DONE, TEMPLATES, TRANSIT,
    TRANSIT_AHEAD, TRANSIT_DONE, UNUSED,
};

rebound_sdk::config! {
    /// When past returns are enough to go by.
    pub struct Config {
        /// Fewest past returns from which a usual duration is told.
        #[schemars(range(min = 30))]
        pub usual_returns: u32 = 30,
    }
}

const GUIDE: Persona = Persona {
    key: "guide",
    names: &[("zh-CN", "小返", "退货助手"), ("en", "Remi", "Return assistant")],
};

/// One step of every return.
struct Stage {
    custody: &'static str,
    /// The step's name, never that it is done: the same title stands before, during and after it.
    title: Template,
    done: Template,
    ahead: Template,
}

const STAGES: [Stage; 5] = [
    Stage { custody: "label-issued", title: LABEL, done: LABEL_DONE, ahead: LABEL_AHEAD },
    Stage { custody: "in-transit", title: TRANSIT, done: TRANSIT_DONE, ahead: TRANSIT_AHEAD },
    Stage { custody: "received", title: RECEIVED, done: RECEIVED_DONE, ahead: RECEIVED_AHEAD },
    Stage { custody: "inspected", title: INSPECTED, done: INSPECTED_DONE, ahead: INSPECTED_AHEAD },
    Stage { custody: "refunded", title: REFUNDED, done: REFUNDED_DONE, ahead: REFUNDED_AHEAD },
];

/// The strategy.
pub struct Steps;

impl Strategy for Steps {
    const NAME: &'static str = "rebound/progress";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    const PERSONAS: &'static [Persona] = &[GUIDE];
    type Config = Config;
    type State = ();
}

impl Progress for Steps {
    fn narrate(
        call: &Call<'_, Self>,
        _segment: &Segment,
        timeline: &[CustodyEvent],
        usual: &[Usual],
    ) -> Result<Vec<Step>, Failure> {
        let happened = |stage: &Stage| timeline.iter().any(|event| event.custody == stage.custody);
        let furthest = STAGES.iter().rposition(happened);
        let next = furthest.map_or(0, |furthest| furthest + 1);
        let steps = STAGES.iter().enumerate().map(|(index, stage)| {
            let words = match furthest {
                _ if happened(stage) => stage.done,
                // A parcel may skip a scan: to go on waiting for it would be untrue.
                Some(furthest) if index < furthest => PASSED,
                _ => stage.ahead,
            };
            let mut copy = vec![words.about(Subject::Plan)];
            if index == next {
                let told = pace::told(call, stage.custody, usual);
                copy.extend(told.map(|words| words.about(Subject::Plan)));
            }
            if stage.custody == "refunded" && happened(stage) {
                copy.push(UNUSED.about(Subject::Plan));
            }
            Step {
                key: stage.custody.to_string(),
                title: stage.title.about(Subject::Plan),
                stands_for: vec![stage.custody.to_string()],
                copy,
                persona: Some(GUIDE.key.to_string()),
            }
        });
        Ok(steps.collect())
    }
}

rebound_sdk::export!(Steps: progress);

#[cfg(test)]
mod tests;
