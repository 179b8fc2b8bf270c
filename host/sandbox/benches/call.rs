//! What a call costs: a fresh instance against a kept one and against the same code native, and a load from the
//! cache. Medians of interleaved rounds, so that a busy moment hits all alike; `--json` prints one line.
//!
//!     cargo bench -p rebound-sandbox --features reuse [-- --json]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rebound_domain::catalog::Catalog;
use rebound_domain::situation::Context;
use rebound_sandbox::{Class, Compiler, Plugin};
use rebound_sdk::testing::{Item, Scene};

use upgrade::Upgrade;

use fixture::{CANDIDATE_COUNT, catalog, context, patient, sandbox_in, situation, unknown};

#[path = "../tests/all/fixture.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod fixture;

/// The shipped strategy, compiled for this machine.
#[path = "../../../plugins/upgrade/src/lib.rs"]
#[allow(dead_code, unreachable_pub, reason = "a component's crate, taken in as a module")]
mod upgrade;

const ROUNDS: usize = 41;
const CALLS: usize = 250;
const LOADS: usize = 5;
const WARM_UP_ROUNDS: usize = 3;

fn main() {
    let is_json = std::env::args().any(|argument| argument == "--json");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dirs: [PathBuf; 2] = ["tests/guests", "plugins/upgrade"].map(|dir| root.join(dir));
    let built = rebound_toolchain::build_all(&dirs, &rebound_toolchain::Options::default()).unwrap();

    let cache = tempfile::tempdir().unwrap();
    let sandbox = sandbox_in(cache.path(), patient(), Compiler::InProcess);
    let publish = |component: &[u8]| sandbox.publish(Class::Standard, component).unwrap().0;
    let (picker, upgrade) = (publish(&built[0].bytes), publish(&built[1].bytes));

    let (situation, catalog) = (situation(), catalog());
    let (serve, defaults) = (context(&situation, "serve"), context(&situation, "{}"));
    let (mut kept_picker, mut kept_upgrade) =
        (picker.reuse(&catalog).unwrap(), upgrade.reuse(&catalog).unwrap());
    let scene = scene();

    let mut contestants: Vec<(&str, usize, Box<dyn FnMut() + '_>)> = vec![
        ("fresh_us", CALLS, Box::new(|| fresh(&picker, &serve, &catalog))),
        (
            "reused_us",
            CALLS,
            Box::new(|| {
                black_box(kept_picker.recommend(&serve, &catalog, &unknown())).unwrap();
            }),
        ),
        ("upgrade_fresh_us", CALLS, Box::new(|| fresh(&upgrade, &defaults, &catalog))),
        (
            "upgrade_reused_us",
            CALLS,
            Box::new(|| {
                black_box(kept_upgrade.recommend(&defaults, &catalog, &unknown())).unwrap();
            }),
        ),
        (
            "upgrade_native_us",
            CALLS,
            Box::new(|| {
                black_box(scene.recommend::<Upgrade>()).unwrap();
            }),
        ),
        (
            "cold_load_us",
            LOADS,
            Box::new(|| {
                let never = || Err("it is in the cache".into());
                let manifest = Arc::clone(upgrade.manifest());
                black_box(sandbox.load(Class::Standard, upgrade.digest(), &never, manifest)).unwrap();
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
    let upgrade_fuel = upgrade.recommend(&defaults, &catalog, &unknown()).usage.fuel;
    print(is_json, &medians, fuel, upgrade_fuel);
}

fn fresh(plugin: &Plugin, context: &Context<'_>, catalog: &Arc<dyn Catalog>) {
    let report = plugin.recommend(context, catalog, &unknown());
    assert_eq!(report.outcome.word(), "value", "{:?}", report.outcome.detail());
    black_box(report);
}

/// The same return and the same shelf for the native strategy, which reads the SDK's records.
fn scene() -> Scene {
    let item = |id: u32| {
        let price = 10_000 + if id == 1 { 0 } else { i64::from(id) * 30 };
        let title = format!("Linen dress with pockets, number {id}");
        Item::new(id, &title, price).category("dresses").brand("Meadow").tag("linen").tag("summer").stock(3)
    };
    let mut scene = Scene::returning(&item(1));
    for id in 2..=CANDIDATE_COUNT + 1 {
        scene.shop.add(item(id)).alike(1, id, 0.9);
    }
    scene
}

fn median(spans: &mut [Duration]) -> f64 {
    spans.sort_unstable();
    spans[spans.len() / 2].as_secs_f64() * 1e6
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print(is_json: bool, medians: &[(&str, f64)], fuel: u64, upgrade_fuel: u64) {
    let of = |wanted: &str| medians.iter().find(|(name, _)| *name == wanted).map_or(f64::NAN, |(_, us)| *us);
    let ratios = [
        ("fresh_to_reused", of("fresh_us") / of("reused_us")),
        ("upgrade_fresh_to_reused", of("upgrade_fresh_us") / of("upgrade_reused_us")),
        ("upgrade_fresh_to_native", of("upgrade_fresh_us") / of("upgrade_native_us")),
    ];
    let all = medians.iter().copied().chain(ratios);
    if is_json {
        let fields: Vec<String> = all.map(|(name, value)| format!("\"{name}\":{value:.2}")).collect();
        println!("{{{},\"fuel\":{fuel},\"upgrade_fuel\":{upgrade_fuel}}}", fields.join(","));
    } else {
        all.for_each(|(name, value)| println!("{name:24} {value:10.2}"));
        println!("{:24} {fuel:10}\n{:24} {upgrade_fuel:10}", "fuel", "upgrade_fuel");
    }
}
