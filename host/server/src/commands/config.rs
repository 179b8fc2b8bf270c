//! `rebound config`: whether a configuration stands, and which value counts.

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use crate::config::{Change, Environment, Flags, Settings, Source, Value};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound config check --config /etc/rebound.toml
  rebound config show --config /etc/rebound.toml
  REBOUND_LISTEN=0.0.0.0:8080 rebound config show --data ./data --changed
  rebound config show --data ./data --json

Both take the arguments of `rebound serve` and read what it would read. Flags stand over the environment, that over the
file, that over the defaults. Exit codes: 0 it stands; 2 the arguments do not, or the file cannot be read; 13 a key of
the file or the environment is unknown or its value does not stand.";

/// Check a configuration, or show which value counts and who says so.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell everything that does not stand, at once.
    #[command(after_help = EXAMPLES)]
    Check(Read),
    /// Show every key with its value and its source; secrets are masked.
    #[command(after_help = EXAMPLES)]
    Show(Show),
}

#[derive(Debug, Args)]
struct Read {
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    flags: Flags,
    /// Only the keys that somebody set.
    #[arg(long)]
    changed: bool,
}

impl Config {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let environment = Environment::of_process();
        match self.verb {
            Verb::Check(Read { flags }) => {
                let (_, resolved) = Settings::read(&flags, &environment)?;
                let strangers = &resolved.strangers;
                for told in strangers {
                    output.text(format!("warning: {}", harmless(told)))?;
                }
                output.text("the configuration stands")?;
                output.json(&json!({ "stands": true, "warnings": strangers }))?;
            }
            Verb::Show(Show { flags, changed }) => {
                let (_, resolved) = Settings::read(&flags, &environment)?;
                let mut keys: Vec<Json> = Vec::new();
                for (key, said) in resolved.all() {
                    if changed && said.source == Source::Default {
                        continue;
                    }
                    let shown = key.shown(&said.value);
                    output.text(harmless(&format!("{} = {shown}  # {}", key.name, said.source)))?;
                    let value = match (key.secret, &said.value) {
                        (_, Value::Unset) => Json::Null,
                        (true, _) => json!(shown),
                        (false, Value::Text(text)) => json!(text),
                        (false, Value::Number(number)) => json!(number),
                        (false, Value::Switch(switch)) => json!(switch),
                    };
                    keys.push(json!({
                        "key": key.name, "value": value, "source": said.source.to_string(),
                        "env": key.env(), "reload": key.change == Change::Live, "secret": key.secret,
                    }));
                }
                output.json(&json!({ "keys": keys }))?;
            }
        }
        Ok(Exit::Done)
    }
}
