//! What was acknowledged is there after a restart, and what is kept in memory is what the records say.

use rebound_engine::Origin;

use crate::house::{House, order, request};

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
