//! Orders land once, are learned from once, and belong to one buyer.

use rebound_domain::event::OrderRequest;
use rebound_domain::money::Money;
use rebound_domain::time::Instant;
use rebound_engine::{Fault, Imported, LineError, LineResults};
use rebound_storage::testing::Fault as Planned;

use crate::house::{House, order, request};

fn is_conflict(result: &Result<Imported, LineError>) -> bool {
    matches!(result, Err(LineError::OrderConflict { .. }))
}

async fn import(house: &House, orders: Vec<OrderRequest>) -> LineResults {
    house.engine.import_orders(orders).await.unwrap()
}

/// Orders were taught only when all of them had landed. A fault in between lost what the others had sold, and the
/// same orders sent again were known and never taught.
#[tokio::test]
async fn what_landed_before_a_fault_is_learned_and_not_learned_again() {
    // More customers than land side by side; the 41st of them meets the fault.
    let orders: Vec<_> =
        (0..300).map(|i| order(&format!("o-{i}"), Some(&format!("c-{i}")), i, &["a"])).collect();
    let plan = [vec![Planned::Pass; 41], vec![Planned::Refused]].concat();
    let (house, _) = House::watched(plan).await;
    house.stock(&["a"]).await;
    let fault = house.engine.import_orders(orders.clone()).await;
    assert!(matches!(fault, Err(Fault::Commit(_))), "{fault:?}");

    let learned = house.engine.catalogue_stats();
    assert!((40..300).contains(&learned.orders), "{learned:?}");
    assert_eq!(house.restarted().await.engine.catalogue_stats(), learned, "all that landed, nothing else");
    let again = import(&house, orders).await;
    let known = again.iter().filter(|result| **result == Ok(Imported::Unchanged)).count();
    assert_eq!(known as u64, learned.orders);
    assert_eq!(house.engine.catalogue_stats().orders, 300);
    assert_eq!(house.restarted().await.engine.catalogue_stats(), house.engine.catalogue_stats());
}

#[tokio::test]
async fn an_order_belongs_to_whoever_brought_it_first() {
    let house = House::with_products(&["a"]).await;
    let by = |id: &str, customer| order(id, customer, 10, &["a"]);
    // The later customer sorts first: the line decides, not the name.
    let results = import(&house, vec![by("o-1", Some("z")), by("o-1", Some("a")), by("o-1", None)]).await;
    assert_eq!(results[0], Ok(Imported::Created));
    assert!(results[1..].iter().all(is_conflict), "{results:?}");
    let results = import(&house, vec![by("o-2", None), by("o-2", Some("a"))]).await;
    assert_eq!(results[0], Ok(Imported::Created));
    assert!(is_conflict(&results[1]));
    // And in imports of their own.
    for (id, customer) in [("o-1", Some("a")), ("o-1", None), ("o-2", Some("a"))] {
        assert!(is_conflict(&import(&house, vec![by(id, customer)]).await[0]), "{id} {customer:?}");
    }
    // A line that is refused for its own reasons claims nothing.
    let results = import(&house, vec![by("o-1", Some("a")), by("o-1", Some("z"))]).await;
    assert!(is_conflict(&results[0]));
    assert_eq!(results[1], Ok(Imported::Unchanged));
    let learned = house.engine.catalogue_stats();
    assert_eq!(learned.orders, 2);
    assert_eq!(house.restarted().await.engine.catalogue_stats(), learned);
}

/// A fault aborted the tasks of the other customers, whose queued batches landed all the same.
#[tokio::test]
async fn what_is_still_landing_at_a_fault_is_learned() {
    let orders: Vec<_> =
        (0..200).map(|i| order(&format!("o-{i}"), Some(&format!("c-{i}")), i, &["a"])).collect();
    // Products, then the orders; the first of them is held up, so the fault meets another.
    let (house, watched) = House::watched(vec![Planned::Pass, Planned::Refused]).await;
    house.stock(&["a"]).await;
    watched.hold();
    let engine = house.engine.clone();
    let import = tokio::spawn(async move { engine.import_orders(orders).await });
    watched.held.notified().await;
    // On one thread everything else gets as far as it can.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let before = house.records().await.len();
    watched.release.notify_one();
    assert!(matches!(import.await.unwrap(), Err(Fault::Commit(_))));
    while house.records().await.len() == before {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.restarted().await.engine.catalogue_stats(), house.engine.catalogue_stats());
}

