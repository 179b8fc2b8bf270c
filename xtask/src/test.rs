//! `cargo xtask test`: every test there is.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::workspace::{self, Profile, cargo, example, run as command, step};

pub(crate) fn run() -> Result<()> {
    let skips = tempfile::NamedTempFile::new()?;
    step("building the strategies", workspace::build_plugins)?;
    // The tests of tests/ run the real binary, and `cargo test` alone would not build it.
    step("building the service", || workspace::build_host(Profile::Dev, &workspace::SELECTION))?;
    step("tests of the workspace, doc tests included", || {
        command(cargo(&["test", "--locked", "--workspace"]).env(SKIPS, skips.path()))
    })?;
    step("tests of the example strategies", || {
        workspace::examples()?.iter().try_for_each(|manifest| command(&mut example(&["test"], manifest)))
    })?;
    step("the demo", demo)?;
    report(skips.path())
}

/// Names the file to which a test that cannot run here adds one line that says why.
const SKIPS: &str = "REBOUND_SKIPS";

/// Says what was left out; where `CI` is set nothing may be.
fn report(skips: &Path) -> Result<()> {
    let skips = std::fs::read_to_string(skips)?;
    if skips.is_empty() {
        eprintln!("all tests ran, none was skipped");
        return Ok(());
    }
    skips.lines().for_each(|line| eprintln!("SKIPPED: {line}"));
    ensure!(std::env::var_os("CI").is_none(), "{} tests were skipped, and CI is set", skips.lines().count());
    Ok(())
}

/// The last line of `demo --exit`.
#[derive(Deserialize)]
struct Figures {
    events: u64,
    plans: u64,
    fallbacks: u64,
    arms: std::collections::BTreeMap<String, u64>,
}

/// Runs the demo as a user would, and holds what it says against what it promises.
fn demo() -> Result<()> {
    let program = std::env::current_exe()?;
    let mut demo = Command::new(program);
    let output = demo.args(["demo", "--exit"]).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "demo --exit ended with {}:\n{stdout}", output.status);
    let last = stdout.lines().last().unwrap_or_default();
    let figures: Figures =
        serde_json::from_str(last).with_context(|| format!("the last line is {last:?}"))?;
    ensure!(figures.plans == figures.events && figures.events > 0, "plans differ from events: {last}");
    ensure!(figures.fallbacks == 0, "there were fallbacks: {last}");
    let served = figures.arms.len() > 1 && figures.arms.values().all(|plans| *plans > 0);
    ensure!(served, "not every arm was served: {last}");
    println!("{last}");
    Ok(())
}
