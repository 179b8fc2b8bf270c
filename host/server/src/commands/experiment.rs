//! `rebound experiment`: a running split of one stage's customers.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rebound_domain::ids::ExperimentKey;
use serde::Deserialize;

use crate::client::{Client, Remote, read_file};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound experiment show
  rebound experiment show upgrade-or-affinity
  rebound experiment set upgrade-or-affinity --file experiment.json

The file:
  {\"stage\": \"recommendation\", \"status\": \"running\", \"coverage\": 10000,
   \"arms\": [{\"key\": \"upgrade\", \"weight\": 5000, \"entries\": [{\"plugin\": \"rebound/upgrade@0.1.0\", \"slots\": 3}]},
            {\"key\": \"affinity\", \"weight\": 5000, \"entries\": [{\"plugin\": \"rebound/affinity@0.1.0\", \"slots\": 3}]}]}
Weights and coverage are basis points. Changing weights, arms or versions opens a new phase; \"stopped\" ends it.";

/// Show or set experiments.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Experiment {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show one experiment, or all.
    #[command(after_help = EXAMPLES)]
    Show {
        /// Its key; all when left out.
        key: Option<ExperimentKey>,
    },
    /// Create or change an experiment.
    #[command(after_help = EXAMPLES)]
    Set {
        /// Its key.
        key: ExperimentKey,
        /// The experiment as JSON; - is standard input.
        #[arg(long)]
        file: PathBuf,
    },
}

/// As the service answers.
#[derive(Deserialize)]
struct Answered {
    key: String,
    stage: String,
    status: String,
    phase: u32,
    coverage: u32,
    arms: Vec<Arm>,
}

#[derive(Deserialize)]
struct Arm {
    key: String,
    weight: u32,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    plugin: String,
    slots: u32,
}

#[derive(Deserialize)]
struct List {
    experiments: Vec<Answered>,
}

impl Experiment {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client: Client = self.remote.client()?;
        let answer = match self.verb {
            Verb::Show { key: None } => {
                let answer = client.get("/v1/experiments")?;
                output.raw_json(&answer.body)?;
                let list: List = client.parse(&answer)?;
                if list.experiments.is_empty() {
                    output.text("no experiment")?;
                }
                list.experiments.iter().try_for_each(|experiment| output.text(text(experiment)))?;
                return Ok(Exit::Done);
            }
            Verb::Show { key: Some(key) } => client.get(&path(&key))?,
            Verb::Set { key, file } => client.put_json(&path(&key), &read_file(&file)?)?,
        };
        output.raw_json(&answer.body)?;
        output.text(text(&client.parse(&answer)?))?;
        Ok(Exit::Done)
    }
}

fn path(key: &ExperimentKey) -> String {
    // A key has no character that an address would have to encode.
    format!("/v1/experiments/{key}")
}

fn text(experiment: &Answered) -> String {
    let Answered { key, stage, status, phase, coverage, arms } = experiment;
    let mut text = format!("{key}: {status} on {stage}, phase {phase}, {} covered", percent(*coverage));
    for Arm { key, weight, entries } in arms {
        let entries: Vec<_> =
            entries.iter().map(|Entry { plugin, slots }| format!("{plugin}:{slots}")).collect();
        let entries = if entries.is_empty() { "nothing".to_owned() } else { entries.join(" ") };
        text.push_str(&format!("\n  {key} {}: {entries}", percent(*weight)));
    }
    text
}

fn percent(basis_points: u32) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    if rest == 0 { format!("{whole} %") } else { format!("{whole}.{rest:02} %") }
}
