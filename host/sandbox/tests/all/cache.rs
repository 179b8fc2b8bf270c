//! Compiling, and what is kept of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rebound_domain::limits::Limits;
use rebound_domain::time::Duration;
use rebound_sandbox::{
    CacheOptions, Class, CompileError, Compiler, LoadError, Origin, Plugin, PublishError, Sandbox,
    SandboxOptions,
};

use sha2::Sha256;

use crate::fixture::{patient, sandbox_in};
use crate::guests::{act, hostile};
use crate::handwritten::{Parts, recommender};

fn small() -> Vec<u8> {
    recommender(Parts::default())
}

fn child() -> Compiler {
    Compiler::Child {
        program: env!("CARGO_BIN_EXE_rebound-compile").into(),
        arguments: Vec::new(),
        environment: Vec::new(),
    }
}

fn with_key(dir: &Path, key: u8) -> Sandbox {
    let cache = CacheOptions { dir: dir.to_owned(), key: [key; 32] };
    let compiler = Compiler::InProcess;
    Sandbox::start(SandboxOptions { limits: patient(), cache, compiler, concurrency: 1 }).unwrap()
}

fn reload(sandbox: &Sandbox, plugin: &Plugin) -> Plugin {
    let manifest = Arc::clone(plugin.manifest());
    sandbox.load(Class::Standard, plugin.digest(), &|| Ok(small()), manifest).unwrap()
}

fn only_file(dir: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_component_compiled_in_the_child_runs_and_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = sandbox_in(dir.path(), patient(), child());
    let (plugin, manifest) = sandbox.publish(Class::Standard, hostile()).unwrap();
    assert_eq!(plugin.origin(), Origin::Compiled);
    assert_eq!(manifest.plugin.to_string(), "tests/hostile@0.1.0");
    assert_eq!(act(&plugin, "serve").outcome.word(), "value");
    let never = || panic!("the bytes are not needed");
    let again = sandbox.load(Class::Standard, plugin.digest(), &never, Arc::new(manifest)).unwrap();
    assert_eq!(again.origin(), Origin::Cache);
    assert_eq!(act(&again, "serve").outcome, act(&plugin, "serve").outcome);
}

#[test]
fn the_cache_is_private_to_its_owner() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("a/b");
    fs::create_dir_all(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o755)).unwrap();
    let sandbox = sandbox_in(&cache, patient(), Compiler::InProcess);
    sandbox.publish(Class::Standard, &small()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&only_file(&cache)), 0o600);
}

#[test]
fn a_changed_file_is_compiled_again_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = with_key(dir.path(), 1);
    let (plugin, _) = sandbox.publish(Class::Standard, &small()).unwrap();
    let file = only_file(dir.path());
    let good = fs::read(&file).unwrap();
    let flipped = |offset: usize| {
        let mut bytes = good.clone();
        bytes[offset] ^= 1;
        bytes
    };
    let changes = [
        ("tag", flipped(0)),
        ("settings", flipped(32)),
        ("code", flipped(64)),
        ("last byte", flipped(good.len() - 1)),
        ("cut", good[..good.len() - 1].to_vec()),
        ("longer", [&good[..], b"x"].concat()),
        ("tag alone", good[..32].to_vec()),
        ("empty", Vec::new()),
    ];
    for (change, bytes) in changes {
        fs::write(&file, bytes).unwrap();
        assert_eq!(reload(&sandbox, &plugin).origin(), Origin::Tampered, "{change}");
        assert_eq!(reload(&sandbox, &plugin).origin(), Origin::Cache, "{change} was replaced");
    }
}

/// What this host had written, had it run another wasmtime or other settings when it did.
fn of_another_build(file: &[u8], plugin: &Plugin, key: u8) -> Vec<u8> {
    let (settings, artefact) = file[32..].split_at(32);
    let settings: Vec<u8> = settings.iter().map(|byte| !byte).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(&[key; 32]).unwrap();
    for part in [&b"rebound artefact 1\0"[..], plugin.digest().as_bytes(), &settings, artefact] {
        mac.update(part);
    }
    [&mac.finalize().into_bytes()[..], &settings, artefact].concat()
}

#[test]
fn a_file_of_another_wasmtime_is_compiled_again_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = with_key(dir.path(), 1);
    let (plugin, _) = sandbox.publish(Class::Standard, &small()).unwrap();
    let file = only_file(dir.path());
    fs::write(&file, of_another_build(&fs::read(&file).unwrap(), &plugin, 1)).unwrap();
    let again = reload(&sandbox, &plugin);
    assert_eq!(again.origin(), Origin::Stale);
    assert_eq!(act(&again, "").outcome.word(), "value");
    assert_eq!(reload(&sandbox, &plugin).origin(), Origin::Cache, "it was replaced");
}

