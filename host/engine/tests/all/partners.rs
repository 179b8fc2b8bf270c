//! A partner is held to its quotas, sees only its own, and at its quota slows only itself.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rebound_domain::experiment::{Arm, Draft, PhaseSeed, Status};
use rebound_domain::ids::{ArmKey, ExperimentKey, Namespace, PluginRef};
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::BasisPoints;
use rebound_domain::namespace::{Bound, QuotaSettings, Quotas};
use rebound_domain::plan::Plan;
use rebound_domain::route::{Fallback, RouteEntry};
use rebound_engine::{Mode, PublishError, VersionFigures};
use rebound_sandbox::Class;

use crate::counter::counter;
use crate::hooked::Hooked;
use crate::house::{House, body, entry, request};

fn namespace(name: &str) -> Namespace {
    Namespace::new(name).unwrap()
}

/// One namespace's quotas; the others have none.
fn quotas(name: &str, settings: QuotaSettings) -> Quotas {
    Quotas { partners: House::unlimited(), named: BTreeMap::from([(namespace(name), settings)]) }
}

fn at_most(limit: u64) -> Option<Bound> {
    Some(Bound::AtMost(limit))
}

async fn route(house: &House, plugin: &PluginRef, config: &str, fallback: Option<&PluginRef>) {
    let fallback = fallback.map(|plugin| Fallback { plugin: plugin.clone(), config: "{}".to_owned() });
    let entry = RouteEntry { fallback, ..entry(plugin, config) };
    house.engine.set_route(Stage::Segmentation, vec![entry]).await.unwrap();
}

async fn decide(house: &House, number: usize, mode: Mode) -> Plan {
    let (event, return_id, customer) = (format!("e-{number}"), format!("r-{number}"), format!("c-{number}"));
    let event = request(&event, &return_id, &customer, &["a"]);
    let body = body(&event);
    house.engine.decide(event, body, mode).await.unwrap().plan
}

fn outcomes(plan: &Plan) -> Vec<&str> {
    plan.trace.stages.iter().map(|call| call.outcome.as_str()).collect()
}

fn figures_of(house: &House, plugin: &PluginRef) -> VersionFigures {
    let figures = house.engine.namespace_figures(&plugin.name.namespace());
    figures.into_iter().find(|it| it.plugin == *plugin).unwrap()
}