#[tokio::test]
async fn of_two_imports_at_once_one_creates_an_order() {
    let (house, watched) = House::watched(Vec::new()).await;
    house.stock(&["a"]).await;
    for (id, first, second) in
        [("o-1", Some("c-1"), Some("c-2")), ("o-2", None, Some("c-1")), ("o-3", Some("c-1"), None)]
    {
        watched.hold();
        let (engine, early) = (house.engine.clone(), order(id, first, 10, &["a"]));
        let overtaken = tokio::spawn(async move { engine.import_orders(vec![early]).await });
        watched.held.notified().await;
        let results = import(&house, vec![order(id, second, 10, &["a"])]).await;
        assert_eq!(results, [Ok(Imported::Created)]);
        watched.release.notify_one();
        let overtaken = overtaken.await.unwrap().unwrap();
        assert!(is_conflict(&overtaken[0]), "{overtaken:?}");
    }
    assert_eq!(house.engine.catalogue_stats().orders, 3);
    assert_eq!(house.restarted().await.engine.catalogue_stats(), house.engine.catalogue_stats());
}

#[tokio::test]
async fn a_later_message_adds_what_it_says_and_keeps_the_rest() {
    let house = House::with_products(&["a"]).await;
    for (id, customer) in [("o-1", Some("c-1")), ("o-2", None)] {
        let plain = order(id, customer, 10, &["a"]);
        let discounted = OrderRequest { discount: Some(Money(500)), ..plain.clone() };
        let delivered = OrderRequest { delivered_at: Some(Instant(20)), ..plain.clone() };
        let with_coupon = OrderRequest { coupon: Some("SPRING".to_owned()), ..plain.clone() };
        let (created, updated, unchanged) =
            (Ok(Imported::Created), Ok(Imported::Updated), Ok(Imported::Unchanged));
        let messages = [
            (plain.clone(), created),
            (discounted.clone(), updated.clone()),
            (delivered.clone(), updated.clone()),
            (with_coupon.clone(), updated),
            (plain, unchanged.clone()),
            (discounted, unchanged.clone()),
            (delivered, unchanged.clone()),
            (with_coupon, unchanged),
        ];
        // One by one, so that each is read back from what is stored.
        for (message, want) in messages.clone() {
            assert_eq!(import(&house, vec![message.clone()]).await, [want], "{message:?}");
        }
        // And in one import, for another order of the same buyer.
        let (orders, want): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let id = rebound_domain::ids::OrderId::new(format!("{id}-b")).unwrap();
        let orders = orders.into_iter().map(|order| OrderRequest { id: id.clone(), ..order }).collect();
        assert_eq!(import(&house, orders).await, want);
    }
}

#[tokio::test]
async fn nothing_a_person_could_be_found_by_is_stored_in_plain() {
    let house = House::with_products(&["a"]).await;
    let with_coupon = |id: &str, customer| OrderRequest {
        coupon: Some("FOR-ANNA".to_owned()),
        ..order(id, customer, 10, &["a"])
    };
    import(&house, vec![with_coupon("order-of-anna", Some("anna")), with_coupon("guest-order", None)]).await;
    house.decide(&request("event-of-anna", "return-of-anna", "anna", &["a"])).await.unwrap();
    for (key, entry) in house.records().await {
        let bytes = entry.bytes().map(|bytes| bytes.as_ref()).unwrap_or_default();
        let stored = [key.owner.as_ref(), key.key.as_ref(), bytes].join(&b'|');
        for secret in ["anna", "guest-order", "FOR-ANNA"] {
            assert!(!stored.windows(secret.len()).any(|it| it == secret.as_bytes()), "{secret} in {key}");
        }
    }
}
