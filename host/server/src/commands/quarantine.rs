//! `rebound quarantine`: which versions are left out, and an operator's hold on them.

use clap::{Args, Subcommand};
use rebound_domain::ids::PluginRef;
use rebound_domain::manifest::Stage;
use serde::Deserialize;
use serde_json::json;

use super::route::stage;
use crate::client::{Client, Remote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound quarantine list
  rebound quarantine hold rebound/upgrade@0.1.0 recommendation --who ann --reason 'offers sold-out goods'
  rebound quarantine release rebound/upgrade@0.1.0 recommendation --who ann --reason 'stock is right again'

A version that fails too often is left out by itself, tried again after a while, and comes back when it works. A hold
stays until it is released; a release ends either. Fallbacks of the route serve meanwhile.";

/// Show which versions are left out; hold and release them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Quarantine {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every version that was called since the service started, or is or was left out.
    #[command(after_help = EXAMPLES)]
    List,
    /// Stop a version at a stage until it is released.
    #[command(after_help = EXAMPLES)]
    Hold(Change),
    /// Let a version run again at once.
    #[command(after_help = EXAMPLES)]
    Release(Change),
}

#[derive(Debug, Args)]
struct Change {
    /// The version.
    #[arg(value_name = "PLUGIN@VERSION")]
    plugin: PluginRef,
    /// The stage.
    #[arg(value_parser = stage)]
    stage: Stage,
    /// Who says so.
    #[arg(long)]
    who: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// As the service answers.
#[derive(Deserialize)]
struct Answered {
    plugin: String,
    stage: String,
    state: String,
    until: Option<String>,
    hold: Option<Hold>,
    calls: u32,
    failures: u32,
    trips: u32,
    last_failure: Option<String>,
}

#[derive(Deserialize)]
struct Hold {
    who: String,
    reason: String,
}

#[derive(Deserialize)]
struct List {
    versions: Vec<Answered>,
}

impl Quarantine {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client: Client = self.remote.client()?;
        let (change, verb) = match self.verb {
            Verb::List => {
                let answer = client.get("/v1/quarantine")?;
                output.raw_json(&answer.body)?;
                let list: List = client.parse(&answer)?;
                if list.versions.is_empty() {
                    output.text("no version was called yet")?;
                }
                list.versions.iter().try_for_each(|version| output.text(text(version)))?;
                return Ok(Exit::Done);
            }
            Verb::Hold(change) => (change, "hold"),
            Verb::Release(change) => (change, "release"),
        };
        let Change { plugin, stage, who, reason } = change;
        // A name has no character that an address would have to encode; a version may have a plus.
        let version = plugin.version.to_string().replace('+', "%2B");
        let path = format!("/v1/quarantine/{}/{version}/{stage}/{verb}", plugin.name);
        let body = json!({ "who": who, "reason": reason }).to_string();
        let answer = client.post(&path, "application/json", body.as_bytes())?;
        output.raw_json(&answer.body)?;
        output.text(text(&client.parse(&answer)?))?;
        Ok(Exit::Done)
    }
}

fn text(version: &Answered) -> String {
    let Answered { plugin, stage, state, until, hold, calls, failures, trips, last_failure } = version;
    let mut text = format!("{plugin} at {stage}: {state}");
    if let Some(Hold { who, reason }) = hold {
        text.push_str(&format!(" by {}: {}", harmless(who), harmless(reason)));
    } else if let Some(until) = until {
        text.push_str(&format!(" until {until}"));
    }
    text.push_str(&format!(", {failures} of {calls} calls failed lately, left out {trips} times"));
    if let Some(last) = last_failure {
        text.push_str(&format!(", last failure: {last}"));
    }
    text
}
