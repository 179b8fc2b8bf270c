//! Durable commits and reads a second, as a decision makes them: `cargo bench -p rebound-storage`.
//!
//! Medians of [`ROUNDS`] rounds after a warm-up, printed as a table. The directory is a temporary one: set
//! `TMPDIR` to the disk to be measured. `-- gets` measures only the rows whose name has `gets` in it.

#![allow(clippy::print_stdout, reason = "the table is what a bench is for")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rebound_storage::{Add, Batch, Key, SledOptions, SledStorage, Storage};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CUSTOMERS: u64 = 10_000;
const GET_KEYS: u64 = 10;
const PLAN_BYTES: usize = 8 * 1024;
const STATE_BYTES: usize = 1024;
const RECORD_BYTES: usize = 256;

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let storage = Arc::new(open(directory.path()));
    let ids = Arc::new(AtomicU64::new(0));
    for customer in 0..CUSTOMERS / 50 {
        let mut batch = Batch::new();
        for id in customer * 50..customer * 50 + 50 {
            put_states(&mut batch, id);
        }
        storage.commit(batch).await.expect("commits");
    }

    println!("| what | at once | a second | p50 us | p99 us |\n|---|---:|---:|---:|---:|");
    for at_once in [1, 8, 64, 256] {
        let (storage, ids) = (Arc::clone(&storage), Arc::clone(&ids));
        report("durable commits", at_once, move || decide(Arc::clone(&storage), Arc::clone(&ids))).await;
    }
    for at_once in [1, 8, 64] {
        let storage = Arc::clone(&storage);
        report("gets of 10 keys", at_once, move || read(Arc::clone(&storage))).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..64)
        .map(|_| {
            let (storage, ids, stop) = (Arc::clone(&storage), Arc::clone(&ids), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    decide(Arc::clone(&storage), Arc::clone(&ids)).await;
                }
            })
        })
        .collect();
    for at_once in [1, 8] {
        let storage = Arc::clone(&storage);
        report("gets of 10 keys beside 64 committers", at_once, move || read(Arc::clone(&storage))).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("commits");
    }
}

fn open(directory: &Path) -> SledStorage {
    SledStorage::open(directory, SledOptions::default()).expect("opens")
}

/// One decision's batch: a plan, two plugin states, a budget, an exposure and two outbox entries.
async fn decide(storage: Arc<SledStorage>, ids: Arc<AtomicU64>) {
    let id = ids.fetch_add(1, Ordering::Relaxed);
    let owner = owner(scatter(id) % CUSTOMERS);
    let plan = Key::new(owner.clone(), format!("plan/{id}"));
    let mut batch = Batch::new();
    batch.expect_absent(plan.clone()).put(plan, vec![b'p'; PLAN_BYTES]);
    put_states(&mut batch, scatter(id) % CUSTOMERS);
    batch.put(Key::new(owner, format!("exposure/{id}")), vec![b'e'; RECORD_BYTES]);
    for entry in 0..2 {
        batch.put(Key::new("outbox", format!("{id:016x}/{entry}")), vec![b'o'; RECORD_BYTES]);
    }
    batch.add(Key::new("budgets", "spring"), Add::by(500).at_most(i128::MAX));
    storage.commit(batch).await.expect("commits");
}

async fn read(storage: Arc<SledStorage>) {
    let first =
        scatter(u64::from(Instant::now().elapsed().subsec_nanos()) ^ NEXT.fetch_add(1, Ordering::Relaxed));
    let keys =
        (0..GET_KEYS).map(|n| Key::new(owner((first + n / 2) % CUSTOMERS), format!("state/{}", n % 2)));
    let found = storage.get(keys.collect()).await.expect("reads");
    assert!(found.value.iter().all(Option::is_some), "every state was put");
}

static NEXT: AtomicU64 = AtomicU64::new(0);

fn put_states(batch: &mut Batch, customer: u64) {
    for state in 0..2 {
        batch.put(Key::new(owner(customer), format!("state/{state}")), vec![b's'; STATE_BYTES]);
    }
}

fn owner(customer: u64) -> Vec<u8> {
    [scatter(customer).to_be_bytes(), customer.to_be_bytes()].concat()
}

/// Owners are digests, so neighbours in number are none in the tree.
fn scatter(number: u64) -> u64 {
    number
        .wrapping_add(1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(29)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

async fn report<F: Future<Output = ()> + Send + 'static>(
    what: &str,
    at_once: usize,
    work: impl Fn() -> F + Clone + Send + 'static,
) {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if wanted.is_some_and(|wanted| !what.contains(&wanted)) {
        return;
    }
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let (rate, p50, p99) = run_round(at_once, work.clone()).await;
        // The first round warms up.
        if round > 0 {
            rounds.push((rate, p50, p99));
        }
    }
    rounds.sort_unstable();
    let (rate, p50, p99) = rounds[ROUNDS / 2];
    println!("| {what} | {at_once} | {rate} | {} | {} |", p50.as_micros(), p99.as_micros());
}

async fn run_round<F: Future<Output = ()> + Send + 'static>(
    at_once: usize,
    work: impl Fn() -> F + Clone + Send + 'static,
) -> (u128, Duration, Duration) {
    let started = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while started.elapsed() < ROUND {
                    let began = Instant::now();
                    work().await;
                    latencies.push(began.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("works"));
    }
    let elapsed = started.elapsed();
    latencies.sort_unstable();
    let rate = latencies.len() as u128 * 1_000_000 / elapsed.as_micros();
    (rate, latencies[latencies.len() / 2], latencies[latencies.len() * 99 / 100])
}
