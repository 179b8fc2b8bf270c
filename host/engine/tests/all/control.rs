//! What operators set is checked before it serves anyone.

use rebound_domain::ids::BudgetId;
use rebound_domain::manifest::Stage;
use rebound_domain::money::{Currency, Money};
use rebound_domain::policy::{Budget, Policy, Stacking};
use rebound_domain::route::{Access, RouteEntry};
use rebound_engine::{ControlError, PublishError};
use rebound_sandbox::Class;

use crate::house::{House, currency};

#[tokio::test]
async fn a_route_names_published_versions_only() {
    let house = House::new().await;
    let entry = RouteEntry {
        plugin: "acme/ghost@1.0.0".parse().unwrap(),
        config: "{}".to_owned(),
        slots: 1,
        margin: Access::Withheld,
        fallback: None,
    };
    let refused = house.engine.set_route(Stage::Recommendation, vec![entry]).await;
    assert!(matches!(refused, Err(ControlError::UnknownPlugin { .. })));
    assert!(house.engine.route(Stage::Recommendation).is_empty());
}

#[tokio::test]
async fn bytes_that_are_no_component_are_refused() {
    let house = House::new().await;
    for bytes in [&b""[..], b"\0asm", b"not wasm at all"] {
        let refused = house.engine.publish(Class::Standard, bytes.to_vec().into()).await;
        assert!(matches!(refused, Err(PublishError::Refused(_))), "{bytes:?}");
    }
    assert!(house.engine.plugins().is_empty());
}

#[tokio::test]
async fn the_currency_is_fixed_once_products_have_prices() {
    let house = House::new().await;
    let euros = Policy::standard(Currency::new("EUR").unwrap());
    house.engine.set_policy(euros.clone()).await.unwrap();
    house.engine.set_policy(Policy::standard(currency())).await.unwrap();
    let house = House::with_products(&["a"]).await;
    assert!(matches!(house.engine.set_policy(euros).await, Err(ControlError::CurrencyFixed { .. })));
}

#[tokio::test]
async fn a_budget_is_in_the_deployments_currency() {
    let house = House::new().await;
    let mut budget = Budget {
        id: BudgetId::new("spring").unwrap(),
        currency: currency(),
        limit: Money(100_000),
        benefits: vec!["amount-off".to_owned()],
        max_value: Money(10_000),
        stacking: Stacking::Exclusive,
        per_customer: 1,
    };
    house.engine.set_budget(budget.clone()).await.unwrap();
    assert_eq!(house.engine.budget(&budget.id), Some(budget.clone()));
    budget.currency = Currency::new("EUR").unwrap();
    let refused = house.engine.set_budget(budget).await;
    assert!(matches!(refused, Err(ControlError::Invalid { field, .. }) if field == "currency"));
}
