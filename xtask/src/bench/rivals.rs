//! `cargo xtask bench --rivals`: the same recommendation under other hosts, and the whole platform beside an echo.
//!
//! The rivals are in benches/, a workspace of its own. Building it for the first time compiles two more wasmtimes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{cargo, root, run as command, shown, step};

/// What `wasmtime serve` runs; strategies need another.
const WASI_TARGET: &str = "wasm32-wasip2";

/// Builds and measures; the tables as they are printed.
pub(super) fn measure(components: &Path) -> Result<String> {
    ensure!(
        Command::new("node")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success()),
        "Node is a rival, and `node` cannot be started; install nodejs"
    );
    step("building the rivals' guests", || {
        let mut add = Command::new("rustup");
        command(add.args(["target", "add", WASI_TARGET]).current_dir(root()).stdin(Stdio::null()))?;
        command(&mut guest("extism-guest", "wasm32-unknown-unknown"))?;
        command(&mut guest("wasi-http-guest", WASI_TARGET))
    })?;
    step("building the rivals", || command(&mut benches(&["build", "--release", "--package", "rivals"])))?;
    step("measuring the rivals", || {
        let mut rivals = benches(&["run", "--release", "--package", "rivals", "--"]);
        rivals.arg("--affinity").arg(components.join("rebound-affinity.wasm"));
        rivals.arg("--extism").arg(target().join("wasm32-unknown-unknown/guest/extism_guest.wasm"));
        rivals.arg("--wasi-http").arg(target().join(WASI_TARGET).join("guest/wasi-http-guest.wasm"));
        rivals.arg("--node").arg(root().join("benches/node/server.mjs"));
        let output = rivals.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{} ended with {}", shown(&rivals), output.status);
        String::from_utf8(output.stdout).context("a bench prints text")
    })
}

fn guest(package: &str, target: &str) -> Command {
    benches(&["build", "--profile", "guest", "--package", package, "--target", target])
}

/// Cargo in the workspace of the rivals, its output under the one target folder.
fn benches(arguments: &[&str]) -> Command {
    let (verb, rest) = arguments.split_first().expect("cargo is given a verb");
    let mut command = cargo(&[verb, "--locked", "--manifest-path", "benches/Cargo.toml", "--target-dir"]);
    command.arg(target()).args(rest);
    command
}

fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("benches")
}
