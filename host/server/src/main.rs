//! The rebound binary: the service, and the commands that talk to one.
//!
//! Each command is a module that parses its arguments and runs; [`serve`] wires the crates together. Start reading
//! at [`main`].

mod client;
mod commands;
mod decide;
mod exit;
mod failure;
mod import;
mod output;
mod serve;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::output::{Output, harmless};

const OVERVIEW: &str = "Examples:
  rebound serve --data ./data --dev
  rebound import catalog products.csv
  rebound publish plugins/upgrade
  rebound route set recommendation rebound/upgrade@0.1.0:3
  rebound decide event.json

Commands talk to the service at REBOUND_URL (http://127.0.0.1:8080) with the token in REBOUND_TOKEN.
Exit codes: 0 done; 1 the answer is no, or some lines were bad; 2 usage; 3 no answer; more for `rebound serve`.";

/// Turns a merchandise return into a kept customer.
#[derive(Debug, Parser)]
#[command(name = "rebound", version, after_help = OVERVIEW)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Answer in JSON on standard output, and nothing else there.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Build(commands::build::Build),
    Publish(commands::publish::Publish),
    Route(commands::route::Route),
    Experiment(commands::experiment::Experiment),
    Import(import::Import),
    Decide(decide::Decide),
    /// The child process in which the service compiles one component.
    #[command(name = serve::COMPILE_COMMAND, hide = true)]
    Compile {
        /// Its memory limit, bytes.
        memory_bytes: u64,
        /// Its limit of CPU time, seconds.
        cpu_seconds: u64,
    },
}

fn main() -> ExitCode {
    let Cli { command, json } = Cli::parse();
    let output = if json { Output::Json } else { Output::Text };
    let result = match command {
        Command::Compile { memory_bytes, cpu_seconds } => {
            return rebound_sandbox::compile_child(memory_bytes, cpu_seconds).into();
        }
        Command::Serve(serve) => serve.run(),
        Command::Build(build) => build.run(output),
        Command::Publish(publish) => publish.run(output),
        Command::Route(route) => route.run(output),
        Command::Experiment(experiment) => experiment.run(output),
        Command::Import(import) => import.run(output),
        Command::Decide(decide) => decide.run(output),
    };
    let failure = match result {
        Ok(exit) => return exit.into(),
        Err(failure) => failure,
    };
    match tell(&failure, output, None) {
        Ok(()) => failure.exit().into(),
        // Whoever read the output has gone: there is nobody to tell.
        Err(_) => Exit::No.into(),
    }
}

/// Tells why something was not done: a sentence for people, or a document for programs.
fn tell(failure: &Failure, output: Output, about: Option<&str>) -> Result<(), Failure> {
    let about = about.map(|about| format!("{about}: ")).unwrap_or_default();
    if output == Output::Text || matches!(failure, Failure::Start(_)) {
        complain(&format!("{about}{}", chain(failure)));
        return Ok(());
    }
    let mut document = failure.to_json();
    if !about.is_empty() {
        document["error"]["about"] = about.trim_end_matches(": ").into();
    }
    output.json(&document)
}

/// Says on standard error what is wrong.
fn complain(sentence: &str) {
    // Without standard error the exit code still tells.
    writeln!(std::io::stderr().lock(), "error: {}", harmless_lines(sentence)).ok();
}

/// Like [`harmless`], but keeps line ends: a message may quote the line of a file it is about.
fn harmless_lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command) {
            assert!(
                command.is_hide_set()
                    || command.get_after_help().is_some_and(|help| help.to_string().contains("Examples:")),
                "{} has no examples",
                command.get_name()
            );
            command.get_subcommands().for_each(check);
        }
        Cli::command().debug_assert();
        check(&Cli::command());
    }
}
