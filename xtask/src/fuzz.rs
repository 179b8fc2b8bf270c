//! `cargo xtask fuzz`: what comes from outside, made up by libFuzzer for a minute per target.
//!
//! The targets are in tests/fuzz, a workspace of its own. No sanitizer: ours is safe Rust but for one line that no
//! target reaches, and sanitizers need a nightly compiler; overflow and debug assertions are on instead. Not part of
//! `cargo xtask test`, because the first build instruments wasmtime and takes minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::{self, cargo, root, run as command, step};

/// The version that the targets were written with.
const CARGO_FUZZ: &str = "0.13.2";
/// A single input that takes longer has found something too.
const INPUT_SECONDS_MAX: u32 = 10;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Which targets; all when left out.
    #[arg(value_enum)]
    targets: Vec<Target>,
    /// How long each runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask fuzz                            every target, a minute each
  cargo xtask fuzz --seconds 600 event-json   one of them for longer";

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// Bytes offered as a component, up to the compiler.
    PublishBytes,
    /// Bodies of `POST /v1/returns`, decided as dry runs.
    EventJson,
    /// Templates and personas of a manifest.
    TemplateCheck,
}

impl Target {
    const ALL: [Self; 3] = [Self::PublishBytes, Self::EventJson, Self::TemplateCheck];

    /// The target's name for cargo-fuzz.
    fn name(self) -> &'static str {
        match self {
            Self::PublishBytes => "publish_bytes",
            Self::EventJson => "event_json",
            Self::TemplateCheck => "template_check",
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let targets = if options.targets.is_empty() { &Target::ALL[..] } else { &options.targets };
    step("looking for cargo-fuzz", install)?;
    step("building the fuzz targets", || {
        targets.iter().try_for_each(|target| command(&mut fuzz(&["build"], *target)))
    })?;
    let mut found = Vec::new();
    for &target in targets {
        let seconds = options.seconds;
        let outcome = step(&format!("fuzzing {} for {seconds} s", target.name()), || one(target, seconds))?;
        if let Some(crash) = outcome {
            found.push(crash);
        }
    }
    ensure!(found.is_empty(), "found: {}", found.join("; "));
    Ok(())
}

/// Adds cargo-fuzz when it is missing.
fn install() -> Result<()> {
    let version = cargo(&["fuzz", "--version"]).stderr(Stdio::null()).output()?;
    if version.status.success() {
        return Ok(());
    }
    eprintln!("    cargo-fuzz is not there; installing {CARGO_FUZZ}");
    command(&mut cargo(&["install", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ]))
        .context("cargo-fuzz could not be installed; `cargo install --locked cargo-fuzz` says why")
}

fn fuzz(arguments: &[&str], target: Target) -> Command {
    let mut command = cargo(&["fuzz"]);
    command.args(arguments).args(["--fuzz-dir", "tests/fuzz", "--sanitizer", "none"]);
    command.arg("--target-dir").arg(dir()).arg(target.name());
    command
}

/// Builds, inputs that were worth keeping and inputs that failed: nothing of it is part of the tree.
fn dir() -> PathBuf {
    root().join("target/fuzz")
}

/// Runs a target. Answers what it found, if anything.
fn one(target: Target, seconds: u32) -> Result<Option<String>> {
    let (corpus, artifacts) =
        (dir().join("corpus").join(target.name()), dir().join("found").join(target.name()));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    seed(target, &corpus).with_context(|| format!("the seeds of {} could not be written", target.name()))?;
    let mut run = fuzz(&["run"], target);
    run.arg(&corpus).arg("--");
    run.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    run.arg(format!("-artifact_prefix={}/", artifacts.display())).arg("-print_final_stats=1");
    let output = run.stderr(Stdio::piped()).output()?;
    crate::interrupt::check()?;
    let said = String::from_utf8_lossy(&output.stderr);
    match executions(&said) {
        Some((count, a_second)) => eprintln!("    {count} executions, {a_second} a second"),
        None => bail!("{} ran nothing:\n{said}", target.name()),
    }
    if output.status.success() {
        return Ok(None);
    }
    eprintln!("{said}");
    Ok(Some(format!("{} (see {})", target.name(), artifacts.display())))
}

/// What libFuzzer counts: executions, and executions a second.
fn executions(said: &str) -> Option<(u64, u64)> {
    let figure = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name))?;
        line.rsplit(' ').next()?.parse().ok()
    };
    Some((figure("stat::number_of_executed_units:")?, figure("stat::average_exec_per_sec:")?))
}

/// Writes what a target starts from, out of what the tree holds as text, or builds.
fn seed(target: Target, corpus: &Path) -> Result<()> {
    let write = |name: String, content: &[u8]| fs::write(corpus.join(name), content);
    match target {
        Target::PublishBytes => {
            for built in workspace::build_plugins()? {
                write(format!("seed-{}", built.name.replace('/', "-")), &built.bytes)?;
            }
            write("seed-empty".to_owned(), b"\0asm\x0d\0\x01\0")?;
        }
        Target::EventJson => {
            let tour = fs::read_to_string(root().join("examples/tour/return.json"))?;
            write("seed-tour".to_owned(), tour.as_bytes())?;
            // Products that the target's service sells, so that what follows the look-up is reached.
            write("seed-sold".to_owned(), tour.replace("LIP-VELVET-ROSEWOOD", "S-1").as_bytes())?;
            let returns = fs::read_to_string(root().join("examples/returns.ndjson"))?;
            for (index, line) in returns.lines().take(20).enumerate() {
                write(format!("seed-{index}"), line.as_bytes())?;
            }
        }
        Target::TemplateCheck => {
            for (index, text) in TEMPLATES.iter().enumerate() {
                write(format!("seed-{index}"), text.as_bytes())?;
            }
        }
    }
    Ok(())
}

/// A locale, then a text.
const TEMPLATES: [&str; 8] = [
    "en\n{item} is on its way back.",
    "en\n{switched_share} of customers switched to {item}.",
    "en\nOnly {stock_left} left at {price}; held until {price_hold_until}.",
    "zh-CN\n仅剩{stock_left}件，{item}现价{price}。",
    "zh-CN\n您退回的{item}（{reason}）我们一起看看。",
    "zh-CN\n满{coupon_min_spend}减{coupon_amount}，{coupon_expires}前有效。",
    "en\n{{braces}} and half the price, 50 % off",
    "zh-CN\n九成顾客选择了它，半价",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_are_read_from_what_libfuzzer_says() {
        let said = "#2 INITED\nDone 1000 runs\nstat::number_of_executed_units: 1000\nstat::average_exec_per_sec:     250\n";
        assert_eq!(executions(said), Some((1000, 250)));
        assert_eq!(executions("error: no such command"), None);
    }
}
