//! `cargo xtask bench`.

use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(_options: &Options) -> Result<()> {
    Ok(())
}
