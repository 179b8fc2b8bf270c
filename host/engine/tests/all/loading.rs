//! Versions are loaded when they are needed, unloaded when they have not been, and answer the same either way.

use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rebound_domain::experiment::{Arm, Draft, PhaseSeed, Status};
use rebound_domain::ids::{ArmKey, ExperimentKey, PluginRef};
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::BasisPoints;
use rebound_domain::plan::{Plan, StageTrace};
use rebound_domain::route::{Fallback, RouteEntry};
use rebound_engine::{ControlError, Engine, Mode};

use crate::counter::counter;
use crate::hooked::Hooked;
use crate::house::{House, body, entry, request};

/// Nothing stays loaded but what is routed.
fn bare() -> Limits {
    Limits { loaded_bytes: 0, ..Limits::default() }
}

/// A house with these versions of a counter; they count in states of their own.
async fn house_of(limits: Limits, versions: &[&str]) -> (House, Vec<PluginRef>) {
    let house = House::limited(limits).await;
    house.stock(&["a"]).await;
    let mut plugins = Vec::new();
    for (number, version) in (1..).zip(versions) {
        plugins.push(house.publish(counter("tests/counter", version, number)).await);
    }
    (house, plugins)
}

async fn route(engine: &Engine, stage: Stage, plugin: &PluginRef) {
    engine.set_route(stage, vec![entry(plugin, "{}")]).await.unwrap();
}

