//! A plan has a size limit, and whoever breaks it pays with their own stage.

use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::Money;
use rebound_engine::DecideError;

use crate::counter::counter;
use crate::house::{House, entry, product, request};

#[tokio::test]
async fn a_stage_that_makes_the_plan_too_large_has_given_invalid_output() {
    let limits = Limits { plan_bytes: 17 * 1024, ..Limits::default() };
    let house = House::limited(limits).await;
    let products = (0..33).map(|index| {
        let mut product = product(&format!("s-{index}"), 1000);
        product.title = "x".repeat(1000);
        product
    });
    house.engine.import_products(products.collect()).await.unwrap();
    let (counter, hostile) =
        (house.publish(counter("tests/counter", "1.0.0", 1)).await, house.hostile().await);
    house.engine.set_route(Stage::Segmentation, vec![entry(&counter, "{}")]).await.unwrap();
    for (number, count, fits) in [(0, 8, true), (1, 32, false)] {
        let config = format!(r#""remember {count}""#);
        let route = vec![rebound_domain::route::RouteEntry { slots: 32, ..entry(&hostile, &config) }];
        house.engine.set_route(Stage::Recommendation, route).await.unwrap();
        let event = request(&format!("e-{number}"), &format!("r-{number}"), "c-1", &["s-0"]);
        let plan = house.decide(&event).await.unwrap().plan;
        assert_eq!(house.engine.plan(&event.return_id).await.unwrap(), Some(plan.clone()));
        let call = plan.trace.stages.iter().find(|call| call.stage == Stage::Recommendation).unwrap();
        let (outcome, offers) = if fits { ("value", count) } else { ("invalid-output", 0) };
        assert_eq!((call.outcome.as_str(), plan.offers.len()), (outcome, offers), "{:?}", call.detail);
        assert_eq!(plan.segment.key, "s".repeat(number + 1), "the other stages stand");
        assert_eq!(plan.refund.amount, Money(250));
        assert_eq!(call.detail.is_some(), !fits);
        let states = house.records().await;
        let states = states.iter().filter(|(key, _)| key.key.starts_with(b"state/recommendation/"));
        assert_eq!(states.map(|(_, state)| state.bytes().unwrap().len()).sum::<usize>(), 40 + 8);
    }
}

#[tokio::test]
async fn the_longest_return_that_is_taken_gets_its_plan() {
    let house = House::with_products(&["a"]).await;
    let sku = "s".repeat(256);
    house.engine.import_products(vec![product(&sku, 1000)]).await.unwrap();
    let (mut taken, mut refused) = (0, 0);
    for count in (1..=200).step_by(9) {
        let skus = vec![sku.as_str(); count];
        let event = request(&format!("e-{count}"), &format!("r-{count}"), "c-1", &skus);
        match house.decide(&event).await {
            Ok(decided) => {
                assert_eq!(decided.plan.refund.lines.len(), count);
                taken += 1;
            }
            Err(DecideError::Invalid { field, .. }) if field == "lines" => refused += 1,
            other => panic!("{count}: {other:?}"),
        }
    }
    assert!(taken > 5 && refused > 5, "{taken} {refused}");
}
