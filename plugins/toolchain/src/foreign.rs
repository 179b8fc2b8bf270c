//! Strategies in other languages: their own tools, pinned, installed into a folder of the caller's, and the same
//! checks as for Rust. The READMEs of `examples/plugins/python` and `javascript` give the same steps by hand.
//!
//! Both need the network the first time. Where python3 or node is not installed the error is
//! [`BuildError::Missing`], so that a test can skip, loudly.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::write;
use crate::{BuildError, Built};

/// The release of componentize-py (PyPI) that is used.
pub const COMPONENTIZE_PY: &str = "0.25.1";
/// The release of componentize-qjs (npm) that is used.
pub const COMPONENTIZE_QJS: &str = "0.4.5";

const NO_PYTHON: &str = "install Python 3.10 or later with its venv module (Debian: python3-venv)";
const NO_NODE: &str = "install Node.js 20 or later with npm";

/// A strategy in one source file.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file; its stem names the component.
    pub file: &'a Path,
    /// The folder of the contract: `wit/0.1.0`.
    pub wit: &'a Path,
    /// The world it implements: `recommender`, `segmenter`...
    pub world: &'a str,
}

/// Builds a Python strategy with componentize-py to `<folder>/<stem>.wasm`.
///
/// Its tools go to `folder` too and are used again by the next call; one call at a time may use a folder.
///
/// # Errors
/// `Missing` where there is no python3, else what went wrong.
pub fn python(source: &Source<'_>, folder: &Path) -> Result<Built, BuildError> {
    let programs = pypi("componentize-py", COMPONENTIZE_PY, folder)?;
    let name = stem(source.file);
    // Its own copy: Python leaves compiled files beside the source.
    let module = folder.join("source").join(format!("{name}.py"));
    write(&module, &crate::error::read(source.file)?)?;
    component(name, folder, |output| {
        let mut command = Command::new(programs.join("componentize-py"));
        command.arg("--wit-path").arg(source.wit).args(["--world", source.world]);
        command.args(["componentize", "--stub-wasi", "--python-path"]).arg(folder.join("source"));
        command.arg(name).arg("--output").arg(output);
        run("componentize-py", NO_PYTHON, &mut command)
    })
}

/// Builds a JavaScript strategy with componentize-qjs to `<folder>/<stem>.wasm`.
///
/// Its tools go to `folder` too and are used again by the next call; one call at a time may use a folder.
///
/// # Errors
/// `Missing` where there is no node or npm, else what went wrong.
pub fn javascript(source: &Source<'_>, folder: &Path) -> Result<Built, BuildError> {
    let tools = npm("componentize-qjs", COMPONENTIZE_QJS, folder)?;
    component(stem(source.file), folder, |output| {
        let mut command = Command::new("node");
        command.arg(tools.join("node_modules/componentize-qjs/cli.mjs"));
        command.arg("--wit").arg(source.wit).args(["--world", source.world]);
        command.arg("--js").arg(source.file).args(["--sync", "--stub-wasi", "--output"]).arg(output);
        run("componentize-qjs", NO_NODE, &mut command)
    })
}

