//! Turns a strategy into a component: what `rebound build` and `cargo xtask` share.
//!
//! [`build`] takes the folder of a Rust crate, [`build_all`] several at once, and [`foreign`] the sources of a
//! strategy in Python or JavaScript. Each ends in [`component`], which refuses any import that is not the
//! contract's and writes the crate's description into the component's standard metadata sections.
//!
//! Left out on purpose: publishing, running, and any limit of the host's (a host checks for itself).

mod cargo;
pub mod component;
mod error;
pub mod foreign;
mod target;

use std::path::{Path, PathBuf};

pub use crate::cargo::Options;
pub use crate::error::BuildError;

/// A component on disk, and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The package's name.
    pub name: String,
    /// Where the component was written.
    pub path: PathBuf,
    /// The component.
    pub bytes: Vec<u8>,
    /// Interfaces it imports, in order: `rebound:strategy/catalog@0.1.0`.
    pub imports: Vec<String>,
    /// Interfaces it exports, in order.
    pub exports: Vec<String>,
}

/// Builds the strategy crate in `dir` to `target/rebound/<package>.wasm`.
///
/// Adds the wasm target when it is missing. Compiler messages go to standard error. Blocks until done.
///
/// # Errors
/// [`BuildError`] says what to do.
pub fn build(dir: &Path, options: &Options) -> Result<Built, BuildError> {
    let mut built = build_all(&[dir.to_path_buf()], options)?;
    Ok(built.pop().expect("build_all answers with one component per folder"))
}

/// Builds several strategy crates, one component per folder and in the same order. Crates of one workspace
/// whose library is a `cdylib` alone share one run of cargo.
///
/// # Errors
/// The first [`BuildError`].
pub fn build_all(dirs: &[PathBuf], options: &Options) -> Result<Vec<Built>, BuildError> {
    let packages = dirs.iter().map(|dir| cargo::package(dir)).collect::<Result<Vec<_>, _>>()?;
    if let Some(first) = packages.first() {
        target::ensure(&first.dir)?;
    }
    let modules = cargo::modules(&packages, options)?;
    packages.iter().zip(modules).map(|(package, module)| finish(package, &module, options)).collect()
}

fn finish(package: &cargo::Package, module: &Path, options: &Options) -> Result<Built, BuildError> {
    let bytes = error::read(module)?;
    let bytes = component::from_module(&package.name, &bytes, &package.annotations)?;
    let folder = options.out_dir.clone().unwrap_or_else(|| package.target_dir.join("rebound"));
    Built::write(&package.name, bytes, &folder)
}

impl Built {
    /// Checks a component's interfaces and writes it to `<folder>/<name>.wasm`.
    fn write(name: &str, bytes: Vec<u8>, folder: &Path) -> Result<Built, BuildError> {
        let interfaces = component::inspect(name, &bytes)?;
        let path = folder.join(format!("{name}.wasm"));
        error::write(&path, &bytes)?;
        let component::Interfaces { imports, exports } = interfaces;
        Ok(Built { name: name.to_string(), path, bytes, imports, exports })
    }
}
