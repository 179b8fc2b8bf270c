//! An operator's hold on a version, and recordings, over HTTP.

use serde_json::json;

use crate::guest::segmenter;
use crate::support::{Service, event};

const WASM: &str = "application/wasm";
const PATH: &str = "/v1/quarantine/tests/segments/1.0.0/segmentation";

/// A service whose only strategy always fails.
async fn failing() -> Service {
    let service = Service::stocked().await;
    let bytes = segmenter("tests/segments", "1.0.0", "s");
    service.post("/v1/plugins").body(WASM, bytes).send().await.expect(201);
    let route = json!({"entries": [{"plugin": "tests/segments@1.0.0"}]});
    service.put("/v1/routes/segmentation").json(&route).send().await.expect(200);
    service
}

#[tokio::test]
async fn a_held_version_is_not_called_until_it_is_released() {
    let service = failing().await;
    assert_eq!(service.get("/v1/quarantine").send().await.expect(200).json(), json!({"versions": []}));
    let said = json!({"who": "ann", "reason": "a bad batch"});
    let held = service.post(&format!("{PATH}/hold")).json(&said).send().await.expect(200).json();
    assert_eq!((&held["state"], &held["hold"]["who"]), (&json!("held"), &json!("ann")));
    let plan = service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201).json();
    let call = &plan["trace"]["stages"][0];
    assert_eq!(
        (&call["outcome"], &call["detail"]),
        (&json!("quarantined"), &json!("held by ann: a bad batch"))
    );
    let listed = service.get("/v1/quarantine").send().await.expect(200).json();
    assert_eq!(listed["versions"], json!([held]));
    let freed = service.post(&format!("{PATH}/release")).json(&said).send().await.expect(200).json();
    assert_eq!((&freed["state"], freed.get("hold")), (&json!("closed"), None));
    let plan = service.post("/v1/returns").json(&event("e-2", "r-2")).send().await.expect(201).json();
    assert_eq!(plan["trace"]["stages"][0]["outcome"], "unreachable");
}

#[tokio::test]
async fn a_hold_says_who_and_why_and_names_what_there_is() {
    let service = failing().await;
    let said = |who: &str, reason: &str| json!({"who": who, "reason": reason});
    for (path, body, status, code) in [
        (PATH, said("", "why"), 422, "invalid_field"),
        (PATH, said("ann", "  "), 422, "invalid_field"),
        (PATH, said("ann", &"x".repeat(1025)), 422, "invalid_field"),
        (PATH, said(&"x".repeat(257), "why"), 422, "invalid_field"),
        (PATH, json!({"who": "ann"}), 422, "invalid_field"),
        ("/v1/quarantine/tests/segments/2.0.0/segmentation", said("ann", "why"), 422, "unknown_plugin"),
        ("/v1/quarantine/tests/segments/1.0.0/coupon", said("ann", "why"), 422, "wrong_stage"),
        ("/v1/quarantine/tests/segments/1.0.0/dinner", said("ann", "why"), 422, "invalid_field"),
        ("/v1/quarantine/tests/segments/one/segmentation", said("ann", "why"), 422, "invalid_field"),
    ] {
        for verb in ["hold", "release"] {
            let answer = service.post(&format!("{path}/{verb}")).json(&body).send().await.expect(status);
            assert_eq!(answer.problem().0, code, "{path} {body}");
        }
    }
    assert_eq!(service.get("/v1/quarantine").send().await.json(), json!({"versions": []}));
}

#[tokio::test]
async fn a_failed_decision_is_recorded_shown_masked_and_run_again() {
    let service = failing().await;
    service.post("/v1/returns").json(&event("e-secret", "r-secret")).send().await.expect(201);
    service.engine.settled().await;
    let listed = service.get("/v1/recordings").send().await.expect(200).json();
    let [recording] = &listed["recordings"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!((&recording["why"], &recording["whole"]), (&json!("failed"), &json!(true)));
    let id = recording["id"].as_str().unwrap();
    let masked = service.get(&format!("/v1/recordings/{id}")).send().await.expect(200).json().to_string();
    let shown = service.get(&format!("/v1/recordings/{id}?unmasked=true")).send().await.expect(200);
    assert!(!masked.contains("secret") && shown.json().to_string().contains("r-secret"), "{masked}");

    let replay = format!("/v1/recordings/{id}/replay");
    let answer = service.post(&replay).send().await.expect(200).json();
    assert_eq!(answer["same"], true, "{answer}");
    assert_eq!(answer["calls"][0]["outcome"], "unreachable");
    for (query, status, code) in [
        ("?plugin=tests/segments@9.0.0", 422, "unknown_plugin"),
        ("?plugin=tests", 422, "invalid_field"),
        ("?plugn=x", 422, "unknown_field"),
    ] {
        let answer = service.post(&format!("{replay}{query}")).send().await.expect(status);
        assert_eq!(answer.problem().0, code, "{query}");
    }
    let other = segmenter("tests/other", "1.0.0", "s");
    service.post("/v1/plugins").body(WASM, other).send().await.expect(201);
    let answer = service.post(&format!("{replay}?plugin=tests/other@1.0.0")).send().await.expect(409);
    assert_eq!(answer.problem().0, "not_replayable");
    let none = "0".repeat(32);
    service.get(&format!("/v1/recordings/{none}")).send().await.expect(404);
    service.post(&format!("/v1/recordings/{none}/replay")).send().await.expect(404);
    service.get("/v1/recordings/none").send().await.expect(422);
}
