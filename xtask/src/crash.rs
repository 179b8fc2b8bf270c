//! `cargo xtask crash`: the storage's crash test, many times over.

use anyhow::Result;

use crate::workspace::{cargo, run as command, step};

/// Read by the crash test of host/storage; the ordinary test run makes 20 rounds.
const ROUNDS: &str = "REBOUND_CRASH_ROUNDS";

pub(crate) fn run(rounds: u32) -> Result<()> {
    step(&format!("{rounds} kills under load"), || {
        let selection = ["test", "--locked", "--workspace", "--test", "crash"];
        command(cargo(&selection).args(["--", "--nocapture"]).env(ROUNDS, rounds.to_string()))
    })
}
