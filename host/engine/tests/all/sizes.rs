//! What is within every single limit and too large to be stored is refused by line, with the limit named.

use rebound_domain::event::{CustomerRequest, OrderRequest, OrderRequestLine};
use rebound_domain::ids::{CustomerId, Sku};
use rebound_domain::limits::Limits;
use rebound_domain::money::{INTEGER_MAX, Money};
use rebound_engine::{Imported, LineError, LineResults};

use crate::house::{House, order, product};

/// 64 words of so many bytes.
fn words(bytes: usize) -> Vec<String> {
    (0..64).map(|index| format!("{index:0bytes$}")).collect()
}

/// The first line is refused, naming a field and the limit, and the second is taken.
#[track_caller]
fn refused_alone(results: &LineResults, field: &str) {
    match &results[0] {
        Err(LineError::Invalid { field: named, problem }) => {
            assert_eq!(named, field);
            assert!(problem.contains("over the limit of"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(results[1], Ok(Imported::Created));
}

#[tokio::test]
async fn a_product_too_large_to_store_is_a_bad_line() {
    let house = House::new().await;
    let mut large = product("large", 1);
    large.tags = words(1024);
    large.options = words(1024).into_iter().map(|word| (word, "1".to_owned())).collect();
    let results = house.engine.import_products(vec![large.clone(), product("a", 1)]).await.unwrap();
    refused_alone(&results, "tags");
    large.tags = words(480);
    large.options.truncate(24);
    let many = (0..64).map(|index| {
        let sku = Sku::new(format!("large-{index}")).unwrap();
        rebound_domain::event::ProductRequest { sku, ..large.clone() }
    });
    let results = house.engine.import_products(many.collect()).await.unwrap();
    assert!(results.iter().all(|it| *it == Ok(Imported::Created)), "{results:?}");
}

#[tokio::test]
async fn what_is_said_of_a_customer_leaves_room_for_the_history() {
    let house = House::new().await;
    let said = |id: &str, bytes| CustomerRequest {
        customer_id: CustomerId::new(id).unwrap(),
        traits: words(bytes),
        consent: words(bytes),
        locale: None,
    };
    let results = house.engine.import_customers(vec![said("c-1", 1024), said("c-2", 100)]).await.unwrap();
    refused_alone(&results, "traits");
}

#[tokio::test]
async fn an_order_too_large_to_store_is_a_bad_line() {
    let house = House::with_products(&["a"]).await;
    let lines = |count: usize, paid, quantity| OrderRequest {
        lines: (0..count)
            .map(|_| OrderRequestLine { sku: Sku::new("a").unwrap(), quantity, paid: Money(paid) })
            .collect(),
        ..order(&format!("o-{count}-{paid}"), Some("c-1"), 1, &[])
    };
    let most = Limits::default().lines as usize;
    for customer in [Some("c-1"), None] {
        let of = |id: &str, order: OrderRequest| OrderRequest {
            id: rebound_domain::ids::OrderId::new(format!("{id}-{customer:?}")).unwrap(),
            customer_id: customer.map(|it| CustomerId::new(it).unwrap()),
            ..order
        };
        let large = of("large", lines(most, INTEGER_MAX, u32::MAX));
        let results = house.engine.import_orders(vec![large, of("long", lines(most, 129_900, 3))]).await;
        refused_alone(&results.unwrap(), "lines");
        // The largest that are taken, as many as come in one import.
        let largest: Vec<_> = (0..60)
            .map(|index| of(&format!("largest-{index}"), lines(1_200, INTEGER_MAX, 9_999_999)))
            .collect();
        let results = house.engine.import_orders(largest).await.unwrap();
        assert!(results.iter().all(|it| *it == Ok(Imported::Created)), "{results:?}");
    }
}
