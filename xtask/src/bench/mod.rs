//! `cargo xtask bench`: measures, prints, and writes docs/performance.md.
//!
//! The measuring itself is in the benches of the crates; this runs them in one build and puts their figures beside
//! the aims.

mod figures;
mod imports;
mod machine;
mod page;
mod rivals;

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{self, Profile, cargo, shown, step};
use figures::{Calls, Load};
use page::Page;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Which benches; all when left out.
    #[arg(value_enum)]
    benches: Vec<Bench>,
    /// Other hosts of the same recommendation, and the whole platform beside an echo; their section alone is written
    /// again.
    #[arg(long, conflicts_with = "benches")]
    rivals: bool,
    /// A shop's past through `rebound import`, this many orders; the section of a million is written again.
    #[arg(
        long,
        value_name = "ORDERS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = IMPORTED,
        conflicts_with_all = ["benches", "rivals"],
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    imports: Option<u64>,
    /// The service to measure, where it is built already.
    #[arg(long, value_name = "FILE", requires = "imports")]
    binary: Option<PathBuf>,
}

/// Orders of the section in docs/performance.md.
const IMPORTED: &str = "1000000";

const EXAMPLES: &str = "\
Examples:
  cargo xtask bench          all of them, and docs/performance.md is written again
  cargo xtask bench http     decisions a second over HTTP, printed only
  cargo xtask bench --rivals Extism, wasmtime serve, Node and native Rust beside the sandbox
  cargo xtask bench --imports          a million orders from a CSV into a fresh service
  cargo xtask bench --imports=50000    fewer, printed only";

/// A bench of the workspace.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Bench {
    /// One sandboxed call, fresh, reused and native, and a start from the cache.
    Sandbox,
    /// Decisions a second over HTTP beside an echo, and in process.
    Http,
    /// Durable commits and reads.
    Storage,
    /// Searches and learning of the catalogue.
    Catalog,
    /// How the catalogue's searches, upserts and memory grow up to a million products. Takes minutes.
    Curves,
    /// What stopping hostile strategies takes, and what a neighbour notices.
    Hostile,
    /// Memory and files of published versions that nobody calls.
    Versions,
}

impl Bench {
    const ALL: [Self; 7] = [
        Self::Sandbox,
        Self::Http,
        Self::Storage,
        Self::Catalog,
        Self::Curves,
        Self::Hostile,
        Self::Versions,
    ];

    /// The bench's name for cargo.
    fn target(self) -> &'static str {
        match self {
            Self::Sandbox => "call",
            Self::Http => "http",
            Self::Storage => "storage",
            Self::Catalog => "catalogue",
            Self::Curves => "curves",
            Self::Hostile => "hostile",
            Self::Versions => "versions",
        }
    }
}

/// Products in the catalogue.
const CURVES: [&str; 4] = ["1000", "10000", "100000", "1000000"];

/// One feature set for every build here, so that wasmtime is optimised once.
const SELECTION: [&str; 4] = ["--locked", "--workspace", "--features", "rebound-sandbox/reuse"];

pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(orders) = options.imports {
        return imports(orders, options.binary.clone());
    }
    let chosen = if options.benches.is_empty() { &Bench::ALL[..] } else { &options.benches };
    let built = step("building the strategies", workspace::build_plugins)?;
    let components = built[0].path.parent().context("a component lies in a folder")?;
    let binary = step("building the service with optimisations", || {
        workspace::build_host(Profile::Release, &SELECTION)
    })?;
    if options.rivals {
        return rivals(&binary, components);
    }
    let mut page = Page::new();
    for &bench in chosen {
        let output = step(&format!("measuring: {}", bench.target()), || {
            let arguments = match bench {
                Bench::Sandbox => vec!["--json".into()],
                Bench::Http => http(&binary, components),
                Bench::Curves => CURVES.map(Into::into).to_vec(),
                Bench::Storage | Bench::Catalog | Bench::Hostile | Bench::Versions => Vec::new(),
            };
            measure(bench, &arguments)
        })?;
        match bench {
            Bench::Sandbox => page.calls(&Calls::read(&output)?),
            Bench::Http => page.load(&Load::read(&output)?),
            Bench::Storage => page.text("Storage: durable commits and reads", &output),
            Bench::Catalog => page.text("Catalogue: searches and learning", &output),
            Bench::Curves => page.curves(&output),
            Bench::Hostile => page.hostile(&output),
            Bench::Versions => page.versions(&output),
        }
    }
    let page = page.finish();
    println!("{page}");
    if chosen.len() < Bench::ALL.len() {
        eprintln!("docs/performance.md is left as it is: only a run of all benches writes it");
        return Ok(());
    }
    let path = workspace::root().join("docs/performance.md");
    std::fs::write(&path, page).with_context(|| format!("{} cannot be written", path.display()))
}

/// Measures the rivals, and right after them the platform, whose decisions are no rival of a single call.
fn rivals(binary: &std::path::Path, components: &std::path::Path) -> Result<()> {
    let table = rivals::measure(components)?;
    let output = step("measuring: http", || measure(Bench::Http, &http(binary, components)))?;
    write_section(page::RIVALS, &page::rivals(&table, &Load::read(&output)?))
}

/// Measures imports. What strategies need is not built: none runs.
fn imports(orders: u64, binary: Option<PathBuf>) -> Result<()> {
    let binary = match binary {
        Some(binary) => binary,
        None => step("building the service with optimisations", || {
            workspace::build_host(Profile::Release, &SELECTION)
        })?,
    };
    let section = page::imports(&imports::measure(&binary, orders)?);
    if orders.to_string() == IMPORTED {
        return write_section(page::IMPORTS, &section);
    }
    println!("{section}");
    eprintln!("docs/performance.md is left as it is: only a run of {IMPORTED} orders writes it");
    Ok(())
}

/// Prints a section, and writes it into docs/performance.md in place of its older self.
fn write_section(title: &str, section: &str) -> Result<()> {
    println!("{section}");
    let path = workspace::root().join("docs/performance.md");
    let page =
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    std::fs::write(&path, page::replaced(&page, title, section))
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn http(binary: &std::path::Path, components: &std::path::Path) -> Vec<std::ffi::OsString> {
    vec!["--json".into(), "--binary".into(), binary.into(), "--components".into(), components.into()]
}

/// What a bench prints.
fn measure(bench: Bench, arguments: &[std::ffi::OsString]) -> Result<String> {
    let mut command = cargo(&["bench"]);
    command.args(SELECTION).args(["--bench", bench.target(), "--"]).args(arguments);
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{} ended with {}", shown(&command), output.status);
    String::from_utf8(output.stdout).context("a bench prints text")
}
