//! One recommendation over 50 candidates under Rebound's sandbox, Extism, `wasmtime serve`, Node and no sandbox at all.
//!
//!     cargo xtask bench --rivals
//!
//! Contestants take turns within a round, so that a busy moment hits all alike; figures are medians over rounds. Before
//! anything is timed, every contestant's answer is held against the native one.

#![expect(clippy::print_stdout, reason = "a bench prints its result")]

mod calls;
mod http;
mod question;
mod servers;
mod shop;
mod workload;

#[path = "../../../tests/benches/http/load.rs"]
mod load;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    /// One JSON document a line in place of tables.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    contestants: Contestants,
    #[command(subcommand)]
    serve: Option<Serve>,
}

/// What the build of the guests made.
#[derive(clap::Args, Clone)]
struct Contestants {
    /// `rebound/affinity` as a component.
    #[arg(long)]
    affinity: PathBuf,
    /// The Extism plug-in.
    #[arg(long)]
    extism: PathBuf,
    /// The wasi-http component.
    #[arg(long)]
    wasi_http: PathBuf,
    /// The function for Node.
    #[arg(long)]
    node: PathBuf,
}

/// A contestant in a process of its own.
#[derive(Subcommand)]
enum Serve {
    /// The function itself behind axum.
    #[command(hide = true)]
    Native,
    /// Rebound's sandbox behind axum.
    #[command(hide = true)]
    Rebound,
    /// The command `wasmtime serve`, its own arguments behind it.
    #[command(hide = true)]
    Wasmtime {
        /// As for `wasmtime serve`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> Result<()> {
    let Arguments { json, contestants, serve } = Arguments::parse();
    match serve {
        Some(Serve::Native) => servers::native(),
        Some(Serve::Rebound) => servers::rebound(&contestants.affinity),
        Some(Serve::Wasmtime { arguments }) => servers::wasmtime(&arguments),
        None => {
            calls::run(&contestants)?.print(json);
            let rows = http::run(&contestants)?;
            if !json {
                println!("| over HTTP | at once | a second | p50 us | p99 us |\n|---|---:|---:|---:|---:|");
            }
            rows.iter().for_each(|row| row.print(json));
            Ok(())
        }
    }
}
