//! `rebound route`: which versions serve a stage.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use rebound_domain::ids::PluginRef;
use rebound_domain::manifest::Stage;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Remote, read_file};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound route show
  rebound route show recommendation
  rebound route set segmentation rebound/segments@0.1.0
  rebound route set recommendation rebound/upgrade@0.1.0:3 rebound/affinity@0.1.0:2
  rebound route set coupon rebound/coupons@0.1.0 --config '{\"budget\": \"returns\"}'
  rebound route set recommendation --file route.json
  rebound route set sharing --none

STAGE is segmentation, recommendation, coupon, sharing or progress. PLUGIN@VERSION:SLOTS gives a version room for
SLOTS answers, 1 when left out. A route that needs more (several configs, fallbacks, margins) comes from a file:
  {\"entries\": [{\"plugin\": \"rebound/upgrade@0.1.0\", \"slots\": 3, \"config\": {}, \"margin\": \"granted\",
                \"fallback\": {\"plugin\": \"rebound/affinity@0.1.0\"}}]}
While an experiment runs on a stage, its arms serve instead.";

/// Show or set which versions serve a stage.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Route {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the route of a stage, or of all.
    #[command(after_help = EXAMPLES)]
    Show {
        /// The stage; all when left out.
        #[arg(value_parser = stage)]
        stage: Option<Stage>,
    },
    /// Set the route of a stage.
    #[command(after_help = EXAMPLES)]
    Set(Set),
}

#[derive(Debug, Args)]
struct Set {
    /// The stage.
    #[arg(value_parser = stage)]
    stage: Stage,
    /// Versions in the order they run, each with room for its answers.
    #[arg(value_name = "PLUGIN@VERSION[:SLOTS]", required_unless_present_any = ["file", "none"])]
    entries: Vec<Entry>,
    /// The config of the one version that is named; {} when left out.
    #[arg(long, value_name = "JSON", requires = "entries", value_parser = config)]
    config: Option<Value>,
    /// The whole route as JSON; - is standard input.
    #[arg(long, conflicts_with_all = ["entries", "config", "none"])]
    file: Option<PathBuf>,
    /// No version: the stage contributes nothing.
    #[arg(long, conflicts_with_all = ["entries", "config"])]
    none: bool,
}

/// `namespace/name@1.2.3:2`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    plugin: PluginRef,
    slots: u32,
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (plugin, slots) = match text.split_once('@').and_then(|(_, version)| version.split_once(':')) {
            Some((_, slots)) => {
                let count = slots.parse().ok().filter(|count| *count >= 1);
                let count = count
                    .ok_or_else(|| format!("`{slots}` is no number of slots; use a whole number from 1"))?;
                (&text[..text.len() - slots.len() - 1], count)
            }
            None => (text, 1),
        };
        Ok(Self {
            plugin: plugin.parse().map_err(|error: rebound_domain::ids::IdError| error.to_string())?,
            slots,
        })
    }
}

pub(super) fn stage(word: &str) -> Result<Stage, String> {
    Stage::from_word(word).ok_or_else(|| format!("use one of {}", Stage::ALL.map(Stage::word).join(", ")))
}

fn config(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))
}

impl Route {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client = self.remote.client()?;
        match self.verb {
            Verb::Show { stage: Some(stage) } => {
                let answer = client.get(&path(stage))?;
                output.raw_json(&answer.body)?;
                show(&client, stage, &answer, output)
            }
            Verb::Show { stage: None } => {
                let mut routes = serde_json::Map::new();
                for stage in Stage::ALL {
                    let answer = client.get(&path(stage))?;
                    routes.insert(stage.word().to_owned(), client.parse(&answer)?);
                    show(&client, stage, &answer, output)?;
                }
                output.json(&routes)?;
                Ok(Exit::Done)
            }
            Verb::Set(set) => {
                let stage = set.stage;
                let answer = client.put_json(&path(stage), &set.body()?)?;
                output.raw_json(&answer.body)?;
                show(&client, stage, &answer, output)
            }
        }
    }
}

impl Set {
    fn body(self) -> Result<Vec<u8>, Failure> {
        if let Some(file) = &self.file {
            return read_file(file);
        }
        if self.config.is_some() && self.entries.len() > 1 {
            return Err(Failure::Usage(
                "--config belongs to one version, and several are named; write the route to a file and use --file".to_owned(),
            ));
        }
        let config = self.config.unwrap_or_else(|| json!({}));
        let entries = self.entries.iter().map(|Entry { plugin, slots }| {
            json!({ "plugin": plugin.to_string(), "slots": slots, "config": config })
        });
        Ok(json!({ "entries": entries.collect::<Value>() }).to_string().into_bytes())
    }
}

fn path(stage: Stage) -> String {
    format!("/v1/routes/{}", stage.word())
}

/// As the service answers.
#[derive(Deserialize)]
struct Answered {
    entries: Vec<AnsweredEntry>,
}

#[derive(Deserialize)]
struct AnsweredEntry {
    plugin: String,
    slots: u32,
    config: Value,
    margin: String,
    fallback: Option<AnsweredFallback>,
}

#[derive(Deserialize)]
struct AnsweredFallback {
    plugin: String,
}

fn show(client: &Client, stage: Stage, answer: &Answer, output: Output) -> Result<Exit, Failure> {
    let route: Answered = client.parse(answer)?;
    if route.entries.is_empty() {
        output.text(format!("{}: no version", stage.word()))?;
        return Ok(Exit::Done);
    }
    output.text(format!("{}:", stage.word()))?;
    for AnsweredEntry { plugin, slots, config, margin, fallback } in route.entries {
        let margin = if margin == "granted" { ", sees margins" } else { "" };
        let fallback = fallback.map(|it| format!(", else {}", it.plugin)).unwrap_or_default();
        output.text(format!("  {plugin}:{slots} {config}{margin}{fallback}"))?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_version_and_its_slots() {
        for (text, version, slots) in [
            ("rebound/upgrade@0.1.0", "rebound/upgrade@0.1.0", 1),
            ("rebound/upgrade@0.1.0:3", "rebound/upgrade@0.1.0", 3),
            ("rebound/upgrade@0.1.0-rc.1+b:12", "rebound/upgrade@0.1.0-rc.1+b", 12),
        ] {
            assert_eq!(text.parse(), Ok(Entry { plugin: version.parse().unwrap(), slots }), "{text}");
        }
        for bad in [
            "",
            "upgrade",
            "rebound/upgrade",
            "rebound/upgrade@1",
            "rebound/upgrade@0.1.0:",
            "rebound/upgrade@0.1.0:0",
            "rebound/upgrade@0.1.0:x",
        ] {
            assert!(bad.parse::<Entry>().is_err(), "{bad}");
        }
    }
}
