//! What operators set is checked before it serves anyone.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use rebound_domain::manifest::Stage;
use rebound_domain::money::Currency;
use rebound_domain::policy::Policy;
use rebound_domain::route::{Access, RouteEntry};
use rebound_engine::{ControlError, PublishError};
use rebound_sandbox::Class;

use crate::house::{House, budget, currency, product};

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

/// A budget in the old currency would have paid for coupons in the new one.
#[tokio::test]
async fn the_currency_is_fixed_once_a_budget_is_set() {
    let house = House::new().await;
    house.engine.set_budget(budget()).await.unwrap();
    let euros = Policy::standard(Currency::new("EUR").unwrap());
    let refused = house.engine.set_policy(euros).await;
    assert!(matches!(refused, Err(ControlError::CurrencyFixed { currency: fixed }) if fixed == currency()));
}

/// Imports and policies had a lock each: products landed in a currency that had just been given up.
#[tokio::test]
async fn the_currency_cannot_change_while_products_land() {
    let (house, watched) = House::watched(Vec::new()).await;
    watched.hold();
    let engine = house.engine.clone();
    let import = tokio::spawn(async move { engine.import_products(vec![product("a", 10)]).await });
    watched.held.notified().await;
    let mut change = pin!(house.engine.set_policy(Policy::standard(Currency::new("EUR").unwrap())));
    let waits = poll_fn(|context| Poll::Ready(change.as_mut().poll(context).is_pending())).await;
    watched.release.notify_one();
    assert!(import.await.unwrap().unwrap()[0].is_ok());
    assert!(waits, "the policy changed under the import");
    assert!(matches!(change.await, Err(ControlError::CurrencyFixed { .. })));
}

#[tokio::test]
async fn a_time_zone_is_one_that_exists() {
    let house = House::new().await;
    let with = |timezone: &str| Policy { timezone: timezone.to_owned(), ..Policy::standard(currency()) };
    for known in ["UTC", "Asia/Shanghai", "Europe/London"] {
        house.engine.set_policy(with(known)).await.unwrap();
    }
    for unknown in ["Mars/Phobos", "+08:00", "CST-8", "Etc/Unknown", "../etc/passwd", " UTC"] {
        let refused = house.engine.set_policy(with(unknown)).await;
        assert!(
            matches!(&refused, Err(ControlError::Invalid { field, problem }) if field == "timezone" && problem.contains(unknown)),
            "{unknown}: {refused:?}"
        );
    }
    assert_eq!(house.engine.policy().timezone, "Europe/London");
}

#[tokio::test]
async fn a_policy_too_large_to_store_is_refused() {
    let house = House::new().await;
    let care = (0..2_000).map(|index| format!("action-{index:050}")).collect();
    let refused = house.engine.set_policy(Policy { care, ..Policy::standard(currency()) }).await;
    assert!(
        matches!(&refused, Err(ControlError::Invalid { field, problem }) if field == "care" && problem.contains("65536")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_budget_is_in_the_deployments_currency() {
    let house = House::new().await;
    let mut budget = budget();
    house.engine.set_budget(budget.clone()).await.unwrap();
    assert_eq!(house.engine.budget(&budget.id), Some(budget.clone()));
    budget.currency = Currency::new("EUR").unwrap();
    let refused = house.engine.set_budget(budget).await;
    assert!(matches!(refused, Err(ControlError::Invalid { field, .. }) if field == "currency"));
}
