//! What cargo knows of a package, and the wasm module it makes of it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::BuildError;
use crate::component::Annotations;
use crate::target::TARGET;

/// How to build.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// More arguments for `cargo build`: `--locked`, `--offline`, `--quiet`...
    pub cargo_args: Vec<String>,
    /// Where components go; none = `rebound` in the target folder.
    pub out_dir: Option<PathBuf>,
}

/// The profile for guests, in full: a workspace may declare it, a stranger's crate does not.
/// Dependencies are built for size: what is hot is generated into the strategy's own crate.
const PROFILE: [&str; 8] = [
    "profile.guest.inherits='release'",
    "profile.guest.opt-level=3",
    "profile.guest.lto='fat'",
    "profile.guest.codegen-units=1",
    "profile.guest.panic='abort'",
    "profile.guest.strip=true",
    "profile.guest.debug=false",
    "profile.guest.package.'*'.opt-level='s'",
];

/// A fresh instance is made for every call, and its stack is memory to be made and cleaned: 64 KiB is
/// plenty for a pure function, and a quarter faster than the linker's 1 MiB.
const LINK_ARG: &str = "link-arg=-zstack-size=65536";

const NO_CARGO: &str = "install Rust from https://rustup.rs";

/// A strategy's package, as `cargo metadata` describes it.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) dir: PathBuf,
    pub(crate) name: String,
    pub(crate) annotations: Annotations,
    pub(crate) target_dir: PathBuf,
    workspace: PathBuf,
    manifest: PathBuf,
    /// Whether `cargo build` makes the module and nothing else. Beside an rlib, cargo would leave out
    /// link-time optimisation.
    is_cdylib_only: bool,
}

/// Describes the package in `dir`.
pub(crate) fn package(dir: &Path) -> Result<Package, BuildError> {
    let no_package = || BuildError::NoPackage { dir: dir.to_path_buf() };
    let manifest = dir.join("Cargo.toml").canonicalize().map_err(|_| no_package())?;
    let mut command = cargo(dir);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Metadata = match answer(&mut command, "cargo metadata", dir)?.as_slice() {
        [] => return Err(no_package()),
        [line, ..] => parse(line, "cargo metadata")?,
    };
    let found = metadata.packages.into_iter().find(|package| package.manifest_path == manifest);
    let described = found.ok_or_else(no_package)?;
    let library = described.targets.iter().find(|target| target.is_library());
    let library = library.ok_or_else(|| BuildError::NoLibrary { name: described.name.clone() })?;
    Ok(Package {
        dir: dir.to_path_buf(),
        is_cdylib_only: library.crate_types == ["cdylib"],
        name: described.name,
        annotations: described.annotations,
        target_dir: metadata.target_directory,
        workspace: metadata.workspace_root,
        manifest,
    })
}

/// Builds the packages' wasm modules, in their order.
pub(crate) fn modules(packages: &[Package], options: &Options) -> Result<Vec<PathBuf>, BuildError> {
    let mut together: BTreeMap<&Path, Vec<&Package>> = BTreeMap::new();
    let mut built = HashMap::new();
    for package in packages {
        if package.is_cdylib_only {
            together.entry(&package.workspace).or_default().push(package);
        } else {
            built.extend(run(&["rustc", "--crate-type", "cdylib"], &[package], options)?);
        }
    }
    for members in together.values() {
        built.extend(run(&["build"], members, options)?);
    }
    let module = |package: &Package| {
        let module = built.get(&package.manifest).cloned();
        module.ok_or_else(|| BuildError::NoModule { name: package.name.clone() })
    };
    packages.iter().map(module).collect()
}

/// Runs cargo on packages of one workspace. Answers with the module of each manifest.
fn run(
    verb: &[&str],
    packages: &[&Package],
    options: &Options,
) -> Result<HashMap<PathBuf, PathBuf>, BuildError> {
    let dir = packages[0].dir.as_path();
    let mut command = cargo(dir);
    command.args(verb).args(["--lib", "--profile", "guest", "--target", TARGET]);
    command.arg("--message-format=json-render-diagnostics");
    command.args(packages.iter().flat_map(|package| ["--package", &package.name]));
    command.args(PROFILE.iter().flat_map(|setting| ["--config", setting]));
    command.args(&options.cargo_args);
    match link_arg(|name| std::env::var_os(name)) {
        Flags::Config(setting) => command.args(["--config", &setting]),
        Flags::Environment(name, value) => command.env(name, value),
    };
    let program = format!("cargo {}", verb[0]);
    let mut modules = HashMap::new();
    for line in answer(&mut command, &program, dir)? {
        let message: Message = parse(&line, &program)?;
        if let Message::CompilerArtifact { manifest_path, filenames } = message {
            let module = filenames.into_iter().find(|name| name.extension().is_some_and(|e| e == "wasm"));
            modules.extend(module.map(|module| (manifest_path, module)));
        }
    }
    Ok(modules)
}

