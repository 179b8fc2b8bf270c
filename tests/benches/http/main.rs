//! Decisions a second over HTTP, every plan durable, beside an axum echo of the same bodies on the same machine; and
//! whole decisions in this process, without HTTP.
//!
//!     cargo xtask bench http
//!
//! Decisions and echoes take turns within a round, so that a busy moment hits both; figures are medians over
//! rounds. Load generator and service share the machine, as echo and load generator do.

#![expect(clippy::print_stdout, reason = "a bench prints its result")]

mod echo;
mod inside;
mod load;
mod workload;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use rebound_tests::client::Client;
use rebound_tests::service::Service;
use serde_json::json;

use load::Measured;
use workload::Workload;

/// Connections, and decisions at once.
const LEVELS: [usize; 3] = [1, 8, 64];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Parser)]
struct Arguments {
    /// The rebound binary, built with --release.
    #[arg(long, required_unless_present = "echo")]
    binary: Option<PathBuf>,
    /// The folder of the shipped strategies' components.
    #[arg(long, required_unless_present = "echo")]
    components: Option<PathBuf>,
    /// One JSON document a line in place of a table.
    #[arg(long)]
    json: bool,
    /// Be the rival: serve an echo until killed.
    #[arg(long, hide = true)]
    echo: bool,
    /// Said by cargo bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.echo {
        return echo::serve();
    }
    let binary = arguments.binary.context("--binary is missing")?;
    let components = arguments.components.context("--components is missing")?;
    let workload = Arc::new(Workload::read()?);
    let rows =
        over_http(&binary, &components, &workload)?.into_iter().chain(inside::run(&components, &workload)?);
    if !arguments.json {
        println!("| what | at once | a second | p50 us | p99 us |\n|---|---:|---:|---:|---:|");
    }
    for Row { what, at_once, measured: Measured { rate, p50, p99 } } in rows {
        let (rate, p50, p99) = (rate.round(), p50.as_micros(), p99.as_micros());
        match arguments.json {
            true => println!(
                "{}",
                json!({"what": what, "at_once": at_once, "a_second": rate, "p50_us": p50, "p99_us": p99})
            ),
            false => println!("| {what} | {at_once} | {rate} | {p50} | {p99} |"),
        }
    }
    Ok(())
}

struct Row {
    what: &'static str,
    at_once: usize,
    measured: Measured,
}

fn over_http(binary: &Path, components: &Path, workload: &Arc<Workload>) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let service = Service::start(binary, &folder.path().join("data"), &[])?;
    workload::set_up(&Client::new(&service.url, None), components, workload)?;
    let echo = echo::Echo::start()?;
    let decide = load::Target::new(&service.url, "/v1/returns")?;
    let reflect = load::Target::new(&echo.url, "/")?;

    let mut rows = Vec::new();
    for at_once in LEVELS {
        let (mut decisions, mut echoes) = (Vec::new(), Vec::new());
        load::run(&decide, at_once, WARM_UP, workload)?;
        load::run(&reflect, at_once, WARM_UP, workload)?;
        for _ in 0..ROUNDS {
            decisions.push(load::run(&decide, at_once, ROUND, workload)?);
            echoes.push(load::run(&reflect, at_once, ROUND, workload)?);
        }
        for (what, rounds) in [("decisions over HTTP", decisions), ("echoes over HTTP", echoes)] {
            rows.push(Row { what, at_once, measured: Measured::median(rounds) });
        }
    }
    Ok(rows)
}
