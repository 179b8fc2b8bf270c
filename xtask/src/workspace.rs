//! Cargo, called so that nothing is compiled twice.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use rebound_toolchain::{Built, Options};
use serde::Deserialize;

/// Folders of `plugins/` that are no strategies.
const NO_STRATEGIES: [&str; 2] = ["sdk", "toolchain"];

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the repository's root")
}

/// A cargo command in the repository's root. Commands that compile the host select `--workspace`: another
/// selection would unify features differently and compile wasmtime again.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command to its end. Its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{} cannot be started", shown(command)))?;
    crate::interrupt::check()?;
    ensure!(status.success(), "{} ended with {status}", shown(command));
    Ok(())
}

/// Runs a step and says how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {name}");
    let started = Instant::now();
    let done = work().with_context(|| format!("{name} failed"))?;
    eprintln!("    {name}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(done)
}

/// Builds the shipped strategies; adds the wasm target when it is missing.
pub(crate) fn build_plugins() -> Result<Vec<Built>> {
    let dirs = strategies(&root().join("plugins"))?;
    let options = Options { cargo_args: vec!["--locked".to_owned()], ..Options::default() };
    Ok(rebound_toolchain::build_all(&dirs, &options)?)
}

/// The folders of the strategies, in order.
fn strategies(plugins: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(plugins).with_context(|| format!("{} cannot be read", plugins.display()))?;
    let mut dirs = Vec::new();
    for entry in entries {
        let entry = entry?;
        let is_strategy = !NO_STRATEGIES.iter().any(|name| entry.file_name() == *name);
        if is_strategy && entry.path().join("Cargo.toml").is_file() {
            dirs.push(entry.path());
        }
    }
    dirs.sort();
    Ok(dirs)
}

/// The manifests of the example strategies in Rust: each is a workspace of its own, as a stranger's crate is.
pub(crate) fn examples() -> Result<Vec<PathBuf>> {
    let mut manifests = Vec::new();
    for entry in std::fs::read_dir(root().join("examples/plugins"))? {
        manifests.push(entry?.path().join("Cargo.toml"));
    }
    manifests.retain(|manifest| manifest.is_file());
    manifests.sort();
    Ok(manifests)
}

/// A cargo command on an example strategy, in our target folder.
pub(crate) fn example(arguments: &[&str], manifest: &Path) -> Command {
    let mut command = cargo(arguments);
    command.arg("--locked").arg("--manifest-path").arg(manifest);
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    command.arg("--target-dir").arg(target.join("examples"));
    command
}

/// Prints what was built.
pub(crate) fn describe(built: &[Built]) {
    for Built { name, path, bytes, exports, .. } in built {
        let stages: Vec<&str> = exports.iter().filter_map(|export| stage(export)).collect();
        println!("{name}: {} KiB, {}, {}", bytes.len().div_ceil(1024), stages.join(" "), path.display());
    }
}

/// `rebound:strategy/coupon@0.1.0` is the stage `coupon`; the description is none.
fn stage(export: &str) -> Option<&str> {
    let (_, name) = export.split_once('/')?;
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    (name != "metadata").then_some(name)
}

/// How the host is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As the tests build it.
    Dev,
    /// For measuring.
    Release,
}

/// What the tests select too.
pub(crate) const SELECTION: [&str; 2] = ["--locked", "--workspace"];

/// Builds the service; answers with its path.
pub(crate) fn build_host(profile: Profile, selection: &[&str]) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--bin", "rebound"]);
    command.args(selection);
    if profile == Profile::Release {
        command.arg("--release");
    }
    command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("{} cannot be started", shown(&command)))?;
    crate::interrupt::check()?;
    ensure!(output.status.success(), "{} ended with {}", shown(&command), output.status);
    let messages = String::from_utf8_lossy(&output.stdout);
    let built = messages.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    let found =
        built.filter(|artifact| artifact.target.name == "rebound").find_map(|artifact| artifact.executable);
    found.context("cargo built no binary named rebound")
}

/// What is read of a `compiler-artifact` message.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let mut words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(name) = Path::new(&words[0]).file_name() {
        words[0] = name.to_string_lossy().into_owned();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_read_as_a_stage() {
        assert_eq!(stage("rebound:strategy/coupon@0.1.0"), Some("coupon"));
        assert_eq!(stage("rebound:strategy/metadata@0.1.0"), None);
        assert_eq!(stage("memory"), None);
    }

    #[test]
    fn the_sdk_and_the_toolchain_are_no_strategies() {
        let names = strategies(&root().join("plugins")).unwrap();
        let names: Vec<_> = names.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert!(names.contains(&"upgrade") && names.contains(&"affinity"), "{names:?}");
        assert!(!names.contains(&"sdk") && !names.contains(&"toolchain"), "{names:?}");
    }
}
