//! What strategies may know, what becomes of their answers and failures, and what they may remember.

use rebound_domain::ids::{OrderId, PluginRef};
use rebound_domain::manifest::Stage;
use rebound_domain::money::{BasisPoints, Money};
use rebound_domain::plan::Plan;
use rebound_domain::policy::{Budget, Policy};
use rebound_domain::route::{Fallback, RouteEntry};
use rebound_engine::{Mode, Origin};
use rebound_storage::{Batch, Entry, Storage};

use crate::counter::counter;
use crate::hooked::Hooked;
use crate::house::{House, body, budget, currency, entry, order, request};

/// The calls of a plan: outcome, and whether it stood in for a failed one.
fn calls(plan: &Plan) -> Vec<(Stage, &str, bool)> {
    plan.trace.stages.iter().map(|call| (call.stage, call.outcome.as_str(), call.fallback)).collect()
}

impl House {
    /// Decides the next return of a customer and answers the plan.
    async fn returned(&self, customer: &str, number: u32) -> Plan {
        let (event, id) = (format!("e-{customer}-{number}"), format!("r-{customer}-{number}"));
        self.decide(&request(&event, &id, customer, &["a"])).await.unwrap().plan
    }

    /// What `sees` tells at a return that is not kept.
    async fn seen(&self, customer: &str) -> String {
        let event = request("seen", "seen", customer, &["a"]);
        let seen = self.engine.decide(event.clone(), body(&event), Mode::DryRun).await.unwrap();
        assert_eq!(seen.origin, Origin::DryRun);
        seen.plan.segment.key
    }

    async fn route(&self, stage: Stage, entry: RouteEntry) {
        self.engine.set_route(stage, vec![entry]).await.unwrap();
    }

    async fn counter(&self, name: &str, version: &str, state_version: u32) -> PluginRef {
        self.publish(counter(name, version, state_version)).await
    }
}

#[tokio::test]
async fn state_belongs_to_customer_stage_plugin_and_state_version() {
    let house = House::with_products(&["a"]).await;
    let first = house.counter("tests/counter", "1.0.0", 1).await;
    let second = house.counter("tests/counter", "1.1.0", 1).await;
    let third = house.counter("tests/counter", "2.0.0", 2).await;
    let other = house.counter("tests/other", "1.0.0", 1).await;
    let steps = [
        (&first, "c-1", "s"),
        (&first, "c-1", "ss"),
        (&first, "c-2", "s"),
        (&second, "c-1", "sss"),
        (&third, "c-1", "s"),
        (&other, "c-1", "s"),
        (&first, "c-1", "ssss"),
    ];
    for (number, (plugin, customer, want)) in (0..).zip(steps) {
        house.route(Stage::Segmentation, entry(plugin, "{}")).await;
        let plan = house.returned(customer, number).await;
        assert_eq!(plan.segment.key, want, "{plugin} for {customer}, step {number}");
    }
    house.route(Stage::Recommendation, entry(&first, "{}")).await;
    assert_eq!(house.returned("c-1", 90).await.segment.key, "sssss");
    let records = house.records().await;
    let sizes: Vec<usize> = records
        .iter()
        .filter(|(key, _)| key.key.starts_with(b"state/recommendation/"))
        .map(|(_, entry)| entry.bytes().unwrap().len())
        .collect();
    assert_eq!(sizes, [40 + 1], "another stage counts for itself: one byte, sealed");
    assert_eq!(house.seen("c-1").await, "ssssss");
    assert_eq!(house.seen("c-1").await, "ssssss", "a dry run remembers nothing");
}