#[tokio::test]
async fn a_namespace_publishes_as_many_versions_as_it_may() {
    let house = House::new().await;
    house.engine.set_quotas(quotas("acme", QuotaSettings { versions: at_most(2), ..Default::default() }));
    let publish = async |name: &str, version: &str| {
        house.engine.publish(Class::Standard, counter(name, version, 1).into()).await
    };
    publish("acme/first", "1.0.0").await.unwrap();
    publish("acme/second", "1.0.0").await.unwrap();
    let error = publish("acme/first", "1.0.1").await.unwrap_err();
    assert!(matches!(error, PublishError::OverQuota { key: "versions", used: 2, quota: 2, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("acme/first@1.0.1") && text.contains("[namespaces.acme]"), "{text}");
    publish("acme/first", "1.0.0").await.expect("what is published stays so");
    publish("acme-two/first", "1.0.0").await.expect("others are not held to it");
    let status = house.engine.namespace(&namespace("acme"));
    assert_eq!((status.publications.len(), status.quota.versions), (2, Some(2)));
}

#[tokio::test]
async fn a_namespace_publishes_as_many_bytes_as_it_may() {
    let house = House::new().await;
    let size = counter("acme/first", "1.0.0", 1).len() as u64;
    house.engine.set_quotas(quotas("acme", QuotaSettings { bytes: at_most(2 * size), ..Default::default() }));
    for version in ["1.0.0", "1.0.1"] {
        house.publish(counter("acme/first", version, 1)).await;
    }
    let stored = house.records().await.len();
    let third = counter("acme/first", "1.0.2", 1).into();
    let error = house.engine.publish(Class::Standard, third).await.unwrap_err();
    assert!(matches!(error, PublishError::OverQuota { key: "bytes", .. }), "{error:?}");
    assert_eq!(house.records().await.len(), stored, "its bytes are not kept either");
    assert_eq!(house.engine.namespace(&namespace("acme")).bytes, 2 * size);
}

/// Two publications at once each found room for one, and both took it.
#[tokio::test]
async fn of_two_that_are_published_at_once_only_one_gets_the_last_place() {
    let racing: Arc<OnceLock<House>> = Arc::default();
    let cell = Arc::clone(&racing);
    // The second is published while the first, which has found room, stores its bytes.
    let act = async move {
        cell.get().unwrap().publish(counter("acme/first", "1.0.1", 1)).await;
    };
    let house = House::new().await;
    let front = Hooked::acting(house.storage.clone(), Hooked::AT_COMMIT, Box::pin(act));
    let fronted = house.fronted(front.clone()).await;
    fronted.engine.set_quotas(quotas("acme", QuotaSettings { versions: at_most(1), ..Default::default() }));
    let engine = fronted.engine.clone();
    assert!(racing.set(fronted).is_ok());
    let refused = engine.publish(Class::Standard, counter("acme/first", "1.0.0", 1).into()).await;
    assert!(front.has_acted());
    assert!(matches!(refused, Err(PublishError::OverQuota { used: 1, .. })), "{refused:?}");
    assert_eq!(engine.plugins().len(), 1);
}

#[tokio::test]
async fn fuel_over_the_quota_falls_back_and_counts_against_nobody() {
    let limits = Limits { quarantine_failures: 1, quarantine_rate_bp: 1, ..Limits::default() };
    let house = House::limited(limits).await;
    house.stock(&["a"]).await;
    let first = house.publish(counter("acme/first", "1.0.0", 1)).await;
    let other = house.publish(counter("other/first", "1.0.0", 1)).await;
    route(&house, &first, "{}", Some(&other)).await;
    house
        .engine
        .set_quotas(quotas("acme", QuotaSettings { fuel_per_second: at_most(1), ..Default::default() }));
    assert_eq!(outcomes(&decide(&house, 0, Mode::Commit).await), ["value"], "there is a second's worth");
    for number in 1..5 {
        let plan = decide(&house, number, Mode::Commit).await;
        assert_eq!(outcomes(&plan), ["over-quota", "value"]);
        let [refused, fallback] = &plan.trace.stages[..] else { panic!("{:?}", plan.trace.stages) };
        assert_eq!((refused.fuel, refused.micros, fallback.fallback), (0, 0, true));
        let detail = refused.detail.as_deref().unwrap();
        assert!(detail.contains("1 fuel a second") && detail.contains("[namespaces.acme]"), "{detail}");
    }
    let quarantine = house.engine.quarantine();
    let failures: u32 = quarantine.iter().filter(|it| it.plugin == first).map(|it| it.failures).sum();
    assert_eq!(failures, 0);
    let figures = figures_of(&house, &first);
    assert_eq!(figures.calls, 1);
    assert_eq!(figures.outcomes, BTreeMap::from([("value".to_owned(), 1), ("over-quota".to_owned(), 4)]));
    assert!(house.engine.figures().contains(r#"outcome="over-quota""#));
    let status = house.engine.namespace(&namespace("acme"));
    assert!(status.fuel == figures.fuel.total && status.fuel_left.unwrap() < 0, "{status:?}");

    house.engine.set_quotas(quotas("acme", QuotaSettings::default()));
    assert_eq!(outcomes(&decide(&house, 9, Mode::Commit).await), ["value"], "the operator raised it");
}

#[tokio::test]
async fn dry_runs_are_charged_too() {
    let house = House::with_products(&["a"]).await;
    let first = house.publish(counter("acme/first", "1.0.0", 1)).await;
    route(&house, &first, "{}", None).await;
    house
        .engine
        .set_quotas(quotas("acme", QuotaSettings { fuel_per_second: at_most(1), ..Default::default() }));
    assert_eq!(outcomes(&decide(&house, 0, Mode::DryRun).await), ["value"]);
    assert_eq!(outcomes(&decide(&house, 1, Mode::DryRun).await), ["over-quota"]);
}

#[tokio::test]
async fn a_namespace_without_a_share_of_the_threads_runs_nothing() {
    let house = House::with_products(&["a"]).await;
    let first = house.publish(counter("acme/first", "1.0.0", 1)).await;
    let other = house.publish(counter("other/first", "1.0.0", 1)).await;
    route(&house, &first, "{}", Some(&other)).await;
    house
        .engine
        .set_quotas(quotas("acme", QuotaSettings { compute_share_bp: at_most(0), ..Default::default() }));
    let plan = decide(&house, 0, Mode::Commit).await;
    assert_eq!(outcomes(&plan), ["over-quota", "value"]);
    assert!(plan.trace.stages[0].detail.as_deref().unwrap().contains("compute_share_bp"));
    assert_eq!(house.engine.namespace(&namespace("acme")).threads_max, Some(0));
}

#[tokio::test]
async fn log_lines_are_told_by_level_and_never_by_text() {
    let house = House::with_products(&["a"]).await;
    let hostile = house.hostile().await;
    route(&house, &hostile, "\"panic\"", None).await;
    assert_eq!(outcomes(&decide(&house, 0, Mode::Commit).await), ["unreachable"]);
    let figures = figures_of(&house, &hostile);
    assert_eq!((figures.log.error, figures.log.dropped, figures.calls), (1, 0, 1));
    assert!(!format!("{figures:?}").contains("panicked"), "a panic's words are in the plan's trace alone");
    house.engine.set_quotas(quotas(
        "tests",
        QuotaSettings { log_bytes_per_second: at_most(0), ..Default::default() },
    ));
    decide(&house, 1, Mode::Commit).await;
    let figures = figures_of(&house, &hostile);
    assert_eq!((figures.log.error, figures.log.dropped, figures.calls), (1, 1, 2));
}

#[tokio::test]
async fn a_namespace_sees_its_own_and_nothing_else() {
    let house = House::with_products(&["a"]).await;
    let first = house.publish(counter("acme/first", "1.0.0", 1)).await;
    let other = house.publish(counter("other/first", "1.0.0", 1)).await;
    route(&house, &first, "{}", None).await;
    house.engine.set_route(Stage::Recommendation, vec![entry(&other, "{}")]).await.unwrap();
    assert_eq!(outcomes(&decide(&house, 0, Mode::Commit).await), ["value", "value"]);
    for (name, own, hidden) in [("acme", &first, &other), ("other", &other, &first)] {
        let (status, figures) =
            (house.engine.namespace(&namespace(name)), house.engine.namespace_figures(&namespace(name)));
        let text = format!("{status:?} {figures:?}");
        assert!(text.contains(own.name.as_str()) && !text.contains(hidden.name.as_str()), "{text}");
        assert!(!text.contains("c-0"), "no customer: {text}");
    }
    assert!(house.engine.namespace_figures(&namespace("ac")).is_empty());
    assert!(house.engine.namespace(&namespace("ac")).publications.is_empty());
}

/// Half of all customers get the partner's strategy, which burns all the fuel it gets, and half the neighbour's.
#[tokio::test(flavor = "multi_thread")]
async fn a_partner_at_its_quota_slows_only_itself() {
    const DECISIONS: usize = 200;
    let house = House::with_products(&["a"]).await;
    let flood = house.hostile().await;
    let neighbour = house.publish(counter("neighbour/first", "1.0.0", 1)).await;
    let arm = |key: &str, entry| Arm {
        key: ArmKey::new(key).unwrap(),
        weight: BasisPoints(5_000),
        entries: vec![entry],
    };
    let draft = Draft {
        stage: Stage::Segmentation,
        status: Status::Running,
        coverage: BasisPoints(10_000),
        arms: vec![arm("flood", entry(&flood, "\"spin\"")), arm("neighbour", entry(&neighbour, "{}"))],
        seed: PhaseSeed::New,
    };
    house.engine.set_experiment(ExperimentKey::new("split").unwrap(), draft).await.unwrap();
    let settings = QuotaSettings {
        fuel_per_second: at_most(1_000),
        compute_share_bp: at_most(5_000),
        ..QuotaSettings::default()
    };
    house.engine.set_quotas(quotas("tests", settings));
    let house = Arc::new(house);
    let deciding = (0..DECISIONS).map(|number| {
        let house = Arc::clone(&house);
        tokio::spawn(async move { decide(&house, number, Mode::Commit).await })
    });
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for task in deciding.collect::<Vec<_>>() {
        let plan = task.await.unwrap();
        let [call] = &plan.trace.stages[..] else { panic!("{:?}", plan.trace.stages) };
        *told.entry((call.plugin.name.to_string(), call.outcome.clone())).or_default() += 1;
    }
    let of = |plugin: &PluginRef, outcome: &str| {
        told.get(&(plugin.name.to_string(), outcome.to_owned())).copied().unwrap_or(0)
    };
    let served = of(&neighbour, "value");
    let flooding = DECISIONS - served;
    assert!(served > 50 && flooding > 50, "both arms have customers: {told:?}");
    // One call takes more than the partner has for hours, and one thread at a time is its share.
    assert_eq!(of(&flood, "over-quota"), flooding - 1, "{told:?}");
    assert_eq!(figures_of(&house, &flood).calls, 1);
    assert_eq!(
        figures_of(&house, &neighbour).outcomes,
        BTreeMap::from([("value".to_owned(), served as u64)])
    );
}
