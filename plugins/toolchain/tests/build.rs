//! The whole way from a folder to a component, with the real cargo.
#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

use std::path::{Path, PathBuf};

use rebound_toolchain::{BuildError, Built, Options, build, build_all};

/// Components go to `out_dir`, what cargo makes on the way to `target_dir`.
fn options(out_dir: &Path, target_dir: &Path) -> Options {
    let cargo_args =
        vec!["--quiet".to_string(), "--target-dir".to_string(), target_dir.display().to_string()];
    Options { cargo_args, out_dir: Some(out_dir.to_path_buf()) }
}

/// Where the strategies' dependencies are compiled already, as a rule.
fn shared_target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("cargo keeps tmp in its target folder")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[track_caller]
fn check(built: &Built, name: &str, imports: &[&str], stage: &str) {
    let of = |names: &[&str]| {
        names.iter().map(|name| format!("rebound:strategy/{name}@0.1.0")).collect::<Vec<_>>()
    };
    let mut exports = built.exports.clone();
    exports.sort();
    assert_eq!((built.name.as_str(), &built.imports), (name, &of(imports)));
    assert_eq!(exports, of(&["metadata", stage]));
    assert_eq!(std::fs::read(&built.path).unwrap(), built.bytes);
    // Without optimisation or with its debug sections it is several times larger.
    assert!(built.bytes.len() < 256 * 1024, "{} bytes", built.bytes.len());
}

#[test]
fn crates_of_several_workspaces_become_components_in_the_order_asked() {
    let out = tempfile::tempdir().unwrap();
    let dirs = ["plugins/share", "examples/plugins/first-rust", "plugins/progress"]
        .map(|dir| repository().join(dir));
    let built = build_all(&dirs, &options(out.path(), shared_target())).unwrap();
    let [share, first, progress] = built.as_slice() else { panic!("{} components", built.len()) };
    check(share, "rebound-share", &["types", "catalog", "log"], "sharing");
    check(first, "first-rust", &["types", "catalog", "log"], "recommendation");
    check(progress, "rebound-progress", &["types", "log"], "progress");
    assert_eq!(first.path, out.path().join("first-rust.wasm"));
}

/// A package that knows nothing of strategies.
fn stranger(library: &str, code: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[package]\nname = \"stranger\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{library}\n[workspace]\n"
    );
    std::fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::create_dir(dir.path().join("src")).unwrap();
    std::fs::write(dir.path().join("src/lib.rs"), code).unwrap();
    dir
}

#[test]
fn an_import_from_elsewhere_is_refused_by_name_whatever_kind_of_library_it_is() {
    let code = r#"
        #[link(wasm_import_module = "env")]
        unsafe extern "C" { safe fn now() -> u64; }
        #[unsafe(no_mangle)]
        pub extern "C" fn tell() -> u64 { now() }
    "#;
    for library in ["", "[lib]\ncrate-type = [\"cdylib\"]\n", "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n"]
    {
        let (dir, out) = (stranger(library, code), tempfile::tempdir().unwrap());
        let error = build(dir.path(), &options(out.path(), &dir.path().join("target"))).unwrap_err();
        assert!(matches!(&error, BuildError::Imports { imports, .. } if imports == &["env::now"]), "{error}");
        assert!(!out.path().join("stranger.wasm").exists());
    }
}

#[test]
fn code_that_does_not_compile_is_cargos_to_explain() {
    let (dir, out) = (stranger("", "fn broken("), tempfile::tempdir().unwrap());
    let error = build(dir.path(), &options(out.path(), &dir.path().join("target"))).unwrap_err();
    assert!(matches!(&error, BuildError::Failed { program, .. } if program == "cargo rustc"), "{error}");
}
