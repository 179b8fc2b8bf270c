//! Events as CloudEvents, and what is said of their types.

use serde_json::{Value, json};

use crate::guest::segmenter;
use crate::support::{Answer, Call, Service, event};

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const RETURN: &str = "rebound.return.requested";
const ORDER: &str = "rebound.order.placed";

fn envelope(kind: &str, id: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "shop", "type": kind, "data": data})
}

/// A return without what an envelope says.
fn data(return_id: &str) -> Value {
    let mut data = event("e", return_id);
    for field in ["source", "id"] {
        data.as_object_mut().unwrap().remove(field);
    }
    data
}

fn order(id: &str) -> Value {
    json!({"id": id, "customer_id": "c-1", "ordered_at": "2026-02-01T00:00:00Z",
        "lines": [{"sku": "LIP-01", "quantity": 1, "paid": 100}]})
}

fn binary(call: Call, kind: &str, id: &str, data: &Value) -> Call {
    call.json(data)
        .header("ce-specversion", "1.0")
        .header("ce-type", kind)
        .header("ce-source", "shop")
        .header("ce-id", id)
}

async fn batch(service: &Service, path: &str, events: &[Value]) -> Answer {
    service.post(path).body(BATCH, json!(events).to_string()).send().await
}

fn statuses(answer: &Answer) -> Vec<u64> {
    let body = answer.json();
    assert_eq!(body["received"], body["results"].as_array().unwrap().len());
    body["results"].as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn one_event_is_one_plan_whichever_way_it_comes() {
    let service = Service::stocked().await;
    let plain = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    let structured = envelope(RETURN, "e-1", &data("r-1")).to_string();
    let again = service.post("/v1/returns").body(STRUCTURED, structured).send().await.expect(200);
    assert_eq!(again.bytes, plain.bytes);
    let call = binary(service.post("/v1/returns"), RETURN, "e-1", &data("r-1"));
    assert_eq!(call.send().await.expect(200).bytes, plain.bytes);
    let answer = batch(&service, "/v1/returns", &[envelope(RETURN, "e-1", &data("r-1"))]).await.expect(200);
    assert_eq!(answer.json()["results"][0]["status"], 200);
    assert_eq!(answer.json()["results"][0]["plan"], plain.json());

    // And the other way about.
    let call = binary(service.post("/v1/returns"), RETURN, "e-2", &data("r-2"));
    let made = call.send().await.expect(201);
    assert_eq!(made.header("location"), "/v1/returns/r-2");
    let plain = service.post("/v1/returns").json(&event("e-2", "r-2")).send().await.expect(200);
    assert_eq!(plain.bytes, made.bytes);
    let mut other = data("r-2");
    other["channel"] = json!("app");
    let refused = binary(service.post("/v1/returns"), RETURN, "e-2", &other).send().await.expect(409);
    assert_eq!(refused.problem().0, "event_conflict");
}

#[tokio::test]
async fn an_envelope_says_what_its_data_leaves_out() {
    let service = Service::stocked().await;
    let mut short = data("r-1");
    for field in ["return_id", "requested_at"] {
        short.as_object_mut().unwrap().remove(field);
    }
    let mut event = envelope(RETURN, "e-1", &short);
    event["subject"] = json!("r-1");
    event["time"] = json!("2026-03-01T09:30:00Z");
    let sent = service.post("/v1/returns").body(STRUCTURED, event.to_string()).send().await.expect(201);
    let plan = sent.json();
    assert_eq!((&plan["source"], &plan["event_id"]), (&json!("shop"), &json!("e-1")));
    assert_eq!((&plan["return_id"], &plan["decided_at"]), (&json!("r-1"), &json!("2026-03-01T09:30:00Z")));
    let call = binary(service.post("/v1/returns"), RETURN, "e-1", &short);
    let call = call.header("ce-subject", "r%2D1").header("ce-time", "2026-03-01T17:30:00%2B08:00");
    assert_eq!(call.send().await.expect(200).bytes, sent.bytes);
}

#[tokio::test]
async fn one_bad_event_spoils_no_other_of_its_batch() {
    let service = Service::stocked().await;
    let mut unknown = data("r-4");
    unknown["lines"][0]["sku"] = json!("NOPE");
    let mut conflict = data("r-1");
    conflict["channel"] = json!("app");
    let twice = r#"{"specversion":"1.0","id":"e-7","id":"e-8","source":"shop","type":"x","data":{}}"#;
    let good = |id: &str, return_id: &str| envelope(RETURN, id, &data(return_id)).to_string();
    let body = [
        good("e-1", "r-1"),
        "7".to_owned(),
        envelope("com.shop.other", "e-3", &data("r-3")).to_string(),
        envelope(RETURN, "e-4", &unknown).to_string(),
        good("e-1", "r-1"),
        envelope(RETURN, "e-1", &conflict).to_string(),
        good("e-6", "r-1"),
        twice.to_owned(),
        good("e-9", "r-9"),
    ];
    let body = format!("[{}]", body.join(", "));
    let answer = service.post("/v1/returns").body(BATCH, body).send().await.expect(200);
    assert_eq!(statuses(&answer), [201, 422, 422, 422, 200, 409, 409, 422, 201]);
    let results = answer.json()["results"].clone();
    let codes: Vec<_> = (0..9).map(|at| results[at]["problem"]["code"].as_str().unwrap_or("-")).collect();
    let want = [
        "-",
        "invalid_field",
        "unknown_event_type",
        "unknown_sku",
        "-",
        "event_conflict",
        "return_already_decided",
        "invalid_field",
        "-",
    ];
    assert_eq!(codes, want);
    assert_eq!((&results[2]["source"], &results[2]["id"]), (&json!("shop"), &json!("e-3")));
    assert_eq!(results[1].get("id"), None);
    assert_eq!(results[6]["problem"]["plan"], "/v1/returns/r-1");
    assert_eq!(results[0]["plan"], results[4]["plan"]);
    let read = service.get("/v1/returns/r-9").send().await.expect(200);
    assert_eq!(read.json(), results[8]["plan"]);
}

#[tokio::test]
async fn a_batch_is_bounded_and_each_of_its_events_is_too() {
    let service = Service::stocked().await;
    assert_eq!(
        batch(&service, "/v1/returns", &[]).await.expect(200).json(),
        json!({"received": 0, "results": []})
    );
    let many = vec![json!({}); 101];
    let answer = batch(&service, "/v1/returns", &many).await.expect(413);
    assert_eq!(answer.problem().0, "body_too_large");
    assert_eq!(statuses(&batch(&service, "/v1/returns", &many[..100]).await.expect(200)), [422; 100]);
    let mut large = envelope(RETURN, "e-1", &data("r-1"));
    large["padding"] = "x".repeat(256 * 1024).into();
    let answer =
        batch(&service, "/v1/returns", &[large.clone(), envelope(RETURN, "e-2", &data("r-2"))]).await;
    assert_eq!(statuses(&answer.expect(200)), [413, 201]);
    let answer = batch(&service, "/v1/returns", &[large.clone(), large.clone(), large.clone(), large]).await;
    assert_eq!(answer.expect(413).problem().0, "body_too_large");
    for (body, status, code) in
        [("{}", 422, "invalid_field"), ("[{}", 400, "invalid_json"), ("", 400, "invalid_json")]
    {
        let answer = service.post("/v1/returns").body(BATCH, body).send().await.expect(status);
        assert_eq!(answer.problem().0, code, "{body}");
    }
}

#[tokio::test]
async fn a_batch_that_is_only_shown_leaves_nothing() {
    let service = Service::stocked().await;
    let events = [envelope(RETURN, "e-1", &data("r-1"))];
    let shown = batch(&service, "/v1/returns?dry_run=true", &events).await.expect(200);
    assert_eq!(statuses(&shown), [200]);
    service.get("/v1/returns/r-1").send().await.expect(404);
}

#[tokio::test]
async fn orders_come_as_events_too() {
    let service = Service::stocked().await;
    let structured = |event: &Value| service.post("/v1/orders").body(STRUCTURED, event.to_string());
    let event = envelope(ORDER, "e-1", &order("o-1"));
    assert_eq!(structured(&event).send().await.expect(201).json(), json!({"outcome": "created"}));
    assert_eq!(structured(&event).send().await.expect(200).json(), json!({"outcome": "unchanged"}));
    let mut delivered = order("o-1");
    delivered["delivered_at"] = json!("2026-02-03T00:00:00Z");
    let call = binary(service.post("/v1/orders"), ORDER, "e-2", &delivered);
    assert_eq!(call.send().await.expect(200).json(), json!({"outcome": "updated"}));

    let mut other = order("o-1");
    other["lines"][0]["quantity"] = json!(2);
    let mut unknown = order("o-3");
    unknown["lines"][0]["sku"] = json!("NOPE");
    for (data, status, code) in [
        (&other, 409, "order_conflict"),
        (&unknown, 422, "unknown_sku"),
        (&json!({"id": "o-4"}), 422, "invalid_field"),
    ] {
        let answer = structured(&envelope(ORDER, "e-3", data)).send().await.expect(status);
        assert_eq!(answer.problem().0, code);
    }
    let answer = structured(&envelope(RETURN, "e-4", &order("o-4"))).send().await.expect(422);
    assert_eq!(answer.problem().0, "unknown_event_type");
    let mut short = order("o-5");
    for field in ["id", "ordered_at"] {
        short.as_object_mut().unwrap().remove(field);
    }
    let mut event = envelope(ORDER, "e-5", &short);
    event["subject"] = json!("o-5");
    event["time"] = json!("2026-02-01T00:00:00Z");
    structured(&event).send().await.expect(201);
    // A reader of lines gets the same order.
    let report = service.post("/v1/orders").ndjson(&[order("o-5")]).send().await.expect(200).json();
    assert_eq!(report["unchanged"], 1, "{report}");

    let events = [
        envelope(ORDER, "e-6", &order("o-6")),
        envelope(ORDER, "e-7", &other),
        json!("no event"),
        envelope(ORDER, "e-8", &order("o-6")),
    ];
    let answer = batch(&service, "/v1/orders", &events).await.expect(200);
    assert_eq!(statuses(&answer), [201, 409, 422, 200]);
    assert_eq!(answer.json()["results"][3]["outcome"], "unchanged");
    // Without an envelope a single JSON object is no import.
    service.post("/v1/orders").json(&order("o-9")).send().await.expect(415);
}

#[tokio::test]
async fn an_event_of_another_form_is_told_which_ones_there_are() {
    let service = Service::stocked().await;
    let answer =
        service.post("/v1/returns").body("application/cloudevents+avro", "x").send().await.expect(415);
    for part in ["application/cloudevents+avro", "application/json", STRUCTURED, BATCH] {
        assert!(answer.problem().1.contains(part), "{}", answer.problem().1);
    }
    let text = envelope(RETURN, "e-1", &data("r-1")).to_string();
    let call = service.post("/v1/returns").body("Application/CloudEvents+JSON; charset=utf-8", text);
    call.send().await.expect(201);
}

#[tokio::test]
async fn every_type_has_a_schema_and_real_events_fit_it() {
    let service = Service::stocked().await;
    let listed = service.get("/v1/schemas").without("authorization").send().await.expect(200).json();
    let listed = listed["schemas"].as_array().unwrap();
    let kinds: Vec<_> =
        listed.iter().map(|it| (it["type"].as_str().unwrap(), it["direction"].as_str().unwrap())).collect();
    assert_eq!(kinds[..2], [(RETURN, "received"), (ORDER, "received")]);
    assert!(kinds.contains(&("rebound.return.decided", "emitted")), "{kinds:?}");
    let mut schemas = std::collections::BTreeMap::new();
    for it in listed {
        let address = it["schema"].as_str().unwrap();
        let answer = service.get(address).without("authorization").send().await.expect(200);
        assert_eq!(answer.header("content-type"), "application/schema+json");
        let schema = answer.json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], format!("urn:rebound:schema:{}", it["type"].as_str().unwrap()));
        assert!(!schema.to_string().contains("#/components"), "{address}");
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        schemas.insert(it["type"].as_str().unwrap().to_owned(), validator);
    }
    let fits = |kind: &str, data: &Value| schemas[kind].is_valid(data);
    assert!(fits(RETURN, &data("r-1")) && fits(RETURN, &event("e-1", "r-1")));
    assert!(fits(ORDER, &order("o-1")));
    let mut bad = data("r-1");
    bad["lines"] = json!([]);
    assert!(!fits(RETURN, &bad) && !fits(RETURN, &json!({})) && !fits(ORDER, &json!({"id": "o-1"})));

    // What the host tells of.
    let bytes = segmenter("tests/segments", "1.0.0", "s");
    service.post("/v1/plugins").body("application/wasm", bytes).send().await.expect(201);
    let route = json!({"entries": [{"plugin": "tests/segments@1.0.0"}]});
    service.put("/v1/routes/segmentation").json(&route).send().await.expect(200);
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    let said = json!({"who": "ann", "reason": "a bad batch"});
    for verb in ["hold", "release"] {
        let path = format!("/v1/quarantine/tests/segments/1.0.0/segmentation/{verb}");
        service.post(&path).json(&said).send().await.expect(200);
    }
    service.engine.settled().await;
    let told = service.engine.outbox().await.unwrap();
    assert_eq!(told.len(), 3, "{told:?}");
    for event in told {
        assert!(fits(&event.kind, &event.data), "{event:?}");
    }

    let (code, detail) = service.get("/v1/schemas/rebound.nothing").send().await.expect(404).problem();
    assert!(code == "not_found" && detail.contains("/v1/schemas lists them all"), "{detail}");
}

#[tokio::test]
async fn the_page_needs_no_token_and_lets_nothing_else_in() {
    let service = Service::start().await;
    let answer = service.get("/docs").without("authorization").send().await.expect(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let page = String::from_utf8(answer.bytes.to_vec()).unwrap();
    for part in ["POST</span> /v1/returns", RETURN, "unknown_event_type", "curl -X POST"] {
        assert!(page.contains(part), "{part}");
    }
    service.get("/docs?x=1").send().await.expect(422);
}
