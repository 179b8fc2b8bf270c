//! Another commit may land between any two keys of one read: a read is no snapshot.

use std::sync::Arc;

use rebound_domain::event::{CustomerRequest, ReturnRequest};
use rebound_domain::ids::CustomerId;
use rebound_engine::{Damaged, DecideError, Decided, Engine, Fault, Mode, Origin};
use rebound_storage::{Batch, Key, Storage};

use crate::hooked::Hooked;
use crate::house::{House, body, order, request};

/// Decides `request` while `other` is decided before the key at `index` of its read. None when the read has no such
/// key.
async fn overtaken(
    house: &House,
    other: ReturnRequest,
    request: &ReturnRequest,
    index: usize,
) -> Option<Result<Decided, DecideError>> {
    let engine: Engine = house.engine.clone();
    let act = Box::pin(async move {
        let body = body(&other);
        engine.decide(other, body, Mode::Commit).await.unwrap();
    });
    let storage = Hooked::acting(house.storage.clone(), index, act);
    let racing = house.fronted(storage.clone()).await;
    let decided = racing.decide(request).await;
    storage.has_acted().then_some(decided)
}

#[tokio::test]
async fn two_first_returns_of_a_customer_are_both_decided() {
    // The customer's key was read before the profile that is sealed with it, and a key made here opened nothing.
    for index in 0.. {
        let house = House::with_products(&["a"]).await;
        let event = request("e-2", "r-2", "c-1", &["a"]);
        let Some(decided) = overtaken(&house, request("e-1", "r-1", "c-1", &["a"]), &event, index).await
        else {
            assert!(index > 3, "the read has several keys");
            return;
        };
        assert_eq!(decided.unwrap().origin, Origin::Made, "before key {index}");
        assert!(house.engine.plan(&event.return_id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_event_that_races_itself_gets_its_own_plan() {
    // The event was read before the return, and the plan it had become looked like another event's.
    for index in 0.. {
        let house = House::with_products(&["a"]).await;
        let event = request("e-1", "r-1", "c-1", &["a"]);
        let Some(decided) = overtaken(&house, event.clone(), &event, index).await else {
            assert!(index > 3, "the read has several keys");
            return;
        };
        let decided = decided.unwrap();
        assert_eq!(decided.origin, Origin::Stored, "before key {index}");
        assert_eq!(house.engine.plan(&event.return_id).await.unwrap(), Some(decided.plan));
    }
}

#[tokio::test]
async fn an_import_that_meets_a_first_return_lands_after_it() {
    for index in 0.. {
        let house = House::with_products(&["a"]).await;
        let (engine, event) = (house.engine.clone(), request("e-1", "r-1", "c-1", &["a"]));
        let act = Box::pin(async move {
            let body = body(&event);
            engine.decide(event, body, Mode::Commit).await.unwrap();
        });
        let storage = Hooked::acting(house.storage.clone(), index, act);
        let racing = house.fronted(Arc::clone(&storage) as _).await;
        let landed = racing.engine.import_orders(vec![order("o-1", Some("c-1"), 1, &["a"])]).await;
        if !storage.has_acted() {
            assert!(index > 2, "the read has several keys");
            return;
        }
        assert!(landed.unwrap()[0].is_ok(), "before key {index}");
    }
}

#[tokio::test]
async fn a_customer_erased_in_the_middle_of_a_read_is_a_new_one() {
    for index in 0.. {
        let house = House::with_products(&["a"]).await;
        house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
        let (memory, mut batch) = (house.storage.clone(), Batch::new());
        let customer = |(key, _): &(Key, _)| key.owner.len() == 17 && key.owner.starts_with(b"c");
        for (key, _) in house.records().await.into_iter().filter(customer) {
            batch.delete(key);
        }
        let act = Box::pin(async move {
            memory.commit(batch).await.unwrap();
        });
        let storage = Hooked::acting(house.storage.clone(), index, act);
        let decided =
            house.fronted(storage.clone()).await.decide(&request("e-2", "r-2", "c-1", &["a"])).await;
        if !storage.has_acted() {
            assert!(index > 3, "the read has several keys");
            return;
        }
        assert_eq!(decided.unwrap().origin, Origin::Made, "before key {index}");
    }
}

#[tokio::test]
async fn a_customer_key_that_stays_away_is_named() {
    let house = House::with_products(&["a"]).await;
    house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
    let mut batch = Batch::new();
    let records = house.records().await;
    let (key, _) = records.iter().find(|(key, _)| key.key == "key").unwrap();
    batch.delete(key.clone());
    house.storage.commit(batch).await.unwrap();
    let refused = house.decide(&request("e-2", "r-2", "c-1", &["a"])).await;
    assert!(matches!(refused, Err(DecideError::Fault(Fault::Damaged(Damaged::KeyLost)))), "{refused:?}");
    // An import that answered "busy" would be sent again for ever.
    let refused = house.engine.import_orders(vec![order("o-1", Some("c-1"), 1, &["a"])]).await;
    assert!(matches!(refused, Err(Fault::Damaged(Damaged::KeyLost))), "{refused:?}");
    let described = CustomerRequest {
        customer_id: CustomerId::new("c-1").unwrap(),
        traits: vec!["vip".to_owned()],
        consent: Vec::new(),
        locale: None,
    };
    let refused = house.engine.import_customers(vec![described]).await;
    assert!(matches!(refused, Err(Fault::Damaged(Damaged::KeyLost))), "{refused:?}");
}
