//! A version that keeps failing is left out, tried again, held and released, and an overloaded host blames nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rebound_domain::ids::PluginRef;
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::plan::Plan;
use rebound_domain::quarantine::State;
use rebound_domain::route::{Fallback, RouteEntry};
use rebound_domain::time::{Duration, Instant};
use rebound_engine::{ControlError, Mode, QuarantineStatus, Said};
use serde_json::Value;

use crate::counter::counter;
use crate::house::{DAY, House, body, entry, product, request};

const STAGE: Stage = Stage::Segmentation;
const START: Instant = Instant(100 * DAY);

fn limits() -> Limits {
    Limits {
        quarantine_failures: 3,
        quarantine_rate_bp: 5_000,
        quarantine_backoff: Duration(1_000),
        quarantine_backoff_max: Duration(4_000),
        quarantine_probes: 2,
        ..Limits::default()
    }
}

/// A house where segmentation is served by the guest that does what its config says, with a counter to fall back to.
struct Ward {
    house: House,
    hostile: PluginRef,
    counter: PluginRef,
    number: std::cell::Cell<u32>,
}

impl Ward {
    async fn new(limits: Limits) -> Self {
        let house = House::limited(limits).await;
        house.stock(&["a"]).await;
        let hostile = house.hostile().await;
        let counter = house.publish(counter("tests/counter", "1.0.0", 1)).await;
        Self { house, hostile, counter, number: 0.into() }
    }

    async fn acts(&self, act: &str) {
        let fallback = Some(Fallback { plugin: self.counter.clone(), config: "{}".to_owned() });
        let entry = RouteEntry { fallback, ..entry(&self.hostile, &format!("{act:?}")) };
        self.house.engine.set_route(STAGE, vec![entry]).await.unwrap();
    }

    /// Decides a return of a customer of its own, `millis` after the start.
    async fn at(&self, millis: u64, mode: Mode) -> Plan {
        self.number.set(self.number.get() + 1);
        let number = self.number.get();
        let mut event =
            request(&format!("e-{number}"), &format!("r-{number}"), &format!("c-{number}"), &["a"]);
        event.requested_at = START + Duration(millis);
        let body = body(&event);
        self.house.engine.decide(event, body, mode).await.unwrap().plan
    }

    /// What came of the call and of its fallback.
    async fn told(&self, millis: u64) -> Vec<String> {
        outcomes(&self.at(millis, Mode::Commit).await)
    }

    fn status(&self) -> QuarantineStatus {
        let all = self.house.engine.quarantine();
        all.into_iter().find(|it| it.plugin == self.hostile && it.stage == STAGE).unwrap()
    }

    /// The kinds of events for others, oldest first, with the change they tell of.
    async fn announced(&self) -> Vec<(String, Value)> {
        self.house.engine.settled().await;
        let told = self.house.engine.outbox().await.unwrap();
        crate::emitted::check(&told);
        let of_versions = told.into_iter().filter(|event| event.kind.starts_with("rebound.version."));
        of_versions.map(|event| (event.kind, event.data["change"].clone())).collect()
    }
}

fn outcomes(plan: &Plan) -> Vec<String> {
    plan.trace.stages.iter().map(|call| call.outcome.clone()).collect()
}

fn said() -> Said {
    Said { who: "ops".to_owned(), reason: "a bad batch".to_owned() }
}

#[tokio::test]
async fn a_version_that_keeps_failing_is_left_out_and_its_fallback_serves() {
    let ward = Ward::new(limits()).await;
    ward.acts("panic").await;
    for _ in 0..3 {
        assert_eq!(ward.told(0).await, ["unreachable", "value"]);
    }
    let plan = ward.at(1, Mode::Commit).await;
    assert_eq!(outcomes(&plan), ["quarantined", "value"]);
    let [left_out, fallback] = &plan.trace.stages[..] else { panic!("{:?}", plan.trace.stages) };
    assert_eq!((left_out.fuel, left_out.micros, left_out.plugin == ward.hostile), (0, 0, true));
    let detail = left_out.detail.as_deref().unwrap();
    assert!(detail.contains("failed too often") && detail.contains("last: unreachable"), "{detail}");
    assert!(fallback.fallback && plan.segment.key == "s", "it serves in the same route");

    let status = ward.status();
    let want = State::Open { since: START, until: START + Duration(1_000), backoff: Duration(1_000) };
    assert_eq!((status.quarantine.state, status.quarantine.trips), (want, 1));
    let figures = ward.house.engine.figures();
    let label = r#"{stage="segmentation",plugin="tests/hostile@0.1.0"}"#;
    assert!(figures.contains(&format!("rebound_quarantine_state{label} 2")), "{figures}");
    ward.house.engine.settled().await;
    let figures = ward.house.engine.figures();
    assert!(figures.contains(&format!("rebound_quarantine_trips_total{label} 1")), "{figures}");
    assert_eq!(ward.announced().await, [("rebound.version.quarantined".to_owned(), "tripped".into())]);
}

