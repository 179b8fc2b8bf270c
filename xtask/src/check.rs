//! `cargo xtask check`: what must hold before a commit beside the tests. `.ci/run` calls it too.

use anyhow::Result;

use crate::workspace::{self, cargo, example, run as command, step};

pub(crate) fn run() -> Result<()> {
    let examples = workspace::examples()?;
    step("format", || {
        command(&mut cargo(&["fmt", "--all", "--check"]))?;
        let workspaces = ["benches/Cargo.toml", "tests/fuzz/Cargo.toml"].map(|it| workspace::root().join(it));
        let mut others = examples.iter().chain(&workspaces);
        others.try_for_each(|manifest| {
            command(cargo(&["fmt", "--all", "--check", "--manifest-path"]).arg(manifest))
        })
    })?;
    step("lints", || {
        let selection = ["clippy", "--locked", "--workspace", "--all-targets", "--all-features"];
        command(cargo(&selection).args(DENY_WARNINGS))?;
        examples.iter().try_for_each(|manifest| {
            let mut clippy = example(&["clippy", "--all-targets"], manifest);
            command(clippy.args(DENY_WARNINGS))
        })
    })?;
    // Private items are documented too: these docs are for who works here.
    step("docs", || {
        let selection = ["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"];
        command(
            cargo(&selection).env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private-intra-doc-links"),
        )
    })?;
    step("licences, sources and duplicates", licences)
}

const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];

/// The advisory database is left out: it would need the network at every check.
fn licences() -> Result<()> {
    let installed = cargo(&["deny", "--version"]).output().is_ok_and(|output| output.status.success());
    if !installed {
        anyhow::ensure!(
            std::env::var_os("CI").is_none(),
            "cargo-deny is missing; cargo install cargo-deny --locked"
        );
        eprintln!("    SKIPPED: cargo-deny is not installed; cargo install cargo-deny --locked");
        return Ok(());
    }
    command(&mut cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"]))
}
