//! What the benches print, read.

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// The line of host/sandbox's bench. Microseconds, and fuel.
#[derive(Debug, Deserialize)]
pub(crate) struct Calls {
    pub(crate) fresh_us: f64,
    pub(crate) reused_us: f64,
    pub(crate) affinity_fresh_us: f64,
    pub(crate) affinity_reused_us: f64,
    pub(crate) affinity_native_us: f64,
    pub(crate) cold_load_us: f64,
    pub(crate) fuel: u64,
    pub(crate) affinity_fuel: u64,
}

impl Calls {
    pub(crate) fn read(output: &str) -> Result<Self> {
        let line = output.lines().find(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("the bench of calls printed no figures: {output:?}"))?;
        serde_json::from_str(line).with_context(|| format!("the bench of calls printed {line:?}"))
    }
}

/// The lines of the HTTP bench.
pub(crate) struct Load {
    pub(crate) rows: Vec<LoadRow>,
}

/// One line: a contestant under one load.
#[derive(Debug, Deserialize)]
pub(crate) struct LoadRow {
    pub(crate) what: String,
    pub(crate) at_once: u64,
    pub(crate) a_second: f64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
}

impl Load {
    pub(crate) fn read(output: &str) -> Result<Self> {
        let rows = output.lines().filter(|line| line.starts_with('{')).map(|line| {
            serde_json::from_str(line).with_context(|| format!("the bench of HTTP printed {line:?}"))
        });
        Ok(Self { rows: rows.collect::<Result<_>>()? })
    }

    /// Decisions a second through echoes a second, at one load.
    pub(crate) fn share_of_echo(&self, at_once: u64) -> Option<f64> {
        let rate = |what: &str| {
            let row = self.rows.iter().find(|row| row.what == what && row.at_once == at_once)?;
            Some(row.a_second)
        };
        Some(rate("decisions over HTTP")? / rate("echoes over HTTP")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_told_as_a_share_of_the_echo_under_the_same_load() {
        let line = |what, at_once, rate| {
            format!(r#"{{"what":"{what}","at_once":{at_once},"a_second":{rate},"p50_us":1,"p99_us":2}}"#)
        };
        let output = [
            line("decisions over HTTP", 1, 10),
            line("echoes over HTTP", 1, 40),
            line("decisions over HTTP", 64, 30),
            line("echoes over HTTP", 64, 40),
        ];
        let load = Load::read(&output.join("\n")).unwrap();
        assert_eq!(
            (load.share_of_echo(1), load.share_of_echo(64), load.share_of_echo(8)),
            (Some(0.25), Some(0.75), None)
        );
    }

    #[test]
    fn a_bench_that_prints_something_else_is_an_error() {
        assert!(Calls::read("warming up\n").is_err());
        assert!(Load::read("{\"what\":1}\n").is_err());
    }
}