/// A figure's value; 0 before it was ever counted.
fn figure(engine: &Engine, name: &str) -> u64 {
    let text = engine.figures();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

fn loaded(engine: &Engine) -> u64 {
    figure(engine, "rebound_versions_loaded")
}

fn loads(engine: &Engine, origin: &str) -> u64 {
    figure(engine, &format!("rebound_version_loads_total{{origin=\"{origin}\"}}"))
}

async fn dry_run(engine: &Engine) -> Plan {
    let event = request("e-1", "r-1", "c-1", &["a"]);
    engine.decide(event.clone(), body(&event), Mode::DryRun).await.unwrap().plan
}

/// All of a call that is the same whenever its inputs are.
fn timeless(stages: &[StageTrace]) -> Vec<StageTrace> {
    stages.iter().map(|call| StageTrace { micros: 0, ..call.clone() }).collect()
}

fn outcomes(plan: &Plan) -> Vec<&str> {
    plan.trace.stages.iter().map(|call| call.outcome.as_str()).collect()
}

#[tokio::test]
async fn a_start_loads_what_decisions_may_call_and_nothing_else() {
    let (house, versions) = house_of(Limits::default(), &["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4"]).await;
    assert_eq!(loaded(&house.engine), 5, "what was just published is loaded");
    let fallback = Some(Fallback { plugin: versions[1].clone(), config: "{}".to_owned() });
    let routed = RouteEntry { fallback, ..entry(&versions[0], "{}") };
    house.engine.set_route(Stage::Segmentation, vec![routed]).await.unwrap();
    experiment(&house.engine, "split", &versions[2], Status::Running).await;

    let again = house.restarted().await;
    assert_eq!((loaded(&again.engine), loads(&again.engine, "cache")), (3, 3));
    assert_eq!(again.engine.plugins().len(), 5, "all are known");
    let calls = dry_run(&again.engine).await.trace.stages;
    assert!(calls.iter().all(|call| call.outcome == "value") && !calls.is_empty());
    assert_eq!(loads(&again.engine, "cache"), 3, "no decision loads");
}

async fn experiment(engine: &Engine, key: &str, plugin: &PluginRef, status: Status) {
    let arm =
        |key: &str, entries| Arm { key: ArmKey::new(key).unwrap(), weight: BasisPoints(5_000), entries };
    let draft = Draft {
        stage: Stage::Recommendation,
        status,
        coverage: BasisPoints(10_000),
        arms: vec![arm("control", vec![entry(plugin, "{}")]), arm("other", vec![entry(plugin, "{}")])],
        seed: PhaseSeed::New,
    };
    engine.set_experiment(ExperimentKey::new(key).unwrap(), draft).await.unwrap();
}

#[tokio::test]
async fn a_version_that_was_unloaded_answers_the_same_once_it_is_loaded_again() {
    let (house, versions) = house_of(bare(), &["1.0.0", "1.0.1"]).await;
    assert_eq!(loaded(&house.engine), 0, "nothing is routed, and nothing else has room");
    route(&house.engine, Stage::Segmentation, &versions[0]).await;
    let first = dry_run(&house.engine).await;
    assert_eq!(outcomes(&first), ["value"]);
    route(&house.engine, Stage::Segmentation, &versions[1]).await;
    assert_eq!((loaded(&house.engine), loads(&house.engine, "cache")), (1, 2), "the first has gone");
    route(&house.engine, Stage::Segmentation, &versions[0]).await;
    assert_eq!((loaded(&house.engine), loads(&house.engine, "cache")), (1, 3));
    let again = dry_run(&house.engine).await;
    assert_eq!(again.segment, first.segment);
    assert_eq!(timeless(&again.trace.stages), timeless(&first.trace.stages));
}

#[tokio::test]
async fn what_is_routed_or_runs_in_an_experiment_is_never_unloaded() {
    let (house, versions) = house_of(bare(), &["1.0.0", "1.0.1"]).await;
    route(&house.engine, Stage::Segmentation, &versions[0]).await;
    experiment(&house.engine, "split", &versions[1], Status::Running).await;
    let unloads = figure(&house.engine, "rebound_version_unloads_total");
    for patch in 2..6 {
        house.publish(counter("tests/counter", &format!("1.0.{patch}"), 9)).await;
    }
    assert_eq!(figure(&house.engine, "rebound_version_unloads_total"), unloads + 4);
    assert_eq!(loaded(&house.engine), 2);
    // Were they loaded anew, it would be seen.
    versions.iter().for_each(|plugin| fs::remove_file(house.code_file(plugin)).unwrap());
    assert_eq!(outcomes(&dry_run(&house.engine).await), ["value", "value"]);
    experiment(&house.engine, "split", &versions[1], Status::Stopped).await;
    assert_eq!(loaded(&house.engine), 1, "what ended gives its room back");
}

#[tokio::test]
async fn the_version_that_was_used_longest_ago_is_unloaded_first() {
    let (house, _) = house_of(Limits::default(), &["1.0.0"]).await;
    let size = figure(&house.engine, "rebound_versions_loaded_code_bytes");
    let limits = Limits { loaded_bytes: 2 * size + size / 2, ..Limits::default() };
    let (house, versions) = house_of(limits, &["1.0.0", "1.0.1"]).await;
    route(&house.engine, Stage::Segmentation, &versions[0]).await;
    house.engine.set_route(Stage::Segmentation, Vec::new()).await.unwrap();
    house.publish(counter("tests/counter", "1.0.2", 9)).await;
    assert_eq!(loaded(&house.engine), 2, "there is room for two");
    route(&house.engine, Stage::Segmentation, &versions[0]).await;
    assert_eq!(loads(&house.engine, "cache"), 0, "it was used after the other, though published before");
    route(&house.engine, Stage::Segmentation, &versions[1]).await;
    assert_eq!(loads(&house.engine, "cache"), 1);
}

#[tokio::test]
async fn a_damaged_or_missing_file_is_compiled_again_before_a_route_takes_effect() {
    let (house, versions) = house_of(bare(), &["1.0.0", "1.0.1"]).await;
    fs::write(house.code_file(&versions[0]), b"no code of ours").unwrap();
    fs::remove_file(house.code_file(&versions[1])).unwrap();
    route(&house.engine, Stage::Segmentation, &versions[0]).await;
    route(&house.engine, Stage::Recommendation, &versions[1]).await;
    assert_eq!(loads(&house.engine, "tampered"), 1);
    assert_eq!(loads(&house.engine, "cache"), 0);
    assert_eq!(outcomes(&dry_run(&house.engine).await), ["value", "value"]);

    fs::write(house.code_file(&versions[0]), b"no code of ours").unwrap();
    let again = house.restarted_with(bare()).await;
    assert_eq!((loads(&again.engine, "tampered"), loads(&again.engine, "cache")), (1, 1));
    assert_eq!(outcomes(&dry_run(&again.engine).await), ["value", "value"]);
}

#[tokio::test]
async fn a_version_that_does_not_compile_any_more_is_not_routed() {
    let (house, versions) = house_of(Limits::default(), &["1.0.0"]).await;
    fs::remove_file(house.code_file(&versions[0])).unwrap();
    let again = house.restarted_with(Limits { component_bytes: 1_000, ..Limits::default() }).await;
    let refused = again.engine.set_route(Stage::Segmentation, vec![entry(&versions[0], "{}")]).await;
    assert!(matches!(refused, Err(ControlError::NotLoaded { .. })), "{refused:?}");
    assert!(again.engine.route(Stage::Segmentation).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_want_a_version_at_once_one_loads_it() {
    let (house, versions) = house_of(Limits::default(), &["1.0.0"]).await;
    let again = house.restarted().await;
    assert_eq!(loaded(&again.engine), 0);
    let routing = (0..16).map(|_| {
        let (engine, plugin) = (again.engine.clone(), versions[0].clone());
        tokio::spawn(async move { route(&engine, Stage::Segmentation, &plugin).await })
    });
    for task in routing.collect::<Vec<_>>() {
        // Some find that another was quicker to write the route; all have loaded by then.
        task.await.ok();
    }
    assert_eq!((loaded(&again.engine), loads(&again.engine, "cache")), (1, 1));
}

/// Decides while the route changes under the decision: it goes on with the versions that it had found, which are by
/// then unloaded. `meanwhile` happens after that.
async fn raced(meanwhile: impl FnOnce(&House, &PluginRef) + Send + 'static) -> (House, Vec<PluginRef>, Plan) {
    let (house, versions) = house_of(bare(), &["1.0.0", "1.0.1"]).await;
    let fallback = Some(Fallback { plugin: versions[1].clone(), config: "{}".to_owned() });
    let routed = RouteEntry { fallback, ..entry(&versions[0], "{}") };
    house.engine.set_route(Stage::Segmentation, vec![routed]).await.unwrap();
    route(&house.engine, Stage::Recommendation, &versions[1]).await;

    let racing: Arc<OnceLock<House>> = Arc::default();
    let (cell, gone) = (Arc::clone(&racing), versions[0].clone());
    let act = async move {
        let house = cell.get().unwrap();
        house.engine.set_route(Stage::Segmentation, Vec::new()).await.unwrap();
        assert_eq!(loaded(&house.engine), 1, "the fallback is routed elsewhere");
        meanwhile(house, &gone);
    };
    let front = Hooked::acting(house.storage.clone(), 0, Box::pin(act));
    let fronted = house.fronted_with(front.clone(), bare()).await;
    assert!(racing.set(fronted).is_ok());
    let event = request("e-1", "r-1", "c-1", &["a"]);
    let plan = racing.get().unwrap().decide(&event).await.unwrap().plan;
    assert!(front.has_acted());
    drop(front);
    let Ok(house) = Arc::try_unwrap(racing).map(|cell| cell.into_inner().unwrap()) else {
        panic!("the act is over")
    };
    (house, versions, plan)
}

#[tokio::test]
async fn a_call_loads_its_version_from_the_cache_when_it_must() {
    let (house, versions, plan) = raced(|_, _| ()).await;
    assert_eq!(outcomes(&plan), ["value", "value"]);
    assert_eq!(plan.trace.stages[0].plugin, versions[0]);
    assert_eq!(loads(&house.engine, "cache"), 3, "two at the start, one in the call");
}

#[tokio::test]
async fn a_call_never_waits_for_a_compiler_and_blames_nobody() {
    let damage = |house: &House, gone: &PluginRef| fs::write(house.code_file(gone), b"no code").unwrap();
    let (house, versions, plan) = raced(damage).await;
    assert_eq!(outcomes(&plan), ["not-loaded", "value", "value"]);
    let [missing, fallback, _] = &plan.trace.stages[..] else { panic!("{:?}", plan.trace.stages) };
    assert_eq!((missing.plugin == versions[0], missing.fuel), (true, 0));
    assert!(missing.detail.as_deref().unwrap().contains("compiled again"), "{:?}", missing.detail);
    assert!(fallback.fallback && plan.segment.key == "s", "the plan goes out, served by the fallback");
    let quarantines = house.engine.quarantine();
    assert!(quarantines.iter().all(|it| it.plugin != versions[0]), "{quarantines:?}");

    // It is compiled again without anybody asking for it.
    let mended = async {
        while loads(&house.engine, "tampered") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), mended).await.expect("it takes milliseconds");
    route(&house.engine, Stage::Segmentation, &versions[0]).await;
    assert_eq!(loads(&house.engine, "tampered"), 1, "the route finds the file mended");
    assert_eq!(outcomes(&dry_run(&house.engine).await), ["value", "value"]);
}
