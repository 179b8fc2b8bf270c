//! Limits from a file: every key that is not a limit, and every value that cannot work, is named.

use std::path::{Path, PathBuf};

use rebound_domain::limits::Limits;
use rebound_storage::VALUE_BYTES_MAX;

use super::StartFault;

/// What sealing and a record's own fields add to a value before it is stored.
const RECORD_BYTES: u64 = 4 * 1024;

/// Why limits do not stand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LimitsError {
    /// No file.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// No TOML, an unknown key, or a value of another type.
    #[error("{} does not stand: {problem}", path.display())]
    Format {
        /// Which.
        path: PathBuf,
        /// Which key, and what is wrong.
        problem: String,
    },
    /// A number that cannot work.
    #[error("{key} = {value} in {} does not stand: use {min} to {max}", path.display())]
    Range {
        /// Which file.
        path: PathBuf,
        /// Which key.
        key: &'static str,
        /// What it says.
        value: u64,
        /// The least that works.
        min: u64,
        /// The most that works.
        max: u64,
    },
}

pub(super) fn read(path: &Path) -> Result<Limits, StartFault> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| LimitsError::Read { path: path.to_path_buf(), source })?;
    let limits: Limits = toml::from_str(&text).map_err(|error| LimitsError::Format {
        path: path.to_path_buf(),
        problem: error.to_string().trim_end().to_owned(),
    })?;
    check(&limits).map_err(|(key, value, min, max)| LimitsError::Range {
        path: path.to_path_buf(),
        key,
        value,
        min,
        max,
    })?;
    Ok(limits)
}

/// Returns the first key out of its range, with its value and its range.
fn check(limits: &Limits) -> Result<(), (&'static str, u64, u64, u64)> {
    let stored = VALUE_BYTES_MAX as u64 - RECORD_BYTES;
    let memory = u64::from(u32::MAX);
    let ranges = [
        ("fuel", limits.fuel, 1, u64::MAX),
        ("fuel_large", limits.fuel_large, 1, u64::MAX),
        ("deadline", limits.deadline.0, 1, 60_000),
        ("memory_bytes", limits.memory_bytes, 64 * 1024, memory),
        ("memory_bytes_large", limits.memory_bytes_large, 64 * 1024, memory),
        ("component_bytes", limits.component_bytes, 1, memory),
        ("component_bytes_large", limits.component_bytes_large, 1, memory),
        ("compile_memory_bytes", limits.compile_memory_bytes, 64 * 1024 * 1024, u64::MAX),
        ("compile_time", limits.compile_time.0, 1000, 3_600_000),
        ("output_bytes", limits.output_bytes, 1, memory),
        ("request_bytes", limits.request_bytes, 1024, memory),
        ("state_bytes", limits.state_bytes.into(), 0, stored),
        ("plan_bytes", limits.plan_bytes.into(), 1024, stored),
        ("lines", limits.lines.into(), 1, 2_000),
        ("return_lines", limits.return_lines.into(), 1, 1_000),
        ("purchases", limits.purchases.into(), 0, 500),
        ("candidates", limits.candidates.into(), 1, 10_000),
    ];
    let bad = ranges.into_iter().find(|(_, value, min, max)| !(min..=max).contains(&value));
    bad.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Limits, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("limits.toml");
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| crate::failure::chain(&error))
    }

    #[test]
    fn the_defaults_stand_and_a_file_changes_what_it_names() {
        assert_eq!(parse("").unwrap(), Limits::default());
        assert_eq!(
            parse("offers = 3\nfuel = 1_000").unwrap(),
            Limits { offers: 3, fuel: 1000, ..Limits::default() }
        );
    }

    #[test]
    fn a_bad_key_is_named() {
        for (text, want) in [
            ("fule = 3", "unknown field `fule`"),
            ("offers = \"many\"", "offers"),
            ("offers = -1", "offers"),
            ("deadline = 0", "deadline = 0 in"),
            ("plan_bytes = 65536", "plan_bytes = 65536 in"),
            ("lines = 100000", "lines = 100000 in"),
            ("offers", "limits.toml"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
