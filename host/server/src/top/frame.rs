//! One look at a service.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rebound_telemetry::Sample;
use serde::Serialize;

use super::rates::{Reading, grown, quantile};
use crate::output::harmless;

/// Lines of one list; a screen has few, and the rest is counted.
const LINES_MAX: usize = 12;

/// What happened between two readings.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Frame {
    seconds: f64,
    events_per_second: f64,
    /// By what became of them, a second.
    outcomes: BTreeMap<String, f64>,
    /// Milliseconds; none while nothing is decided.
    latency_p50_ms: Option<f64>,
    latency_p99_ms: Option<f64>,
    commit_p50_ms: Option<f64>,
    commit_p99_ms: Option<f64>,
    compute_waiting: f64,
    retries_per_second: f64,
    fallbacks_per_second: BTreeMap<String, f64>,
    /// Of the decisions of an experiment at its stage.
    arms: Vec<Arm>,
    /// Versions that do not run as usual.
    quarantine: Vec<Quarantined>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Arm {
    stage: String,
    experiment: String,
    arm: String,
    events_per_second: f64,
    /// 0 to 1, of what the experiment's arms decided in between; none when that is nothing.
    share: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Quarantined {
    plugin: String,
    stage: String,
    state: &'static str,
}

impl Frame {
    pub(super) fn between(before: &Reading, now: &Reading) -> Self {
        let seconds = now.at.duration_since(before.at).as_secs_f64().max(0.001);
        let total = |name: &str| sum(grown(before, now, name).iter().map(|(_, since)| *since)) / seconds;
        let by = |name: &'static str, label: &str| {
            let mut sums: BTreeMap<String, f64> = BTreeMap::new();
            for (sample, since) in grown(before, now, name).into_iter().filter(|(_, since)| *since > 0.0) {
                *sums.entry(text(sample, label)).or_default() += since / seconds;
            }
            sums
        };
        let millis =
            |histogram, share| quantile(before, now, histogram, share).map(|seconds| seconds * 1_000.0);
        Self {
            seconds,
            events_per_second: total("rebound_decisions_total"),
            outcomes: by("rebound_decisions_total", "outcome"),
            latency_p50_ms: millis("rebound_decision_duration_seconds", 0.5),
            latency_p99_ms: millis("rebound_decision_duration_seconds", 0.99),
            commit_p50_ms: millis("rebound_commit_duration_seconds", 0.5),
            commit_p99_ms: millis("rebound_commit_duration_seconds", 0.99),
            compute_waiting: now.figures.samples("rebound_compute_waiting").map(|sample| sample.value).sum(),
            retries_per_second: total("rebound_decision_retries_total"),
            fallbacks_per_second: by("rebound_fallbacks_total", "stage"),
            arms: arms(before, now, seconds),
            quarantine: quarantine(now),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let ms = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1} ms"));
        let mut line = |line: String| writeln!(text, "{}", harmless(&line)).expect("a string takes all text");
        line(format!("events     {:.1}/s{}", self.events_per_second, listed(&self.outcomes)));
        line(format!("latency    p50 {}  p99 {}", ms(self.latency_p50_ms), ms(self.latency_p99_ms)));
        line(format!("commit     p50 {}  p99 {}", ms(self.commit_p50_ms), ms(self.commit_p99_ms)));
        line(format!(
            "waiting    {} for a compute thread  {:.1} retries/s",
            self.compute_waiting, self.retries_per_second
        ));
        let fallbacks = sum(self.fallbacks_per_second.values().copied());
        line(format!("fallbacks  {fallbacks:.1}/s{}", listed(&self.fallbacks_per_second)));
        line("arms".to_owned());
        for Arm { stage, experiment, arm, events_per_second, share } in self.arms.iter().take(LINES_MAX) {
            let share = share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
            line(format!("  {stage} {experiment}/{arm}  {events_per_second:.1}/s  {share}"));
        }
        rest(self.arms.len(), &mut line);
        line("quarantine".to_owned());
        for Quarantined { plugin, stage, state } in self.quarantine.iter().take(LINES_MAX) {
            line(format!("  {plugin} at {stage}: {state}"));
        }
        rest(self.quarantine.len(), &mut line);
        text
    }
}

