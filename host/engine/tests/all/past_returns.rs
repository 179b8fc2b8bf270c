//! Returns from before the host: counted and learned from once, never decided.

use rebound_domain::event::{OrderRequest, OrderRequestLine, PastReturnLine, PastReturnRequest};
use rebound_domain::ids::{CustomerId, OrderId, ReturnId, Sku};
use rebound_domain::money::{Currency, Money};
use rebound_domain::time::Instant;
use rebound_engine::{DecideError, Fault, Imported, LineError, LineResults};
use rebound_storage::testing::Fault as Planned;
use serde_json::{Value, json};

use crate::house::{DAY, House, currency, order, request};

/// A return of one unit of each product, three weeks after the epoch.
pub(crate) fn past(id: &str, customer: &str, order: Option<&str>, skus: &[&str]) -> PastReturnRequest {
    let line = |sku: &&str| PastReturnLine {
        sku: Sku::new(*sku).unwrap(),
        quantity: 1,
        paid: Money(250),
        order_id: order.map(|id| OrderId::new(id).unwrap()),
    };
    PastReturnRequest {
        return_id: ReturnId::new(id).unwrap(),
        customer_id: CustomerId::new(customer).unwrap(),
        requested_at: Instant(21 * DAY),
        currency: currency(),
        lines: skus.iter().map(line).collect(),
    }
}

async fn import(house: &House, returns: Vec<PastReturnRequest>) -> LineResults {
    house.engine.import_past_returns(returns).await.unwrap()
}

async fn export(house: &House, customer: &str) -> Option<Value> {
    house.engine.export_customer(&CustomerId::new(customer).unwrap()).await.unwrap()
}

fn is_conflict(result: &Result<Imported, LineError>) -> bool {
    matches!(result, Err(LineError::ReturnConflict { .. }))
}

const CREATED: Result<Imported, LineError> = Ok(Imported::Created);
const UNCHANGED: Result<Imported, LineError> = Ok(Imported::Unchanged);

#[tokio::test]
async fn a_past_return_counts_in_the_history_the_order_and_the_catalogue_once() {
    let house = House::with_products(&["a", "b"]).await;
    let orders =
        vec![order("o-1", Some("c-1"), DAY, &["a", "b"]), order("o-2", Some("c-1"), 25 * DAY, &["b"])];
    assert!(house.engine.import_orders(orders).await.unwrap().iter().all(Result::is_ok));
    let line = past("r-1", "c-1", Some("o-1"), &["a"]);
    assert_eq!(import(&house, vec![line.clone(), line.clone()]).await, [CREATED, UNCHANGED]);

    let learned = house.engine.catalogue_stats();
    assert_eq!((learned.returns, learned.switches), (1, 1), "b was bought four days later: {learned:?}");
    let told = export(&house, "c-1").await.unwrap();
    assert_eq!(
        (&told["profile"]["returns"], &told["profile"]["refunded"]),
        (&json!(1), &json!(250)),
        "{told}"
    );
    // Product, bought, returned, paid.
    let units = |told: &Value| {
        let orders = told["orders"].as_array().unwrap().iter();
        let mut lines: Vec<_> = orders.flat_map(|order| order["lines"].as_array().unwrap().clone()).collect();
        lines.sort_by_key(ToString::to_string);
        Value::Array(lines)
    };
    assert_eq!(units(&told), json!([[0, 2, 1, 500], [1, 2, 0, 500], [1, 2, 0, 500]]));
    assert_eq!(told["past_returns"][0]["return_id"], "r-1");
    assert_eq!(told["plans"], json!([]));

    assert_eq!(import(&house, vec![line]).await, [UNCHANGED]);
    assert_eq!(export(&house, "c-1").await.unwrap(), told);
    assert_eq!(house.engine.catalogue_stats(), learned);
    assert_eq!(house.restarted().await.engine.catalogue_stats(), learned);
}

