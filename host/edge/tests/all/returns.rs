use serde_json::{Value, json};

use crate::support::{Service, event};

#[tokio::test]
async fn an_event_becomes_a_plan_with_the_refund_first_class() {
    let service = Service::stocked().await;
    let answer = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    assert_eq!(answer.header("location"), "/v1/returns/r-1");
    let plan = answer.json();
    assert_eq!(plan["return_id"], "r-1");
    assert_eq!(plan["decided_at"], "2026-03-01T09:30:00Z");
    assert_eq!(plan["currency"], "CNY");
    assert_eq!(plan["refund"]["amount"], 20000);
    assert_eq!(plan["refund"]["lines"], json!([{"sku": "LIP-01", "quantity": 2, "amount": 20000}]));
    assert_eq!(plan["segment"], json!({"key": "unknown", "confidence": 0.0, "evidence": [], "traits": []}));
    for list in ["acknowledgement", "offers", "coupons", "draws", "care", "follow_ups", "dropped"] {
        assert_eq!(plan[list], json!([]), "{list}");
    }
    assert_eq!(plan["sharing"], json!({"cards": [], "achievements": []}));
    assert_eq!(plan["progress"], json!({"steps": []}));
    assert_eq!(plan["trace"]["stages"], json!([]));
    assert!(!plan.to_string().contains("c-1"), "a plan tells no customer id: {plan}");
}

#[tokio::test]
async fn the_same_event_answers_the_same_bytes_however_it_is_written() {
    let service = Service::stocked().await;
    let first = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    let rewritten = r#" { "currency":"CNY","channel" : "web", "locale":"\u0065n",
        "lines":[ {"note":"too red","reason":"color","paid":2e4,"quantity":2.0,"sku":"LIP-01"} ],
        "requested_at":"2026-03-01T09:30:00Z","customer_id":"c-1","return_id":"r-1","id":"e-1","source":"shop" } "#;
    for body in [event("e-1", "r-1").to_string(), rewritten.to_owned()] {
        let again = service.post("/v1/returns").text(&body).send().await.expect(200);
        assert_eq!(again.bytes, first.bytes);
        assert_eq!(again.header("location"), "");
    }
    let read = service.get("/v1/returns/r-1").send().await.expect(200);
    assert_eq!(read.bytes, first.bytes);
}

#[tokio::test]
async fn the_same_event_with_another_body_is_refused() {
    let service = Service::stocked().await;
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    let changes: [(&str, Value); 5] = [
        ("/lines/0/quantity", json!(3)),
        ("/channel", json!(null)),
        ("/requested_at", json!("2026-03-01T09:30:00+00:00")),
        ("/requested_at", json!("2026-03-01T09:30:00.000Z")),
        ("/return_id", json!("r-2")),
    ];
    for (pointer, value) in changes {
        let mut body = event("e-1", "r-1");
        *body.pointer_mut(pointer).unwrap() = value;
        let (code, _) = service.post("/v1/returns").json(&body).send().await.expect(409).problem();
        assert_eq!(code, "event_conflict", "{pointer}");
    }
}

#[tokio::test]
async fn another_event_for_a_decided_return_is_told_where_the_plan_is() {
    let service = Service::stocked().await;
    let first = service.post("/v1/returns").json(&event("e-1", "退货/1 a")).send().await.expect(201);
    let refused = service.post("/v1/returns").json(&event("e-2", "退货/1 a")).send().await.expect(409);
    assert_eq!(refused.problem().0, "return_already_decided");
    let address = refused.json()["plan"].as_str().unwrap().to_owned();
    assert_eq!(address, "/v1/returns/%E9%80%80%E8%B4%A7%2F1%20a");
    assert_eq!(address, first.header("location"));
    assert_eq!(refused.header("link"), format!("<{address}>; rel=\"related\""));
    assert_eq!(service.get(&address).send().await.expect(200).bytes, first.bytes);
}

#[tokio::test]
async fn a_dry_run_leaves_nothing() {
    let service = Service::stocked().await;
    let shown = service.post("/v1/returns?dry_run=true").json(&event("e-1", "r-1")).send().await.expect(200);
    assert_eq!(shown.json()["refund"]["amount"], 20000);
    service.get("/v1/returns/r-1").send().await.expect(404);
    let made = service.post("/v1/returns?dry_run=false").json(&event("e-1", "r-1")).send().await.expect(201);
    assert_eq!(made.bytes, shown.bytes);
    // Shown again for a return that has its plan, and for an event that has another body.
    let mut other = event("e-1", "r-1");
    other["lines"][0]["quantity"] = json!(1);
    service.post("/v1/returns?dry_run=true").json(&other).send().await.expect(200);
    assert_eq!(service.get("/v1/returns/r-1").send().await.expect(200).bytes, made.bytes);
}

#[tokio::test]
async fn many_senders_of_one_event_get_one_plan() {
    let service = Service::stocked().await;
    let sends = (0..16).map(|_| service.post("/v1/returns").json(&event("e-1", "r-1")).send());
    let answers = futures_util::future::join_all(sends).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.bytes == answers[0].bytes));
}
