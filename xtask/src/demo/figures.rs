//! What the plans came to.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::replay::Replay;
use super::samples::Samples;

/// Counted over every plan.
pub(crate) struct Figures {
    pub(crate) events: usize,
    pub(crate) plans: usize,
    /// Calls that failed, whatever stood in for them.
    pub(crate) fallbacks: usize,
    /// Why they failed, and how often each.
    pub(crate) failures: BTreeMap<String, usize>,
    /// By key; an arm that nobody got is there with nothing.
    pub(crate) arms: BTreeMap<String, Arm>,
    pub(crate) segments: BTreeMap<String, usize>,
    /// Facts that customers read, by name.
    pub(crate) facts: BTreeMap<String, usize>,
    /// Lines that were not true enough to say, by reason.
    pub(crate) dropped: BTreeMap<String, usize>,
    /// Calls by plugin.
    pub(crate) calls: BTreeMap<String, Calls>,
    /// Coupons minted.
    pub(crate) coupons: usize,
    /// Surprises drawn.
    pub(crate) draws: usize,
    /// Price holds made.
    pub(crate) holds: usize,
    /// Proposals that became nothing.
    pub(crate) refused: usize,
}

#[derive(Default)]
pub(crate) struct Arm {
    pub(crate) plans: usize,
    pub(crate) with_offer: usize,
    pub(crate) offers: usize,
}

/// What calls used, in no order.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) fuel: Vec<u64>,
    pub(crate) micros: Vec<u64>,
}

impl Figures {
    pub(crate) fn new(samples: &Samples, replay: &Replay) -> Self {
        let mut figures = Self {
            events: samples.returns.len(),
            plans: replay.plans.len(),
            fallbacks: 0,
            failures: BTreeMap::new(),
            arms: samples.arms().map(|key| (key.to_owned(), Arm::default())).collect(),
            segments: BTreeMap::new(),
            facts: BTreeMap::new(),
            dropped: BTreeMap::new(),
            calls: BTreeMap::new(),
            coupons: 0,
            draws: 0,
            holds: 0,
            refused: 0,
        };
        replay.plans.iter().for_each(|plan| figures.count(plan));
        figures
    }

    fn count(&mut self, plan: &Value) {
        let offers = list(&plan["offers"]).len();
        *self.segments.entry(text(&plan["segment"]["key"])).or_default() += 1;
        self.coupons += list(&plan["coupons"]).len();
        self.draws += list(&plan["draws"]).len();
        self.holds += list(&plan["offers"]).iter().filter(|offer| offer["hold"].is_object()).count();
        self.refused += list(&plan["trace"]["proposals"]).len();
        for line in list(&plan["dropped"]) {
            *self.dropped.entry(text(&line["reason"])).or_default() += 1;
        }
        facts(plan, &mut |fact| *self.facts.entry(fact.to_owned()).or_default() += 1);
        for call in list(&plan["trace"]["stages"]) {
            if is_failure(call) {
                self.fallbacks += 1;
                let [plugin, outcome, detail] =
                    [&call["plugin"], &call["outcome"], &call["detail"]].map(text);
                *self.failures.entry(format!("{plugin}: {outcome}, {detail}")).or_default() += 1;
            }
            let calls = self.calls.entry(text(&call["plugin"])).or_default();
            calls.fuel.extend(call["fuel"].as_u64());
            calls.micros.extend(call["micros"].as_u64());
        }
        // An arm may run several strategies or none; the plan is one plan of it.
        for arm in list(&plan["trace"]["assignments"]).iter().filter_map(|given| given["arm"].as_str()) {
            let arm = self.arms.entry(arm.to_owned()).or_default();
            arm.plans += 1;
            arm.offers += offers;
            arm.with_offer += usize::from(offers > 0);
        }
    }

    /// The figures as the last line of `--exit`.
    pub(crate) fn line(&self) -> String {
        let arms: serde_json::Map<_, _> =
            self.arms.iter().map(|(key, arm)| (key.clone(), arm.plans.into())).collect();
        let figures = [("events", self.events), ("plans", self.plans), ("fallbacks", self.fallbacks)];
        let mut line = String::from("{");
        figures.iter().for_each(|(key, value)| line += &format!("\"{key}\":{value},"));
        line + &format!("\"arms\":{}}}", Value::Object(arms))
    }

