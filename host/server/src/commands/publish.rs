//! `rebound publish`: components into a running service.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rebound_domain::ids::Namespace;
use rebound_toolchain::Options;
use serde::Deserialize;

use super::build::build;
use crate::client::{Client, Remote, read_file};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound publish target/rebound/upgrade.wasm
  rebound publish plugins/upgrade plugins/affinity
  rebound publish strategy-in-python.wasm --class large
  rebound publish target/rebound/first.wasm --namespace acme

A published version never changes: raise the version in Cargo.toml to publish again.
Publishing serves nobody yet; see `rebound route set --help`.";

/// Publish components, or strategy crates that are built first.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Publish {
    /// Components, or folders with a Cargo.toml.
    #[arg(value_name = "FILE.wasm|DIR", required = true)]
    sources: Vec<PathBuf>,
    /// How large the component may be, and how much a call of it may use.
    #[arg(long, default_value = "standard")]
    class: Class,
    /// The namespace that they are to be in: a token that may not publish there is refused before anything is sent to the
    /// compiler, and a component that turns out to be of another one is not published.
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<Namespace>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Class {
    /// Rust, C and the like.
    Standard,
    /// Components that carry an interpreter: Python, JavaScript.
    Large,
}

/// As the service answers, as far as a person is shown it.
#[derive(Deserialize)]
struct Published {
    plugin: String,
    digest: String,
    size_bytes: u64,
    stages: Vec<String>,
    summary: String,
    approval: String,
}

impl Publish {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client = self.remote.client()?;
        let mut exit = Exit::Done;
        for source in &self.sources {
            match self.publish(&client, source, output) {
                // The service's no to one is no reason to keep the others back.
                Err(failure) if failure.exit() == Exit::No => {
                    crate::tell(&failure, output, Some(&source.display().to_string()))?;
                    exit = Exit::No;
                }
                result => result?,
            }
        }
        Ok(exit)
    }

    fn publish(&self, client: &Client, source: &Path, output: Output) -> Result<(), Failure> {
        let bytes = match source.is_dir() {
            true => {
                let built = build(&[source.to_path_buf()], Options::default())?.pop();
                built.map(|built| built.bytes).unwrap_or_default()
            }
            false => read_file(source)?,
        };
        let class = match self.class {
            Class::Standard => "standard",
            Class::Large => "large",
        };
        let namespace = self.namespace.iter().map(|namespace| format!("&namespace={namespace}"));
        let path = format!("/v1/plugins?class={class}{}", namespace.collect::<String>());
        let answer = client.post(&path, "application/wasm", &bytes)?;
        let Published { plugin, digest, size_bytes, stages, summary, approval } = client.parse(&answer)?;
        output.raw_json(&answer.body)?;
        let news = if answer.status == 201 { "published" } else { "published before, the same bytes" };
        output.text(format!(
            "{plugin}: {news}\n  {}\n  serves {}, {size_bytes} bytes, {digest}",
            harmless(&summary),
            stages.join(", ")
        ))?;
        if approval == "pending" {
            output.text(format!(
                "  its texts are not yours: read them with `rebound approve {plugin}`, then `rebound approve {plugin} --owner YOU`"
            ))?;
        }
        Ok(())
    }
}
