//! One event, one atomic commit, idempotent (D7); the refund is never behind an offer (D6).

use rebound_domain::ids::{OrderId, ReturnId};
use rebound_domain::money::{Currency, Money};
use rebound_engine::{DecideError, Mode, Origin};

use crate::house::{House, body, order, request};

#[tokio::test]
async fn a_return_without_any_strategy_still_has_its_refund() {
    let house = House::with_products(&["a", "b"]).await;
    let decided = house.decide(&request("e-1", "r-1", "c-1", &["a", "b"])).await.unwrap();
    assert_eq!(decided.origin, Origin::Made);
    assert_eq!(decided.plan.refund.amount, Money(500));
    assert_eq!(decided.plan.refund.lines.len(), 2);
    assert_eq!((decided.plan.segment.key.as_str(), decided.plan.segment.confidence), ("unknown", 0.0));
}

#[tokio::test]
async fn the_same_event_answers_the_stored_plan_and_another_body_conflicts() {
    let house = House::with_products(&["a"]).await;
    let event = request("e-1", "r-1", "c-1", &["a"]);
    let made = house.decide(&event).await.unwrap();
    let again = house.decide(&event).await.unwrap();
    assert_eq!((again.origin, again.plan), (Origin::Stored, made.plan.clone()));
    assert_eq!(house.engine.plan(&event.return_id).await.unwrap(), Some(made.plan));

    let mut other = event.clone();
    other.lines[0].quantity = 7;
    assert!(matches!(house.decide(&other).await, Err(DecideError::EventConflict { .. })));
    let mut moved = event.clone();
    moved.return_id = ReturnId::new("r-2").unwrap();
    assert!(matches!(house.decide(&moved).await, Err(DecideError::EventConflict { .. })));
    assert_eq!(house.engine.plan(&moved.return_id).await.unwrap(), None);
}

#[tokio::test]
async fn another_event_for_a_decided_return_is_refused() {
    let house = House::with_products(&["a"]).await;
    house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
    let second = house.decide(&request("e-2", "r-1", "c-1", &["a"])).await;
    assert!(matches!(second, Err(DecideError::ReturnDecided { return_id }) if return_id.as_str() == "r-1"));
}

#[tokio::test]
async fn one_of_many_concurrent_repeats_decides_and_all_get_its_plan() {
    let house = std::sync::Arc::new(House::with_products(&["a"]).await);
    let event = request("e-1", "r-1", "c-1", &["a"]);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (house, event) = (house.clone(), event.clone());
        tasks.spawn(async move { house.decide(&event).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.origin == Origin::Made).count(), 1);
    assert!(answers.iter().all(|answer| answer.plan == answers[0].plan));
}

#[tokio::test]
async fn concurrent_returns_of_one_customer_are_all_counted() {
    let house = std::sync::Arc::new(House::with_products(&["a"]).await);
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..16 {
        let house = house.clone();
        let event = request(&format!("e-{index}"), &format!("r-{index}"), "c-1", &["a"]);
        tasks.spawn(async move { house.decide(&event).await.unwrap() });
    }
    assert!(tasks.join_all().await.iter().all(|answer| answer.origin == Origin::Made));
    let figures = house.engine.figures();
    assert!(figures.contains("rebound_decisions_total{outcome=\"made\"} 16"), "{figures}");
}

#[tokio::test]
async fn a_dry_run_keeps_nothing() {
    let house = House::with_products(&["a"]).await;
    let event = request("e-1", "r-1", "c-1", &["a"]);
    let before = house.records().await;
    let tried = house.engine.decide(event.clone(), body(&event), Mode::DryRun).await.unwrap();
    assert_eq!(tried.origin, Origin::DryRun);
    assert_eq!(house.records().await, before);
    assert_eq!(house.engine.plan(&event.return_id).await.unwrap(), None);
    assert_eq!(house.decide(&event).await.unwrap().origin, Origin::Made);
}

#[tokio::test]
async fn what_cannot_be_decided_is_named_and_leaves_nothing() {
    let house = House::with_products(&["a"]).await;
    let unknown = house.decide(&request("e-1", "r-1", "c-1", &["a", "ghost"])).await;
    assert!(matches!(unknown, Err(DecideError::UnknownSku { sku }) if sku.as_str() == "ghost"));
    let mut euros = request("e-1", "r-1", "c-1", &["a"]);
    euros.currency = Currency::new("EUR").unwrap();
    assert!(matches!(house.decide(&euros).await, Err(DecideError::Currency { .. })));
    assert_eq!(house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap().origin, Origin::Made);
}

#[tokio::test]
async fn an_order_of_somebody_else_is_no_order_of_this_return() {
    let house = House::with_products(&["a"]).await;
    let known = house.engine.import_orders(vec![order("o-1", Some("c-2"), 1, &["a"])]).await.unwrap();
    assert!(known[0].is_ok());
    let mut event = request("e-1", "r-1", "c-1", &["a"]);
    event.lines[0].order_id = Some(OrderId::new("o-1").unwrap());
    let plan = house.decide(&event).await.unwrap().plan;
    assert_eq!(plan.refund.window_ends, None, "a stranger's order tells nothing of this return's window");
    let mut own = request("e-2", "r-2", "c-2", &["a"]);
    own.lines[0].order_id = Some(OrderId::new("o-1").unwrap());
    assert!(house.decide(&own).await.unwrap().plan.refund.window_ends.is_some());
    let mut partly = request("e-3", "r-3", "c-2", &["a", "a"]);
    partly.lines[0].order_id = Some(OrderId::new("o-1").unwrap());
    partly.lines[1].order_id = Some(OrderId::new("o-unknown").unwrap());
    let plan = house.decide(&partly).await.unwrap().plan;
    assert_eq!(plan.refund.window_ends, None, "all of it may go back until nobody knows when");
}
