//! What stopping each hostile behaviour takes, and what a neighbour in the same process notices of it: honest calls
//! on another thread, alone and beside the behaviour in turns, so that a busy moment hits both alike. Prints a table.
//!
//!     cargo bench --locked --workspace --bench hostile

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rebound_domain::manifest::Stage;
use rebound_sandbox::{Class, Compiler, Plugin};

use behaviours::{BEHAVIOURS, Behaviour};
use fixture::{catalog, context, patient, sandbox_in, situation, timeline, unknown};

#[path = "../../../../tests/guests/behaviours.rs"]
#[allow(dead_code, reason = "the tests hold the details too")]
mod behaviours;

#[path = "../../tests/all/fixture.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod fixture;

/// Alone, then beside, so many times; the medians are told.
const ROUNDS: usize = 5;
/// The neighbour's calls of one turn: enough for a 99th percentile with ten calls beyond it.
const CALLS: usize = 1_000;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built =
        rebound_toolchain::build(&root.join("tests/guests"), &rebound_toolchain::Options::default()).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let sandbox = sandbox_in(cache.path(), patient(), Compiler::InProcess);
    let publish = || sandbox.publish(Class::Standard, &built.bytes).unwrap().0;
    let (neighbour, hostile) = (publish(), publish());
    // Pages, branch predictors, the allocator: the first turn is nobody's.
    turn(&neighbour);
    print_head();
    // Values that do not stand all cost the same: an honest call. One of them speaks for all.
    let costly = BEHAVIOURS.iter().filter(|it| it.outcome != "invalid-output" || it.config == "nan");
    for behaviour in costly {
        measure(&neighbour, &hostile, behaviour);
    }
}

fn measure(neighbour: &Plugin, hostile: &Plugin, behaviour: &Behaviour) {
    let (mut alone, mut beside, mut stopped, mut outcome) = (Vec::new(), Vec::new(), Vec::new(), "");
    for _ in 0..ROUNDS {
        alone.push(turn(neighbour));
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let attack = scope.spawn(|| {
                let (mut spans, mut word) = (Vec::new(), "");
                while !over.load(Ordering::Relaxed) || spans.is_empty() {
                    let start = Instant::now();
                    word = act(behaviour.stage, hostile, behaviour.config);
                    spans.push(start.elapsed());
                }
                (spans, word)
            });
            beside.push(turn(neighbour));
            over.store(true, Ordering::Relaxed);
            let (spans, word) = attack.join().unwrap();
            stopped.extend(spans);
            outcome = word;
        });
    }
    print_row(behaviour, outcome, median(&mut stopped), median(&mut alone), median(&mut beside));
}

/// The 99th percentile of a turn of honest calls.
fn turn(plugin: &Plugin) -> Duration {
    let (situation, catalog) = (situation(), catalog());
    let context = context(&situation, "serve");
    let call = |_| {
        let start = Instant::now();
        let report = plugin.recommend(&context, &catalog, &unknown());
        assert_eq!(report.outcome.word(), "value");
        start.elapsed()
    };
    let mut spans: Vec<Duration> = (0..CALLS).map(call).collect();
    spans.sort_unstable();
    spans[spans.len() * 99 / 100]
}

/// One call of a stage; how it ended.
fn act(stage: Stage, plugin: &Plugin, config: &str) -> &'static str {
    let situation = situation();
    let (context, catalog, segment) = (context(&situation, config), catalog(), unknown());
    match stage {
        Stage::Segmentation => plugin.classify(&context, &catalog).outcome.word(),
        Stage::Recommendation => plugin.recommend(&context, &catalog, &segment).outcome.word(),
        Stage::Coupon => plugin.compensate(&context, &catalog, &segment, &[]).outcome.word(),
        Stage::Sharing => plugin.compose(&context, &catalog, &segment, &[], &[]).outcome.word(),
        Stage::Progress => plugin.narrate(&context, &catalog, &segment, &timeline(), &[]).outcome.word(),
    }
}

fn median(spans: &mut [Duration]) -> Duration {
    spans.sort_unstable();
    spans[spans.len() / 2]
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_head() {
    println!("| stage | behaviour | outcome | to stop it, us | neighbour's p99 alone, us | beside it, us |");
    println!("|---|---|---|---:|---:|---:|");
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn print_row(behaviour: &Behaviour, outcome: &str, stopped: Duration, alone: Duration, beside: Duration) {
    let Behaviour { stage, config, .. } = behaviour;
    let micros = |span: Duration| span.as_micros();
    let (stopped, alone, beside) = (micros(stopped), micros(alone), micros(beside));
    println!("| {stage} | `{config}` | {outcome} | {stopped} | {alone} | {beside} |");
}
