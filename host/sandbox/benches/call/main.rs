//! What a call costs: a fresh instance against a kept one and against the same code native, and a load from the
//! cache. Medians of interleaved rounds, so that a busy moment hits all alike; `--json` prints one line.
//!
//!     cargo bench -p rebound-sandbox --features reuse [-- --json]

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rebound_domain::catalog::Catalog;
use rebound_domain::situation::Context;
use rebound_sandbox::{Class, Compiler, Plugin};
use rebound_sdk::types::Segment;
use rebound_sdk::{Call, Recommendation as _};

use affinity::Affinity;
use fixture::{catalog, context, patient, sandbox_in, situation, unknown};

mod native;

#[path = "../../tests/all/fixture.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod fixture;

/// The shipped strategy, compiled for this machine.
#[path = "../../../../plugins/affinity/src/lib.rs"]
#[allow(dead_code, unused_imports, unreachable_pub, reason = "a component's crate, taken in as a module")]
mod affinity;

const ROUNDS: usize = 41;
const CALLS: usize = 250;
const LOADS: usize = 5;
const WARM_UP_ROUNDS: usize = 3;

/// What is measured: its name, how often it runs within a round, one run.
type Contestant<'a> = (&'a str, usize, Box<dyn FnMut() + 'a>);

fn main() {
    let is_json = std::env::args().any(|argument| argument == "--json");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dirs: [PathBuf; 2] = ["tests/guests", "plugins/affinity"].map(|dir| root.join(dir));
    let built = rebound_toolchain::build_all(&dirs, &rebound_toolchain::Options::default()).unwrap();

    let cache = tempfile::tempdir().unwrap();
    let sandbox = sandbox_in(cache.path(), patient(), Compiler::InProcess);
    let publish = |component: &[u8]| sandbox.publish(Class::Standard, component).unwrap().0;
    let (picker, affinity) = (publish(&built[0].bytes), publish(&built[1].bytes));

    let (situation, catalog) = (situation(), catalog());
    let (serve, defaults) = (context(&situation, "serve"), context(&situation, "{}"));
    let (mut kept_picker, mut kept_affinity) =
        (picker.reuse(&catalog).unwrap(), affinity.reuse(&catalog).unwrap());
    let (native_context, shelf) = (native::context(&defaults), native::Shelf(Arc::clone(&catalog)));
    let nobody = Segment { key: "unknown".into(), confidence: 0.0, evidence: Vec::new(), traits: Vec::new() };

    let mut contestants: Vec<Contestant<'_>> = vec![
        ("fresh_us", CALLS, Box::new(|| fresh(&picker, &serve, &catalog))),
        (
            "reused_us",
            CALLS,
            Box::new(|| {
                black_box(kept_picker.recommend(&serve, &catalog, &unknown())).unwrap();
            }),
        ),
        ("affinity_fresh_us", CALLS, Box::new(|| fresh(&affinity, &defaults, &catalog))),
        (
            "affinity_reused_us",
            CALLS,
            Box::new(|| {
                black_box(kept_affinity.recommend(&defaults, &catalog, &unknown())).unwrap();
            }),
        ),
        (
            "affinity_native_us",
            CALLS,
            Box::new(|| {
                let call = Call::new(&native_context, &shelf).unwrap();
                black_box(Affinity::recommend(&call, &nobody)).unwrap();
            }),
        ),
        (
            "cold_load_us",
            LOADS,
            Box::new(|| {
                let never = || Err("it is in the cache".into());
                let manifest = Arc::clone(affinity.manifest());
                black_box(sandbox.load(Class::Standard, affinity.digest(), &never, manifest)).unwrap();
            }),
        ),
    ];
    let mut spans: Vec<Vec<Duration>> = vec![Vec::new(); contestants.len()];
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        for ((_, count, run), spans) in contestants.iter_mut().zip(&mut spans) {
            let start = Instant::now();
            (0..*count).for_each(|_| run());
            let span = start.elapsed() / u32::try_from(*count).unwrap();
            if round >= WARM_UP_ROUNDS {
                spans.push(span);
            }
        }
    }
    let medians: Vec<(&str, f64)> =
        contestants.iter().zip(&mut spans).map(|((name, ..), spans)| (*name, median(spans))).collect();
    let fuel = picker.recommend(&serve, &catalog, &unknown()).usage.fuel;
    let affinity_fuel = affinity.recommend(&defaults, &catalog, &unknown()).usage.fuel;
    print(is_json, &medians, fuel, affinity_fuel);
}

fn fresh(plugin: &Plugin, context: &Context<'_>, catalog: &Arc<dyn Catalog>) {
    let report = plugin.recommend(context, catalog, &unknown());
    assert_eq!(report.outcome.word(), "value", "{:?}", report.outcome.detail());
    black_box(report);
}

fn median(spans: &mut [Duration]) -> f64 {
    spans.sort_unstable();
    spans[spans.len() / 2].as_secs_f64() * 1e6
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print(is_json: bool, medians: &[(&str, f64)], fuel: u64, affinity_fuel: u64) {
    let of = |wanted: &str| medians.iter().find(|(name, _)| *name == wanted).map_or(f64::NAN, |(_, us)| *us);
    let ratios = [
        ("fresh_to_reused", of("fresh_us") / of("reused_us")),
        ("affinity_fresh_to_reused", of("affinity_fresh_us") / of("affinity_reused_us")),
        ("affinity_fresh_to_native", of("affinity_fresh_us") / of("affinity_native_us")),
    ];
    let all = medians.iter().copied().chain(ratios);
    if is_json {
        let fields: Vec<String> = all.map(|(name, value)| format!("\"{name}\":{value:.2}")).collect();
        println!("{{{},\"fuel\":{fuel},\"affinity_fuel\":{affinity_fuel}}}", fields.join(","));
    } else {
        all.for_each(|(name, value)| println!("{name:24} {value:10.2}"));
        println!("{:24} {fuel:10}\n{:24} {affinity_fuel:10}", "fuel", "affinity_fuel");
    }
}
