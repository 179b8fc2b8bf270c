//! What published versions take while nobody calls them: resident memory, memory maps and open files with 0, 100,
//! 1,000 and, when asked for, 10,000 of them loaded. Prints a table.
//!
//!     cargo bench --locked --workspace --bench versions [-- 10000]
//!
//! Compiling ten thousand components would take a quarter of an hour and show nothing: the component is compiled
//! once, and each version loads the same machine code under a digest of its own, as a start from the cache does.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rebound_domain::ids::Digest;
use rebound_sandbox::{Class, Compiler, Origin, Plugin, Sandbox};
use sha2::Sha256;

use fixture::{catalog, context, patient, sandbox_in, situation, unknown};

#[path = "../../tests/all/fixture.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod fixture;

const STEPS: [usize; 4] = [0, 100, 1_000, 10_000];
const COUNT_DEFAULT: usize = 1_000;
/// Of the version that was loaded last; the median is told.
const CALLS: usize = 41;

fn main() {
    let count_max = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(COUNT_DEFAULT);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built =
        rebound_toolchain::build(&root.join("plugins/affinity"), &rebound_toolchain::Options::default())
            .unwrap();
    let cache = tempfile::tempdir().unwrap();
    let sandbox = sandbox_in(cache.path(), patient(), Compiler::InProcess);
    let (original, _) = sandbox.publish(Class::Standard, &built.bytes).unwrap();
    let kept = fs::read(path(cache.path(), original.digest())).unwrap();
    print_head(built.bytes.len(), kept.len());
    let mut versions = Vec::new();
    for step in STEPS.into_iter().take_while(|step| *step <= count_max) {
        let start = Instant::now();
        let missing = step - versions.len();
        for _ in 0..missing {
            versions.push(load(&sandbox, &original, cache.path(), &kept, versions.len()));
        }
        let load_time = start.elapsed() / u32::try_from(missing.max(1)).unwrap();
        print_row(step, load_time, versions.last().unwrap_or(&original));
    }
}

/// The same machine code as another component's.
fn load(sandbox: &Sandbox, original: &Plugin, cache: &Path, kept: &[u8], number: usize) -> Plugin {
    let digest = Digest::of(&number.to_le_bytes());
    let path = path(cache, digest);
    // Signed as the host signs it, under the fixture's key: see src/cache.rs.
    let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    for part in [&b"rebound artefact 1\0"[..], digest.as_bytes(), &kept[32..]] {
        mac.update(part);
    }
    fs::write(&path, [&mac.finalize().into_bytes()[..], &kept[32..]].concat()).unwrap();
    let never = || Err("it is in the cache".into());
    let manifest = Arc::new((**original.manifest()).clone());
    let plugin = sandbox.load(Class::Standard, digest, &never, manifest).unwrap();
    assert_eq!(plugin.origin(), Origin::Cache);
    // Ten thousand of them would be gigabytes of disk; what was loaded is in memory.
    fs::remove_file(path).unwrap();
    plugin
}

fn path(cache: &Path, digest: Digest) -> std::path::PathBuf {
    cache.join(digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_head(component_bytes: usize, artefact_bytes: usize) {
    println!(
        "| versions of {component_bytes} bytes, compiled {artefact_bytes} | resident MiB | memory maps | open files | load, us | a call of the last, us |"
    );
    println!("|---:|---:|---:|---:|---:|---:|");
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_row(count: usize, load_time: Duration, last: &Plugin) {
    let (resident, maps, files) = held();
    let (situation, catalog) = (situation(), catalog());
    let mut spans: Vec<Duration> = (0..CALLS)
        .map(|_| {
            let start = Instant::now();
            let report = last.recommend(&context(&situation, "{}"), &catalog, &unknown());
            assert_eq!(report.outcome.word(), "value", "{:?}", report.outcome.detail());
            start.elapsed()
        })
        .collect();
    spans.sort_unstable();
    let call = spans[CALLS / 2];
    println!(
        "| {count} | {resident} | {maps} | {files} | {} | {} |",
        load_time.as_micros(),
        call.as_micros()
    );
}

/// Resident MiB, memory maps and open files of this process; zeros where there is no /proc.
fn held() -> (usize, usize, usize) {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default().lines().count();
    let files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    (pages * 4096 / (1024 * 1024), maps, files)
}
