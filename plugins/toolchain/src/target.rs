//! The wasm target of the Rust toolchain in use, added when it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::BuildError;

/// The target strategies are built for: it has no operating system, so nothing of WASI can creep in.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const NO_RUSTC: &str = "install Rust from https://rustup.rs";
const NO_RUSTUP: &str = "the target wasm32-unknown-unknown is missing, and rustup adds it: install rustup from \
    https://rustup.rs, or your distribution's package of that target (Debian: libstd-rust-dev-wasm32)";

/// Makes sure that the toolchain which `dir` selects can build for [`TARGET`].
pub(crate) fn ensure(dir: &Path) -> Result<(), BuildError> {
    Tools { rustc: "rustc", rustup: "rustup" }.ensure(dir)
}

struct Tools<'a> {
    rustc: &'a str,
    rustup: &'a str,
}

impl Tools<'_> {
    fn ensure(&self, dir: &Path) -> Result<(), BuildError> {
        if self.has_target(dir)? {
            return Ok(());
        }
        let status = Command::new(self.rustup)
            .args(["target", "add", TARGET])
            .current_dir(dir)
            .status()
            .map_err(|source| BuildError::starting(self.rustup, source, NO_RUSTUP))?;
        if status.success() {
            return Ok(());
        }
        let program = format!("{} target add", self.rustup);
        Err(BuildError::Failed { program, dir: dir.to_path_buf(), status })
    }

    /// Asked of rustc and not of rustup, so that a distribution's toolchain serves too.
    fn has_target(&self, dir: &Path) -> Result<bool, BuildError> {
        let output = Command::new(self.rustc)
            .args(["--print", "target-libdir", "--target", TARGET])
            .current_dir(dir)
            .output()
            .map_err(|source| BuildError::starting(self.rustc, source, NO_RUSTC))?;
        let libdir = String::from_utf8_lossy(&output.stdout);
        Ok(output.status.success() && PathBuf::from(libdir.trim()).is_dir())
    }
}

#[cfg(test)]
#[cfg(unix)] // The programs it calls are shell scripts.
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A program that says `answer` and leaves a file named `called` beside itself.
    fn program(dir: &Path, name: &str, answer: &str) -> String {
        let path = dir.join(name);
        let script = format!("#!/bin/sh\necho \"$@\" > {}.called\necho {answer}\n", path.display());
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    #[test]
    fn a_missing_target_is_added_by_rustup() {
        let dir = tempfile::tempdir().unwrap();
        let rustc = program(dir.path(), "rustc", "/nowhere/lib");
        let rustup = program(dir.path(), "rustup", "");
        Tools { rustc: &rustc, rustup: &rustup }.ensure(dir.path()).unwrap();
        let called = std::fs::read_to_string(dir.path().join("rustup.called")).unwrap();
        assert_eq!(called.trim(), "target add wasm32-unknown-unknown");
    }

    #[test]
    fn a_target_that_is_there_needs_no_rustup() {
        let dir = tempfile::tempdir().unwrap();
        let rustc = program(dir.path(), "rustc", &dir.path().display().to_string());
        Tools { rustc: &rustc, rustup: "/nowhere/rustup" }.ensure(dir.path()).unwrap();
    }

    #[test]
    fn without_rustup_the_error_says_where_to_get_it() {
        let dir = tempfile::tempdir().unwrap();
        let rustc = program(dir.path(), "rustc", "/nowhere/lib");
        let error = Tools { rustc: &rustc, rustup: "/nowhere/rustup" }.ensure(dir.path()).unwrap_err();
        assert!(matches!(error, BuildError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("https://rustup.rs"), "{error}");
    }
}
