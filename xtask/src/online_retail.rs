//! `cargo xtask online-retail`: real returns through the real binary; the run itself is in tests/.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::workspace::{self, Profile, cargo, run as command, step};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Folder with online_retail_lines.csv.gz, online_retail_products.csv.gz and online_retail_returns.csv.gz.
    data: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let data =
        options.data.canonicalize().with_context(|| format!("{} is not there", options.data.display()))?;
    let built = step("building the strategies", workspace::build_plugins)?;
    let components = built[0].path.parent().context("a component lies in a folder")?;
    let binary = step("building the service", || workspace::build_host(Profile::Dev, &workspace::SELECTION))?;
    let mut run = cargo(&["run", "--quiet", "--locked", "--bin", "online-retail", "--"]);
    command(run.arg(data).arg("--binary").arg(binary).arg("--components").arg(components))
}
