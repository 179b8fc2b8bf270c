//! `rebound health`: asks a service how it is, for supervisors that run a command.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::client::{ClientError, Remote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound health
  rebound health --ready --url http://10.0.0.5:8080
  rebound health --timeout 10 && echo alive

Exit codes: 0 it is; 1 it answers that it is not; 3 nobody answers in time. No token is needed.";

/// Ask whether a service is alive, or ready for traffic.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Health {
    /// Ask whether it wants traffic, not only whether it is alive.
    #[arg(long)]
    ready: bool,
    /// How long it may take to answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    timeout: u16,
    #[command(flatten)]
    remote: Remote,
}

impl Health {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let (path, word) = if self.ready { ("/readyz", "ready") } else { ("/healthz", "alive") };
        let timeout = Duration::from_secs(self.timeout.into());
        match self.remote.client_within(timeout)?.get(path) {
            Ok(_) => {
                output.text(word)?;
                output.json(&json!({ word: true }))?;
                Ok(Exit::Done)
            }
            Err(ClientError::Problem(problem)) => {
                output.text(format!("not {word}: {problem}"))?;
                output.json(&json!({ word: false, "error": ClientError::Problem(problem).to_json() }))?;
                Ok(Exit::No)
            }
            Err(error) => Err(error.into()),
        }
    }
}