#[test]
fn a_file_of_another_component_or_another_host_is_not_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = with_key(dir.path(), 1);
    let (plugin, _) = sandbox.publish(Class::Standard, &small()).unwrap();
    let first = only_file(dir.path());
    let other = recommender(Parts { describe: "nop", ..Parts::default() });
    let (other, _) = sandbox.publish(Class::Standard, &other).unwrap();
    assert_ne!(plugin.digest(), other.digest());
    let second =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| *path != first);
    fs::copy(second.unwrap(), &first).unwrap();
    assert_eq!(reload(&sandbox, &plugin).origin(), Origin::Tampered, "genuine, but of another component");
    assert_eq!(reload(&with_key(dir.path(), 2), &plugin).origin(), Origin::Tampered, "another host's key");
}

#[test]
fn a_missing_file_is_compiled_from_bytes_that_must_be_the_right_ones() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = with_key(dir.path(), 1);
    let (plugin, _) = sandbox.publish(Class::Standard, &small()).unwrap();
    let manifest = || Arc::clone(plugin.manifest());
    fs::remove_file(only_file(dir.path())).unwrap();
    let load =
        |bytes: Vec<u8>| sandbox.load(Class::Standard, plugin.digest(), &|| Ok(bytes.clone()), manifest());
    let wrong = load(hostile().to_vec());
    assert!(matches!(wrong, Err(LoadError::Digest { .. })), "{wrong:?}");
    let unread = sandbox.load(Class::Standard, plugin.digest(), &|| Err("no such blob".into()), manifest());
    assert!(matches!(unread, Err(LoadError::Read { .. })), "{unread:?}");
    assert_eq!(load(small()).unwrap().origin(), Origin::Compiled);
}

#[test]
fn the_child_is_held_to_its_memory_and_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let publish = |limits| sandbox_in(dir.path(), limits, child()).publish(Class::Standard, hostile());
    // Less than the child has taken when it limits itself: nothing is left to compile with.
    let error = publish(Limits { compile_memory_bytes: 1024 * 1024, ..patient() }).unwrap_err();
    assert!(matches!(error, PublishError::Compile(CompileError::Memory { .. })), "{error:?}");
    let error = publish(Limits { compile_time: Duration(0), ..patient() }).unwrap_err();
    assert!(matches!(error, PublishError::Compile(CompileError::Time { .. })), "{error:?}");
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none(), "nothing was kept");
}

/// Linux kills outright where the soft limit of CPU time is the hard one, which was told as a lack of memory.
#[test]
fn a_child_that_used_its_cpu_time_is_told_apart_from_one_without_memory() {
    let body = "local.get 0 i32.mul local.get 0 i32.add ".repeat(400);
    let module: String =
        (0..1_500).map(|_| format!("(func (param i32) (result i32) local.get 0 {body})")).collect();
    let slow = recommender(Parts { module: module.leak(), ..Parts::default() });
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { compile_time: Duration(1_000), ..patient() };
    let error = sandbox_in(dir.path(), limits, child()).publish(Class::Standard, &slow).unwrap_err();
    assert!(matches!(error, PublishError::Compile(CompileError::Time { .. })), "{error:?}");
}

#[test]
fn a_child_that_is_missing_or_fails_is_no_ones_component() {
    let dir = tempfile::tempdir().unwrap();
    let publish = |program: &str, arguments: &[&str]| {
        let arguments = arguments.iter().map(Into::into).collect();
        let compiler = Compiler::Child { program: program.into(), arguments, environment: Vec::new() };
        sandbox_in(dir.path(), patient(), compiler).publish(Class::Standard, &small()).unwrap_err()
    };
    let error = publish("/nowhere/rebound", &[]);
    assert!(matches!(error, PublishError::Compile(CompileError::Child { .. })), "{error:?}");
    // It ends at once, without reading: the pipe breaks while the component is handed over.
    let error = publish("/bin/false", &[]);
    assert!(matches!(error, PublishError::Compile(CompileError::Child { .. })), "{error:?}");
    // It answers, and not with what a compiler of this build says first.
    let error = publish("/bin/sh", &["-c", "cat"]);
    assert!(matches!(error, PublishError::Compile(CompileError::Child { .. })), "{error:?}");
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none(), "nothing was kept");
}

#[test]
fn what_becomes_too_large_is_not_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { artefact_bytes: 1_000, ..patient() };
    let error = sandbox_in(dir.path(), limits, child()).publish(Class::Standard, &small()).unwrap_err();
    let PublishError::Compile(CompileError::Artefact { artefact_bytes_max: 1_000 }) = error else {
        panic!("{error:?}")
    };
}

#[test]
fn a_draft_that_a_crash_left_is_removed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = with_key(dir.path(), 1);
    let (plugin, _) = sandbox.publish(Class::Standard, &small()).unwrap();
    fs::write(dir.path().join(".draft-1-0"), b"half").unwrap();
    let sandbox = with_key(dir.path(), 1);
    only_file(dir.path());
    assert_eq!(reload(&sandbox, &plugin).origin(), Origin::Cache);
}
