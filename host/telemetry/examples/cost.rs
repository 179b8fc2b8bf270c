//! What following costs a decision, per tree of eight spans: `cargo run --release -p rebound-telemetry --example cost`.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::hint::black_box;
use std::time::Instant;

use rebound_telemetry::{Follow, Tracer, Value, current, within};

const ROUNDS: u32 = 1_000_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (name, tracer) in [
        ("off", Tracer::off()),
        ("on, not followed", Tracer::new(0, 8_192)),
        ("followed, the queue full", Tracer::new(10_000, 8_192)),
    ] {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let started = Instant::now();
            runtime.block_on(async {
                for _ in 0..ROUNDS {
                    request(black_box(&tracer)).await;
                }
            });
            best = best.min(started.elapsed().as_secs_f64() / f64::from(ROUNDS) * 1e9);
        }
        println!("{name}: {best:.0} ns a request");
    }
}

/// The places that a decision with five stages notes.
async fn request(tracer: &Tracer) {
    let trace = tracer.start(None);
    let span = trace.as_ref().map(|trace| trace.request("request"));
    within(trace.clone(), async {
        let mut decide = Follow::part_of(current().as_ref(), "decide");
        let place = decide.place();
        drop(Follow::part_of(place.as_ref(), "read"));
        for stage in ["segmentation", "recommendation", "coupon", "sharing", "progress"] {
            let mut call = Follow::part_of(place.as_ref(), "stage");
            call.tell(|span| span.set("rebound.stage", Value::Word(stage)));
        }
        drop(Follow::part_of(place.as_ref(), "commit"));
        decide.tell(|span| span.set("rebound.outcome", Value::Word("made")));
    })
    .await;
    drop(span);
}
