//! What a deployment with many published versions takes: resident memory and time of a start, and memory once more
//! versions were routed than stay loaded. Prints a table.
//!
//!     cargo bench --locked --workspace --bench fleet [-- 10000]
//!
//! Publishing ten thousand components would compile for a quarter of an hour and show nothing: one is published, and
//! its record is written again under other versions and digests, as its compiled file is, signed as the host signs it.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rebound_domain::ids::{Digest, PluginRef};
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::Currency;
use rebound_domain::route::{Access, RouteEntry};
use rebound_engine::{Clock, Engine, EngineOptions, HostKey, KeySlots};
use rebound_sandbox::{CacheOptions, Class, Compiler, Sandbox, SandboxOptions};
use rebound_storage::{Batch, Entry, Key, MemoryStorage, SCAN_LIMIT_MAX, Storage};
use sha2::Sha256;

const COUNT_DEFAULT: usize = 1_000;
/// Versions that are routed one after the other; about twice as many as stay loaded.
const ROUTED_MAX: usize = 1_000;
const RECORDS_PER_BATCH: usize = 16;

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(COUNT_DEFAULT);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(count));
}

async fn measure(count: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built =
        rebound_toolchain::build(&root.join("plugins/affinity"), &rebound_toolchain::Options::default());
    let bytes = built.unwrap().bytes;
    let dir = tempfile::tempdir().unwrap();
    let storage = Arc::new(MemoryStorage::new());
    let first = start(&storage, dir.path()).await;
    let published = first.publish(Class::Standard, bytes.into()).await.unwrap().0;
    let kept = fs::read(file(dir.path(), published.digest)).unwrap();
    let copies = copy(storage.as_ref(), &published.plugin, published.digest, count).await;
    drop(first);
    print_head(kept.len());
    print_row("stored, not started", 0, Duration::ZERO);

    let began = Instant::now();
    let engine = start(&storage, dir.path()).await;
    assert_eq!(engine.plugins().len(), count);
    print_row("started", loaded(&engine), began.elapsed());

    let began = Instant::now();
    for (plugin, digest) in copies.iter().take(ROUTED_MAX) {
        let path = file(dir.path(), *digest);
        fs::write(&path, signed(*digest, &kept)).unwrap();
        let config = "{}".to_owned();
        let entry =
            RouteEntry { plugin: plugin.clone(), config, slots: 3, margin: Access::Withheld, fallback: None };
        engine.set_route(Stage::Recommendation, vec![entry]).await.unwrap();
        // A thousand of them would be half a gigabyte of disk; what is loaded is in memory.
        fs::remove_file(path).unwrap();
    }
    let routed = format!("{} routed in turn", copies.len().min(ROUTED_MAX));
    print_row(&routed, loaded(&engine), began.elapsed());
}

async fn start(storage: &Arc<MemoryStorage>, dir: &Path) -> Engine {
    let sandbox = Sandbox::start(SandboxOptions {
        limits: Limits::default(),
        cache: CacheOptions { dir: dir.to_owned(), key: host_key().derive("compiled components") },
        compiler: Compiler::InProcess,
        concurrency: 2,
    });
    let options = EngineOptions {
        storage: Arc::clone(storage) as Arc<dyn Storage>,
        sandbox: sandbox.unwrap(),
        host_key: host_key(),
        key_slots: KeySlots::open(&dir.join("customer.keys")).unwrap(),
        limits: Limits::default(),
        clock: Clock::Event,
        currency: Currency::new("CNY").unwrap(),
        compute_threads: NonZeroUsize::new(2).unwrap(),
        compute_queue_count_max: 64,
    };
    Engine::start(options).await.unwrap()
}

fn host_key() -> HostKey {
    HostKey::new([9; 32])
}

/// Writes the record of a published version again under other versions, until there are `count`.
async fn copy(
    storage: &MemoryStorage,
    plugin: &PluginRef,
    digest: Digest,
    count: usize,
) -> Vec<(PluginRef, Digest)> {
    let named = plugin.to_string();
    let entries = storage.scan_all(None, SCAN_LIMIT_MAX).await.unwrap().value;
    let record = entries.into_iter().find(|(key, _)| key.key.ends_with(named.as_bytes())).unwrap();
    let text = String::from_utf8(Entry::bytes(&record.1).unwrap().to_vec()).unwrap();
    let copies = (1..count).map(|number| {
        let copy: PluginRef = format!("{}@9.0.{number}", plugin.name).parse().unwrap();
        (copy, Digest::of(&number.to_le_bytes()))
    });
    let copies: Vec<_> = copies.collect();
    for group in copies.chunks(RECORDS_PER_BATCH) {
        let mut batch = Batch::new();
        for (copy, copied) in group {
            let key = String::from_utf8(record.0.key.to_vec()).unwrap().replace(&named, &copy.to_string());
            let text =
                text.replace(&named, &copy.to_string()).replace(&digest.to_string(), &copied.to_string());
            batch.put(Key { owner: record.0.owner.clone(), key: key.into() }, text.into_bytes());
        }
        storage.commit(batch).await.unwrap();
    }
    copies
}

fn file(cache: &Path, digest: Digest) -> std::path::PathBuf {
    cache.join(digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The same machine code as another component's, as the sandbox signs it (host/sandbox/src/cache.rs).
fn signed(digest: Digest, kept: &[u8]) -> Vec<u8> {
    let key = host_key().derive("compiled components");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    for part in [&b"rebound artefact 1\0"[..], digest.as_bytes(), &kept[32..]] {
        mac.update(part);
    }
    [&mac.finalize().into_bytes()[..], &kept[32..]].concat()
}

fn loaded(engine: &Engine) -> usize {
    let text = engine.figures();
    let line = text.lines().find(|line| line.starts_with("rebound_versions_loaded ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_head(artefact_bytes: usize) {
    println!(
        "| versions, compiled {artefact_bytes} bytes each | loaded | resident MiB | memory maps | open files | ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_row(what: &str, loaded: usize, took: Duration) {
    let (resident, maps, files) = held();
    println!("| {what} | {loaded} | {resident} | {maps} | {files} | {} |", took.as_millis());
}

/// Resident MiB, memory maps and open files of this process; zeros where there is no /proc.
fn held() -> (usize, usize, usize) {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default().lines().count();
    let files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    (pages * 4096 / (1024 * 1024), maps, files)
}
