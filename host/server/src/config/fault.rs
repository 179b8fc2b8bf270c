//! What is wrong with a configuration: everything, not the first thing only.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::source::Source;
use crate::exit::Exit;

/// Something that does not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Who says it.
    pub(crate) source: Source,
    /// What is wrong, naming the key, and what to do.
    pub(crate) problem: String,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Some of it does not stand.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
}

impl ConfigError {
    /// Arguments, and files that they name, are usage; what a file or the environment says is configuration.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            ConfigError::Read { .. } => Exit::Usage,
            ConfigError::Faults(faults) => {
                match faults.iter().all(|it| matches!(it.source, Source::Flag(_) | Source::Default)) {
                    true => Exit::Usage,
                    false => Exit::Config,
                }
            }
        }
    }

    /// Every fault by itself.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            ConfigError::Read { .. } => json!([]),
            ConfigError::Faults(faults) => faults.iter().map(Fault::to_json).collect(),
        }
    }
}

impl Fault {
    pub(crate) fn to_json(&self) -> Value {
        json!({ "source": self.source.to_string(), "problem": self.problem })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Default => f.write_str(&self.problem),
            source => write!(f, "{source}: {}", self.problem),
        }
    }
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}
