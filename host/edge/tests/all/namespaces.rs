//! What a partner sees of its own over HTTP, and what it is refused.

use std::collections::BTreeMap;

use rebound_domain::ids::Namespace;
use rebound_domain::namespace::{Bound, QuotaSettings, Quotas};
use serde_json::{Value, json};

use crate::guest::segmenter;
use crate::speaker::speaker;
use crate::support::{Service, event};

const WASM: &str = "application/wasm";

/// Two partners, of which the first serves segmentation and always gives up; one may publish one version.
async fn served() -> Service {
    let service = Service::stocked().await;
    for name in ["acme/segments", "other/segments"] {
        let bytes = segmenter(name, "1.0.0", "s");
        service.post("/v1/plugins").body(WASM, bytes).send().await.expect(201);
    }
    let route = json!({"entries": [{"plugin": "acme/segments@1.0.0"}]});
    service.put("/v1/routes/segmentation").json(&route).send().await.expect(200);
    let one = QuotaSettings { versions: Some(Bound::AtMost(1)), ..QuotaSettings::default() };
    let named = BTreeMap::from([(Namespace::new("acme").unwrap(), one)]);
    service.engine.set_quotas(Quotas { named, ..Quotas::default() });
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(201);
    service
}

async fn get(service: &Service, path: &str) -> Value {
    service.get(path).send().await.expect(200).json()
}

#[tokio::test]
async fn a_namespace_tells_its_quotas_what_is_used_and_its_versions() {
    let service = served().await;
    let acme = get(&service, "/v1/namespaces/acme").await;
    assert_eq!((&acme["namespace"], &acme["is_own"]), (&json!("acme"), &json!(false)));
    assert_eq!((&acme["quota"]["versions"], &acme["used"]["versions"]), (&json!(1), &json!(1)));
    assert_eq!(acme["quota"]["fuel_per_second"], 500_000_000);
    assert_eq!(acme["used"]["bytes"], acme["plugins"][0]["size_bytes"]);
    assert_eq!(acme["plugins"][0]["plugin"], "acme/segments@1.0.0");
    let (fuel, left) = (acme["used"]["fuel"].as_u64().unwrap(), acme["used"]["fuel_left"].as_i64().unwrap());
    assert!(fuel > 0 && left > 0 && left <= 500_000_000, "{acme}");
    assert!(!acme.to_string().contains("other"), "{acme}");

    let own = get(&service, "/v1/namespaces/rebound").await;
    assert_eq!(own["is_own"], true);
    let no_bound = ["versions", "bytes", "fuel_per_second", "compute_share_bp", "log_bytes_per_second"];
    assert!(no_bound.iter().all(|key| own["quota"][key].is_null()), "{own}");
    let nobody = get(&service, "/v1/namespaces/nobody").await;
    assert_eq!((&nobody["quota"]["versions"], &nobody["plugins"]), (&json!(100), &json!([])));
}

#[tokio::test]
async fn figures_tell_calls_outcomes_and_costs_and_no_text() {
    let service = served().await;
    let figures = get(&service, "/v1/namespaces/acme/figures").await;
    let [version] = &figures["versions"].as_array().unwrap()[..] else { panic!("{figures}") };
    assert_eq!(
        (&version["plugin"], &version["stage"]),
        (&json!("acme/segments@1.0.0"), &json!("segmentation"))
    );
    assert_eq!((&version["calls"], &version["outcomes"]), (&json!(1), &json!({"unreachable": 1})));
    assert!(version["fuel"]["p50"].as_u64().unwrap() >= version["fuel"]["total"].as_u64().unwrap());
    assert_eq!(version["log_lines"], json!({"debug": 0, "info": 0, "warn": 0, "error": 0, "dropped": 0}));
    assert_eq!(get(&service, "/v1/namespaces/other/figures").await["versions"], json!([]));
}

#[tokio::test]
async fn a_version_over_the_quota_is_refused_with_what_to_do() {
    let service = served().await;
    let second = segmenter("acme/segments", "1.0.1", "s");
    let answer = service.post("/v1/plugins").body(WASM, second).send().await.expect(409);
    let (code, detail) = answer.problem();
    assert_eq!(code, "quota_exceeded");
    for part in ["acme/segments@1.0.1", "quota of 1", "`versions` of [namespaces.acme]"] {
        assert!(detail.contains(part), "{detail}");
    }
    let other = segmenter("other/segments", "1.0.1", "s");
    service.post("/v1/plugins").body(WASM, other).send().await.expect(201);
}

#[tokio::test]
async fn violations_are_those_of_the_namespace_alone() {
    let service = served().await;
    let lies = speaker("other/liar", "1.0.0", &[("hurry", "en", "Only 3 left")]);
    service.post("/v1/plugins").body(WASM, lies).send().await.expect(422);
    let others = get(&service, "/v1/namespaces/other/violations?limit=1").await;
    assert_eq!(others["violations"][0]["plugin"], "other/liar@1.0.0");
    assert!(others["next"].is_string(), "there are more: {others}");
    for path in ["/v1/namespaces/acme/violations", "/v1/namespaces/acme/violations?plugin=other/liar"] {
        assert_eq!(get(&service, path).await, json!({"violations": []}), "{path}");
    }
    for path in ["/v1/namespaces/acme/violations?limit=0", "/v1/namespaces/acme/violations?after=x"] {
        assert_eq!(service.get(path).send().await.expect(422).problem().0, "invalid_field", "{path}");
    }
}

#[tokio::test]
async fn what_is_no_namespace_is_refused_by_name() {
    let service = served().await;
    for name in ["Acme", "*", "a%20b", "a%2Fb"] {
        for path in ["", "/figures", "/violations"] {
            let path = format!("/v1/namespaces/{name}{path}");
            let answer = service.get(&path).send().await.expect(422);
            assert_eq!(answer.problem().0, "invalid_field", "{path}");
            assert_eq!(answer.json()["field"], "namespace", "{path}");
        }
    }
    service.get("/v1/namespaces/acme?verbose=true").send().await.expect(422);
}
