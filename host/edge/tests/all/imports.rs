use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, stream};
use rebound_edge::{AuthPolicy, Timeouts};
use rebound_storage::MemoryStorage;
use serde_json::{Value, json};

use crate::support::{Service, TOKEN, endless, event};

const NDJSON: &str = "application/x-ndjson";

fn counts(report: &Value) -> [u64; 6] {
    ["received", "created", "updated", "unchanged", "rejected", "errors_omitted"]
        .map(|name| report[name].as_u64().unwrap())
}

#[tokio::test]
async fn good_lines_are_kept_and_bad_ones_are_named() {
    let service = Service::start().await;
    let body = "\u{feff}{\"sku\": \"A\", \"title\": \"a\", \"price\": 100}\r\n\
        \r\n\
        not json\n\
        {\"sku\": \"B\", \"title\": \"b\", \"price\": 100, \"prise\": 1}\n\
        {\"sku\": \"C\", \"title\": \"c\"}\n\
        [1]\n\
        {\"sku\": \"D\", \"title\": \"d\", \"price\": 100, \"currency\": \"USD\"}\n\
        {\"sku\": \"E\", \"title\": \"\", \"price\": 100}\n\
        {\"sku\": \"F\", \"title\": \"f\", \"price\": -1}\n\
        {\"sku\": \"G\", \"title\": \"g\", \"price\": 100, \"options\": {\"size\": \"S\"}, \"tags\": [\"x\"], \"margin\": -5}";
    let report = service.post("/v1/catalog").body(NDJSON, body).send().await.expect(200).json();
    assert_eq!(counts(&report), [9, 2, 0, 0, 7, 0]);
    let bad: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|it| (&it["line"], &it["code"])).collect();
    let want = [
        (json!(3), json!("invalid_json")),
        (json!(4), json!("unknown_field")),
        (json!(5), json!("invalid_field")),
        (json!(6), json!("invalid_field")),
        (json!(7), json!("currency_mismatch")),
        (json!(8), json!("invalid_field")),
        (json!(9), json!("invalid_field")),
    ];
    assert_eq!(bad, want.iter().map(|(line, code)| (line, code)).collect::<Vec<_>>());
    assert_eq!(report["errors"][1]["detail"], "`prise` is not known; did you mean `price`?");
    assert!(report["errors"][0]["detail"].as_str().unwrap().starts_with("the body is not valid JSON"));
}

#[tokio::test]
async fn a_second_import_changes_nothing_and_a_changed_line_is_updated() {
    let service = Service::start().await;
    let mut lines: Vec<Value> =
        (0..1203).map(|n| json!({"sku": format!("S-{n}"), "title": "t", "price": 100 + n})).collect();
    let import = |lines: Vec<Value>| {
        let call = service.post("/v1/catalog").ndjson(&lines);
        async move { counts(&call.send().await.expect(200).json()) }
    };
    assert_eq!(import(lines.clone()).await, [1203, 1203, 0, 0, 0, 0]);
    lines[700]["price"] = json!(1);
    assert_eq!(import(lines).await, [1203, 0, 1, 1202, 0, 0]);
}

