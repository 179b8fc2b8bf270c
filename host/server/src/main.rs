//! The rebound binary: the service, and the commands that talk to one.
//!
//! Each command is a module that parses its arguments and runs; [`serve`] wires the crates together. Start reading
//! at [`main`].

mod backup;
mod client;
mod commands;
mod config;
mod decide;
mod exit;
mod failure;
mod import;
mod output;
mod serve;
mod top;

use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::output::{Output, harmless};

const OVERVIEW: &str = "Examples:
  rebound serve --data ./data --dev
  rebound import catalog products.csv
  rebound publish plugins/upgrade
  rebound route set recommendation rebound/upgrade@0.1.0:3
  rebound decide event.json
  rebound assign < units.ndjson

Commands talk to the service at REBOUND_URL (http://127.0.0.1:8080) with the token in REBOUND_TOKEN;
build, assign, restore, doctor, completions and man need none.
Exit codes: 0 done; 1 the answer is no, or some lines were bad; 2 usage; 3 no answer; more for `rebound serve`.";

/// A decision allocates a lot on four kinds of thread, and the storage frees large pages on one. With
/// the C library's allocator that was 29 % of the CPU time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
    Approve(commands::approve::Approve),
    Route(commands::route::Route),
    Experiment(commands::experiment::Experiment),
    Quarantine(commands::quarantine::Quarantine),
    Token(commands::token::Token),
    Audit(commands::audit::Audit),
    Namespace(commands::namespace::Namespace),
    Replay(commands::replay::Replay),
    Top(top::Top),
    Config(commands::config::Config),
    Customer(commands::customer::Customer),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Doctor(commands::doctor::Doctor),
    Import(import::Import),
    Decide(decide::Decide),
    Assign(commands::assign::Assign),
    Health(commands::health::Health),
    Completions(commands::completions::Completions),
    Man(commands::man::Man),
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
    let Cli { command, json } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let output = if json { Output::Json } else { Output::Text };
    let result = match command {
        Command::Compile { memory_bytes, cpu_seconds } => {
            return rebound_sandbox::compile_child(memory_bytes, cpu_seconds).into();
        }
        Command::Serve(serve) => serve.run(),
        Command::Build(build) => build.run(output),
        Command::Publish(publish) => publish.run(output),
        Command::Approve(approve) => approve.run(output),
        Command::Route(route) => route.run(output),
        Command::Experiment(experiment) => experiment.run(output),
        Command::Quarantine(quarantine) => quarantine.run(output),
        Command::Token(token) => token.run(output),
        Command::Audit(audit) => audit.run(output),
        Command::Namespace(namespace) => namespace.run(output),
        Command::Replay(replay) => replay.run(output),
        Command::Top(top) => top.run(output),
        Command::Config(config) => config.run(output),
        Command::Customer(customer) => customer.run(output),
        Command::Backup(backup) => backup.run(output),
        Command::Restore(restore) => restore.run(output),
        Command::Doctor(doctor) => doctor.run(output),
        Command::Import(import) => import.run(output),
        Command::Decide(decide) => decide.run(output),
        Command::Assign(assign) => assign.run(),
        Command::Health(health) => health.run(output),
        Command::Completions(completions) => completions.run(output),
        Command::Man(man) => man.run(output),
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

/// Answers arguments that cannot be meant, in JSON when they ask for it; help and the version are as ever.
fn refuse(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().take_while(|it| it != "--").any(|it| it == "--json");
    if !wants_json || !error.use_stderr() {
        error.exit();
    }
    let failure = Failure::Usage(sentence(error));
    // Whoever read the output has gone: there is nobody to tell.
    tell(&failure, Output::Json, None).ok();
    failure.exit().into()
}

/// What clap says before its own advice on usage.
fn sentence(error: &clap::Error) -> String {
    let kind = error.kind();
    if matches!(kind, ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return "a command is missing; --help lists them".to_owned();
    }
    let text = error.to_string();
    let said = text.split("\n\n").next().unwrap_or_default();
    let said: Vec<&str> = said.trim_start_matches("error: ").lines().map(str::trim).collect();
    said.join(" ")
}

/// Tells why something was not done: a sentence for people, or a document for programs.
fn tell(failure: &Failure, output: Output, about: Option<&str>) -> Result<(), Failure> {
    let about = about.map(|about| format!("{about}: ")).unwrap_or_default();
    // Why a service does not come up, or ended, belongs beside its log in any case.
    if output == Output::Text || matches!(failure, Failure::Start(_)) {
        complain(&format!("{about}{}", chain(failure)));
    }
    if output == Output::Text {
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
