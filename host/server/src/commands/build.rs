//! `rebound build`: a strategy crate becomes a component.

use std::path::PathBuf;

use clap::Args;
use rebound_toolchain::{Built, Options, build_all};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  rebound build
  rebound build plugins/upgrade plugins/affinity
  rebound build my-strategy --out dist --json
  rebound build my-strategy -- --locked";

/// Build strategy crates to components.
///
/// Runs cargo for wasm32-unknown-unknown (adding the target when it is missing), links a small stack and turns the
/// module into a component that imports nothing but the contract.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Build {
    /// Folders with a Cargo.toml.
    #[arg(value_name = "DIR", default_value = ".")]
    dirs: Vec<PathBuf>,
    /// Where components go; `rebound` in the target folder when left out.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// More arguments for cargo.
    #[arg(last = true, value_name = "CARGO-ARG")]
    cargo_args: Vec<String>,
}

impl Build {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        for built in build(&self.dirs, Options { cargo_args: self.cargo_args, out_dir: self.out })? {
            output.json(&to_json(&built))?;
            output.text(text(&built))?;
        }
        Ok(Exit::Done)
    }
}

/// Builds the crates in `dirs`.
pub(super) fn build(dirs: &[PathBuf], mut options: Options) -> Result<Vec<Built>, Failure> {
    if let Some(out) = &mut options.out_dir {
        // cargo runs elsewhere; the folder is meant from here.
        *out = std::path::absolute(&*out).map_err(|source| Failure::File {
            path: out.clone(),
            verb: "written",
            source,
        })?;
    }
    Ok(build_all(dirs, &options)?)
}

fn to_json(built: &Built) -> Value {
    let Built { name, path, bytes, imports, exports } = built;
    json!({ "name": name, "path": path, "size_bytes": bytes.len(), "imports": imports, "exports": exports })
}

fn text(built: &Built) -> String {
    let Built { name, path, bytes, imports, exports } = built;
    let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    format!(
        "{name}: {}, {} bytes\n  imports {}\n  exports {}",
        path.display(),
        bytes.len(),
        list(imports),
        list(exports)
    )
}