#[tokio::test]
async fn one_stage_of_a_version_is_left_out_and_the_others_go_on() {
    let ward = Ward::new(limits()).await;
    ward.acts("panic").await;
    let serve = entry(&ward.hostile, "\"serve\"");
    ward.house.engine.set_route(Stage::Sharing, vec![serve]).await.unwrap();
    for _ in 0..3 {
        ward.told(0).await;
    }
    assert_eq!(ward.told(0).await, ["quarantined", "value", "value"]);
}

#[tokio::test]
async fn it_is_tried_again_and_comes_back_when_it_works() {
    let ward = Ward::new(limits()).await;
    ward.acts("panic").await;
    for _ in 0..3 {
        ward.told(0).await;
    }
    assert_eq!(ward.told(999).await, ["quarantined", "value"]);
    assert_eq!(ward.told(1_000).await, ["unreachable", "value"], "the probe fails");
    assert_eq!(ward.told(2_999).await, ["quarantined", "value"], "now for twice as long");
    ward.acts("serve").await;
    for millis in [3_000, 3_001, 3_002] {
        assert_eq!(ward.told(millis).await, ["value"]);
    }
    assert_eq!(ward.status().quarantine.state, State::Closed);
    let changes: Vec<Value> = ward.announced().await.into_iter().map(|(_, change)| change).collect();
    assert_eq!(changes, ["tripped", "tripped", "closed"]);
}

#[tokio::test]
async fn a_dry_run_neither_counts_nor_probes() {
    let ward = Ward::new(limits()).await;
    ward.acts("panic").await;
    for _ in 0..6 {
        assert_eq!(outcomes(&ward.at(0, Mode::DryRun).await), ["unreachable", "value"]);
    }
    for _ in 0..3 {
        assert_eq!(ward.told(0).await, ["unreachable", "value"]);
    }
    ward.acts("serve").await;
    assert_eq!(outcomes(&ward.at(5_000, Mode::DryRun).await), ["quarantined", "value"]);
    assert!(matches!(ward.status().quarantine.state, State::Open { .. }), "{:?}", ward.status());
    assert_eq!(ward.told(5_000).await, ["value"], "the probe was left to it");
}

#[tokio::test]
async fn what_a_route_got_wrong_or_a_version_declines_counts_for_nothing() {
    let ward = Ward::new(limits()).await;
    for (act, outcome, calls) in [("nonsense", "invalid-config", 0), ("decline", "declined", 6)] {
        ward.acts(act).await;
        for _ in 0..6 {
            assert_eq!(ward.told(0).await[0], outcome);
        }
        let counted: Vec<_> = ward.house.engine.quarantine();
        let counted = counted.iter().find(|it| it.plugin == ward.hostile);
        let (told, failures) = counted.map_or((0, 0), |it| (it.calls, it.failures));
        assert_eq!((told, failures), (calls, 0), "{act}");
    }
}

#[tokio::test]
async fn every_way_to_fail_counts() {
    for (act, outcome) in [
        ("panic", "unreachable"),
        ("fail", "internal"),
        ("spin", "out-of-fuel"),
        ("allocate", "memory"),
        ("recurse", "stack"),
        ("nan", "invalid-output"),
    ] {
        let ward = Ward::new(Limits { quarantine_failures: 1, ..limits() }).await;
        ward.acts(act).await;
        let told = ward.told(0).await;
        if told[0] == "deadline" {
            // A busy machine cut it short before it could fail by itself: nothing to see here.
            continue;
        }
        assert_eq!(told[0], outcome);
        assert_eq!(ward.told(0).await[0], "quarantined", "{act}");
        assert_eq!(ward.status().quarantine.last.unwrap().outcome, outcome);
    }
}

