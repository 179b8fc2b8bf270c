//! No reply before what it rests on is durable, and nothing half-done when the storage fails.

use std::sync::Arc;

use rebound_engine::{DecideError, Fault, HoldQuery, Mode, Origin};
use rebound_storage::testing::{Fault as StorageFault, FaultyStorage};

use crate::hooked::Hooked;
use crate::house::{House, body, request};

#[tokio::test]
async fn a_decision_is_answered_once_it_is_durable() {
    let house = House::with_products(&["a"]).await;
    let (storage, gate) = Hooked::gated(house.storage.clone());
    let gated = house.fronted(storage).await;
    let decided = gate.holds(gated.decide(&request("e-1", "r-1", "c-1", &["a"]))).await;
    assert_eq!(decided.unwrap().origin, Origin::Made);
}

#[tokio::test]
async fn a_reply_without_a_commit_waits_for_what_it_read() {
    let house = House::with_products(&["a"]).await;
    let event = request("e-1", "r-1", "c-1", &["a"]);
    house.decide(&event).await.unwrap();
    let gated = || async {
        let (storage, gate) = Hooked::gated(house.storage.clone());
        (house.fronted(storage).await, gate)
    };

    let (late, gate) = gated().await;
    assert_eq!(gate.holds(late.decide(&event)).await.unwrap().origin, Origin::Stored, "a repeat");
    let (late, gate) = gated().await;
    assert!(gate.holds(late.engine.plan(&event.return_id)).await.unwrap().is_some(), "a plan");
    let of = HoldQuery { customer_id: event.customer_id.clone(), sku: None, recommendation_id: None };
    let (late, gate) = gated().await;
    assert!(gate.holds(late.engine.holds(&of)).await.unwrap().is_empty(), "price holds");
    let (late, gate) = gated().await;
    gate.holds(late.decide(&request("e-9", "r-1", "c-1", &["a"]))).await.unwrap_err();
    let (late, gate) = gated().await;
    let next = request("e-2", "r-2", "c-1", &["a"]);
    let tried = gate.holds(late.engine.decide(next.clone(), body(&next), Mode::DryRun)).await;
    assert_eq!(tried.unwrap().origin, Origin::DryRun, "a dry run");
}

#[tokio::test]
async fn a_storage_that_fails_at_the_commit_leaves_no_half_of_a_plan() {
    for fault in [StorageFault::Refused, StorageFault::Overloaded, StorageFault::LostUnknown] {
        let house = House::with_products(&["a"]).await;
        let before = house.records().await;
        let storage = FaultyStorage::new(house.storage.clone(), [fault]);
        let faulty = house.fronted(Arc::new(storage)).await;
        let event = request("e-1", "r-1", "c-1", &["a"]);
        let failed = faulty.decide(&event).await;
        match fault {
            StorageFault::Overloaded => assert!(matches!(failed, Err(DecideError::Fault(Fault::Busy)))),
            _ => assert!(matches!(failed, Err(DecideError::Fault(Fault::Commit(_)))), "{failed:?}"),
        }
        assert_eq!(house.records().await, before, "{fault:?}");
        assert_eq!(faulty.engine.plan(&event.return_id).await.unwrap(), None);
        assert_eq!(faulty.decide(&event).await.unwrap().origin, Origin::Made, "{fault:?}");
    }
}

#[tokio::test]
async fn a_commit_that_landed_without_an_answer_is_found_by_the_repeat() {
    let house = House::with_products(&["a"]).await;
    let storage = FaultyStorage::new(house.storage.clone(), [StorageFault::LandsUnknown]);
    let faulty = house.fronted(Arc::new(storage)).await;
    let event = request("e-1", "r-1", "c-1", &["a"]);
    assert!(matches!(faulty.decide(&event).await, Err(DecideError::Fault(Fault::Commit(_)))));
    assert_eq!(faulty.decide(&event).await.unwrap().origin, Origin::Stored);
}
