//! Who says what a value is.

use std::fmt;
use std::path::PathBuf;

/// Who says what a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nobody: it is what it is when nothing is said.
    Default,
    /// A file, at a line and a column counted from 1.
    File { path: PathBuf, line: usize, column: usize },
    /// A variable of the environment.
    Env(String),
    /// An argument.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Source::Env(name) => write!(f, "env {name}"),
            Source::Flag(name) => f.write_str(name),
        }
    }
}
