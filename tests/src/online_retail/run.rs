//! The whole run: start the service, set it up, send the stream twice, check, report.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::data::OnlineRetail;
use super::verify::{Split, Summary};
use super::{drive, report, verify};
use crate::client::{Client, Method};
use crate::service::Service;

/// What a run needs.
pub struct Options {
    /// Folder of the data files.
    pub data: PathBuf,
    /// The rebound binary.
    pub binary: PathBuf,
    /// The folder of the shipped strategies' components.
    pub components: PathBuf,
}

/// What a run came to.
pub struct Run {
    /// Return documents sent.
    pub documents: usize,
    /// What the plans came to.
    pub summary: Summary,
    /// The figures, as a person reads them.
    pub report: String,
}

/// At most this share of plans may hold one segment, percent.
const SEGMENT_PERCENT_MAX: usize = 80;
/// At least this share of the upgrade arm's plans with a candidate show one, percent.
const UPGRADE_PERCENT_MIN: usize = 90;

const EXPERIMENT: &str = "upgrade-or-affinity";
/// Which arm serves which strategy, and its share in basis points.
const ARMS: [(&str, &str, u32); 2] =
    [("upgrade", "rebound/upgrade", 5000), ("affinity", "rebound/affinity", 5000)];

impl Run {
    /// What does not hold; empty when all does.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let Summary { plans, segments, fallbacks, upgrade_possible, upgrade_shown, .. } = &self.summary;
        let mut failures = Vec::new();
        let mut hold = |holds: bool, otherwise: String| {
            if !holds {
                failures.push(otherwise);
            }
        };
        hold(*plans == self.documents, format!("{plans} plans for {} documents", self.documents));
        hold(*fallbacks == 0, format!("{fallbacks} calls failed"));
        for (segment, count) in segments {
            let fits = count * 100 <= plans * SEGMENT_PERCENT_MAX;
            hold(fits, format!("segment {segment} holds {count} of {plans}, over {SEGMENT_PERCENT_MAX} %"));
        }
        hold(*upgrade_possible > 0, "the upgrade rule never found a candidate".to_owned());
        let shown = upgrade_shown * 100 >= upgrade_possible * UPGRADE_PERCENT_MIN;
        hold(
            shown,
            format!(
                "{upgrade_shown} of {upgrade_possible} plans show an upgrade, under {UPGRADE_PERCENT_MIN} %"
            ),
        );
        failures
    }
}

/// Runs it.
///
/// # Errors
/// Whatever does not work, and the first plan that says what is not so.
pub fn run(options: &Options) -> Result<Run> {
    let data = OnlineRetail::read(&options.data)?;
    let steps = drive::stream(&data);
    verify::no_outcome_was_sent(&steps)?;
    let folder = tempfile::tempdir()?;
    let service = Service::start(&options.binary, folder.path(), &["--clock", "event", "--currency", "GBP"])?;
    let client = Client::new(&service.url, None);
    drive::send_products(&client, &data)?;
    let split = set_up(&client, &options.components)?;
    let first = drive::send_stream(&client, &steps, "first pass")?;
    let second = drive::send_stream(&client, &steps, "second pass")?;
    verify::repeats(&first, &second)?;
    for reply in &first.replies {
        let stored = client.get(&format!("/v1/returns/{}", reply.document.id))?;
        ensure!(stored.body == reply.body, "GET of {} answers other bytes", reply.document.id);
    }
    let summary = verify::plans(&data, &steps, &first, &split)?;
    let report = report::report(&data, &first, &second, &split, &summary);
    Ok(Run { documents: data.returns.len(), summary, report })
}

/// Publishes the strategies, routes every stage and splits recommendation.
fn set_up(client: &Client, components: &Path) -> Result<Split> {
    let policy = client.get("/v1/policy")?.json()?;
    client.ok(Method::Put, "/v1/policy", &with(policy, "timezone", json!("Europe/London")))?;
    let budget = json!({"currency": "GBP", "limit": 100_000_000, "benefits": ["amount-off"], "max_value": 2000,
        "stacking": "exclusive", "per_customer": 1000});
    client.ok(Method::Put, "/v1/budgets/returns", &budget)?;
    let mut versions = std::collections::BTreeMap::new();
    for name in ["segments", "upgrade", "affinity", "coupons", "share", "progress"] {
        let path = components.join(format!("rebound-{name}.wasm"));
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let answer = client.send(Method::Post, "/v1/plugins", "application/wasm", &bytes)?;
        let published = answer.json()?;
        ensure!(answer.status == 201, "{name}: {} {published}", answer.status);
        let plugin =
            published["plugin"].as_str().with_context(|| format!("no plugin in {published}"))?.to_owned();
        versions.insert(format!("rebound/{name}"), plugin);
    }
    let entry = |name: &str, slots: u32| json!({"plugin": versions[name], "config": {}, "slots": slots});
    let stages =
        [("segmentation", "segments"), ("coupon", "coupons"), ("sharing", "share"), ("progress", "progress")];
    for (stage, name) in stages {
        let route = json!({"entries": [entry(&format!("rebound/{name}"), 3)]});
        client.ok(Method::Put, &format!("/v1/routes/{stage}"), &route)?;
    }
    let arms: Vec<Value> = ARMS
        .iter()
        .map(|(key, name, weight)| json!({"key": key, "weight": weight, "entries": [entry(name, 3)]}))
        .collect();
    let experiment = json!({"stage": "recommendation", "status": "running", "arms": arms});
    let experiment = client.ok(Method::Put, &format!("/v1/experiments/{EXPERIMENT}"), &experiment)?;
    Ok(Split {
        experiment: EXPERIMENT,
        seed: experiment["seed"].as_str().with_context(|| format!("no seed in {experiment}"))?.to_owned(),
        arms: ARMS.iter().map(|(key, _, weight)| (*key, *weight)).collect(),
    })
}

fn with(mut document: Value, field: &str, value: Value) -> Value {
    document[field] = value;
    document
}
