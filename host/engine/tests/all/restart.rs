//! What was acknowledged is there after a restart, and what is kept in memory is what the records say.

use rebound_domain::experiment::{Arm, Draft, PhaseSeed, Status};
use rebound_domain::ids::{ArmKey, BudgetId, ExperimentKey};
use rebound_domain::manifest::Stage;
use rebound_domain::money::{BasisPoints, Money};
use rebound_domain::policy::{Budget, Counts, Policy, Stacking};
use rebound_engine::{Mode, Origin};

use crate::counter::counter;
use crate::house::{House, body, currency, entry, order, request};

#[tokio::test]
async fn a_restart_answers_the_same_plans_and_goes_on_counting() {
    let house = House::with_products(&["a", "b"]).await;
    let orders = vec![order("o-1", Some("c-1"), 10, &["a", "b"]), order("o-2", None, 11, &["a"])];
    assert!(house.engine.import_orders(orders.clone()).await.unwrap().iter().all(Result::is_ok));
    let event = request("e-1", "r-1", "c-1", &["a"]);
    let made = house.decide(&event).await.unwrap();

    let house = house.restarted().await;
    let again = house.decide(&event).await.unwrap();
    assert_eq!((again.origin, again.plan), (Origin::Stored, made.plan));
    let orders = house.engine.import_orders(orders).await.unwrap();
    assert!(orders.iter().all(|result| matches!(result, Ok(rebound_engine::Imported::Unchanged))));
    assert_eq!(house.decide(&request("e-2", "r-2", "c-1", &["b"])).await.unwrap().origin, Origin::Made);
}

#[tokio::test]
async fn a_restart_brings_back_what_operators_set_and_what_orders_taught() {
    let house = House::with_products(&["a", "b"]).await;
    let (counter, hostile) =
        (house.publish(counter("tests/counter", "1.0.0", 1)).await, house.hostile().await);
    let mut policy = Policy::standard(currency());
    policy.low_stock = 3;
    house.engine.set_policy(policy).await.unwrap();
    let budget = Budget {
        id: BudgetId::new("spring").unwrap(),
        currency: currency(),
        counts: Counts::Spend,
        limit: Money(100_000),
        benefits: vec!["gift".to_owned()],
        max_value: Money(10_000),
        stacking: Stacking::Combinable,
        per_customer: 4,
    };
    house.engine.set_budget(budget.clone()).await.unwrap();
    house.engine.set_route(Stage::Segmentation, vec![entry(&hostile, r#""sees""#)]).await.unwrap();
    let key = ExperimentKey::new("split").unwrap();
    for weight in [5_000, 4_000] {
        let arm = |key: &str, weight, entries| Arm {
            key: ArmKey::new(key).unwrap(),
            weight: BasisPoints(weight),
            entries,
        };
        let served = entry(&counter, "{}");
        let draft = Draft {
            stage: Stage::Recommendation,
            status: Status::Running,
            coverage: BasisPoints(9_000),
            arms: vec![arm("control", weight, vec![]), arm("counter", 10_000 - weight, vec![served])],
            seed: PhaseSeed::New,
        };
        house.engine.set_experiment(key.clone(), draft).await.unwrap();
    }
    let orders = vec![order("o-1", Some("c-9"), 10, &["a", "b"]), order("o-2", None, 11, &["b"])];
    assert!(house.engine.import_orders(orders).await.unwrap().iter().all(Result::is_ok));
    let event = request("e-1", "r-1", "c-1", &["a"]);
    let seen = house.engine.decide(event.clone(), body(&event), Mode::DryRun).await.unwrap().plan;
    assert_eq!(seen.segment.key, "returns-0-sold-4-with-1", "the catalogue has learned from the orders");

    let again = house.restarted().await;
    let published = |house: &House| -> Vec<_> {
        let plugins = house.engine.plugins().into_iter();
        plugins.map(|it| (it.plugin, it.digest, it.size, it.published_at, it.manifest)).collect()
    };
    assert_eq!(published(&again), published(&house));
    assert_eq!(again.engine.policy(), house.engine.policy());
    assert_eq!(again.engine.budget(&budget.id), Some(budget));
    assert_eq!(again.engine.route(Stage::Segmentation), house.engine.route(Stage::Segmentation));
    let experiment = again.engine.experiment(&key).unwrap();
    assert_eq!((experiment.phase, experiment.seed.as_str()), (2, "split:2:"));
    assert_eq!(Some(experiment), house.engine.experiment(&key));
    let seen_again = again.engine.decide(event.clone(), body(&event), Mode::DryRun).await.unwrap().plan;
    assert_eq!(seen_again.segment, seen.segment);
    assert_eq!(seen_again.trace.assignments, seen.trace.assignments);
    // What is changed after a restart is expected as it was read.
    again.engine.set_policy(Policy::standard(currency())).await.unwrap();
}
