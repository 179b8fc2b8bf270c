//! What every test here needs: the real binary, the shipped strategies, and a way to say that something was left
//! out.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rebound_toolchain::{Built, Options, build_all};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The binary that was built with these tests.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let binary = profile.join("rebound");
    assert!(
        binary.exists(),
        "{} is missing; run `cargo build --workspace`, or `cargo xtask test`",
        binary.display()
    );
    binary
}

/// The folder that holds the shipped strategies as components, built once per run.
pub(crate) fn components() -> PathBuf {
    static BUILT: OnceLock<Vec<Built>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let names = ["segments", "upgrade", "affinity", "coupons", "share", "progress"];
        let dirs: Vec<PathBuf> = names.iter().map(|name| root().join("plugins").join(name)).collect();
        build_all(&dirs, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
    });
    let folder = built[0].path.parent().expect("a component lies in a folder");
    folder.to_path_buf()
}

/// Says loudly that a test could not run here. `cargo xtask test` collects it, and is red where nothing may be
/// left out.
pub(crate) fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
    let Some(path) = std::env::var_os("REBOUND_SKIPS") else { return };
    let file = std::fs::OpenOptions::new().append(true).open(path);
    let mut file = file.expect("REBOUND_SKIPS names a file that can be written");
    writeln!(file, "{why}").expect("the file of skips can be written");
}
