//! The shipped progress: five steps, each standing for a custody that the host has seen or not. `docs/strategies.md`
//! states them.

use rebound_sdk::prelude::*;

templates! {
    LABEL = "progress.label" { "zh-CN": "退货单", "en": "Return label" }
    LABEL_DONE = "progress.label-done" {
        "zh-CN": "退货单已经备好，把包裹交给快递即可。",
        "en": "Your label is ready: hand the parcel to the carrier.",
    }
    LABEL_AHEAD = "progress.label-ahead" {
        "zh-CN": "退货单开出后，会显示在这里。",
        "en": "Your label will be shown here when it is issued.",
    }
    TRANSIT = "progress.transit" { "zh-CN": "运输", "en": "Transport" }
    TRANSIT_DONE = "progress.transit-done" {
        "zh-CN": "快递已经收件，包裹在路上了。",
        "en": "The carrier has your parcel and it is on its way.",
    }
    TRANSIT_AHEAD = "progress.transit-ahead" {
        "zh-CN": "等快递收件后，这里会更新。",
        "en": "This moves when the carrier has your parcel.",
    }
    RECEIVED = "progress.received" { "zh-CN": "仓库签收", "en": "Arrival" }
    RECEIVED_DONE = "progress.received-done" {
        "zh-CN": "包裹已经到了我们的仓库。",
        "en": "Your parcel has reached our warehouse.",
    }
    RECEIVED_AHEAD = "progress.received-ahead" {
        "zh-CN": "包裹到仓后，我们会在这里告诉你。",
        "en": "We tell you here when it reaches our warehouse.",
    }
    INSPECTED = "progress.inspected" { "zh-CN": "商品检查", "en": "Inspection" }
    INSPECTED_DONE = "progress.inspected-done" {
        "zh-CN": "商品已经检查完毕。",
        "en": "We have looked over what you sent.",
    }
    INSPECTED_AHEAD = "progress.inspected-ahead" {
        "zh-CN": "到仓后我们会检查商品。",
        "en": "We look over what you sent when it is here.",
    }
    REFUNDED = "progress.refunded" { "zh-CN": "退款", "en": "Refund" }
    REFUNDED_DONE = "progress.refunded-done" {
        "zh-CN": "退款已经发出。",
        "en": "Your refund is on its way to you.",
    }
    REFUNDED_AHEAD = "progress.refunded-ahead" {
        "zh-CN": "退款随后办理。",
        "en": "Your refund follows.",
    }
    UNUSED = "progress.unused" {
        "zh-CN": "你还有价值{unused_benefits}的权益没有使用。",
        "en": "You still have benefits worth {unused_benefits} to use.",
    }
    PASSED = "progress.passed" {
        "zh-CN": "这个环节没有留下记录，退货已经走到了后面。",
        "en": "No record was made of this; your return is already further on.",
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
    type Config = NoConfig;
    type State = ();
}

impl Progress for Steps {
    fn narrate(
        _call: &Call<'_, Self>,
        _segment: &Segment,
        timeline: &[CustodyEvent],
        _usual: &[Usual],
    ) -> Result<Vec<Step>, Failure> {
        let happened = |stage: &Stage| timeline.iter().any(|event| event.custody == stage.custody);
        let furthest = STAGES.iter().rposition(happened);
        let steps = STAGES.iter().enumerate().map(|(index, stage)| {
            let words = match furthest {
                _ if happened(stage) => stage.done,
                // A parcel may skip a scan: to go on waiting for it would be untrue.
                Some(furthest) if index < furthest => PASSED,
                _ => stage.ahead,
            };
            let mut copy = vec![words.about(Subject::Plan)];
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
mod tests {
    use super::*;
    use rebound_sdk::testing::{Item, Scene, assert_templates};

    /// The first sentence of each step once these custodies were seen.
    fn told(custodies: &[&str]) -> Vec<String> {
        let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
        scene.timeline = custodies
            .iter()
            .map(|custody| CustodyEvent {
                custody: custody.to_string(),
                at: 1,
                line: None,
                extra: Vec::new(),
            })
            .collect();
        let steps = scene.narrate::<Steps>().unwrap();
        let words = |step: &Step| step.copy[0].template.strip_prefix("progress.").unwrap().to_string();
        steps.iter().map(words).collect()
    }

    #[test]
    fn every_sentence_exists_in_both_locales_and_claims_nothing() {
        assert_templates::<Steps>(&["zh-CN", "en"]);
    }

    #[test]
    fn five_steps_each_stand_for_one_custody() {
        let steps = Scene::returning(&Item::new(1, "Wool coat", 10_000)).narrate::<Steps>().unwrap();
        let stand_for: Vec<_> = steps.iter().map(|step| step.stands_for.join(",")).collect();
        assert_eq!(stand_for, ["label-issued", "in-transit", "received", "inspected", "refunded"]);
        assert!(steps.iter().all(|step| step.persona.as_deref() == Some("guide")));
    }

    #[test]
    fn a_step_is_told_as_done_only_after_its_custody() {
        let ahead = ["label-ahead", "transit-ahead", "received-ahead", "inspected-ahead", "refunded-ahead"];
        assert_eq!(told(&[]), ahead);
        assert_eq!(told(&["a word of tomorrow"]), ahead);
        assert_eq!(
            told(&["label-issued", "in-transit"]),
            ["label-done", "transit-done", "received-ahead", "inspected-ahead", "refunded-ahead"]
        );
    }

    #[test]
    fn before_anything_happened_nothing_is_said_to_have_begun_or_ended() {
        let texts = STAGES.iter().flat_map(|stage| [stage.title, stage.ahead]).flat_map(|words| words.texts);
        for (_, text) in texts {
            let untrue =
                ["已", "正在", "到账", "途中", "We are", "its way", "Received", "Refunded", "Looked"];
            assert!(untrue.iter().all(|word| !text.contains(word)), "{text}");
        }
    }

    #[test]
    fn a_step_without_a_record_is_not_waited_for_once_the_return_is_further_on() {
        assert_eq!(
            told(&["received", "refunded"]),
            ["passed", "passed", "received-done", "passed", "refunded-done"]
        );
    }

    #[test]
    fn unused_benefits_are_told_when_the_refund_has_landed_and_not_before() {
        let told = |custody: &str| {
            let mut scene = Scene::returning(&Item::new(1, "Wool coat", 10_000));
            let custody = custody.to_string();
            scene.timeline = vec![CustodyEvent { custody, at: 1, line: None, extra: Vec::new() }];
            let steps = scene.narrate::<Steps>().unwrap();
            steps.iter().flat_map(|step| &step.copy).any(|words| *words == UNUSED.about(Subject::Plan))
        };
        assert!(told("refunded"));
        assert!(!told("inspected"));
    }
}
