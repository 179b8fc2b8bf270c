//! The whole run: start the service, set it up, send the stream twice, check, report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::data::OnlineRetail;
use super::promise::BUDGET_MAX_VALUE;
use super::report::Figures;
use super::sent::Outcomes;
use super::stream::{self, Step};
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
    /// Returns whose plan is stored, read back one by one.
    pub stored: BTreeSet<String>,
    /// What the plans came to.
    pub summary: Summary,
    /// The figures, as a person reads them.
    pub report: String,
}

/// Return documents in the data.
const DOCUMENTS: usize = 3_383;
/// Facts that must have been said, or a check that every fact is true has checked nothing. The data has no brand, no
/// reason and no stock.
const FACTS_SAID: [&str; 10] = [
    "odds",
    "item",
    "price",
    "switched_share",
    "refund_amount",
    "orders_count",
    "price_hold_until",
    "coupon_amount",
    "coupon_min_spend",
    "coupon_expires",
];
/// At most this share of plans may hold one segment, percent.
const SEGMENT_PERCENT_MAX: usize = 80;
/// At least this share of the upgrade arm's plans with a candidate show one, percent.
const UPGRADE_PERCENT_MIN: usize = 90;

/// At least this share of the orders that followed a return are in the stream, percent. A few hold no goods.
const NEXT_ORDERS_PERCENT_MIN: usize = 95;

const EXPERIMENT: &str = "upgrade-or-affinity";
/// Which arm serves which strategy, and its share in basis points.
const ARMS: [(&str, &str, u32); 2] =
    [("upgrade", "rebound/upgrade", 5000), ("affinity", "rebound/affinity", 5000)];

impl Run {
    /// What does not hold; empty when all does.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let Summary { plans, segments, facts, fallbacks, upgrade_possible, upgrade_shown, .. } =
            &self.summary;
        let mut failures = Vec::new();
        let mut hold = |holds: bool, otherwise: String| {
            if !holds {
                failures.push(otherwise);
            }
        };
        hold(*plans == DOCUMENTS, format!("{plans} plans, and not {DOCUMENTS}"));
        let stored = self.stored.len();
        hold(stored == DOCUMENTS, format!("{stored} plans are stored, and not {DOCUMENTS}"));
        for fact in FACTS_SAID {
            hold(facts.contains_key(fact), format!("no plan said {fact}"));
        }
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
    let outcomes = Outcomes::read(&options.data)?;
    let steps = stream::stream(&data);
    let folder = tempfile::tempdir()?;
    let service = Service::start(&options.binary, folder.path(), &["--clock", "event", "--currency", "GBP"])?;
    let client = Client::new(&service.url, None);
    let split = set_up(&client, &options.components)?;
    let mut first = drive::send_stream(&client, &data, &steps, "first pass")?;
    let awaited = outcomes.were_not_sent(&std::mem::take(&mut first.sent))?;
    ensure!(
        awaited * 100 >= outcomes.next_orders() * NEXT_ORDERS_PERCENT_MIN,
        "only {awaited} of {} next orders were ever sent: nothing was held back",
        outcomes.next_orders()
    );
    last_catalogue_stands(&client, &data, &steps)?;
    let second = drive::send_stream(&client, &data, &steps, "second pass")?;
    verify::repeats(&first, &second)?;
    last_catalogue_stands(&client, &data, &steps)?;
    let mut stored = BTreeSet::new();
    for reply in &first.replies {
        let answer = client.get(&format!("/v1/returns/{}", reply.document.id))?;
        ensure!(answer.body == reply.body, "GET of {} answers other bytes", reply.document.id);
        let plan = answer.json()?;
        stored.insert(plan["return_id"].as_str().context("a plan without a return_id")?.to_owned());
    }
    let summary = verify::plans(&data, &steps, &first, &split)?;
    promises_stand(&client, &data, &summary)?;
    let profile = report::profile(&options.binary);
    let report = report::report(&Figures {
        data: &data,
        first: &first,
        second: &second,
        split: &split,
        summary: &summary,
        profile,
        awaited,
    });
    Ok(Run { stored, summary, report })
}

/// What is still promised when the stream has ended: the budget is charged for coupons that have not ended, and a checkout
/// is told of every price that is held, and of no other.
fn promises_stand(client: &Client, data: &OnlineRetail, summary: &Summary) -> Result<()> {
    let now = data.returns.iter().map(|document| document.at).max().context("no return")?;
    // Four outcomes: a fair draw is further away once in 10^12 runs.
    let (distance, drawn) = summary.promises.fairness();
    ensure!(drawn > 0 && distance < 60.0, "{drawn} draws are {distance} away from their odds");
    let held = summary.promises.held(now);
    ensure!(!held.is_empty(), "no price is held at the end");
    let charged = summary.promises.charged(now);
    // What has ended is given back once a second; until then the holds are asked for again.
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        holds_are_told(client, &held)?;
        let told = client.get("/v1/budgets")?.json()?["budgets"][0]["charged"].clone();
        if told == charged {
            return Ok(());
        }
        ensure!(Instant::now() < patience, "the budget was charged {told}, its open coupons {charged}");
    }
}

fn holds_are_told(client: &Client, held: &BTreeMap<&str, Vec<(&str, i64, i64)>>) -> Result<()> {
    for (customer, want) in held {
        let told = client.get(&format!("/v1/holds?customer_id={customer}"))?.json()?;
        let told: Vec<(&str, i64)> = told["holds"]
            .as_array()
            .context("holds")?
            .iter()
            .filter_map(|hold| Some((hold["sku"].as_str()?, hold["price"].as_i64()?)))
            .collect();
        let want: Vec<(&str, i64)> = want.iter().map(|(sku, price, _)| (*sku, *price)).collect();
        ensure!(told == want, "{customer} was promised {want:?}, a checkout is told {told:?}");
    }
    Ok(())
}

/// A pass leaves the catalogue as the stream's end has it.
fn last_catalogue_stands(client: &Client, data: &OnlineRetail, steps: &[Step<'_>]) -> Result<()> {
    let imported = drive::send_last_catalogue(client, data, steps)?;
    let is_as_it_was = imported.unchanged > 0 && (imported.created, imported.updated) == (0, 0);
    ensure!(is_as_it_was, "the catalogue is not the one the stream ended with: {imported:?}");
    Ok(())
}

/// Publishes the strategies, routes every stage and splits recommendation.
fn set_up(client: &Client, components: &Path) -> Result<Split> {
    let policy = client.get("/v1/policy")?.json()?;
    client.ok(Method::Put, "/v1/policy", &with(policy, "timezone", json!("Europe/London")))?;
    let budget = json!({"currency": "GBP", "limit": 100_000_000, "benefits": ["amount-off"],
        "max_value": BUDGET_MAX_VALUE, "stacking": "exclusive", "per_customer": 1000});
    client.ok(Method::Put, "/v1/budgets/returns", &budget)?;
    let mut versions = BTreeMap::new();
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
