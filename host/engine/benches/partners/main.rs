//! What a neighbour feels of a partner that floods the host: half of all customers get a strategy that burns all the
//! fuel of every call, half get the neighbour's, and the neighbour's decisions are timed. Prints a table.
//!
//!     cargo bench --locked --workspace --bench partners
//!
//! Decisions are dry runs: all of a decision but its commit, so that the same customers can be asked again and again.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rebound_domain::event::{ProductRequest, ReturnRequest, ReturnRequestLine};
use rebound_domain::experiment::{Arm, Draft, PhaseSeed, Status};
use rebound_domain::ids::{
    ArmKey, CustomerId, EventId, ExperimentKey, Namespace, PluginRef, ReturnId, Sku, Source,
};
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::{BasisPoints, Currency, Money};
use rebound_domain::namespace::{Bound, QuotaSettings, Quotas};
use rebound_domain::plan::Plan;
use rebound_domain::route::{Access, RouteEntry};
use rebound_domain::time::Instant as Moment;
use rebound_engine::{Clock, Engine, EngineOptions, HostKey, KeySlots, Mode};
use rebound_sandbox::{CacheOptions, Class, Compiler, Sandbox, SandboxOptions};
use rebound_storage::MemoryStorage;

const THREADS: usize = 2;
/// Clients that flood, each sending its next decision as soon as the last is answered.
const FLOODERS: usize = 16;
const CUSTOMERS: usize = 200;
const SPAN: Duration = Duration::from_secs(5);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start(dir.path()).await;
    let neighbour = publish(&engine, "plugins/segments").await;
    let partner = publish(&engine, "tests/guests").await;
    engine.approve(&partner, "Bench".to_owned(), "its texts were read".to_owned()).await.unwrap();
    split(&engine, &neighbour, &partner).await;
    let (mut of_neighbour, mut of_partner) = (Vec::new(), Vec::new());
    for number in 0..CUSTOMERS {
        let event = request(number);
        let called = decide(&engine, &event).await.trace.stages[0].plugin.clone();
        if called == neighbour { of_neighbour.push(event) } else { of_partner.push(event) }
    }
    let (of_neighbour, of_partner) = (Arc::new(of_neighbour), Arc::new(of_partner));
    print_head();
    for (what, quotas, flooders) in [
        ("no flood", unlimited(), 0),
        ("flood, no quota", unlimited(), FLOODERS),
        ("flood, a partner's default quotas", Quotas::default(), FLOODERS),
    ] {
        engine.set_quotas(quotas);
        let before = partner_fuel(&engine, &partner);
        let is_over = Arc::new(AtomicBool::new(false));
        let flood: Vec<_> = (0..flooders)
            .map(|offset| {
                let (engine, events, is_over) =
                    (engine.clone(), Arc::clone(&of_partner), Arc::clone(&is_over));
                tokio::spawn(async move {
                    for event in events.iter().cycle().skip(offset) {
                        if is_over.load(Ordering::Relaxed) {
                            return;
                        }
                        decide(&engine, event).await;
                    }
                })
            })
            .collect();
        let (mut times, mut served, began) = (Vec::new(), 0, Instant::now());
        for event in of_neighbour.iter().cycle() {
            if began.elapsed() >= SPAN {
                break;
            }
            let start = Instant::now();
            served += usize::from(decide(&engine, event).await.trace.stages[0].outcome == "value");
            times.push(start.elapsed());
        }
        let fuel = (partner_fuel(&engine, &partner) - before) / began.elapsed().as_secs();
        is_over.store(true, Ordering::Relaxed);
        for task in flood {
            task.await.unwrap();
        }
        print_row(what, times, served, fuel);
    }
}

