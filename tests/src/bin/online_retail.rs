//! `cargo xtask online-retail`: real returns through the real binary, checked and printed.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use rebound_tests::online_retail::run::{self, Options};

/// Sends UCI Online Retail's orders and return documents, interleaved by time, through the real binary, twice, and
/// holds every plan against the data.
#[derive(Parser)]
#[command(after_help = "Example:\n  cargo xtask online-retail ../shared/data")]
struct Arguments {
    /// Folder with online_retail_lines.csv.gz, online_retail_products.csv.gz and online_retail_returns.csv.gz.
    data: PathBuf,
    /// The rebound binary.
    #[arg(long)]
    binary: PathBuf,
    /// The folder of the shipped strategies' components.
    #[arg(long)]
    components: PathBuf,
}

#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
fn main() -> Result<()> {
    let Arguments { data, binary, components } = Arguments::parse();
    let run = run::run(&Options { data, binary, components })?;
    println!("{}", run.report);
    let failures = run.failures();
    if !failures.is_empty() {
        bail!("the run does not hold:\n  {}", failures.join("\n  "));
    }
    Ok(())
}
