//! A reply that rests on a read waits until what was read is durable: a crash could take it back otherwise.

use rebound_domain::event::CustomerRequest;
use rebound_domain::ids::CustomerId;
use rebound_engine::{Imported, LineError};

use crate::house::{House, order, product};

#[tokio::test]
async fn an_import_that_changes_nothing_waits_for_what_it_read() {
    let (house, watched) = House::watched(Vec::new()).await;
    let products = vec![product("a", 10), product("b", 10)];
    let orders = vec![order("o-1", Some("c-1"), 1, &["a"]), order("o-2", None, 1, &["a"])];
    let conflicts = vec![order("o-1", None, 1, &["a"]), order("o-2", None, 1, &["b"])];
    let customers = vec![CustomerRequest {
        customer_id: CustomerId::new("c-2").unwrap(),
        traits: vec!["vip".to_owned()],
        consent: vec![],
        locale: None,
    }];
    for want in [Imported::Created, Imported::Unchanged] {
        for result in [
            house.engine.import_products(products.clone()).await.unwrap(),
            house.engine.import_orders(orders.clone()).await.unwrap(),
            house.engine.import_customers(customers.clone()).await.unwrap(),
        ] {
            assert!(result.iter().all(|line| *line == Ok(want)), "{result:?}");
        }
    }
    // Each of them by itself: a later wait would cover an earlier read.
    let engine = &house.engine;
    assert_eq!(engine.import_products(products).await.unwrap()[0], Ok(Imported::Unchanged));
    assert_eq!(watched.unawaited_reads(), 0, "products");
    assert_eq!(engine.import_orders(orders).await.unwrap()[0], Ok(Imported::Unchanged));
    assert_eq!(watched.unawaited_reads(), 0, "orders");
    assert_eq!(engine.import_customers(customers).await.unwrap()[0], Ok(Imported::Unchanged));
    assert_eq!(watched.unawaited_reads(), 0, "customers");
    let refused = engine.import_orders(conflicts).await.unwrap();
    assert!(refused.iter().all(|line| matches!(line, Err(LineError::OrderConflict { .. }))), "{refused:?}");
    assert_eq!(watched.unawaited_reads(), 0, "conflicts");
}

#[tokio::test]
async fn what_budgets_were_charged_is_told_once_it_is_durable() {
    let (house, watched) = House::watched(Vec::new()).await;
    house.engine.budgets().await.unwrap();
    assert_eq!(watched.unawaited_reads(), 0);
}