#[tokio::test]
async fn a_return_id_names_one_return_whoever_told_of_it_first() {
    let house = House::with_products(&["a", "b"]).await;
    // The later customer sorts first: the line decides, not the name.
    let lines = vec![
        past("r-1", "z", None, &["a"]),
        past("r-1", "a", None, &["a"]),
        past("r-1", "z", None, &["b"]),
        past("r-1", "z", Some("o-1"), &["a"]),
    ];
    let results = import(&house, lines).await;
    assert_eq!(results[0], CREATED);
    assert!(results[1..].iter().all(is_conflict), "{results:?}");
    for other in [past("r-1", "a", None, &["a"]), past("r-1", "z", None, &["a", "a"])] {
        assert!(is_conflict(&import(&house, vec![other]).await[0]));
    }
    assert_eq!(export(&house, "a").await, None, "a customer of whom nothing was taken stays unknown");

    // What was imported is not decided, and what was decided is not counted again.
    for customer in ["z", "a"] {
        let refused = house.decide(&request("e-1", "r-1", customer, &["a"])).await;
        assert!(matches!(refused, Err(DecideError::ReturnPast { .. })), "{refused:?}");
    }
    house.decide(&request("e-2", "r-2", "z", &["a"])).await.unwrap();
    let (learned, told) = (house.engine.catalogue_stats(), export(&house, "z").await);
    assert_eq!(import(&house, vec![past("r-2", "z", None, &["b"])]).await, [UNCHANGED]);
    assert!(is_conflict(&import(&house, vec![past("r-2", "a", None, &["a"])]).await[0]));
    assert_eq!((house.engine.catalogue_stats(), export(&house, "z").await), (learned, told));
}