async fn start(dir: &Path) -> Engine {
    let host_key = HostKey::new([9; 32]);
    let sandbox = Sandbox::start(SandboxOptions {
        limits: Limits::default(),
        cache: CacheOptions { dir: dir.to_owned(), key: host_key.derive("compiled components") },
        compiler: Compiler::InProcess,
        concurrency: THREADS,
    });
    let options = EngineOptions {
        storage: Arc::new(MemoryStorage::new()),
        sandbox: sandbox.unwrap(),
        host_key,
        key_slots: KeySlots::open(&dir.join("customer.keys")).unwrap(),
        limits: Limits::default(),
        clock: Clock::Event,
        currency: currency(),
        compute_threads: NonZeroUsize::new(THREADS).unwrap(),
        compute_queue_count_max: 1024,
    };
    let engine = Engine::start(options).await.unwrap();
    let product = ProductRequest {
        sku: Sku::new("a").unwrap(),
        title: "A".to_owned(),
        category: Some("things".to_owned()),
        brand: None,
        price: Money(1_000),
        currency: currency(),
        tags: vec![],
        style: None,
        options: vec![],
        stock: None,
        margin: None,
    };
    assert!(engine.import_products(vec![product]).await.unwrap().iter().all(Result::is_ok));
    engine
}

fn currency() -> Currency {
    Currency::new("CNY").unwrap()
}

async fn publish(engine: &Engine, path: &str) -> PluginRef {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = rebound_toolchain::build(&root.join(path), &rebound_toolchain::Options::default()).unwrap();
    engine.publish(Class::Standard, built.bytes.into()).await.unwrap().0.plugin
}

/// Half of the customers to each.
async fn split(engine: &Engine, neighbour: &PluginRef, partner: &PluginRef) {
    let arm = |key: &str, plugin: &PluginRef, config: &str| Arm {
        key: ArmKey::new(key).unwrap(),
        weight: BasisPoints(5_000),
        entries: vec![RouteEntry {
            plugin: plugin.clone(),
            config: config.to_owned(),
            slots: 1,
            margin: Access::Withheld,
            fallback: None,
        }],
    };
    let draft = Draft {
        stage: Stage::Segmentation,
        status: Status::Running,
        coverage: BasisPoints(10_000),
        arms: vec![arm("neighbour", neighbour, "{}"), arm("partner", partner, "\"spin\"")],
        seed: PhaseSeed::New,
    };
    engine.set_experiment(ExperimentKey::new("split").unwrap(), draft).await.unwrap();
}

fn request(number: usize) -> ReturnRequest {
    ReturnRequest {
        source: Source::new("shop").unwrap(),
        id: EventId::new(format!("e-{number}")).unwrap(),
        return_id: ReturnId::new(format!("r-{number}")).unwrap(),
        customer_id: CustomerId::new(format!("c-{number}")).unwrap(),
        requested_at: Moment(8_640_000_000),
        locale: "en".to_owned(),
        currency: currency(),
        channel: None,
        lines: vec![ReturnRequestLine {
            sku: Sku::new("a").unwrap(),
            quantity: 1,
            paid: Money(1_000),
            order_id: None,
            reason: None,
            reason_code: None,
            note: None,
        }],
        requested_resolution: None,
    }
}

async fn decide(engine: &Engine, event: &ReturnRequest) -> Plan {
    engine.decide(event.clone(), [0; 32], Mode::DryRun).await.unwrap().plan
}

fn unlimited() -> Quotas {
    let none = Some(Bound::Unlimited);
    let partners = QuotaSettings {
        versions: none,
        bytes: none,
        fuel_per_second: none,
        compute_share_bp: none,
        log_bytes_per_second: none,
    };
    Quotas { partners, ..Quotas::default() }
}

fn partner_fuel(engine: &Engine, partner: &PluginRef) -> u64 {
    let namespace: Namespace = partner.name.namespace();
    engine.namespace(&namespace).fuel
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_head() {
    println!(
        "| {FLOODERS} clients of a partner that burns all its fuel, {THREADS} compute threads | neighbour's decisions | served | p50 us | p99 us | partner's fuel a second |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_row(what: &str, mut times: Vec<Duration>, served: usize, fuel: u64) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_micros();
    println!("| {what} | {} | {served} | {} | {} | {fuel} |", times.len(), at(50), at(99));
}