#[tokio::test]
async fn the_errors_listed_are_the_first_and_the_rest_is_counted() {
    let service = Service::start().await;
    // Refused by the reader and by the engine in turn, over more than one chunk.
    let lines: Vec<Value> = (0..600)
        .map(|n| if n % 2 == 0 { json!({"sku": "A"}) } else { json!({"sku": "A", "title": " ", "price": 1}) })
        .collect();
    let report = service.post("/v1/catalog").ndjson(&lines).send().await.expect(200).json();
    assert_eq!(counts(&report), [600, 0, 0, 0, 600, 500]);
    let numbers: Vec<u64> =
        report["errors"].as_array().unwrap().iter().map(|error| error["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_line_over_the_limit_is_refused_alone() {
    let service = Service::start().await;
    let long = "x".repeat(256 * 1024);
    let body = format!(
        "{}\n{}\n{}",
        json!({"sku": "A", "title": "a", "price": 1}),
        json!({"sku": "B", "title": long, "price": 1}),
        json!({"sku": "C", "title": "c", "price": 1}),
    );
    let report = service.post("/v1/catalog").body(NDJSON, body).send().await.expect(200).json();
    assert_eq!(counts(&report), [3, 2, 0, 0, 1, 0]);
    assert_eq!(report["errors"][0]["line"], 2);
    assert_eq!(report["errors"][0]["code"], "line_too_long");
}

#[tokio::test]
async fn a_body_far_over_the_request_limit_streams_through() {
    let service = Service::start().await;
    let line = |n: usize| {
        let line = json!({"sku": format!("S-{}", n % 50), "title": "t".repeat(1000), "price": 1});
        Ok::<_, Infallible>(Bytes::from(format!("{line}\n")))
    };
    let body = Body::from_stream(stream::iter((0..4000).map(line)));
    let report = service.post("/v1/catalog").body(NDJSON, body).send().await.expect(200).json();
    assert_eq!(counts(&report), [4000, 50, 0, 3950, 0, 0]);
}

#[tokio::test]
async fn lines_before_a_broken_end_are_kept() {
    let service = Service::start().await;
    let line = |n: usize| match n {
        600 => Err(std::io::Error::other("the client went away")),
        n => Ok(Bytes::from(format!("{}\n", json!({"sku": format!("S-{n}"), "title": "t", "price": 1})))),
    };
    let body = Body::from_stream(stream::iter((0..=600).map(line)));
    let answer = service.post("/v1/catalog").body(NDJSON, body).send().await.expect(400);
    assert_eq!(answer.problem().0, "body_incomplete");
    let again: Vec<_> =
        (0..600).map(|n| json!({"sku": format!("S-{n}"), "title": "t", "price": 1})).collect();
    let report = service.post("/v1/catalog").ndjson(&again).send().await.expect(200).json();
    assert_eq!(counts(&report), [600, 0, 0, 600, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn lines_before_a_silence_are_kept() {
    let service = Service::start().await;
    let line = |n: usize| json!({"sku": format!("S-{n}"), "title": "t", "price": 1});
    let said = stream::iter((0..7).map(move |n| Ok::<_, Infallible>(Bytes::from(format!("{}\n", line(n))))));
    let body = Body::from_stream(said.chain(stream::pending()));
    let answer = service.post("/v1/catalog").body(NDJSON, body).send().await.expect(408);
    assert_eq!(answer.problem().0, "request_timeout");
    let again: Vec<_> = (0..7).map(line).collect();
    let report = service.post("/v1/catalog").ndjson(&again).send().await.expect(200).json();
    assert_eq!(counts(&report), [7, 0, 0, 7, 0, 0]);
}

#[tokio::test]
async fn more_imports_than_the_host_takes_are_put_off() {
    let service = Service::start().await;
    let mut waiting: Vec<_> =
        (0..32).map(|_| Box::pin(service.post("/v1/catalog").body(NDJSON, endless()).send())).collect();
    for import in &mut waiting {
        assert!(futures_util::poll!(import).is_pending());
    }
    // Products, orders and customers share the bound; the helper checks that the answer says when to come again.
    for path in ["/v1/catalog", "/v1/orders", "/v1/customers"] {
        let answer = service.post(path).body(NDJSON, endless()).send().await.expect(503);
        assert_eq!(answer.problem().0, "busy", "{path}");
    }
    drop(waiting);
    service.post("/v1/catalog").ndjson(&[]).send().await.expect(200);
}

#[tokio::test]
async fn an_import_that_falls_silent_is_given_up() {
    let timeouts = Timeouts { body: Duration::from_secs(30), idle: Duration::from_millis(1) };
    let service = Service::with(Arc::new(MemoryStorage::new()), AuthPolicy::token(TOKEN), timeouts).await;
    let body = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let answer = service.post("/v1/orders").body(NDJSON, body).send().await.expect(408);
    assert_eq!(answer.problem().0, "request_timeout");
}

#[tokio::test]
async fn orders_are_learned_once_and_later_deliveries_are_added() {
    let service = Service::stocked().await;
    let order = json!({
        "id": "o-1", "customer_id": "c-1", "ordered_at": "2026-02-01T00:00:00Z", "discount": 500,
        "lines": [{"sku": "LIP-01", "quantity": 2, "paid": 20000}],
    });
    let mut delivered = order.clone();
    delivered["delivered_at"] = json!("2026-02-03T00:00:00+08:00");
    let mut other = order.clone();
    other["lines"][0]["paid"] = json!(1);
    let mut guest = order.clone();
    guest["id"] = json!("o-2");
    guest.as_object_mut().unwrap().remove("customer_id");
    let unknown = json!({"id": "o-3", "ordered_at": "2026-02-01T00:00:00Z", "lines": [{"sku": "X", "quantity": 1, "paid": 1}]});
    let lines = [order.clone(), order, delivered, other, guest, unknown];
    let report = service.post("/v1/orders").ndjson(&lines).send().await.expect(200).json();
    assert_eq!(counts(&report), [6, 2, 1, 1, 2, 0]);
    assert_eq!(report["errors"][0]["code"], "order_conflict");
    assert_eq!(report["errors"][1]["code"], "unknown_sku");
    let mut body = event("e-1", "r-1");
    body["lines"][0]["order_id"] = json!("o-1");
    let plan = service.post("/v1/returns").json(&body).send().await.expect(201).json();
    // 30 days from the delivery, which was on the second in UTC.
    assert_eq!(plan["refund"]["window_ends"], "2026-03-04T16:00:00Z");
    assert_eq!(plan["refund"]["lines"][0]["order_id"], "o-1");
}

#[tokio::test]
async fn past_returns_are_counted_once_and_never_decided() {
    let service = Service::stocked().await;
    let order = json!({
        "id": "o-1", "customer_id": "c-1", "ordered_at": "2026-01-01T00:00:00Z",
        "lines": [{"sku": "LIP-01", "quantity": 2, "paid": 20000}],
    });
    service.post("/v1/orders").ndjson(&[order]).send().await.expect(200);
    let past = json!({
        "return_id": "r-1", "customer_id": "c-1", "requested_at": "2026-01-08T00:00:00+08:00",
        "lines": [{"sku": "LIP-01", "quantity": 1, "paid": 10000, "order_id": "o-1"}],
    });
    let with = |field: &str, value: Value| {
        let mut line = past.clone();
        line[field] = value;
        line
    };
    let lines = [
        past.clone(),
        past.clone(),
        with("customer_id", json!("c-2")),
        with("lines", json!([])),
        with("currency", json!("USD")),
        with("reason", json!("color")),
        with("return_id", json!("r-2")),
    ];
    let report = service.post("/v1/past-returns").ndjson(&lines).send().await.expect(200).json();
    assert_eq!(counts(&report), [7, 2, 0, 1, 4, 0]);
    let codes: Vec<&Value> = report["errors"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["return_already_decided", "invalid_field", "currency_mismatch", "unknown_field"]);
    let told = service.get("/v1/customers/c-1").send().await.expect(200).json();
    // Both units of the order are back.
    assert_eq!((&told["profile"]["returns"], &told["orders"][0]["lines"][0][2]), (&json!(2), &json!(2)));
    let refused = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(409).json();
    assert_eq!(refused["code"], "return_already_decided");
    assert!(refused["detail"].as_str().unwrap().contains("past one"), "{refused}");
    assert_eq!(refused.get("plan"), None, "there is none to point to");
    service.get("/v1/returns/r-1").send().await.expect(404);
}

#[tokio::test]
async fn customers_are_described_and_described_again() {
    let service = Service::start().await;
    let lines = [
        json!({"customer_id": "c-1", "traits": ["vip"], "consent": ["email"], "locale": "zh-CN"}),
        json!({"customer_id": "c-1", "traits": ["vip"], "consent": ["email"], "locale": "zh-CN"}),
        json!({"customer_id": "c-1"}),
        json!({"customer_id": ""}),
    ];
    let report = service.post("/v1/customers").ndjson(&lines).send().await.expect(200).json();
    assert_eq!(counts(&report), [4, 1, 1, 1, 1, 0]);
    assert!(report["errors"][0]["detail"].as_str().unwrap().contains("customer_id"));
}
