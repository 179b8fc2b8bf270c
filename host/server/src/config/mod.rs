//! The configuration of `rebound serve`: one file, the environment over it, flags over both.
//!
//! Start reading at [`keys`] (every key there is, in one table) and [`Resolved`] (which value each has, and who says
//! so). Everything else follows from the table: flags' and variables' names, what is unknown and what was meant, what
//! `rebound config show` prints, what a reload can change.
//!
//! **To add a key**: one row in `keys.rs`, one line in `settings.rs` that reads it, one row in docs/configuration.md (a
//! test asks for it). Mark it [`Change::Live`] only when the reload in `serve/reload.rs` applies it.
//!
//! **To add a section whose keys are names of the operator's** (`[namespaces.acme]`): one entry in [`SECTIONS`] with a
//! function that says what is wrong with it, and [`Resolved::section`] in `settings.rs` to read it. Such a section is
//! written in a file only, `rebound.toml` or the one of `--limits`.

mod fault;
mod file;
mod keys;
mod resolve;
mod settings;
mod source;

pub(crate) use self::fault::{ConfigError, Fault};
pub(crate) use self::keys::{Change, Key, Value};
pub(crate) use self::resolve::{Environment, Flags, Resolved};
pub(crate) use self::settings::{Access, LogFormat, OtlpSettings, Settings};
pub(crate) use self::source::Source;
use crate::serve::quotas;

/// A section that is handed over whole.
pub(crate) struct Section {
    /// The table's name.
    pub(crate) name: &'static str,
    /// What is wrong with it, with the key it is wrong at.
    pub(crate) check: fn(&toml::Value) -> Result<(), String>,
}

/// Every section that is handed over whole.
pub(crate) const SECTIONS: &[Section] = &[
    Section { name: "namespaces", check: |value| quotas::read(value).map(drop) },
    #[cfg(test)]
    Section {
        name: "fixture",
        check: |value| value.get("good").map(drop).ok_or_else(|| "fixture is not good".to_owned()),
    },
];

#[cfg(test)]
mod tests;
