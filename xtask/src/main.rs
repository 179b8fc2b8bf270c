//! `cargo xtask`: every job of this repository, set up and done by one command.
//!
//! Start at [`Job`]. It links neither wasmtime nor the service, so that it is there in seconds on a fresh clone;
//! the service is built and run as a process of its own, the way a user would.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is for the person who called it")]

mod bench;
mod check;
mod crash;
mod demo;
mod fuzz;
mod interrupt;
mod online_retail;
mod samples;
mod table;
mod test;
mod workspace;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The jobs of this repository.", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    job: Job,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask demo                          see the whole thing run on sample data, then use it
  cargo xtask demo --listen 127.0.0.1:8080  the same on another port
  cargo xtask demo --exit                   the same without staying, with the figures as JSON on the last line
  cargo xtask test                          every test there is
  cargo xtask check                         what must hold before a commit: format, lints, docs, licences";

#[derive(Subcommand)]
enum Job {
    /// Build everything, start the service, send it a year of sample orders and returns, and go on serving.
    Demo(demo::Options),
    /// Run every test: plugins, workspace, doc tests and the demo.
    Test,
    /// Measure, print the tables, and write them into docs/performance.md.
    Bench(bench::Options),
    /// Kill the storage under load, reopen it and look for losses.
    Crash {
        /// How many times.
        #[arg(long, default_value_t = 200)]
        rounds: u32,
    },
    /// Make up components, events and templates for a minute each, and look for a panic or a hang.
    Fuzz(fuzz::Options),
    /// Send the returns of a public data set through the service, twice, and hold every plan against the data.
    OnlineRetail(online_retail::Options),
    /// Build the shipped strategies into target/rebound/.
    BuildPlugins,
    /// Write the sample data in examples/ again.
    Samples,
    /// Check format, lints, docs and licences.
    Check,
    /// Run a program that ends when this process's parent does. Internal.
    #[command(hide = true)]
    Tether(demo::Tethered),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().job {
        Job::Demo(options) => demo::run(&options),
        Job::Test => test::run(),
        Job::Bench(options) => bench::run(&options),
        Job::Crash { rounds } => crash::run(rounds),
        Job::Fuzz(options) => fuzz::run(&options),
        Job::OnlineRetail(options) => online_retail::run(&options),
        Job::BuildPlugins => workspace::build_plugins().map(|built| workspace::describe(&built)),
        Job::Samples => samples::write(&workspace::root().join("examples")),
        Job::Check => check::run(),
        Job::Tether(tethered) => tethered.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if interrupt::requested() => ExitCode::from(INTERRUPTED),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Where the demo listens unless told otherwise: fixed, so that addresses in the README work.
const DEMO_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7777);