/// Nothing is 0, not the -0 that an empty sum of floating numbers starts from.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

fn rest(count: usize, line: &mut impl FnMut(String)) {
    match count {
        0 => line("  none".to_owned()),
        _ if count > LINES_MAX => line(format!("  and {} more", count - LINES_MAX)),
        _ => {}
    }
}

fn listed(sums: &BTreeMap<String, f64>) -> String {
    let one = |(word, sum): (&String, &f64)| format!("{word} {sum:.1}");
    match sums.is_empty() {
        true => String::new(),
        false => format!("  ({})", sums.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

fn arms(before: &Reading, now: &Reading, seconds: f64) -> Vec<Arm> {
    let growth = grown(before, now, "rebound_arm_events_total");
    let mut of_experiment: BTreeMap<(String, String), f64> = BTreeMap::new();
    for (sample, since) in &growth {
        *of_experiment.entry((text(sample, "stage"), text(sample, "experiment"))).or_default() += since;
    }
    let arm = |(sample, since): &(&Sample, f64)| {
        let (stage, experiment) = (text(sample, "stage"), text(sample, "experiment"));
        let whole = of_experiment.get(&(stage.clone(), experiment.clone())).copied().unwrap_or(0.0);
        let share = (whole > 0.0).then(|| since / whole);
        Arm { stage, experiment, arm: text(sample, "arm"), events_per_second: since / seconds, share }
    };
    let mut arms: Vec<Arm> = growth.iter().map(arm).collect();
    arms.sort_by(|a, b| (&a.stage, &a.experiment, &a.arm).cmp(&(&b.stage, &b.experiment, &b.arm)));
    arms
}

fn quarantine(now: &Reading) -> Vec<Quarantined> {
    let state = |sample: &Sample| match sample.value {
        value if value < 0.5 => None,
        value if value < 1.5 => Some("tried again"),
        value if value < 2.5 => Some("left out"),
        _ => Some("held by an operator"),
    };
    let quarantined = |sample: &Sample| {
        let state = state(sample)?;
        Some(Quarantined { plugin: text(sample, "plugin"), stage: text(sample, "stage"), state })
    };
    now.figures.samples("rebound_quarantine_state").filter_map(quarantined).collect()
}

fn text(sample: &Sample, label: &str) -> String {
    sample.label(label).unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rebound_telemetry::Exposition;

    use super::*;

    #[test]
    fn a_frame_tells_rates_shares_and_who_is_left_out() {
        let at = Instant::now();
        let reading = |at, text: &str| Reading { at, figures: Exposition::parse(text).unwrap() };
        let before = reading(at, "rebound_decisions_total{outcome=\"made\"} 10\n");
        let now = reading(
            at + Duration::from_secs(2),
            "rebound_decisions_total{outcome=\"made\"} 30\n\
             rebound_decision_duration_seconds_bucket{le=\"0.001\"} 0\n\
             rebound_decision_duration_seconds_bucket{le=\"0.002\"} 20\n\
             rebound_decision_duration_seconds_bucket{le=\"+Inf\"} 20\n\
             rebound_arm_events_total{stage=\"coupon\",experiment=\"x\",arm=\"b\"} 5\n\
             rebound_arm_events_total{stage=\"coupon\",experiment=\"x\",arm=\"a\"} 15\n\
             rebound_fallbacks_total{stage=\"coupon\"} 4\n\
             rebound_quarantine_state{stage=\"coupon\",plugin=\"p/q@1.0.0\"} 2\n\
             rebound_quarantine_state{stage=\"coupon\",plugin=\"p/r@1.0.0\"} 0\n",
        );
        let text = Frame::between(&before, &now).text();
        for want in [
            "events     10.0/s  (made 10.0)",
            "latency    p50 1.5 ms",
            "fallbacks  2.0/s  (coupon 2.0)",
            "  coupon x/a  7.5/s  75.0 %\n  coupon x/b  2.5/s  25.0 %",
            "  p/q@1.0.0 at coupon: left out",
        ] {
            assert!(text.contains(want), "{want}: {text}");
        }
        assert!(!text.contains("p/r"), "{text}");
    }
}
