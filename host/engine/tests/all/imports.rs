//! Good lines are kept, bad ones answered one by one.

use rebound_domain::event::CustomerRequest;
use rebound_domain::ids::CustomerId;
use rebound_domain::money::{Currency, Money};
use rebound_domain::time::Instant;
use rebound_engine::{Imported, LineError};

use crate::house::{House, order, product};

#[tokio::test]
async fn products_keep_their_number_and_bad_lines_stand_alone() {
    let house = House::new().await;
    let mut foreign = product("b", 10);
    foreign.currency = Currency::new("EUR").unwrap();
    let mut free = product("c", 10);
    free.price = Money(-1);
    let lines = vec![product("a", 10), foreign, free, product("a", 20), product("d", 5), product("d", 5)];
    let results = house.engine.import_products(lines).await.unwrap();
    assert_eq!(results[0], Ok(Imported::Created));
    assert!(matches!(results[1], Err(LineError::Currency { .. })));
    assert!(matches!(&results[2], Err(LineError::Invalid { field, .. }) if field == "price"));
    assert_eq!(results[3], Ok(Imported::Updated), "a sku twice in one import: the later line wins");
    assert_eq!((results[4].clone(), results[5].clone()), (Ok(Imported::Created), Ok(Imported::Unchanged)));
    let again = house.engine.import_products(vec![product("a", 20)]).await.unwrap();
    assert_eq!(again, [Ok(Imported::Unchanged)]);
}

#[tokio::test]
async fn an_order_counts_once_and_cannot_change_its_lines() {
    let house = House::with_products(&["a", "b"]).await;
    let first = order("o-1", Some("c-1"), 10, &["a"]);
    let mut delivered = first.clone();
    delivered.delivered_at = Some(Instant(20));
    let results = house
        .engine
        .import_orders(vec![
            first.clone(),
            first.clone(),
            delivered,
            order("o-1", Some("c-1"), 10, &["b"]),
            order("o-2", Some("c-1"), 11, &["ghost"]),
            order("o-3", None, 12, &["b"]),
            order("o-3", None, 12, &["b"]),
            order("o-3", None, 12, &["a"]),
        ])
        .await
        .unwrap();
    assert_eq!(results[..3], [Ok(Imported::Created), Ok(Imported::Unchanged), Ok(Imported::Updated)]);
    assert!(matches!(results[3], Err(LineError::OrderConflict { .. })));
    assert!(matches!(&results[4], Err(LineError::UnknownSku { sku }) if sku.as_str() == "ghost"));
    assert_eq!(results[5..7], [Ok(Imported::Created), Ok(Imported::Unchanged)]);
    assert!(matches!(results[7], Err(LineError::OrderConflict { .. })));
    let again = house.engine.import_orders(vec![first]).await.unwrap();
    assert_eq!(again, [Ok(Imported::Unchanged)]);
}

#[tokio::test]
async fn many_orders_of_many_customers_all_land() {
    let house = House::with_products(&["a"]).await;
    let customer = |index: usize| format!("c-{}", index % 37);
    let orders: Vec<_> = (0..500)
        .map(|index| order(&format!("o-{index}"), Some(&customer(index)), index as u64, &["a"]))
        .collect();
    let results = house.engine.import_orders(orders.clone()).await.unwrap();
    assert!(results.iter().all(|result| *result == Ok(Imported::Created)));
    let again = house.engine.import_orders(orders).await.unwrap();
    assert!(again.iter().all(|result| *result == Ok(Imported::Unchanged)));
}

#[tokio::test]
async fn what_is_said_of_a_customer_replaces_what_was_said() {
    let house = House::new().await;
    let said = |traits: &[&str]| CustomerRequest {
        customer_id: CustomerId::new("c-1").unwrap(),
        traits: traits.iter().map(|word| (*word).to_owned()).collect(),
        consent: vec!["email".to_owned()],
        locale: None,
    };
    let lines = vec![said(&["vip"]), said(&["vip"]), said(&[]), said(&[""])];
    let results = house.engine.import_customers(lines).await.unwrap();
    assert_eq!(results[..3], [Ok(Imported::Created), Ok(Imported::Unchanged), Ok(Imported::Updated)]);
    assert!(matches!(&results[3], Err(LineError::Invalid { field, .. }) if field == "traits[0]"));
}