/// Installs one release of a package of PyPI into `folder`, unless it is there, and returns the folder of its programs,
/// `python` among them. One call at a time may install a package into a folder.
///
/// # Errors
/// `Missing` where there is no python3, else what went wrong.
pub fn pypi(package: &str, version: &str, folder: &Path) -> Result<PathBuf, BuildError> {
    let venv = folder.join(format!("{package}-{version}"));
    install(&venv, || {
        run("python3", NO_PYTHON, Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let wanted = format!("{package}=={version}");
        let pip = venv.join("bin/python");
        run("pip", NO_PYTHON, Command::new(pip).args(["-m", "pip", "install", "--quiet", &wanted]))
    })?;
    Ok(venv.join("bin"))
}

/// Installs one release of a package of npm into `folder`, unless it is there, and returns the folder that holds its
/// `node_modules`. One call at a time may install a package into a folder.
///
/// # Errors
/// `Missing` where there is no node or npm, else what went wrong.
pub fn npm(package: &str, version: &str, folder: &Path) -> Result<PathBuf, BuildError> {
    run("node", NO_NODE, Command::new("node").arg("--version"))?;
    let tools = folder.join(format!("{package}-{version}"));
    install(&tools, || {
        let wanted = format!("{package}@{version}");
        let mut command = Command::new("npm");
        command.args(["install", "--no-save", "--no-fund", "--no-audit", "--loglevel=error", "--prefix"]);
        run("npm", NO_NODE, command.arg(&tools).arg(wanted))
    })?;
    Ok(tools)
}

fn stem(file: &Path) -> &str {
    file.file_stem().and_then(OsStr::to_str).unwrap_or("strategy")
}

/// Installs tools into a folder unless they are there in full. A folder that was left half-done is made anew.
fn install(tools: &Path, install: impl FnOnce() -> Result<(), BuildError>) -> Result<(), BuildError> {
    let mark = tools.join("installed");
    if mark.exists() {
        return Ok(());
    }
    let unwritable = |source| BuildError::Write { path: tools.to_path_buf(), source };
    if tools.exists() {
        std::fs::remove_dir_all(tools).map_err(unwritable)?;
    }
    std::fs::create_dir_all(tools).map_err(unwritable)?;
    install()?;
    write(&mark, b"")
}

/// Has a component made beside its place, then checks it and puts it there.
fn component(
    name: &str,
    folder: &Path,
    make: impl FnOnce(&PathBuf) -> Result<(), BuildError>,
) -> Result<Built, BuildError> {
    let made = folder.join(format!("{name}.unchecked.wasm"));
    make(&made)?;
    let built = Built::write(name, crate::error::read(&made)?, folder)?;
    std::fs::remove_file(&made).map_err(|source| BuildError::Write { path: made, source })?;
    Ok(built)
}

/// Runs a program to its end, its messages on standard error.
fn run(program: &str, remedy: &'static str, command: &mut Command) -> Result<(), BuildError> {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|source| BuildError::starting(program, source, remedy))?;
    if status.success() {
        return Ok(());
    }
    let dir = std::env::current_dir().unwrap_or_default();
    Err(BuildError::Failed { program: program.to_string(), dir, status })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::tests::strategy_component;

    #[test]
    fn a_program_that_is_not_installed_is_an_error_a_test_can_skip_on() {
        let error = run("python3", NO_PYTHON, &mut Command::new("/nowhere/python3")).unwrap_err();
        assert!(matches!(&error, BuildError::Missing { program, .. } if program == "python3"), "{error}");
        assert!(error.to_string().contains("install Python"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_fails_is_named_with_its_status() {
        let error = run("npm", NO_NODE, &mut Command::new("false")).unwrap_err();
        assert!(error.to_string().starts_with("npm ended with exit status: 1"), "{error}");
    }

    #[test]
    fn tools_are_installed_once_and_again_after_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let tools = folder.path().join("tools");
        let mut installed = 0;
        let failure = || BuildError::NoLibrary { name: "tool".to_string() };
        install(&tools, || Err(failure())).unwrap_err();
        std::fs::write(tools.join("half"), "").unwrap();
        for _ in 0..2 {
            install(&tools, || {
                installed += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!((installed, tools.join("half").exists()), (1, false));
    }

    #[test]
    fn a_component_takes_its_place_only_after_the_checks() {
        let folder = tempfile::tempdir().unwrap();
        let make = |bytes: Vec<u8>| component("it", folder.path(), move |output| write(output, &bytes));
        make(b"no component".to_vec()).unwrap_err();
        assert!(!folder.path().join("it.wasm").exists());
        let built = make(strategy_component()).unwrap();
        assert_eq!(built.bytes, std::fs::read(folder.path().join("it.wasm")).unwrap());
        assert!(!folder.path().join("it.unchecked.wasm").exists());
    }
}
