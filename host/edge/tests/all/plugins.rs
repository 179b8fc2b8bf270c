use serde_json::json;

use crate::guest::{networker, segmenter};
use crate::support::{Service, endless, event};

const WASM: &str = "application/wasm";

#[tokio::test]
async fn a_component_is_published_once_under_its_own_name() {
    let service = Service::start().await;
    assert_eq!(service.get("/v1/plugins").send().await.expect(200).json(), json!({"plugins": []}));
    let bytes = segmenter("tests/segments", "1.0.0", "sorts");
    let made = service.post("/v1/plugins").body(WASM, bytes.clone()).send().await.expect(201).json();
    assert_eq!(made["plugin"], "tests/segments@1.0.0");
    assert_eq!(made["size_bytes"], bytes.len());
    assert_eq!(made["class"], "standard");
    assert_eq!(made["stages"], json!(["segmentation"]));
    assert_eq!(made["config_schema"]["properties"], json!({"top": {"type": "integer"}}));
    assert!(made["digest"].as_str().unwrap().starts_with("sha256:"));
    let known = service.post("/v1/plugins").body(WASM, bytes).send().await.expect(200).json();
    assert_eq!(known, made);
    let other = segmenter("tests/segments", "1.0.0", "sorts otherwise");
    let taken = service.post("/v1/plugins").body(WASM, other.clone()).send().await.expect(409);
    assert_eq!(taken.problem().0, "version_taken");
    assert_eq!(service.get("/v1/plugins").send().await.expect(200).json(), json!({"plugins": [made]}));
    let large = segmenter("tests/segments", "1.1.0", "sorts otherwise");
    let made = service.post("/v1/plugins?class=large").body(WASM, large).send().await.expect(201).json();
    assert_eq!(made["class"], "large");
}

#[tokio::test]
async fn a_component_that_is_refused_is_told_why() {
    let service = Service::start().await;
    for (bytes, part) in [
        (networker(), "wasi:sockets/network@0.2.0"),
        (b"\0asm\x01\0\0\0".to_vec(), "component"),
        (b"hello".to_vec(), "component"),
        (Vec::new(), "component"),
        (segmenter("Tests", "1.0.0", "s"), "name"),
    ] {
        let answer = service.post("/v1/plugins").body(WASM, bytes).send().await.expect(422);
        let (code, detail) = answer.problem();
        assert_eq!(code, "plugin_refused");
        assert!(detail.contains(part), "{detail}");
    }
    assert_eq!(service.get("/v1/plugins").send().await.json(), json!({"plugins": []}));
}

#[tokio::test]
async fn a_component_has_the_limit_of_its_class() {
    let service = Service::start().await;
    let body = || vec![0; 8 * 1024 * 1024 + 1];
    let answer = service.post("/v1/plugins").body(WASM, body()).send().await.expect(413);
    assert_eq!(answer.problem().0, "body_too_large");
    let answer = service.post("/v1/plugins?class=large").body(WASM, body()).send().await.expect(422);
    assert_eq!(answer.problem().0, "plugin_refused");
}

#[tokio::test]
async fn more_uploads_than_fit_in_memory_are_put_off() {
    let service = Service::start().await;
    let mut waiting: Vec<_> =
        (0..2).map(|_| Box::pin(service.post("/v1/plugins").body(WASM, endless()).send())).collect();
    for upload in &mut waiting {
        assert!(futures_util::poll!(upload).is_pending());
    }
    let answer = service.post("/v1/plugins").body(WASM, endless()).send().await.expect(503);
    assert_eq!(answer.problem().0, "busy");
    drop(waiting);
    service.post("/v1/plugins").body(WASM, "x").send().await.expect(422);
}

#[tokio::test]
async fn a_route_serves_what_was_published_with_a_config_its_schema_takes() {
    let service = Service::stocked().await;
    for version in ["1.0.0", "1.1.0"] {
        let bytes = segmenter("tests/segments", version, "sorts");
        service.post("/v1/plugins").body(WASM, bytes).send().await.expect(201);
    }
    let entry = |config| json!({"entries": [{"plugin": "tests/segments@1.0.0", "config": config}]});
    let route = "/v1/routes/segmentation";
    for (path, body, code, part) in [
        ("/v1/routes/coupon", entry(json!({})), "wrong_stage", "segmentation"),
        (route, entry(json!({"top": "three"})), "invalid_config", "/top"),
        (route, entry(json!({"tops": 3})), "invalid_config", "tops"),
    ] {
        let answer = service.put(path).json(&body).send().await.expect(422);
        let (got, detail) = answer.problem();
        assert_eq!(got, code, "{detail}");
        assert!(detail.contains(part), "{detail}");
    }
    let full = json!({"entries": [{
        "plugin": "tests/segments@1.0.0", "config": {"top": 3}, "slots": 2, "margin": "granted",
        "fallback": {"plugin": "tests/segments@1.1.0", "config": {}},
    }]});
    assert_eq!(service.put(route).json(&full).send().await.expect(200).json(), full);
    assert_eq!(service.get(route).send().await.expect(200).json(), full);

    // It gives up, and so does what stands in for it; the refund does not.
    let plan = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201).json();
    assert_eq!(plan["refund"]["amount"], 20000);
    let calls = plan["trace"]["stages"].as_array().unwrap();
    let told: Vec<_> =
        calls.iter().map(|call| (&call["plugin"], &call["outcome"], &call["fallback"])).collect();
    let want = [
        (json!("tests/segments@1.0.0"), json!("unreachable"), json!(false)),
        (json!("tests/segments@1.1.0"), json!("unreachable"), json!(true)),
    ];
    assert_eq!(told, want.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
    assert!(calls[0]["fuel"].as_u64().unwrap() > 0);
    assert!(calls[0].get("experiment").is_none());
}

#[tokio::test]
async fn a_split_is_told_on_every_call_it_made() {
    let service = Service::stocked().await;
    let bytes = segmenter("tests/segments", "1.0.0", "sorts");
    service.post("/v1/plugins").body(WASM, bytes).send().await.expect(201);
    let entries = json!([{"plugin": "tests/segments@1.0.0"}]);
    let draft = json!({
        "stage": "segmentation",
        "arms": [{"key": "a", "weight": 2500, "entries": entries}, {"key": "b", "weight": 7500, "entries": entries}],
    });
    service.put("/v1/experiments/split").json(&draft).send().await.expect(200);
    let plan = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201).json();
    let call = &plan["trace"]["stages"][0];
    assert_eq!(
        (&call["experiment"], &call["phase"], &call["reason"]),
        (&json!("split"), &json!(1), &json!("running"))
    );
    let bucket = call["bucket"].as_f64().unwrap();
    let (arm, propensity) = if bucket < 0.25 { ("a", 0.25) } else { ("b", 0.75) };
    assert_eq!((&call["arm"], &call["propensity"]), (&json!(arm), &json!(propensity)));
    // Sticky: another return of the same customer gets the same arm.
    let again = service.post("/v1/returns").json(&event("e-2", "r-2")).send().await.expect(201).json();
    assert_eq!(again["trace"]["stages"][0]["arm"], arm);
    assert_eq!(again["trace"]["stages"][0]["bucket"], bucket);
}
