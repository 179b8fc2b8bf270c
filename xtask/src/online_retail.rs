//! `cargo xtask online-retail`: real returns through the real binary, checked and printed.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::workspace::{self, cargo, run as command, step};

/// Where the data lies.
#[derive(Args)]
pub(crate) struct Options {
    /// Folder with online_retail_lines.csv.gz, online_retail_products.csv.gz and online_retail_returns.csv.gz.
    data: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let data =
        options.data.canonicalize().with_context(|| format!("{} is not there", options.data.display()))?;
    let built = step("building the strategies", workspace::build_plugins)?;
    let components = built.first().and_then(|built| built.path.parent()).context("no strategy was built")?;
    step("building the service", || command(&mut cargo(&["build", "--locked", "--workspace", "--bins"])))?;
    let binaries = std::env::current_exe()?;
    let binaries = binaries.parent().context("xtask lies in a folder")?;
    let mut run = std::process::Command::new(binaries.join("online-retail"));
    run.arg(&data).arg("--binary").arg(binaries.join("rebound")).arg("--components").arg(components);
    command(&mut run)
}