    /// Whether the demo came out as it should.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.plans == self.events,
            "{} of {} returns got no plan",
            self.events - self.plans,
            self.events
        );
        let failures: Vec<_> = self.failures.iter().map(|(why, count)| format!("{count} x {why}")).collect();
        ensure!(
            self.fallbacks == 0,
            "{} calls of strategies failed: {}",
            self.fallbacks,
            failures.join("; ")
        );
        for (key, arm) in &self.arms {
            ensure!(arm.plans > 0, "arm {key} was never served");
        }
        Ok(())
    }
}

/// A strategy that has nothing to say has not failed.
fn is_failure(call: &Value) -> bool {
    !matches!(call["outcome"].as_str(), Some("value" | "declined"))
}

/// The plan that shows most of what plans can hold, the customer's language first.
pub(crate) fn most_telling(replay: &Replay) -> Option<&Value> {
    let chinese = std::env::var("LANG").is_ok_and(|lang| lang.starts_with("zh"));
    let score = |plan: &&Value| {
        let mut names = Vec::new();
        facts(plan, &mut |fact| names.push(fact.to_owned()));
        names.sort_unstable();
        names.dedup();
        let spoken = text(&plan["locale"]).starts_with("zh") == chinese;
        (spoken, names.len(), list(&plan["offers"]).len(), list(&plan["trace"]["proposals"]).len())
    };
    replay.plans.iter().max_by_key(score)
}

/// Calls `found` with every fact of every sentence in a plan.
fn facts(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(object) => {
            if let (Some(fact), true) = (value["fact"].as_str(), object.contains_key("text")) {
                found(fact);
            }
            object.values().for_each(|value| facts(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| facts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A list, or an empty one.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text, or an empty one.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The value that `percent` of all are not above; nothing of nothing.
pub(crate) fn percentile<T: Copy + Ord + Default>(values: &[T], percent: usize) -> T {
    let mut values = values.to_vec();
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(rank).copied().unwrap_or_default()
}

/// Milliseconds, with what matters of them.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn samples() -> Samples {
        let experiment = super::super::samples::Setting {
            name: "split".to_owned(),
            body: json!({"arms": [{"key": "upgrade"}, {"key": "affinity"}]}),
        };
        Samples {
            catalogue: String::new(),
            customers: String::new(),
            orders: vec![],
            returns: vec![],
            policy: Value::Null,
            budgets: vec![],
            routes: vec![],
            experiments: vec![experiment],
        }
    }

    fn plan(arm: &str, outcome: &str) -> Value {
        json!({
            "segment": {"key": "fit"},
            "coupons": [{}, {}],
            "draws": [{}],
            "offers": [{"hold": {"price": 1}, "copy": [[{"literal": "only "}, {"fact": "stock_left", "value": 3, "text": "3"}]]}],
            "dropped": [{"reason": "too-few-returns"}],
            "trace": {"proposals": [{}], "assignments": [{"stage": "recommendation", "arm": arm}], "stages": [
                {"plugin": "rebound/upgrade@0.1.0", "arm": arm, "outcome": outcome, "fuel": 7, "micros": 5},
            ]},
        })
    }

    fn figures(plans: Vec<Value>) -> Figures {
        let replay = Replay { plans, took: vec![], problems: vec![], deciding: Duration::ZERO };
        let mut figures = Figures::new(&samples(), &replay);
        figures.events = 2;
        figures
    }

    #[test]
    fn the_last_line_has_the_promised_form() {
        let figures = figures(vec![plan("upgrade", "value"), plan("affinity", "declined")]);
        assert_eq!(
            figures.line(),
            r#"{"events":2,"plans":2,"fallbacks":0,"arms":{"affinity":1,"upgrade":1}}"#
        );
        figures.check().unwrap();
        assert_eq!((figures.facts["stock_left"], figures.dropped["too-few-returns"]), (2, 2));
        assert_eq!((figures.segments["fit"], figures.refused), (2, 2));
        assert_eq!((figures.coupons, figures.draws, figures.holds), (4, 2, 2));
    }

    #[test]
    fn the_demo_fails_without_a_plan_with_a_fallback_and_with_an_idle_arm() {
        for (plans, complaint) in [
            (vec![plan("upgrade", "value")], "got no plan"),
            (vec![plan("upgrade", "value"), plan("affinity", "deadline")], "failed"),
            (vec![plan("upgrade", "value"), plan("upgrade", "value")], "affinity was never served"),
        ] {
            let error = figures(plans).check().unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<u64> = (1..=200).rev().collect();
        assert_eq!([50, 95, 99, 100].map(|percent| percentile(&values, percent)), [100, 190, 198, 200]);
        assert_eq!(percentile(&[7_u64], 50), 7);
        assert_eq!(percentile::<u64>(&[], 50), 0);
    }
}