#[tokio::test]
async fn a_bad_line_stands_alone_and_says_which_field() {
    let house = House::with_products(&["a"]).await;
    let good = past("r-1", "c-1", None, &["a"]);
    let with = |change: fn(&mut PastReturnRequest)| {
        let mut line = good.clone();
        change(&mut line);
        line
    };
    let many = house.engine.limits().return_lines as usize;
    let results = import(
        &house,
        vec![
            past("r-2", "c-1", None, &["ghost"]),
            with(|line| line.currency = Currency::new("EUR").unwrap()),
            with(|line| line.lines.clear()),
            with(|line| line.lines[0].quantity = 0),
            with(|line| line.lines[0].paid = Money(-1)),
            past("r-3", "c-1", None, &vec!["a"; many + 1]),
            good,
            past("r-4", "c-1", None, &vec!["a"; many]),
        ],
    )
    .await;
    assert!(matches!(&results[0], Err(LineError::UnknownSku { sku }) if sku.as_str() == "ghost"));
    assert!(matches!(results[1], Err(LineError::Currency { .. })));
    let field = |index: usize| match &results[index] {
        Err(LineError::Invalid { field, .. }) => field.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!([2, 3, 4, 5].map(field), ["lines", "lines[0].quantity", "lines[0].paid", "lines"]);
    assert_eq!(results[6..], [CREATED, CREATED]);
    assert_eq!(export(&house, "c-1").await.unwrap()["profile"]["returns"], 2);
}

/// Deciding writes the index of the return too: whoever is second reads again, and finds it taken.
#[tokio::test]
async fn of_an_import_and_a_decision_at_once_one_counts_the_return() {
    let (house, watched) = House::watched(Vec::new()).await;
    house.stock(&["a"]).await;
    watched.hold();
    let engine = house.engine.clone();
    let overtaken =
        tokio::spawn(async move { engine.import_past_returns(vec![past("r-1", "c-1", None, &["a"])]).await });
    watched.held.notified().await;
    house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
    watched.release.notify_one();
    assert_eq!(overtaken.await.unwrap().unwrap(), [UNCHANGED]);
    assert_eq!(export(&house, "c-1").await.unwrap()["profile"]["returns"], 1);

    // Another customer's decision does not touch this one's profile: the index alone guards.
    watched.hold();
    let engine = house.engine.clone();
    let overtaken =
        tokio::spawn(async move { engine.import_past_returns(vec![past("r-2", "c-2", None, &["a"])]).await });
    watched.held.notified().await;
    house.decide(&request("e-2", "r-2", "c-3", &["a"])).await.unwrap();
    watched.release.notify_one();
    assert!(is_conflict(&overtaken.await.unwrap().unwrap()[0]));
    assert_eq!(export(&house, "c-2").await, None);
}

#[tokio::test]
async fn what_landed_before_a_fault_is_learned_and_not_learned_again() {
    // More customers than land side by side; the 41st of them meets the fault.
    let returns: Vec<_> =
        (0..300).map(|i| past(&format!("r-{i}"), &format!("c-{i}"), None, &["a"])).collect();
    let plan = [vec![Planned::Pass; 41], vec![Planned::Refused]].concat();
    let (house, _) = House::watched(plan).await;
    house.stock(&["a"]).await;
    let fault = house.engine.import_past_returns(returns.clone()).await;
    assert!(matches!(fault, Err(Fault::Commit(_))), "{fault:?}");
    let learned = house.engine.catalogue_stats();
    assert!((40..300).contains(&learned.returns), "{learned:?}");
    assert_eq!(house.restarted().await.engine.catalogue_stats(), learned, "all that landed, nothing else");
    let again = import(&house, returns).await;
    assert_eq!(again.iter().filter(|result| **result == UNCHANGED).count(), learned.returns);
    assert_eq!(house.engine.catalogue_stats().returns, 300);
}

#[tokio::test]
async fn an_erased_customer_s_past_returns_do_not_come_back() {
    let house = House::with_products(&["a"]).await;
    let line = past("r-1", "c-1", None, &["a"]);
    assert_eq!(import(&house, vec![line.clone()]).await, [CREATED]);
    house.engine.erase_customer(&CustomerId::new("c-1").unwrap()).await.unwrap();
    assert!(is_conflict(&import(&house, vec![line]).await[0]));
    assert_eq!(export(&house, "c-1").await, None);
    let refused = house.decide(&request("e-1", "r-1", "c-1", &["a"])).await;
    assert!(matches!(refused, Err(DecideError::Erased { .. })), "{refused:?}");
    assert_eq!(
        house.restarted().await.engine.catalogue_stats().returns,
        0,
        "what the returns taught goes with the next start"
    );
}

/// Orders of 60 KiB each: 48 of them are almost three times what a batch may hold.
#[tokio::test]
async fn returns_of_very_large_orders_land_in_several_batches() {
    let house = House::with_products(&["a"]).await;
    let count = 40_u32;
    let lines =
        vec![OrderRequestLine { sku: Sku::new("a").unwrap(), quantity: 1, paid: Money(123_456_789) }; 2_000];
    let orders = (0..count)
        .map(|i| OrderRequest {
            lines: lines.clone(),
            ..order(&format!("o-{i}"), Some("c-1"), i.into(), &[])
        })
        .collect();
    let landed = house.engine.import_orders(orders).await.unwrap();
    assert!(landed.iter().all(Result::is_ok), "{landed:?}");
    let returns =
        (0..count).map(|i| past(&format!("r-{i}"), "c-1", Some(&format!("o-{i}")), &["a"])).collect();
    assert!(import(&house, returns).await.iter().all(|result| *result == CREATED));

    // One return that comes from all of them cannot land in parts.
    let mut whole = past("r-all", "c-1", None, &vec!["a"; count as usize]);
    for (index, line) in whole.lines.iter_mut().enumerate() {
        line.order_id = Some(OrderId::new(format!("o-{index}")).unwrap());
    }
    let refused = import(&house, vec![whole]).await;
    assert!(
        matches!(&refused[0], Err(LineError::Invalid { problem, .. }) if problem.contains("in parts")),
        "{refused:?}"
    );
    assert_eq!(export(&house, "c-1").await.unwrap()["profile"]["returns"], count);
}