/// How the linker's argument reaches rustc beside the user's own flags.
#[derive(Debug, PartialEq)]
enum Flags {
    /// cargo joins it to the target's flags of the user's configuration files.
    Config(String),
    /// Flags of the environment hide those of configuration files, so it must be added there.
    Environment(&'static str, OsString),
}

fn link_arg(variable: impl Fn(&str) -> Option<OsString>) -> Flags {
    let joined = |name, mut flags: OsString, separator: &str| {
        if !flags.is_empty() {
            flags.push(separator);
        }
        flags.push(format!("-C{separator}{LINK_ARG}"));
        Flags::Environment(name, flags)
    };
    if let Some(flags) = variable("CARGO_ENCODED_RUSTFLAGS") {
        return joined("CARGO_ENCODED_RUSTFLAGS", flags, "\u{1f}");
    }
    if let Some(flags) = variable("RUSTFLAGS") {
        return joined("RUSTFLAGS", flags, " ");
    }
    Flags::Config(format!("target.{TARGET}.rustflags=['-C', '{LINK_ARG}']"))
}

fn cargo(dir: &Path) -> Command {
    // Set when cargo itself runs us, as `cargo xtask` does: then the same toolchain builds the guests.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(dir).stdin(Stdio::null()).stderr(Stdio::inherit());
    command
}

/// The lines of a program's standard output.
fn answer(command: &mut Command, program: &str, dir: &Path) -> Result<Vec<String>, BuildError> {
    let output = command.output().map_err(|source| BuildError::starting("cargo", source, NO_CARGO))?;
    if !output.status.success() {
        let (program, dir) = (program.to_string(), dir.to_path_buf());
        return Err(BuildError::Failed { program, dir, status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect())
}

fn parse<T: DeserializeOwned>(line: &str, program: &str) -> Result<T, BuildError> {
    serde_json::from_str(line).map_err(|source| BuildError::Answer { program: program.to_string(), source })
}

/// What is read of `cargo metadata --format-version 1`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Described>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Described {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    #[serde(flatten)]
    annotations: Annotations,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

impl Target {
    fn is_library(&self) -> bool {
        self.crate_types.iter().any(|kind| ["lib", "rlib", "cdylib"].contains(&kind.as_str()))
    }
}

/// What is read of cargo's build messages.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        manifest_path: PathBuf,
        filenames: Vec<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(set: &[(&str, &str)], want: Flags) {
        let variable = |name: &str| Some(OsString::from(set.iter().find(|(key, _)| *key == name)?.1));
        assert_eq!(link_arg(variable), want);
    }

    #[test]
    fn the_stack_is_set_beside_the_users_own_flags() {
        let config = "target.wasm32-unknown-unknown.rustflags=['-C', 'link-arg=-zstack-size=65536']";
        let ours = "link-arg=-zstack-size=65536";
        let environment = |name, value: String| Flags::Environment(name, value.into());
        check(&[], Flags::Config(config.to_string()));
        check(&[("RUSTFLAGS", "-D warnings")], environment("RUSTFLAGS", format!("-D warnings -C {ours}")));
        check(&[("RUSTFLAGS", "")], environment("RUSTFLAGS", format!("-C {ours}")));
        check(
            &[("CARGO_ENCODED_RUSTFLAGS", "-D\u{1f}warnings"), ("RUSTFLAGS", "unused")],
            environment("CARGO_ENCODED_RUSTFLAGS", format!("-D\u{1f}warnings\u{1f}-C\u{1f}{ours}")),
        );
    }

    #[test]
    fn a_folder_without_a_package_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = package(dir.path()).unwrap_err();
        assert!(matches!(&error, BuildError::NoPackage { dir: named } if named == dir.path()), "{error}");
    }
}
