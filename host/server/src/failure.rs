//! Why a command did not do what it was asked, and how that is told: a sentence for people, a code for programs.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use rebound_toolchain::BuildError;
use serde_json::{Value, json};

use crate::backup::BackupFault;
use crate::client::ClientError;
use crate::config::ConfigError;
use crate::exit::Exit;
use crate::serve::StartFault;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was asked cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// A file that the arguments name.
    #[error("{} cannot be {verb}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What was tried: read, written.
        verb: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file that the arguments name, on a disk without room.
    #[error("{} cannot be {verb} because its disk is full; make room and run the command again, or name a file on another disk", path.display())]
    NoRoom {
        /// Which.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
    },
    /// A strategy does not build.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The service did not do it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There is no backup, or it is not restored.
    #[error(transparent)]
    Backup(#[from] BackupFault),
    /// The service does not come up, or ended badly. Boxed: it carries whole chains of errors.
    #[error(transparent)]
    Start(Box<StartFault>),
    /// The configuration does not stand.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nobody takes the output.
    #[error("standard output cannot be written")]
    Output(#[source] io::Error),
}

impl From<StartFault> for Failure {
    fn from(fault: StartFault) -> Self {
        Self::Start(Box::new(fault))
    }
}

impl Failure {
    /// A file that cannot be made, read or written.
    pub(crate) fn file(path: &Path, verb: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoRoom { path, verb },
            _ => Self::File { path, verb, source },
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Usage(_) | Failure::File { .. } => Exit::Usage,
            Failure::NoRoom { .. } => Exit::Full,
            Failure::Build(_) | Failure::Output(_) => Exit::No,
            Failure::Client(error) => error.exit(),
            Failure::Backup(fault) => fault.exit(),
            Failure::Config(error) => error.exit(),
            Failure::Start(fault) => fault.exit(),
        }
    }

    /// As `--json` answers it.
    pub(crate) fn to_json(&self) -> Value {
        let error = match self {
            Failure::Client(error) => error.to_json(),
            Failure::Build(_) => json!({ "code": "build_failed", "detail": chain(self) }),
            Failure::Config(error) => json!({
                "code": error.exit().word(), "detail": chain(error), "faults": error.to_json()
            }),
            other => json!({ "code": other.exit().word(), "detail": chain(other) }),
        };
        json!({ "error": error })
    }
}

/// An error and everything behind it, as one sentence.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