#[tokio::test]
async fn no_return_of_a_customer_forgets_another_one() {
    // Each writes what it read, plus itself; with and without a state that would be noticed by itself.
    for remembers in [false, true] {
        let house = House::with_products(&["a"]).await;
        let hostile = house.hostile().await;
        let serving = match remembers {
            true => entry(&house.counter("tests/counter", "1.0.0", 1).await, "{}"),
            false => entry(&hostile, r#""serve""#),
        };
        for index in 0.. {
            house.route(Stage::Segmentation, serving.clone()).await;
            let customer = format!("c-{index}");
            let engine = house.engine.clone();
            let other = request(&format!("e-{index}"), &format!("r-{index}"), &customer, &["a"]);
            let act = Box::pin(async move {
                let body = body(&other);
                engine.decide(other, body, Mode::Commit).await.unwrap();
            });
            house.returned(&customer, 0).await;
            let storage = Hooked::acting(house.storage.clone(), index, act);
            let plan = house.fronted(storage.clone()).await.returned(&customer, 1).await;
            if !storage.has_acted() {
                assert!(index > 3, "the read has several keys");
                break;
            }
            assert_eq!(plan.segment.key, if remembers { "sss" } else { "keeper" }, "before key {index}");
            house.route(Stage::Segmentation, entry(&hostile, r#""sees""#)).await;
            assert_eq!(house.seen(&customer).await, "returns-3-sold-0-with-0", "before key {index}");
        }
    }
}

#[tokio::test]
async fn a_state_written_meanwhile_is_read_again() {
    let house = House::with_products(&["a"]).await;
    let counter = house.counter("tests/counter", "1.0.0", 1).await;
    house.route(Stage::Segmentation, entry(&counter, "{}")).await;
    house.returned("c-1", 0).await;
    let records = house.records().await;
    let (key, state) = records.iter().find(|(key, _)| key.key.starts_with(b"state/")).unwrap().clone();
    // The same bytes as another write: nothing but the state itself tells of it.
    let (memory, mut batch) = (house.storage.clone(), Batch::new());
    batch.put(key.clone(), Entry::bytes(&state).unwrap().clone());
    let act = Box::pin(async move {
        memory.commit(batch).await.unwrap();
    });
    let storage = Hooked::acting(house.storage.clone(), Hooked::AT_COMMIT, act);
    let racing = house.fronted(storage.clone()).await;
    assert_eq!(racing.returned("c-1", 1).await.segment.key, "ss");
    let figures = racing.engine.figures();
    assert!(figures.contains("rebound_decision_retries_total 1"), "{figures}");
}

#[tokio::test]
async fn a_failed_version_is_stood_in_for_and_one_that_declines_is_not() {
    let house = House::with_products(&["a"]).await;
    let (counter, hostile) = (house.counter("tests/counter", "1.0.0", 1).await, house.hostile().await);
    let with_fallback = |config: &str| RouteEntry {
        fallback: Some(Fallback { plugin: counter.clone(), config: "{}".to_owned() }),
        ..entry(&hostile, config)
    };
    house.route(Stage::Segmentation, with_fallback(r#""panic""#)).await;
    let plan = house.returned("c-1", 0).await;
    const STAGE: Stage = Stage::Segmentation;
    assert_eq!(calls(&plan), [(STAGE, "unreachable", false), (STAGE, "value", true)]);
    assert_eq!((plan.segment.key.as_str(), plan.trace.stages[1].plugin == counter), ("s", true));

    house.route(Stage::Segmentation, with_fallback(r#""decline""#)).await;
    let plan = house.returned("c-1", 1).await;
    assert_eq!(calls(&plan), [(STAGE, "declined", false)]);
    assert_eq!(plan.segment.key, "unknown");

    house.route(Stage::Segmentation, entry(&hostile, r#""panic""#)).await;
    let plan = house.returned("c-1", 2).await;
    assert_eq!((calls(&plan), plan.refund.amount), (vec![(STAGE, "unreachable", false)], Money(250)));
}

#[tokio::test]
async fn a_stage_sees_what_stood_of_the_stages_before_it() {
    let house = House::with_products(&["a", "b"]).await;
    let mut policy = Policy::standard(currency());
    policy.incentive_share_max = BasisPoints(10_000);
    house.engine.set_policy(policy).await.unwrap();
    let budget = Budget { per_customer: 9, ..budget() };
    house.engine.set_budget(budget).await.unwrap();
    let hostile = house.hostile().await;
    let product = house.returned("c-0", 0).await;
    assert!(product.offers.is_empty());
    house.route(Stage::Coupon, entry(&hostile, r#""serve""#)).await;
    house.route(Stage::Sharing, entry(&hostile, r#""sees""#)).await;
    for (number, config, outcome, seen) in [
        (1, r#""product 1""#, "value", "offers-1-proposals-1"),
        (2, r#""product 999""#, "invalid-output", "offers-0-proposals-1"),
    ] {
        house.route(Stage::Recommendation, entry(&hostile, config)).await;
        let plan = house.returned("c-1", number).await;
        let want = [Stage::Recommendation, Stage::Coupon, Stage::Sharing];
        let outcomes: Vec<_> = want.into_iter().zip([outcome, "value", "value"]).collect();
        let calls: Vec<_> = calls(&plan).into_iter().map(|(stage, outcome, _)| (stage, outcome)).collect();
        assert_eq!(calls, outcomes, "{:?}", plan.trace.stages);
        assert_eq!(plan.sharing.achievements[0].key, seen);
        assert_eq!(plan.coupons.len(), 1, "what was proposed within the policy is minted");
    }
}

#[tokio::test]
async fn what_comes_back_is_taken_from_the_order_it_names() {
    let house = House::with_products(&["a"]).await;
    let hostile = house.hostile().await;
    house.route(Stage::Segmentation, entry(&hostile, r#""bought""#)).await;
    let orders = vec![order("o-1", Some("c-1"), 1, &["a"]), order("o-2", Some("c-1"), 2, &["a"])];
    assert!(house.engine.import_orders(orders).await.unwrap().iter().all(Result::is_ok));
    let mut event = request("e-1", "r-1", "c-1", &["a"]);
    event.lines[0].order_id = Some(OrderId::new("o-1").unwrap());
    house.decide(&event).await.unwrap();
    assert_eq!(house.seen("c-1").await, "back-0-1");
    house.returned("c-1", 2).await;
    assert_eq!(house.seen("c-1").await, "back-1-1", "without an order, the latest");
}
