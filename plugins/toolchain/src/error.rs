//! Why a strategy did not become a component.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};

/// Why a strategy did not become a component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A program that the build needs is not on this machine. A test may skip on it, loudly.
    #[error("{program} was not found; {remedy}")]
    Missing {
        /// Its name, as it is called.
        program: String,
        /// How to get it.
        remedy: &'static str,
    },
    /// A program could not be started for another reason.
    #[error("{program} could not be started")]
    Start {
        /// Its name, as it is called.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program ended with a failure, told on standard error.
    #[error("{program} ended with {status} in {dir}; its messages say why")]
    Failed {
        /// The program and its verb.
        program: String,
        /// Where it ran.
        dir: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// cargo answered something else than its documented messages.
    #[error("the answer of {program} cannot be read")]
    Answer {
        /// The program and its verb.
        program: String,
        /// Where it stopped making sense.
        #[source]
        source: serde_json::Error,
    },
    /// The folder holds no package.
    #[error("{dir} holds no package; give the folder of a strategy's Cargo.toml")]
    NoPackage {
        /// The folder.
        dir: PathBuf,
    },
    /// The package has no library.
    #[error("package {name} has no library; a strategy is a library that calls rebound_sdk::export!")]
    NoLibrary {
        /// The package.
        name: String,
    },
    /// cargo succeeded and named no wasm module.
    #[error(
        "cargo built {name} without a wasm module; write crate-type = [\"cdylib\"] under [lib] in its Cargo.toml"
    )]
    NoModule {
        /// The package.
        name: String,
    },
    /// Imports outside the contract.
    #[error("{name} imports {}, which no strategy may: {remedy}", list(.imports))]
    Imports {
        /// The package.
        name: String,
        /// The imports, as the module or component names them.
        imports: Vec<String>,
        /// How to build without them.
        remedy: &'static str,
    },
    /// No stage, or no description.
    #[error(
        "{name} exports no {missing}; call rebound_sdk::export!(Strategy: <stage>) with the stages it implements"
    )]
    Exports {
        /// The package.
        name: String,
        /// `metadata` or `stage`.
        missing: &'static str,
    },
    /// Not a component, or none that the component model allows.
    #[error("{name} cannot become a component: {reason}")]
    Component {
        /// The package.
        name: String,
        /// The chain of reasons.
        reason: String,
    },
    /// A file could not be read.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error("{path} cannot be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl BuildError {
    /// What to say of a program that did not start.
    pub(crate) fn starting(program: &str, source: io::Error, remedy: &'static str) -> BuildError {
        let program = program.to_string();
        match source.kind() {
            io::ErrorKind::NotFound => BuildError::Missing { program, remedy },
            _ => BuildError::Start { program, source },
        }
    }
}

fn list(imports: &[String]) -> String {
    imports.join(", ")
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(path).map_err(|source| BuildError::Read { path: path.to_path_buf(), source })
}

/// Writes a file, and the folders above it when they are missing. Whoever reads it meanwhile sees the old
/// one or the new one, whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    /// Threads of one process may write the same file too.
    static PARTS: AtomicU32 = AtomicU32::new(0);
    let part = PARTS.fetch_add(1, Ordering::Relaxed);
    let part = path.with_extension(format!("part-{}-{part}", std::process::id()));
    let folders = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folders
        .and_then(|()| std::fs::write(&part, bytes))
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|source| BuildError::Write { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_write_one_file_leave_one_of_theirs_whole_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/it.wasm");
        std::thread::scope(|scope| {
            for byte in 0..8 {
                let path = &path;
                scope.spawn(move || (0..20).for_each(|_| write(path, &[byte; 4_096]).unwrap()));
            }
        });
        let bytes = read(&path).unwrap();
        assert!(bytes.len() == 4_096 && bytes.iter().all(|byte| *byte == bytes[0]), "{} bytes", bytes.len());
        assert_eq!(std::fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    }
}
