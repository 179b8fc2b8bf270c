//! `rebound namespace`: what a namespace may use and uses, and what its versions did.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use rebound_domain::ids::Namespace as NamespaceName;
use serde::Deserialize;

use crate::client::{Client, Remote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound namespace show acme
  rebound namespace figures acme
  rebound namespace figures acme --json

A namespace is what stands before the slash of a plugin's name. Quotas stand in the file that `rebound serve --limits`
names, below [namespaces.acme]; figures are since the service started.";

/// Show what a namespace may use and uses, and what its versions did.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Namespace {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Its quotas, what is used of them, and its published versions.
    #[command(after_help = EXAMPLES)]
    Show(Which),
    /// What its versions did, by version and stage.
    #[command(after_help = EXAMPLES)]
    Figures(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// The namespace.
    namespace: NamespaceName,
}

/// As the service answers.
#[derive(Deserialize)]
struct Shown {
    namespace: String,
    is_own: bool,
    quota: Quota,
    used: Used,
    plugins: Vec<Plugin>,
}

#[derive(Deserialize)]
struct Quota {
    versions: Option<u64>,
    bytes: Option<u64>,
    fuel_per_second: Option<u64>,
    compute_threads: Option<u32>,
    log_bytes_per_second: Option<u64>,
}

#[derive(Deserialize)]
struct Used {
    versions: u64,
    bytes: u64,
    fuel_left: Option<i64>,
    compute_threads: u32,
    log_bytes_left: Option<i64>,
}

#[derive(Deserialize)]
struct Plugin {
    plugin: String,
}

#[derive(Deserialize)]
struct Figures {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    plugin: String,
    stage: String,
    calls: u64,
    outcomes: BTreeMap<String, u64>,
    fuel: Spread,
    micros: Spread,
    log_lines: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Spread {
    p50: u64,
    p99: u64,
}

impl Namespace {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client: Client = self.remote.client()?;
        match self.verb {
            Verb::Show(Which { namespace }) => {
                let answer = client.get(&format!("/v1/namespaces/{namespace}"))?;
                output.raw_json(&answer.body)?;
                output.text(shown(&client.parse(&answer)?))?;
            }
            Verb::Figures(Which { namespace }) => {
                let answer = client.get(&format!("/v1/namespaces/{namespace}/figures"))?;
                output.raw_json(&answer.body)?;
                let figures: Figures = client.parse(&answer)?;
                if figures.versions.is_empty() {
                    output.text("no version of it was called yet")?;
                }
                figures.versions.iter().try_for_each(|version| output.text(told(version)))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn shown(shown: &Shown) -> String {
    let Shown { namespace, is_own, quota, used, plugins } = shown;
    let whose = if *is_own { "the operator's own" } else { "a partner's" };
    let of = |limit: Option<u64>| limit.map_or("no quota".to_owned(), |limit| format!("of {limit}"));
    let left = |left: Option<i64>, rate: Option<u64>| match (left, rate) {
        (Some(left), Some(rate)) => format!("{left} left, {rate} a second"),
        _ => "no quota".to_owned(),
    };
    let mut lines = vec![
        format!("{namespace}: {whose}"),
        format!("  versions {}, {}", used.versions, of(quota.versions)),
        format!("  bytes    {}, {}", used.bytes, of(quota.bytes)),
        format!("  fuel     {}", left(used.fuel_left, quota.fuel_per_second)),
        format!("  threads  {}, {}", used.compute_threads, of(quota.compute_threads.map(u64::from))),
        format!("  log      {}", left(used.log_bytes_left, quota.log_bytes_per_second)),
    ];
    lines.extend(plugins.iter().map(|plugin| format!("  {}", plugin.plugin)));
    lines.join("\n")
}

fn told(version: &Version) -> String {
    let Version { plugin, stage, calls, outcomes, fuel, micros, log_lines } = version;
    let counts = |counts: &BTreeMap<String, u64>| {
        let counted = counts.iter().filter(|(_, count)| **count > 0);
        counted.map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!(
        "{plugin} at {stage}: {calls} calls ({}), fuel p50 {} p99 {}, us p50 {} p99 {}",
        counts(outcomes),
        fuel.p50,
        fuel.p99,
        micros.p50,
        micros.p99
    );
    let logged = counts(log_lines);
    if !logged.is_empty() {
        text.push_str(&format!(", lines logged: {logged}"));
    }
    text
}
