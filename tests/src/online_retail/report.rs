//! The run's figures, as a person reads them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::data::OnlineRetail;
use super::drive::Pass;
use super::verify::{Split, Summary};

/// What the report is made of.
pub struct Figures<'a> {
    /// What was sent.
    pub data: &'a OnlineRetail,
    /// The pass that made the plans.
    pub first: &'a Pass<'a>,
    /// The pass that found them.
    pub second: &'a Pass<'a>,
    /// The experiment.
    pub split: &'a Split,
    /// What the plans came to.
    pub summary: &'a Summary,
    /// See [`profile`].
    pub profile: String,
    /// Orders that were some return's outcome, sent after it.
    pub awaited: usize,
}

/// How the binary was built, as far as its place tells.
#[must_use]
pub fn profile(binary: &Path) -> String {
    match binary.parent().and_then(Path::file_name).and_then(|folder| folder.to_str()) {
        Some("debug") => "dev profile, hardly optimised: `cargo xtask bench` has figures of speed".to_owned(),
        Some(profile) => format!("{profile} profile"),
        None => "of an unknown profile".to_owned(),
    }
}

/// The report.
#[must_use]
pub fn report(figures: &Figures<'_>) -> String {
    let Figures { data, first, second, split, summary, profile, awaited } = figures;
    let mut out = String::new();
    let mut say = |line: String| writeln!(out, "{line}").expect("a string takes all text");
    say(format!(
        "Online Retail: {} products, {} orders, {} return documents",
        data.products.len(),
        data.orders.len(),
        data.returns.len()
    ));
    for (why, count) in &data.left_out {
        say(format!("  left out: {count} {why}"));
    }
    let listed = first.products;
    say(format!(
        "catalogue: {} products as they were first named, {} updates of a price",
        listed.created, listed.updated
    ));
    say(format!("outcomes: {awaited} orders that followed a return were sent after it, none before"));
    say(format!("binary: {profile}"));
    for (label, pass) in [("first pass", first), ("second pass", second)] {
        let mut took: Vec<Duration> = pass.replies.iter().map(|reply| reply.took).collect();
        took.sort_unstable();
        let at = |share: usize| {
            took.get(took.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0
        };
        say(format!(
            "{label}: {:.0} decisions/s on one connection, p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
            pass.replies.len() as f64 / pass.deciding.as_secs_f64(),
            at(50),
            at(95),
            at(99)
        ));
    }
    let offers: usize = summary.offers.values().sum();
    say(format!(
        "plans {}, fallbacks {}, {:.2} offers per plan",
        summary.plans,
        summary.fallbacks,
        offers as f64 / summary.plans.max(1) as f64
    ));
    say("arms".to_owned());
    for (arm, customers) in &summary.customers_per_arm {
        let of =
            |counts: &std::collections::BTreeMap<String, usize>| counts.get(arm).copied().unwrap_or_default();
        let plans = of(&summary.plans_per_arm);
        say(format!(
            "  {arm}: {customers} customers, {plans} plans, {:.2} offers per plan, {:.1} % of plans with an offer",
            of(&summary.offers) as f64 / plans.max(1) as f64,
            100.0 * of(&summary.plans_with_offers) as f64 / plans.max(1) as f64
        ));
    }
    let (chi_squared, p) = sample_ratio(summary, split);
    say(format!("  sample ratio over customers: chi-squared {chi_squared:.3}, p {p:.3}"));
    say("segments".to_owned());
    for (segment, count) in &summary.segments {
        say(format!("  {segment}: {count} ({:.1} %)", 100.0 * *count as f64 / summary.plans as f64));
    }
    say("calls (median and highest)".to_owned());
    for (name, fuel) in &summary.fuel {
        let micros = &summary.micros[name];
        say(format!(
            "  {name}: {} calls, fuel {} and {}, {} and {} us",
            fuel.len(),
            median(fuel),
            fuel.iter().max().unwrap_or(&0),
            median(micros),
            micros.iter().max().unwrap_or(&0)
        ));
    }
    let (distance, drawn) = summary.promises.fairness();
    say(format!(
        "promises: {} coupons, {} price holds; {drawn} surprises drawn, chi-squared {distance:.2} against their odds",
        summary.promises.coupons(),
        summary.promises.holds()
    ));
    say(format!("facts said: {:?}", summary.facts));
    say(format!("lines dropped: {:?}", summary.dropped));
    say(format!(
        "upgrade rule: {} plans of its arm have a candidate, {} show one ({:.1} %)",
        summary.upgrade_possible,
        summary.upgrade_shown,
        100.0 * summary.upgrade_shown as f64 / summary.upgrade_possible.max(1) as f64
    ));
    out
}

/// Chi-squared of the customers per arm against the weights, and its p-value.
#[must_use]
pub fn sample_ratio(summary: &Summary, split: &Split) -> (f64, f64) {
    let observed: Vec<u64> = split
        .arms
        .iter()
        .map(|(arm, _)| summary.customers_per_arm.get(*arm).copied().unwrap_or_default() as u64)
        .collect();
    let weights: Vec<f64> = split.arms.iter().map(|(_, weight)| f64::from(*weight) / 10_000.0).collect();
    let total = observed.iter().sum::<u64>() as f64;
    let chi_squared = observed
        .iter()
        .zip(&weights)
        .map(|(&count, weight)| (count as f64 - total * weight).powi(2) / (total * weight))
        .sum();
    (chi_squared, rebound_stats::srm_p_value(&observed, &weights).expect("two arms with a weight each"))
}

fn median(values: &[u64]) -> u64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