/// The answer itself stood; that the plan with it does not is found out later.
#[tokio::test]
async fn an_answer_that_makes_the_plan_too_large_counts_as_a_failure() {
    let ward = Ward::new(Limits { plan_bytes: 17 * 1024, quarantine_failures: 1, ..limits() }).await;
    let products = (0..33).map(|index| {
        let mut product = product(&format!("s-{index}"), 1000);
        product.title = "x".repeat(1000);
        product
    });
    ward.house.engine.import_products(products.collect()).await.unwrap();
    let entry = RouteEntry { slots: 32, ..entry(&ward.hostile, r#""remember 32""#) };
    ward.house.engine.set_route(Stage::Recommendation, vec![entry]).await.unwrap();
    assert_eq!(ward.told(0).await, ["invalid-output"]);
    assert_eq!(ward.told(0).await, ["quarantined"]);
}

#[tokio::test]
async fn a_hold_stays_until_it_is_released_and_says_who_and_why() {
    let ward = Ward::new(limits()).await;
    ward.acts("serve").await;
    assert_eq!(ward.told(0).await, ["value"]);
    let engine = &ward.house.engine;
    engine.hold(&ward.hostile, STAGE, said()).await.unwrap();
    let plan = ward.at(1_000 * DAY, Mode::Commit).await;
    assert_eq!(outcomes(&plan), ["quarantined", "value"]);
    assert_eq!(plan.trace.stages[0].detail.as_deref(), Some("held by ops: a bad batch"));
    assert!(engine.figures().contains(r#"plugin="tests/hostile@0.1.0"} 3"#));

    let restarted = ward.house.restarted().await;
    let kept = restarted.engine.quarantine();
    assert_eq!(kept[0].quarantine.hold.as_ref().unwrap().who, "ops", "a hold survives a restart");

    engine.release(&ward.hostile, STAGE, said()).await.unwrap();
    assert_eq!(ward.told(1_000 * DAY).await, ["value"]);
    let changes: Vec<Value> = ward.announced().await.into_iter().map(|(_, change)| change).collect();
    assert_eq!(changes, ["held", "released"]);
    let restarted = ward.house.restarted().await;
    assert!(restarted.engine.quarantine().iter().all(|it| it.quarantine.is_clear()));
}

#[tokio::test]
async fn only_what_is_published_for_a_stage_is_held() {
    let ward = Ward::new(limits()).await;
    let unknown: PluginRef = "tests/none@1.0.0".parse().unwrap();
    let refused = ward.house.engine.hold(&unknown, STAGE, said()).await;
    assert!(matches!(refused, Err(ControlError::UnknownPlugin { .. })), "{refused:?}");
    let refused = ward.house.engine.hold(&ward.counter, Stage::Coupon, said()).await;
    assert!(matches!(refused, Err(ControlError::WrongStage { .. })), "{refused:?}");
    assert!(ward.house.engine.quarantine().is_empty());
}

#[tokio::test]
async fn a_quarantine_survives_a_restart() {
    let mut ward = Ward::new(limits()).await;
    ward.acts("panic").await;
    for _ in 0..3 {
        ward.told(0).await;
    }
    ward.house.engine.settled().await;
    ward.house = ward.house.restarted().await;
    assert_eq!(ward.told(500).await, ["quarantined", "value"]);
    ward.acts("serve").await;
    assert_eq!(ward.told(1_000).await, ["value"]);
}

/// Honest work that takes a third of its deadline, on a machine that gives its thread a hundredth of the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overloaded_host_quarantines_nobody() {
    const BUSY_THREADS: usize = 160;
    const DEADLINE_MICROS: u64 = 100_000;
    let limits = Limits {
        fuel: 1 << 40,
        deadline: Duration(DEADLINE_MICROS / 1_000),
        quarantine_failures: 1,
        quarantine_rate_bp: 1,
        ..limits()
    };
    let ward = Ward::new(limits).await;
    // As much as takes a quarter to half of the deadline while the machine is not overloaded yet.
    let mut lines = 1_000;
    loop {
        ward.acts(&format!("flood {lines}")).await;
        let plan = ward.at(0, Mode::DryRun).await;
        let call = &plan.trace.stages[0];
        match call.micros {
            _ if call.outcome != "value" => panic!("{call:?}"),
            micros if micros < DEADLINE_MICROS / 4 => lines += lines / 2,
            _ => break,
        }
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..BUSY_THREADS)
        .map(|_| {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let mut told = Vec::new();
    while told.len() < 20 && !told.contains(&"deadline".to_owned()) {
        told.push(ward.told(0).await.swap_remove(0));
    }
    // Not quarantined is what the next call says, too.
    told.push(ward.told(0).await.swap_remove(0));
    is_over.store(true, Ordering::Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(
        told.contains(&"deadline".to_owned()),
        "it was never overloaded, so nothing was tested: {told:?}"
    );
    assert!(!told.contains(&"quarantined".to_owned()), "{told:?}");
    assert!(ward.house.engine.quarantine().iter().all(|it| it.quarantine.is_clear() && it.failures == 0));
}

#[tokio::test]
async fn tuned_rules_count_from_the_next_call_on() {
    let ward = Ward::new(limits()).await;
    ward.acts("panic").await;
    ward.told(0).await;
    ward.house.engine.tune(&Limits { quarantine_failures: 2, ..limits() });
    ward.told(0).await;
    assert_eq!(ward.told(1).await, ["quarantined", "value"], "two are enough now, not three");
    let figures = ward.house.engine.figures();
    assert!(figures.contains("rebound_fallbacks_total{stage=\"segmentation\"} 3"), "{figures}");
}
